"""`transcribe init`: lists the recordings of a folder in a study, for the lab to correct; again, it only adds."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transcribe.audio.header import file_digest
from transcribe.errors import InputError, UsageError
from transcribe.store import StudyFolder, locked, make_private_folder, unwritable_message, write_atomic
from transcribe.study.codes import is_pair, is_recording_id, recording_id, unnamed_id
from transcribe.study.folder_risk import refuse_risky_folder
from transcribe.study.guide import GUIDE, read_guide
from transcribe.study.listed_files import audio_folder, find_file
from transcribe.study.manifest import MANIFEST_COLUMNS, OPTIONAL_COLUMNS, read_manifest
from transcribe.study.media_files import media_files
from transcribe.study.naming import NameGuess, guess
from transcribe.study.roster import ROSTER_COLUMNS, read_roster
from transcribe.study.settings_template import settings_template
from transcribe.study.starter_codes import CODES, read_codes
from transcribe.study.tables import TableRow, append_rows, read_date, read_table, write_table


@dataclass(frozen=True, slots=True)
class InitRow:
    """A row of the manifest as it is shown; `problem` says what keeps it from being worked on, empty if nothing."""

    id: str
    file: str
    part: str
    pair: str
    role: str
    session: str
    problem: str


@dataclass(frozen=True, slots=True)
class InitReport:
    """The whole manifest, how many rows are new, files that could not be listed, and tables that were adopted."""

    rows: tuple[InitRow, ...]
    added: int
    problems: tuple[str, ...]
    adopted: tuple[str, ...]


@dataclass(slots=True)
class _Listing:
    """The manifest while rows are added to it; `parts_of` holds how many parts the names say a recording has."""

    folder: Path
    rows: list[Mapping[str, str]]
    problems: list[str]
    added: list[Mapping[str, str]] = field(default_factory=list)
    notes: dict[int, str] = field(default_factory=dict)
    parts_of: dict[str, int] = field(default_factory=dict)


def initialise(audio: Path, study: StudyFolder, *, accept_folder_risk: bool = False) -> InitReport:
    """Makes the study, or adds the recordings that have come since; an edited row keeps its bytes.

    A `manifest.csv`, `roster.csv`, `guide.csv` and `codes.csv` in the audio folder are adopted by a new study. Nothing
    is written where nothing is new. Raises `UsageError` for folders that cannot serve and tables that cannot be read,
    `InputError` when there is no recording. Makes no key: that is `transcribe.redaction.key`'s.
    """
    audio = audio.resolve()
    _check_folders(audio, study)
    refuse_risky_folder(study.root, accept_folder_risk)
    found, problems = media_files(audio, study.root.resolve())
    fresh = not study.manifest.exists()
    if fresh and not found:
        raise InputError("the folder and its sub-folders hold no audio or video file")
    try:
        if not study.root.exists():
            make_private_folder(study.root)
        make_private_folder(study.private)
        with locked(study):
            return _initialise(audio, study, found, problems)
    except OSError as error:
        raise UsageError(unwritable_message(error)) from error


def _initialise(audio: Path, study: StudyFolder, found: Sequence[Path], problems: list[str]) -> InitReport:
    fresh = not study.manifest.exists()
    adopted = [name for name in ("manifest.csv", "roster.csv", GUIDE, CODES) if fresh and (audio / name).is_file()]
    people: Sequence[Mapping[str, str]] = []
    if "roster.csv" in adopted:
        read_roster(audio / "roster.csv")
        people = [row.cells for row in read_table(audio / "roster.csv", ROSTER_COLUMNS, ("relation_to", "note"))]
    lists = {name: (audio / name).read_bytes() for name in (GUIDE, CODES) if name in adopted}
    if lists:
        read_guide(audio / GUIDE)
        read_codes(audio / CODES)
    rows: list[Mapping[str, str]] = []
    if "manifest.csv" in adopted:
        optional = [column for column in MANIFEST_COLUMNS if column not in ("file", "pair", "role")]
        rows = [_canonical(row) for row in read_table(audio / "manifest.csv", MANIFEST_COLUMNS, optional)]
    elif not fresh:
        rows = [row.cells for row in read_table(study.manifest, MANIFEST_COLUMNS, OPTIONAL_COLUMNS)]
    listing = _Listing(audio if fresh else _start_folder(audio, study), rows, problems)
    _add_new(listing, found)
    if not study.audio_folder.exists() or audio_folder(study) != listing.folder:
        write_atomic(study.audio_folder, f"{listing.folder}\n".encode("utf-8", "surrogateescape"))
    if not study.settings.exists():
        write_atomic(study.settings, settings_template().encode())
    if not study.roster.exists():
        write_table(study.roster, _with_further(ROSTER_COLUMNS, people), people)
    for name, data in lists.items():
        if not (study.root / name).exists():
            write_atomic(study.root / name, data)
    # The manifest comes last: its being there is what makes the folder a study.
    if fresh:
        every = [*listing.rows, *listing.added]
        write_table(study.manifest, _with_further(MANIFEST_COLUMNS, every), every)
    elif listing.added:
        append_rows(study.manifest, MANIFEST_COLUMNS, listing.added)
    return _report(study, listing, fresh, adopted)


def _check_folders(audio: Path, study: StudyFolder) -> None:
    """Raises `UsageError` unless the audio folder is there and the study has a folder of its own, new or empty."""
    root = study.root.resolve()
    if not audio.is_dir():
        raise UsageError("the audio folder is not there: check how its path is written")
    if root == audio or audio.is_relative_to(root / "private") or audio.is_relative_to(root / "coders"):
        raise UsageError("the study needs a folder of its own: give --study another folder than that of the recordings")
    if root.exists() and not root.is_dir():
        raise UsageError("--study names a file: give a folder")
    if study.audio_folder.exists() or not root.is_dir():
        return
    ours = (GUIDE, CODES)
    others = [e for e in root.iterdir() if e.name not in ours and e.name[0] != "." and not audio.is_relative_to(e)]
    if [entry for entry in others if entry.name != "private" or any(entry.glob("[!.]*"))]:
        raise UsageError("the study folder holds other things already: give --study a new or an empty folder")


def _start_folder(audio: Path, study: StudyFolder) -> Path:
    """The folder that `file` cells start from: the first audio folder, as long as it is there."""
    if study.audio_folder.exists():
        first = audio_folder(study)
        if first.is_dir():
            return first
    return audio


def _canonical(row: TableRow) -> dict[str, str]:
    """An adopted row as this program writes it; a cell that cannot be read stays, for the lab to see."""
    cells = dict(row.cells)
    for column in ("pair", "role", "person"):
        cells[column] = cells[column].upper()
    if not is_recording_id(cells["id"]):
        cells["id"] = cells["id"].upper()
    cells["part"] = cells["part"] or "1"
    cells["session"] = cells["session"] or "1"
    try:
        cells["date"] = read_date(cells["date"])
    except UsageError:
        return cells  # `read_manifest` says so, with the row's number.
    role = next((role for role in ("PSW", "PIR", "OBS") if role == cells["role"]), None)
    if not cells["id"] and role and is_pair(cells["pair"]) and re.fullmatch(r"[1-9][0-9]?", cells["session"]):
        cells["id"] = recording_id(cells["pair"], role, int(cells["session"]))
    return cells


def _with_further(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """The columns, and behind them those that the lab added."""
    return tuple(dict.fromkeys([*columns, *(name for row in rows for name in row)]))


def _add_new(listing: _Listing, found: Sequence[Path]) -> None:
    """Adds a row for each file that no row names yet, unless another file has the same content."""
    listed = [(row["id"], find_file(listing.folder, row["file"])) for row in listing.rows if row["file"]]
    known = {path: name for name, path in listed if path is not None}
    sizes = Counter(_size(path) for path in {*known, *(path.resolve() for path in found)})
    by_digest: dict[str, str] = {}
    for path, name in known.items():
        if digest := _digest_of_one_of_many(path, sizes):
            by_digest.setdefault(digest, name)
    for path in found:
        if path.resolve() in known:
            continue
        cell = _file_cell(path, listing.folder)
        if cell is None:
            listing.problems.append(
                "a file's name holds a line break or another character that no table can: rename it"
            )
            continue
        digest = _digest_of_one_of_many(path, sizes)
        if digest in by_digest:
            listing.problems.append(f"{cell} has the same content as the file of {by_digest[digest]}: not listed")
            continue
        try:
            row, note = _new_row(path, cell, listing)
        except InputError as error:
            listing.problems.append(f"{cell} is not listed: {error.message}")
            continue
        if digest:
            by_digest[digest] = row["id"]
        known[path.resolve()] = row["id"]
        listing.notes[len(listing.added)] = note
        listing.added.append(row)
    every = [*listing.rows, *listing.added]
    for index, name in enumerate(new["id"] for new in listing.added):
        parts = {int(other["part"]) for other in every if other["id"] == name and other["part"].isdigit()}
        missing = sorted(set(range(1, listing.parts_of.get(name, 0) + 1)) - parts)
        if missing:
            listing.notes[index] = f"part {' and '.join(map(str, missing))} is not there"


def _size(path: Path) -> int:
    """Bytes; 0 for a file that went away."""
    return path.stat().st_size if path.exists() else 0


def _digest_of_one_of_many(path: Path, sizes: Mapping[int, int]) -> str:
    """The sha256 of a file that shares its size with another; else empty, as it cannot have the same content."""
    size = _size(path)
    if not size or sizes[size] < 2:
        return ""
    try:
        return file_digest(path)
    except InputError:
        return ""  # Closed to us: `run` says so, with the recording's id.


def _file_cell(path: Path, folder: Path) -> str | None:
    """How the manifest names the file: relative inside the audio folder; None if a table cannot hold the name."""
    text = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        return None
    for cell in (text, f"./{text}"):
        if cell == cell.strip() and find_file(folder, cell) == path.resolve():
            return cell
    return None


def _new_row(path: Path, cell: str, listing: _Listing) -> tuple[dict[str, str], str]:
    """The row proposed for a file, and a note for what could not be told. Raises `InputError` if it is closed to us."""
    read = _guess(path, listing.folder)
    taken = {(row["id"], row["part"] or "1") for row in (*listing.rows, *listing.added)}
    part = str(read.part or 1)
    row = dict.fromkeys(MANIFEST_COLUMNS, "") | {"file": cell, "part": part, "include": "yes", "pair": read.pair}
    row["session"] = str(read.session or 1)
    name = recording_id(read.pair, read.role, read.session or 1) if read.pair and read.role else ""
    if read.role and is_recording_id(name) and (name, part) not in taken:
        row.update({"id": name, "role": read.role, "person": "" if read.role == "OBS" else f"{read.pair}-{read.role}"})
        listing.parts_of[name] = max(read.of or 0, listing.parts_of.get(name, 0))
        return row, ""
    row["id"] = unnamed_id(file_digest(path))
    if any(row["id"] == other for other, _ in taken):
        raise InputError(f"it has the same content as {row['id']}")
    if name:
        # Without a role the row is left out until somebody has decided what it is.
        return row, f"{name} part {part} is another file already: fill in role, and id, session or part"
    row["role"] = read.role or ""
    return row, ""


def _guess(path: Path, folder: Path) -> NameGuess:
    """What the file's name tells together with its folders' (`P01/PSW_2.m4a`), or alone where those contradict it."""
    alone = guess(path.name)
    if path.parent == folder or not path.is_relative_to(folder):
        return alone
    together = guess(path.relative_to(folder).as_posix())
    # `PSW_2` alone would be read as pair P02; only a code that stands in the name itself outweighs the folders.
    written = alone.pair != "" and alone.pair.casefold() in path.name.casefold()
    return alone if written and alone.role and not (together.pair and together.role) else together


def _report(study: StudyFolder, listing: _Listing, fresh: bool, adopted: Sequence[str]) -> InitReport:
    """Every row of the manifest with what is wrong or missing, read back from the file."""
    reading = read_manifest(study)
    wrong = {skip.row: skip.reason for skip in reading.skipped} | {p.row: p.message for p in reading.problems}
    table = read_table(study.manifest, MANIFEST_COLUMNS, OPTIONAL_COLUMNS)
    first_new = len(table) - len(listing.added)
    rows = []
    for index, row in enumerate(table):
        note = listing.notes.get(index - first_new, "")
        if row.cells["file"] and find_file(listing.folder, row.cells["file"]) is None:
            note = "the file is not there: correct its file cell, or put the file back"
        shown = {name: row.cells[name] for name in ("id", "file", "part", "pair", "role", "session")}
        rows.append(InitRow(**shown, problem="; ".join(filter(None, (note, wrong.get(row.number, ""))))))
    added = len(rows) if fresh else len(listing.added)
    return InitReport(tuple(rows), added, tuple(listing.problems), tuple(adopted))
