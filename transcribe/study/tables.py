"""Tables that people type in Excel: read forgivingly, written so that Excel opens them right.

Excel re-saves a CSV as UTF-8 with or without BOM, UTF-16, or the machine's code page (Big5 in Hong Kong and Taiwan,
Windows-1252 in Europe), with commas, semicolons or tabs. A name that is misread is a name that is not replaced:
whatever cannot be told for certain is refused, with the mend named.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from transcribe.csv_cells import neutralise_formula, restore_formula
from transcribe.errors import UsageError
from transcribe.store import write_atomic
from transcribe.study.encodings import decode_table, encode_table

SAVE_AS_UTF8 = 'open it in Excel and save it as "CSV UTF-8 (comma delimited)"'
"""The mend for whatever an older "CSV" of Excel does to a table."""

_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: `number` as a spreadsheet shows it (the header is 1); `cells` by column, stripped, formulas restored.

    `cells` has every column that was asked for (empty where the table lacks it), then the table's further columns.
    """

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a table is written: enough to append to it without changing what is there."""

    encoding: str
    delimiter: str
    line_end: str
    header: tuple[str, ...]
    skipped_lines: int


def column_name(cell: str) -> str:
    """A header cell as a column's name: `Also present` and `ALSO-PRESENT` are `also_present`."""
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFKC", cell).strip()).casefold()


def _rows(text: str, delimiter: str, what: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise UsageError(
            f'{what} is not a whole table (a quotation mark " that is never closed?): {SAVE_AS_UTF8}'
        ) from error


def _first_line(text: str) -> tuple[str, int]:
    """The header line, and how many lines come before it (blank ones and Excel's `sep=;`)."""
    for number, line in enumerate(io.StringIO(text, newline=None)):
        if line.strip(" \t,;\n") and not re.fullmatch(r'"?sep=.?"?', line.strip(), re.IGNORECASE):
            return line, number
    return "", 0


def _layout(data: bytes, columns: Sequence[str], what: str) -> tuple[str, _Layout]:
    text, encoding = decode_table(data, what, SAVE_AS_UTF8)
    line, skipped = _first_line(text)
    headers = {
        mark: tuple(column_name(cell) for cell in next(csv.reader([line], delimiter=mark), [])) for mark in _DELIMITERS
    }
    delimiter = max(_DELIMITERS, key=lambda mark: len(set(headers[mark]) & set(columns)))
    line_end = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    return text, _Layout(encoding, delimiter, line_end, headers[delimiter], skipped)


def _check_header(header: Sequence[str], columns: Sequence[str], optional: Collection[str], what: str) -> None:
    missing = [column for column in columns if column not in header and column not in optional]
    if missing:
        raise UsageError(
            f"{what} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}; "
            f"its first row must name the columns: {','.join(columns)}"
        )
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise UsageError(f"{what} has two columns named {', '.join(twice)}: delete or rename one of them")


def read_table(path: Path, columns: Sequence[str], optional: Collection[str] = ()) -> tuple[TableRow, ...]:
    """The rows of the CSV at `path`, blank ones left out; `columns` not in `optional` must be there, in any order.

    Raises `UsageError`, naming the mend, when the file cannot be read, is not a table, lacks a column, or is in an
    encoding that cannot be told for certain.
    """
    what = path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{what} cannot be read ({error.strerror}): check that it is there and is yours") from error
    text, layout = _layout(data, columns, what)
    _check_header(layout.header, columns, optional, what)
    rows = []
    for number, cells in enumerate(_rows(text, layout.delimiter, what), start=1):
        if number <= layout.skipped_lines + 1 or not any(cell.strip() for cell in cells):
            continue
        if any(cell.strip() for cell in cells[len(layout.header) :]):
            raise UsageError(
                f"row {number} of {what} has more cells than there are columns: "
                f'put a cell that holds a "{layout.delimiter}" in quotation marks, or edit the table in Excel'
            )
        clean = [restore_formula(cell.strip()).strip() for cell in cells]
        if any("\0" in cell or "\ufffd" in cell for cell in clean):
            raise UsageError(
                f"row {number} of {what} holds a damaged character: type the cell anew, then {SAVE_AS_UTF8}"
            )
        clean += [""] * (len(layout.header) - len(clean))
        found = {name: cell for name, cell in zip(layout.header, clean, strict=False) if name}
        rows.append(TableRow(number, {**dict.fromkeys(columns, ""), **found}))
    return tuple(rows)


def _format_rows(
    header: Sequence[str], rows: Iterable[Mapping[str, str]], delimiter: str = ",", line_end: str = "\r\n"
) -> str:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")
    for row in rows:
        writer.writerow([neutralise_formula(row.get(column, "")) for column in header])
    # The csv module quotes a cell only for the characters of its line end, so it is written with both first.
    return buffer.getvalue() if line_end == "\r\n" else _replace_line_ends(buffer.getvalue(), line_end)


def _replace_line_ends(text: str, line_end: str) -> str:
    """CRLF outside quotation marks as `line_end`; a cell's own line breaks stay."""
    pieces = text.split('"')
    return '"'.join(p if i % 2 else p.replace("\r\n", line_end) for i, p in enumerate(pieces))


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Writes a CSV that Excel opens as it is meant: UTF-8 with BOM, commas, CRLF (RFC 4180), formulas neutralised.

    Atomic, mode 0600. Raises `OSError` as the file system gives it.
    """
    header = dict(zip(columns, columns, strict=True))
    write_atomic(path, _format_rows(columns, [header, *rows]).encode("utf-8-sig"))


def append_rows(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    """Adds rows to a table in its own encoding, delimiter and column order; what is there keeps its bytes.

    Raises `UsageError` when the table's encoding cannot hold a new cell, naming the mend.
    """
    data = path.read_bytes()
    text, layout = _layout(data, columns, path.name)
    added = _format_rows(layout.header, rows, layout.delimiter, layout.line_end)
    if text and not text.endswith(("\n", "\r")):
        added = layout.line_end + added
    write_atomic(path, data + encode_table(added, layout.encoding, path.name, SAVE_AS_UTF8))


_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_MONTH_NAMED = re.compile(r"(\d{1,2})[- ]([a-z]{3})[a-z]*[- ,]+(\d{4})", re.IGNORECASE)


def read_date(cell: str) -> str:
    """The date of a cell as `2026-03-05`; empty stays empty.

    Excel turns dates about: `25/3/2026` and `3/25/2026` can only be one day and are read, `5/3/2026` can be two and is
    refused. Raises `UsageError` with the mend.
    """
    text = re.sub(r"[T ]\d{1,2}:\d{2}(:\d{2})?$", "", cell.strip())
    if not text:
        return ""
    if found := _YEAR_FIRST.fullmatch(text):
        candidates = {(int(found[1]), int(found[2]), int(found[3]))}
    elif found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        candidates = {(year, second, first), (year, first, second)}
    elif (found := _MONTH_NAMED.fullmatch(text)) and found[2].lower() in _MONTHS:
        candidates = {(int(found[3]), _MONTHS.index(found[2].lower()) + 1, int(found[1]))}
    else:
        raise UsageError("the date is not one: write it as 2026-03-05")
    days = {day.isoformat() for day in map(_day, candidates) if day is not None}
    if len(days) == 1:
        return days.pop()
    if days:
        raise UsageError("the date can be two days (day/month or month/day): write it as 2026-03-05")
    raise UsageError("the date is no day of the calendar: write it as 2026-03-05")


def _day(year_month_day: tuple[int, int, int]) -> date | None:
    try:
        return date(*year_month_day)
    except ValueError:
        return None
