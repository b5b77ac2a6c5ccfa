"""What a mark keeps of what was said in Chinese: the number of an age, the region of a place."""

import csv
import re
from collections.abc import Mapping
from functools import cache

from transcribe.redaction.chinese_words import has_han, simplified
from transcribe.redaction.lexicon import data_lines

_ONES = {"零": 0, "〇": 0, "一": 1, "二": 2, "兩": 2, "两": 2} | {c: n for n, c in enumerate("三四五六七八九", 3)}
_TENS = {"廿": 2, "卅": 3}
_NUMBER = re.compile(rf"[{''.join(_ONES)}十廿卅百]+")
_REGION = {"Islands": "New Territories", "mainland China": "Mainland China"}
"""The region as the English list writes it; the outlying islands are too few people for a band of their own."""
_SHORTEST = 2


def with_digits(text: str) -> str:
    """`text` with digits for its Chinese numbers below 200: `四十二歲` is `42歲`; of a text without any, the same."""
    return _NUMBER.sub(lambda match: str(_value(match.group())), text) if has_han(text) else text


def _value(number: str) -> int:
    hundreds, _, rest = number.rpartition("百")
    value = 100 * (_ONES.get(hundreds[-1:], 1)) if _ else 0
    for sign, tens in _TENS.items():
        rest = rest.replace(sign, f"{'零一二三'[tens]}十")
    before, ten, after = rest.rpartition("十")
    if ten:
        value += 10 * _ONES.get(before[-1:], 1)
        return value + _ONES.get(after[:1], 0)
    return value + int("".join(str(_ONES[c]) for c in rest) or "0")  # `四二`, read out digit by digit


@cache
def _regions() -> Mapping[str, str]:
    rows = csv.DictReader(data_lines("places_chinese.csv"))
    return {simplified(row["name"]): _REGION.get(row["region"], row["region"]) for row in rows}


def chinese_region(surface: str) -> str:
    """The region of a place in Chinese characters: its own, or that of the listed place it begins with (`沙田區`)."""
    if not has_han(surface):
        return ""
    plain, known = simplified(surface), _regions()
    return next((known[plain[:end]] for end in range(len(plain), _SHORTEST - 1, -1) if plain[:end] in known), "")
