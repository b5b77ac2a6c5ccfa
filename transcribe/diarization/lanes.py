"""Slots of overlapping windows followed from one window to the next; pure (numpy only).

The segmentation numbers the voices of each window anew. Two neighbouring windows see mostly the same sound, so the
numbering under which they agree best is one: three "lanes" run through the recording. A lane belongs to one voice
for as long as that voice is heard every few seconds; whose it is over the whole recording is for clustering to say.
"""

from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from transcribe.diarization.frames import Activity, Grid


def lanes(activity: Activity, grid: Grid) -> NDArray[np.intp]:
    """The lane of each slot of each window, (windows, slots): every window's row is a permutation."""
    windows, frames, slots = activity.shape
    orders = np.array(list(permutations(range(slots))), np.intp)  # lane → slot
    firsts = grid.first_frames(windows)
    lane_of = np.zeros((windows, slots), np.intp)
    order = orders[0]
    for window in range(windows):
        if window:
            shift = int(firsts[window] - firsts[window - 1])
            before = activity[window - 1, shift:, :][:, order].astype(np.float32)
            agreed = before.T @ activity[window, : frames - shift].astype(np.float32)  # (lanes, slots)
            # The first of equally good numberings is the one that changes nothing.
            order = orders[int(agreed[np.arange(slots), orders].sum(axis=1).argmax())]
        lane_of[window, order] = np.arange(slots)
    return lane_of
