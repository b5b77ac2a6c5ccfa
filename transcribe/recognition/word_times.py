"""When each word was said: dynamic time warping over cross-attention, as openai-whisper does it, for whole batches.

One teacher-forced pass over the kept keys and values gives the attention of the alignment heads; it is normalised
over tokens, smoothed by a median of 7 frames and averaged over heads; the cheapest monotone path through it says at
which 20 ms frame each token begins. Path and ties are those of `whisper.timing.dtw`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcribe.engines import SAMPLE_RATE
from transcribe.recognition.decoder import Slots, alignment_scores
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel

FRAME_SECONDS = 0.02
"""Length of an encoder frame, the grid of word times."""

_FRAME_SAMPLES = round(FRAME_SECONDS * SAMPLE_RATE)
_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"
_SENTENCE_END = ".。!！?？"
_LONGEST_MEDIAN = 0.7
_ROWS_AT_ONCE = 8


@dataclass(slots=True)
class TimedWord:
    """A word of a window: `start` and `end` in seconds from the window's begin; how many text tokens it has."""

    word: str
    tokens: list[int]
    start: float
    end: float
    probability: float


def token_starts(
    model: WhisperModel,
    slots: Slots,
    prompts: Sequence[tuple[int, ...]],
    texts: Sequence[Sequence[int]],
    samples: Sequence[int],
) -> list[NDArray[np.float64]]:
    """When each text token begins, and as last entry when the text ends: seconds in the window, shape (tokens + 1,).

    All sequences are in the order in which `slots` were filled: `prompts` and text tokens of each window, and its
    length in samples without the padding, beyond which no token may lie.
    """
    filled = [row for row in slots.rows if texts[row]]
    starts: list[NDArray[np.float64]] = [np.zeros(1) for _ in texts]
    if not filled:
        return starts
    slots.bring_to_front(sorted(filled, key=lambda row: len(texts[row])))
    for first in range(0, len(filled), _ROWS_AT_ONCE):
        rows = slots.rows[first : min(first + _ROWS_AT_ONCE, len(filled))]
        sequences = [(*prompts[row], model_token, *texts[row]) for row, model_token in zip(rows, [0] * len(rows))]
        starts_of = sequences  # placeholder
    return starts
