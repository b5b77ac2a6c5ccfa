"""From overlapping windows to one timeline of frames, and from frames to turns; pure (numpy only).

The arithmetic is pyannote.audio's (`Inference.aggregate`, `SpeakerDiarization.to_diarization`, `Binarize`), without
its Python loops over frames: a test holds both against each other, value by value.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcribe.records import SpeechTurn

Activity = NDArray[np.bool_]
"""Who speaks in each window: (windows, frames, slots)."""
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Grid:
    """Where windows and frames lie (s): windows start every `window_step`, frames every `frame_step`.

    `frame_seconds` is how much sound a frame sees; a frame's time is the middle of that.
    """

    window_seconds: float
    window_step: float
    frame_seconds: float
    frame_step: float

    def first_frames(self, windows: int) -> NDArray[np.intp]:
        """The frame of the timeline at which each of `windows` windows starts."""
        firsts: NDArray[np.intp] = np.rint(np.arange(windows) * self.window_step / self.frame_step).astype(np.intp)
        return firsts

    def length(self, windows: int) -> int:
        """Frames of the timeline that `windows` windows cover."""
        return int(np.rint((self.window_seconds + (windows - 1) * self.window_step) / self.frame_step)) + 1

    def times(self, frames: int) -> Scores:
        """The middles (s) of the first `frames` frames."""
        return np.arange(frames, dtype=np.float64) * self.frame_step + self.frame_seconds / 2


def overlap_add(values: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """The sum over all windows at every frame of the timeline: (windows, frames, n) → (timeline, n)."""
    windows, frames, columns = values.shape
    total = np.zeros((grid.length(windows), columns), np.float32)
    for first, value in zip(grid.first_frames(windows), values, strict=True):
        total[first : first + frames] += value[: len(total) - first]
    return total


def average(values: NDArray[np.float32], grid: Grid, weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean over all windows at every frame, `weights` (frames,) saying how much each part of a window counts.

    (windows, frames, n) → (timeline, n); 0 where no window is.
    """
    shape = (*values.shape[:2], 1)
    count = overlap_add(np.broadcast_to(weights[None, :, None], shape), grid)
    summed = overlap_add(values * weights[None, :, None], grid)
    return np.divide(summed, np.maximum(count, np.float32(1e-12)), dtype=np.float32)


def speaker_count(activity: Activity, grid: Grid) -> NDArray[np.intp]:
    """How many speak at once at every frame of the timeline: the windows' mean, rounded to even."""
    counts: NDArray[np.float32] = activity.sum(axis=2, dtype=np.float32)[:, :, None]
    flat = np.ones(activity.shape[1], np.float32)
    return np.rint(average(counts, grid, flat)[:, 0]).astype(np.intp)


def votes(activity: Activity, voices: NDArray[np.intp], grid: Grid) -> NDArray[np.float32]:
    """In how many windows each voice speaks at every frame: (timeline, voices).

    `voices` says which voice each slot of each window is, (windows, slots), negative for none.
    """
    windows, frames, _ = activity.shape
    count = int(voices.max(initial=-1)) + 1
    total = np.zeros((grid.length(windows), count), np.float32)
    for first, active, slots in zip(grid.first_frames(windows), activity, voices, strict=True):
        for voice in set(slots[slots >= 0].tolist()):
            part = active[:, slots == voice].any(axis=1)
            total[first : first + frames, voice] += part[: len(total) - first]
    return total


def loudest(voted: NDArray[np.float32], count: NDArray[np.intp]) -> NDArray[np.bool_]:
    """At every frame the `count` voices with most votes: (timeline, voices).

    More may speak at once than there are voices; voices that nobody voted for are added for them, as pyannote does.
    """
    missing = int(count.max(initial=0)) - voted.shape[1]
    if missing > 0:
        voted = np.pad(voted, ((0, 0), (0, missing)))
    order = np.argsort(-voted, axis=-1)
    chosen = np.zeros(voted.shape, bool)
    np.put_along_axis(chosen, order, np.arange(voted.shape[1]) < count[:, None], axis=-1)
    return chosen


def frame_turns(active: NDArray[np.bool_], grid: Grid) -> list[SpeechTurn]:
    """Runs of active frames as turns (s) of voices named by their column, sorted by start, end, voice.

    A turn goes from the middle of its first frame to the middle of the first frame after it.
    """
    times = grid.times(len(active))
    turns = []
    for voice, column in enumerate(active.T):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], column, [False])).astype(np.int8)))
        for first, after in zip(edges[::2], edges[1::2], strict=True):
            start, end = float(times[first]), float(times[min(after, len(times) - 1)])
            if end > start:
                turns.append(SpeechTurn(str(voice), start, end))
    return sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker))
