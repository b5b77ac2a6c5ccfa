"""`private/roster.csv`: the people, places and organisations that are to be replaced wherever they are named."""

import re
from dataclasses import dataclass
from pathlib import Path

from transcribe.errors import UsageError
from transcribe.study.codes import is_code
from transcribe.study.tables import SAVE_AS_UTF8, TableRow, read_table

ROSTER_COLUMNS = ("person", "name", "aliases", "kind", "relation_to", "note")
"""The columns, in the order they are written (formats.md, "What the lab writes")."""

ROSTER_KINDS = (
    "participant",
    "interviewer",
    "relative",
    "friend",
    "clinician",
    "staff",
    "peer",
    "place",
    "organisation",
    "school",
    "employer",
    "hospital",
    "other",
)
"""What an entry can be."""

_OTHER_SPELLINGS = {"organization": "organisation", "": "other"}


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """One person, place or organisation: `name` and each of `aliases` are replaced in every transcript.

    `person` is a participant's or interviewer's code (`P01-PIR`, `INT`), empty for everybody and everything else.
    """

    person: str
    name: str
    aliases: tuple[str, ...]
    kind: str
    relation_to: str
    note: str


def read_roster(path: Path) -> tuple[RosterEntry, ...]:
    """The roster at `path`, in its order; a missing file is an empty roster.

    Raises `UsageError` when the table cannot be read or a row cannot be used (no name, an unknown kind). A row that
    cannot be used stops everything: leaving a name out would let it through to the coders.
    """
    if not path.exists():
        return ()
    return tuple(_entry(row, path.name) for row in read_table(path, ROSTER_COLUMNS, optional=("relation_to", "note")))


def _entry(row: TableRow, what: str) -> RosterEntry:
    """The entry of one row; its cells are names, so no error quotes them."""
    where = f"row {row.number} of {what}"
    cells = row.cells
    if not cells["name"]:
        raise UsageError(f"{where} has no name: write it, or delete the row")
    if "?" in cells["name"] + cells["aliases"]:
        # Excel writes "?" for a character that the machine's code page lacks; such a name would never be found.
        raise UsageError(f'{where} has a "?" in a name: type the name anew, then {SAVE_AS_UTF8}')
    kind = cells["kind"].casefold()
    kind = _OTHER_SPELLINGS.get(kind, kind)
    if kind not in ROSTER_KINDS:
        raise UsageError(f"{where} has an unknown kind: write one of {', '.join(ROSTER_KINDS)}")
    codes = {column: cells[column].upper() for column in ("person", "relation_to")}
    for column, code in codes.items():
        if code and not is_code(code):
            raise UsageError(f"{where}: {column} must be a code such as P01-PIR or INT, or empty")
    words = {word.upper() for word in re.findall(r"[^\W\d]{3,}", f"{cells['name']} {cells['aliases']}")}
    if words & {part for code in codes.values() for part in re.findall(r"[A-Z]{3,}", code)}:
        raise UsageError(f"{where}: a code holds a name: codes are published, so write one such as P01-PIR")
    aliases = [alias.strip() for alias in re.split(r"[;；、\n\r]", cells["aliases"])]
    return RosterEntry(
        person=codes["person"],
        name=cells["name"],
        aliases=tuple(dict.fromkeys(alias for alias in aliases if alias and alias != cells["name"])),
        kind=kind,
        relation_to=codes["relation_to"],
        note=cells["note"],
    )
