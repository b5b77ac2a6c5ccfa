"""The words of the clean rendering: without fillers, stutters and cut-off beginnings; nothing else is left out.

Whatever may carry meaning stays: negations, numbers, emphasis (`no, no`, `very, very`), `you know`, `like`, `I mean`,
`mm-hmm`, discourse particles. Only what stands in the lists below goes, and only where it can be nothing else: `um` is
a word of German and Portuguese, 呃 a verb of Cantonese. Source: Dresing and Pehl, Manual (Audio)Transkription, 2018
(simple rules: stutters smoothed, half sentences kept).
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from transcribe.exports.gaps import COMMAS, DASHES, ENDS, OPENING, Kept, without
from transcribe.redaction.tokens import word_set

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_HAN}]+|(?:(?![{_HAN}])[^\W_])+(?:['’-](?:(?![{_HAN}])[^\W_])+)*[-–—]?")

_WITH_FILLERS = ("en", "yue", "zh")
"""Languages in which `um` and the like are fillers: English, and Chinese, into which they are mixed."""
_FILLER = re.compile(r"u+h*m+|u+h+|er|er+m+")
_FILLER_WITHIN = re.compile(r"a+h+|h+m+|m{2,}")
"""Fillers inside a sentence only: alone or at its beginning they may be an answer, or mean `I see`."""
_HAN_FILLER = re.compile("呃+")
_HAN_FILLER_WITHIN = re.compile("嗯+")
_LISTENING = re.compile(r"huh|hum|oh|h*m+|a?ha")
"""With one of these beside it, `uh` or `mm` is half of `uh huh`, `mm hmm`."""

_PRONOUNS = word_set("i we he she they")
_REPEATED = _PRONOUNS | word_set(
    "a an the and but or if because i'm i've i'd i'll we're we've he's she's they're they've"
)
"""Words that no English sentence has twice in a row; pronouns but for where one of `_JOINS` stands before them."""
_JOINS = word_set("""
    and or than as like but not just is was are were be do does did can could shall will would may might must should
    have has had
    """)
_STUTTERED = _REPEATED | word_set("""
    it it's that that's there there's so well you your my his her our their this these those then when where what who
    how why with was were is are have had has do did does can could would should will to in on of for from yeah
    """)
"""Words of which `th-the` is a stutter and `t-test` is none."""

_NEGATIONS = word_set("""
    no not nor none never nothing nobody nowhere neither without don't doesn't didn't won't can't cannot couldn't
    shouldn't wouldn't isn't aren't wasn't weren't hasn't haven't hadn't ain't dont cant wont
    """)
_NUMBERS = word_set("""
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand
    """)
_COUNTS = _NEGATIONS | _NUMBERS
"""Never taken for the beginning of another word."""

_CLOSING = "\"'”’»」』)）"
_BETWEEN = re.compile(r"[\s,，、…–—-]*|\s*\.{2,}\s*")
"""What may stand between a stutter and its word: no end of a sentence."""
_ANY_FILLER = re.compile("|".join(kind.pattern for kind in (_FILLER, _FILLER_WITHIN, _HAN_FILLER, _HAN_FILLER_WITHIN)))
_LETTER = rf"[^\W_{_HAN}]"
_PERHAPS = re.compile(
    rf"(?<!{_LETTER})(?:{_FILLER.pattern}|{_FILLER_WITHIN.pattern})(?!{_LETTER})|[呃嗯-]|"
    r"(?<![\w'’])([\w'’]+)\W+\1(?![\w'’])",
    re.IGNORECASE,
)
"""Without any of these there is nothing to leave out: most utterances need no closer look."""
_NEAR = 24
"""Code points looked at beside a word."""


class _Token(NamedTuple):
    """A word; `core` is it in small letters, without the hyphen of a cut-off."""

    start: int
    end: int
    text: str
    core: str


def kept(text: str, marks: Sequence[tuple[int, int]], language: str) -> Kept:
    """The text without what the clean rendering leaves out; `marks` (half-open spans, code points) are not touched.

    An utterance that would have no word left stays as it is: it was an answer, or shows that somebody listens.
    """
    whole = Kept(text, range(len(text)))
    if language not in _WITH_FILLERS or not _PERHAPS.search(text):
        return whole
    tokens = _tokens(text, marks)
    fillers = {n for n in range(len(tokens)) if _is_filler(text, tokens, n)}
    said = [token for n, token in enumerate(tokens) if n not in fillers]
    if not said and not marks:
        return whole
    gone = {tokens[n].start: tokens[n].end for n in fillers}
    stutters = _repeated(text, said, gone)
    stutters |= {token.start: end for token in said if token.start not in stutters if (end := _last_part(token))}
    return without(text, gone, stutters, {place for a, b in marks for place in range(a, b)})


def _tokens(text: str, marks: Sequence[tuple[int, int]]) -> list[_Token]:
    """The words beside the marks; a stretch of Chinese is one."""
    tokens = []
    ends = [0, *(end for _, end in marks)]
    begins = [*(start for start, _ in marks), len(text)]
    for start, end in zip(ends, begins, strict=True):
        for found in _TOKEN.finditer(text, start, end):
            core = found[0].casefold().replace("’", "'").rstrip(DASHES)
            tokens.append(_Token(found.start(), found.end(), found[0], core))
    return tokens


def _is_filler(text: str, tokens: Sequence[_Token], number: int) -> bool:
    token = tokens[number]
    if not _ANY_FILLER.fullmatch(token.core):
        return False
    if _HAN_FILLER.fullmatch(token.core):
        return _stands_alone(text, token)
    if _HAN_FILLER_WITHIN.fullmatch(token.core):
        return _stands_alone(text, token) and _is_within(text, token)
    always, within = _FILLER.fullmatch(token.core), _FILLER_WITHIN.fullmatch(token.core)
    if not (always or within) or (token.text[0].isupper() and not _starts_sentence(text, token)):
        return False
    if len(token.text) > 1 and token.text.isupper():
        return False  # `ER`, `UM`: a ward, a university
    left, right = _beside(text, token)
    if left[-1:] and left[-1:] in OPENING and right.lstrip(COMMAS + ENDS)[:1] in _CLOSING:
        return False  # `he said "um" a lot`
    before = tokens[number - 1] if number else None
    after = tokens[number + 1] if number + 1 < len(tokens) else None
    if after and _LISTENING.fullmatch(after.core) and not text[token.end : after.start].strip(" -"):
        return False
    if always:
        return True
    measure = before is not None and (before.core[-1:].isdecimal() or before.core in _NUMBERS)  # `10 mm`
    follows = before is not None and (_LISTENING.fullmatch(before.core) or _FILLER.fullmatch(before.core))
    return _is_within(text, token) and not measure and not follows


def _beside(text: str, token: _Token) -> tuple[str, str]:
    """What stands near a word on both sides, without the spaces next to it."""
    return text[max(token.start - _NEAR, 0) : token.start].rstrip(), text[token.end : token.end + _NEAR].lstrip()


def _stands_alone(text: str, token: _Token) -> bool:
    """Whether signs, or one end of the text, part a Chinese word from others: 呃 in 佢呃我 means to deceive."""
    left, right = (side for side in _beside(text, token))
    signs = COMMAS + ENDS
    return bool(left or right) and (not left or left[-1] in signs) and (not right or right[0] in signs)


def _starts_sentence(text: str, token: _Token) -> bool:
    before = _beside(text, token)[0].rstrip(" " + OPENING)
    return not before or before[-1] in ENDS


def _is_within(text: str, token: _Token) -> bool:
    """Whether words of the same sentence stand on both sides."""
    left, right = _beside(text, token)
    left, right = left.rstrip(" " + COMMAS + DASHES), right.lstrip(" " + COMMAS + DASHES)
    return bool(left) and bool(right) and left[-1] not in ENDS + OPENING and right[0] not in ENDS


def _repeated(text: str, said: Sequence[_Token], gone: Mapping[int, int]) -> dict[int, int]:
    """Where cut-off beginnings and repeated words start, and where the word itself does."""
    found: dict[int, int] = {}
    for number, (token, word) in enumerate(pairwise(said)):
        if not token.core or not word.core.startswith(token.core):
            continue
        before = said[number - 1].core if number else ""
        if _is_cut_off(token, word) or _is_repetition(text, token, word, before):
            between = text[token.end : word.start]
            for start, end in gone.items() if len(between) > 1 else ():
                if token.end <= start < word.start:
                    between = between.replace(text[start:end], "", 1)
            if _BETWEEN.fullmatch(between):
                found[token.start] = word.start
    return found


def _is_cut_off(token: _Token, word: _Token) -> bool:
    """Whether a word with a hyphen at its end, `wor-`, is the beginning of the next one."""
    if not token.text.endswith("-") or token.core in _COUNTS or token.core.isdecimal():
        return False
    return token.core != word.core or word.core in _STUTTERED


def _is_repetition(text: str, token: _Token, word: _Token, before: str) -> bool:
    if token.core != word.core or token.core not in _REPEATED:
        return False
    if token.core in _PRONOUNS and before in _JOINS:
        return False  # `you and I, I think`
    is_i = token.core.startswith("i") and token.core != "if"
    small = word.text[0].islower() and (token.text[0].islower() or _starts_sentence(text, token))
    return is_i or small  # not `vitamin A, a good one`


def _last_part(token: _Token) -> int:
    """Where the word begins in a stutter that is written as one (`I-I`, `th-the`, `w-w-well`); 0 for anything else."""
    *first, last = token.core.split("-")
    if not first or not all(part and last.startswith(part) for part in first):
        return 0
    whole = all(part == last for part in first) and last in _REPEATED
    begun = last in _STUTTERED and all(part != last and (len(part) == 1 or part not in _STUTTERED) for part in first)
    letters = len(first) > 1 and len(last) > 1 and all(len(part) == 1 for part in first)
    if not (whole or begun or letters):
        return 0
    return token.start + token.text.rstrip(DASHES).rindex("-") + 1
