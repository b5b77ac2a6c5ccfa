"""The ways to name a recording's voices, and how likely each is by the manifest and the talk alone. Pure, no torch.

The weights are natural log odds. They are judgements, not measurements.
"""

import math
from collections.abc import Iterator, Sequence

from transcribe.diarization.cast import INTERPRETER, Expected
from transcribe.diarization.questions import PRIOR_WORDS, TALK_LOG_ODDS, Talk, probability_asks
from transcribe.records import Recording
from transcribe.study.codes import is_interviewer

SOMEBODY = ""
"""Stands for the label of a voice that is nobody who has a code."""

UNEXPECTED = -3.5
"""A person who has a code and whom the manifest does not expect in this recording."""
MISSING = -2.0
"""Somebody whom the recording is about is not among its voices. Others may well have said nothing."""
UNLISTED = -2.5
"""Somebody whom the manifest does not tell of, and who has no code."""
STRANGER_TALK = 12.0
"""Times the share of words of such a person: they say little. For those whom the manifest tells of a sixth of it."""
FOREIGN_LOG_ODDS = 6.0
"""Times the share of words in a second language: it makes an interpreter."""
MOST_INTERPRETER = 3.0
"""No more for that, or for saying more than those who ask."""
LEAST = -14.0
"""Ways whose people alone weigh less are not looked at."""


def ways_to_name(
    recording: Recording, expected: Expected, talks: Sequence[Talk], options: Sequence[Sequence[str]]
) -> list[tuple[tuple[str, ...], float]]:
    """Every way to give each voice one of its `options`, nobody twice, with its weight; likelier people first.

    A voice with a single option has been named by a person: that name may stand twice, and costs nothing.
    """
    settled = frozenset(labels[0] for labels in options if len(labels) == 1) - {SOMEBODY}
    ways = _people(expected, options, settled)
    return [(way, cost + _weight(recording, expected, talks, way)) for way, cost in ways]


def _people(
    expected: Expected, options: Sequence[Sequence[str]], settled: frozenset[str]
) -> Iterator[tuple[tuple[str, ...], float]]:
    """The ways and what their unexpected people cost."""
    if not options:
        yield (), 0.0
        return
    for way, cost in _people(expected, options[:-1], settled):
        free = len(options[-1]) > 1
        for label in options[-1]:
            if free and label != SOMEBODY and (label in way or label in settled):
                continue
            total = cost + (0.0 if not free or _is_expected(expected, label) else UNEXPECTED)
            if total >= LEAST:
                yield (*way, label), total


def _is_expected(expected: Expected, label: str) -> bool:
    return label == SOMEBODY or label in expected.codes or (expected.any_interviewer and is_interviewer(label))


def _weight(recording: Recording, expected: Expected, talks: Sequence[Talk], way: Sequence[str]) -> float:
    """The weight of a way by who is missing, who is too many, who asks and who talks."""
    words = sum(talk.words for talk in talks) or 1
    strangers = [talk.words / words for talk, label in zip(talks, way, strict=True) if label == SOMEBODY]
    told = expected.strangers
    weight = UNLISTED * max(0, len(strangers) - told)
    weight -= STRANGER_TALK * sum(strangers) / (6 if len(strangers) <= told else 1)
    asking = {label for label in way if label in expected.asks or (expected.any_interviewer and is_interviewer(label))}
    if expected.any_interviewer:
        weight += UNEXPECTED * max(0, len(asking) - len(expected.asks))
    weight += MISSING * (max(0, len(expected.asks) - len(asking)) + len(set(expected.answers) - set(way)))
    by_name = dict(zip(way, talks, strict=True))
    chances = [
        math.log(probability_asks(recording, by_name[asks], by_name[answers]))
        for asks in sorted(asking)
        for answers in expected.answers
        if answers in by_name
    ]
    weight += sum(chances) / len(chances) if chances else math.log(0.5)
    if INTERPRETER in expected.codes:
        weight += _interprets(by_name, sorted(asking))
    return weight


def _interprets(by_name: dict[str, Talk], asking: Sequence[str]) -> float:
    """The weight of who interprets: they say in another language what all others said, and more than those who ask."""
    talk = by_name.get(INTERPRETER)
    if talk is None:
        return 0.0
    odds = FOREIGN_LOG_ODDS * talk.foreign / (talk.words + PRIOR_WORDS)
    for name in asking:
        other = by_name[name]
        odds += TALK_LOG_ODDS * (talk.words - other.words) / (talk.words + other.words + PRIOR_WORDS) / len(asking)
    return min(MOST_INTERPRETER, odds)
