"""The measures themselves, on cases that can be counted by hand."""

import json
from pathlib import Path

import pytest

from transcribe.errors import CorruptFileError
from transcribe.evaluation import (
    ErrorRate,
    ReferenceTurn,
    cp_word_error_rate,
    diarization_error_rate,
    heard,
    orc_word_error_rate,
    read_gold,
    read_rttm,
    read_stm,
    turns_of,
    word_diarization_error_rate,
    word_error_rate,
    wrong_speaker_rate,
)
from transcribe.records import SpeechTurn, Transcript, Utterance, UtteranceWord

REFERENCE = (ReferenceTurn("INT", 0.0, 2.0, "How are you?"), ReferenceTurn("P01-PIR", 2.0, 5.0, "I am well, thanks."))


def test_words_are_compared_after_normalisation() -> None:
    assert word_error_rate("It's twenty-one, um, Dr Lee!", "it is 21 doctor lee") == ErrorRate(0, 5)
    assert word_error_rate("one two three four", "one two four").errors == 1


def test_swapped_labels_cost_nothing_in_cpwer_and_a_moved_word_costs_two() -> None:
    swapped = [ReferenceTurn("A", t.start, t.end, t.text) if t.speaker == "INT" else t for t in REFERENCE]
    assert cp_word_error_rate(REFERENCE, swapped).errors == 0
    moved = (ReferenceTurn("INT", 0, 2, "How are you I?"), ReferenceTurn("P01-PIR", 2, 5, "am well, thanks."))
    assert cp_word_error_rate(REFERENCE, moved).errors == 2


def test_the_price_of_attribution_is_cpwer_less_orcwer() -> None:
    # A whole turn with the other speaker costs nothing in ORC-WER: its words are right.
    wrong = (ReferenceTurn("INT", 0, 2, "How are you?"), ReferenceTurn("INT", 2, 5, "I am well, thanks."))
    assert orc_word_error_rate(REFERENCE, wrong).errors == 0
    assert cp_word_error_rate(REFERENCE, wrong).errors == 6


def test_wder_counts_the_aligned_words_with_the_wrong_speaker() -> None:
    swapped = (ReferenceTurn("B", 0, 2, "How are you?"), ReferenceTurn("A", 2, 5, "I am well, thanks."))
    assert word_diarization_error_rate(REFERENCE, swapped) == ErrorRate(0, 7)
    # A word moved to the other speaker counts, one misheard and moved as well; one left out or added does not.
    moved = (ReferenceTurn("A", 0, 2, "How are you? I"), ReferenceTurn("B", 2, 5, "am swell, thanks again."))
    assert word_diarization_error_rate(REFERENCE, moved) == ErrorRate(1, 7)
    misheard = (ReferenceTurn("A", 0, 2, "How are you? High"), ReferenceTurn("B", 2, 5, "am well."))
    assert word_diarization_error_rate(REFERENCE, misheard) == ErrorRate(1, 6)


def test_wder_takes_speakers_one_to_one_or_as_given() -> None:
    both = (ReferenceTurn("A", 0, 2, "How are you?"), ReferenceTurn("A", 2, 5, "I am well, thanks."))
    assert word_diarization_error_rate(REFERENCE, both) == ErrorRate(3, 7)
    given = {"A": "INT", "B": "P01-PIR"}
    swapped = (ReferenceTurn("B", 0, 2, "How are you?"), ReferenceTurn("A", 2, 5, "I am well, thanks."))
    assert word_diarization_error_rate(REFERENCE, swapped, given) == ErrorRate(7, 7)
    third = (ReferenceTurn("A", 0, 2, "How are you?"), ReferenceTurn("C", 2, 5, "I am well, thanks."))
    assert word_diarization_error_rate(REFERENCE, third, given) == ErrorRate(4, 7)
    assert word_diarization_error_rate(REFERENCE, ()) == ErrorRate(0, 0)


def test_der_counts_seconds() -> None:
    reference = [SpeechTurn("a", 0.0, 5.0), SpeechTurn("b", 5.0, 10.0)]
    hypothesis = [SpeechTurn("x", 0.0, 6.0), SpeechTurn("y", 6.0, 9.0)]
    assert diarization_error_rate(reference, hypothesis).errors == pytest.approx(2.0)
    assert diarization_error_rate(reference, hypothesis).rate == pytest.approx(0.2)
    near = [SpeechTurn("x", 0.0, 5.2), SpeechTurn("y", 5.2, 10.0)]
    assert diarization_error_rate(reference, near, collar=0.25).errors == pytest.approx(0.0)


def test_words_with_the_wrong_speaker() -> None:
    words = tuple(UtteranceWord("w", i, i + 0.5, 1.0, (2 * i, 2 * i + 1)) for i in range(6))
    transcript = Transcript(
        "P01-PIR",
        (
            Utterance("u0001", "INT", "en", 0, 2.5, "w w w", words[:3]),
            Utterance("u0002", "P01-PIR", "en", 3, 5.5, "w w w", words[3:]),
        ),
    )
    assert wrong_speaker_rate(REFERENCE, transcript) == ErrorRate(1, 6)
    assert turns_of(transcript)[0] == ReferenceTurn("INT", 0, 2.5, "w w w")


def test_surfaces_are_whole_words_whatever_their_case_and_punctuation() -> None:
    surfaces = ["Janet Lau", "Ann", "Kwun Tong", "陳美玲"]
    assert heard(surfaces, "janet. LAU's annoyed in Kwun-Tong") == ("Janet Lau", "Kwun Tong")


def test_readers(tmp_path: Path) -> None:
    (tmp_path / "a.rttm").write_text("SPEAKER a 1 1.5 2.0 <NA> <NA> x <NA> <NA>\nSPKR-INFO a 1\n")
    assert read_rttm(tmp_path / "a.rttm") == (SpeechTurn("x", 1.5, 3.5),)
    (tmp_path / "a.stm").write_text(";; comment\na 1 x 1.5 3.5 Hello there\n")
    assert read_stm(tmp_path / "a.stm") == (ReferenceTurn("x", 1.5, 3.5, "Hello there"),)
    turn = {"speaker": "Interviewer", "start": 0, "end": 1, "text": "Hi Ann", "pii": [{"text": "Ann"}]}
    (tmp_path / "a.json").write_text(json.dumps({"turns": [turn]}))
    gold = read_gold(tmp_path / "a.json", {"Interviewer": "INT"})
    assert gold.turns[0].speaker == "INT"
    assert gold.surfaces == ("Ann",)
    with pytest.raises(CorruptFileError):
        read_gold(tmp_path / "a.json", {})
