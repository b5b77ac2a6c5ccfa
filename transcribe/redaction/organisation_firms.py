"""Organisations called by people's names or a phrase: `hodge jones and allen`, `our lady of lourdes`, `x's school`."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.gazetteer import with_possessive
from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept
from transcribe.redaction.name_lists import is_given, is_surname
from transcribe.redaction.name_runs import is_lower
from transcribe.redaction.organisation_kinds import DESCRIPTORS, KINDS
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, is_capitalised, word_set

_FIRM_BEFORE = re.compile(
    r"\b(?:solicitors?|lawyers?|barristers?|accountants?|architects?|undertakers?|estate agents?|law firm|firm|agency)"
    r"(?:['’]s|\s+(?:is|was|are|were|at|from|called|named|of|with))*[\s,]+$"
    r"|\b(?:work|works|worked|working|job|shifts?|employed|trained|interned|temped|secretary|clerk|trainee)\s+(?:at|for|with|by)\s+$",
    re.IGNORECASE,
)
_FIRM_AFTER = re.compile(
    r"[\s,]*(?:the\s+)?(?:solicitors?|lawyers?|law|accountants?|architects?|undertakers?|and sons|and co)\b", re.I
)
_FIRM = re.compile(r"[^\W\d_]+(?:(?:,|\s)\s*[^\W\d_]+)?,?\s+(?:and|&)\s+[^\W\d_]+")
_LADY = re.compile(
    r"\b(?P<head>our lady(?:['’]s)?)(?P<of>(?:\s+(?:of|and|the|help|perpetual|mount|good|sacred|immaculate))*)", re.I
)
_LADY_NAMES = word_set("""
    lourdes fatima victories sorrows rosary dolours grace peace mercy hope help succour angels assumption carmel
    walsingham guadalupe light lights wayside consolation willesden knock joy conception heart counsel snows rosebud
    providence love muswell compassion ransom
    """)
_AT = word_set("at to from in attend attended joined join near of for and goes go went called")


def find_firms(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Firms of partners, churches of Our Lady, and schools, hospitals and the like with a person's name and `'s`."""
    for match in _FIRM.finditer(text):
        yield from _firm(text, words, match)
    for match in _LADY.finditer(text):
        yield from _lady(text, words, match)
    for index, word in enumerate(words):
        if word.fold in KINDS and index > 1 and text[words[index - 1].end : word.start] in ("'s ", "’s "):
            yield from _possessed(text, words, index)


def _firm(text: str, words: Sequence[Token], match: re.Match[str]) -> Iterator[Found]:
    """`solicitors hodge jones and allen`, `work for Wyatt and Pell`: surnames joined as those of partners are."""
    part = [word for word in words if match.start() <= word.start and word.end <= match.end()]
    while part and not _is_partner(text, part[0]) and part[0].fold not in ("and",):
        part = part[1:]
    names = [word for word in part if word.fold != "and"]
    if len(names) < 2 or "and" not in [word.fold for word in part[1:]] or not all(_is_partner(text, w) for w in names):
        return
    before, after = text[: names[0].start], text[names[-1].end :]
    work = _FIRM_BEFORE.search(before)
    if not work and not _FIRM_AFTER.match(after):
        return
    told = bool(_FIRM_AFTER.match(after)) or (work is not None and "work" not in work.group().casefold())
    plain = all(is_common(word.fold) and not is_capitalised(word.text) for word in names)
    if not told and (plain or (len(names) == 2 and all(is_given(word.fold) for word in names))):
        return  # `i work with mark and karen`, `for love and money`
    yield found(names[0].start, names[-1].end, "ORG", "grammar/firm", 0.7, label="EMPLOYER")


def _is_partner(text: str, word: Token) -> bool:
    if word.fold in FUNCTION_WORDS or is_kept([word]) or len(word.fold) < 2:
        return False
    if not is_lower(text):
        return is_capitalised(word.text)
    return is_surname(word.fold) or not is_common(word.fold)


def _lady(text: str, words: Sequence[Token], match: re.Match[str]) -> Iterator[Found]:
    """`our lady of lourdes`, `Our Lady's`: a church or a school; `our lady of the house` is none."""
    following = [word for word in words if word.start >= match.end()][:1]
    end = match.end()
    if "of" in match["of"].casefold().split():
        name = following[0] if following and text[end : following[0].start] == " " else None
        if name is None or not (name.fold in _LADY_NAMES or is_capitalised(name.text) or not is_common(name.fold)):
            return
        end = name.end
    elif not re.search(r"['’]s$", match.group()) and not is_capitalised(match["head"]):
        return
    label = "CONGREGATION"
    for word in words:
        if word.start >= end and text[end : word.start] == " " and (word.fold in KINDS or word.fold in DESCRIPTORS):
            end, label = word.end, KINDS.get(word.fold, label)
    if re.search(r"\b(?:school|class|teacher|studie[sd])\b", text, re.IGNORECASE):
        label = "SCHOOL"
    yield found(match.start(), end, "ORG", "grammar/firm", 0.7, label=label)


def _possessed(text: str, words: Sequence[Token], index: int) -> Iterator[Found]:
    """`george green's school`: a name of two words, or one after `at`, before a school, college, hospital."""
    label = KINDS[words[index].fold]
    if label not in ("SCHOOL", "UNIVERSITY", "HOSPITAL", "CONGREGATION"):
        return
    last, first = words[index - 1], words[index - 2]
    whole = is_given(first.fold) and is_surname(last.fold) and text[first.end : last.start] == " "
    whole = whole and first.fold not in FUNCTION_WORDS
    if not is_lower(text):
        whole = whole and is_capitalised(first.text) and is_capitalised(last.text)
    if whole:
        yield found(first.start, words[index].end, "ORG", "grammar/firm", 0.7, label=label)
    elif first.fold in _AT and is_surname(last.fold) and not is_given(last.fold) and is_capitalised(last.text):
        yield found(last.start, with_possessive(text, words[index].end), "ORG", "grammar/firm", 0.6, label=label)
