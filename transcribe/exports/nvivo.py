"""`sync/<id>.nvivo.txt`: the rows of a transcript for NVivo, to be imported into a sound file.

Tab-delimited `Timespan`, `Speaker`, `Content` with a header row; the same number of tabs on every line (NVivo 12 help,
"Import transcripts", "Prepare text files for import",
https://help-nv.qsrinternational.com/12/win/v12.1.90-d3ea61/Content/files/import-audio-video-transcripts.htm). NVivo
measures time to a tenth of a second (NVivo 8 help, "Importing Transcripts"): starts and ends are rounded down, and a
span of nothing has a tenth. Rows are in the order of their starts; spans may overlap. UTF-8 with BOM.

A line must not end in `,` or `;`, and a cell that begins with a straight quotation mark could be read as quoted: those
signs at the end of an utterance are left out, and that quotation mark is a curly one. No word is changed.
"""

import re
from dataclasses import dataclass

from transcribe.errors import ValidationError
from transcribe.exports.layout import DRAFT_LINE, LaidOut
from transcribe.exports.times import clock_tenths
from transcribe.exports.txt import BOM

HEAD = "Timespan\tSpeaker\tContent"
DRAFT_SPEAKER = "DRAFT"
_CLOCK = r"(\d{2,}):([0-5]\d):([0-5]\d)\.(\d)"
_ROW = re.compile(rf"{_CLOCK} - {_CLOCK}\t([^\t]+)\t([^\t]*[^\t,; ])")


@dataclass(frozen=True, slots=True)
class Row:
    """One row; times in tenths of a second."""

    speaker: str
    start_tenths: int
    end_tenths: int
    content: str


def write(laid: LaidOut, newline: str = "\n") -> bytes:
    """The file, UTF-8 with BOM; a draft says so in a first row, for there is no other place."""
    rows = [Row(DRAFT_SPEAKER, 0, 1, DRAFT_LINE)] if laid.header.draft else []
    for turn in laid.turns:
        rows.append(Row(turn.speaker, *span(turn.start_ms, turn.end_ms), content(turn.text)))
    lines = [f"{clock_tenths(r.start_tenths)} - {clock_tenths(r.end_tenths)}\t{r.speaker}\t{r.content}" for r in rows]
    return (BOM + "".join(line + newline for line in [HEAD, *lines])).encode()


def span(start_ms: int, end_ms: int) -> tuple[int, int]:
    """Start and end in tenths of a second, as NVivo can read them."""
    return start_ms // 100, max(end_ms // 100, start_ms // 100 + 1)


def content(text: str) -> str:
    """An utterance as a cell: of signs alone that NVivo would trip over, an ellipsis is left."""
    kept = text.rstrip(" ,;")
    return ("“" + kept[1:] if kept.startswith('"') else kept) or "…"


def parse(data: bytes) -> tuple[Row, ...]:
    """The utterances' rows of a file that `write` wrote. Raises `ValidationError` for anything else."""
    head, *lines = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").split("\n")
    if head != HEAD or not lines or lines.pop() != "":
        raise ValidationError("a file for NVivo has no header row or is cut off")
    rows: list[Row] = []
    for line in lines:
        match = _ROW.fullmatch(line)
        if match is None:
            raise ValidationError("a file for NVivo has a row that cannot be read")
        numbers = [int(number) for number in match.groups()[:8]]
        rows.append(Row(match[9], _tenths(*numbers[:4]), _tenths(*numbers[4:]), match[10]))
    return tuple(row for row in rows if row.speaker != DRAFT_SPEAKER)


def _tenths(hours: int, minutes: int, seconds: int, tenths: int) -> int:
    return ((hours * 60 + minutes) * 60 + seconds) * 10 + tenths
