"""Diarisation without trained weights: turns, mask, the pipeline's parts, and how failures are told."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.diarization_weights import write_campplus, write_community, write_segmentation
from transcribe.diarization import pyannote_pipeline
from transcribe.diarization.diarizer import PyannoteDiarizer, _apply, _Work, community_diarizer, draft_diarizer
from transcribe.diarization.pyannote_pipeline import middle_piece, place
from transcribe.diarization.speech_mask import MARGIN, speech_mask
from transcribe.diarization.torchaudio_stub import TELEMETRY_VARIABLE, install_torchaudio_stub
from transcribe.diarization.turns import (
    clearly_heard,
    join_turns,
    join_voices,
    name_voices,
    relabel,
    second_look,
    turn_pieces,
    voice_centroids,
    without_flicker,
)
from transcribe.diarization.voices import Diarized
from transcribe.engines import SAMPLE_RATE, DecodedAudio, DiarizationJob, Outcome
from transcribe.errors import DependencyError, EngineError
from transcribe.progress import SilentProgress
from transcribe.records import Diarization, Recording, SpeechTurn
from transcribe.weights import read_catalog

NOWHERE = Path("no such folder")


def job(name: str, samples: np.ndarray, speakers: int | None = None) -> DiarizationJob:
    recording = Recording(name, "P01", "PSW", "P01-PSW", 1, "en", (), len(samples) / SAMPLE_RATE)
    return DiarizationJob(DecodedAudio(recording, samples.astype(np.float32)), speakers)


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
    named, named_exclusive = name_voices(turns, exclusive, 15.0)
    both = [*named, *named_exclusive]
    first = {voice: min(t.start for t in both if t.speaker == voice) for voice in {t.speaker for t in both}}
    numbers = [f"SPEAKER-{n}" for n in range(1, 1 + len(first))]
    assert sorted(first) == numbers
    assert [first[voice] for voice in numbers] == sorted(first.values())
    assert all(0 <= t.start < t.end <= 15.0 and t.start == round(t.start, 3) and t.end == round(t.end, 3) for t in both)
    assert all(before.end <= after.start for before, after in pairwise(named_exclusive))


@given(some_turns(), disjoint_turns(), st.data())
def test_a_turn_changes_hands_with_and_without_overlap(
    turns: list[SpeechTurn], exclusive: list[SpeechTurn], data: st.DataObject
) -> None:
    voices = [data.draw(st.sampled_from("ABC")) for _ in exclusive]
    after = relabel(turns, exclusive, voices)
    for old, voice in zip(exclusive, voices, strict=True):
        moment = (old.start + old.end) / 2
        if voice != old.speaker:
            assert speaks(after, voice, moment)
            assert not speaks(after, old.speaker, moment)
    assert all(turn.start < turn.end for turn in after)
    if list(voices) == [turn.speaker for turn in exclusive]:
        assert after == turns


def test_relabelling_leaves_the_others_who_speak_at_the_time() -> None:
    turns = [SpeechTurn("A", 0, 10), SpeechTurn("B", 3, 5)]
    exclusive = [SpeechTurn("A", 0, 3), SpeechTurn("B", 3, 5), SpeechTurn("A", 5, 10)]
    assert join_turns(relabel(turns, exclusive, ["A", "B", "C"])) == [
        SpeechTurn("A", 0, 5),
        SpeechTurn("B", 3, 5),
        SpeechTurn("C", 5, 10),
    ]


def towards(degrees: float) -> np.ndarray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])


def test_a_turn_goes_to_the_voice_that_it_sounds_like() -> None:
    turns = [SpeechTurn("A", 0, 9), SpeechTurn("B", 9, 18), SpeechTurn("A", 18, 20), SpeechTurn("A", 20, 20.5)]
    vectors = {0: towards(0), 1: towards(90), 2: towards(85), 3: towards(90)}
    # The third sounds like B; the fourth is too short to tell.
    assert second_look(turns, vectors) == ["A", "B", "B", "A"]
    # Nearly as near is not enough to change.
    assert second_look(turns, vectors | {2: towards(52)}) == ["A", "B", "A", "A"]


def test_short_turns_do_not_shape_a_voice() -> None:
    turns = [SpeechTurn("A", 0, 2), SpeechTurn("A", 2, 3), SpeechTurn("B", 3, 4)]
    centroids = voice_centroids(turns, {0: towards(0), 1: towards(90), 2: towards(90)})
    assert list(centroids) == ["A"]
    assert centroids["A"] == pytest.approx(towards(0))


def test_voices_that_sound_the_same_are_one_the_nearest_first() -> None:
    centroids = {"A": towards(0), "B": towards(10), "C": towards(40), "D": towards(120)}
    assert join_voices(centroids, same=0.95) in ({"A": "B"}, {"B": "A"})
    joined = join_voices(centroids, same=0.8)  # C is within 37 degrees of A and B taken together
    assert len({joined.get(voice, voice) for voice in "ABC"}) == 1
    assert "D" not in joined
    assert join_voices({"A": towards(0)}, same=0.5) == {}


@given(st.integers(0, 500), st.integers(0, 2000))
def test_pieces_cover_their_turn_and_nothing_else(first: int, length: int) -> None:
    pieces = turn_pieces(first, first + length)
    assert len({len(piece) for piece in pieces}) <= 1
    if length >= 50:
        frames = np.concatenate(pieces)
        assert (frames.min(), frames.max()) == (first, first + length - 1)
        assert length < 80 or len(set(frames.tolist())) == length or len(pieces) == 1
    else:
        assert pieces == []


@given(st.lists(st.integers(0, 999), min_size=1, max_size=400, unique=True).map(sorted))
def test_the_middle_of_speech_is_what_is_heard(spoken: list[int]) -> None:
    piece = middle_piece(np.array(spoken))
    assert len(piece) == next((size for size in (200, 100, 50) if size <= len(spoken)), 50)
    assert set(piece.tolist()) <= set(spoken)
    if len(spoken) >= 50:
        before, after = spoken.index(piece[0]), len(spoken) - 1 - spoken.index(piece[-1])
        assert abs(before - after) <= 1


def test_a_voice_of_single_frames_is_no_voice() -> None:
    turns = [SpeechTurn("A", 0, 1), SpeechTurn("B", 1, 1.017), SpeechTurn("A", 1.02, 1.03), SpeechTurn("A", 1.03, 1.06)]
    assert without_flicker(turns) == [SpeechTurn("A", 0, 1), SpeechTurn("A", 1.02, 1.06)]


def test_a_voice_counts_once_it_has_spoken_for_a_second() -> None:
    turns = [SpeechTurn("A", 0, 0.6), SpeechTurn("B", 0.6, 1.5), SpeechTurn("A", 2, 2.4)]
    assert clearly_heard(turns) == 1
    assert clearly_heard([]) == 0


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
    assert inside[probability >= 0.2].all()
    # Nothing further from speech than the margin and a bridged gap is in the mask.
    speech = frames[probability >= 0.1]
    for time in frames[inside]:
        assert np.abs(speech - time).min() <= MARGIN + 0.3 / 2 + STEP


def test_weak_speech_beside_strong_counts_and_alone_does_not() -> None:
    frames = STEP * (np.arange(600) + 0.5)
    weak = np.where((frames > 2) & (frames < 4), 0.15, 0.0)
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


class BrokenPipeline:
    """Stands for pyannote's pipeline: raises for the recording `broken`, and finds nobody else where."""

    def __init__(self, trouble: BaseException) -> None:
        self.trouble = trouble
        self._segmentation = SimpleNamespace(conversion=SimpleNamespace(take=lambda: None))

    def __call__(self, file: dict[str, Any], hook: Any, **arguments: int) -> Any:
        hook("segmentation", None, completed=1, total=2)
        if file["uri"] == "broken":
            raise self.trouble
        nobody = SimpleNamespace(itertracks=lambda yield_label: iter(()))
        return SimpleNamespace(speaker_diarization=nobody, exclusive_speaker_diarization=nobody)


def diarized(monkeypatch: pytest.MonkeyPatch, trouble: BaseException, progress: Any) -> Iterator[Outcome[Diarized]]:
    engine = PyannoteDiarizer(NOWHERE, NOWHERE, "r", "cpu", 0, plda=NOWHERE)
    monkeypatch.setattr(engine, "_loaded", lambda: BrokenPipeline(trouble))
    monkeypatch.setattr(pyannote_pipeline, "speech_scores", lambda pipeline: (np.zeros(0), np.zeros(0)))
    jobs = [job(name, np.zeros(8000), 2) for name in ("P01-PSW", "broken", "P01-PIR")]
    return engine.diarize(jobs, progress)


def test_a_recording_that_fails_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    progress = HeardProgress()
    first, broken, last = diarized(monkeypatch, RuntimeError("heard: my name is Janet"), progress)
    assert isinstance(broken.result, EngineError)
    assert "RuntimeError" in broken.result.message
    assert "Janet" not in broken.result.message
    for outcome in (first, last):
        assert isinstance(outcome.result, Diarized)
        assert outcome.result.diarization == Diarization(outcome.recording, (), (), ())
        assert outcome.warnings == ("voices expected: 2, clearly heard: 0; check who speaks, and the recording",)
    told = {name: sum(s for n, _, s in progress.steps if n == name) for name in ("P01-PSW", "broken", "P01-PIR")}
    assert told == pytest.approx(dict.fromkeys(told, 0.5))
    assert {stage for _, stage, _ in progress.steps} == {"diarize"}


def test_ctrl_c_is_no_failure_of_a_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(diarized(monkeypatch, KeyboardInterrupt(), SilentProgress()))


def test_progress_never_goes_back_and_adds_up() -> None:
    progress = HeardProgress()
    work = _Work(progress, "P01-PSW", 60.0)
    for completed in (1, 2, 2, 1, 4):
        work.hook("segmentation", None, completed=completed, total=4)
    work.hook("speaker_counting", None)
    work.hook("embeddings", None, total=0, completed=0)
    work.hook("embeddings", None, total=10, completed=5)
    work.reach(1.0)
    work.reach(1.0)
    assert [round(seconds, 6) for _, _, seconds in progress.steps] == [7.5, 7.5, 15.0, 12.0, 18.0]


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
    assert outcome.result.diarization.turns


def test_community_pipeline_runs(folders: tuple[Path, Path, Path]) -> None:
    engine = community_diarizer(folders[2], "random", device="cpu", threads=1)
    (outcome,) = engine.diarize([job("P01-PSW", crackle(2), speakers=2)], SilentProgress())
    assert isinstance(outcome.result, Diarized)
    assert outcome.result.diarization.turns


def test_a_misspelt_argument_is_an_error_and_not_a_warning(draft: PyannoteDiarizer) -> None:
    waveform = torch.zeros(1, SAMPLE_RATE)
    file = {"waveform": waveform, "sample_rate": SAMPLE_RATE, "uri": "x", "features": torch.zeros(98, 80)}
    with pytest.raises(UserWarning, match="num_speaker"):
        _apply(draft._loaded(), file, {"num_speaker": 2}, _Work(SilentProgress(), "x", 1.0))


@pytest.mark.parametrize("device", ["cuda:99", "nonsense"])
def test_a_device_that_cannot_be_used_fails_for_all(folders: tuple[Path, Path, Path], device: str) -> None:
    engine = draft_diarizer(folders[0], folders[1], "random", device=device, threads=0)
    with pytest.raises(DependencyError, match=r"--device cpu"):
        list(engine.diarize([job("P01-PSW", crackle(1))], SilentProgress()))


def test_a_pipeline_that_stays_where_it_was_is_noticed(
    draft: PyannoteDiarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = draft._loaded()
    monkeypatch.setattr(type(pipeline), "to", lambda self, device: self)
    place(pipeline, "cpu")
    with pytest.raises(DependencyError, match="cuda"):
        place(pipeline, "cuda:0")


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


def test_community_parameters_are_pyannotes_defaults() -> None:
    from transcribe.diarization import pyannote_pipeline

    defaults = object.__new__(pyannote_pipeline.SpeakerDiarization).default_parameters()
    assert defaults == pyannote_pipeline.COMMUNITY_PARAMETERS
