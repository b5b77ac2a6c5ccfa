"""`transcripts/docx/<id>.docx`: the layout's paragraphs as a Word document to read, print and import.

Paragraph and character styles, no direct formatting; line numbers as layout (`w:lnNumType`, ECMA-376 part 1, 17.6.8),
page numbers as fields in the footer; nothing but text in the body. Blank metadata and fixed dates: the same transcript
gives the same bytes.
"""

import functools
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from transcribe.exports import docx_template
from transcribe.exports.layout import (
    DRAFT_LINE,
    PSEUDONYMISED_LINE,
    ExportHeader,
    LaidOut,
    Turn,
    clock,
    frame_lines,
    title_lines,
)

PAGES = docx_template.PAGES

_INTERVIEWER = re.compile(r"INT(-\d+)?")


def write(laid: LaidOut, page: str = "a4") -> bytes:
    """The docx file; `page` is a key of `PAGES`."""
    import docx

    header = laid.header
    document = docx.Document(io.BytesIO(template(page)))
    _fill_header(document, header)
    title, *notes = title_lines(header)
    start, end = frame_lines(header.role)
    document.add_paragraph(title, style="Transcript Title")
    for note in notes:
        document.add_paragraph(note, style="Transcript Draft" if note == DRAFT_LINE else "Transcript Note")
    document.add_paragraph(start, style="Transcript Frame")
    for turn in laid.turns:
        _add_turn(document, turn)
    document.add_paragraph(end, style="Transcript Frame")
    file = io.BytesIO()
    document.save(file)
    return fixed_zip(file.getvalue())


def _add_turn(document: Any, turn: Turn) -> None:
    is_interviewer = _INTERVIEWER.fullmatch(turn.speaker) is not None
    paragraph = document.add_paragraph(style="Interviewer" if is_interviewer else "Utterance")
    paragraph.add_run(f"{turn.speaker}:", style="Speaker Label")
    paragraph.add_run(" ")
    for text, is_mark in _pieces(turn):
        paragraph.add_run(text, style="Redaction" if is_mark else None)
    paragraph.add_run(" ")
    paragraph.add_run(f"[{clock(turn.stamp_s)}]", style="Time Stamp")


def _pieces(turn: Turn) -> Iterator[tuple[str, bool]]:
    cursor = 0
    for start, end in turn.marks:
        if start > cursor:
            yield turn.text[cursor:start], False
        yield turn.text[start:end], True
        cursor = end
    if cursor < len(turn.text):
        yield turn.text[cursor:], False


def _fill_header(document: Any, header: ExportHeader) -> None:
    """The id on every page, and the draft stamp; a header is not part of the text that programs import."""
    section_header = document.sections[0].header
    line = section_header.paragraphs[0]
    line.add_run(header.recording, style="Speaker Label")
    line.add_run(f"  ·  Version {header.version}  ·  Review. {header.review}\t{PSEUDONYMISED_LINE}")
    if header.draft:
        section_header.add_paragraph(DRAFT_LINE, style="Draft Stamp")


@functools.cache
def template(page: str) -> bytes:
    """A Word file without text that holds the styles; `page` is a key of `PAGES`."""
    return docx_template.build(page)


_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def fixed_zip(data: bytes) -> bytes:
    """The same zip with members in a fixed order and with fixed dates, modes and compression."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(file, "w") as target:
        names = source.namelist()
        for name in sorted(names, key=lambda name: (name != "[Content_Types].xml", name)):
            member = zipfile.ZipInfo(name, _ZIP_DATE)
            member.create_system = 3
            member.external_attr = 0o644 << 16
            target.writestr(member, source.read(name), zipfile.ZIP_DEFLATED, 6)
    return file.getvalue()
