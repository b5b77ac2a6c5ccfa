"""Checks of the files about the whole study that QDA programs and spreadsheets open, made on their bytes.

Each failure is a `ValidationError` that quotes nothing.
"""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from itertools import groupby

from transcribe.csv_cells import restore_formula
from transcribe.exports import cases, codebook, coding_sheet, spreadsheet
from transcribe.exports.self_checks_qdpx import check_project, codes_in, failure, parsed
from transcribe.exports.study_text import StudyText

QDPX, QDC, CODEBOOK = "study.qdpx", "codebook.qdc", "codebook.csv"
CASES, CASES_XLSX, SHEET = "cases.csv", "cases.xlsx", "coding_sheet.xlsx"


def check_study(files: Mapping[str, bytes], study: StudyText) -> None:
    """Raises `ValidationError` at the first check that a file about the whole study does not pass.

    `files` are those of the bundle by path; a file that is not in it is not checked.
    """
    try:
        _check(files, study)
    except (zipfile.BadZipFile, SyntaxError, LookupError, ValueError, AttributeError, csv.Error) as error:
        raise failure("it cannot be read back") from error


def _check(files: Mapping[str, bytes], study: StudyText) -> None:
    rows = _csv(files[CASES], cases.COLUMNS, CASES) if CASES in files else None
    codes = _csv(files[CODEBOOK], codebook.COLUMNS, CODEBOOK) if CODEBOOK in files else None
    if CASES_XLSX in files:
        _check_same_table(spreadsheet.read(files[CASES_XLSX]), rows)
    if QDC in files and codes is not None and codes_in(parsed(files[QDC])) != codes:
        raise failure("codebook.qdc and codebook.csv differ")
    if QDPX in files:
        words = {entry.id: files.get(f"transcripts/docx/{entry.id}.docx") for entry in study.transcripts}
        check_project(io.BytesIO(files[QDPX]), study, rows, codes, words)
    if SHEET in files:
        _check_sheet(spreadsheet.read(files[SHEET]), study)


def _csv(data: bytes, columns: Sequence[str], what: str) -> list[tuple[str, ...]]:
    table = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    head, *rows = [tuple(map(restore_formula, row)) for row in table]
    if head != tuple(columns) or any(len(row) != len(columns) for row in rows):
        raise failure(f"{what} is not a table with its columns")
    if len({row[:2] for row in rows}) != len(rows):
        raise failure(f"{what} has two rows of one name")
    return rows


def _check_same_table(found: Sequence[tuple[str, ...]], rows: Sequence[tuple[str, ...]] | None) -> None:
    numbers = [cases.COLUMNS.index(name) for name in cases.NUMBERS]
    head, *body = found
    whole = [row + ("",) * (len(head) - len(row)) for row in body]
    spelled = [[float(c) if i in numbers else c for i, c in enumerate(row)] for row in whole]
    wanted = [[float(c) if i in numbers else c for i, c in enumerate(row)] for row in rows or ()]
    if head != cases.COLUMNS or (rows is not None and spelled != wanted):
        raise failure("cases.xlsx and cases.csv differ")


def _check_sheet(found: Sequence[tuple[str, ...]], study: StudyText) -> None:
    """Every sentence of every utterance, once and in order, and nothing in the columns that are to be filled in."""
    head, *rows = found
    wanted = [(row.transcript, row.turn, row.text) for entry in study.transcripts for row in study.rows[entry.id]]
    if head != tuple(column.name for column in coding_sheet.COLUMNS) or set(map(len, rows)) - {coding_sheet.TEXT + 1}:
        raise failure("coding_sheet.xlsx has other columns, or something in those that coders fill in")
    joined = [
        (*name, "".join(row[coding_sheet.TEXT] for row in mine))
        for name, mine in groupby(rows, key=lambda row: (row[0], row[1]))
    ]
    if joined != wanted:
        raise failure("the sentences of coding_sheet.xlsx are not the utterances of turns.csv")
