"""A microphone for everybody: told from a pair in the room, cross-talk suppressed, overlap kept; real voices."""

import json
import subprocess
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from tests.conftest import SAMPLES
from transcribe.audio.ffmpeg import ffmpeg_binary
from transcribe.diarization.channels import BRIDGE, _fill, in_windows, own_microphones
from transcribe.diarization.frames import Grid
from transcribe.engines import SAMPLE_RATE, Samples

GRID = Grid(10.0, 1.0, 0.0619375, 0.016875)
SECONDS = 60


@cache
def voice(name: str, speaker: str) -> Samples:
    """A minute of one voice of the sample study, the others' turns cut out."""
    path = next(SAMPLES.glob(f"{name}.*"))
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-i", f"file:{path}", "-f", "f32le"]
    command += ["-ac", "1", "-ar", str(SAMPLE_RATE), "-"]
    sound = np.frombuffer(subprocess.run(command, check=True, capture_output=True).stdout, np.float32)
    turns = json.loads((SAMPLES / "gold" / f"{name}.json").read_text())["turns"]
    kept = np.zeros(len(sound), bool)
    for own in (True, False):
        for turn in turns:
            if (turn["speaker"] == speaker) == own:
                kept[int(turn["start"] * SAMPLE_RATE) : int(turn["end"] * SAMPLE_RATE)] = own
    return np.resize(sound[kept], SECONDS * SAMPLE_RATE)


def conversation() -> tuple[list[tuple[int, float, float]], list[Samples]]:
    """Who speaks when (person, start, end), and each person's sound alone: turns, pauses, and overlaps."""
    turns = [(0, 1.0, 9.0), (1, 9.5, 16.0), (0, 15.0, 24.0), (1, 20.0, 20.8), (1, 26.0, 38.0), (0, 40.0, 44.0)]
    turns += [(1, 43.0, 50.0), (0, 51.0, 58.0)]
    alone = [np.zeros(SECONDS * SAMPLE_RATE, np.float32) for _ in range(2)]
    for person, start, end in turns:
        sound = voice(*[("D01-PSW", "PSW"), ("D01-PIR", "PIR")][person])
        piece = slice(int(start * SAMPLE_RATE), int(end * SAMPLE_RATE))
        alone[person][piece] = sound[piece]
    return turns, alone


def recorded(bleed_db: float, difference_db: float, delay: int = 40) -> list[Samples]:
    """Two channels: one's own voice, the other's `bleed_db` below and a few samples late, the second turned down."""
    _, (one, other) = conversation()
    noise = np.random.default_rng(0).normal(0, 3e-4, (2, len(one))).astype(np.float32)
    bleed = np.float32(10 ** (bleed_db / 20))
    first = one + bleed * np.roll(other, delay) + noise[0]
    second = other + bleed * np.roll(one, delay) + noise[1]
    return [first, second * np.float32(10 ** (-difference_db / 20))]


def loud() -> tuple[np.ndarray, np.ndarray]:
    """P(anybody speaks) as a good network would give it, and who really speaks, (frames, people)."""
    _, alone = conversation()
    middles = (GRID.times(GRID.length(SECONDS - 9)) * SAMPLE_RATE).astype(int)
    padded = [np.pad(np.square(sound), (480, SECONDS * SAMPLE_RATE)) for sound in alone]
    speaks = np.array([[np.mean(sound[m : m + 960]) > 1e-4 for sound in padded] for m in middles])
    for column in speaks.T:
        _fill(column, False, round(BRIDGE / GRID.frame_step))  # pauses between syllables are speech in any reference
    return speaks.any(axis=1).astype(float), speaks


@pytest.mark.parametrize(("bleed", "difference"), [(-20.0, 6.0), (-20.0, 0.0), (-30.0, 12.0)])
def test_each_channel_is_one_person_and_cross_talk_is_nobody(bleed: float, difference: float) -> None:
    speech, speaks = loud()
    active = own_microphones(recorded(bleed, difference), speech, GRID)
    assert active is not None
    errors = (active != speaks).sum(axis=0) / speaks.sum(axis=0)
    assert errors.max() < 0.12  # of frames; turns' edges and pauses inside words are most of it
    both = speaks.all(axis=1)
    assert both.sum() * GRID.frame_step > 0.8
    assert active[both].all(axis=1).mean() > 0.7  # overlap is kept
    only_one = speaks[:, 0] & ~speaks[:, 1]
    assert active[only_one, 1].mean() < 0.1


def test_a_pair_of_microphones_in_the_room_is_not_two_people() -> None:
    speech, _ = loud()
    # Each is a little nearer to one of them: 4 dB one way or the other.
    assert own_microphones(recorded(-4.0, 0.0), speech, GRID) is None


def test_one_person_before_two_microphones_is_not_two_people() -> None:
    speech, speaks = loud()
    _, (one, _) = conversation()
    noise = np.random.default_rng(1).normal(0, 3e-4, len(one)).astype(np.float32)
    assert own_microphones([one, np.float32(0.1) * one + noise], speech * speaks[:, 0], GRID) is None


def test_silence_is_nobody() -> None:
    noise = np.random.default_rng(1).normal(0, 3e-4, (2, 10 * SAMPLE_RATE)).astype(np.float32)
    assert own_microphones(list(noise), np.zeros(GRID.length(1)), GRID) is None


def test_a_timeline_is_cut_into_the_segmentations_windows() -> None:
    active = np.arange(GRID.length(3))[:, None] % 7 == 0
    cut = in_windows(active, 3, 589, GRID)
    assert cut.shape == (3, 589, 1)
    for first, window in zip(GRID.first_frames(3), cut, strict=True):
        expected = active[first : first + 589]
        assert (window[: len(expected)] == expected).all()


def test_gaps_and_blips_are_closed_but_edges_stay() -> None:
    column = np.array([0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0], bool)
    _fill(column, False, 2)
    assert column.tolist() == [False, False, True, True, True, True, True, False, False, False, True, False]
    _fill(column, True, 1)
    assert [first for first, after in pairwise(column) if first != after] == [False, True]
