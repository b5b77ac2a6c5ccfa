"""A text from which words are taken: what stands on both sides is joined, without spaces and commas left over."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

COMMAS = ",，、"
DASHES = "-–—"
ENDS = ".!?…。！？"
OPENING = "\"'“‘«「『(（"


@dataclass(frozen=True, slots=True)
class Kept:
    """A text from which something was left out; `places` has where each of its code points stood before."""

    text: str
    places: Sequence[int]


def without(text: str, fillers: Mapping[int, int], stutters: Mapping[int, int], marked: Collection[int]) -> Kept:
    """The text without fillers and stutters, nor the spaces, commas and sentence ends that were theirs.

    `fillers` has the end of each by its start, `stutters` the start of the word that each is a stutter of; `marked` are
    the places of marks, in which no letter is changed. All in code points.
    """
    out = _Text(text, marked)
    cursor = 0
    for start in sorted({*fillers, *stutters}):
        if start < cursor:
            continue  # between a stutter and its word
        out.add(cursor, start)
        starts = out.at_start()
        out.capital |= starts and text[start].isupper()
        if start in stutters:
            cursor = stutters[start]
        elif starts:
            cursor = _skipped(text, fillers[start], " " + COMMAS + DASHES + ENDS)
        else:
            cursor = _close_gap(out, text, fillers[start])
    out.add(cursor, len(text))
    return Kept("".join(out.signs), out.places)


def _close_gap(out: "_Text", text: str, end: int) -> int:
    """Joins what stands before and behind a filler inside a sentence; returns where the text goes on."""
    if out.signs and out.signs[-1] in OPENING:
        return _skipped(text, end, " " + COMMAS + DASHES + ENDS)
    space = out.pop(" ")
    behind = _skipped(text, end, COMMAS, most=1)
    after = _skipped(text, behind, " ")
    sign = text[after : after + 1]
    if not sign or sign in ENDS:
        out.pop(COMMAS)
        return after
    if sign in DASHES and out.signs and out.signs[-1] in DASHES:
        after = _skipped(text, after + 1, " ")
    if space is not None:
        out.put(space)
    elif after > behind:
        out.put(behind)
    return after


def _skipped(text: str, start: int, signs: str, most: int = 1 << 30) -> int:
    end = start
    while end < len(text) and text[end] in signs and end - start < most:
        end += 1
    return end


class _Text:
    """The text as far as it is written; `capital`: the next letter begins a sentence."""

    def __init__(self, text: str, marked: Collection[int]) -> None:
        self.signs: list[str] = []
        self.places: list[int] = []
        self.capital = False
        self._text, self._marked = text, marked

    def at_start(self) -> bool:
        """Whether a sentence begins here."""
        last = next((sign for sign in reversed(self.signs) if sign not in " " + OPENING), "")
        return not last or last in ENDS

    def add(self, start: int, end: int) -> None:
        """Writes a stretch of the text."""
        if not self.capital:
            self.signs += self._text[start:end]
            self.places += range(start, end)
            return
        for place in range(start, end):
            self.put(place)

    def put(self, place: int) -> None:
        """Writes one sign of the text."""
        sign = self._text[place]
        if self.capital and sign not in " " + OPENING:
            if place not in self._marked and len(sign.upper()) == 1:
                sign = sign.upper()
            self.capital = False
        self.signs.append(sign)
        self.places.append(place)

    def pop(self, signs: str) -> int | None:
        """Takes back what was written last, as far as it is one of `signs`; returns the place of the first of it."""
        first = None
        while self.signs and self.signs[-1] in signs:
            self.signs.pop()
            first = self.places.pop()
        return first
