"""Speaker turns as plain intervals: second look at who speaks, joining, naming; pure (numpy only).

Turns come from the pipeline with its own voice labels; `name_voices` gives the labels that records have.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from transcribe.records import SpeechTurn, to_milliseconds_grid

Vector = NDArray[np.float64]

SURE_SECONDS = 1.5
"""A turn at least so long counts towards its voice's centroid."""
JUDGED_SECONDS = 0.8
"""A turn at least so long may be given to another voice; shorter ones have unreliable vectors."""
RELABEL_MARGIN = 0.1
"""By how much (cosine) another voice must be nearer."""
HEARD_SECONDS = 1.0
"""A voice with less speech than this in the whole recording may be a mistake, and does not count as found."""
ROUNDS = 3
SHORTEST = 0.03
"""Seconds: a shorter turn is a single frame of the segmentation (17 ms), which nobody speaks in."""
LENGTHS = (200, 150, 100, 80, 50)
"""Mel frames (10 ms) of the pieces in which a turn is heard: the longest that fits."""


def voice_centroids(turns: Sequence[SpeechTurn], vectors: Mapping[int, Vector]) -> dict[str, Vector]:
    """The length-weighted mean vector of each voice, of unit length, from its turns of `SURE_SECONDS` or more.

    `vectors` holds the unit vector of a turn by its number. A voice without such turns is not in the result.
    """
    sums: dict[str, Vector] = {}
    for number, turn in enumerate(turns):
        seconds = turn.end - turn.start
        if number in vectors and seconds >= SURE_SECONDS:
            sums[turn.speaker] = sums.get(turn.speaker, np.zeros_like(vectors[number])) + seconds * vectors[number]
    return {voice: total / np.linalg.norm(total) for voice, total in sums.items() if np.linalg.norm(total) > 0}


def second_look(turns: Sequence[SpeechTurn], vectors: Mapping[int, Vector]) -> list[str]:
    """The voice of each turn after comparing its own vector with the voices' centroids.

    The segmentation sometimes takes two voices in a 10 s window for one, and clustering cannot part them again; the
    turns themselves, between pauses, nearly always belong to one person (D01-PIR: confusion 9.5 % → 0.9 %).
    """
    voices = [turn.speaker for turn in turns]
    for _ in range(ROUNDS):
        present = [SpeechTurn(voice, turn.start, turn.end) for voice, turn in zip(voices, turns, strict=True)]
        centroids = voice_centroids(present, vectors)
        judged = list(voices)
        for number, turn in enumerate(turns):
            if number not in vectors or turn.end - turn.start < JUDGED_SECONDS or voices[number] not in centroids:
                continue
            scores = {voice: float(vectors[number] @ centroid) for voice, centroid in sorted(centroids.items())}
            best = max(scores, key=scores.__getitem__)
            if scores[best] > scores[voices[number]] + RELABEL_MARGIN:
                judged[number] = best
        if judged == voices:
            break
        voices = judged
    return voices


def join_voices(centroids: Mapping[str, Vector], same: float) -> dict[str, str]:
    """Old voice → voice that it is one with: pairs whose cosine is above `same` are one, the nearest pair first.

    Voices that stay as they are may be missing from the result.
    """
    one: dict[str, str] = {}
    left = dict(centroids)
    while len(left) > 1:
        names = sorted(left)
        pairs = [(float(left[a] @ left[b]), a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
        nearest, kept, dropped = max(pairs)
        if nearest <= same:
            break
        total = left[kept] + left.pop(dropped)
        left[kept] = total / np.linalg.norm(total)
        one = {old: kept if new == dropped else new for old, new in one.items()} | {dropped: kept}
    return one


def rename(turns: Sequence[SpeechTurn], names: Mapping[str, str]) -> list[SpeechTurn]:
    """`turns` with the voices that `names` knows renamed."""
    return [SpeechTurn(names.get(turn.speaker, turn.speaker), turn.start, turn.end) for turn in turns]


def turn_pieces(first: int, last: int) -> list[NDArray[np.intp]]:
    """The frames [first, last) of one turn cut into as many pieces of `LENGTHS` frames as it takes, nothing below.

    Pieces have few different lengths so that they share batches; the last one reaches back into the one before it.
    """
    length = next((length for length in LENGTHS if last - first >= length), 0)
    if length == 0:
        return []
    starts = [*range(first, last - length, length), last - length]
    return [np.arange(start, start + length, dtype=np.intp) for start in starts]


def relabel(turns: Sequence[SpeechTurn], exclusive: Sequence[SpeechTurn], voices: Sequence[str]) -> list[SpeechTurn]:
    """`turns` (with overlap) after the exclusive turns were given `voices`: a changed stretch changes hands in both."""
    current = list(turns)
    for old, voice in zip(exclusive, voices, strict=True):
        if old.speaker == voice:
            continue
        kept: list[SpeechTurn] = []
        for turn in current:
            if turn.speaker != old.speaker or turn.end <= old.start or turn.start >= old.end:
                kept.append(turn)
                continue
            kept.append(SpeechTurn(turn.speaker, turn.start, old.start))
            kept.append(SpeechTurn(turn.speaker, old.end, turn.end))
        kept.append(SpeechTurn(voice, old.start, old.end))
        current = [turn for turn in kept if turn.end > turn.start]
    return current


def join_turns(turns: Sequence[SpeechTurn]) -> list[SpeechTurn]:
    """Touching or overlapping turns of one voice made one; sorted by start, end, voice."""
    joined: list[SpeechTurn] = []
    for voice in sorted({turn.speaker for turn in turns}):
        last: SpeechTurn | None = None
        for turn in sorted((t for t in turns if t.speaker == voice), key=lambda t: (t.start, t.end)):
            if last is not None and turn.start <= last.end:
                last = SpeechTurn(voice, last.start, max(last.end, turn.end))
            else:
                if last is not None:
                    joined.append(last)
                last = turn
        if last is not None:
            joined.append(last)
    return sorted(joined, key=lambda t: (t.start, t.end, t.speaker))


def without_flicker(turns: Sequence[SpeechTurn]) -> list[SpeechTurn]:
    """`turns` joined, without those below `SHORTEST`: a voice found in nothing else is none."""
    return [turn for turn in join_turns(turns) if turn.end - turn.start >= SHORTEST]


def clearly_heard(turns: Sequence[SpeechTurn]) -> int:
    """The number of voices that speak for `HEARD_SECONDS` or more, all their turns taken together."""
    seconds: dict[str, float] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + turn.end - turn.start
    return sum(total >= HEARD_SECONDS for total in seconds.values())


def name_voices(
    turns: Sequence[SpeechTurn], exclusive: Sequence[SpeechTurn], duration: float
) -> tuple[tuple[SpeechTurn, ...], tuple[SpeechTurn, ...]]:
    """Both lists with voices named `SPEAKER-1`, `SPEAKER-2` … by first appearance, inside [0, duration), on 1 ms.

    Turns that are empty on that grid are left out, and a voice that has no other turn gets no number.
    """
    turns, exclusive = (_on_grid(join_turns(some), duration) for some in (turns, exclusive))
    names: dict[str, str] = {}
    for turn in sorted([*turns, *exclusive], key=lambda t: (t.start, t.end, t.speaker)):
        names.setdefault(turn.speaker, f"SPEAKER-{len(names) + 1}")
    named = [tuple(SpeechTurn(names[t.speaker], t.start, t.end) for t in some) for some in (turns, exclusive)]
    return named[0], named[1]


def _on_grid(turns: Sequence[SpeechTurn], duration: float) -> list[SpeechTurn]:
    placed = (
        SpeechTurn(t.speaker, to_milliseconds_grid(max(0.0, t.start)), to_milliseconds_grid(min(duration, t.end)))
        for t in turns
    )
    return [turn for turn in placed if turn.end > turn.start]
