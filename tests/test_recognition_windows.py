"""Windows: all speech, once, in order, at most 30 s, and cut only where nobody speaks."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.audio.track import Track
from transcribe.engines import SAMPLE_RATE, Samples
from transcribe.recognition.windows import (
    MAX_SILENCE,
    MIN_PAUSE,
    MIN_SPEECH,
    PADDING,
    WINDOW_SECONDS,
    Window,
    clean_mask,
    pack_windows,
    spans_near,
    voiced_within,
)
from transcribe.records import Interval


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)


def spans(windows: tuple[Window, ...]) -> list[Interval]:
    return [(first / SAMPLE_RATE, last / SAMPLE_RATE) for window in windows for first, last in window.pieces]


# Pauses and stretches of speech in hundredths of a second, one after another.
masks = st.lists(st.tuples(st.integers(0, 900), st.integers(1, 5000)), max_size=25)


def laid_out(mask: list[tuple[int, int]]) -> tuple[tuple[Interval, ...], float]:
    now = 0
    speech: list[Interval] = []
    for pause, length in mask:
        speech.append(((now + pause) / 100, (now + pause + length) / 100))
        now += pause + length
    return tuple(speech), now / 100 + 1.0


@given(masks)
@settings(max_examples=150, deadline=None)
def test_all_speech_is_in_windows_once_and_in_order(mask: list[tuple[int, int]]) -> None:
    speech, seconds = laid_out(mask)
    windows = pack_windows(speech, Track.of(silence(seconds)))
    placed = spans(windows)
    assert all(0 < window.length <= WINDOW_SECONDS * SAMPLE_RATE for window in windows)
    assert all(0 <= start < end <= seconds for start, end in placed)
    assert all(before[1] <= after[0] for before, after in pairwise(placed))
    for start, end in clean_mask(speech, seconds, MIN_PAUSE):
        held = sum(max(0.0, min(end, last) - max(start, first)) for first, last in placed)
        assert held == pytest.approx(end - start, abs=0.001) or end - start < MIN_SPEECH


@given(masks)
@settings(max_examples=150, deadline=None)
def test_windows_end_only_at_pauses_unless_speech_is_longer_than_a_window(mask: list[tuple[int, int]]) -> None:
    speech, seconds = laid_out(mask)
    regions = [
        region
        for region in clean_mask(speech, seconds, MIN_PAUSE)
        if region[1] - region[0] <= WINDOW_SECONDS - 2 * PADDING
    ]
    for start, end in spans(pack_windows(speech, Track.of(silence(seconds)))):
        for edge in (start, end):
            assert not any(first + 0.001 < edge < last - 0.001 for first, last in regions)


@given(masks)
@settings(max_examples=50, deadline=None)
def test_windows_hold_no_silence_longer_than_they_may(mask: list[tuple[int, int]]) -> None:
    speech, seconds = laid_out(mask)
    joined = clean_mask(speech, seconds, MIN_PAUSE)
    for start, end in spans(pack_windows(speech, Track.of(silence(seconds)))):
        inside = [start, *(edge for region in joined for edge in region if start < edge < end), end]
        edges = np.diff(inside)
        assert edges.max() <= WINDOW_SECONDS
        unvoiced = [(before[1], after[0]) for before, after in pairwise(joined) if before[1] < after[0]]
        assert all(b - a <= MAX_SILENCE + 0.001 for a, b in unvoiced if start < a and b < end)


def test_no_speech_makes_no_window() -> None:
    assert pack_windows((), Track.of(silence(600))) == ()
    assert pack_windows(((5.0, 5.0), (700.0, 710.0), (3.0, 2.0)), Track.of(silence(600))) == ()


def test_the_longest_pause_is_cut_rather_than_the_last_one() -> None:
    speech = ((0.0, 12.0), (14.0, 20.0), (20.3, 29.0), (29.3, 40.0))
    windows = pack_windows(speech, Track.of(silence(41)))
    assert [len(window.pieces) for window in windows] == [1, 1]
    assert windows[0].pieces[0][1] <= 14.0 * SAMPLE_RATE
    assert windows[1].pieces[0][0] >= 12.0 * SAMPLE_RATE


def test_speech_longer_than_a_window_is_cut_where_it_is_quietest() -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, 45 * SAMPLE_RATE).astype(np.float32)
    quiet = slice(round(21.3 * SAMPLE_RATE), round(21.7 * SAMPLE_RATE))
    samples[quiet] *= 0.01
    first, second = pack_windows(((0.0, 45.0),), Track.of(samples))
    assert quiet.start <= first.pieces[0][1] <= quiet.stop
    assert second.pieces[0][0] == first.pieces[0][1]


def test_long_silences_are_left_out_and_times_map_back_exactly() -> None:
    length = 60 * SAMPLE_RATE
    track = Track.of(np.arange(length, dtype=np.float32) / length)  # each moment has its own value
    (window,) = pack_windows(((2.0, 6.0), (40.0, 45.0)), track)
    assert len(window.pieces) == 2
    cut = window.cut(track)
    assert len(cut) == window.length
    first = 4.0 + 2 * PADDING
    for seconds in (0.0, 1.25, first - 0.5, first + 0.5, first + 3.0):
        start, end = window.on_recording(seconds, seconds + 0.1)
        assert start == pytest.approx(60 * cut[round(seconds * SAMPLE_RATE)], abs=0.002)
        assert end - start == pytest.approx(0.1)


def test_a_span_over_a_removed_silence_goes_to_the_side_that_holds_most_of_it() -> None:
    window = Window(((0, 5 * SAMPLE_RATE), (50 * SAMPLE_RATE, 55 * SAMPLE_RATE)))
    assert window.on_recording(4.0, 5.2) == (4.0, 5.0)
    assert window.on_recording(4.9, 6.0) == (50.0, 51.0)


@given(masks, st.lists(st.tuples(st.integers(-500, 60_000), st.integers(-100, 3000)), max_size=20))
@settings(max_examples=150, deadline=None)
def test_spans_near_are_those_of_the_whole_mask(mask: list[tuple[int, int]], asked: list[tuple[int, int]]) -> None:
    speech = clean_mask(*laid_out(mask))
    edges = [(edge, edge + length / 100) for span in speech for edge in span for length in (-50, 0, 50)]
    for start, end in [*edges, *((start / 100, (start + length) / 100) for start, length in asked)]:
        assert spans_near(speech, start, end) == tuple(s for s in speech if s[0] < end and s[1] > start)
        whole = sum(max(0.0, min(end, last) - max(start, first)) for first, last in speech)
        assert voiced_within(speech, start, end) == whole


def test_packing_needs_no_torch() -> None:
    code = "import sys, transcribe.recognition.windows; sys.exit('torch' in sys.modules or 'whisper' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
