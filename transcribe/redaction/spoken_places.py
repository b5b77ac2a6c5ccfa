"""Addresses, places and organisations by their shape and from the gazetteer."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, is_name_use, places
from transcribe.redaction.numbers import symbols
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, fold, is_capitalised, tokens, word_set

_STREET = word_set("""
    street road avenue lane drive close crescent terrace grove mews boulevard steps square place row path
    circuit
    """)
_BUILDING = word_set("""
    house court estate mansion mansions building tower towers block garden gardens village tsuen chuen villa
    villas lodge plaza chung
    """)
_ORGANISATION = word_set("""
    hospital hospitals school college university academy kindergarten nursery center house church chapel
    cathedral mosque temple clinic surgery foundation association society trust institute hospice hostel
    workshop pharmacy bakery restaurant cafe hotel magistracy company limited ltd primary secondary
    polytechnic library federation fellowship mission charity club daily council department bank iccmw
    practice
    """)
_GENERIC = word_set("""
    the a an my this that our his her their your its one each every another day general
    """)
_UNIT_WORD = r"(?:flat|room|unit|apartment|suite|block|tower|house|shop|number)"
_UNITS = "(?:one|two|three|four|five|six|seven|eight|nine|oh)"
_SAID_NUMBER = (
    r"(?:\d+[A-Za-z]?|[A-Z]|[a-z]"
    rf"|(?:{_UNITS}|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
    rf"|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[\s-]+{_UNITS})*)"
)
_UNIT = re.compile(rf"\b{_UNIT_WORD}\s+{_SAID_NUMBER}(?:[\s,]+{_SAID_NUMBER}){{0,3}}\b", re.IGNORECASE)
_FLOOR = re.compile(
    r"\b(?:\d{1,2}\s*/\s*F|(?:\d{1,2}(?:st|nd|rd|th)|ground|top|(?:twenty|thirty|forty)?[\s-]*(?:first|second|third|fourth"
    r"|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth"
    r"|eighteenth|nineteenth|twentieth|thirtieth|fortieth))\s+floor|floor\s+" + _SAID_NUMBER + r")\b",
    re.IGNORECASE,
)
_SMALL_BUILDING = re.compile(
    rf"(?:{_FLOOR.pattern}|{_UNIT.pattern})[\s,]+"
    rf"(?P<name>(?:[^\W\d]+[\s-]+){{1,3}}(?:{'|'.join(sorted(_BUILDING | _STREET))})\b)",
    re.IGNORECASE,
)
"""After a flat or floor, the building may be in lower case."""
_SMALL_STREET = re.compile(
    r"\b(?:on|in|off|at|along|near|from|to)\s+(?P<name>(?P<before>(?:[^\W\d]+[\s-]+){1,3}?)(?:street|road|lane|avenue))\b"
)
"""A street that Whisper wrote in lower case: one of the words before it must be no common one (`is_common`)."""
_GLUE = re.compile(r"(?:[\s,.]|\b(?:uh|um|er|erm|and|in|on|at|of|it's|the)\b)*", re.IGNORECASE)
_ACRONYM = re.compile(
    r"\b(?:at|in|from|to|joined|join|with|for)\s+(?:the\s+)?(?P<name>(?:[A-Z][a-z]+\s+){0,3}[A-Z]{3,6})\b"
)
_WARD = re.compile(r"\b(?P<ward>[A-Z]\d{1,2})\s+ward\b|\bward\s+(?P<after>[A-Z]?\d{1,2}[A-Z]?)\b", re.IGNORECASE)


def find_places(text: str) -> Iterator[Found]:
    """Addresses, gazetteer places and organisations in one utterance."""
    words = tokens(text)
    gazetteer = list(_gazetteer(text, words))
    streets = [span for i, w in enumerate(words) if w.fold in _STREET and (span := _named(text, words, i, street=True))]
    buildings = [span for i, w in enumerate(words) if w.fold in _BUILDING and (span := _named(text, words, i))]
    buildings += [m.span("name") for m in _SMALL_BUILDING.finditer(text)]
    streets += [
        m.span("name")
        for m in _SMALL_STREET.finditer(text)
        if any(not is_common(word.fold) and len(word.fold) > 1 for word in tokens(m["before"]))
    ]
    yield from gazetteer
    yield from _addresses(text, [(f.start, f.end) for f in gazetteer], streets, buildings)
    yield from _organisations(text, words)


def _gazetteer(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Places of the gazetteer, longest first, with `line`, `station`, `estate` after them."""
    known = places()
    index = 0
    while index < len(words):
        for length in range(min(6, len(words) - index), 0, -1):
            part = words[index : index + length]
            place = known.get(tuple(word.fold for word in part))
            if place is None or any(text[a.end : b.start].strip(" -.’'") for a, b in pairwise(part)):
                continue
            ordinary = all(is_common(word.fold) for word in part)
            named = is_name_use(text, words, index) if length == 1 else all(is_capitalised(w.text) for w in part)
            if ordinary and not named and length < 3:
                continue
            end = part[-1].end
            suffix = re.match(r"\s+(?:line|station|estate|district)\b", text[end:], re.IGNORECASE)
            kind = "ORG" if place.kind == "hospital" else "PLACE"
            yield found(part[0].start, end + (suffix.end() if suffix else 0), kind, "grammar/gazetteer", 0.8)
            index += length
            break
        else:
            index += 1


def _named(text: str, words: Sequence[Token], index: int, street: bool = False) -> tuple[int, int] | None:
    """The name that ends in a word such as `Street` at `index`, with a number before it; None when there is none."""
    first = index
    while first > 0 and index - first < 4:
        word = words[first - 1]
        if text[word.end : words[first].start].strip(" -.’'s"):
            break
        lower = street and not is_common(word.fold) and len(word.fold) > 1
        if word.fold in FUNCTION_WORDS or word.text[0].isdigit() or not (is_capitalised(word.text) or lower):
            break
        if any(s.kind == "digit" for s in symbols(word.text)):
            break
        first -= 1
    number = _number_before(text, words[first].start) if street else None
    if first == index and (number is None or not is_capitalised(words[index].text)):
        return None
    names = words[first:index]
    ordinary = number is None and all(is_common(w.fold) for w in names)
    opening = len(names) == 1 and at_sentence_start(text, names[0].start)
    if ordinary and (opening or not is_capitalised(words[index].text)):
        return None
    return (number if number is not None else words[first].start), words[index].end


def _number_before(text: str, position: int) -> int | None:
    """Where a house number said directly before `position` begins; None when there is none."""
    before = [s for s in symbols(text[:position]) if not (s.kind == "comma" or s.chars in ("um", "uh"))]
    start = None
    for symbol in reversed(before[-4:]):
        if symbol.kind not in ("digit",) and not (symbol.kind == "letter" and start is not None):
            break
        start = symbol.start
    return start


def _addresses(
    text: str,
    known: Sequence[tuple[int, int]],
    streets: Sequence[tuple[int, int]],
    buildings: Sequence[tuple[int, int]],
) -> Iterator[Found]:
    """Chains of address parts; a street alone is one, a flat or a building needs company."""
    parts = [(a, b, "unit") for m in _UNIT.finditer(text) for a, b in [m.span()]]
    parts += [(a, b, "floor") for m in _FLOOR.finditer(text) for a, b in [m.span()]]
    parts += [(a, b, "street") for a, b in streets] + [(a, b, "building") for a, b in buildings]
    parts += [(a, b, "place") for a, b in known]
    chain: list[tuple[int, int, str]] = []
    for part in sorted(parts, key=lambda p: (p[0], -p[1])):
        if chain and (part[0] < max(b for _, b, _ in chain) or _GLUE.fullmatch(text[chain[-1][1] : part[0]])):
            chain.append(part)
            continue
        yield from _address(chain)
        chain = [part]
    yield from _address(chain)


def _address(chain: Sequence[tuple[int, int, str]]) -> Iterator[Found]:
    kinds = {kind for _, _, kind in chain}
    exact = kinds & {"unit", "floor"}
    anchored = kinds & {"street", "building"}
    sure = "street" in kinds or (exact and (anchored or len(exact) == 2))
    if sure or len([p for p in chain if p[2] == "building"]) > 1:
        inside = [p for p in chain if p[2] != "place"] or list(chain)
        first, last = min(a for a, _, _ in inside), max(b for _, b, _ in inside)
        yield found(first, last, "ADDRESS", "grammar/address", 0.9)


def _organisations(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Capitalised words before `Hospital`, `Primary`, `Centre` …; `St Paul's`; abbreviations after `at`; wards."""
    for index, word in enumerate(words):
        if word.fold in _ORGANISATION:
            yield from _organisation(text, words, index)
        elif word.fold == "st" and index + 1 < len(words):
            name = words[index + 1]
            plain = text[word.end : name.start].strip(" .") == "" and is_capitalised(name.text)
            if plain and is_capitalised(word.text) and name.fold not in FUNCTION_WORDS:
                end = name.end + (2 if re.match(r"['’]s\b", text[name.end :]) else 0)
                yield found(word.start, end, "ORG", "grammar/saint", 0.7)
    for match in _ACRONYM.finditer(text):
        if not is_kept(tokens(match.group("name"))) and not is_kept(tokens(match.group("name").split()[-1])):
            yield found(*match.span("name"), "ORG", "grammar/acronym", 0.5)
    for match in _WARD.finditer(text):
        group = "ward" if match.group("ward") else "after"
        yield found(*match.span(group), "ORG", "grammar/ward", 0.6)


def _organisation(text: str, words: Sequence[Token], index: int) -> Iterator[Found]:
    first = index
    while first > 0 and index - first < 6:
        word = words[first - 1]
        if text[word.end : words[first].start].strip(" -.’'s&"):
            break
        linking = word.fold in ("of", "and") and first > 1 and is_capitalised(words[first - 2].text)
        if not linking and (not is_capitalised(word.text) or word.fold in FUNCTION_WORDS | _GENERIC):
            break
        first -= 1
    names = words[first:index]
    if not names or is_kept(names) or all(w.fold in _ORGANISATION | _GENERIC for w in names):
        return
    ordinary = all(is_common(w.fold) for w in names)
    if ordinary and (
        (len(names) == 1 and at_sentence_start(text, names[0].start)) or not is_capitalised(words[index].text)
    ):
        return
    end = words[index].end
    while (
        index + 1 < len(words)
        and fold(words[index + 1].text) in _ORGANISATION
        and text[end : words[index + 1].start] == " "
    ):
        index += 1
        end = words[index].end
    yield found(words[first].start, end, "ORG", "grammar/organisation", 0.8)
