"""Weak signs of a name in finished text: too weak to replace a word, strong enough for a person to look at it."""

import re
from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, kept_phrases
from transcribe.redaction.medicines import is_medicine
from transcribe.redaction.name_lists import is_listed, is_only_name, is_spoken_word
from transcribe.redaction.name_runs import is_lower, sounds_like_word
from transcribe.redaction.public_figures import public_figures
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, tokens
from transcribe.redaction.uniqueness import find_unique
from transcribe.release_check.masking import PLACEHOLDER

WEAK_SIGNS_VERSION = "1"
_CUE = re.compile(
    r"\b(?:called|named|nicknamed|known as|name is|name's|surname|friend|neighbou?r|boss|colleague|teacher|cousin)\s+$",
    re.IGNORECASE,
)
_CUE_REACH = 24
_SHORTEST, _LONGEST = 3, 9
"""Letters of a word in lower case that is worth a look: names are short, and the long ones are on lists."""
_ENDINGS = ("s", "es", "y", "ies", "er", "ers", "d", "ll", "re", "ve", "en", "al", "ate", "age", "ise", "ize", "un")
_MEDICAL = re.compile(
    r"^(?:anti|hyper|hypo|intra|inter|neuro|cardio|gastro|dys|peri|over|under|un|re|pre|non|mini|micro)\w{3}"
    r"|(?:ia|is|us|um|al|ar|ate|ine|ol|gen|hea|hoea|rhea|phen|oid|one|ase|cyte|itis|itic)s?$"
)

Sign = tuple[int, int, str]
"""`(start, end, why)`; offsets are code points of the masked text."""


@runtime_checkable
class NamesUnfiltered(Protocol):
    """A detector that can also say what its language model takes for a name, plausible or not."""

    def names_unfiltered(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Spans of each text, sorted; may raise anything."""
        ...


def weak_signs(text: str, model_names: Sequence[tuple[int, int]]) -> Iterator[Sign]:
    """What in a masked text could be a name or single somebody out, each word once, in order.

    `model_names` is what a language model takes for one, believed or not.
    """
    words = tokens(text)
    left_alone = [*public_figures(text, words), *kept_phrases(words)]
    found: dict[tuple[int, int], str] = {}
    for start, end in model_names:
        inside = [w for w in words if start <= w.start < end]
        if any(_may_name(text, w, left_alone) for w in inside) and not any(w.fold == PLACEHOLDER for w in inside):
            found[inside[0].start, inside[-1].end] = "the language model takes it for a name"
    for word in words:
        if not any(a <= word.start < b for a, b in found) and (why := _sign(text, word, left_alone)):
            found[word.start, word.end] = why
    for unique in find_unique(text, words):
        found[unique.start, unique.end] = "it may single a person out"
    yield from ((start, end, why) for (start, end), why in sorted(found.items()))


def _may_name(text: str, word: Token, left_alone: Sequence[tuple[int, int]]) -> bool:
    """Whether a word that the language model takes for (part of) a name is worth a look."""
    if _is_plain(word) or any(a <= word.start < b for a, b in left_alone):
        return False
    if is_capitalised(word.text):
        return not at_sentence_start(text, word.start) or not sounds_like_word(word.fold)
    return is_only_name(word.fold)


def _sign(text: str, word: Token, left_alone: Sequence[tuple[int, int]]) -> str:
    if any(a <= word.start < b for a, b in left_alone):
        return ""
    opening, capital = at_sentence_start(text, word.start), is_capitalised(word.text)
    if _is_plain(word):
        is_name = is_listed(word.fold) and not is_kept([word]) and word.fold not in FUNCTION_WORDS
        return "a word that is a name, too, with a capital" if capital and not opening and is_name else ""
    if capital:
        return "an unknown word with a capital" if not opening or not sounds_like_word(word.fold) else ""
    if _CUE.search(text[max(0, word.start - _CUE_REACH) : word.start]):
        return "an unknown word after a word such as `called`"
    if is_lower(text) and _SHORTEST <= len(word.fold) <= _LONGEST and not _is_derived(word.fold):
        return "an unknown word in a text without capitals"
    return ""


def _is_derived(fold: str) -> bool:
    """Whether an unknown word has the form of an ordinary one (`soups`, `headachy`) or of a medical term."""
    if sounds_like_word(fold) or _MEDICAL.search(fold):
        return True
    stems = {fold.removesuffix(ending) for ending in _ENDINGS if fold.endswith(ending)}
    return any(is_common(stem) or is_common(f"{stem}e") or is_common(stem[:-1]) for stem in stems if len(stem) > 2)


def _is_plain(word: Token) -> bool:
    """Whether a word is an ordinary one, one that is kept, or no word at all."""
    fold = word.fold
    if len(fold) < 2 or not fold.isascii() or not fold.isalpha() or fold == PLACEHOLDER:
        return True
    if fold in FUNCTION_WORDS or is_common(fold) or is_spoken_word(fold) or is_kept([word]) or is_medicine(fold):
        return True
    return set(fold) <= set("mhuaer")
