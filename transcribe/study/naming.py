"""What the name of a media file tells: pair, role, session, part. Only a proposal, which the lab corrects.

A wrong guess is worse than none, because it may go unnoticed: where a name can be read in two ways, nothing is read.
"""

import itertools
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from transcribe.records import Role
from transcribe.study.codes import ROLES, is_pair

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_TOKEN = re.compile(r"([^\W\d_]+|[0-9]+)")
_DATE = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}([-_. ]?)[01]?[0-9]\1[0-3]?[0-9]|[0-3]?[0-9]([-_. ])[0-3]?[0-9]\2(?:19|20)[0-9]{2})"
    r"(?:[-_. T]+(?:at )?[0-2]?[0-9][-_.:h][0-5][0-9](?:[-_.:][0-5][0-9])?)?(?![0-9])"
)

_SESSION_WORDS = frozenset({"session", "sess", "interview", "visit"})
_PART_WORDS = frozenset({"part", "pt", "teil"})
_PAIR_WORDS = frozenset({"pair", "dyad"})
_ROLE_WORDS = {**{role.casefold(): role for role in ROLES}, "observation": "OBS", "observations": "OBS"}
# What recorders, cameras and calendars put before a number; none of it is a pair.
_NO_PAIRS = frozenset(
    re.findall(
        "[a-z]+",
        "rec img dsc zoom vn aud vid mov ste trk tr ch v mp h take file new copy ver wav voice dm ws ds int no nr "
        "jan feb mar apr may jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun am pm",
    )
)
_MOST_SESSIONS = 20

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class NameGuess:
    """What a name tells; `pair` empty and the others None where it does not tell. `of` is the number of parts."""

    pair: str = ""
    role: Role | None = None
    session: int | None = None
    part: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    """A run of letters (casefolded) or of digits; `gap` is what stands before it, `written` the run itself."""

    text: str
    written: str
    gap: str

    @property
    def number(self) -> int | None:
        return int(self.text) if self.text.isdigit() and len(self.text) <= 4 else None


def guess(name: str) -> NameGuess:
    """Reads a file name such as `P01-PSW.m4a`, `pair3_PIR_2.wav`, `PIR 07 interview_1of2.mp3`.

    A pair's code (letters and digits) is kept as written, in capitals; `pair3` and `PIR 07` are `P03` and `P07`. A last
    number on its own after role or pair is the session; `1of2` and `part2` are parts.
    """
    stem = _SUFFIX.sub("", unicodedata.normalize("NFKC", name))
    tokens = _tokens(_DATE.sub(" . ", stem))
    used: set[int] = set()
    part, of = _part(tokens, used)
    roles = [_ROLE_WORDS[t.text] for t in tokens if t.text in _ROLE_WORDS]
    role = next((r for r in ROLES if _only(roles) == r), None)
    pair = _pair(tokens, used)
    sessions = _numbers_after(tokens, _SESSION_WORDS, used)
    sessions += [int(t.text[1:]) for t in _joined_codes(tokens, used) if re.fullmatch(r"s[0-9]{1,2}", t.text)]
    if not sessions and pair and role:
        sessions = _last_number(tokens, used)
    session = _only(sessions)
    return NameGuess(pair, role, session if session and session <= _MOST_SESSIONS else None, part, of)


def _only(values: Iterable[_Value]) -> _Value | None:
    """The value, if all are the same."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _tokens(stem: str) -> list[_Token]:
    pieces = _TOKEN.split(stem)
    return [_Token(run.casefold(), run, gap) for gap, run in zip(pieces[0::2], pieces[1::2], strict=False)]


def _numbers_after(tokens: Sequence[_Token], words: Collection[str], used: set[int]) -> list[int]:
    """The numbers, from 1, that follow one of the words (`part2`, `Part 2`, `part-2`); they are marked as used."""
    found = []
    for index, (word, number) in enumerate(itertools.pairwise(tokens), start=1):
        if word.text in words and index not in used and number.number and re.fullmatch(r"[-_. #]{0,2}", number.gap):
            found.append(number.number)
            used.update((index - 1, index))
    return found


def _part(tokens: Sequence[_Token], used: set[int]) -> tuple[int | None, int | None]:
    """Part and number of parts, from `1of2`, `part2` or `part 1 of 2`."""
    pairs = []
    for index, (first, word, last) in enumerate(zip(tokens, tokens[1:], tokens[2:], strict=False)):
        if word.text == "of" and first.number and last.number and last.number <= 99:
            pairs.append((first.number, last.number))
            used.update((index, index + 1, index + 2))
    parts = _numbers_after(tokens, _PART_WORDS, used)
    if pairs:
        both = _only(pairs)
        return both if both and both[0] <= both[1] and not parts else (None, None)
    part = _only(parts)
    return (part if part and part <= 99 else None), None


def _joined_codes(tokens: Sequence[_Token], used: set[int]) -> list[_Token]:
    """Letters and digits that touch, such as `P01`, as one token each; not those that mean something else."""
    found = []
    for index, (word, number) in enumerate(itertools.pairwise(tokens)):
        taken = word.text in _NO_PAIRS | _SESSION_WORDS | _PART_WORDS | _PAIR_WORDS | set(_ROLE_WORDS)
        starts = index == 0 or word.gap != ""
        if starts and not taken and number.gap == "" and number.number is not None and not {index, index + 1} & used:
            found.append(_Token(word.text + number.text, word.written + number.written, word.gap))
    return found


def _pair(tokens: Sequence[_Token], used: set[int]) -> str:
    """The pair's code, if the name tells exactly one; the digits of `pair3` and `PIR 07` are marked as used."""
    has_role = any(token.text in _ROLE_WORDS for token in tokens)
    numbered = _numbers_after(tokens, _PAIR_WORDS, used)
    codes = [t for t in _joined_codes(tokens, used) if is_pair(t.written.upper()) and _may_be_pair(t.written, has_role)]
    # `S2` is the pair S2 only where it comes first; behind anything else it is a session, as in our own ids.
    codes = [
        t
        for t in codes
        if not re.fullmatch(r"s[0-9]{1,2}", t.text) or t.written == tokens[0].written + _next(tokens, 0)
    ]
    found = {token.written.upper() for token in codes} | {f"P{number:02d}" for number in numbered}
    if not found:
        found = {f"P{number:02d}" for number in _numbers_after(tokens, set(_ROLE_WORDS), used)}
    elif len(codes) == 1:
        index = next(i for i, t in enumerate(tokens) if t.written + _next(tokens, i) == codes[0].written)
        used.update((index, index + 1))
    return _only(found) or ""


def _next(tokens: Sequence[_Token], index: int) -> str:
    return tokens[index + 1].written if index + 1 < len(tokens) else ""


def _may_be_pair(code: str, has_role: bool) -> bool:
    """Three or four letters must be capitals beside a role: `Mary12` is somebody's name, which no code may hold."""
    letters = code.rstrip("0123456789")
    return len(letters) <= 2 or (letters.isupper() and has_role)


def _last_number(tokens: Sequence[_Token], used: set[int]) -> list[int]:
    """The session, if the name ends in a number on its own behind role or pair (`pair3_PIR_2`, not `PIR (2)`)."""
    last = len(tokens) - 1
    number = tokens[last].number
    before = tokens[last - 1]
    follows = before.text in _ROLE_WORDS or last - 1 in used
    if not number or last in used or not follows or not re.fullmatch(r"[-_. ]{1,3}", tokens[last].gap):
        return []
    return [number]
