"""Organisations: by name, by a word for their kind (`… hospital`), by a cue (`works at …`, `a bakery called …`)."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.gazetteer import Match, with_possessive
from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, places
from transcribe.redaction.name_lists import is_given, is_only_name
from transcribe.redaction.name_runs import is_lower, may_be_unlisted
from transcribe.redaction.organisation_firms import find_firms
from transcribe.redaction.organisation_kinds import (
    CALLED_KINDS,
    CALLED_PLACES,
    DESCRIPTORS,
    GENERIC,
    HOMES,
    KINDS,
    TALK,
)
from transcribe.redaction.organisation_names import find_apposed, is_unknown, name_after
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, tokens, word_set

_AT = word_set("at for with from joined join by in to the into via of")
_ACRONYM = re.compile(
    r"\b(?:at|in|from|to|joined|join|with|for)\s+(?:the\s+)?(?P<name>(?:[A-Z][a-z]+\s+){0,3}[A-Z]{3,6})\b"
)
_WARD = re.compile(
    r"\b(?P<before>(?:[a-z]\s?\d{1,2}|\d{1,2}\s?[a-z]))\s+ward\b|\bward\s+(?P<after>[a-z]?\s?\d{1,3}(?:\s?[a-z])?)\b"
    r"|\bward\s+(?P<said>(?:[a-z]\s+)?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve)(?:\s+[a-z])?)\b"
    r"|\b(?P<letter>[b-hj-z]\s+(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve))\s+ward\b",
    re.IGNORECASE,
)
_NAMED_WARD = re.compile(r"\b(?:on|in|to|from|at|of|called)\s+(?:the\s+)?(?P<name>[^\W\d_]{3,})\s+(?:[Ww]ard|unit)\b")
"""`on Ruby ward`: wards are named after trees, stones, birds and people."""
_PRISON = re.compile(r"\b(?:HMP|HMYOI|hmp|hmyoi)\s+(?:and\s+YOI\s+)?[^\W\d]+(?:\s+[A-Z][a-z]+)?")
_CALLED = re.compile(
    r"\b(?P<kind>[^\W\d]+)\s+(?:that(?:'s| is| was)\s+|which (?:is|was)\s+|it(?:'s| is| was)\s+)?"
    r"(?:called|named|known as|by the name of)\s+(?P<name>[^\W_])",
    re.IGNORECASE,
)
_WORKS = re.compile(
    r"\b(?:(?:solicitor|lawyer|barrister|accountant)s?(?:['’]s|\s+(?:is|was|are|were))|work|works|worked|working|job|employed"
    r"|employee|intern|interned|internship|volunteer|volunteers"
    r"|volunteered"
    r"|volunteering|placement|apprentice|apprenticed|shifts?)\s+"
    r"(?:(?:full|part)[\s-]time\s+|there\s+|as an? (?:\w+\s+){1,3}?)?(?:at|for)\s+"
    r"(?:um,?\s+|uh,?\s+)*(?P<name>[^\W_])",
    re.IGNORECASE,
)
_STUDIES = re.compile(
    r"\b(?:goes to|go to|went to|going to|stud(?:y|ies|ied|ying) (?:\w+ )?(?:at|in)|enrolled (?:at|in)|graduated from"
    r"|pupil at|student at|teach(?:es|er)? at|taught at|school at)\s+(?P<name>[^\W_])",
    re.IGNORECASE,
)
_INTRODUCED = re.compile(
    r"(?:\b(?:(?:i'm|i am|it's|this is|here is)\s+(?:doctor|dr|nurse|mister|mr|mrs|miss|ms|prof\w*)\b|my name is"
    r"|my name's)"
    r"[^.?!]{2,60}?\b(?:from|at|with)"
    r"|\bwelcome to|\bcalling from|\bdoctors? (?:here )?at|\bwork(?:s|ing)? here at|\bhere at)\s+(?P<name>[^\W_])",
    re.IGNORECASE,
)
_IS = word_set("is was by with through called are")
_WENT = re.compile(r"(?:goes|go|went|going) to\s", re.IGNORECASE)
_SCHOOLING = re.compile(
    r"\b(?:school\w*|college|uni\w*|class\w*|year \w+|teach\w*|exams?|pupils?|students?|stud(?:y|ied|ies|ying)|degree"
    r"|primary|secondary|gcses?|a levels?|course|lectur\w+|kids?|child\w*|son|daughter|boys?|girls?|form"
    r"|campus|halls)\b",
    re.IGNORECASE,
)
_THE = re.compile(r"\bthe\s+$", re.IGNORECASE)
_INDEFINITE = word_set("a an any some this that my our your his her their every each no another which what these those")


def find_organisations(text: str, words: Sequence[Token], matches: Sequence[Match]) -> Iterator[Found]:
    """Organisations, wards, employers and services in one utterance; `matches` are its names of the gazetteers."""
    for match in matches:
        if match.organisation:
            yield from _listed(text, words, match)
    taken = [(m.first, m.last) for m in matches if m.place]
    for index, word in enumerate(words):
        if word.fold in KINDS:
            yield from _by_kind(text, words, index, taken)
        elif word.fold == "st":
            yield from _saint(text, words, index)
    for found_match in _ACRONYM.finditer(text):
        name = tokens(found_match.group("name"))
        if not is_kept(name) and not is_kept(name[-1:]):
            yield _org(text, *found_match.span("name"), "acronym", 0.5)
    for found_match in _PRISON.finditer(text):
        yield found(*found_match.span(), "ORG", "grammar/prison", 0.8, label="PRISON")
    for found_match in _WARD.finditer(text):
        group = next(g for g in ("before", "after", "said", "letter") if found_match.group(g))
        yield found(*found_match.span(group), "ORG", "grammar/ward", 0.6, label="WARD")
    for ward in _NAMED_WARD.finditer(text):
        name = tokens(ward.group("name"))
        capital = is_capitalised(name[0].text) and name[0].fold not in DESCRIPTORS | GENERIC
        named = is_given(name[0].fold) or (may_be_unlisted(name[0]) and name[0].fold not in DESCRIPTORS)
        if (capital or (is_lower(text) and named)) and not is_kept(name) and name[0].fold not in FUNCTION_WORDS:
            yield found(ward.start("name"), ward.end(), "ORG", "grammar/ward", 0.6, label="WARD")
    yield from _by_cue(text, words)
    yield from find_apposed(text, words)
    yield from find_firms(text, words)


def _org(text: str, start: int, end: int, name: str, score: float, label: str = "") -> Found:
    """An organisation with the article before its name."""
    article = _THE.search(text[:start])
    return found(article.start() if article else start, end, "ORG", f"grammar/{name}", score, label=label)


def _listed(text: str, words: Sequence[Token], match: Match) -> Iterator[Found]:
    """A name of the gazetteer where the talk is of what it stands for, and not of the words it consists of."""
    organisation = match.organisation
    if organisation is None:
        return
    part = words[match.first : match.last]
    before = words[match.first - 1].fold if match.first else ""
    if before == "the" and match.first > 1:
        before = words[match.first - 2].fold
    spelled = len(part) > 1 and all(len(word.fold) == 1 for word in part)
    if organisation.cue == "@abbreviation":
        if not (all(word.text.isupper() for word in part) or (before in _AT and len(organisation.name) > 2)):
            return
    elif organisation.cue and not TALK[organisation.cue].search(text):
        return
    if match.place and not organisation.cue and organisation.label != "HOSPITAL":
        return
    if not spelled and all(is_common(word.fold) for word in part) and organisation.cue != "@abbreviation":
        capitals = [is_capitalised(word.text) for word in part if word.fold not in FUNCTION_WORDS]
        named = capitals != [] and capitals[0] and sum(capitals) * 3 >= len(capitals) * 2
        opening = len(part) == 1 and at_sentence_start(text, part[0].start)
        church = organisation.label == "CONGREGATION" and before in _AT
        sure = part[-1].fold in KINDS and (len(part) > 2 or church)
        placed = before in ("at", "from", "joined", "for", "in", "to") and (
            organisation.cue or before in ("at", "joined", "from")
        )
        worn = before in ("my", "his", "her", "your", "these", "those", "of", "in", "wearing", "and", "new")
        if (organisation.cue == "@pharmacy" and not worn) or (organisation.cue == "@housing" and before in _IS):
            placed = True
        if organisation.cue == "@work" and len(part) > 1 and before in ("then", "and", "or"):
            placed = True  # `for one and then the other`
        after = words[match.last] if match.last < len(words) else None
        goes_on = after is not None and text[part[-1].end : after.start] == " " and after.fold not in FUNCTION_WORDS
        goes_on = goes_on and organisation.cue != "@pharmacy"
        if not (sure or (named and not opening) or (placed and not goes_on)):
            return
    end = part[-1].end
    if re.search(r"['’]?s$", organisation.name) and with_possessive(text, end) > end:
        end = with_possessive(text, end)
    label = organisation.label
    yield _org(text, part[0].start, end, "organisation", 0.8, label=label)


def _saint(text: str, words: Sequence[Token], index: int) -> Iterator[Found]:
    """`St Paul's`, `saint agnes primary`; not `St John's wort`."""
    if index + 1 == len(words):
        return
    name = words[index + 1]
    if text[words[index].end : name.start].strip(" .") or name.fold in FUNCTION_WORDS or not name.text.isalpha():
        return
    named = is_capitalised(name.text) or not is_common(name.fold) or is_only_name(name.fold.removesuffix("s"))
    kind_follows = any(word.fold in KINDS for word in words[index + 2 : index + 4])
    if not (named or kind_follows):
        return
    last, end = index + 1, with_possessive(text, name.end)
    label = ""
    while last + 1 < len(words) and text[end : words[last + 1].start] == " ":
        word = words[last + 1]
        if word.fold == "wort":
            return
        if word.fold not in KINDS and word.fold not in DESCRIPTORS:
            break
        label = KINDS.get(word.fold, label)
        last, end = last + 1, word.end
    if not label and re.search(r"\b(?:goes to|go to|school|class|teacher|studies|studied)\b", text, re.IGNORECASE):
        label = "SCHOOL"
    yield _org(text, words[index].start, end, "saint", 0.7, label)


def _by_kind(text: str, words: Sequence[Token], index: int, places_at: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """What stands before `hospital`, `primary`, `centre` …: capitals, a place, or words that are no ordinary ones."""
    first, anchored = index, False
    while first > 0 and index - first < 6:
        word = words[first - 1]
        if text[word.end : words[first].start].strip(" -.’'s&"):
            break
        listed = next((a for a, b in places_at if a < first <= b), None)
        if listed is not None:
            first, anchored = listed, True
            continue
        if word.fold in ("of", "and") and first > 1 and is_capitalised(words[first - 2].text) and first < index:
            first -= 1
            continue
        capital = is_capitalised(word.text) and word.fold not in FUNCTION_WORDS | GENERIC
        if not (capital or is_unknown(word) or word.fold in DESCRIPTORS):
            break
        first -= 1
        anchored = anchored or is_unknown(word)
    while first < index and words[first].fold in FUNCTION_WORDS:
        first += 1
    names = words[first:index]
    if words[index].fold == "home" and words[index - 1].fold not in HOMES:
        return
    if not names or is_kept(names) or all(w.fold in KINDS or w.fold in GENERIC for w in names):
        return
    # "any dodgy restaurant": after such a word, lower case names nothing.
    described = first > 0 and words[first - 1].fold in _INDEFINITE and not any(is_capitalised(w.text) for w in names)
    if described and not any(a <= i < b for a, b in places_at for i in range(first, index)):
        return
    if not anchored:
        telling = [w for w in names if is_capitalised(w.text) and w.fold not in DESCRIPTORS and not is_kept([w])]
        opening = len(names) == 1 and at_sentence_start(text, names[0].start)
        if not telling or opening or not is_capitalised(words[index].text):
            return
    last, end = index, words[index].end
    while last + 1 < len(words) and words[last + 1].fold in KINDS and text[end : words[last + 1].start] == " ":
        last += 1
        end = words[last].end
    # The whole decides: "Bright Path Foundation School" is a school.
    yield _org(text, names[0].start, end, "organisation", 0.8, KINDS[words[last].fold])


def _by_cue(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """What follows `a bakery called`, `works for`, `goes to`, `welcome to`."""
    for match in _CALLED.finditer(text):
        kind = next((w.fold for w in reversed(tokens(text[max(0, match.start() - 30) : match.end("kind")]))), "")
        kind = kind.removesuffix("s") if kind not in KINDS else kind
        if kind not in KINDS and kind not in CALLED_PLACES and kind not in CALLED_KINDS:
            continue
        if name := name_after(text, words, match.start("name"), any_word=True):
            if kind in CALLED_PLACES:
                yield found(*name, "PLACE", "grammar/called", 0.7)
            else:
                yield _org(text, *name, "called", 0.8, KINDS.get(kind) or CALLED_KINDS[kind])
    for pattern, name_of_cue, label in (
        (_WORKS, "works-at", "EMPLOYER"),
        (_STUDIES, "studies-at", "SCHOOL"),
        (_INTRODUCED, "introduced", ""),
    ):
        for match in pattern.finditer(text):
            if name := name_after(text, words, match.start("name"), any_word=False):
                told = label if tuple(t.fold for t in tokens(text[name[0] : name[1]])) not in places() else ""
                if pattern is _STUDIES and (not told or _is_no_school(text, words, match, name)):
                    continue
                yield _org(text, *name, name_of_cue, 0.6, told)


def _is_no_school(text: str, words: Sequence[Token], match: re.Match[str], name: tuple[int, int]) -> bool:
    """Whether somebody merely went somewhere: to a person's house, or in lower case where no school is spoken of."""
    part = [word for word in words if name[0] <= word.start < name[1]]
    if re.match(r"['’]s\b", text[name[1] :]) and len(part) == 1 and is_only_name(part[0].fold):
        return True
    lower = not any(is_capitalised(word.text) for word in part)
    return bool(_WENT.match(match.group())) and lower and not _SCHOOLING.search(text)
