"""Dates, births and ages said aloud. Relative time (`two weeks ago`, `last winter`) stays: research needs it."""

import re
from collections.abc import Iterator

from transcribe.redaction.numbers import value_of, year_of
from transcribe.redaction.spans import Found, found

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = "(?:" + "|".join(_MONTHS) + ")"
_ABBREVIATED = r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
_UNIT = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TEEN = r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_TENS = r"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_UNDER_100 = rf"(?:{_TENS}(?:[\s-]+{_UNIT})?|{_TEEN}|(?:oh|o)[\s-]+{_UNIT}|{_UNIT})"
_PAUSE = r"(?:[\s,.]+(?:(?:uh|um|er|erm|of|the|in|on|like|it's|sorry)\b[\s,.]*)*|\s*-\s*)"
_YEAR = (
    rf"(?:(?:19|20)\d\d|nineteen{_PAUSE}(?:hundred(?:\s+and)?\s+)?{_UNDER_100}"
    rf"|twenty{_PAUSE}(?:{_TENS}(?:[\s-]+{_UNIT})?|{_TEEN}|(?:oh|o)[\s-]+{_UNIT})"
    rf"|two\s+thousand(?:\s+and)?(?:\s+{_UNDER_100})?)"
)
_ORDINAL = (
    r"(?:(?:twenty|thirty)[\s-]+(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth"
    r"|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|[0-3]?\d(?:st|nd|rd|th))"
)
_DAY = rf"(?:{_ORDINAL}|[0-3]?\d)"
_SPOKEN_DAY = rf"(?:{_DAY}|twenty(?:[\s-]+{_UNIT})?|thirty(?:[\s-]+one)?|{_TEEN}|{_UNIT})"
_SHORT_YEAR = rf"(?:'?\d\d|{_TENS}(?:[\s-]+{_UNIT})?)"


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_FULL = _compile(
    rf"\b(?:{_SPOKEN_DAY}(?:\s*,)?\s+(?:of\s+|uh,?\s+|um,?\s+)*{_MONTH}(?:{_PAUSE}(?:{_YEAR}|{_SHORT_YEAR}\b(?!\s*(?:people|years|minutes|hours|of))))?"
    rf"|{_MONTH}{_PAUSE}(?:{_ORDINAL}|[0-3]?\d(?!\d)|{_TEEN}\b(?=,))(?:{_PAUSE}{_YEAR})?"
    rf"|{_YEAR}{_PAUSE}{_DAY}{_PAUSE}{_MONTH}"
    rf"|\d{{1,2}}\s?{_ABBREVIATED}\s?\d{{2,4}})\b"
)
_MONTH_YEAR = _compile(rf"\b{_MONTH}{_PAUSE}(?:{_YEAR}|(?:last|this|next)\s+year)\b|\b(?:last|next)\s+{_MONTH}\b")
_NUMERIC = _compile(r"\b(?:[0-3]?\d[/.-][01]?\d[/.-](?:19|20)?\d\d|(?:19|20)\d\d[/-][01]?\d[/-][0-3]?\d)\b")
_BIRTH = _compile(r"\b(?:born|birth|birthday|birth date|d\.?o\.?b\.?|b-day)\b")
_ATOM = rf"(?:(?:mid|early|late)[\s-]*)?(?:{_ORDINAL}|{_MONTH}|{_YEAR}|{_SHORT_YEAR}|[0-3]?\d)"
_ATOMS = _compile(rf"\b{_ATOM}\b(?:{_PAUSE}(?:{_ATOM})\b)*")
_BIRTH_REACH = 60

_AGE_NUMBER = r"(?:\d{1,3}|" + rf"{_TENS}(?:[\s-]+{_UNIT})?|{_TEEN})"
_AGE = _compile(
    rf"\b(?P<old>(?:{_AGE_NUMBER}|{_UNIT}))[\s-]+years?[\s-]+(?:old|of age)\b"
    rf"|\b(?:aged|turned|turning)\s+(?:about\s+)?(?P<turned>{_AGE_NUMBER})\b(?!\s*(?:percent|degrees|o'clock|minutes))"
    rf"|\b(?:i'm|i am|you're|you are)\s+(?:about\s+|now\s+|only\s+|nearly\s+|almost\s+)?(?P<self>{_AGE_NUMBER})"
    rf"(?=\s*(?:[.,;?!]|$)|\s+(?:now|and|so|but|this|next|in)\b)"
)
_HOW_OLD = _compile(r"\b(?:how old|your age|what age)\b")
_ONLY_AGE = _compile(rf"^\W*(?:um|uh|i'm|i am|just|about|yeah|yes|oh|\W)*\s*\b(?P<age>{_AGE_NUMBER})\b")


def find_dates(text: str, previous: str) -> Iterator[Found]:
    """Dates that name a day or a month of a year, births, ages; `previous` is what the other speaker asked."""
    births = list(_births(text, previous))
    for start, end in births:
        yield found(start, end, "DATE", "grammar/birth", 0.9, direct=True)
    for pattern in (_FULL, _MONTH_YEAR, _NUMERIC):
        for match in pattern.finditer(text):
            born = any(a < match.end() and match.start() < b for a, b in births)
            if born or not _is_verb(text, match.group()):
                yield found(match.start(), match.end(), "DATE", "grammar/birth" if born else "grammar/date", 0.8, born)
    for match in _AGE.finditer(text):
        group = next(name for name in ("old", "turned", "self") if match.group(name))
        yield found(match.start(group), match.end() if group == "old" else match.end(group), "AGE", "grammar/age", 0.8)
    if _HOW_OLD.search(previous) and (answer := _ONLY_AGE.search(text)):
        yield found(*answer.span("age"), "AGE", "grammar/age-answer", 0.8)


def _births(text: str, previous: str) -> Iterator[tuple[int, int]]:
    """Everything date-like that follows `born`, `birthday` …, or answers the question for it."""
    starts = [match.end() for match in _BIRTH.finditer(text)]
    if not starts and _BIRTH.search(previous) and "?" in previous[-40:]:
        starts = [0]
    for begin in starts:
        position, reach = begin, begin + _BIRTH_REACH
        while (match := _ATOMS.search(text, position)) and match.start() <= reach:
            dated = re.search(rf"{_MONTH}|{_ORDINAL}|{_YEAR}|'?\d\d|{_TENS}", match.group(), re.IGNORECASE)
            if dated and not re.match(
                r"\s*(?:years?|weeks?|months?|days?|minutes?|hours?|kg|pounds)\b", text[match.end() :]
            ):
                yield match.start(), match.end()
            position, reach = match.end(), match.end() + 20


def _is_verb(text: str, date: str) -> bool:
    """Whether `may` or `march` in lower case, in a text with capitals, is the verb: `nineteen may …`."""
    lower = re.search(r"\b(?:may|march)\b", date) and text != text.casefold()
    return bool(lower) and not re.search(rf"\d|\b{_ORDINAL}\b", date, re.IGNORECASE)


def date_band(text: str) -> str:
    """`2019-03` for a date with month and year; empty when it says less. Marks of the team level keep it."""
    lowered = text.casefold()
    months = [number for number, month in enumerate(_MONTHS, 1) if re.search(rf"\b{month}\b", lowered)]
    match = re.search(_YEAR, lowered)
    year = year_of(re.sub(r"\b(?:uh|um|er|erm|of|the|in|on|like|sorry)\b|[,.]", " ", match.group())) if match else None
    return f"{year}-{months[0]:02d}" if year is not None and len(months) == 1 else ""


def age_band(text: str) -> str:
    """Five-year band of the age that `text` says: `45-49`; empty when it says none."""
    age = value_of(re.sub(r"(?i)years?|old|of age", " ", text.replace("-", " ")))
    if age is None:
        return ""
    return "90+" if age >= 90 else f"{age // 5 * 5}-{age // 5 * 5 + 4}"
