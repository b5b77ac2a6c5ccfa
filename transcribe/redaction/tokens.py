"""Words of an utterance with their offsets, compared without case, accents, possessives and spelling variants."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_WORD = re.compile(r"[^\W_]+(?:[’'ʼ][^\W_]+)*")
_POSSESSIVE = re.compile(r"[’'ʼ][sS]$")
_ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof|St)\.$")

_SAME_WORD = {
    "centre": "center",
    "mister": "mr",
    "missus": "mrs",
    "doctor": "dr",
    "professor": "prof",
    "saint": "st",
    "organisation": "organization",
    "harbour": "harbor",
    "theatre": "theater",
    "colour": "color",
    "favour": "favor",
}
"""Words that a recogniser spells either way; compared as one."""


class Token(NamedTuple):
    """A word: its text without a possessive 's, `start` and `end` of exactly that, and its form for comparing."""

    text: str
    start: int
    end: int
    fold: str


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(text.split())


@lru_cache(maxsize=65536)
def fold(word: str) -> str:
    """A word for comparing: NFKC, case-folded, accents removed, one spelling of `Centre` and `Mister`."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", word).casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c) and c not in "’'ʼ")
    return _SAME_WORD.get(plain, plain)


def tokens(text: str) -> list[Token]:
    """The words of `text`, in order. Hyphens separate words: `Siu-Ming` and `Siu Ming` are the same two."""
    return list(_tokens(text))


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[Token, ...]:
    """The same, kept for a while: every grammar asks for the words of the same few utterances."""
    result = []
    for match in _WORD.finditer(text):
        word = match.group()
        if word[-1] in "sS" and (possessive := _POSSESSIVE.search(word)):
            word = word[: possessive.start()]
        result.append(Token(word, match.start(), match.start() + len(word), fold(word)))
    return tuple(result)


@lru_cache(maxsize=65536)
def squeeze(text: str) -> str:
    """All words of `text` folded and joined: the same for `Bright Path`, `bright-path` and `Brightpath`."""
    return "".join(token.fold for token in tokens(text))


def at_sentence_start(text: str, position: int) -> bool:
    """Whether a capital at `position` may be there only because a sentence begins."""
    before = text[:position].rstrip(" \t\r\n\"“”'’)(")
    return not before or (before[-1] in ".?!…:" and not _ABBREVIATION.search(before[-5:]))


def is_capitalised(word: str) -> bool:
    """Whether the word begins with an upper-case letter."""
    return word[:1].isupper()


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """`[start, end)` without spaces, punctuation and a possessive 's at its ends; empty when nothing is left."""
    while start < end and not text[start].isalnum():
        start += 1
    while end > start:
        tail = text[start:end]
        if possessive := re.search(r"[’'ʼ][sS]$", tail):
            end = start + possessive.start()
        elif not tail[-1].isalnum() and not (tail[-1] == ")" and "(" in tail):
            end -= 1
        else:
            break
    return start, end
