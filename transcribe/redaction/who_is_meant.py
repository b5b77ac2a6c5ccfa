"""Whether what sounds like a name of the roster is that person, told by where it stands.

Decided on the final spans: whether a word is replaced never depends on whom it means. A variant is compared with the
roster's names alone, so that no variant brings in the next; in doubt it is somebody else, whom `decide` can merge
(docs/decisions/0011).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from transcribe.redaction.coverage import Span
from transcribe.redaction.lexicon import is_common
from transcribe.redaction.misheard import is_heard_alone, is_heard_in_full
from transcribe.redaction.relations import RELATIONS, introduced_as
from transcribe.redaction.roster_match import Identity
from transcribe.redaction.self_naming import SELF_NAMED
from transcribe.redaction.sounds import one_spelling
from transcribe.redaction.spoken_names import PROFESSIONS, TITLES
from transcribe.redaction.sweeping import Scene
from transcribe.redaction.tokens import Token, squeeze, tokens

VARIANT = "roster/variant"
UNLIKE = "roster/unlike"
"""A name that sounds like a listed one and is taken for somebody else: never certain."""
_BESIDE = re.compile(
    r"[\s,]*(?:\b(?:and|or|nor|with|plus|then)\b)?[\s,]*"
    r"(?:\b(?:my|his|her|our|their|your|the|a)(?: [\w-]+){1,3})?[\s,]*",
    re.IGNORECASE,
)
"""Between two names that are said side by side, as two people: `and`, a comma, `and my friend`."""


@dataclass(slots=True)
class _Heard:
    """`last` is who was last called by a word in a recording, None for somebody unlisted; `own` see `_own_names`."""

    last: dict[tuple[str, str], int | None] = field(default_factory=dict)
    own: dict[tuple[str, str], int] = field(default_factory=dict)


def resolved(
    scenes: Sequence[Scene],
    covered: Sequence[Sequence[Span]],
    people: Sequence[Identity],
    accepted: Mapping[int, Collection[str]],
) -> list[list[Span]]:
    """The spans of every scene with the listed person that each surely means; the same stretches as before.

    `accepted` are the squeezed variants of each listed person that somebody has looked at.
    """
    heard = _Heard(own=_own_names(scenes, covered, people))
    result = []
    for scene, spans in zip(scenes, covered, strict=True):
        runs = _runs(scene.text, spans)
        done = []
        for span in spans:
            own = squeeze(scene.text[span.start : span.end])  # `Markus, Markus!` is one
            beside = [o for run in runs if span in run for o in run if squeeze(scene.text[o.start : o.end]) != own]
            done.append(_resolved(scene, span, beside, people, accepted, heard))
        result.append(done)
    return result


def _own_names(
    scenes: Sequence[Scene], covered: Sequence[Sequence[Span]], people: Sequence[Identity]
) -> dict[tuple[str, str], int]:
    """What listed persons call themselves, and other spellings of their names, by pair and squeezed surface."""
    found: dict[tuple[str, str], set[int]] = {}
    for scene, spans in zip(scenes, covered, strict=True):
        for span in spans:
            surface, k = scene.text[span.start : span.end], span.identity
            if k is None or span.recognizer != VARIANT or span.entity_type != "PERSON":
                continue
            words = _words(surface)
            if span.score == SELF_NAMED or (len(words) == 1 and is_heard_alone(words[0], people[k].names)):
                found.setdefault((scene.pair, squeeze(surface)), set()).add(k)
    return {place: min(meant) for place, meant in found.items() if len(meant) == 1}


def said_together(scenes: Sequence[Scene], covered: Sequence[Sequence[Span]]) -> dict[str, frozenset[frozenset[str]]]:
    """By pair, the words by which two people are told apart who were named side by side: `Sara and Sarah`."""
    apart: dict[str, set[frozenset[str]]] = {}
    for scene, spans in zip(scenes, covered, strict=True):
        for run in _runs(scene.text, spans):
            names = [frozenset(_words(scene.text[s.start : s.end])) for s in run]
            for number, one in enumerate(names):
                for other in names[number + 1 :]:
                    pairs = {frozenset((a, b)) for a in one - other for b in other - one if one_spelling(a, b)}
                    apart.setdefault(scene.pair, set()).update(pairs)
    return {pair: frozenset(found) for pair, found in apart.items()}


def _runs(text: str, spans: Sequence[Span]) -> list[list[Span]]:
    """Persons who are named side by side."""
    runs: list[list[Span]] = []
    for span in spans:
        if span.entity_type != "PERSON":
            continue
        gap = text[runs[-1][-1].end : span.start] if runs else ""
        if runs and gap.strip() and _BESIDE.fullmatch(gap):
            runs[-1].append(span)
        else:
            runs.append([span])
    return [run for run in runs if len(run) > 1]


def _resolved(
    scene: Scene,
    span: Span,
    beside: Sequence[Span],
    people: Sequence[Identity],
    accepted: Mapping[int, Collection[str]],
    heard: _Heard,
) -> Span:
    surface = scene.text[span.start : span.end]
    words, k = _words(surface), span.identity
    if span.entity_type != "PERSON":
        return span
    if k is not None and span.recognizer != VARIANT:
        if is_heard_in_full(words, people[k].names):  # `janet lowe`, of which the listed name is a part
            _note(scene, words, k, people[k].names, heard)
        return span
    if k is None:
        k = heard.own.get((scene.pair, squeeze(surface)))
        if k is None and len(words) == 1:
            k = heard.last.get((scene.recording, words[0]))
        sure = k is not None and not span.together
    else:
        sure = is_heard_alone(words[0], people[k].names) if len(words) == 1 else _is_in_full(words, people[k].names)
        sure = sure or heard.own.get((scene.pair, squeeze(surface))) == k
    settled = span.identity is not None and (
        span.score == SELF_NAMED or squeeze(surface) in accepted.get(span.identity, ())
    )
    if k is not None and (settled or (sure and not _is_other(scene, span, words, people[k], k, beside))):
        _note(scene, words, k, people[k].names, heard)
        return span if span.identity is not None else replace(span, recognizer=VARIANT, score=0.5, identity=k, label="")
    if len(words) > 1 or _title(scene.words, span):
        heard.last |= {(scene.recording, word): None for word in words}
    return span if span.identity is None else replace(span, recognizer=UNLIKE, identity=None)


def _note(scene: Scene, words: Sequence[str], k: int, names: Sequence[str], heard: _Heard) -> None:
    """From here on in the recording, the misheard word of a whole name (`Lowe`) means the same person."""
    own = {t.fold for name in names for t in tokens(name)}
    if len(words) > 1:
        heard.last |= {(scene.recording, word): k for word in words if word not in own and not is_common(word)}


def _is_in_full(words: Sequence[str], names: Sequence[str]) -> bool:
    """A whole name, or a listed word with a piece that the language model took for part of it."""
    if is_heard_in_full(words, names):
        return True
    if any(len(words) == len(_words(name)) for name in names if len(_words(name)) > 1):
        return False
    return any(is_heard_alone(word, names) for word in (*words, "".join(words)))


def _is_other(scene: Scene, span: Span, words: Sequence[str], who: Identity, k: int, beside: Sequence[Span]) -> bool:
    """Whether a variant is introduced as somebody else, or stands beside the very person it sounds like."""
    if any(other.identity == k for other in beside):
        return True
    title = _title(scene.words, span)
    relation = introduced_as(scene.words, scene.text, span.start, span.end) or RELATIONS.get(title, "")
    if relation and not _is_relation(who, relation):
        return True
    if not title or title in RELATIONS or len(words) > 1:
        return False
    listed = {t.fold for name in who.names for t in tokens(name)}
    return title not in listed and not (title in PROFESSIONS and who.label in ("CLINICIAN", "STAFF"))


def _is_relation(who: Identity, relation: str) -> bool:
    """Whether a listed person may be introduced by a relation: a son as `my kid`, a friend as `my friend`."""
    own = who.label.rpartition("-")[2] if not who.person else ""
    if relation == "CLINICIAN":
        return own in ("CLINICIAN", "STAFF")
    if own == "RELATIVE":
        return relation in RELATIONS.values()
    return relation == own or {relation, own} in ({"CHILD", "SON"}, {"CHILD", "DAUGHTER"})


def _title(words: Sequence[Token], span: Span) -> str:
    """The title in a name or directly before it, folded; `Ah` is none."""
    inside = [word for word in words if span.start <= word.start < span.end][:1]
    before = [word for word in words if word.end <= span.start][-1:]
    near = before if before and span.start - before[0].end <= len(". ") else []
    return next((word.fold for word in (*inside, *near) if word.fold in TITLES and word.fold != "ah"), "")


def _words(surface: str) -> list[str]:
    """The folded words of a name without titles."""
    return [t.fold for t in tokens(surface) if t.fold not in TITLES] or [t.fold for t in tokens(surface)]
