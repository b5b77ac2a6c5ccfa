"""The key as a table that people read: who is behind which mark. Holds names: for stdout and for files of mode 0600."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transcribe.csv_cells import csv_table
from transcribe.errors import UsageError
from transcribe.redaction.decisions import own_surfaces, standings
from transcribe.redaction.key_identity import in_git_work_tree
from transcribe.redaction.registry import Registry
from transcribe.store import StudyFolder, write_atomic

KEY_COLUMNS = ("mark", "kind", "surfaces", "person", "pairs", "first_seen", "released", "status", "confirmed_by")


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One entity: `surfaces` are what it was called, `released` the first release with its mark (0: none)."""

    mark: str
    kind: str
    surfaces: tuple[str, ...]
    person: str
    pairs: tuple[str, ...]
    first_seen: str
    released: int
    status: str
    confirmed_by: str


def key_rows(registry: Registry, marks: Sequence[str] = ()) -> tuple[KeyRow, ...]:
    """The entities in the order in which they were met; with `marks`, only those that have one of these marks.

    Brackets and capitals of a mark do not matter; a participant's code finds their own mark and those of their
    relations. Raises `UsageError` for a mark that stands for nothing.
    """
    known, own = standings(registry), own_surfaces(registry)
    rows = tuple(
        KeyRow(
            known[e.id].mark,
            e.entity_type,
            own[e.id],
            e.person,
            e.pairs,
            e.first_seen,
            e.released,
            known[e.id].status,
            known[e.id].confirmed_by,
        )
        for e in registry.entities
    )
    if not marks:
        return rows
    found: list[KeyRow] = []
    for mark in marks:
        matching = [row for row in rows if _is_meant(mark, row)]
        if not matching:
            raise UsageError(f"no mark of this study is {mark.strip('[]').upper()}")
        found += [row for row in matching if row not in found]
    return tuple(found)


def _is_meant(mark: str, row: KeyRow) -> bool:
    wanted, bare = (text.strip("[] ").casefold().split(" ")[0] for text in (mark, row.mark))
    return wanted in (bare, row.person.casefold()) or bare.startswith(f"{wanted}-")


def cells(row: KeyRow) -> tuple[str, ...]:
    """The row in the order of `KEY_COLUMNS`; lists are separated by `; `."""
    surfaces, pairs = "; ".join(row.surfaces), "; ".join(row.pairs)
    released = str(row.released) if row.released else ""
    return (
        row.mark,
        row.kind,
        surfaces,
        row.person,
        pairs,
        row.first_seen,
        released,
        row.status,
        row.confirmed_by,
    )


def key_csv(rows: Sequence[KeyRow]) -> bytes:
    """The table as CSV for Excel: UTF-8 with BOM, CRLF, and no cell that a spreadsheet would run as a formula."""
    return csv_table([KEY_COLUMNS, *map(cells, rows)])


def export_key(study: StudyFolder, registry: Registry, target: Path) -> int:
    """Writes the key, not encrypted, as a new file of mode 0600; returns the number of rows.

    Raises `UsageError` for a file that is there already, one that does not end in `.csv`, and for places that are
    handed over, synchronised by git, or no folder.
    """
    place = target.expanduser().absolute()
    folder = place.parent.resolve()
    if place.suffix.lower() != ".csv":
        raise UsageError("--to takes a file that ends in .csv")
    if place.exists() or place.is_symlink():
        raise UsageError("the file of --to is there already: choose another name, or delete it first")
    if not folder.is_dir():
        raise UsageError("the folder of --to is not there")
    if any(folder.is_relative_to(kept.resolve()) for kept in (study.coders, study.report, study.releases)):
        raise UsageError("the key must not lie in coders/, report/ or a release: choose a folder outside the study")
    if in_git_work_tree(folder):
        raise UsageError("the key must not lie in a git work tree: choose another folder")
    rows = key_rows(registry)
    write_atomic(place, key_csv(rows))
    return len(rows)
