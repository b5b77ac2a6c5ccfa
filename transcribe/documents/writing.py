"""Redacted documents to files of the format they came in, with nothing of the original file but its structure."""

import io
import re
from collections.abc import Sequence

from transcribe.documents.passages import UNKNOWN, Document, Passage
from transcribe.exports.docx import template
from transcribe.fixed_zip import fixed_zip
from transcribe.records import RedactedTranscript, Transcript, Utterance

BOM = "\ufeff"
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def document_transcript(name: str, document: Document, language: str) -> Transcript:
    """The document as a transcript without times: one utterance for every passage that has text."""
    return Transcript(
        name,
        tuple(
            Utterance(
                _utterance_id(number),
                p.speaker or UNKNOWN,
                language or language_of(p.text),
                0.0,
                0.0,
                p.text,
                (),
            )
            for number, p in enumerate(document.passages, start=1)
            if p.text.strip()
        ),
    )


def language_of(text: str) -> str:
    """`zh` for a text with Chinese characters, else `en`; detectors look at the script again."""
    return "zh" if _HAN.search(text) else "en"


def redacted_passages(shape: Sequence[Passage], redacted: RedactedTranscript) -> tuple[Passage, ...]:
    """The passages of `shape`, whose texts are not read, with the texts of `redacted`."""
    texts = {utterance.id: utterance.text for utterance in redacted.utterances}
    return tuple(
        Passage(texts.get(_utterance_id(number), ""), p.speaker, p.opening, p.cell)
        for number, p in enumerate(shape, start=1)
    )


def _utterance_id(number: int) -> str:
    return f"p{number:05d}"


def write_document(kind: str, passages: Sequence[Passage]) -> bytes:
    """The file of a format. Deterministic: the same passages give the same bytes."""
    if kind == "docx":
        return _write_docx(passages)
    if kind == "txt":
        return (BOM + "\n".join(_line(p) for p in passages)).encode()
    return _write_cues(kind, passages).encode()


def _line(passage: Passage) -> str:
    return f"{passage.speaker}: {passage.text}" if passage.speaker else passage.text


def _write_cues(kind: str, passages: Sequence[Passage]) -> str:
    blocks = ["WEBVTT"] if kind == "vtt" else []
    for number, passage in enumerate(passages, start=1):
        if kind == "vtt":
            voice = f"<v {passage.speaker}>" if passage.speaker else ""
            said = passage.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            blocks.append(f"{passage.opening.replace(',', '.')}\n{voice}{said}")
        else:
            blocks.append(f"{number}\n{passage.opening.replace('.', ',')}\n{_line(passage)}")
    return "\n\n".join(blocks) + "\n"


def _write_docx(passages: Sequence[Passage]) -> bytes:
    import docx

    document = docx.Document(io.BytesIO(template("a4")))
    tables: dict[int, list[Passage]] = {}
    for passage in passages:
        if passage.cell is not None:
            tables.setdefault(passage.cell[0], []).append(passage)
    done: set[int] = set()
    for passage in passages:
        if passage.cell is None:
            paragraph = document.add_paragraph(style="Utterance" if passage.speaker else None)
            if passage.speaker:
                paragraph.add_run(f"{passage.speaker}:", style="Speaker Label")
                paragraph.add_run(" ")
            paragraph.add_run(passage.text)
        elif passage.cell[0] not in done:
            done.add(passage.cell[0])
            _add_table(document, tables[passage.cell[0]])
    file = io.BytesIO()
    document.save(file)
    return fixed_zip(file.getvalue())


def _add_table(document: object, cells: Sequence[Passage]) -> None:
    places = [p.cell for p in cells if p.cell is not None]
    table = document.add_table(1 + max(c[1] for c in places), 1 + max(c[2] for c in places))  # type: ignore[attr-defined]  # python-docx has no types
    for passage in cells:
        if passage.cell is not None:
            table.cell(passage.cell[1], passage.cell[2]).text = _line(passage)
