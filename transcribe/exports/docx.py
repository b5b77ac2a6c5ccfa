"""`transcripts/docx/<id>.docx`: the layout's paragraphs as a Word document to read, print and import.

Paragraph and character styles, no direct formatting; line numbers as layout (`w:lnNumType`, ECMA-376 part 1, 17.6.8),
page numbers as fields in the footer; nothing but text in the body. An interviewer's question of the guide has a style
with an outline level, so that Word's and LibreOffice's navigation lists the sections, without a word added; speech
that runs from right to left has a style of that direction. Blank metadata and fixed dates: the same transcript gives
the same bytes.
"""

import functools
import html
import io
import re
from collections.abc import Iterator
from typing import Any

from transcribe.exports import docx_template
from transcribe.exports.layout import (
    ASKED_FLAG,
    DRAFT_LINE,
    PSEUDONYMISED_LINE,
    ExportHeader,
    LaidOut,
    Turn,
    clock,
    frame_lines,
    title_lines,
)
from transcribe.exports.page_frame import direction
from transcribe.fixed_zip import fixed_zip

PAGES = docx_template.PAGES

_INTERVIEWER = re.compile(r"INT(-\d+)?")
_NAMESPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_SIGN = re.compile(r"(\((?:\d{1,3}\.\d|\.{1,9})\)|//|\[\?|\?\])")
"""The signs of conventions that stand beside words (`transcribe.conventions`)."""


def write(laid: LaidOut, page: str = "a4") -> bytes:
    """The docx file; `page` is a key of `PAGES`."""
    import docx
    from docx.oxml.parser import parse_xml

    document = docx.Document(io.BytesIO(template(page)))
    _fill_header(document, laid.header)
    # One string that is parsed once: paragraph by paragraph, python-docx takes a second for an hour's talk.
    paragraphs = parse_xml(f"<w:body {_NAMESPACE}>{''.join(_paragraphs(laid))}</w:body>")
    section = document.element.body[-1]
    for paragraph in list(paragraphs):
        section.addprevious(paragraph)
    file = io.BytesIO()
    document.save(file)
    return fixed_zip(file.getvalue())


def _paragraphs(laid: LaidOut) -> Iterator[str]:
    """The XML of every paragraph (ECMA-376 part 1, 17.3.1), in the order of the layout."""
    title, *notes = title_lines(laid.header)
    start, end = frame_lines(laid.header.role)
    yield _paragraph("TranscriptTitle", _run(title))
    for note in notes:
        yield _paragraph("TranscriptDraft" if note == DRAFT_LINE else "TranscriptNote", _run(note))
    yield _paragraph("TranscriptFrame", _run(start))
    for turn in laid.turns:
        yield _turn(turn)
    yield _paragraph("TranscriptFrame", _run(end))


def _turn(turn: Turn) -> str:
    style = "Interviewer" if _INTERVIEWER.fullmatch(turn.speaker) else "Utterance"
    if ASKED_FLAG in turn.flags:
        style = "GuideQuestion"
    if direction(turn.text) == "rtl":
        style += "RightToLeft"
    runs = [_run(f"{turn.speaker}:", "SpeakerLabel"), _run(" ")]
    cursor = 0
    for start, end in turn.marks:
        runs += [*_speech(turn.text[cursor:start]), _run(turn.text[start:end], "Redaction")]
        cursor = end
    runs += [*_speech(turn.text[cursor:]), _run(" "), _run(f"[{clock(turn.stamp_s)}]", "TimeStamp")]
    return _paragraph(style, *runs)


def _speech(text: str) -> Iterator[str]:
    """What was said; the signs of pauses, overlaps and doubt are quieter than the words."""
    for number, piece in enumerate(_SIGN.split(text)):
        if piece:
            yield _run(piece, "TranscriptSign" if number % 2 else "")


def _paragraph(style: str, *runs: str) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{"".join(runs)}</w:p>'


def _run(text: str, style: str = "") -> str:
    """A run; its text is what `speakable.spoken` lets through, so nothing that XML 1.0 forbids."""
    properties = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    space = ' xml:space="preserve"' if text != text.strip() else ""
    return f"<w:r>{properties}<w:t{space}>{html.escape(text, quote=False)}</w:t></w:r>"


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
