"""`coding_sheet.xlsx`: sentences to be coded line by line, none lost, none cut inside a mark."""

import io
from dataclasses import replace

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.export_samples import plain, transcript, utterance
from tests.study_samples import EVERYTHING, bundle, study_text
from tests.test_cases import edited
from transcribe.errors import ValidationError
from transcribe.exports import spreadsheet
from transcribe.exports.bundle_files import RELEASED
from transcribe.exports.coding_sheet import COLUMNS, LONGEST_SENTENCE, sentences
from transcribe.exports.self_checks_study import check_study


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One. Two? Three! Four… Five", ["One. ", "Two? ", "Three! ", "Four… ", "Five"]),
        ("\u597d\u3002\u6211\u5011\u53bb\uff01\u662f\u55ce\uff1f\u662f",
         ["\u597d\u3002", "\u6211\u5011\u53bb\uff01", "\u662f\u55ce\uff1f", "\u662f"]),
        ("\u597d\u3002\u300d \u518d\u4f86", ["\u597d\u3002\u300d ", "\u518d\u4f86"]),
        ("He said \u201cno.\u201d Then he left.", ["He said \u201cno.\u201d ", "Then he left."]),
        ("At 3.5 it is. well, so.", ["At 3.5 it is. well, so."]),
        ("Dr. [PERSON_1] came. J. Doe did not. So did I. Yes.", ["Dr. [PERSON_1] came. ", "J. Doe did not. ",
                                                                   "So did I. ", "Yes."]),
        ("In [PLACE_1 St. Ives] (2.0) Then (.) I went. (...) [inaudible 00:00:01-00:00:02]",
         ["In [PLACE_1 St. Ives] (2.0) Then (.) I went. ", "(...) [inaudible 00:00:01-00:00:02]"]),
        ("Is it [?Lau?] There? //Yes.// Well.", ["Is it [?Lau?] There? ", "//Yes.// ", "Well."]),
        ("\u05e9\u05dc\u05d5\u05dd. \u05de\u05d4?", ["\u05e9\u05dc\u05d5\u05dd. ", "\u05de\u05d4?"]),
        ("", []),
        ("...", ["..."]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text: str, parts: list[str]) -> None:
    assert list(sentences(text)) == parts


PIECES = st.sampled_from(
    ["word", "Word", " ", ". ", "? ", "\u3002", "[PERSON_1]", "[PLACE_2 St. Ives. So]", "<seg>AGE_1 40. B</seg>",
     "(2.0)", "(.)", "(maybe. So?)", "\U0001f469", "\u6211", "\u05e9", "//", '"', "J.", "x" * 300]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60).map("".join))
def test_sentences_joined_are_the_text_and_no_mark_is_cut(text: str) -> None:
    parts = sentences(text)
    assert "".join(parts) == text
    assert all(parts)
    assert all(len(part) <= LONGEST_SENTENCE for part in parts)
    for part in parts:
        assert part.count("[") == part.count("]")
        assert part.count("<seg>") == part.count("</seg>")


def test_a_sheet_has_a_row_per_sentence_and_empty_columns_for_codes() -> None:
    item = transcript(
        utterance(1, "INT", 0.0, 2.0, "Well. How did the day start?"),
        utterance(2, "P01-PSW", 3661.0, 3670.0, "=SUM of [PERSON_1]. And then.", "[PERSON_1]"),
        duration=4000.0,
    )
    rows = spreadsheet.read(bundle([item])["coding_sheet.xlsx"])
    assert rows[0] == tuple(column.name for column in COLUMNS)
    assert rows[1:] == (
        ("P01-PSW", "u0001", "1", "INT", "00:00:00", "q1", "Well. "),
        ("P01-PSW", "u0001", "2", "INT", "00:00:00", "q1", "How did the day start?"),
        ("P01-PSW", "u0002", "1", "P01-PSW", "01:01:01", "q1", "=SUM of [PERSON_1]. "),
        ("P01-PSW", "u0002", "2", "P01-PSW", "01:01:01", "q1", "And then."),
    )


def test_a_sheet_is_made_to_be_worked_in() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(bundle()["coding_sheet.xlsx"]))["Coding"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref.partition(":")[0]) == ("A2", "A1")
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight, sheet.print_title_rows) == (
        "landscape", 0, "$1:$1",
    )  # fmt: skip
    (formula,) = (cell for cell in sheet["G"] if str(cell.value).startswith("=SUM"))
    assert (formula.data_type, formula.number_format, formula.alignment.wrap_text) == ("s", "@", True)
    assert sheet.column_dimensions["G"].width > 60


def test_it_is_made_on_request_alone() -> None:
    assert "coding-sheet" not in RELEASED
    assert "coding_sheet.xlsx" not in bundle([plain()], replace(EVERYTHING, formats=RELEASED))


def test_a_monologue_of_20000_words_without_an_end_fits_into_cells() -> None:
    text = "so " * 20_000
    files = bundle([plain(text.strip())])
    check_study(files, study_text(files))
    cells = [row[6] for row in spreadsheet.read(files["coding_sheet.xlsx"])[1:]]
    assert " ".join(cells).split() == text.split()
    assert all(cell.split(" ")[0] == "so" for cell in cells)


def test_a_cell_that_excel_would_cut_is_refused() -> None:
    column = (spreadsheet.Column("text", 10),)
    assert spreadsheet.read(spreadsheet.write("Sheet", column, [["\U0001f469" * 16_383]], "a4"))[1]
    with pytest.raises(ValidationError, match="longer than Excel can hold"):
        spreadsheet.write("Sheet", column, [["\U0001f469" * 16_384]], "a4")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30))
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert spreadsheet.read(spreadsheet.write("Sheet", (spreadsheet.Column("text", 10),), [[text]], "a4"))[1] == (text,)


def test_a_sheet_that_lost_a_sentence_or_has_codes_in_it_is_found_out() -> None:
    files = bundle()
    files["coding_sheet.xlsx"] = edited(files["coding_sheet.xlsx"], "xl/sharedStrings.xml", "Once more.", "Once.")
    with pytest.raises(ValidationError, match="not the utterances"):
        check_study(files, study_text(files))
    files["coding_sheet.xlsx"] = spreadsheet.write("Coding", COLUMNS, [["a"] * 2 + ["1"] + ["b"] * 5], "a4")
    with pytest.raises(ValidationError, match="coders fill in"):
        check_study(files, study_text(files))
