"""Chinese words: simplified characters one for one, a dictionary with frequencies, and what only Cantonese says.

The dictionary is the one in the jieba package (MIT), read directly: jieba's own loader would read a cache from the
shared temporary folder. OpenCC (Apache-2.0) makes characters simplified. Both work from files in their packages.
"""

import importlib.metadata
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from transcribe.errors import DependencyError
from transcribe.redaction.cantonese import CANTONESE_WORDS, FAMILY, PARTICLES
from transcribe.redaction.chinese_surnames import DOUBLE_SURNAMES, GIVEN, SURNAMES

_PARTICLE_COUNT = 60_000
_WORD_COUNT = 4_000
"""What a Cantonese particle and word count for, beside the dictionary's counts of written Chinese (60 million)."""
_GIVEN_COUNT = 40
"""What a listed character of given names counts for, beside those in the dictionary's names."""
_NAME_TAGS = ("nr", "nrfg", "nrt")
_LONGEST = 8


def is_han(character: str) -> bool:
    """Whether a character is a Chinese one: unified ideographs with extensions, compatibility ones, 々 and 〇."""
    code = ord(character)
    return (
        0x4E00 <= code <= 0x9FFF
        or 0x3400 <= code <= 0x4DBF
        or 0x20000 <= code <= 0x3FFFF
        or 0xF900 <= code <= 0xFAFF
        or code in (0x3005, 0x3007)
    )


def has_han(text: str) -> bool:
    """Whether a text holds a Chinese character."""
    return not text.isascii() and any(map(is_han, text))


@cache
def _converter() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=65536)
def _simple(character: str) -> str:
    plain: str = _converter().convert(character)
    return plain if len(plain) == 1 else character


@lru_cache(maxsize=4096)
def simplified(text: str) -> str:
    """`text` with simplified characters, as many code points as before, so that offsets stay right.

    OpenCC chooses by phrase where it can; a phrase that would change its length is converted by characters.
    """
    if not has_han(text):
        return text
    plain: str = _converter().convert(text)
    return plain if len(plain) == len(text) else "".join(_simple(c) if is_han(c) else c for c in text)


@dataclass(frozen=True, slots=True)
class Dictionary:
    """Counts of words in simplified characters, and how likely a character is in a given name.

    `words` has no names of people. `names` are those of the dictionary, transliterated ones too. `surnames` and `given`
    are log probabilities; `given` by position: first of two, second of two, only one.
    """

    words: Mapping[str, float]
    tags: Mapping[str, str]
    names: frozenset[str]
    surnames: Mapping[str, float]
    given: tuple[Mapping[str, float], Mapping[str, float], Mapping[str, float]]
    unseen: float

    def cost(self, word: str) -> float | None:
        """Negative log probability of a word; None when it is none. Every single character is a word."""
        known = self.words.get(word)
        return known if known is not None else (self.unseen if len(word) == 1 else None)


def _dictionary_file() -> Path:
    """jieba's dictionary, found without running jieba. Raises `DependencyError` when the package is not installed."""
    package = find_spec("jieba")
    if package is None or package.origin is None:
        raise DependencyError("the package jieba is missing: install transcribe again")
    return Path(package.origin).parent / "dict.txt"


@cache
def dictionary() -> Dictionary:
    """The dictionary, read once (about a second)."""
    counts: dict[str, float] = {}
    tags: dict[str, str] = {}
    names: set[str] = set()
    surname_counts: dict[str, float] = defaultdict(lambda: 1.0)
    given_counts: list[dict[str, float]] = [defaultdict(float) for _ in range(3)]
    for line in _dictionary_file().read_text(encoding="utf-8").splitlines():
        word, count, tag = line.split(" ")
        tags[word] = tag
        surname = next((s for s in (word[:2], word[:1]) if s in DOUBLE_SURNAMES or s in SURNAMES), "")
        rest = word[len(surname) :]
        if tag in _NAME_TAGS and surname and len(rest) in (1, 2):
            surname_counts[surname] += 1
            for position, character in enumerate(rest if len(rest) == 2 else ()):
                given_counts[position][character] += 1
            if len(rest) == 1:
                given_counts[2][rest] += 1
            if len(rest) == 2 or tag != "nr":
                names.add(word)
                continue
        elif tag in ("nrt", "nrfg") and len(word) > 1:
            names.add(word)
            continue
        if len(word) <= _LONGEST:
            counts[word] = float(count)
    for words, least in ((PARTICLES, _PARTICLE_COUNT), (CANTONESE_WORDS | FAMILY, _WORD_COUNT)):
        for word in words:
            plain = simplified(word)
            counts[plain] = max(counts.get(plain, 0.0), float(least))
            names.discard(plain)
    for character in set(simplified(GIVEN)):
        for shares in given_counts:
            shares[character] += _GIVEN_COUNT
    total = sum(counts.values())
    return Dictionary(
        words={word: -math.log(max(count, 1.0) / total) for word, count in counts.items()},
        tags=tags,
        names=frozenset(names),
        surnames=_log_shares({s: surname_counts[s] for s in (*SURNAMES, *DOUBLE_SURNAMES)}),
        given=(_log_shares(given_counts[0]), _log_shares(given_counts[1]), _log_shares(given_counts[2])),
        unseen=-math.log(1.0 / total),
    )


def _log_shares(counts: Mapping[str, float]) -> dict[str, float]:
    total = sum(counts.values())
    return {key: math.log(count / total) for key, count in counts.items() if count}


def dictionary_version() -> str:
    """Versions of the packages that the dictionary comes from, for the detector's fingerprint."""
    return " ".join(f"{name}={importlib.metadata.version(name)}" for name in ("jieba", "opencc"))
