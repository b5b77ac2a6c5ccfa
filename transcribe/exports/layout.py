"""The one layout that all files of a transcript share, so that they hold the same text to the code point.

    Transcript P01-PSW
    Pair P01. Interview 2024-03. Machine verbatim, some fillers may be missing. Version 2.
    Pseudonymised by machine. Review. none
    START OF INTERVIEW
    INT: Thank you for coming. How did the day start? [00:00:04]
    END OF INTERVIEW

A stamp is the end of its utterance, rounded down to the second, and never runs backwards. QDA programs find speakers
by the first colon of a line and time stamps by `[hh:mm:ss]` (QualCoder, MAXQDA, ATLAS.ti), so what was said may hold
neither a `Word:` nor a bracket of its own (`speakable.spoken`).
"""

import re
from dataclasses import dataclass

from transcribe.conventions import Conventions, Rendering
from transcribe.errors import ValidationError
from transcribe.exports.paragraphs import parted
from transcribe.exports.rendering import render
from transcribe.records import Event, RedactedTranscript, RedactedUtterance, Role

DRAFT_LINE = "DRAFT, not for coding"
RENDERING_LINES: dict[Rendering, str] = {
    "verbatim": "Machine verbatim, some fillers may be missing",
    "clean": "Machine clean verbatim, fillers and stutters left out",
}
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
UNVERIFIED = "(unv.)"
"""The other sign for what is inaudible (Dresing and Pehl): without times."""

UNKNOWN_SPEAKER = "SPEAKER-0"
"""Whose voice an event is, is not known: the same label as for a word that no voice claims."""
EVENT_FLAG = "event"
REPUNCTUATED_FLAG = "repunctuated"
ASKED_FLAG = "asked"
"""The interviewer asks a question of the guide: its section begins."""
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
    rendering: Rendering = "verbatim"
    session: int = 1


@dataclass(frozen=True, slots=True)
class CoderTranscript:
    """One recording as coders get it."""

    header: ExportHeader
    transcript: RedactedTranscript


@dataclass(frozen=True, slots=True)
class Turn:
    """One paragraph: `stamp_s` whole seconds, `marks` half-open spans of redactions in `text` (code points).

    `id` is its utterance's, with `-2`, `-3` … for the further paragraphs of a long one. `question` is the id of the
    interview guide's question in whose section it stands, empty for none; the interviewer's own has the flag `asked`.
    """

    id: str
    speaker: str
    start_ms: int
    end_ms: int
    stamp_s: int
    text: str
    marks: tuple[tuple[int, int], ...] = ()
    flags: tuple[str, ...] = ()
    repunctuated: int = 0
    question: str = ""

    @property
    def is_event(self) -> bool:
        """Whether this is a stretch without text (inaudible, withheld, third-party)."""
        return EVENT_FLAG in self.flags


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A transcript's head and paragraphs: what every file of it is written from."""

    header: ExportHeader
    turns: tuple[Turn, ...]


def clock(seconds: int) -> str:
    """Whole seconds as `hh:mm:ss`."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def title_lines(header: ExportHeader) -> tuple[str, ...]:
    """The lines above the first utterance; no colon in them, else QualCoder makes a speaker of the line's start."""
    occasion = "Observed session" if header.role == "OBS" else "Interview"
    facts = [f"Pair {header.pair}"] if header.pair else []
    facts += [f"{occasion} {header.month}".strip(), RENDERING_LINES[header.rendering], f"Version {header.version}"]
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


def document_lines(laid: LaidOut) -> tuple[str, ...]:
    """All paragraphs of a transcript."""
    start, end = frame_lines(laid.header.role)
    return (*title_lines(laid.header), start, *(turn_line(turn) for turn in laid.turns), end)


def lay_out(item: CoderTranscript, conventions: Conventions) -> LaidOut:
    """The paragraphs of a transcript in order of their start; one whose text is empty is left out.

    Raises `ValidationError` if the two records are of different recordings, if a label or a mark is not of the form
    that QDA programs and our own checks recognise, or if an utterance lies behind the recording's end.
    """
    transcript, header = item.transcript, item.header
    if transcript.recording != header.recording or not RECORDING_ID.fullmatch(header.recording):
        raise ValidationError("a transcript and its header do not belong together; nothing was exported")
    duration_ms = round(header.duration * 1000)
    utterances = [part for utterance in transcript.utterances for part in parted(utterance, conventions)]
    items: list[RedactedUtterance | Event] = [*utterances, *transcript.events]
    turns: list[Turn] = []
    stamp_s = 0
    for found in sorted(items, key=lambda found: (found.start, found.end)):
        start_ms, end_ms = round(found.start * 1000), round(found.end * 1000)
        if not 0 <= start_ms <= end_ms <= duration_ms + MAX_OVERSHOOT_MS:
            raise ValidationError(f"{header.recording}: an utterance does not lie inside the recording")
        start_ms, end_ms = min(start_ms, duration_ms), min(end_ms, duration_ms)
        if isinstance(found, Event):
            stamp_s = max(stamp_s, end_ms // 1000)
            turns.append(_event_turn(found, start_ms, end_ms, stamp_s, conventions))
            continue
        if not LABEL.fullmatch(found.speaker):
            raise ValidationError(f"{header.recording}: a speaker label is not like P01-PSW or INT (16 signs at most)")
        rendered = render(found, header.rendering, conventions, header.recording)
        if rendered.text:
            stamp_s = max(stamp_s, end_ms // 1000)
            added = (REPUNCTUATED_FLAG,) if rendered.repunctuated else ()
            turns.append(
                Turn(
                    found.id,
                    found.speaker,
                    start_ms,
                    end_ms,
                    stamp_s,
                    rendered.text,
                    rendered.marks,
                    (*found.flags, *added),
                    rendered.repunctuated,
                )
            )
    return LaidOut(header, tuple(turns))


def _event_turn(event: Event, start_ms: int, end_ms: int, stamp_s: int, conventions: Conventions) -> Turn:
    """A paragraph of its own: an event stands beside the words, in none of them."""
    text = f"[{EVENT_WORDS.get(event.kind, '')} {clock(start_ms // 1000)}-{clock(end_ms // 1000)}]"
    if not EVENT_MARK.fullmatch(text):
        raise ValidationError("an event is of an unknown kind or beyond 99 hours; nothing was exported")
    if event.kind == "inaudible" and conventions.inaudible == "unv":
        text = UNVERIFIED
    return Turn(
        f"{event.kind}-{start_ms}", UNKNOWN_SPEAKER, start_ms, end_ms, stamp_s, text, ((0, len(text)),), (EVENT_FLAG,)
    )
