"""Which files a bundle has: of each transcript, and of the study. One kind of file per format."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from transcribe.exports import docx, turns, txt, vtt
from transcribe.exports.layout import LaidOut
from transcribe.exports.manifest import Settings
from transcribe.exports.study_text import StudyText
from transcribe.exports.turns import NEWLINES
from transcribe.study.guide import GuideQuestion

TRANSCRIPT_PATHS: Mapping[str, str] = {
    "docx": "transcripts/docx/{}.docx",
    "txt": "transcripts/txt/{}.txt",
    "vtt": "sync/{}.vtt",
}
"""Where a transcript's file of each format lies; the braces stand for its id."""
STUDY_PATHS: Mapping[str, str] = {"turns": "turns.csv"}
"""The one file of each format that is about the whole study."""
RELEASED = ("docx", "txt", "vtt", "turns")
"""What every release has; the others are made by `export --format` alone."""


def all_formats() -> tuple[str, ...]:
    """Every format there is, those of a release first."""
    return tuple(dict.fromkeys((*RELEASED, *TRANSCRIPT_PATHS, *STUDY_PATHS)))


def transcript_files(laid: LaidOut, settings: Settings, guide: Sequence[GuideQuestion]) -> dict[str, bytes]:
    """The files of one transcript, of all formats of a bundle, by path."""
    made = {
        "docx": partial(docx.write, laid, settings.page),
        "txt": partial(txt.write, laid, NEWLINES[settings.newline]),
        "vtt": partial(vtt.write, laid),
    }
    name = laid.header.recording
    return {TRANSCRIPT_PATHS[form].format(name): write() for form, write in made.items() if form in settings.formats}


def study_files(study: StudyText, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the whole study, of all formats of a bundle, by path; `files` are those of its transcripts."""
    made = {
        "turns": partial(turns.write, [row for entry in study.transcripts for row in study.rows[entry.id]]),
    }
    return {STUDY_PATHS[form]: write() for form, write in made.items() if form in study.settings.formats}


def transcript_paths(name: str, formats: Collection[str]) -> tuple[str, ...]:
    """The files of one transcript."""
    return tuple(path.format(name) for form, path in TRANSCRIPT_PATHS.items() if form in formats)


def study_paths(study: StudyText) -> tuple[str, ...]:
    """The files of the whole study."""
    return tuple(path for form, path in STUDY_PATHS.items() if form in study.settings.formats)


def document_paths(name: str) -> tuple[str, ...]:
    """The files of one document."""
    return f"documents/{name}.txt", f"documents/{name}.docx"
