"""The words of an organisation's name: after a cue, or after its kind and a comma (`a bakery, Golden Crust`)."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.gazetteer import with_possessive
from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, is_medicine
from transcribe.redaction.numbers import value_of
from transcribe.redaction.organisation_kinds import DESCRIPTORS, GENERIC, KINDS, KNOWN_ABBREVIATIONS
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, word_set

_NO_NAME = re.compile(r"home|work|school|night|least|all|once|first|last|times|that|the|this|risk|peace|ease", re.I)
_STOP = FUNCTION_WORDS | word_set("near since because where who which around after before during until every")
_INSIDE_ONE = re.compile(r"\b(?:at|for|in|from|with)\s+an?\s+(?:[^\W\d]+\s+)?[^\W\d]+$", re.IGNORECASE)
_DESCRIBES = word_set("""
    nice bad great lovely tiny huge busy quiet cheap expensive fancy posh proper real normal typical famous popular late
    early half night nights evening evenings morning mornings afternoon weekend weekends term round staff minimum wage
    money pay paid kitchen counter front back side corner street road way sort kind thing things stuff place places
    people lots lot bit day days week weeks month months year years hour hours time times years shift shifts job jobs
    well pretty super quite very really long short close far near nearby next door down left right fast food hard work
    """)
"""What is told of a place of work after a comma: `at a cafe, night shifts`, `at a pub, good money`."""


def find_apposed(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """`at a bakery, Golden Crust`: capitals right after the kind and a comma."""
    for index in range(len(words) - 2):
        kind, name = words[index], words[index + 1]
        if kind.fold not in KINDS or not re.fullmatch(r",\s+", text[kind.end : name.start]):
            continue
        two = is_capitalised(words[index + 2].text) and text[name.end : words[index + 2].start] == " "
        if _is_name_alone(text, words, index):
            yield found(name.start, words[index + 2].end, "ORG", "grammar/apposed", 0.5, label=KINDS[kind.fold])
            continue
        if not is_capitalised(name.text) or is_kept([name]) or (is_common(name.fold) and not two):
            continue
        if span := name_after(text, words, name.start, any_word=False):
            yield found(*span, "ORG", "grammar/apposed", 0.6, label=KINDS[kind.fold])


def _is_name_alone(text: str, words: Sequence[Token], index: int) -> bool:
    """`at a bakery, golden crust.`: two words in lower case between commas that describe nothing."""
    pair = words[index + 1 : index + 3]
    end = text[pair[1].end : pair[1].end + 1]
    if text[pair[0].end : pair[1].start] != " " or end not in (",", ".", "?", "!", ";", ""):
        return False
    if not _INSIDE_ONE.search(text[: words[index].end]):
        return False
    return not any(
        word.fold in FUNCTION_WORDS | _DESCRIBES | GENERIC | frozenset(KINDS)
        or is_kept([word])
        or is_capitalised(word.text)
        or not word.text.isalpha()
        or value_of(word.text)
        or word.fold.endswith(("ly", "ing", "ed"))
        for word in pair
    )


def name_after(text: str, words: Sequence[Token], position: int, any_word: bool) -> tuple[int, int] | None:
    """The name that begins at `position`: up to five words; ordinary words in lower case only if `any_word`."""
    first = next((i for i, word in enumerate(words) if word.start >= position), len(words))
    if any_word and first < len(words) and words[first].fold in ("the", "a"):
        first += 1
    elif first < len(words) and words[first].fold == "the" and first + 1 < len(words):
        if not (is_capitalised(words[first + 1].text) and not is_common(words[first + 1].fold)):
            return None
        first += 1
    last = first
    while last < len(words) and last - first < 5:
        word = words[last]
        if last > first and text[with_possessive(text, words[last - 1].end) : word.start].strip(" -.&"):
            break
        inner = word.fold in ("of", "and", "the") and any_word and last > first and is_capitalised(text[word.end + 1 :])
        if word.fold in _STOP and not inner:
            break
        if not any_word and not _may_name(text, word, last > first):
            break
        last += 1
    if last == first or is_kept(words[first:last]) or value_of(text[words[first].start : words[last - 1].end]):
        return None
    if _NO_NAME.fullmatch(words[first].fold):
        return None
    return words[first].start, with_possessive(text, words[last - 1].end) if any_word else words[last - 1].end


def _may_name(text: str, word: Token, later: bool) -> bool:
    """Whether a word may be part of an employer's or a school's name that no kind word tells."""
    if is_kept([word]) or word.text[0].isdigit():
        return False
    if is_capitalised(word.text):
        return word.text != "I" and not at_sentence_start(text, word.start)
    return is_unknown(word) or (later and word.fold in KINDS)


def is_unknown(word: Token) -> bool:
    """Whether a word, even in lower case, can only be part of a name."""
    return (
        len(word.fold) > 2
        and word.text.isalpha()
        and not is_common(word.fold)
        and word.fold not in DESCRIPTORS
        and word.fold not in KINDS
        and word.fold not in KNOWN_ABBREVIATIONS
        and not is_kept([word])
        and not is_medicine(word.fold)
    )
