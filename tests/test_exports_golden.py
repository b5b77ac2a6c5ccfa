"""One small transcript in every format, byte for byte as in tests/golden/.

After a change that is meant: `WRITE_GOLDEN=1 pytest tests/test_exports_golden.py`, then read the diff.
"""

import io
import os
import zipfile
from pathlib import Path

import pytest

from tests.export_samples import OPTIONS, small
from transcribe.exports.bundle import build

GOLDEN = Path(__file__).parent / "golden"
FILES = build([small()], ["P02-PIR"], OPTIONS)


def _document_xml() -> bytes:
    with zipfile.ZipFile(io.BytesIO(FILES["transcripts/docx/P01-PSW.docx"])) as archive:
        return archive.read("word/document.xml")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("P01-PSW.txt", FILES["transcripts/txt/P01-PSW.txt"]),
        ("P01-PSW.vtt", FILES["sync/P01-PSW.vtt"]),
        ("P01-PSW.document.xml", _document_xml()),
        ("turns.csv", FILES["turns.csv"]),
        ("conventions.md", FILES["conventions.md"]),
        ("README.md", FILES["README.md"]),
    ],
)
def test_golden(name: str, data: bytes) -> None:
    path = GOLDEN / name
    if os.environ.get("WRITE_GOLDEN"):
        path.write_bytes(data)
    assert path.read_bytes() == data
