"""What in one person's transcript their partner alone could recognise: internal confidentiality (Tolich 2004).

Strangers cannot tell who P01-PIR is; P01-PSW can, by what both of them told. Marks do not hide that: an event with the
same mark in both interviews of a pair, and in no other, says that it is the same event.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from transcribe.records import Recording, RedactionList
from transcribe.redaction.decisions import is_replaced, own_surfaces, standings
from transcribe.redaction.registry import Registry

_NUMBER = re.compile(r"_(\d+)")


@dataclass(frozen=True, slots=True)
class Shared:
    """Something that both of a pair told and nobody else of the study: its mark, and its texts (private).

    `anchored` is True for a relative of the partner (`[P01-PIR-SISTER_1]` in P01-PSW's transcript), who need be in one
    of the two only; `visible` when the team reads the words themselves.
    """

    mark: str
    surfaces: tuple[str, ...]
    anchored: bool
    visible: bool


@dataclass(frozen=True, slots=True)
class PairRecognition:
    """One pair of whom both were interviewed."""

    pair: str
    shared: tuple[Shared, ...]


def partner_recognition(
    recordings: Mapping[str, Recording], lists: Mapping[str, RedactionList], registry: Registry
) -> tuple[PairRecognition, ...]:
    """For every pair with interviews of both, what only they could recognise in the other's; sorted by pair.

    Codes of participants and interviewers are left out: everybody knows that they mean each other.
    """
    known, own = standings(registry), own_surfaces(registry)
    entities = {entity.id: entity for entity in registry.entities}
    met: dict[str, dict[str, set[str]]] = {}
    for name, listed in lists.items():
        recording = recordings[name]
        for redaction in listed.redactions:
            root = known[redaction.entity].same_as or redaction.entity if redaction.entity in known else ""
            if root in entities and not entities[root].person:
                side = recording.role if recording.pair else name
                met.setdefault(root, {}).setdefault(recording.pair or name, set()).add(side)
    result = []
    for pair in _pairs_of_two(recordings, lists):
        partners = {r.person for r in recordings.values() if r.pair == pair and r.id in lists and r.person}
        shared = []
        for root, places in met.items():
            standing = known[root]
            label = standing.label
            anchored = any(label.startswith(f"{code}-") for code in partners)
            elsewhere = any(other != pair for other in places)
            both = {"PSW", "PIR"} <= places.get(pair, set())
            if pair in places and not elsewhere and (both or (anchored and _by_partner(label, pair, places[pair]))):
                shared.append(Shared(standing.mark, own[root], anchored, not is_replaced(standing, "team")))
        result.append(PairRecognition(pair, tuple(sorted(shared, key=lambda s: _natural(s.mark)))))
    return tuple(result)


def shown(marks: tuple[Shared, ...]) -> list[str]:
    """The marks as coders read them."""
    return [item.mark for item in marks if not item.visible]


def _pairs_of_two(recordings: Mapping[str, Recording], lists: Mapping[str, RedactionList]) -> list[str]:
    roles: dict[str, set[str]] = {}
    for name in lists:
        if recordings[name].pair:
            roles.setdefault(recordings[name].pair, set()).add(recordings[name].role)
    return sorted(pair for pair, have in roles.items() if {"PSW", "PIR"} <= have)


def _by_partner(label: str, pair: str, sides: set[str]) -> bool:
    """Whether a relative's mark stands in the interview of the one whose relative it is not."""
    whose = "PSW" if label.startswith(f"{pair}-PSW") else "PIR" if label.startswith(f"{pair}-PIR") else ""
    return bool(sides & ({"PSW", "PIR"} - {whose}))


def _natural(mark: str) -> tuple[str, int]:
    number = _NUMBER.search(mark)
    return mark.partition("_")[0], int(number.group(1)) if number else 0
