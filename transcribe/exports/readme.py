"""`README.md` of the bundle: which file for which program, step by step.

The steps follow the manuals of the programs; only QualCoder's patterns were read in its source, and no other program
was run, so that the text claims no more than "is made for".
"""

from collections.abc import Sequence

from transcribe.exports.layout import DRAFT_LINE
from transcribe.exports.manifest import Settings, TranscriptEntry

DOCX = "transcripts/docx/<id>.docx"
TXT = "transcripts/txt/<id>.txt"

PROGRAMS: dict[str, tuple[str, str, str]] = {
    "nvivo": (
        "NVivo",
        DOCX,
        "1. Import tab, Files: choose all files of `transcripts/docx`.\n"
        "2. To get a case per speaker: select the files, Auto Code, Speaker name, and enter the labels as they stand "
        "at the start of the paragraphs (`INT`, `P01-PSW` …).",
    ),
    "maxqda": (
        "MAXQDA",
        DOCX,
        "1. Import tab, Focus Group Transcripts: choose all files of `transcripts/docx`. Each speaker becomes a code.\n"
        "2. Without speaker codes: Import tab, Texts.",
    ),
    "atlasti": (
        "ATLAS.ti",
        DOCX,
        "1. Add documents: choose all files of `transcripts/docx`.\n"
        "2. Focus Group Coding codes the speakers: the pattern is the one with the name before a colon.",
    ),
    "qualcoder": (
        "QualCoder",
        TXT,
        "1. Manage files, import: choose all files of `transcripts/txt`.\n"
        "2. Mark Speakers finds the labels (identifier `Name :`). Time stamps are read in the default form "
        "`[hh:mm:ss]`.",
    ),
    "taguette": (
        "Taguette",
        DOCX,
        "1. Add a document: choose a file of `transcripts/docx`. Taguette converts it with Calibre, which must be "
        "installed; Taguette knows neither speakers nor time stamps.",
    ),
    "word": (
        "Word, LibreOffice or paper",
        DOCX,
        "1. Open or print `transcripts/docx`. The line numbers are layout, not text; they can be turned off under "
        "Layout, Line Numbers.",
    ),
}
"""Choices of `[export] program`: its name, its file, the steps."""


def write(
    settings: Settings,
    transcripts: Sequence[TranscriptEntry],
    withheld: Sequence[str],
    documents: Sequence[str],
    release: int,
) -> bytes:
    """The file, UTF-8 with LF; `settings.program` is a key of `PROGRAMS` or empty; `documents` are their ids."""
    order = sorted(PROGRAMS, key=lambda key: key != settings.program)
    parts = [f"# Transcripts for coding, release {release}"]
    if any(entry.draft for entry in transcripts):
        parts.append(
            f"**{DRAFT_LINE}.** Transcripts so marked were made with the draft quality to try things out. "
            "Do not code them: they will be replaced, and their words will change."
        )
    parts.append(
        "Pseudonymised by machine; not anonymous. Handle as confidential. Read `conventions.md` before coding: it "
        "explains marks, speakers and versions."
    )
    is_team = settings.level == "team"
    if not is_team:
        parts.append(_LEVELS[settings.level])
    programs = PROGRAMS if is_team else {key: _unlinked(program) for key, program in PROGRAMS.items()}
    if settings.program:
        name, path, steps = programs[settings.program]
        parts += [f"## {name}: use `{path}`", steps, "## Other programs"]
    else:
        parts.append("## Which file for which program")
    for key in order:
        if key != settings.program:
            name, path, steps = programs[key]
            parts += [f"### {name}: `{path}`", steps]
    parts += [_FILES, _KEEPING] if is_team else [_FILES.replace(_CHANGES_ROW, "")]
    parts += _transcripts(transcripts)
    if documents:
        parts.append(f"{_DOCUMENTS}\n\n" + "\n".join(f"- `documents/{name}.docx`" for name in documents))
    if withheld:
        parts.append("## Not in this release\n\n" + "\n".join(f"- {recording}" for recording in sorted(withheld)))
    return ("\n\n".join(parts) + "\n").encode()


def _unlinked(program: tuple[str, str, str]) -> tuple[str, str, str]:
    """The steps without a code that shows a pair."""
    name, path, steps = program
    return name, path, steps.replace("P01-PSW", "PSW-…")


_LEVELS = {
    "share": "**Level share**, for publication and for readers outside the team: participants have random numbers, and "
    "neither numbers nor marks tell who belongs to whom. Of ages ten years are kept, of dates the year, of places and "
    "of the month of the interview nothing. What is told can still be recognised by somebody who knows the person, "
    "above all by their partner in the study: read a passage with that in mind before you quote it.",
    "archive": "**Level archive**: participants have random numbers, neither numbers nor marks tell who belongs to "
    "whom, and nothing is kept of ages, dates and places that were found. What is told can still be recognised by "
    "somebody who knows the person: access should stay controlled.",
}

_CHANGES_ROW = "| `changes.html` | from the second release on: what it changed, and what has to be replaced |\n"
_FILES = """## All files

| file | what |
|---|---|
| `transcripts/docx/` | one document per transcript, line numbers and page numbers on |
| `transcripts/txt/` | the same text, letter for letter (UTF-8 with BOM) |
| `sync/` | WebVTT: utterances with times, for players and programs that show text along with sound |
| `turns.csv` | one row per utterance of all transcripts, with times and places in the txt |
| `conventions.md` | how to read the transcripts |
| `changes.html` | from the second release on: what it changed, and what has to be replaced |
| `manifest.json` | versions, settings, counts, and a checksum of each file |"""

_DOCUMENTS = """## Documents

Field notes and older transcripts that came as text, pseudonymised with the same marks. They have no times. Each is \
there as `.docx` and as `.txt`."""

_KEEPING = """## Your own files

Files that you put into this folder stay, in every later release. If you change one of the files above, the next \
release keeps yours beside the new one as `<name>.edited-<release>`; it then still holds the text of the earlier \
release. Better work on a copy. No QDA program merges a new version into coded text: compare the version in a \
transcript's head with the one you coded."""


def _transcripts(transcripts: Sequence[TranscriptEntry]) -> list[str]:
    if not transcripts:
        return ["## Transcripts\n\nNone yet."]
    lines = ["## Transcripts", "", "| transcript | version | review | minutes | speakers |", "|---|---|---|---|---|"]
    for entry in transcripts:
        review = f"{entry.review}; DRAFT" if entry.draft else entry.review
        minutes = f"{entry.duration_ms / 60_000:.0f}"
        lines.append(f"| {entry.id} | {entry.version} | {review} | {minutes} | {', '.join(entry.speakers)} |")
    return ["\n".join(lines)]
