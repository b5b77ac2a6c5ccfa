"""Stops and broken surroundings: nothing is lost, nothing is half-written, and a rerun gives the same bytes."""

import multiprocessing
import os
import shutil
import signal
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab, write_tone
from tests.fakes import FakeDetector, FakeDiarizer, FakeRecognizer, NonsenseDiarizer, fake_engines, raising
from transcribe import store
from transcribe.config import Engines
from transcribe.pipeline import RunRequest, run_study
from transcribe.progress import SilentProgress
from transcribe.records import Segment
from transcribe.store import StudyFolder, locked
from transcribe.study.settings import read_settings

INTERRUPTED = {
    "diarize": fake_engines(diarizer=FakeDiarizer(trouble=raising(KeyboardInterrupt(), "P01-PSW"))),
    "recognize": fake_engines(recognizer=FakeRecognizer(trouble=raising(KeyboardInterrupt(), "P01-PSW"))),
    "redact": fake_engines(detector=FakeDetector(trouble=raising(KeyboardInterrupt(), "P01-PSW"))),
}


def results(lab: Lab) -> dict[str, bytes]:
    return lab.bytes_of(lab.study.coders, *(lab.study.recording(name) for name in ("P01-PSW", "P01-PIR")))


def prepared(lab: Lab) -> dict[str, bytes]:
    """A listed study, not yet run, and what an undisturbed run of its twin gives."""
    lab.pair()
    assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0
    twin = Lab.__new__(Lab)
    twin.__dict__.update(lab.__dict__)
    twin.study = StudyFolder(lab.study.root.parent / "twin")
    assert twin.go().code == 0
    return results(twin)


@pytest.mark.parametrize("stage", INTERRUPTED)
def test_ctrl_c_in_every_engine_stage(lab: Lab, stage: str) -> None:
    expected = prepared(lab)
    usual = lab.engines
    lab.engines = INTERRUPTED[stage]
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 130
    assert "run the same command again" in answer.err
    lab.engines = usual
    assert lab.run("run", str(lab.study.root)).code == 0
    assert results(lab) == expected


def run_and_die(study: Path, engines: Engines, at: int, before: bool) -> None:
    """Runs the study and kills itself at the `at`-th write, before its rename or after it."""
    calls = iter(range(1, 10_000))
    real = store.write_atomic

    def deadly(path: Path, data: bytes, mode: int = 0o600) -> None:
        number = next(calls)
        if before and number == at:
            path.with_name(f".{path.name}.half.tmp").write_bytes(data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        real(path, data, mode)
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    store.write_atomic = deadly  # this process is a child and dies with it
    for module in _modules_with("write_atomic"):
        module.write_atomic = deadly
    folder = StudyFolder(study)
    run_study(folder, read_settings(folder.settings), engines, RunRequest(), SilentProgress())
    os._exit(0)


def _modules_with(name: str) -> list[Any]:
    return [m for n, m in sys.modules.items() if n.startswith("transcribe.") and getattr(m, name, None) is not None]


@pytest.mark.parametrize("before", [True, False], ids=["half written", "just written"])
def test_sigkill_at_every_write_then_rerun_gives_the_same_bytes(lab: Lab, before: bool) -> None:
    expected = prepared(lab)
    untouched = lab.study.root.with_name("untouched")
    shutil.copytree(lab.study.root, untouched)
    fork = multiprocessing.get_context("fork")
    for at in range(1 if before else 2, 100, 2):  # one way at every other write, for each kill costs two runs
        shutil.rmtree(lab.study.root)
        shutil.copytree(untouched, lab.study.root)
        process = fork.Process(target=run_and_die, args=(lab.study.root, lab.engines, at, before))
        process.start()
        process.join(60)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        assert lab.run("run", str(lab.study.root)).code == 0
        assert results(lab) == expected, f"killed at write {at}"
    assert process.exitcode == 0, "the study never came to its end"
    assert at > 20, "the kills did not reach the later stages"


@pytest.mark.parametrize(
    "function",
    [
        "transcribe.stages.probe_recording",
        "transcribe.stages.decode",
        "transcribe.speaker_stages.attribute",
        "transcribe.stages.redact_study",
        "transcribe.study_release.build",
        "transcribe.study_release.find_leaks",
    ],
)
def test_ctrl_c_between_the_engines(lab: Lab, monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    expected = prepared(lab)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(function, interrupt)
        assert lab.run("run", str(lab.study.root)).code == 130
    assert lab.run("run", str(lab.study.root)).code == 0
    assert results(lab) == expected


def test_a_second_run_does_nothing_and_says_so(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    before = {path: path.stat().st_mtime_ns for path in lab.study.coders.rglob("*")}
    asked: list[str] = []
    lab.engines = fake_engines(FakeDiarizer(trouble=asked.append), FakeRecognizer(trouble=asked.append))
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 0
    assert "Nothing to do" in answer.out
    assert asked == []
    assert {path: path.stat().st_mtime_ns for path in lab.study.coders.rglob("*")} == before


def test_another_number_of_speakers_redoes_diarisation_and_keeps_recognition(lab: Lab) -> None:
    lab.pair()
    lab.go()
    diarised: list[str] = []
    recognised: list[str] = []
    lab.engines = fake_engines(FakeDiarizer(trouble=diarised.append), FakeRecognizer(trouble=recognised.append))
    lab.run("run", str(lab.study.root), "--speakers", "3")
    assert set(diarised) == {"P01-PSW", "P01-PIR"}
    assert recognised == []


def test_a_changed_roster_redoes_redaction_only(lab: Lab) -> None:
    lab.pair()
    lab.go()
    assert "Doris" in lab.everything_outside_private()
    lab.study.roster.write_text("person,name,aliases,kind,relation_to,note\n,Doris,,relative,P01-PIR,sister\n")
    touched: list[str] = []
    lab.engines = fake_engines(FakeDiarizer(trouble=touched.append), FakeRecognizer(trouble=touched.append))
    answer = lab.run("release", str(lab.study.root))
    assert answer.code == 0
    assert touched == []
    assert "Release 2" in answer.out
    assert "Doris" not in lab.everything_outside_private()


def test_only_does_one_recording_and_the_others_stay_released(lab: Lab) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    assert lab.run("run", str(lab.study.root), "--only", "P01-PIR").code == 0
    assert lab.released() == {"P01-PIR"}
    assert lab.run("run", str(lab.study.root), "--only", "P01-PSW").code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}
    answer = lab.run("run", str(lab.study.root), "--only", "P09-PSW")
    assert answer.code == 2
    assert "P09-PSW" in answer.err


@pytest.mark.parametrize(
    "error", [RuntimeError("x"), MemoryError("x"), ValueError("x"), AssertionError("x"), OSError("x")], ids=repr
)
@pytest.mark.parametrize("stage", ["diarizer", "recognizer"])
def test_an_engine_that_dies_costs_one_recording(lab: Lab, stage: str, error: Exception) -> None:
    lab.pair()
    fakes = {"diarizer": FakeDiarizer, "recognizer": FakeRecognizer}
    lab.engines = fake_engines(**{stage: fakes[stage](trouble=raising(error, "P01-PIR"))})
    answer = lab.go()
    assert answer.code == 8
    assert lab.released() == {"P01-PSW"}


def test_an_engine_that_returns_nonsense_is_refused(lab: Lab) -> None:
    lab.pair()
    lab.engines = fake_engines(diarizer=NonsenseDiarizer())
    answer = lab.go()
    assert answer.code == 8
    assert "outside the recording" in answer.text
    assert lab.released() == set()


def test_a_detector_that_fails_withholds_the_recording(lab: Lab) -> None:
    lab.pair()
    lab.engines = fake_engines(detector=FakeDetector(trouble=raising(RuntimeError("x"), "P01-PIR")))
    answer = lab.go()
    assert answer.code == 7
    assert lab.released() == {"P01-PSW"}
    assert "P01-PIR" in (lab.study.coders / "README.md").read_text()
    assert "PII detector failed" in (lab.study.report / "run.md").read_text()


def test_no_space_left_fails_recordings_and_leaves_nothing_half_written(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    real = store.write_atomic

    def full(path: Path, data: bytes, mode: int = 0o600) -> None:
        if path.parent.name == "P01-PIR" and path.name == "recognition.json":
            raise OSError(28, "No space left on device", str(path))
        real(path, data, mode)

    monkeypatch.setattr(store, "write_atomic", full)
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 8
    assert "no space is left" in answer.text
    assert lab.released() == {"P01-PSW"}
    monkeypatch.setattr(store, "write_atomic", real)
    assert lab.run("run", str(lab.study.root)).code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}


def test_a_read_only_study_is_a_clear_error(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.pair()
    lab.go()
    write_tone(lab.audio / "P02-PIR.wav", pitch=440)
    real = os.open

    def read_only(path: object, flags: int, *rest: object, **named: object) -> int:
        if str(path).startswith(str(lab.study.root)) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(30, "Read-only file system", str(path))
        return real(path, flags, *rest, **named)  # type: ignore[arg-type]  # the wrapped call checks them itself

    monkeypatch.setattr(os, "open", read_only)
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 2
    assert "cannot be written" in answer.err
    assert "Traceback" not in answer.text


def test_a_study_in_use_is_refused(lab: Lab) -> None:
    lab.pair()
    lab.go()
    with locked(lab.study):
        answer = lab.run("run", str(lab.study.root))
    assert answer.code == 2
    assert "another transcribe is working" in answer.err


def test_without_the_key_identity_nothing_long_is_begun(lab: Lab, own_config: Path) -> None:
    lab.pair()
    lab.go()
    key = lab.study.key.read_bytes()
    write_tone(lab.audio / "P02-PIR.wav", pitch=440)
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    for path in own_config.iterdir():
        path.unlink()
    touched: list[str] = []
    lab.engines = fake_engines(FakeDiarizer(trouble=touched.append), FakeRecognizer(trouble=touched.append))
    for arguments in (("run", str(lab.study.root)), ("run", str(lab.audio), "--study", str(lab.study.root))):
        answer = lab.run(*arguments)
        assert answer.code == 7, answer.text
        assert touched == []
        assert lab.study.key.read_bytes() == key
        assert list(own_config.iterdir()) == []


def test_a_lost_key_of_a_study_with_results_is_never_replaced(lab: Lab) -> None:
    lab.pair()
    lab.go()
    lab.study.key.unlink()
    for arguments in (("run", str(lab.study.root)), ("run", str(lab.audio), "--study", str(lab.study.root))):
        assert lab.run(*arguments).code == 7
        assert not lab.study.key.exists()


def test_private_stays_private_under_umask_000(lab: Lab) -> None:
    lab.pair()
    before = os.umask(0)
    try:
        assert lab.go().code == 0
        write_tone(lab.audio / "P02-PIR.wav", pitch=440)
        assert lab.go().code == 0  # so that there is an earlier release in private/
    finally:
        os.umask(before)
    assert stat.S_IMODE(lab.study.private.stat().st_mode) == 0o700
    for path in lab.study.private.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path.name


def test_a_cell_that_starts_with_an_equals_sign_is_neutralised(lab: Lab) -> None:
    lab.pair()
    lab.engines = fake_engines(recognizer=FormulaRecognizer())
    assert lab.go().code == 0
    table = (lab.study.coders / "turns.csv").read_text("utf-8-sig")
    assert "'=SUM" in table
    assert "\n=SUM" not in table
    assert ",=SUM" not in table
    assert ',"=SUM' not in table


class FormulaRecognizer(FakeRecognizer):
    """Says a formula."""

    def _segment(self, number: int, text: str, start: float, length: float) -> Segment:
        return super()._segment(number, f"=SUM(A1) {text}", start, length)


def test_a_study_in_a_synced_folder_is_refused(lab: Lab) -> None:
    lab.pair()
    study = lab.audio.parent / "Dropbox" / "study"
    answer = lab.run("run", str(lab.audio), "--study", str(study))
    assert answer.code == 2
    assert "--accept-folder-risk" in answer.err
    assert not study.exists()
    assert lab.run("run", str(lab.audio), "--study", str(study), "--accept-folder-risk").code == 0
