"""What was taken back is known by its sound: another id brings nothing back, and a cut file moves no stretch."""

import json
import shutil

import pytest

from tests.conftest import HEADER, Lab, write_tone
from tests.test_withdrawal_stopped import nothing_is_left, withdraw
from transcribe.study.withdrawals import Stretch, Withdrawal, Withdrawals, read_withdrawals

STRETCH = ("--recording", "P01-PIR", "--from", "00:00:02", "--to", "00:00:03")


def listed_as(lab: Lab, row: str, *others: str) -> None:
    lab.study.manifest.write_text("\n".join([HEADER, row, *others]) + "\n")


PARTNER = "P01-PSW,P01-PSW.wav,,P01,PSW,,,,,,,,yes,"


@pytest.mark.parametrize("probed", [True, False], ids=["done", "not yet begun"])
def test_another_id_does_not_bring_a_recording_back(lab: Lab, probed: bool) -> None:
    lab.pair()
    if probed:
        assert lab.go().code == 0
    else:
        assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0
        assert lab.run("run", str(lab.study.root), "--only", "P01-PSW").code == 0
    assert withdraw(lab)[0] == 0
    listed_as(lab, "P07-PIR,P01-PIR.wav,,P07,PIR,,,,,,,,yes,", PARTNER)
    for command in ("run", "release"):
        answer = lab.run(command, str(lab.study.root))
        assert lab.released() == {"P01-PSW"}
        if command == "run":
            assert answer.code == 8
            assert "withdrawn at a participant's request" in answer.text
    nothing_is_left(lab.study, "P01-PIR", "P07-PIR")


def test_what_lies_under_another_id_goes_too(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    listed_as(lab, "P07-PIR,P01-PIR.wav,,P07,PIR,,,,,,,,yes,", PARTNER)
    assert lab.run("run", str(lab.study.root)).code == 0
    assert withdraw(lab)[0] == 0
    assert not lab.study.recording("P07-PIR").exists()
    assert lab.released() == {"P01-PSW"}


def test_a_stretch_goes_with_its_sound(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    assert withdraw(lab, *STRETCH)[0] == 0
    listed_as(lab, "P07-PIR,P01-PIR.wav,,P07,PIR,,,,,,,,yes,", PARTNER)
    assert lab.run("run", str(lab.study.root)).code == 0
    text = (lab.study.coders / "transcripts" / "txt" / "P07-PIR.txt").read_text("utf-8-sig")
    assert "like?" not in text
    assert "[withheld at participant's request 00:00:02-00:00:03]" in text
    assert "like?" not in lab.study.output("P07-PIR", "recognize").read_text()


def test_a_stretch_is_not_cut_out_of_another_sound(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    assert withdraw(lab, *STRETCH)[0] == 0
    before = (lab.study.coders / "transcripts" / "txt" / "P01-PIR.txt").read_bytes()
    original = lab.audio / "P01-PIR.wav"
    shutil.copy(original, lab.audio.parent / "kept.wav")
    write_tone(original, seconds=3.0, pitch=331)
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 8
    assert "Put back the file" in answer.text
    assert "an id of its own" in answer.text
    assert (lab.study.coders / "transcripts" / "txt" / "P01-PIR.txt").read_bytes() == before
    listed_as(lab, "P01-PIR-S2,P01-PIR.wav,,P01,PIR,,2,,,,,,yes,", PARTNER)
    assert lab.run("run", str(lab.study.root)).code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR-S2"}
    shutil.move(lab.audio.parent / "kept.wav", original)
    listed_as(lab, "P01-PIR,P01-PIR.wav,,P01,PIR,,,,,,,,yes,", PARTNER)
    assert lab.run("run", str(lab.study.root)).code == 0
    text = (lab.study.coders / "transcripts" / "txt" / "P01-PIR.txt").read_text("utf-8-sig")
    assert "[withheld at participant's request 00:00:02-00:00:03]" in text


def test_an_old_journal_is_read(lab: Lab) -> None:
    lab.pair()
    assert lab.go().code == 0
    old = {"number": 1, "person": "P01-PIR", "who": "AB", "when": "2026-01-01T00:00:00+00:00", "why": ""}
    old |= {"whole_person": False, "recordings": []}
    old |= {"stretches": [{"recording": "P01-PIR", "start": 2.0, "end": 3.0}]}
    (lab.study.private / "withdrawals.json").write_text(json.dumps({"schema_version": 1, "items": [old]}))
    stretch = Stretch("P01-PIR", 2.0, 3.0)
    earlier = Withdrawal(1, "P01-PIR", "AB", "2026-01-01T00:00:00+00:00", "", False, (), (stretch,))
    assert read_withdrawals(lab.study) == Withdrawals((earlier,))
    assert lab.go().code == 0
    assert "like?" not in lab.study.output("P01-PIR", "recognize").read_text()
