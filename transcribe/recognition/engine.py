"""Windows in, what was heard in them out: encoder, language, decoding and word times of one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from transcribe.engines import Samples
from transcribe.recognition.decoder import Slots, decode_tokens
from transcribe.recognition.decoding import Hypothesis, decode_windows
from transcribe.recognition.features import log_mel
from transcribe.recognition.segments import text_tokens
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel
from transcribe.recognition.word_times import token_starts

_SLOT_BYTES_ON_CPU = 1_500_000_000
_LARGEST_BATCH = {"cpu": 16, "cuda": 64}
_WINDOWS_ENCODED_AT_ONCE = {"cpu": 1, "cuda": 16}
"""One window's activations stay in a processor's cache."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a window; `starts` as `word_times.token_starts` gives them."""

    hypothesis: Hypothesis
    starts: list[float]


class Engine:
    """A model with its decoding memory. `batch_size` windows at most go through at a time."""

    def __init__(self, model: WhisperModel, batch_size: int = 0) -> None:
        """`batch_size` 0 takes what the memory holds, at most 16 windows on the CPU and 64 on CUDA."""
        self._model = model
        self._slots: Slots | None = None
        self.vocabulary = Vocabulary(model)
        self.batch_size = batch_size or _fitting_batch(model)

    def shrink(self, batch_size: int) -> None:
        """Gives the decoding memory back and takes at most `batch_size` windows from now on."""
        self._slots = None
        self.batch_size = batch_size
        if self._model.device.type == "cuda":
            torch.cuda.empty_cache()

    @torch.inference_mode()
    def encode(self, sounds: Sequence[Samples]) -> Tensor:
        """Encoder features (b, t, d) of windows of at most 30 s of 16 kHz sound."""
        model = self._model
        step = _WINDOWS_ENCODED_AT_ONCE[model.device.type]
        parts = [
            model.encode(log_mel(sounds[first : first + step], model.config.dims.n_mels, model.device))
            for first in range(0, len(sounds), step)
        ]
        return torch.cat(parts)

    @torch.inference_mode()
    def language_probabilities(self, features: Tensor) -> dict[str, float]:
        """How probable each language is in one window with features (1, t, d): code to probability."""
        slots = self._filled(features)
        start = torch.tensor([[self.vocabulary.start]], device=self._model.device)
        hidden = decode_tokens(self._model, slots, start, torch.zeros_like(start), 1)
        return self.vocabulary.language_probabilities(hidden[:, 0])

    @torch.inference_mode()
    def hear(
        self, features: Tensor, languages: Sequence[str], seeds: Sequence[int], lengths: Sequence[int]
    ) -> list[Heard]:
        """Text and token times of windows with features (n, t, d), n at most `batch_size`.

        Per window: its ISO 639-1 language, a number that its sampling starts from should it be needed, and its
        length in samples.
        """
        slots = self._filled(features)
        hypotheses = decode_windows(self._model, self.vocabulary, slots, languages, seeds)
        texts = [text_tokens(hypothesis, self.vocabulary) for hypothesis in hypotheses]
        starts = token_starts(self._model, self.vocabulary, slots, languages, texts, lengths)
        return [Heard(hypothesis, begins) for hypothesis, begins in zip(hypotheses, starts, strict=True)]

    def _filled(self, features: Tensor) -> Slots:
        if self._slots is None or self._slots.capacity < len(features):
            self._slots = None
            self._slots = Slots(self._model, max(self.batch_size, len(features)))
        self._slots.fill(features)
        return self._slots


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a smaller batch could have avoided this error."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # torch's CPU allocator has no error class of its own.
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def _fitting_batch(model: WhisperModel) -> int:
    dims = model.config.dims
    slot_bytes = 2 * dims.n_text_layer * dims.n_text_state * (dims.n_audio_ctx + dims.n_text_ctx)
    if model.device.type == "cpu":
        budget = _SLOT_BYTES_ON_CPU
        slot_bytes *= 4
    else:
        budget = torch.cuda.mem_get_info(model.device)[0] // 2
        slot_bytes *= 2
    return max(1, min(_LARGEST_BATCH[model.device.type], budget // slot_bytes))
