"""What stands in a transcript for an utterance: its words, with the signs of the study's conventions.

Two renderings of one word list: `verbatim`, and `clean` (`clean_text`), which has fewer words and no signs of pauses
and overlaps. The speech is made fit to stand in a transcript first (`speakable.spoken`), as a whole; only then are
words left out and signs put in, so that no choice of signs changes a word.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcribe.conventions import OVERLAP_SIGN, Conventions, Rendering, mark_in
from transcribe.errors import ValidationError
from transcribe.exports import clean_text
from transcribe.exports.speakable import Spoken, spoken
from transcribe.overlap import OVERLAP
from transcribe.records import MarkSpan, RedactedUtterance, RedactedWord
from transcribe.redaction.registry import MARK

BACK_CHANNEL = "backchannel"
"""The flag of an utterance that only shows that one listens: such sounds are always hard to hear, and never marked."""

_LONGEST_MS = 999_900
_MOST_DOTS = 9
_FIRST_CJK = "⺀"
_PUNCTUATION = ".,!?;:…\"'“”‘’«»，。、！？；：「」『』"
"""What is left outside a sign for an uncertain word; the hyphen of a cut-off belongs to its word."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of an utterance; `marks` are half-open spans of redactions in it (code points), `repunctuated` counts
    the signs that `speakable.spoken` changed.
    """

    text: str
    marks: tuple[tuple[int, int], ...] = ()
    repunctuated: int = 0


@dataclass(frozen=True, slots=True, order=True)
class _Sign:
    """A sign to be put in before a code point; of several at one place the lower `order` stands first."""

    position: int
    order: int
    text: str


_UNCERTAIN_ENDS, _OVERLAP_ENDS, _PAUSE, _OVERLAP_BEGINS, _UNCERTAIN_BEGINS = range(5)


@dataclass(frozen=True, slots=True)
class _Line:
    """A text while signs are put in: where each of its code points comes from in the utterance's, where its marks are,
    and where each word of the utterance stands (empty where it was left out).
    """

    text: str
    origins: Sequence[int]
    marks: tuple[Span, ...]
    words: tuple[Span, ...]


def render(
    utterance: RedactedUtterance, rendering: Rendering, conventions: Conventions, recording: str = ""
) -> Rendered:
    """The utterance as coders read it. Raises `ValidationError` for a mark that is not where it should be."""
    marks = sorted(utterance.marks, key=lambda mark: mark.start)
    _check_marks(utterance.text, marks, recording)
    said = _spoken_whole(utterance.text, marks)
    if rendering == "clean" and BACK_CHANNEL not in utterance.flags:
        said = _without_fillers(said, marks, utterance.language)
    line = _line(utterance, said, marks)
    signs: list[_Sign] = []
    if rendering == "verbatim":
        signs += _pauses(utterance.words, line, conventions)
        signs += _overlaps(utterance.words, line, conventions)
    if conventions.uncertain != "none" and BACK_CHANNEL not in utterance.flags:
        signs += _uncertain(utterance.words, line, sorted(sign.position for sign in signs), conventions)
    return _written(line, sorted(signs), marks, conventions, said.changes)


def _check_marks(text: str, marks: Sequence[MarkSpan], recording: str) -> None:
    cursor = 0
    for mark in marks:
        if mark.start < cursor or text[mark.start : mark.end] != mark.mark or not MARK.fullmatch(mark.mark):
            raise ValidationError(
                f"{recording}: a redaction mark is not where it should be or not of the form [PERSON_1]"
            )
        cursor = mark.end


def _spoken_whole(text: str, marks: Sequence[MarkSpan]) -> Spoken:
    """The utterance's speech made speakable between its marks, the marks as they are."""
    if not marks:
        return spoken(text)
    pieces: list[str] = []
    origins: list[int] = []
    changes = cursor = 0
    is_same = True
    for start, end in [*((mark.start, mark.end) for mark in marks), (len(text), len(text))]:
        speech = spoken(text[cursor:start])
        pieces += [speech.text, text[start:end]]
        is_same = is_same and isinstance(speech.origins, range)
        origins += [cursor + origin for origin in speech.origins]
        origins += range(start, end)
        changes += speech.changes
        cursor = end
    return Spoken("".join(pieces), range(len(text)) if is_same else origins, changes)


def _without_fillers(said: Spoken, marks: Sequence[MarkSpan], language: str) -> Spoken:
    spans = [_place(said.origins, mark.start, mark.end) for mark in marks]
    kept = clean_text.kept(said.text, spans, language)
    if isinstance(kept.places, range):
        return said
    return Spoken(kept.text, [said.origins[place] for place in kept.places], said.changes)


def _place(origins: Sequence[int], start: int, end: int) -> Span:
    """Where a span of the utterance's text stands in a text that came from it; a range means that nothing moved."""
    if isinstance(origins, range):
        return start, end
    return bisect_left(origins, start), bisect_left(origins, end)


def _line(utterance: RedactedUtterance, said: Spoken, marks: Sequence[MarkSpan]) -> _Line:
    words = []
    for word in utterance.words:
        start, end = _place(said.origins, *word.offset)
        words.append(_stripped(said.text, start, end, " "))
    places = tuple(_place(said.origins, mark.start, mark.end) for mark in marks)
    return _Line(said.text, said.origins, places, tuple(words))


def _stripped(text: str, start: int, end: int, signs: str) -> Span:
    while start < end and text[start] in signs:
        start += 1
    while start < end and text[end - 1] in signs:
        end -= 1
    return start, end


def _pauses(words: Sequence[RedactedWord], line: _Line, conventions: Conventions) -> Iterator[_Sign]:
    """A sign behind each word, its punctuation too, after which nothing is said for long enough."""
    if conventions.pause == "none":
        return
    least = min(conventions.pause_from, conventions.short_pause_from or conventions.pause_from) - 0.001
    reached = 0.0
    last: Span | None = None
    for word, span in zip(words, line.words, strict=True):
        if span[0] == span[1]:
            continue
        if last is not None and word.start - reached > least and _are_apart(line.text, last[1], span[0]):
            sign = _pause_sign(round((word.start - reached) * 1000), conventions)
            if sign:
                yield _Sign(last[1], _PAUSE, f" {sign}")
        last, reached = span, max(reached, word.end)


def _are_apart(text: str, end: int, start: int) -> bool:
    """Whether words are two for a reader: `mm` and `-hmm` are not."""
    return end < start or text[start] >= _FIRST_CJK


def _pause_sign(milliseconds: int, conventions: Conventions) -> str:
    shown = min(milliseconds, _LONGEST_MS)
    if milliseconds >= round(conventions.pause_from * 1000):
        if conventions.pause == "seconds":
            return f"({shown // 1000}.{shown % 1000 // 100})"
        return f"({'.' * min(max(shown // 1000, 1), _MOST_DOTS)})" if conventions.pause == "dots" else "(...)"
    short = conventions.short_pause_from
    return "(.)" if short and milliseconds >= round(short * 1000) else ""


def _overlaps(words: Sequence[RedactedWord], line: _Line, conventions: Conventions) -> Iterator[_Sign]:
    """Signs around the runs of words that were said while another spoke."""
    if conventions.overlap == "none":
        return
    runs: list[Span] = []
    for word, (start, end) in zip(words, line.words, strict=True):
        if OVERLAP not in word.flags or start == end:
            continue
        if runs and not line.text[runs[-1][1] : start].strip():
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    for start, end in runs:
        if _is_said(line.text, (start, end)):
            opening, closing = _overlap_signs(line.text[start], conventions)
            yield _Sign(start, _OVERLAP_BEGINS, opening)
            yield _Sign(end, _OVERLAP_ENDS, closing)


def _is_said(text: str, span: Span) -> bool:
    """Whether there is a letter or digit in a stretch: a dash alone was not said."""
    return any(sign.isalnum() for sign in text[span[0] : span[1]])


def _overlap_signs(first: str, conventions: Conventions) -> tuple[str, str]:
    """The signs around words that begin with `first`."""
    if conventions.overlap == "slashes":
        return OVERLAP_SIGN, OVERLAP_SIGN
    # `[I saw her]` would look like a mark and `[10:30]` like a time stamp, to programs and to our own checks.
    return ("[ " if first in _MARK_OR_STAMP_BEGINS else "["), "]"


_MARK_OR_STAMP_BEGINS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def _uncertain(
    words: Sequence[RedactedWord], line: _Line, edges: Sequence[int], conventions: Conventions
) -> Iterator[_Sign]:
    """Signs around runs of words that the recogniser was unsure of; a mark is none, for nobody is told what it was.

    No other sign, of those at `edges`, stands inside a run.
    """
    opening, closing = ("[?", "?]") if conventions.uncertain == "brackets" else ("(", "?)")
    runs: list[Span] = []
    for word, span in zip(words, line.words, strict=True):
        if word.probability >= conventions.uncertain_below:
            continue
        start, end = _stripped(line.text, *span, _PUNCTUATION)
        if _holds_mark(line, span) or not _is_said(line.text, (start, end)):
            continue
        if any(sign in "()" for sign in line.text[start:end]):
            continue  # `(laughs)` is no word
        if runs and _are_joined(line.text, runs[-1][1], start, edges):
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((start, end))
    for start, end in runs:
        yield _Sign(start, _UNCERTAIN_BEGINS, opening)
        yield _Sign(end, _UNCERTAIN_ENDS, closing)


def _are_joined(text: str, end: int, start: int, edges: Sequence[int]) -> bool:
    """Whether two unsure words have nothing between them but spaces and punctuation, nor another sign."""
    edge = bisect_left(edges, end)
    return not text[end:start].strip(" " + _PUNCTUATION) and not (edge < len(edges) and edges[edge] <= start)


def _holds_mark(line: _Line, span: Span) -> bool:
    after = bisect_left(line.marks, (span[1], span[1]))
    return after > 0 and line.marks[after - 1][1] > span[0]


def _written(
    line: _Line, signs: Sequence[_Sign], marks: Sequence[MarkSpan], conventions: Conventions, changes: int
) -> Rendered:
    """The text with its signs, and marks as the conventions write them."""
    edits: list[tuple[int, int, int, str]] = [(sign.position, sign.order, sign.position, sign.text) for sign in signs]
    edits += [
        (start, _UNCERTAIN_BEGINS + 1, end, mark_in(conventions, mark.mark))
        for (start, end), mark in zip(line.marks, marks, strict=True)
    ]
    pieces: list[str] = []
    spans: list[Span] = []
    length = cursor = 0
    for start, order, end, written in sorted(edits):
        pieces += [line.text[cursor:start], written]
        length += start - cursor + len(written)
        if order > _UNCERTAIN_BEGINS:
            spans.append((length - len(written), length))
        cursor = end
    text = "".join([*pieces, line.text[cursor:]])
    leading = len(text) - len(text.lstrip(" "))
    return Rendered(text.strip(" "), tuple((a - leading, b - leading) for a, b in spans), changes)
