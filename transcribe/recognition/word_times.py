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


def attention_of(
    model: WhisperModel,
    vocabulary: Vocabulary,
    slots: Slots,
    chosen: Sequence[int],
    languages: Sequence[str],
    texts: Sequence[Sequence[int]],
    frames: Sequence[int],
) -> list[Tensor]:
    """What the alignment heads look at in n slots while their text tokens are said, as `token_starts` takes it.

    Each is of shape (tokens + 1, frames): how much each frame stands out for each token, and for the end. `frames` of
    a window hold sound; beyond them no token may lie.
    """
    prompts = [[*vocabulary.prompt(language), vocabulary.no_timestamps] for language in languages]
    sequences = [[*prompt, *text, vocabulary.eot] for prompt, text in zip(prompts, texts, strict=True)]
    longest = max(map(len, sequences))
    padded = [sequence + [vocabulary.eot] * (longest - len(sequence)) for sequence in sequences]
    scores = alignment_scores(model, slots, chosen, torch.tensor(padded, device=model.device))
    found = []
    for row, (prompt, sequence, count) in enumerate(zip(prompts, sequences, frames, strict=True)):
        held = min(max(count, 1), model.config.dims.n_audio_ctx)
        emphasis = attention_emphasis(scores[row, :, : len(sequence), :held])
        found.append(emphasis[len(prompt) - 1 : -1].clone())
    return found


def token_starts(alignments: Sequence[Tensor]) -> list[list[float]]:
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


def first_frames(costs: Sequence[Tensor]) -> list[list[int]]:
    """Per matrix (tokens, frames): the first frame of each token on the cheapest monotone path through the matrix.

    The path leads from the first token and frame to the last of both and advances token, frame or both by one. All
    matrices are worked on together, one anti-diagonal after another, because cells of one do not depend on another.
    """
    tokens = max(cost.shape[0] for cost in costs)
    frames = max(cost.shape[1] for cost in costs)
    device, n, diagonals = costs[0].device, len(costs), tokens + frames - 1
    # A row more to the right for every token: what lies on one anti-diagonal then lies in one column.
    shifted = torch.zeros(n, tokens, diagonals + 1, device=device)
    for row, cost in enumerate(costs):
        shifted[row, : cost.shape[0], : cost.shape[1]] = cost
    skewed = shifted.flatten(1)[:, : tokens * diagonals].view(n, tokens, diagonals).permute(2, 0, 1).contiguous()
    # Index 0 along the last axis is the border before the first token; entry d of `steps` is the diagonal
    # token + frame = d, and says how its cells were reached: 0 both advanced, 1 the token, 2 the frame.
    before = torch.full((n, tokens + 1), torch.inf, device=device)
    before[:, 0] = 0.0
    previous = torch.full_like(before, torch.inf)
    steps = torch.empty(diagonals, n, tokens, dtype=torch.int8, device=device)
    for d in range(diagonals):
        both, token_alone, frame_alone = before[:, :-1], previous[:, :-1], previous[:, 1:]
        cheaper = torch.minimum(both, token_alone)
        steps[d] = torch.where(frame_alone <= cheaper, 2, (token_alone < both).to(torch.int8))
        current = torch.full_like(previous, torch.inf)
        reached = slice(1, min(d + 2, tokens + 1))
        current[:, reached] = (torch.minimum(cheaper, frame_alone) + skewed[d])[:, : min(d + 1, tokens)]
        before, previous = previous, current
    return _traced_back(steps.cpu().numpy(), [(cost.shape[0], cost.shape[1]) for cost in costs])


def _traced_back(steps: NDArray[np.int8], shapes: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Follows all paths from their ends to their beginnings, one step of each at a time."""
    rows = np.arange(len(shapes))
    token = np.array([shape[0] - 1 for shape in shapes])
    frame = np.array([shape[1] - 1 for shape in shapes])
    first = np.zeros((len(shapes), int(token.max()) + 1), dtype=np.int64)
    while (going := (token > 0) | (frame > 0)).any():
        first[rows[going], token[going]] = frame[going]
        step = np.where(token == 0, 2, np.where(frame == 0, 1, steps[token + frame, rows, token]))
        token -= going & (step != 2)
        frame -= going & (step != 1)
    first[:, 0] = 0
    return [first[row, : shape[0]].tolist() for row, shape in enumerate(shapes)]
