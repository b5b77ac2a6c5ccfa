"""Which files a bundle has: of each transcript, and of the study. One kind of file per format."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from transcribe.exports import (
    cases,
    chat,
    codebook,
    coding_sheet,
    docx,
    dyad_page,
    eaf,
    f4,
    html_page,
    nvivo,
    qdpx,
    rttm,
    seglst,
    srt,
    stm,
    turns,
    txt,
    vtt,
)
from transcribe.exports.layout import LaidOut
from transcribe.exports.manifest import Settings
from transcribe.exports.study_text import StudyText, header_of
from transcribe.exports.turns import NEWLINES
from transcribe.study.guide import GuideQuestion

TRANSCRIPT_PATHS: Mapping[str, str] = {
    "docx": "transcripts/docx/{}.docx",
    "txt": "transcripts/txt/{}.txt",
    "html": "transcripts/html/{}.html",
    "vtt": "sync/{}.vtt",
    "f4": "sync/{}.f4.txt",
    "nvivo": "sync/{}.nvivo.txt",
    "srt": "sync/{}.srt",
    "eaf": "sync/{}.eaf",
    "cha": "sync/{}.cha",
    "stm": "sync/{}.stm",
    "rttm": "sync/{}.rttm",
    "seglst": "sync/{}.seglst.json",
}
"""Where a transcript's file of each format lies; the braces stand for its id."""
STUDY_PATHS: Mapping[str, str] = {
    "turns": "turns.csv",
    "qdpx": "study.qdpx",
    "codebook": "codebook.qdc",
    "cases": "cases.csv",
    "coding-sheet": "coding_sheet.xlsx",
}
"""The file of each format that is about the whole study."""
SECOND_STUDY_PATHS: Mapping[str, str] = {"codebook": "codebook.csv", "cases": "cases.xlsx"}
"""The same content in another form, for the formats that have one."""
DYADS = "dyads"
"""The format of which there is a file for each pair that has both interviews."""
RELEASED = ("docx", "txt", "html", "vtt", "f4", "nvivo", "srt", "turns", "qdpx", "codebook", "cases", DYADS)
"""What every release has; the others are made by `export --format` alone."""


def all_formats() -> tuple[str, ...]:
    """Every format there is, those of a release first."""
    return tuple(dict.fromkeys((*RELEASED, *TRANSCRIPT_PATHS, *STUDY_PATHS)))


def transcript_files(laid: LaidOut, settings: Settings, guide: Sequence[GuideQuestion]) -> dict[str, bytes]:
    """The files of one transcript, of all formats of a bundle, by path."""
    newline = NEWLINES[settings.newline]
    made = {
        "docx": partial(docx.write, laid, settings.page),
        "txt": partial(txt.write, laid, newline),
        "html": partial(html_page.write, laid, settings, guide),
        "vtt": partial(vtt.write, laid),
        "f4": partial(f4.write, laid, newline),
        "nvivo": partial(nvivo.write, laid, newline),
        "srt": partial(srt.write, laid, newline),
        "eaf": partial(eaf.write, laid),
        "cha": partial(chat.write, laid, settings.conventions),
        "stm": partial(stm.write, laid),
        "rttm": partial(rttm.write, laid),
        "seglst": partial(seglst.write, laid),
    }
    name = laid.header.recording
    return {TRANSCRIPT_PATHS[form].format(name): write() for form, write in made.items() if form in settings.formats}


def study_files(study: StudyText, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the whole study, of all formats of a bundle, by path; `files` are those of its transcripts."""
    formats = study.settings.formats
    people = cases.cases_of(study) if {"qdpx", "codebook", "cases"} & set(formats) else ()
    book = codebook.codebook_of(study, people)
    made = {
        "turns": partial(turns.write, [row for entry in study.transcripts for row in study.rows[entry.id]]),
        "qdpx": partial(_project, study, people, book, files),
        "codebook": partial(codebook.write_qdc, book),
        "cases": partial(cases.write_csv, people),
        "coding-sheet": partial(coding_sheet.write, study),
    }
    second = {
        "codebook": partial(codebook.write_csv, book),
        "cases": partial(cases.write_xlsx, people, study.settings.page),
    }
    found = {STUDY_PATHS[form]: write() for form, write in made.items() if form in formats}
    found |= dyad_page.write(study) if DYADS in formats else {}
    return found | {SECOND_STUDY_PATHS[form]: write() for form, write in second.items() if form in formats}


def _project(
    study: StudyText, people: Sequence[cases.People], book: codebook.CodeBook, files: Mapping[str, bytes]
) -> bytes:
    """`study.qdpx`, with the docx files of the bundle; those of a bundle without them are made of its rows."""
    words = {}
    for entry in study.transcripts:
        laid = LaidOut(header_of(entry, study.settings), turns.turns_of(study.rows[entry.id]))
        words[entry.id] = files.get(TRANSCRIPT_PATHS["docx"].format(entry.id)) or docx.write(laid, study.settings.page)
    return qdpx.write(study, people, book, words)


def transcript_paths(name: str, formats: Collection[str]) -> tuple[str, ...]:
    """The files of one transcript."""
    return tuple(path.format(name) for form, path in TRANSCRIPT_PATHS.items() if form in formats)


def study_paths(study: StudyText) -> tuple[str, ...]:
    """The files of the whole study."""
    paths = (*STUDY_PATHS.items(), *SECOND_STUDY_PATHS.items())
    dyads = dyad_page.paths(study) if DYADS in study.settings.formats else ()
    return (*(path for form, path in paths if form in study.settings.formats), *dyads)


def document_paths(name: str) -> tuple[str, ...]:
    """The files of one document."""
    return f"documents/{name}.txt", f"documents/{name}.docx"
