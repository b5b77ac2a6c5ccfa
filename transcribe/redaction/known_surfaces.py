"""What roster and registry know: the texts that must not stand in finished files, and the words that are ours."""

from collections.abc import Sequence
from dataclasses import dataclass

from transcribe.redaction.decisions import Level, is_replaced, own_surfaces, standings
from transcribe.redaction.registry import Registry
from transcribe.redaction.rejections import may_be_said
from transcribe.redaction.roster_match import THING_KINDS
from transcribe.redaction.surfaces import is_swept, rule_for
from transcribe.redaction.tokens import squeeze
from transcribe.study.codes import ROLES
from transcribe.study.roster import RosterEntry

_ROSTER = "roster"


@dataclass(frozen=True, slots=True)
class KnownSurface:
    """A text that must not appear; `entity` is its id in the registry, or `roster`.

    `any_case` marks a place or organisation that the lab has listed: it counts in lower case, too.
    """

    entity: str
    text: str
    any_case: bool = False


def known_surfaces(
    registry: Registry, roster: Sequence[RosterEntry], level: Level = "team", said: frozenset[str] | None = None
) -> tuple[KnownSurface, ...]:
    """All that must not appear at a level: the roster's names and aliases, and every surface that is searched for.

    What people decided to leave as it was said is none of it: `said`, by default what may be said in any pair. A listed
    place or organisation is wanted unless it is replaced from a higher level on only.
    """
    return not_said(every_surface(registry, roster, level), may_be_said(registry, level) if said is None else said)


def every_surface(registry: Registry, roster: Sequence[RosterEntry], level: Level = "team") -> tuple[KnownSurface, ...]:
    """The same with what may be said in one pair or another."""
    known, own = standings(registry), own_surfaces(registry)
    above = {
        squeeze(surface)
        for entity in registry.entities
        if known[entity.id].status != "rejected" and not is_replaced(known[entity.id], level)
        for surface in own[entity.id]
    }
    listed = [
        KnownSurface(_ROSTER, name, entry.kind in THING_KINDS)
        for entry in roster
        for name in (entry.name, *entry.aliases)
        if name
        if entry.kind not in THING_KINDS or not above & {squeeze(n) for n in (entry.name, *entry.aliases)}
    ]
    met = [
        KnownSurface(entity.id, surface)
        for entity in registry.entities
        for surface in entity.surfaces
        if is_swept(surface, entity.entity_type) or (entity.confirmed_by == "roster" and rule_for(surface) == "name")
    ]
    return tuple(dict.fromkeys(listed + met))


def not_said(surfaces: Sequence[KnownSurface], said: frozenset[str]) -> tuple[KnownSurface, ...]:
    """Those that may not be said, `said` being what may (`rejections.may_be_said`); what the lab has listed stays."""
    return tuple(known for known in surfaces if known.entity == _ROSTER or squeeze(known.text) not in said)


def label_words(registry: Registry) -> frozenset[str]:
    """The words that marks are made of unless a person renamed them: they are ours, also where a name is spelled so."""
    labels = {label for entity in registry.entities for label in (entity.label, entity.person, *entity.pairs)}
    return frozenset(part for label in labels for part in label.split("-")) | {*ROLES, "INT", "OTHER"}
