"""What consent takes out of records: stretches that a participant withdrew, voices that never agreed. Pure, no torch.

A stretch that is taken out leaves an `Event` with its times and no words; nothing is renumbered, so that coders' ids of
the other utterances stay.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from transcribe.diarization.cast import NO_VOICE, expected_speakers
from transcribe.intervals import joined, without
from transcribe.records import (
    UNSUPPORTED,
    Event,
    Interval,
    Quarantined,
    Recognition,
    Recording,
    Segment,
    Transcript,
    Utterance,
    UtteranceWord,
    Word,
)
from transcribe.study.codes import is_interviewer

WITHHELD = "withheld"
THIRD_PARTY = "third-party"
INAUDIBLE = "inaudible"

LEAST_REST = 0.5
"""Seconds: what a stretch leaves of an inaudible one beside it is no mark of its own when it is shorter."""


@dataclass(frozen=True, slots=True)
class ConsentRules:
    """What may not be shown of one recording: withdrawn stretches (s), and voices of people who take no part.

    `agreed` are the speakers who take part (`study_consent.agreed_speakers`); empty: the two whom it is about.
    """

    withdrawn: tuple[Interval, ...] = ()
    withhold_third_voices: bool = False
    agreed: tuple[str, ...] = ()


def recognition_without(recognition: Recognition, stretches: Sequence[Interval]) -> Recognition:
    """The recognition without the words that touch any of the stretches (s); the same object when there are none.

    What was put away there goes as a whole, for nobody knows which of it was said in the stretch; and what is marked
    inaudible there is not told any more.
    """
    if not stretches:
        return recognition
    segments = [_segment_without(segment, stretches) for segment in recognition.segments]
    kept = tuple(segment for segment in segments if segment.words)
    flagged = sum(UNSUPPORTED in word.flags for segment in kept for word in segment.words)
    return replace(
        recognition,
        segments=kept,
        inaudible=_spans_without(recognition.inaudible, stretches),
        quarantined=tuple(text for text in recognition.quarantined if not _touches(text, stretches)),
        unsupported_words=min(flagged, recognition.unsupported_words),
    )


def _spans_without(spans: Sequence[Interval], stretches: Sequence[Interval]) -> tuple[Interval, ...]:
    """What is left of spans (s) outside of the stretches, but for rests shorter than `LEAST_REST`."""
    whole = set(spans)
    left = without(spans, joined(stretches))
    return tuple(span for span in left if span in whole or span[1] - span[0] >= LEAST_REST)


def _segment_without(segment: Segment, stretches: Sequence[Interval]) -> Segment:
    words = tuple(word for word in segment.words if not _touches(word, stretches))
    if len(words) == len(segment.words):
        return segment
    return replace(segment, words=words, text="".join(word.text for word in words))


def transcript_without(transcript: Transcript, stretches: Sequence[Interval], kind: str = WITHHELD) -> Transcript:
    """The transcript with the words that touch a stretch taken out, and an event of `kind` for every stretch.

    Of an inaudible stretch only what lies outside of them is told.

    What is left of an utterance behind a gap becomes one of its own, named by when it begins (`u0001-61250`). Events of
    a kind that overlap are one. So stretches may be taken out one after the other or all at once, with the same result.
    """
    if not stretches:
        return transcript
    utterances = [part for utterance in transcript.utterances for part in _parts(utterance, stretches)]
    return replace(transcript, utterances=tuple(utterances), events=_with_events(transcript.events, stretches, kind))


def _with_events(events: Sequence[Event], stretches: Sequence[Interval], kind: str) -> tuple[Event, ...]:
    """The events with one of `kind` for every stretch, in which nothing is inaudible any more."""
    others = [event for event in events if event.kind != INAUDIBLE]
    unheard = [(event.start, event.end) for event in events if event.kind == INAUDIBLE]
    rests = [Event(INAUDIBLE, start, end) for start, end in _spans_without(unheard, stretches)]
    return united_events([*others, *rests, *(Event(kind, start, end) for start, end in stretches)])


def united_events(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events by time; those of a kind that overlap or touch are one."""
    latest: dict[str, Event] = {}
    united: list[Event] = []
    for event in sorted(events, key=lambda event: (event.start, event.end, event.kind)):
        before = latest.get(event.kind)
        if before is not None and event.start <= before.end:
            latest[event.kind] = replace(before, end=max(before.end, event.end))
            united[united.index(before)] = latest[event.kind]
        else:
            latest[event.kind] = event
            united.append(event)
    return tuple(sorted(united, key=lambda event: (event.start, event.end, event.kind)))


def _parts(utterance: Utterance, stretches: Sequence[Interval]) -> list[Utterance]:
    """What is left of an utterance, one for every run of words that stay together."""
    runs: list[list[UtteranceWord]] = [[]]
    for word in utterance.words:
        if _touches(word, stretches):
            runs.append([])
        else:
            runs[-1].append(word)
    kept = [run for run in runs if run]
    if kept and len(kept[0]) == len(utterance.words):
        return [utterance]
    base = utterance.id.partition("-")[0]
    return [
        _of_words(
            utterance, run, utterance.id if run[0] == utterance.words[0] else f"{base}-{round(run[0].start * 1000)}"
        )
        for run in kept
    ]


def _of_words(utterance: Utterance, words: Sequence[UtteranceWord], identifier: str) -> Utterance:
    begin, end = words[0].offset[0], words[-1].offset[1]
    moved = tuple(replace(word, offset=(word.offset[0] - begin, word.offset[1] - begin)) for word in words)
    return replace(
        utterance,
        id=identifier,
        start=words[0].start,
        end=max(word.end for word in words),
        text=utterance.text[begin:end],
        words=moved,
    )


def _touches(word: Word | UtteranceWord | Quarantined, stretches: Sequence[Interval]) -> bool:
    """Whether a word lies in a stretch even in part; a word without length counts by its start."""
    return any(start < max(word.end, word.start + 0.001) and word.start < end for start, end in stretches)


def stretches_of(transcript: Transcript, speaker: str) -> tuple[Interval, ...]:
    """When a speaker talks (s), by their utterances' words: one interval for each utterance."""
    return tuple((u.start, u.end) for u in transcript.utterances if u.speaker == speaker)


def third_voices(recording: Recording, transcript: Transcript, agreed: Sequence[str] = ()) -> tuple[str, ...]:
    """The speakers who are none of those who `agreed` to take part, and no interviewer.

    While it is unsure who a voice is (`SPEAKER-n`), it may count as one of those who agreed and are not known yet:
    first a voice that is likely one of them, then one of which nothing is known, each by how much it talks. One that is
    likely somebody else never does, nor does somebody known to be that (`OTHER-n`). `SPEAKER-0`, words that no voice
    claims, is nobody's voice.
    """
    expected = agreed or expected_speakers(recording)
    spoken = Counter[str]()
    for utterance in transcript.utterances:
        spoken[utterance.speaker] += len(utterance.words)
    speakers = [name for name in spoken if name != NO_VOICE]
    known = [name for name in speakers if name in expected or is_interviewer(name)]
    missing = [code for code in expected if code not in known]
    # Another interviewer than the one expected stands in for that one, not for a participant.
    instead = min(len(set(known) - set(expected)), sum(map(is_interviewer, missing)))
    likely = {role.speaker: role.likely for role in transcript.speakers if role.speaker.startswith("SPEAKER-")}
    unsure = [
        name
        for name in speakers
        if name.startswith("SPEAKER-")
        and (name not in likely or likely[name] in expected or is_interviewer(likely[name]))
    ]
    unsure.sort(key=lambda name: (likely.get(name) not in missing, -spoken[name], name))
    return tuple(n for n in speakers if n not in (*known, *unsure[: len(missing) - instead]))


def with_consent(recording: Recording, transcript: Transcript, rules: ConsentRules) -> Transcript:
    """The transcript that may be used: withdrawn stretches and, if so ruled, third voices are events without words."""
    result = transcript_without(transcript, rules.withdrawn)
    if not rules.withhold_third_voices:
        return result
    for speaker in third_voices(recording, result, rules.agreed):
        result = _without_speaker(result, speaker)
    return result


def _without_speaker(transcript: Transcript, speaker: str) -> Transcript:
    return replace(
        transcript,
        utterances=tuple(u for u in transcript.utterances if u.speaker != speaker),
        events=_with_events(transcript.events, stretches_of(transcript, speaker), THIRD_PARTY),
    )


def doubts(transcript: Transcript) -> tuple[str, ...]:
    """What the lab should look at in a transcript: unsure voices, voices left out. Codes only."""
    withheld = {speaker.voice for speaker in transcript.speakers} - {u.speaker for u in transcript.utterances}
    unsure = [role.speaker for role in transcript.speakers if role.speaker.startswith("SPEAKER-")]
    told = [f"{speaker}: role unsure; see: transcribe speakers" for speaker in unsure if speaker not in withheld]
    told += [
        f"{role.speaker}: somebody else than the people expected; see: transcribe speakers"
        for role in transcript.speakers
        if role.speaker.startswith("OTHER-") and role.confidence < 1
    ]
    seconds = sum(event.end - event.start for event in transcript.events if event.kind == THIRD_PARTY)
    if seconds:
        told.append(f"{seconds:.0f} s of another voice not transcribed ([privacy] unconsented_voices)")
    return tuple(told)
