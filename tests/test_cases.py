"""`cases.csv` and `cases.xlsx`: a row per participant and per pair, the same in both."""

import csv
import io
import zipfile
from dataclasses import replace

import openpyxl
import pytest

from tests.export_samples import plain, transcript, utterance
from tests.study_samples import EVERYTHING, bundle, in_pair, session, study_text
from transcribe.errors import ValidationError
from transcribe.exports import cases, spreadsheet
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.self_checks_study import check_study
from transcribe.fixed_zip import fixed_zip


def rows(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["cases.csv"].decode("utf-8-sig"), newline="")))


def row(files: dict[str, bytes], case: str) -> dict[str, str]:
    (found,) = (each for each in rows(files) if each["case"] == case)
    return found


def test_there_is_a_row_for_each_participant_and_each_pair() -> None:
    files = bundle()
    assert [(each["case"], each["kind"], each["role"], each["pair_id"]) for each in rows(files)] == [
        ("P01-PIR", "participant", "PIR", "P01"),
        ("P01-PSW", "participant", "PSW", "P01"),
        ("P02-PSW", "participant", "PSW", "P02"),
        ("P01", "pair", "", "P01"),
        ("P02", "pair", "", "P02"),
    ]
    assert files["cases.csv"].startswith(b"\xef\xbb\xbfcase,kind,role,pair_id,session,date,recordings,minutes,words,")


def test_a_participant_of_several_recordings_is_one_case() -> None:
    found = row(bundle(), "P01-PSW")
    assert found["recordings"] == "P01-OBS; P01-PSW; P01-PSW-S2"
    assert found["session"] == "1; 1; 2"
    assert found["date"] == "2024-03; 2024-03; 2024-05"
    assert found["minutes"] == "2.5"
    assert (found["review"], found["version"]) == ("none", "1")


def test_words_and_talk_share_are_those_of_the_case_s_own_people() -> None:
    item = transcript(
        utterance(1, "INT", 0.0, 3.0, "One two three?"),
        utterance(2, "P01-PSW", 3.0, 10.0, "Four five, [PERSON_1] \u6211\u5011.", "[PERSON_1]"),
        utterance(3, "OTHER-1", 10.0, 20.0, "Six."),
    )
    files = bundle([item])
    assert (row(files, "P01-PSW")["words"], row(files, "P01-PSW")["talk_share"]) == ("5", "0.35")
    assert [(each["case"], each["words"], each["talk_share"]) for each in rows(files)][1:] == [("P01", "5", "0.35")]


def test_one_who_says_nothing_is_a_case_all_the_same() -> None:
    silent = transcript(utterance(1, "INT", 0.0, 3.0, "Are you there?"), recording="P03-PIR-S2", role="PIR")
    files = bundle([in_pair(silent, "P03"), in_pair(transcript(recording="P04-PSW"), "P04")])
    assert [(each["case"], each["words"], each["talk_share"]) for each in rows(files)] == [
        ("P03-PIR", "0", "0.00"),
        ("P04-PSW", "0", "0.00"),
        ("P03", "0", "0.00"),
        ("P04", "0", "0.00"),
    ]
    check_study(files, study_text(files))


def test_a_code_that_shows_no_role_has_that_of_the_interview_in_which_it_says_most() -> None:
    own = transcript(utterance(1, "K7", 0.0, 3.0, "A lot more than this."), recording="P01-PSW")
    visit = transcript(
        utterance(1, "K7", 0.0, 1.0, "Hello."),
        utterance(2, "P01-PIR", 1.0, 3.0, "So."),
        recording="P01-PIR",
        role="PIR",
    )
    assert row(bundle([own, visit]), "K7")["role"] == "PSW"


def test_beyond_the_team_there_is_no_pair_and_no_month() -> None:
    item = transcript(
        utterance(1, "PIR-417", 0.0, 3.0, "So."), utterance(2, "PIR-417-PSW", 3.0, 5.0, "Yes."),
        recording="PIR-417", role="PIR",
    )  # fmt: skip
    unlinked = in_pair(session(item, 1, ""), "")
    files = bundle([unlinked], replace(EVERYTHING, level="share"))
    assert [(each["case"], each["role"], each["pair_id"], each["date"]) for each in rows(files)] == [
        ("PIR-417", "PIR", "", ""),
        ("PIR-417-PSW", "PSW", "", ""),
    ]


def test_pairs_that_differ_only_in_case_are_two() -> None:
    files = bundle([in_pair(plain(recording="P01-PSW"), "P01"), in_pair(plain(recording="Q01-PSW"), "p01")])
    assert [each["case"] for each in rows(files) if each["kind"] == "pair"] == ["P01", "p01"]
    check_study(files, study_text(files))


def test_a_review_that_looks_like_a_formula_is_text_in_both_files() -> None:
    header = replace(plain().header, review="=cmd|'/c calc'!A1")
    files = bundle([CoderTranscript(header, plain().transcript)])
    assert row(files, "P01-PSW")["review"] == "'=cmd|'/c calc'!A1"
    found = spreadsheet.read(files["cases.xlsx"])
    assert found[1][cases.COLUMNS.index("review")] == "=cmd|'/c calc'!A1"


def test_the_workbook_is_made_to_be_read_and_says_nothing_of_its_maker() -> None:
    book = openpyxl.load_workbook(io.BytesIO(bundle()["cases.xlsx"]))
    sheet = book["Cases"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.page_setup.orientation) == ("A2", "A1:L6", "landscape")
    assert (sheet.print_title_rows, book.properties.creator, book.properties.lastModifiedBy) == ("$1:$1", None, None)
    kinds = {name: cell.data_type for name, cell in zip(cases.COLUMNS, sheet[3], strict=True)}
    assert {name for name, kind in kinds.items() if kind == "n"} == set(cases.NUMBERS)
    assert sheet.cell(3, 1).number_format == "@"


def test_the_same_study_gives_the_same_bytes() -> None:
    assert bundle()["cases.xlsx"] == bundle()["cases.xlsx"]


def edited(workbook: bytes, member: str, old: str, new: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            text = source.read(name).decode()
            assert name != member or old in text
            target.writestr(name, text.replace(old, new) if name == member else text)
    return fixed_zip(file.getvalue())


@pytest.mark.parametrize(
    ("member", "old", "new", "told"),
    [
        ("xl/sharedStrings.xml", "<t>P02</t>", "<t>P03</t>", "cases.xlsx and cases.csv differ"),
        ("xl/worksheets/sheet1.xml", "<v>2.5</v>", "<v>2.6</v>", "cases.xlsx and cases.csv differ"),
        ("xl/worksheets/sheet1.xml", "<v>2.5</v>", "<f>1+1.5</f><v>2.5</v>", "formula"),
        ("docProps/core.xml", "<dc:creator></dc:creator>", "<dc:creator>Kim</dc:creator>", "who made it"),
        ("docProps/core.xml", "1980-01-01", "2024-01-01", "or when"),
    ],
)
def test_a_workbook_that_was_changed_is_found_out(member: str, old: str, new: str, told: str) -> None:
    files = bundle()
    files["cases.xlsx"] = edited(files["cases.xlsx"], member, old, new)
    with pytest.raises(ValidationError, match=told):
        check_study(files, study_text(files))


def test_a_workbook_with_further_parts_is_found_out() -> None:
    files = bundle()
    file = io.BytesIO(files["cases.xlsx"])
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/worksheets/sheet2.xml", "<worksheet/>")
    files["cases.xlsx"] = file.getvalue()
    with pytest.raises(ValidationError, match="other parts"):
        check_study(files, study_text(files))


def test_a_table_with_a_row_twice_is_found_out() -> None:
    files = bundle()
    files["cases.csv"] += files["cases.csv"].split(b"\r\n")[1] + b"\r\n"
    with pytest.raises(ValidationError, match="two rows of one name"):
        check_study(files, study_text(files))
