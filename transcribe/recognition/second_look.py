"""A second look at speech that no word covers: other windows over it, and what is taken from them. Free of torch.

A model leaves a sentence out because of where its window began and what stood before it. Heard again from another
moment, with words around it that are known already, it often comes. Those words are there to be recognised again, not
to be written again: the two looks are matched word by word, in order, and only what lies where no word was is new.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from transcribe.audio.track import Track
from transcribe.recognition.coverage import EDGE, UNSUPPORTED, longest_said, uncovered
from transcribe.recognition.windows import Window, pack_windows
from transcribe.records import Interval, Quarantined, Segment, Word

CONTEXT = 5.0
"""Seconds of known speech on either side of what is looked at again."""
LOOK_SECONDS = 20.0
"""Longest window of a second look: of another length than the first ones, so that long gaps are not cut alike."""
LEAST_PROBABILITY = 0.5
"""What words that only the second look has must have on average: where the first heard nothing, phantoms are likelier
than elsewhere."""
UNSURE = "unsure"
"""Why words of a second look are quarantined that are not sure enough."""

_SAME_WORD = 3.0
"""Seconds by which two looks may place the same word apart."""
_QUICK = 0.02
"""Seconds a letter: nobody speaks faster. A word with less was not placed, only squeezed in."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Segments after a second look, in order of time, ids from 0; and what was heard in it and is too unsure."""

    segments: tuple[Segment, ...]
    unsure: tuple[Quarantined, ...]


def second_look(
    gaps: Sequence[Interval],
    segments: Sequence[Segment],
    mask: Sequence[Interval],
    track: Track,
    used: Sequence[Window] = (),
) -> tuple[Window, ...]:
    """Windows in which stretches without words are heard again: `gaps` (s) as `coverage.uncovered` gives them.

    Each has up to `CONTEXT` seconds of speech before and after, and begins and ends at a word of `segments`. Gaps
    that are near each other share a window. None is among the windows `used` so far: it would give the same again.
    """
    starts = [word.start for segment in segments for word in segment.words]
    ends = [word.end for segment in segments for word in segment.words]
    windows: list[Window] = []
    for start, end in _clusters(gaps):
        first = min((s for s in starts if start - CONTEXT <= s < start), default=start - CONTEXT)
        last = max((e for e in ends if end < e <= end + CONTEXT), default=end + CONTEXT)
        heard = [(max(a, first), min(b, last)) for a, b in mask if a < last and b > first]
        windows += pack_windows(heard, track, LOOK_SECONDS)
    return tuple(window for window in windows if window not in used)


def accept(segments: Sequence[Segment], heard: Sequence[Segment], mask: Sequence[Interval]) -> Accepted:
    """What is known after a window of a second look, `heard` being its segments.

    A word is new when it lies where `segments` leave the mask uncovered and is none of their words heard again. New
    words that stand together are taken if they are sure enough on average; a known word that had no length, or was
    stretched over the gap, gets the place at which it was heard now. All other words of `segments` stay as they are.
    """
    gaps = uncovered(segments, mask)
    known = [(word, number) for number, segment in enumerate(segments) for word in segment.words]
    again = [(word, segment) for segment in heard for word in segment.words if _letters(word)]
    same = _same_words([word for word, _ in known], [word for word, _ in again])
    placed: list[_Placed] = [_Placed(word, number, segments[number]) for word, number in known]
    runs: dict[tuple[int, int], list[tuple[Word, Segment]]] = {}
    for number, (word, segment) in enumerate(again):
        gap = _gap_of(word, gaps)
        if gap is None:
            continue
        if number in same:
            before = placed[same[number]]
            if _is_squeezed(before.word) or before.word.end - before.word.start > longest_said(before.word):
                moved = replace(before.word, start=word.start, end=word.end, flags=word.flags)
                placed[same[number]] = replace(before, word=moved, is_new=True)
        else:
            runs.setdefault((gap, segment.id), []).append((word, segment))
    unsure: list[Quarantined] = []
    for count, run in enumerate(runs.values()):
        words = [word for word, _ in run]
        sound = [word for word in words if UNSUPPORTED not in word.flags]
        if 2 * len(sound) >= len(words) and fmean(word.probability for word in words) >= LEAST_PROBABILITY:
            placed += [_Placed(word, len(segments) + count, segment, True) for word, segment in run]
        else:
            text = "".join(word.text for word in words)
            unsure.append(Quarantined(words[0].start, max(word.end for word in words), text, UNSURE))
    return Accepted(_in_segments(_in_order(placed)), tuple(unsure))


@dataclass(frozen=True, slots=True)
class _Placed:
    """A word, the number of the run of words it belongs to, and the segment whose figures it has."""

    word: Word
    run: int
    source: Segment
    is_new: bool = False


def _clusters(gaps: Sequence[Interval]) -> list[Interval]:
    """Gaps that fit one window together with their context, as one."""
    found: list[Interval] = []
    for start, end in gaps:
        if found and end - found[-1][0] <= LOOK_SECONDS - 2 * CONTEXT:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _letters(word: Word) -> str:
    return "".join(sign for sign in word.text.casefold() if sign.isalnum())


def _is_squeezed(word: Word) -> bool:
    return word.end - word.start < _QUICK * len(_letters(word))


def _gap_of(word: Word, gaps: Sequence[Interval]) -> int | None:
    """The number of the gap over which a word lies: between the words around it, which end `EDGE` from the gap."""
    middle = (word.start + word.end) / 2
    return next((n for n, (start, end) in enumerate(gaps) if start - EDGE < middle < end + EDGE), None)


def _same_words(known: Sequence[Word], again: Sequence[Word]) -> dict[int, int]:
    """Which words of the second look are which of the first: as many as there can be in the same order.

    Of several ways to match, that with the least distance in time is taken. Keys count in `again`, values in `known`.
    """
    if not known or not again:
        return {}
    begin, end = again[0].start - _SAME_WORD, max(word.end for word in again) + _SAME_WORD
    near = [n for n, word in enumerate(known) if begin <= word.start <= end]
    texts, others = [_letters(known[n]) for n in near], [_letters(word) for word in again]
    best = [[0.0] * (len(again) + 1) for _ in range(len(near) + 1)]
    gain: dict[tuple[int, int], float] = {}
    for i, n in enumerate(near):
        for j, word in enumerate(again):
            apart = abs(known[n].start - word.start)
            if texts[i] == others[j] and apart <= _SAME_WORD:
                gain[i, j] = 1.0 - apart / (100 * _SAME_WORD)
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], best[i][j] + gain.get((i, j), 0.0))
    same: dict[int, int] = {}
    i, j = len(near), len(again)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            same[j] = near[i]
    return same


def _in_order(placed: Sequence[_Placed]) -> list[_Placed]:
    """Words by their begin; next to a new one, none reaches into the next."""
    ordered = sorted(placed, key=lambda item: item.word.start)
    for n in range(len(ordered) - 1):
        item, after = ordered[n], ordered[n + 1]
        if (item.is_new or after.is_new) and item.word.end > after.word.start:
            ordered[n] = replace(item, word=replace(item.word, end=after.word.start))
    return ordered


def _in_segments(placed: Sequence[_Placed]) -> tuple[Segment, ...]:
    """Words that follow each other in one run are one segment; a run into which others were put becomes several."""
    parts: list[list[_Placed]] = []
    for item in placed:
        if parts and parts[-1][-1].run == item.run:
            parts[-1].append(item)
        else:
            parts.append([item])
    return tuple(
        replace(
            part[0].source,
            id=number,
            start=part[0].word.start,
            end=part[-1].word.end,
            text="".join(item.word.text for item in part),
            words=tuple(item.word for item in part),
        )
        for number, part in enumerate(parts)
    )
