"""Voices over a study: what is compared, what is forgotten, where the thresholds come to lie, who is one person."""

import dataclasses
import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.diarization.linking import (
    ENROLLED,
    HeardVoice,
    LikeVoices,
    VoiceLinks,
    VoiceOf,
    VoiceScores,
    compare,
    enrolled_source,
    forget,
    link_voices,
)
from transcribe.diarization.voice_scale import DEFAULT_SCALES, fitted_scale
from transcribe.diarization.voices import Voices, VoiceVector
from transcribe.record_json import from_json, to_json

CAMPPLUS = "campplus"
DIMENSIONS = 64


def direction(person: str, take: str = "", change: float = 0.0) -> np.ndarray:
    """The unit vector of a person's voice; `change` is how far a `take` of it is from their others."""
    made = _random(person) + change * _random(f"{person} {take}")
    unit: np.ndarray = made / np.linalg.norm(made)
    return unit


def _random(seed: str) -> np.ndarray:
    made = np.random.default_rng(list(seed.encode())).normal(size=DIMENSIONS)
    unit: np.ndarray = made / np.linalg.norm(made)
    return unit


def heard(recording: str, *people: str, seconds: float = 30.0, embedding: str = CAMPPLUS) -> Voices:
    """A recording in which `people` speak as SPEAKER-1, SPEAKER-2 …"""
    vectors = (direction(person, recording, 0.5) for person in people)
    return Voices(
        recording,
        embedding,
        tuple(VoiceVector(f"SPEAKER-{n}", seconds, tuple(map(float, v))) for n, v in enumerate(vectors, start=1)),
    )


def sources(voices: list[Voices], state: str = "1") -> dict[str, str]:
    clips = {enrolled_source(v.voice): state for some in voices if some.recording == ENROLLED for v in some.voices}
    return {some.recording: state for some in voices if some.recording != ENROLLED} | clips


def scores(*voices: Voices) -> VoiceScores:
    return compare(voices, None, sources(list(voices)))


def people(links: VoiceLinks) -> set[frozenset[str]]:
    """The groups of more than one voice, as `P01-PIR 2`."""
    named = ({f"{v.recording} {v.voice.removeprefix('SPEAKER-')}" for v in group} for group in links.groups)
    return {frozenset(group) for group in named if len(group) > 1}


STUDY = [heard("P01-PSW", "int", "psw"), heard("P01-PIR", "int", "pir"), heard("P01-OBS", "pir", "psw")]
ONE_PERSON = {
    frozenset({"P01-PSW 1", "P01-PIR 1"}),
    frozenset({"P01-PSW 2", "P01-OBS 2"}),
    frozenset({"P01-PIR 2", "P01-OBS 1"}),
}


def test_voices_of_one_person_are_linked() -> None:
    links = link_voices(scores(*STUDY))
    assert people(links) == ONE_PERSON
    assert all(strength > 0.9 for strength in links.strength.values())
    assert (links.unsure, links.split) == ((), ())
    assert links.apart == {(0, 1), (0, 2), (1, 2)}
    assert link_voices(VoiceScores()) == VoiceLinks()


def test_scores_are_a_file() -> None:
    found = scores(*STUDY)
    assert from_json(VoiceScores, to_json(found), "voice_scores.json") == found
    assert b"vector" not in to_json(found)


def test_voices_of_different_networks_are_never_compared() -> None:
    found = scores(STUDY[0], dataclasses.replace(STUDY[1], embedding="resnet34"))
    assert [[cosine is None for cosine in row] for row in found.cosines] == [
        [],
        [False],
        [True, True],
        [True, True, False],
    ]
    assert people(link_voices(found)) == set()


def test_scores_outlive_vectors_that_are_deleted() -> None:
    before = scores(*STUDY)
    later = heard("P02-PIR", "int", "other")
    gone = compare([], before, sources(STUDY))
    assert gone == before
    both = compare([later], gone, sources([*STUDY, later]))
    assert people(link_voices(both)) == ONE_PERSON  # nothing is known of how the new ones sound beside the old
    assert both.cosines[-1][:-1] == (None,) * 6
    with_one = compare([later, STUDY[0]], gone, sources([*STUDY, later]))
    assert frozenset({"P01-PSW 1", "P01-PIR 1", "P02-PIR 1"}) in people(link_voices(with_one))


def test_what_is_gone_or_diarised_anew_is_forgotten() -> None:
    before = scores(*STUDY)
    kept = compare([], before, sources(STUDY[:2]))
    assert {voice.voice.recording for voice in kept.voices} == {"P01-PSW", "P01-PIR"}
    assert kept == forget(before, [VoiceOf("P01-OBS", "SPEAKER-1"), VoiceOf("P01-OBS", "SPEAKER-2")])
    anew = compare([STUDY[2]], before, sources(STUDY[:2]) | {"P01-OBS": "2"})
    obs = [number for number, some in enumerate(anew.voices) if some.voice.recording == "P01-OBS"]
    assert [anew.cosines[max(obs)][min(obs)] is None, anew.cosines[2][obs[0]]] == [False, None]
    assert compare([STUDY[2]], before, {}) == VoiceScores()
    assert forget(before, []) == before


def test_enrolled_clips_are_voices_and_two_of_them_two_people() -> None:
    clip = Voices(ENROLLED, CAMPPLUS, (VoiceVector("INT", 8.0, tuple(map(float, direction("int", "clip", 0.5)))),))
    second = Voices(ENROLLED, CAMPPLUS, (VoiceVector("INT-2", 8.0, tuple(map(float, direction("int", "x", 0.5)))),))
    links = link_voices(scores(*STUDY[:2], clip))
    assert people(links) == {frozenset({"P01-PSW 1", "P01-PIR 1", "enrolled INT"})}
    both = link_voices(compare([*STUDY[:2], clip, second], None, sources([*STUDY, clip, second])))
    assert not any({VoiceOf(ENROLLED, "INT"), VoiceOf(ENROLLED, "INT-2")} <= set(group) for group in both.groups)


def test_another_clip_forgets_nothing_of_the_first() -> None:
    clip = Voices(ENROLLED, CAMPPLUS, (VoiceVector("INT", 8.0, tuple(map(float, direction("int", "clip", 0.5)))),))
    second = Voices(ENROLLED, CAMPPLUS, (VoiceVector("INT-2", 8.0, tuple(map(float, direction("int", "x", 0.5)))),))
    before = compare([*STUDY, clip], None, sources([*STUDY, clip]))
    after = compare([second], before, sources([*STUDY, clip, second]))
    assert forget(after, [VoiceOf(ENROLLED, "INT-2")]) == before


def test_what_people_said_joins_and_parts() -> None:
    first, second = VoiceOf("P01-PSW", "SPEAKER-1"), VoiceOf("P01-PIR", "SPEAKER-1")
    found = scores(*STUDY)
    apart = link_voices(found, {first: "INT", second: "INT-2"})
    assert people(apart) == ONE_PERSON - {frozenset({"P01-PSW 1", "P01-PIR 1"})}
    assert apart.unsure == ()  # it is decided
    joined = link_voices(found, {first: "INT", VoiceOf("P01-OBS", "SPEAKER-1"): "INT"})
    assert frozenset({"P01-PSW 1", "P01-OBS 1"}) <= next(g for g in people(joined) if "P01-PSW 1" in g)
    unknown = {first: "SPEAKER-1", second: "SPEAKER-1"}
    assert people(link_voices(found, unknown)) == ONE_PERSON
    # Even in one recording: one voice that was taken for two.
    split = link_voices(found, {first: "INT", VoiceOf("P01-PSW", "SPEAKER-2"): "INT"})
    assert any({"P01-PSW 1", "P01-PSW 2"} <= group for group in people(split))


def made_scores(*pairs: float, embedding: str = CAMPPLUS, seconds: float = 30.0) -> VoiceScores:
    """One voice in each of some recordings, with the given lower triangle of cosines, row by row."""
    size = next(n for n in itertools.count(1) if n * (n - 1) // 2 == len(pairs))
    voices = tuple(HeardVoice(VoiceOf(f"P0{n}-PIR", "SPEAKER-1"), embedding, seconds, "1") for n in range(1, size + 1))
    cosines = iter(pairs)
    return VoiceScores(voices, tuple(tuple(next(cosines) for _ in range(n)) for n in range(size)))


@pytest.mark.parametrize(("cosine", "told"), [(0.3, "apart"), (0.5, "unsure"), (0.7, "joined")])
def test_between_the_thresholds_a_person_is_asked(cosine: float, told: str) -> None:
    links = link_voices(made_scores(cosine))
    assert (len(links.groups) == 1) == (told == "joined")
    assert bool(links.apart) == (told == "apart")
    first, second = VoiceOf("P01-PIR", "SPEAKER-1"), VoiceOf("P02-PIR", "SPEAKER-1")
    assert links.unsure == ((LikeVoices(first, second, cosine),) if told == "unsure" else ())


def test_a_voice_that_is_hardly_heard_is_never_linked() -> None:
    links = link_voices(made_scores(0.8, seconds=4.0))
    assert len(links.groups) == 2
    assert [like.cosine for like in links.unsure] == [0.8]
    assert not link_voices(made_scores(0.0, seconds=4.0)).apart


def test_groups_are_joined_by_their_average_not_by_their_nearest_voices() -> None:
    # 1 and 2 are one, 3 and 4 are one; 2 and 3 sound alike, and nothing else does.
    chain = made_scores(0.9, 0.1, 0.75, 0.1, 0.1, 0.9)
    assert people(link_voices(chain)) == {frozenset({"P01-PIR 1", "P02-PIR 1"}), frozenset({"P03-PIR 1", "P04-PIR 1"})}


def test_two_voices_of_a_recording_that_sound_alike_are_told() -> None:
    twice = heard("P01-PIR", "int", "int")
    links = link_voices(scores(twice, heard("P02-PIR", "int", "pir")))
    assert [(pair.one.voice, pair.other.voice) for pair in links.split] == [("SPEAKER-1", "SPEAKER-2")]
    assert not any({"P01-PIR 1", "P01-PIR 2"} <= group for group in people(links))


def test_thresholds_move_to_where_the_studys_voices_lie() -> None:
    assert fitted_scale(CAMPPLUS, [], []) == DEFAULT_SCALES[CAMPPLUS][0]
    noise = random.Random(0)
    # A network whose cosines all lie high: 0.55 ± 0.05 for different people, 0.9 ± 0.03 for the same.
    different = [noise.gauss(0.55, 0.05) for _ in range(90)]
    same = [noise.gauss(0.9, 0.03) for _ in range(30)]
    for embedding in ("another network", CAMPPLUS):
        scale = fitted_scale(embedding, different[:30], [*different[30:], *same])
        assert scale.log_odds(0.65) < -math.log(9)
        assert scale.log_odds(0.88) > math.log(9)
    few = fitted_scale("another network", different[:4], [*different[4:20], *same[:8]])
    assert few.log_odds(0.65) < 0 < few.log_odds(0.88)


def test_voices_of_one_recording_are_two_people_however_alike() -> None:
    assert fitted_scale(CAMPPLUS, [0.62] * 10, []).different > 0.33
    assert fitted_scale(CAMPPLUS, [], [0.62] * 10).different < 0.25


def test_one_split_voice_does_not_spoil_the_thresholds() -> None:
    different = [0.2, 0.25, 0.15, 0.3]
    without, with_ = fitted_scale(CAMPPLUS, different, []), fitted_scale(CAMPPLUS, [*different, 0.93], [])
    assert with_.different == pytest.approx(without.different, abs=0.01)


def test_the_defaults_leave_room_for_doubt_between_what_was_measured() -> None:
    scale = DEFAULT_SCALES[CAMPPLUS][0]
    assert scale.log_odds(0.4) < -math.log(9) < 0 < math.log(9) < scale.log_odds(0.62)


recordings = st.lists(
    st.lists(st.sampled_from(["int", "psw", "pir", "staff", "relative"]), max_size=4), min_size=1, max_size=5
)


@settings(max_examples=40)
@given(recordings, st.randoms())
def test_links_are_a_partition_respect_recordings_and_know_no_order(
    casts: list[list[str]], order: random.Random
) -> None:
    voices = [heard(f"P0{n}-PIR", *cast, seconds=3.0 + 4 * n) for n, cast in enumerate(casts, start=1)]
    found = scores(*voices)
    links = link_voices(found)
    every = [voice for group in links.groups for voice in group]
    assert sorted(every) == [some.voice for some in found.voices] == sorted(links.strength)
    assert all(len({voice.recording for voice in group}) == len(group) for group in links.groups)
    assert all(0 < strength <= 1 for strength in links.strength.values())
    turned = [dataclasses.replace(some, voices=tuple(order.sample(some.voices, len(some.voices)))) for some in voices]
    order.shuffle(turned)
    assert scores(*turned) == found
    parts = compare(turned[:2], compare(turned[2:], None, sources(voices)), sources(voices))
    assert {some.voice for some in parts.voices} == set(every)
