"""The same words get the same type, class and label everywhere: what the detectors say of one mention goes for all."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from transcribe.redaction.decisions import own_surfaces, standings
from transcribe.redaction.marks import Mention
from transcribe.redaction.registry import Registry
from transcribe.redaction.spans import CLASS_OF, GRAMMAR, priority
from transcribe.redaction.spoken_names import TITLES
from transcribe.redaction.surfaces import NAMED_TYPES, key_of
from transcribe.redaction.tokens import Token, squeeze, tokens, word_set

_PLACED = word_set("in at from to near into around via towards through outside")
_SPOKEN = word_set("""
    spoke speak speaking spoken talk talked talking said say listen listened wrote write heard letter call text message
    """)
_NUMBERS = ("ID", "PHONE")
_MANY = 9


def settle(mentions: Sequence[Mention], registry: Registry) -> list[Mention]:
    """`mentions` with one type, class and label for the same words. Names of the roster keep theirs.

    What the registry says goes first, then the best and most frequent say: the language model calls one bakery a person
    here and an organisation there, which would be two marks. A date that is once told as a birth date is one always. A
    surname by which the pair knows somebody means them, not the town of that name, unless a word of place precedes it.
    """
    typed = _with_surnames(mentions, _with_types(mentions, registry), registry)
    births = {_place(m) for m in typed if m.span.class_ == "direct"}
    labels = _labels(m for m in typed if m.span.identity is None)
    return [
        m
        if m.span.identity is not None
        else replace(
            m,
            span=replace(
                m.span,
                class_="direct" if _place(m) in births else m.span.class_,
                label=labels.get(_place(m), m.span.label),
            ),
        )
        for m in typed
    ]


def _with_surnames(given: Sequence[Mention], typed: Sequence[Mention], registry: Registry) -> list[Mention]:
    """`typed` with a bare `Stafford` as a person where `Mr Stafford` was met in the pair, and `in Stafford` as a place.

    `given` are the mentions with the detectors' own types.
    """
    surnames: set[tuple[str, str]] = set()
    for mention in given:
        if mention.span.entity_type == "PERSON" and priority(mention.span.recognizer) <= GRAMMAR:
            surnames |= {(mention.pair, word) for word in _surname(mention.surface)}
    towns = {squeeze(m.surface) for m in given if m.span.entity_type == "PLACE"}
    towns |= {squeeze(s) for e in registry.entities if e.entity_type == "PLACE" for s in e.surfaces}
    result = []
    for mention in typed:
        span, word = mention.span, squeeze(mention.surface)
        either = span.identity is None and span.entity_type in ("PERSON", "PLACE") and word in towns
        if either and (mention.pair, word) in surnames:
            kind = "PLACE" if mention.placed else "PERSON"
            label = span.label if kind == span.entity_type else ""
            span = replace(span, entity_type=kind, class_=CLASS_OF[kind], label=label)
        result.append(replace(mention, span=span))
    return result


def _surname(surface: str) -> list[str]:
    """The last word of a name with a title or of several words, if it is a surname."""
    words = [t.fold for t in tokens(surface)]
    return words[-1:] if len(words) > 1 and words[-1] not in TITLES else []


def is_placed(words: Sequence[Token], text: str, start: int) -> bool:
    """Whether a word of place stands before `start`: `in Stafford`, `lives near Stafford`; not `spoke to Stafford`."""
    before = [word for word in words if word.end <= start][-2:]
    if not before or before[-1].fold not in _PLACED or text[before[-1].end : start].strip():
        return False
    return not (before[-1].fold in ("to", "from") and len(before) > 1 and before[0].fold in _SPOKEN)


def _place(mention: Mention) -> tuple[str, str, str]:
    """What makes two mentions the same words of a type; persons, dates and numbers of two pairs are not compared."""
    kind = mention.span.entity_type
    return ("" if kind in ("PLACE", "ORG") else mention.pair, kind, key_of(mention.surface, kind))


def _with_types(mentions: Sequence[Mention], registry: Registry) -> list[Mention]:
    votes: dict[tuple[bool, str], dict[str, tuple[int, int]]] = {}
    for mention in mentions:
        span = mention.span
        if span.identity is None and (place := _words(mention.surface, span.entity_type)):
            best, count = votes.setdefault(place, {}).get(span.entity_type, (_MANY, 0))
            votes[place][span.entity_type] = (min(best, priority(span.recognizer)), count - 1)
    order = (*NAMED_TYPES, *_NUMBERS)
    settled = {place: min(by_type, key=lambda t: (by_type[t], order.index(t))) for place, by_type in votes.items()}
    known, own = standings(registry), own_surfaces(registry)
    of_pair: dict[tuple[str, tuple[bool, str]], str] = {}
    for entity in reversed(registry.entities):
        if known[entity.id].status != "rejected":
            for surface in own[entity.id]:
                if place := _words(surface, entity.entity_type):
                    for pair in entity.pairs or ("",):
                        of_pair[(pair, place)] = entity.entity_type
                    if entity.entity_type in ("PLACE", "ORG"):
                        settled[place] = entity.entity_type
    result = []
    for mention in mentions:
        place = _words(mention.surface, mention.span.entity_type)
        if mention.span.identity is None and place in settled and place:
            kind = of_pair.get((mention.pair, place)) or of_pair.get(("", place)) or settled[place]
            result.append(replace(mention, span=replace(mention.span, entity_type=kind)))
        else:
            result.append(mention)
    return result


def _words(surface: str, kind: str) -> tuple[bool, str] | None:
    """Under what the types of a surface are compared: its words for names, its digits for numbers."""
    if kind in NAMED_TYPES:
        return (True, squeeze(surface))
    return (False, key_of(surface, kind)) if kind in _NUMBERS else None


def _labels(mentions: Iterable[Mention]) -> dict[tuple[str, str, str], str]:
    votes: dict[tuple[str, str, str], dict[str, tuple[int, int]]] = {}
    for mention in mentions:
        if mention.span.label:
            mine = votes.setdefault(_place(mention), {})
            best, count = mine.get(mention.span.label, (_MANY, 0))
            mine[mention.span.label] = (min(best, priority(mention.span.recognizer)), count - 1)
    return {place: min(said, key=lambda label: (said[label], label)) for place, said in votes.items()}
