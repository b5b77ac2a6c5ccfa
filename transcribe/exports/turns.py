"""`turns.csv`: every utterance of the study, one row each, with its place in the txt.

`transcript,turn,speaker,start_ms,end_ms,pos0,pos1,text,flags,question`. `pos0,pos1` are code points in the txt without
its BOM, end exclusive, without label and stamp; `text` is that slice; `question` is the interview guide's question in
whose section the utterance stands. UTF-8 with BOM and CRLF (RFC 4180), which Excel reads
without asking; cells that it would run as a formula have a leading `'`.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transcribe.csv_cells import csv_table, restore_formula
from transcribe.errors import ValidationError
from transcribe.exports.layout import DRAFT_FLAG, ExportHeader, LaidOut, Turn, document_lines, title_lines
from transcribe.exports.manifest import Newline

NEWLINES: dict[Newline, str] = {"lf": "\n", "crlf": "\r\n"}
COLUMNS = ("transcript", "turn", "speaker", "start_ms", "end_ms", "pos0", "pos1", "text", "flags", "question")
_EARLIER_COLUMNS = COLUMNS[:-1]
"""Of releases before there were questions."""


@dataclass(frozen=True, slots=True)
class TurnRow:
    """One row of turns.csv; `flags` are separated by `;` in the file."""

    transcript: str
    turn: str
    speaker: str
    start_ms: int
    end_ms: int
    pos0: int
    pos1: int
    text: str
    flags: tuple[str, ...]
    question: str = ""


def rows(laid: LaidOut, newline: str = "\n") -> tuple[TurnRow, ...]:
    """The rows of one transcript, in the order of its txt, whose lines end with `newline`."""
    header = laid.header
    lines = document_lines(laid)
    first = len(title_lines(header)) + 1
    position = sum(len(line) + len(newline) for line in lines[:first])
    found: list[TurnRow] = []
    for turn, line in zip(laid.turns, lines[first:], strict=False):
        pos0 = position + len(turn.speaker) + len(": ")
        flags = (*turn.flags, DRAFT_FLAG) if header.draft else turn.flags
        pos1 = pos0 + len(turn.text)
        found.append(
            TurnRow(
                header.recording,
                turn.id,
                turn.speaker,
                turn.start_ms,
                turn.end_ms,
                pos0,
                pos1,
                turn.text,
                flags,
                turn.question,
            )
        )
        position += len(line) + len(newline)
    return tuple(found)


def write(found: Iterable[TurnRow]) -> bytes:
    """The csv file of these rows."""
    return csv_table([COLUMNS, *map(_cells, found)])


def _cells(row: TurnRow) -> tuple[str, ...]:
    numbers = (str(number) for number in (row.start_ms, row.end_ms, row.pos0, row.pos1))
    return (row.transcript, row.turn, row.speaker, *numbers, row.text, ";".join(row.flags), row.question)


def parse(data: bytes) -> tuple[TurnRow, ...]:
    """The rows of a file that `write` wrote. Raises `ValidationError` for anything else."""
    limit = csv.field_size_limit(len(data) + 1)  # a long monologue is longer than the module's default of 128 KiB
    try:
        table = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        head, *body = [[restore_formula(cell) for cell in row] for row in table]
        if tuple(head) not in (COLUMNS, _EARLIER_COLUMNS):
            raise ValueError("columns")
        return tuple(
            TurnRow(name, turn, speaker, int(start), int(end), int(pos0), int(pos1), text, _flags(flags), *question)
            for name, turn, speaker, start, end, pos0, pos1, text, flags, *question in body
        )
    except (ValueError, csv.Error) as error:
        raise ValidationError("turns.csv cannot be read back") from error
    finally:
        csv.field_size_limit(limit)


def render(header: ExportHeader, found: Sequence[TurnRow], newline: str = "\n") -> str:
    """The txt without BOM that these rows stand for."""
    return newline.join(document_lines(LaidOut(header, turns_of(found))))


def turns_of(found: Iterable[TurnRow]) -> tuple[Turn, ...]:
    """The paragraphs that these rows stand for, in the order of the txt; where marks stand is not known of them."""
    stamp_s = 0
    turns: list[Turn] = []
    for row in found:
        stamp_s = max(stamp_s, row.end_ms // 1000)
        facts = (row.turn, row.speaker, row.start_ms, row.end_ms, stamp_s, row.text)
        turns.append(Turn(*facts, flags=row.flags, question=row.question))
    return tuple(turns)


def _flags(cell: str) -> tuple[str, ...]:
    return tuple(cell.split(";")) if cell else ()
