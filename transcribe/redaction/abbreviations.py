"""Abbreviations that people spell and that name nobody: `p t s d`, `c b t and then e m d r`, `g c s e s`."""

from collections.abc import Sequence
from functools import cache, lru_cache

from transcribe.redaction.lexicon import data_lines, must_keep, organisations

_SHORTEST_TILE = 3
"""Letters of an abbreviation that is told from the next without a word between: two letters are in any name."""


@cache
def abbreviations() -> frozenset[str]:
    """All that the list holds, and words and phrases that must be kept."""
    listed = {word for line in data_lines("abbreviations.txt") for word in line.split()}
    return frozenset(listed) | {phrase for phrase in must_keep() if phrase.isalpha()} | _companies()


@cache
def _companies() -> frozenset[str]:
    """Organisations that are called by letters: where one must be replaced, it is as an organisation."""
    rows = organisations().items()
    return frozenset(words[0] for words, row in rows if len(words) == 1 and row.name.isupper())


@lru_cache(maxsize=4096)
def is_abbreviation(letters: str) -> bool:
    """Whether letters are a known abbreviation, with a plural s, or after an article or before the pronoun."""
    forms = {letters, letters.removesuffix("s")}
    if letters[:1] in ("a", "i"):
        forms.add(letters[1:])
    if letters[-1:] in ("a", "i"):
        forms.add(letters[:-1])
    return any(len(form) > 1 and form in abbreviations() for form in forms)


@lru_cache(maxsize=4096)
def is_row_of_abbreviations(letters: str) -> bool:
    """Whether letters are one abbreviation or several of three letters and more: `cbtemdr`."""
    if is_abbreviation(letters):
        return True
    return any(
        letters[:end] in abbreviations() and is_row_of_abbreviations(letters[end:])
        for end in range(_SHORTEST_TILE, len(letters) - _SHORTEST_TILE + 1)
    )


def are_abbreviations(groups: Sequence[str]) -> bool:
    """Whether each of several groups of letters, parted by `and`, `or` and the like, is known."""
    return bool(groups) and all(is_row_of_abbreviations(group) for group in groups)
