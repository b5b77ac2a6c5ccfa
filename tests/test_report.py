"""What the lab is told of a run, and of what earlier runs left: `report/run.md` and `transcribe status`."""

import json

import pytest

from tests.conftest import Lab, write_tone
from tests.fakes import FakeDiarizer, FakeRecognizer, fake_engines, raising
from transcribe.status import study_status

EARLIER = "## Failed in an earlier run, and not tried in this one"


def told(lab: Lab, recording: str) -> str:
    """What `status` says of a recording."""
    return next("; ".join(line.warnings) for line in study_status(lab.study) if line.recording == recording)


def report(lab: Lab) -> str:
    return (lab.study.report / "run.md").read_text()


@pytest.fixture
def failed(lab: Lab) -> Lab:
    """Two interviews, of which one failed in recognition; the engines are well now."""
    lab.pair()
    lab.engines = fake_engines(recognizer=FakeRecognizer(trouble=raising(RuntimeError(), "P01-PIR")))
    assert lab.go().code == 8
    assert "recognize failed" in told(lab, "P01-PIR")
    assert EARLIER not in report(lab)
    lab.engines = fake_engines()
    return lab


def test_a_failure_stays_known_until_the_recording_is_processed(failed: Lab) -> None:
    for _ in range(2):
        assert failed.run("run", str(failed.study.root), "--only", "P01-PSW").code == 0
        assert "recognize failed" in told(failed, "P01-PIR")
        assert "recognize failed" not in told(failed, "P01-PSW")
        assert f"{EARLIER}\n\n- P01-PIR: recognize failed" in report(failed)
    failed.run("release", str(failed.study.root))
    assert "recognize failed" in told(failed, "P01-PIR")
    assert EARLIER in report(failed)
    assert failed.run("run", str(failed.study.root)).code == 0
    assert "failed" not in told(failed, "P01-PIR")
    assert EARLIER not in report(failed)


def test_a_failure_is_forgotten_with_its_row(failed: Lab) -> None:
    rows = failed.study.manifest.read_text().splitlines()
    failed.study.manifest.write_text("\n".join(row for row in rows if not row.startswith("P01-PIR")) + "\n")
    assert failed.run("run", str(failed.study.root)).code == 0
    assert EARLIER not in report(failed)
    failed.study.manifest.write_text("\n".join(rows) + "\n")
    assert "failed" not in told(failed, "P01-PIR")


def test_a_recording_mended_by_a_run_that_was_interrupted_has_not_failed(failed: Lab) -> None:
    usual = failed.engines
    write_tone(failed.audio / "P02-PIR.wav", pitch=440)
    assert failed.run("init", str(failed.audio), "--study", str(failed.study.root)).code == 0
    failed.engines = fake_engines(recognizer=FakeRecognizer(trouble=raising(KeyboardInterrupt(), "P02-PIR")))
    assert failed.run("run", str(failed.study.root)).code == 130
    assert "failed" not in told(failed, "P01-PIR")
    failed.engines = usual
    assert failed.run("run", str(failed.study.root), "--only", "P02-PIR").code == 0
    assert EARLIER not in report(failed)


def test_status_of_a_failed_recording_whose_log_is_damaged(failed: Lab) -> None:
    log = failed.study.recording("P01-PIR") / "run.json"
    whole = log.read_bytes()
    log.write_bytes(b"{")
    assert "run.json is not valid JSON" in told(failed, "P01-PIR")
    log.write_bytes(whole)
    assert "recognize failed" in told(failed, "P01-PIR")


def test_what_an_earlier_version_wrote_of_the_last_run_can_be_read(failed: Lab) -> None:
    written = {"schema_version": 1, "stopped": [{"recording": "P01-PIR", "reason": "recognize failed: x"}]}
    (failed.study.private / "last_run.json").write_text(json.dumps(written))
    assert "recognize failed: x" in told(failed, "P01-PIR")
    assert failed.run("run", str(failed.study.root)).code == 0
    assert "failed" not in told(failed, "P01-PIR")


def test_the_first_sentence_says_what_was_done(lab: Lab) -> None:
    lab.pair()
    lab.go()
    assert "Release 1 (new); the sound of 2 of 2 recordings was worked on in this run." in report(lab)
    touched: list[str] = []
    lab.engines = fake_engines(FakeDiarizer(trouble=touched.append), FakeRecognizer(trouble=touched.append))
    assert lab.run("run", str(lab.study.root)).code == 0
    assert "Nothing was to do: release 1 holds everything that is done." in report(lab)
    assert "in this run" not in report(lab)
    lab.study.roster.write_text("person,name,aliases,kind,relation_to,note\n,Doris,,relative,P01-PIR,sister\n")
    assert lab.run("release", str(lab.study.root)).code == 0
    assert "Release 2 (new), made from what was recognised before." in report(lab)
    assert touched == []


def test_nothing_to_do_is_not_said_where_something_failed(lab: Lab) -> None:
    lab.pair()
    lab.go()
    (lab.audio / "P01-PIR.wav").unlink()
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 8
    assert "Nothing" not in answer.out
    assert "Nothing" not in report(lab)


def test_the_vocabulary_is_counted_and_not_quoted(lab: Lab) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    kept = lab.study.settings.read_text()
    lab.study.settings.write_text('[vocabulary]\nservices = ["Fuk Hong Society"]\nplaces = ["Kwai Chung", "Tai Po"]\n')
    assert lab.run("run", str(lab.study.root)).code == 0
    line = "Vocabulary that the recogniser was told (`[vocabulary]` of study.toml), in entries: services 1, places 2."
    assert line in report(lab)
    assert "Kwai" not in report(lab)
    lab.study.settings.write_text(kept)  # a release tells the recogniser nothing: what it was told stays true
    lab.run("release", str(lab.study.root))
    assert line in report(lab)
    assert lab.run("run", str(lab.study.root)).code == 0
    assert "Vocabulary that the recogniser was told: none." in report(lab)
