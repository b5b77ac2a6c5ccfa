"""All known surfaces searched in a text at once, whatever spaces and signs stand in them.

The text is squeezed to its letters and digits and read once by an automaton that knows every surface (Aho and Corasick,
"Efficient string matching", 1975), however many there are; whether a find is the surface as a reader would see it is
judged where it stands.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from transcribe.conventions import without_signs
from transcribe.redaction.known_surfaces import KnownSurface
from transcribe.redaction.lexicon import is_common, is_name_use
from transcribe.redaction.numbers import digits_of
from transcribe.redaction.registry import MARK
from transcribe.redaction.surfaces import Rule, rule_for
from transcribe.redaction.tokens import fold, tokens

SQUEEZED_MIN = 6
"""From this many letters on, a surface is found whatever spaces and signs stand inside (`J.anet-L au`)."""
SPELLED_MIN = 4
DIGITS_MIN = 6
_BARRIER = "\ue000"
"""Stands for a mark: nothing is found across it."""
_DIGIT_RUN = re.compile(rf"\d(?:[ .()\-–]{{0,2}}\d){{{DIGITS_MIN - 1},}}")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_NUMBERS_BAND = re.compile(r"\d{1,2}-\d{1,2}|90\+|(?:19|20)\d\d(?:-(?:0[1-9]|1[0-2]))?")
"""What marks keep of an age or a date, at whatever level: nobody's number."""
_NO_DIGITS = bytes(code for code in range(128) if not chr(code).isdecimal())
_digits_in = re.compile(r"\d").findall
_CHUNK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """A surface, ready to be searched: squeezed, its words squeezed and joined by a space, the digits that it says.

    `names` are those of its words, and all of them together, that are no ordinary words.
    """

    surface: KnownSurface
    squeezed: str
    breaks: str
    digits: str
    names: tuple[str, ...]
    is_substring: bool
    rule: Rule


@dataclass(frozen=True, slots=True)
class Seen:
    """What a text holds: surfaces, each as `text` or `spelled`; words of marks' labels; known numbers, as digits."""

    surfaces: tuple[tuple[Wanted, str], ...]
    labels: frozenset[str]
    digits: frozenset[str]


class KnownSearch:
    """Many surfaces, searched in one pass over a text."""

    def __init__(self, surfaces: Sequence[KnownSurface], marks: Collection[str] = ()) -> None:
        """`marks` are those of the registry: what stands in any other is searched, too."""
        from ahocorasick_rs import AhoCorasick, Implementation

        self.wanted = {surface: wanted for surface in surfaces if (wanted := _wanted(surface)) is not None}
        """The surfaces that are searched at all."""
        squeezed: dict[str, list[Wanted]] = {}
        for wanted in self.wanted.values():
            squeezed.setdefault(wanted.squeezed, []).append(wanted)
        self._found_by = list(squeezed.values())
        self._automaton = AhoCorasick(list(squeezed), implementation=Implementation.DFA)
        self._digits = {wanted.digits for wanted in self.wanted.values() if len(wanted.digits) >= DIGITS_MIN}
        self._numbers = AhoCorasick(sorted(self._digits))
        self._marks = frozenset(unicodedata.normalize("NFC", mark) for mark in marks)

    def look(self, text: str) -> Seen:
        """All that stands in `text`, each surface as it is first seen."""
        # Signs of conventions part neither a name (`Janet //Lau//`) nor a number (`9123 (2.0) 4567`).
        text = without_signs(text if text.isascii() else unicodedata.normalize("NFC", text))
        # The number of a mark says nothing: `[PHONE_4]` holds no part of `912 double 4`.
        marks = {mark.group() for mark in MARK.finditer(text)}
        labels = frozenset(part for mark in marks for part in re.findall(r"[A-Z]{2,}", mark.partition(" ")[0]))
        if any(map(self._said_in, marks)):
            masked = MARK.sub(lambda mark: f"{_BARRIER}{self._said_in(mark.group())}{_BARRIER}", text)
        else:
            masked = MARK.sub(_BARRIER, text) if marks else text
        return Seen(tuple(self._find(masked)), labels, self._find_digits(masked))

    def _said_in(self, mark: str) -> str:
        """What stands behind the label of a mark that is none of ours, as anybody may write: `[NOTE Janet Lau]`."""
        band = mark[1:-1].partition(" ")[2]
        is_ours = not band or _NUMBERS_BAND.fullmatch(band) or " ".join(mark.split()) in self._marks
        return "" if is_ours else band

    def _find_digits(self, masked: str) -> frozenset[str]:
        all_digits = "".join(
            piece.encode().translate(None, _NO_DIGITS).decode() if piece.isascii() else "".join(_digits_in(piece))
            for piece in _pieces(masked)
        )
        if not self._numbers.find_matches_as_indexes(all_digits):  # then there is none, wherever runs of digits end
            return frozenset()
        runs = re.sub(r"[^\d\n]+", "", "\n".join(_DIGIT_RUN.findall(masked)))
        return frozenset(digits for digits in self._digits if digits in runs)

    def _find(self, masked: str) -> Iterator[tuple[Wanted, str]]:
        found: set[Wanted] = set()
        squeezed, outline, places = squeeze(masked), _outline(masked), _Places(masked)
        for number, first, behind in self._automaton.find_matches_as_indexes(squeezed, overlapping=True):
            is_word = _may_be_word(squeezed, outline, first, behind)
            for wanted in self._found_by[number]:
                if wanted not in found and (is_word or wanted.is_substring):
                    kind = _judge(masked, places.of(first), places.of(behind - 1) + 1, wanted)
                    if kind:
                        found.add(wanted)
                        yield wanted, kind


def _wanted(surface: KnownSurface) -> Wanted | None:
    squeezed, breaks = squeeze(surface.text), _breaks(surface.text)
    if rule_for(surface.text) == "never" or not squeezed:
        return None
    names = tuple(word for word in (squeezed, *breaks.split()) if not is_common(word))
    is_substring = rule_for(surface.text) == "substring"
    rule = rule_for(surface.text, surface.any_case)
    return Wanted(surface, squeezed, breaks, digits_of(surface.text), names, is_substring, rule)


_ASCII = str.maketrans({chr(code): chr(code).lower() if chr(code).isalnum() else None for code in range(128)})
_NOT_ASCII = re.compile(r"([^\x00-\x7f]+)")


def squeeze(text: str) -> str:
    """Letters and digits of `text`, case-folded and without accents; each sign by itself, whatever stands beside it."""
    return "".join(
        piece.translate(_ASCII) if piece.isascii() else "".join(map(_plain, piece)) for piece in _pieces(text)
    )


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces, each of ASCII or without any: what is of ASCII can be changed at once."""
    if text.isascii():
        yield text
        return
    for begin in range(0, len(text), _CHUNK):
        chunk = text[begin : begin + _CHUNK]
        yield from (chunk,) if chunk.isascii() else filter(None, _NOT_ASCII.split(chunk))


_INSIDE = bytes(97 if chr(code).isalnum() else 32 for code in range(128)).ljust(256)
_FIRST = ord("A")


def _outline(text: str) -> bytes:
    """A sign for each letter of the squeezed text: `A` where the letter before it may stand in another word, else `a`.

    Most finds of short names are parts of words, and this tells before their places are worked out.
    """
    return b"".join(
        piece.encode().translate(_INSIDE).title().translate(None, b" ")
        if piece.isascii()
        else b"A" * len(squeeze(piece))
        for piece in _pieces(text)
    )


def _may_be_word(squeezed: str, outline: bytes, first: int, behind: int) -> bool:
    """False only if a letter or digit stands right before or after, a plural `s` aside."""
    if outline[first] != _FIRST:
        return False
    is_plural = squeezed[behind : behind + 1] == "s" and outline[behind + 1 : behind + 2] in (b"A", b"")
    return is_plural or outline[behind : behind + 1] in (b"A", b"")


@lru_cache(maxsize=65536)
def _plain(sign: str) -> str:
    if sign == _BARRIER:
        return sign
    if sign.isascii():
        return sign.translate(_ASCII)
    decomposed = unicodedata.normalize("NFKD", sign.casefold())
    return "".join(c for c in decomposed if c.isalnum() and not unicodedata.combining(c))


class _Places:
    """Where the letters of a squeezed text stand in the text; made for the stretches that are asked for alone."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts: list[int] = []
        self._chunks: dict[int, list[int]] = {}

    def of(self, position: int) -> int:
        """The place of the letter at `position` of the squeezed text."""
        if not self._starts:
            chunks = range(0, len(self._text), _CHUNK)
            lengths = (len(squeeze(self._text[start : start + _CHUNK])) for start in chunks)
            self._starts = list(accumulate(lengths, initial=0))
        number = bisect_right(self._starts, position) - 1
        if number not in self._chunks:
            begin = number * _CHUNK
            chunk = self._text[begin : begin + _CHUNK]
            if chunk.isascii():
                self._chunks[number] = [place for place, sign in enumerate(chunk, begin) if sign.isalnum()]
            else:
                self._chunks[number] = [place for place, sign in enumerate(chunk, begin) for _ in _plain(sign)]
        return self._chunks[number][position - self._starts[number]]


def _breaks(text: str) -> str:
    """The words of `text`, squeezed and joined by a space: where its words end."""
    return " ".join(squeeze(word) for word in _WORD.findall(text))


def _judge(text: str, start: int, end: int, wanted: Wanted) -> str:
    """`text` or `spelled` when `text[start:end]` is the surface as a reader would see it; empty when it is not."""
    if wanted.is_substring:
        return "text"
    if text[start - 1 : start].isalnum() or (text[end : end + 1].isalnum() and not _plural(text, end)):
        return ""
    part = text[start:end]
    same = _breaks(part) == wanted.breaks
    words = [squeeze(word) for word in re.findall(r"[^\W_]+", part)]
    if len(words) > SPELLED_MIN - 1 and all(len(word) == 1 for word in words) and not same:
        return "spelled"
    if not same and (len(wanted.squeezed) < SQUEEZED_MIN or all(is_common(fold(word)) for word in words)):
        return ""
    if "\n\n" in part or (not same and "\n" in part):
        return ""
    return "text" if _is_used_as_name(text, start, end, wanted.rule) else ""


def _plural(text: str, end: int) -> bool:
    """Whether only an `s` follows: `Janets`."""
    return text[end : end + 1] == "s" and not text[end + 1 : end + 2].isalnum()


def _is_used_as_name(text: str, start: int, end: int, rule: Rule) -> bool:
    """Applies the rule under which the surface is searched: ordinary words and two letters need capitals."""
    part = text[start:end]
    if rule == "capital":
        return part[:1].isupper()
    if rule == "capitals":
        return all(word.text[0].isupper() for word in tokens(part))
    if rule == "name":
        begin = max(text.rfind("\n", 0, start) + 1, start - 200)
        stop = text.find("\n", end)
        line = text[begin : stop if stop >= 0 else len(text)][:500]
        words = tokens(line)
        index = next((i for i, word in enumerate(words) if word.start == start - begin), None)
        return index is not None and is_name_use(line, words, index)
    return True
