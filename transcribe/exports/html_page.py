"""`transcripts/html/<id>.html`: a transcript to read in a browser, in one file that loads nothing.

The text of its headings and paragraphs, up to the end of the transcript, is that of the txt, line by line; what is
added to read by (colours, headings of sections, notes) is style and attributes, and lists stand after the end. So the
same text is left when a program takes the markup off (Taguette does).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transcribe.errors import ValidationError
from transcribe.exports import page_frame
from transcribe.exports.layout import (
    ASKED_FLAG,
    DRAFT_FLAG,
    LaidOut,
    Turn,
    clock,
    frame_lines,
    title_lines,
)
from transcribe.exports.manifest import Settings
from transcribe.exports.page_signs import legend, pattern, pieces
from transcribe.study.guide import GuideQuestion

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LISTENING_NOTE = "Smaller and grey: said only to show that one listens."
UNSUPPORTED_NOTE = "Dashed: hardly any speech was heard there. Compare it with the recording before you code it."
STAMP_NOTE = "The time is the end of the paragraph."
_REPLACED_NOTE = (
    "What is highlighted or framed stands for something identifying that was replaced; the same mark is the same"
)
SAME_NOTES = {
    "team": f"{_REPLACED_NOTE} person or thing in the whole study.",
    "share": f"{_REPLACED_NOTE} person or thing within the transcripts of one participant.",
    "archive": f"{_REPLACED_NOTE} person or thing within the transcripts of one participant.",
}
"""By the level of the bundle."""


def write(laid: LaidOut, settings: Settings, guide: Sequence[GuideQuestion] = ()) -> bytes:
    """The page, UTF-8; the same transcript gives the same bytes."""
    header, turns = laid.header, laid.turns
    signs, colours = pattern(settings.conventions), page_frame.colour_classes(turn.speaker for turn in turns)
    han = page_frame.han_language(turn.text for turn in turns)
    sections = [_section(turn, guide, header.role) for turn in turns if ASKED_FLAG in turn.flags]
    titles = {section["anchor"]: section["title"] for section in sections}
    start, end = frame_lines(header.role)
    shown = [
        page_frame.ShownTurn(
            turn,
            tuple(pieces(turn.text, signs)),
            anchor=turn.id,
            link=f"#{turn.id}",
            flags=(*turn.flags, DRAFT_FLAG) if header.draft else turn.flags,
            section=titles.get(turn.id, ""),
        )
        for turn in turns
    ]
    return page_frame.page(
        "transcript.html.j2",
        transcript_styles(header.recording, draft=header.draft),
        lines=title_lines(header),
        draft=header.draft,
        start=start,
        end=end,
        turns=[page_frame.turn_element(turn, colours, han) for turn in shown],
        sections=sections,
        missing=_missing(turns, guide, header.role) if sections else (),
        speakers=_shares(turns, colours),
        signs=legend(piece for turn in shown for piece in turn.pieces),
        notes=notes(turns, settings),
    )


def transcript_styles(recording: str, *, draft: bool) -> tuple[str, ...]:
    """The style sheets of a transcript's page."""
    asset = page_frame.asset
    return asset("page.css"), asset("transcript.css"), page_frame.paper(f"Transcript {recording}", draft=draft)


def notes(turns: Iterable[Turn], settings: Settings) -> tuple[str, ...]:
    """What a reader should know of these paragraphs besides their signs."""
    turns = tuple(turns)
    flags = {flag for turn in turns for flag in turn.flags}
    said = [STAMP_NOTE] if turns else []
    said += [SAME_NOTES[settings.level]] if any("[" in turn.text or "<seg>" in turn.text for turn in turns) else []
    said += [LISTENING_NOTE] if "backchannel" in flags else []
    said += [UNSUPPORTED_NOTE] if "unsupported" in flags else []
    return tuple(said)


def section_title(question: str, text: str) -> str:
    """The heading of a question's section: its id, and its text as the guide has it."""
    return f"{question} · {text}" if text else question


def _section(turn: Turn, guide: Sequence[GuideQuestion], role: str) -> dict[str, str]:
    text = page_frame.question_text(guide, turn.question, role)
    return {"anchor": turn.id, "title": section_title(turn.question, text), "stamp": clock(turn.start_ms // 1000)}


def _missing(turns: Sequence[Turn], guide: Sequence[GuideQuestion], role: str) -> list[str]:
    """Questions of the guide for this role that were not asked, or not found, in the order of the guide."""
    asked = {turn.question for turn in turns}
    return [section_title(q.id, q.text) for q in guide if q.role in ("", role) and q.id not in asked]


def _shares(turns: Sequence[Turn], colours: dict[str, str]) -> list[dict[str, str | int]]:
    """Each speaker's part of the time in which somebody speaks, in the order of their first paragraphs, in per cent;
    `from` and `width` are of the bar, in thousandths.
    """
    spoken: Counter[str] = Counter()
    for turn in turns:
        spoken[turn.speaker] += 0 if turn.is_event else turn.end_ms - turn.start_ms
    whole, position = max(spoken.total(), 1), 0
    shares: list[dict[str, str | int]] = []
    for label, time_ms in spoken.items():
        width = 1000 * time_ms // whole
        share = (200 * time_ms + whole) // (2 * whole)
        shares.append({"label": label, "colour": colours[label], "from": position, "width": width, "share": share})
        position += width
    return shares


@dataclass(frozen=True, slots=True)
class PageTurn:
    """An utterance as a page shows it; `link` is where its stamp leads to."""

    id: str
    speaker: str
    start_ms: int
    end_ms: int
    text: str
    flags: tuple[str, ...]
    question: str
    link: str


@dataclass(frozen=True, slots=True)
class Page:
    """What stands in a page: the texts of headings and paragraphs outside its lists, and its utterances."""

    lines: tuple[str, ...]
    turns: tuple[PageTurn, ...]


def parse(data: bytes) -> Page:
    """What stands in a page of ours, as libxml2 reads it.

    Raises `ValidationError` for a paragraph of speech that is not of our form.
    """
    from lxml import etree, html

    try:
        body = html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8", huge_tree=True)).body
        blocks = [block for part in body if part.tag in ("header", "main") for block in part.iter("h1", "p")]
        turns = tuple(_turn(block) for block in blocks if "turn" in block.get("class", "").split())
    except (etree.LxmlError, ValueError, KeyError) as error:
        raise ValidationError("a page has a paragraph that cannot be read back") from error
    return Page(tuple(block.text_content() for block in blocks), turns)


def _turn(block: "HtmlElement") -> PageTurn:
    speaker, text, stamp = block
    return PageTurn(
        block.attrib["id"],
        speaker.text_content().removesuffix(":"),
        int(block.attrib["data-start"]),
        int(block.attrib["data-end"]),
        text.text_content(),
        tuple(block.get("data-flags", "").split()),
        block.get("data-question", ""),
        stamp.attrib["href"],
    )
