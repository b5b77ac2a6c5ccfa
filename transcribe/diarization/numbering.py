"""Numbers that the manifest leaves open: `OTHER-n`, and those of interviewers whom it does not tell apart. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count

from transcribe.diarization.cast import OTHER, interviewer_codes
from transcribe.diarization.linking import ENROLLED, VoiceLinks, VoiceOf
from transcribe.diarization.ways import SOMEBODY
from transcribe.study.codes import is_interviewer

_OTHER = re.compile(rf"{OTHER}-[1-9][0-9]*")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The label of a voice: a code, or `SOMEBODY` who has none.

    `person` is the group of voices in `VoiceLinks`, where they have one. `sure` if the label is to be used; `evidence`
    are reasons without content. `settled`: the manifest, a clip or people say which interviewer it is; `confirmed`:
    people do.
    """

    voice: VoiceOf
    person: int
    label: str
    confidence: float
    sure: bool
    evidence: tuple[str, ...]
    settled: bool = True
    confirmed: bool = False


def numbered(verdicts: Sequence[Verdict], links: VoiceLinks, earlier: Mapping[VoiceOf, str]) -> list[Verdict]:
    """The verdicts with `OTHER-n` for whoever is surely somebody else, and `INT-2` … for further interviewers.

    Whoever had a number keeps it (`earlier`); new ones get the next free, in the order of their first recordings.
    """
    interviewers = _interviewers(verdicts, links, earlier)
    others = _others(verdicts, earlier)
    found = []
    for verdict in verdicts:
        label = verdict.label
        if verdict.sure and label == SOMEBODY:
            label = others[verdict.person]
        elif verdict.sure and not verdict.settled:
            label = interviewers[verdict.person]
        found.append(replace(verdict, label=label))
    voices = Counter((verdict.voice.recording, verdict.label) for verdict in found if verdict.sure)
    # What people said of one voice may leave another no name: nobody has two voices in a recording.
    return [replace(v, sure=False) if v.confidence < 1 and voices[v.voice.recording, v.label] > 1 else v for v in found]


def _others(verdicts: Sequence[Verdict], earlier: Mapping[VoiceOf, str]) -> dict[int, str]:
    """`OTHER-n` for every person without a code; one number for each."""
    voices = _voices(verdict for verdict in verdicts if verdict.sure and verdict.label == SOMEBODY)
    taken = {label for label in (*earlier.values(), *(v.label for v in verdicts)) if _OTHER.fullmatch(label)}
    told = {verdict.person: verdict.label for verdict in verdicts if _OTHER.fullmatch(verdict.label)}
    kept: dict[str, int] = {}
    for person, own in voices.items():
        before = Counter(earlier[voice] for voice in own if _OTHER.fullmatch(earlier.get(voice, "")))
        likely = sorted(set(before) - set(told.values()), key=lambda label: (-before[label], label))
        if likely:
            kept.setdefault(likely[0], person)
    found = {person: label for label, person in kept.items()} | told
    numbers = (f"{OTHER}-{number}" for number in count(1))
    free = (label for label in numbers if label not in taken)
    return found | {person: next(free) for person in voices if person not in found}


def _interviewers(verdicts: Sequence[Verdict], links: VoiceLinks, earlier: Mapping[VoiceOf, str]) -> dict[int, str]:
    """Which interviewer everybody is whom the manifest calls only that: another one only where voices are apart."""
    sure = [verdict for verdict in verdicts if verdict.sure and is_interviewer(verdict.label)]
    holders: dict[str, set[int]] = {}
    for verdict in sure:
        if verdict.settled:
            holders.setdefault(verdict.label, set()).add(verdict.person)
    for number, group in enumerate(links.groups):
        for voice in group:
            if voice.recording == ENROLLED and is_interviewer(voice.voice):
                holders.setdefault(voice.voice, set()).add(number)
    by_word = {v.person for v in sure if v.confirmed} - {v.person for v in sure if v.settled and not v.confirmed}
    voices = _voices(verdict for verdict in sure if not verdict.settled)
    heard_in: dict[int, set[str]] = {}
    for verdict in sure:
        heard_in.setdefault(verdict.person, set()).add(verdict.voice.recording)

    def before(person: int) -> str:
        return _commonest(earlier.get(voice, "") for voice in voices[person])

    def fits(person: int, label: str) -> bool:
        others = holders.get(label, set()) - {person}
        if any(heard_in[person] & heard_in.get(other, set()) for other in others):
            return False
        if label == before(person):
            # Somebody who says that one voice is INT does not rename the one who was INT: it may be the same person on
            # a telephone, and coders know them by that label.
            others -= by_word
        return not any((min(person, other), max(person, other)) in links.apart for other in others)

    found: dict[int, str] = {}
    for person in sorted(voices, key=lambda person: (not before(person), -len(voices[person]), voices[person])):
        known = [label for label, holding in sorted(holders.items()) if person in holding]
        own = _commonest(verdict.label for verdict in sure if verdict.person == person)
        wanted = chain(filter(None, (*known, before(person), own)), interviewer_codes())
        found[person] = next(label for label in wanted if fits(person, label))
        holders.setdefault(found[person], set()).add(person)
    return found


def _commonest(labels: Iterable[str]) -> str:
    """The interviewer's code that stands most often among some labels; empty if none does."""
    counts = Counter(filter(is_interviewer, labels))
    return min(counts, key=lambda label: (-counts[label], label), default="")


def _voices(verdicts: Iterable[Verdict]) -> dict[int, list[VoiceOf]]:
    """The voices of each person, sorted, persons in the order of their first voice."""
    voices: dict[int, list[VoiceOf]] = {}
    for voice, person in sorted((verdict.voice, verdict.person) for verdict in verdicts):
        voices.setdefault(person, []).append(voice)
    return voices
