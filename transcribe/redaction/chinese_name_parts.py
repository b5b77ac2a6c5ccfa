"""Parts of Chinese names: what may be searched alone, and the words of speech that are none."""

from collections.abc import Sequence
from functools import cache

from transcribe.redaction.cantonese import CANTONESE_WORDS, FAMILY, PARTICLES
from transcribe.redaction.chinese_words import dictionary, simplified

TITLES_AFTER = tuple(
    sorted(
        simplified("""
        先生 小姐 太太 女士 醫生 醫師 大夫 姑娘 護士 老師 教授 博士 律師 牧師 神父 修女 傳道 師傅 校長 主任 經理 督導 老闆
        阿姨 師奶 師母 伯母 伯父 同學 治療師 社工
        """).split()
    )
)


@cache
def stops() -> frozenset[str]:
    """Characters that no nickname begins with: particles, pronouns, numbers."""
    return frozenset(simplified(word) for word in PARTICLES if len(word) == 1)


@cache
def family() -> frozenset[str]:
    return frozenset(simplified(word) for word in FAMILY)


@cache
def spoken() -> frozenset[str]:
    return frozenset(simplified(word) for word in CANTONESE_WORDS)


def given_parts(names: Sequence[str]) -> frozenset[str]:
    """Given names of two characters out of full names: said alone, they mean the same person."""
    result = set()
    for name in names:
        plain = simplified(name)
        given = plain[1:]
        if len(plain) == 3 and plain[0] in dictionary().surnames and is_name_like(given):
            result.add(given)
    return frozenset(result)


def is_name_like(name: str) -> bool:
    """Whether a name in Chinese characters is no ordinary word, so that it may be searched wherever it stands."""
    plain = simplified(name)
    if len(plain) < 2 or plain in family() or plain in spoken() or plain in TITLES_AFTER:
        return False
    return plain not in dictionary().words
