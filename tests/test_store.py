"""What the store promises: whole files, private modes, reuse by fingerprint, one process at a time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from transcribe.errors import CorruptFileError, UsageError
from transcribe.record_json import to_json
from transcribe.records import Diarization, SpeechTurn, StageRun
from transcribe.store import (
    StudyFolder,
    fingerprint,
    keep,
    locked,
    make_private_folder,
    read_run_log,
    stored,
    write_atomic,
)

DIARIZATION = Diarization("P01-PSW", (SpeechTurn("SPEAKER-1", 0.0, 1.0),), (), ())


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    study = StudyFolder(tmp_path / "study")
    make_private_folder(study.private)
    return study


def keep_diarization(study: StudyFolder, print_: str = "f1") -> None:
    keep(study, "P01-PSW", StageRun("diarize", print_, "", 1.0), to_json(DIARIZATION))


def test_an_output_is_reused_only_with_its_fingerprint(study: StudyFolder) -> None:
    keep_diarization(study)
    assert stored(Diarization, study, "P01-PSW", "diarize", "f1") == DIARIZATION
    assert stored(Diarization, study, "P01-PSW", "diarize", None) == DIARIZATION
    assert stored(Diarization, study, "P01-PSW", "diarize", "f2") is None
    assert stored(Diarization, study, "P01-PIR", "diarize", "f1") is None


def test_a_deleted_output_is_made_again(study: StudyFolder) -> None:
    keep_diarization(study)
    study.output("P01-PSW", "diarize").unlink()
    assert stored(Diarization, study, "P01-PSW", "diarize", "f1") is None


def test_a_hand_changed_output_is_an_error_not_a_silent_rebuild(study: StudyFolder) -> None:
    keep_diarization(study)
    path = study.output("P01-PSW", "diarize")
    path.write_bytes(path.read_bytes().replace(b"SPEAKER-1", b"SPEAKER-2"))
    with pytest.raises(CorruptFileError, match="changed or damaged"):
        stored(Diarization, study, "P01-PSW", "diarize", "f1")


@pytest.mark.parametrize("failing_write", [1, 2, 3])
def test_a_stop_between_the_writes_costs_one_recomputation(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch, failing_write: int
) -> None:
    keep_diarization(study)
    writes = iter(range(1, 10))

    def failing(path: Path, data: bytes, mode: int = 0o600) -> None:
        if next(writes) == failing_write:
            raise KeyboardInterrupt
        write_atomic(path, data, mode)

    monkeypatch.setattr("transcribe.store.write_atomic", failing)
    with pytest.raises(KeyboardInterrupt):
        keep_diarization(study, "f2")
    monkeypatch.undo()
    assert stored(Diarization, study, "P01-PSW", "diarize", "f2") is None
    keep_diarization(study, "f2")
    assert stored(Diarization, study, "P01-PSW", "diarize", "f2") == DIARIZATION


def test_modes_hold_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        study = StudyFolder(tmp_path / "study")
        make_private_folder(study.private)
        keep_diarization(study)
    finally:
        os.umask(before)
    assert stat.S_IMODE(study.private.stat().st_mode) == 0o700
    for path in study.private.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_is_on_the_disk_before_its_name_and_the_name_before_all_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """File, rename, folder: in another order a power cut leaves an empty file under the true name."""
    done: list[str] = []
    replace = Path.replace

    def synced(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else f"{os.fstat(descriptor).st_size} bytes")

    def renamed(path: Path, target: Path) -> Path:
        done.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", renamed)
    write_atomic(tmp_path / "file", b"whole")
    assert done == ["5 bytes", "rename", "folder"]


def test_the_fingerprint_hears_of_everything_it_is_given() -> None:
    one = fingerprint("diarize", 1, {"speakers": 2}, ["a"])
    others = {
        fingerprint("recognize", 1, {"speakers": 2}, ["a"]),
        fingerprint("diarize", 2, {"speakers": 2}, ["a"]),
        fingerprint("diarize", 1, {"speakers": 3}, ["a"]),
        fingerprint("diarize", 1, {"speakers": None}, ["a"]),
        fingerprint("diarize", 1, {"speakers": 2}, ["b"]),
    }
    assert len(others) == 5
    assert one not in others
    assert one == fingerprint("diarize", 1, {"speakers": 2}, ["a"])


def test_stages_are_logged_in_their_order(study: StudyFolder) -> None:
    for stage in ("redact", "probe", "diarize"):
        keep(study, "P01-PSW", StageRun(stage, "f", "", 0.0), to_json(DIARIZATION))
    assert [run.stage for run in read_run_log(study, "P01-PSW").stages] == ["probe", "diarize", "redact"]


def test_a_study_in_use_is_refused_and_freed_when_its_holder_is_killed(study: StudyFolder) -> None:
    holder_code = (
        "import sys, time; from pathlib import Path; from transcribe.store import StudyFolder, locked\n"
        "with locked(StudyFolder(Path(sys.argv[1]))): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", holder_code, str(study.root)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match="another transcribe is working on this study"), locked(study):
            pass
        holder.kill()
    with locked(study):
        pass
