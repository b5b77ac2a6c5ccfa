"""Publishing: numbers, coders' own files, kills at every moment, full and read-only disks, modes."""

import errno
import functools
import os
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests import export_samples
from tests.export_samples import plain
from transcribe.errors import CorruptFileError, TranscribeError, UsageError, ValidationError, WithheldError
from transcribe.exports import manifest
from transcribe.exports.bundle import build
from transcribe.exports.layout import CoderTranscript
from transcribe.release import Release, publish, read_previous, swap
from transcribe.store import StudyFolder

OPTIONS = replace(export_samples.OPTIONS, formats=("docx", "txt", "vtt", "turns"))
"""Few formats: a release is killed here at every single file that it writes, and how files are swapped is the same."""
ONE = (plain("One."), plain("Two.", "P02-PSW"))
OTHER = (plain("One, now."), plain("Three.", "P03-PSW"))
TXT = "transcripts/txt/P01-PSW.txt"


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    root = tmp_path / "study"
    root.mkdir()
    return StudyFolder(root)


@pytest.fixture(params=["exchange", "files"])
def any_file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to swap: one system call, and file by file where the file system cannot."""
    if request.param == "files":
        monkeypatch.setattr(swap, "exchange", lambda one, other: False)
    return str(request.param)


def release(
    study: StudyFolder, items: tuple[CoderTranscript, ...], check: Callable[[Path], None] | None = None
) -> Release:
    return publish(study, build(items, [], OPTIONS, read_previous(study)), check)


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@functools.cache
def ours(items: tuple[CoderTranscript, ...], *before: tuple[CoderTranscript, ...]) -> dict[str, bytes]:
    """The bundle of `items` as published after those `before`."""
    previous = None
    for earlier in before:
        previous = manifest.parse(build(earlier, [], OPTIONS, previous)["manifest.json"])
    return build(items, [], OPTIONS, previous)


def leftovers(study: StudyFolder) -> list[str]:
    folders = [*study.root.iterdir(), *study.releases.iterdir()]
    return [path.name for path in folders if path.name.startswith(".") or path.name == "pending.json"]


def test_the_first_release_is_1_and_the_next_rises_with_its_content(study: StudyFolder, any_file_system: str) -> None:
    assert release(study, ONE) == Release(1, True, study.coders)
    assert content(study.coders) == ours(ONE)
    assert release(study, OTHER) == Release(2, True, study.coders)
    assert content(study.coders) == ours(OTHER, ONE)
    assert content(study.releases / "1") == ours(ONE)
    assert leftovers(study) == []


def test_the_same_content_rewrites_nothing(study: StudyFolder) -> None:
    release(study, ONE)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in study.root.rglob("*") if path.is_file()}
    assert release(study, ONE) == Release(1, False, study.coders)
    assert before == {
        path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in study.root.rglob("*") if path.is_file()
    }
    assert leftovers(study) == []


def test_a_transcript_that_is_the_same_is_the_same_file_in_the_next_release(
    study: StudyFolder, any_file_system: str
) -> None:
    """With its date and its inode; a changed one, and one that a coder has edited, is written."""
    both = (*ONE, plain("Four.", "P04-PSW"))
    release(study, both)
    kept, edited = "transcripts/docx/P02-PSW.docx", "transcripts/txt/P02-PSW.txt"
    (study.coders / edited).write_text("with my comments")
    before = {name: (study.coders / name).stat() for name in (TXT, kept, edited)}
    others = (plain("One, now."), *both[1:])
    release(study, others)
    after = {name: (study.coders / name).stat() for name in before}
    assert (after[kept].st_ino, after[kept].st_mtime_ns) == (before[kept].st_ino, before[kept].st_mtime_ns)
    assert after[TXT].st_ino != before[TXT].st_ino
    assert (study.coders / edited).read_bytes() == ours(others, both)[edited]
    assert content(study.coders) == {
        **ours(others, both),
        "transcripts/txt/P02-PSW.edited-1.txt": b"with my comments",
    }
    assert content(study.releases / "1") == {n: d for n, d in ours(both).items() if n != edited}


def test_every_file_and_folder_is_on_the_disk_before_the_swap(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(study, ONE)
    synced: set[int] = set()
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.add(os.fstat(descriptor).st_ino))
    exchange = swap.exchange
    missing: list[Path] = []

    def checked(one: Path, other: Path) -> bool:
        staged = max(one, other, key=lambda path: path.name.startswith("."))
        carried = content(study.coders).items()  # the same file as in the release before, synced then
        missing.extend(
            path
            for path in (staged, *staged.rglob("*"))
            if path.stat().st_ino not in synced
            if path.is_dir() or (str(path.relative_to(staged)), path.read_bytes()) not in carried
        )
        return exchange(one, other)

    monkeypatch.setattr(swap, "exchange", checked)
    release(study, OTHER)
    assert synced
    assert missing == []


@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_modes_do_not_depend_on_the_umask(study: StudyFolder, mask: int, any_file_system: str) -> None:
    old = os.umask(mask)
    try:
        release(study, ONE)
        release(study, OTHER)
    finally:
        os.umask(old)
    for path in [study.coders, *study.coders.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path
    for path in [study.private, *study.private.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_coders_own_files_stay_whatever_they_are(study: StudyFolder, any_file_system: str) -> None:
    release(study, ONE)
    (study.coders / "memo.txt").write_text("mine")
    (study.coders / "project" / "empty").mkdir(parents=True)
    (study.coders / "project" / "study.qda").write_bytes(b"q")
    (study.coders / "sync" / "note.vtt").write_text("mine too")
    (study.coders / "link").symlink_to("memo.txt")
    stamp = (study.coders / "memo.txt").stat().st_mtime_ns
    assert release(study, OTHER).edited == ()
    kept = content(study.coders)
    assert (kept.pop("memo.txt"), kept.pop("project/study.qda"), kept.pop("sync/note.vtt")) == (
        b"mine",
        b"q",
        b"mine too",
    )
    assert kept.pop("link") == b"mine"
    assert kept == ours(OTHER, ONE)
    assert (study.coders / "link").readlink() == Path("memo.txt")
    assert (study.coders / "project" / "empty").is_dir()
    assert (study.coders / "memo.txt").stat().st_mtime_ns == stamp
    assert not any("memo" in name for name in content(study.releases))


def test_a_file_of_ours_that_a_coder_changed_is_kept_beside_the_new_one(
    study: StudyFolder, any_file_system: str
) -> None:
    release(study, ONE)
    (study.coders / TXT).write_text("with my comments")
    assert release(study, ONE).edited == ((TXT, TXT),)
    assert (study.coders / TXT).read_text() == "with my comments"
    kept_as = "transcripts/txt/P01-PSW.edited-1.txt"
    assert release(study, OTHER).edited == ((TXT, kept_as),)
    assert content(study.coders) == {**ours(OTHER, ONE), kept_as: b"with my comments"}
    (study.coders / TXT).write_text("again")
    release(study, ONE)
    assert (study.coders / kept_as).read_text() == "with my comments"
    assert (study.coders / "transcripts/txt/P01-PSW.edited-2.txt").read_text() == "again"


def test_a_changed_copy_never_takes_the_name_of_an_own_file(study: StudyFolder, any_file_system: str) -> None:
    release(study, ONE)
    (study.coders / TXT).write_text("changed")
    (study.coders / "transcripts/txt/P01-PSW.edited-1.txt").write_text("own")
    release(study, OTHER)
    assert (study.coders / "transcripts/txt/P01-PSW.edited-1.txt").read_text() == "own"
    assert (study.coders / "transcripts/txt/P01-PSW.edited-1-2.txt").read_text() == "changed"


def test_an_own_file_in_the_way_of_a_new_one_of_ours_is_renamed(study: StudyFolder, any_file_system: str) -> None:
    study.coders.mkdir()
    (study.coders / "README.md").write_text("mine")
    (study.coders / "sync").write_text("a file where a folder comes")
    (study.coders / "turns.csv").mkdir()
    (study.coders / "turns.csv" / "x").write_text("in a folder where a file comes")
    release(study, ONE)
    assert content(study.coders) == {
        **ours(ONE),
        "README.own-0.md": b"mine",
        "sync.own-0": b"a file where a folder comes",
        "turns.own-0.csv/x": b"in a folder where a file comes",
    }


def test_missing_files_come_back_with_the_same_number(study: StudyFolder) -> None:
    release(study, ONE)
    (study.coders / TXT).unlink()
    shutil.rmtree(study.coders / "sync")
    (study.coders / "manifest.json").unlink()
    result = release(study, ONE)
    assert (result.number, result.changed) == (1, False)
    assert set(result.restored) == {TXT, "manifest.json", "sync/P01-PSW.vtt", "sync/P02-PSW.vtt"}
    assert content(study.coders) == ours(ONE)
    shutil.rmtree(study.coders)
    release(study, ONE)
    assert content(study.coders) == ours(ONE)


def test_numbers_go_on_when_coders_broke_or_deleted_the_manifest(study: StudyFolder) -> None:
    release(study, ONE)
    (study.coders / "manifest.json").write_text("{}")
    assert release(study, OTHER).number == 2
    shutil.rmtree(study.coders)
    assert release(study, ONE).number == 3
    assert content(study.coders)["manifest.json"] == ours(ONE, ONE, OTHER)["manifest.json"]


def test_a_damaged_record_of_the_present_release_is_an_error_and_not_release_1(study: StudyFolder) -> None:
    release(study, ONE)
    (study.releases / "current.json").write_text("{")
    with pytest.raises(CorruptFileError):
        read_previous(study)


def test_the_check_sees_only_the_staged_files_and_can_stop_the_release(study: StudyFolder) -> None:
    release(study, ONE)
    (study.coders / "memo.txt").write_text("Marcus")
    seen: list[dict[str, bytes]] = []

    def check(stage: Path) -> None:
        assert stat.S_IMODE(stage.stat().st_mode) == 0o700
        seen.append(content(stage))
        raise WithheldError("a name is in it")

    with pytest.raises(WithheldError):
        release(study, OTHER, check)
    assert seen == [ours(OTHER, ONE)]
    assert content(study.coders) == {**ours(ONE), "memo.txt": b"Marcus"}
    assert leftovers(study) == []
    with pytest.raises(WithheldError):
        release(study, ONE, check)
    assert release(study, OTHER).number == 2


def test_a_bundle_that_fails_its_own_checks_is_not_published(study: StudyFolder) -> None:
    files = {**ours(ONE), "README.md": b"other"}
    with pytest.raises(ValidationError, match="not as manifest"):
        publish(study, files)
    assert not study.coders.exists()
    assert leftovers(study) == []


def test_a_bundle_that_does_not_know_the_present_release_is_refused(study: StudyFolder) -> None:
    release(study, ONE)
    with pytest.raises(ValidationError, match="present release"):
        publish(study, ours(OTHER))
    assert content(study.coders) == ours(ONE)


def test_a_link_in_the_place_of_coders_is_refused(study: StudyFolder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    study.coders.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="link"):
        release(study, ONE)
    assert content(tmp_path / "elsewhere") == {}


@pytest.mark.parametrize(
    ("number", "kind", "told", "moment"),
    [
        *((errno.ENOSPC, ValidationError, "no space left", moment) for moment in range(0, 60, 7)),
        (errno.EDQUOT, ValidationError, "no space left", 5),
        (errno.EROFS, UsageError, "cannot be written to", 0),
        (errno.EACCES, UsageError, "cannot be written to", 1),
        (errno.EIO, ValidationError, "EIO", 30),
    ],
)
def test_what_the_disk_refuses_is_told_and_leaves_nothing_half_written(
    study: StudyFolder,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    kind: type[TranscribeError],
    told: str,
    moment: int,
) -> None:
    release(study, ONE)
    files = ours(OTHER, ONE)
    calls = 0

    def counted(function: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            nonlocal calls
            calls += 1
            if calls == moment + 1:
                raise OSError(number, os.strerror(number))
            return function(*arguments, **named)

        return call

    for name in ("write_bytes", "mkdir", "chmod"):
        monkeypatch.setattr(Path, name, counted(getattr(Path, name)))
    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    with pytest.raises(kind, match=told):
        publish(study, files)
    monkeypatch.undo()
    assert content(study.coders) in (ours(ONE), files)
    assert release(study, OTHER).number == 2
    assert content(study.coders) == files
    assert leftovers(study) == []


CHANGES = {"os.mkdir", "os.rename", "os.link", "os.chmod", "os.remove", "os.rmdir"}
"""Python's audit events before every change on disk but writing a file."""


def _changes_the_disk(event: str, arguments: tuple[object, ...]) -> bool:
    if event == "open":
        return isinstance(arguments[2], int) and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    return event in CHANGES


def _publish_in_a_child(study: StudyFolder, files: dict[str, bytes], moment: int) -> int | None:
    """Publishes in a forked process that SIGKILLs itself at the given event; its exit code, None if it was killed."""
    child = os.fork()
    if child == 0:
        events = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal events
            if _changes_the_disk(event, arguments):
                events += 1
                if events == moment:
                    os.kill(os.getpid(), signal.SIGKILL)

        code = 1
        try:
            sys.addaudithook(hook)
            publish(study, files)
            code = 0
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    return None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _kill_at_every_moment(
    study: StudyFolder, files: dict[str, bytes], prepare: Callable[[], None], judge: Callable[[bool], None]
) -> int:
    """Runs `judge(was_killed)` after a publishing killed at its 1st, 2nd … event; returns how many there are."""
    prepare()
    start = study.root.with_name("start")
    study.root.rename(start)
    moment = 0
    while True:
        moment += 1
        shutil.rmtree(study.root, ignore_errors=True)
        shutil.copytree(start, study.root)
        result = _publish_in_a_child(study, files, moment)
        judge(result is None)
        if result is not None:
            assert result == 0
            return moment


OWN = {"memo.txt": b"mine", "sync/P01-PSW.note": b"mine too", "P01-PSW.edited-1.txt": b"theirs"}
EDITED = "transcripts/txt/P01-PSW.edited-1.txt"


def _with_own_files(study: StudyFolder) -> None:
    release(study, ONE)
    for name, data in OWN.items():
        (study.coders / name).write_bytes(data)
    (study.coders / TXT).write_bytes(b"changed by a coder")


def test_a_kill_at_any_moment_leaves_the_old_or_the_new_release(study: StudyFolder) -> None:
    files = ours(OTHER, ONE)
    old = {**ours(ONE), **OWN, TXT: b"changed by a coder"}
    new = {**files, **OWN, EDITED: b"changed by a coder"}
    found: list[dict[str, bytes]] = []

    def judge(was_killed: bool) -> None:
        found.append(content(study.coders))
        assert found[-1] in (old, new)
        if was_killed:
            assert publish(study, files).number == 2
        assert content(study.coders) == new
        assert content(study.releases / "1") == {name: data for name, data in ours(ONE).items() if name != TXT}
        assert leftovers(study) == []

    moments = _kill_at_every_moment(study, files, lambda: _with_own_files(study), judge)
    assert moments > 40
    assert found[0] == old
    assert found.count(new) > 5


def test_a_kill_at_any_moment_of_the_first_release_leaves_none_or_all(study: StudyFolder) -> None:
    files = ours(ONE)

    def judge(was_killed: bool) -> None:
        assert content(study.coders) in ({}, files)
        if was_killed:
            assert publish(study, files).number == 1
        assert content(study.coders) == files
        assert leftovers(study) == []

    assert _kill_at_every_moment(study, files, lambda: None, judge) > 20


def test_a_kill_while_files_are_replaced_one_by_one_is_completed_by_the_next_run(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swap, "exchange", lambda one, other: False)
    files = ours(OTHER, ONE)
    old = {**ours(ONE), **OWN, TXT: b"changed by a coder"}
    new = {**files, **OWN, EDITED: b"changed by a coder"}
    torn = 0

    def judge(was_killed: bool) -> None:
        nonlocal torn
        present = content(study.coders)
        torn += present not in (old, new)
        assert {name: present[name] for name in OWN} == OWN
        assert b"changed by a coder" in present.values()
        if present.get("manifest.json") == files["manifest.json"]:
            assert {name: present[name] for name in files} == files
        previous = read_previous(study)
        assert previous is not None
        assert content(study.coders) == (new if previous.release == 2 else old)
        if was_killed:
            publish(study, files)
        assert content(study.coders) == new
        assert leftovers(study) == []

    _kill_at_every_moment(study, files, lambda: _with_own_files(study), judge)
    assert torn > 0


def test_what_a_coder_saves_during_the_swap_is_not_lost(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    release(study, ONE)
    (study.coders / "memo.txt").write_text("first")
    real = swap.exchange

    def save_meanwhile(one: Path, other: Path) -> bool:
        (study.coders / "late.txt").write_text("late")
        (study.coders / "memo.new").write_text("second")
        (study.coders / "memo.new").replace(study.coders / "memo.txt")
        (study.coders / "README.md").write_text("scribbled")
        return real(one, other)

    monkeypatch.setattr(swap, "exchange", save_meanwhile)
    release(study, OTHER)
    found = content(study.coders)
    assert {name: data for name, data in found.items() if name not in ours(OTHER, ONE)} == {
        "late.txt": b"late",
        "memo.txt": b"first",
        "memo.edited-1.txt": b"second",
        "README.edited-1.md": b"scribbled",
    }


def test_a_file_system_that_copies_instead_of_linking(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    release(study, ONE)
    (study.coders / "memo.txt").write_text("mine")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    release(study, OTHER)
    assert content(study.coders) == {**ours(OTHER, ONE), "memo.txt": b"mine"}


def test_exchange_is_one_step_and_says_when_it_cannot(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    (one / "a").touch()
    if not swap.exchange(one, other):
        pytest.skip("this file system cannot exchange folders")
    assert (other / "a").exists()
    with pytest.raises(FileNotFoundError):
        swap.exchange(one, tmp_path / "missing")
