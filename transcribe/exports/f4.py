"""`sync/<id>.f4.txt`: the layout of the txt with time marks as f4 and MAXQDA have them, `#hh:mm:ss-t#`.

A mark stands at the end of its paragraph and is the end of the utterance, in tenths of a second, rounded down
(audiotranskription.de, Benutzerhandbuch f4, "Zeitmarken"; MAXQDA, "Import transcripts with timestamps", which reads
this form at a paragraph's end and sets clock symbols beside the text). Marks never run backwards, for MAXQDA plays from
one mark to the next: where people speak at once, or one speaks inside what another says, the mark repeats the later
time, as the stamp of the txt does. UTF-8 with BOM, for MAXQDA else reads a txt in the system's code page.
"""

import re
from dataclasses import dataclass

from transcribe.errors import ValidationError
from transcribe.exports.layout import LABEL, LaidOut, frame_lines, title_lines
from transcribe.exports.times import clock_tenths
from transcribe.exports.txt import BOM

_PARAGRAPH = re.compile(rf"({LABEL.pattern}): (.+) #(\d{{2,}}):([0-5]\d):([0-5]\d)-(\d)#")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph with a time mark, in tenths of a second."""

    speaker: str
    text: str
    mark_tenths: int


def write(laid: LaidOut, newline: str = "\n") -> bytes:
    """The file, UTF-8 with BOM, no line end after the last line."""
    start, end = frame_lines(laid.header.role)
    lines = [*title_lines(laid.header), start]
    tenths = 0
    for turn in laid.turns:
        tenths = max(tenths, turn.end_ms // 100)
        lines.append(f"{turn.speaker}: {turn.text} #{clock_tenths(tenths, '-')}#")
    return (BOM + newline.join([*lines, end])).encode()


def parse(data: bytes) -> tuple[Paragraph, ...]:
    """The paragraphs with marks of a file that `write` wrote; raises `ValidationError` where a line has half a mark."""
    found: list[Paragraph] = []
    for line in data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").split("\n"):
        match = _PARAGRAPH.fullmatch(line)
        if match is not None:
            speaker, text, hours, minutes, seconds, tenths = match.groups()
            mark = ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 10 + int(tenths)
            found.append(Paragraph(speaker, text, mark))
        elif "#" in line or ":" in line:
            raise ValidationError("an f4 file has a line that cannot be read")
    return tuple(found)
