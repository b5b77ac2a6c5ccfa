"""A second look at speech that no word covers: other windows over it, and what is taken from them. Free of torch.

A model leaves a sentence out because of where its window began and what stood before it. Heard again from another
moment, with words around it that are known already, it often comes. Those words are there to be recognised again, not
to be written again: the two looks are matched word by word, in order, and only what lies where no word was is new.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from transcribe.audio.track import Track
from transcribe.recognition.coverage import EDGE, covered, uncovered
from transcribe.recognition.quarantine import UNSURE, flagged, is_mere_sign, letters
from transcribe.recognition.windows import Window, pack_windows, spans_near, voiced_within
from transcribe.records import UNSUPPORTED, Interval, Quarantined, Segment, Word, to_milliseconds_grid

CONTEXT = 5.0
"""Seconds of known speech on either side of what is looked at again."""
LOOK_SECONDS = 20.0
"""Longest window of a second look: of another length than the first ones, so that long gaps are not cut alike."""
LEAST_PROBABILITY = 0.6
"""What words that only the second look has must have on average: where the first heard nothing, phantoms are likelier
than elsewhere."""
ALONE_SECONDS = 2.0
AMID_SECONDS = 10.0
"""Words that last less than `ALONE_SECONDS` with `AMID_SECONDS` of speech without a word beside them are alone."""

_SAME_WORD = 3.0
"""Seconds by which two looks may place the same word apart; speech without a word between does not count."""
_FAR = 60.0
"""Seconds beyond what was heard again in which its words are not looked for."""
_SAME_PLACE = 1.0
"""Seconds within which both looks must hear words that are alone."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Segments in order of time, and what was heard and is too unsure to be one."""

    segments: tuple[Segment, ...]
    put_away: tuple[Quarantined, ...]


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
    starts = sorted(word.start for segment in segments for word in segment.words)
    ends = sorted(word.end for segment in segments for word in segment.words)
    windows: list[Window] = []
    for start, end in _clusters(gaps):
        known_from, known_to = bisect_left(starts, start - CONTEXT), bisect_right(ends, end + CONTEXT) - 1
        first = starts[known_from] if known_from < len(starts) and starts[known_from] < start else start - CONTEXT
        last = ends[known_to] if known_to >= 0 and ends[known_to] > end else end + CONTEXT
        heard = [(max(a, first), min(b, last)) for a, b in spans_near(mask, first, last)]
        windows += pack_windows(heard, track, LOOK_SECONDS)
    return tuple(window for window in windows if window not in used)


def accept(
    segments: Sequence[Segment],
    heard: Sequence[Segment],
    mask: Sequence[Interval],
    put_away: Sequence[Quarantined] = (),
) -> Accepted:
    """What is known after one window of a second look: `heard` and `put_away` are what `quarantine` made of it.

    A word is new when it lies where `segments` leave the mask uncovered and is none of their words heard again. New
    words that stand together are taken if they are sure enough on average. A known word that is heard in the gap now
    gets its place there: without a place of its own it was put before or behind it. All other words of `segments` stay
    as they are, and of `put_away` what lies over no gap is left out, because its words are there already, unless it is
    all that the window gave. Ids are not those of `confirm` yet.
    """
    spans = [(item.start, item.end) for item in heard] + [(item.start, item.end) for item in put_away]
    begin = min((start for start, _ in spans), default=0.0) - _FAR
    end = max((end for _, end in spans), default=0.0) + _FAR
    # Words far away play no part: of eight hours all would be gone through hundreds of times.
    first = next((n for n, segment in enumerate(segments) if segment.end >= begin), len(segments))
    last = next((n for n, segment in enumerate(segments) if n >= first and segment.start > end), len(segments))
    around = [(max(a, begin), min(b, end)) for a, b in spans_near(mask, begin, end)]
    near = _accepted(segments[first:last], heard, around, put_away)
    return Accepted((*segments[:first], *near.segments, *segments[last:]), near.put_away)


def _accepted(
    segments: Sequence[Segment],
    heard: Sequence[Segment],
    mask: Sequence[Interval],
    put_away: Sequence[Quarantined],
) -> Accepted:
    gaps = uncovered(segments, mask)
    known = [(word, number) for number, segment in enumerate(segments) for word in segment.words]
    again = [(word, segment) for segment in heard for word in segment.words if letters(word)]
    same = _same_words([word for word, _ in known], [word for word, _ in again], gaps)
    placed = [_Placed(word, number, segments[number]) for word, number in known]
    runs: dict[tuple[int, int], list[tuple[Word, Segment]]] = {}
    moves: list[tuple[int, Word]] = []
    for number, (word, segment) in enumerate(again):
        gap = _gap_of(word, gaps)
        if gap is None:
            continue
        # Its middle lies there; what reaches over the words around the gap is alignment.
        start, end = max(word.start, gaps[gap][0] - EDGE), min(word.end, gaps[gap][1] + EDGE)
        inside = replace(word, start=to_milliseconds_grid(start), end=to_milliseconds_grid(end))
        if number in same:
            moves.append((same[number], inside))
        else:
            runs.setdefault((gap, segment.id), []).append((inside, segment))
    # A word can follow its neighbour: those that move to earlier from the first on, to later from the last.
    for at, word in (*moves, *reversed(moves)):
        _move(placed, at, word)
    # A window of nothing but one text may be one that the model took for silence: its times are the window's, and
    # what another look has filled in there is not it.
    is_all = len(put_away) == 1 and not heard
    unsure = [item for item in put_away if is_all or _reaches_into(item, gaps)]
    for count, run in enumerate(runs.values()):
        words = [word for word, _ in run]
        sound = [word for word in words if UNSUPPORTED not in word.flags]
        if 2 * len(sound) >= len(words) and fmean(word.probability for word in words) >= LEAST_PROBABILITY:
            placed += [_Placed(word, len(segments) + count, segment, True) for word, segment in run]
        else:
            text = "".join(word.text for word in words)
            unsure.append(Quarantined(words[0].start, max(word.end for word in words), text, UNSURE))
    return Accepted(_in_segments(_in_order(placed)), tuple(unsure))


def confirm(
    segments: Sequence[Segment], first: Sequence[Segment], second: Sequence[Segment], mask: Sequence[Interval]
) -> Accepted:
    """What is believed in the end: `segments` without words that stand alone and that only one look has heard there.

    Ids are counted from 0.

    "Thank you." and twenty seconds of speech without a word is what a model writes for noise, wherever its window
    begins; what was said is heard at its place in both looks. `first` and `second` are all segments that the looks
    gave. A sound of listening is kept, flagged.
    """
    gaps = uncovered(segments, mask)
    doubtful = [span for span in covered(segments) if _is_alone(span, gaps, mask)]
    looks = [[word for segment in look for word in segment.words] for look in (first, second)]
    kept: list[Segment] = []
    put_away: list[Quarantined] = []
    for segment in segments:
        # By begins: the last word of a phantom often lasts until the next word, or to the window's end.
        alone = all(_is_within(word.start, doubtful) for word in segment.words)
        if not alone or all(_is_heard(segment, words) for words in looks):
            kept.append(segment)
        elif is_mere_sign(segment.words):
            kept.append(flagged(segment))
        else:
            put_away.append(Quarantined(segment.start, segment.end, segment.text, UNSURE))
    return Accepted(tuple(replace(segment, id=number) for number, segment in enumerate(kept)), tuple(put_away))


def _is_alone(span: Interval, gaps: Sequence[Interval], mask: Sequence[Interval]) -> bool:
    near = spans_near(gaps, span[0] - 3 * EDGE, span[1] + 3 * EDGE)
    beside = [gap for gap in near if abs(gap[0] - EDGE - span[1]) < EDGE or abs(span[0] - EDGE - gap[1]) < EDGE]
    unheard = sum(voiced_within(mask, start, end) for start, end in beside)
    return span[1] - span[0] < ALONE_SECONDS and unheard >= AMID_SECONDS


def _is_within(moment: float, spans: Sequence[Interval]) -> bool:
    """Whether one of the sorted, disjoint spans holds the moment, ends included."""
    number = bisect_right(spans, moment, key=lambda span: span[0]) - 1
    return number >= 0 and moment <= spans[number][1]


def _is_heard(segment: Segment, words: Iterable[Word]) -> bool:
    """Whether most of a segment's words are among `words`, at the same place."""
    near = [word for word in words if segment.start - 1.0 <= word.start <= segment.end + 1.0]
    found = [
        any(letters(word) == letters(other) and abs(word.start - other.start) <= _SAME_PLACE for other in near)
        for word in segment.words
    ]
    return 2 * sum(found) > len(found)


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


def _move(placed: list["_Placed"], number: int, heard: Word) -> None:
    """Gives a known word the times at which it was heard now, where it then still stands between its neighbours."""
    before = placed[number - 1].word.start if number else 0.0
    after = placed[number + 1].word.start if number + 1 < len(placed) else heard.start
    if before <= heard.start <= after:
        item = placed[number]
        moved = replace(item.word, start=heard.start, end=heard.end, flags=heard.flags)
        placed[number] = replace(item, word=moved, is_new=True)


def _reaches_into(item: Quarantined, gaps: Sequence[Interval]) -> bool:
    """Whether any of it lies between the words around a gap, which end `EDGE` from it."""
    return any(item.start < end + EDGE and item.end > start - EDGE for start, end in gaps)


def _gap_of(word: Word, gaps: Sequence[Interval]) -> int | None:
    """The number of the gap over which a word lies: between the words around it, which end `EDGE` from the gap."""
    middle = (word.start + word.end) / 2
    return next((n for n, (start, end) in enumerate(gaps) if start - EDGE < middle < end + EDGE), None)


def _same_words(known: Sequence[Word], again: Sequence[Word], gaps: Sequence[Interval]) -> dict[int, int]:
    """Which words of the second look are which of the first: as many as there can be in the same order.

    Of several ways to match, that with the least distance in time is taken. Keys count in `again`, values in `known`.
    """
    if not known or not again:
        return {}
    texts, others = [letters(word) for word in known], [letters(word) for word in again]
    best = [[0.0] * (len(again) + 1) for _ in range(len(known) + 1)]
    gain: dict[tuple[int, int], float] = {}
    for i, before in enumerate(known):
        for j, word in enumerate(again):
            if texts[i] == others[j] and (apart := _apart(before.start, word.start, gaps)) <= _SAME_WORD:
                gain[i, j] = 1.0 - apart / (100 * _SAME_WORD)
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], best[i][j] + gain.get((i, j), 0.0))
    same: dict[int, int] = {}
    i, j = len(known), len(again)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            same[j] = i
    return same


def _apart(one: float, other: float, gaps: Sequence[Interval]) -> float:
    """Seconds between two moments, without the speech between them that has no word."""
    early, late = min(one, other), max(one, other)
    return late - early - voiced_within(gaps, early, late)


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
