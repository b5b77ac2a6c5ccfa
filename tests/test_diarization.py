"""Diarisation without trained weights: turns, mask, the pipeline's parts, and how failures are told."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.diarization_weights import write_campplus, write_community, write_segmentation
from transcribe.diarization.diarizer import (
    GROUP_RECORDINGS,
    PyannoteDiarizer,
    _groups,
    _Work,
    community_diarizer,
    draft_diarizer,
)
from transcribe.diarization.draft import LENGTHS, turn_pieces
from transcribe.diarization.frames import Grid
from transcribe.diarization.segmentation import Segmented, Tell
from transcribe.diarization.speech_mask import MARGIN, OFFSET, ONSET, speech_mask
from transcribe.diarization.torchaudio_stub import TELEMETRY_VARIABLE, install_torchaudio_stub
from transcribe.diarization.turns import clearly_heard, join_turns, name_voices, number_warnings, without_flicker
from transcribe.diarization.voices import Diarized, is_sound
from transcribe.diarization.voicing import Found
from transcribe.engines import SAMPLE_RATE, DecodedAudio, DiarizationJob, Outcome
from transcribe.errors import DependencyError, EngineError
from transcribe.progress import SilentProgress
from transcribe.records import Diarization, Recording, SpeechTurn
from transcribe.weights import read_catalog

NOWHERE = Path("no such folder")


def job(name: str, samples: np.ndarray, speakers: int | None = None) -> DiarizationJob:
    recording = Recording(name, "P01", "PSW", "P01-PSW", 1, "en", (), len(samples) / SAMPLE_RATE)
    return DiarizationJob(DecodedAudio.of(recording, samples.astype(np.float32)), speakers)


@dataclass
class HeardProgress:
    """Keeps what it was told."""

    steps: list[tuple[str, str, float]] = field(default_factory=list)

    def expect(self, stage: str, seconds: float) -> None:
        raise AssertionError("engines do not know the whole batch")

    def advance(self, recording: str, stage: str, seconds: float) -> None:
        self.steps.append((recording, stage, seconds))

    def note(self, recording: str, message: str) -> None:
        raise AssertionError("engines hand their warnings back")


# Turns

times = st.integers(0, 20_000).map(lambda ms: ms / 1000)


@st.composite
def some_turns(draw: st.DrawFn, voices: str = "ABC") -> list[SpeechTurn]:
    spans = draw(st.lists(st.tuples(st.sampled_from(voices), times, times), max_size=12))
    return [SpeechTurn(voice, min(a, b), max(a, b)) for voice, a, b in spans if a != b]


@st.composite
def disjoint_turns(draw: st.DrawFn) -> list[SpeechTurn]:
    edges = sorted(draw(st.lists(times, max_size=16, unique=True)))
    return [SpeechTurn(draw(st.sampled_from("ABC")), a, b) for a, b in list(pairwise(edges))[::2]]


def speaks(turns: list[SpeechTurn], voice: str, moment: float) -> bool:
    return any(t.speaker == voice and t.start <= moment < t.end for t in turns)


@given(some_turns(), times)
def test_joining_changes_nothing_about_who_speaks(turns: list[SpeechTurn], moment: float) -> None:
    joined = join_turns(turns)
    assert all(speaks(turns, voice, moment) == speaks(joined, voice, moment) for voice in "ABC")
    assert joined == join_turns(joined[::-1])
    for voice in "ABC":
        own = [turn for turn in joined if turn.speaker == voice]
        assert all(before.end < after.start for before, after in pairwise(own))


@given(some_turns(), disjoint_turns())
def test_names_count_up_in_order_of_appearance(turns: list[SpeechTurn], exclusive: list[SpeechTurn]) -> None:
    named, named_exclusive, names = name_voices(turns, exclusive, 15.0)
    both = [*named, *named_exclusive]
    first = {voice: min(t.start for t in both if t.speaker == voice) for voice in {t.speaker for t in both}}
    numbers = [f"SPEAKER-{n}" for n in range(1, 1 + len(first))]
    assert sorted(first) == numbers == sorted(names.values())
    assert [first[voice] for voice in numbers] == sorted(first.values())
    assert all(0 <= t.start < t.end <= 15.0 and t.start == round(t.start, 3) and t.end == round(t.end, 3) for t in both)
    assert all(before.end <= after.start for before, after in pairwise(named_exclusive))


@given(st.integers(0, 500), st.integers(0, 2000))
def test_pieces_cover_their_turn_and_nothing_else(first: int, length: int) -> None:
    pieces = turn_pieces(np.arange(first, first + length))
    assert {len(piece) for piece in pieces} <= set(LENGTHS)
    assert len({len(piece) for piece in pieces}) <= 1
    if length >= 10:
        assert set(np.concatenate(pieces).tolist()) == set(range(first, first + length))
    else:
        assert pieces == []


def test_a_voice_of_single_frames_is_no_voice() -> None:
    turns = [SpeechTurn("A", 0, 1), SpeechTurn("B", 1, 1.017), SpeechTurn("A", 1.02, 1.03), SpeechTurn("A", 1.03, 1.06)]
    assert without_flicker(turns) == [SpeechTurn("A", 0, 1), SpeechTurn("A", 1.02, 1.06)]


def test_a_voice_counts_once_it_has_spoken_for_a_second() -> None:
    turns = [SpeechTurn("A", 0, 0.6), SpeechTurn("B", 0.6, 1.5), SpeechTurn("A", 2, 2.4)]
    assert clearly_heard(turns) == 1
    assert clearly_heard([]) == 0


TWO = [SpeechTurn("A", 0, 30), SpeechTurn("B", 30, 62)]


def test_a_voice_beyond_the_expected_is_told_with_times_only() -> None:
    third = [SpeechTurn("C", 41.2, 48), SpeechTurn("C", 49.5, 55.1)]
    assert number_warnings([*TWO, *third], 2) == ["a voice beyond the 2 expected speaks from 0:41 to 0:55"]
    later = [*third, SpeechTurn("C", 3700, 3705.4), SpeechTurn("D", 7200, 7200.5)]
    assert number_warnings([*TWO, *later], 2) == ["a voice beyond the 2 expected speaks from 0:41 to 0:55, 18 s in all"]
    assert number_warnings([*TWO, SpeechTurn("C", 3700, 3705.4)], 2) == [
        "a voice beyond the 2 expected speaks from 1:01:40 to 1:01:45"
    ]
    assert number_warnings([*TWO, *later], None) == []
    assert number_warnings(TWO, 2) == []


def test_voices_are_missed_only_where_somebody_speaks() -> None:
    assert number_warnings([], 2) == []
    assert number_warnings([SpeechTurn("A", 3.0, 3.223)], 2) == []
    assert number_warnings([SpeechTurn("A", 3.0, 5.0)], 2) == [
        "voices expected: 2, clearly heard: 1; check who speaks, and the recording"
    ]


# Mask

STEP = 0.017


@st.composite
def probabilities(draw: st.DrawFn) -> np.ndarray:
    parts = draw(st.lists(st.tuples(st.sampled_from([0.0, 0.05, 0.12, 0.3, 1.0]), st.integers(1, 120)), max_size=8))
    return np.concatenate([np.full(count, value) for value, count in parts]) if parts else np.zeros(0)


@given(probabilities())
def test_the_mask_holds_every_frame_of_speech_and_is_sorted(probability: np.ndarray) -> None:
    frames = STEP * (np.arange(len(probability)) + 0.5)
    duration = round(STEP * len(probability), 3)
    mask = speech_mask(frames, probability, duration)
    assert all(0 <= start < end <= duration for start, end in mask)
    assert all(before[1] < after[0] for before, after in pairwise(mask))
    inside = np.array([any(start <= time < end for start, end in mask) for time in frames], bool)
    assert inside[probability >= ONSET].all()
    # Nothing further from speech than the margin and a bridged gap is in the mask.
    speech = frames[probability >= OFFSET]
    for time in frames[inside]:
        assert np.abs(speech - time).min() <= MARGIN + 0.3 / 2 + STEP


def test_weak_speech_beside_strong_counts_and_alone_does_not() -> None:
    frames = STEP * (np.arange(600) + 0.5)
    weak = np.where((frames > 2) & (frames < 4), 0.09, 0.0)
    assert speech_mask(frames, weak, 10.2) == ()
    strong = np.where((frames > 3.9) & (frames < 4.5), 0.9, weak)
    ((start, end),) = speech_mask(frames, strong, 10.2)
    assert start == pytest.approx(2 - MARGIN, abs=STEP)
    assert end == pytest.approx(4.5 + MARGIN, abs=STEP)


# Telemetry, and what importing loads


def test_telemetry_is_switched_off_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TELEMETRY_VARIABLE, "1")
    install_torchaudio_stub()
    metrics = __import__("pyannote.audio.telemetry.metrics", fromlist=["is_metrics_enabled"])
    assert metrics.is_metrics_enabled() is False


def test_torch_and_pyannote_wait_for_the_first_recording() -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "import transcribe.attribution, transcribe.diarization.roles\n"
        "from transcribe.diarization.diarizer import draft_diarizer\n"
        "draft_diarizer(Path('a'), Path('b'), 'r', device='cpu', threads=0).fingerprint\n"
        "sys.exit(bool({'torch', 'pyannote', 'torchaudio'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The engine


def test_the_fingerprint_tells_weights_apart_and_devices_not(tmp_path: Path) -> None:
    draft = {
        draft_diarizer(tmp_path, tmp_path, "r1", device=d, threads=t).fingerprint
        for d in ("cpu", "cuda:0")
        for t in (1, 2)
    }
    assert len(draft) == 1
    community = community_diarizer(tmp_path, "r1", device="cpu", threads=0).fingerprint
    other = draft_diarizer(tmp_path, tmp_path, "r2", device="cpu", threads=0).fingerprint
    assert len({*draft, community, other}) == 3
    assert all("cpu" not in text and str(tmp_path) not in text for text in (community, other))


GRID = Grid(10.0, 1.0, 0.0619375, 0.016875)


class BrokenNetworks:
    """Stands for the networks: raises for a recording that starts loud, and finds nobody elsewhere."""

    device = torch.device("cpu")

    def __init__(self, trouble: BaseException) -> None:
        self.trouble = trouble
        self.groups: list[int] = []

    def segment(self, waveforms: list[torch.Tensor], tell: Tell) -> list[Segmented]:
        self.groups.append(len(waveforms))
        for number, waveform in enumerate(waveforms):
            tell(number, 0.5)
            if waveform[0] > 0.9:
                raise self.trouble
        return [Segmented(np.zeros((1, 589, 3), bool), np.zeros((1, 589), np.float32), GRID) for _ in waveforms]

    def plan(self, waveform: torch.Tensor, segmented: Segmented) -> None:
        return None

    def embed(self, plans: list[None], tell: Tell) -> list[None]:
        return plans

    def decide(self, plan: None, vectors: None, speakers: int | None) -> Found:
        return Found((), (), {})


def diarized(monkeypatch: pytest.MonkeyPatch, networks: BrokenNetworks, progress: Any) -> Iterator[Outcome[Diarized]]:
    engine = PyannoteDiarizer(NOWHERE, NOWHERE, "r", "cpu", 0, plda=NOWHERE)
    monkeypatch.setattr(engine, "_loaded", lambda: (networks, networks))
    sounds = {"P01-PSW": np.zeros(8000), "broken": np.ones(8000), "P01-PIR": np.zeros(8000)}
    return engine.diarize([job(name, sound, 2) for name, sound in sounds.items()], progress)


def test_a_recording_that_fails_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = HeardProgress()
    networks = BrokenNetworks(RuntimeError("heard: my name is Janet"))
    first, broken, last = diarized(monkeypatch, networks, progress)
    assert networks.groups == [3, 1, 1, 1]  # together first, then each for itself
    assert isinstance(broken.result, EngineError)
    assert "RuntimeError" in broken.result.message
    assert "Janet" not in broken.result.message
    for outcome in (first, last):
        assert isinstance(outcome.result, Diarized)
        assert outcome.result.diarization == Diarization(outcome.recording, (), (), ())
        assert outcome.warnings == ()  # that nobody speaks is told once, by recognition
    told = {name: sum(s for n, _, s in progress.steps if n == name) for name in ("P01-PSW", "broken", "P01-PIR")}
    assert told == pytest.approx(dict.fromkeys(told, 0.5))
    assert {stage for _, stage, _ in progress.steps} == {"diarize"}


def test_short_recordings_go_together_and_long_ones_alone_none_before_its_time() -> None:
    taken: list[int] = []

    def jobs(lengths: list[int]) -> Iterator[DiarizationJob]:
        for length in lengths:
            taken.append(length)
            yield job("P01-PSW", np.zeros(length * SAMPLE_RATE))

    groups = _groups(jobs([30, 20, 20, 90, 5]), seconds=60)
    assert [len(one.audio.samples) // SAMPLE_RATE for one in next(groups)] == [30, 20, 20]
    assert taken == [30, 20, 20]
    assert [[round(one.audio.seconds) for one in group] for group in groups] == [[90], [5]]
    assert [len(group) for group in _groups(jobs([0] * 20), seconds=60)] == [GROUP_RECORDINGS, 20 - GROUP_RECORDINGS]


def test_ctrl_c_is_no_failure_of_a_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(diarized(monkeypatch, BrokenNetworks(KeyboardInterrupt()), SilentProgress()))


def test_progress_never_goes_back_and_adds_up() -> None:
    progress = HeardProgress()
    work = _Work(progress, "P01-PSW", 60.0)
    for share in (0.25, 0.5, 0.5, 0.25, 0.8, 1.0, 1.0):
        work.reach(share)
    assert [round(seconds, 6) for _, _, seconds in progress.steps] == [15.0, 15.0, 18.0, 12.0]


# The pipelines, with random weights of the true shapes


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    root = tmp_path_factory.mktemp("weights")
    return write_segmentation(root / "seg"), write_campplus(root / "campplus"), write_community(root / "community")


@pytest.fixture(scope="module")
def draft(folders: tuple[Path, Path, Path]) -> PyannoteDiarizer:
    return draft_diarizer(folders[0], folders[1], "random", device="cpu", threads=1)


def crackle(seconds: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, int(seconds * SAMPLE_RATE)).astype(np.float32)


def test_draft_pipeline_runs(draft: PyannoteDiarizer) -> None:
    (outcome,) = draft.diarize([job("P01-PSW", crackle(12))], SilentProgress())
    assert isinstance(outcome.result, Diarized)
    assert outcome.result.diarization.recording == "P01-PSW"
    assert isinstance(outcome.result, Diarized)
    assert outcome.result.voices.embedding == draft.embedding
    assert all(is_sound(voice) for voice in outcome.result.voices.voices)


def test_community_pipeline_runs(folders: tuple[Path, Path, Path]) -> None:
    engine = community_diarizer(folders[2], "random", device="cpu", threads=1)
    (outcome,) = engine.diarize([job("P01-PSW", crackle(2), speakers=2)], SilentProgress())
    assert isinstance(outcome.result, Diarized)
    assert outcome.result.diarization.turns


@pytest.mark.parametrize("device", ["cuda:99", "nonsense"])
def test_a_device_that_cannot_be_used_fails_for_all(folders: tuple[Path, Path, Path], device: str) -> None:
    engine = draft_diarizer(folders[0], folders[1], "random", device=device, threads=0)
    with pytest.raises(DependencyError, match=r"--device cpu"):
        list(engine.diarize([job("P01-PSW", crackle(1))], SilentProgress()))


def spoiled(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("part", "name", "damage"),
    [
        ("seg", "config.json", Path.unlink),
        ("seg", "model.safetensors", lambda path: spoiled(path.parent, path.name)),
        (
            "seg",
            "config.json",
            lambda path: path.write_text('{"hyper_parameters": {"sample_rat": 1}, "specifications": {}}'),
        ),
        ("campplus", "model.safetensors", Path.unlink),
        ("campplus", "model.safetensors", lambda path: spoiled(path.parent, path.name)),
        ("community/plda", "plda.npz", Path.unlink),
        ("community/plda", "xvec_transform.npz", lambda path: spoiled(path.parent, path.name)),
        ("community/embedding", "model.safetensors", lambda path: spoiled(path.parent, path.name)),
    ],
)
def test_damaged_weights_are_told_with_the_command_that_mends_them(
    tmp_path: Path, part: str, name: str, damage: Any
) -> None:
    seg, campplus, community = (tmp_path / folder for folder in ("seg", "campplus", "community"))
    if part.startswith("community"):
        write_community(community)
        engine = community_diarizer(community, "random", device="cpu", threads=0)
    else:
        write_segmentation(seg)
        write_campplus(campplus)
        engine = draft_diarizer(seg, campplus, "random", device="cpu", threads=0)
    damage(tmp_path / part / name)
    with pytest.raises(DependencyError) as told:
        list(engine.diarize([job("P01-PSW", crackle(1))], SilentProgress()))
    assert str(tmp_path) not in told.value.message
    _, _, models = told.value.message.partition("transcribe models pull ")
    known = {model.name for model in read_catalog()}
    assert models
    assert set(models.split()) <= known
