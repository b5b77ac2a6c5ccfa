"""What recognition does not know reaches coders and lab: marks, flags, figures; and nothing of it outlives consent."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Lab
from tests.fakes import FakeRecognizer, fake_engines
from transcribe.attribution import attribute
from transcribe.consent import (
    INAUDIBLE,
    LEAST_REST,
    THIRD_PARTY,
    WITHHELD,
    ConsentRules,
    recognition_without,
    transcript_without,
    with_consent,
)
from transcribe.engines import Outcome, RecognitionJob
from transcribe.progress import Progress
from transcribe.record_json import from_json, to_json
from transcribe.records import (
    UNSUPPORTED,
    Diarization,
    Event,
    Interval,
    Quarantined,
    Recognition,
    Recording,
    Segment,
    SpeechTurn,
    Word,
)
from transcribe.status import study_status
from transcribe.trust import doubts_of_words, stored_trust, trust_of

NAME = "P01-PIR"
PUT_AWAY = "Thanks for watching, Marcus."


def segment(number: int, start: float, *texts: str, flags: tuple[str, ...] = ()) -> Segment:
    words = tuple(Word(f" {text}", start + 0.5 * n, start + 0.5 * n + 0.5, 0.9, flags) for n, text in enumerate(texts))
    return Segment(number, start, words[-1].end, "en", "".join(w.text for w in words), words, -0.2, 1.2, 0.0)


def diarization(*turns: tuple[str, float, float]) -> Diarization:
    exclusive = tuple(SpeechTurn(*turn) for turn in turns)
    return Diarization(NAME, exclusive, exclusive, ())


HEARD = Recognition(
    NAME,
    (segment(0, 0.0, "and", "so", "I", "went"), segment(1, 5.9, "home", "then.")),
    9.0,
    4.0,
    inaudible=((2.5, 5.5),),
    quarantined=(Quarantined(7.5, 9.0, PUT_AWAY, "silence"), Quarantined(20.0, 30.0, " no no no", "loop")),
    windows=3,
    fallback_windows=1,
)
TURNS = diarization(("SPEAKER-1", 0.0, 9.0))


def test_an_inaudible_stretch_stands_between_what_was_said_before_and_after_it() -> None:
    transcript = attribute(HEARD, TURNS)
    assert [(u.speaker, u.text) for u in transcript.utterances] == [
        ("SPEAKER-1", "and so I went"),
        ("SPEAKER-1", "home then."),
    ]
    assert transcript.events == (Event(INAUDIBLE, 2.5, 5.5),)
    without = attribute(replace(HEARD, inaudible=()), TURNS)
    assert [u.text for u in without.utterances] == ["and so I went home then."]
    assert without.events == ()


def test_a_back_channel_after_an_inaudible_stretch_is_no_part_of_the_one_before_it() -> None:
    words = (
        segment(0, 0.0, "and", "so", "I", "went"),
        segment(1, 2.0, "Mm."),
        segment(2, 5.0, "Mm."),
        segment(3, 5.5, "home", "then"),
    )
    turns = diarization(
        ("SPEAKER-1", 0.0, 2.0), ("SPEAKER-2", 2.0, 2.5), ("SPEAKER-2", 5.0, 5.5), ("SPEAKER-1", 5.5, 7.0)
    )
    transcript = attribute(replace(HEARD, segments=words, inaudible=((3.0, 4.5),)), turns)
    assert [u.text for u in transcript.utterances if u.start < 3.0] == ["and so I went", "Mm."]
    assert [u.text for u in transcript.utterances if u.start > 4.5] == ["Mm.", "home then"]


def test_flags_of_words_reach_the_utterance() -> None:
    flagged = replace(
        HEARD, segments=(segment(0, 0.0, "yes", flags=(UNSUPPORTED,)), segment(1, 9.0, "I", "see")), inaudible=()
    )
    first, second = attribute(flagged, diarization(("SPEAKER-1", 0.0, 20.0))).utterances
    assert (first.flags, first.words[0].flags) == ((UNSUPPORTED,), (UNSUPPORTED,))
    assert (second.flags, second.words[0].flags) == ((), ())


def test_what_was_withdrawn_is_neither_inaudible_nor_put_away() -> None:
    left = recognition_without(HEARD, [(3.0, 4.0), (8.9, 9.1)])
    assert left.inaudible == ((2.5, 3.0), (4.0, 5.5))
    assert [item.reason for item in left.quarantined] == ["loop"]
    assert recognition_without(left, [(3.0, 4.0), (8.9, 9.1)]) == left
    assert recognition_without(HEARD, [(2.7, 5.3)]).inaudible == (), "rests of 0.2 s are no marks"


def test_flagged_words_are_counted_without_those_that_were_withdrawn() -> None:
    flagged = replace(
        HEARD,
        segments=(segment(0, 0.0, "yes", flags=(UNSUPPORTED,)), segment(1, 9.0, "no", flags=(UNSUPPORTED,))),
        unsupported_words=2,
    )
    assert recognition_without(flagged, [(0.1, 0.2)]).unsupported_words == 1


moments = st.floats(0, 40)
spans = st.lists(st.tuples(moments, st.floats(0.1, 10)).map(lambda pair: (pair[0], pair[0] + pair[1])), max_size=4)


@given(spans, st.lists(st.tuples(st.floats(0.3, 8), st.floats(0.6, 6)), max_size=5), st.sampled_from([WITHHELD, "x"]))
def test_no_inaudible_event_reaches_into_a_stretch_that_is_taken_out(
    taken: list[Interval], unheard: list[tuple[float, float]], kind: str
) -> None:
    now, inaudible = 0.0, []
    for pause, length in unheard:
        inaudible.append((now + pause, now + pause + length))
        now += pause + length
    transcript = attribute(replace(HEARD, segments=(), inaudible=tuple(inaudible)), TURNS)
    left = transcript_without(transcript, taken, kind)
    rests = [(event.start, event.end) for event in left.events if event.kind == INAUDIBLE]
    assert all(end <= a or start >= b for start, end in rests for a, b in taken)
    assert all(any(a <= start and end <= b for a, b in inaudible) for start, end in rests)
    assert all(before[1] <= after[0] for before, after in pairwise(rests))
    for start, end in inaudible:
        # Everything outside of the stretches is still told, but for rests shorter than the least.
        edges = sorted({start, end, *(edge for span in taken for edge in span if start < edge < end)})
        for a, b in pairwise(edges):
            if b - a >= LEAST_REST and not any(first < b and a < last for first, last in taken):
                assert any(first <= a and b <= last for first, last in rests)
    assert transcript_without(left, taken, kind) == left
    step = transcript
    for span in reversed(taken):
        step = transcript_without(step, [span], kind)
    assert step == left
    assert attribute(
        recognition_without(replace(HEARD, segments=(), inaudible=tuple(inaudible)), taken), TURNS
    ).events == (tuple(event for event in left.events if event.kind == INAUDIBLE))


def test_a_third_voice_swallows_what_is_inaudible_in_it() -> None:
    # SPEAKER-3 has fewer words than the two who are expected.
    turns = diarization(("SPEAKER-1", 0.0, 4.0), ("SPEAKER-2", 5.0, 9.0), ("SPEAKER-3", 10.0, 14.0))
    heard = Recognition(
        NAME,
        (
            segment(0, 0.0, "how", "are", "you", "now"),
            segment(1, 5.0, "well", "enough", "I", "think"),
            segment(2, 10.0, "tea", "anyone"),
        ),
        14.0,
        8.0,
        inaudible=((10.2, 10.9), (12.0, 14.0)),
    )
    recording = Recording(NAME, "P01", "PIR", NAME, 1, "en", (), 20.0)
    kept = with_consent(recording, attribute(heard, turns), ConsentRules(withhold_third_voices=True))
    assert [event.kind for event in kept.events] == [THIRD_PARTY, INAUDIBLE]
    assert kept.events[1] == Event(INAUDIBLE, 12.0, 14.0)


def test_records_of_before_can_be_read() -> None:
    plain = json.loads(to_json(HEARD))
    for field in ("inaudible", "quarantined", "windows", "fallback_windows", "unsupported_words"):
        del plain[field]
    old = from_json(Recognition, json.dumps(plain).encode(), "x")
    assert old == replace(HEARD, inaudible=(), quarantined=(), windows=0, fallback_windows=0)
    assert from_json(Recognition, to_json(HEARD), "x") == HEARD


def test_what_the_lab_is_told_of_a_recording() -> None:
    low, away = doubts_of_words(NAME, trust_of(HEARD))
    assert "44 %" in low
    assert "(loop 1, silence 1)" in away
    assert "private/P01-PIR/recognition.json" in away
    assert "Marcus" not in low + away
    assert doubts_of_words(NAME, trust_of(replace(HEARD, covered_seconds=6.5, quarantined=()))) == ()


NO_SPEECH = "no speech was found in it: is it the right file, and loud enough?"
NO_WORDS = "13 s of it sound like speech, and none of that became words: is it noise, or another language? listen to it"


@pytest.mark.parametrize(
    ("recognition", "told"),
    [
        (Recognition(NAME, (), 0.0, 0.0), [NO_SPEECH]),
        (Recognition(NAME, (), 0.223, 0.0), [NO_SPEECH]),
        (Recognition(NAME, (), 13.0, 0.0, inaudible=((1.0, 14.5),)), [NO_WORDS]),
        (Recognition(NAME, (), 13.0, 0.0), [NO_WORDS]),
        (
            replace(HEARD, quarantined=(), inaudible=()),
            ["only 44 % of what sounds like speech became words; listen to it"],
        ),
        (
            replace(HEARD, quarantined=(), voiced_seconds=900.0),
            ["less than 1 % of what sounds like speech became words; listen to the inaudible stretches"],
        ),
        (replace(HEARD, quarantined=(), voiced_seconds=0.8, covered_seconds=0.7), []),
    ],
    ids=["silence", "a click", "no words", "no words, no marks", "few, no marks", "hardly any", "one short word"],
)
def test_a_recording_gets_one_true_line_of_its_speech(lab: Lab, recognition: Recognition, told: list[str]) -> None:
    lab.pair()
    lab.engines = fake_engines(recognizer=Given(given=recognition))
    assert lab.go().code == 0
    assert [warning for warning in study_status(lab.study)[0].warnings if "role unsure" not in warning] == told
    report = (lab.study.report / "run.md").read_text()
    assert [line for line in report.splitlines() if line.startswith("- P01-PIR: ") and "role unsure" not in line] == [
        f"- P01-PIR: {line}" for line in told
    ]


@dataclass(frozen=True)
class Given(FakeRecognizer):
    """Hears what it is given, in every recording."""

    fingerprint: str = "given recognizer 1"
    given: Recognition = HEARD

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        for outcome in super().recognize(jobs, progress):
            inside = tuple((start, min(end, 4.0)) for start, end in self.given.inaudible)
            yield replace(
                outcome, result=replace(self.given, recording=outcome.recording, segments=(), inaudible=inside)
            )


@dataclass(frozen=True)
class Doubtful(FakeRecognizer):
    """Says its lines, of which it is not sure; puts something away, and something is inaudible."""

    fingerprint: str = "doubtful recognizer 1"

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        for outcome in super().recognize(jobs, progress):
            assert isinstance(outcome.result, Recognition)
            last = outcome.result.segments[-1].end
            doubtful = replace(
                outcome.result,
                covered_seconds=0.5 * outcome.result.voiced_seconds,
                inaudible=((round(last + 0.05, 3), round(last + 0.15, 3)),),
                quarantined=(Quarantined(2.0, 3.0, PUT_AWAY, "silence"),),
                windows=7,
                fallback_windows=2,
            )
            yield replace(outcome, result=doubtful)


@pytest.fixture
def done(lab: Lab) -> Lab:
    lab.pair()
    lab.engines = fake_engines(recognizer=Doubtful())
    assert lab.go().code == 0
    return lab


def test_marks_are_in_every_export_and_figures_in_the_report(done: Lab) -> None:
    for path in ("transcripts/txt/P01-PIR.txt", "sync/P01-PIR.vtt", "turns.csv"):
        assert "[inaudible 00:00:0" in (done.study.coders / path).read_text("utf-8-sig"), path
    report = (done.study.report / "run.md").read_text()
    assert "only 50 % of what sounds like speech became words" in report
    assert "(silence 1)" in report
    row = next(line for line in report.splitlines() if line.startswith("| P01-PIR |"))
    assert [cell.strip() for cell in row.strip("|").split("|")][3:] == ["0", "7", "2", "0", "silence 1"]
    assert PUT_AWAY not in done.everything_outside_private()
    assert "only 50 %" in done.run("status", str(done.study.root)).text


def test_a_withdrawn_stretch_takes_what_was_put_away_with_it(done: Lab) -> None:
    stored = done.study.output(NAME, "recognize")
    assert PUT_AWAY in stored.read_text()
    options = ("--who", "AB", "--person", NAME, "--recording", NAME, "--from", "00:00:02", "--to", "00:00:03", "--yes")
    assert done.run("withdraw", str(done.study.root), *options).code == 0
    assert PUT_AWAY not in stored.read_text()
    found = [path for path in done.study.recording(NAME).rglob("*") if path.is_file() and PUT_AWAY in path.read_text()]
    assert found == []
    assert stored_trust(done.study, NAME) is not None
    assert done.run("run", str(done.study.root)).code == 0
    assert PUT_AWAY not in stored.read_text()


def test_figures_of_a_file_that_cannot_be_read_are_left_out(done: Lab) -> None:
    done.study.output(NAME, "recognize").write_text("{}")
    assert stored_trust(done.study, NAME) is None
