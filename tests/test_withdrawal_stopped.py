"""A withdrawal that cannot be done deletes nothing; one that is stopped is completed; one without a key has a way."""

import html
import multiprocessing
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lab, write_tone
from tests.fakes import FakeDetector, fake_engines, raising
from transcribe import store
from transcribe.cli import run_command
from transcribe.errors import DependencyError, WithheldError
from transcribe.exports.bundle_files import RELEASED, TRANSCRIPT_PATHS
from transcribe.exports.self_checks import check_bundle
from transcribe.release.coders_files import walk
from transcribe.store import StudyFolder, locked
from transcribe.study.withdrawals import read_withdrawals

QUOTES = ("How did you two meet?", "It was good.")
"""Of the fakes' lines: what the recordings of these tests say."""


def done_study(lab: Lab, *more: str) -> None:
    lab.pair()
    for number, name in enumerate(more):
        write_tone(lab.audio / f"{name}.wav", pitch=440 + 40 * number)
    assert lab.go().code == 0


def withdraw(lab: Lab, *options: str) -> tuple[int, str]:
    answer = lab.run("withdraw", str(lab.study.root), "--who", "AB", "--person", "P01-PIR", "--yes", *options)
    return answer.code, answer.text


def nothing_is_left(study: StudyFolder, *names: str) -> None:
    """Nothing of the recordings lies in private/, coders/ or an archive, but in the journal and the records."""
    for name in names:
        found = list(study.root.rglob(f"*{name}*"))
        assert not found, found
    for folder in (study.coders, study.releases):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix in (".csv", ".vtt", ".txt"):
                assert not any(f"{name}," in path.read_text("utf-8-sig") for name in names), path
    assert not list(study.root.glob(".coders.new"))
    coders_are_consistent(study)


def coders_are_consistent(study: StudyFolder) -> None:
    check_bundle({n: (study.coders / n).read_bytes() for n, folder in walk(study.coders) if not folder})


def destroy_key(lab: Lab) -> None:
    answer = lab.run("key", "destroy", str(lab.study.root), "--who", "AB", "--why", "end of retention", "--yes")
    assert answer.code == 0


def test_without_the_identity_nothing_is_deleted(lab: Lab, own_config: Path) -> None:
    done_study(lab)
    before = lab.bytes_of(lab.study.root)
    away = own_config.with_name("away")
    own_config.rename(away)
    code, text = withdraw(lab)
    assert code == 7
    assert "othing was done" in text
    assert lab.bytes_of(lab.study.root) == before
    shutil.rmtree(own_config, ignore_errors=True)
    away.rename(own_config)
    assert withdraw(lab)[0] == 0
    nothing_is_left(lab.study, "P01-PIR")


def test_without_the_detector_or_a_roster_nothing_is_deleted(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    done_study(lab)
    before = lab.bytes_of(lab.study.root)
    with monkeypatch.context() as patch:
        patch.setattr("transcribe.config.open_detector", raising_error(DependencyError("pull the weights")))
        assert withdraw(lab)[0] == 4
    assert lab.bytes_of(lab.study.root) == before
    roster = lab.study.roster.read_bytes()
    lab.study.roster.write_text("no, roster\n")
    assert withdraw(lab)[0] == 2
    lab.study.roster.write_bytes(roster)
    assert lab.bytes_of(lab.study.root) == before


def raising_error(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_ctrl_c_in_the_release_is_completed_by_the_same_command(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    done_study(lab)
    with monkeypatch.context() as patch:
        patch.setattr("transcribe.study_release.build", raising_error(KeyboardInterrupt()))
        code, text = withdraw(lab)
    assert code == 130
    assert "same command again" in text
    assert "P01-PIR" in lab.released()
    code, text = withdraw(lab)
    assert code == 0, text
    nothing_is_left(lab.study, "P01-PIR")
    assert len(read_withdrawals(lab.study).items) == 1
    (record,) = (lab.study.private / "withdrawals").iterdir()
    assert "P01-PIR.wav" in record.read_text()
    assert "release 1, which held it" in record.read_text()


@pytest.mark.parametrize("command", ["run", "release"])
def test_a_later_run_or_release_completes_it_too(lab: Lab, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    done_study(lab, "P02-PIR")
    (lab.audio / "P02-PIR.wav").unlink()
    write_tone(lab.audio / "P03-PIR.wav", pitch=500)
    assert lab.go().code == 8  # release 2; the first is archived
    with monkeypatch.context() as patch:
        patch.setattr("transcribe.withdrawal.delete_withdrawn", raising_error(KeyboardInterrupt()))
        assert withdraw(lab)[0] == 130
    assert lab.study.recording("P01-PIR").exists()
    assert (lab.study.releases / "1").exists()
    lab.run(command, str(lab.study.root))
    nothing_is_left(lab.study, "P01-PIR")
    assert not any(path.is_dir() for path in lab.study.releases.iterdir())


def test_a_release_that_fails_still_takes_it_from_the_coders(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    done_study(lab)
    with monkeypatch.context() as patch:
        patch.setattr("transcribe.pipeline.release_study", raising_error(WithheldError("a known name remains")))
        code, text = withdraw(lab)
    assert code == 7
    assert "it is release 2 now" in text
    assert lab.released() == {"P01-PSW"}
    nothing_is_left(lab.study, "P01-PIR")
    assert withdraw(lab)[0] == 0


def test_a_detector_that_fails_later_withholds_and_leaves_nothing(lab: Lab) -> None:
    done_study(lab)
    lab.engines = fake_engines(detector=FakeDetector(raising(RuntimeError("x")), fingerprint="fake detector 2"))
    assert withdraw(lab)[0] == 7
    nothing_is_left(lab.study, "P01-PIR")


def test_with_the_key_destroyed_it_is_taken_out_of_the_present_release(lab: Lab) -> None:
    done_study(lab, "P02-PSW")
    before = lab.bytes_of(lab.study.coders)
    destroy_key(lab)
    (lab.study.coders / "my memo.txt").write_text("a coder's own")
    code, text = withdraw(lab)
    assert code == 0, text
    assert "release 2 is the one before, without P01-PIR" in text
    assert lab.released() == {"P01-PSW", "P02-PSW"}
    assert (lab.study.coders / "my memo.txt").exists()
    after = lab.bytes_of(lab.study.coders)
    same = [name for name in before if "/P01-PSW." in name or "/P02-PSW." in name]
    assert len(same) == 2 * len([form for form in TRANSCRIPT_PATHS if form in RELEASED])
    assert all(before[name] == after[name] for name in same)
    (lab.study.coders / "my memo.txt").unlink()
    nothing_is_left(lab.study, "P01-PIR")
    again, text = withdraw(lab)
    assert again == 0, text
    assert lab.bytes_of(lab.study.coders) == {n: d for n, d in after.items() if "memo" not in n}


def test_with_the_key_destroyed_a_stretch_takes_the_transcript_from_the_coders(lab: Lab) -> None:
    done_study(lab)
    destroy_key(lab)
    code, text = withdraw(lab, "--recording", "P01-PIR", "--from", "00:02", "--to", "00:03")
    assert code == 0, text
    assert "go from coders/ whole" in text
    assert lab.released() == {"P01-PSW"}
    assert "like?" not in lab.study.output("P01-PIR", "recognize").read_text()
    assert "like?" not in lab.study.output("P01-PIR", "name").read_text()
    coders_are_consistent(lab.study)
    assert not (lab.study.releases / "1").exists()


def test_with_the_key_destroyed_a_changed_file_is_said_before_anything_goes(lab: Lab) -> None:
    done_study(lab)
    destroy_key(lab)
    path = lab.study.coders / "transcripts" / "docx" / "P01-PSW.docx"
    released = path.read_bytes()
    path.write_bytes(b"a coder's")
    code, text = withdraw(lab)
    assert code == 2
    assert "P01-PSW.docx was changed" in text
    assert lab.study.recording("P01-PIR").exists()
    path.write_bytes(released)
    assert withdraw(lab)[0] == 0
    nothing_is_left(lab.study, "P01-PIR")


@pytest.mark.parametrize("command", ["withdraw", "run"])
def test_what_a_killed_command_left_staged_goes(lab: Lab, command: str) -> None:
    done_study(lab)
    left = [lab.study.private / name for name in (".export-0123abcd/bundle", ".check.0a1b2c", "releases/.1.tmp")]
    left.append(lab.study.root / ".coders.new")
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "P01-PIR.txt").write_text(QUOTES[0])
    (lab.study.private / "P01-PIR" / ".recognition.json.0a1b.tmp").write_text(QUOTES[0])
    if command == "run":
        assert lab.go().code == 0
    else:
        assert withdraw(lab)[0] == 0
        nothing_is_left(lab.study, "P01-PIR")
    assert not any(folder.exists() for folder in left)
    assert not (lab.study.private / ".export-0123abcd").exists()
    assert not list(lab.study.private.rglob("*.tmp"))


def test_what_quotes_it_in_private_goes(lab: Lab) -> None:
    done_study(lab)
    (lab.study.private / "second_look.csv").write_text(QUOTES[0])
    assert withdraw(lab)[0] == 0
    for path in lab.study.private.rglob("*"):
        if path.is_file() and "P01-PSW" not in path.parts and path.name != "speakers.html":
            assert QUOTES[0].encode() not in path.read_bytes(), path.name
    page = (lab.study.private / "speakers.html").read_text()  # the partner says the same words
    assert page.count(html.escape(QUOTES[0])) == 1
    assert "P01-PIR" not in page


def test_a_damaged_file_costs_its_recording_and_hinders_no_deletion(lab: Lab) -> None:
    done_study(lab, "P02-PIR")
    stretch = ("--recording", "P01-PIR", "--from", "00:02", "--to", "00:03")
    assert withdraw(lab, *stretch)[0] == 0
    path = lab.study.output("P01-PIR", "recognize")
    path.write_bytes(path.read_bytes() + b" ")
    assert lab.go().code == 8
    assert "P02-PIR" in lab.released()
    answer = lab.run("withdraw", str(lab.study.root), "--who", "AB", "--person", "P02-PIR", "--yes")
    assert answer.code == 6
    assert "P01-PIR: NOT DELETED" in answer.text
    assert "changed or damaged" in answer.text
    nothing_is_left(lab.study, "P02-PIR")
    path.unlink()
    answer = lab.run("withdraw", str(lab.study.root), "--who", "AB", "--person", "P02-PIR", "--yes")
    assert answer.code == 0


def withdraw_and_die(arguments: list[str], at: int, before: bool) -> None:
    """Withdraws and kills itself at the `at`-th write or deletion, before it or after it."""
    calls = iter(range(1, 10_000))

    def deadly(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            number = next(calls)
            if before and number == at:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*given, **named)
            finally:
                if number == at:
                    os.kill(os.getpid(), signal.SIGKILL)

        return call

    wrapped = deadly(store.write_atomic)
    for module in [m for n, m in sys.modules.items() if n.startswith("transcribe.")]:
        if getattr(module, "write_atomic", None) is not None:
            module.write_atomic = wrapped  # type: ignore[attr-defined]  # this process is a child and dies with it
    for name in ("rename", "unlink", "rmdir"):
        setattr(os, name, deadly(getattr(os, name)))
    run_command(arguments)
    os._exit(0)


STOPPED = {
    "whole person": (["--observations", "delete"], 7, ("P01-PIR", "P01-OBS")),
    "stretch": (["--recording", "P01-PIR", "--from", "00:02", "--to", "00:03"], 5, ()),
    "their voice": (["--observations", "withhold"], 11, ("P01-PIR",)),
}


@pytest.mark.parametrize("case", STOPPED)
@pytest.mark.parametrize("key", ["key", "destroyed"])
def test_killed_anywhere_and_asked_again_nothing_is_left(lab: Lab, case: str, key: str) -> None:
    options, step, gone = STOPPED[case]
    done_study(lab, "P01-OBS")
    write_tone(lab.audio / "P02-PSW.wav", pitch=600)
    assert lab.go().code == 0  # so that there is an archived release, too
    if key == "destroyed":
        destroy_key(lab)
    untouched = lab.study.root.with_name("untouched")
    shutil.copytree(lab.study.root, untouched)
    fork = multiprocessing.get_context("fork")
    arguments = ["withdraw", str(lab.study.root), "--who", "AB", "--person", "P01-PIR", "--yes", *options]
    for at in range(1, 1000, step):
        shutil.rmtree(lab.study.root)
        shutil.copytree(untouched, lab.study.root)
        process = fork.Process(target=withdraw_and_die, args=(arguments, at, at % 2 == 0))
        process.start()
        process.join(60)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        code, text = withdraw(lab, *options)
        assert code == 0, (at, text)
        nothing_is_left(lab.study, *gone)
        if case != "whole person":
            no_words_of_a_stretch(lab, case)
        assert len(read_withdrawals(lab.study).items) == 1
    assert process.exitcode == 0, "the withdrawal never came to its end"
    assert at > 2 * step
    with locked(lab.study):
        pass


def no_words_of_a_stretch(lab: Lab, case: str) -> None:
    name, said = ("P01-PIR", "like?") if case == "stretch" else ("P01-OBS", "centre")
    for folder in (lab.study.recording(name), lab.study.coders, lab.study.releases):
        for path in folder.rglob(f"*{name}*" if folder != lab.study.recording(name) else "*"):
            if path.is_file() and path.suffix in (".json", ".txt", ".vtt"):
                assert said not in path.read_text("utf-8-sig"), path
    assert not [path for path in lab.study.releases.iterdir() if path.is_dir()]
