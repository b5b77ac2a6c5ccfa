"""The one layout that docx, txt and turns.csv share, so that they hold the same text to the code point.

    Transcript P01-PSW
    Pair P01. Interview 2024-03. Machine verbatim, some fillers may be missing. Version 2.
    Pseudonymised by machine. Review. none
    START OF INTERVIEW
    INT: Thank you for coming. How did the day start? [00:00:04]
    END OF INTERVIEW

A stamp is the end of its utterance, rounded down to the second, and never runs backwards. QDA programs find speakers
by the first colon of a line and time stamps by `[hh:mm:ss]` (QualCoder, MAXQDA, ATLAS.ti), so what was said may hold
neither a `Word:` nor a bracket of its own; `speakable` repunctuates it and counts how often.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from transcribe.errors import ValidationError
from transcribe.records import Event, MarkSpan, RedactedTranscript, RedactedUtterance, Role
from transcribe.redaction.registry import MARK

DRAFT_LINE = "DRAFT, not for coding"
RENDERING_LINE = "Machine verbatim, some fillers may be missing"
PSEUDONYMISED_LINE = "Pseudonymised by machine"

LABEL = re.compile(r"[A-Z][A-Z0-9_-]{0,15}")
"""A speaker label that every QDA program takes for one."""
RECORDING_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
EVENT_WORDS = {
    "inaudible": "inaudible",
    "withheld": "withheld at participant's request",
    "third-party": "third party, not transcribed",
}
"""What stands for a stretch without text, by the event's kind."""
EVENT_MARK = re.compile(rf"\[(?:{'|'.join(EVENT_WORDS.values())}) \d\d:\d\d:\d\d-\d\d:\d\d:\d\d\]")

UNKNOWN_SPEAKER = "SPEAKER-0"
"""Whose voice an event is, is not known: the same label as for a word that no voice claims."""
EVENT_FLAG = "event"
REPUNCTUATED_FLAG = "repunctuated"
DRAFT_FLAG = "draft"

MAX_OVERSHOOT_MS = 500
"""How far an utterance may end behind its recording: container and decoder disagree by some frames."""


@dataclass(frozen=True, slots=True)
class ExportHeader:
    """What a transcript's head tells; `month` is `2024-03` or empty, `duration` in seconds, no name of anybody."""

    recording: str
    pair: str
    role: Role
    month: str
    duration: float
    version: int = 1
    review: str = "none"
    draft: bool = False


@dataclass(frozen=True, slots=True)
class CoderTranscript:
    """One recording as coders get it."""

    header: ExportHeader
    transcript: RedactedTranscript


@dataclass(frozen=True, slots=True)
class Turn:
    """One paragraph: `stamp_s` whole seconds, `marks` half-open spans of redactions in `text` (code points)."""

    id: str
    speaker: str
    start_ms: int
    end_ms: int
    stamp_s: int
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    flags: tuple[str, ...] = ()
    repunctuated: int = 0

    @property
    def is_event(self) -> bool:
        """Whether this is a stretch without text (inaudible, withheld, third-party)."""
        return EVENT_FLAG in self.flags


def clock(seconds: int) -> str:
    """Whole seconds as `hh:mm:ss`."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def title_lines(header: ExportHeader) -> tuple[str, ...]:
    """The lines above the first utterance; no colon in them, else QualCoder makes a speaker of the line's start."""
    occasion = "Observed session" if header.role == "OBS" else "Interview"
    facts = [f"Pair {header.pair}"] if header.pair else []
    facts += [f"{occasion} {header.month}".strip(), RENDERING_LINE, f"Version {header.version}"]
    return (
        f"Transcript {header.recording}",
        *((DRAFT_LINE,) if header.draft else ()),
        ". ".join(facts) + ".",
        f"{PSEUDONYMISED_LINE}. Review. {header.review}",
    )


def frame_lines(role: Role) -> tuple[str, str]:
    """The lines around the utterances."""
    occasion = "SESSION" if role == "OBS" else "INTERVIEW"
    return f"START OF {occasion}", f"END OF {occasion}"


def turn_line(turn: Turn) -> str:
    """One utterance as a paragraph."""
    return f"{turn.speaker}: {turn.text} [{clock(turn.stamp_s)}]"


def document_lines(header: ExportHeader, turns: Iterable[Turn]) -> tuple[str, ...]:
    """All paragraphs of a transcript."""
    start, end = frame_lines(header.role)
    return (*title_lines(header), start, *(turn_line(turn) for turn in turns), end)


def lay_out(transcript: RedactedTranscript, header: ExportHeader) -> tuple[Turn, ...]:
    """The paragraphs of a transcript in order of their start; one whose text is empty is left out.

    Raises `ValidationError` if the two records are of different recordings, if a label or a mark is not of the form
    that QDA programs and our own checks recognise, or if an utterance lies behind the recording's end.
    """
    if transcript.recording != header.recording or not RECORDING_ID.fullmatch(header.recording):
        raise ValidationError("a transcript and its header do not belong together; nothing was exported")
    duration_ms = round(header.duration * 1000)
    items: list[RedactedUtterance | Event] = [*transcript.utterances, *transcript.events]
    turns: list[Turn] = []
    stamp_s = 0
    for item in sorted(items, key=lambda item: (item.start, item.end)):
        start_ms, end_ms = round(item.start * 1000), round(item.end * 1000)
        if not 0 <= start_ms <= end_ms <= duration_ms + MAX_OVERSHOOT_MS:
            raise ValidationError(f"{header.recording}: an utterance does not lie inside the recording")
        start_ms, end_ms = min(start_ms, duration_ms), min(end_ms, duration_ms)
        stamp_s = max(stamp_s, end_ms // 1000)
        if isinstance(item, Event):
            turns.append(_event_turn(item, start_ms, end_ms, stamp_s))
            continue
        if not LABEL.fullmatch(item.speaker):
            raise ValidationError(f"{header.recording}: a speaker label is not like P01-PSW or INT (16 signs at most)")
        text, marks, repunctuated = _utterance_text(item, header.recording)
        if text:
            added = (REPUNCTUATED_FLAG,) if repunctuated else ()
            flags = (*item.flags, *added)
            turns.append(Turn(item.id, item.speaker, start_ms, end_ms, stamp_s, text, marks, flags, repunctuated))
    return tuple(turns)


def _event_turn(event: Event, start_ms: int, end_ms: int, stamp_s: int) -> Turn:
    """A paragraph of its own: an event stands beside the words, in none of them."""
    text = f"[{EVENT_WORDS.get(event.kind, '')} {clock(start_ms // 1000)}-{clock(end_ms // 1000)}]"
    if not EVENT_MARK.fullmatch(text):
        raise ValidationError("an event is of an unknown kind or beyond 99 hours; nothing was exported")
    return Turn(
        f"{event.kind}-{start_ms}", UNKNOWN_SPEAKER, start_ms, end_ms, stamp_s, text, ((0, len(text)),), (EVENT_FLAG,)
    )


def _utterance_text(utterance: RedactedUtterance, recording: str) -> tuple[str, tuple[tuple[int, int], ...], int]:
    """The text with everything but its marks made `speakable`, where the marks stand now, and the changes."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    changes = length = cursor = 0
    for mark in sorted(utterance.marks, key=lambda mark: mark.start):
        _check_mark(utterance.text, mark, cursor, recording)
        piece, changed = speakable(utterance.text[cursor : mark.start])
        pieces += [piece, mark.mark]
        spans.append((length + len(piece), length + len(piece) + len(mark.mark)))
        length, cursor, changes = spans[-1][1], mark.end, changes + changed
    piece, changed = speakable(utterance.text[cursor:])
    text = "".join([*pieces, piece])
    leading = len(text) - len(text.lstrip(" "))
    return text.strip(" "), tuple((a - leading, b - leading) for a, b in spans), changes + changed


def _check_mark(text: str, mark: MarkSpan, cursor: int, recording: str) -> None:
    if mark.start < cursor or text[mark.start : mark.end] != mark.mark or not MARK.fullmatch(mark.mark):
        raise ValidationError(f"{recording}: a redaction mark is not where it should be or not of the form [PERSON_1]")


_BRACKETS = str.maketrans("[]{}", "()()")
_STAMP_SIGNS = re.compile(r"#+(?=\d+:\d)|(?<=\d)#+")
"""Of f4 stamps, `#00:01:02-3#`: read as times by QualCoder, MAXQDA and ATLAS.ti."""
_ARROW = re.compile(r"-{2,}>")
"""Of SRT times, `-->`."""
_NUMBERS_OR_COLON = re.compile(r"(?<!\w)\d+(?::\d+)+|:")
"""`10:30` and `3:1`, whose colons make no speaker, or any other colon."""


def speakable(text: str) -> tuple[str, int]:
    """Speech that no program mistakes for a speaker, stamp, mark or paragraph end, and how many signs were changed.

    Line ends, tabs and other blanks become one space; control characters, which XML forbids, go; both are no words
    and are not counted. Brackets become parentheses, the colon of a `Word:` a comma; the words stay as they are.
    """
    blank = "".join(" " if sign.isspace() else sign for sign in text if sign.isspace() or _is_printable(sign))
    plain, stamps = _STAMP_SIGNS.subn(" ", blank)
    plain, arrows = _ARROW.subn("->", plain)
    brackets = sum(plain.count(sign) for sign in "[]{}")
    colons = plain.count(":")
    plain = _NUMBERS_OR_COLON.sub(lambda match: match[0] if len(match[0]) > 1 else ",", plain.translate(_BRACKETS))
    return re.sub(" +", " ", plain), stamps + arrows + brackets + colons - plain.count(":")


def _is_printable(sign: str) -> bool:
    """False for what XML 1.0 or UTF-8 cannot hold, and for a byte order mark inside a text."""
    return unicodedata.category(sign) not in ("Cc", "Cs") and sign not in "\ufeff\ufffe\uffff"
