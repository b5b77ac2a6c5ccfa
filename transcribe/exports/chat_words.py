"""What was said in an utterance as words of CHAT: signs of the study's conventions become CHAT's, nothing else is code.

CHAT manual, chapters 8 (words), 9 (utterances, terminators) and 10 (scoped symbols); characters with a meaning of
their own are listed in its chapter 8.1.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from transcribe.conventions import OVERLAP_SIGN

MARK_PLACE = "\ue000"
"""What a redaction's mark is in the text that `chat_line` gets: private use, never a word."""

_SIGN = re.compile(
    r"\((?P<seconds>\d{1,3}\.\d)\)|\((?P<dots>\.+)\)"
    r"|\[\?(?P<uncertain>[^\[\]]*)\?\]|\((?P<doubted>[^()]*)\?\)|(?<![^\W_])\((?P<aside>[^()]*)\)(?![^\W_])"
)
SOUND = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,2}")
"""What stands in parentheses for a sound: `laughs`."""
_LONGEST_DOTS = 3
"""More than three dots in parentheses are not CHAT: they are written as seconds, one for each."""
_COMMAS = re.compile(r"\.{2,}|[…，、。！？؟۔،]")
"""Ends of sentences or parts of them, whether or not a space follows."""
_QUESTION, _SHOUT, _TRAILING = "?？؟", "!！", ("…", "...")
_CLOSING = "\"'”’」』)]»›/ "
_OUTER = '"“”‘’.,;:!?()[]{}<>/\\|`'
"""Signs around a word that are no part of it."""
_HYPHENS = re.compile(r"^-+(?!\d)|-+$")
"""Around a word, but for the sign of a number."""
_UNTRANSCRIBED = frozenset(("xxx", "yyy", "www", "xx", "yy"))
_NOT_SPOKEN = (",", "&", "(", "[")
_SAID_SIGNS = frozenset("#$%&+=@")
"""Signs that stand for a word: `Q & A`."""
_FULL_WIDTH = 0xFEE0
"""From an ASCII sign to its full-width form. Digits, too: CHAT would have numbers spelled out, and a leading 0 is an
omitted word.
"""
_FIRST_EMOJI = 0x1F000
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""They choose between the pictures of one emoji, and CHAT does not know them."""
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class Line:
    """The words of a main line, `0` for none, and its terminator."""

    words: str
    terminator: str


def chat_line(text: str, uncertain_in_parentheses: bool) -> Line:
    """A finished utterance, marks as `MARK_PLACE`, as words and terminator of a main line.

    `uncertain_in_parentheses`: the study writes an uncertain word as `(word?)`.
    """
    text = text.replace(OVERLAP_SIGN, "")
    pieces, heard, cursor = [], [], 0
    for sign in _SIGN.finditer(text):
        before = text[cursor : sign.start()]
        written, inner = _sign(sign, uncertain_in_parentheses)
        pieces += [*_words(before), *written]
        heard += [before, inner]
        cursor = sign.end()
    pieces += _words(text[cursor:])
    return Line(" ".join(_without_idle_commas(pieces)) or "0", _terminator("".join([*heard, text[cursor:]])))


def _sign(sign: re.Match[str], uncertain_in_parentheses: bool) -> tuple[list[str], str]:
    """What stands for a sign, and what of it was said."""
    if sign["seconds"]:
        return [f"({sign['seconds']})"], ""
    if sign["dots"]:
        count = len(sign["dots"])
        return [f"({'.' * count})" if count <= _LONGEST_DOTS else f"({count}.0)"], ""
    inner = sign["doubted"] if uncertain_in_parentheses and sign["uncertain"] is None else sign["uncertain"]
    if inner is not None:
        words = [word for word in _words(inner) if word != ","]
        guess = [*words, "[?]"] if len(words) == 1 else [f"<{' '.join(words)}>", "[?]"]
        return (guess if words else []), inner
    aside = sign[0][1:-1]
    return ([f"&={aside.replace(' ', '_')}"], "") if SOUND.fullmatch(aside) else (list(_words(aside)), aside)


def _words(text: str) -> Iterator[str]:
    """The words of a stretch of speech without signs, and a comma where one or the end of a sentence stands."""
    for token in _spaced(_COMMAS.sub(" , ", text)).replace(MARK_PLACE, f" {MARK_PLACE} ").split():
        if token == MARK_PLACE:
            yield "www"
            continue
        core = token.strip(_OUTER)
        if len(core) > 1 and core[0] == core[-1] == "'":
            core = core[1:-1]
        word = _word(core)
        if word:
            yield word
        if set(token[len(token.rstrip(_OUTER)) :]) & set(".,;:!?"):
            yield ","


def _spaced(text: str) -> str:
    """The text with a space for every sign that is neither ASCII nor part of a word: dashes, quotes, symbols."""
    if text.isascii():
        return text
    return "".join(sign if sign.isascii() or _is_part(sign) or sign in "‘’" else " " for sign in text)


def _is_part(sign: str) -> bool:
    """Letters, accents, digits, currencies, emoji, what joins them, and marks' places."""
    category = unicodedata.category(sign)
    if category in ("Co", "Cn") or sign in _SELECTORS:
        return sign == MARK_PLACE
    return category[0] in "LMN" or category == "Sc" or ord(sign) >= _FIRST_EMOJI or sign in _JOINERS


def _word(core: str) -> str:
    """One word as CHAT has it; empty where nothing of it was said."""
    if core.isascii() and core.isalpha() and core.casefold() not in _UNTRANSCRIBED:
        return core
    is_cut_off = core.endswith("-") and core[-2:-1].isalpha()
    core = _HYPHENS.sub("", core)
    if not any(sign.isalnum() or sign in _SAID_SIGNS or ord(sign) >= _FIRST_EMOJI for sign in core):
        return ""
    if core.casefold() in _UNTRANSCRIBED:
        return f"{core}@k"
    signs = [_in_word(core, place) for place in range(len(core))]
    return f"&+{''.join(signs)}" if is_cut_off else "".join(signs)


def _in_word(core: str, place: int) -> str:
    sign = core[place]
    if sign in "‘’":
        return "'"
    beside = core[max(place - 1, 0) : place] + core[place + 1 : place + 2]
    if not sign.isascii() or sign.isalpha() or sign == "'" or (sign == "-" and beside.isalpha()):
        return sign
    return chr(ord(sign) + _FULL_WIDTH)


def _without_idle_commas(words: Iterable[str]) -> list[str]:
    """The words without a comma before the first spoken one, at the end or after another."""
    kept: list[str] = []
    is_begun = False
    for word in words:
        if word != "," or (is_begun and kept[-1] != ","):
            kept.append(word)
        is_begun = is_begun or not (word in _UNTRANSCRIBED or word.startswith(_NOT_SPOKEN) or word.endswith("@k"))
    return kept[:-1] if kept and kept[-1] == "," else kept


def _terminator(said: str) -> str:
    """The end of what was said: a question, an exclamation, trailing off, else a full stop."""
    said = said.rstrip(_CLOSING)
    if said.endswith(_TRAILING):
        return "+..."
    return "?" if said.endswith(tuple(_QUESTION)) else "!" if said.endswith(tuple(_SHOUT)) else "."
