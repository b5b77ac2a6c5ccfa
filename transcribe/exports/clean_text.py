"""The words of the clean rendering: without fillers, stutters and cut-off beginnings; nothing else is left out.

Whatever may carry meaning stays: negations, numbers, emphasis (`no, no`, `very, very`), `you know`, `like`, `I mean`,
`mm-hmm`, `uh uh` (no), discourse particles, names (`Um Kulthum`, `Ah Keung`). Only what stands in the lists below goes,
and only where it can be nothing else, for where in doubt a word stays: `um` is a word of German and Portuguese, 呃 a
verb of Cantonese. Source: Dresing and Pehl, Manual (Audio)Transkription, 2018 (simple rules: stutters smoothed, half
sentences kept).
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from transcribe.exports.fillers import LATIN_FILLERS, NUMBERS, Token, is_filler, starts_sentence
from transcribe.exports.gaps import DASHES, Kept, without
from transcribe.redaction.tokens import word_set

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{_HAN}]+|(?:(?![{_HAN}])[^\W_])+(?:['’-](?:(?![{_HAN}])[^\W_])+)*[-–—]?")

_WITH_FILLERS = ("en", "yue", "zh")
"""Languages in which `um` and the like are fillers: English, and Chinese, into which they are mixed."""
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
"""Words that may end a phrase behind one of these: `you and I, I think`, `anything but, but`, `vitamin a, a lot`."""
_STUTTERED = _REPEATED | word_set("""
    it it's that that's there there's so well you your my his her our their this these those then when where what who
    how why with was were is are have had has do did does can could would should will to in on of for from yeah
    """)
"""Words of which `th-the` is a stutter and `t-test` is none."""

_NEGATIONS = word_set("""
    no not nor none never nothing nobody nowhere neither without don't doesn't didn't won't can't cannot couldn't
    shouldn't wouldn't isn't aren't wasn't weren't hasn't haven't hadn't ain't dont cant wont
    """)
_COUNTS = _NEGATIONS | NUMBERS
"""Never taken for the beginning of another word."""

_HE = re.compile(r"he(?![\w'’])(?:\s|[,…-](?=[\s,…-]*he(?![\w'’])))*", re.IGNORECASE)
_LONGEST_LAUGH = 8
_BETWEEN = re.compile(r"[\s,，、…–—-]*|\s*\.{2,}\s*")
"""What may stand between a stutter and its word: no end of a sentence."""
_LETTER = rf"[^\W_{_HAN}]"
_PERHAPS = re.compile(
    rf"(?<!{_LETTER})(?:{LATIN_FILLERS})(?!{_LETTER})|[呃嗯-]|"
    r"(?<![\w'’])([\w'’]+)\W+\1(?![\w'’])",
    re.IGNORECASE,
)
"""Without any of these there is nothing to leave out: most utterances need no closer look."""


def kept(text: str, marks: Sequence[tuple[int, int]], language: str) -> Kept:
    """The text without what the clean rendering leaves out; `marks` (half-open spans, code points) are not touched.

    An utterance that would have no word left stays as it is: it was an answer, or shows that somebody listens.
    """
    whole = Kept(text, range(len(text)))
    if language not in _WITH_FILLERS or not _PERHAPS.search(text):
        return whole
    tokens = _tokens(text, marks)
    fillers = {n for n in range(len(tokens)) if is_filler(text, tokens, n)}
    said = [token for n, token in enumerate(tokens) if n not in fillers]
    if not said and not marks:
        return whole
    gone = {tokens[n].start: tokens[n].end for n in fillers}
    stutters = _repeated(text, said, gone)
    stutters |= {token.start: end for token in said if token.start not in stutters if (end := _last_part(token))}
    return without(text, gone, stutters, {place for a, b in marks for place in range(a, b)})


def _tokens(text: str, marks: Sequence[tuple[int, int]]) -> list[Token]:
    """The words beside the marks; a stretch of Chinese is one."""
    tokens = []
    ends = [0, *(end for _, end in marks)]
    begins = [*(start for start, _ in marks), len(text)]
    for start, end in zip(ends, begins, strict=True):
        for found in _TOKEN.finditer(text, start, end):
            core = found[0].casefold().replace("’", "'").rstrip(DASHES)
            tokens.append(Token(found.start(), found.end(), found[0], core))
    return tokens


def _repeated(text: str, said: Sequence[Token], gone: Mapping[int, int]) -> dict[int, int]:
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


def _is_cut_off(token: Token, word: Token) -> bool:
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


def _is_repetition(text: str, token: Token, word: Token, before: str) -> bool:
    if token.core != word.core or token.core not in _REPEATED:
        return False
    if before in _NOT_AFTER.get(token.core, ()):
        return False
    if token.core == "he" and _laughs(text, token):
        return False
    is_i = token.core.startswith("i") and token.core != "if"
    small = word.text[0].islower() and (token.text[0].islower() or starts_sentence(text, token))
    return is_i or small  # not `vitamin A, a good one`


def _laughs(text: str, token: Token) -> bool:
    """Whether `he he` is no beginning of what somebody did: `he he went` is."""
    end = token.start
    for _ in range(_LONGEST_LAUGH):
        found = _HE.match(text, end)
        if not found:
            break
        end = found.end()
    return not (text[end - 1].isspace() and (text[end : end + 1].isalnum() or text[end : end + 1] == "["))


def _last_part(token: Token) -> int:
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
