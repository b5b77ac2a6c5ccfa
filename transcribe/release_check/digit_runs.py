"""Runs of five and more digits in finished text, spoken or written, that are no amount, year, count or helpline."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from transcribe.redaction.lexicon import must_keep
from transcribe.redaction.numbers import Symbol, digits_of, runs, symbols
from transcribe.redaction.tokens import word_set

MIN_DIGITS = 5
"""Digits of a run from which on it can be a number of somebody's (deidentification.md, "Release check")."""
_YEAR = re.compile(r"(?:18|19|20)\d\d")
_GLUE = re.compile(r"[\s\-‐–./]*")
"""What stands between the parts of one number."""
_BEFORE_YEARS = re.compile(
    r"\b(?:in|from|since|between|during|until|till|by|of|around|about|for|years?|and|or|to|through|was|were|spring|"
    r"summer|autumn|fall|winter)\W*$",
    re.IGNORECASE,
)
_AMOUNT = re.compile(r"[$£€¥]\s*[\d,.]+|\b\d{1,3}(?:,\d{3})+\b|\b\d+(?:\.\d+)?\s?(?:%|k\b|mg|ml|kg|mcg|cm|km|mm\b)")
_UNITS = word_set("""
    hundred thousand million billion percent dollars dollar pounds pound quid euros euro yuan bucks pence cents
    mg mgs milligram milligrams ml millilitres gram grams kg kilo kilos kilograms stone pounds lbs
    minute minutes min mins hour hours day days week weeks month months year years times time
    o'clock am pm degrees steps metres meters miles kilometres km calories people patients points units beats
    """)
"""What is counted: a number of these is an amount, however long."""
_AFTER = 12


def find_digit_runs(text: str) -> Iterator[tuple[int, int]]:
    """`(start, end)` of every run of at least five digits, number words among them (`double four`, `oh seven`).

    Not among them: amounts with a unit, a currency or thousands separators, years, public helplines of the must-keep
    list, and counting by equal steps (`one two three four five`, `a hundred, ninety-three, eighty-six`).
    """
    amounts = [match.span() for match in _AMOUNT.finditer(text)]
    for run in _runs_of(text, amounts):
        digits = "".join(symbol.chars for symbol in run)
        if len(digits) < MIN_DIGITS or _is_helpline(digits) or is_counting(run) or _has_unit(text, run[-1].end):
            continue
        yield run[0].start, run[-1].end


def digits_in(text: str) -> list[Symbol]:
    """The digits that a text says or writes outside amounts and years, for numbers that utterances divide."""
    amounts = [match.span() for match in _AMOUNT.finditer(text)]
    return [symbol for run in _runs_of(text, amounts) for symbol in run]


def is_counting(run: Sequence[Symbol]) -> bool:
    """Whether the numbers of a run go up or down by equal steps, or are round ones that only grow or only fall."""
    values = [int(symbol.chars) for symbol in run]
    if len(values) < 3:
        return False
    steps = [b - a for a, b in pairwise(values)]
    if len(set(steps)) == 1 and steps[0] != 0:
        return True
    grows = all(step > 0 for step in steps) or all(step < 0 for step in steps)
    return grows and all(value % 5 == 0 for value in values) and not any(symbol.single for symbol in run)


def _runs_of(text: str, amounts: Sequence[tuple[int, int]]) -> Iterator[list[Symbol]]:
    """Stretches of digits, with amounts and years cut out."""
    for run in runs(symbols(text), frozenset(("digit",))):
        current: list[Symbol] = []
        for index, symbol in enumerate(run):
            inside = any(a <= symbol.start < b for a, b in amounts)
            if inside or (_YEAR.fullmatch(symbol.chars) and _stands_alone(text, run, index)):
                if current:
                    yield current
                current = []
            else:
                current.append(symbol)
        if current:
            yield from _without_spoken_years(text, current)


def _stands_alone(text: str, run: Sequence[Symbol], index: int) -> bool:
    """Whether four digits that can be a year are one, and not half of a number: `2034 5678`, `9111 1999`.

    Years after each other stay years where a word before them or a sign between them says so (`from 2012 2013`,
    `2012-2013`), and so does a year beside a day and a month (`12 05 1999`).
    """
    first, last = index, index
    while first > 0 and _GLUE.fullmatch(text[run[first - 1].end : run[first].start]):
        first -= 1
    while last + 1 < len(run) and _GLUE.fullmatch(text[run[last].end : run[last + 1].start]):
        last += 1
    others = [symbol for symbol in run[first : last + 1] if not _YEAR.fullmatch(symbol.chars)]
    if not others:
        together = text[run[first].end : run[first + 1].start] if last > first else ","
        return together.strip() != "" or _BEFORE_YEARS.search(text[: run[first].start]) is not None
    is_date = last - first <= 2 and all(len(s.chars) <= 2 and not s.single and int(s.chars) <= 31 for s in others)
    return is_date or sum(len(symbol.chars) for symbol in others) < 3


def _without_spoken_years(text: str, run: list[Symbol]) -> Iterator[list[Symbol]]:
    """A run without `nineteen eighty five` in it, where nothing but years and days is said."""
    values = [symbol.chars for symbol in run]
    years = [i for i in range(len(run) - 1) if values[i] in ("18", "19", "20") and len(values[i + 1]) == 2]
    said = {i for first in years for i in (first, first + 1)}
    rest = [i for i in range(len(run)) if i not in said]
    # What directly follows a year is the rest of a number: `twenty thirty four | fifty six seventy eight`.
    follows = any(i - 1 in said and _GLUE.fullmatch(text[run[i - 1].end : run[i].start]) for i in rest)
    days = all(int(values[i]) <= 31 for i in rest)
    if years and len(rest) <= 2 and days and not follows and not any(symbol.single for symbol in run):
        return
    yield run


def _has_unit(text: str, end: int) -> bool:
    following = re.match(r"[\s\-]*([A-Za-z']+)", text[end : end + _AFTER + 4])
    return following is not None and following.group(1).casefold() in _UNITS


@cache
def _helplines() -> frozenset[str]:
    return frozenset(digits for phrase in must_keep() if len(digits := digits_of(phrase)) >= MIN_DIGITS)


def _is_helpline(digits: str) -> bool:
    """Whether the digits are one public number, or several said after each other."""
    known = _helplines() | {"999", "111", "112", "911", "101", "18111"}
    if digits in known:
        return True
    return any(digits.startswith(k) and digits[len(k) :] and _is_helpline(digits[len(k) :]) for k in known)
