"""Commands, exit codes and what they say, over engines that need no weights."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import HEADER, Lab, write_tone
from tests.fakes import FakeDiarizer, FakeRecognizer, fake_engines
from transcribe.progress import JsonProgress, TerminalProgress
from transcribe.records import Recording
from transcribe.store import stored


def rows(lab: Lab, *lines: str) -> None:
    lab.study.manifest.write_text("\n".join([HEADER, *lines]) + "\n")


PSW = "P01-PSW,P01-PSW.wav,1,P01,PSW,P01-PSW,1,2026-03-05,en,2,,transcribe,yes,"
PIR = "P01-PIR,P01-PIR.wav,1,P01,PIR,P01-PIR,1,2026-03-06,en,2,,transcribe,yes,"


def test_init_shows_the_table_the_recovery_key_once_and_the_next_step(lab: Lab) -> None:
    lab.pair()
    (lab.audio / "sub").mkdir()
    write_tone(lab.audio / "sub" / "Zoom recording.wav", pitch=440)
    answer = lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    assert answer.code == 0
    assert "AGE-SECRET-KEY-" in answer.out
    assert "P01-PSW" in answer.out
    assert "fill in pair and role" in answer.out
    assert f"transcribe run {lab.study.root}" in answer.out
    again = lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    assert "AGE-SECRET-KEY-" not in again.out
    assert "0 added" in again.out


def test_rows_that_are_not_filled_in_are_listed_and_stop_nothing(lab: Lab) -> None:
    lab.pair()
    write_tone(lab.audio / "Zoom recording.wav", pitch=440)
    answer = lab.go()
    assert answer.code == 0
    assert "fill in pair and role" in answer.out
    assert "Zoom" not in answer.text
    assert lab.released() == {"P01-PSW", "P01-PIR"}


def test_status_shows_length_stage_and_warnings(lab: Lab) -> None:
    lab.pair()
    assert "not started" in (
        lab.run("init", str(lab.audio), "--study", str(lab.study.root)).out
        and lab.run("status", str(lab.study.root)).out
    )
    lab.go()
    answer = lab.run("status", str(lab.study.root))
    assert answer.code == 0
    assert "released" in answer.out
    assert "0:00:04" in answer.out
    rows(lab, PSW, PIR.replace(",yes,", ",no,"))
    assert "left out" in lab.run("status", str(lab.study.root)).out


def test_a_row_taken_out_or_without_consent_leaves_the_release(lab: Lab) -> None:
    lab.pair()
    lab.go()
    for cell in (",yes,", ",transcribe,"):
        rows(lab, PSW, PIR.replace(cell, ",no," if cell == ",yes," else ",quote,"))
        assert lab.run("run", str(lab.study.root)).code == 0
        assert lab.released() == {"P01-PSW"}
        rows(lab, PSW, PIR)
        assert lab.run("run", str(lab.study.root)).code == 0
        assert lab.released() == {"P01-PSW", "P01-PIR"}


def test_other_sound_under_an_id_never_shows_the_old_text(lab: Lab) -> None:
    """The files of two rows are swapped and recognition of one fails: its old text is the other person's."""
    lab.pair()
    lab.go()
    rows(lab, PSW.replace("P01-PSW.wav", "P01-PIR.wav"), PIR.replace("P01-PIR.wav", "P01-PSW.wav"))

    def fail(recording: str) -> None:
        if recording == "P01-PIR":
            raise RuntimeError

    lab.engines = fake_engines(recognizer=FakeRecognizer(trouble=fail))
    assert lab.run("run", str(lab.study.root)).code == 8
    assert lab.released() == {"P01-PSW"}


def test_a_corrected_role_waits_for_its_run(lab: Lab) -> None:
    lab.pair()
    lab.go()
    rows(lab, PSW, PIR.replace("P01,PIR,P01-PIR", "P02,PIR,P02-PIR"))
    assert lab.run("release", str(lab.study.root)).code == 0
    assert lab.released() == {"P01-PSW"}
    assert lab.run("run", str(lab.study.root)).code == 0
    assert "P02-PIR: " in (lab.study.coders / "transcripts" / "txt" / "P01-PIR.txt").read_text("utf-8-sig")


@pytest.mark.parametrize(
    "row",
    [
        "Janet,Janet Lau,,participant,,",
        "JANET-1,Janet Lau,,participant,,",
        "P01-PIR,Q,,participant,,",
        "P01-PIR,Janet Lau,48213,participant,,",
    ],
)
def test_a_roster_that_would_publish_or_miss_a_name_is_refused(lab: Lab, row: str) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    lab.study.roster.write_text(f"person,name,aliases,kind,relation_to,note\n{row}\n")
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 2
    assert "Janet" not in answer.text
    assert not lab.study.coders.exists()


@pytest.mark.parametrize("name", ["Mark", "Page", "Will", "Speaker", "Review"])
def test_a_participant_whose_name_is_a_word_of_our_own_stops_no_release(lab: Lab, name: str) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    lab.study.roster.write_text(f"person,name,aliases,kind,relation_to,note\nP01-PIR,{name},,participant,,\n")
    assert lab.run("run", str(lab.study.root)).code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}


def test_a_listed_organisation_is_replaced_in_lower_case_too(lab: Lab) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    lab.study.roster.write_text("person,name,aliases,kind,relation_to,note\n,Many Things,,organisation,,\n")
    assert lab.run("run", str(lab.study.root)).code == 0
    assert "many things" not in lab.everything_outside_private()
    assert "[ORG_1]" in lab.everything_outside_private()


def test_a_missing_roster_is_told(lab: Lab) -> None:
    lab.pair()
    lab.go()
    lab.study.roster.unlink()
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 2
    assert "roster.csv is missing" in answer.err


def test_status_tells_what_stopped(lab: Lab) -> None:
    lab.pair()
    (lab.audio / "P02-PIR.wav").touch()
    lab.go()
    assert "its file is empty" in lab.run("status", str(lab.study.root)).out


def test_a_release_without_audio_work_shows_no_speed(lab: Lab) -> None:
    lab.pair()
    lab.go()
    lab.study.roster.write_text("person,name,aliases,kind,relation_to,note\n,Doris,,relative,P01-PIR,sister\n")
    answer = lab.run("run", str(lab.study.root))
    assert "Release 2" in answer.out
    assert "real time" not in answer.out


def test_a_manifest_code_that_could_be_a_name_is_refused(lab: Lab) -> None:
    lab.pair()
    lab.go()
    rows(lab, PSW, PIR.replace("P01-PIR,P01-PIR.wav", "Janet,P01-PIR.wav"))
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 8
    assert "JANET" not in lab.everything_outside_private().upper()


def test_an_older_key_put_back_withholds_everything(lab: Lab) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    empty = lab.study.key.read_bytes()
    assert lab.run("run", str(lab.study.root)).code == 0
    lab.study.key.write_bytes(empty)
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 7
    assert "older than" in answer.err


@pytest.mark.parametrize("error", [MemoryError(), OSError(5, "x"), ValueError("x")], ids=repr)
def test_any_error_while_decoding_is_that_recordings_failure(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from transcribe import stages

    lab.pair()
    real = stages.decode

    def failing(recording: Recording, *given: Any) -> object:
        if recording.id == "P01-PIR":
            raise error
        return real(recording, *given)

    monkeypatch.setattr(stages, "decode", failing)
    answer = lab.go()
    assert answer.code == 8
    assert "P01-PIR" in answer.out
    assert lab.released() == {"P01-PSW"}


def test_a_file_that_vanishes_while_it_is_probed_costs_itself_only(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from transcribe import stages

    lab.pair()
    real = stages.probe_recording

    def vanishing(plan: object) -> Recording:
        if getattr(plan, "id", "") == "P01-PIR":
            raise FileNotFoundError(2, "No such file", "secret.wav")
        return real(plan)  # type: ignore[arg-type]  # the stand-in takes what the real one takes

    monkeypatch.setattr(stages, "probe_recording", vanishing)
    answer = lab.go()
    assert answer.code == 8
    assert "not there any more" in answer.text
    assert "secret" not in answer.text
    assert lab.released() == {"P01-PSW"}


def test_a_study_killed_while_an_old_release_is_archived_goes_on(lab: Lab) -> None:
    lab.pair()
    lab.go()
    half = lab.study.releases / ".1.tmp"
    half.mkdir()
    (half / "README.md").write_text("half")
    write_tone(lab.audio / "P02-PIR.wav", pitch=440)
    answer = lab.go()
    assert answer.code == 0, answer.text
    assert lab.released() == {"P01-PSW", "P01-PIR", "P02-PIR"}


def test_a_damaged_file_is_told_once_and_never_overwritten(lab: Lab) -> None:
    lab.pair()
    lab.go()
    path = lab.study.output("P01-PIR", "redact")
    path.write_bytes(path.read_bytes() + b" ")
    damaged = path.read_bytes()
    lab.study.roster.write_text("person,name,aliases,kind,relation_to,note\n,Doris,,relative,P01-PIR,sister\n")
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 8
    assert answer.out.count("changed or damaged") == 1
    assert path.read_bytes() == damaged
    path.unlink()
    assert lab.run("run", str(lab.study.root)).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("run", "{study}", "--language", "English please"), 2, "code of a language"),
        (("run", "{study}", "--device", "gpu"), 2, "cuda"),
        (("run", "{study}", "--speakers", "0"), 2, "speakers"),
        (("run", "{study}", "--quality", "finest"), 2, "quality"),
        (("run", "{audio}"), 2, "not a study"),
        (("status", "{audio}"), 2, "not a study"),
        (("init", "{study}/none", "--study", "{study}2"), 2, ""),
        (("models", "pull", "whisper-basse"), 2, "whisper-base"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_wrong_command_lines_are_told(lab: Lab, arguments: tuple[str, ...], code: int, said: str) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    filled = [argument.format(study=lab.study.root, audio=lab.audio) for argument in arguments]
    answer = lab.run(*filled)
    assert answer.code == code, answer.text
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_an_unknown_setting_names_the_nearest(lab: Lab) -> None:
    lab.pair()
    lab.go()
    lab.study.settings.write_text('[run]\nqualty = "best"\n')
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 2
    assert '"quality"' in answer.err


def test_the_environment_goes_before_the_file_and_flags_before_both(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    asked: list[str] = []

    def opening(quality: str, *_others: object) -> object:
        asked.append(quality)
        return lab.engines

    monkeypatch.setattr("transcribe.config.open_engines", opening)
    monkeypatch.setenv("TRANSCRIBE_QUALITY", "standard")
    lab.run("run", str(lab.study.root))
    lab.run("run", str(lab.study.root), "--quality", "draft")
    assert asked == ["standard", "draft"]


def test_verbose_names_recordings_and_stages(lab: Lab) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    assert "P01-PSW: diarize done" in lab.run("-v", "run", str(lab.study.root), "--progress", "none").err
    assert "P01-PSW: diarize reused" in lab.run("-vv", "run", str(lab.study.root), "--progress", "none").err


def test_what_decoding_warned_of_is_still_in_the_status_later(lab: Lab) -> None:
    path = write_tone(lab.audio / "P01-PIR.wav", seconds=60.0)
    path.write_bytes(path.read_bytes()[: -5 * 32_000])
    assert lab.go().code == 0
    assert "ends early" in lab.run("status", str(lab.study.root)).out


def test_doctor_looks_at_machine_and_study(lab: Lab) -> None:
    lab.pair()
    lab.go()
    answer = lab.run("doctor", str(lab.study.root))
    for word in ("Python", "torch", "ffmpeg", "disk of the study", "private/: mode 0700", "2 recipients"):
        assert word in answer.out
    lab.study.private.chmod(0o755)
    answer = lab.run("doctor", str(lab.study.root))
    assert answer.code == 4
    assert "chmod 700" in answer.out


def test_progress_lines_are_json_with_ids_and_stages_only(lab: Lab) -> None:
    lab.pair()
    answer = lab.go("--progress", "json")
    events = [json.loads(line) for line in answer.err.splitlines()]
    assert {event["event"] for event in events} <= {"expect", "advance", "note"}
    done = sum(e["seconds"] for e in events if e["event"] == "advance" and e["stage"] == "diarize")
    assert done == pytest.approx(8.0, abs=0.1)


def test_the_bar_is_as_long_as_the_work_and_absent_without_any() -> None:
    from rich.console import Console
    from rich.progress import Progress

    bars = Progress(console=Console(file=io.StringIO()))
    shown = TerminalProgress(bars)
    shown.expect("diarize", 0.0)
    assert bars.tasks == []
    shown.expect("diarize", 100.0)
    shown.expect("recognize", 100.0)
    shown.advance("P01-PIR", "diarize", 50.0)
    assert (bars.tasks[0].total, bars.tasks[0].completed) == (200.0, 50.0)
    assert bars.tasks[0].description == "P01-PIR · diarize"
    shown.expect("recognize", 0.0)
    assert bars.tasks[0].total == 100.0
    stream = io.StringIO()
    JsonProgress(stream).note("P01-PIR", "x")
    assert json.loads(stream.getvalue()) == {"event": "note", "recording": "P01-PIR", "message": "x"}


def test_two_parts_are_one_recording_on_one_timeline(lab: Lab) -> None:
    write_tone(lab.audio / "P01-PIR_1of2.wav", seconds=3.0)
    write_tone(lab.audio / "P01-PIR_2of2.wav", seconds=2.0, pitch=330)
    assert lab.go().code == 0
    recording = stored(Recording, lab.study, "P01-PIR", "probe", None)
    assert recording is not None
    assert [part.offset for part in recording.parts] == [0.0, 3.0]
    assert recording.duration == pytest.approx(5.0)
    original = lab.audio / "P01-PIR_1of2.wav"
    assert original.stat().st_size == 44 + 3 * 32_000


def test_a_moved_study_needs_nothing(lab: Lab) -> None:
    """Nothing in the coders' folder depends on where the study lies."""
    lab.pair()
    lab.go()
    before = lab.bytes_of(lab.study.coders)
    moved = lab.study.root.with_name("moved")
    shutil.move(lab.study.root, moved)
    lab.study = type(lab.study)(moved)
    touched: list[str] = []
    lab.engines = fake_engines(FakeDiarizer(trouble=touched.append))
    assert lab.run("run", str(moved)).code == 0
    assert touched == []
    assert lab.bytes_of(lab.study.coders) == before


@pytest.mark.models
def test_verify_finds_a_changed_byte(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transcribe.weights import locate

    shutil.copytree(locate("campplus-zh-en"), tmp_path / "models" / "campplus-zh-en")
    monkeypatch.setenv("TRANSCRIBE_MODELS", str(tmp_path / "models"))
    assert lab.run("models", "verify").code == 0
    weights = tmp_path / "models" / "campplus-zh-en" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    answer = lab.run("models", "verify")
    assert answer.code == 6
    assert "transcribe models pull campplus-zh-en" in answer.out
