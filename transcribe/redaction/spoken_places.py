"""Places from the gazetteer and after words of living (`grew up in`); entry to addresses and organisations, too."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

from transcribe.redaction.gazetteer import Match, joined, names_in, with_possessive
from transcribe.redaction.lexicon import (
    FUNCTION_WORDS,
    MONTHS,
    data_lines,
    is_common,
    is_kept,
    is_name_use,
    organisations,
)
from transcribe.redaction.misheard_places import find_misheard_places
from transcribe.redaction.spans import Found, found
from transcribe.redaction.spoken_addresses import find_addresses
from transcribe.redaction.spoken_answers import find_asked
from transcribe.redaction.spoken_buildings import find_buildings
from transcribe.redaction.spoken_organisations import find_organisations
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, tokens, word_set

_WHERE = word_set("in at to from near around into through via outside towards across between of")
_LIVES = word_set("live lives lived living born grew raised moved moving based settled brought stay stayed staying")
_COMES = word_set("come comes came im hes shes originally theyre")
_LIVES_IN = re.compile(
    r"\b(?:(?:family|parents|mum|mother|dad|father|folks|relatives|sister|brother)(?:['’]s|\s+(?:is|are|was|were"
    r"|live|lives|lived))?(?:\s+(?:all|both|still|back|over|originally))*\s+(?:in|from)"
    r"|(?:i'm|i am|im|he's|she's|family is|parents are"
    r"|(?:i|he|she|they|we|you|who|family|parents|mother|father|mum|dad|wife|husband)\s+(?:come|comes|came))"
    r"(?:\s+originally|\s+all|\s+both)?\s+from"
    r"|(?:village|town|place|city|suburb)\s+(?:near|outside|of|in)|(?:live|lives|lived|living|born|grew up"
    r"|raised|moved|based|brought up|settled)"
    r"(?:\s+(?:back|down|up|over|out|away|here))?\s+(?:in|to|at|near|around|from))\s+(?P<name>[^\W\d])",
    re.IGNORECASE,
)
_CARE = word_set("""
    dr doctor nurse nurses ward admitted admission admissions discharged sectioned patient inpatient outpatient
    appointment psychiatrist transferred hospitalised hospitalized treated consultant detained
    """)
_FREQUENT_NAMES = 2000
"""Of the given names, sorted by frequency, so many make a place ambiguous: `Jordan`, `Chelsea`; not `London`."""
_LANDMARKS = word_set("bridge hill green park bay valley wood island town heath common end spa ferry mills beach head")
_STATION = re.compile(
    r"\b(?:at|from|to|near|through|outside|into)\s+(?P<name>(?:[A-Z][\w’']+\s+){1,3})(?:[Ss]tation|MTR|[Tt]ube"
    r"|[Uu]nderground)\b"
)
_NO_STATIONS = word_set("police fire train bus railway petrol gas power radio tv next last that this metro")
_SUFFIX = re.compile(r"\s+(?:line|station|estate|district)\b", re.IGNORECASE)


def find_places(text: str, previous: str = "") -> Iterator[Found]:
    """Addresses, places and organisations in one utterance; `previous` may have asked for an address."""
    words = tokens(text)
    matches = list(names_in(text, words))
    places = [f for match in matches if match.place for f in _place(text, words, match)]
    places += [f for f in _lived_in(text, words) if not any(p.start < f.end and f.start < p.end for p in places)]
    yield from places
    yield from find_misheard_places(text, words)
    yield from find_buildings(text, words)
    yield from find_addresses(text, words, [(f.start, f.end) for f in places], previous)
    yield from find_organisations(text, words, matches)
    yield from find_asked(text, words, previous)


def _place(text: str, words: Sequence[Token], match: Match) -> Iterator[Found]:
    """A place of the gazetteer, unless its words are ordinary ones and used as such."""
    part = words[match.first : match.last]
    before = words[match.first - 1].fold if match.first else ""
    located = before in _WHERE or (before == "the" and match.first > 1 and words[match.first - 2].fold in _WHERE)
    suffix = _SUFFIX.match(text, part[-1].end)
    if all(is_common(word.fold) for word in part):
        if len(part) == 1:
            lives = located and any(w.fold in _LIVES for w in words[max(0, match.first - 4) : match.first])
            origin = [w.fold for w in words[max(0, match.first - 2) : match.first]]
            lives = lives or (origin[1:] == ["from"] and origin[0] in _COMES)
            named = is_name_use(text, words, match.first)
        else:
            lives = located or suffix is not None or len(part) > 2
            named = all(is_capitalised(word.text) for word in part)
        if not (lives or named):
            return
    elif match.organisation and match.organisation.label == "HOSPITAL" and not match.place:
        return
    own = match.place is not None and match.place.name.endswith("'s")
    end = suffix.end() if suffix else with_possessive(text, part[-1].end) if own else part[-1].end
    if _is_hospital(text, words, match, located):
        yield found(part[0].start, part[-1].end, "ORG", "grammar/hospital-by-place", 0.8, label="HOSPITAL")
    elif len(part) == 1 and not located and not suffix and part[0].fold in _given_names():
        yield found(part[0].start, part[0].end, "PERSON", "grammar/name-or-place", 0.5)
    else:
        yield found(part[0].start, end, "PLACE", "grammar/gazetteer", 0.8)


def _is_hospital(text: str, words: Sequence[Token], match: Match, located: bool) -> bool:
    """Whether a place stands for its hospital: `Dr Wong at Castle Peak`, `admitted to Kwai Chung`."""
    folds = tuple(word.fold for word in words[match.first : match.last])
    known = organisations().get((*folds, "hospital"))
    care = any(word.fold in _CARE for word in words[max(0, match.first - 6) : match.last + 4])
    return bool(known and located and care) and joined(text, words[match.first : match.last])


def _lived_in(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """What no gazetteer knows: `grew up in Little Snoring`, `moved to wramplingham`."""
    for cue in _LIVES_IN.finditer(text):
        first = next((i for i, word in enumerate(words) if word.start >= cue.start("name")), len(words))
        last = first
        while last < len(words) and last - first < 4:
            word = words[last]
            if last > first and text[words[last - 1].end : word.start].strip(" -.’'"):
                break
            unknown = not is_common(word.fold) and len(word.fold) > 2
            if word.fold in FUNCTION_WORDS | MONTHS or is_kept([word]) or not word.text.isalpha():
                break
            if not (is_capitalised(word.text) or unknown or (last > first and word.fold in _LANDMARKS)):
                break
            last += 1
        if last > first and not (last == first + 1 and at_sentence_start(text, words[first].start)):
            yield found(words[first].start, words[last - 1].end, "PLACE", "grammar/lived-in", 0.6)
    for station in _STATION.finditer(text):
        if not all(word.fold in _NO_STATIONS for word in tokens(station["name"])):
            yield found(station.start("name"), station.end(), "PLACE", "grammar/station", 0.7)


@cache
def _given_names() -> frozenset[str]:
    return frozenset(line.rstrip("*") for line in islice(data_lines("given_names.txt"), _FREQUENT_NAMES))
