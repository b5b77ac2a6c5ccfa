"""Who said what: recognised words and speaker turns become utterances; pure, no torch.

Rules, in this order:
1. A word belongs to the voice that is active for most of it, of two that are so for as long to the one whose exclusive
   turn it overlaps most; a word in no turn to the nearest exclusive turn within `NEAR` seconds; else to nobody
   (`SPEAKER-0`). Where a voice is heard for a moment while another talks on, the words are those of the one who talks,
   but for those that only show that one listens ("Mm-hmm.").
2. Recognisers and diarisers disagree by a few tenths of a second about where a turn begins. A change of voice that
   falls inside a sentence moves to the sentence's end if that is at most two words and `EDGE` seconds away and there
   is no pause at the change. With one, up to two words still go to the next voice when they begin a sentence after a
   longer pause ("… a voucher?" — "Yes," – "it's …"). A single word of another voice inside a sentence joins it.
   A sound of listening between another's words stays whose it is. Where both voices are heard at the change, the
   recogniser may have made one sentence of what two people said: only words change hands that the other is heard at.
3. A new utterance begins when the voice or the language changes, after a pause of `SENTENCE_PAUSE` at a sentence's
   end, after a pause of `LONG_PAUSE` anywhere, and after an inaudible stretch: whose it was, nobody knows. That is an
   event of its own.
4. A back-channel is an utterance of its own, flagged. Where it falls into the other's sentence, or is said over it,
   the other's utterance goes on and holds the words on both sides; the back-channel follows it.
5. Words said while another voice spoke, whose words are there too, are flagged (`transcribe.overlap`).
6. Voices get their people's labels later, over the whole study (`transcribe.diarization.roles`).
"""

import dataclasses
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from transcribe.consent import INAUDIBLE
from transcribe.diarization.cast import NO_VOICE
from transcribe.overlap import OVERLAP, active_times, is_acknowledgement, over_others, seconds_within
from transcribe.records import (
    UNSUPPORTED,
    Diarization,
    Event,
    Interval,
    Recognition,
    SpeakerRole,
    Transcript,
    Utterance,
    UtteranceWord,
    Word,
)
from transcribe.word_voices import QUESTION_ENDS, ends_sentence, ends_with, runs, smooth, word_voices

ATTRIBUTION_VERSION = 4
"""Raised whenever the same words and turns would give another transcript."""

SENTENCE_PAUSE = 1.5
LONG_PAUSE = 4.0
GOES_ON = 2.0
"""Seconds before and after a back-channel within which the other talks."""

BACK_CHANNEL = "backchannel"
_FIRST_CJK = "⺀"
"""From this code point on scripts write words without spaces between them (Korean does, and its words bring theirs)."""


@dataclass(frozen=True, slots=True)
class _Spoken:
    """A word with what its segment knows: whether it begins it, and whether it brings a space before it."""

    word: Word
    language: str
    first: bool
    spaced: bool


def attribute(recognition: Recognition, diarization: Diarization) -> Transcript:
    """The transcript of one recording, its speakers still voices: every recognised word once.

    Each voice's words are in their order, and utterances in that of their first words. The order of the diarisation's
    turns plays no part. Words of nothing but white space are left out. What the recognition holds for inaudible are the
    events.
    """
    spoken = list(_spoken_words(recognition))
    words = [item.word for item in spoken]
    times = active_times((*diarization.turns, *diarization.exclusive))
    voices = smooth(words, word_voices(words, diarization.exclusive, diarization.turns), times)
    for number in over_others(words, voices, times):
        word = words[number]
        spoken[number] = dataclasses.replace(
            spoken[number], word=dataclasses.replace(word, flags=(*word.flags, OVERLAP))
        )
    asides = back_channels(words, voices)
    utterances = [
        _utterance(
            f"u{count:04d}",
            voices[numbers[0]],
            [spoken[number] for number in numbers],
            (BACK_CHANNEL,) if numbers[0] in asides else (),
        )
        for count, numbers in enumerate(_grouped(spoken, voices, asides, times, recognition.inaudible), start=1)
    ]
    events = tuple(Event(INAUDIBLE, start, end) for start, end in recognition.inaudible)
    return Transcript(recognition.recording, tuple(utterances), events)


def name_speakers(transcript: Transcript, roles: Sequence[SpeakerRole]) -> Transcript:
    """The transcript with its voices replaced by the speakers that `roles` gives them, all of them."""
    labels = {role.voice: role.speaker for role in roles}
    named = tuple(dataclasses.replace(u, speaker=labels[u.speaker]) for u in transcript.utterances)
    return dataclasses.replace(transcript, utterances=named, speakers=tuple(roles))


def in_order(recognition: Recognition) -> Recognition:
    """The recognition, no word beginning before the one before it: recognisers' times may step back, a reader's not.

    Words of nothing but white space stay as they are, and count for nothing.
    """
    reached = 0.0
    segments = []
    for segment in recognition.segments:
        words = []
        for word in segment.words:
            if word.text.strip():
                reached = max(reached, word.start)
                words.append(dataclasses.replace(word, start=reached, end=max(reached, word.end)))
            else:
                words.append(word)
        segments.append(dataclasses.replace(segment, words=tuple(words)))
    return dataclasses.replace(recognition, segments=tuple(segments))


def _spoken_words(recognition: Recognition) -> Iterator[_Spoken]:
    last = ""
    for segment in in_order(recognition).segments:
        first = True
        for word in segment.words:
            if not word.text.strip():
                continue
            spaced = word.text[0].isspace() or last[-1:].isspace()
            yield _Spoken(word, segment.language, first, spaced)
            last, first = word.text, False


def back_channels(words: Sequence[Word], voices: Sequence[str]) -> frozenset[int]:
    """The numbers of the words that only show that one listens, between words of another who talks on (rule 4).

    What follows a question is an answer, whatever its words.
    """
    stretches = runs(voices)
    short = [is_acknowledgement([words[n] for n in run]) for run in stretches]
    found: set[int] = set()
    for place, run in enumerate(stretches):
        if not short[place] or voices[run[0]] == NO_VOICE:
            continue
        earlier, later = range(place - 1, -1, -1), range(place + 1, len(stretches))
        around = {next((voices[stretches[i][0]] for i in side if not short[i]), NO_VOICE) for side in (earlier, later)}
        if len(around) > 1 or around & {NO_VOICE, voices[run[0]]}:
            continue
        last = next(stretches[i][-1] for i in earlier if voices[stretches[i][0]] in around)
        resumed = next(stretches[i][0] for i in later if voices[stretches[i][0]] in around)
        pauses = words[run[0]].start - words[last].end, words[resumed].start - words[run[-1]].end
        if max(pauses) <= GOES_ON and not ends_with(words[last], QUESTION_ENDS):
            found.update(run)
    return frozenset(found)


def _grouped(
    spoken: Sequence[_Spoken],
    voices: Sequence[str],
    asides: Collection[int],
    times: Mapping[str, Sequence[Interval]],
    inaudible: Sequence[Interval],
) -> list[list[int]]:
    """The numbers of the words of each utterance, utterances in the order of their first words (rules 3 and 4)."""
    # After how many inaudible stretches each word begins: two words between which one lies have other numbers.
    begins = [start for start, _ in inaudible]
    gaps = [bisect_right(begins, item.word.start) for item in spoken]
    groups: list[list[int]] = []
    talk: list[int] = []
    heard: list[list[int]] = []
    for number in range(len(spoken)):
        if number in asides:
            follows = bool(heard) and heard[-1][-1] == number - 1 and gaps[number - 1] == gaps[number]
            if follows and _goes_on(spoken, voices, number - 1, number):
                heard[-1].append(number)
            else:
                heard.append([number])
        elif (
            talk
            and gaps[talk[-1]] == gaps[number]
            and _goes_on(spoken, voices, talk[-1], number)
            and _talks_over(spoken, talk, heard, times.get(voices[number], ()))
        ):
            talk.append(number)
        else:
            groups += [talk, *heard]
            talk, heard = [number], []
    return [numbers for numbers in (*groups, talk, *heard) if numbers]


def _goes_on(spoken: Sequence[_Spoken], voices: Sequence[str], before: int, now: int) -> bool:
    """Whether a word can belong to the utterance of an earlier one (rule 3)."""
    pause = spoken[now].word.start - spoken[before].word.end
    return (
        voices[now] == voices[before]
        and spoken[now].language == spoken[before].language
        and pause < (SENTENCE_PAUSE if ends_sentence(spoken[before].word) else LONG_PAUSE)
    )


def _talks_over(
    spoken: Sequence[_Spoken], talk: Sequence[int], heard: Sequence[Sequence[int]], active: Sequence[Interval]
) -> bool:
    """Whether an utterance goes on over the back-channels since its last word.

    It does in its sentence, and where its voice is heard for at least half of one. After its sentence it may be that
    the other agreed to it: that order is kept.
    """
    since = [numbers for numbers in heard if numbers[0] > talk[-1]]
    if not since or not ends_sentence(spoken[talk[-1]].word):
        return True
    spans = [(spoken[numbers[0]].word.start, max(spoken[n].word.end for n in numbers)) for numbers in since]
    return any(0 < end - start <= 2 * seconds_within(active, start, end) for start, end in spans)


def _utterance(identifier: str, voice: str, spoken: Sequence[_Spoken], flags: tuple[str, ...]) -> Utterance:
    """Words that belong together. A space parts two if the recogniser put one there, or if a segment begins with the
    second and the script puts spaces between words.
    """
    text = ""
    words: list[UtteranceWord] = []
    for item in spoken:
        clean = " ".join(item.word.text.split())
        spaced = item.spaced or (item.first and max(text[-1:], clean[0]) < _FIRST_CJK)
        text += " " if spaced and text else ""
        offset = (len(text), len(text) + len(clean))
        text += clean
        word = item.word
        words.append(UtteranceWord(clean, word.start, word.end, word.probability, offset, word.flags))
    if all(UNSUPPORTED in word.flags for word in words):
        flags = (UNSUPPORTED, *flags)
    return Utterance(
        identifier,
        voice,
        spoken[0].language,
        words[0].start,
        max(word.end for word in words),
        text,
        tuple(words),
        flags,
    )
