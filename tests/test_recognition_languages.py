"""The language of each window, and windows with two: pure functions."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.engines import SAMPLE_RATE
from transcribe.recognition.languages import (
    LEAST_PIECE,
    SWITCH_COST,
    SpokenWindow,
    among,
    is_mixed,
    joined_pieces,
    recording_language,
    split_at_pauses,
    window_languages,
)
from transcribe.recognition.windows import WINDOW_SECONDS, Window

CODES = ("en", "yue", "zh")
probability = st.floats(0.0, 1.0)
guesses = st.fixed_dictionaries(dict.fromkeys((*CODES, "cy"), probability))
sequences = st.lists(guesses, max_size=12)
candidates = st.lists(st.sampled_from(CODES), min_size=1, unique=True)


def english(p: float) -> dict[str, float]:
    return {"en": p, "yue": 1 - p}


@given(guesses, candidates)
def test_probabilities_among_candidates_add_up_to_one_and_keep_their_order(
    guess: dict[str, float], languages: list[str]
) -> None:
    found = among(guess, languages)
    assert list(found) == languages
    assert sum(found.values()) == pytest.approx(1.0)
    for a in languages:
        assert all(found[a] >= found[b] for b in languages if guess[a] > guess[b])


@given(sequences, candidates)
def test_every_window_gets_one_of_the_candidates(windows: list[dict[str, float]], languages: list[str]) -> None:
    found = window_languages(windows, languages)
    assert len(found) == len(windows)
    assert set(found) <= set(languages)


@given(sequences, candidates, st.data())
def test_what_a_window_is_surely_in_is_its_language_whatever_its_neighbours(
    windows: list[dict[str, float]], languages: list[str], data: st.DataObject
) -> None:
    sure = data.draw(st.sampled_from(languages))
    at = data.draw(st.integers(0, len(windows)))
    # Surer than two changes cost.
    rest = dict.fromkeys(languages, 0.9 * math.exp(-2 * SWITCH_COST) / (1 + len(languages)))
    found = window_languages([*windows[:at], {**rest, sure: 1.0}, *windows[at:]], languages)
    assert found[at] == sure


@given(st.lists(st.floats(0.85, 1.0), min_size=1, max_size=6), st.lists(st.floats(0.85, 1.0), min_size=1, max_size=6))
def test_a_stray_window_with_a_weak_margin_goes_with_its_neighbours(before: list[float], after: list[float]) -> None:
    windows = [*map(english, before), english(0.2), *map(english, after)]
    assert set(window_languages(windows, ("en", "yue"))) == {"en"}


def test_a_real_change_is_found_where_it_is() -> None:
    windows = [*map(english, (0.9, 0.8, 0.95, 0.1, 0.2, 0.05, 0.6, 0.1))]
    assert window_languages(windows, ("en", "yue")) == ("en",) * 3 + ("yue",) * 5


def test_the_order_of_equals_is_that_of_the_candidates() -> None:
    even = [{"en": 0.5, "yue": 0.5}] * 3
    assert window_languages(even, ("yue", "en")) == ("yue",) * 3
    assert window_languages([{}, {}], ("en", "yue")) == ("en", "en")
    assert window_languages([], CODES) == ()


def test_a_language_that_is_no_candidate_counts_for_nothing() -> None:
    assert window_languages([{"cy": 0.98, "en": 0.015, "yue": 0.005}], ("yue", "en")) == ("en",)


@given(sequences)
def test_the_recordings_language_has_the_greatest_weight(windows: list[dict[str, float]]) -> None:
    found = recording_language(windows)
    weight = {code: sum(window[code] for window in windows) for code in (*CODES, "cy")}
    assert (found == "") == (not windows)
    assert not windows or weight[found] == max(weight.values())


def test_a_window_is_mixed_when_a_second_candidate_is_likely() -> None:
    assert is_mixed({"en": 0.7, "yue": 0.3}, ("en", "yue"))
    assert not is_mixed({"en": 0.95, "yue": 0.05}, ("en", "yue"))
    assert not is_mixed({"en": 0.5, "cy": 0.5}, ("en", "yue"))
    assert not is_mixed({"en": 0.5, "yue": 0.5}, ("en",))


@st.composite
def windows_with_pauses(draw: st.DrawFn) -> tuple[Window, list[tuple[float, float]]]:
    edges = sorted(draw(st.sets(st.integers(0, 480_000), min_size=2, max_size=8)))
    pieces = tuple((edges[i], edges[i + 1]) for i in range(0, len(edges) - 1, 2))
    starts = draw(st.lists(st.floats(0, 30), max_size=10))
    return Window(pieces), [(start, start + draw(st.floats(0.2, 2))) for start in starts]


def samples(windows: tuple[Window, ...]) -> list[tuple[int, int]]:
    """The sound of windows one after another, what touches joined."""
    found: list[tuple[int, int]] = []
    for start, end in (piece for window in windows for piece in window.pieces):
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


@given(windows_with_pauses())
def test_pieces_hold_all_sound_once_in_order_and_are_cut_in_pauses(
    case: tuple[Window, list[tuple[float, float]]],
) -> None:
    window, pauses = case
    found = split_at_pauses(window, pauses)
    assert samples(found) == samples((window,))
    assert len(found) == 1 or all(piece.seconds >= LEAST_PIECE for piece in found)
    ends = {piece.pieces[-1][1] for piece in found} - {end for _, end in window.pieces}
    assert all(any(start <= end / SAMPLE_RATE <= stop for start, stop in pauses) for end in ends)


def test_a_window_is_cut_at_every_pause_that_leaves_enough_sound() -> None:
    second = SAMPLE_RATE
    window = Window(((10 * second, 20 * second), (40 * second, 50 * second)))
    found = split_at_pauses(window, [(11.0, 11.4), (13.8, 14.2), (44.9, 45.1), (60.0, 70.0)])
    assert [piece.pieces for piece in found] == [
        ((10 * second, 14 * second),),
        ((14 * second, 20 * second),),
        ((40 * second, 45 * second),),
        ((45 * second, 50 * second),),
    ]


def test_a_window_without_pauses_stays_whole() -> None:
    window = Window(((0, 30 * SAMPLE_RATE),))
    assert split_at_pauses(window, []) == (window,)


@given(windows_with_pauses(), st.data())
def test_neighbours_of_one_language_are_one_window_again(
    case: tuple[Window, list[tuple[float, float]]], data: st.DataObject
) -> None:
    window, pauses = case
    pieces = split_at_pauses(window, pauses)
    spoken = [SpokenWindow(piece, data.draw(st.sampled_from(["en", "yue"]))) for piece in pieces]
    found = joined_pieces(spoken)
    assert samples(tuple(each.window for each in found)) == samples((window,))
    assert all(a.language != b.language for a, b in pairwise(found))
    assert joined_pieces([SpokenWindow(piece, "en") for piece in pieces])[0].window.length == window.length


def test_windows_are_not_joined_beyond_what_the_model_hears_at_once() -> None:
    half = round((WINDOW_SECONDS / 2 + 1) * SAMPLE_RATE)
    both = [SpokenWindow(Window(((0, half),)), "en"), SpokenWindow(Window(((half, 2 * half),)), "en")]
    assert joined_pieces(both) == tuple(both)
