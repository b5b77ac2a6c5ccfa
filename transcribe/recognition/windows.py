"""Cutting a recording into windows of at most 30 s, along its speech mask. Free of torch.

A window is what the encoder hears at once. It is made of one or more pieces of the recording: pauses up to 2 s stay
in, longer silences are left out, so that windows are full and silence is never decoded. Word times found in a window
are mapped back to the recording through its pieces.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transcribe.audio.track import Track
from transcribe.engines import SAMPLE_RATE, Samples
from transcribe.records import Interval

WINDOW_SECONDS = 30.0
MIN_PAUSE = 0.2
"""Seconds: no window ends at a shorter pause, unless speech goes on for longer than a window."""
MAX_SILENCE = 2.0
"""Seconds of silence that a window keeps; of a longer one only the padding remains."""
PADDING = 0.2
"""Seconds kept before and after speech, for masks cut too close."""

MIN_SPEECH = 0.05
"""Seconds: nothing can be said in less; a mask's shorter spans alone make no window."""

_GOOD_PAUSE = 1.0
_SHORT_PAUSE_COST = 0.5
"""What a window that ends at no pause at all costs, in windows: one more window is worth two such cuts avoided."""
_ENERGY_SECONDS = 0.1

Piece = tuple[int, int]
"""Half-open span of samples of the recording."""


@dataclass(frozen=True, slots=True)
class Window:
    """Up to 30 s of sound: `pieces` of the recording one after another, in order and disjoint."""

    pieces: tuple[Piece, ...]

    @property
    def length(self) -> int:
        """Samples in all pieces."""
        return sum(end - start for start, end in self.pieces)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.length / SAMPLE_RATE

    def voiced(self, mask: Sequence[Interval]) -> list[Interval]:
        """What of a sorted, disjoint mask of the recording (s) lies in the window."""
        inside = ((start / SAMPLE_RATE, end / SAMPLE_RATE) for start, end in self.pieces)
        return [span for start, end in inside for span in spans_within(mask, start, end)]

    def cut(self, track: Track) -> Samples:
        """The window's sound out of the recording's: float32 of shape (length,)."""
        return np.concatenate([track.cut(start, end) for start, end in self.pieces])

    def on_recording(self, start: float, end: float) -> Interval:
        """Where a span of the window (s) lies on the recording's timeline (s).

        A span that reaches over a removed silence is put into the piece that holds most of it: a word cannot have
        been said on both sides of a silence.
        """
        best = (0.0, 0.0)
        most = -1.0
        offset = 0.0
        for first, last in self.pieces:
            length = (last - first) / SAMPLE_RATE
            inside = (min(max(start - offset, 0.0), length), min(max(end - offset, 0.0), length))
            held = min(end, offset + length) - max(start, offset)
            if held > most:
                most = held
                best = (first / SAMPLE_RATE + inside[0], first / SAMPLE_RATE + inside[1])
            offset += length
        return best


def clean_mask(speech: Sequence[Interval], seconds: float, min_pause: float = 0.0) -> tuple[Interval, ...]:
    """The mask sorted, within [0, seconds], without empty spans; spans less than `min_pause` apart are joined."""
    joined: list[Interval] = []
    for start, end in sorted((max(start, 0.0), min(end, seconds)) for start, end in speech):
        if end <= start:
            continue
        if joined and start - joined[-1][1] <= min_pause:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def spans_near(mask: Sequence[Interval], start: float, end: float) -> Sequence[Interval]:
    """The spans of a sorted, disjoint mask that begin before `end` and end after `start`, as they are.

    Asked for every word of a recording: of eight hours, going through the whole mask each time takes minutes.
    """
    first = bisect_right(mask, start, key=lambda span: span[1])
    return mask[first : bisect_left(mask, end, key=lambda span: span[0])]


def spans_within(mask: Sequence[Interval], start: float, end: float) -> list[Interval]:
    """What of a sorted, disjoint mask lies in [start, end)."""
    return [(max(first, start), min(last, end)) for first, last in spans_near(mask, start, end)]


def voiced_within(mask: Sequence[Interval], start: float, end: float) -> float:
    """Seconds of [start, end) that lie in a sorted, disjoint mask."""
    return sum(max(0.0, min(end, last) - max(start, first)) for first, last in spans_near(mask, start, end))


def pack_windows(speech: Sequence[Interval], track: Track, longest: float = WINDOW_SECONDS) -> tuple[Window, ...]:
    """Windows of at most `longest` seconds that hold all speech of the mask once and in order; none without speech.

    Among all ways to cut at pauses, that with fewest windows is taken, unless a few more let windows end at longer
    pauses. Speech longer than a window is cut where it is quietest.
    """
    most = round(longest * SAMPLE_RATE)
    joined = clean_mask(speech, track.length / SAMPLE_RATE, MIN_PAUSE)
    mask = [(start, end) for start, end in joined if end - start >= MIN_SPEECH]
    pieces = _padded(mask, track.length)
    runs = [part for piece in pieces for part in _split_long(piece, track, most)]
    return tuple(Window(_joined(runs[first:last])) for first, last in _groups(runs, most))


def _padded(mask: Sequence[Interval], n: int) -> list[Piece]:
    """Each span of the mask with its padding, in samples; two neighbours share a pause that is short for both."""
    spans = [(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)) for start, end in mask]
    pad = round(PADDING * SAMPLE_RATE)
    padded: list[Piece] = []
    for i, (start, end) in enumerate(spans):
        before = padded[-1][1] if padded else 0
        after = (end + spans[i + 1][0] + 1) // 2 if i + 1 < len(spans) else n
        padded.append((max(start - pad, before, 0), min(end + pad, after, n)))
    return [(start, end) for start, end in padded if end > start]


def _split_long(piece: Piece, track: Track, most: int) -> list[Piece]:
    """Pieces of at most `most` samples; cuts lie where the sound is quietest within the second half of each window."""
    start, end = piece
    parts: list[Piece] = []
    while end - start > most:
        first, last = start + most // 2, min(start + most, end)
        step = round(_ENERGY_SECONDS * SAMPLE_RATE)
        energy = np.add.reduceat(np.square(track.cut(first, last), dtype=np.float64), np.arange(0, last - first, step))
        # The last, possibly shorter step is left out: it would be quiet for being short.
        cut = first + int(np.argmin(energy[:-1])) * step + step // 2
        parts.append((start, cut))
        start = cut
    return [*parts, (start, end)]


def _joined(runs: Sequence[Piece]) -> tuple[Piece, ...]:
    """Runs of one window, joined to one piece where the pause between them is kept."""
    pieces: list[Piece] = []
    for start, end in runs:
        if pieces and start - pieces[-1][1] <= _kept_pause():
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return tuple(pieces)


def _kept_pause() -> int:
    """Samples between two padded runs whose pause stays in a window."""
    return round((MAX_SILENCE - 2 * PADDING) * SAMPLE_RATE)


def _groups(runs: Sequence[Piece], most: int) -> list[tuple[int, int]]:
    """Half-open ranges of runs that share a window: the cheapest partition, found from left to right."""
    best = [0.0] + [np.inf] * len(runs)
    previous = [0] * (len(runs) + 1)
    for last in range(1, len(runs) + 1):
        length = 0
        for first in range(last - 1, -1, -1):
            start, end = runs[first]
            length += end - start
            if first + 1 < last:
                pause = runs[first + 1][0] - end
                length += pause if pause <= _kept_pause() else 0
            if length > most:
                break
            cost = best[first] + 1.0 + _cut_cost(runs, first)
            if cost < best[last]:
                best[last], previous[last] = cost, first
    groups: list[tuple[int, int]] = []
    last = len(runs)
    while last > 0:
        groups.append((previous[last], last))
        last = previous[last]
    return groups[::-1]


def _cut_cost(runs: Sequence[Piece], first: int) -> float:
    """What it costs to begin a window with run `first`: nothing at a pause of a second or more."""
    if first == 0:
        return 0.0
    pause = (runs[first][0] - runs[first - 1][1]) / SAMPLE_RATE
    return _SHORT_PAUSE_COST * (1.0 - min(pause / _GOOD_PAUSE, 1.0))
