"""The study's registry: which person or thing has which mark, and under which surfaces it was met. Append-only."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from transcribe.errors import ValidationError
from transcribe.record_json import from_json, to_json
from transcribe.records import EntityClass

MARK = re.compile(r"\[[A-Z][A-Z0-9-]*(_\d+)?( [^\[\]:]{1,40})?\]")
"""The form of a mark (deidentification.md)."""
NUMBERED = re.compile(r"\[([A-Z][A-Z0-9-]*)_(\d+)(?: [^\]]*)?\]")
"""A mark with a number: its label and the number."""


@dataclass(frozen=True, slots=True)
class RegistryEntity:
    """One person or thing. `mark` never changes once given; what is learnt later is added to the other fields.

    `entity_type` is what it is (PERSON, PLACE, ORG …), `label` the mark's word; `surfaces` are all texts under which it
    was met, as written; `person` is the code of a participant or interviewer; `pairs` are the pairs whose interviews it
    belongs to, empty for the whole study; `first_seen` is `recording/utterance`; `confirmed_by` is `roster`, a
    person's initials, or empty. `released` is the number of the first release that held the mark, 0 before: a released
    mark is never renamed. `class_` is empty in keys of version 0.1: the type says it then. `recognizer` and `score` are
    of the best evidence for it so far. `variants` are those of `surfaces` that only sound like a name of it.

    What people decided (another mark by `rename`, sameness by `merge`) is not in here: `decisions.standings` has it.
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
    class_: Literal[EntityClass, ""] = ""
    recognizer: str = ""
    score: float = 0.0
    variants: tuple[str, ...] = ()


Action = Literal["accept", "reject", "merge", "split", "rename", "level"]
"""What a person can decide of an entity."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided of one entity; later decisions go before earlier ones, none is ever taken out.

    `when` is ISO 8601 in UTC. `target` is the id of the entity that this one is the same as (merge), the id of the
    entity that `surfaces` mean instead (split), the new mark (rename), or the lowest level at which it is replaced
    (level). `surfaces` of an accept are the misheard variants that were accepted with it.
    """

    entity: str
    action: Action
    who: str
    when: str
    why: str = ""
    target: str = ""
    surfaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnlinkedName:
    """What something is called in texts of the levels `share` and `archive` (`levels.py`); given once, never changed.

    `what` is a code, a recording's id or an entity's id; `scope` is `code`, `recording`, or the code of the participant
    in whose transcripts the name is used; `name` is without brackets.
    """

    scope: str
    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Registry:
    """All entities of a study, in the order in which they were first met, what people decided of them, and how they
    are called where pairs must not show.
    """

    entities: tuple[RegistryEntity, ...] = ()
    decisions: tuple[Decision, ...] = ()
    unlinked: tuple[UnlinkedName, ...] = ()


def registry_to_json(registry: Registry) -> bytes:
    """The registry as JSON; `registry_from_json` is the inverse."""
    return to_json(registry)


def registry_from_json(data: bytes) -> Registry:
    """The registry that `registry_to_json` wrote. Raises `CorruptFileError` for anything else, or doubled marks."""
    registry = from_json(Registry, data, "the key")
    _check(registry)
    return registry


def all_marks(registry: Registry) -> list[str]:
    """Every mark that was ever given: none of them may mean anything else."""
    renamed = [decision.target for decision in registry.decisions if decision.action == "rename"]
    return [entity.mark for entity in registry.entities] + renamed


def next_number(registry: Registry, label: str) -> int:
    """The number that the next entity of a label gets: one more than the highest, never a freed one."""
    matches = (NUMBERED.fullmatch(mark) for mark in all_marks(registry))
    return 1 + max((int(m.group(2)) for m in matches if m and m.group(1) == label), default=0)


def next_id(registry: Registry) -> str:
    """The id that the next entity gets."""
    return f"e{1 + max((int(entity.id[1:]) for entity in registry.entities), default=0):05d}"


def with_surface(entity: RegistryEntity, surface: str) -> RegistryEntity:
    """The entity with one more surface, if it is new."""
    return entity if surface in entity.surfaces else replace(entity, surfaces=(*entity.surfaces, surface))


def with_released(registry: Registry, entities: Collection[str], release: int) -> Registry:
    """The registry in which the given entities' marks are known to stand in a release, if not in an earlier one."""
    return replace(
        registry,
        entities=tuple(
            replace(e, released=release) if e.id in entities and not e.released else e for e in registry.entities
        ),
    )


def check_extends(old: Registry, new: Registry) -> None:
    """Raises `ValidationError` unless `new` holds every entity of `old` with its mark, in its place, its surfaces and
    its first release, and every decision and unlinked name.

    A key that lost an entity would give a coder's mark to somebody else.
    """
    _check(new)
    kept = new.entities[: len(old.entities)]
    same = (
        new.decisions[: len(old.decisions)] == old.decisions
        and new.unlinked[: len(old.unlinked)] == old.unlinked
        and len(kept) == len(old.entities)
        and all(
            a.id == b.id and a.mark == b.mark and a.released in (0, b.released) and set(a.surfaces) <= set(b.surfaces)
            for a, b in zip(old.entities, kept, strict=True)
        )
    )
    if not same:
        raise ValidationError("the registry would lose or renumber marks; the key was not changed. Please report this")


def _check(registry: Registry) -> None:
    ids = [entity.id for entity in registry.entities]
    marks = all_marks(registry)
    well_formed = all(re.fullmatch(r"e\d+", i) for i in ids) and all(MARK.fullmatch(mark) for mark in marks)
    if len(set(ids)) != len(ids) or len(set(marks)) != len(marks) or not well_formed:
        raise ValidationError("the registry has doubled or malformed marks; restore private/key.age from a backup")
