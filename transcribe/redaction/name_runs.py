"""Where a name begins and ends: the run of words that one name is made of, with capitals or without."""

import re
from collections.abc import Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept
from transcribe.redaction.medicines import is_medicine
from transcribe.redaction.name_lists import (
    HK_SYLLABLES,
    is_frequent_surname,
    is_given,
    is_listed,
    is_only_given,
    is_only_name,
    is_spoken_word,
)
from transcribe.redaction.tokens import Token, is_capitalised, word_set

MAX_NAME_WORDS = 4
_GAP = re.compile(r"[ \-.’'‐–]*")
_NO_SURNAME = word_set("""
    good long best day rush short wise young little strong small case close fine love wish rich early gay low moody
    right left back home west east north south major king may will power more much outside light looks needs
    works head hand bone blood key pain cash cold wild weeks battle block foot past
    """)
"""Frequent surnames that are too ordinary after a given name in lower case (`karen good to see you`)."""
NICK_ADJECTIVES = word_set("""
    big little wee old young mad crazy fat fatty tall skinny slim baldy ginger shorty lazy lucky smiling silly sweet
    mister
    """)
"""Words before a given name in what somebody is called: `they know me as big tony`."""
_TAIL = re.compile(
    r"(?:ed|ing|ly|ic|ics|ful|ness|less|ment|tion|sion|ism|ist|ous|able|ible|ish|ive|ity|ance|ence|itis|osis|emia|ology"
    r"|pathy|ectomy|oma|omas|algia|gram|scopy|n't|nt|ish|some|wise|ward|wards)$"
)
_AFTER_NAME = re.compile(r"[ ,]*(?:speaking|here|calling)\b", re.IGNORECASE)


def is_lower(text: str) -> bool:
    """Whether a recogniser wrote the text without capitals, so that a missing capital says nothing."""
    return not any(c.isupper() for c in text)


def sounds_like_word(fold: str) -> bool:
    """Whether a word that no list holds has the ending of an English or medical word (`overdosed`, `asthmatic`)."""
    return bool(_TAIL.search(fold))


def may_be_unlisted(word: Token) -> bool:
    """Whether a word that no list of names holds may be one all the same."""
    return not is_common(word.fold) and not is_spoken_word(word.fold) and not sounds_like_word(word.fold)


def may_be_name(word: Token, lower: bool = False) -> bool:
    """Whether a word can be (part of) a name: with a capital, or in lower case if it is no ordinary word."""
    if word.text[0].isdigit() or word.fold in FUNCTION_WORDS or is_kept([word]):
        return False
    if is_capitalised(word.text):
        return True
    return lower and len(word.fold) > 1 and not is_common(word.fold)


def adjoins(text: str, left: Token, right: Token) -> bool:
    """Whether only a space, hyphen or the point of an initial lies between two words."""
    gap = text[left.end : right.start]
    return bool(_GAP.fullmatch(gap)) and ("." not in gap or len(left.text) == 1)


def extend(text: str, words: Sequence[Token], first: int, longest: int = MAX_NAME_WORDS) -> int:
    """Index after the last word of the name that begins at `words[first]`, which is taken for granted."""
    lower = is_lower(text)
    last = first + 1
    while last < len(words) and last - first < longest and adjoins(text, words[last - 1], words[last]):
        word = words[last]
        joined = text[words[last - 1].end : word.start] in ("-", "‐")  # `Eun-ji`
        joined = joined and (not is_common(word.fold) or word.fold in HK_SYLLABLES)
        if (
            not (joined or _continues(words, first, last, lower))
            or word.fold in FUNCTION_WORDS
            or word.text[0].isdigit()
        ):
            break
        last += 1
    return last


def _continues(words: Sequence[Token], first: int, last: int, lower: bool) -> bool:
    word, before = words[last], words[last - 1]
    if not lower:
        return is_capitalised(word.text) and not is_kept([word]) and (is_listed(word.fold) or not is_common(word.fold))
    if is_only_name(word.fold):
        return True
    if before.fold in HK_SYLLABLES and word.fold in HK_SYLLABLES:
        return all(w.fold in HK_SYLLABLES for w in words[first:last])
    return is_frequent_surname(word.fold) and word.fold not in _NO_SURNAME and is_given(before.fold)


def extend_unknown(text: str, words: Sequence[Token], last: int, first: int) -> int:
    """Index after further words that no list knows and that are no ordinary ones: surnames after a sure beginning."""
    while last < len(words) and last - first < MAX_NAME_WORDS and adjoins(text, words[last - 1], words[last]):
        word = words[last]
        short = len(word.fold) < 5 and word.fold in HK_SYLLABLES and words[last - 1].fold in HK_SYLLABLES
        unknown = may_be_name(word, lower=True) and may_be_unlisted(word) and not is_medicine(word.fold)
        capital = is_capitalised(word.text) and not is_kept([word])
        listed = is_only_name(word.fold) or (is_frequent_surname(word.fold) and word.fold not in _NO_SURNAME)
        if word.fold in FUNCTION_WORDS or not (short or unknown or capital or listed) or not word.fold[0].isalpha():
            break
        last += 1
    return last


def name_at(text: str, words: Sequence[Token], first: int, strong: bool = False) -> tuple[int, int] | None:
    """The name that begins at `words[first]` after a cue, as offsets; None when none does.

    After a strong cue (`my name is`) lower case will do and a listed name may be an ordinary word, in a text without
    capitals too after a weak one; otherwise a capital is needed and the first word must not be ordinary (`I'm Fine`).
    """
    if first >= len(words):
        return None
    lower = is_lower(text)
    head = words[first]
    if strong and head.fold == "ah" and first + 1 < len(words) and words[first + 1].fold not in FUNCTION_WORDS:
        return head.start, words[extend(text, words, first + 1, 2) - 1].end
    if not _begins(text, words, first, strong, lower):
        return None
    last = extend(text, words, first + 1 if head.fold in NICK_ADJECTIVES and first + 1 < len(words) else first)
    if strong or (lower and is_only_given(head.fold)):
        last = extend_unknown(text, words, last, first)
    return head.start, words[last - 1].end


def _begins(text: str, words: Sequence[Token], first: int, strong: bool, lower: bool) -> bool:
    head = words[first]
    if head.text[0].isdigit() or is_kept([head]) or len(head.fold) < 2:
        return False
    if head.fold in FUNCTION_WORDS:
        return False
    if not is_common(head.fold):
        if is_capitalised(head.text) or is_only_name(head.fold):
            return True
        return (strong or lower) and not sounds_like_word(head.fold)
    if not strong:
        return False
    if is_capitalised(head.text):
        return True
    if first + 1 == len(words) or not adjoins(text, head, words[first + 1]) or _AFTER_NAME.match(text[head.end :]):
        return is_given(head.fold)
    following = words[first + 1].fold
    unusual = may_be_unlisted(words[first + 1]) and not is_medicine(following) and len(following) > 2
    if head.fold in NICK_ADJECTIVES and (is_given(following) or (unusual and following not in FUNCTION_WORDS)):
        return True
    if head.fold in HK_SYLLABLES and following in HK_SYLLABLES:
        return True
    return is_given(head.fold) and (is_listed(following) or following in FUNCTION_WORDS)
