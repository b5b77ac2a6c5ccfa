"""How an engine is driven: one bad recording costs that recording and no other, whatever the engine does."""

import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.fakes import CANARY
from transcribe.batch import Batch, engine_stage, plain_stage
from transcribe.engines import Outcome
from transcribe.errors import EngineError, InputError
from transcribe.progress import Progress, SilentProgress
from transcribe.records import Diarization
from transcribe.store import StudyFolder, make_private_folder

NAMES = ("P01-PSW", "P01-PIR", "P02-PSW", "P02-PIR")
WANTED = dict.fromkeys(NAMES, "f1")
LENGTHS = dict.fromkeys(NAMES, 60.0)


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    study = StudyFolder(tmp_path)
    make_private_folder(study.private)
    return Batch(study, "draft", SilentProgress())


def as_it_is(recording: str, stop: threading.Event) -> str:
    return recording


def empty(recording: str) -> Diarization:
    return Diarization(recording, (), (), ())


class ScriptedEngine:
    """Does for each recording what `script` says; counts what it was asked."""

    def __init__(self, **script: str) -> None:
        self.script = {name.replace("_", "-"): what for name, what in script.items()}
        self.asked: list[str] = []

    def run(self, jobs: Iterable[str], progress: Progress) -> Iterator[Outcome[Diarization]]:
        for job in jobs:
            self.asked.append(job)
            what = self.script.get(job, "answer")
            if what == "crash":
                raise RuntimeError(f"device lost while working on {CANARY}")
            if what == "memory":
                raise MemoryError(CANARY)
            if what == "error":
                yield Outcome(job, EngineError("too noisy"), 0.0)
            elif what == "other":
                yield Outcome("P99-PSW", empty("P99-PSW"), 0.0)
            elif what == "answer":
                yield Outcome(job, empty(job), 0.0)


def run(batch: Batch, engine: ScriptedEngine, **bad_jobs: str) -> dict[str, Diarization]:
    def make_job(recording: str, stop: threading.Event) -> str:
        if bad_jobs.get(recording.replace("-", "_")):
            raise InputError("the file is damaged")
        return recording

    return engine_stage(batch, Diarization, "diarize", WANTED, make_job, engine.run, lambda result: None, LENGTHS)


@pytest.mark.parametrize("trouble", ["crash", "memory", "error", "other", "silence"])
@pytest.mark.parametrize("bad", NAMES)
def test_trouble_with_one_recording_is_its_failure_alone(batch: Batch, bad: str, trouble: str) -> None:
    results = run(batch, ScriptedEngine(**{bad.replace("-", "_"): trouble}))
    assert set(results) == set(NAMES) - {bad}
    assert [failure.recording for failure in batch.failures] == [bad]
    assert CANARY not in batch.failures[0].error.message


def test_two_crashes_cost_two_recordings(batch: Batch) -> None:
    assert set(run(batch, ScriptedEngine(P01_PSW="crash", P02_PSW="crash"))) == {"P01-PIR", "P02-PIR"}


def test_a_file_that_cannot_be_decoded_does_not_reach_the_engine(batch: Batch) -> None:
    engine = ScriptedEngine()
    assert set(run(batch, engine, P01_PIR="damaged")) == set(NAMES) - {"P01-PIR"}
    assert "P01-PIR" not in engine.asked
    assert batch.failures[0].error.message == "the file is damaged"


def test_what_is_stored_is_not_asked_again(batch: Batch) -> None:
    run(batch, ScriptedEngine(P02_PIR="crash"))
    again = ScriptedEngine()
    assert set(run(batch, again)) == set(NAMES)
    assert again.asked == ["P02-PIR"]


def test_an_interruption_keeps_what_was_done(batch: Batch) -> None:
    class Interrupted(ScriptedEngine):
        def run(self, jobs: Iterable[str], progress: Progress) -> Iterator[Outcome[Diarization]]:
            answers = super().run(jobs, progress)
            yield next(answers)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(batch, Interrupted())
    again = ScriptedEngine()
    run(batch, again)
    assert again.asked == list(NAMES[1:])


def test_nonsense_is_refused(batch: Batch) -> None:
    def refuse(result: Diarization) -> None:
        if result.recording == "P01-PIR":
            raise EngineError("times outside the recording")

    results = engine_stage(batch, Diarization, "diarize", WANTED, as_it_is, ScriptedEngine().run, refuse, LENGTHS)
    assert set(results) == set(NAMES) - {"P01-PIR"}


def test_a_full_disk_is_each_recordings_failure(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transcribe.store.write_atomic", full)
    assert run(batch, ScriptedEngine()) == {}
    assert {failure.error.message for failure in batch.failures} == {
        "no space is left on the disk of the study; free some and run again: nothing that was done is lost"
    }


def test_a_plain_stage_reuses_by_fingerprint(batch: Batch) -> None:
    asked: list[str] = []

    def compute(recording: str) -> Diarization:
        asked.append(recording)
        return empty(recording)

    plain_stage(batch, Diarization, "diarize", WANTED, compute)
    plain_stage(batch, Diarization, "diarize", {**WANTED, "P01-PIR": "f2"}, compute)
    assert asked == [*NAMES, "P01-PIR"]
