"""One row of the manifest: its cells checked one by one, and read as a lab and Excel write them."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from transcribe.errors import UsageError
from transcribe.records import Role
from transcribe.study.codes import ROLES, is_code, is_interviewer, is_pair, is_recording_id, recording_id
from transcribe.study.languages import joined_languages, read_languages
from transcribe.study.listed_files import find_file
from transcribe.study.tables import TableRow, read_date

CONSENTS = ("transcribe", "quote", "audio", "archive")
"""What a participant can agree to; an empty cell is `transcribe`."""

_EXCLUDED = ("no", "n", "0", "false", "nein", "否")
_INCLUDED = ("", "yes", "y", "1", "true", "ja", "是")
MOST_SPEAKERS = 20
"""Of the manifest and of `--speakers`."""


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """Whose recording a row is."""

    pair: str
    role: Role
    person: str


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """A row with its cells checked one by one; None where an empty cell takes part 1's value."""

    number: int
    id: str
    part: int
    pair: str
    role: Role
    person: str | None
    session: int
    date: str | None
    language: str | None
    speakers: int | None
    interviewer: tuple[str, ...] | None
    also_present: tuple[str, ...] | None
    consent: frozenset[str] | None
    file: Path


def listed_person(row: TableRow) -> list[ListedPerson]:
    """Whose recording a row is, included or not; nothing while that is not filled in."""
    pair, role, person = row.cells["pair"].upper(), _role(row), row.cells["person"].upper()
    if role is None or not is_pair(pair):
        return []
    default = "" if role == "OBS" else f"{pair}-{role}"
    return [ListedPerson(pair, role, person if is_code(person) else default)]


def id_of(row: TableRow) -> str:
    """The row's id, made from pair, role and session if the cell is empty; empty if it is none (it could be a name)."""
    text = row.cells["id"]
    role, pair, session = _role(row), row.cells["pair"].upper(), row.cells["session"] or "1"
    if not text and role and is_pair(pair) and re.fullmatch(r"[1-9][0-9]?", session):
        text = recording_id(pair, role, int(session))
    name = text if is_recording_id(text) else text.upper()
    return name if is_recording_id(name) else ""


def _role(row: TableRow) -> Role | None:
    return next((role for role in ROLES if role == row.cells["role"].upper()), None)


def is_excluded(row: TableRow) -> bool:
    """Whether the lab leaves the row out. Raises `UsageError` for a cell that says neither yes nor no."""
    include = row.cells["include"].casefold()
    if include not in _EXCLUDED + _INCLUDED:
        raise UsageError('include must be "yes" or "no"')
    return include in _EXCLUDED


def check_row(row: TableRow, folder: Path) -> ManifestRow:
    """The row as it is meant; files are looked for from `folder` on. Raises `UsageError` for a cell that is wrong."""
    cells = row.cells
    role = _role(row)
    if role is None:
        raise UsageError(f"unknown role: write one of {', '.join(ROLES)}")
    pair = cells["pair"].upper()
    if not is_pair(pair):
        raise UsageError("the pair must be letters and a number, such as P01")
    person = cells["person"].upper()
    if person and not is_code(person):
        raise UsageError("person must be a code such as P01-PSW, never a name")
    session = _number(cells["session"], "session", 99) or 1
    name = id_of(row)
    if not name:
        raise UsageError("the id must be capital letters, digits and hyphens, at most 16, such as P01-PSW-S2")
    # A missing file is no problem of the row: what was made of it stays released, and probing says that it is gone.
    file = find_file(folder, cells["file"]) or folder / cells["file"]
    try:
        language = joined_languages(read_languages(cells["language"]))
    except UsageError as error:
        raise UsageError(f"language {error.message}; several: en+yue; empty: it is detected") from error
    return ManifestRow(
        number=row.number,
        id=name,
        part=_number(cells["part"], "part", 999) or 1,
        pair=pair,
        role=role,
        person=person or None,
        session=session,
        date=read_date(cells["date"]) or None,
        language=language or None,
        speakers=0 if cells["speakers"] in ("?", "？") else _number(cells["speakers"], "speakers", MOST_SPEAKERS),
        interviewer=_interviewers(cells["interviewer"]) or None,
        also_present=_listed(cells["also_present"]) or None,
        consent=_consent(cells["consent"]),
        file=file,
    )


def _number(cell: str, column: str, most: int) -> int | None:
    """A cell as a whole number from 1; None when it is empty. Excel's `2.0` and full-width digits are read."""
    text = re.sub(r"\.0+$", "", unicodedata.normalize("NFKC", cell))
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= most:
        raise UsageError(f"{column} must be a whole number from 1 to {most}")
    return int(text)


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (item.strip().casefold() for item in re.split(r"[;,/；，、\n]", cell)))))


def _interviewers(cell: str) -> tuple[str, ...]:
    codes = tuple(item.upper() for item in _listed(cell))
    if not all(map(is_interviewer, codes)):
        raise UsageError("interviewer must be a code, INT or INT-2 and so on, separated by semicolons, never a name")
    return codes


def _consent(cell: str) -> frozenset[str] | None:
    """The consents of a cell; None when it is empty. An unknown word is refused: it may take something back."""
    words = {word for item in _listed(cell) for word in item.split()}
    if words - set(CONSENTS):
        raise UsageError(f"consent may hold {', '.join(CONSENTS)}, separated by semicolons, and nothing else")
    return frozenset(words) or None
