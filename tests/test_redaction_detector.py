"""The detector with real weights: what it finds and keeps, that it fails closed, and that it opens no connection."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from transcribe.engines import PiiCandidate
from transcribe.errors import DependencyError, WithheldError
from transcribe.records import Recording, Transcript, Utterance
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.detector import PresidioDetector
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.registry import Registry
from transcribe.redaction.study_redaction import redact_study
from transcribe.study.roster import read_roster
from transcribe.weights import locate, revision

SAMPLES = Path(__file__).parent.parent / "samples"


def transcript(*texts: str, language: str = "en", recording: str = "D01-PIR") -> Transcript:
    return Transcript(
        recording,
        tuple(Utterance(f"u{n:04d}", "INT", language, float(n), n + 1.0, t, ()) for n, t in enumerate(texts, 1)),
    )


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> NoReturn:
        raise AssertionError("a connection was tried")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="module")
def detector() -> PresidioDetector:
    return PresidioDetector(locate("spacy-en-core-web-sm"), revision("spacy-en-core-web-sm"))


def surfaces(candidates: list[PiiCandidate], *texts: str) -> set[tuple[str, str]]:
    return {(c.entity_type, texts[int(c.utterance[1:]) - 1][c.start : c.end]) for c in candidates}


@pytest.mark.models
@pytest.mark.usefixtures("no_network")
def test_a_fresh_detector_finds_names_numbers_and_addresses_without_a_connection() -> None:
    fresh = PresidioDetector(locate("spacy-en-core-web-sm"), "1")
    texts = (
        "Yeah, so Michael Foster drove us to Bristol and then to France.",
        "Write to anna.k@example.co.uk, or 020 7946 0958, my number is QQ 12 34 56 C.",
        "My NHS number is 943 476 5919, I live at SW1A 1AA, see https://example.org/me",
    )
    found = surfaces(fresh.detect([transcript(*texts)]), *texts)
    assert {
        ("PERSON", "Michael Foster"),
        ("PLACE", "Bristol"),
        ("PLACE", "France"),
        ("EMAIL", "anna.k@example.co.uk"),
        ("PHONE", "020 7946 0958"),
        ("ID", "943 476 5919"),
        ("ADDRESS", "SW1A 1AA"),
        ("URL", "https://example.org/me"),
    } <= found


@pytest.mark.models
def test_back_channels_medication_and_relative_time_stay(detector: PresidioDetector) -> None:
    texts = (
        "Mm hmm.",
        "Uh-huh. Yeah, okay.",
        "I take Lithium and Clozapine and a bit of Sertraline, two weeks ago I stopped.",
        "I hope it may be fine on Monday, last winter was hard.",
        "I have Schizophrenia, and PTSD. God, it was seventeen weeks in Hong Kong.",
    )
    assert detector.detect([transcript(*texts)]) == []


@pytest.mark.models
def test_candidates_are_sorted_repeatable_and_independent_of_the_batch(detector: PresidioDetector) -> None:
    lines = [f"Then Michael Foster and Doctor Quill went to Bristol on day {n}." for n in range(70)]
    both = [transcript(*lines), transcript("I met Sarah Connor in Leeds.", recording="D01-OBS")]
    found = detector.detect(both)
    assert found == detector.detect(both)
    assert found == sorted(found, key=lambda c: (c.recording, c.utterance, c.start, c.end, c.entity_type, c.recognizer))
    assert [c for c in found if c.recording == "D01-OBS"] == detector.detect(both[1:])


@pytest.mark.parametrize("language", ["cy", "fr", "ja", "xx", "en-HK", "yue", "zh"])
def test_an_uncovered_language_withholds(language: str, tmp_path: Path) -> None:
    detector = PresidioDetector(tmp_path, "1")
    expected = DependencyError if language in ("en-HK", "yue", "zh") else WithheldError  # no weights in an empty folder
    with pytest.raises(expected) as error:
        detector.detect([transcript("Canary here", language=language)])
    assert "Canary" not in str(error.value)


@pytest.mark.parametrize("text", ["меня зовут", "ชื่อ", "Yes, こうじ came", "اسمي"])
def test_a_script_that_nothing_covers_withholds(text: str, tmp_path: Path) -> None:
    with pytest.raises(WithheldError) as error:
        PresidioDetector(tmp_path, "1").detect([transcript("hello", text)])
    assert text not in str(error.value)
    assert "u0002" in str(error.value)


def test_missing_weights_say_which_command_mends_it(tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="transcribe models pull"):
        PresidioDetector(tmp_path, "1").detect([transcript("hello")])


def test_an_engine_that_crashes_withholds_and_its_message_is_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crash:
        def analyze_iterator(self, texts: list[str], **options: object) -> Iterator[object]:
            raise ValueError(f"cannot analyse {texts}")

    monkeypatch.setattr(PresidioDetector, "_analyzer", Crash())
    with pytest.raises(WithheldError) as error:
        PresidioDetector(tmp_path, "1").detect([transcript("CanaryMcSecretface was here")])
    assert "Canary" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_an_engine_that_loses_utterances_withholds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = SimpleNamespace(analyze_iterator=lambda texts, **options: [[]])
    monkeypatch.setattr(PresidioDetector, "_analyzer", short)
    with pytest.raises(WithheldError):
        PresidioDetector(tmp_path, "1").detect([transcript("one", "two")])


def test_the_fingerprint_changes_with_the_weights(tmp_path: Path) -> None:
    first, second = (PresidioDetector(tmp_path, name).fingerprint for name in ("1", "2"))
    assert first != second
    assert str(tmp_path) + os.sep not in first


@pytest.mark.models
@pytest.mark.usefixtures("no_network")
def test_every_identifier_of_the_sample_study_is_covered(detector: PresidioDetector, tmp_path: Path) -> None:
    """Correct text of the sample study, with its incomplete roster: all gold spans, one code per participant."""
    golds = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(SAMPLES.rglob("gold/*.json"))]
    assert golds
    recordings, transcripts = [], []
    for gold in golds:
        names = {"Interviewer": "INT", "PSW": f"{gold['pair']}-PSW", "PIR": f"{gold['pair']}-PIR"}
        person = gold["recording"] if gold["role"] != "OBS" else ""
        recordings.append(Recording(gold["recording"], gold["pair"], gold["role"], person, 1, "en", (), 1.0))
        transcripts.append(
            Transcript(
                gold["recording"],
                tuple(
                    Utterance(f"u{n:04d}", names[t["speaker"]], "en", t["start"], t["end"], t["text"], ())
                    for n, t in enumerate(gold["turns"], 1)
                ),
            )
        )
    roster = read_roster(next(SAMPLES.rglob("roster.csv")))
    lists, registry = redact_study(recordings, transcripts, roster, Registry(), detector.detect(transcripts))
    codes: dict[str, set[str]] = {}
    for gold, spans in zip(golds, lists, strict=True):
        for n, turn in enumerate(gold["turns"], 1):
            mine = [r for r in spans.redactions if r.utterance == f"u{n:04d}"]
            for pii in turn["pii"]:
                around = [r for r in mine if r.start <= pii["start"] and pii["end"] <= r.end]
                assert around, (gold["recording"], n, pii["type"])
                if pii["entity"]:
                    codes.setdefault(pii["entity"], set()).add(around[0].mark)
    assert all(len(marks) == 1 for marks in codes.values()), codes
    assert codes["d01pir"] == {"[D01-PIR]"}
    assert codes["d01psw"] == {"[D01-PSW]"}
    assert codes["d01son"] == {"[D01-PIR-SON_1]"}
    for item, spans in zip(transcripts, lists, strict=True):
        lines = [f"{u.speaker}: {u.text}" for u in redact_transcript(item, spans).utterances]
        (tmp_path / f"{item.recording}.txt").write_text("\n".join(lines), encoding="utf-8")
    assert find_leaks(tmp_path, roster, registry) == ()


def conversation(*turns: tuple[str, str]) -> Transcript:
    lines = enumerate(turns, 1)
    return Transcript(
        "D01-PIR",
        tuple(Utterance(f"u{n:04d}", who, "en", float(n), n + 1.0, text, ()) for n, (who, text) in lines),
    )


def covered(candidates: list[PiiCandidate], utterance: str) -> set[int]:
    return {i for c in candidates if c.utterance == utterance for i in range(c.start, c.end)}


@pytest.mark.models
def test_a_number_dictated_in_turns_and_repeated_is_covered_everywhere(detector: PresidioDetector) -> None:
    talk = conversation(
        ("INT", "And the number?"),
        ("D01-PIR", "nine one two three"),
        ("INT", "nine one two three, yeah"),
        ("D01-PIR", "four five"),
        ("INT", "Mm hmm."),
        ("D01-PIR", "six seven. I was tired that day, I slept for two hours."),
    )
    found = detector.detect([talk])
    for name, said in (("u0002", "nine one two three"), ("u0003", "nine one two three"), ("u0004", "four five")):
        assert {i for i, c in enumerate(said) if c.isalnum()} <= covered(found, name), name
    assert "two hours"[0] == "t"
    last = talk.utterances[-1].text
    assert not covered(found, "u0006") & set(range(last.index("two hours"), len(last)))


@pytest.mark.models
def test_a_question_for_a_name_is_remembered_over_back_channels(detector: PresidioDetector) -> None:
    talk = conversation(
        ("INT", "Before we start, could you confirm your name?"),
        ("D01-PIR", "Um, sure."),
        ("INT", "Okay."),
        ("D01-PIR", "yeah it's druvela mokazsk"),
        ("INT", "thanks. and druvela, how was it?"),
    )
    found = detector.detect([talk])
    answer, again = talk.utterances[3].text, talk.utterances[4].text
    assert set(range(answer.index("mokazsk"), len(answer))) <= covered(found, "u0004")
    assert set(range(again.index("druvela"), again.index(","[0], again.index("druvela")))) <= covered(found, "u0005")


@pytest.mark.models
def test_a_name_that_is_a_word_is_found_again_once_it_was_certain(detector: PresidioDetector) -> None:
    talk = conversation(
        ("INT", "hi mark how are you"),
        ("D01-PIR", "fine"),
        ("INT", "how long has it been going on mark have you seen the mark on your arm"),
    )
    found = covered(detector.detect([talk]), "u0003")
    text = talk.utterances[2].text
    assert set(range(text.index("mark"), text.index("mark") + 4)) <= found
    assert not found & set(range(text.rindex("mark"), text.rindex("mark") + 4))


@pytest.mark.models
def test_pieces_of_one_number_belong_together(detector: PresidioDetector) -> None:
    talk = conversation(
        ("D01-PIR", "my number is nine one two"),
        ("INT", "Mm."),
        ("D01-PIR", "three four five"),
        ("INT", "Yeah."),
        ("D01-PIR", "six seven, that's it"),
    )
    pieces = [c for c in detector.detect([talk]) if c.together]
    assert {c.utterance for c in pieces} == {"u0001", "u0003", "u0005"}
    longest = max({c.together for c in pieces}, key=lambda t: len({c.utterance for c in pieces if c.together == t}))
    assert {c.utterance for c in pieces if c.together == longest} == {"u0001", "u0003", "u0005"}
