"""What was decoded from one window, and whether openai-whisper would believe it."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

COMPRESSION_RATIO_THRESHOLD = 2.4
LOGPROB_THRESHOLD = -1.0
NO_SPEECH_THRESHOLD = 0.6
FALLBACK_TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Thresholds and temperatures of openai-whisper's `transcribe`."""

_LONGEST_UNIT = 24
_FEWEST_TOKENS = 32
_FEWEST_REPEATS = 6


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was decoded from one window.

    `tokens` are text and timestamp tokens without the prompt and the end; `probabilities` has one entry per token,
    the model's probability of it among text tokens (of no meaning for timestamp tokens). `is_loop` says that decoding
    was broken off because the same tokens came again and again.
    """

    tokens: tuple[int, ...]
    probabilities: tuple[float, ...]
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    temperature: float
    is_loop: bool = False

    @property
    def is_silence(self) -> bool:
        """Whether the model itself holds the window for silence (openai-whisper's rule)."""
        return self.no_speech_prob > NO_SPEECH_THRESHOLD and self.avg_logprob <= LOGPROB_THRESHOLD

    @property
    def is_repetitive(self) -> bool:
        """Whether the text repeats itself as loops do."""
        return self.is_loop or self.compression_ratio > COMPRESSION_RATIO_THRESHOLD

    @property
    def needs_fallback(self) -> bool:
        """Whether the window is decoded again at a higher temperature.

        openai-whisper's rule, but that repetitions count even where the model holds the window for silence.
        """
        return self.is_repetitive or (self.avg_logprob < LOGPROB_THRESHOLD and not self.is_silence)


def best_attempt(attempts: Sequence[Hypothesis]) -> Hypothesis:
    """The last attempt if it passes; when none does, the likeliest of those that do not repeat themselves."""
    if not attempts[-1].needs_fallback:
        return attempts[-1]
    return min(attempts, key=lambda h: (h.is_repetitive, h.compression_ratio if h.is_repetitive else -h.avg_logprob))


def compression_ratio(text: str) -> float:
    """UTF-8 bytes by zlib-compressed bytes: above 2.4, a text repeats itself."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def ends_in_loop(tokens: Sequence[int]) -> bool:
    """Whether text tokens end in one unit of at most 24 tokens, said at least 6 times over at least 32 tokens.

    People repeat a word or a short sentence a few times; they do not say the very same tokens for 32 tokens on end.
    """
    for length in range(1, _LONGEST_UNIT + 1):
        repeats = max(_FEWEST_REPEATS, -(-_FEWEST_TOKENS // length))
        span = length * repeats
        if span <= len(tokens) and list(tokens[-span:-length]) == list(tokens[len(tokens) - span + length :]):
            return True
    return False
