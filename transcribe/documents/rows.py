"""Rows of JSON in, rows with their redactions out: for evaluation and for scripts (https://jsonlines.org)."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from transcribe.documents.plain_text import PlainText, plain
from transcribe.documents.writing import language_of
from transcribe.errors import InputError
from transcribe.records import Recording, RedactionList, Transcript, Utterance
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.registry import Registry

DOCUMENT_FIELDS = ("document", "conv", "encounter", "file")
"""A row's field that says to which conversation it belongs; the first of them that is there counts."""
_SAID_ALOUD = re.compile(r"[a-z]{1,12}(?:[_-]\d{1,2})?|[A-Z]{1,4}[0-9]{0,4}(?:-[A-Z]{2,6})?(?:-[0-9]{1,2})?")
_ROLES = frozenset(
    (
        *("doctor", "patient", "clinician", "therapist", "client", "guest", "interviewer", "participant", "moderator"),
        *("speaker", "psw", "pir", "int", "interpreter", "facilitator", "researcher", "peer", "agent", "user"),
    )
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `number` from 1, `document` the conversation it belongs to; `speaker` as given, `language` a code."""

    number: int
    id: str | int
    text: str
    speaker: str
    language: str
    document: str


@dataclass(frozen=True, slots=True)
class RowDocument:
    """The rows of one conversation as a transcript; `plains` are their texts as detectors read them."""

    recording: Recording
    transcript: Transcript
    rows: tuple[Row, ...]
    plains: tuple[PlainText, ...]


def read_rows(data: bytes, language: str = "") -> tuple[Row, ...]:
    """The rows of a `.jsonl` file; empty lines are skipped. `language` is that of rows that name none.

    Raises `InputError` naming the first row that is none: no JSON object, no id, no text, an id given twice.
    """
    try:
        lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise InputError("the file is not UTF-8 text: save it as UTF-8") from error
    rows: list[Row] = []
    known: set[tuple[str, str]] = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = _row(number, line, language)
        if (row.document, str(row.id)) in known:
            raise InputError(f"row {number}: its id was there before; every row needs its own")
        known.add((row.document, str(row.id)))
        rows.append(row)
    return tuple(rows)


def _row(number: int, line: str, language: str) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise InputError(f'row {number} is not a JSON object: write {{"id": "1", "text": "..."}} on one line')
    identifier, text = fields.get("id"), fields.get("text")
    if isinstance(identifier, bool) or not isinstance(identifier, str | int):
        raise InputError(f'row {number} has no "id"; it must be a text or a whole number')
    if not isinstance(text, str):
        raise InputError(f'row {number} has no "text"; it must be a text')
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError(f"row {number} holds half a character (a lone surrogate): write the text anew as UTF-8")
    document = next((str(fields[name]) for name in DOCUMENT_FIELDS if fields.get(name) is not None), "")
    speaker = fields.get("speaker")
    said_in = fields.get("language") or fields.get("lang") or language
    return Row(
        number,
        identifier,
        text,
        speaker if isinstance(speaker, str) else "",
        str(said_in).casefold() if said_in else language_of(text),
        document,
    )


def row_documents(rows: Sequence[Row], prefix: str, pair: str = "") -> tuple[RowDocument, ...]:
    """The conversations in the order in which they begin; `prefix` begins their ids (they may be shown)."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.document, []).append(row)
    result = []
    for number, mine in enumerate(grouped.values(), start=1):
        name = f"{prefix}-{number}"
        speakers = {s: f"SPEAKER-{n}" for n, s in enumerate(dict.fromkeys(row.speaker for row in mine), start=1)}
        plains = tuple(plain(row.text) for row in mine)
        utterances = tuple(
            Utterance(f"row {row.number}", speakers[row.speaker], row.language, 0.0, 0.0, readable.text, ())
            for row, readable in zip(mine, plains, strict=True)
        )
        recording = Recording(name, pair, "OBS", "", 1, "", (), 0.0)
        result.append(RowDocument(recording, Transcript(name, utterances), tuple(mine), plains))
    return tuple(result)


def redacted_rows(
    document: RowDocument, found: RedactionList, registry: Registry
) -> Iterator[tuple[int, dict[str, object]]]:
    """`(row number, row)` of every row: id, speaker, redacted text, and the redactions with offsets in the given text.

    A speaker that could be a name is left out. Raises `ValidationError` as `redact_transcript` does.
    """
    types = {entity.id: entity.entity_type for entity in registry.entities}
    readable = {u.id: p for u, p in zip(document.transcript.utterances, document.plains, strict=True)}
    placed = tuple(
        replace(r, start=span[0], end=span[1])
        for r in found.redactions
        for span in [readable[r.utterance].original(r.start, r.end)]
    )
    given = tuple(
        replace(u, text=row.text) for u, row in zip(document.transcript.utterances, document.rows, strict=True)
    )
    redacted = redact_transcript(Transcript(document.recording.id, given), RedactionList(document.recording.id, placed))
    for row, utterance in zip(document.rows, redacted.utterances, strict=True):
        mine = [r for r in placed if r.utterance == utterance.id]
        yield (
            row.number,
            {
                "id": row.id,
                **({"speaker": row.speaker} if _is_role(row.speaker) else {}),
                "text": utterance.text,
                "redactions": [
                    {
                        "start": r.start,
                        "end": r.end,
                        "mark": r.mark,
                        "label": r.label,
                        "type": types.get(r.entity, r.label),
                        "class": r.class_,
                        "entity": r.entity,
                        "recognizer": r.recognizer,
                        "score": r.score,
                        "status": r.status,
                    }
                    for r in mine
                ],
            },
        )


def _is_role(speaker: str) -> bool:
    """Whether a speaker is a code or a role, and so no name."""
    if not _SAID_ALOUD.fullmatch(speaker):
        return False
    word = re.split(r"[_-]?\d|-", speaker)[0].casefold()
    return word in _ROLES or len(speaker) == 1 or any(c.isdigit() for c in speaker)


def write_rows(rows: Mapping[int, Mapping[str, object]]) -> bytes:
    """The rows in the order of their numbers, one JSON object per line, UTF-8."""
    return "".join(json.dumps(rows[number], ensure_ascii=False) + "\n" for number in sorted(rows)).encode()
