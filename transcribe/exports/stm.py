"""`sync/<id>.stm`: segment time marks, for scoring against another transcript (NIST SCTK, "stm", doc/infmts.htm,
https://github.com/usnistgov/SCTK).

`<recording> 1 <speaker> <start s> <end s> <words>`, one line per utterance, in the order of their starts; they may
overlap. `;;` begins a comment. The words are those of `speech_of`: no signs of conventions, no sounds (`(laughs)`), and
none of `( ) { } < >`, which mean optional words, alternatives and labels; case and punctuation stay, a scorer has its
own normaliser. Stretches without text (inaudible, withheld, third party) have no line: nobody's words are known there.
"""

import re

from transcribe.conventions import speech_of
from transcribe.exports.chat_words import SOUND
from transcribe.exports.layout import LaidOut, Turn, title_lines
from transcribe.exports.times import end_of, seconds

_CODE = str.maketrans(dict.fromkeys("(){}<>", " "))
_ASIDE = re.compile(r"(?<![^\W_])\(([^()]*)\)(?![^\W_])")
_BEFORE_SIGN = re.compile(r" +(?=[.,;:!?…](?:\s|$))")


def write(laid: LaidOut) -> bytes:
    """The file, UTF-8 with LF."""
    lines = [f";; {line}" for line in title_lines(laid.header)]
    for turn in laid.turns:
        if not turn.is_event:
            times = f"{seconds(turn.start_ms)} {seconds(end_of(turn))}"
            lines.append(f"{laid.header.recording} 1 {turn.speaker} {times} {said_words(turn)}".rstrip(" "))
    return "".join(f"{line}\n" for line in lines).encode()


def said_words(turn: Turn) -> str:
    """The words of a turn, one space between them."""
    text = _ASIDE.sub(lambda aside: " " if _is_sound(aside[1]) else aside[0], speech_of(turn.text))
    return _BEFORE_SIGN.sub("", " ".join(text.translate(_CODE).split()))


def _is_sound(aside: str) -> bool:
    """Whether what stands in parentheses is no words: sounds are in small letters."""
    return bool(SOUND.fullmatch(aside)) and aside == aside.lower()
