"""Checks of a finished bundle, made on its bytes: what is published is what was meant, in every file.

They read the files back with other means than wrote them, and know nothing of the transcripts but what the files say.
Each failure is a `ValidationError` that names recording and check and quotes nothing.
"""

import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence

from transcribe.errors import ValidationError
from transcribe.exports import manifest, turns
from transcribe.exports.bundle_files import STUDY_PATHS, TRANSCRIPT_PATHS, document_paths, study_paths, transcript_paths
from transcribe.exports.changes import CHANGES
from transcribe.exports.faults import fault
from transcribe.exports.layout import LABEL, title_lines
from transcribe.exports.manifest import MANIFEST, BundleManifest, TranscriptEntry
from transcribe.exports.self_checks_pages import check_pages
from transcribe.exports.self_checks_signs import check_signs
from transcribe.exports.self_checks_study import check_study
from transcribe.exports.self_checks_sync import check_sync, without_bullets
from transcribe.exports.study_text import StudyText, header_of
from transcribe.exports.turns import TurnRow
from transcribe.exports.txt import BOM
from transcribe.redaction.registry import MARK

QUALCODER_SPEAKER = re.compile(r"^\s*([^.,\r\n]{1,63}?)\s*:\s*")
"""How QualCoder 4.0 finds a speaker at a line's start."""
MAXQDA_SPEAKER = re.compile(r"^\s*(.{1,63}?)\s*:")
"""MAXQDA's focus group import, and QualCoder's next version: whatever stands before a line's first colon."""
QUALCODER_INNER_SPEAKER = re.compile(r"[.,!?;)\]…]\s+[^\W\d_a-z][\w'’-]*\s*:")
"""A capitalised `Word:` after punctuation."""
QUALCODER_STAMP = re.compile(r"\[(\d\d):(\d\d):(\d\d)\]")
OTHER_STAMPS = re.compile(r"\[\d\d:\d\d\]|\{\d+:\d\d|#\d+:\d\d|\d#|-->")
"""Forms that QualCoder, MAXQDA or ATLAS.ti would also take for a time."""

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""What no text of ours holds: C0 and C1 but tab and LF, line and paragraph separators, non-characters."""
_ZIPPED = (".docx", ".xlsx", ".qdpx")
_BRACKET = re.compile(r"\[[^\]]*\]?|\]")
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BODY_TAGS = frozenset(_WORD + tag for tag in ("p", "pPr", "pStyle", "r", "rPr", "rStyle", "t"))


def check_bundle(files: Mapping[str, bytes]) -> None:
    """Raises `ValidationError` at the first check that a bundle (files by relative path) does not pass."""
    if MANIFEST not in files:
        raise ValidationError("the bundle has no manifest.json; nothing was published")
    found = manifest.parse(files[MANIFEST])
    rows: dict[str, list[TurnRow]] = {entry.id: [] for entry in found.transcripts}
    for row in turns.parse(files[STUDY_PATHS["turns"]]):
        if row.transcript not in rows:
            raise fault(row.transcript, "turns.csv has rows of a transcript that is not in the manifest")
        rows[row.transcript].append(row)
    study = StudyText(found.settings, found.transcripts, {name: tuple(mine) for name, mine in rows.items()})
    _check_files(files, found, study)
    for name in found.withheld:
        if name in rows:
            raise fault(name, "it is withheld and yet in the bundle")
    for entry in found.transcripts:
        _check_transcript(files, entry, study)
    check_signs(study)
    check_study(files, study)
    check_pages(files, study)
    check_sync(files, study)
    for name in found.documents:
        _check_document(name, files[f"documents/{name}.txt"].decode(), files[f"documents/{name}.docx"])


def _check_document(name: str, text: str, word: bytes) -> None:
    """Text and docx of a document hold the same words, and no bracket in it is anything but a mark."""
    import docx

    if any(not MARK.fullmatch(bracket) for bracket in _BRACKET.findall(text)):
        raise fault(name, "a bracket in the text is no mark")
    said = "".join(text.removeprefix(BOM).split())
    blocks = docx.Document(io.BytesIO(word)).element.body.iter(_WORD + "t")
    if "".join("".join(block.text or "" for block in blocks).split()) != said:
        raise fault(name, "txt and docx differ")


def _check_files(files: Mapping[str, bytes], found: BundleManifest, study: StudyText) -> None:
    expected = {"README.md", "conventions.md", *study_paths(study)}
    for entry in found.transcripts:
        expected |= {*transcript_paths(entry.id, found.settings.formats)}
    expected |= {path for name in found.documents for path in document_paths(name)}
    expected |= {CHANGES} & set(files)
    if set(files) - {MANIFEST} != expected or set(found.sha256) != expected:
        raise ValidationError("the bundle has other files than its manifest.json says; nothing was published")
    for path, sha256 in found.sha256.items():
        if hashlib.sha256(files[path]).hexdigest() != sha256:
            raise ValidationError("a file of the bundle is not as manifest.json says; nothing was published")
        if not path.endswith(_ZIPPED) and _CONTROL.search(
            without_bullets(path, files[path].decode()).replace("\r\n", "\n")
        ):
            raise ValidationError("a file of the bundle holds control characters; nothing was published")


def _check_transcript(files: Mapping[str, bytes], entry: TranscriptEntry, study: StudyText) -> None:
    rows, formats = study.rows[entry.id], study.settings.formats
    written = study.text(entry)
    text = written.replace("\r\n", "\n")
    if any(line.splitlines() != [line] for line in title_lines(header_of(entry, study.settings))):
        raise fault(entry.id, "its head has more lines than it should")
    if "\t" in text or "\n\n" in text or "\r" in text or text != text.strip():
        raise fault(entry.id, "its text holds tabs or empty lines")
    if "txt" in formats:
        data = files[TRANSCRIPT_PATHS["txt"].format(entry.id)].decode()
        if data != BOM + written:
            raise fault(entry.id, "txt and turns.csv differ")
    if "docx" in formats and text != docx_text(files[TRANSCRIPT_PATHS["docx"].format(entry.id)]):
        raise fault(entry.id, "txt and docx differ, or the docx holds more than paragraphs of text")
    _check_rows(written, entry, rows)
    _check_detection(text, entry, rows)


def _check_rows(text: str, entry: TranscriptEntry, rows: Sequence[TurnRow]) -> None:
    ids = Counter(row.turn for row in rows)
    if len(ids) != len(rows):
        raise fault(entry.id, "two utterances have one id")
    start_ms = 0
    for row in rows:
        if text[row.pos0 : row.pos1] != row.text or not row.text:
            raise fault(entry.id, "a position in turns.csv does not hold its text")
        if not start_ms <= row.start_ms <= row.end_ms <= entry.duration_ms:
            raise fault(entry.id, "utterances are out of order or not inside the audio")
        start_ms = row.start_ms


def _check_detection(text: str, entry: TranscriptEntry, rows: Sequence[TurnRow]) -> None:
    """Speakers and stamps that a QDA program finds in the txt are those of turns.csv."""
    speakers: list[str] = []
    stamps: list[int] = []
    for line in text.split("\n"):
        match, other = QUALCODER_SPEAKER.match(line), MAXQDA_SPEAKER.match(line)
        if (match and match[1]) != (other and other[1]):
            raise fault(entry.id, "QualCoder and MAXQDA would find different speakers")
        if match is not None:
            speakers.append(match[1])
        elif re.search(r"[\[\]{}]", line):
            raise fault(entry.id, "there is a bracket in the head")
        stamps += [(int(h) * 60 + int(m)) * 60 + int(s) for h, m, s in QUALCODER_STAMP.findall(line)]
        if line.splitlines() != [line] or OTHER_STAMPS.search(line) or QUALCODER_INNER_SPEAKER.search(line):
            raise fault(entry.id, "what was said looks like a speaker, a stamp or a line end")
    if speakers != [row.speaker for row in rows] or not all(LABEL.fullmatch(speaker) for speaker in speakers):
        raise fault(entry.id, "speakers found by pattern are not those of turns.csv")
    if stamps != sorted(stamps) or any(stamp * 1000 > entry.duration_ms for stamp in stamps):
        raise fault(entry.id, "stamps run backwards or are not inside the audio")
    latest = 0
    for stamp, row in zip(stamps, rows, strict=True):
        latest = max(latest, row.end_ms // 1000)
        if stamp != latest:
            raise fault(entry.id, "a stamp is not the end of its utterance")


def docx_text(data: bytes) -> str:
    """The paragraphs of a docx joined by LF. Raises `ValidationError` for anything but plain paragraphs in it."""
    from docx.oxml.parser import parse_xml

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        body = parse_xml(archive.read("word/document.xml"))[0]
    paragraphs = [child for child in body if child.tag == _WORD + "p"]
    if not {element.tag for paragraph in paragraphs for element in paragraph.iter()} <= _BODY_TAGS:
        raise ValidationError("a docx holds more than paragraphs of text; nothing was published")
    if [child.tag for child in body if child.tag != _WORD + "p"] != [_WORD + "sectPr"]:
        raise ValidationError("a docx holds more than paragraphs of text; nothing was published")
    return "\n".join("".join([text.text or "" for text in paragraph.iter(_WORD + "t")]) for paragraph in paragraphs)
