"""How alike two voice vectors must be to be one person's: judged by what the study's own voices sound like. Pure.

A cosine is judged against two normal curves of equal width, one for pairs of different people and one for pairs of the
same person. Where they lie depends on the network and on the rooms, so they are fitted to the study (expectation
maximisation with the defaults as a prior): two voices of one recording are nearly always different people, which places
the lower curve; voices that recur place the upper one. A study of few recordings stays near the defaults.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

PRIOR_ODDS = -1.0
"""Log odds, before hearing them, that two voices of different recordings are one person: about one pair in four."""
SPLIT_SHARE = 0.02
"""How often two voices of one recording are one person whom the diarization split."""
ROUNDS = 40
NARROWEST = 0.08
"""The curves' standard deviation is never fitted below this: a few recordings may agree by chance."""
APART = 3.0
"""The curves' means keep this many standard deviations between them."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where cosines lie: means of `different` and of the `same` person's pairs, their common standard deviation."""

    different: float
    same: float
    spread: float

    def log_odds(self, cosine: float) -> float:
        """Natural log odds that two voices with this cosine are one person."""
        middle = (self.same + self.different) / 2
        return (cosine - middle) * (self.same - self.different) / self.spread**2 + PRIOR_ODDS


DEFAULT_SCALES: Mapping[str, tuple[Scale, float]] = {
    # benchmarks/voice_scale.py: different people 0.20 ± 0.14 (../shared/study) and 0.08 ± 0.13 (../shared/ami, 6 s or
    # more); one person in two recordings 0.90 ± 0.03 (study: made voices) and 0.71 (ami: one pair, far-field).
    "campplus": (Scale(0.2, 0.72, 0.14), 10.0),
    "": (Scale(0.25, 0.75, 0.2), 2.0),
}
"""By a part of the embedding's name: the scale before anything is known of the study, and how many pairs it counts
for. A network that was not measured ("") gives way to the study at once, and asks for more likeness until then."""


def fitted_scale(embedding: str, within: Sequence[float], across: Sequence[float]) -> Scale:
    """Where cosines lie in this study: `within` are those of voices of one recording, `across` of two."""
    start, weight = next(found for name, found in DEFAULT_SCALES.items() if name in embedding)
    cosines = np.array([*within, *across])
    prior = np.array([math.log(SPLIT_SHARE / (1 - SPLIT_SHARE)) - PRIOR_ODDS] * len(within) + [0.0] * len(across))
    scale = start
    for _ in range(ROUNDS):
        middle, slope = (scale.same + scale.different) / 2, (scale.same - scale.different) / scale.spread**2
        odds = (cosines - middle) * slope + PRIOR_ODDS + prior
        same = 1 / (1 + np.exp(-np.clip(odds, -50, 50)))
        different_mean = (weight * start.different + np.sum((1 - same) * cosines)) / (weight + np.sum(1 - same))
        same_mean = (weight * start.same + np.sum(same * cosines)) / (weight + np.sum(same))
        squares = np.sum((1 - same) * (cosines - different_mean) ** 2 + same * (cosines - same_mean) ** 2)
        spread = max(NARROWEST, math.sqrt((2 * weight * start.spread**2 + squares) / (2 * weight + len(cosines))))
        scale = Scale(float(different_mean), max(float(same_mean), float(different_mean) + APART * spread), spread)
    return scale
