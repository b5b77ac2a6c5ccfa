"""Which turns are one person's: weighted average linkage, down to the number of voices that the lab knows; pure.

Turns between pauses nearly always belong to one person, so turns are what is clustered, not windows: an hour has
about a thousand, and each weighs as much as it is long. No k-means: a person who talks a tenth of the time is a
small cluster far from the other, which k-means would rather split off the large one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

SAME = 0.4
"""Clusters whose turns have a greater mean cosine are one voice, when the number is not known. The two of
our telephone conversation have 0.36, one person in two recordings of the sample study 0.63 and more."""
SURELY_SAME = 0.45
"""When the number is known, clusters above this are one voice even if fewer are left than expected: one is not cut in
two. Below it they are merged only as long as there are too many."""
CLEARLY_OTHER = 0.33
"""Clusters below this stay apart even where the manifest knows fewer voices: somebody else was there."""
VOICE_SECONDS = 3.0
VOICE_SHARE = 0.02
"""A cluster with less speech than both, the latter of all speech, is no voice: its turns go to those that are. The
development clips are so short that only the share was tried on them."""
OTHER_SECONDS = 4.0
"""A voice beyond the expected number with less speech than this is a mistake, and goes to the nearest."""
MANY = 300
BEYOND_DOUBT = 0.6
"""Where there are more items than that, those with a greater mean cosine than this are taken together beforehand."""
TOGETHER_SECONDS = 0.5
TOGETHER_SHARE = 0.02
"""Two clusters that speak at once for longer, and for more than this share of the shorter one, are two people."""


@dataclass(frozen=True, slots=True)
class Items:
    """What is clustered: n unit vectors (n, d), the speech each stands for (s), and for how long two speak at once (s).

    `together` is symmetric, (n, n).
    """

    vectors: Vector
    seconds: Vector
    together: Vector


class _Clusters:
    """Clusters under way: the similarity of any two, and which is nearest to each."""

    def __init__(self, items: Items) -> None:
        self.seconds = items.seconds.astype(np.float64)
        self._sums = items.vectors * items.seconds[:, None]
        self._together = items.together.copy()
        self._least = min(VOICE_SECONDS, VOICE_SHARE * float(items.seconds.sum()))
        self.members: dict[int, list[int]] = {number: [number] for number in range(len(items.seconds))}
        self.similarity: Vector = np.full((len(self.seconds),) * 2, -np.inf)
        for number in self.members:
            self._refresh(number)

    def _refresh(self, one: int) -> None:
        """The mean cosine of `one`'s turns with every other cluster's, weighted by their lengths; -inf: never merge."""
        scores = self._sums @ self._sums[one] / (self.seconds * self.seconds[one])
        shorter = np.minimum(self.seconds, self.seconds[one])
        apart = (self._together[one] > TOGETHER_SECONDS) & (self._together[one] > TOGETHER_SHARE * shorter)
        alive = np.zeros(len(scores), bool)
        alive[list(self.members)] = True
        scores[apart | ~alive] = -np.inf
        scores[one] = -np.inf
        self.similarity[one] = self.similarity[:, one] = scores

    def merge(self, kept: int, gone: int) -> None:
        """`gone`'s turns become `kept`'s."""
        self.members[kept] += self.members.pop(gone)
        self.seconds[kept] += self.seconds[gone]
        self._sums[kept] += self._sums[gone]
        self._together[kept] += self._together[gone]
        self._together[:, kept] += self._together[:, gone]
        self.similarity[gone] = self.similarity[:, gone] = -np.inf
        self._refresh(kept)

    def voices(self) -> list[int]:
        """The clusters with enough speech to be a voice."""
        return [number for number in self.members if self.seconds[number] >= self._least]

    def short(self) -> list[int]:
        """Those of `voices` that a lab would hold for a mistake where it expects fewer."""
        return [number for number in self.voices() if self.seconds[number] < OTHER_SECONDS]


def cluster(items: Items, speakers: int | None) -> NDArray[np.intp]:
    """The voice of each item, numbered from 0 by first appearance; -1 for an item that is nobody's.

    `speakers` is the number of voices expected, None when it is not known. Fewer may come out, and more when somebody
    clearly different speaks as well.
    """
    part = _parts(items) if len(items.seconds) > MANY else np.arange(len(items.seconds))
    clusters = _Clusters(_summed(items, part))
    _merge_above(clusters, SAME if speakers is None else SURELY_SAME)
    if speakers is not None:
        _merge_to(clusters, speakers)
    return _settled(items, _in_order(_numbered(clusters, clusters.voices())[part]))


def _parts(items: Items) -> NDArray[np.intp]:
    """Items that are one voice beyond doubt taken together: the number of each one's part, (n,).

    The clustering proper needs n³ steps, scipy's average linkage n²; it knows neither lengths nor who speaks at once.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    tree = linkage(items.vectors, method="average", metric="cosine")
    parts: NDArray[np.intp] = np.unique(fcluster(tree, 1 - BEYOND_DOUBT, "distance"), return_inverse=True)[1]
    return parts


def _summed(items: Items, part: NDArray[np.intp]) -> Items:
    """The parts as items: vectors are weighted means, so that the mean cosine of two parts is their product."""
    member = (part[None, :] == np.arange(part.max(initial=-1) + 1)[:, None]).astype(np.float64)  # (parts, items)
    seconds = member @ items.seconds
    together = member @ items.together @ member.T
    np.fill_diagonal(together, 0.0)
    return Items(member @ (items.vectors * items.seconds[:, None]) / seconds[:, None], seconds, together)


def _in_order(voice: NDArray[np.intp]) -> NDArray[np.intp]:
    """Voices renumbered by first appearance; -1 stays."""
    present = list(dict.fromkeys(voice[voice >= 0].tolist()))
    return np.array([present.index(one) if one >= 0 else -1 for one in voice.tolist()], np.intp)


def _settled(items: Items, voice: NDArray[np.intp]) -> NDArray[np.intp]:
    """Every item that has a voice given to the voice that is nearest to it, unless it speaks at once with that one.

    Merging looks at two clusters at a time and never back: what went astray early can be seen only at the end.
    """
    count = int(voice.max(initial=-1)) + 1
    if count < 2:
        return voice
    member = (voice[None, :] == np.arange(count)[:, None]).astype(np.float64)  # (voices, items)
    sums = member @ (items.vectors * items.seconds[:, None])
    scores = items.vectors @ (sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)).T
    scores[(items.together @ member.T > TOGETHER_SECONDS) & (voice[:, None] != np.arange(count))] = -np.inf
    return np.where(voice >= 0, scores.argmax(axis=1), -1)


def merge_down(items: Items, speakers: int) -> NDArray[np.intp]:
    """The same for items that are voices already, and too many; each is somebody's, whatever its length.

    Their vectors are the weighted means of unit vectors, so that the mean cosine of two voices is their product.
    """
    clusters = _Clusters(items)
    _merge_to(clusters, speakers)
    return _numbered(clusters, list(clusters.members))


def _numbered(clusters: _Clusters, voices: Sequence[int]) -> NDArray[np.intp]:
    voice = np.full(len(clusters.seconds), -1, np.intp)
    for number, one in enumerate(sorted(voices, key=lambda one: min(clusters.members[one]))):
        voice[clusters.members[one]] = number
    return voice


def _merge_to(clusters: _Clusters, speakers: int) -> None:
    """Merges voices that are not clearly different until no more than `speakers` are left."""
    while len(clusters.voices()) > speakers and (pair := _next_pair(clusters)) is not None:
        clusters.merge(*pair)


def _merge_above(clusters: _Clusters, least: float) -> None:
    """Merges the most similar pair while it is at least `least`."""
    best = clusters.similarity.max(axis=1, initial=-np.inf)
    while len(best):
        one = int(best.argmax())
        if best[one] < least:
            return
        other = int(clusters.similarity[one].argmax())
        changed = np.flatnonzero((best == clusters.similarity[:, one]) | (best == clusters.similarity[:, other]))
        clusters.merge(one, other)
        best = np.maximum(best, clusters.similarity[one])
        for row in {one, other, *changed.tolist()}:
            best[row] = clusters.similarity[row].max()


def _next_pair(clusters: _Clusters) -> tuple[int, int] | None:
    """Whom to merge where there are too many voices: a mistake with whom it is nearest to, or the two nearest.

    None when nobody left is similar enough.
    """
    voices = clusters.voices()
    among = clusters.similarity[np.ix_(voices, voices)]
    short = [voices.index(one) for one in clusters.short()]
    if short and np.isfinite(among[short].max()):
        row, column = divmod(int(among[short].argmax()), len(voices))
        return voices[column], voices[short[row]]
    row, column = divmod(int(among.argmax()), len(voices))
    return (voices[row], voices[column]) if among[row, column] >= CLEARLY_OTHER else None
