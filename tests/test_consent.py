"""What consent takes out: every word of a stretch goes, every other word and its id stays, events tell of it."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.consent import (
    THIRD_PARTY,
    WITHHELD,
    ConsentRules,
    recognition_without,
    third_voices,
    transcript_without,
    with_consent,
)
from transcribe.diarization.cast import pair_members
from transcribe.records import (
    Event,
    Recognition,
    Recording,
    Segment,
    SpeakerRole,
    Transcript,
    Utterance,
    UtteranceWord,
    Word,
)
from transcribe.study.manifest import PlannedRecording
from transcribe.study_consent import agreed_speakers

INTERVIEW = Recording("P01-PIR", "P01", "PIR", "P01-PIR", 1, "en", (), 100.0)
SESSION = Recording("P01-OBS", "P01", "OBS", "", 1, "en", (), 100.0)


def utterance(identifier: str, speaker: str, start: float, *said: str) -> Utterance:
    """Words of one second each."""
    text, words = "", []
    for number, word in enumerate(said):
        text += " " if text else ""
        offset = (len(text), len(text) + len(word))
        words.append(UtteranceWord(word, start + number, start + number + 0.9, 0.9, offset))
        text += word
    return Utterance(identifier, speaker, "en", start, words[-1].end, text, tuple(words))


def words_of(transcript: Transcript) -> list[str]:
    return [word.text for u in transcript.utterances for word in u.words]


def test_the_middle_of_an_utterance_goes_and_its_ends_stay_with_their_words() -> None:
    transcript = Transcript("P01-PIR", (utterance("u0001", "P01-PIR", 0, "one", "two", "three", "four"),))
    left = transcript_without(transcript, [(1.0, 2.5)])
    assert [(u.id, u.text, u.start, u.end) for u in left.utterances] == [
        ("u0001", "one", 0.0, 0.9),
        ("u0001-3000", "four", 3.0, 3.9),
    ]
    assert left.events == (Event(WITHHELD, 1.0, 2.5),)


stretches = st.lists(
    st.tuples(st.floats(0, 40), st.floats(0.1, 10)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=4
)
counts = st.lists(st.integers(1, 8), min_size=1, max_size=5)


@given(counts, stretches)
def test_exactly_the_words_that_touch_a_stretch_go(lengths: list[int], spans: list[tuple[float, float]]) -> None:
    start, said = 0.0, []
    for number, length in enumerate(lengths, start=1):
        words = [f"w{number}x{i}" for i in range(length)]
        said.append(utterance(f"u{number:04d}", "P01-PIR", start, *words))
        start += length + 1
    transcript = Transcript("P01-PIR", tuple(said))
    left = transcript_without(transcript, spans)
    expected = [
        word.text for u in said for word in u.words if not any(a < word.end and word.start < b for a, b in spans)
    ]
    assert words_of(left) == expected
    for u in left.utterances:
        assert [u.text[word.offset[0] : word.offset[1]] for word in u.words] == [word.text for word in u.words]
    for (_, before), (after, _) in pairwise((event.start, event.end) for event in left.events):
        assert before < after, "no two events overlap"
    for a, b in spans:
        assert any(event.start <= a and b <= event.end for event in left.events)
    assert transcript_without(left, spans) == left
    assert len({u.id for u in left.utterances}) == len(left.utterances)
    for order in (spans, spans[::-1]):
        step = transcript
        for span in order:
            step = transcript_without(step, [span])
        assert step == left, "one after the other is the same as all at once"
    untouched = {u.id for u in said if all(word.text in expected for word in u.words)}
    assert untouched <= {u.id for u in left.utterances}


def test_the_recognition_keeps_no_word_of_a_stretch_either() -> None:
    words = tuple(Word(f" w{i}", float(i), i + 0.9, 0.9) for i in range(4))
    segment = Segment(0, 0.0, 3.9, "en", " w0 w1 w2 w3", words, -0.1, 1.0, 0.0)
    alone = Segment(1, 5.0, 5.9, "en", " gone", (Word(" gone", 5.0, 5.0, 0.9),), -0.1, 1.0, 0.0)
    left = recognition_without(Recognition("P01-PIR", (segment, alone), 6.0, 6.0), [(1.5, 2.2), (5.0, 5.5)])
    assert [s.text for s in left.segments] == [" w0 w3"]


def test_a_third_voice_is_an_event_without_words() -> None:
    transcript = Transcript(
        "P01-PIR",
        (
            utterance("u0001", "INT", 0, "how", "are", "you"),
            utterance("u0002", "P01-PIR", 5, "well"),
            utterance("u0003", "SPEAKER-3", 10, "tea", "anyone"),
            utterance("u0004", "SPEAKER-0", 15, "mm"),
        ),
    )
    kept = with_consent(INTERVIEW, transcript, ConsentRules(withhold_third_voices=True))
    assert words_of(kept) == ["how", "are", "you", "well", "mm"]
    assert kept.events == (Event(THIRD_PARTY, 10.0, 11.9),)
    assert with_consent(INTERVIEW, kept, ConsentRules(withhold_third_voices=True)) == kept
    assert with_consent(INTERVIEW, transcript, ConsentRules()) == transcript


def test_while_roles_are_unsure_the_two_who_talk_most_are_the_two_expected() -> None:
    transcript = Transcript(
        "P01-OBS",
        (
            utterance("u0001", "SPEAKER-1", 0, "a", "b", "c"),
            utterance("u0002", "SPEAKER-3", 5, "x"),
            utterance("u0003", "SPEAKER-2", 10, "d", "e"),
        ),
    )
    assert third_voices(SESSION, transcript) == ("SPEAKER-3",)


def plan(identifier: str, **told: Any) -> PlannedRecording:
    pair, role = identifier.split("-")[:2]
    facts: dict[str, Any] = {
        "id": identifier,
        "pair": pair,
        "role": role,
        "person": "" if role == "OBS" else f"{pair}-{role}",
        "session": 1,
        "date": "",
        "language": "en",
        "speakers": 2,
        "also_present": (),
        "consent": frozenset({"transcribe"}),
        "files": (),
    }
    return PlannedRecording(**facts | told)


@pytest.mark.parametrize(
    ("row", "agreed"),
    [
        (plan("P01-PIR"), {"INT", "P01-PIR"}),
        (plan("P01-OBS"), {"P01-PSW", "P01-PIR"}),
        (plan("P02-OBS"), {"P01-PSW", "P02-PIR"}),
        (plan("P01-PIR", also_present=("interpreter", "relative")), {"INT", "P01-PIR", "INTERP"}),
        (plan("P01-PIR", interviewers=("INT", "INT-2")), {"INT", "INT-2", "P01-PIR"}),
        (plan("P01-OBS", also_present=("int-2", "p09-psw")), {"P01-PSW", "P01-PIR", "INT-2"}),
        (plan("P01-OBS", also_present=("p02-pir",)), {"P01-PSW", "P01-PIR", "P02-PIR"}),
    ],
)
def test_who_agreed_are_the_studys_people(row: PlannedRecording, agreed: set[str]) -> None:
    others = [plan("P01-PSW"), plan("P01-PIR"), plan("P02-PSW", person="P01-PSW"), plan("P02-PIR")]
    row = replace(row, members=pair_members([row, *others])[row.pair])
    assert set(agreed_speakers(row, [row, *others])) == agreed


def test_somebody_known_to_be_somebody_else_never_counts_as_one_of_the_expected() -> None:
    said = ("INT", "OTHER-1", "SPEAKER-3", "INTERP", "SPEAKER-4")
    transcript = Transcript("P01-PIR", tuple(utterance(f"u{n}", who, 10.0 * n, "yes") for n, who in enumerate(said)))
    agreed = ("INT", "P01-PIR", "INTERP")
    assert third_voices(INTERVIEW, transcript, agreed) == ("OTHER-1", "SPEAKER-4")
    assert third_voices(INTERVIEW, transcript, ("INT", "P01-PIR")) == ("OTHER-1", "INTERP", "SPEAKER-4")
    rules = ConsentRules(withhold_third_voices=True, agreed=agreed)
    left = with_consent(INTERVIEW, transcript, rules)
    assert [u.speaker for u in left.utterances] == ["INT", "SPEAKER-3", "INTERP"]
    assert with_consent(INTERVIEW, left, rules) == left


def talk(words: dict[str, int], likely: dict[str, str]) -> Transcript:
    """Each speaker says so many words; roles for those of whom it is told who they likely are ("": somebody else)."""
    said = [
        utterance(f"u{n}", speaker, 100.0 * n, *["yes"] * count) for n, (speaker, count) in enumerate(words.items())
    ]
    roles = tuple(SpeakerRole(voice, voice, 0.7, "", code) for voice, code in likely.items())
    return Transcript("P01-PIR", tuple(said), (), roles)


@pytest.mark.parametrize(
    ("words", "likely", "third"),
    [
        # likely somebody else: never one of those who agreed, however much it talks, and though INT is silent
        ({"P01-PIR": 90, "SPEAKER-1": 20, "SPEAKER-3": 25}, {"SPEAKER-1": "INT", "SPEAKER-3": ""}, {"SPEAKER-3"}),
        ({"P01-PIR": 90, "SPEAKER-3": 25}, {"SPEAKER-3": ""}, {"SPEAKER-3"}),
        ({"P01-PIR": 90, "SPEAKER-3": 25}, {"SPEAKER-3": "OTHER-1"}, {"SPEAKER-3"}),
        ({"P01-PIR": 90, "SPEAKER-3": 25}, {"SPEAKER-3": "P02-PIR"}, {"SPEAKER-3"}),
        # likely one who is missing goes before one of whom nothing is known, and before one who is there
        ({"P01-PIR": 90, "SPEAKER-1": 20, "SPEAKER-3": 25}, {"SPEAKER-1": "INT"}, {"SPEAKER-3"}),
        ({"P01-PIR": 9, "SPEAKER-1": 2, "SPEAKER-3": 5}, {"SPEAKER-1": "INT", "SPEAKER-3": "P01-PIR"}, {"SPEAKER-3"}),
        # nothing is known of either: who talks more
        ({"P01-PIR": 90, "SPEAKER-1": 20, "SPEAKER-3": 25}, {}, {"SPEAKER-1"}),
        # another interviewer stands in for INT, two of them not for the participant
        ({"INT-2": 20, "SPEAKER-2": 90, "SPEAKER-3": 5}, {"SPEAKER-2": "P01-PIR"}, {"SPEAKER-3"}),
        ({"INT": 20, "INT-2": 20, "SPEAKER-2": 90}, {"SPEAKER-2": "P01-PIR"}, set()),
        ({"P01-PIR": 90, "SPEAKER-1": 20}, {"SPEAKER-1": "INT-2"}, set()),
    ],
)
def test_an_unsure_voice_counts_as_one_who_agreed_only_if_it_may_be(
    words: dict[str, int], likely: dict[str, str], third: set[str]
) -> None:
    transcript = talk(words, likely)
    assert set(third_voices(INTERVIEW, transcript, ("INT", "P01-PIR"))) == third
    rules = ConsentRules(withhold_third_voices=True, agreed=("INT", "P01-PIR"))
    left = with_consent(INTERVIEW, transcript, rules)
    assert {u.speaker for u in left.utterances} == set(words) - third
    assert with_consent(INTERVIEW, left, rules) == left


def test_with_an_interpreter_and_a_relative_the_relative_alone_is_left_out() -> None:
    row = plan("P01-PIR", also_present=("interpreter", "relative"), members=("P01-PSW", "P01-PIR"))
    agreed = agreed_speakers(row, [row])
    words = {"SPEAKER-1": 20, "SPEAKER-2": 90, "SPEAKER-3": 40, "SPEAKER-4": 60}
    likely = {"SPEAKER-1": "INT", "SPEAKER-2": "P01-PIR", "SPEAKER-3": "INTERP", "SPEAKER-4": ""}
    assert third_voices(INTERVIEW, talk(words, likely), agreed) == ("SPEAKER-4",)
