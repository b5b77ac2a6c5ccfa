"""The segmentation of recordings: who speaks in each 10 s window, and how likely anybody speaks, in one pass.

Importing this module imports torch.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from transcribe.diarization.batches import in_batches
from transcribe.diarization.frames import Activity, Grid, Scores, average
from transcribe.engines import SAMPLE_RATE

WINDOW_STEP = 1.0
"""Seconds from one window to the next, pyannote's default. With 2 s the telephone sample loses 3 points of DER: the
windows that see a frame vote on it, and five vote worse than ten."""

Tell = Callable[[int, float], None]
"""Called with a recording's place in its group and the share of a step (0 … 1) that is done for it."""


@dataclass(frozen=True, slots=True, eq=False)
class Segmented:
    """Who speaks in each window, (windows, frames, slots), and P(anybody speaks), (windows, frames).

    A slot is somebody else in every window, unless `fixed`: then slot i is the same person throughout.
    """

    activity: Activity
    speech: NDArray[np.float32]
    grid: Grid
    fixed: bool = False

    def speech_scores(self) -> tuple[Scores, Scores]:
        """(times, P(anybody speaks)) on one timeline; where windows overlap, those whose middle is near count most."""
        weights = np.hamming(self.speech.shape[1]).astype(np.float32)
        probability = average(self.speech[:, :, None], self.grid, weights)[:, 0].astype(np.float64)
        return self.grid.times(len(probability)), probability


def windows(waveform: Tensor, grid: Grid) -> Iterator[Tensor]:
    """The windows (samples,) of a waveform (samples,), at least one, the last filled up with silence."""
    size, step = round(grid.window_seconds * SAMPLE_RATE), round(grid.window_step * SAMPLE_RATE)
    for start in range(0, max(len(waveform) - size + step, 1), step):
        window = waveform[start : start + size]
        yield nn.functional.pad(window, (0, size - len(window)))


class Segmenter:
    """pyannote's segmentation network, `conversion` being its `Powerset`, in batches of `batch` windows."""

    def __init__(self, network: Any, conversion: nn.Module, device: torch.device, batch: int) -> None:
        self._network = network.to(device)
        self._conversion = conversion.to(device)
        self.device = device
        self._batch = batch
        frame = network.receptive_field
        self.grid = Grid(float(network.specifications.duration), WINDOW_STEP, float(frame.duration), float(frame.step))

    def _compute(self, waveforms: Tensor) -> Tensor:
        """(batch, samples) → (batch, frames, slots + 1), the last column P(anybody speaks)."""
        log_probabilities: Tensor = self._network(waveforms[:, None])
        speech = 1 - log_probabilities[..., :1].exp()
        return torch.cat((self._conversion(log_probabilities), speech), dim=-1)

    def segment(self, waveforms: Sequence[Tensor], tell: Tell) -> list[Segmented]:
        """One result per waveform (samples,); windows of several waveforms share batches."""
        counts = [sum(1 for _ in windows(waveform, self.grid)) for waveform in waveforms]
        rows = ((window,) for waveform in waveforms for window in windows(waveform, self.grid))
        results = in_batches(self._compute, rows, self._batch, self.device)
        segmented = []
        for number, count in enumerate(counts):
            active: list[NDArray[np.bool_]] = []
            speech: list[NDArray[np.float32]] = []
            for done in range(count):
                scores = next(results).numpy()
                active.append(scores[:, :-1] > 0.5)
                speech.append(scores[:, -1].copy())
                tell(number, (done + 1) / count)
            segmented.append(Segmented(np.stack(active), np.stack(speech), self.grid))
        return segmented
