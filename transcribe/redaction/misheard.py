"""Whether words are a listed name that was misheard, or somebody else's."""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept
from transcribe.redaction.name_lists import is_frequent_surname
from transcribe.redaction.sounds import VARIANT_MIN_LETTERS, sound, sound_alike, written_alike
from transcribe.redaction.spoken_names import TITLES
from transcribe.redaction.tokens import Token, is_capitalised, tokens

WORD_MIN = 0.7
"""Normalised Levenshtein similarity of a misheard word to the one of a listed organisation: one letter of four."""


def near(word: Token, fold: str) -> bool:
    """Whether a capitalised word sounds or is written much like a part of a known name."""
    if not is_capitalised(word.text) or word.fold in FUNCTION_WORDS:
        return False
    return _alike(word.fold, fold)


def misheard_words(part: Sequence[Token], folds: Sequence[str]) -> bool:
    """`Castle P. Cospital` for a listed `Castle Peak Hospital`: a word is exact, the others initials or nearly so."""
    if not any(w.fold == fold and len(fold) >= VARIANT_MIN_LETTERS for w, fold in zip(part, folds, strict=True)):
        return False
    return all(
        word.fold == fold
        or (
            is_capitalised(word.text)
            and (
                word.fold == fold[:1]
                or sound_alike(word.fold, fold)
                or Levenshtein.normalized_similarity(word.fold, fold) >= WORD_MIN
            )
        )
        for word, fold in zip(part, folds, strict=True)
    )


def means_another(names: Sequence[str], others: Sequence[Token]) -> bool:
    """Whether a name of which one word is this person's is somebody else's, for its `others` words.

    `Janet Wong` is not the listed Janet Lau: the other word is a name and like none of hers. Nothing can be told of a
    person whose surname is not listed.
    """
    own = {word.fold for name in names for word in tokens(name) if word.fold not in TITLES}
    if not any(len(tokens(name)) > 1 for name in names):
        return False
    return any(_is_name(word) and not any(_alike(word.fold, fold) for fold in own) for word in others)


def shares_name(names: Sequence[str], words: Sequence[Token]) -> bool:
    """Whether one of the words is, or sounds much like, a word of the names."""
    own = {word.fold for name in names for word in tokens(name) if word.fold not in TITLES}
    return any(_alike(word.fold, fold) for word in words for fold in own)


def _is_name(word: Token) -> bool:
    if word.fold in TITLES or len(word.fold) < 2 or is_kept([word]):
        return False
    return not is_common(word.fold) or (is_capitalised(word.text) and is_frequent_surname(word.fold))


def _alike(word: str, fold: str) -> bool:
    return word == fold or (bool(sound(fold)) and sound(fold) == sound(word)) or written_alike(fold, word)
