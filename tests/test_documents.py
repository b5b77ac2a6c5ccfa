"""Text in: whatever its form, offsets are those of the text as given, and marks stand for what was found."""

import io
import json
import unicodedata
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.documents.passages import Document, Passage, with_speakers
from transcribe.documents.plain_text import plain
from transcribe.documents.reading import read_document
from transcribe.documents.rows import read_rows, redacted_rows, row_documents
from transcribe.documents.writing import document_transcript, redacted_passages, write_document
from transcribe.errors import InputError, UsageError
from transcribe.records import RedactedTranscript, RedactedUtterance, Redaction, RedactionList
from transcribe.redaction.registry import Registry
from transcribe.study.roster import RosterEntry

ROSTER = (
    RosterEntry("P01-PIR", "Ottoline Quagmire", ("Otti",), "participant", "", ""),
    RosterEntry("INT", "Bertram Pennyfeather", (), "interviewer", "", ""),
)
anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
pieces = st.lists(
    st.sampled_from(["e\u0301", "\u200b", "\u00ad", "é", "名", "👩\u200d👧", " ", "\n", "x", "A\u030a"]), max_size=30
)


@given(st.one_of(anything, pieces.map("".join)))
def test_every_character_that_is_read_comes_from_where_it_stands(text: str) -> None:
    readable = plain(text)
    assert len(readable.text) == len(readable.starts) == len(readable.ends)
    assert list(readable.starts) == sorted(readable.starts)
    for start, end in zip(readable.starts, readable.ends, strict=True):
        assert 0 <= start < end <= len(text)
    visible = "".join(c for c in readable.text if not c.isspace())
    again = "".join(c for c in unicodedata.normalize("NFC", text) if not c.isspace() and c in visible)
    assert set(visible) >= set(again)


@given(st.lists(st.one_of(anything, pieces.map("".join)), min_size=1, max_size=6), st.data())
def test_redactions_cut_the_rows_as_given_and_leave_the_rest(texts: list[str], data: st.DataObject) -> None:
    lines = [json.dumps({"id": n, "text": text}) for n, text in enumerate(texts)]
    (document,) = row_documents(read_rows("\n".join(lines).encode()), "doc-0123456789")
    found = []
    for utterance in document.transcript.utterances:
        if utterance.text:
            start = data.draw(st.integers(0, len(utterance.text) - 1))
            end = data.draw(st.integers(start + 1, len(utterance.text)))
            found.append(
                Redaction(utterance.id, start, end, "e00001", "direct", "PERSON", "[PERSON_1]", "fake", 0.9, "auto")
            )
    rows = dict(redacted_rows(document, RedactionList(document.recording.id, tuple(found)), Registry()))
    assert [row["id"] for row in rows.values()] == list(range(len(texts)))
    for text, row in zip(texts, rows.values(), strict=True):
        expected, position = "", 0
        redactions = row["redactions"]
        assert isinstance(redactions, list)
        for r in redactions:
            expected += text[position : r["start"]].translate(str.maketrans("[]", "()")) + "[PERSON_1]"
            position = r["end"]
        expected += text[position:].translate(str.maketrans("[]", "()"))
        assert row["text"] == expected


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("not json", "row 2 is not a JSON object"),
        ("[1]", "row 2 is not a JSON object"),
        ('{"text": "Secretive words"}', 'row 2 has no "id"'),
        ('{"id": true, "text": "x"}', 'row 2 has no "id"'),
        ('{"id": 5}', 'row 2 has no "text"'),
        ('{"id": 5, "text": 7}', 'row 2 has no "text"'),
        ('{"id": 1, "text": "again"}', "row 2: its id was there before"),
        ('{"id": 5, "text": "\\ud800"}', "row 2 holds half a character"),
    ],
)
def test_a_bad_row_is_named_by_its_number_and_not_quoted(line: str, told: str) -> None:
    with pytest.raises(InputError) as error:
        read_rows(('{"id": 1, "text": "fine"}\n' + line).encode())
    assert told in error.value.message
    assert "Secretive" not in error.value.message


def test_rows_of_other_conversations_are_other_documents_and_extra_fields_are_dropped() -> None:
    rows = read_rows(
        b'{"id": 1, "conv": "a", "text": "one", "note": "Ottoline"}\n\n{"id": 1, "conv": "b", "text": "two"}\n'
        b'{"id": 2, "conv": "a", "text": "three", "speaker": "doctor"}'
    )
    first, second = row_documents(rows, "doc-x")
    assert [row.text for row in first.rows] == ["one", "three"]
    assert [row.text for row in second.rows] == ["two"]
    assert len({u.speaker for u in first.transcript.utterances}) == 2
    for number, row in redacted_rows(first, RedactionList("doc-x-1", ()), Registry()):
        assert "note" not in row
        assert row.get("speaker") == {1: None, 4: "doctor"}[number]


@pytest.mark.parametrize(
    ("speaker", "kept"), [("doctor", True), ("P01-PIR", True), ("S2", True), ("Ottoline", False), ("OTTI", False)]
)
def test_a_speaker_that_could_be_a_name_is_not_echoed(speaker: str, kept: bool) -> None:
    (document,) = row_documents(read_rows(json.dumps({"id": 1, "speaker": speaker, "text": "x"}).encode()), "doc-x")
    ((_, row),) = redacted_rows(document, RedactionList("doc-x-1", ()), Registry())
    assert ("speaker" in row) is kept


def test_names_before_a_colon_become_labels() -> None:
    passages = [
        Passage("I: How was it?"),
        Passage("Otti: Fine, thanks."),
        Passage("Zebedee: Same here."),
        Passage("[00:01:02] Zebedee: And again."),
        Passage("Note: nobody else came."),
        Passage("PSW: Welcome."),
    ]
    found = with_speakers(passages, ROSTER, "P01")
    assert [(p.speaker, p.text) for p in found] == [
        ("INT", "How was it?"),
        ("P01-PIR", "Fine, thanks."),
        ("SPEAKER-1", "Same here."),
        ("SPEAKER-1", "And again."),
        ("", "Note: nobody else came."),
        ("P01-PSW", "Welcome."),
    ]


def written(tmp_path: Path, name: str, data: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


VTT = b"""WEBVTT

NOTE recorded by Ottoline

Ottoline-1
00:00:01.000 --> 00:00:02.500 align:start
<v Ottoline Quagmire>Hello <i>there</i>

00:00:03.000 --> 00:00:04.000
<v Zebedee>Two
lines
"""
SRT = (
    b"1\r\n00:00:01,000 --> 00:00:02,500\r\nOtti: Hello there\r\n\r\n"
    b"2\r\n00:00:03,000 --> 00:00:04,000\r\nTwo\r\nlines\r\n"
)


def same_words(document: Document) -> tuple[Passage, ...]:
    """The passages after a redaction that found nothing."""
    transcript = document_transcript("doc-x", document, "")
    utterances = tuple(
        RedactedUtterance(u.id, u.speaker, u.language, 0.0, 0.0, u.text, ()) for u in transcript.utterances
    )
    return redacted_passages(document.passages, RedactedTranscript("doc-x", utterances))


def test_cues_keep_their_times_and_lose_names_notes_and_ids(tmp_path: Path) -> None:
    document = read_document(written(tmp_path, "a.vtt", VTT), ROSTER)
    assert write_document("vtt", same_words(document)).decode() == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.500\n<v P01-PIR>Hello there\n\n"
        "00:00:03.000 --> 00:00:04.000\n<v SPEAKER-1>Two\nlines\n"
    )
    document = read_document(written(tmp_path, "a.srt", SRT), ROSTER)
    assert write_document("srt", same_words(document)).decode() == (
        "1\n00:00:01,000 --> 00:00:02,500\nP01-PIR: Hello there\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\nlines\n"
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_lines_of_text_stay_lines_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, "a.txt", "Café in town\n\nI: And then?\nlast".encode(encoding))
    document = read_document(path, ROSTER)
    assert write_document("txt", same_words(document)).decode("utf-8-sig") == "Café in town\n\nINT: And then?\nlast"


def test_a_word_document_keeps_paragraphs_and_tables_and_nothing_else(tmp_path: Path) -> None:
    source = docx.Document()
    source.core_properties.author = "Bertram Pennyfeather"
    source.sections[0].header.paragraphs[0].text = "Ottoline Quagmire, confidential"
    source.add_paragraph("First paragraph")
    table = source.add_table(2, 2)
    for row in range(2):
        for column in range(2):
            table.cell(row, column).text = f"cell {row} {column}"
    source.add_paragraph("Last paragraph")
    file = io.BytesIO()
    source.save(file)
    data = write_document("docx", same_words(read_document(written(tmp_path, "a.docx", file.getvalue()), ROSTER)))
    result = docx.Document(io.BytesIO(data))
    assert [p.text for p in result.paragraphs] == ["First paragraph", "Last paragraph"]
    assert [[cell.text for cell in row.cells] for row in result.tables[0].rows] == [
        ["cell 0 0", "cell 0 1"],
        ["cell 1 0", "cell 1 1"],
    ]
    assert result.core_properties.author == ""
    assert b"Pennyfeather" not in data
    assert not any("Quagmire" in p.text for section in result.sections for p in section.header.paragraphs)
    assert (
        write_document("docx", same_words(read_document(written(tmp_path, "b.docx", file.getvalue()), ROSTER))) == data
    )


@pytest.mark.parametrize(
    ("name", "data", "kind", "told"),
    [
        ("Ottoline.docx", b"no zip", InputError, "no Word document"),
        ("Ottoline.txt", b"", InputError, "no text"),
        ("Ottoline.txt", b"\x00\x01\x02\x03", InputError, "is no text"),
        ("Ottoline.srt", b"no cues at all", InputError, "no text"),
        ("Ottoline.pdf", b"%PDF", UsageError, ".docx, .txt"),
        ("Ottoline.doc", b"\xd0\xcf", UsageError, "save .doc as .docx"),
    ],
)
def test_what_cannot_be_read_is_said_without_its_name(
    tmp_path: Path, name: str, data: bytes, kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind) as error:
        read_document(written(tmp_path, name, data), ROSTER)
    assert told in str(error.value)
    assert "Ottoline" not in str(error.value)
