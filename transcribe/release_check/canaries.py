"""Canaries: synthetic identifiers, deterministic in a seed, as people say them in talk."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from transcribe.redaction.lexicon import organisations, places
from transcribe.redaction.numbers import hkid_is_valid
from transcribe.redaction.tokens import tokens
from transcribe.release_check.canary_words import (
    DOMAINS,
    ESTATES,
    FAMILY,
    FILLERS,
    GIVEN,
    ROADS,
    ROMANISED,
    SHARES,
    STREETS,
    SYLLABLES,
    TEMPLATES,
)

CANARY_VERSION = "1"
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty")
_MONTHS = ("January", "February", "March", "April", "June", "July", "August", "October", "November", "December")
_ORDINALS = ("first", "third", "fourth", "ninth", "twelfth", "fifteenth", "nineteenth", "twenty-second", "thirtieth")
_LOWER_IN = 5
"""Two of so many sentences are in lower case, as some recognisers write."""
_TRIES = 50

Item = TypeVar("Item")


class Draw:
    """Numbers that depend on a seed alone, on every machine and in every version of Python."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        self._count += 1
        return int.from_bytes(hashlib.sha256(f"{self._seed}:{self._count}".encode()).digest()[:8], "big") % limit

    def one(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """All items in another order."""
        rest = list(items)
        return [rest.pop(self.below(len(rest))) for _ in range(len(rest))]


@dataclass(frozen=True, slots=True)
class Canary:
    """A synthetic identifier in a sentence: `sentence[start:end]` must be covered, `question` goes before it."""

    kind: str
    question: str
    sentence: str
    start: int
    end: int


def make_canaries(seed: str, count: int, taken: Collection[str]) -> list[Canary]:
    """`count` canaries of all kinds in their shares. None holds a name or place of which a word is in `taken`.

    `taken` are folded words of the study: what it says already would be found for another reason.
    """
    draw = Draw(seed)
    order = [kind for turn in range(max(SHARES.values())) for kind, share in SHARES.items() if turn < share]
    used: set[str] = set(taken)
    return [_canary(draw, order[number % len(order)], used) for number in range(count)]


def _canary(draw: Draw, kind: str, used: set[str]) -> Canary:
    question, sentence = draw.one(TEMPLATES[kind])
    said = _identifier(draw, kind, used)
    before, _, after = sentence.partition("{}")
    whole = f"{before}{said}{after}."
    if not before:
        whole = whole[0].upper() + whole[1:]
    start, end = len(before), len(before) + len(said)
    if draw.below(_LOWER_IN) < 2:
        question, whole = question.lower(), whole.lower()
    return Canary(kind, question, whole, start, end)


def _identifier(draw: Draw, kind: str, used: set[str]) -> str:
    """One that shares no word of a name with what was used; after many tries an invented one, which never does."""
    makers = {
        "PERSON": _person,
        "PHONE": _phone,
        "ID": _identity_card,
        "EMAIL": _email,
        "ADDRESS": _address,
        "DATE OF BIRTH": _birth,
        "PLACE": _place,
        "HOSPITAL": _hospital,
        "AGE": _age,
    }
    said = ""
    for _ in range(_TRIES):
        said = makers[kind](draw)
        words = {word.fold for word in tokens(said)} if kind in ("PERSON", "PLACE", "HOSPITAL") else {said}
        if not words & used or (kind == "HOSPITAL" and not {said.casefold()} & used):
            used |= words | {said.casefold()}
            return said
    return said


def _person(draw: Draw) -> str:
    form = draw.below(8)
    given = draw.one(GIVEN) if draw.below(2) else _invented(draw)
    family = draw.one(FAMILY) if draw.below(2) else _invented(draw)
    if form < 3:
        return given
    if form < 5:
        return f"{given} {family}"
    if form == 5:
        return f"{draw.one(('Mr', 'Mrs', 'Miss', 'Dr'))} {family}"
    surname, first, second = (draw.one(part) for part in ROMANISED)
    return f"{surname} {first} {second.capitalize()}" if form == 6 else f"{first}-{second} {surname}"


def _invented(draw: Draw) -> str:
    return "".join(draw.one(part) for part in SYLLABLES)


def _phone(draw: Draw) -> str:
    """Eight digits that begin like a Hong Kong mobile number, in words, at times with a filler, repair or double."""
    digits = [draw.one((5, 6, 9)), *(draw.below(10) for _ in range(7))]
    words = [_DIGITS[digit] for digit in digits]
    if draw.below(3) == 0:
        return "".join(map(str, digits[:4])) + " " + "".join(map(str, digits[4:]))
    if draw.below(3) == 0 and digits[4] == digits[5]:
        words[4:6] = [f"double {words[5]}"]
    if draw.below(2):
        words.insert(4, f"{draw.one(FILLERS)},")
    if draw.below(4) == 0:
        words[2:2] = [f"{draw.one(_DIGITS[1:])}, no, sorry,"]
    return " ".join(words)


def _identity_card(draw: Draw) -> str:
    """A Hong Kong identity card number with its right check digit, letter by letter."""
    letter = draw.one("ABCDEGHKMPRSVYZ")
    digits = "".join(str(draw.below(10)) for _ in range(6))
    check = next(c for c in "0123456789A" if hkid_is_valid(f"{letter}{digits}{c}"))
    if draw.below(3) == 0:
        return f"{letter}{digits}({check})"
    last = check if check == "A" else _DIGITS[int(check)]
    said = " ".join(_DIGITS[int(digit)] for digit in digits)
    return f"{letter} {said} {draw.one(('bracket', 'in brackets', 'and then'))} {last}"


def _email(draw: Draw) -> str:
    name = _invented(draw).lower()
    domain, ending = draw.one(DOMAINS)
    middle = draw.one(("", f" dot {_invented(draw).lower()}", f" {_DIGITS[draw.below(10)]} {_DIGITS[draw.below(10)]}"))
    return f"{name}{middle} at {domain} dot {ending}"


def _address(draw: Draw) -> str:
    number = 2 + draw.below(180)
    if draw.below(2):
        return f"{number} {draw.one(STREETS)} {draw.one(ROADS)}"
    flat = f"flat {_DIGITS[1 + draw.below(9)]} {draw.one('ABCDEFGH')}"
    return f"{flat}, block {_DIGITS[1 + draw.below(9)]}, {draw.one(ESTATES)} {draw.one(('Estate', 'Court', 'House'))}"


def _birth(draw: Draw) -> str:
    year = 1941 + draw.below(60)
    tens, unit = divmod(year % 100, 10)
    said = f"nineteen {_TENS[tens - 2]}{'-' + _DIGITS[unit] if unit else ''}" if 40 <= year % 100 <= 89 else str(year)
    ordinal, month = draw.one(_ORDINALS), draw.one(_MONTHS)
    return draw.one(
        (f"the {ordinal} of {month} {said}", f"{month} the {ordinal}, {year}", f"the {ordinal} of {month}, {year}")
    )


def _place(draw: Draw) -> str:
    names = sorted(p.name for words, p in places().items() if p.kind == "place" and p.region and len(words) < 3)
    return draw.one(names)


def _hospital(draw: Draw) -> str:
    names = sorted(
        o.name for words, o in organisations().items() if o.label == "HOSPITAL" and not o.cue and len(words) > 1
    )
    return draw.one(names)


def _age(draw: Draw) -> str:
    tens, unit = draw.one(_TENS[:6]), draw.below(10)
    said = f"{tens}-{_DIGITS[unit]}" if unit else tens
    return said if draw.below(2) else str(10 * (_TENS.index(tens) + 2) + unit)
