"""Recordings in which everybody has a microphone of their own: who speaks is which channel is loud; pure (numpy only).

A microphone hears its own person loudly and the others through the room. How much quieter is learnt from the
recording itself; what is not louder in a channel than the others' sound would be there is cross-talk.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from transcribe.diarization.frames import Grid, Scores
from transcribe.engines import SAMPLE_RATE, Samples

APART_DB = 12.0
"""Level differences of two channels must fall into two groups so far apart. Two microphones of one room pair differ by
a few dB whoever speaks; clip-on microphones by 20 dB and more, one way or the other."""
SHARE = 0.02
"""Each person must have so large a share of the speech, or there is nothing to learn cross-talk from."""
CROSSTALK_DB = 6.0
"""A channel must be so much louder than the others' cross-talk in it, and than its own noise."""
NOISE_PERCENTILE = 10
SPEECH = 0.2
"""P(anybody speaks) from which a frame counts."""
SURE_SPEECH = 0.5
"""P(anybody speaks) from which somebody must be speaking: the channel that stands out most, if none does clearly."""
BRIDGE = 0.25
"""Pauses of one person up to so long (s) are closed."""
SHORTEST = 0.1
"""Speech of one person below so long (s) is left out."""
HOPS = 4
"""Frame steps over which a frame's level is taken: 4 · 17 ms, what the segmentation's frame sees."""
LEAST = 1e-12
"""Mean square of silence (-120 dB)."""


def own_microphones(channels: Iterable[Samples], speech: Scores, grid: Grid) -> NDArray[np.bool_] | None:
    """Who speaks at every frame of the timeline, (frames, channels); None when channels are not people.

    `channels` are at least two arrays (samples,), 16 kHz, gone through once; `speech` is P(anybody speaks) at every
    frame.
    """
    levels = np.stack([_levels(samples, grid, len(speech)) for samples in channels], axis=1)
    crosstalk = _crosstalk(levels[speech >= SPEECH])
    if crosstalk is None:
        return None
    power = 10 ** (levels / 10)
    noise = np.percentile(power, NOISE_PERCENTILE, axis=0)
    # In each channel: what the others would amount to, and the noise.
    heard = power / np.maximum(power @ crosstalk, noise)
    active = (heard > 10 ** (CROSSTALK_DB / 10)) & (speech >= SPEECH)[:, None]
    forced = (speech >= SURE_SPEECH) & ~active.any(axis=1)
    active[forced, heard[forced].argmax(axis=1)] = True
    for column in active.T:
        _fill(column, False, round(BRIDGE / grid.frame_step))
        _fill(column, True, round(SHORTEST / grid.frame_step))
    return active


def in_windows(active: NDArray[np.bool_], windows: int, frames: int, grid: Grid) -> NDArray[np.bool_]:
    """A timeline (frames, people) cut into the windows of the segmentation: (windows, frames, people)."""
    padded = np.pad(active, ((0, frames), (0, 0)))
    return np.stack([padded[first : first + frames] for first in grid.first_frames(windows)])


def _levels(samples: Samples, grid: Grid, frames: int) -> Scores:
    """The level at every frame of the timeline (dB of full scale), 0.25 s of silence being put after the end."""
    hop = round(grid.frame_step * SAMPLE_RATE)
    whole = samples[: len(samples) // hop * hop].reshape(-1, hop)
    squares = np.einsum("ij,ij->i", whole, whole, dtype=np.float64) / hop
    squares = np.pad(squares, (0, max(0, frames + HOPS - len(squares))))
    sums = np.cumsum(np.concatenate(([0.0], squares)))
    mean = np.maximum((sums[HOPS : HOPS + frames] - sums[:frames]) / HOPS, LEAST)
    levels: Scores = 10 * np.log10(mean)
    return levels


def _crosstalk(levels: Scores) -> Scores | None:
    """By how much one channel's person is heard in another, (from, to), as a factor of power, 0 on the diagonal.

    `levels` are those of frames with speech, (frames, channels). None when some pair of channels does not tell two
    people apart.
    """
    count = levels.shape[1]
    factors = np.zeros((count, count))
    for one in range(count):
        for other in range(one + 1, count):
            parted = _two_groups(levels[:, other] - levels[:, one])
            if parted is None:
                return None
            low, high = parted
            factors[one, other], factors[other, one] = 10 ** (low / 10), 10 ** (-high / 10)
    return factors


def _two_groups(differences: Scores) -> tuple[float, float] | None:
    """The means of the lower and the upper group of level differences (dB), parted where the variance between them is
    greatest (Otsu 1979); None when they are less than `APART_DB` apart, or one is too small."""
    ordered = np.sort(differences)
    n = np.arange(1, len(ordered))
    sums = np.cumsum(ordered)
    if len(n) == 0:
        return None
    low = sums[:-1] / n
    high = (sums[-1] - sums[:-1]) / (len(ordered) - n)
    best = int((n * (len(ordered) - n) * (high - low) ** 2).argmax())
    share = (best + 1) / len(ordered)
    if high[best] - low[best] < APART_DB or not SHARE <= share <= 1 - SHARE:
        return None
    return float(low[best]), float(high[best])


def _fill(column: NDArray[np.bool_], value: bool, longest: int) -> None:
    """Turns runs of `value` of at most `longest` frames into the opposite, in place; those at the ends stay."""
    edges = np.flatnonzero(np.diff(np.concatenate(([not value], column, [not value])).astype(np.int8)))
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        if after - first <= longest and (value or (first > 0 and after < len(column))):
            column[first:after] = not value
