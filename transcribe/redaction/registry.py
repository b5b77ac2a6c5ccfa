"""The study's registry: which person or thing has which mark, and under which surfaces it was met. Append-only."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from transcribe.errors import ValidationError
from transcribe.records import from_json, to_json

MARK = re.compile(r"\[[A-Z][A-Z0-9-]*(_\d+)?( [^\[\]:]{1,40})?\]")
"""The form of a mark (deidentification.md)."""
_NUMBERED = re.compile(r"\[([A-Z][A-Z0-9-]*)_(\d+)(?: [^\]]*)?\]")


@dataclass(frozen=True, slots=True)
class RegistryEntity:
    """One person or thing. `mark` never changes once given; what is learnt later is added to the other fields.

    `entity_type` is what it is (PERSON, PLACE, ORG …), `label` the mark's word; `surfaces` are all texts under which it
    was met, as written; `person` is the code of a participant or interviewer; `pairs` are the pairs whose interviews it
    belongs to, empty for the whole study; `first_seen` is `recording/utterance`; `confirmed_by` is `roster`, a
    person's initials, or empty. `released` is the number of the first release that held the mark, 0 before: a released
    mark is never renamed.
    """

    id: str
    entity_type: str
    label: str
    mark: str
    canonical: str
    surfaces: tuple[str, ...]
    person: str = ""
    pairs: tuple[str, ...] = ()
    first_seen: str = ""
    confirmed_by: str = ""
    released: int = 0


Action = Literal["accept", "reject", "merge", "split", "rename", "level"]
"""What a person can decide of an entity."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided of one entity; later decisions go before earlier ones, none is ever taken out.

    `when` is ISO 8601 in UTC. `target` is the id of the entity that this one is the same as (merge), the id of the
    entity that `surfaces` mean instead (split), the new label (rename), or the lowest level at which it is replaced
    (level).
    """

    entity: str
    action: Action
    who: str
    when: str
    why: str = ""
    target: str = ""
    surfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registry:
    """All entities of a study, in the order in which they were first met, and what people decided of them."""

    entities: tuple[RegistryEntity, ...] = ()
    decisions: tuple[Decision, ...] = ()


def registry_to_json(registry: Registry) -> bytes:
    """The registry as JSON; `registry_from_json` is the inverse."""
    return to_json(registry)


def registry_from_json(data: bytes) -> Registry:
    """The registry that `registry_to_json` wrote. Raises `CorruptFileError` for anything else, or doubled marks."""
    registry = from_json(Registry, data, "the key")
    _check(registry)
    return registry


def next_number(registry: Registry, label: str) -> int:
    """The number that the next entity of a label gets: one more than the highest, never a freed one."""
    matches = (_NUMBERED.fullmatch(entity.mark) for entity in registry.entities)
    return 1 + max((int(m.group(2)) for m in matches if m and m.group(1) == label), default=0)


def next_id(registry: Registry) -> str:
    """The id that the next entity gets."""
    return f"e{1 + max((int(entity.id[1:]) for entity in registry.entities), default=0):05d}"


def with_surface(entity: RegistryEntity, surface: str) -> RegistryEntity:
    """The entity with one more surface, if it is new."""
    return entity if surface in entity.surfaces else replace(entity, surfaces=(*entity.surfaces, surface))


def check_extends(old: Registry, new: Registry) -> None:
    """Raises `ValidationError` unless `new` holds every entity of `old` with its mark, in its place, and its surfaces,
    and every decision.

    A key that lost an entity would give a coder's mark to somebody else.
    """
    _check(new)
    kept = new.entities[: len(old.entities)]
    same = (
        new.decisions[: len(old.decisions)] == old.decisions
        and len(kept) == len(old.entities)
        and all(
            a.id == b.id and a.mark == b.mark and set(a.surfaces) <= set(b.surfaces)
            for a, b in zip(old.entities, kept, strict=True)
        )
    )
    if not same:
        raise ValidationError("the registry would lose or renumber marks; the key was not changed. Please report this")


def _check(registry: Registry) -> None:
    ids = [entity.id for entity in registry.entities]
    marks = [entity.mark for entity in registry.entities]
    well_formed = all(re.fullmatch(r"e\d+", i) for i in ids) and all(MARK.fullmatch(mark) for mark in marks)
    if len(set(ids)) != len(ids) or len(set(marks)) != len(marks) or not well_formed:
        raise ValidationError("the registry has doubled or malformed marks; restore private/key.age from a backup")
