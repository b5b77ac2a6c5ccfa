"""Text as it was given, and the same text as detectors read it, with the way back from one to the other.

Text from other programs holds letters composed of several code points, zero-width characters and line ends inside a
sentence. Detectors get Unicode NFC (https://unicode.org/reports/tr15/) without invisible signs and with spaces for all
white space; what they find is carried back to code points of the text as given.
"""

import unicodedata
from dataclasses import dataclass

_JOINERS = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


@dataclass(frozen=True, slots=True)
class PlainText:
    """`text` as detectors read it; `starts[i]` and `ends[i]` are where its character `i` comes from."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the text as given that `[start, end)` of `text` comes from; `start < end`."""
        return self.starts[start], self.ends[end - 1]


def plain(given: str) -> PlainText:
    """The text as detectors read it."""
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    while position < len(given):
        stop = position + 1
        while stop < len(given) and (unicodedata.combining(given[stop]) or given[stop] in _JOINERS):
            stop += 1
        composed = unicodedata.normalize("NFC", "".join(c for c in given[position:stop] if not _is_invisible(c)))
        for character in composed:
            pieces.append(" " if character.isspace() else character)
            starts.append(position)
            ends.append(stop)
        position = stop
    return PlainText("".join(pieces), tuple(starts), tuple(ends))


def _is_invisible(character: str) -> bool:
    return character in _JOINERS or (unicodedata.category(character) in ("Cc", "Cf") and not character.isspace())
