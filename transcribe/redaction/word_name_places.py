"""Given names that are ordinary words, where only a person stands in a sentence: `ring grace`, `see mark,`."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, MONTHS, is_common, is_kept, is_name_use
from transcribe.redaction.name_lists import is_given, is_only_name, is_surname
from transcribe.redaction.name_runs import adjoins, extend, is_lower
from transcribe.redaction.name_words import (
    ABSTRACT,
    ADJECTIVES,
    AUXILIARY,
    CHILDREN,
    CLAUSE_STARTS,
    DETERMINERS,
    MEETS,
    NEVER,
    PERSON_WORDS,
    PREPOSITIONS,
    REACHES,
    ROLES_OF_CARE,
    TIMES,
    VERBS,
)
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, word_set

_ENDS = re.compile(
    r"(?:['’]s)?(?:\s*(?:$|[.,;?!])|\s+(?:and|but|so|at|on|in|because|about|that|when|who|he|she|next|again|tomorrow"
    r"|today|yesterday|every|once|if|before|after|then|or|from|here|your|his|her|my)\b)"
)
_SELF = re.compile(r"(?:\b(?:i['’]m|i am|im|this is|my name['’]s)\s+)$", re.IGNORECASE)
_OTHER = re.compile(r"\b(?:he['’]s|she['’]s|he is|she is|this is|that['’]s|that is|and)\s+$", re.IGNORECASE)
_SELF_ENDS = re.compile(
    r"\s*(?:$|[.,;?!])|\s+(?:from|by the way|here|your|i['’]m|i work|i live|i'll|and (?:i|this|she|he)\b)"
)
_POSSESSED = word_set("will faith hope bill mercy mark grant")
"""What a daughter may have rather than be called: `my son's will`."""
_OWN = word_set("my his her our their your")
_LINKS = word_set("is was")
_MEETING_WITH = re.compile(
    r"\b(?:speak|spoke|spoken|speaking|talk|talked|talking|chat|chatted|chatting)\s+(?:to|with)\s+$"
)
_ASK_FOR = re.compile(r"\b(?:ask|asked|asking|look|looking)\s+(?:out\s+)?for\s+$", re.IGNORECASE)
_GIVEN_TO = re.compile(
    r"\b(?:give|gave|given|giving|hand|handed|send|sent|pass|passed|show|showed|lend|lent|belongs?|explained?|speak|spoke)\b"
    r"(?:\s+\w+){0,4}\s+to\s+$"
)
_US_AND = re.compile(
    r"(?:^|[.,;?!]\s*|\b(?:and|so|but|then|when|because|that)\s+)(?:me|us|him|her|them)\s+and\s+$", re.IGNORECASE
)
_AND_ENDS = re.compile(
    r"\s+(?:used|went|go|got|get|were|are|had|have|both|came|did|do|would|share\w*|sat|talk\w*|live\w*)\b"
)
_OF_THEIRS = re.compile(
    r"['’]s\s+(?:turn|flat|house|room|birthday|mum|mother|dad|father|idea|fault|car|dog|cat|place|phone|voice|kids|partner"
    r"|wife|husband|funeral|death|girlfriend|boyfriend|brother|sister|family|group|office|shift)\b"
)
_AT_DESK = re.compile(r"\s+(?:at|on|in|by|from)\s+(?:the|our|ward)\b")


def find_in_places(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Names that are words, where the sentence has a person; in a text with capitals each needs one."""
    lower = is_lower(text)
    for index, word in enumerate(words):
        if not _may_be(word, lower):
            continue
        opening = not index or not adjoins(text, words[index - 1], word)
        determined = not opening and words[index - 1].fold in DETERMINERS
        if (
            _is_met(text, words, index)
            or (not determined and _has_part(text, words, index))
            or _is_child(text, words, index)
            or _introduces(text, words, index)
            or ((not determined or words[index - 1].fold == "to") and _has_or_shares(text, word))
            or (not lower and _has_a_capital(text, words, index))
            or (word.fold == "will" and lower and _is_subject(words, index, opening))
        ):
            last = extend(text, words, index)
            yield found(word.start, words[last - 1].end, "PERSON", "grammar/word-name", 0.7)
    yield from _together(text, words, lower)


def is_verb_use(text: str, words: Sequence[Token], index: int) -> bool:
    """Whether a name that is a verb, too, has an object or a subject: `she drew her mother`, `to rob us`."""
    word = words[index]
    if word.fold not in VERBS or is_capitalised(word.text):
        return False
    before = words[index - 1].fold if index and adjoins(text, words[index - 1], word) else ""
    after = words[index + 1] if index + 1 < len(words) and adjoins(text, word, words[index + 1]) else None
    return before in _SUBJECTS or (after is not None and after.fold in _OBJECTS_START)


_SUBJECTS = word_set("i you he she it we they who to don't dont didn't didnt can could would")
_OBJECTS_START = word_set("""
    a an the my his her your our their its it this that these those me him us them some any up out down on
    """)


def _may_be(word: Token, lower: bool) -> bool:
    if word.fold not in PERSON_WORDS or not is_given(word.fold) or not (lower or is_capitalised(word.text)):
        return False
    return word.fold == "will" or not (word.fold in FUNCTION_WORDS or is_kept([word]))


def _is_met(text: str, words: Sequence[Token], index: int) -> bool:
    """`went to see mark`, `should ring grace`, `ask for penny at the desk`."""
    word = words[index]
    rest = text[word.end :]
    if _ASK_FOR.search(text[: word.start]):
        return bool(_AT_DESK.match(rest)) or (word.fold not in ABSTRACT and bool(_ENDS.match(rest)))
    before = words[index - 1].fold if index and adjoins(text, words[index - 1], word) else ""
    if not _ENDS.match(rest):
        return False
    if word.fold not in ABSTRACT and _MEETING_WITH.search(text[: word.start].casefold()):
        return True
    return before in (REACHES if word.fold in ABSTRACT else MEETS) and not is_verb_use(text, words, index)


def _has_part(text: str, words: Sequence[Token], index: int) -> bool:
    """`mark's my care co-ordinator`, `hope is my social worker`."""
    rest = words[index + 1 : index + 7]
    possessive = re.match(r"['’]s\b", text[words[index].end :]) is not None
    if not possessive:
        if not rest or rest[0].fold not in _LINKS:
            return False
        rest = rest[1:]
    if len(rest) < 2 or rest[0].fold not in _OWN or text[words[index].end : rest[0].start].count("."):
        return False
    return any(word.fold in ROLES_OF_CARE for word in rest[1:5])


def _has_or_shares(text: str, word: Token) -> bool:
    """`mark's turn`, `me and mark went`, `give it to penny`."""
    if word.fold in ABSTRACT:
        return False
    before, rest = text[: word.start], text[word.end :]
    if _OF_THEIRS.match(rest) or (_US_AND.search(before) and _AND_ENDS.match(rest)):
        return True
    return bool(_GIVEN_TO.search(before.casefold()) and _ENDS.match(rest))


def _has_a_capital(text: str, words: Sequence[Token], index: int) -> bool:
    """A capital of its own inside a sentence: `then Joy left`; not `Recovery Star`, `in April`."""
    word = words[index]
    if at_sentence_start(text, word.start) or not is_name_use(text, words, index) or word.fold in TIMES | MONTHS:
        return False
    before = words[index - 1] if index and not text[words[index - 1].end : word.start].strip() else None
    after = words[index + 1] if index + 1 < len(words) and not text[word.end : words[index + 1].start].strip() else None
    if before is not None and is_capitalised(before.text) and before.text != "I":
        return False
    return after is None or not is_capitalised(after.text) or (is_surname(after.fold) and not is_common(after.fold))


def _is_subject(words: Sequence[Token], index: int, opening: bool) -> bool:
    """`so will can't come`: no other word than a name stands before a second auxiliary."""
    following = words[index + 1].fold if index + 1 < len(words) else ""
    return following in AUXILIARY | {"will"} and (opening or words[index - 1].fold in CLAUSE_STARTS)


def _is_child(text: str, words: Sequence[Token], index: int) -> bool:
    """`my girl's sky`, `our youngest is hope`."""
    if index < 2 or not re.match(r"\s*(?:$|[.,;?!])|\s+(?:and|she|he)\b", text[words[index].end :]):
        return False
    gap = text[words[index - 1].end : words[index].start]
    possessive = gap in ("'s ", "’s ")
    link = 1 if possessive else 2
    if (possessive and words[index].fold in _POSSESSED) or (not possessive and words[index - 1].fold not in _LINKS):
        return False
    relation, own = words[index - link], words[index - link - 1] if index > link else None
    return relation.fold in CHILDREN and own is not None and own.fold in _OWN and words[index].fold not in ADJECTIVES


def _introduces(text: str, words: Sequence[Token], index: int) -> bool:
    """`i'm grace and she's hope`: two who are introduced, or a noun that no sentence has after `I'm`."""
    word = words[index]
    before, rest = text[: word.start], text[word.end :]
    if not (_SELF.search(before) or _OTHER.search(before)):
        return False
    if _SELF.search(before) and word.fold not in ABSTRACT | ADJECTIVES | VERBS | TIMES and _SELF_ENDS.match(rest):
        return True
    if word.fold in ADJECTIVES:
        return False
    if _SELF.search(before) and index + 3 < len(words):
        following = [w for w in words[index + 1 : index + 5] if w.fold in PERSON_WORDS or is_only_name(w.fold)]
        return any(_OTHER.search(text[word.end : w.start]) and w.fold not in ADJECTIVES for w in following)
    return bool(_OTHER.search(before)) and any(
        _SELF.search(text[: w.start]) and (w.fold in PERSON_WORDS or is_only_name(w.fold)) and w.fold not in ADJECTIVES
        for w in words[max(0, index - 4) : index]
    )


def _together(text: str, words: Sequence[Token], lower: bool) -> Iterator[Found]:
    """`Will, Hope, Faith and Karen`: given names in a row, at least three, or two of which one is nothing else."""
    row: list[Token] = []
    for index, word in enumerate(words):
        gap = text[row[-1].end : word.start] if row else ""
        if word.fold in ("and", "or") and row and not gap.strip(" ,"):
            continue
        joined = row and re.fullmatch(r",?\s+(?:and|or)\s+|,\s+", gap, re.IGNORECASE)
        fits = _fits_row(word, lower) and not (row == [] and _is_determined(text, words, index))
        if joined and fits:
            row.append(word)
            continue
        yield from _row(row)
        row = [word] if fits else []
    yield from _row(row)


def _fits_row(word: Token, lower: bool) -> bool:
    if word.fold in NEVER or (is_kept([word]) and word.fold != "will") or len(word.fold) < 3:
        return False
    if lower:
        return word.fold in PERSON_WORDS - ADJECTIVES - FUNCTION_WORDS or is_only_name(word.fold)
    return (
        is_capitalised(word.text) and is_given(word.fold) and (word.fold == "will" or word.fold not in FUNCTION_WORDS)
    )


def _is_borne(word: Token) -> bool:
    return is_only_name(word.fold) or word.fold in PERSON_WORDS


def _is_determined(text: str, words: Sequence[Token], index: int) -> bool:
    before = words[index - 1] if index and adjoins(text, words[index - 1], words[index]) else None
    return before is not None and before.fold in DETERMINERS - PREPOSITIONS


def _row(row: Sequence[Token]) -> Iterator[Found]:
    times = all(word.fold in MONTHS | TIMES for word in row)
    sure = sum(is_only_name(word.fold) or is_capitalised(word.text) for word in row)
    if times or not (len(row) > 2 or (len(row) == 2 and sure and all(_is_borne(word) for word in row))):
        return
    if not sure and all(word.fold in ABSTRACT and not is_capitalised(word.text) for word in row):
        return
    for word in row:
        if not is_only_name(word.fold):
            yield found(word.start, word.end, "PERSON", "grammar/word-name", 0.6)
