"""Postal addresses said aloud: flats, floors, houses, estates, streets, and British postcodes in letters."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common
from transcribe.redaction.name_lists import HK_SYLLABLES
from transcribe.redaction.numbers import digits_of, gloss_end, symbols, unglossed
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, tokens, word_set

_STREET = word_set("""
    street road avenue lane drive close crescent terrace grove mews boulevard steps square place row path
    circuit gardens way parade
    """)
_SURE_STREET = word_set("street road avenue lane crescent terrace grove mews boulevard")
"""Of these, lower-case words with a house number before them are believed; `place` and `close` need talk of living."""
_BUILDING = word_set("""
    house court estate mansion mansions cottage building tower towers block garden gardens village tsuen chuen villa
    villas lodge plaza chung heights
    """)
_MEASURES = word_set("""
    minute minutes hour hours day days week weeks month months year years mile miles metre metres meters people
    times time pounds dollars percent degrees kilometre kilometres more different other bedroom bed storey
    """)
_UNIT_WORD = r"(?:flat|room|unit|apartment|suite|block|tower|house|shop|number|phase|stage)"
_UNITS = "(?:one|two|three|four|five|six|seven|eight|nine|oh)"
_SAID_NUMBER = (
    r"(?:\d+[A-Za-z]?|[A-Z]|[a-z]"
    rf"|(?:{_UNITS}|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    rf"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-]+{_UNITS})*)"
)
_UNIT = re.compile(rf"\b{_UNIT_WORD}\s+{_SAID_NUMBER}(?:[\s,]+{_SAID_NUMBER}){{0,3}}\b", re.IGNORECASE)
_FLOOR = re.compile(
    r"\b(?:\d{1,2}\s*/\s*F|(?:\d{1,2}(?:st|nd|rd|th)|ground|top|(?:twenty|thirty|forty)?[\s-]*(?:first|second"
    r"|third|fourth"
    r"|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth"
    r"|eighteenth|nineteenth|twentieth|thirtieth|fortieth))\s+floor|floor\s+"
    + _SAID_NUMBER
    + rf"|{_SAID_NUMBER}\s+slash\s+f)\b",
    re.IGNORECASE,
)
_SMALL_BUILDING = re.compile(
    rf"(?:{_FLOOR.pattern}|{_UNIT.pattern})[\s,]+"
    rf"(?P<name>(?:[^\W\d]+[\s-]+){{1,3}}(?:{'|'.join(sorted(_BUILDING | _STREET))})\b)",
    re.IGNORECASE,
)
"""After a flat or floor, the building may be in lower case."""
_SMALL_STREET = re.compile(
    r"\b(?:on|in|off|at|along|near|from|to)\s+(?P<name>(?P<before>(?:[^\W\d]+[\s-]+){1,3}?)(?:street|road|lane"
    r"|avenue))\b"
)
"""A street that Whisper wrote in lower case: one of the words before it must be no common one (`is_common`)."""
_CAPITALS = re.compile(rf"(?i:{_FLOOR.pattern}|{_UNIT.pattern})\s*,\s+(?P<name>[A-Z][\w’']+(?:\s+[A-Z][\w’']+)+)")
"""After a flat, block or floor and a comma, capitals name the building or estate: `Tower 3, Metro City`."""
_GLUE = re.compile(
    r"(?:[\s,.]|\b(?:uh|um|er|erm|and|in|on|at|of|it's|the)\b)*"
    r"|[\s,]+(?:above|over|behind|below|under|opposite|next (?:door )?to)\s+(?:the|a)\s+\w+(?:\s+\w+)?"
    r"\s+(?:on|in|off|at)\s+(?:the\s+)?",
    re.IGNORECASE,
)
"""Between the parts of an address; also what a flat is above or next to: `flat two above the bakery on …`."""
_HUNDRED = re.compile(rf"\b(?:a|{_UNITS})\s+hundred(?:\s+and)?\s+$", re.IGNORECASE)
_LIVING = re.compile(
    r"\b(?:(?:my|our|your|his|her|their|home|the) (?:home |full )?address|(?:live|lives|lived|living|staying"
    r"|moved) (?:at|on|in|to)"
    r"|postcode|post code|it's at|i'm at)\b",
    re.IGNORECASE,
)
_ADDRESS_IS = re.compile(
    r"\b(?:address(?:'s| is| was)?|(?:live|lives|lived|living) at)\b[\s,]*(?:(?:uh|um|er|erm|it's|is|at|number"
    r"|my|like)\b[\s,]*)*",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"\b(?:your|the|full|home) address\b|\bpost ?code\b|\bwhere (?:do|are) you (?:live|living)", re.I
)
_POSTCODE_TALK = re.compile(r"\bpost ?code\b|\baddress\b", re.IGNORECASE)
_TIMES = {"double": 2, "treble": 3, "triple": 3}
_AREAS = word_set("""
    ab al b ba bb bd bh bl bn br bs bt ca cb cf ch cm co cr ct cv cw da dd de dg dh dl dn dt dy e ec eh en ex fa fk fy g
    gl gu ha hd hg hp hr hs hu hx ig im ip iv ja je ka kt kw ky l la ld le ll ln ls lu m me mk ml n ne ng nn np nr nw ol
    ox pa pe ph pl po pr rg rh rm s sa se sg sk sl sm sn so sp sr ss st sw sy ta td tf tn tq tr ts tw ub w wa wc wd wf
    wn wr ws wv yo ze
    """)
"""Postcode areas of the United Kingdom (Royal Mail)."""
_POSTCODE = re.compile(r"(?P<area>[a-z]{1,2})\d[a-z\d]?\d[abd-hjlnp-uw-z]{2}")
_LOOSE_POSTCODE = re.compile(r"[a-z]{1,2}\d{1,2}[a-z]{0,2}\d{0,2}[a-z]{0,2}")


def find_addresses(
    text: str, words: Sequence[Token], known: Sequence[tuple[int, int]], previous: str = ""
) -> Iterator[Found]:
    """Addresses in one utterance; `known` are the offsets of its places, `previous` may have asked for the address."""
    asked = _QUESTION.search(previous) is not None
    streets = [
        span
        for i, w in enumerate(words)
        if w.fold in _STREET and (span := _named(text, words, i, street=True, asked=asked))
    ]
    buildings = [span for i, w in enumerate(words) if w.fold in _BUILDING and (span := _named(text, words, i))]
    buildings += [m.span("name") for m in _SMALL_BUILDING.finditer(text)]
    buildings += [m.span("name") for m in _CAPITALS.finditer(text)]
    streets += [
        m.span("name")
        for m in _SMALL_STREET.finditer(text)
        if any(not is_common(word.fold) and len(word.fold) > 1 for word in tokens(m["before"]))
    ]
    postcodes = list(_postcodes(text, words, bool(streets or _POSTCODE_TALK.search(f"{previous} {text}"))))
    parts = [(*m.span(), "unit") for m in _UNIT.finditer(text)]
    parts += [(*m.span(), "floor") for m in _FLOOR.finditer(text)]
    parts += [(a, b, "street") for a, b in streets] + [(a, b, "building") for a, b in buildings]
    parts += [(a, b, "place") for a, b in known] + [(a, b, "postcode") for a, b in postcodes]
    chain: list[tuple[int, int, str]] = []
    for part in sorted(parts, key=lambda p: (p[0], -p[1])):
        if chain and (
            part[0] < max(b for _, b, _ in chain) or _GLUE.fullmatch(text[max(b for _, b, _ in chain) : part[0]])
        ):
            chain.append(part)
            continue
        yield from _address(text, chain)
        chain = [part]
    yield from _address(text, chain)
    yield from _number_alone(text, previous)


def _address(text: str, chain: Sequence[tuple[int, int, str]]) -> Iterator[Found]:
    """A street or postcode alone is an address, a flat or a building needs company."""
    kinds = {kind for _, _, kind in chain}
    exact = kinds & {"unit", "floor"}
    anchored = kinds & {"street", "building"}
    sure = kinds & {"street", "postcode"} or (exact and (anchored or len(exact) == 2))
    if sure or len([p for p in chain if p[2] == "building"]) > 1:
        inside = [p for p in chain if p[2] != "place"] or list(chain)
        # A town after the street is part of the address, a district before it is not.
        first, last = min(a for a, _, _ in inside), max(b for _, b, _ in chain)
        number = _number_before(text, first)
        if number is not None and len(digits_of(text[number:first])) > 1:
            first = number  # "three oh five, Ming Wah House"
        yield found(first, last, "ADDRESS", "grammar/address", 0.9)


def _named(
    text: str, words: Sequence[Token], index: int, street: bool = False, asked: bool = False
) -> tuple[int, int] | None:
    """The name that ends in a word such as `Street` at `index`, with a number before it; None when there is none."""
    first = index
    while first > 0 and index - first < 4:
        word = words[first - 1]
        if text[word.end : words[first].start].strip(" -.’'s"):
            break
        lower = (street or word.fold in HK_SYLLABLES) and not is_common(word.fold) and len(word.fold) > 1
        if word.fold in FUNCTION_WORDS or word.text[0].isdigit() or not (is_capitalised(word.text) or lower):
            break
        if any(s.kind == "digit" for s in symbols(word.text)):
            break
        first -= 1
    number = _number_before(text, words[first].start) if street else None
    if first == index and street and (small := _small_named(text, words, index, asked)):
        return small
    if first == index and (number is None or not is_capitalised(words[index].text)):
        return None
    names = words[first:index]
    ordinary = number is None and all(is_common(w.fold) for w in names)
    opening = len(names) == 1 and at_sentence_start(text, names[0].start)
    if ordinary and (opening or not is_capitalised(words[index].text)):
        return None
    return (number if number is not None else words[first].start), words[index].end


def _small_named(text: str, words: Sequence[Token], index: int, asked: bool) -> tuple[int, int] | None:
    """`twenty eight great road`: a number, then one to three ordinary words in lower case, then the street."""
    first = index
    while first > 0 and index - first < 3:
        word = words[first - 1]
        if word.fold in FUNCTION_WORDS | _MEASURES or any(s.kind == "digit" for s in symbols(word.text)):
            break
        if text[word.end : words[first].start].strip(" -.,"):
            break
        first -= 1
    if first == index:
        return None
    number = _number_before(text, words[first].start)
    if number is None:
        return None
    living = asked or _LIVING.search(text[max(0, number - 60) : number])
    return (number, words[index].end) if living or words[index].fold in _SURE_STREET else None


def _number_before(text: str, position: int) -> int | None:
    """Where a house number said directly before `position` begins; None when there is none."""
    before = [s for s in symbols(text[:position]) if not (s.kind == "comma" or s.chars in ("um", "uh"))]
    if len(before) > 1 and before[-1].kind == "letter" and before[-2].kind == "digit":
        before.pop()  # "one oh three B Whitmore Crescent"
    start = None
    for symbol in reversed(before[-4:]):
        if symbol.kind not in ("digit",) and not (symbol.kind == "letter" and start is not None):
            break
        start = symbol.start
    if start is not None and (hundred := _HUNDRED.search(text[:start])):
        return hundred.start()
    return start


def _number_alone(text: str, previous: str) -> Iterator[Found]:
    """`my address is, um, sixty`: the house number, when the rest was not said or not understood."""
    starts = [match.end() for match in _ADDRESS_IS.finditer(text)]
    if not starts and _QUESTION.search(previous):
        opening = re.match(r"\W*(?:(?:uh|um|er|erm|yes|yeah|it's|so|sure|ok|okay)\b\W*)*", text, re.IGNORECASE)
        starts = [opening.end() if opening else 0]
    for start in starts:
        said = symbols(text[start : start + 60])
        number = [s for s in said[:1] if s.kind == "digit"]
        if number and not re.match(r"\s*(?:years?|minutes?|of|or|people)\b", text[start + number[0].end :]):
            yield found(start + number[0].start, start + number[0].end, "ADDRESS", "grammar/house-number", 0.6)


def _postcodes(text: str, words: Sequence[Token], asked: bool) -> Iterator[tuple[int, int]]:
    """Postcodes letter by letter and in words: `S W one A, one A A`; of a loose shape where the talk is of one."""
    spelled = _spelled(text)
    for run in spelled:
        string = "".join(chars for chars, _, _ in run)
        begins = [0]
        for chars, _, _ in run:
            begins.append(begins[-1] + len(chars))
        for first in range(len(run)):
            match = _POSTCODE.match(string, begins[first])
            exact = match is not None and match["area"] in _AREAS
            if not exact and asked:
                match = _LOOSE_POSTCODE.match(string, begins[first])
                exact = match is not None and len(match.group()) >= 4 and any(c.isdigit() for c in match.group())
            if match and exact and match.end() in begins:
                yield run[first][1], run[begins.index(match.end()) - 1][2]
                break


def _spelled(text: str) -> list[list[tuple[str, int, int]]]:
    """Runs of letters, pairs of letters and digits, each with its offsets, in lower case."""
    plain = unglossed(text)
    words = tokens(plain)
    runs: list[list[tuple[str, int, int]]] = []
    current: list[tuple[str, int, int]] = []
    for index, word in enumerate(words):
        chars, end = _spelled_word(word.text, word.fold), word.end
        if index and words[index - 1].fold in _TIMES and len(chars) == 1:
            chars *= _TIMES[words[index - 1].fold]
        if current and (word.fold in _TIMES or word.fold in ("um", "uh", "er")):
            continue
        if current and (not chars or plain[words[index - 1].end : word.start].strip(" ,.-")):
            runs.append(current)
            current = []
        if chars:
            current.append((chars, word.start, gloss_end(text, end) if len(chars) == 1 else end))
    return [run for run in [*runs, current] if len(run) > 1 and any(c.isdigit() for chars, _, _ in run for c in chars)]


@lru_cache(maxsize=65536)
def _spelled_word(word: str, folded: str) -> str:
    """The letters or digits that a word spells or says, folded; empty for any other word."""
    if len(folded) <= 4 and folded.isalnum() and folded.isascii():
        letters = folded.isalpha()
        if not letters or len(folded) == 1:
            return folded
        if len(folded) == 2 and (word.isupper() or not is_common(folded)):
            return folded
    digits = [s for s in symbols(word) if s.kind == "digit"]
    return digits[0].chars if len(digits) == 1 and digits[0].end == len(word) else ""
