"""Who a voice is, by everything that is known at once: belief propagation over the recordings of a study. Pure.

A recording says how likely each way of naming its voices is. Voices of one person, in several recordings, tell each
other what they heard (sum-product message passing; Kschischang, Frey and Loeliger 2001), as far as the link between
them is sure. The study's graph has loops, so that the result is an approximation; messages are damped and never
certain.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]

ROUNDS = 12
DAMPING = 0.5
MOST_SURE = 0.98
"""No link is surer than this: what one recording shows never silences another."""
RIVAL = 0.05
"""How likely it is that one code belongs to two voices that sound like two people."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One recording: `groups` (k,) is the person behind each voice, `strength` (k,) how surely (0 … 1).

    `ways` (n, k) are the ways to name the voices, as numbers of labels, and `weights` (n,) their natural log weights.
    """

    groups: tuple[int, ...]
    strength: tuple[float, ...]
    ways: NDArray[np.intp]
    weights: Table


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What is believed of one recording: the likeliest `way` (k,), and `chances` (k, labels) of each voice's labels."""

    way: tuple[int, ...]
    chances: Table


def believe(
    scenes: Sequence[Scene],
    labels: int,
    known: Mapping[int, int],
    apart: Collection[tuple[int, int]],
    persons: Collection[int],
) -> tuple[list[Belief], Table]:
    """The belief on every scene, and the chances of every group's labels, (groups, labels).

    `known` gives the label of groups that need no scene to be known, `apart` are pairs of groups that sound like two
    people, `persons` the labels that only one person can have.
    """
    size = 1 + max([-1, *known, *(group for scene in scenes for group in scene.groups), *(b for _, b in apart)])
    possible = np.zeros((size, labels), dtype=np.bool_)
    first = np.zeros((size, labels))
    for group, label in known.items():
        possible[group, label] = True
        first[group] = np.log(_softened(np.eye(labels)[label], MOST_SURE))
    for scene in scenes:
        for place, group in enumerate(scene.groups):
            possible[group, scene.ways[:, place]] = True
    strangers = np.zeros((size, size))
    for one, other in apart:
        strangers[one, other] = strangers[other, one] = 1
    told = [[np.ones(labels) for _ in scene.groups] for scene in scenes]
    beliefs: list[Belief] = []
    chances = np.zeros((size, labels))
    for _ in range(ROUNDS):
        totals = first.copy()
        for scene, messages in zip(scenes, told, strict=True):
            for group, message in zip(scene.groups, messages, strict=True):
                totals[group] += np.log(message)
        totals += _rivals(_chances(totals, possible), strangers, persons)
        chances = _chances(totals, possible)
        beliefs = []
        for number, scene in enumerate(scenes):
            belief, told[number] = _listen(scene, totals, told[number])
            beliefs.append(belief)
    return beliefs, chances


def _listen(scene: Scene, totals: Table, told: Sequence[Table]) -> tuple[Belief, list[Table]]:
    """The belief on a scene, and what it tells each voice's group after it told `told` in the round before.

    `totals` (groups, labels) are the log chances by everything that was told; a scene does not hear itself.
    """
    logs = scene.weights.copy()
    heard = []
    for place, (group, sure) in enumerate(zip(scene.groups, scene.strength, strict=True)):
        own = np.bincount(scene.ways[:, place], minlength=totals.shape[1]) > 0
        chances = _softened(_chances(totals[group] - np.log(told[place]), own), min(sure, MOST_SURE), own)
        logs += np.log(chances[scene.ways[:, place]])
        heard.append(chances)
    likely = _chances(logs, np.ones(len(logs), dtype=np.bool_))
    marginal = [np.bincount(scene.ways[:, place], likely, totals.shape[1]) for place in range(len(heard))]
    replies = []
    for place, (chances, sure) in enumerate(zip(heard, scene.strength, strict=True)):
        reply = np.divide(marginal[place], chances, out=np.zeros_like(chances), where=marginal[place] > 0)
        reply = _softened(reply / reply.sum(), min(sure, MOST_SURE), chances > 0)
        replies.append(DAMPING * told[place] + (1 - DAMPING) * reply)
    best = scene.ways[int(likely.argmax())]
    chances_of = np.array(marginal, dtype=np.float64).reshape(len(heard), totals.shape[1])
    return Belief(tuple(int(label) for label in best), chances_of), replies


def _rivals(chances: Table, strangers: Table, persons: Collection[int]) -> Table:
    """What groups that sound like two people tell each other, (groups, labels): a person's code is not for both.

    `strangers` (groups, groups) is 1 for each such pair.
    """
    only = sorted(persons)
    told = np.zeros_like(chances)
    told[:, only] = strangers @ np.log(1 - (1 - RIVAL) * chances[:, only])
    return told


def _chances(logs: Table, possible: NDArray[np.bool_]) -> Table:
    """Natural log weights as chances that add up to one along the last axis, over what is possible."""
    masked = np.where(possible, logs, -np.inf)
    highest = masked.max(axis=-1, keepdims=True)
    likely = np.exp(masked - np.where(np.isfinite(highest), highest, 0.0))
    chances: Table = likely / np.maximum(likely.sum(axis=-1, keepdims=True), 1e-300)
    return chances


def _softened(chances: Table, sure: float, possible: NDArray[np.bool_] | None = None) -> Table:
    """`chances` if a link holds (`sure`), an even share for each of the `possible` (all) labels if it does not."""
    options = len(chances) if possible is None else max(1, int(possible.sum()))
    return sure * chances + (1 - sure) / options
