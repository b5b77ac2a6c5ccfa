"""Whether guide and codes of the lab, which coders read as they are, hold what would be replaced if it were said."""

import re
from collections.abc import Callable, Collection, Sequence

from transcribe.engines import PiiDetector
from transcribe.errors import WithheldError
from transcribe.records import Recording, Transcript, Utterance
from transcribe.redaction.decisions import at_level, standings
from transcribe.redaction.leak_check import text_check
from transcribe.redaction.registry import MARK, Registry, all_marks
from transcribe.redaction.study_redaction import redact_study
from transcribe.release_check.second_pass import detect_or_withhold
from transcribe.store import StudyFolder
from transcribe.study.guide import GUIDE, GUIDE_COLUMNS
from transcribe.study.roster import RosterEntry
from transcribe.study.starter_codes import CODES, CODES_COLUMNS
from transcribe.study.tables import read_table


def check_names(study: StudyFolder, detector: PiiDetector, roster: Sequence[RosterEntry], registry: Registry) -> None:
    """Raises `WithheldError` for a row of `guide.csv` or `codes.csv` that holds something known, or to be replaced."""
    check_no_names(study, text_check(registry, roster), all_marks(registry))
    check_nothing_replaced(study, detector, roster, registry)


def check_no_names(study: StudyFolder, is_known: Callable[[str], bool], marks: Collection[str]) -> None:
    """Raises `WithheldError` when a cell of `guide.csv` or `codes.csv` holds what `is_known` knows: coders read it.

    A cell is not a transcript: only what is in `marks`, those of the registry, is a mark in it, and no sign is one of
    the conventions. Columns that coders do not get are searched, too: the tables do not lie in `private/`.
    """
    for name, columns in ((GUIDE, GUIDE_COLUMNS), (CODES, CODES_COLUMNS)):
        path = study.root / name
        for row in read_table(path, columns, columns) if path.exists() else ():
            known = [column for column, cell in row.cells.items() if is_known(cell) or is_known(_bare(cell, marks))]
            if known:
                read = set(known) & set(columns)
                raise WithheldError(
                    f"row {row.number} of {name} holds a name, or something else that is replaced in the transcripts, "
                    + ("and coders read it: " if read else "in a column of your own (the table is not in private/): ")
                    + "write it without, or, if it is no name, reject its mark with `transcribe decide`; nothing was "
                    "published"
                )


_SIGNS = str.maketrans(dict.fromkeys("()[]<>/?", " "))


def _bare(cell: str, marks: Collection[str]) -> str:
    """A cell without marks of ours, and all else in it as words: brackets and signs of conventions hide nothing."""
    cell = MARK.sub(lambda mark: " " if mark.group() in marks else mark.group(), _SEG.sub(r"[\1]", cell))
    return " ".join(cell.translate(_SIGNS).split())


_SEG = re.compile(r"<seg>([^<>\[\]]*)</seg>")


def check_nothing_replaced(
    study: StudyFolder, detector: PiiDetector, roster: Sequence[RosterEntry], registry: Registry
) -> None:
    """Raises `WithheldError` for a row of `guide.csv` or `codes.csv` in which something direct would be replaced.

    The rows are redacted as a transcript of the study would be, with its roster, its key and the detector; what is
    learnt from them is forgotten. Ages and dates may stand in them: they are nobody's.
    """
    for name, columns, texts in (
        (GUIDE, GUIDE_COLUMNS, ("question",)),
        (CODES, CODES_COLUMNS, ("name", "group", "description")),
    ):
        path = study.root / name
        rows = read_table(path, columns, columns) if path.exists() else ()
        said = tuple(
            Utterance(f"{row.number}/{column}", "INT", "", 0.0, 0.0, row.cells[column], ())
            for row in rows
            for column in texts
            if row.cells[column]
        )
        if not said:
            continue
        table = Transcript(name, said)
        (found,), learnt = redact_study(
            [Recording(name, "", "OBS", "", 1, "", (), 0.0)],
            [table],
            roster,
            registry,
            detect_or_withhold(detector, table),
        )
        for redaction in at_level(found, standings(learnt), "team").redactions:
            if redaction.class_ == "direct":
                raise WithheldError(
                    f"row {redaction.utterance.partition('/')[0]} of {name} holds what would be replaced in a "
                    "transcript (a name, an organisation, a number), and coders read it: write it without; nothing was "
                    "published"
                )
