"""`codes.csv` as the lab writes it, `codebook.qdc` and `codebook.csv` as coders get them."""

import csv
import io
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.export_samples import plain, transcript, utterance
from tests.study_samples import EVERYTHING, LISTS, bundle, study_text
from transcribe.conventions import Conventions
from transcribe.errors import UsageError, ValidationError
from transcribe.exports.bundle import LabLists
from transcribe.exports.codebook import _SPACE, guid, marks_in
from transcribe.exports.self_checks_study import check_study
from transcribe.study.guide import GuideQuestion
from transcribe.study.starter_codes import StarterCode, read_codes

CODEBOOK = "{urn:QDA-XML:codebook:1.0}"


def read(folder: Path, text: str) -> tuple[StarterCode, ...]:
    path = folder / "codes.csv"
    path.write_text(text, "utf-8")
    return read_codes(path)


def test_the_lab_s_codes_are_read_in_their_order(tmp_path: Path) -> None:
    assert read(tmp_path, "name;group;description;colour\n trust ;Relation;how  it grows;#4477AA\nRELATION;;;\n") == (
        StarterCode("trust", "RELATION", "how it grows", "#4477aa"),
        StarterCode("RELATION"),
    )
    assert read(tmp_path, "name\nonly\n") == (StarterCode("only"),)
    assert read_codes(tmp_path / "none.csv") == ()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (",group,,", "row 3 of codes.csv has no name"),
        ("FIRST,,,", "row 3 of codes.csv: its name stands in row 2 already"),
        ("x,,,blue", "row 3 of codes.csv: the colour must be like #4477aa"),
        ("x,,,#12345", "colour must be"),
        ("guide,,,", "are groups that every codebook has"),
        ("x,speakers,,", "are groups that every codebook has"),
        ("x,x,,", "below the code itself"),
        ("a,b,,\nb,a,,", "row 3 of codes.csv: its group stands, in the end, below the code itself"),
        ("??,,,", "its name has no letters"),
        ("x\x07,,,", "a character that cannot be shown"),
        (f"{'x' * 101},,,", "more than 100"),
        (f"x,,{'y' * 5001},", "more than 5000"),
    ],
)
def test_a_row_that_cannot_be_used_is_named_with_its_mend(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read(tmp_path, f"name,group,description,colour\nfirst,,,\n{row}\n")


def test_the_sample_s_codes_are_neutral() -> None:
    path = Path(__file__).parent.parent / "samples" / "codes.csv"
    assert [code.name for code in read_codes(path)] == ["question", "answer", "off-topic"]


def tree(element: etree._Element) -> list[object]:
    return [
        (code.get("name"), code.get("isCodable"), tree(code)) if tree(code) else code.get("name")
        for code in element.iterchildren(f"{CODEBOOK}Code")
    ]


def test_the_codebook_has_speakers_redactions_guide_and_the_lab_s_own_codes() -> None:
    root = etree.fromstring(bundle()["codebook.qdc"])
    assert (root.tag, root.get("origin")) == (f"{CODEBOOK}CodeBook", "transcribe")
    assert tree(root[0]) == [
        ("Speakers", "false", ["P01-PIR", "P01-PSW", "P02-PSW", "INT", "OTHER-1", "SPEAKER-0"]),
        ("Redactions", "false", ["PARTICIPANT", "PERSON", "PLACE", "SISTER"]),
        ("Guide", "false", ["q1", "q2 What comes next?"]),
        ("question", "true", ["answer"]),
        ("talk", "false", ["=SUM(A1)"]),
    ]


def test_without_guide_codes_or_redactions_there_are_no_such_groups() -> None:
    root = etree.fromstring(bundle([plain()], lists=LabLists())["codebook.qdc"])
    assert tree(root[0]) == [("Speakers", "false", ["P01-PSW"])]


def test_the_csv_lists_what_can_be_used() -> None:
    rows = list(csv.reader(io.StringIO(bundle()["codebook.csv"].decode("utf-8-sig"), newline="")))
    assert rows[0] == ["code", "group", "description", "path"]
    told = "PSW. How did the day start? / PIR. How did your day start?"
    assert ["q1", "Guide", told, "Guide.q1"] in rows
    assert ["'=SUM(A1)", "talk", 'told & <"marked">', "talk.=SUM(A1)"] in rows
    assert ["answer", "question", "", "question.answer"] in rows
    assert len(rows) == 1 + 6 + 4 + 2 + 3


def test_a_question_that_is_no_longer_in_the_guide_is_a_code_by_its_id() -> None:
    files = bundle(lists=replace(LISTS, guide=()))
    assert b'name="q1"' in files["codebook.qdc"]
    check_study(files, study_text(files))


def test_a_code_called_like_a_speaker_is_refused_and_not_quoted() -> None:
    for name in ("p01-psw", "place", "Q2 what comes next?"):
        with pytest.raises(UsageError, match=r"codes.csv: code 2 or its group is called like") as caught:
            bundle(lists=replace(LISTS, codes=(StarterCode("fine"), StarterCode(name))))
        assert name not in caught.value.message


def test_long_questions_are_shortened_in_the_name_alone() -> None:
    text = "Would you tell me how it came about that the two of you began to work with one another?"
    files = bundle([plain()], lists=LabLists(guide=(GuideQuestion("q1", "", text),)))
    (code,) = etree.fromstring(files["codebook.qdc"]).xpath("//*[starts-with(@name, 'q1')]")
    assert code.get("name") == "q1 Would you tell me how it came about that the two of you beg…"
    assert code.findtext(f"{CODEBOOK}Description") == text


@pytest.mark.parametrize(
    ("mark", "category"),
    [
        ("[PERSON_1]", "PERSON"),
        ("[AGE_1 45-49]", "AGE"),
        ("[P01-PIR]", "PARTICIPANT"),
        ("[INT-2]", "INTERVIEWER"),
        ("[P01-PIR-SISTER_1]", "SISTER"),
        ("[PIR-417-PSW-FRIEND_2]", "FRIEND"),
        ("[DATE-OF-BIRTH_1]", "DATE-OF-BIRTH"),
        ("[K7-2_1]", "OTHER"),
        ("<seg>PLACE_3 Kowloon</seg>", "PLACE"),
    ],
)
def test_a_mark_has_a_category(mark: str, category: str) -> None:
    text = f"\U0001f469 see {mark}, [inaudible 00:00:01-00:00:02] [?maybe?] (2.0) <seg>not one</seg>"
    assert list(marks_in(text)) == [(6, 6 + len(mark), category)]


def test_marks_written_as_segments_are_codes_too() -> None:
    item = transcript(utterance(1, "P01-PSW", 0.0, 3.0, "To [PLACE_1].", "[PLACE_1]"))
    files = bundle([item], replace(EVERYTHING, conventions=Conventions(redaction="seg")))
    assert b'name="PLACE"' in files["codebook.qdc"]


NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=4)


@given(NAMES, NAMES)
def test_a_guid_is_that_of_one_thing(one: list[str], other: list[str]) -> None:
    assert (guid(*one) == guid(*other)) == ("\x1f".join(one) == "\x1f".join(other))
    assert guid(*one) == str(uuid.uuid5(_SPACE, "\x1f".join(one))).upper()


def test_codebooks_that_differ_are_found_out() -> None:
    files = bundle()
    files["codebook.qdc"] = files["codebook.qdc"].replace(b'name="answer"', b'name="answers"')
    with pytest.raises(ValidationError, match=r"codebook.qdc and codebook.csv differ"):
        check_study(files, study_text(files))
    files = bundle()
    files["codebook.csv"] = files["codebook.csv"].replace(b"code,group", b"code,groups")
    with pytest.raises(ValidationError, match="not a table with its columns"):
        check_study(files, study_text(files))


def test_a_question_of_two_wordings_has_neither_for_its_name() -> None:
    guide = (GuideQuestion("q1", "PSW", "How long have you worked?"), GuideQuestion("q1", "PIR", "How did you come?"))
    files = bundle([plain()], lists=LabLists(guide=guide))
    (code,) = etree.fromstring(files["codebook.qdc"]).xpath("//*[starts-with(@name, 'q1')]")
    assert code.get("name") == "q1"
    assert code[0].text == "PSW. How long have you worked? / PIR. How did you come?"
