"""Redacted text as a detector should read it: every mark is one neutral word, and offsets lead back.

The word is not found by any recogniser and does not make its neighbours a name or a number: of `it`, `this`, `them`,
`…`, `someone` and `Someone`, only `someone` gave no new find in PriMock57, as written and in lower case.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from transcribe.redaction.chinese_words import is_han
from transcribe.redaction.lexicon import FUNCTION_WORDS
from transcribe.redaction.tokens import tokens

PLACEHOLDER = "someone"
_REACH = 45
"""Code points that a snippet shows on each side."""
_AS_EXPORTED = str.maketrans("[]{}\t\r\n", "()()   ")
_COLON = re.compile(r"(?<!\d):|:(?!\d)")

Span = tuple[int, int]
"""`(start, end)` in code points, half-open."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A text whose masked spans are placeholders.

    `pieces` are what is left of the source, in order: (start in `text`, start in the source, length).
    """

    text: str
    pieces: tuple[tuple[int, int, int], ...]

    def outside(self, start: int, end: int) -> list[Span]:
        """What of `[start, end)` of `text` lies outside the masks, as spans of the source."""
        result = []
        for here, there, length in self.pieces:
            begin, stop = max(start, here), min(end, here + length)
            if begin < stop:
                result.append((there + begin - here, there + stop - here))
        return result

    def touches_mask(self, start: int, end: int) -> bool:
        """Whether a stretch of `text` holds any part of a placeholder."""
        return sum(b - a for a, b in self.outside(start, end)) < end - start


def mask(text: str, spans: Sequence[Span]) -> Masked:
    """`text` with each of `spans` replaced by the placeholder; spans may overlap or touch, in any order.

    Signs that exporters replace (brackets, the colon of `Name:`) are replaced here too, so that the text of a
    transcript and that of the files made from it are read alike.
    """
    parts: list[str] = []
    pieces: list[tuple[int, int, int]] = []
    length = position = 0
    for start, end in _united(spans):
        pieces.append((length, position, start - position))
        parts += [_as_exported(text[position:start]), PLACEHOLDER]
        length += start - position + len(PLACEHOLDER)
        position = end
    pieces.append((length, position, len(text) - position))
    parts.append(_as_exported(text[position:]))
    return Masked("".join(parts), tuple(pieces))


def _as_exported(text: str) -> str:
    """The same number of code points, with the signs that `exports.speakable.spoken` puts in their place."""
    return _COLON.sub(",", text.translate(_AS_EXPORTED))


def _united(spans: Sequence[Span]) -> list[Span]:
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start < result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def says_something(text: str) -> bool:
    """Whether a piece beside a mask could name anything: no function words alone, no single Chinese character."""
    words = [word for word in tokens(text) if word.fold not in FUNCTION_WORDS]
    return any(len(word.fold) > 1 or not is_han(word.fold) for word in words)


def snippet(text: str, start: int, end: int) -> str:
    """A stretch of a text between `»` and `«`, with what stands around it. Private wherever the text is."""
    return f"{text[max(0, start - _REACH) : start]}»{text[start:end]}«{text[end : end + _REACH]}"
