"""`project.qde` of a REFI-QDA project: users, codes, variables, cases, sources with their codings, notes, sets.

REFI-QDA Project 1.0 (schema of 18 March 2019; specification 1.5, qdasoftware.org). The order of elements binds.
Positions are code points of the source's plain text, from 0, end exclusive; times are milliseconds. Beyond the schema:
QualCoder fails without `origin`, and on a note, transcript or selection without a date; it loses a note that is
referred to by a source itself; qualitative-coding fails on a coding without a user; ATLAS.ti refuses two objects with
one GUID.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from transcribe.exports.cases import People
from transcribe.exports.codebook import (
    GUIDE,
    ORIGIN,
    REDACTIONS,
    SPEAKERS,
    CodeBook,
    add_codes,
    as_file,
    guid,
    marks_in,
)
from transcribe.exports.layout import ASKED_FLAG, DRAFT_FLAG, EVENT_FLAG, REPUNCTUATED_FLAG, clock, title_lines
from transcribe.exports.manifest import TranscriptEntry
from transcribe.exports.study_text import StudyText, header_of
from transcribe.exports.turns import TurnRow
from transcribe.overlap import OVERLAP
from transcribe.records import UNSUPPORTED

NAMESPACE = "urn:QDA-XML:project:1.0"
FIXED_DATE = "1980-01-01T00:00:00Z"
"""Not a date of anything: programs want one, and the same transcripts give the same bytes."""
VARIABLES = {
    "kind": "participant or pair",
    "role": "PSW or PIR",
    "pair_id": "the pair",
    "session": "number of the recording in a row of several with one person",
    "date": "month of the recording",
    "minutes": "of the recordings",
    "words": "that the case's people say",
    "talk_share": "the case's part of the time in which somebody speaks, 0 to 1",
    "review": "how far people have checked the transcript",
    "version": "of the transcript",
}
"""Name of each variable of a case, and what it tells."""

USER = guid("user", ORIGIN)
_TYPES = {"words": "Integer", "minutes": "Float", "talk_share": "Float"}
_FLAG_NOTES = {
    UNSUPPORTED: "Hardly any speech was heard here: mostly a soft mm-hmm, at times something that the machine made up. "
    "Compare with the recording before you code it."
}
_NO_NOTE = frozenset((ASKED_FLAG, DRAFT_FLAG, EVENT_FLAG, REPUNCTUATED_FLAG, OVERLAP, "backchannel"))
"""Flags that tell how an utterance was said or written, not that somebody should look at it again."""
_TAG = f"{{{NAMESPACE}}}"


@dataclass(frozen=True, slots=True)
class Note:
    """A flag of a transcript: its GUID, its name, which is that of no other note, and its text (ASCII)."""

    guid: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class _Selection:
    """A stretch of a source and what it is coded with; `sync` are the turns with whose times it begins and ends."""

    kind: str
    name: str
    pos0: int
    pos1: int
    code: str
    notes: tuple[Note, ...] = ()
    sync: tuple[str, str] | None = None


def source_guid(transcript: str) -> str:
    """The GUID of a transcript's text, after which its files in `sources/` are called."""
    return guid("source", transcript)


def notes_of(study: StudyText) -> dict[str, dict[str, Note]]:
    """The notes on each transcript, by flag: one note for all utterances of a flag."""
    found: dict[str, dict[str, Note]] = {}
    for entry in study.transcripts:
        flags = {flag for row in study.rows[entry.id] for flag in row.flags} - _NO_NOTE
        found[entry.id] = {flag: _note(entry.id, flag, study.rows[entry.id]) for flag in sorted(flags)}
    return found


def _note(transcript: str, flag: str, rows: Sequence[TurnRow]) -> Note:
    flagged = [row for row in rows if flag in row.flags]
    places = [f"{row.turn} {row.speaker} {clock(row.start_ms // 1000)}" for row in flagged]
    told = [f"Flag {flag} in transcript {transcript}.", *filter(None, [_FLAG_NOTES.get(flag)])]
    return Note(guid("note", transcript, flag), f"{transcript} {flag}", "\n".join([*told, "Utterances", *places]))


def write(
    study: StudyText,
    cases: Sequence[People],
    book: CodeBook,
    notes: Mapping[str, Mapping[str, Note]],
    audio: Mapping[str, str],
) -> bytes:
    """The XML file. `audio` has the file endings (`.m4a`) of the transcripts that come with sound: they are its
    transcripts then, and their redactions are not coded, for when each was said is not known. Others are text sources.
    """
    facts = {"name": "Transcripts", "origin": ORIGIN, "creatingUserGUID": USER, "creationDateTime": FIXED_DATE}
    facts |= {"modifyingUserGUID": USER, "modifiedDateTime": FIXED_DATE}
    root = etree.Element(f"{_TAG}Project", facts, nsmap={None: NAMESPACE})
    _add(_add(root, "Users"), "User", guid=USER, name=ORIGIN, id=ORIGIN)
    add_codes(_add(root, "CodeBook"), book.codes, NAMESPACE)
    _add_variables(root)
    if cases:
        _add_cases(_add(root, "Cases"), study, cases, book, audio)
    if study.transcripts:
        sources = _add(root, "Sources")
        for entry in study.transcripts:
            found = tuple(_selections(study, entry, book, notes[entry.id], with_sound=entry.id in audio))
            if entry.id in audio:
                _add_audio(sources, study, entry, found, audio[entry.id])
            else:
                _add_text(sources, study, entry, found)
    every = [note for mine in notes.values() for note in mine.values()]
    if every:
        parent = _add(root, "Notes")
        for note in every:
            _add(parent, "Note", guid=note.guid, name=note.name, plainTextPath=f"internal://{note.guid}.txt", **_DATED)
    _add_sets(root, study, audio)
    _add(root, "Description").text = (
        f"Interview transcripts, level {study.settings.level}. Pseudonymised by machine; not anonymous. "
        "Handle as confidential."
    )
    return as_file(root)


_MADE = {"creatingUser": USER, "creationDateTime": FIXED_DATE}
_DATED = {**_MADE, "modifyingUser": USER, "modifiedDateTime": FIXED_DATE}


def _add(parent: "etree._Element", tag: str, **facts: str) -> "etree._Element":
    return etree.SubElement(parent, _TAG + tag, facts)


def _add_variables(root: "etree._Element") -> None:
    parent = _add(root, "Variables")
    for name, told in VARIABLES.items():
        found = _add(
            parent, "Variable", guid=guid("variable", name), name=name, typeOfVariable=_TYPES.get(name, "Text")
        )
        _add(found, "Description").text = told


def _add_cases(
    parent: "etree._Element", study: StudyText, cases: Sequence[People], book: CodeBook, audio: Mapping[str, str]
) -> None:
    for people in cases:
        case = _add(parent, "Case", guid=guid("case", people.case.kind, people.case.case), name=people.case.case)
        for person in people.persons:
            _add(case, "CodeRef", targetGUID=book.speakers[person])
        for name in VARIABLES:
            if value := getattr(people.case, name):
                held = _add(case, "VariableValue")
                _add(held, "VariableRef", targetGUID=guid("variable", name))
                _add(held, f"{_TYPES.get(name, 'Text')}Value").text = value
        for entry in people.transcripts:
            _add(case, "SourceRef", targetGUID=_whole(entry.id, audio))
        for entry in people.transcripts:
            for row in study.rows[entry.id]:
                if row.speaker in people.persons:
                    _add(case, "SelectionRef", targetGUID=guid("selection", SPEAKERS, entry.id, row.turn))


def _whole(transcript: str, audio: Mapping[str, str]) -> str:
    """The GUID of the source that a transcript is or belongs to."""
    return guid("audio", transcript) if transcript in audio else source_guid(transcript)


def _selections(
    study: StudyText, entry: TranscriptEntry, book: CodeBook, notes: Mapping[str, Note], *, with_sound: bool
) -> Iterator[_Selection]:
    rows = study.rows[entry.id]
    for row in rows:
        noted = tuple(notes[flag] for flag in row.flags if flag in notes)
        code = book.speakers[row.speaker]
        yield _Selection(SPEAKERS, row.turn, row.pos0, row.pos1, code, noted, (row.turn, row.turn))
        if study.settings.redactions_coded and not with_sound:
            for number, (start, end, category) in enumerate(marks_in(row.text), start=1):
                name = f"{row.turn} mark {number}"
                yield _Selection(REDACTIONS, name, row.pos0 + start, row.pos0 + end, book.redactions[category])
    for first, last in _sections(rows):
        code = book.questions[first.question]
        yield _Selection(GUIDE, first.turn, first.pos0, last.pos1, code, (), (first.turn, last.turn))


def _sections(rows: Sequence[TurnRow]) -> Iterator[tuple[TurnRow, TurnRow]]:
    """First and last utterance of each section of the guide."""
    begin = 0
    for number in range(1, len(rows) + 1):
        if number == len(rows) or rows[number].question != rows[begin].question:
            if rows[begin].question:
                yield rows[begin], rows[number - 1]
            begin = number


def _add_text(
    sources: "etree._Element", study: StudyText, entry: TranscriptEntry, selections: Sequence[_Selection]
) -> None:
    source = _add(sources, "TextSource", **_paths(entry.id), **_DATED)
    _add(source, "Description").text = _about(study, entry)
    for found in selections:
        facts = {"startPosition": str(found.pos0), "endPosition": str(found.pos1), **_MADE}
        _add_coded(source, "PlainTextSelection", entry.id, found, facts)


def _paths(transcript: str) -> dict[str, str]:
    own = source_guid(transcript)
    paths = {"plainTextPath": f"internal://{own}.txt", "richTextPath": f"internal://{own}.docx"}
    return {"guid": own, "name": transcript, **paths}


def _about(study: StudyText, entry: TranscriptEntry) -> str:
    return " ".join(title_lines(header_of(entry, study.settings))[1:])


def _add_coded(
    parent: "etree._Element", tag: str, transcript: str, found: _Selection, facts: Mapping[str, str]
) -> None:
    own = guid("selection", found.kind, transcript, found.name)
    selection = _add(parent, tag, guid=own, name=found.name, **facts)
    if found.notes:
        _add(selection, "Description").text = f"Flag {', '.join(note.name.rpartition(' ')[2] for note in found.notes)}"
    coding = _add(selection, "Coding", guid=guid("coding", found.kind, transcript, found.name), **_MADE)
    _add(coding, "CodeRef", targetGUID=found.code)
    for note in found.notes:
        _add(selection, "NoteRef", targetGUID=note.guid)


def _add_audio(
    sources: "etree._Element", study: StudyText, entry: TranscriptEntry, selections: Sequence[_Selection], ending: str
) -> None:
    own = guid("audio", entry.id)
    source = _add(
        sources, "AudioSource", guid=own, name=f"{entry.id}{ending}", path=f"internal://{own}{ending}", **_DATED
    )
    _add(source, "Description").text = "Redacted: a quiet tone stands for what was replaced. Voices are as they were."
    transcript = _add(source, "Transcript", **_paths(entry.id), **_DATED)
    _add(transcript, "Description").text = _about(study, entry)
    for place, position, ms in _sync_points(entry.id, study.rows[entry.id]):
        _add(transcript, "SyncPoint", guid=place, timeStamp=str(ms), position=str(position))
    for found in selections:
        if found.sync is not None:
            start, end = guid("sync", entry.id, found.sync[0], "start"), guid("sync", entry.id, found.sync[1], "end")
            facts = {"fromSyncPoint": start, "toSyncPoint": end, **_MADE}
            _add_coded(transcript, "TranscriptSelection", entry.id, found, facts)


def _sync_points(transcript: str, rows: Sequence[TurnRow]) -> Iterator[tuple[str, int, int]]:
    """GUID, position and milliseconds of each utterance's start and end.

    Where people speak at once, an end is that of the next one's start: programs read positions and times as running
    forwards together.
    """
    for number, row in enumerate(rows):
        following = rows[number + 1].start_ms if number + 1 < len(rows) else row.end_ms
        yield guid("sync", transcript, row.turn, "start"), row.pos0, row.start_ms
        yield guid("sync", transcript, row.turn, "end"), row.pos1, max(row.start_ms, min(row.end_ms, following))


def _add_sets(root: "etree._Element", study: StudyText, audio: Mapping[str, str]) -> None:
    pairs = sorted({entry.pair for entry in study.transcripts} - {""})
    parent = _add(root, "Sets") if pairs else root
    for pair in pairs:
        found = _add(parent, "Set", guid=guid("set", pair), name=f"Pair {pair}")
        for entry in study.transcripts:
            if entry.pair == pair:
                _add(found, "MemberSource", targetGUID=_whole(entry.id, audio))
