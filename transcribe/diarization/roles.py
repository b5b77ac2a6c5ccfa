"""Which person a voice is, over the whole study: what people said, the manifest, voices that recur, who asks. Pure.

Every way to name a recording's voices gets a weight (`ways`): whom the manifest expects, who asks and talks, who would
be missing or too many. Voices that are one person's (`linking`) share what their recordings tell (`beliefs`), so that a
voice of several interviews with different people can only be the interviewer's, and a participant's voice is recognised
in the sessions of the pair. What people confirmed always wins. The confidence is the probability of the label by all of
it; below `SURE` a voice stays `SPEAKER-n`, because a wrong name is worse than none.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transcribe.diarization.beliefs import Belief, Scene, believe
from transcribe.diarization.cast import (
    INTERPRETER,
    NO_VOICE,
    Cast,
    Expected,
    expected_people,
)
from transcribe.diarization.linking import ENROLLED, VoiceLinks, VoiceOf
from transcribe.diarization.numbering import Verdict, numbered
from transcribe.diarization.questions import Talk
from transcribe.diarization.ways import SOMEBODY, ways_to_name
from transcribe.records import SpeakerRole
from transcribe.study.codes import is_interviewer, is_person

SURE = 0.8
"""Below this confidence a voice keeps its `SPEAKER-n`."""
SUREST = 0.99
"""What no evidence but a person's word exceeds."""

MAIN_VOICES = 5
"""So many voices, those that talk most, can be people; the rest of a recording's voices are not looked at."""
STRANGER_WORDS = 5
"""A voice with fewer words is not called somebody else: it may be a cough, or a piece of another voice."""
RECURRING_LABELS = 4
"""Of so many people a voice of several recordings can be any one, besides those whom each recording expects."""


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody behind one or more voices, not yet named: `code` where a clip or people's word tells it."""

    voices: tuple[VoiceOf, ...]
    code: str = ""

    @property
    def recordings(self) -> tuple[str, ...]:
        return tuple(sorted({voice.recording for voice in self.voices} - {ENROLLED}))


@dataclass(frozen=True, slots=True)
class _Heard:
    """A voice that can be somebody: what it says, whose it is (number of the person), what people said of it."""

    talk: Talk
    voice: VoiceOf
    person: int
    given: str = ""


def assign_speakers(
    casts: Sequence[Cast],
    links: VoiceLinks,
    confirmed: Mapping[VoiceOf, str],
    earlier: Mapping[VoiceOf, str] | None = None,
) -> dict[str, tuple[SpeakerRole, ...]]:
    """The role of every voice of every recording in `casts`, by the recording's id, sorted by voice.

    `confirmed` is what people said of voices, `earlier` the labels that voices had before: they keep the numbers of
    `OTHER-n`, and of interviewers whom the manifest does not tell apart. No person has two voices in one recording,
    unless somebody confirmed that.
    """
    ordered = sorted(casts, key=lambda cast: cast.recording.id)
    people = _people(ordered, links, confirmed)
    heard = _heard(ordered, people, confirmed)
    verdicts = _verdicts(ordered, heard, people, links)
    named = {verdict.voice: verdict for verdict in numbered(verdicts, links, earlier or {})}
    return {
        cast.recording.id: tuple(
            _role(talk, named.get(VoiceOf(cast.recording.id, talk.voice)))
            for talk in sorted(cast.talks, key=lambda talk: _voice_order(talk.voice))
        )
        for cast in ordered
    }


def _people(casts: Sequence[Cast], links: VoiceLinks, confirmed: Mapping[VoiceOf, str]) -> list[_Person]:
    """Everybody behind the study's voices; a voice that was never compared is somebody of their own."""
    linked = {voice for group in links.groups for voice in group}
    alone = sorted(VoiceOf(cast.recording.id, talk.voice) for cast in casts for talk in cast.talks)
    groups = [*links.groups, *((voice,) for voice in alone if voice not in linked)]
    people = []
    for voices in groups:
        enrolled = [voice.voice for voice in voices if voice.recording == ENROLLED]
        told = [confirmed[voice] for voice in voices if is_person(confirmed.get(voice, ""))]
        people.append(_Person(voices, next(iter([*enrolled, *told]), "")))
    return people


def _heard(
    casts: Sequence[Cast], people: Sequence[_Person], confirmed: Mapping[VoiceOf, str]
) -> list[tuple[_Heard, ...]]:
    """The voices of each recording that can be somebody: those that talk most, and those that people spoke of."""
    person_of = {voice: number for number, person in enumerate(people) for voice in person.voices}
    heard = []
    for cast in casts:
        found = []
        for talk in cast.talks:
            voice = VoiceOf(cast.recording.id, talk.voice)
            if talk.voice != NO_VOICE or voice in confirmed:
                found.append(_Heard(talk, voice, person_of[voice], confirmed.get(voice, "")))
        found.sort(key=lambda some: (not some.given, -some.talk.words, _voice_order(some.talk.voice)))
        told = sum(bool(some.given) for some in found)
        heard.append(tuple(sorted(found[: max(MAIN_VOICES, told)], key=lambda some: _voice_order(some.talk.voice))))
    return heard


def _verdicts(
    casts: Sequence[Cast], heard: Sequence[tuple[_Heard, ...]], people: Sequence[_Person], links: VoiceLinks
) -> list[Verdict]:
    """Who every voice is by all that is known at once."""
    expected = [expected_people(cast) for cast in casts]
    recurring = _recurring(expected, heard, people)
    ways = []
    for cast, whom, voices in zip(casts, expected, heard, strict=True):
        options = [_options(voice, whom, recurring[voice.person]) for voice in voices]
        ways.append(ways_to_name(cast.recording, whom, [voice.talk for voice in voices], options))
    enrolled = {
        number: person.code
        for number, person in enumerate(people)
        if any(voice.recording == ENROLLED for voice in person.voices)
    }
    codes = {name for some in ways for way, _ in some for name in way} | set(enrolled.values()) | {SOMEBODY}
    names = sorted(codes)
    number_of = {name: number for number, name in enumerate(names)}
    scenes = [
        Scene(
            tuple(voice.person for voice in voices),
            tuple(links.strength.get(voice.voice, 1.0) for voice in voices),
            np.array([[number_of[name] for name in way] for way, _ in some], dtype=np.intp).reshape(len(some), -1),
            np.array([weight for _, weight in some]),
        )
        for voices, some in zip(heard, ways, strict=True)
    ]
    one_for_all = any(whom.any_interviewer for whom in expected)
    persons = {number_of[name] for name in names if is_person(name) and not (one_for_all and is_interviewer(name))}
    known = {number: number_of[code] for number, code in enrolled.items()}
    beliefs, chances = believe(scenes, len(names), known, links.apart, persons)
    alike = {voice for pair in links.split for voice in (pair.one, pair.other)}
    verdicts = []
    for cast, whom, voices, belief in zip(casts, expected, heard, beliefs, strict=True):
        for place, voice in enumerate(voices):
            label = belief.way[place]
            confidence = _confidence(place, belief, [chances[some.person] for some in voices])
            verdicts.append(_verdict(cast, whom, voice, names[label], confidence, people[voice.person], alike))
    return verdicts


def _confidence(place: int, belief: Belief, elsewhere: Sequence[NDArray[np.float64]]) -> float:
    """How sure the label of a voice is, when `elsewhere` (labels,) are the chances of every voice's person over all.

    A voice that its recording takes for somebody else than the person's recordings together do is unsure; so is the
    voice beside it that got that person's name.
    """
    label = belief.way[place]
    likeliest = [int(chances.argmax()) for chances in elsewhere]
    own = float(belief.chances[place][label])
    if likeliest[place] != label:
        own = min(own, float(elsewhere[place][label]))
    rivals = (
        float(chances[label])
        for other, chances in enumerate(elsewhere)
        if other != place and likeliest[other] == label != belief.way[other]
    )
    return max(0.0, min(own, *(1 - rival for rival in rivals), 1.0))


def _recurring(
    expected: Sequence[Expected], heard: Sequence[tuple[_Heard, ...]], people: Sequence[_Person]
) -> list[tuple[str, ...]]:
    """Whom each person could be by the recordings that they are heard in: the codes expected in most of them."""
    counts = [Counter[str]() for _ in people]
    for whom, voices in zip(expected, heard, strict=True):
        for voice in voices:
            counts[voice.person].update(set(whom.codes))
    found = []
    for person, counted in zip(people, counts, strict=True):
        likely = sorted(counted, key=lambda code: (-counted[code], code))[:RECURRING_LABELS]
        found.append(tuple(sorted({*likely, person.code} - {""})))
    return found


def _options(voice: _Heard, expected: Expected, recurring: Sequence[str]) -> tuple[str, ...]:
    if voice.given:
        return (voice.given if is_person(voice.given) or voice.given == INTERPRETER else SOMEBODY,)
    return (SOMEBODY, *sorted({*expected.codes, *recurring}))


def _verdict(
    cast: Cast,
    expected: Expected,
    voice: _Heard,
    label: str,
    confidence: float,
    person: _Person,
    alike: Collection[VoiceOf],
) -> Verdict:
    """What is said of a voice and why: counts, codes and recordings, no words."""
    words = sum(talk.words for talk in cast.talks if talk.voice != NO_VOICE) or 1
    talk = voice.talk
    evidence = [f"{talk.questions} of {talk.sentences} sentences ask, {round(100 * talk.words / words)} % of the words"]
    if voice.given:
        reasons = ("confirmed", *evidence)
        return Verdict(voice.voice, voice.person, voice.given, 1.0, True, reasons, confirmed=True)
    elsewhere = [name for name in person.recordings if name != cast.recording.id]
    if elsewhere:
        more = f" and {len(elsewhere) - 3} more" if len(elsewhere) > 3 else ""
        evidence.append(f"the same voice in {', '.join(elsewhere[:3])}{more}")
    if any(other.recording == ENROLLED for other in person.voices):
        evidence.append(f"sounds like the enrolled clip of {person.code}")
    confidence = round(min(confidence, SUREST), 2)
    sure = confidence >= SURE
    if label == SOMEBODY:
        if voice.voice in alike:
            sure = False
            evidence.append("sounds much like another voice of the recording: perhaps one voice taken for two")
        sure = sure and talk.words >= STRANGER_WORDS
        evidence.append("beyond the people with a code whom the manifest expects")
    elif label not in expected.codes and not (expected.any_interviewer and is_interviewer(label)):
        evidence.append("not expected by the manifest")
    settled = not (expected.any_interviewer and is_interviewer(label)) or person.code == label
    return Verdict(voice.voice, voice.person, label, confidence, sure, tuple(evidence), settled)


def _role(talk: Talk, verdict: Verdict | None) -> SpeakerRole:
    if verdict is not None:
        label, likely = (verdict.label, "") if verdict.sure else (talk.voice, verdict.label)
        return SpeakerRole(talk.voice, label, verdict.confidence, "; ".join(verdict.evidence), likely)
    if talk.voice == NO_VOICE:
        return SpeakerRole(NO_VOICE, NO_VOICE, 0.0, "words that no voice claims")
    return SpeakerRole(talk.voice, talk.voice, 0.0, f"a voice beyond the {MAIN_VOICES} who talk most")


def _voice_order(voice: str) -> tuple[int, str]:
    """`SPEAKER-2` before `SPEAKER-10`."""
    number = voice.rpartition("-")[2]
    return (int(number), voice) if number.isdigit() else (0, voice)
