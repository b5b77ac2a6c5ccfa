"""What the model wrote and nobody said: kept out of the transcript, with the reason, and never deleted. Pure.

Single words without speech under them stay where they are, flagged: alignment may have set a real word beside its
moment. What goes is a segment that nothing supports, text that the model itself did not believe at any temperature,
and the repetitions of a model that ran in circles (docs/decisions/0015).
"""

from collections.abc import Iterator, Sequence
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

    `loop`: at every temperature the text repeats itself, and most of the segment's words belong to the repetition. Of
    a text that was broken off as a loop, that are all words at its end that come again and again, however few; what
    stands before them in their segment is a segment of its own.
    `silence`: no word of the segment has speech under it, or it has no letters, or the model takes the window for
    silence and its words are few (`SPARSE` of the mask there, sorted and disjoint) or unlikely. `unsure`: at every
    temperature the model holds the text for less likely than openai-whisper lets pass.

    A segment that only shows that somebody listens or thinks ("Mm-hmm.", "Yeah.", "Um.") is kept, its words flagged,
    where others are put away for `silence` or `unsure`: short sounds have the least evidence, and invent nothing.
    """
    words = [word for segment in segments for word in segment.words]
    looped = _looped_words(words)
    if hypothesis.is_loop:
        tail = _looped_tail(words)
        looped.update(tail)
        segments = _cut_before(segments, tail.start)
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
    return is_acknowledgement(words) or all(letters(word) in _HESITATIONS for word in words)


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
    voiced = window.voiced(mask)
    few = covered_seconds(segments, voiced) < SPARSE * sum(end - start for start, end in voiced)
    unlikely = hypothesis.avg_logprob < LIKELY_LOGPROB
    return SILENCE if hypothesis.no_speech_prob > NO_SPEECH_THRESHOLD and (few or unlikely) else ""


def _looped_words(words: Sequence[Word]) -> set[int]:
    """The numbers of the words that belong to something said again and again, without other words between."""
    return {number for run in _repetitions(words) if _is_loop(words[run.start : run.stop]) for number in run}


def _looped_tail(words: Sequence[Word]) -> range:
    """The numbers of the words at the end that come again and again: those of a loop that decoding broke off.

    It may have been broken off within the last word, which is then no repetition of another.
    """
    starts = (run.start for run in _repetitions(words) if run.stop >= len(words) - 1)
    return range(min(starts, default=len(words)), len(words))


def _cut_before(segments: Sequence[Segment], number: int) -> list[Segment]:
    """The segments, that with the `number`-th of all words made two if it stands within."""
    parts: list[Segment] = []
    for segment in segments:
        here, number = number, number - len(segment.words)
        if not 0 < here < len(segment.words):
            parts.append(segment)
            continue
        for words in (segment.words[:here], segment.words[here:]):
            text = "".join(word.text for word in words)
            parts.append(replace(segment, start=words[0].start, end=words[-1].end, text=text, words=words))
    return parts


def _repetitions(words: Sequence[Word]) -> Iterator[range]:
    """Runs of words, as numbers, that are the same words `LOOP_TIMES` times or more one after another."""
    texts = [letters(word) for word in words]
    for period in range(1, len(words) // LOOP_TIMES + 1):
        start = 0
        for number in range(period, len(words) + 1):
            if number < len(words) and texts[number] == texts[number - period]:
                continue
            if number - start >= LOOP_TIMES * period:
                yield range(start, number)
            start = number - period + 1


def _is_loop(run: Sequence[Word]) -> bool:
    return len(run) >= LOOP_WORDS or run[-1].end - run[0].start < _QUICKEST * len(run)


def letters(word: Word) -> str:
    """What two looks at one word, or two words of a loop, have in common: letters and digits, case folded."""
    return "".join(sign for sign in word.text.casefold() if sign.isalnum())
