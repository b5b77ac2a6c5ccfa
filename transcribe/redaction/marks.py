"""Giving marks: every span gets the entity that it names, a new one only when none is known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transcribe.errors import ValidationError
from transcribe.redaction.coverage import Span
from transcribe.redaction.lexicon import places
from transcribe.redaction.linking import link_names, parse_name
from transcribe.redaction.numbers import spoken_code
from transcribe.redaction.registry import Registry, RegistryEntity, next_id, next_number, with_surface
from transcribe.redaction.roster_match import Identity
from transcribe.redaction.spans import priority
from transcribe.redaction.spoken_contacts import canonical_contact
from transcribe.redaction.spoken_dates import age_band, date_band
from transcribe.redaction.tokens import squeeze, tokens

NAMED_TYPES = ("PERSON", "PLACE", "ORG", "ADDRESS")
_STUDY_WIDE = frozenset(("PLACE", "ORG"))
_PLACE_SUFFIXES = frozenset(["line", "station", "estate", "district"])


@dataclass(frozen=True, slots=True)
class Mention:
    """A final span with where it stands: `pair` is the scope of its names, `seen` is `recording/utterance`."""

    span: Span
    surface: str
    pair: str
    seen: str


def key_of(surface: str, entity_type: str) -> str:
    """What makes two surfaces of a type the same thing: digits for numbers, the address for e-mail, else the words."""
    if entity_type in ("PHONE", "ID"):
        return "#" + spoken_code(surface)
    if entity_type in ("EMAIL", "URL"):
        return "@" + canonical_contact(surface)
    words = [t.fold for t in tokens(surface)]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return "".join(words) or surface


def settle_types(mentions: Sequence[Mention], registry: Registry) -> list[Mention]:
    """The same words get the same type everywhere: what the registry says, else the best and most frequent one.

    The language model calls one bakery a person here and an organisation there; that would be two marks.
    """
    votes: dict[str, dict[str, tuple[int, int]]] = {}
    for mention in mentions:
        span = mention.span
        if span.identity is None and span.entity_type in NAMED_TYPES:
            best, count = votes.setdefault(squeeze(mention.surface), {}).get(span.entity_type, (9, 0))
            votes[squeeze(mention.surface)][span.entity_type] = (min(best, priority(span.recognizer)), count - 1)
    settled = {key: min(by_type, key=lambda t: (by_type[t], NAMED_TYPES.index(t))) for key, by_type in votes.items()}
    for entity in reversed(registry.entities):
        if entity.entity_type in NAMED_TYPES:
            settled |= {squeeze(surface): entity.entity_type for surface in entity.surfaces}
    return [
        replace(m, span=replace(m.span, entity_type=settled.get(squeeze(m.surface), m.span.entity_type)))
        if m.span.identity is None and m.span.entity_type in NAMED_TYPES
        else m
        for m in mentions
    ]


class MarkBook:
    """The registry while marks are being given. Deterministic: the same mentions in the same order, the same marks."""

    def __init__(self, registry: Registry, identities: Sequence[Identity]) -> None:
        self._registry = registry
        self._position = {entity.id: index for index, entity in enumerate(registry.entities)}
        self._identities = identities
        self._by_identity: dict[int, str] = {}
        self._by_key: dict[tuple[str, str, str], str] = {}
        self._groups: dict[tuple[str, str], int] = {}
        self._group_entity: dict[tuple[str, int], str] = {}
        for entity in registry.entities:
            for surface in entity.surfaces:
                for pair in entity.pairs or ("",):
                    self._by_key.setdefault((pair, entity.entity_type, key_of(surface, entity.entity_type)), entity.id)
        for index, identity in enumerate(identities):
            known = self._entity_of_identity(identity)
            if known:
                self._by_identity[index] = known

    @property
    def registry(self) -> Registry:
        """The registry with all that was given so far."""
        return self._registry

    def link(self, mentions: Iterable[Mention]) -> None:
        """Decides which unlisted names of each pair are one person; to be called once, before `entity_for`."""
        names: dict[str, list[str]] = {}
        for mention in mentions:
            if mention.span.identity is None and mention.span.entity_type == "PERSON":
                names.setdefault(mention.pair, []).append(mention.surface)
        listed = set(self._by_identity.values())
        for pair, surfaces in names.items():
            known = [
                (e.id, e.surfaces)
                for e in self._registry.entities
                if e.entity_type == "PERSON" and (pair in e.pairs or not e.pairs) and e.id not in listed
            ]
            for number, group in enumerate(link_names(known, surfaces)):
                if group.entity:
                    self._group_entity[(pair, number)] = group.entity
                for name in group.names:
                    self._groups.setdefault((pair, repr(name)), number)

    def entity_for(self, mention: Mention) -> RegistryEntity:
        """The entity that a mention names, made when it is new; the surface is added to it."""
        span = mention.span
        if span.identity is not None:
            entity_id = self._by_identity.get(span.identity)
            if entity_id is None:
                entity_id = self._by_identity[span.identity] = self._new_listed(mention, span.identity)
        elif span.entity_type == "PERSON":
            group = self._groups.get((mention.pair, repr(parse_name(mention.surface))))
            if group is None:  # a KeyError would quote the name
                raise ValidationError(f"{mention.seen}: a name was not linked before marks were given")
            place = (mention.pair, group)
            entity_id = self._group_entity.get(place) or self._new_unlisted(mention)
            self._group_entity[place] = entity_id
        else:
            scope = "" if span.entity_type in _STUDY_WIDE else mention.pair
            key = (scope, span.entity_type, key_of(mention.surface, span.entity_type))
            entity_id = self._by_key.get(key) or self._new_unlisted(mention)
            self._by_key[key] = entity_id
        return self._add_surface(entity_id, mention.surface)

    def _add_surface(self, entity_id: str, surface: str) -> RegistryEntity:
        index = self._position[entity_id]
        entity = with_surface(self._registry.entities[index], surface)
        if entity is not self._registry.entities[index]:
            entities = self._registry.entities
            self._registry = replace(self._registry, entities=(*entities[:index], entity, *entities[index + 1 :]))
        return entity

    def _append(self, entity: RegistryEntity) -> str:
        self._position[entity.id] = len(self._registry.entities)
        self._registry = replace(self._registry, entities=(*self._registry.entities, entity))
        return entity.id

    def _entity_of_identity(self, identity: Identity) -> str | None:
        """The entity that a roster entry already has: by its fixed mark, else by a name in the same scope.

        A mark that was given before the lab listed the name stays; only participants' and interviewers' codes replace
        it, since coders know people by them.
        """
        if identity.mark:
            return next((e.id for e in self._registry.entities if e.mark == identity.mark), None)
        keys = {squeeze(name) for name in identity.names}
        fitting = [
            e
            for e in self._registry.entities
            if e.entity_type == identity.entity_type
            and not e.person
            and e.id not in self._by_identity.values()
            and (set(e.pairs) & identity.pairs or not (e.pairs and identity.pairs))
            and (e.label == identity.label or e.label in NAMED_TYPES)
            and keys & {squeeze(s) for s in e.surfaces}
        ]
        return min(fitting, key=lambda e: (e.label != identity.label, self._position[e.id])).id if fitting else None

    def _new_listed(self, mention: Mention, index: int) -> str:
        identity = self._identities[index]
        mark = identity.mark or f"[{identity.label}_{next_number(self._registry, identity.label)}]"
        return self._append(
            RegistryEntity(
                id=next_id(self._registry),
                entity_type=identity.entity_type,
                label=identity.label,
                mark=mark,
                canonical=identity.names[0],
                surfaces=identity.names,
                person=identity.person,
                pairs=tuple(sorted(identity.pairs)),
                first_seen=mention.seen,
                confirmed_by="roster",
            )
        )

    def _new_unlisted(self, mention: Mention) -> str:
        kind = mention.span.entity_type
        band = _band(mention)
        mark = f"[{kind}_{next_number(self._registry, kind)}{' ' + band if band else ''}]"
        return self._append(
            RegistryEntity(
                id=next_id(self._registry),
                entity_type=kind,
                label=kind,
                mark=mark,
                canonical=mention.surface,
                surfaces=(mention.surface,),
                pairs=() if kind in _STUDY_WIDE else (mention.pair,),
                first_seen=mention.seen,
            )
        )


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
        return known.region if known else ""
    return ""
