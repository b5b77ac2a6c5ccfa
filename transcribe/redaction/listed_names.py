"""Names that a list knows, wherever they are said; and names that are words, where the sentence uses them as names."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.eponyms import is_eponym
from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, is_name_use
from transcribe.redaction.medicines import is_medicine
from transcribe.redaction.name_lists import HK_SYLLABLES, PINYIN, is_given, is_only_given, is_only_name
from transcribe.redaction.name_runs import NICK_ADJECTIVES, adjoins, extend, is_lower, may_be_unlisted
from transcribe.redaction.name_words import (
    ARTICLES,
    CLAUSE_STARTS,
    DETERMINERS,
    EXTRA,
    MASS,
    NEVER,
    NOUNS,
    OBJECTS,
    PREPOSITIONS,
    VERBS,
)
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, word_set
from transcribe.redaction.word_name_places import is_verb_use

_NO_NAMES = frozenset(
    (
        *("char siu", "cha siu", "siu mai", "dim sum", "yum cha", "yam cha", "mah jong", "tai chi", "kung fu"),
        *("wing chun", "pak choi", "choi sum", "ho fun", "chow fun", "hoi sin", "lai see", "lai chee", "hong kong"),
    )
)

_STONES = word_set("""
    ruby jade amber opal coral pearl jasper sapphire emerald jet onyx basil rosemary heather holly daisy lily ivy iris
    hazel fern jasmine robin fox finch drake reed dean duke earl lance teddy dolly taylor hoover glen heath dale
    """)

"""Given names that no list of words holds and that are things after an article: `a ruby ring`, `the jade shop`."""

_VERBS_FIRST = word_set("drew rob sue page chuck nick")
"""Of the names that are verbs, those with an object of any kind: of others, `mark, your results` is a person's."""
_CUT_OFF = re.compile(r"-(?:\s|$)")


def find_listed(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Names on the lists, with the words of a name around them."""
    lower = is_lower(text)
    index = 0
    while index < len(words):
        spans = [_listed(text, words, index, lower), _romanised(text, words, index)]
        span = max((s for s in spans if s is not None), key=lambda s: s[1], default=None)
        if span is None:
            index += 1
            continue
        first, last = span
        yield found(words[first].start, words[last - 1].end, "PERSON", "grammar/listed", 0.6)
        index = last


def _listed(text: str, words: Sequence[Token], index: int, lower: bool) -> tuple[int, int] | None:
    word = words[index]
    if not is_only_name(word.fold) or is_kept([word]):
        return None
    capital = is_capitalised(word.text)
    if not capital and word.fold in _STONES and index and words[index - 1].fold in ("a", "an", "the"):
        return None
    if not lower and not capital and (len(word.fold) < 4 or not is_only_given(word.fold)):
        return None
    first = index
    before = words[index - 1] if index else None
    if before is not None and adjoins(text, before, word) and is_given(before.fold):
        named = is_capitalised(before.text) or (
            lower and before.fold not in FUNCTION_WORDS and not is_only_given(word.fold)
        )
        if named and (before.fold not in FUNCTION_WORDS or before.fold in EXTRA):
            first -= 1
    if first == index and _is_nickname(text, words, index):
        first -= 1
    last = extend(text, words, index)
    after = text[words[last - 1].end :]
    if is_eponym(text, words[last - 1].end) or (lower and last == index + 1 and _CUT_OFF.match(after)):
        return None
    said = " ".join(w.fold for w in words[max(0, index - 1) : last])
    if is_kept(words[first:last]) or any(phrase in said for phrase in _NO_NAMES):
        return None
    return first, last


def _is_nickname(text: str, words: Sequence[Token], index: int) -> bool:
    """Whether an adjective before a name belongs to it: `big trev was there`; not `my little karen`."""
    before = words[index - 1] if index and adjoins(text, words[index - 1], words[index]) else None
    if before is None or before.fold not in NICK_ADJECTIVES:
        return False
    if is_capitalised(words[index].text) != is_capitalised(before.text):
        return False
    return index < 2 or words[index - 2].fold not in DETERMINERS - PREPOSITIONS - {"to", "at"}


def _romanised(text: str, words: Sequence[Token], index: int) -> tuple[int, int] | None:
    """`chan tai man`, `Siu Ming`: two to four syllables of Hong Kong's romanisation, not all of them English words."""
    last = index
    while last < len(words) and last - index < 4 and words[last].fold in HK_SYLLABLES:
        capital = is_capitalised(words[last].text)
        if last > index and not adjoins(text, words[last - 1], words[last]):
            break
        if capital != is_capitalised(words[index].text) or (not capital and words[last].fold in FUNCTION_WORDS):
            break
        last += 1
    run = words[index:last] if last - index > 1 else _pinyin(text, words, index)
    last = index + len(run)
    if len(run) < 2 or " ".join(w.fold for w in run) in _NO_NAMES or is_kept(run):
        return None
    unusual = sum(not is_common(w.fold) for w in run)
    if not unusual:
        return None
    return index, last


def _pinyin(text: str, words: Sequence[Token], index: int) -> Sequence[Token]:
    """`xiao hui`, `Jun Jie`: syllables of Mandarin, none of them an English word."""
    last = index
    while last < len(words) and last - index < 3 and words[last].fold in PINYIN and may_be_unlisted(words[last]):
        if last > index and not adjoins(text, words[last - 1], words[last]):
            break
        if is_capitalised(words[last].text) != is_capitalised(words[index].text):
            break
        last += 1
    return words[index:last]


def find_unlisted(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Capitals that no list knows, where the words around them speak of a person: `I told Simina`, `Ivona and I`."""
    lower = is_lower(text)
    for index, word in enumerate(words):
        if not (lower or is_capitalised(word.text)) or not word.text[0].isalpha() or len(word.fold) < 3:
            continue
        if is_only_name(word.fold) or word.fold in NEVER or word.fold in FUNCTION_WORDS:
            continue
        if not (may_be_unlisted(word) or is_given(word.fold)) or is_kept([word]) or is_medicine(word.fold):
            continue
        last = extend(text, words, index)
        if _is_spoken_of(text, words, index, text[words[last - 1].end :]):
            yield found(word.start, words[last - 1].end, "PERSON", "grammar/capital", 0.5)


def _is_spoken_of(text: str, words: Sequence[Token], index: int, after: str) -> bool:
    """Whether the words before or after an unlisted name, or one that is a word, are those of a person."""
    word, lower = words[index], is_lower(text)
    unlisted = may_be_unlisted(word)
    before = words[index - 1].fold if index and adjoins(text, words[index - 1], word) else ""
    if before in (_TOLD if lower else _TO_PERSON):
        told_to = word.fold in MASS and index + 1 < len(words) and words[index + 1].fold == "to"
        return (unlisted or told_to or word.fold not in _NOT_TOLD) if lower else is_name_use(text, words, index)
    opening = not before or before in CLAUSE_STARTS
    if not opening and (lower or not unlisted) and before in DETERMINERS:
        return False
    if _RELATIVE_AFTER.match(after):
        return True
    if _AND_I.match(after):
        return opening or not lower
    if lower or (not unlisted and at_sentence_start(text, word.start)):
        return unlisted and opening and bool(_SAID_AFTER.match(after))
    return bool(_SAID_AFTER.match(after) or _PERSON_AFTER.match(after))


_TO_PERSON = word_set("""
    told tell tells telling ask asked asking asks meet met meeting called call phoned phone texted text visit visited
    thank thanked remember marry married dated dating blame blamed trust trusted miss missed hug hugged kissed
    invited helped hate hated love loved forgive forgave rang ring emailed email messaged bumped introduced drove
    watched followed hurt hit slapped nursed raised fostered adopted
    """)

_TOLD = word_set("told tell tells asked asks met phoned texted married visited rang emailed messaged hugged kissed")

_NOT_TOLD = word_set("""
    many less more young little early long old love people less some less men ladies said mercy peace hope faith joy
    """)

_RELATIVE_AFTER = re.compile(
    r"['’]s (?:\w+ )?(?:mum|mom|mother|dad|father|parents|brother|sister|wife|husband|partner|son|daughter|boyfriend"
    r"|girlfriend|friend|family|birthday|funeral|wedding|uncle|aunt|cousin|baby)s?\b",
    re.IGNORECASE,
)

_AND_I = re.compile(r" and (?:i|me)\b", re.IGNORECASE)

_SAID_AFTER = re.compile(
    r" (?:told|said|says|thinks|reckons|rang|phoned|texted|\w+ed (?:me|us|him|her|them|my \w+)|(?:gave|made|brought"
    r"|bought|saw|met|left|let|got|hit|held|drove|took|sent|lent|taught|showed) (?:me|us|him|her))\b",
    re.IGNORECASE,
)

_PERSON_AFTER = re.compile(
    r",? and (?:his|her|my|you|he|she)\b|,? (?:he|she)(?:['’]s|['’]d|['’]ll)?\b| there\?| (?:here|speaking)[.,?!]"
)


def find_again(text: str, words: Sequence[Token], known: frozenset[str]) -> Iterator[Found]:
    """Words that were somebody's name elsewhere in the transcript (`known`, folded), said again without a cue.

    In a text without capitals a name that is an ordinary word is left after an article, pronoun or preposition.
    """
    lower = is_lower(text)
    for index, word in enumerate(words):
        if word.fold not in known:
            continue
        article = index > 0 and words[index - 1].fold in ("a", "an") and not is_capitalised(word.text)
        if not is_common(word.fold) and not article:
            yield found(word.start, word.end, "PERSON", "grammar/again", 0.6)
        elif word.fold in FUNCTION_WORDS or word.fold in NEVER:
            continue
        elif not lower:
            if is_name_use(text, words, index):
                yield found(word.start, word.end, "PERSON", "grammar/again", 0.5)
        elif word.fold in VERBS and (
            (index + 1 < len(words) and words[index + 1].fold in OBJECTS)
            or (word.fold in _VERBS_FIRST and is_verb_use(text, words, index))
        ):
            continue  # `so mark said mark it on the calendar`
        elif word.fold not in NOUNS and (index == 0 or words[index - 1].fold not in ARTICLES):
            yield found(word.start, word.end, "PERSON", "grammar/again", 0.5)
