"""Places of Hong Kong that a recogniser wrote as it heard them: `the Tsu and Wan line`, `Mong Cock station`."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, places
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, word_set

_SUFFIXES = word_set("line station estate mtr")
_REGIONS = frozenset(("Hong Kong Island", "Kowloon", "New Territories", "Islands", "Lantau"))
_LETTERS_MIN = 6
ALIKE = 0.88
"""Jaro-Winkler similarity of the words without spaces: `Tsu and Wan` to `Tsuen Wan`, `Mong Cock` to `Mong Kok`."""


def find_misheard_places(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """One to three words before `line`, `station` or `estate` that are nearly the name of a place, and no such name."""
    for index, word in enumerate(words):
        if word.fold not in _SUFFIXES:
            continue
        for count in (3, 2, 1):
            part = words[max(0, index - count) : index]
            if len(part) == count and _is_nearly_a_place(text, (*part, word)):
                yield found(part[0].start, word.end, "PLACE", "grammar/misheard-place", 0.6)
                break


def _is_nearly_a_place(text: str, part: Sequence[Token]) -> bool:
    names = part[:-1]
    if any(text[a.end : b.start].strip(" -") for a, b in pairwise(part)):
        return False
    if names[0].fold in FUNCTION_WORDS or all(is_common(word.fold) for word in names):
        return False
    said = "".join(word.fold for word in names)
    known = _names()
    if len(said) < _LETTERS_MIN or said in known:
        return False
    return process.extractOne(said, known, scorer=JaroWinkler.normalized_similarity, score_cutoff=ALIKE) is not None


@cache
def _names() -> frozenset[str]:
    """The places of Hong Kong without spaces, those that are long enough to be told apart."""
    return frozenset(
        name
        for folds, place in places().items()
        if place.region in _REGIONS and len(name := "".join(folds)) >= _LETTERS_MIN
    )
