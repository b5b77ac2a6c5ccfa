"""What the lab should know of the last run: `report/run.md` and `report/release-check.md`.

No transcript text, no names, no file names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from transcribe.record_json import from_json, to_json
from transcribe.release_check.checking import private_items
from transcribe.release_check.report_text import REPORT, release_check_text
from transcribe.store import StudyFolder, write_atomic
from transcribe.trust import Trust, stored_trust, trust_lines

if TYPE_CHECKING:
    from transcribe.pipeline import RunReport

REPORT_FOLDER_MODE = 0o755
REPORT_FILE_MODE = 0o644
LAST_RUN = "last_run.json"


def run_report_text(report: "RunReport", trust: Mapping[str, Trust] = MappingProxyType({})) -> str:
    """The report as Markdown: release, recordings, what failed, what was withheld and why, what to check.

    `trust` has the figures of the recordings' words.
    """
    lines = ["# The last run", ""]
    if report.release is not None:
        changed = "new" if report.release.changed else "unchanged"
        lines += [f"Release {report.release.number} ({changed}), {len(report.recordings)} recordings in this run.", ""]
    else:
        lines += ["Nothing could be released.", ""]
    first = report.release.replace_first if report.release is not None else ()
    sections = {
        "Replace before further coding": [f"{name}: what could be read in it is replaced now" for name in first],
        "Withheld from the coders": [f"{name}: {reason}" for name, reason in report.withheld.items()],
        "Failed": [f"{f.recording} at {f.stage}: {f.error.message}" for f in report.failures],
        "Manifest rows to mend": [f"row {p.row} ({p.recording or 'no id'}): {p.message}" for p in report.problems],
        "Manifest rows left out": [f"row {p.row} ({p.recording or 'no id'}): {p.reason}" for p in report.skipped],
        "To check": [f"{name}: {warning}" for name, warnings in report.warnings.items() for warning in warnings],
    }
    for title, items in sections.items():
        if items:
            lines += [f"## {title}", "", *(f"- {item}" for item in items), ""]
    if trust:
        lines += ["## Recognised words", "", *trust_lines(trust), ""]
    if report.check is not None:
        number = len(private_items(report.check))
        lines += [f"Release check: release-check.md. To look at: {number} (`transcribe check STUDY --list`).", ""]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a recording came no further in the last run."""

    recording: str
    reason: str


@dataclass(frozen=True, slots=True)
class LastRun:
    """`private/last_run.json`: what `status` tells of the last run."""

    stopped: tuple[Stopped, ...]


def read_last_run(study: StudyFolder) -> LastRun:
    """What stopped in the last run; nothing when there was none. Raises `CorruptFileError`."""
    path = study.private / LAST_RUN
    return from_json(LastRun, path.read_bytes(), f"private/{LAST_RUN}") if path.exists() else LastRun(())


def write_report(study: StudyFolder, report: "RunReport") -> None:
    """Writes `report/run.md`, `report/release-check.md` and `private/last_run.json`. Raises `OSError`."""
    stopped = [Stopped(f.recording, f"{f.stage} failed: {f.error.message}") for f in report.failures]
    stopped += [Stopped(name, f"withheld: {reason}") for name, reason in report.withheld.items()]
    write_atomic(study.private / LAST_RUN, to_json(LastRun(tuple(stopped))))
    study.report.mkdir(exist_ok=True)
    study.report.chmod(REPORT_FOLDER_MODE)
    trust = {name: found for name in report.recordings if (found := stored_trust(study, name)) is not None}
    write_atomic(study.report / "run.md", run_report_text(report, trust).encode(), REPORT_FILE_MODE)
    if report.check is not None:
        text = release_check_text(report.check, report.withheld)
        write_atomic(study.report / REPORT, text.encode(), REPORT_FILE_MODE)
