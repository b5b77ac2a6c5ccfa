"""Giving marks: every span gets the entity that it names, a new one only when none is known."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from transcribe.errors import ValidationError
from transcribe.redaction.chinese_bands import chinese_region
from transcribe.redaction.coverage import Span
from transcribe.redaction.decisions import is_certain, open_variants, own_surfaces, split_off, standings
from transcribe.redaction.lexicon import places
from transcribe.redaction.linking import link_names, parse_name
from transcribe.redaction.registry import NUMBERED, Registry, RegistryEntity, all_marks, next_id, with_surface
from transcribe.redaction.roster_match import Identity
from transcribe.redaction.spans import priority
from transcribe.redaction.spoken_ages import age_band
from transcribe.redaction.spoken_dates import date_band
from transcribe.redaction.surfaces import key_of
from transcribe.redaction.tokens import squeeze, tokens

LABEL = re.compile(r"[A-Z][A-Z0-9-]*")
_STUDY_WIDE = frozenset(("PLACE", "ORG"))
_PLACE_SUFFIXES = frozenset(["line", "station", "estate", "district"])


@dataclass(frozen=True, slots=True)
class Mention:
    """A final span with where it stands: `pair` is the scope of its names, `seen` is `recording/utterance`.

    `surface` is the whole name or number, also where the span is one piece of it. `relation` is the label that the
    words beside a name give it, empty for none; `placed` says that a word of place stands before it.
    """

    span: Span
    surface: str
    pair: str
    seen: str
    relation: str = ""
    placed: bool = False


class MarkBook:
    """The registry while marks are being given. Deterministic: the same mentions in the same order, the same marks."""

    def __init__(self, registry: Registry, identities: Sequence[Identity]) -> None:
        self._given = registry
        self._entities = {entity.id: entity for entity in registry.entities}
        self._next = int(next_id(registry)[1:])
        self._numbers = _highest_numbers(registry)
        self._identities = identities
        self._surfaces = own_surfaces(registry)
        self._split = split_off(registry)
        self._rejected = {name for name, s in standings(registry).items() if s.status == "rejected"}
        self._by_identity: dict[int, str] = {}
        self._by_key: dict[tuple[str, str, str], str] = {}
        self._groups: dict[tuple[str, str], int] = {}
        self._unsure: set[tuple[str, str]] = set()
        self._group_entity: dict[tuple[str, int], str] = {}
        self._group_label: dict[tuple[str, int], str] = {}
        for entity in registry.entities:
            if entity.id not in self._rejected:
                for surface in self._surfaces[entity.id]:
                    for pair in entity.pairs or ("",):
                        key = (pair, entity.entity_type, key_of(surface, entity.entity_type))
                        self._by_key.setdefault(key, entity.id)
        for index, identity in enumerate(identities):
            known = self._entity_of_identity(identity)
            if known:
                self._by_identity[index] = known

    @property
    def registry(self) -> Registry:
        """The registry with all that was given so far."""
        listed = {self._by_identity[k]: {squeeze(n) for n in self._identities[k].names} for k in self._by_identity}
        entities = (
            replace(e, variants=tuple(v for v in e.variants if squeeze(v) not in listed.get(e.id, ())))
            for e in self._entities.values()
        )
        return replace(self._given, entities=tuple(entities))

    def accepted(self) -> dict[int, frozenset[str]]:
        """The squeezed variants of every listed person that somebody has looked at and left with them."""
        result = {}
        for k, entity_id in self._by_identity.items():
            entity = self._entities[entity_id]
            still_open = open_variants(self._given, entity)
            result[k] = frozenset(
                squeeze(s) for s in entity.variants if s not in still_open and self._final(entity_id, s) == entity_id
            )
        return result

    def link(self, mentions: Sequence[Mention], apart: Mapping[str, frozenset[frozenset[str]]]) -> None:
        """Decides which unlisted names of each pair are one person; to be called once, before `entity_for`.

        `apart` are, by pair, spellings that were said side by side of two people.
        """
        names: dict[str, list[Mention]] = {}
        for mention in mentions:
            if mention.span.identity is None and mention.span.entity_type == "PERSON":
                names.setdefault(mention.pair, []).append(mention)
        listed = set(self._by_identity.values())
        for pair, unlisted in names.items():
            known = [
                (e.id, self._sure_surfaces(e))
                for e in self._entities.values()
                if e.entity_type == "PERSON" and (pair in e.pairs or not e.pairs)
                if e.id not in listed and e.id not in self._rejected
            ]
            groups = link_names(known, [m.surface for m in unlisted], apart.get(pair, frozenset()))
            for number, group in enumerate(groups):
                if group.entity:
                    self._group_entity[(pair, number)] = group.entity
                for name in group.names:
                    self._groups.setdefault((pair, repr(name)), number)
                self._unsure |= {(pair, repr(name)) for name in group.unsure}
            self._label_groups(pair, unlisted)

    def _sure_surfaces(self, entity: RegistryEntity) -> tuple[str, ...]:
        """The names of an entity; what only sounds like them is linked anew until coders know it."""
        own = self._surfaces.get(entity.id, entity.surfaces)
        unsure = () if entity.released else open_variants(self._given, entity)
        return tuple(s for s in own if s not in unsure or s == entity.canonical)

    def _label_groups(self, pair: str, mentions: Sequence[Mention]) -> None:
        """A group's label: a relative of somebody before a friend, before a profession; then the most frequent."""
        votes: dict[tuple[str, int], Counter[str]] = {}
        for mention in mentions:
            label = mention.relation or mention.span.label
            if LABEL.fullmatch(label):
                place = (pair, self._groups[(pair, repr(parse_name(mention.surface)))])
                votes.setdefault(place, Counter())[label] += 1
        for place, said in votes.items():
            self._group_label[place] = min(said, key=lambda t: (_distance(t), -said[t], t))

    def entity_for(self, mention: Mention) -> str:
        """The id of the entity that a mention names, made when it is new; what the mention tells is added to it."""
        span = mention.span
        unsure = span.recognizer == "roster/variant"
        if span.identity is not None:
            entity_id = self._listed(mention, span.identity)
        elif span.entity_type == "PERSON":
            name = (mention.pair, repr(parse_name(mention.surface)))
            group = self._groups.get(name)
            if group is None:  # a KeyError would quote the name
                raise ValidationError(f"{mention.seen}: a name was not linked before marks were given")
            place = (mention.pair, group)
            unsure |= name in self._unsure
            label = self._group_label.get(place, "")
            entity_id = self._group_entity.get(place) or self._new_unlisted(mention, label)
            self._group_entity[place] = entity_id
        else:
            scope = "" if span.entity_type in _STUDY_WIDE else mention.pair
            key = (scope, span.entity_type, key_of(mention.surface, span.entity_type))
            entity_id = self._by_key.get(key) or self._new_unlisted(mention, span.label)
            self._by_key[key] = entity_id
        final = self._final(entity_id, mention.surface)
        self._learn(final, mention, unsure=unsure and final == entity_id)
        return final

    def _listed(self, mention: Mention, k: int) -> str:
        if k not in self._by_identity:
            self._by_identity[k] = self._new_listed(mention, k)
        return self._by_identity[k]

    def _final(self, entity_id: str, surface: str) -> str:
        """The entity that a surface means after it was split off from the one it was first taken for."""
        while (entity_id, squeeze(surface)) in self._split:
            entity_id = self._split[(entity_id, squeeze(surface))]
        return entity_id

    def _learn(self, entity_id: str, mention: Mention, *, unsure: bool) -> None:
        entity = with_surface(self._entities[entity_id], mention.surface)
        if unsure and mention.surface not in entity.variants:
            entity = replace(entity, variants=(*entity.variants, mention.surface))
        span = mention.span
        if span.class_ == "direct" and entity.class_ != "direct":
            entity = replace(entity, class_="direct")
        if not unsure and _evidence(span.recognizer, span.score) < _evidence(entity.recognizer, entity.score):
            entity = replace(entity, recognizer=span.recognizer, score=span.score)
        self._entities[entity_id] = entity

    def _append(self, entity: RegistryEntity) -> str:
        self._entities[entity.id] = entity
        self._next += 1
        return entity.id

    def _mark(self, label: str, band: str = "") -> str:
        self._numbers[label] = self._numbers.get(label, 0) + 1
        return f"[{label}_{self._numbers[label]}{' ' + band if band else ''}]"

    def _entity_of_identity(self, identity: Identity) -> str | None:
        """The entity that a roster entry already has: by its fixed mark, else by a name in the same scope.

        A mark that was given before the lab listed the name stays; only participants' and interviewers' codes replace
        it, since coders know people by them. What a person rejected was something else.
        """
        if identity.mark:
            return next((e.id for e in self._entities.values() if e.mark == identity.mark), None)
        keys = {squeeze(name) for name in identity.names}
        fitting = [
            e
            for e in self._entities.values()
            if e.entity_type == identity.entity_type
            and not e.person
            and e.id not in self._by_identity.values()
            and e.id not in self._rejected
            and (set(e.pairs) & identity.pairs or not (e.pairs and identity.pairs))
            and (e.label in (identity.label, identity.label.rpartition("-")[2]) or e.confirmed_by != "roster")
            and keys & {squeeze(s) for s in self._surfaces[e.id]}
        ]
        return min(fitting, key=lambda e: (e.label != identity.label, int(e.id[1:]))).id if fitting else None

    def _new_listed(self, mention: Mention, index: int) -> str:
        identity = self._identities[index]
        return self._append(
            RegistryEntity(
                id=f"e{self._next:05d}",
                entity_type=identity.entity_type,
                label=identity.label,
                mark=identity.mark or self._mark(identity.label),
                canonical=identity.names[0],
                surfaces=identity.names,
                person=identity.person,
                pairs=tuple(sorted(identity.pairs)),
                first_seen=mention.seen,
                confirmed_by="roster",
                class_=mention.span.class_,
            )
        )

    def _new_unlisted(self, mention: Mention, label: str) -> str:
        kind = mention.span.entity_type
        label = label if LABEL.fullmatch(label) else kind
        return self._append(
            RegistryEntity(
                id=f"e{self._next:05d}",
                entity_type=kind,
                label=label,
                mark=self._mark(label, _band(mention)),
                canonical=mention.surface,
                surfaces=(mention.surface,),
                pairs=() if kind in _STUDY_WIDE else (mention.pair,),
                first_seen=mention.seen,
                class_=mention.span.class_,
            )
        )


def _distance(label: str) -> int:
    return 2 if "-" not in label else 1 if label.endswith("-FRIEND") else 0


def _highest_numbers(registry: Registry) -> dict[str, int]:
    highest: dict[str, int] = {}
    for mark in all_marks(registry):
        if match := NUMBERED.fullmatch(mark):
            highest[match.group(1)] = max(highest.get(match.group(1), 0), int(match.group(2)))
    return highest


def _evidence(recognizer: str, score: float) -> tuple[bool, bool, int, float, str]:
    """How good a reason it is to believe in an entity: less is better, and nothing at all is worst."""
    return not recognizer, not is_certain(recognizer, score), priority(recognizer), -score, recognizer


def _band(mention: Mention) -> str:
    """What the team level keeps: a date's month, an age's five years, a place's region; nothing of a birth date."""
    kind = mention.span.entity_type
    if kind == "DATE" and mention.span.class_ == "quasi":
        return date_band(mention.surface)
    if kind == "AGE":
        return age_band(mention.surface)
    if kind == "PLACE":
        words = [t.fold for t in tokens(mention.surface)]
        if len(words) > 1 and words[-1] in _PLACE_SUFFIXES:
            words = words[:-1]
        known = places().get(tuple(words))
        return known.region if known else chinese_region(mention.surface)
    return ""
