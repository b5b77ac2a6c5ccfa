"""Whether guide and codes of the lab, which coders read as they are, hold what would be replaced if it were said."""

from collections.abc import Sequence

from transcribe.engines import PiiDetector
from transcribe.errors import WithheldError
from transcribe.records import Recording, Transcript, Utterance
from transcribe.redaction.decisions import at_level, standings
from transcribe.redaction.registry import Registry
from transcribe.redaction.study_redaction import redact_study
from transcribe.release_check.second_pass import detect_or_withhold
from transcribe.store import StudyFolder
from transcribe.study.guide import GUIDE, GUIDE_COLUMNS
from transcribe.study.roster import RosterEntry
from transcribe.study.starter_codes import CODES, CODES_COLUMNS
from transcribe.study.tables import read_table


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
