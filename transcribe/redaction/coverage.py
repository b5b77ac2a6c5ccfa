"""From overlapping spans to the spans that are replaced: the union of all, each piece with its best explanation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transcribe.records import EntityClass
from transcribe.redaction.lexicon import FUNCTION_WORDS
from transcribe.redaction.spans import GRAMMAR, priority
from transcribe.redaction.tokens import tokens, trim

_WHOLE = frozenset(("EMAIL", "URL", "PHONE", "ID", "ADDRESS"))
"""Types that name nothing in parts."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of an utterance; `identity` is the index of the roster identity that it names, if any.

    `label` and `together` are those of `engines.PiiCandidate`.
    """

    start: int
    end: int
    entity_type: str
    class_: EntityClass
    recognizer: str
    score: float
    identity: int | None = None
    label: str = ""
    together: str = ""


def cover(text: str, spans: Sequence[Span]) -> list[Span]:
    """Disjoint spans, sorted, that cover everything `spans` cover except spaces, punctuation and function words.

    The best span of an overlap (priority, then length) gives type and identity. What another one covers beyond it is
    joined to it when only a space or hyphen lies between, and is a span of its own otherwise: `Marcus and Janet`,
    taken for one name by the language model, stays two people with `and` between them.
    """
    winners: list[Span] = []
    for span in sorted(_outermost(set(spans)), key=_rank):
        start, end = trim(text, span.start, span.end)
        if start >= end:
            continue
        if span.entity_type == "ORG" and priority(span.recognizer) <= GRAMMAR and span.end - end == 2:
            end = span.end  # the grammar took "'s" for part of the name: "St Paul's"
        _lend(winners, span, start, end)
        for piece_start, piece_end in _outside(start, end, winners):
            if (piece_start, piece_end) == (start, end):
                winners.append(replace(span, start=start, end=end))
                continue
            words = [t for t in tokens(text[piece_start:piece_end]) if t.fold not in FUNCTION_WORDS]
            if words:
                begin, stop = piece_start + words[0].start, piece_start + words[-1].end
                _add(text, winners, replace(span, start=begin, end=stop))
    return sorted(winners, key=lambda s: s.start)


def _lend(winners: list[Span], span: Span, start: int, end: int) -> None:
    """What a lesser span of the same type knows of its winner: a refined label, and that it is a piece of a whole."""
    for index, winner in enumerate(winners):
        if winner.entity_type == span.entity_type and winner.start < end and start < winner.end:
            inside = winner.start <= start and end <= winner.end
            together = winner.together or (span.together if winner.identity is None else "")
            winners[index] = replace(winner, label=winner.label or (span.label if inside else ""), together=together)


def _outermost(spans: set[Span]) -> list[Span]:
    """All spans but those inside an e-mail address, number or postal address: a name there is part of the address."""
    outer = [s for s in spans if s.entity_type in _WHOLE and priority(s.recognizer) <= GRAMMAR]
    return [
        s
        for s in spans
        if not any(o.start <= s.start and s.end <= o.end and o.end - o.start > s.end - s.start for o in outer)
    ]


def _rank(span: Span) -> tuple[int, int, int, int, tuple[str, str, float, bool, str, bool, str]]:
    """Best first, and the same order on every machine: a set of spans has none."""
    level = priority(span.recognizer)
    unknown = 1 if span.identity is None else 0
    said = (
        span.entity_type,
        span.recognizer,
        -span.score,
        not span.label,
        span.label,
        not span.together,
        span.together,
    )
    return level, span.start - span.end, unknown, span.start, said


def _outside(start: int, end: int, winners: Sequence[Span]) -> list[tuple[int, int]]:
    """What of `[start, end)` no winner covers."""
    free = [(start, end)]
    for winner in winners:
        free = [
            piece
            for a, b in free
            for piece in ((a, min(b, winner.start)), (max(a, winner.end), b))
            if piece[0] < piece[1]
        ]
    return free


def _add(text: str, winners: list[Span], piece: Span) -> None:
    """Adds a piece, or joins it to a winner that it directly adjoins and that it overlapped."""
    for index, winner in enumerate(winners):
        between = text[winner.end : piece.start] if winner.end <= piece.start else text[piece.end : winner.start]
        adjoins = between.strip(" -") == "" and piece.entity_type == winner.entity_type
        touching = min(abs(piece.start - winner.end), abs(winner.start - piece.end)) <= 1
        if adjoins and touching and priority(piece.recognizer) > priority(winner.recognizer):
            start, end = min(winner.start, piece.start), max(winner.end, piece.end)
            inside = [w for w in winners if w is not winner and w.start < end and start < w.end]
            if not inside:
                winners[index] = replace(winner, start=start, end=end)
                return
    winners.append(piece)
