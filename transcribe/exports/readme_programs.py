"""What the bundle's README says of each program: which file, and the steps with what is seen on the screen.

The steps follow the programs' manuals, read in 2026 and named below; QualCoder's importer and Taguette's pages were
read in their source, and none was run with these steps. So they say what to choose and how to see that it went right,
not that it will.

NVivo: help-nv.qsrinternational.com/20/win (REFI-QDA Standard; Automatic coding in documents; Import transcripts;
Classification sheets). MAXQDA: maxqda.com/help-mx22/import/importing-focus-group-transcripts, maxqda.com/help
(Export and Import REFI-QDA Projects). ATLAS.ti: doc.atlasti.com/ManualWin.v22/FocusGroups. QualCoder:
github.com/ccbogel/QualCoder/wiki (3.2 Files, 4.1 Coding Text, 6.1 Imports and Exports). Taguette: its pages in version
1.5.2. Dedoose: dedoose.com/userguide/workingwithmedia.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

DOCX = "transcripts/docx/<id>.docx"
TXT = "transcripts/txt/<id>.txt"
HTML = "transcripts/html/<id>.html"
QDPX = "study.qdpx"


@dataclass(frozen=True, slots=True)
class Way:
    """One way into a program: the format it needs, the file as the README names it, and the steps."""

    format: str
    path: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A program; the first of its ways that a bundle has files for is the one to take."""

    name: str
    ways: tuple[Way, ...]

    def ways_with(self, formats: Collection[str]) -> tuple[Way, ...]:
        """The ways for which there are files."""
        return tuple(way for way in self.ways if way.format in formats)


_LOOK = "Then look at it as “What a project of the study shows”, below, says."

PROGRAMS: Mapping[str, Program] = {
    "nvivo": Program(
        "NVivo",
        (
            Way(
                "docx",
                DOCX,
                (
                    "Ribbon **Import**, button **Files**: choose all files of `transcripts/docx`, **Open**, "
                    "**Import**. You should see one line per transcript under **Data**, **Files**.",
                    "A case per speaker (Windows): mark all transcripts in the list, right-click, **Autocode**. The "
                    "wizard asks what to code by: choose **Speaker name**, **Next**. Type the labels as they stand at "
                    "the start of the paragraphs, without the colon (`INT`, `P01-PSW` …). **Next**, choose where the "
                    "cases go, **Finish**.",
                    "Open one case: you should see all that the person said, and nothing of the interviewer.",
                ),
            ),
            Way(
                "qdpx",
                QDPX,
                (
                    "**File**, **Open**, **Browse**. In the list of file types at the lower right choose **REFI-QDA "
                    "Project (*.qdpx, *.qde)**, then `study.qdpx`, **Open**. (Mac: **File**, **Open Project**.)",
                    "The window **Convert Project** appears. **Browse**: where the new NVivo project is to be saved. "
                    "Tick **Import code colors**. **Convert**.",
                    _LOOK,
                ),
            ),
            Way(
                "cases",
                "cases.xlsx",
                (
                    "For attributes of cases that are there: ribbon **Import**, **Classifications**, choose "
                    "`cases.xlsx`, **Case classification**. The first column holds the names of the cases.",
                ),
            ),
            Way(
                "nvivo",
                "sync/<id>.nvivo.txt",
                (
                    "Only for a lab that has the sound in NVivo: open the audio file, switch **Edit** on, **Edit** "
                    "tab, **Import Rows**, choose the file of the same name. Rows are **tab-delimited lines**, the "
                    "first row is the header; map **Timespan**, **Speaker** and **Content** to the columns so named.",
                ),
            ),
        ),
    ),
    "maxqda": Program(
        "MAXQDA",
        (
            Way(
                "docx",
                DOCX,
                (
                    "Tab **Import**, **Focus Group Transcripts**. From the list of formats choose transcripts without "
                    "time stamps (with time stamps, MAXQDA asks for the sound), then all files of `transcripts/docx`.",
                    "You should see in **Codes** one code for each speaker (`INT`, `P01-PSW` …), and every paragraph "
                    "coded with its speaker. There should be no other new codes. Without speaker codes: **Import**, "
                    "**Texts, PDFs, Tables**.",
                ),
            ),
            Way(
                "qdpx",
                QDPX,
                (
                    "Open `study.qdpx` with MAXQDA's import of a **REFI-QDA Project** (the help page is called “Export "
                    "and Import REFI-QDA Projects”). It becomes a project of its own; save it under a new name.",
                    _LOOK,
                ),
            ),
            Way(
                "codebook",
                "codebook.qdc",
                (
                    "Only without the project: tab **Codes**, **Import Code System**, in the form of a **REFI-QDA "
                    "Codebook**, choose `codebook.qdc`.",
                ),
            ),
            Way(
                "f4",
                "sync/<id>.f4.txt",
                (
                    "Only for a lab that has the sound in MAXQDA: **Import**, **Focus Group Transcripts**, format "
                    "**f4/f5** with time stamps, then choose the sound when MAXQDA asks for it.",
                ),
            ),
        ),
    ),
    "atlasti": Program(
        "ATLAS.ti",
        (
            Way(
                "docx",
                DOCX,
                (
                    "Tab **Home**, **Add Documents**: choose all files of `transcripts/docx`. You should see them in "
                    "the Document Manager.",
                    "Tab **Search & Code**, **Focus Group Coding**: mark the transcripts, and choose the pattern with "
                    "the name before a colon (`name:`). You should see a list of speakers with the number of their "
                    "turns: `INT`, `P01-PSW` … and nothing else. Code.",
                ),
            ),
            Way(
                "qdpx",
                QDPX,
                (
                    "In the start window choose **Import Project**, then `study.qdpx`; give the project a name.",
                    _LOOK,
                ),
            ),
        ),
    ),
    "qualcoder": Program(
        "QualCoder",
        (
            Way(
                "txt",
                TXT,
                (
                    "**Files and cases**, **Manage files**, import: choose all files of `transcripts/txt`.",
                    "**Mark Speakers** finds the labels (identifier `Name :`). Time stamps are read in the default "
                    "form `[hh:mm:ss]`. You should see one name per speaker and no other.",
                ),
            ),
            Way(
                "qdpx",
                QDPX,
                (
                    "Menu **Project**, **Import**, **REFI-QDA Project**: choose `study.qdpx`, and where the new "
                    "project goes. QualCoder knows no sets: pairs are cases. It takes over the project's user "
                    "`transcribe`: set your own coder name in the settings before you code.",
                    _LOOK,
                ),
            ),
        ),
    ),
    "taguette": Program(
        "Taguette",
        (
            Way(
                "html",
                HTML,
                (
                    "Tab **Documents** on the left, **Add a document**: choose a file of `transcripts/html`, give it "
                    "the transcript's name, **Import**. One file at a time.",
                    "You should see the transcript with labels and stamps as plain text. Taguette knows neither "
                    "speakers nor time stamps, and leaves search and colours of the page out.",
                ),
            ),
            Way(
                "docx",
                DOCX,
                (
                    "Tab **Documents** on the left, **Add a document**: choose a file of `transcripts/docx`. Taguette "
                    "converts Word files with Calibre, which must be installed.",
                ),
            ),
            Way(
                "codebook",
                "codebook.csv",
                ("For the lab's own codes as tags: tab **Project info**, **Import codebook**, choose `codebook.csv`.",),
            ),
        ),
    ),
    "dedoose": Program(
        "Dedoose",
        (
            Way(
                "docx",
                DOCX,
                (
                    "Home, **Import Data**, text documents: choose all files of `transcripts/docx`. You should see "
                    "them in the **Media** workspace. Dedoose is a web service: ask the lab first whether the "
                    "transcripts may be put there.",
                ),
            ),
            Way(
                "cases",
                "cases.xlsx",
                ("**Import Data**, descriptors: `cases.xlsx` has a row per participant and pair.",),
            ),
        ),
    ),
    "word": Program(
        "Word, LibreOffice or paper",
        (
            Way(
                "docx",
                DOCX,
                (
                    "Open or print `transcripts/docx`. The line numbers are layout, not text; they can be turned off "
                    "under Layout, Line Numbers. **View**, **Navigation Pane** lists the questions of the interview "
                    "guide, where the lab has one.",
                ),
            ),
            Way(
                "html",
                HTML,
                (
                    "Double-click a file: it opens in the browser, without a network, with search, a filter by "
                    "speaker, and an explanation of the marks.",
                ),
            ),
            Way(
                "coding-sheet",
                "coding_sheet.xlsx",
                (
                    "Open it in Excel or LibreOffice: one row per sentence, with empty columns *initial code*, "
                    "*focused code* and *memo*.",
                ),
            ),
        ),
    ),
}
"""Choices of `[export] program`."""
