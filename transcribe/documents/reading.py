"""Documents from files: docx, txt, vtt, srt. What cannot be read is said without quoting."""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from transcribe.documents.passages import Document, DocumentFormat, Passage, with_speakers
from transcribe.errors import InputError, UsageError
from transcribe.study.encodings import decode_table
from transcribe.study.roster import RosterEntry

FORMATS: tuple[DocumentFormat, ...] = ("docx", "txt", "vtt", "srt")
_MOST_BYTES = 64 * 2**20
_TIMES = re.compile(r"^((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s+-->\s+(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})")
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]+)>")
_TAG = re.compile(r"<[^>]*>")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a]")


def format_of(path: Path) -> DocumentFormat:
    """The format that a file's ending says. Raises `UsageError` for another."""
    suffix = path.suffix.casefold().lstrip(".")
    for known in FORMATS:
        if suffix == known:
            return known
    raise UsageError("this kind of file cannot be read: give .docx, .txt, .vtt, .srt or .jsonl (save .doc as .docx)")


def read_document(path: Path, roster: Sequence[RosterEntry], pair: str = "") -> Document:
    """The document in a file. Raises `InputError` when it is unreadable or holds no text, `UsageError` for its kind."""
    kind = format_of(path)
    data = read_bytes(path)
    passages = list(_docx(data) if kind == "docx" else _of_text(kind, _decoded(data)))
    found = with_speakers(passages, roster, pair)
    if not any(p.text.strip() for p in found):
        raise InputError("the file holds no text")
    return Document(kind, found)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that a person named. Raises `InputError`."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("the file is larger than 64 MB: split it")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"the file cannot be read ({error.strerror}): check its name and place") from None


def _decoded(data: bytes) -> str:
    try:
        text = decode_table(data, "the file", "save it as UTF-8")[0]
    except UsageError as error:
        raise InputError(error.message) from None
    if _CONTROL.search(text):
        raise InputError("the file is no text: save it as .docx or as plain text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _of_text(kind: DocumentFormat, text: str) -> Iterator[Passage]:
    if kind == "txt":
        yield from (Passage(line) for line in text.split("\n"))
    else:
        yield from _cues(text)


def _cues(text: str) -> Iterator[Passage]:
    """The cues of WebVTT (https://www.w3.org/TR/webvtt1/) or SubRip; notes, styles and identifiers are left out."""
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        at = next((i for i, line in enumerate(lines) if _TIMES.match(line.strip())), None)
        if at is None:
            continue
        match = _TIMES.match(lines[at].strip())
        said = "\n".join(lines[at + 1 :])
        voice = _VOICE.search(said)
        if match:
            yield Passage(_TAG.sub("", said).strip(), voice.group(1).strip() if voice else "", match.group(1))


def _docx(data: bytes) -> Iterator[Passage]:
    """Paragraphs and tables of the body, in their order."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table

    try:
        document = docx.Document(io.BytesIO(data))
        blocks = list(document.iter_inner_content())
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(
            f"the file is no Word document ({type(error).__name__}): open it in Word and save it as .docx"
        ) from None
    tables = 0
    for block in blocks:
        if isinstance(block, Table):
            for row, cells in enumerate(block.rows):
                for column, cell in enumerate(cells.cells):
                    yield Passage(cell.text, cell=(tables, row, column))
            tables += 1
        else:
            yield Passage(block.text)
