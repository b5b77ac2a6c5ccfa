"""The words of the clean rendering: without fillers, stutters and cut-off beginnings; nothing else is left out.

Whatever may carry meaning stays: negations, numbers, emphasis (`no, no`, `very, very`), `you know`, `like`, `I mean`,
`mm-hmm`, `uh uh` (no), discourse particles, names (`Um Kulthum`, `Ah Keung`). Only what stands in the lists below goes,
and only where it can be nothing else, for where in doubt a word stays: `um` is a word of German and Portuguese, 呃 a
verb of Cantonese. Source: Dresing and Pehl, Manual (Audio)Transkription, 2018
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

_PRONOUNS = word_set("i we he she they")
_REPEATED = _PRONOUNS | word_set(
    "a an the and but or if because i'm i've i'd i'll we're we've he's she's they're they've"
)
"""Words that no English sentence has twice in a row, but for where one of `_NOT_AFTER` stands before them."""
_JOINS = word_set("""
    and or nor either neither except only even between than as like but not just is was are were be do does did can
    could shall will would may might must should have has had
    """)
_LETTERED = word_set("""
    vitamin grade plan type group hepatitis influenza class level section option part team ward block letter question
    answer point schedule model form appendix stage phase war chapter act axis bipolar step unit room flat floor version
    """)
"""Nouns behind which `a` and `I` may be a letter or a number."""
_NOT_AFTER = {
    **dict.fromkeys(_PRONOUNS, _JOINS),
    "i": _JOINS | _LETTERED,
    "a": _LETTERED,
    "but": word_set("""
        anything nothing everything all any none anyone anybody nobody everyone everybody one who what how last next
        """),
    "or": word_set("either and"),
    "if": word_set("as what only even"),
}
"""Words by whose first telling a phrase ends: `you and I, I think`, `anything but, but`, `vitamin a, a lot`."""
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

_HE = re.compile(r"he(?![\w'’])(?:\s|[,…-](?=[\s,…-]*he(?![\w'’])))*", re.IGNORECASE)
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
    left, right = _beside(text, token)
    if token.text[0].isupper() and (not _starts_sentence(text, token) or right[:1].isalnum() or right[:1] == "["):
        return False  # `Um Kulthum`, `Er jie`
    if len(token.text) > 1 and token.text.isupper():
        return False  # `ER`, `UM`: a ward, a university
    if left[-1:] and left[-1:] in OPENING and right.lstrip(COMMAS + ENDS)[:1] in _CLOSING:
        return False  # `he said "um" a lot`
    if _is_half(text, tokens, number) or _is_mentioned(text, tokens, number):
        return False
    before = tokens[number - 1].core if number else ""
    if _FILLER.fullmatch(token.core):
        return not (before[-1:].isdecimal() and left[-1].isdecimal())  # `10 um`
    is_measure = before[-1:].isdecimal() or before in _NUMBERS  # `10 mm`
    follows = _LISTENING.fullmatch(before) or _FILLER.fullmatch(before)
    return _stands_alone(text, token) and _is_within(text, token) and not is_measure and not follows


def _is_half(text: str, tokens: Sequence[_Token], number: int) -> bool:
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


def _is_mentioned(text: str, tokens: Sequence[_Token], number: int) -> bool:
    """Whether a filler may be what is spoken of: `the word um`, `I say um and uh`."""
    for step in (-1, 1):
        if 0 <= number + 2 * step < len(tokens):
            first, joined, last = sorted((tokens[number], tokens[number + step], tokens[number + 2 * step]))
            other = last if step > 0 else first
            between = text[first.end : joined.start] + text[joined.end : last.start]
            if joined.core in _AND and _ANY_FILLER.fullmatch(other.core) and not between.strip():
                return True
    if not number:
        return False
    before = tokens[number - 1]
    between = text[before.end : tokens[number].start]
    if _ANY_FILLER.fullmatch(before.core):
        return not between.strip(" " + COMMAS) and _is_mentioned(text, tokens, number - 1)
    return (before.core in _MENTIONS or before.core[-1:] in tuple(_HAN_MENTIONS)) and not between.strip(" :" + OPENING)


def _beside(text: str, token: _Token) -> tuple[str, str]:
    """What stands near a word on both sides, without the spaces next to it."""
    return text[max(token.start - _NEAR, 0) : token.start].rstrip(), text[token.end : token.end + _NEAR].lstrip()


def _stands_alone(text: str, token: _Token) -> bool:
    """Whether signs, or one end of the text, part a word from others: 呃 in 佢呃我 means to deceive."""
    left, right = (side for side in _beside(text, token))
    signs = COMMAS + DASHES + ENDS
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
    if len(token.core) == 1 and token.text[0].isupper() and token.core != "i":
        return False  # `an A- and a B`
    if word.core in _NEGATIONS and token.core in _STUTTERED:
        return False  # `I can- can't`
    if word.core.startswith(f"{token.core}-"):
        return False  # `great- great-grandmother`
    return token.core != word.core or word.core in _STUTTERED


def _is_repetition(text: str, token: _Token, word: _Token, before: str) -> bool:
    if token.core != word.core or token.core not in _REPEATED:
        return False
    if before in _NOT_AFTER.get(token.core, ()):
        return False
    if token.core == "he" and _laughs(text, token):
        return False
    is_i = token.core.startswith("i") and token.core != "if"
    small = word.text[0].islower() and (token.text[0].islower() or _starts_sentence(text, token))
    return is_i or small  # not `vitamin A, a good one`


def _laughs(text: str, token: _Token) -> bool:
    """Whether `he he` is no beginning of what somebody did: `he he went` is."""
    end = token.start
    while found := _HE.match(text, end):
        end = found.end()
    return not (text[end - 1].isspace() and (text[end : end + 1].isalnum() or text[end : end + 1] == "["))


def _last_part(token: _Token) -> int:
    """Where the word begins in a stutter that is written as one (`I-I`, `th-the`, `w-w-well`); 0 for anything else."""
    *first, last = token.core.split("-")
    if last == "he" or (last == "a" and "A" in token.text):
        return 0  # a laugh, `an A-A meeting`
    if not first or not all(part and last.startswith(part) for part in first):
        return 0
    whole = all(part == last for part in first) and last in _REPEATED
    begun = last in _STUTTERED and all(part != last and (len(part) == 1 or part not in _STUTTERED) for part in first)
    letters = len(first) > 1 and len(last) > 1 and all(len(part) == 1 for part in first)
    if not (whole or begun or letters):
        return 0
    return token.start + token.text.rstrip(DASHES).rindex("-") + 1
