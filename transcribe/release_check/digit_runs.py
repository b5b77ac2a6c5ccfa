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
        for symbol in run:
            inside = any(a <= symbol.start < b for a, b in amounts)
            if inside or _YEAR.fullmatch(symbol.chars):
                if current:
                    yield current
                current = []
            else:
                current.append(symbol)
        if current:
            yield from _without_spoken_years(current)


def _without_spoken_years(run: list[Symbol]) -> Iterator[list[Symbol]]:
    """A run without `nineteen eighty five` in it, where nothing but years and days is said."""
    values = [symbol.chars for symbol in run]
    years = [i for i in range(len(run) - 1) if values[i] in ("18", "19", "20") and len(values[i + 1]) == 2]
    rest = len(run) - 2 * len(years)
    if years and rest <= 2 and not any(symbol.single for symbol in run):
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
