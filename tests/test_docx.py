"""The Word document: the same text with sections in its navigation, fast, and nothing but text and layout in it."""

import io
import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import docx as python_docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.export_samples import small, transcript, utterance
from transcribe.conventions import Conventions
from transcribe.exports import docx
from transcribe.exports.layout import LaidOut, document_lines, lay_out
from transcribe.exports.questions import with_questions
from transcribe.exports.self_checks import docx_text


def laid_out(*texts: str) -> LaidOut:
    """An interview in which interviewer and participant speak in turn."""
    utterances = [
        utterance(i + 1, ("INT", "P01-PSW")[i % 2], i * 2.0, i * 2.0 + 1, text) for i, text in enumerate(texts)
    ]
    return lay_out(transcript(*utterances, duration=2.0 * len(texts) + 1), Conventions())


def styles(data: bytes) -> list[str]:
    return [paragraph.style.name for paragraph in python_docx.Document(io.BytesIO(data)).paragraphs]


def parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_question_of_the_guide_is_a_heading_of_the_outline_and_no_word_more() -> None:
    laid = laid_out("How did it begin?", "With tea.", "And then?", "More tea.")
    asked = with_questions(laid, {"u0001": "q1"})
    plain, data = docx.write(laid), docx.write(asked)
    assert styles(plain)[4:8] == ["Interviewer", "Utterance", "Interviewer", "Utterance"]
    assert styles(data)[4:8] == ["Guide Question", "Utterance", "Interviewer", "Utterance"]
    assert docx_text(data) == docx_text(plain)
    style = python_docx.Document(io.BytesIO(data)).styles["Guide Question"]
    assert style.base_style.name == "Interviewer"
    outlined = r'<w:style [^>]*w:styleId="(\w+)"(?:(?!</w:style>).)*<w:outlineLvl w:val="(\d)"/>'
    assert re.findall(outlined, parts(data)["word/styles.xml"]) == [("GuideQuestion", "0")]


def test_speech_that_runs_from_right_to_left_has_a_style_that_does() -> None:
    laid = laid_out("مرحبا, how?", "שלום", "Hello שלום", "ok")
    data = docx.write(with_questions(laid, {"u0001": "q1"}))
    assert styles(data)[4:8] == ["Guide Question Right To Left", "Utterance Right To Left", "Interviewer", "Utterance"]
    written = parts(data)["word/styles.xml"]
    turned = re.findall(r'w:styleId="(\w+)"(?:(?!</w:style>).)*<w:bidi/>', written)
    assert turned == [f"{name}RightToLeft" for name in ("Utterance", "Interviewer", "GuideQuestion")]
    marked = lay_out(transcript(utterance(1, "INT", 0.0, 1.0, "[PERSON_1] שלום", "[PERSON_1]")), Conventions())
    assert styles(docx.write(marked))[4] == "Interviewer Right To Left"
    assert docx_text(data) == "\n".join(document_lines(laid))


def test_signs_of_conventions_are_quieter_than_words_and_marks_are_marked() -> None:
    laid = lay_out(small(), Conventions())
    paragraph = python_docx.Document(io.BytesIO(docx.write(laid))).paragraphs[5]
    by_style: dict[str, list[str]] = {}
    for run in paragraph.runs:
        by_style.setdefault(run.style.name, []).append(run.text)
    assert by_style["Redaction"] == ["[PERSON_1]", "[PLACE_1 Kowloon]"]
    assert by_style["Transcript Sign"] == ["(2.4)", "//", "//", "(.)"]
    assert paragraph.text == f"P01-PSW: {laid.turns[1].text} [00:00:20]"


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_any_speech_is_the_same_text_as_everywhere(texts: list[str]) -> None:
    laid = laid_out(*texts)
    assert docx_text(docx.write(laid)) == "\n".join(document_lines(laid))


def test_there_is_nothing_of_a_machine_or_a_person_in_the_package() -> None:
    data = docx.write(with_questions(laid_out("How did it begin?", "With tea."), {"u0001": "q1"}))
    found = parts(data)
    assert set(re.findall(r">([^<>\n]+)<", found["docProps/core.xml"])) == {"1", "1980-01-01T00:00:00Z"}
    assert not [name for name in found if re.search("thumbnail|app.xml|custom|theme|comments", name)]
    assert not [name for name, text in found.items() if "rsid" in text]
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.comment == b""


def test_an_hour_of_talk_takes_a_moment() -> None:
    """200 of them are to be written in well under 30 s."""
    laid = laid_out(*(f"Well, number {i} was, (2.0) //you know//, something else. " * 5 for i in range(600)))
    docx.write(laid)
    start = time.process_time()
    docx.write(laid)
    assert time.process_time() - start < 1.0


@pytest.mark.skipif(
    shutil.which("soffice") is None or shutil.which("pdftotext") is None, reason="needs LibreOffice and poppler"
)
def test_libreoffice_shows_it_with_its_sections(tmp_path: Path) -> None:
    texts = ("How did it begin?", "With tea. 我哋飲茶。 👩‍👩‍👧 שלום", "And then?", "More tea.")
    path = tmp_path / "P01-PSW.docx"
    path.write_bytes(docx.write(with_questions(laid_out(*texts), {"u0001": "q1"})))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    export = 'pdf:writer_pdf_Export:{"ExportBookmarks":{"type":"boolean","value":"true"}}'
    command = ["soffice", "--headless", profile, "--convert-to", export, "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    text = subprocess.run(
        ["pdftotext", "-layout", str(path.with_suffix(".pdf")), "-"], check=True, capture_output=True, text=True
    ).stdout
    plain = " ".join(text.split())
    assert "P01-PSW: With tea. 我哋飲茶。" in plain
    assert "Page 1 of 1" in plain
    outline = re.findall(rb"/Title ?<FEFF([0-9A-F]*)>|/Title ?\(([^)]*)\)", path.with_suffix(".pdf").read_bytes())
    titles = [bytes.fromhex(coded.decode()).decode("utf-16-be") for coded, _ in outline if coded]
    assert titles == ["INT: How did it begin? [00:00:01]"]
