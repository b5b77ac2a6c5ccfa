"""Log-mel features of whole batches of windows: what `whisper.audio.log_mel_spectrogram` computes, per window.

The maximum that bounds the dynamic range is taken per window, not over the whole file as openai-whisper does: a
slammed door changes the features of its own window only.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from transcribe.engines import Samples

N_SAMPLES = 480_000
"""30 s at 16 kHz: the encoder's window is never shorter (small.en: WER 2.8 to 79.7 when it is)."""

_N_FFT = 400
_HOP = 160


def log_mel(windows: Sequence[Samples], n_mels: int, device: torch.device) -> Tensor:
    """Log-mel features (b, n_mels, 3000) in float32 of b windows of at most 30 s of 16 kHz mono sound."""
    from whisper.audio import mel_filters

    padded = torch.zeros(len(windows), N_SAMPLES)
    for row, samples in zip(padded, windows, strict=True):
        row[: len(samples)] = torch.from_numpy(samples)
    padded = padded.to(device)
    taper = torch.hann_window(_N_FFT, device=device)
    # The reflection at the edges is done here, because torch.stft reflects only what it pads itself.
    framed = functional.pad(padded[:, None], (_N_FFT // 2, _N_FFT // 2), mode="reflect")[:, 0]
    stft = torch.stft(framed, _N_FFT, _HOP, window=taper, center=False, return_complex=True)
    power = stft[..., :-1].abs().square()
    filters: Tensor = mel_filters(device, n_mels)
    logs = (filters @ power).clamp(min=1e-10).log10()
    loudest = logs.amax(dim=(1, 2), keepdim=True)
    return (torch.maximum(logs, loudest - 8.0) + 4.0) / 4.0
