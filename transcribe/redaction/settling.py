"""The same words get the same type, class and label everywhere: what the detectors say of one mention goes for all."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from transcribe.redaction.decisions import own_surfaces, standings
from transcribe.redaction.marks import Mention
from transcribe.redaction.registry import Registry
from transcribe.redaction.spans import priority
from transcribe.redaction.surfaces import NAMED_TYPES, key_of
from transcribe.redaction.tokens import squeeze

_NUMBERS = ("ID", "PHONE")
_MANY = 9


def settle(mentions: Sequence[Mention], registry: Registry) -> list[Mention]:
    """`mentions` with one type, class and label for the same words. Names of the roster keep theirs.

    What the registry says goes first, then the best and most frequent say: the language model calls one bakery a person
    here and an organisation there, which would be two marks. A date that is once told as a birth date is one always.
    """
    typed = _with_types(mentions, registry)
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
    for entity in reversed(registry.entities):
        if known[entity.id].status != "rejected":
            for surface in own[entity.id]:
                if place := _words(surface, entity.entity_type):
                    settled[place] = entity.entity_type
    return [
        replace(m, span=replace(m.span, entity_type=settled[place]))
        if m.span.identity is None and (place := _words(m.surface, m.span.entity_type)) in settled and place
        else m
        for m in mentions
    ]


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
