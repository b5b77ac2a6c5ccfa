"""Whom the manifest lets one expect in a recording, and what the labels of speakers mean. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from transcribe.diarization.questions import Talk
from transcribe.records import Recording, Role
from transcribe.study.codes import is_interviewer, is_person

INTERVIEWER = "INT"
INTERPRETER = "INTERP"
OTHER = "OTHER"
"""Somebody who has no code is `OTHER-1`, `OTHER-2` …"""
NO_VOICE = "SPEAKER-0"
"""The label of words that no voice claims."""

_INTERPRETER_WORDS = ("interpreter", "translator", "interp", "傳譯", "传译", "口譯", "口译", "翻譯", "翻译")
_INTERVIEWER_WORDS = ("interviewer", "researcher", "moderator", "訪問員", "访问员", "研究員", "研究员")


class Planned(Protocol):
    """What a recording and a row of the manifest both tell."""

    @property
    def pair(self) -> str: ...
    @property
    def role(self) -> Role: ...
    @property
    def person(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Cast:
    """A recording before its voices have names: how each voice talks, and whom the manifest tells of.

    `members` are the codes of the pair's PSW and PIR (`pair_members`); `interviewers` and `also_present` are the
    manifest's cells, empty where it says nothing.
    """

    recording: Recording
    talks: tuple[Talk, ...]
    members: tuple[str, str]
    interviewers: tuple[str, ...] = ()
    also_present: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """The people of a recording, by code: who asks, who answers, who else is there, and how many without a code.

    `any_interviewer`: the manifest does not say which interviewer it was.
    """

    asks: tuple[str, ...]
    answers: tuple[str, ...]
    others: tuple[str, ...] = ()
    strangers: int = 0
    any_interviewer: bool = False

    @property
    def codes(self) -> tuple[str, ...]:
        """Everybody who has a code."""
        return (*self.asks, *self.answers, *self.others)


def expected_speakers(recording: Recording) -> tuple[str, str]:
    """The two whom a recording is about, as far as it tells alone: who asks first, then who answers.

    An interview has `INT` and the recording's person (who may have a code of another pair); an observed session the
    pair's two members.
    """
    if recording.role == "OBS":
        return (f"{recording.pair}-PSW", f"{recording.pair}-PIR")
    return (INTERVIEWER, recording.person)


def pair_members(planned: Iterable[Planned]) -> dict[str, tuple[str, str]]:
    """The codes of PSW and PIR of every pair: the persons of its interviews, for a PSW may come from another pair.

    A pair without such an interview is told by the `person` of its observed sessions (the PSW's), or has codes of its
    own. Where rows disagree the code that sorts first counts.
    """
    rows = list(planned)
    found: dict[str, tuple[str, str]] = {}
    for pair in sorted({row.pair for row in rows}):
        persons = {role: sorted({r.person for r in rows if (r.pair, r.role) == (pair, role)}) for role in _ROLES}
        pir = next(filter(None, persons["PIR"]), f"{pair}-PIR")
        named = [code for code in persons["OBS"] if code and code != pir]
        found[pair] = (next(filter(None, [*persons["PSW"], *named]), f"{pair}-PSW"), pir)
    return found


_ROLES: tuple[Role, ...] = ("PSW", "PIR", "OBS")


def expected_people(cast: Cast) -> Expected:
    """Whom the manifest lets one expect in a recording."""
    return people_of(cast.recording, cast.members, cast.interviewers, cast.also_present)


def people_of(
    planned: Planned, members: tuple[str, str], interviewers: Sequence[str], also_present: Sequence[str]
) -> Expected:
    """Whom a row of the manifest lets one expect, when `members` are the codes of the pair's PSW and PIR.

    Interviewers are not expected in observed sessions unless `also_present` says so; the `person` of a session is its
    PSW.
    """
    interview = planned.role != "OBS"
    psw = planned.person if planned.person not in ("", members[1]) else members[0]
    asks = list(interviewers or (INTERVIEWER,)) if interview else [psw]
    answers = [planned.person if interview else members[1]]
    others: list[str] = []
    strangers = 0
    for told in also_present:
        code = told.upper()
        if told.casefold() in _INTERPRETER_WORDS:
            code = INTERPRETER
        elif told.casefold() in _INTERVIEWER_WORDS:
            code = _next_interviewer((*asks, *others))
        elif not is_person(code):
            strangers += 1
            continue
        if interview and is_interviewer(code):
            asks.append(code)
        elif interview and code in members:
            answers.append(code)
        else:
            others.append(code)
    any_interviewer = interview and not interviewers
    return Expected(_once(asks), _once(answers), _once(others), strangers, any_interviewer)


def _once(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, codes)))


def _next_interviewer(taken: Iterable[str]) -> str:
    codes = set(taken)
    return next(code for code in interviewer_codes() if code not in codes)


def interviewer_codes() -> Iterator[str]:
    """`INT`, `INT-2`, `INT-3` … without end."""
    yield INTERVIEWER
    for number in count(2):
        yield f"{INTERVIEWER}-{number}"
