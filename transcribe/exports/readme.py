"""`README.md` of the bundle: the one file for the lab's program and the steps, then the others; what each file is.

It tells of the files that are there and of no others, so that the README of an export in one format is a short one.
"""

from collections.abc import Collection, Sequence

from transcribe.exports.layout import DRAFT_LINE, RENDERING_LINES
from transcribe.exports.manifest import Settings, TranscriptEntry
from transcribe.exports.readme_programs import PROGRAMS, Program, Way

__all__ = ["PROGRAMS", "write"]


def write(
    settings: Settings,
    transcripts: Sequence[TranscriptEntry],
    withheld: Sequence[str],
    documents: Sequence[str],
    release: int,
    *,
    is_copy: bool = False,
) -> bytes:
    """The file, UTF-8 with LF; `settings.program` is a key of `PROGRAMS` or empty; `documents` are their ids.

    `is_copy`: this is an export, not the coders' own folder, which tells of changes and keeps their files.
    """
    is_team = settings.level == "team"
    in_coders = is_team and not is_copy
    parts = [f"# Transcripts for coding, release {release}"]
    if any(entry.draft for entry in transcripts):
        parts.append(
            f"**{DRAFT_LINE}.** Transcripts so marked were made with the draft quality to try things out. "
            "Do not code them: they will be replaced, and their words will change."
        )
    parts += [_HANDLING, f"Rendering: {RENDERING_LINES[settings.rendering].lower()}."]
    if settings.newline == "crlf":
        parts.append(_CRLF)
    if not is_team:
        parts.append(_LEVELS[settings.level])
    programs = _programs(settings)
    if not is_team:
        programs = [text.replace("P01-PSW", "PSW-…") for text in programs]
    parts += programs
    parts.append(_files(settings.formats, in_coders=in_coders))
    parts += _guide(settings.formats)
    parts += [text for needed, text in _EXPLAINED if needed & set(settings.formats)]
    if in_coders:
        parts += [_AMENDING, _KEEPING]
    parts += _transcripts(transcripts)
    if documents:
        kinds = [kind for kind in ("docx", "txt") if kind in settings.formats]
        there = " and as ".join(f"`.{kind}`" for kind in kinds)
        listed = "\n".join(f"- `documents/{name}.{kinds[0]}`" for name in documents)
        parts.append(f"{_DOCUMENTS} Each is there as {there}.\n\n{listed}")
    if withheld:
        parts.append("## Not in this release\n\n" + "\n".join(f"- {recording}" for recording in sorted(withheld)))
    return ("\n\n".join(parts) + "\n").encode()


def _programs(settings: Settings) -> list[str]:
    """The lab's program first, under a heading of its own; those for which there is no file are left out."""
    there = {key: program.ways_with(settings.formats) for key, program in PROGRAMS.items()}
    others = [key for key in PROGRAMS if there[key] and key != settings.program]
    parts: list[str] = []
    if settings.program and there[settings.program]:
        first, *more = there[settings.program]
        name = PROGRAMS[settings.program].name
        parts += [f"## {name}: use `{first.path}`", _steps(first), *_more(PROGRAMS[settings.program], more, "###")]
        parts += ["## Other programs"] if others else []
    elif others:
        parts.append("## Which file for which program")
    for key in others:
        first, *more = there[key]
        parts += [f"### {PROGRAMS[key].name}: `{first.path}`", _steps(first), *_more(PROGRAMS[key], more, "####")]
    return [*parts, _NOT_RUN] if parts else []


def _more(program: Program, ways: Sequence[Way], heading: str) -> list[str]:
    return [text for way in ways for text in (f"{heading} {program.name}, `{way.path}`", _steps(way))]


def _steps(way: Way) -> str:
    return "\n".join(f"{number}. {step}" for number, step in enumerate(way.steps, 1))


def _files(formats: Collection[str], *, in_coders: bool) -> str:
    rows = [row for needed, row in _ROWS if needed in formats or needed == "" or (in_coders and needed == "coders")]
    return "## All files\n\n| file | what |\n|---|---|\n" + "\n".join(f"| {path} | {what} |" for path, what in rows)


def _guide(formats: Collection[str]) -> list[str]:
    """How the questions of the interview guide show in the files that are there."""
    places = [text for needed, text in _GUIDE_PLACES.items() if needed in formats]
    return [_GUIDE.format(places=", ".join(places))] if places else []


_GUIDE = """## Questions of the interview guide

Where the lab has given its interview guide, the interviewer's utterances were compared with its questions by machine. \
A section runs from a question to the next one that was found: {places}. A question that was asked in other words may \
have been missed: tell the lab, who can correct it. Without a guide there are no sections."""
_GUIDE_PLACES = {
    "docx": "in Word it is an entry of the navigation pane",
    "html": "in the html pages an entry of the list at the side",
    "turns": "in `turns.csv` the column `question`",
    "qdpx": "in `study.qdpx` a coding with a code under **Guide**",
    "dyads": "in `dyads/` a row",
    "coding-sheet": "in `coding_sheet.xlsx` the column *question*",
}

_HANDLING = """Pseudonymised by machine; not anonymous. Handle as confidential. Read `conventions.md` before coding: \
it explains marks, speakers and versions."""

_CRLF = """**Line ends.** Lines of text files, and of the texts in a project for QDA programs, end with CR LF; \
positions count both signs. It is made for programs that want it; it was tried in none."""

_NOT_RUN = """Menus are as the programs' manuals name them; they differ a little between versions. The files are made \
for these programs and checked against what their manuals ask for; the commercial programs themselves were not run."""

_LEVELS = {
    "share": "**Level share**, for publication and for readers outside the team: participants have random numbers, and "
    "neither numbers nor marks tell who belongs to whom. Of ages ten years are kept, of dates the year, of places and "
    "of the month of the interview nothing. What is told can still be recognised by somebody who knows the person, "
    "above all by their partner in the study: read a passage with that in mind before you quote it.",
    "archive": "**Level archive**: participants have random numbers, neither numbers nor marks tell who belongs to "
    "whom, and nothing is kept of ages, dates and places that were found. What is told can still be recognised by "
    "somebody who knows the person: access should stay controlled.",
}

_ROWS: tuple[tuple[str, tuple[str, str]], ...] = (
    ("docx", ("`transcripts/docx/`", "one document per transcript, line numbers and page numbers on")),
    ("txt", ("`transcripts/txt/`", "the same text, letter for letter (UTF-8 with BOM)")),
    ("html", ("`transcripts/html/`", "the same to read in a browser: search, speakers in colour, marks explained")),
    ("dyads", ("`dyads/`", "both interviews of a pair side by side, by question of the interview guide")),
    ("f4", ("`sync/*.f4.txt`", "utterances with times, in the form of f4/f5 and MAXQDA")),
    ("nvivo", ("`sync/*.nvivo.txt`", "utterances with times, in the form of NVivo's transcripts")),
    ("vtt", ("`sync/*.vtt`", "WebVTT: for players and programs that show text along with sound")),
    ("srt", ("`sync/*.srt`", "subtitles: the same for programs that do not know WebVTT")),
    ("eaf", ("`sync/*.eaf`", "ELAN: a tier per speaker")),
    ("cha", ("`sync/*.cha`", "CHAT of TalkBank, for CLAN")),
    ("stm", ("`sync/*.stm`", "STM: segments with times, as recognition is scored")),
    ("rttm", ("`sync/*.rttm`", "RTTM: who spoke when, no text")),
    ("seglst", ("`sync/*.seglst.json`", "SegLST: segments with times, as JSON")),
    ("qdpx", ("`study.qdpx`", "the whole study as a REFI-QDA project: texts, speakers coded, cases, sets of pairs")),
    ("codebook", ("`codebook.qdc`, `codebook.csv`", "the codes alone: speakers, redactions, and the lab's own if any")),
    ("cases", ("`cases.csv`, `cases.xlsx`", "a row per participant and pair: role, sessions, month, minutes, words …")),
    ("turns", ("`turns.csv`", "one row per utterance of all transcripts, with times and places in the txt")),
    ("coding-sheet", ("`coding_sheet.xlsx`", "one row per sentence, to code line by line")),
    ("", ("`conventions.md`", "how to read the transcripts")),
    ("coders", ("`changes.html`", "from the second release on: what it changed, and what has to be replaced")),
    ("", ("`manifest.json`", "versions, settings, counts, and a checksum of each file")),
)
"""What the README says of each format's files; of `coders`: only in the coders' own folder."""

_EXPLAINED: tuple[tuple[set[str], str], ...] = (
    (
        {"qdpx"},
        """## What a project of the study shows

One document per transcript. A code **Speakers** with a code for every speaker under it, and under these all that the \
person said. Cases for participants and pairs with role, session and month. Open the first and the last coding of one \
transcript: they must begin and end with the utterance. If they are shifted, do not use the project, take the other \
files, and tell the lab: `transcribe export --format qdpx --newline crlf` makes a project with other line ends.""",
    ),
    (
        {"cases", "qdpx"},
        """## Cases

A case is a participant, by code, or a pair, where transcripts show pairs. A participant's case holds what that person \
said; a pair's, all of its transcripts. *Words* are those that the case's people said, `talk_share` is their part of \
the time in which somebody speaks, from 0 to 1.""",
    ),
    (
        {"dyads"},
        """## Both sides of a pair

`dyads/<pair>.html` puts what the two said to the same question side by side, with links into the transcripts (keep \
`transcripts/html` beside it). It says so where a question was not asked, or not found, in one of the interviews. It \
is there for pairs of which both interviews are in the release.""",
    ),
)
"""Sections of the README and the formats of which one must be there."""

_DOCUMENTS = """## Documents

Field notes and older transcripts that came as text, pseudonymised with the same marks. They have no times."""

_AMENDING = """## When a new release comes

No program merges a new version into what you have coded; importing a project file again makes a second project. So:

1. Open `changes.html`. Transcripts named at its top come first: something in them is replaced now that could be read \
before.
2. Compare the version in the table below with the one in the head of the transcript that you coded. The same version: \
nothing to do.
3. Else find the listed utterances in your project by their stamp, and change them there. By their manuals, NVivo, \
MAXQDA, ATLAS.ti and QualCoder have an edit mode for documents that keeps codings; Taguette and Dedoose have none. \
Utterances that are not listed have the same words and the same id.
4. If that is more than a few, import the new version as a second document, and code on there."""

_KEEPING = """## Your own files

Files that you put into this folder stay, in every later release. If you change one of the files above, the next \
release keeps yours beside the new one as `<name>.edited-<release>`; it then still holds the text of the earlier \
release. Better work on a copy."""


def _transcripts(transcripts: Sequence[TranscriptEntry]) -> list[str]:
    if not transcripts:
        return ["## Transcripts\n\nNone yet."]
    lines = ["## Transcripts", "", "| transcript | version | review | minutes | speakers |", "|---|---|---|---|---|"]
    for entry in transcripts:
        review = f"{entry.review}; DRAFT" if entry.draft else entry.review
        minutes = f"{entry.duration_ms / 60_000:.0f}"
        lines.append(f"| {entry.id} | {entry.version} | {review} | {minutes} | {', '.join(entry.speakers)} |")
    return ["\n".join(lines)]
