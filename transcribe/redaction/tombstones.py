"""People who withdrew are still to be replaced: else their names would come back in their partner's interview.

What the key remembers of them stands in for their row in the roster, which the lab may have deleted.
"""

from collections.abc import Sequence

from transcribe.redaction.registry import Registry
from transcribe.redaction.surfaces import rule_for
from transcribe.store import StudyFolder
from transcribe.study.roster import RosterEntry, read_roster
from transcribe.study.withdrawals import read_withdrawals


def roster_to_replace(study: StudyFolder, registry: Registry) -> tuple[RosterEntry, ...]:
    """The lab's roster and a row for every person who withdrew and is not in it, from the surfaces in the key.

    Raises what `read_roster` and `read_withdrawals` raise.
    """
    return with_tombstones(read_roster(study.roster), registry, read_withdrawals(study).people)


def with_tombstones(
    roster: Sequence[RosterEntry], registry: Registry, withdrawn: Sequence[str]
) -> tuple[RosterEntry, ...]:
    """`roster` with rows for the `withdrawn` codes that it lacks and the registry knows; pure."""
    listed = {entry.person for entry in roster}
    return (*roster, *(row for code in withdrawn if code not in listed for row in _rows(registry, code)))


def _rows(registry: Registry, code: str) -> list[RosterEntry]:
    rows = []
    for entity in registry.entities:
        names = [name for name in dict.fromkeys((entity.canonical, *entity.surfaces)) if rule_for(name) != "never"]
        if entity.person == code and names:
            rows.append(RosterEntry(code, names[0], tuple(names[1:]), "participant", "", ""))
    return rows
