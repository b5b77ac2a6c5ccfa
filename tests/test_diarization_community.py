"""Voices with ResNet34 and VBx beyond the stock pipeline: a known number, channels that are people, vectors."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.test_diarization_clustering import voice
from transcribe.diarization.community import NOBODY, CommunityVoices
from transcribe.diarization.frames import Grid
from transcribe.diarization.segmentation import Segmented

GRID = Grid(10.0, 1.0, 0.0619375, 0.016875)
FRAMES = 589
WINDOWS = 31
CPU = torch.device("cpu")


class FakeNetwork:
    """Has what a plan asks of the network; `decide` never runs it."""

    hparams = SimpleNamespace(sample_rate=16_000)

    def to(self, device: torch.device) -> "FakeNetwork":
        return self


def recording(people: int) -> tuple[Segmented, np.ndarray]:
    """Everybody in turn for 4 s, the same slot for the same person throughout; and (windows, slots) of who it is."""
    timeline = np.zeros((GRID.length(WINDOWS) + FRAMES, people), bool)
    whose = (np.arange(len(timeline)) * GRID.frame_step / 4).astype(int) % people
    timeline[np.arange(len(timeline)), whose] = True
    activity = np.stack([timeline[first : first + FRAMES] for first in GRID.first_frames(WINDOWS)])
    people_of = np.where(activity.any(axis=1), np.arange(people), NOBODY)
    return Segmented(activity, activity.any(axis=2).astype(np.float32), GRID), people_of


def decided(segmented: Segmented, voices: list[np.ndarray], found: np.ndarray, speakers: int | None) -> Any:
    """What is decided when VBx says `found` and each slot sounds like its voice."""
    engine = CommunityVoices(FakeNetwork(), lambda **given: (found.copy(), None, None), CPU, 1)
    plan = engine.plan(torch.zeros(16_000), segmented)
    vectors = np.broadcast_to(3 * np.stack(voices), (WINDOWS, len(voices), len(voices[0])))
    return engine.decide(plan, vectors, speakers)


def test_voices_are_merged_down_to_the_known_number() -> None:
    segmented, found = recording(3)
    one, other = voice(1), voice(2)
    alike = [one, other, voice(3, like=one, cosine=0.6)]
    assert {turn.speaker for turn in decided(segmented, alike, found, None).turns} == {"0", "1", "2"}
    result = decided(segmented, alike, found, 2)
    assert {turn.speaker for turn in result.turns} == {"0", "1"}
    assert set(result.centroids) == {"0", "1"}
    stranger = [one, other, voice(4)]
    assert {turn.speaker for turn in decided(segmented, stranger, found, 2).turns} == {"0", "1", "2"}


def test_channels_that_are_people_are_not_clustered() -> None:
    segmented, _ = recording(2)
    fixed = Segmented(segmented.activity, segmented.speech, segmented.grid, fixed=True)
    same = [voice(1), voice(1)]
    result = decided(fixed, same, np.zeros((WINDOWS, 2), int), 2)
    assert {turn.speaker for turn in result.turns} == {"0", "1"}


def test_vectors_are_of_unit_length_and_seconds_are_counted_once() -> None:
    segmented, found = recording(2)
    people = [voice(1), voice(2)]
    result = decided(segmented, people, found, 2)
    for number, person in enumerate(people):
        centroid = result.centroids[str(number)]
        np.testing.assert_allclose(centroid.vector, person, atol=1e-6)
        spoken = sum(turn.end - turn.start for turn in result.turns if turn.speaker == str(number))
        assert centroid.seconds == pytest.approx(spoken, abs=0.1)
