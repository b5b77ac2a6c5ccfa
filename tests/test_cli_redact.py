"""`transcribe redact`: files in, pseudonymised text out, with the study's marks; a document can join the study."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.conftest import Lab
from tests.fakes import CANARY, FakeDetector, fake_engines, raising
from transcribe.engines import PiiCandidate
from transcribe.errors import WithheldError
from transcribe.records import RedactionList, Transcript
from transcribe.redaction.key import open_key
from transcribe.redaction.registry import Registry

HEAD = "person,name,aliases,kind,relation_to,note\n"


@pytest.fixture
def ready(lab: Lab) -> Lab:
    lab.pair()
    assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0
    return lab


def rows(lab: Lab, *texts: str) -> str:
    path = lab.study.root.parent / "rows.jsonl"
    path.write_text("\n".join(json.dumps({"id": f"r{n}", "text": text}) for n, text in enumerate(texts)))
    return str(path)


def redact(lab: Lab, *arguments: str) -> tuple[int, str, str]:
    answer = lab.run("redact", *arguments, "--study", str(lab.study.root))
    return answer.code, answer.out, answer.err


def test_rows_come_back_in_order_with_offsets_of_the_text_as_given(ready: Lab) -> None:
    given = ["nobody here", f"[doctor] hi , {CANARY} .", "", f"{CANARY} a\u0301gain"]
    code, out, _ = redact(ready, rows(ready, *given), "--stdout")
    assert code == 0
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["id"] for answer in answers] == ["r0", "r1", "r2", "r3"]
    assert [[text[r["start"] : r["end"]] for r in a["redactions"]] for text, a in zip(given, answers, strict=True)] == [
        [],
        [CANARY],
        [],
        [CANARY],
    ]
    assert answers[1]["text"] == "(doctor) hi , [PERSON_1] ."
    assert answers[1]["redactions"][0]["entity"] == answers[3]["redactions"][0]["entity"]
    assert CANARY not in out


def test_marks_are_the_studys_and_a_rerun_changes_none(ready: Lab) -> None:
    ready.study.roster.write_text(f"{HEAD}P01-PIR,Wilhelmina Trott,,participant,,\n")
    file = rows(ready, f"Wilhelmina Trott met {CANARY}.")
    _, first, _ = redact(ready, file, "--stdout", "--pair", "P01")
    assert "[P01-PIR] met [PERSON_1]." in first
    known = open_key(ready.study)
    assert redact(ready, file, "--stdout", "--pair", "P01")[1] == first
    assert open_key(ready.study) == known
    assert ready.go().code == 0
    text = (ready.study.coders / "transcripts" / "txt" / "P01-PIR.txt").read_text("utf-8-sig")
    assert "[PERSON_1]" in text


def test_files_keep_their_form_and_the_original_is_never_overwritten(ready: Lab) -> None:
    source = ready.study.root.parent / f"{CANARY}.txt"
    source.write_text(f"I: Who came?\nP: {CANARY} did.")
    out = ready.study.root.parent / "out.txt"
    assert redact(ready, str(source), "--to", str(out))[0] == 0
    assert out.read_text("utf-8-sig") == "INT: Who came?\nSPEAKER-1: [PERSON_1] did."
    assert out.stat().st_mode & 0o077 == 0
    for place in (source, ready.study.coders / "x.txt", ready.study.report / "x.txt", ready.study.private / "x.txt"):
        code, text, err = redact(ready, str(source), "--to", str(place))
        assert code == 2
        assert CANARY not in text + err
    assert CANARY in source.read_text()


def test_a_detector_that_fails_gives_nothing(ready: Lab) -> None:
    trouble = WithheldError("utterance row 1 is in a language or script that no PII detector covers")
    ready.engines = fake_engines(detector=FakeDetector(trouble=raising(trouble)))
    code, out, err = redact(ready, rows(ready, f"{CANARY} came"), "--stdout")
    assert code == 7
    assert out == ""
    assert "row 1 withheld" in err
    assert CANARY not in err


def test_a_name_that_slips_through_is_caught_by_the_check_and_its_row_kept_back(
    ready: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def finds_nothing(
        recordings: object, transcripts: Sequence[Transcript], roster: object, registry: Registry, candidates: object
    ) -> tuple[tuple[RedactionList, ...], Registry]:
        return tuple(RedactionList(transcript.recording, ()) for transcript in transcripts), registry

    monkeypatch.setattr("transcribe.documents.redacting.redact_study", finds_nothing)
    ready.study.roster.write_text(f"{HEAD}P01-PIR,Wilhelmina Trott,,participant,,\n")
    code, out, err = redact(ready, rows(ready, "fine words", "then wilhelmina trott came"), "--stdout")
    assert code == 7
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["r0"]
    assert "row 2 withheld" in err
    source = ready.study.root.parent / "a.txt"
    source.write_text("Wilhelmina Trott came")
    out_file = ready.study.root.parent / "b.txt"
    assert redact(ready, str(source), "--to", str(out_file))[0] == 7
    assert not out_file.exists()


def test_a_document_joins_the_study_is_redacted_with_it_and_can_leave_it(ready: Lab) -> None:
    assert ready.go().code == 0
    note = ready.study.root.parent / f"{CANARY}.txt"
    note.write_text(f"Field note\nZeborah and {CANARY} were late.")
    ready.study.roster.write_text(f"{HEAD},Zeborah,,friend,P01-PIR,\n")
    code, out, err = redact(ready, str(note), "--pair", "P01", "--id", "P01-NOTE-1")
    assert code == 0
    assert CANARY not in out + err
    assert ready.run("release", str(ready.study.root)).code == 0
    text = (ready.study.coders / "documents" / "P01-NOTE-1.txt").read_text("utf-8-sig")
    assert "[PERSON_1] were late." in text
    assert "Zeborah" not in text
    assert "documents/P01-NOTE-1.docx" in (ready.study.coders / "README.md").read_text()
    assert CANARY not in ready.everything_outside_private()
    before = ready.bytes_of(ready.study.coders)
    assert "unchanged" in redact(ready, str(note), "--pair", "P01", "--id", "P01-NOTE-1")[1]
    assert ready.run("release", str(ready.study.root)).code == 0
    assert ready.bytes_of(ready.study.coders) == before
    assert ready.go().code == 0
    assert ready.bytes_of(ready.study.coders) == before
    assert ready.run("redact", "--remove", "P01-NOTE-1", "--study", str(ready.study.root)).code == 0
    assert ready.run("release", str(ready.study.root)).code == 0
    assert not (ready.study.coders / "documents" / "P01-NOTE-1.txt").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{file}", "--id", "JANET"], "ids are published"),
        (["{file}", "--id", "Doris1"], "ids are published"),
        (["{file}", "--id", "Kwun-Tong-1"], "ids are published"),
        (["{file}", "--id", "P09-NOTE-1"], "ids are published"),
        (["{file}", "--to", "/tmp/x.docx"], "ends in .txt"),
        (["{file}", "--stdout", "--to", "/tmp/x.txt"], "either"),
        (["{file}", "--pair", "my pair"], "--pair"),
        (["--remove", "P01-NOTE-9"], "no document"),
        (["{rows}"], "--stdout"),
        ([], "name a file"),
    ],
)
def test_what_cannot_be_done_is_said(ready: Lab, arguments: list[str], told: str) -> None:
    file = ready.study.root.parent / "a.txt"
    file.write_text("words")
    places = {"file": str(file), "rows": rows(ready, "words")}
    code, _, err = redact(ready, *(argument.format(**places) for argument in arguments))
    assert code == 2
    assert told in err


def test_a_pair_is_not_called_after_somebody_of_the_roster(ready: Lab) -> None:
    ready.study.roster.write_text(f"{HEAD},Zoe,,friend,,\n")
    file = ready.study.root.parent / "a.txt"
    file.write_text("words")
    code, _, err = redact(ready, str(file), "--pair", "zoe1")
    assert (code, "no name" in err) == (2, True)
    code, out, _ = redact(ready, str(file), "--pair", "P44", "--id", "P44-NOTE-1")
    assert (code, "no recording of pair P44" in out) == (0, True)


def test_a_recordings_id_is_taken(ready: Lab) -> None:
    assert ready.go().code == 0
    file = ready.study.root.parent / "a.txt"
    file.write_text("words")
    assert redact(ready, str(file), "--id", "P01-PIR")[0] == 2


def test_a_name_learnt_from_a_text_that_is_not_kept_is_replaced_in_what_was_finished(ready: Lab) -> None:
    assert ready.go().code == 0
    text = ready.study.coders / "transcripts" / "txt" / "P01-PIR.txt"
    assert "Doris" in text.read_text("utf-8-sig")
    ready.engines = fake_engines(detector=FakeDetector(name="Doris"))
    assert redact(ready, rows(ready, "then Doris came"), "--stdout")[0] == 0
    ready.engines = fake_engines()
    assert ready.run("release", str(ready.study.root)).code == 0
    assert "Doris" not in text.read_text("utf-8-sig")
    before = ready.bytes_of(ready.study.private, ready.study.coders)
    assert ready.run("release", str(ready.study.root)).code == 0
    assert ready.bytes_of(ready.study.private, ready.study.coders) == before


def test_a_refused_text_teaches_the_key_nothing(ready: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ready.study.root.parent / "a.txt"
    source.write_text(f"then {CANARY} came")
    known = open_key(ready.study)
    monkeypatch.setattr("transcribe.documents.redacting.leaking", lambda study, registry, files: set(files))
    assert redact(ready, str(source), "--stdout")[0] == 7
    assert open_key(ready.study) == known


def test_a_detector_that_breaks_on_one_text_loses_that_one_alone(ready: Lab) -> None:
    @dataclass(frozen=True)
    class Breaks(FakeDetector):
        def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
            if any("anvil" in u.text for t in transcripts for u in t.utterances):
                raise RuntimeError(f"no such thing as {CANARY}")
            return super().detect(transcripts)

    ready.engines = fake_engines(detector=Breaks())
    path = ready.study.root.parent / "rows.jsonl"
    texts = [f"{CANARY} came", f"an anvil fell on {CANARY}"]
    path.write_text("\n".join(json.dumps({"id": n, "text": text, "conv": n}) for n, text in enumerate(texts)))
    code, out, err = redact(ready, str(path), "--stdout")
    assert (code, [json.loads(line)["text"] for line in out.splitlines()]) == (7, ["[PERSON_1] came"])
    assert "row 2 withheld" in err
    assert CANARY not in err


def test_a_file_is_not_called_after_its_name_and_is_read_once_more(ready: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def found(text: Transcript, *_: object) -> list[str]:
        seen.append(text.recording)
        return ["something"]

    monkeypatch.setattr("transcribe.documents.redacting.found_in", found)
    for name in ("Zeborah.txt", "Quillan.txt"):
        source = ready.study.root.parent / name
        source.write_text("nobody came")
        code, out, err = redact(ready, str(source), "--stdout")
        assert (code, out) == (7, "")
        assert "found a possible name" in err
    assert len(set(seen)) == 1
