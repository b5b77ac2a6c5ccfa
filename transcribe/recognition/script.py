"""Cantonese in traditional characters: Whisper writes it in simplified ones now and then. Free of torch.

Characters are exchanged one for one (Hong Kong forms, OpenCC's dictionaries) and no word becomes another word, so that
every offset stays right. What is traditional already is left as it is: many simplified characters are traditional ones
of another meaning (后, 干, 里), and OpenCC alone would turn 干預 into 幹預.
"""

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Protocol

CONVERTED = "yue"
"""The one language that is converted; Mandarin (`zh`) stays as the model wrote it."""

_ALWAYS = frozenset("听儿坏虫荐筑愿么几")
"""In Big5's list of common characters, and yet in Cantonese nothing but the simplified form of another one."""

_BY_PHRASE = "系"
"""係 where a phrase of the dictionary says so (我系, but not 系統), in whatever script the rest is."""

_NEVER = frozenset("晒涌仆岳")
"""食晒, 葵涌, 仆街: Cantonese words of their own, where a dictionary of Mandarin sees 曬, 湧, 僕."""

_IN_WORDS = re.compile(
    r"(?<=[抑忧憂])郁|郁(?=[闷悶结結])|(?<=[多其剩业業之])余|余(?=[下额額])|(?<=[规規模示防典])范|范(?=[围圍例畴疇])"
)
_ONLY_IN_WORDS = frozenset("郁余范")
"""Else 郁 is "to move", 余 and 范 are family names."""

_COMMON_IN_BIG5 = b"\xc6\x7f"
"""Big5 has its 5,401 common traditional characters below this code."""


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


def in_script(text: str, language: str) -> str:
    """`text` in traditional characters if `language` is Cantonese, else as it is; as many code points as before."""
    if language != CONVERTED or text.isascii():
        return text
    plain = _converter("t2s").convert(text)
    found = _converter("s2hk").convert(plain)
    if not len(text) == len(plain) == len(found):  # no entry of the dictionaries does that today
        found = "".join(map(_alone, text))
    simplified = sum(map(_is_simplified, text))
    traditional = sum(_converter("t2s").convert(character) != character for character in text)
    sure = _is_simplified if simplified <= traditional else _may_be_simplified
    whole_words = {match.start() for match in _IN_WORDS.finditer(text)}
    return "".join(
        new if old == _BY_PHRASE or (sure(old) and (old not in _ONLY_IN_WORDS or i in whole_words)) else old
        for i, (old, new) in enumerate(zip(text, found, strict=True))
    )


def words_in_script(words: Sequence[str], language: str) -> list[str]:
    """The words of one segment, each converted within the segment: a word of one character has no context alone."""
    text = in_script("".join(words), language)
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    return [text[start:end] for start, end in pairwise(ends)]


@cache
def _converter(config: str) -> _Converter:
    import opencc

    converter: _Converter = opencc.OpenCC(config)
    return converter


@cache
def _alone(character: str) -> str:
    found = _converter("s2hk").convert(character)
    return found if len(found) == 1 else character


@cache
def _may_be_simplified(character: str) -> bool:
    """Whether it is the simplified form of another one; it may be a traditional one, too."""
    if character.isascii() or character in _NEVER:
        return False
    return _alone(character) != character and _converter("t2s").convert(character) == character


@cache
def _is_simplified(character: str) -> bool:
    """Whether nobody who writes traditional characters would mean it as it stands."""
    if not _may_be_simplified(character):
        return False
    if character in _ALWAYS:
        return True
    try:
        return character.encode("big5") > _COMMON_IN_BIG5
    except UnicodeEncodeError:
        return True
