"""Making decisions: each is checked against the registry and the roster, and added to the registry's list.

Pure functions from a registry to the next one. Messages of errors name marks, never a surface.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from transcribe.errors import UsageError
from transcribe.redaction.decisions import LEVELS, Level, class_of, open_variants, own_surfaces, split_off, standings
from transcribe.redaction.lexicon import is_common
from transcribe.redaction.registry import (
    NUMBERED,
    Decision,
    Registry,
    RegistryEntity,
    next_id,
    next_number,
)
from transcribe.redaction.roster_match import THING_KINDS
from transcribe.redaction.tokens import squeeze, tokens
from transcribe.study.codes import is_pair
from transcribe.study.roster import RosterEntry

_LABEL = re.compile(r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*")
_LONGEST_LABEL = 30


@dataclass(frozen=True, slots=True)
class Signature:
    """Who decides, when (ISO 8601, UTC) and why."""

    who: str
    when: str
    why: str = ""


def check_initials(who: str) -> str:
    """Initials in capitals. Raises `UsageError` for anything but two to eight letters: names belong in no key."""
    if not re.fullmatch(r"[A-Za-z]{2,8}", who):
        raise UsageError("--who takes the initials of the person who decides: two to eight letters, such as AB")
    return who.upper()


def find_entity(registry: Registry, mark: str) -> RegistryEntity:
    """The entity that a mark stands for; brackets and a kept band may be left out, capitals do not matter.

    Raises `UsageError` when there is none, or when it was merged with another: then that one is to be decided.
    """
    wanted = _bare(mark)
    known = standings(registry)
    for entity in registry.entities:
        standing = known[entity.id]
        if not standing.same_as and wanted == _bare(standing.mark):
            return entity
    for entity in registry.entities:
        if wanted == _bare(entity.mark):
            _refuse_merged(registry, entity)
    raise UsageError("there is no such mark in this study; to see all: transcribe decide STUDY --list --all")


def _refuse_merged(registry: Registry, entity: RegistryEntity) -> None:
    known = standings(registry)
    if same_as := known[entity.id].same_as:
        raise UsageError(f"{entity.mark} was merged with {known[same_as].mark}: decide that one")


def family(registry: Registry, entity: RegistryEntity) -> tuple[RegistryEntity, ...]:
    """The entity and those that were merged with it."""
    known = standings(registry)
    return tuple(e for e in registry.entities if e.id == entity.id or known[e.id].same_as == entity.id)


def accept(registry: Registry, entity: RegistryEntity, by: Signature) -> Registry:
    """The entity is one, with all the misheard variants that it has now."""
    _refuse_merged(registry, entity)
    decisions = [
        Decision(e.id, "accept", by.who, by.when, by.why, surfaces=open_variants(registry, e))
        for e in family(registry, entity)
        if e.id == entity.id or open_variants(registry, e)
    ]
    return _with(registry, *decisions)


def reject(registry: Registry, entity: RegistryEntity, by: Signature, roster: Sequence[RosterEntry]) -> Registry:
    """The entity identifies nobody: it stays as it was said. Raises `UsageError` for what the roster lists."""
    _refuse_merged(registry, entity)
    if any(_is_listed(e, registry, roster) for e in family(registry, entity)):
        raise UsageError(
            f"{_mark(registry, entity)} is on the roster, so it is always replaced: correct private/roster.csv first. "
            "A misheard name that is not meant can be split off: --split"
        )
    return _with(registry, Decision(entity.id, "reject", by.who, by.when, by.why))


def merge(
    registry: Registry, entity: RegistryEntity, target: RegistryEntity, by: Signature, roster: Sequence[RosterEntry]
) -> Registry:
    """The entity is the same as `target` and gets its mark, unless coders know its own already.

    They may be of two kinds: the program took a surname for a town, and a person knows better. Raises `UsageError` when
    it cannot be: the same one, a name of the roster, a rejected target.
    """
    _refuse_merged(registry, entity)
    _refuse_merged(registry, target)
    mark, other = _mark(registry, entity), _mark(registry, target)
    if entity.id == target.id:
        raise UsageError(f"{mark} cannot be merged with itself")
    if entity.person or _is_listed(entity, registry, roster):
        raise UsageError(f"{mark} is on the roster: merge the other one with it, --entity '{other}' --merge '{mark}'")
    if standings(registry)[target.id].status == "rejected":
        raise UsageError(f"{other} was rejected: accept it first")
    return _with(registry, Decision(entity.id, "merge", by.who, by.when, by.why, target=target.id))


def split(
    registry: Registry,
    entity: RegistryEntity,
    surfaces: Sequence[str],
    by: Signature,
    roster: Sequence[RosterEntry],
) -> Registry:
    """Some surfaces of an entity mean another one, which is made for them, with a new mark.

    Raises `UsageError` for a surface that it does not have, a name of the roster, and when nothing would be left.
    """
    _refuse_merged(registry, entity)
    wanted = {squeeze(surface) for surface in surfaces if surface.strip()}
    mark = _mark(registry, entity)
    own = own_surfaces(registry)
    members = family(registry, entity)
    taken = {e.id: tuple(s for s in own[e.id] if squeeze(s) in wanted) for e in members}
    if not wanted or wanted != {squeeze(s) for found in taken.values() for s in found}:
        raise UsageError(
            f"{mark} does not have all of these surfaces; to see them: transcribe decide STUDY --list --all"
        )
    if wanted & _listed_names(roster):
        raise UsageError("a name of the roster cannot be split off: correct private/roster.csv instead")
    if all(set(own[e.id]) == set(taken[e.id]) for e in members):
        raise UsageError(f"nothing would be left of {mark}: name only the surfaces that mean somebody else")
    first = next(found for found in taken.values() if found)
    kind = entity.entity_type
    made = RegistryEntity(
        id=next_id(registry),
        entity_type=kind,
        label=kind,
        mark=f"[{kind}_{next_number(registry, kind)}]",
        canonical=first[0],
        surfaces=tuple(dict.fromkeys(s for found in taken.values() for s in found)),
        pairs=tuple(sorted({pair for e in members if taken[e.id] for pair in e.pairs})),
        first_seen=entity.first_seen,
        confirmed_by=by.who,
        class_=class_of(entity),
    )
    grown = replace(registry, entities=(*registry.entities, made))
    return _with(
        grown,
        *(
            Decision(e.id, "split", by.who, by.when, by.why, target=made.id, surfaces=taken[e.id])
            for e in members
            if taken[e.id]
        ),
    )


def rename(
    registry: Registry, entity: RegistryEntity, label: str, by: Signature, roster: Sequence[RosterEntry]
) -> Registry:
    """Another label, with the next number of that label; what a mark keeps (`Kowloon`) stays.

    Raises `UsageError` once the mark was released, for a participant's code, and for a label that is a name.
    """
    _refuse_merged(registry, entity)
    mark, label = _mark(registry, entity), label.strip().strip("[]").upper()
    standing = standings(registry)[entity.id]
    if entity.released:
        raise UsageError(f"{mark} stands in release {entity.released}: coders know it by this mark, so it stays")
    if entity.person or not NUMBERED.fullmatch(standing.mark):
        raise UsageError(f"{mark} is the code of a participant or interviewer; codes are changed in the manifest")
    if standing.status == "rejected":
        raise UsageError(f"{mark} was rejected: accept it first")
    is_code = is_pair(label) or label in {part for e in registry.entities for part in (e.person, *e.pairs)}
    if not _LABEL.fullmatch(label) or len(label) > _LONGEST_LABEL or is_code:
        raise UsageError("a label is letters, digits and hyphens, such as SISTER or P01-PIR-SISTER, without a number")
    parts = {part.casefold() for part in label.split("-")}
    if parts & (_names(registry, roster, family(registry, entity)) - {entity.entity_type.casefold()}):
        raise UsageError("this label is part of a name of the study; write what it is instead, such as SISTER or CAFE")
    band = standing.mark[1:-1].partition(" ")[2]
    new = f"[{label}_{next_number(registry, label)}{' ' + band if band else ''}]"
    return _with(registry, Decision(entity.id, "rename", by.who, by.when, by.why, target=new))


def set_level(registry: Registry, entity: RegistryEntity, level: str, by: Signature) -> Registry:
    """The lowest level at which the entity is replaced. Raises `UsageError` for what identifies by itself."""
    _refuse_merged(registry, entity)
    chosen: Level | None = next((known for known in LEVELS if known == level), None)
    if chosen is None:
        raise UsageError(f"--level takes one of: {', '.join(LEVELS)}")
    if class_of(entity) == "direct" and chosen != "team":
        raise UsageError(f"{_mark(registry, entity)} identifies somebody by itself, so it is replaced at every level")
    return _with(registry, Decision(entity.id, "level", by.who, by.when, by.why, target=chosen))


def _with(registry: Registry, *decisions: Decision) -> Registry:
    return replace(registry, decisions=(*registry.decisions, *decisions))


def _mark(registry: Registry, entity: RegistryEntity) -> str:
    return standings(registry)[entity.id].mark


def _bare(mark: str) -> str:
    return mark.strip().strip("[]").partition(" ")[0].upper()


def _names(registry: Registry, roster: Sequence[RosterEntry], members: Sequence[RegistryEntity]) -> set[str]:
    """The words of all names of the study: marks are not searched by any check, so a label must be none of them.

    Of others than `members` and of things, ordinary words are left out: `Golden Cafe` forbids no `CAFE`; nor do the
    words that are labels already.
    """
    ours = {part.casefold() for e in registry.entities for part in e.label.split("-")}
    own = own_surfaces(registry)
    names = {w.fold for row in roster for name in (row.name, *row.aliases) for w in tokens(name)}
    for entity in registry.entities:
        words = {w.fold for s in own[entity.id] for w in tokens(s)}
        if entity not in members:
            person = entity.entity_type == "PERSON"
            words = {w for w in words if w not in ours and (person or not is_common(w))}
        names |= words
    return names


def _is_listed(entity: RegistryEntity, registry: Registry, roster: Sequence[RosterEntry]) -> bool:
    """Whether the roster's rows as they are now make the entity a name of theirs."""
    gone = split_off(registry)
    own = {squeeze(s) for s in entity.surfaces if (entity.id, squeeze(s)) not in gone and s not in entity.variants}
    return bool(own & _listed_names(roster)) or (bool(entity.person) and entity.person in {e.person for e in roster})


def _listed_names(roster: Sequence[RosterEntry]) -> set[str]:
    """Names and aliases of the roster, squeezed, and every run of words of a person's name: all are always replaced."""
    result = set()
    for entry in roster:
        for name in (entry.name, *entry.aliases):
            words = tokens(name)
            result.add(squeeze(name))
            if entry.kind not in THING_KINDS:
                runs = [words[a:b] for a in range(len(words)) for b in range(a + 1, len(words) + 1)]
                result |= {"".join(w.fold for w in run) for run in runs}
    return result
