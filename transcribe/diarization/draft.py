"""Voices with CAM++: turns are cut out of the segmentation, each second of speech is embedded once, turns clustered.

CAM++'s context layers average over all that they see, so that a voice cannot be masked out of a window afterwards:
its sound must be cut out before. Importing this module imports torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from transcribe.diarization.batches import in_batches
from transcribe.diarization.campplus import DIMENSION, FRAME_LENGTH_MS, FRAME_SHIFT_MS, CamPlusPlus, log_mel
from transcribe.diarization.clustering import Vector
from transcribe.diarization.frames import frame_turns, loudest, speaker_count, votes
from transcribe.diarization.lanes import lanes
from transcribe.diarization.segmentation import Segmented, Tell
from transcribe.diarization.turns import without_flicker
from transcribe.diarization.voicing import Found, LaneTurn, centroids, whose
from transcribe.records import SpeechTurn

LENGTHS = (400, 200, 100, 50)
"""Mel frames (10 ms) of the pieces in which a turn is heard: the longest that fits. Few different lengths, because a
batch needs equal ones, and padding would change the network's context layers."""
FEWEST = 10
"""Mel frames below which a turn has no vector at all; from here to the shortest piece they are repeated."""


@dataclass(frozen=True, slots=True, eq=False)
class DraftPlan:
    """What is embedded of one recording: `pieces` are the frame numbers into `features`, `owners` their turns."""

    features: Tensor
    turns: list[SpeechTurn]
    exclusive: list[SpeechTurn]
    alone: list[float]
    pieces: list[NDArray[np.intp]]
    owners: list[int]
    fixed: bool


class DraftVoices:
    """CAM++ on `device`; a batch holds `batch_frames` mel frames."""

    def __init__(self, network: CamPlusPlus, device: torch.device, batch_frames: int) -> None:
        self._network = network.to(device)
        self._device = device
        self._batch_frames = batch_frames

    def plan(self, waveform: Tensor, segmented: Segmented) -> DraftPlan:
        """Turns in lanes, and the pieces of them that one voice fills alone. `waveform`: (samples,), 16 kHz."""
        features = log_mel(waveform.to(self._device))
        activity, grid = segmented.activity, segmented.grid
        whole = np.broadcast_to(np.arange(activity.shape[2]), (activity.shape[0], activity.shape[2]))
        voted = votes(activity, whole if segmented.fixed else lanes(activity, grid), grid)
        count = speaker_count(activity, grid)
        turns = frame_turns(loudest(voted, count), grid)
        exclusive = frame_turns(loudest(voted, np.minimum(count, 1)), grid)
        spoken = [np.arange(*_frames(turn, len(features)), dtype=np.intp) for turn in turns]
        busy = np.zeros(len(features), np.intp)
        for numbers in spoken:
            busy[numbers] += 1
        alone = [numbers[busy[numbers] == 1] for numbers in spoken]
        pieces = [(number, piece) for number, frames in enumerate(alone) for piece in turn_pieces(frames)]
        seconds = [len(frames) * FRAME_SHIFT_MS / 1000 for frames in alone]
        owners = [number for number, _ in pieces]
        return DraftPlan(features, turns, exclusive, seconds, [p for _, p in pieces], owners, segmented.fixed)

    def embed(self, plans: Sequence[DraftPlan], tell: Tell) -> list[list[Vector]]:
        """The unit vector of every piece of every plan; pieces of one length share batches, whoever's they are."""
        vectors: list[list[Vector]] = [[np.zeros(0)] * len(plan.pieces) for plan in plans]
        done = [0] * len(plans)
        for length in LENGTHS:
            where = [
                (p, n) for p, plan in enumerate(plans) for n, piece in enumerate(plan.pieces) if len(piece) == length
            ]
            rows = ((plans[p].features[torch.from_numpy(plans[p].pieces[n])],) for p, n in where)
            results = in_batches(self._compute, rows, max(1, self._batch_frames // length), self._device)
            for (p, n), vector in zip(where, results, strict=True):
                vectors[p][n] = vector.double().numpy()
                done[p] += 1
                tell(p, done[p] / len(plans[p].pieces))
        return vectors

    def _compute(self, features: Tensor) -> Tensor:
        """Log mel features (batch, frames, 80), not normalised → unit voice vectors (batch, 192)."""
        vectors: Tensor = self._network(features - features.mean(dim=1, keepdim=True))
        return nn.functional.normalize(vectors, dim=-1)

    def decide(self, plan: DraftPlan, vectors: Sequence[Vector], speakers: int | None) -> Found:
        """Whose the turns are; `speakers` is the number of voices expected, None when it is not known."""
        summed = zip(plan.turns, plan.alone, _turn_vectors(plan, vectors), strict=True)
        heard = [LaneTurn(turn, alone, vector) for turn, alone, vector in summed]
        voices = [int(turn.speaker) for turn in plan.turns] if plan.fixed else whose(heard, speakers)
        turns = [SpeechTurn(str(voice), t.start, t.end) for voice, t in zip(voices, plan.turns, strict=True)]
        exclusive = []
        for turn in plan.exclusive:
            # An exclusive turn lies inside one turn of its lane.
            within = (
                n for n, t in enumerate(plan.turns) if t.speaker == turn.speaker and t.start <= turn.start < t.end
            )
            exclusive.append(SpeechTurn(str(voices[next(within)]), turn.start, turn.end))
        return Found(without_flicker(turns), without_flicker(exclusive), centroids(heard, voices))


def _frames(turn: SpeechTurn, count: int) -> tuple[int, int]:
    """The mel frames whose middles lie in a turn: first, and first after it."""
    middle = FRAME_LENGTH_MS / 2
    first, after = (max(0, int(np.ceil((edge * 1000 - middle) / FRAME_SHIFT_MS))) for edge in (turn.start, turn.end))
    return min(first, count), min(after, count)


def turn_pieces(frames: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """The frame numbers of one turn cut into pieces of one of `LENGTHS`; the last reaches back into the one before."""
    if len(frames) < FEWEST:
        return []
    length = next((length for length in LENGTHS if len(frames) >= length), 0)
    if length == 0:
        return [np.resize(frames, LENGTHS[-1])]
    starts = [*range(0, len(frames) - length, length), len(frames) - length]
    return [frames[start : start + length] for start in starts]


def _turn_vectors(plan: DraftPlan, vectors: Sequence[Vector]) -> Vector:
    """The unit vector of each turn, (turns, 192): the mean over its pieces, weighted by length; zeros without any."""
    totals = np.zeros((len(plan.turns), DIMENSION))
    for owner, piece, vector in zip(plan.owners, plan.pieces, vectors, strict=True):
        totals[owner] += len(piece) * vector
    vectors_of_turns: Vector = totals / np.maximum(np.linalg.norm(totals, axis=1, keepdims=True), 1e-12)
    return vectors_of_turns
