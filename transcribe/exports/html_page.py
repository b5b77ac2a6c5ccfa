"""`transcripts/html/<id>.html`: a transcript to read in a browser, in one file that loads nothing.

The text of its headings and paragraphs, up to the end of the transcript, is that of the txt, line by line; what is
added to read by (colours, headings of sections, notes) is style and attributes, and lists stand after the end. So the
same text is left when a program takes the markup off (Taguette does).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

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
from transcribe.exports.page_signs import legend, pattern
from transcribe.exports.words import count_words
from transcribe.study.guide import GuideQuestion

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
    elements = [
        page_frame.turn_element(
            turn,
            signs,
            colours,
            han,
            anchor=turn.id,
            link=f"#{turn.id}",
            stamp=clock(turn.stamp_s),
            section=titles.get(turn.id, ""),
            flags=(*turn.flags, DRAFT_FLAG) if header.draft else turn.flags,
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
        turns=elements,
        sections=sections,
        missing=_missing(turns, guide, header.role) if sections else (),
        speakers=_shares(turns, colours),
        signs=legend((turn.text for turn in turns), settings),
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
    """How much each speaker says, in the order of their first paragraphs; `from` and `width` in thousandths."""
    words: Counter[str] = Counter()
    for turn in turns:
        words[turn.speaker] += 0 if turn.is_event else count_words(turn.text)
    whole, position = max(words.total(), 1), 0
    shares: list[dict[str, str | int]] = []
    for label, count in words.items():
        width = 1000 * count // whole
        share = (200 * count + whole) // (2 * whole)
        shares.append({"label": label, "colour": colours[label], "from": position, "width": width, "share": share})
        position += width
    return shares


@dataclass(frozen=True, slots=True)
class PageTurn:
    """An utterance as a page shows it; `line` is all of its paragraph's text, label and stamp among it."""

    id: str
    speaker: str
    start_ms: int
    end_ms: int
    text: str
    flags: tuple[str, ...]
    question: str
    line: str
    link: str


@dataclass(frozen=True, slots=True)
class Page:
    """What stands in a page: the texts of headings and paragraphs outside its lists, and its utterances."""

    lines: tuple[str, ...]
    turns: tuple[PageTurn, ...]


def parse(data: bytes) -> Page:
    """What stands in a page of ours. Raises `ValidationError` for a paragraph of speech that is not of our form."""
    reader = _Reader()
    try:
        reader.feed(data.decode())
        reader.close()
        turns = tuple(map(_turn, reader.turns))
    except (ValueError, KeyError) as error:
        raise ValidationError("a page has a paragraph that cannot be read back") from error
    return Page(tuple(reader.lines), turns)


_BLOCKS = ("h1", "p")


class _Reader(HTMLParser):
    """Collects the blocks of header and main, and the parts of those that are utterances."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.turns: list[dict[str, str]] = []
        self._is_aside = False
        self._block: list[str] | None = None
        self._turn: dict[str, str] | None = None
        self._path: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self._is_aside |= tag == "aside"
        if tag in _BLOCKS and not self._is_aside:
            self._block = []
            if "turn" in told.get("class", "").split():
                self._turn = {**told, "b": "", "span": "", "a": ""}
                self.turns.append(self._turn)
        elif self._block is not None:
            self._path.append(tag)
            if self._turn is not None and tag == "a":
                self._turn["href"] = told.get("href", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS and self._block is not None:
            self.lines.append("".join(self._block))
            if self._turn is not None:
                self._turn["line"] = self.lines[-1]
            self._block, self._turn, self._path = None, None, []
        elif self._path:
            self._path.pop()

    def handle_data(self, data: str) -> None:
        if self._block is not None:
            self._block.append(data)
            if self._turn is not None and self._path:
                self._turn[self._path[0]] += data


def _turn(told: dict[str, str]) -> PageTurn:
    return PageTurn(
        told["id"],
        told["b"].removesuffix(":"),
        int(told["data-start"]),
        int(told["data-end"]),
        told["span"],
        tuple(told.get("data-flags", "").split()),
        told.get("data-question", ""),
        told["line"],
        told["href"],
    )
