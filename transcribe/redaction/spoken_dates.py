"""Dates and births said aloud. Relative time (`two weeks ago`, `last winter`) stays: research needs it."""

import re
from collections.abc import Iterator

from transcribe.redaction.numbers import digits_of, year_of
from transcribe.redaction.spans import Found, found

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ABBREVIATED = r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?"
_LONG_MONTH = "(?:" + "|".join(_MONTHS) + ")"
_MONTH = f"(?:{_LONG_MONTH}|{_ABBREVIATED})"
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
    rf"\b(?:(?:the\s+)?{_SPOKEN_DAY}(?:\s*,)?\s+(?:of\s+|uh,?\s+|um,?\s+)*{_MONTH}(?:{_PAUSE}(?:{_YEAR}"
    rf"|{_SHORT_YEAR}\b(?!\s*(?:people|years|minutes|hours|of))))?"
    rf"|{_MONTH}{_PAUSE}(?:{_ORDINAL}|[0-3]?\d(?!\d)|{_TEEN}\b(?=,|\s+{_YEAR}))(?:{_PAUSE}{_YEAR})?"
    rf"|{_YEAR}{_PAUSE}{_DAY}{_PAUSE}{_MONTH}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s?(?:of\s+)?{_ABBREVIATED},?\s?\d{{2,4}})(?!\w)"
)
_MONTH_YEAR = _compile(
    rf"\b(?:(?:early|late|mid)[\s-]+)?{_MONTH}{_PAUSE}(?:{_YEAR}|(?:last|this|next)\s+year)\b|\b(?:last|next)\s+{_MONTH}\b"
    rf"|\b{_MONTH}\s+(?:of\s+)?(?:'\d\d|(?:forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-]+{_UNIT})?)\b"
    rf"(?!\s*(?:percent|people|years?|times|minutes|hours|of|per)\b)"
)
_FEAST = (
    r"(?:christmas(?:\s+(?:day|eve))?|boxing day|new year['’]?s(?:\s+(?:day|eve))?|new year|chinese new year"
    r"|lunar new year|easter(?:\s+(?:sunday|monday))?|good friday|valentine['’]?s day|halloween|bonfire night"
    r"|mid[\s-]autumn(?:\s+festival)?|ching ming|dragon boat festival|diwali|ramadan|eid|hanukkah|passover"
    r"|spring|summer|autumn|fall|winter)"
)
_FEAST_YEAR = _compile(rf"\b(?:(?:early|late|mid)[\s-]+)?{_FEAST},?\s+(?:of\s+|in\s+)?{_YEAR}\b")
_ZODIAC = _compile(
    r"\b(?:the\s+)?year\s+of\s+(?:the\s+)?(?:rat|ox|cow|tiger|rabbit|dragon|snake|horse|goat|sheep|ram|monkey|rooster"
    r"|chicken|cock|dog|pig|boar)\b"
)
"""Of the Chinese calendar; it tells the year of birth where the talk is of one."""
_BORN_IN = _compile(rf"(?P<year>{_YEAR})[\s-]+(?:baby|born)\b")
_NUMERIC = _compile(
    r"\b[0-3]?\d\s[01]?\d\s(?:19|20)\d\d\b"
    r"|\b(?:(?:[0-3]?\d[/.-][01]?\d|[01]?\d[/.-][0-3]?\d)[/.-](?:19|20)?\d\d|(?:19|20)\d\d[/-][01]?\d[/-][0-3]?\d)\b"
)
_BIRTH = _compile(r"\b(?:born|birth|birthday|birth date|d\.?o\.?b\.?|b-day)\b")
_ATOM = (
    rf"(?:(?:mid|early|late)[\s-]*)?(?:{_ORDINAL}|{_MONTH}|{_YEAR}|{_TENS}\s*,\s*{_UNIT}|{_SHORT_YEAR}|{_TEEN}"
    rf"|[0-3]?\d|(?:(?:oh|zero)[\s-]+)?{_UNIT})"
    r"(?:\s+something)?"
)
_ATOMS = _compile(rf"\b{_ATOM}\b(?:{_PAUSE}(?:{_ATOM})\b)*")
_DATED = _compile(rf"{_MONTH}|{_ORDINAL}|{_YEAR}|'?\d\d|{_TENS}|(?:{_UNIT}|{_TEEN}){_PAUSE}(?:{_UNIT}|{_TEEN})")
_BIRTH_REACH = 60

_HEDGE = r"(?!\s+(?:maybe|perhaps|possibly|or so|or something|or whatever|sometime|be\b))"
_WHEN = (
    r"(?:in|since|until|till|from|by|around|about|during|of|for|before|after|early|late|mid|back in|end of"
    r"|start of|beginning of)"
)
_YEAR_ALONE = _compile(
    rf"(?:\b{_WHEN}[\s-]+|^|[.,;?!]\s*(?:and\s+|so\s+|then\s+)?)(?:the\s+)?(?:(?:year|spring|summer|autumn|fall"
    rf"|winter|christmas|easter)\s+(?:of\s+)?)?(?P<year>{_YEAR})\b"
    r"(?!\s*(?:percent|people|dollars|pounds|milligrams|mg|steps|calories|words|times|minutes|hundred|thousand))"
)
_SHORT_YEAR_ALONE = _compile(
    r"\b(?:in|since|until|back in)\s+(?P<year>(?:fifty|sixty|seventy|eighty|ninety)[\s-]+(?:one|two|three|four"
    r"|five|six|seven"
    r"|eight|nine)|'[0-9]\d|0\d)\b(?=\s*(?:[.,;?!]|$)|\s+(?:and|when|i|we|he|she|but|so|my)\b)"
)
_MONTH_ALONE = _compile(
    rf"\b(?:{_WHEN}[\s-]+(?:the\s+)?(?=(?:(?:early|late|mid)[\s-]+)?{_LONG_MONTH})"
    rf"|(?:in|until|till|early|late|mid|back in|end of|start of|beginning of)[\s-]+"
    rf"|since\s+(?!jan\b)(?={_ABBREVIATED}(?:\W|$)))"
    rf"(?P<month>(?:(?:early|late|mid)[\s-]+)?{_MONTH})(?<![.])\b{_HEDGE}"
)
"""A short one only where no person stands: not `for Jan`, `since Jan`."""
_EVENT = re.compile(
    r"\b(?:was|were|had|did|got|went|came|left|began|became|met|lost|found|took|gave|fell|broke|told|said|saw"
    r"|felt|made|moved"
    r"|[a-z]{2,}ed|born|died|been|happened|quit|sent|brought|bought|sold|built|won|hit|ran|wrote|heard|kept|put"
    r"|set|spent|stood"
    r"|thought|knew|grew|stayed|since|turning|turned|getting|starting|leaving|moving|marry|wedding|funeral"
    r"|anniversary|birthday"
    r"|due|exam|exams|court|trial|surgery|operation|graduat\w+|admission|admitted|discharge\w*|diagnos\w+"
    r"|relapse\w*)\b",
    re.IGNORECASE,
)
_AGE_SAID = _compile(rf"\b(?:i'm|i am|he's|she's|makes (?:me|him|her|you)|aged?)\s+(?:\d\d|{_TENS}|{_TEEN})\b")
_OPENING = _compile(
    rf"^\W*(?:(?:ok|okay|so|right|yeah|yes|alright|and|um|uh|that's|born in|in)\b\W*)*(?P<year>{_YEAR}"
    rf"|{_SHORT_YEAR})\b"
)
_YEARS = _compile(rf"\b{_YEAR}\b")
_ASKED_WHEN = _compile(r"\b(?:when|what year|which year|what month|which month|what date)\b")
_DAY_OF_MONTH_NUMBER = _compile(
    rf"\b{_ORDINAL}{_PAUSE}(?:of\s+)?(?:the\s+){_ORDINAL}{_PAUSE}(?:{_YEAR}|{_SHORT_YEAR})\b"
)


def find_dates(text: str, previous: str) -> Iterator[Found]:
    """Births, dates of a day or month, and bare months or years of an event; `previous` is what was asked before.

    Not: relative time, days of the week, habits (`in July we always go`), vague dates (`in May maybe`).
    """
    births = list(_births(text, previous))
    for start, end in births:
        yield found(start, end, "DATE", "grammar/birth", 0.9, direct=True)
    if births or _BIRTH.search(text) or _BIRTH.search(previous):
        for match in _ZODIAC.finditer(text):
            yield found(*match.span(), "DATE", "grammar/birth", 0.6, direct=True)
    for pattern in (_FULL, _MONTH_YEAR, _NUMERIC, _DAY_OF_MONTH_NUMBER, _FEAST_YEAR):
        for match in pattern.finditer(text):
            born = any(a < match.end() and match.start() < b for a, b in births)
            if born or not _is_verb(text, match.group()):
                yield found(match.start(), match.end(), "DATE", "grammar/birth" if born else "grammar/date", 0.8, born)
    yield from _of_events(text, previous)


def _of_events(text: str, previous: str) -> Iterator[Found]:
    """`It started in twenty nineteen`, `we married in June`: only in a sentence of an event, or as answer to `when`."""
    asked = _ASKED_WHEN.search(previous) is not None
    for pattern, group in ((_YEAR_ALONE, "year"), (_SHORT_YEAR_ALONE, "year"), (_MONTH_ALONE, "month")):
        for match in pattern.finditer(text):
            month = match.group(group)
            verb = group == "month" and re.search(r"\b(?:may|march)\b", month) and text != text.casefold()
            sentence = _sentence(text, match.start())
            if not verb and (asked or _EVENT.search(sentence) or (group == "year" and _AGE_SAID.search(sentence))):
                yield found(*match.span(group), "DATE", "grammar/date-of-event", 0.6)
    if echo := _OPENING.search(text):
        said = {digits_of(match.group())[-2:] for match in _YEARS.finditer(previous)}
        if digits_of(echo["year"])[-2:] in said:
            yield found(*echo.span("year"), "DATE", "grammar/date-repeated", 0.6)


def _sentence(text: str, position: int) -> str:
    """The sentence around a position."""
    start = max(text.rfind(mark, 0, position) for mark in ".?!") + 1
    ends = [end for mark in ".?!" if (end := text.find(mark, position)) >= 0]
    return text[start : min(ends, default=len(text))]


def _births(text: str, previous: str) -> Iterator[tuple[int, int]]:
    """Everything date-like that follows `born`, `birthday` …, or answers the question for it."""
    yield from (born.span("year") for born in _BORN_IN.finditer(text))
    starts = [match.end() for match in _BIRTH.finditer(text)]
    if not starts and _BIRTH.search(previous):
        starts = [0]
    for begin in starts:
        position, reach = begin, begin + _BIRTH_REACH
        while (match := _ATOMS.search(text, position)) and match.start() <= reach:
            if _DATED.search(match.group()) and not _is_other_number(text, match):
                article = re.search(r"\bthe\s+$", text[: match.start()], re.IGNORECASE)
                yield article.start() if article else match.start(), match.end()
            position, reach = match.end(), match.end() + 20


def _is_other_number(text: str, match: re.Match[str]) -> bool:
    """Whether a date-like number counts something (`first line`, `ninety minutes`) or is the verb `may` or `march`."""
    rest = text[match.end() :]
    if re.match(r"[\s-]*(?:years?|weeks?|months?|days?|minutes?|hours?|kg|pounds|percent)\b", rest):
        return True
    said = match.group().casefold()
    if said in ("may", "march") and re.match(r"\s*(?:i|we|you|be|have|not|also|need)\b", rest, re.IGNORECASE):
        return True
    return (
        re.fullmatch(_ORDINAL, said) is not None
        and re.match(r"\s+(?!of|in|um|uh|er|and|january)[a-z]", rest) is not None
    )


def _is_verb(text: str, date: str) -> bool:
    """Whether `may` or `march` in lower case, in a text with capitals, is the verb: `nineteen may …`."""
    lower = re.search(r"\b(?:may|march)\b", date) and text != text.casefold()
    return bool(lower) and not re.search(rf"\d|\b{_ORDINAL}\b", date, re.IGNORECASE)


def date_band(text: str) -> str:
    """`2019-03` for a date with month and year, `2019` or `June` for one alone; marks of the team level keep it."""
    lowered = text.casefold()
    months = [
        n for n, month in enumerate(_MONTHS, 1) if re.search(rf"\b(?:{month}|{month[:3]}|{month[:4]})\b", lowered)
    ]
    match = re.search(_YEAR, lowered)
    year = (
        year_of(
            re.sub(
                r"\b(?:uh|um|er|erm|of|the|in|on|like|sorry)\b"
                r"|[,.]",
                " ",
                match.group(),
            )
        )
        if match
        else None
    )
    if year is not None:
        return f"{year}-{months[0]:02d}" if len(months) == 1 else "" if months else f"{year}"
    relative = re.search(r"\b(?:last|this|next)\b", lowered)
    return _MONTHS[months[0] - 1].title() if len(months) == 1 and not relative else ""
