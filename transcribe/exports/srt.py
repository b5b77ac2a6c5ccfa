"""`sync/<id>.srt`: SubRip subtitles, one cue per utterance, for players and for Taguette.

SRT has no specification; this is the form that all readers share (SubRip; Matroska, "Subtitles", "SRT Subtitles",
https://www.matroska.org/technical/subtitles.html): number, `hh:mm:ss,mmm --> hh:mm:ss,mmm`, one line of text, an empty
line. There is no field for a speaker and no escape, so that the label stands in the text, `P01-PSW: …`, and the text is
as it is everywhere; some players take `<b>` in it for bold. Nor is there a comment: a draft says so in a cue of its
own. A cue of 0 ms has 1 ms. Cues may overlap. It begins with a BOM: Taguette 1.5 guesses the encoding of one without
(by chardet) and reads the one `é` of a text as `√©`; players skip it.
"""

import re

from transcribe.errors import ValidationError
from transcribe.exports.layout import DRAFT_LINE, LABEL, LaidOut
from transcribe.exports.times import arrow_times, clock_ms, end_of
from transcribe.exports.txt import BOM
from transcribe.exports.vtt import Cue

_SAID = re.compile(rf"({LABEL.pattern}): (.+)")


def write(laid: LaidOut, newline: str = "\n") -> bytes:
    """The srt file, UTF-8 with BOM; an empty line after every cue."""
    cues = [(0, 1, DRAFT_LINE)] if laid.header.draft else []
    cues += [(turn.start_ms, end_of(turn), f"{turn.speaker}: {turn.text}") for turn in laid.turns]
    lines: list[str] = []
    for number, (start, end, text) in enumerate(cues, start=1):
        lines += [str(number), f"{clock_ms(start, ',')} --> {clock_ms(end, ',')}", text, ""]
    return (BOM + "".join(line + newline for line in lines)).encode()


def parse(data: bytes) -> tuple[Cue, ...]:
    """The utterances' cues of a file that `write` wrote. Raises `ValidationError` for anything else."""
    lines = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").split("\n")
    if lines.pop() != "" or len(lines) % 4:
        raise ValidationError("an srt file is cut off")
    cues: list[Cue] = []
    for number in range(1, len(lines) // 4 + 1):
        head, arrow, text, blank = lines[4 * number - 4 : 4 * number]
        times, said = arrow_times(arrow, ","), _SAID.fullmatch(text)
        if number == 1 and text == DRAFT_LINE:
            continue
        if times is None or said is None or head != str(number) or blank:
            raise ValidationError("an srt file has a cue that cannot be read")
        cues.append(Cue(head, said[1], *times, said[2]))
    return tuple(cues)
