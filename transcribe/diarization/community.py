"""Voices with community-1's ResNet34 and VBx: pyannote's result, with one trunk pass per window that has speech.

The stock pipeline runs the network for each slot of each window, empty ones included. The slots differ in nothing but
the weights of the pooling layer, which takes all of them at once. Importing this module imports torch and pyannote.
"""

import contextlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcribe.diarization.batches import in_batches
from transcribe.diarization.clustering import Items, Vector, merge_down
from transcribe.diarization.frames import frame_turns, loudest, overlap_add, speaker_count, votes
from transcribe.diarization.segmentation import Segmented, Tell, windows
from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.diarization.turns import join_turns, spoken_seconds
from transcribe.diarization.voicing import VOICE_VECTOR_SECONDS, Centroid, Found
from transcribe.records import SpeechTurn

install_torchaudio_stub()

from pyannote.core import SlidingWindow, SlidingWindowFeature  # noqa: E402

SHORTEST_SAMPLES = 400
"""Samples (one 25 ms mel frame) of unmixed speech up to which a slot is heard with its overlaps after all, as in
pyannote (`min_num_samples` of the embedding, which it finds by trying; a test compares)."""
NOBODY = -2
"""pyannote's number for a slot that is silent."""


@dataclass(frozen=True, slots=True, eq=False)
class CommunityPlan:
    """What is embedded of one recording: the windows with speech, and which frames count for which slot.

    `masks` is (windows, frames, slots); `clean` says whose masks leave out overlapped speech, (windows, slots).
    """

    waveform: Tensor
    segmented: Segmented
    masks: NDArray[np.bool_]
    clean: NDArray[np.bool_]
    spoken: NDArray[np.intp]


class CommunityVoices:
    """`network` is a `WeSpeakerResNet34`, `clustering` an instantiated `VBxClustering`; batches of `batch` windows."""

    def __init__(self, network: Any, clustering: Any, device: torch.device, batch: int) -> None:
        self._network = network.to(device)
        self._clustering = clustering
        self._device = device
        self._batch = batch

    def plan(self, waveform: Tensor, segmented: Segmented) -> CommunityPlan:
        """The masks under which each slot is heard: alone where that is long enough."""
        activity, grid = segmented.activity, segmented.grid
        unmixed = activity & (activity.sum(axis=2, keepdims=True) < 2)
        samples = grid.window_seconds * self._network.hparams.sample_rate
        fewest = np.ceil(activity.shape[1] * SHORTEST_SAMPLES / samples)
        clean = unmixed.sum(axis=1) > fewest
        masks = np.where(clean[:, None, :], unmixed, activity)
        return CommunityPlan(waveform, segmented, masks, clean, np.flatnonzero(activity.any(axis=(1, 2))))

    def embed(self, plans: Sequence[CommunityPlan], tell: Tell) -> list[Vector]:
        """The vectors of all slots of each plan, (windows, slots, 256); windows of several plans share batches."""
        slots = max((plan.masks.shape[2] for plan in plans), default=0)
        rows = (row for plan in plans for row in self._rows(plan, slots))
        results = in_batches(self._compute, rows, self._batch, self._device)
        embeddings = []
        # With an empty mask all statistics are 0, and what is left of the last layer is its bias.
        silent = self._network.resnet.seg_1.bias.detach().cpu().numpy()
        for number, plan in enumerate(plans):
            vectors = np.tile(silent, (*plan.masks.shape[::2], 1))
            for done, window in enumerate(plan.spoken.tolist()):
                vectors[window] = next(results).numpy()[: vectors.shape[1]]
                tell(number, (done + 1) / len(plan.spoken))
            embeddings.append(vectors)
        return embeddings

    def _rows(self, plan: CommunityPlan, slots: int) -> Any:
        spoken = set(plan.spoken.tolist())
        missing = slots - plan.masks.shape[2]
        for number, window in enumerate(windows(plan.waveform, plan.segmented.grid)):
            if number in spoken:
                masks = np.pad(plan.masks[number].T.astype(np.float32), ((0, missing), (0, 0)))
                yield window, torch.from_numpy(masks)

    def _compute(self, waveforms: Tensor, masks: Tensor) -> Tensor:
        """(batch, samples), (batch, slots, frames) → (batch, slots, 256)."""
        vectors: Tensor = self._network(waveforms[:, None], weights=masks)
        return vectors

    def decide(self, plan: CommunityPlan, vectors: Vector, speakers: int | None) -> Found:
        """Whose the slots are; `speakers` is the number of voices expected, None when it is not known."""
        activity, grid = plan.segmented.activity, plan.segmented.grid
        if len(plan.spoken) == 0:
            return Found((), (), {})
        if plan.segmented.fixed:
            voices = np.tile(np.arange(activity.shape[2]), (len(activity), 1))
        else:
            voices = self._cluster(plan, vectors)
        voices[~activity.any(axis=1)] = NOBODY
        if speakers is not None and not plan.segmented.fixed:
            voices = _to_number(plan, vectors, voices, speakers)
        voted = votes(activity, voices, grid)
        count = speaker_count(activity, grid)
        if speakers is not None:
            count = np.minimum(count, max(1, voted.shape[1]))
        turns = frame_turns(loudest(voted, count), grid)
        exclusive = frame_turns(loudest(voted, np.minimum(count, 1)), grid)
        return Found(turns, join_turns(exclusive), _centroids(plan, vectors, voices, turns))

    def _cluster(self, plan: CommunityPlan, vectors: Vector) -> NDArray[np.intp]:
        """VBx's cluster of each slot of each window, as the stock pipeline without a number of speakers."""
        grid = plan.segmented.grid
        window = SlidingWindow(start=0.0, duration=grid.window_seconds, step=grid.window_step)
        segmentations = SlidingWindowFeature(plan.segmented.activity.astype(np.float32), window)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            # VBx prints when its objective falls by a rounding error; hardly any speech has no centroid.
            warnings.filterwarnings("ignore", message="Mean of empty slice")
            warnings.filterwarnings("ignore", message="invalid value encountered in divide")
            voices, _, _ = self._clustering(
                embeddings=vectors.copy(), segmentations=segmentations, min_clusters=1, max_clusters=np.inf
            )
        return np.asarray(voices, np.intp)


def _slot_seconds(plan: CommunityPlan) -> Vector:
    """The unmixed speech behind each slot's vector (s), (windows, slots), each second counted once over all windows."""
    grid = plan.segmented.grid
    windows_seen, frames, _ = plan.masks.shape
    covered = overlap_add(np.ones((windows_seen, frames, 1), np.float32), grid)[:, 0]
    worth = [grid.frame_step / covered[first : first + frames] for first in grid.first_frames(windows_seen)]
    seconds: Vector = np.einsum("wfs,wf->ws", plan.masks, np.stack(worth))
    return np.where(plan.clean, seconds, 0.0)


def _sums(plan: CommunityPlan, vectors: Vector, voices: NDArray[np.intp]) -> tuple[Vector, Vector]:
    """Per voice: the sum of its slots' unit vectors, weighted by their seconds, and the sum of those."""
    seconds = _slot_seconds(plan)
    units = vectors.astype(np.float64) / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-12)
    count = int(voices.max(initial=-1)) + 1
    sums = np.array([(seconds[voices == k][:, None] * units[voices == k]).sum(axis=0) for k in range(count)])
    return sums.reshape(count, vectors.shape[2]), np.array([seconds[voices == k].sum() for k in range(count)])


def _to_number(plan: CommunityPlan, vectors: Vector, voices: NDArray[np.intp], speakers: int) -> NDArray[np.intp]:
    """`voices` merged down to the expected number, where they are not clearly different."""
    sums, seconds = _sums(plan, vectors, voices)
    heard = np.flatnonzero(seconds > 0)
    if len(heard) <= speakers:
        return voices
    activity, grid = plan.segmented.activity, plan.segmented.grid
    active = votes(activity, voices, grid)[:, heard] > grid.window_seconds / grid.window_step / 2
    together = active.T.astype(np.float64) @ active.astype(np.float64) * grid.frame_step
    np.fill_diagonal(together, 0.0)
    merged = merge_down(Items(sums[heard] / seconds[heard, None], seconds[heard], together), speakers)
    after = np.full(len(seconds) + 1, NOBODY, np.intp)
    after[heard] = merged
    return np.where(voices >= 0, after[voices], NOBODY)


def _centroids(
    plan: CommunityPlan, vectors: Vector, voices: NDArray[np.intp], turns: Sequence[SpeechTurn]
) -> dict[str, Centroid]:
    """What each voice that has turns sounds like, from the slots in which it is heard alone."""
    sums, seconds = _sums(plan, vectors, voices)
    spoken = spoken_seconds(turns)
    return {
        str(voice): Centroid(float(own), total / np.linalg.norm(total))
        for voice, (total, own) in enumerate(zip(sums, seconds, strict=True))
        if own >= VOICE_VECTOR_SECONDS and str(voice) in spoken and np.linalg.norm(total) > 0
    }
