"""Whose turns are whose: talk shares, people nobody expected, people who speak at once; made-up voices."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.diarization.clustering import MANY, OTHER_SECONDS, Items, cluster, merge_down
from transcribe.diarization.voicing import LaneTurn, centroids, whose
from transcribe.records import SpeechTurn

DIMENSIONS = 192


def voice(seed: int, like: np.ndarray | None = None, cosine: float = 0.0) -> np.ndarray:
    """A unit vector, at a given cosine from another."""
    made = np.random.default_rng(seed).normal(size=DIMENSIONS)
    if like is None:
        return made / np.linalg.norm(made)
    made -= (made @ like) * like
    return cosine * like + np.sqrt(1 - cosine**2) * made / np.linalg.norm(made)


def heard(person: np.ndarray, count: int, seed: int, cosine: float = 0.65) -> np.ndarray:
    """Turns of one person, two of which have about that mean cosine: what CAM++ gives for real turns of a second."""
    around = np.random.default_rng(seed).normal(size=(count, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    turns = np.sqrt(cosine) * person + np.sqrt(1 - cosine) * around
    return turns / np.linalg.norm(turns, axis=1, keepdims=True)


def items(groups: list[tuple[np.ndarray, float]]) -> tuple[Items, np.ndarray]:
    """Groups of turns (vectors, seconds each), shuffled, and which group each turn is of."""
    vectors = np.concatenate([group for group, _ in groups])
    seconds = np.concatenate([np.full(len(group), length) for group, length in groups])
    owner = np.concatenate([np.full(len(group), number) for number, (group, _) in enumerate(groups)])
    order = np.random.default_rng(0).permutation(len(owner))
    return Items(vectors[order], seconds[order], np.zeros((len(owner),) * 2)), owner[order]


def same_partition(found: np.ndarray, owner: np.ndarray) -> bool:
    pairs = set(zip(found.tolist(), owner.tolist(), strict=True))
    return len(pairs) == len(set(found.tolist())) == len(set(owner.tolist()))


@pytest.mark.parametrize("speakers", [None, 2])
@given(share=st.sampled_from([0.5, 0.1, 0.05]), alike=st.floats(0.0, 0.4), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_who_talks_little_is_found_beside_who_talks_much(
    speakers: int | None, share: float, alike: float, seed: int
) -> None:
    one = voice(seed)
    other = voice(seed + 1, like=one, cosine=alike)
    made, owner = items(
        [(heard(one, round(100 * (1 - share)), seed), 3.0), (heard(other, round(100 * share), seed), 3.0)]
    )
    assert same_partition(cluster(made, speakers), owner)


@pytest.mark.parametrize("speakers", [None, 2])
def test_hours_of_turns_are_clustered_like_minutes(speakers: int | None) -> None:
    made, owner = items([(heard(voice(1), 450, 1), 3.0), (heard(voice(2), 50, 2), 3.0)])
    assert len(owner) > MANY
    assert same_partition(cluster(made, speakers), owner)


def test_voices_are_numbered_by_first_appearance() -> None:
    made, _ = items([(heard(voice(1), 5, 1), 3.0), (heard(voice(2), 5, 2), 3.0)])
    found = cluster(made, 2)
    assert found[0] == 0
    assert found.max() == 1


def test_somebody_clearly_different_is_not_made_one_with_the_two_expected() -> None:
    people = [voice(number) for number in range(3)]
    made, owner = items([(heard(person, 10, n), 2.0) for n, person in enumerate(people)])
    assert same_partition(cluster(made, 2), owner)


def test_one_voice_in_two_moods_is_made_one_where_two_are_expected_in_all() -> None:
    one = voice(1)
    mood = voice(2, like=one, cosine=0.65)  # as clusters, a mean cosine of about 0.4
    made, owner = items([(heard(one, 20, 1), 3.0), (heard(mood, 8, 2), 3.0), (heard(voice(3), 5, 3), 3.0)])
    assert same_partition(cluster(made, 2), np.minimum(owner, 1) + (owner == 2) - (owner == 1))


def test_one_voice_is_not_cut_in_two_because_two_are_expected() -> None:
    made, _ = items([(heard(voice(1), 20, 1), 2.0)])
    assert set(cluster(made, 2).tolist()) == {0}


def test_a_short_odd_noise_is_no_voice_beyond_the_expected() -> None:
    groups = [(heard(voice(1), 20, 1), 3.0), (heard(voice(2), 20, 2), 3.0), (voice(3)[None], 0.75 * OTHER_SECONDS)]
    made, owner = items(groups)
    found = cluster(made, 2)
    assert set(found.tolist()) == {0, 1}
    assert same_partition(found[owner < 2], owner[owner < 2])


def test_people_who_speak_at_once_are_two_whatever_they_sound_like() -> None:
    made, owner = items([(heard(voice(1), 6, 1), 2.0), (heard(voice(1), 6, 2), 2.0)])
    assert set(cluster(made, None).tolist()) == {0}
    at_once = np.where(owner[:, None] != owner[None, :], 0.3, 0.0)
    # Told by each pair of turns: whichever merge comes first, no pair of clusters may hold both.
    apart = cluster(Items(made.vectors, made.seconds, at_once * 2), None)
    assert all(len({int(v) for v in apart[owner == n]}) == 1 for n in (0, 1))
    assert len(set(apart.tolist())) == 2


def test_voices_are_merged_down_to_the_number_unless_clearly_different() -> None:
    one, other = voice(1), voice(2)
    three = np.stack([one, voice(3, like=one, cosine=0.45), other])
    none = np.zeros((3, 3))
    assert merge_down(Items(three, np.full(3, 20.0), none), 2).tolist() == [0, 0, 1]
    apart = np.stack([voice(number) for number in range(3)])
    assert merge_down(Items(apart, np.full(3, 20.0), none), 2).tolist() == [0, 1, 2]


# Turns


def turn(lane: str, start: float, end: float, vector: np.ndarray, alone: float | None = None) -> LaneTurn:
    return LaneTurn(SpeechTurn(lane, start, end), end - start if alone is None else alone, vector)


A, B = voice(1), voice(2)
NOTHING = np.zeros(DIMENSIONS)


def test_a_back_channel_goes_to_whoever_does_not_speak() -> None:
    turns = [turn("0", 0, 5, A), turn("1", 5, 10, B), turn("0", 10, 16, A), turn("1", 12, 12.3, NOTHING, 0.0)]
    assert whose(turns, 2) == [0, 1, 0, 1]


def test_a_short_turn_goes_to_the_voice_that_it_sounds_like_and_then_to_its_lane() -> None:
    turns = [turn("0", 0, 5, A), turn("1", 5, 10, B), turn("1", 10.5, 11.1, voice(4, like=A, cosine=0.5))]
    assert whose(turns, 2) == [0, 1, 0]
    turns[2] = turn("1", 10.5, 10.6, NOTHING)
    assert whose(turns, 2) == [0, 1, 1]


def test_turns_without_any_sound_to_judge_are_one_voice() -> None:
    assert whose([turn("0", 0, 0.1, NOTHING), turn("1", 1, 1.1, NOTHING)], 2) == [0, 0]
    assert whose([], 2) == []


@given(st.lists(st.tuples(st.sampled_from("01"), st.floats(0.05, 4)), min_size=1, max_size=20), st.integers(0, 50))
@settings(max_examples=30)
def test_every_turn_has_a_voice_and_every_voice_a_turn(spoken: list[tuple[str, float]], seed: int) -> None:
    edges = np.cumsum([0.0, *(length for _, length in spoken)]).tolist()
    spans = list(pairwise(edges))
    turns = [turn(lane, *span, voice(seed + n)) for n, ((lane, _), span) in enumerate(zip(spoken, spans, strict=True))]
    for speakers in (None, 1, 2):
        found = whose(turns, speakers)
        assert len(found) == len(turns)
        assert min(found) >= 0


def test_a_centroid_is_weighted_by_length_and_of_speech_alone() -> None:
    turns = [turn("0", 0, 9, A, 3.0), turn("0", 9, 10, B, 1.0), turn("1", 20, 21, B), turn("0", 30, 30.4, B)]
    found = centroids(turns, [0, 0, 1, 0])
    assert list(found) == ["0"]  # the other was heard for a second
    assert found["0"].seconds == pytest.approx(4.0)
    expected = 3 * A + B
    np.testing.assert_allclose(found["0"].vector, expected / np.linalg.norm(expected))
