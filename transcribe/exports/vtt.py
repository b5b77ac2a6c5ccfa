"""`sync/<id>.vtt`: WebVTT with voice spans (W3C WebVTT: The Web Video Text Tracks Format, 2019, sections 4 and 5).

A cue's identifier is the utterance's id. `&`, `<` and `>` of the speech are escaped, so that no cue can hold a tag or
an arrow. A cue must be longer than nothing: one of 0 ms is written as 1 ms. Cues may overlap, as people's speech does:
a player shows both.
"""

import re
from dataclasses import dataclass

from transcribe.errors import ValidationError
from transcribe.exports.layout import LaidOut, title_lines
from transcribe.exports.times import arrow_times, clock_ms, end_of

_VOICE = re.compile(r"<v ([^<>&\n]+)>([^<>\n]*)")


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue, of WebVTT or SRT (whose `id` is its number); times in ms, `text` unescaped."""

    id: str
    speaker: str
    start_ms: int
    end_ms: int
    text: str


def write(laid: LaidOut) -> bytes:
    """The vtt file, UTF-8 without BOM, LF."""
    blocks = ["WEBVTT", "\n".join(("NOTE", *title_lines(laid.header)))]
    for turn in laid.turns:
        times = f"{clock_ms(turn.start_ms)} --> {clock_ms(end_of(turn))}"
        blocks.append(f"{turn.id}\n{times}\n<v {turn.speaker}>{_escape(turn.text)}")
    return ("\n\n".join(blocks) + "\n").encode()


def parse(data: bytes) -> tuple[Cue, ...]:
    """The cues of a file that `write` wrote. Raises `ValidationError` for anything else."""
    signature, *blocks = data.decode(errors="replace").removesuffix("\n").split("\n\n")
    if signature != "WEBVTT":
        raise ValidationError("a vtt file does not begin with WEBVTT")
    return tuple(_parse_cue(block) for block in blocks if not block.startswith("NOTE\n"))


def _parse_cue(block: str) -> Cue:
    lines = block.split("\n")
    times = arrow_times(lines[1], ".") if len(lines) == 3 else None
    voice = _VOICE.fullmatch(lines[2]) if len(lines) == 3 else None
    if times is None or voice is None:
        raise ValidationError("a vtt file has a cue that cannot be read")
    return Cue(lines[0], voice[1], *times, _unescape(voice[2]))


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unescape(text: str) -> str:
    return text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
