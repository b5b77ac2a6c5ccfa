"""What the model wrote and nobody said: kept out of the transcript, with the reason, and never deleted. Pure.

Single words without speech under them stay where they are, flagged: alignment may have set a real word beside its
moment. What goes is a whole segment that nothing supports, and the repetitions of a model that ran in circles
(docs/decisions/0015).
"""

from collections.abc import Sequence

from transcribe.overlap import is_acknowledgement
from transcribe.recognition.coverage import UNSUPPORTED
from transcribe.records import Quarantined, Segment, Word

LOOP = "loop"
SILENCE = "silence"

REPETITIVE = 2.4
"""Compression ratio of a window's text from which it repeats itself (openai-whisper's threshold)."""
LOOP_TIMES = 3
LOOP_WORDS = 20
"""So often, and for so many words together, something is said one after another in a loop. A person says "no" ten
times, or a sentence twice; the text of a loop goes on until the window's room is full."""

_QUICKEST = 0.04
"""Seconds a word on average: no person repeats herself faster, while the words of a loop pile up where it began."""


def quarantine(segments: Sequence[Segment]) -> tuple[tuple[Segment, ...], tuple[Quarantined, ...]]:
    """Segments of one window, parted into those that are kept and what is put away, both in order.

    `loop`: at every temperature the window's text repeats itself, and most of the segment's words belong to the
    repetition. `silence`: no word of the segment has speech under it, and it is more than a sound of listening
    ("Mm-hmm.", "Yeah."), which the mask may have missed and which is kept with its flags.
    """
    looped = _looped_words([word for segment in segments for word in segment.words])
    kept: list[Segment] = []
    put_away: list[Quarantined] = []
    first = 0
    for segment in segments:
        numbers = range(first, first + len(segment.words))
        first = numbers.stop
        if segment.compression_ratio > REPETITIVE and 2 * len(looped.intersection(numbers)) >= len(numbers):
            reason = LOOP
        elif all(UNSUPPORTED in word.flags for word in segment.words) and not is_acknowledgement(segment.words):
            reason = SILENCE
        else:
            kept.append(segment)
            continue
        put_away.append(Quarantined(segment.start, segment.end, segment.text, reason))
    return tuple(kept), tuple(put_away)


def _looped_words(words: Sequence[Word]) -> set[int]:
    """The numbers of the words that belong to something said again and again, without other words between."""
    texts = ["".join(sign for sign in word.text.casefold() if sign.isalnum()) for word in words]
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
