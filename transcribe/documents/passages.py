"""A document as passages: pieces of text with what stands around them in their format; and back to the same format.

Only words, speakers, times and tables are carried over. Headers, footers, footnotes, comments, tracked changes, styles,
images and the file's properties are not: names hide there.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from transcribe.documents.plain_text import plain
from transcribe.study.roster import RosterEntry

DocumentFormat = Literal["txt", "docx", "vtt", "srt"]

_LABEL = re.compile(r"\s*(?:\[?[\d:.,]{4,12}\]?\s+)?([^\W\d_][\w .'’/-]{0,38}?)\s*(?:\([^)]{0,20}\))?\s*[:：]\s*(?=\S)")
"""`Name:` at a passage's beginning, perhaps after a time."""
_INTERVIEWERS = frozenset(("i", "int", "interviewer", "q", "researcher", "moderator", "facilitator"))
_PEOPLE = frozenset(("p", "a", "r", "participant", "respondent", "interviewee", "speaker", "client", "patient"))
_RECURS = 2
"""A label that is in no roster and no role counts as a speaker from so many passages on."""
UNKNOWN = "SPEAKER-0"


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, line, cue or cell: `text` to be redacted, `speaker` a speaker label or empty.

    `opening` is structure without words (a cue's times); `cell` is (table, row, column), None outside tables.
    """

    text: str
    speaker: str = ""
    opening: str = ""
    cell: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One document that was given as a file, with speakers as labels and no invisible signs in its text."""

    format: DocumentFormat
    passages: tuple[Passage, ...] = field(default=())


def with_speakers(passages: Sequence[Passage], roster: Sequence[RosterEntry], pair: str) -> tuple[Passage, ...]:
    """The passages with `Name:` at their beginnings taken for speakers, and every name among them made a label.

    A name of the roster becomes its code, `I:` and `Interviewer:` become INT, `PSW:` and `PIR:` the pair's codes; other
    roles, and names that recur, become SPEAKER-1, SPEAKER-2 … A word that stands before a colon once stays text.
    """
    named = [(p.speaker, p.text) if p.speaker else _split(p.text) for p in passages]
    counts = Counter(label.casefold() for label, _ in named if label)
    labels: dict[str, str] = {}
    for (label, _), passage in zip(named, passages, strict=True):
        key = label.casefold()
        if not key or key in labels:
            continue
        code = _code(label, roster, pair)
        if code is None and (passage.speaker or key.split()[0] in _PEOPLE or counts[key] >= _RECURS):
            code = f"SPEAKER-{1 + sum(value.startswith('SPEAKER-') for value in labels.values())}"
        labels[key] = code or ""
    result = []
    for (label, rest), passage in zip(named, passages, strict=True):
        code = labels.get(label.casefold(), "")
        text = rest if code else passage.text
        result.append(Passage(_tidy(text), code, passage.opening, passage.cell))
    return tuple(result)


def _split(text: str) -> tuple[str, str]:
    match = _LABEL.match(text)
    return (match.group(1).strip(), text[match.end() :]) if match else ("", text)


def _code(label: str, roster: Sequence[RosterEntry], pair: str) -> str | None:
    words = label.casefold().split()
    if words[0] in _INTERVIEWERS:
        return "INT"
    if label.upper() in ("PSW", "PIR") and pair:
        return f"{pair}-{label.upper()}"
    for entry in roster:
        names = {name.casefold() for name in (entry.name, *entry.aliases)}
        parts = {part for name in names for part in name.split()}
        if entry.person and (label.casefold() in names or (len(words) == 1 and words[0] in parts)):
            return entry.person
        if entry.person and label.upper() == entry.person:
            return entry.person
    return None


def _tidy(text: str) -> str:
    """NFC without invisible signs; lines stay lines."""
    return "\n".join(plain(line).text for line in text.split("\n"))
