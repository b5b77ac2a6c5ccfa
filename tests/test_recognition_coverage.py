"""Speech that no word covers: found, looked at again, taken without a word twice, marked; and what is put away."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.timing import WordTiming

from transcribe.audio.track import Track
from transcribe.engines import SAMPLE_RATE, DecodedAudio, RecognitionJob
from transcribe.recognition import segments as segments_module
from transcribe.recognition.coverage import (
    BRIDGED_GAP,
    EDGE,
    LEAST_SPEECH,
    ONE_MARK,
    covered,
    covered_seconds,
    ended_at_marks,
    longest_said,
    still_inaudible,
    uncovered,
)
from transcribe.recognition.hypothesis import Hypothesis
from transcribe.recognition.outcome import Tally, recognition_of
from transcribe.recognition.quarantine import LOOP, SILENCE, UNSURE, quarantine, silent_text
from transcribe.recognition.second_look import CONTEXT, LOOK_SECONDS, accept, confirm, second_look
from transcribe.recognition.windows import Window, voiced_within
from transcribe.records import UNSUPPORTED, Interval, Quarantined, Recording, Segment, Word

RELIABLE = Hypothesis((), (), -0.2, 1.2, 0.01, 0.0)
WINDOW = Window(((0, 30 * SAMPLE_RATE),))


def segment(words: Sequence[Word], number: int = 0) -> Segment:
    text = "".join(word.text for word in words)
    return Segment(number, words[0].start, words[-1].end, "en", text, tuple(words), -0.2, 1.2, 0.0)


def line(text: str, start: float, each: float = 0.4, probability: float = 0.9) -> Segment:
    """Words one after the other, `each` seconds long."""
    return segment(
        [
            Word(f" {part}", round(start + n * each, 3), round(start + (n + 1) * each, 3), probability)
            for n, part in enumerate(text.split())
        ]
    )


def words_of(segments: Sequence[Segment]) -> list[Word]:
    return [word for each in segments for word in each.words]


def text_of(segments: Sequence[Segment]) -> str:
    return "".join(each.text for each in segments).strip()


@st.composite
def heard(draw: st.DrawFn) -> tuple[tuple[Segment, ...], tuple[Interval, ...]]:
    """A speech mask and segments of words, both in hundredths of a second, anywhere in two minutes."""
    mask: list[Interval] = []
    now = 0
    for pause, length in draw(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 2500)), max_size=8)):
        mask.append(((now + pause) / 100, (now + pause + length) / 100))
        now += pause + length
    segments: list[Segment] = []
    at = 0
    for gap, count, length in draw(
        st.lists(st.tuples(st.integers(0, 900), st.integers(1, 6), st.integers(0, 300)), max_size=8)
    ):
        at += gap
        words = [Word(f" w{n}", (at + n * length) / 100, (at + (n + 1) * length) / 100, 0.9) for n in range(count)]
        segments.append(segment(words, len(segments)))
        at += count * length
    return tuple(segments), tuple(mask)


@given(heard())
@settings(max_examples=60, deadline=None)
def test_all_speech_is_covered_or_found_or_too_short(case: tuple[tuple[Segment, ...], tuple[Interval, ...]]) -> None:
    segments, mask = case
    found = uncovered(segments, mask)
    spoken = covered(segments)
    for start, end in found:
        assert all(last + EDGE <= start + 1e-9 or end <= first - EDGE + 1e-9 for first, last in spoken)
        assert voiced_within(mask, start, end) >= LEAST_SPEECH
        assert any(first <= start < last for first, last in mask)
        assert any(first < end <= last for first, last in mask)
    assert all(before[1] < after[0] for before, after in pairwise(found))
    # What is left on a grid of 10 ms: no run of it, pauses bridged, holds as much speech as is looked at again.
    left = [
        n
        for n in range(13_000)
        if any(first <= (n + 0.5) / 100 < last for first, last in mask)
        and not any(first - EDGE <= (n + 0.5) / 100 < last + EDGE for first, last in (*spoken, *found))
    ]
    runs: list[list[int]] = []
    for n in left:
        if runs and n - runs[-1][-1] <= 100 * BRIDGED_GAP:
            runs[-1].append(n)
        else:
            runs.append([n])
    assert all(len(run) / 100 < LEAST_SPEECH + 0.03 for run in runs)


@given(heard())
@settings(max_examples=50, deadline=None)
def test_marks_hold_all_that_is_found_and_no_word(case: tuple[tuple[Segment, ...], tuple[Interval, ...]]) -> None:
    segments, mask = case
    marks = still_inaudible(segments, mask)
    assert all(before[1] < after[0] for before, after in pairwise(marks))
    for start, end in uncovered(segments, mask):
        assert any(first - 0.001 <= start and end <= last + 0.001 for first, last in marks)
    for first, last in marks:
        assert not any(a < last and b > first for a, b in covered(segments))
        assert voiced_within(mask, first, last) >= LEAST_SPEECH - 0.002


@given(heard())
@settings(max_examples=80, deadline=None)
def test_no_stored_word_lasts_into_a_mark(case: tuple[tuple[Segment, ...], tuple[Interval, ...]]) -> None:
    segments, mask = case
    # Each word lasts until the next begins, as alignment has it.
    begins = [word.start for word in words_of(segments)]
    ends = iter([*begins[1:], 300.0])
    stretched = [segment([replace(word, end=next(ends)) for word in each.words], each.id) for each in segments]
    marks = still_inaudible(stretched, mask)
    stored = ended_at_marks(stretched, marks)
    for before, word in zip(words_of(stretched), words_of(stored), strict=True):
        assert replace(word, end=before.end) == before
        assert not any(word.start < end and word.end > start for start, end in marks)
        # Whoever silences sound must still see that it was stretched.
        assert word.end == before.end or word.end - word.start > longest_said(word)
    assert all((each.start, each.end) == (each.words[0].start, each.words[-1].end) for each in stored)
    assert still_inaudible(stored, mask) == marks
    assert covered_seconds(stored, mask) == pytest.approx(covered_seconds(stretched, mask))


def test_a_recording_s_words_and_marks_do_not_overlap() -> None:
    audio = DecodedAudio.of(Recording("P01", "", "PSW", "", 1, "en", (), 30.0), np.zeros(30 * SAMPLE_RATE, np.float32))
    said = segment([Word(" Thank", 12.0, 12.4, 0.9), Word(" you.", 12.4, 30.0, 0.9)])
    recognition = recognition_of(RecognitionJob(audio, ((0.0, 30.0),), ("en",)), (said,), Tally())
    assert recognition.inaudible == ((0.0, 11.7), (13.7, 30.0))
    assert recognition.segments == (segment([said.words[0], Word(" you.", 12.4, 13.7, 0.9)]),)


def test_marks_near_each_other_are_one_unless_a_word_lies_between() -> None:
    mask = ((0.0, 3.0), (3.0 + ONE_MARK, 8.0), (10.5, 12.0))
    assert still_inaudible((), mask) == ((0.0, 8.0), (10.5, 12.0))
    assert still_inaudible([line("Yes.", 3.8)], mask) == ((0.0, 3.0), (5.0, 8.0), (10.5, 12.0))


@given(heard())
@settings(max_examples=60, deadline=None)
def test_covered_seconds_are_those_of_the_mask_under_words(
    case: tuple[tuple[Segment, ...], tuple[Interval, ...]],
) -> None:
    segments, mask = case
    spans = covered(segments)
    expected = sum(voiced_within(mask, start, end) for start, end in spans)
    assert covered_seconds(segments, mask) == pytest.approx(expected, abs=1e-6)


def test_a_word_stretched_over_a_sentence_covers_no_more_than_itself() -> None:
    stretched = Word(" so", 1.0, 9.0, 0.9)
    assert longest_said(stretched) == 1.0
    assert longest_said(Word(" uncontrollably", 0.0, 9.0, 0.9)) > 2.5
    assert uncovered([segment([stretched])], [(0.0, 10.0)]) == ((2.0 + EDGE, 10.0),)


@given(heard(), st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 3000)), max_size=20))
@settings(max_examples=60, deadline=None)
def test_words_are_drawn_in_as_if_the_whole_mask_were_gone_through(
    case: tuple[tuple[Segment, ...], tuple[Interval, ...]], asked: list[tuple[int, int]]
) -> None:
    mask = case[1]
    for start, end in ((at / 100, (at + length) / 100) for at, length in asked):
        held = [(min(end, b) - max(start, a), a, b) for a, b in mask if a < end and b > start]
        expected = (max(start, max(held)[1] - 0.1), min(end, max(held)[2] + 0.1)) if held else (start, end)
        assert segments_module._drawn_in(start, end, mask) == expected


class Looked(tuple[Interval, ...]):
    """A mask that counts how many of its spans are looked at."""

    looks = 0

    def __iter__(self) -> Iterator[Interval]:
        raise AssertionError("the whole mask is gone through")

    def __getitem__(self, at):  # type: ignore[no-untyped-def]  # as a tuple has it
        self.looks += 1
        return super().__getitem__(at)


def test_a_word_s_place_in_a_long_recording_is_found_without_going_through_its_mask() -> None:
    mask = Looked((5.0 * n, 5.0 * n + 4.0) for n in range(6000))
    said = [WordTiming(" so", [1], n / 10, (n + 3) / 10, 0.9) for n in range(20)]
    window = Window(((15_000 * SAMPLE_RATE, 15_030 * SAMPLE_RATE),))
    placed = segments_module._placed(said, window, segments_module.Sound(30_000.0, mask))
    assert [word.flags for word in placed] == [()] * 20
    talk = segment(placed)
    assert quarantine([talk], RELIABLE, window, mask) == ((talk,), ())
    # 41 times by bisection: for words and window together not even as many as once through.
    assert mask.looks < len(mask)


SPOKEN = [f"w{n}" for n in range(60)]


@st.composite
def two_looks(draw: st.DrawFn, vocabulary: Sequence[str] = ()) -> tuple[list[Word], list[Word], list[Word]]:
    """What was said, a word every 0.5 s; the first look, which misses a stretch; the second, a little beside it."""
    said = draw(st.lists(st.sampled_from(vocabulary), min_size=60, max_size=60)) if vocabulary else SPOKEN
    truth = [Word(f" {text}", 0.5 * n, 0.5 * n + 0.5, 0.9) for n, text in enumerate(said)]
    begin = draw(st.integers(5, 40))
    length = draw(st.integers(4, 15))
    shift = draw(st.integers(-20, 20)) / 100
    first = truth[:begin] + truth[begin + length :]
    from_, to = max(0, begin - draw(st.integers(0, 8))), begin + length + draw(st.integers(0, 5))
    second = [replace(w, start=max(0.0, w.start + shift), end=w.end + shift) for w in truth[from_:to]]
    return truth, first, second


@given(two_looks())
@settings(max_examples=60, deadline=None)
def test_what_the_first_look_missed_is_put_in_its_place_and_no_word_comes_twice(
    case: tuple[list[Word], list[Word], list[Word]],
) -> None:
    truth, first, second = case
    mask = [(0.0, 30.0)]
    accepted = accept([segment(first)], [segment(second)], mask)
    assert [word.text for word in words_of(accepted.segments)] == [word.text for word in truth]
    assert accepted.put_away == ()
    assert not still_inaudible(accepted.segments, mask)
    for each in accepted.segments:
        assert each.text == "".join(word.text for word in each.words)
        assert (each.start, each.end) == (each.words[0].start, each.words[-1].end)
    assert all(a.start <= b.start and a.end <= b.start + 1e-9 for a, b in pairwise(words_of(accepted.segments)))
    again = accept(accepted.segments, [segment(second)], mask)
    assert again.segments == accepted.segments


@given(two_looks(("I", "and", "no", "then", "was")))
@settings(max_examples=60, deadline=None)
def test_common_words_do_not_come_twice_either(case: tuple[list[Word], list[Word], list[Word]]) -> None:
    truth, first, second = case
    accepted = accept([segment(first)], [segment(second)], [(0.0, 30.0)])
    assert len(words_of(accepted.segments)) <= len(truth)


@given(heard(), heard())
@settings(max_examples=60, deadline=None)
def test_no_word_of_the_first_look_is_lost_whatever_the_second_says(
    one: tuple[tuple[Segment, ...], tuple[Interval, ...]], other: tuple[tuple[Segment, ...], tuple[Interval, ...]]
) -> None:
    segments, mask = one
    accepted = accept(segments, other[0], mask)
    texts = [word.text for word in words_of(segments)]
    left = iter([word.text for word in words_of(accepted.segments)])
    assert all(text in left for text in texts), "in their order"
    starts = [word.start for word in words_of(accepted.segments)]
    assert starts == sorted(starts)
    gaps = uncovered(segments, mask)
    known = [word.start for word in words_of(segments)]
    for word in words_of(accepted.segments):
        new = any(start - EDGE - 0.002 <= word.start <= word.end <= end + EDGE + 0.002 for start, end in gaps)
        assert new or word.start in known


def test_unsure_words_of_a_second_look_are_put_away_and_only_those_over_the_gap() -> None:
    first, mask = [line("I was there.", 0.0), line("And then I left.", 10.0)], [(0.0, 12.0)]
    doubtful = line("I was there. going to fit you And then", 0.0, 1.2, probability=0.5)
    accepted = accept(first, [doubtful], mask, [Quarantined(4.0, 6.0, " La la", LOOP), Quarantined(0, 1, " I", LOOP)])
    assert text_of(accepted.segments) == "I was there. And then I left."
    assert [(item.text, item.reason) for item in accepted.put_away] == [
        (" La la", LOOP),
        (" going to fit you", UNSURE),
    ]


def test_what_was_put_away_is_dropped_only_where_known_words_are() -> None:
    first, mask = [line("I was there.", 0.0), line("And then I left.", 10.0)], [(0.0, 12.0)]
    # Its middle lies over the last words, its begin over the gap.
    reaching, inside = Quarantined(9.0, 11.8, " Subscribe", LOOP), Quarantined(10.2, 11.2, " then I", UNSURE)
    accepted = accept(first, [line("I was there.", 0.0)], mask, [reaching, inside])
    assert accepted.put_away == (reaching,)


def test_the_text_of_a_silent_window_is_kept_whatever_another_look_has_filled_in() -> None:
    talk = [line("I was there and then I left. " * 5, 0.0)]
    away = silent_text(Window(((0, 12 * SAMPLE_RATE),)), " Thank you.")
    assert accept(talk, (), [(0.0, 14.0)], away).put_away == away
    gap_at_the_end = [line("I was there and then I left. " * 4, 0.0)]
    assert accept(gap_at_the_end, (), [(0.0, 14.0)], away).put_away == away


def test_a_known_word_that_had_no_place_gets_the_one_at_which_it_is_heard_now() -> None:
    first = segment([Word(" So", 0.0, 0.4, 0.9), Word(" I", 0.4, 0.4, 0.9), Word(" left", 8.0, 8.4, 0.9)])
    second = segment([Word(" that", 6.4, 6.8, 0.9), Word(" day", 6.8, 7.2, 0.9), Word(" I", 7.2, 7.5, 0.9)])
    accepted = accept([first], [second], [(0.0, 9.0)])
    assert [(word.text, word.start) for word in words_of(accepted.segments)] == [
        (" So", 0.0),
        (" that", 6.4),
        (" day", 6.8),
        (" I", 7.2),
        (" left", 8.0),
    ]


@given(heard())
@settings(max_examples=80, deadline=None)
def test_windows_of_a_second_look_hold_every_gap_and_are_new(
    case: tuple[tuple[Segment, ...], tuple[Interval, ...]],
) -> None:
    segments, mask = case
    gaps = uncovered(segments, mask)
    track = Track.of(np.zeros(round((mask[-1][1] if mask else 1.0) * SAMPLE_RATE) + 1, np.float32))
    windows = second_look(gaps, segments, mask, track)
    assert all(window.seconds <= LOOK_SECONDS for window in windows)
    pieces = [(first / SAMPLE_RATE, last / SAMPLE_RATE) for window in windows for first, last in window.pieces]
    for start, end in gaps:
        parts = [(max(start, first), min(end, last)) for first, last in pieces if first < end and last > start]
        inside = sum(voiced_within(mask, first, last) for first, last in parts)
        assert inside >= voiced_within(mask, start, end) - 0.06
    far = [
        (start, end)
        for start, end in pieces
        if not any(start < b + CONTEXT + 3 and end > a - CONTEXT - 3 for a, b in gaps)
    ]
    assert not far
    assert second_look(gaps, segments, mask, track, windows) == ()


def test_a_second_look_begins_at_a_word_before_the_gap() -> None:
    first = [line("one two three four five six seven eight nine ten", 0.0, 1.0), line("and so on", 16.0, 1.0)]
    (window,) = second_look([(11.0, 15.0)], first, [(0.0, 19.0)], Track.of(np.zeros(20 * SAMPLE_RATE, np.float32)))
    ((begin, end),) = window.pieces
    assert begin / SAMPLE_RATE == pytest.approx(6.0 - 0.2)
    assert end / SAMPLE_RATE == pytest.approx(19.2)


def split(
    segments: Sequence[Segment], hypothesis: Hypothesis = RELIABLE, mask: Sequence[Interval] = ((0.0, 30.0),)
) -> tuple[str, list[tuple[str, str]]]:
    """The text that is kept, and what is put away with its reason."""
    kept, away = quarantine(segments, hypothesis, WINDOW, mask)
    assert len(kept) + len(away) == len(segments)
    return text_of(kept), [(item.text.strip(), item.reason) for item in away]


REPETITIVE = replace(RELIABLE, compression_ratio=5.0)


def test_a_loop_is_put_away_and_what_was_said_before_it_is_kept() -> None:
    before, loop = line("I went home and then", 0.0), line("I don't know. " * 12, 3.0)
    assert split([before, loop], REPETITIVE) == ("I went home and then", [(("I don't know. " * 12).strip(), LOOP)])
    broken_off = replace(RELIABLE, is_loop=True)
    assert split([before, loop], broken_off)[1][0][1] == LOOP


@pytest.mark.parametrize("loop", ["no," + " no," * 15, "I see. " * 5, "yeah " * 6, "la la la la lala"])
def test_of_a_text_broken_off_as_a_loop_all_that_repeats_at_its_end_is_put_away(loop: str) -> None:
    broken_off, loop = replace(RELIABLE, is_loop=True), " ".join(loop.split())
    assert split([line(loop, 3.0)], broken_off) == ("", [(loop, LOOP)])
    assert split([line("Yes yes yes I went home and then", 0.0), line(loop, 3.0)], broken_off) == (
        "Yes yes yes I went home and then",
        [(loop, LOOP)],
    )
    whole = line(f"I went home and then it was over and I said {loop}", 0.0)
    kept, away = quarantine([whole], broken_off, WINDOW, [(0.0, 30.0)])
    assert text_of(kept) == "I went home and then it was over and I said"
    assert [(item.text.strip(), item.reason) for item in away] == [(loop, LOOP)]
    assert (kept[0].end, away[0].start, away[0].end) == (4.4, 4.4, whole.end)
    assert split([whole], REPETITIVE)[0] == text_of([whole]), "what is not broken off is judged as before"


def test_a_broken_off_loop_within_one_word_takes_no_others_with_it() -> None:
    said = line("I laughed hahahahahahahahahahahahahaha", 0.0)
    assert split([said], replace(RELIABLE, is_loop=True)) == (text_of([said]), [])


@pytest.mark.parametrize("text", ["Yes, yes, yes, yes, yes.", f"{'No ' * 11}no.", "I see. I see. I see."])
def test_what_a_person_repeats_is_kept(text: str) -> None:
    assert split([line(text, 0.0)], REPETITIVE) == (text, [])


def test_repeated_words_faster_than_anybody_speaks_are_a_loop() -> None:
    assert split([line("no no no no no no", 2.0, each=0.01)], REPETITIVE)[1] == [("no no no no no no", LOOP)]


def unsupported(text: str) -> Segment:
    said = line(text, 5.0)
    return replace(said, words=tuple(replace(word, flags=(UNSUPPORTED,)) for word in said.words))


def test_a_sentence_over_silence_is_put_away_and_a_sound_of_listening_is_not() -> None:
    assert split([unsupported("Thanks for watching.")]) == ("", [("Thanks for watching.", SILENCE)])
    assert split([unsupported("Mm-hmm.")]) == ("Mm-hmm.", [])
    one = unsupported("And that was it.")
    partly = replace(one, words=(replace(one.words[0], flags=()), *one.words[1:]))
    assert split([partly]) == ("And that was it.", [])


def test_signs_without_a_letter_are_put_away() -> None:
    assert split([line("... .", 1.0)]) == ("", [("... .", SILENCE)])


def test_text_that_the_model_held_for_unlikely_is_put_away() -> None:
    unlikely = replace(RELIABLE, avg_logprob=-1.3, temperature=1.0)
    assert split([line("I'm going to be able to do it.", 0.0)], unlikely)[1][0][1] == UNSURE
    kept, away = quarantine([line("Yeah.", 0.0)], unlikely, WINDOW, [(0.0, 30.0)])
    assert [word.flags for word in words_of(kept)] == [(UNSUPPORTED,)]
    assert not away


def test_few_words_in_what_the_model_takes_for_silence_are_put_away() -> None:
    silent = replace(RELIABLE, no_speech_prob=0.9, avg_logprob=-0.8)
    assert split([line("you", 0.0)], silent) == ("", [("you", SILENCE)])
    likely = replace(silent, avg_logprob=-0.5)
    assert split([line("you", 0.0)], likely) == ("", [("you", SILENCE)])
    assert split([line("I was saying that you know", 0.0)], likely, [(0.0, 2.5)]) == ("I was saying that you know", [])
    assert split([line("you", 0.0)]) == ("you", [])


@pytest.mark.parametrize(
    ("text", "logprob", "kept"),
    [("Thank you.", -0.8, False), ("Thank you.", -0.5, True), ("Um.", -0.8, True), ("Mm-hmm, yeah.", -0.8, True)],
)
def test_unlikely_words_in_what_the_model_takes_for_silence_are_put_away(text: str, logprob: float, kept: bool) -> None:
    silent = replace(RELIABLE, no_speech_prob=0.8, avg_logprob=logprob)
    assert split([line(text, 0.0)], silent, [(0.0, 0.8)]) == ((text, []) if kept else ("", [(text, SILENCE)]))


def test_the_text_of_a_silent_window_is_kept_with_the_window_s_times() -> None:
    window = Window(((16_000, 32_000), (64_000, 80_000)))
    assert silent_text(window, " Thank you.") == (Quarantined(1.0, 5.0, " Thank you.", SILENCE),)
    assert silent_text(window, " .") == ()


def test_words_alone_are_believed_only_where_both_looks_hear_them() -> None:
    mask = [(0.0, 40.0)]
    phantom, real = line("Thank you.", 12.0), line("Come in.", 30.0)
    elsewhere = line("Thank you.", 3.0)
    believed = confirm([phantom, real], [phantom, real], [elsewhere, line("Come in.", 30.3)], mask)
    assert text_of(believed.segments) == "Come in."
    assert [(item.text, item.start, item.reason) for item in believed.put_away] == [(" Thank you.", 12.0, UNSURE)]
    only_now = confirm([phantom, real], [real], [phantom, real], mask)
    assert text_of(only_now.segments) == "Come in."
    nod = confirm([line("Yeah.", 12.0)], [], [], mask)
    assert [word.flags for word in words_of(nod.segments)] == [(UNSUPPORTED,)]


@pytest.mark.parametrize("words", [(12.0, 12.4, 30.0), (0.0, 15.0, 30.0), (12.0, 29.0, 29.4)])
def test_a_phantom_is_alone_however_long_alignment_has_its_words_last(words: tuple[float, float, float]) -> None:
    begin, between, end = words
    phantom = segment([Word(" Thank", begin, between, 0.9), Word(" you.", between, end, 0.9)])
    believed = confirm([phantom], [phantom], [], [(0.0, 40.0)])
    assert believed.segments == ()
    assert believed.put_away == (Quarantined(begin, end, " Thank you.", UNSURE),)
    assert confirm([phantom], [phantom], [phantom], [(0.0, 40.0)]).segments == (phantom,)


def test_words_with_words_beside_them_need_no_second_look() -> None:
    talk = [line("Thank you.", 12.0), line("That was all I wanted to say about it today.", 13.4)]
    assert confirm(talk, talk, [], [(11.0, 18.0)]).segments == tuple(replace(s, id=n) for n, s in enumerate(talk))
