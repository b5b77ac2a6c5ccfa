"""From the probability of speech to the stretches that are recognised; pure.

What is left out here is never transcribed, so the mask leans to too much: a low threshold, a margin on both sides,
short gaps closed. What is too much costs a little time and is checked again by the recogniser.
"""

import numpy as np
from numpy.typing import NDArray

from transcribe.records import Interval, to_milliseconds_grid

ONSET = 0.1
"""P(speech) at which a stretch counts. On our development clips 0.5 loses up to 40 % of quiet far-field speech, and 0.2
still half of the faintest; from 0.1 on, lower ones gain nothing and take in noise."""
OFFSET = 0.08
"""P(speech) down to which a stretch goes on."""
MARGIN = 0.15
"""Seconds added before and after."""
BRIDGE = 0.3
"""Gaps up to so many seconds are closed."""


def speech_mask(times: NDArray[np.float64], probability: NDArray[np.float64], duration: float) -> tuple[Interval, ...]:
    """The stretches of [0, duration) with speech, sorted, disjoint, on the 1 ms grid.

    `times` are the frames' centres (s), evenly spaced; `probability` is P(anybody speaks) at each. Does not depend
    on the number of speakers.
    """
    if len(times) == 0:
        return ()
    half = (times[1] - times[0]) / 2 if len(times) > 1 else 0.0
    above = np.concatenate(([False], probability >= OFFSET, [False]))
    edges = np.flatnonzero(above[1:] != above[:-1])
    stretches: list[list[float]] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if probability[first:last].max() < ONSET:
            continue
        start = max(0.0, float(times[first] - half) - MARGIN)
        end = min(duration, float(times[last - 1] + half) + MARGIN)
        if stretches and start - stretches[-1][1] <= BRIDGE:
            stretches[-1][1] = max(stretches[-1][1], end)
        elif end > start:
            stretches.append([start, end])
    grid = ((to_milliseconds_grid(start), to_milliseconds_grid(end)) for start, end in stretches)
    return tuple((start, end) for start, end in grid if end > start)
