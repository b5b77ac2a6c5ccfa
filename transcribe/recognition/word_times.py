"""When each token was said: dynamic time warping over cross-attention, as openai-whisper does it, many windows at once.

One teacher-forced pass over a slot's keys and values gives the attention of the alignment heads; it is normalised
over tokens, smoothed by a median of 7 frames and averaged over heads; the cheapest monotone path through it says at
which 20 ms frame each token begins: that of `whisper.timing.dtw`, which is not the cheapest where costs tie exactly.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from transcribe.recognition.decoder import alignment_scores
from transcribe.recognition.slots import Slots
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel

FRAME_SECONDS = 0.02
"""Length of an encoder frame, the grid of word times."""

_MEDIAN_WIDTH = 7

Alignment = NDArray[np.float32]
"""How much each frame stands out for each token and for the end: shape (tokens + 1, frames)."""


def attention_of(
    model: WhisperModel,
    vocabulary: Vocabulary,
    slots: Slots,
    slot: int,
    language: str,
    text: Sequence[int],
    frames: int,
) -> Alignment:
    """What the alignment heads look at while the `text` tokens of a slot's window are said.

    `frames` of the window hold sound; beyond them no token may lie.
    """
    prompt = vocabulary.prompt(language)
    tokens = torch.tensor([*prompt, vocabulary.no_timestamps, *text, vocabulary.eot], device=model.device)
    held = min(max(frames, 1), model.config.dims.n_audio_ctx)
    emphasis = attention_emphasis(alignment_scores(model, slots, slot, tokens)[:, :, :held])
    found: Alignment = emphasis[len(prompt) : -1].cpu().numpy()
    return found


def token_starts(alignments: Sequence[Alignment]) -> list[list[float]]:
    """When each token of each window begins, and when the last ends: seconds from the window's beginning."""
    paths = first_frames([-alignment for alignment in alignments]) if alignments else []
    return [[frame * FRAME_SECONDS for frame in frames] for frames in paths]


def attention_emphasis(scores: Tensor) -> Tensor:
    """Scores (heads, tokens, frames) to how much each frame stands out for each token: (tokens, frames)."""
    weights = scores.softmax(dim=-1)
    centred = weights - weights.mean(dim=-2, keepdim=True)
    deviation = centred.square().mean(dim=-2, keepdim=True).sqrt()
    # A recording of one frame has the same weight for all tokens; its deviation of zero must not divide.
    return median_of_seven(centred / deviation.clamp(min=1e-12)).mean(dim=0)


def median_of_seven(x: Tensor) -> Tensor:
    """The running median of width 7 along the last dimension of x (a, b, c), reflected at the edges.

    Found by minima and maxima of shifted copies: of five of the seven values neither the least nor the greatest
    can be the median, so both are dropped, the next value comes in, and so on. Much faster than sorting.
    """
    pad = _MEDIAN_WIDTH // 2
    if x.shape[-1] <= pad:
        return x
    padded = functional.pad(x, (pad, pad), mode="reflect")
    shifted = [padded[..., i : i + x.shape[-1]] for i in range(_MEDIAN_WIDTH)]
    kept = shifted[: pad + 1]
    for value in shifted[pad + 1 :]:
        kept = [*kept, value]
        for i in range(1, len(kept)):
            kept[0], kept[i] = torch.minimum(kept[0], kept[i]), torch.maximum(kept[0], kept[i])
        for i in range(1, len(kept) - 1):
            kept[i], kept[-1] = torch.minimum(kept[i], kept[-1]), torch.maximum(kept[i], kept[-1])
        kept = kept[1:-1]
    return kept[0]


def first_frames(costs: Sequence[Alignment]) -> list[list[int]]:
    """Per matrix (tokens, frames): the first frame of each token on the cheapest monotone path through the matrix.

    The path leads from the first token and frame to the last of both and advances token, frame or both by one. All
    matrices are worked on together, one anti-diagonal after another, because cells of one do not depend on another.
    """
    tokens = max(cost.shape[0] for cost in costs)
    frames = max(cost.shape[1] for cost in costs)
    diagonals = tokens + frames - 1
    skewed = np.zeros((diagonals, len(costs), tokens), dtype=np.float32)
    for row, cost in enumerate(costs):
        for token, line in enumerate(cost):
            skewed[token : token + len(line), row, token] = line
    # Index 0 along the last axis is the border before the first token; entry d of `steps` is the diagonal
    # token + frame = d, and says how its cells were reached: 0 both advanced, 1 the token, 2 the frame.
    before = np.full((len(costs), tokens + 1), np.inf, dtype=np.float32)
    before[:, 0] = 0.0
    previous = np.full_like(before, np.inf)
    steps = np.empty((diagonals, len(costs), tokens), dtype=np.int8)
    for d in range(diagonals):
        both, token_alone, frame_alone = before[:, :-1], previous[:, :-1], previous[:, 1:]
        frame_is_cheapest = (frame_alone <= both) & (frame_alone <= token_alone)
        steps[d] = np.where(frame_is_cheapest, 2, np.where(token_alone < both, 1, 0))
        current = np.full_like(previous, np.inf)
        np.minimum(np.minimum(both, token_alone), frame_alone, out=current[:, 1:])
        current[:, 1:] += skewed[d]
        current[:, d + 2 :] = np.inf
        before, previous = previous, current
    return [_trace_back(steps[:, row].tolist(), *cost.shape) for row, cost in enumerate(costs)]


def _trace_back(steps: list[list[int]], tokens: int, frames: int) -> list[int]:
    token, frame = tokens - 1, frames - 1
    first = [0] * tokens
    while token > 0 or frame > 0:
        first[token] = frame
        step = 2 if token == 0 else 1 if frame == 0 else steps[token + frame][token]
        token -= step != 2
        frame -= step != 1
    first[0] = 0
    return first
