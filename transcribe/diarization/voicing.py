"""Whose each turn is, from what it sounds like and who speaks beside it; pure (numpy only)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from transcribe.diarization.clustering import Items, Vector, cluster
from transcribe.records import SpeechTurn

CLUSTERED_SECONDS = 0.75
"""A turn in which somebody speaks alone for at least so long is clustered; shorter ones join the voices found."""
RELIABLE_SECONDS = 0.5
"""From here on a turn's own vector counts fully when it joins a voice, below in proportion."""
NEAR_SECONDS = 5.0
"""How far around a short turn the segmentation's own numbering of voices is asked."""
LANE_WEIGHT = 0.1
"""What that is worth, as a cosine."""
AT_ONCE = 1.0
"""What it costs, as a cosine, to give a turn to somebody who speaks beside it for half of it."""
VOICE_VECTOR_SECONDS = 1.5
"""A voice heard alone for less has no vector that means anything."""


@dataclass(frozen=True, slots=True, eq=False)
class LaneTurn:
    """A turn in one lane (the turn's speaker), its vector, and for how long nobody else speaks in it (s).

    `vector` is the length-weighted mean over the pieces of the turn that one voice fills alone, of unit length; all
    zeros when there are none.
    """

    turn: SpeechTurn
    alone: float
    vector: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Centroid:
    """What a voice sounds like: a unit vector, and the speech that it was made of (s)."""

    seconds: float
    vector: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What was found in one recording: turns with overlap, without, and what the voices in them sound like."""

    turns: Sequence[SpeechTurn]
    exclusive: Sequence[SpeechTurn]
    centroids: Mapping[str, Centroid]


def whose(turns: Sequence[LaneTurn], speakers: int | None) -> list[int]:
    """The voice of each turn, numbered from 0; `speakers` is the number of voices expected, None when not known."""
    chosen = [n for n, one in enumerate(turns) if one.vector.any() and one.alone >= CLUSTERED_SECONDS]
    if not chosen:  # nobody speaks long enough: whatever has a vector must do
        chosen = [n for n, one in enumerate(turns) if one.vector.any()]
    if not chosen:
        return [0] * len(turns)
    vectors = np.array([turns[n].vector for n in chosen])
    seconds = np.array([turns[n].alone for n in chosen])
    clustered = cluster(Items(vectors, seconds, _together([turns[n].turn for n in chosen])), speakers)
    if clustered.max() < 0:
        clustered[:] = 0
    sure = {n: int(voice) for n, voice in zip(chosen, clustered, strict=True) if voice >= 0}
    directions = _directions(turns, sure)
    return [sure[n] if n in sure else _nearest(n, turns, sure, directions) for n in range(len(turns))]


def _together(turns: Sequence[SpeechTurn]) -> Vector:
    """For how long any two turns are at the same time (s), (n, n), 0 on the diagonal."""
    starts, ends = (np.array([getattr(turn, edge) for turn in turns]) for edge in ("start", "end"))
    together: Vector = np.maximum(0.0, np.minimum.outer(ends, ends) - np.maximum.outer(starts, starts))
    np.fill_diagonal(together, 0.0)
    return together


def _directions(turns: Sequence[LaneTurn], sure: Mapping[int, int]) -> Vector:
    """The unit vector of each voice, (voices, d)."""
    sums = np.zeros((max(sure.values()) + 1, len(turns[0].vector)))
    for number, voice in sure.items():
        sums[voice] += turns[number].alone * turns[number].vector
    directions: Vector = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    return directions


def _nearest(number: int, turns: Sequence[LaneTurn], sure: Mapping[int, int], directions: Vector) -> int:
    """The voice that a turn most likely belongs to: what it sounds like, its lane nearby, who speaks at the time."""
    own = turns[number]
    scores = min(1.0, own.alone / RELIABLE_SECONDS) * (directions @ own.vector)
    start, end = own.turn.start - NEAR_SECONDS, own.turn.end + NEAR_SECONDS
    near = [(turns[n], voice) for n, voice in sure.items() if turns[n].turn.start < end and turns[n].turn.end > start]
    heard = sum(other.alone for other, _ in near)
    for other, voice in near:
        same_lane = other.turn.speaker == own.turn.speaker
        scores[voice] += LANE_WEIGHT * other.alone / heard * (1 if same_lane else -1)
        beside = min(other.turn.end, own.turn.end) - max(other.turn.start, own.turn.start)
        if not same_lane and beside > (own.turn.end - own.turn.start) / 2:
            scores[voice] -= AT_ONCE
    return int(scores.argmax())


def centroids(turns: Sequence[LaneTurn], voices: Sequence[int]) -> dict[str, Centroid]:
    """What each voice sounds like, from the turns in which it is heard alone long enough to be judged."""
    found: dict[str, Centroid] = {}
    for voice in sorted(set(voices)):
        own = [one for one, its in zip(turns, voices, strict=True) if its == voice and one.alone >= RELIABLE_SECONDS]
        seconds = sum(one.alone for one in own)
        total = sum((one.alone * one.vector for one in own), np.zeros(1))
        if seconds >= VOICE_VECTOR_SECONDS and np.linalg.norm(total) > 0:
            found[str(voice)] = Centroid(seconds, total / np.linalg.norm(total))
    return found
