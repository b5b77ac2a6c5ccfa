"""Tables as Excel workbooks of one sheet: written without anything of whoever made them, and read back.

Office Open XML, ECMA-376 part 1, 18.3 (worksheets). Cells that begin with `=` are text, also when somebody edits them
(number format `@`, 18.8.30).
"""

import datetime
import io
import math
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from transcribe.errors import ValidationError
from transcribe.fixed_zip import fixed_zip

MEMBERS = frozenset(
    (
        "[Content_Types].xml",
        "_rels/.rels",
        "docProps/app.xml",
        "docProps/core.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "xl/theme/theme1.xml",
        "xl/workbook.xml",
        "xl/worksheets/sheet1.xml",
    )
)
"""The members of such a file, and no other."""
LONGEST_CELL = 32_767
"""What Excel holds in a cell, in UTF-16 code units (Excel specifications and limits)."""
MOST_ROWS = 1_048_575
"""What Excel holds in a sheet below a head of one row."""

_FIXED_DATE = datetime.datetime(1980, 1, 1, tzinfo=datetime.UTC).replace(tzinfo=None)
_PAPERS = {"a4": 9, "letter": 1}
"""ECMA-376 part 1, 18.3.1.63, paperSize."""
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_COLUMN = re.compile(r"([A-Z]+)(\d+)")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head, its width in characters, whether its cells hold numbers, and whether long ones wrap."""

    name: str
    width: float
    is_number: bool = False
    wraps: bool = False


def write(sheet: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], page: str) -> bytes:
    """The xlsx file: bold head that stays in sight and is printed on each page, filters, landscape; `page` is a key of
    `docx.PAGES`. A row may be shorter than the head. A number is written as one; every other cell is text.

    Raises `ValidationError` for a cell or a number of rows that Excel cannot hold: it would be cut without a word.
    """
    import xlsxwriter

    file = io.BytesIO()
    # In memory: a library's temporary files would lie outside the study.
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": _FIXED_DATE})
    table = book.add_worksheet(sheet)
    head = book.add_format({"bold": True, "bottom": 1, "valign": "top", "text_wrap": True, "num_format": "@"})
    formats = [
        book.add_format({"valign": "top", "text_wrap": column.wraps, **(_NUMBER if column.is_number else _TEXT)})
        for column in columns
    ]
    for place, (column, style) in enumerate(zip(columns, formats, strict=True)):
        table.set_column(place, place, column.width, style)
        table.write_string(0, place, column.name, head)
    last = 0
    for last, row in enumerate(rows, start=1):
        if last > MOST_ROWS:
            raise ValidationError(f"the table '{sheet}' has more rows than Excel can hold; nothing was published")
        _write_row(table, last, row, columns, formats)
    table.freeze_panes(1, 0)
    table.autofilter(0, 0, last, len(columns) - 1)
    table.set_landscape()
    table.set_paper(_PAPERS[page])
    table.fit_to_pages(1, 0)
    table.repeat_rows(0)
    table.set_footer("&C&P / &N")
    table.hide_gridlines(0)  # printed, too
    book.close()
    return fixed_zip(file.getvalue())


_TEXT = {"num_format": "@"}
_NUMBER = {"align": "center"}


def _write_row(table: Any, number: int, row: Sequence[str], columns: Sequence[Column], formats: Sequence[Any]) -> None:
    for place, (cell, column, style) in enumerate(zip(row, columns, formats, strict=False)):
        if 2 * len(cell) > LONGEST_CELL and len(cell.encode("utf-16-le")) > 2 * LONGEST_CELL:
            raise ValidationError("a cell of a table is longer than Excel can hold; nothing was published")
        if column.is_number:
            table.write_number(number, place, float(cell), style)
        elif cell:
            table.write_string(number, place, cell, style)
    lines = max((_lines(cell, column) for cell, column in zip(row, columns, strict=False) if column.wraps), default=1)
    if lines > 1:  # LibreOffice draws a long cell over the next row else
        table.set_row(number, min(lines * _LINE, _HIGHEST_ROW))


_LINE, _HIGHEST_ROW = 15, 409
"""Points: a line of Calibri 11, and the highest row that Excel has."""


def _lines(cell: str, column: Column) -> int:
    """About how many lines a wrapped cell takes; a wide character (Chinese) counts two, and words leave gaps."""
    width = sum(1 + (unicodedata.east_asian_width(sign) in "WF") for sign in cell)
    return math.ceil(1.1 * width / column.width)


def read(data: bytes) -> tuple[tuple[str, ...], ...]:
    """The cells of a file that `write` wrote, head first, as text; numbers as the file spells them.

    Raises `ValidationError` for anything else: other members, formulas, links, anything said of its maker.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if set(archive.namelist()) != MEMBERS or len(archive.namelist()) != len(MEMBERS):
            raise ValidationError("a workbook has other parts than one sheet; nothing was published")
        about = _elements(archive, "docProps/core.xml", "*")
        if any((part.text or "").strip(" \n") not in ("", _FIXED_DATE.isoformat() + "Z") for part in about):
            raise ValidationError("a workbook says who made it, or when; nothing was published")
        items = _elements(archive, "xl/sharedStrings.xml", f"{_SHEET}si")
        strings = ["".join(text.text or "" for text in item.iter(f"{_SHEET}t")) for item in items]
        sheet = _elements(archive, "xl/worksheets/sheet1.xml", f"{_SHEET}row", f"{_SHEET}f", f"{_SHEET}hyperlink")
        return tuple(_cells(element, strings) for element in sheet)


def _elements(archive: zipfile.ZipFile, member: str, *tags: str) -> Iterator[Any]:
    """The elements of a part, one by one: a sheet of a large study has millions."""
    from lxml import etree

    with archive.open(member) as part:
        for _, element in etree.iterparse(part, tag=tags, resolve_entities=False, no_network=True):
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _cells(row: Any, strings: Sequence[str]) -> tuple[str, ...]:
    if row.tag != f"{_SHEET}row":
        raise ValidationError("a workbook holds a formula or a link; nothing was published")
    found: list[str] = []
    for cell in row:
        match = _COLUMN.fullmatch(cell.get("r", ""))
        value = cell.findtext(f"{_SHEET}v") or ""
        if match is None or len(match[1]) > 1:
            raise ValidationError("a workbook has a cell outside its table; nothing was published")
        found += [""] * (ord(match[1]) - ord("A") - len(found))
        found.append(_unescaped(strings[int(value)]) if cell.get("t") == "s" else value)
    return tuple(found)


def _unescaped(text: str) -> str:
    """What `_x000D_` stands for (ECMA-376 part 1, 22.9.2.19, ST_Xstring)."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
