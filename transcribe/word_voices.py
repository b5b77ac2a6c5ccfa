"""Whose each recognised word is, by the turns that the diariser heard; pure, no torch.

`transcribe.attribution` has the rules, of which these are the first two.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from transcribe.diarization.cast import NO_VOICE
from transcribe.overlap import (
    LISTENING,
    active_times,
    is_acknowledgement,
    is_sound,
    length,
    seconds_within,
    shared,
    touching,
    without_listeners,
)
from transcribe.records import Interval, SpeechTurn, Word

NEAR = 1.0
"""Seconds from a turn within which a word outside all turns still belongs to it."""
EDGE = 0.7
"""Seconds around a change of voice within which a word may change hands."""
EDGE_WORDS = 2
"""Words that may change hands at a change of voice."""
REAL_PAUSE = 0.4
"""A silence (s) that shows a change of voice to be where the diariser says, unless there is a longer one nearby."""
EDGE_AFTER_PAUSE = 1.2
"""Seconds before a change of voice within which a word after a pause, at a sentence's beginning, may change hands."""

QUESTION_ENDS = ("?", "？")
SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
_CLOSING = "\"'”’)]」』）"


def word_voices(words: Sequence[Word], exclusive: Sequence[SpeechTurn], turns: Sequence[SpeechTurn] = ()) -> list[str]:
    """The voice of each word by the turns alone (rule 1), which may come in any order; `turns` overlap."""
    times = active_times((*turns, *exclusive))
    alone, every = (without_listeners(some, times) for some in (exclusive, (*turns, *exclusive)))
    talk_alone, talk = active_times(alone), active_times(every)
    voices = [_voice_of(word, talk_alone, talk) for word in words]
    for numbers in [part for run in runs(voices) for part in _acknowledgements(words, run)]:
        around = {voices[n] for n in (numbers[0] - 1, numbers[-1] + 1) if 0 <= n < len(words)}
        for voice in sorted(set(times) - around):
            if voice != voices[numbers[0]] and _listens(times[voice], words, numbers):
                for number in numbers:
                    voices[number] = voice
                break
    return voices


def _voice_of(word: Word, alone: Mapping[str, Sequence[Interval]], times: Mapping[str, Sequence[Interval]]) -> str:
    claims: list[tuple[float, float, float, float, str]] = []
    for voice, active in times.items():
        near = list(touching(alone.get(voice, ()), word.start - NEAR, word.end + NEAR))
        said = seconds_within(active, word.start, word.end)
        if near or said:
            away = min((max(a - word.end, word.start - b, 0.0) for a, b in near), default=NEAR)
            mine = seconds_within(near, word.start, word.end)
            claims.append((-said, -mine, away, near[0][0] if near else 0.0, voice))
    return min(claims)[-1] if claims else NO_VOICE


def _acknowledgements(words: Sequence[Word], run: Sequence[int]) -> Iterator[list[int]]:
    """Stretches of a voice's words that may be another's back-channel: short sentences, and sounds anywhere."""
    sentences: list[list[int]] = [[]]
    for number in run:
        sentences[-1].append(number)
        if ends_sentence(words[number]):
            sentences.append([])
    for sentence in sentences:
        if is_acknowledgement([words[n] for n in sentence]):
            yield sentence
            continue
        for sounds, group in groupby(sentence, lambda n: is_sound([words[n]])):
            if sounds:
                yield list(group)


def _listens(active: Sequence[Interval], words: Sequence[Word], numbers: Sequence[int]) -> bool:
    """Whether a voice is heard for most of the words and hardly longer."""
    start, end = words[numbers[0]].start, max(words[n].end for n in numbers)
    longest = max(map(length, touching(active, start, end)), default=math.inf)
    return longest <= LISTENING and 2 * seconds_within(active, start, end) > length((start, end))


def smooth(
    words: Sequence[Word], voices: Sequence[str], times: Mapping[str, Sequence[Interval]] = MappingProxyType({})
) -> list[str]:
    """`voices` with changes of voice moved to sentence ends and single-word islands joined (rule 2).

    `times` says when each voice is active.
    """
    changed = list(voices)
    for number in range(1, len(words)):
        before, after = changed[number - 1], changed[number]
        if before == after or NO_VOICE in (before, after) or ends_sentence(words[number - 1]):
            continue
        # A sound of listening is no part of the sentence that it falls into.
        if any(is_sound([words[n]]) for n in (number - 1, number)):
            continue
        target = _sentence_boundary(words, changed, number)
        if target is None:
            continue
        moved, taker = (range(target, number), after) if target < number else (range(number, target), before)
        at_once = _both_active(times, before, after, words[number].start)
        if not any(is_sound([words[n]]) or (at_once and not _is_heard(times[taker], words[n])) for n in moved):
            changed[moved.start : moved.stop] = [taker] * len(moved)
    for number in range(1, len(words) - 1):
        before, own, after = changed[number - 1 : number + 2]
        inside = not ends_sentence(words[number - 1]) and not ends_sentence(words[number])
        close = _gap(words, number) < REAL_PAUSE and _gap(words, number + 1) < REAL_PAUSE
        sound = is_sound(words[number : number + 1])
        if before == after != own and NO_VOICE not in (before, own) and inside and close and not sound:
            changed[number] = before
    return changed


def _both_active(times: Mapping[str, Sequence[Interval]], one: str, other: str, moment: float) -> bool:
    spans = [list(touching(times.get(voice, ()), moment, moment)) for voice in (one, other)]
    return any(shared(*spans))


def _is_heard(active: Sequence[Interval], word: Word) -> bool:
    """Whether a voice is active for at least half of a word."""
    return 2 * seconds_within(active, word.start, word.end) >= length((word.start, word.end))


def ends_sentence(word: Word) -> bool:
    """Whether the word's text ends a sentence, closing quotes aside."""
    return ends_with(word, SENTENCE_ENDS)


def ends_with(word: Word, signs: tuple[str, ...]) -> bool:
    return word.text.strip().rstrip(_CLOSING).endswith(signs)


def _gap(words: Sequence[Word], number: int) -> float:
    """Seconds of silence before word `number`."""
    return words[number].start - words[number - 1].end


def _sentence_boundary(words: Sequence[Word], voices: Sequence[str], number: int) -> int | None:
    """Where the change before word `number` belongs: the nearest sentence boundary within reach, earlier first."""
    moment = (words[number - 1].end + words[number].start) / 2
    pause = _gap(words, number)
    for steps in range(1, EDGE_WORDS + 1):
        earlier, later = number - steps, number + steps
        if (
            earlier > 0
            and ends_sentence(words[earlier - 1])
            and voices[earlier - 1] == voices[number - 1] == voices[earlier]
            and moment - words[earlier].start <= _reach(pause, _gap(words, earlier))
        ):
            return earlier
        if (
            pause < REAL_PAUSE
            and later <= len(words)
            and ends_sentence(words[later - 1])
            and all(voice == voices[number] for voice in voices[number:later])
            and words[later - 1].end - moment <= EDGE
        ):
            return later
    return None


def _reach(pause: float, pause_before: float) -> float:
    """Seconds that a change may move back over words, given the silence at it and the one before those words."""
    if pause_before > max(pause, REAL_PAUSE):
        return EDGE_AFTER_PAUSE
    return EDGE if pause < REAL_PAUSE else 0.0


def runs(voices: Sequence[str]) -> list[list[int]]:
    """The numbers of the words, by stretches of one voice."""
    return [list(group) for _, group in groupby(range(len(voices)), voices.__getitem__)]
