"""A text in two scripts as the English grammars may read it: as long as before, without its Chinese characters.

Every Chinese character becomes a semicolon, so that no phrase runs over it and all offsets stay right. Digits in
Chinese characters become digits where at least three stand together, and full-width letters ordinary ones.
"""

import re
import unicodedata

from transcribe.redaction.chinese_words import has_han, is_han
from transcribe.redaction.spoken import is_dictated

DIGITS = dict(zip("零〇○一二三四五六七八九兩两幺壹貳贰叁參肆伍陸陆柒捌玖", "000123456789221122334566789", strict=True))
"""Digits as they are read out one by one."""
_DIGIT = "[" + "".join(DIGITS) + r"\d]"
PAUSE = r"(?:[\s,，、。.\-–—…]|呃|嗯|即[係系]|[係系]|er+m?|um+|uh+){0,4}"
"""What a speaker puts between two digits."""
DIGIT_RUN = re.compile(rf"{_DIGIT}(?:{PAUSE}{_DIGIT}){{2,}}", re.IGNORECASE)
_ASIDE = frozenset("係系是呃嗯喇啦呀啊嗎吗")
"""What is said with digits and is none of them."""
_DOT = re.compile(r"(?<=[A-Za-z0-9])(\s*)[點点](\s*)(?=[A-Za-z0-9])")


def latin_view(text: str) -> str:
    """`text` without Chinese characters, of the same length in code points; a text without any is returned as it is."""
    if not has_han(text):
        return text
    characters = list(text)
    for run in DIGIT_RUN.finditer(text):
        for position in range(run.start(), run.end()):
            characters[position] = DIGITS.get(text[position], characters[position])
    for dot in _DOT.finditer(text):
        characters[dot.start() + len(dot.group(1))] = "."  # `gmail 點 com`
    return "".join(_plain(character) for character in characters)


def _plain(character: str) -> str:
    if is_han(character):
        return ";"
    wide = unicodedata.normalize("NFKC", character) if "\uff01" <= character <= "\uff5e" else character
    return wide if len(wide) == 1 else character


def digits_in(text: str) -> str:
    """The digits of a text, those in Chinese characters too, as 0-9."""
    plain = (DIGITS.get(character, character) for character in text)
    return "".join(character for character in plain if character.isascii() and character.isdigit())


def is_dictated_in(text: str) -> bool:
    """Whether an utterance is hardly more than digits, in whichever script."""
    if not has_han(text):
        return is_dictated(text)
    said = [character for character in text if character.isalnum() and character not in _ASIDE]
    return bool(said) and 2 * len(digits_in(text)) > len(said) and bool(DIGIT_RUN.search(text))
