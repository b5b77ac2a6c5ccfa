"""What the model wrote and nobody said: kept out of the transcript, with the reason, and never deleted. Pure.

Single words without speech under them stay where they are, flagged: alignment may have set a real word beside its
moment. What goes is a segment that nothing supports, text that the model itself did not believe at any temperature,
and the repetitions of a model that ran in circles (docs/decisions/0015).
"""

from collections.abc import Sequence
from dataclasses import replace

from transcribe.engines import SAMPLE_RATE
from transcribe.overlap import is_acknowledgement
from transcribe.recognition.coverage import covered_seconds
from transcribe.recognition.hypothesis import LOGPROB_THRESHOLD, NO_SPEECH_THRESHOLD, Hypothesis
from transcribe.recognition.windows import Window
from transcribe.records import UNSUPPORTED, Interval, Quarantined, Segment, Word, to_milliseconds_grid

LOOP = "loop"
SILENCE = "silence"
UNSURE = "unsure"

SPARSE = 0.5
LIKELY_LOGPROB = -0.7
"""A window that the model takes for silence is believed if its words cover this share of the mask there or more, and
if they are likelier than this on average. Of 55 single turns of 0.2 to 2.5 s, those of a near microphone had a
probability of silence below 0.6; of a far one, 'Thank you.' over noise had 0.6 to 0.95 with -1.6 to -0.77."""
LOOP_TIMES = 3
LOOP_WORDS = 20
"""So often, and for so many words together, something is said one after another in a loop. A person says "no" ten
times, or a sentence twice; the text of a loop goes on until the window's room is full."""

_HESITATIONS = frozenset(("um", "uh", "er", "erm", "eh"))
_QUICKEST = 0.04
"""Seconds a word on average: no person repeats herself faster, while the words of a loop pile up where it began."""


def quarantine(
    segments: Sequence[Segment], hypothesis: Hypothesis, window: Window, mask: Sequence[Interval]
) -> tuple[tuple[Segment, ...], tuple[Quarantined, ...]]:
    """The segments of one window, parted into those that are kept and what is put away, both in order.

    `loop`: at every temperature the text repeats itself, and most of the segment's words belong to the repetition.
    `silence`: no word of the segment has speech under it, or it has no letters, or the model takes the window for
    silence and its words are few (`SPARSE` of the mask there, sorted and disjoint) or unlikely. `unsure`: at every
    temperature the model holds the text for less likely than openai-whisper lets pass.

    A segment that only shows that somebody listens or thinks ("Mm-hmm.", "Yeah.", "Um.") is kept, its words flagged,
    where others are put away for `silence` or `unsure`: short sounds have the least evidence, and invent nothing.
    """
    looped = _looped_words([word for segment in segments for word in segment.words])
    doubt = _doubt(segments, hypothesis, window, mask)
    kept: list[Segment] = []
    put_away: list[Quarantined] = []
    first = 0
    for segment in segments:
        numbers = range(first, first + len(segment.words))
        first = numbers.stop
        reason = doubt
        if hypothesis.is_repetitive and 2 * len(looped.intersection(numbers)) >= len(numbers):
            reason = LOOP
        elif not any(map(str.isalnum, segment.text)) or all(UNSUPPORTED in word.flags for word in segment.words):
            reason = SILENCE
        if not reason:
            kept.append(segment)
        elif reason != LOOP and is_mere_sign(segment.words):
            kept.append(flagged(segment))
        else:
            put_away.append(Quarantined(segment.start, segment.end, segment.text, reason))
    return tuple(kept), tuple(put_away)


def is_mere_sign(words: Sequence[Word]) -> bool:
    """Whether words say no more than that somebody listens or thinks: `Mm-hmm.`, `Yeah, okay.`, `Um.`"""
    return is_acknowledgement(words) or all(_letters(word) in _HESITATIONS for word in words)


def flagged(segment: Segment) -> Segment:
    """The segment, all its words flagged: nothing but the model says that they were said."""
    words = (w if UNSUPPORTED in w.flags else replace(w, flags=(*w.flags, UNSUPPORTED)) for w in segment.words)
    return replace(segment, words=tuple(words))


def silent_text(window: Window, text: str) -> tuple[Quarantined, ...]:
    """What the model wrote for a window that it takes for silence itself (`Hypothesis.is_silence`): no times."""
    if not any(map(str.isalnum, text)):
        return ()
    start, end = window.pieces[0][0] / SAMPLE_RATE, window.pieces[-1][1] / SAMPLE_RATE
    return (Quarantined(to_milliseconds_grid(start), to_milliseconds_grid(end), text, SILENCE),)


def _doubt(segments: Sequence[Segment], hypothesis: Hypothesis, window: Window, mask: Sequence[Interval]) -> str:
    """Why a window's text as a whole is not believed; empty where it is."""
    if hypothesis.avg_logprob < LOGPROB_THRESHOLD:
        return UNSURE
    inside = [(first / SAMPLE_RATE, last / SAMPLE_RATE) for first, last in window.pieces]
    near = [(a, b) for a, b in mask if a < inside[-1][1] and b > inside[0][0]]
    voiced = [(max(a, start), min(b, end)) for start, end in inside for a, b in near if a < end and b > start]
    few = covered_seconds(segments, voiced) < SPARSE * sum(end - start for start, end in voiced)
    unlikely = hypothesis.avg_logprob < LIKELY_LOGPROB
    return SILENCE if hypothesis.no_speech_prob > NO_SPEECH_THRESHOLD and (few or unlikely) else ""


def _looped_words(words: Sequence[Word]) -> set[int]:
    """The numbers of the words that belong to something said again and again, without other words between."""
    texts = [_letters(word) for word in words]
    looped: set[int] = set()
    for period in range(1, len(words) // LOOP_TIMES + 1):
        start = 0
        for number in range(period, len(words) + 1):
            if number < len(words) and texts[number] == texts[number - period]:
                continue
            if number - start >= LOOP_TIMES * period and _is_loop(words[start:number]):
                looped.update(range(start, number))
            start = number - period + 1
    return looped


def _is_loop(run: Sequence[Word]) -> bool:
    return len(run) >= LOOP_WORDS or run[-1].end - run[0].start < _QUICKEST * len(run)


def _letters(word: Word) -> str:
    return "".join(sign for sign in word.text.casefold() if sign.isalnum())
