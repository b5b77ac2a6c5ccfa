"""Numbers as people say them and as Whisper writes them: digits, ages, years, and the shapes of identifiers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from transcribe.redaction.lexicon import is_common
from transcribe.redaction.tokens import word_set

_DIGITS = {
    "zero": "0",
    "nought": "0",
    "naught": "0",
    "aught": "0",
    "nil": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}
_OH = frozenset(("oh", "o"))
_TEENS = {
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
    "thirteen": "13",
    "fourteen": "14",
    "fifteen": "15",
    "sixteen": "16",
    "seventeen": "17",
    "eighteen": "18",
    "nineteen": "19",
}
_TENS = {
    "twenty": "2",
    "thirty": "3",
    "forty": "4",
    "fourty": "4",
    "fifty": "5",
    "sixty": "6",
    "seventy": "7",
    "eighty": "8",
    "ninety": "9",
}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_FILLERS = word_set("""
    uh um er erm uhm ah eh hmm hm mm huh sorry no wait actually let me see i mean dash hyphen space and then oh right
    like you know hang on hold so okay ok yeah yes yep well again think is it's it’s its that's that’s comma slash
    stroke plus scratch rather correction start was check it just second sec moment minute give digit
    """)
"""Words that may stand between the parts of one spoken number: hesitations and repairs (`no sorry`)."""
_HOMOPHONES = frozenset(("to", "too", "for", "won", "ate", "tree", "fife", "niner"))
"""What a recogniser may write for a digit; taken for one between two digits that were said one by one."""
_SKIPPED = _FILLERS | _OH
_BRACKETS = {"bracket": "(", "brackets": "(", "parenthesis": "("}
_PIECE = re.compile(r"\d+|[A-Za-z]+(?:['’][A-Za-z]+)?|[^\sA-Za-z\d]")
_MAX_FILLERS = 5
_GLOSS = re.compile(r"\b([A-Za-z])(,?\s+(?:for|as in|like in|like)\s+(?:an?\s+)?\1[A-Za-z]+)\b", re.IGNORECASE)
"""A letter that a word makes clear: `P for Peter`, `t as in tango`. The word must begin with it."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A piece of a spoken number: `chars` are its digits, letters or `(`; `single` if said or written one by one."""

    chars: str
    start: int
    end: int
    kind: str
    """`digit`, `letter`, `bracket`, `filler`, `comma`, `quantity` or `other`."""
    single: bool = False


def unglossed(text: str) -> str:
    """`text` with spaces for the words that make a letter clear (`P for Peter`), as long as before."""
    if " for " not in text and " in " not in text and " like " not in text:
        return text
    return _GLOSS.sub(lambda m: m.group(1) + " " * len(m.group(2)), text)


def gloss_end(text: str, end: int) -> int:
    """The end of a span that ends with a letter, with the word that makes the letter clear."""
    match = _GLOSS.match(text, end - 1) if end else None
    return match.end() if match else end


@lru_cache(maxsize=4096)
def symbols(text: str) -> tuple[Symbol, ...]:
    """`text` as symbols; number words become digits, `double four` becomes `44`, `eighty two` becomes `82`."""
    plain = unglossed(text)
    pieces = [(m.group(), m.start(), m.end()) for m in _PIECE.finditer(plain)]
    result: list[Symbol] = []
    i = 0
    while i < len(pieces):
        symbol, used = _symbol(plain, pieces, i)
        if plain is not text and symbol.kind == "letter":
            symbol = replace(symbol, end=gloss_end(text, symbol.end))
        result.append(symbol)
        i += used
    return tuple(result)


def _symbol(text: str, pieces: Sequence[tuple[str, int, int]], i: int) -> tuple[Symbol, int]:
    piece, start, end = pieces[i]
    word = piece.casefold()
    following = pieces[i + 1][0].casefold() if i + 1 < len(pieces) else ""
    if piece.isdigit():
        return Symbol(piece, start, end, "digit", len(piece) == 1), 1
    if word in _DIGITS:
        return Symbol(_DIGITS[word], start, end, "digit", True), 1
    if word in _TIMES and (following in _DIGITS or following in _OH or re.fullmatch(r"\d", following)):
        digit = _DIGITS.get(following, following if following.isdigit() else "0")
        return Symbol(digit * _TIMES[word], start, pieces[i + 1][2], "digit", True), 2
    if word in _TIMES and re.fullmatch(r"[a-z]", following) and _is_spelled_at(pieces, i + 1):
        return Symbol(pieces[i + 1][0] * _TIMES[word], start, pieces[i + 1][2], "letter", True), 2
    if word in _TEENS:
        return Symbol(_TEENS[word], start, end, "digit"), 1
    if word in _TENS:
        unit = _DIGITS.get(following, "0")
        if unit != "0" and text[end : pieces[i + 1][1]].strip() == "":
            return Symbol(_TENS[word] + unit, start, pieces[i + 1][2], "digit"), 2
        hyphen = i + 2 < len(pieces) and following in ("-", "‐", "–") and text[end : pieces[i + 2][1]] == following
        if hyphen and _DIGITS.get(pieces[i + 2][0].casefold(), "0") != "0":
            return Symbol(_TENS[word] + _DIGITS[pieces[i + 2][0].casefold()], start, pieces[i + 2][2], "digit"), 3
        return Symbol(_TENS[word] + "0", start, end, "digit"), 1
    if word in _OH and (_is_digit_piece(pieces, i, -1) or _is_digit_piece(pieces, i, 1)):
        return Symbol("0", start, end, "digit", True), 1
    if word in _BRACKETS or piece == "(":
        return Symbol("(", start, end, "bracket"), 1
    return Symbol(piece, start, end, _kind_among(text, pieces, i)), 1


def _kind_among(text: str, pieces: Sequence[tuple[str, int, int]], i: int) -> str:
    """Kind of a piece that says no digit, as the pieces around it tell."""
    piece = pieces[i][0]
    word, following = piece.casefold(), pieces[i + 1][0].casefold() if i + 1 < len(pieces) else ""
    if word in _HOMOPHONES and _is_single(pieces, i - 1) and _is_single(pieces, i + 1):
        return "filler"
    if piece in ("a", "i") and text == text.casefold() and _is_code_letter(pieces, i):
        return "letter"
    if (word in ("in", "open", "left") and following in _BRACKETS) or (piece == "I" and following in ("think", "mean")):
        return "filler"
    return _kind_of_other(piece, word)


def _is_code_letter(pieces: Sequence[tuple[str, int, int]], i: int) -> bool:
    """Whether `a` or `i` in a text without capitals is a letter of a code: before a digit or letter, or at its end."""
    following = pieces[i + 1][0].casefold() if i + 1 < len(pieces) else ""
    spelled = i > 0 and re.fullmatch(r"[b-hj-z]", pieces[i - 1][0]) is not None
    if spelled and not following and pieces[i][0] == "a":
        return True
    if _says_digit(pieces, i + 1) or (pieces[i][0] == "a" and re.fullmatch(r"[b-hj-z]", following)):
        return True
    before = i - 1
    while before >= 0 and pieces[before][0] in ",-":
        before -= 1
    last = not following or not following[0].isalnum() or following in _BRACKETS
    return last and before >= 0 and (_says_digit(pieces, before) or pieces[before][0].casefold() in (*_BRACKETS, "("))


def _is_spelled_at(pieces: Sequence[tuple[str, int, int]], i: int) -> bool:
    """Whether the letter there stands among digits and letters said one by one (`N sixteen eight double B`)."""
    near = [j for j in (i - 2, i + 1) if 0 <= j < len(pieces)]
    return any(_says_digit(pieces, j) or re.fullmatch(r"[A-Za-z]", pieces[j][0]) for j in near)


def _kind_of_other(piece: str, word: str) -> str:
    if word == "ok" or (word in _FILLERS and not re.fullmatch(r"[A-Z]{1,2}", piece)):
        return "filler"
    if re.fullmatch(r"[A-Z]{1,2}|[b-hj-z]", piece) or (re.fullmatch(r"[a-z]{2}", piece) and not is_common(piece)):
        return "letter"
    if word in ("hundred", "thousand", "million", "percent", "dollars", "pounds", "%", "$", "£", ":", "/"):
        return "quantity"
    return "comma" if piece in ",-–—.()#" else "other"


def _is_single(pieces: Sequence[tuple[str, int, int]], i: int) -> bool:
    """Whether the piece there says one digit."""
    word = pieces[i][0].casefold() if 0 <= i < len(pieces) else ""
    return word in _DIGITS or bool(re.fullmatch(r"\d", word))


def _is_digit_piece(pieces: Sequence[tuple[str, int, int]], i: int, step: int) -> bool:
    """Whether the next piece in a direction, commas and hesitations left out, says a digit."""
    i += step
    while 0 <= i < len(pieces) and (pieces[i][0] in ",-." or pieces[i][0].casefold() in _SKIPPED):
        i += step
    return _says_digit(pieces, i)


def _says_digit(pieces: Sequence[tuple[str, int, int]], i: int) -> bool:
    """Whether the piece there says digits, in any way."""
    if not 0 <= i < len(pieces):
        return False
    word = pieces[i][0].casefold()
    return word.isdigit() or word in _DIGITS or word in _TEENS or word in _TENS or word in _TIMES


def runs(all_symbols: Sequence[Symbol], kinds: frozenset[str]) -> list[list[Symbol]]:
    """Stretches of symbols of `kinds`, parted by at most a few fillers and commas; neither begins nor ends with one."""
    result: list[list[Symbol]] = []
    current: list[Symbol] = []
    fillers = 0
    for symbol in all_symbols:
        if symbol.kind in kinds:
            current.append(symbol)
            fillers = 0
        elif symbol.kind == "comma" or (symbol.kind == "filler" and fillers < _MAX_FILLERS):
            fillers += symbol.kind == "filler"
        elif current:
            result.append(current)
            current, fillers = [], 0
    if current:
        result.append(current)
    return result


def is_mostly_number(text: str) -> bool:
    """Whether an utterance says hardly more than digits, one by one or in written groups: `nine one two, yeah`."""
    said = symbols(text)
    digits = sum(len(s.chars) for s in said if s.kind == "digit" and (s.single or is_written_group(s.chars)))
    others = sum(s.kind in ("other", "quantity") and s.chars[0].isalnum() for s in said)
    return digits >= 2 and 3 * others <= digits


def is_written_group(digits: str) -> bool:
    """Whether digits written together are part of a longer number rather than a year or a round amount."""
    if len(digits) < 3 or re.fullmatch(r"(?:19|20)\d\d", digits):
        return False
    return len(digits) > 3 or not digits.endswith("0")  # 150, 300, 450 are doses


def digits_of(text: str) -> str:
    """All digits that `text` says or writes, as one string: the same for `double four` and `44`."""
    return "".join(s.chars for s in symbols(text) if s.kind == "digit")


def spoken_code(text: str) -> str:
    """Digits and letters that `text` spells, upper case: what makes two ways of saying one id equal."""
    return "".join(s.chars.upper() for s in symbols(text) if s.kind in ("digit", "letter"))


def value_of(text: str) -> int | None:
    """The number below 110 that `text` says (`forty-seven`, `47`); None when it does not say one."""
    said = [s for s in symbols(text) if s.kind == "digit"]
    if len(said) != 1 or len(said[0].chars) > 3 or int(said[0].chars) >= 110:
        return None
    return int(said[0].chars)


def year_of(text: str) -> int | None:
    """The year 1900 … 2099 that `text` says: `2019`, `twenty nineteen`, `nineteen oh five`, `two thousand and one`."""
    lowered = text.casefold()
    if match := re.fullmatch(r"two thousand(?: and)?(?: (.+))?", lowered.strip()):
        rest = value_of(match.group(1)) if match.group(1) else 0
        return None if rest is None or rest > 99 else 2000 + rest
    if match := re.fullmatch(r"nineteen hundred(?: and)?(?: (.+))?", lowered.strip()):
        rest = value_of(match.group(1)) if match.group(1) else 0
        return None if rest is None or rest > 99 else 1900 + rest
    digits = digits_of(text)
    return int(digits) if re.fullmatch(r"(?:19|20)\d\d", digits) else None


def hkid_is_valid(code: str) -> bool:
    """Whether `Z6833655` has a valid Hong Kong identity card check digit.

    Letters count 10 … 35, a missing second letter 36, digits themselves; weights 9 … 2, the check digit 1 (`A` is 10);
    the sum is a multiple of 11 (Immigration Department's scheme as commonly published).
    """
    match = re.fullmatch(r"([A-Z]{1,2})(\d{6})([\dA])", code)
    if not match:
        return False
    letters = match.group(1).rjust(2)
    values = [36 if c == " " else ord(c) - 55 for c in letters] + [int(c) for c in match.group(2)]
    check = 10 if match.group(3) == "A" else int(match.group(3))
    return (sum(v * w for v, w in zip(values, range(9, 1, -1), strict=True)) + check) % 11 == 0


def nhs_is_valid(digits: str) -> bool:
    """Whether ten digits are an NHS number: weights 10 … 2, modulus 11 (NHS Data Dictionary)."""
    if not re.fullmatch(r"\d{10}", digits):
        return False
    check = 11 - sum(int(d) * w for d, w in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return check % 11 == int(digits[9]) and check != 10
