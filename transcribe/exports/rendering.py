"""What stands in a transcript for an utterance: its words, with the signs of the study's conventions.

Two renderings of one word list: `verbatim` and `clean`. QDA programs find speakers by the first colon of a line and
time stamps by `[hh:mm:ss]` (QualCoder, MAXQDA, ATLAS.ti), so what was said may hold neither a `Word:` nor a bracket of
its own; `speakable` repunctuates it and counts how often.
"""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from transcribe.conventions import OVERLAP_SIGN, Conventions, Rendering, mark_in
from transcribe.errors import ValidationError
from transcribe.overlap import OVERLAP
from transcribe.records import MarkSpan, RedactedUtterance
from transcribe.redaction.registry import MARK


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of an utterance; `marks` are half-open spans of redactions in it (code points), `repunctuated` counts
    the signs that `speakable` changed.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()
    repunctuated: int = 0


def render(
    utterance: RedactedUtterance, rendering: Rendering, conventions: Conventions, recording: str = ""
) -> Rendered:
    """The utterance as coders read it. Raises `ValidationError` for a mark that is not where it should be."""
    signs = sorted(_overlap_signs(utterance)) if rendering == "verbatim" else []
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    changes = length = cursor = 0
    for mark in sorted(utterance.marks, key=lambda mark: mark.start):
        _check_mark(utterance.text, mark, cursor, recording)
        piece, changed = _speech(utterance.text, cursor, mark.start, signs)
        written = mark_in(conventions, mark.mark)
        pieces += [piece, written]
        spans.append((length + len(piece), length + len(piece) + len(written)))
        length, cursor, changes = spans[-1][1], mark.end, changes + changed
    piece, changed = _speech(utterance.text, cursor, len(utterance.text), signs)
    text = "".join([*pieces, piece])
    leading = len(text) - len(text.lstrip(" "))
    return Rendered(text.strip(" "), tuple((a - leading, b - leading) for a, b in spans), changes + changed)


def _speech(text: str, start: int, end: int, signs: list[int]) -> tuple[str, int]:
    cuts = [start, *(sign for sign in signs if start <= sign <= end), end]
    pieces = [speakable(text[a:b]) for a, b in pairwise(cuts)]
    return OVERLAP_SIGN.join(piece for piece, _ in pieces), sum(changed for _, changed in pieces)


def _overlap_signs(utterance: RedactedUtterance) -> list[int]:
    runs: list[tuple[int, int]] = []
    for word in utterance.words:
        if OVERLAP not in word.flags:
            continue
        if runs and not utterance.text[runs[-1][1] : word.offset[0]].strip():
            runs[-1] = (runs[-1][0], word.offset[1])
        else:
            runs.append(word.offset)
    return [edge for run in runs for edge in run]


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
