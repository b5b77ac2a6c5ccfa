"""Which voices of a study are one person's: their cosines, and groups of voices by average linkage. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from transcribe.diarization.voice_scale import fitted_scale
from transcribe.diarization.voices import Voices

ENROLLED = "enrolled"
"""Stands for a recording's id where a voice comes from a clip of a known person; its voices are people's codes."""

SHORT_SECONDS = 5.0
"""A voice heard for less is compared but never linked: on ../shared/ami the cosines of one person in two clips are 0.14
and 0.36 below 6 s, and 0.71 from there on (benchmarks/voice_scale.py; three pairs)."""
SAME_ODDS = math.log(9)
"""Natural log odds (nine to one) from which two voices are one person; as far below zero they are two."""
DIGITS = 4
"""Of a cosine that is kept: more than it means."""
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True, order=True)
class VoiceOf:
    """A voice of the study: its recording (or `ENROLLED`) and its label there (or the enrolled person's code)."""

    recording: str
    voice: str


@dataclass(frozen=True, slots=True)
class HeardVoice:
    """A voice that was compared: the network, the speech (s), and `source`, the state of its recording's voices."""

    voice: VoiceOf
    embedding: str
    seconds: float
    source: str


@dataclass(frozen=True, slots=True)
class VoiceScores:
    """How alike the study's voices are: `voice_scores.json`. Not vectors: nobody can be recognised by them elsewhere.

    `voices` are sorted; row i of `cosines` holds the cosines of voice i with the voices 0 … i - 1, None where two were
    never compared (another network, or one's vector was gone before the other was there).
    """

    voices: tuple[HeardVoice, ...] = ()
    cosines: tuple[tuple[float | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class LikeVoices:
    """Two voices that may be one person's and were not joined, with their cosine."""

    one: VoiceOf
    other: VoiceOf
    cosine: float


@dataclass(frozen=True, slots=True)
class VoiceLinks:
    """Who is who, without names: every voice in exactly one of `groups`, each of them one person; sorted.

    `strength` (0 … 1) of a voice is the probability that it belongs to its group; `unsure` are links that a person
    should decide, `split` are voices of one recording so alike that the diarization may have split one person, and
    `apart` are pairs of groups, by number (lower first), that are surely different people.
    """

    groups: tuple[tuple[VoiceOf, ...], ...] = ()
    strength: Mapping[VoiceOf, float] = field(default_factory=dict)
    unsure: tuple[LikeVoices, ...] = ()
    split: tuple[LikeVoices, ...] = ()
    apart: frozenset[tuple[int, int]] = frozenset()


def compare(voices: Sequence[Voices], earlier: VoiceScores | None, sources: Mapping[str, str]) -> VoiceScores:
    """The scores of all voices that still exist: new cosines where both vectors are there, else the earlier ones.

    `sources` says what exists: for each recording with voices the state of them, such as the fingerprint of its
    diarization, and for each clip (`enrolled_source`) its sha256. An earlier voice whose recording or clip is not in
    it, or is in another state, is forgotten.
    """
    heard_now = [
        (VoiceOf(some.recording, voice.voice), some.embedding, voice) for some in voices for voice in some.voices
    ]
    existing = [(of, embedding, voice) for of, embedding, voice in heard_now if _source(of) in sources]
    vectors = {of: np.array(voice.vector) for of, _, voice in existing}
    fresh = {some.recording for some in voices} - {ENROLLED}
    earlier = earlier or VoiceScores()
    known = {heard.voice: heard for heard in earlier.voices if sources.get(_source(heard.voice)) == heard.source}
    kept = {voice: heard for voice, heard in known.items() if voice.recording not in fresh}
    new = {
        of: HeardVoice(of, embedding, round(voice.seconds, 3), sources[_source(of)])
        for of, embedding, voice in existing
    }
    listed = [voice for _, voice in sorted((kept | new).items())]
    before = _pairs(earlier)

    def cosine(one: HeardVoice, other: HeardVoice) -> float | None:
        if one.embedding != other.embedding:
            return None
        if one.voice in vectors and other.voice in vectors:
            return round(float(vectors[one.voice] @ vectors[other.voice]), DIGITS)
        return before.get((other.voice, one.voice)) if {one.voice, other.voice} <= known.keys() else None

    rows = (tuple(cosine(one, other) for other in listed[:number]) for number, one in enumerate(listed))
    return VoiceScores(tuple(listed), tuple(rows))


def enrolled_source(person: str) -> str:
    """What stands for a person's clip among the sources of `compare`."""
    return f"{ENROLLED} {person}"


def _source(voice: VoiceOf) -> str:
    return enrolled_source(voice.voice) if voice.recording == ENROLLED else voice.recording


def forget(scores: VoiceScores, gone: Sequence[VoiceOf]) -> VoiceScores:
    """The scores without some voices."""
    kept = [number for number, heard in enumerate(scores.voices) if heard.voice not in gone]
    rows = (tuple(scores.cosines[number][other] for other in kept[:place]) for place, number in enumerate(kept))
    return VoiceScores(tuple(scores.voices[number] for number in kept), tuple(rows))


def link_voices(scores: VoiceScores, known: Mapping[VoiceOf, str] | None = None) -> VoiceLinks:
    """The people behind the voices, by average linkage: the two groups most alike on average are one, and so on.

    Two voices of one recording are never joined, nor two that `known` (what people said: voice → code) gives to
    different people; those that it gives to one person are joined whatever they sound like. Enrolled voices are known.
    """
    people = {heard.voice: heard.voice.voice for heard in scores.voices if heard.voice.recording == ENROLLED}
    people |= {voice: code for voice, code in (known or {}).items() if voice.recording != ENROLLED and _is_one(code)}
    voices = [heard.voice for heard in scores.voices]
    odds = _log_odds(scores)
    long = np.array([heard.seconds >= SHORT_SECONDS for heard in scores.voices])
    groups = _joined(voices, np.where(np.logical_and.outer(long, long), odds, np.nan), people)
    places = {voice: number for number, voice in enumerate(voices)}
    numbers = [[places[voice] for voice in group] for group in groups]
    strength = {}
    for group in numbers:
        for number in group:
            others = [odds[number, other] for other in group if other != number]
            heard = [value for value in others if not math.isnan(value)]
            sure = voices[number] in people or not heard
            strength[voices[number]] = 1.0 if sure else 1 / (1 + math.exp(-min(50.0, sum(heard) / len(heard))))
    unsure, apart = [], set()
    for (first, one), (second, other) in combinations(enumerate(numbers), 2):
        mean = _mean(odds, one, other)
        if mean is None:
            continue
        both_long = long[one].any() and long[other].any()
        if mean <= -SAME_ODDS and both_long:
            apart.add((first, second))
        elif mean > -SAME_ODDS and not _forbidden(groups[first], groups[second], people):
            unsure.append(_nearest(scores, one, other))
    split = [
        LikeVoices(voices[other], voices[one], cosine)
        for one, row in enumerate(scores.cosines)
        for other, cosine in enumerate(row)
        if cosine is not None and voices[one].recording == voices[other].recording != ENROLLED
        if odds[one, other] > -SAME_ODDS
    ]
    return VoiceLinks(groups, strength, tuple(unsure), tuple(split), frozenset(apart))


def _is_one(label: str) -> bool:
    """Whether a label is always the same person: a code or `OTHER-n`, not whoever interprets or is unknown."""
    return label != "INTERP" and not label.startswith("SPEAKER-")


def _joined(voices: Sequence[VoiceOf], odds: Matrix, people: Mapping[VoiceOf, str]) -> tuple[tuple[VoiceOf, ...], ...]:
    """Groups by average linkage over log odds (n, n), NaN where unknown; voices of one known person start as one."""
    seeds: dict[str, list[int]] = {}
    for number, voice in enumerate(voices):
        seeds.setdefault(people.get(voice, f"{voice.recording}/{voice.voice}"), []).append(number)
    groups = sorted(seeds.values())
    if not groups:
        return ()
    member = np.array([[number in group for number in range(len(voices))] for group in groups], dtype=np.float64)
    known = ~np.isnan(odds)
    sums, counts = member @ np.where(known, odds, 0.0) @ member.T, member @ known.astype(np.float64) @ member.T
    named = [[voices[number] for number in group] for group in groups]
    allowed = np.array([[not _forbidden(one, other, people) for other in named] for one in named])
    while len(groups) > 1:
        means = np.where(allowed & (counts > 0), sums / np.maximum(counts, 1), -np.inf)
        first, second = sorted(int(place) for place in np.unravel_index(np.argmax(means), means.shape))
        if means[first, second] < SAME_ODDS:
            break
        for table in (sums, counts):
            table[first] += table[second]
            table[:, first] += table[:, second]
        allowed[first] &= allowed[second]
        allowed[:, first] &= allowed[:, second]
        groups[first] = sorted(groups[first] + groups.pop(second))
        sums, counts, allowed = (np.delete(np.delete(t, second, 0), second, 1) for t in (sums, counts, allowed))
    return tuple(sorted(tuple(voices[number] for number in group) for group in groups))


def _forbidden(one: Sequence[VoiceOf], other: Sequence[VoiceOf], people: Mapping[VoiceOf, str]) -> bool:
    """Whether two groups cannot be one person: a recording has both, or they are known to be different people."""
    if {voice.recording for voice in one} & {voice.recording for voice in other}:
        return True
    return len({people[voice] for voice in (*one, *other) if voice in people}) > 1


def _log_odds(scores: VoiceScores) -> Matrix:
    """Log odds that two voices are one person, (n, n), NaN where they were never compared and on the diagonal."""
    size = len(scores.voices)
    odds = np.full((size, size), np.nan)
    for embedding in sorted({heard.embedding for heard in scores.voices}):
        pairs = [
            (one, other, cosine)
            for one, row in enumerate(scores.cosines)
            for other, cosine in enumerate(row)
            if cosine is not None and scores.voices[one].embedding == embedding
        ]
        judged = [
            (scores.voices[one].voice.recording == scores.voices[other].voice.recording, cosine)
            for one, other, cosine in pairs
            if min(scores.voices[one].seconds, scores.voices[other].seconds) >= SHORT_SECONDS
        ]
        within, across = ([cosine for inside, cosine in judged if inside is wanted] for wanted in (True, False))
        scale = fitted_scale(embedding, within, across)
        for one, other, cosine in pairs:
            odds[one, other] = odds[other, one] = scale.log_odds(cosine)
    return odds


def _mean(odds: Matrix, one: Sequence[int], other: Sequence[int]) -> float | None:
    """The mean of the known log odds between two groups of voices; None when none is known."""
    between = odds[np.ix_(one, other)]
    known = between[~np.isnan(between)]
    return float(known.mean()) if len(known) else None


def _nearest(scores: VoiceScores, one: Sequence[int], other: Sequence[int]) -> LikeVoices:
    """The two voices of two groups that are most alike."""
    found = ((scores.cosines[max(a, b)][min(a, b)], min(a, b), max(a, b)) for a in one for b in other)
    cosine, first, second = max((c, -a, -b) for c, a, b in found if c is not None)
    return LikeVoices(scores.voices[-first].voice, scores.voices[-second].voice, cosine)


def _pairs(scores: VoiceScores) -> dict[tuple[VoiceOf, VoiceOf], float]:
    """The known cosines by their voices, the one that sorts first first."""
    return {
        (scores.voices[other].voice, scores.voices[one].voice): cosine
        for one, row in enumerate(scores.cosines)
        for other, cosine in enumerate(row)
        if cosine is not None
    }
