"""Writing redacted text: nothing of a span survives, nothing else changes, offsets are exact."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.errors import ValidationError
from transcribe.records import (
    Event,
    RedactedUtterance,
    Redaction,
    RedactionList,
    Transcript,
    Utterance,
    UtteranceWord,
)
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.registry import MARK

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
    text = text.replace(SECRET, "x")
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


def said(*words: str, between: str = " ", flags: str = "") -> Transcript:
    """One utterance of `words`, a second each; `flags` has one sign a word, `.` for none."""
    found: list[UtteranceWord] = []
    text = ""
    for number, word in enumerate(words):
        text += between if text else ""
        flag = flags[number : number + 1].strip(".")
        offset = (len(text), len(text) + len(word))
        found.append(UtteranceWord(word, number, number + 0.5, 0.9 - number / 100, offset, (flag,) if flag else ()))
        text += word
    return Transcript("D01-PIR", (Utterance("u0001", "D01-PIR", "en", 0, len(words), text, tuple(found)),))


def redacted(transcript: Transcript, *redactions: Redaction) -> RedactedUtterance:
    (written,) = redact_transcript(transcript, RedactionList("D01-PIR", redactions)).utterances
    return written


def test_words_that_meet_in_a_mark_are_one() -> None:
    written = redacted(said("with", "Janet", "Lau's", "son", flags=".a.b"), redaction(5, 14))
    assert written.text == "with [PERSON_1]'s son"
    assert [(written.text[slice(*w.offset)], w.start, w.end, w.probability, w.flags) for w in written.words] == [
        ("with", 0, 0.5, 0.9, ()),
        ("[PERSON_1]'s", 1, 2.5, 0.88, ("a",)),
        ("son", 3, 3.5, 0.87, ("b",)),
    ]


def test_two_marks_in_one_word_and_one_mark_over_all() -> None:
    written = redacted(said("Lau/Wong", "yes"), redaction(0, 3, "[INT]"), redaction(4, 8))
    assert [written.text[slice(*w.offset)] for w in written.words] == ["[INT]/[PERSON_1]", "yes"]
    written = redacted(said("Lau", "Wong", "yes"), redaction(0, 12))
    assert [written.text[slice(*w.offset)] for w in written.words] == ["[PERSON_1]"]


@given(
    st.lists(st.text("aZ/[]陳 ", min_size=1, max_size=4), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.sampled_from(MARKS)), max_size=3),
    st.sampled_from(["", " "]),
)
def test_words_are_in_order_and_hold_every_mark_whole(
    words: list[str], raw: list[tuple[int, int, str]], between: str
) -> None:
    transcript = said(*words, between=between)
    length = len(transcript.utterances[0].text)
    spans = [redaction(a, min(length, a + b), mark) for a, b, mark in raw if a < length]
    written = redacted(transcript, *spans)
    edges = [edge for word in written.words for edge in word.offset]
    assert edges == sorted(edges)
    assert all(word.offset[0] < word.offset[1] for word in written.words)
    starts = [word.start for word in written.words]
    assert starts == sorted(starts)
    for mark in written.marks:
        inside = [w for w in written.words if w.offset[0] < mark.end and mark.start < w.offset[1]]
        assert len(inside) <= 1  # what parts two words is in none
        assert all(w.offset[0] <= mark.start and mark.end <= w.offset[1] for w in inside)


def test_markup_that_was_recognised_is_no_mark() -> None:
    text, marks = apply_to("so <seg>JANET</seg> said", redaction(0, 2, "[INT]"))
    assert text == "[INT] (seg>JANET(/seg> said"
    assert [mark for _, _, mark in marks] == ["[INT]"]
