"""Which speech no word covers, and what that is called in the end. Pure; free of torch.

A speech mask and word times never meet exactly: the mask has margins of about 0.15 s and bridges short pauses, and
alignment is uncertain by as much. So a word covers `EDGE` seconds around itself, and pauses of up to `BRIDGED_GAP`
between words belong to them. What then is left of the mask was said, as far as anybody can tell, and is not written.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

from transcribe.intervals import joined, without
from transcribe.recognition.windows import voiced_within
from transcribe.records import Interval, Segment, Word, to_milliseconds_grid

EDGE = 0.3
"""Seconds before and after a word that count as its own: the mask's margin (0.15 s) and as much for alignment."""
BRIDGED_GAP = 0.5
"""Seconds between two words that are a pause in speech and belong to them."""
LEAST_SPEECH = 1.0
"""Seconds of speech without a word that are worth a second look, and a mark where that does not help.

On our clips with the diariser's masks, which lean to too much, shorter ones are breaths, laughter and tails of words: a
second look finds nothing in them, and far-field recordings would have a mark every few seconds. What it costs: one
short word ("Yes.", 0.6 s with the mask's margins) can be missing without a mark.
"""
ONE_MARK = 2.0
"""Seconds of silence between two stretches without words that still get one mark."""

_SLOW = 0.2
_SLOWEST = 1.0
"""Nobody takes longer for a word than `_SLOWEST` seconds and `_SLOW` a letter. Alignment has each word last until
the next begins: of a sentence that the model left out, the word before it takes the time."""


def longest_said(word: Word) -> float:
    """Seconds that a word can have been spoken for at most."""
    return max(_SLOWEST, _SLOW * sum(sign.isalnum() for sign in word.text))


def covered(segments: Iterable[Segment]) -> tuple[Interval, ...]:
    """When words were spoken (s): sorted, disjoint, pauses of up to `BRIDGED_GAP` between words included."""
    words = (word for segment in segments for word in segment.words)
    return tuple(joined(((w.start, min(w.end, w.start + longest_said(w))) for w in words), BRIDGED_GAP))


def covered_seconds(segments: Iterable[Segment], mask: Sequence[Interval]) -> float:
    """Seconds of a sorted, disjoint speech mask that words cover."""
    spans = covered(segments)
    outside = sum(end - start for start, end in without(mask, spans))
    return max(0.0, sum(end - start for start, end in mask) - outside)


def uncovered(segments: Iterable[Segment], mask: Sequence[Interval]) -> tuple[Interval, ...]:
    """Stretches (s) of a sorted, disjoint speech mask that no word covers: sorted, disjoint, none touching a word.

    Pauses of the mask of up to `BRIDGED_GAP` lie within a stretch; each has `LEAST_SPEECH` of speech or more.
    """
    taken = joined((start - EDGE, end + EDGE) for start, end in covered(segments))
    # Between two pieces with a word between them lie at least 2 × EDGE: bridging never reaches over a word.
    stretches = joined(without(mask, taken), BRIDGED_GAP)
    return tuple(stretch for stretch in stretches if voiced_within(mask, *stretch) >= LEAST_SPEECH)


def still_inaudible(segments: Sequence[Segment], mask: Sequence[Interval]) -> tuple[Interval, ...]:
    """`Recognition.inaudible`: what is `uncovered` once all is decoded, on the millisecond grid.

    Neighbours less than `ONE_MARK` apart without a word between them are one.
    """
    spoken = covered(segments)
    found: list[Interval] = []
    at = 0
    for start, end in uncovered(segments, mask):
        while at < len(spoken) and spoken[at][0] < start:
            at += 1
        word_between = at > 0 and bool(found) and spoken[at - 1][0] >= found[-1][1]
        if found and not word_between and start - found[-1][1] <= ONE_MARK:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return tuple((to_milliseconds_grid(start), to_milliseconds_grid(end)) for start, end in found)


def ended_at_marks(segments: Iterable[Segment], marks: Sequence[Interval]) -> tuple[Segment, ...]:
    """The segments, no word of which lasts into a mark: `marks` are those that `still_inaudible` gives of them.

    A word stretched over what was left out after it ends where the mark begins, and nothing is both a word and
    inaudible. It is not made shorter than that: redacted sound does without what lies under a stretched word, and
    knows it by being longer than `longest_said`.
    """
    begins = [start for start, _ in marks]
    return tuple(_with_words(each, tuple(_ended_at(word, begins) for word in each.words)) for each in segments)


def _with_words(segment: Segment, words: tuple[Word, ...]) -> Segment:
    return segment if words == segment.words else replace(segment, words=words, end=words[-1].end)


def _ended_at(word: Word, begins: Sequence[float]) -> Word:
    following = bisect_left(begins, word.start)
    if following < len(begins) and begins[following] < word.end:
        return replace(word, end=begins[following])
    return word
