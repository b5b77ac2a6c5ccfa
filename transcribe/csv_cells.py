"""Cells of CSV files that a spreadsheet would run as a formula.

Excel and LibreOffice evaluate a cell of an opened CSV that begins with one of `=`, `+`, `-`, `@`, tab or carriage
return (OWASP, "CSV Injection"). A leading apostrophe makes it text. A cell that itself begins with apostrophes and
then such a character gets one more, so that `restore_formula` is the exact inverse for every string.
"""

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_NEUTRALISED = re.compile(r"''*[=+\-@\t\r]")


def neutralise_formula(cell: str) -> str:
    """The cell with a leading `'` if a spreadsheet could take it for a formula, else as it is."""
    return "'" + cell if _DANGEROUS.match(cell) else cell


def restore_formula(cell: str) -> str:
    """The cell that `neutralise_formula` was given."""
    return cell[1:] if _NEUTRALISED.match(cell) else cell
