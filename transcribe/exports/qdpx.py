"""`study.qdpx`: the whole study as a REFI-QDA project, to be opened by QDA programs with speakers coded and cases made.

A zip file: `project.qde` (`qdpx_xml`), and in the flat folder `sources/` for each transcript `<GUID>.txt` with its twin
`<GUID>.docx`, for each note `<GUID>.txt`. The texts are UTF-8 without BOM, although the bundle's txt has one: QualCoder
reads them as plain UTF-8 and would count the BOM as the first character, so that all codings would lie one off, and
the specification's positions count from the text's first character. Line ends are those of the bundle's txt: LF unless
an export asks for CRLF (which MAXQDA writes, and with which QualCoder's codings shift).
"""

import io
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from transcribe.exports import qdpx_xml
from transcribe.exports.cases import People, cases_of
from transcribe.exports.codebook import CodeBook, codebook_of, guid
from transcribe.exports.qdpx_xml import source_guid
from transcribe.exports.study_text import StudyText
from transcribe.fixed_zip import fixed_member

PROJECT = "project.qde"
SOURCES = "sources/"
_PACKED = (".docx", ".m4a", ".mp3", ".ogg", ".flac")
"""Packed already: nothing is gained by packing them again."""


def write(study: StudyText, cases: Sequence[People], book: CodeBook, words: Mapping[str, bytes]) -> bytes:
    """The text project; `words` are the docx files of the transcripts by id.

    Raises `KeyError` for a docx that is not given: ATLAS.ti refuses a project with one that is not real.
    """
    file = io.BytesIO()
    _write(file, study, cases, book, words, {})
    return file.getvalue()


def write_with_audio(
    study: StudyText, words: Mapping[str, bytes], audio: Mapping[str, Path | bytes], target: Path | IO[bytes]
) -> None:
    """Writes `study_with_audio.qdpx` to `target`, file by file: hours of sound fit on a disk, not in memory.

    `audio` is the *redacted* sound by transcript id (a path, whose ending the file keeps, or the bytes of an m4a
    file); a transcript without sound is a text source. `words` as in `write`. Raises `OSError` as the file system
    gives it, `KeyError` for sound of a transcript that is not in the study.
    """
    known = {entry.id for entry in study.transcripts}
    for name in audio:
        if name not in known:
            raise KeyError(name)
    cases = cases_of(study)
    _write(target, study, cases, codebook_of(study, cases), words, audio)


def audio_ending(sound: Path | bytes) -> str:
    """The ending of a sound file in the project."""
    return sound.suffix.casefold() if isinstance(sound, Path) else ".m4a"


def _write(
    target: Path | IO[bytes],
    study: StudyText,
    cases: Sequence[People],
    book: CodeBook,
    words: Mapping[str, bytes],
    audio: Mapping[str, Path | bytes],
) -> None:
    notes = qdpx_xml.notes_of(study)
    endings = {name: audio_ending(sound) for name, sound in audio.items()}
    with zipfile.ZipFile(target, "w") as archive:
        _put(archive, PROJECT, qdpx_xml.write(study, cases, book, notes, endings))
        for entry in study.transcripts:
            own = SOURCES + source_guid(entry.id)
            _put(archive, f"{own}.txt", study.text(entry).encode())
            _put(archive, f"{own}.docx", words[entry.id])
            if entry.id in audio:
                _put(archive, SOURCES + guid("audio", entry.id) + endings[entry.id], audio[entry.id])
            for note in notes[entry.id].values():
                _put(archive, f"{SOURCES}{note.guid}.txt", note.text.encode())


def _put(archive: zipfile.ZipFile, name: str, content: Path | bytes) -> None:
    compression = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
    member = fixed_member(name, compression=compression)
    source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
    with source, archive.open(member, "w", force_zip64=not isinstance(content, bytes)) as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
