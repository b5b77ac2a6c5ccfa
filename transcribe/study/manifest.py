"""`private/manifest.csv`: which recordings there are, what is known of them and what their people consented to.

One bad row costs its recording and no other. Messages name a recording by its id and a row by its number: never the
file's name, which may be a person's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from transcribe.diarization.cast import pair_members
from transcribe.errors import UsageError
from transcribe.records import Role
from transcribe.store import StudyFolder
from transcribe.study.listed_files import audio_folder
from transcribe.study.manifest_rows import ListedPerson, ManifestRow, check_row, id_of, is_excluded, listed_person
from transcribe.study.tables import read_table
from transcribe.study.withdrawals import Withdrawals, read_withdrawals

MANIFEST_COLUMNS = (
    *("id", "file", "part", "pair", "role", "person", "session", "date"),
    *("language", "speakers", "interviewer", "also_present", "consent", "include", "note"),
)
"""The columns, in the order they are written (formats.md, "What the lab writes")."""

OPTIONAL_COLUMNS = ("person", "session", "date", "language", "speakers", "interviewer", "also_present", "note")
"""What the lab may delete. `consent` and `include` are not among them: a lost column must not read as a yes."""

_SHARED_COLUMNS = ("person", "date", "language", "speakers", "interviewer", "also_present", "consent")
"""What the parts of a recording have in common: an empty cell takes part 1's value."""


@dataclass(frozen=True, slots=True)
class PlannedRecording:
    """A recording that can be worked on: what the manifest says of it.

    `date` is ISO 8601 or empty; `language` is a code, several (`en+yue`), or empty; `speakers` the number of voices,
    None when the lab wrote `?`; `interviewers` the codes of whoever held the interview, empty when not said; `files`
    are the media files of its parts, absolute, in their order. What they sound like is held against `withdrawals` when
    they are read. `members` are the codes of the pair's PSW and PIR by all rows of the manifest, those that are left
    out among them.
    """

    id: str
    pair: str
    role: Role
    person: str
    session: int
    date: str
    language: str
    speakers: int | None
    also_present: tuple[str, ...]
    consent: frozenset[str]
    files: tuple[Path, ...]
    withdrawals: Withdrawals = field(default=Withdrawals())
    interviewers: tuple[str, ...] = ()
    members: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class ManifestProblem:
    """Why a recording cannot be worked on; `recording` is empty when the row has no usable id."""

    row: int
    recording: str
    message: str


@dataclass(frozen=True, slots=True)
class SkippedRow:
    """A row that is left out because the lab said so: not included, no consent, or not filled in yet."""

    row: int
    recording: str
    reason: str


@dataclass(frozen=True, slots=True)
class ManifestReading:
    """The manifest as it was understood: `recordings` in its order, and what is not among them and why.

    `withdrawn` are those among the skipped that were taken back: only a withdrawal may look at them.
    """

    recordings: tuple[PlannedRecording, ...]
    problems: tuple[ManifestProblem, ...]
    skipped: tuple[SkippedRow, ...]
    withdrawn: tuple[PlannedRecording, ...] = ()


def read_manifest(study: StudyFolder) -> ManifestReading:
    """What is to be done, what the lab left out, and what is wrong with the other rows.

    Raises `UsageError` when there is no manifest or it is no such table at all; whatever is wrong with one recording
    is a problem of that recording.
    """
    if not study.manifest.exists():
        raise UsageError("the study has no manifest.csv: make it with `transcribe init AUDIO_FOLDER --study STUDY`")
    folder = audio_folder(study)
    withdrawals = read_withdrawals(study)
    problems: list[ManifestProblem] = []
    skipped: list[SkippedRow] = []
    rows: dict[str, list[ManifestRow]] = {}
    incomplete: set[str] = set()
    excluded: set[str] = set()
    listed: list[ListedPerson] = []
    for row in read_table(study.manifest, MANIFEST_COLUMNS, optional=OPTIONAL_COLUMNS):
        name = id_of(row)
        listed += listed_person(row)
        try:
            if is_excluded(row):
                skipped.append(SkippedRow(row.number, name, "include = no"))
                excluded.add(name)
            elif missing := [column for column in ("pair", "role", "file") if not row.cells[column]]:
                skipped.append(SkippedRow(row.number, name, f"fill in {' and '.join(missing)}"))
                incomplete.add(name)
            else:
                rows.setdefault(name, []).append(check_row(row, folder))
        except UsageError as error:
            problems.append(ManifestProblem(row.number, name, error.message))
            incomplete.add(name)
    recordings, withdrawn = [], []
    members = pair_members(listed)
    for name, parts in rows.items():
        if name in incomplete:
            continue  # Another part of it is listed already; half an interview would look like a whole one.
        try:
            _check_shared_files(name, parts, rows)
            merged = _merge(sorted(parts, key=lambda part: part.part), name in excluded)
            recording = replace(merged, members=members[merged.pair])
        except UsageError as error:
            problems.append(ManifestProblem(parts[0].number, name, error.message))
            continue
        # A session belongs to both: what becomes of it when one withdraws stands in the journal, by its id.
        if withdrawals.is_withdrawn(recording.id, "" if recording.role == "OBS" else recording.person):
            skipped.append(SkippedRow(parts[0].number, name, "withdrawn at the participant's request"))
            withdrawn.append(recording)
        elif "transcribe" in recording.consent:
            recordings.append(replace(recording, withdrawals=withdrawals))
        else:
            skipped.append(SkippedRow(parts[0].number, name, 'no consent to "transcribe"'))
    ordered = tuple(sorted(problems, key=lambda p: p.row))
    return ManifestReading(tuple(recordings), ordered, tuple(skipped), tuple(withdrawn))


def _check_shared_files(name: str, parts: Sequence[ManifestRow], rows: Mapping[str, Sequence[ManifestRow]]) -> None:
    own = [part.file for part in parts]
    if len(set(own)) < len(own):
        raise UsageError("two of its rows name the same file")
    others = sorted({r.id for other, found in rows.items() if other != name for r in found if r.file in own})
    if others:
        raise UsageError(f"its file is also that of {', '.join(others)}: which of them is it?")


def _merge(parts: Sequence[ManifestRow], may_lack_parts: bool) -> PlannedRecording:
    """The recording of some rows with one id, in part order."""
    first = parts[0]
    numbers = [part.part for part in parts]
    if len(set(numbers)) < len(numbers):
        raise UsageError(f"two rows have this id and part {max(set(numbers), key=numbers.count)}: give one another id")
    if not may_lack_parts and numbers != list(range(1, len(numbers) + 1)):
        raise UsageError(f"its parts are numbered {', '.join(map(str, numbers))}: number them 1, 2 ... without a gap")
    for column in ("pair", "role", "session"):
        if len({getattr(part, column) for part in parts}) > 1:
            raise UsageError(f"its parts differ in {column}: they must agree, or be recordings with ids of their own")
    for column in _SHARED_COLUMNS:
        if len({getattr(part, column) for part in parts} - {None}) > 1:
            raise UsageError(f"its parts differ in {column}: write the same in each, or in the first part only")
    known = {
        column: next((value for part in parts if (value := getattr(part, column)) is not None), None)
        for column in _SHARED_COLUMNS
    }
    also_present = known["also_present"] or ()
    interviewers = (known["interviewer"] or ()) if first.role != "OBS" else ()
    further = {*also_present, *(code.casefold() for code in interviewers[1:])}
    speakers = 2 + len(further) if known["speakers"] is None else known["speakers"] or None
    default_person = "" if first.role == "OBS" else f"{first.pair}-{first.role}"
    return PlannedRecording(
        id=first.id,
        pair=first.pair,
        role=first.role,
        person=known["person"] or default_person,
        session=first.session,
        date=known["date"] or "",
        language=known["language"] or "",
        speakers=speakers,
        also_present=also_present,
        consent=known["consent"] or frozenset({"transcribe"}),
        files=tuple(part.file for part in parts),
        interviewers=known["interviewer"] or (),
    )
