"""Ages said aloud: `I'm forty-seven`, `my daughter is twelve`, `turned 21`. Bands stay: `in my forties`."""

import re
from collections.abc import Iterator

from transcribe.redaction.chinese_bands import with_digits
from transcribe.redaction.numbers import symbols
from transcribe.redaction.spans import Found, found

_UNIT = r"(?:one|two|three|four|five|six|seven|eight|nine)"
_TEEN = r"(?:ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)"
_TENS = r"(?:twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety)"
_NUMBER = rf"(?:1[01]\d|\d{{1,2}}|{_TENS}(?:[\s-]+{_UNIT})?|{_TEEN}|{_UNIT})(?![\d.:%/]\d|%)"
_OLD = r"[\s-]+(?:and a half[\s-]+)?years?[\s-]+(?:old\b(?!s)|of age\b)"
_ROUGHLY = (
    r"(?:(?:about|around|now|only|nearly|almost|just|already|like|roughly|um|uh|er|erm|maybe|probably"
    r"|turning|going on|actually)[\s,]+)*"
)
_RELATION = r"""(?:son|daughter|brother|sister|boy|girl|kid|husband|wife|partner|boyfriend|girlfriend|friend|cousin
|nephew|niece|mother|father|mum|mom|dad|grandmother|grandfather|grandson|granddaughter|nan|gran|grandma|grandpa|auntie|aunt
|uncle|baby|twins|child|children|one|other|eldest|youngest|oldest|elder|younger|ex|fiance|mate|colleague|client|patient)"""
_RELATION = _RELATION.replace("\n", "")
_AFTER = (
    r"(?=\s*(?:[.,;?!)]|$)|\s+(?:now|and|so|but|when|at|then|this|next|last|already|or|because|in|on|i|i'm|i've"
    r"|he|she|they|we"
    r"|you|my|um|uh|er|erm|yeah|yes|almost|nearly|just|was|years?\s+(?:old|of)|years?[.,]|ish|turning|going"
    r"|today|tomorrow|with|as"
    r"|that|who|too|sorry|no|wait|myself|right|okay|ok|live|living|from"
    r"|the (?:first|last|second|next|other|year|day|time|summer|winter|night))\b)"
)
_NOT = r"(?!\s+(?:in|on|at|with)\s+(?:the morning|the afternoon|a row|total|all|number|bed|half|pain|favour|favor)\b)"


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_AGE = _compile(
    rf"(?P<old>\b(?:{_NUMBER}\s+(?={_NUMBER}))?{_NUMBER}){_OLD}"
    rf"|\b(?:lived|live|made it|got|reached|survived)\s+(?:on\s+)?to\s+(?:be\s+)?{_ROUGHLY}"
    rf"(?P<lived>[6-9]\d|10\d|(?:sixty|seventy|eighty|ninety)(?:[\s-]+{_UNIT})?|a hundred(?: and {_UNIT})?)\b{_AFTER}"
    rf"|\b(?:aged?|at the age of|age of|age is|age was|age,|turned|turning|turns"
    rf"|turn)\s+{_ROUGHLY}(?P<turned>{_NUMBER})\b"
    r"(?!\s*(?:percent|per|degrees|o'clock|minutes|hours|days|times|pages|people|points|pounds|dollars|thousand"
    r"|hundred))"
    rf"|\bare\s+(?:both|all)\s+{_ROUGHLY}(?P<both>{_TENS}(?:[\s-]+{_UNIT})?|{_TEEN}|[1-9]\d)\b{_AFTER}{_NOT}"
    rf"|\b(?:makes?|made|making) (?:you|me|him"
    rf"|her)\s+{_ROUGHLY}(?P<makes>(?:{_NUMBER},?\s+(?={_NUMBER}))?{_NUMBER})\b{_AFTER}"
    rf"|\b(?:i'm|i am|you're|you are|he's|he is|she's|she is|im|hes|shes|they're|they are|i was|you were|he was"
    rf"|she was"
    rf"|i were|we were|they were|i'll be|he'll be|she'll be|i will be|be|who's"
    rf"|who is|must be|might be|he'd be|she'd be|must have been|who was)"
    rf"\s+{_ROUGHLY}(?P<self>(?:{_NUMBER},?\s+(?={_NUMBER}))?{_NUMBER})\b{_AFTER}{_NOT}"
    rf"|\b{_RELATION}s?(?:'s|\s+(?:is|was|are|were|just|will be"
    rf"|would be))\s+{_ROUGHLY}(?P<kin>{_NUMBER})\b{_AFTER}{_NOT}"
    r"|\b(?:left|died|passed(?: away)?|married"
    r"|retired|began|diagnosed|pregnant|started|stopped|quit|graduated|moved|emigrated|divorced)"
    rf"\s+(?:\w+\s+){{0,3}}?at\s+{_ROUGHLY}(?P<at>1[3-9]|[2-9]\d|(?:thir|four|fif|six|seven|eigh|nine)teen"
    rf"|{_TENS}(?:[\s-]+{_UNIT})?)\b{_AFTER}"
    r"|\b(?:my|his|her|their|your)\s+(?P<birthday>(?:(?:twent|thirt|fort|fift|sixt|sevent|eight|ninet)(?:ieth|y[\s-]+"
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))|(?:thir|four|fif|six|seven|eigh|nine)teenth"
    r"|twelfth|eleventh|tenth|ninth|eighth|seventh|sixth|fifth|\d{1,2}(?:st|nd|rd|th)))\s+birthday\b"
)
_OLD_AFTER = _compile(_OLD)
_HALF_AFTER = _compile(r"\s+and a (?:half|bit)\b")
_SHORT = 150
"""Code points of an utterance that may repeat an age for confirmation."""
_HOW_OLD = _compile(r"\b(?:how old|your age|what age|his age|her age|their age|ages?\?)")
_SCALE = _compile(
    r"\b(?:out of (?:ten|five|a hundred|\d)|scale|scores?|scored|rate|rating|points?|milligrams?|mg|doses?|level)\b"
)
_ONLY_AGE = _compile(
    rf"^\W*(?:(?:um|uh|er|i'm|i am|he's|she's|he is|she is|just|about|around|yeah|yes|oh|turned|now|like|well|so"
    rf"|that)\b\W*)*"
    rf"\b(?P<age>{_NUMBER})\b(?![\s-]+{_UNIT}\b)(?!\s+(?:minutes|years? (?!old)|weeks|months|days|hours|of|times))"
)
_ABOUT = _compile(rf"\b(?:about|around|nearly|almost|roughly)\s+(?P<age>{_NUMBER})\b{_AFTER}")
_REPAIR_BEFORE = _compile(rf"\b{_NUMBER}\s*(?:,|-|\.\.\.)\s*(?:(?:um|uh|er|no|sorry|i mean)\b[\s,]*)*$")
_REPAIR_WORD = (
    r"(?:um|uh|er|erm|no|nope|sorry|wait|hang on|i mean|i tell a lie|or|actually|rather|nearly|almost|going on|turning"
    r"|make that|more like|that['’]s|i'm|i am|he's|she's)"
)
_REPAIR_AFTER = _compile(
    rf"(?:\s+|(?:{_OLD})?\s*[,.;…–—-]+\s*)(?:{_REPAIR_WORD}\b[\s,.…–—-]*)*{_NUMBER}\b(?:{_OLD}"
    rf"|(?=\s*(?:[.,;?!]|$)|\s+(?:maybe|or|i think|now|no|actually|um|uh|er|sorry|this|next|last|when|and|but|then)\b"
    rf"|\s+{_NUMBER}{_OLD}))"
)
"""After a full stop only where a word of repair follows (`_with_repairs`): `I am 42. No, 43.`"""


def find_ages(text: str, previous: str = "") -> Iterator[Found]:
    """Ages of anybody in one utterance; `previous` may have asked for one, or said the age that is repeated here.

    Not: doses, scores (`I'm five out of ten`), durations, times of day, bands (`in my forties`).
    """
    yield from _said(text, previous)
    if _HOW_OLD.search(previous):
        yield from _answers(text, _ONLY_AGE)
    elif (
        len(text) < _SHORT
        and any(symbol.kind == "digit" for symbol in symbols(text[:60]))
        and (said := {_last_number(previous[f.start : f.end]) for f in _said(previous, "")})
    ):
        yield from _answers(text, _ABOUT)
        yield from (f for f in _answers(text, _ONLY_AGE) if _last_number(text[f.start : f.end]) in said)


def _said(text: str, previous: str) -> Iterator[Found]:
    """Ages that the utterance itself says to be ages."""
    scaled = _SCALE.search(text) or _SCALE.search(previous)
    for match in _AGE.finditer(text):
        group = next(name for name, said in match.groupdict().items() if said)
        if group in ("self", "kin") and (scaled or _is_count(match, group)):
            continue
        start, end = match.start(group), match.end() if group == "old" else match.end(group)
        if old := _OLD_AFTER.match(text, end) or _HALF_AFTER.match(text, end):
            end = old.end()
        yield found(*_with_repairs(text, start, end), "AGE", "grammar/age", 0.8)


def _is_count(match: re.Match[str], group: str) -> bool:
    """Whether a small number counts people rather than years: `we were two`, `I'm one`."""
    said = match.group().casefold()
    number = match.group(group).casefold()
    return bool(
        number in ("one", "1") or (re.match(r"we|they", said) and re.fullmatch(_UNIT, number)) or said.startswith("be ")
    )


def _answers(text: str, pattern: re.Pattern[str]) -> Iterator[Found]:
    if answer := pattern.search(text):
        start, end = _with_repairs(text, *answer.span("age"))
        old = _OLD_AFTER.match(text, end) or _HALF_AFTER.match(text, end)
        yield found(start, old.end() if old else end, "AGE", "grammar/age-answer", 0.8)


def _with_repairs(text: str, start: int, end: int) -> tuple[int, int]:
    """The age with numbers said by mistake right before or after it: `seven, twenty seven`."""
    while before := _REPAIR_BEFORE.search(text[max(0, start - 40) : start]):
        start = max(0, start - 40) + before.start()
    while (after := _REPAIR_AFTER.match(text, end)) and _is_repair(after.group()):
        end = after.end()
    return start, end


def _is_repair(said: str) -> bool:
    """Whether what follows an age says it again: over the end of a sentence only with a word of repair."""
    return (
        not re.search(r"[.;…]", said)
        or re.search(r"\b(?:no|nope|sorry|wait|i mean|actually|rather|i tell a lie|make that)\b", said, re.I)
        is not None
    )


def _last_number(text: str) -> int | None:
    """The last number below 120 that `text` says: what a repair ends with."""
    said = [int(s.chars) for s in symbols(text) if s.kind == "digit" and len(s.chars) <= 3 and int(s.chars) < 120]
    return said[-1] if said else None


def age_band(text: str) -> str:
    """Five-year band of the age that `text` says: `45-49`; of several, the last; empty when it says none."""
    age = _last_number(re.sub(r"(?i)years?|old|of age|[岁歲]", " ", with_digits(text).replace("-", " ")))
    if age is None or age >= 110:
        return ""
    return "90+" if age >= 90 else f"{age // 5 * 5}-{age // 5 * 5 + 4}"
