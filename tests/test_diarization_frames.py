"""Windows, lanes and frames: the arithmetic against pyannote.audio's own, and what following a voice must do."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.diarization.torchaudio_stub import install_torchaudio_stub

install_torchaudio_stub()

import torch  # noqa: E402
from pyannote.audio import Inference  # noqa: E402
from pyannote.audio.pipelines import SpeakerDiarization  # noqa: E402
from pyannote.core import SlidingWindow, SlidingWindowFeature  # noqa: E402

from transcribe.diarization.frames import (  # noqa: E402
    Grid,
    average,
    frame_turns,
    loudest,
    overlap_add,
    speaker_count,
    votes,
)
from transcribe.diarization.lanes import lanes  # noqa: E402
from transcribe.diarization.segmentation import windows  # noqa: E402
from transcribe.engines import SAMPLE_RATE  # noqa: E402

GRID = Grid(window_seconds=10.0, window_step=1.0, frame_seconds=0.0619375, frame_step=0.016875)
"""segmentation-3.0's."""
FRAMES = 589
RECEPTIVE = SlidingWindow(start=0.0, duration=GRID.frame_seconds, step=GRID.frame_step)
WINDOW = SlidingWindow(start=0.0, duration=10.0, step=1.0)


@st.composite
def activities(draw: st.DrawFn) -> np.ndarray:
    """Windows in which the slots' speech comes in runs, as a network gives it."""
    random = np.random.default_rng(draw(st.integers(0, 1000)))
    count = draw(st.integers(1, 9))
    runs = random.random((count, FRAMES // 19, 3)) < draw(st.sampled_from([0.02, 0.3, 0.6]))
    return np.repeat(runs, 19, axis=1)


@given(activities(), st.integers(0, 1000))
@settings(max_examples=25)
def test_windows_become_the_same_turns_as_in_pyannote(activity: np.ndarray, seed: int) -> None:
    random = np.random.default_rng(seed)
    voices = random.integers(0, 4, activity.shape[::2])
    voices[~activity.any(axis=1)] = -2
    if voices.max() < 0:
        return
    segmentations = SlidingWindowFeature(activity.astype(np.float32), WINDOW)
    stock = object.__new__(SpeakerDiarization)
    count = stock.speaker_count(segmentations, RECEPTIVE, warm_up=(0.0, 0.0))
    assert speaker_count(activity, GRID).tolist() == count.data[:, 0].tolist()
    discrete = stock.reconstruct(segmentations, voices.copy(), count)
    expected = stock.to_annotation(discrete)
    found = frame_turns(loudest(votes(activity, voices, GRID), speaker_count(activity, GRID)), GRID)
    tracks = sorted((s.start, s.end, str(v)) for s, _, v in expected.itertracks(yield_label=True))
    assert [(t.start, t.end, t.speaker) for t in found] == [
        (pytest.approx(a), pytest.approx(b), v) for a, b, v in tracks
    ]


def test_the_mean_over_windows_is_pyannotes() -> None:
    values = np.random.default_rng(0).random((7, FRAMES, 2)).astype(np.float32)
    expected = Inference.aggregate(SlidingWindowFeature(values.copy(), WINDOW), RECEPTIVE, hamming=True, missing=0.0)
    found = average(values, GRID, np.hamming(FRAMES).astype(np.float32))
    np.testing.assert_allclose(found, expected.data, atol=1e-5)
    np.testing.assert_allclose(GRID.times(3), [RECEPTIVE[i].middle for i in range(3)])
    assert len(overlap_add(values, GRID)) == GRID.length(7)


@pytest.mark.parametrize("samples", [0, 1, 159_999, 160_000, 160_001, 175_999, 176_000, 176_001])
def test_windows_are_those_that_pyannote_cuts(samples: int) -> None:
    wave = torch.arange(1, samples + 1, dtype=torch.float32)
    found = list(windows(wave, GRID))
    whole = 1 + (samples - 160_000) // SAMPLE_RATE if samples >= 160_000 else 0
    rest = samples < 160_000 or (samples - 160_000) % SAMPLE_RATE > 0
    assert len(found) == whole + rest
    for number, window in enumerate(found):
        expected = wave[number * SAMPLE_RATE :][:160_000]
        assert len(window) == 160_000
        assert torch.equal(window[: len(expected)], expected)
        assert not window[len(expected) :].any()


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_a_voice_keeps_its_lane_however_the_windows_number_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    # Three people, each heard in every window: what a lane follows is never out of sight.
    timeline = np.zeros((GRID.length(8) + FRAMES, 3), bool)
    for frame in range(0, len(timeline), 120):
        who = random.permutation(3)
        for part, person in enumerate(who):
            timeline[frame + 40 * part : frame + 40 * part + 50, person] = True
    orders = [random.permutation(3) for _ in range(8)]
    cut = [
        timeline[first : first + FRAMES][:, order] for first, order in zip(GRID.first_frames(8), orders, strict=True)
    ]
    found = lanes(np.stack(cut), GRID)
    assert all(tuple(row) in set(permutations(range(3))) for row in found.tolist())
    lane_of_person = [found[w][np.argsort(orders[w])].tolist() for w in range(8)]
    assert all(row == lane_of_person[0] for row in lane_of_person)


def test_silence_changes_no_lane() -> None:
    activity = np.zeros((4, FRAMES, 3), bool)
    assert lanes(activity, GRID).tolist() == [[0, 1, 2]] * 4
