"""Log-mel features: what `whisper.audio.log_mel_spectrogram` computes, of one window or of a part of a whole file.

The maximum that bounds the dynamic range is taken per window in `log_mel`: a slammed door changes the features of its
own window only. `FileMel` takes it over the whole file, as openai-whisper does.
"""

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from transcribe.audio.track import Track
from transcribe.engines import Samples

N_SAMPLES = 480_000
"""30 s at 16 kHz: the encoder's window is never shorter (small.en: WER 2.8 to 79.7 when it is)."""
N_FRAMES = 3000
HOP = 160
"""Samples between two mel frames: 10 ms."""

_N_FFT = 400
_EDGE = _N_FFT // 2
_RANGE = 8.0
_FRAMES_AT_ONCE = 6000


def log_mel(sound: Samples, n_mels: int, device: torch.device) -> Tensor:
    """Log-mel features (n_mels, 3000) in float32 of at most 30 s of 16 kHz mono sound, padded with silence."""
    padded = torch.zeros(N_SAMPLES)
    padded[: len(sound)] = torch.from_numpy(sound)
    # The reflection at the edges is done here, because torch.stft reflects only what it pads itself.
    framed = functional.pad(padded[None], (_EDGE, _EDGE), mode="reflect")[0].to(device)
    logs = _log_power(framed, n_mels)[:, :N_FRAMES]
    return _scaled(logs, float(logs.max()))


class FileMel:
    """Log-mel features of a whole file, made window by window; only the file's maximum is kept."""

    def __init__(self, track: Track, n_mels: int, device: torch.device) -> None:
        self._track = track
        self._n_mels = n_mels
        self._device = device
        self.frames = track.length // HOP
        """Frames of 10 ms that hold sound; openai-whisper appends 30 s of silence to them."""
        self._loudest = -math.inf
        for first in range(0, self.frames + N_FRAMES, _FRAMES_AT_ONCE):
            count = min(_FRAMES_AT_ONCE, self.frames + N_FRAMES - first)
            self._loudest = max(self._loudest, float(self._logs(first, count).max()))

    def window(self, first: int, count: int) -> Tensor:
        """Frames `first` to `first + count`, of at most 3000, and zeros behind them: (n_mels, 3000) in float32."""
        return functional.pad(_scaled(self._logs(first, count), self._loudest), (0, N_FRAMES - count))

    def _logs(self, first: int, count: int) -> Tensor:
        start, end = first * HOP - _EDGE, (first + count - 1) * HOP + _EDGE
        held = torch.from_numpy(self._track.cut(min(max(start, 0), self._track.length), min(end, self._track.length)))
        if start < 0:
            # torch.stft reflects what it pads at the beginning.
            before = torch.from_numpy(self._track.cut(0, min(1 - start, self._track.length)))
            held = torch.cat([functional.pad(before, (0, 1 - start - len(before)))[1:].flip(0), held])
        padded = functional.pad(held, (0, end - start - len(held)))
        return _log_power(padded.to(self._device), self._n_mels)


def _log_power(framed: Tensor, n_mels: int) -> Tensor:
    """Logarithms (n_mels, n) of sound of which every 160 samples begin a frame of 400, none of them incomplete."""
    taper, filters = _tables(n_mels, framed.device)
    power = torch.stft(framed, _N_FFT, HOP, window=taper, center=False, return_complex=True).abs().square()
    power = power[..., : (len(framed) - _N_FFT) // HOP + 1]
    return (filters @ power).clamp(min=1e-10).log10()


def _scaled(logs: Tensor, loudest: float) -> Tensor:
    return (logs.clamp(min=loudest - _RANGE) + 4.0) / 4.0


@cache
def _tables(n_mels: int, device: torch.device) -> tuple[Tensor, Tensor]:
    from whisper.audio import mel_filters

    filters: Tensor = mel_filters(device, n_mels)
    return torch.hann_window(_N_FFT, device=device), filters
