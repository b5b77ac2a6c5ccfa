"""What people decided of the entities of a study, folded over the registry: which marks stand, and which are open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from transcribe.records import EntityClass, RedactionList
from transcribe.redaction.registry import Decision, Registry, RegistryEntity
from transcribe.redaction.spans import CLASS_OF
from transcribe.redaction.tokens import squeeze

Status = Literal["confirmed", "auto", "open", "rejected"]
"""`confirmed`: by the roster or a person; `auto`: certain by its form, or no direct identifier; `open`: a direct
identifier that nobody has looked at; `rejected`: a person said that it identifies nobody."""
Level = Literal["team", "share", "archive"]
"""Who gets the text, from those who know the study to everybody."""
LEVELS: tuple[Level, ...] = get_args(Level)

CERTAIN_SCORE = 0.85
"""From this score on, a grammar or pattern leaves no doubt; the grammars' scores are given with this in mind."""
_CHECKED_BY_PRESIDIO = frozenset(
    f"pattern/{name}Recognizer" for name in ("Email", "Url", "Phone", "Iban", "CreditCard", "Ip", "UkNino", "Nhs")
)
"""Their form is proof, but Presidio's scores (0.4 for a telephone number) do not say so."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an entity stands after all decisions.

    `mark` and `label` are what replaces it (another entity's, when it was merged before its own mark was released).
    `level` is the lowest level at which it is replaced. `same_as` is the id of the entity that it was merged with,
    empty for none; `confirmed_by` is `roster`, initials, or empty.
    """

    mark: str
    label: str
    class_: EntityClass
    status: Status
    level: Level
    same_as: str
    confirmed_by: str


def class_of(entity: RegistryEntity) -> EntityClass:
    """Whether an entity identifies by itself; a type that is not known counts as direct."""
    return entity.class_ or CLASS_OF.get(entity.entity_type, "direct")


def is_certain(recognizer: str, score: float) -> bool:
    """Whether what a recogniser found needs nobody's look.

    Yes: ids with a valid check digit, names of the roster as written, addresses and numbers whose form proves them,
    grammars and patterns with a score of at least 0.85. No: names of a language model whatever its score, misheard
    variants (`roster/variant`), and what was found only because it was met elsewhere (`sweep`).
    """
    family = recognizer.partition("/")[0]
    if family in ("grammar", "pattern"):
        return score >= CERTAIN_SCORE or recognizer in _CHECKED_BY_PRESIDIO
    return family == "checksum" or recognizer == "roster/name"


def standings(registry: Registry, *, variants: bool = True) -> dict[str, Standing]:
    """How every entity stands, by its id, after all decisions in their order; later ones go before earlier ones.

    What is decided of a merged entity is decided of the one it was merged with. An entity with misheard variants that
    nobody has accepted is open; with `variants` False, as if it had none.
    """
    fold = _Fold(registry, variants)
    return {entity.id: fold.standing(entity) for entity in registry.entities}


def open_entities(registry: Registry) -> tuple[RegistryEntity, ...]:
    """The direct identifiers that are not certain and that nobody has decided, in the order in which they were met."""
    known = standings(registry)
    return tuple(e for e in registry.entities if known[e.id].status == "open" and not known[e.id].same_as)


def open_variants(registry: Registry, entity: RegistryEntity) -> tuple[str, ...]:
    """The surfaces of an entity that only sound like it and that nobody has accepted or split off."""
    settled = {
        squeeze(surface)
        for decision in registry.decisions
        if decision.entity == entity.id and decision.action in ("accept", "split")
        for surface in decision.surfaces
    }
    return tuple(surface for surface in entity.variants if squeeze(surface) not in settled)


def split_off(registry: Registry) -> dict[tuple[str, str], str]:
    """Which entity a surface means instead, by `(entity id, squeezed surface)`."""
    return {
        (decision.entity, squeeze(surface)): decision.target
        for decision in registry.decisions
        if decision.action == "split"
        for surface in decision.surfaces
    }


def own_surfaces(registry: Registry) -> dict[str, tuple[str, ...]]:
    """The surfaces of every entity by its id, without those that were split off."""
    gone = split_off(registry)
    return {e.id: tuple(s for s in e.surfaces if (e.id, squeeze(s)) not in gone) for e in registry.entities}


def is_replaced(standing: Standing, level: Level) -> bool:
    """Whether an entity is replaced in a text of a level: not when rejected, nor below the level it was given."""
    return standing.status != "rejected" and LEVELS.index(standing.level) <= LEVELS.index(level)


def at_level(redactions: RedactionList, known: Mapping[str, Standing], level: Level) -> RedactionList:
    """The redactions of a recording that apply at a level; all of an entity that is not known.

    What was rejected is in no list; a name of the roster is, whatever was decided of it before it was listed.
    """
    kept = (
        r
        for r in redactions.redactions
        if r.entity not in known or LEVELS.index(known[r.entity].level) <= LEVELS.index(level)
    )
    return replace(redactions, redactions=tuple(kept))


def undecided(redactions: Mapping[str, RedactionList]) -> dict[str, str]:
    """Why the policy `hold` keeps a recording back, by recording: direct identifiers in it that nobody looked at."""
    found = {
        name: len({r.entity for r in listed.redactions if r.class_ == "direct" and r.status == "open"})
        for name, listed in redactions.items()
    }
    return {
        name: f"{number} {'name or number is' if number == 1 else 'names or numbers are'} undecided, and the policy is "
        "hold: run `transcribe decide STUDY`, then `transcribe release STUDY`"
        for name, number in found.items()
        if number
    }


class _Fold:
    """The decisions of a registry, taken one after the other."""

    def __init__(self, registry: Registry, variants: bool) -> None:
        self._registry = registry
        self._variants = variants
        self._entities = {entity.id: entity for entity in registry.entities}
        self._same: dict[str, str] = {}
        self._verdict: dict[str, tuple[Literal["confirmed", "rejected"], str]] = {}
        self._renamed: dict[str, str] = {}
        self._level: dict[str, Level] = {}
        for decision in registry.decisions:
            if decision.entity in self._entities:
                self._take(decision)

    def _root(self, entity: str) -> str:
        while entity in self._same:
            entity = self._same[entity]
        return entity

    def _take(self, decision: Decision) -> None:
        entity = self._root(decision.entity)
        if decision.action == "reject":
            self._verdict[entity] = ("rejected", decision.who)
        elif decision.action == "level":
            self._level[entity] = next((level for level in LEVELS if level == decision.target), "team")
        else:
            if decision.action == "merge" and decision.target in self._entities:
                target = self._root(decision.target)
                if target != entity:
                    self._same[entity] = target
                self._verdict[target] = ("confirmed", decision.who)
            elif decision.action == "split" and decision.target in self._entities:
                self._verdict.setdefault(decision.target, ("confirmed", decision.who))
                return
            elif decision.action == "rename" and decision.entity == entity:
                self._renamed[entity] = decision.target
            self._verdict[entity] = ("confirmed", decision.who)

    def standing(self, entity: RegistryEntity) -> Standing:
        root = self._entities[self._root(entity.id)]
        own = root if not entity.released else entity
        mark = self._renamed.get(own.id, own.mark)
        label = own.label if own.id not in self._renamed else mark.strip("[]").rpartition("_")[0]
        status, confirmed_by = self._status(root)
        return Standing(
            mark=mark,
            label=label,
            class_=class_of(root),
            status=status,
            level=self._level.get(root.id, "team") if class_of(root) == "quasi" else "team",
            same_as="" if root is entity else root.id,
            confirmed_by=confirmed_by,
        )

    def _status(self, entity: RegistryEntity) -> tuple[Status, str]:
        verdict, who = self._verdict.get(entity.id, ("", ""))
        if verdict == "rejected":
            return "rejected", who
        if self._variants and class_of(entity) == "direct" and open_variants(self._registry, entity):
            return "open", ""
        if verdict == "confirmed":
            return "confirmed", who
        if entity.confirmed_by:
            return "confirmed", entity.confirmed_by
        certain = class_of(entity) == "quasi" or is_certain(entity.recognizer, entity.score)
        return ("auto", "") if certain else ("open", "")
