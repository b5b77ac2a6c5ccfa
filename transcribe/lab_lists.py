"""What the lab gives for coding: `guide.csv`, `codes.csv`, and its say about where questions of the guide were asked.

`private/guide_matches.csv` shows a person what `guide_matching` found. It is written anew at each release; what a
person wrote under `decided` (a question's id, or `none`) is kept and wins, also in a row of their own for an utterance
that was not found.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rapidfuzz import fuzz

from transcribe.conventions import Conventions, speech_of
from transcribe.engines import PiiDetector
from transcribe.errors import UsageError, ValidationError
from transcribe.exports.bundle import LabLists
from transcribe.exports.codebook import check_starters
from transcribe.exports.layout import CoderTranscript, LaidOut, Turn, clock, lay_out
from transcribe.guide_matching import match_questions
from transcribe.lab_list_names import check_names
from transcribe.record_json import from_json, to_json
from transcribe.redaction.registry import Registry
from transcribe.store import StudyFolder, unwritable_message, write_atomic
from transcribe.study.guide import GUIDE, NOT_ASKED, GuideQuestion, questions_for, read_guide
from transcribe.study.roster import RosterEntry
from transcribe.study.starter_codes import CODES, StarterCode, read_codes
from transcribe.study.tables import TableRow, read_table, write_table

MATCHES = "guide_matches.csv"
"""The table of matches in `private/`."""
MATCH_COLUMNS = (
    "recording",
    "utterance",
    "time",
    "question",
    "confidence",
    "decided",
    "asked",
    "question_text",
    "remark",
)
KEPT = "lab_lists.json"
"""Guide and codes of the last release in `private/`: for when a bundle is made of its own files, without the key."""

NOT_FOUND = "not found; if it was asked: write the id of its utterance, and the question's under decided"
GONE = "its utterance is not in the release, or another has its id: not used"
_SAME_UTTERANCE = 60
"""How alike (rapidfuzz, 0 to 100) an utterance must be to what the table quotes; redactions change some words."""


@dataclass(frozen=True, slots=True)
class KeptLists:
    """`private/lab_lists.json`: what no name of the study was found in."""

    guide: tuple[GuideQuestion, ...] = ()
    codes: tuple[StarterCode, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundLists:
    """The lists, and the rows and columns of the table that shows where questions were found."""

    lists: LabLists
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, str], ...]


def check_lists(
    study: StudyFolder,
    detector: PiiDetector,
    roster: Sequence[RosterEntry],
    registry: Registry,
    people: Collection[str] = (),
) -> None:
    """Raises what `check_names` and the reading of the lab's tables raise: called before any long work.

    `people` are codes of the study: no code of the lab may be called like one.
    """
    check_names(study, detector, roster, registry)
    guide, codes = read_guide(study.root / GUIDE), read_codes(study.root / CODES)
    if guide:
        _written_rows(study.private / MATCHES)
    check_starters(codes, guide, people)


def show_matches(study: StudyFolder, found: FoundLists) -> None:
    """Writes the table of matches anew. Raises `ValidationError` when it cannot be written."""
    try:
        if found.lists.guide:
            write_table(study.private / MATCHES, found.columns, found.rows)
    except OSError as error:
        raise ValidationError(unwritable_message(error)) from None


def keep_lists(study: StudyFolder, lists: LabLists) -> None:
    """Keeps guide and codes of a release that was published: any others might stop one that is made without the key.

    Raises `ValidationError` when they cannot be written.
    """
    path = study.private / KEPT
    try:
        if lists.guide or lists.codes or path.exists():
            write_atomic(path, to_json(KeptLists(lists.guide, lists.codes)))
    except OSError as error:
        raise ValidationError(unwritable_message(error)) from None


def kept_lists(study: StudyFolder) -> LabLists:
    """Guide and codes of the last release; none where it had none. Raises `CorruptFileError`."""
    path = study.private / KEPT
    if not path.exists():
        return LabLists()
    kept = from_json(KeptLists, path.read_bytes(), f"private/{KEPT}")
    return LabLists(kept.guide, kept.codes)


def read_lists(study: StudyFolder, items: Iterable[CoderTranscript], conventions: Conventions) -> FoundLists:
    """The lab's lists as they are, and where questions of the guide are asked in these transcripts; nothing is written.

    What was found, and over it what people decided. Found in the verbatim rendering, whatever coders get: both have the
    same turns. Raises `UsageError` for a table that cannot be read or used, naming row and mend.
    """
    guide, codes = read_guide(study.root / GUIDE), read_codes(study.root / CODES)
    if not guide:
        return FoundLists(LabLists(guide, codes), MATCH_COLUMNS, ())
    written = _written_rows(study.private / MATCHES)
    further = dict.fromkeys(column for row in written for column in row.cells if column not in MATCH_COLUMNS)
    laid_out = [
        lay_out(replace(item, header=replace(item.header, rendering="verbatim")), conventions) for item in items
    ]
    asked: dict[str, Mapping[str, str]] = {}
    rows: list[Mapping[str, str]] = []
    left = {row.number: row for row in written if row.cells["decided"] or any(row.cells[name] for name in further)}
    for laid in sorted(laid_out, key=lambda laid: laid.header.recording):
        name = laid.header.recording
        turns = {turn.id: turn for turn in laid.turns if not turn.is_event}
        own = [row for row in written if row.cells["recording"] == name and _is_of(row, turns)]
        asked[name], shown = _of_one(laid, questions_for(guide, laid.header.role), own, further)
        rows += shown
        for row in own:
            left.pop(row.number, None)
    rows += [{**row.cells, "remark": GONE} for row in left.values()]
    return FoundLists(LabLists(guide, codes, asked), (*MATCH_COLUMNS, *further), tuple(rows))


def _is_of(row: TableRow, turns: Mapping[str, Turn]) -> bool:
    """Whether a row is of an utterance that is there: after a new transcription its id may be another's."""
    name, quoted = row.cells["utterance"], speech_of(row.cells["asked"])
    return name in turns and (not quoted or fuzz.ratio(quoted, speech_of(turns[name].text)) >= _SAME_UTTERANCE)


_NOTHING = "…"
"""Quoted by a row that is not used, so that it is not taken for one of whatever utterance has its id now."""


def forget_matches(study: StudyFolder, recordings: Collection[str]) -> bool:
    """Deletes the rows of some recordings, and what any other row quotes: the next release puts that in again.

    Returns whether rows were deleted. Raises `UsageError` when the table cannot be read.
    """
    path = study.private / MATCHES
    if not path.exists():
        return False
    written = read_table(path, MATCH_COLUMNS, MATCH_COLUMNS)
    kept = [
        {**row.cells, "asked": _NOTHING if row.cells["remark"] == GONE else ""}
        for row in written
        if row.cells["recording"] not in recordings
    ]
    if len(kept) < len(written) or any(row.cells["asked"].strip(_NOTHING) for row in written):
        columns = dict.fromkeys((*MATCH_COLUMNS, *(column for row in kept for column in row)))
        write_table(path, tuple(columns), kept)
    return len(kept) < len(written)


def _of_one(
    laid: LaidOut, questions: Sequence[GuideQuestion], written: Sequence[TableRow], further: Collection[str]
) -> tuple[dict[str, str], list[Mapping[str, str]]]:
    """Of one transcript: the question by turn, and the rows that show it; `written` are rows of its utterances."""
    texts = {question.id: question.text for question in questions}
    found = {match.turn: match for match in match_questions(laid.turns, questions)}
    decided = _decided(written, texts)
    earlier = {row.cells["utterance"]: {name: row.cells[name] for name in further} for row in written}
    rows: list[Mapping[str, str]] = []
    asked: dict[str, str] = {}
    for turn in laid.turns:
        match, answer = found.get(turn.id), decided.get(turn.id, "")
        noted = earlier.get(turn.id, {})
        question = answer or (match.question if match else "")
        if question and question != NOT_ASKED:
            asked[turn.id] = question
        if question or any(noted.values()):
            rows.append(
                {
                    "recording": laid.header.recording,
                    "utterance": turn.id,
                    "time": clock(turn.start_ms // 1000),
                    "question": match.question if match else "",
                    "confidence": f"{match.confidence if match else 0:.2f}",
                    "decided": answer,
                    "asked": turn.text,
                    "question_text": texts.get(question, ""),
                    **noted,
                }
            )
    rows += [
        {"recording": laid.header.recording, "question": name, "question_text": text, "remark": NOT_FOUND}
        for name, text in texts.items()
        if name not in asked.values()
    ]
    return asked, rows


def _decided(written: Sequence[TableRow], texts: Mapping[str, str]) -> dict[str, str]:
    """What people decided of utterances that are there: the id of a question, or `NOT_ASKED`."""
    ids = {name.casefold(): name for name in (*texts, NOT_ASKED)}
    found: dict[str, str] = {}
    for row in written:
        name, answer = row.cells["utterance"], row.cells["decided"].casefold()
        if not answer:
            continue
        if answer not in ids:
            listed = ", ".join(texts) if texts else "no question of the guide is put in it"
            raise UsageError(
                f"row {row.number} of {MATCHES}: decided is no id of a question for this recording ({listed}): write "
                f"one, or {NOT_ASKED}"
            )
        if found.setdefault(name, ids[answer]) != ids[answer]:
            raise UsageError(f"row {row.number} of {MATCHES}: another row decides otherwise of this utterance")
    return found


def _written_rows(path: Path) -> tuple[TableRow, ...]:
    """The rows that are there, of which those that a person began and did not finish are refused."""
    if not path.exists():
        return ()
    rows = read_table(path, MATCH_COLUMNS, [c for c in MATCH_COLUMNS if c not in ("recording", "utterance", "decided")])
    for row in rows:
        cells = row.cells
        if cells["decided"] and not (cells["recording"] and cells["utterance"]):
            raise UsageError(
                f"row {row.number} of {MATCHES}: to decide, give the recording and the id of its utterance, such as "
                "u0012 (turns.csv has them)"
            )
        if cells["utterance"] and not cells["decided"] and not cells["confidence"]:
            raise UsageError(
                f"row {row.number} of {MATCHES} names an utterance and nothing under decided: write the id of the "
                f"question that is asked there, or {NOT_ASKED}, or delete the row"
            )
    return rows
