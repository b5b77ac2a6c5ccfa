"""Whether words are a listed name that was misheard, or somebody else's."""

from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept
from transcribe.redaction.name_lists import HK_SURNAMES, is_frequent_surname, is_listed
from transcribe.redaction.sounds import (
    VARIANT_MIN_LETTERS,
    one_spelling,
    sound,
    sound_alike,
    sounds_cut_off,
    written_alike,
)
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
    return any(_is_name(word) and not any(_is_like(word.fold, fold) for fold in own) for word in others)


def shares_name(names: Sequence[str], words: Sequence[Token]) -> bool:
    """Whether one of the words is, or sounds much like, a word of the names."""
    own = {word.fold for name in names for word in tokens(name) if word.fold not in TITLES}
    return any(_alike(word.fold, fold) for word in words for fold in own)


def is_heard_alone(word: str, names: Sequence[str]) -> bool:
    """Whether a folded word, said without a surname, is one of the names in other letters.

    Another name that people bear is another person (`Marcos` for Marcus, `Dora` for Doris), however alike it sounds:
    only a spelling that no list knows may be a recogniser's. Compared with the roster's names alone, never with what
    was taken for them.
    """
    return any(
        one_spelling(word, fold) or (not is_listed(word) and (sound_alike(word, fold) or sounds_cut_off(word, fold)))
        for name in names
        for fold in _folds(name)
    )


def is_heard_in_full(words: Sequence[str], names: Sequence[str]) -> bool:
    """Whether folded words are a whole listed name of which one word was misheard: `Janet Lowe`, `Marcos Leung`.

    Not `Jane Lau` for Janet Lau, nor `John Lau` for Jane Lau: another given name is another person of the family.
    """
    return any(
        len(words) == len(folds)
        and all(
            _stands_for(w, f, position, len(folds)) for position, (w, f) in enumerate(zip(words, folds, strict=True))
        )
        for folds in map(_folds, names)
    )


def _stands_for(word: str, fold: str, position: int, count: int) -> bool:
    if one_spelling(word, fold) or (not is_listed(word) and _alike(word, fold)):
        return True
    if position == 0 and fold not in HK_SURNAMES and count > 1:
        ends = {letter if letter in _VOWELS else "" for letter in (word[-1:], fold[-1:])}
        return len(sound(fold)) > _FAINT and sound_alike(word, fold) and len(ends) == 1
    return _is_like(word, fold)


_VOWELS = "aeiouy"
_FAINT = 2
"""Consonants of which too many names consist: `John`, `Jean`, `Jane`, `Joan` are all JN."""


def _is_like(word: str, fold: str) -> bool:
    """Whether a surname may be misheard for another one: `lowe` for `lau`, not `lee` or `lam`."""
    if word == fold or not is_listed(word):
        return _alike(word, fold)
    same = bool(sound(fold)) and sound(fold) == sound(word)
    return same and (len(sound(fold)) > _FAINT or _is_front(word) == _is_front(fold))


def _is_front(word: str) -> bool:
    """Whether a vowel of a word is spoken in front of the mouth (`lee`, `lai`, `chen`); a silent `e` is none."""
    return any(letter in "eiy" for letter in (word[:-1] if word.endswith("e") and word[-2:] != "ee" else word))


def _folds(name: str) -> list[str]:
    return [t.fold for t in tokens(name) if t.fold not in TITLES]


def _is_name(word: Token) -> bool:
    if word.fold in TITLES or len(word.fold) < 2 or is_kept([word]):
        return False
    return not is_common(word.fold) or (is_capitalised(word.text) and is_frequent_surname(word.fold))


def _alike(word: str, fold: str) -> bool:
    return word == fold or (bool(sound(fold)) and sound(fold) == sound(word)) or written_alike(fold, word)
