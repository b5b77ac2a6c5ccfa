"""Writing redacted text: nothing of a span survives, nothing else changes, offsets are exact."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import export_samples
from transcribe.engines import PiiCandidate
from transcribe.errors import ValidationError
from transcribe.exports import turns
from transcribe.records import Event, Redaction, RedactionList, Transcript, Utterance, UtteranceWord
from transcribe.redaction.apply import redact_transcript, without_overlap_signs
from transcribe.redaction.leak_check import text_check
from transcribe.redaction.registry import MARK, Registry, RegistryEntity
from transcribe.release_check.finished import finished_texts
from transcribe.release_check.second_look import look_again

MARKS = ("[D01-PIR]", "[PERSON_1]", "[PLACE_3 Kowloon]", "[D01-PIR-SON_1]")
SECRET = "\U0001f511"


def utterance(text: str, id_: str = "u0001", speaker: str = "D01-PIR") -> Utterance:
    return Utterance(id_, speaker, "en", 0.5, 1.5, text, (UtteranceWord(text, 0.5, 1.5, 0.9, (0, len(text))),), ("x",))


def redaction(start: int, end: int, mark: str = "[PERSON_1]", id_: str = "u0001") -> Redaction:
    return Redaction(id_, start, end, "e00001", "direct", "PERSON", mark, "roster/name", 1.0, "auto")


def apply_to(text: str, *redactions: Redaction) -> tuple[str, list[tuple[int, int, str]]]:
    transcript = Transcript("D01-PIR", (utterance(text),), (Event("inaudible", 2.0, 3.0),))
    result = redact_transcript(transcript, RedactionList("D01-PIR", redactions))
    assert result.events == transcript.events
    (written,) = result.utterances
    assert (written.id, written.speaker, written.start, written.end, written.flags) == (
        *("u0001", "D01-PIR", 0.5, 1.5),
        ("x",),
    )
    return written.text, [(m.start, m.end, m.mark) for m in written.marks]


def test_spans_are_replaced_and_the_rest_stays() -> None:
    text, marks = apply_to("Janet's son Toby.", redaction(0, 5, "[D01-PIR]"), redaction(12, 16, "[D01-PIR-SON_1]"))
    assert text == "[D01-PIR]'s son [D01-PIR-SON_1]."
    assert marks == [(0, 9, "[D01-PIR]"), (16, 31, "[D01-PIR-SON_1]")]


def test_overlaps_are_united_under_the_longest() -> None:
    text, _ = apply_to("I saw Janet Lau there", redaction(6, 11, "[INT]"), redaction(6, 15, "[D01-PIR]"))
    assert text == "I saw [D01-PIR] there"
    text, _ = apply_to("abcdefghij", redaction(0, 4, "[INT]"), redaction(3, 9, "[D01-PIR]"))
    assert text == "[D01-PIR]j"


def test_square_brackets_of_speech_are_no_marks() -> None:
    text, marks = apply_to("bracket [PERSON_9] and Jo]", redaction(23, 25))
    assert text == "bracket (PERSON_9) and [PERSON_1])"
    assert [text[start:end] for start, end, _ in marks] == ["[PERSON_1]"] == [m.group() for m in MARK.finditer(text)]


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=80),
    st.lists(st.tuples(st.integers(0, 79), st.integers(1, 30), st.sampled_from(MARKS)), max_size=6),
)
def test_nothing_of_a_span_survives_and_nothing_else_changes(text: str, raw: list[tuple[int, int, str]]) -> None:
    spans = [(a, min(len(text), a + length), mark) for a, length, mark in raw if a < len(text)]
    covered = {i for a, b, _ in spans for i in range(a, b)}
    text = text.replace(SECRET, "x").replace("/", "x")
    text = "".join(SECRET if i in covered else c for i, c in enumerate(text))
    written, marks = apply_to(text, *(redaction(*span) for span in spans))
    assert SECRET not in written
    rest = written
    for start, end, mark in reversed(marks):
        assert written[start:end] == mark
        rest = rest[:start] + rest[end:]
    assert rest == "".join(c for i, c in enumerate(text) if i not in covered).translate(str.maketrans("[]", "()"))
    assert [m.group() for m in MARK.finditer(written)] == [mark for _, _, mark in marks]
    assert not re.search(r"[\[\]]", MARK.sub("", written))


@pytest.mark.parametrize(
    "bad",
    [
        redaction(0, 50),
        redaction(-1, 2),
        redaction(3, 3),
        redaction(0, 2, "PERSON"),
        redaction(0, 2, "[person_1]"),
        redaction(0, 2, "[PERSON_1 a:b]"),
        redaction(0, 2, id_="u0009"),
    ],
)
def test_a_redaction_that_cannot_be_applied_is_an_error_without_text(bad: Redaction) -> None:
    with pytest.raises(ValidationError) as error:
        apply_to("Canary here", redaction(0, 6), bad)
    assert "Canary" not in str(error.value)


def test_another_recordings_list_and_odd_speakers_are_refused() -> None:
    with pytest.raises(ValidationError):
        redact_transcript(Transcript("D01-PIR", ()), RedactionList("D01-PSW", ()))
    named = Transcript("D01-PIR", (utterance("hello", speaker="Janet Lau"),))
    with pytest.raises(ValidationError) as error:
        redact_transcript(named, RedactionList("D01-PIR", ()))
    assert "Janet" not in str(error.value)
    doubled = Transcript("D01-PIR", (utterance("a"), utterance("b")))
    with pytest.raises(ValidationError):
        redact_transcript(doubled, RedactionList("D01-PIR", ()))


def said(*words: str, over: str = "", between: str = " ") -> Transcript:
    """One utterance of `words`; those whose letter in `over` is `o` were said while another spoke."""
    found: list[UtteranceWord] = []
    text = ""
    for number, word in enumerate(words):
        text += between if text else ""
        flags = ("overlap",) if over[number : number + 1] == "o" else ()
        found.append(UtteranceWord(word, 0.5, 1.5, 0.9, (len(text), len(text) + len(word)), flags))
        text += word
    return Transcript("D01-PIR", (Utterance("u0001", "D01-PIR", "en", 0.5, 1.5, text, tuple(found)),))


def shown(transcript: Transcript, *redactions: Redaction, signs: bool = True) -> str:
    (written,) = redact_transcript(transcript, RedactionList("D01-PIR", redactions), overlap_signs=signs).utterances
    assert all(written.text[m.start : m.end] == m.mark for m in written.marks)
    return written.text


@pytest.mark.parametrize(
    ("over", "text"),
    [
        ("....", "so I went home"),
        (".oo.", "so //I went// home"),
        ("oooo", "//so I went home//"),
        ("o.o.", "//so// I //went// home"),
        ("...o", "so I went //home//"),
    ],
)
def test_words_said_over_another_stand_between_signs(over: str, text: str) -> None:
    assert shown(said("so", "I", "went", "home", over=over)) == text
    assert shown(said("so", "I", "went", "home", over=over), signs=False) == "so I went home"


@pytest.mark.parametrize(
    ("over", "text"),
    [
        ("o...", "//with// [PERSON_1] there"),
        (".o..", "with //[PERSON_1]// there"),  # the mark is the name's whole
        ("oo..", "//with [PERSON_1]// there"),
        ("..oo", "with //[PERSON_1] there//"),
        ("o.oo", "//with [PERSON_1] there//"),
        ("...o", "with [PERSON_1] //there//"),
    ],
)
def test_a_mark_is_never_divided(over: str, text: str) -> None:
    assert shown(said("with", "Janet", "Lau", "there", over=over), redaction(5, 14)) == text


def test_marks_that_touch_keep_the_sign_between_them() -> None:
    chinese = said("陳", "美", "玲", over="o..", between="")
    assert shown(chinese, redaction(0, 1), redaction(1, 3)) == "//[PERSON_1]//[PERSON_1]"


def test_slashes_that_were_recognised_are_no_sign_and_those_of_documents_stay() -> None:
    assert shown(said("see", "https://a.example", "now", over=".o.")) == "see //https:/ /a.example// now"
    assert shown(said("a/", "/", "/b", over=".o.", between="")) == "a/ /// ///b"
    document = Transcript("D01-PIR", (Utterance("u0001", "D01-PIR", "en", 0, 0, "see https://a.example", ()),))
    assert shown(document) == "see https://a.example"


@given(
    st.lists(st.tuples(st.text("aZ/[]陳 ", min_size=1, max_size=4), st.sampled_from("o.")), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from(MARKS)), max_size=3),
    st.sampled_from(["", " "]),
)
def test_signs_come_in_pairs_outside_marks_and_change_nothing_else(
    words: list[tuple[str, str]], raw: list[tuple[int, int, str]], between: str
) -> None:
    transcript = said(*(w for w, _ in words), over="".join(o for _, o in words), between=between)
    length = len(transcript.utterances[0].text)
    spans = [redaction(a, min(length, a + b), mark) for a, b, mark in raw if a < length]
    text = shown(transcript, *spans)
    assert without_overlap_signs(text) == shown(transcript, *spans, signs=False)
    assert text.count("//") % 2 == 0
    assert "//" not in shown(transcript, *spans, signs=False)


def test_a_name_that_a_sign_parts_is_still_found() -> None:
    registry = Registry(
        (
            RegistryEntity("e1", "PERSON", "PERSON", "[PERSON_1]", "Janet Lau", ("Janet Lau", "Lau")),
            RegistryEntity("e2", "PHONE", "PHONE", "[PHONE_1]", "9123 4567", ("9123 4567",)),
        )
    )
    holds_known = text_check(registry, ())
    for text in ("with Janet //Lau// there", "//Janet// Lau", "it is 9123 //4567// now", "//912//345 67"):
        assert holds_known(text)
    assert not holds_known("with //some of them// there")


class ReadingDetector:
    """Finds nothing, and remembers what it read."""

    fingerprint = "reading"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        self.texts += [u.text for transcript in transcripts for u in transcript.utterances]
        return []


def test_the_detectors_of_the_release_check_read_the_text_without_signs(tmp_path: Path) -> None:
    item = export_samples.transcript(export_samples.utterance(1, "P01-PSW", 1.0, 3.0, "with Janet //Lau//, //yes//"))
    (tmp_path / "turns.csv").write_bytes(turns.write([item]))
    (read,) = finished_texts(tmp_path, {})["P01-PSW"].utterances
    assert read.text == "with Janet Lau, yes"
    reading = ReadingDetector()
    spoken = said("with", "Janet", "Lau", over="..o")
    look_again(reading, {"D01-PIR": spoken}, {"D01-PIR": RedactionList("D01-PIR", ())}, Registry(()), {})
    assert reading.texts == ["with Janet Lau"]
