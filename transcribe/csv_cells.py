"""Cells of CSV files that a spreadsheet would run as a formula.

Excel and LibreOffice evaluate a cell of an opened CSV that begins with one of `=`, `+`, `-`, `@`, tab or carriage
return (OWASP, "CSV Injection"). A leading apostrophe makes it text. A cell that itself begins with apostrophes and
then such a character gets one more, so that `restore_formula` is the exact inverse for every string.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_NEUTRALISED = re.compile(r"''*[=+\-@\t\r]")


def neutralise_formula(cell: str) -> str:
    """The cell with a leading `'` if a spreadsheet could take it for a formula, else as it is."""
    return "'" + cell if _DANGEROUS.match(cell) else cell


def restore_formula(cell: str) -> str:
    """The cell that `neutralise_formula` was given."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell


def csv_table(rows: Iterable[Sequence[str]]) -> bytes:
    """A whole table, head first, as Excel opens it right: UTF-8 with BOM, commas, CRLF (RFC 4180), no formula."""
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\r\n").writerows([neutralise_formula(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")
