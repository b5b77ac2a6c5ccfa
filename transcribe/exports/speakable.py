"""Speech that no program and no check of ours mistakes for anything else.

QDA programs find speakers by the first colon of a line and time stamps by `[hh:mm:ss]` (QualCoder, MAXQDA, ATLAS.ti),
so what was said may hold neither a `Word:` nor a bracket of its own; nor may it look like a sign of our conventions
(`//`, `(2.0)`, `(word?)`). The words stay as they are.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spoken:
    """Speech made fit for a transcript; `origins` has the place of each code point in the text that it came from, in
    their order; `changes` counts the signs that were changed.
    """

    text: str
    origins: Sequence[int]
    changes: int


_BRACKETS = str.maketrans("[]{}", "()()")
_NUMBERS_OR_COLON = re.compile(r"(?<!\w)\d+(?::\d+)+|:")
"""`10:30` and `3:1`, whose colons make no speaker, or any other colon."""
_STAMP_SIGNS = re.compile(r"#+(?=\d+:\d)|(?<=\d)#+")
"""Of f4 stamps, `#00:01:02-3#`: read as times by QualCoder, MAXQDA and ATLAS.ti."""
_ARROW = re.compile(r"-{2,}>")
"""Of SRT times, `-->`."""
_SIGNS = re.compile(r"/(?=/)|\((?=(?:\d{1,3}\.\d|\.+)\))|\?(?=\))|<(?=/?seg>)")
"""What begins `//`, `(2.0)`, the end of `(word?)`, and `<seg>`."""
_SPACES = re.compile(" {2,}")
_ANY = re.compile(r"[#\[\]{}:/(<]|\?\)|->| {2}")
"""What one of these patterns could begin with: most speech has none of it."""


def spoken(text: str) -> Spoken:
    """Speech that no program mistakes for a speaker, stamp, mark or paragraph end.

    Line ends, tabs and other blanks become one space; control characters, which XML forbids, go; both are no words
    and are not counted. Brackets become parentheses, the colon of a `Word:` a comma; what looks like a sign of a
    convention is parted by a space (`/ /`, `( 2.0)`), whose place in `text` is that of the sign before.
    """
    origins: Sequence[int] = range(len(text))
    if not text.isprintable():
        places = [place for place, sign in enumerate(text) if sign.isspace() or _is_printable(sign)]
        text = "".join(" " if text[place].isspace() else text[place] for place in places)
        origins = places
    if not _ANY.search(text):
        return Spoken(text, origins, 0)
    changes = 0
    for pattern, written in ((_STAMP_SIGNS, _blank), (_ARROW, _arrow)):
        text, origins, found = _replaced(pattern, written, text, origins)
        changes += found
    brackets = sum(text.count(sign) for sign in "[]{}")
    colons = text.count(":")
    text = _NUMBERS_OR_COLON.sub(lambda match: match[0] if len(match[0]) > 1 else ",", text.translate(_BRACKETS))
    changes += brackets + colons - text.count(":")
    text, origins, found = _replaced(_SIGNS, _parted, text, origins)
    changes += found
    text, origins, _ = _replaced(_SPACES, _blank, text, origins)
    return Spoken(text, origins, changes)


def _is_printable(sign: str) -> bool:
    """False for what XML 1.0 or UTF-8 cannot hold, and for a byte order mark inside a text."""
    return unicodedata.category(sign) not in ("Cc", "Cs") and sign not in "\ufeff\ufffe\uffff"


_Written = Callable[[re.Match[str]], tuple[str, Sequence[int]]]
"""What stands for a match, and from which place of the match each of its code points comes."""


def _blank(match: re.Match[str]) -> tuple[str, Sequence[int]]:
    return " ", (0,)


def _arrow(match: re.Match[str]) -> tuple[str, Sequence[int]]:
    return "->", (0, len(match[0]) - 1)


def _parted(match: re.Match[str]) -> tuple[str, Sequence[int]]:
    return f"{match[0]} ", (0, 0)


def _replaced(
    pattern: re.Pattern[str], written: _Written, text: str, origins: Sequence[int]
) -> tuple[str, Sequence[int], int]:
    matches = list(pattern.finditer(text))
    if not matches:
        return text, origins, 0
    pieces: list[str] = []
    places: list[int] = []
    cursor = 0
    for match in matches:
        sign, froms = written(match)
        pieces += [text[cursor : match.start()], sign]
        places += origins[cursor : match.start()]
        places += [origins[match.start() + place] for place in froms]
        cursor = match.end()
    pieces.append(text[cursor:])
    places += origins[cursor:]
    return "".join(pieces), places, len(matches)
