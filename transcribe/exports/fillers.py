"""Which words of a text are fillers and can be nothing else; where in doubt, a word is none."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from transcribe.exports.gaps import COMMAS, DASHES, ENDS, OPENING
from transcribe.redaction.tokens import word_set

_FILLER = re.compile(r"u+h*m+|u+h+|er|er+m+")
_FILLER_WITHIN = re.compile(r"a+h+|h+m+|m{2,}")
"""Fillers inside a sentence only, and between signs: alone or at its beginning they may be an answer, or mean `I see`;
unparted, a name (`ah Keung`), a particle (`cannot ah`), or 唔 in Latin letters (`mm goi`).
"""
_HAN_FILLER = re.compile("呃+")
_HAN_FILLER_WITHIN = re.compile("嗯+")
_LISTENING = re.compile(r"huh|hum|oh|h*m+|a?ha")
"""With one of these behind it, `uh` or `mm` is half of `uh huh`, `mm hmm`."""
_UH = re.compile(r"u+h+")
_UH_HALF = re.compile(r"u+h+|n+[ua]+h+|h+u+h+|u+n+h+|u+h+n+")
"""With one of these on either side, `uh` is half of a word for no: `uh uh`, `nuh uh`, `huh uh`."""

_MENTIONS = word_set("""
    say says said saying word words sound sounds noise noises call calls called calling write writes wrote written type
    typed utter utters uttered pronounce pronounced spell spelled spelt
    """)
_HAN_MENTIONS = "講讲說说話话叫字音"
"""Behind one of these, without a comma, a filler may be what is spoken of: `the word um`."""
_AND = word_set("and or 同 和 跟 或")
_MOST_MENTIONED = 8
"""More fillers in a row nobody names; a recogniser that went wrong does."""

LATIN_FILLERS = f"{_FILLER.pattern}|{_FILLER_WITHIN.pattern}"
NUMBERS = word_set("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand
    """)
_CLOSING = "\"'”’»」』)）"
_ANY_FILLER = re.compile("|".join(kind.pattern for kind in (_FILLER, _FILLER_WITHIN, _HAN_FILLER, _HAN_FILLER_WITHIN)))
_NEAR = 24
"""Code points looked at beside a word."""


class Token(NamedTuple):
    """A word; `core` is it in small letters, without the hyphen of a cut-off."""

    start: int
    end: int
    text: str
    core: str


def is_filler(text: str, tokens: Sequence[Token], number: int) -> bool:
    """Whether the word of this number (from 0) is one; `tokens` are all words of the text, in their order."""
    token = tokens[number]
    if not _ANY_FILLER.fullmatch(token.core):
        return False
    if _HAN_FILLER.fullmatch(token.core):
        return _stands_alone(text, token)
    if _HAN_FILLER_WITHIN.fullmatch(token.core):
        return _stands_alone(text, token) and _is_within(text, token)
    left, right = _beside(text, token)
    if token.text[0].isupper() and (not starts_sentence(text, token) or right[:1].isalnum() or right[:1] == "["):
        return False  # `Um Kulthum`, `Er jie`
    if len(token.text) > 1 and token.text.isupper():
        return False  # `ER`, `UM`: a ward, a university
    if left[-1:] and left[-1:] in OPENING and right.lstrip(COMMAS + ENDS)[:1] in _CLOSING:
        return False  # `he said "um" a lot`
    if _is_half(text, tokens, number) or _is_mentioned(text, tokens, number):
        return False
    before = tokens[number - 1].core if number else ""
    if _FILLER.fullmatch(token.core):
        return not (before[-1:].isdecimal() and left[-1:].isdecimal())  # `10 um`
    is_measure = before[-1:].isdecimal() or before in NUMBERS  # `10 mm`
    follows = _LISTENING.fullmatch(before) or _FILLER.fullmatch(before)
    return _stands_alone(text, token) and _is_within(text, token) and not is_measure and not follows


def _is_half(text: str, tokens: Sequence[Token], number: int) -> bool:
    """Whether the word is half of one that means something: `uh huh` (yes), `uh, uh` (no), `um um`."""
    token = tokens[number]
    for step in (-1, 1):
        if not 0 <= number + step < len(tokens):
            continue
        other = tokens[number + step]
        first, second = (token, other) if step > 0 else (other, token)
        between = text[first.end : second.start]
        if _UH.fullmatch(token.core) and _UH_HALF.fullmatch(other.core) and not any(map(str.isalnum, between)):
            return True
        if other.core == token.core and not between.strip(" -"):
            return True
        if step > 0 and _LISTENING.fullmatch(other.core) and not between.strip(" -" + COMMAS):
            return other.core != "oh" or _UH.fullmatch(token.core) is not None
    return False


def _is_mentioned(text: str, tokens: Sequence[Token], number: int) -> bool:
    """Whether a filler may be what is spoken of: `the word um`, `I say um and uh`, `to say um, er, uh`."""
    for place in range(number, max(number - _MOST_MENTIONED, -1), -1):
        if _is_joined(text, tokens, place):
            return True
        if not place:
            return False
        before = tokens[place - 1]
        between = text[before.end : tokens[place].start]
        if not _ANY_FILLER.fullmatch(before.core):
            names = before.core in _MENTIONS or before.core[-1] in _HAN_MENTIONS
            return names and not between.strip(" :" + OPENING)
        if between.strip(" " + COMMAS):
            return False
    return False


def _is_joined(text: str, tokens: Sequence[Token], number: int) -> bool:
    """Whether `and` joins a filler and another one."""
    for step in (-1, 1):
        if 0 <= number + 2 * step < len(tokens):
            first, joined, last = sorted((tokens[number], tokens[number + step], tokens[number + 2 * step]))
            other = last if step > 0 else first
            between = text[first.end : joined.start] + text[joined.end : last.start]
            if joined.core in _AND and _ANY_FILLER.fullmatch(other.core) and not between.strip():
                return True
    return False


def _beside(text: str, token: Token) -> tuple[str, str]:
    """What stands near a word on both sides, without the spaces next to it."""
    return text[max(token.start - _NEAR, 0) : token.start].rstrip(), text[token.end : token.end + _NEAR].lstrip()


def _stands_alone(text: str, token: Token) -> bool:
    """Whether signs, or one end of the text, part a word from others: 呃 in 佢呃我 means to deceive."""
    left, right = (side for side in _beside(text, token))
    signs = COMMAS + DASHES + ENDS
    return bool(left or right) and (not left or left[-1] in signs) and (not right or right[0] in signs)


def starts_sentence(text: str, token: Token) -> bool:
    """Whether a sentence begins with the word."""
    before = _beside(text, token)[0].rstrip(" " + OPENING)
    return not before or before[-1] in ENDS


def _is_within(text: str, token: Token) -> bool:
    """Whether words of the same sentence stand on both sides."""
    left, right = _beside(text, token)
    left, right = left.rstrip(" " + COMMAS + DASHES), right.lstrip(" " + COMMAS + DASHES)
    return bool(left) and bool(right) and left[-1] not in ENDS + OPENING and right[0] not in ENDS
