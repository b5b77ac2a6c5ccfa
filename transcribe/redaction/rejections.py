"""What a person said is no identifier: which spans are therefore not replaced."""

from collections.abc import Callable, Collection, Iterator

from transcribe.redaction.decisions import Level, is_replaced, own_surfaces, standings
from transcribe.redaction.registry import Registry, RegistryEntity
from transcribe.redaction.spans import NER, priority
from transcribe.redaction.surfaces import NAMED_TYPES, key_of
from transcribe.redaction.tokens import squeeze


def may_be_said(registry: Registry, level: Level, scope: str | None = None) -> frozenset[str]:
    """The surfaces, squeezed, that a text of a level may hold by people's decisions: for the check of finished files.

    They are rejected, or replaced from a higher level on only, and no surface of what is still replaced: Jordan the
    country leaves Jordan the friend masked. `scope` is the pair whose text it is, or the recording's id where it has
    none: a person of another pair is then another person.
    """
    return said_by(registry, level)(scope)


def said_by(registry: Registry, level: Level) -> Callable[[str | None], frozenset[str]]:
    """`may_be_said` by scope, for many: what is the same for all is worked out once."""
    known, own = standings(registry), own_surfaces(registry)
    entities = [
        (entity.pairs, is_replaced(known[entity.id], level), frozenset(map(squeeze, own[entity.id])))
        for entity in registry.entities
    ]

    def may_be_said_in(scope: str | None) -> frozenset[str]:
        said: set[str] = set()
        held: set[str] = set()
        for pairs, is_held, surfaces in entities:
            if scope is None or not pairs or scope in pairs:
                found = held if is_held else said
                found |= surfaces
        return frozenset(said - held)

    return may_be_said_in


def is_said_somewhere(registry: Registry, level: Level) -> frozenset[str]:
    """What the text of one pair or another may hold: for files that hold the whole study, whose parts are checked by
    themselves.
    """
    scopes = {pair for entity in registry.entities for pair in entity.pairs} | {""}
    return frozenset[str]().union(*map(said_by(registry, level), sorted(scopes)))


class Rejections:
    """The surfaces of rejected entities in their scope: the pair of a person, the study for a place or organisation.

    A surface that another entity of the same type and scope also has is not rejected. A decision about one kind of
    thing says nothing of another: Jordan the country leaves Jordan the patient masked. Only what nobody but the
    language model says follows a rejected name of the same pair whatever type it has, for the model's types waver.
    """

    def __init__(self, registry: Registry) -> None:
        known, own = standings(registry), own_surfaces(registry)
        rejected: set[tuple[str, str, str]] = set()
        standing: set[tuple[str, str, str]] = set()
        for entity in registry.entities:
            keys = set(_keys(entity, own[entity.id]))
            if known[entity.id].status == "rejected":
                rejected |= keys
            else:
                standing |= keys
        self._keys = rejected - standing
        self._names = {(pair, key) for pair, kind, key in self._keys if kind in NAMED_TYPES and pair}
        self._things = {key for pair, kind, key in self._keys if kind in ("PLACE", "ORG")}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def holds(self, surface: str, entity_type: str, recognizer: str, pair: str) -> bool:
        """Whether a span that is no name of the roster stays as it was said."""
        if not self._keys:
            return False
        key = key_of(surface, entity_type)
        if (pair, entity_type, key) in self._keys or ("", entity_type, key) in self._keys:
            return True
        if priority(recognizer) < NER or entity_type not in NAMED_TYPES:
            return False
        return (pair, key) in self._names or (entity_type in ("PLACE", "ORG") and key in self._things)

    def hold_sweep(self, surface: str, entity_type: str, pair: str, names: Collection[str]) -> bool:
        """Whether a surface that was met elsewhere is not replaced in a pair; `names` are keys of people met in it.

        A person of another pair does not bring back the place of that name that somebody rejected.
        """
        if not self._keys:
            return False
        key = key_of(surface, entity_type)
        foreign = entity_type == "PERSON" and key in self._things and key not in names
        return foreign or self.holds(surface, entity_type, "sweep/known", pair)


def _keys(entity: RegistryEntity, surfaces: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for pair in entity.pairs or ("",):
        for surface in surfaces:
            yield pair, entity.entity_type, key_of(surface, entity.entity_type)
