"""What the lab should know of the last run: `report/run.md` and `report/release-check.md`.

No transcript text, no names, no file names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from transcribe.errors import EXIT_OK, CorruptFileError
from transcribe.record_json import from_json, to_json
from transcribe.release_check.checking import private_items
from transcribe.release_check.report_text import REPORT, release_check_text
from transcribe.store import StudyFolder, stage_run, write_atomic
from transcribe.study.glossary import Glossary
from transcribe.trust import Trust, stored_trust, trust_lines

if TYPE_CHECKING:
    from transcribe.pipeline import RunReport

HEARING = ("probe", "diarize", "recognize")
"""The stages that work on sound; those after them are done for the whole study in each run."""
REPORT_FOLDER_MODE = 0o755
REPORT_FILE_MODE = 0o644
LAST_RUN = "last_run.json"


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a recording came no further: `stage` failed, or with none it was withheld.

    `before` is the fingerprint with which the stage had been completed by then, if it had.
    """

    recording: str
    reason: str
    stage: str = ""
    before: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries one list of the vocabulary has."""

    kind: str
    words: int


@dataclass(frozen=True, slots=True)
class LastRun:
    """`private/last_run.json`: what stopped and is not mended yet, in the last run or an earlier one.

    `vocabulary` counts what the recogniser was told in the last run that heard anything; None when there was none.
    """

    stopped: tuple[Stopped, ...]
    vocabulary: tuple[Count, ...] | None = None


def run_report_text(
    report: "RunReport", trust: Mapping[str, Trust] = MappingProxyType({}), last: "LastRun | None" = None
) -> str:
    """The report as Markdown: release, recordings, what failed, what was withheld and why, what to check.

    `trust` has the figures of the recordings' words; `last` what is known beyond this run: what failed before, and
    which vocabulary the recogniser was told.
    """
    last = last or LastRun(())
    now = {(failure.recording, failure.stage) for failure in report.failures}
    lines = ["# The last run", "", *_what_was_done(report), ""]
    first = report.release.replace_first if report.release is not None else ()
    sections = {
        "Replace before further coding": [f"{name}: what could be read in it is replaced now" for name in first],
        "Withheld from the coders": [f"{name}: {reason}" for name, reason in report.withheld.items()],
        "Failed": [f"{f.recording} at {f.stage}: {f.error.message}" for f in report.failures],
        "Failed in an earlier run, and not tried in this one": [
            f"{s.recording}: {s.reason}" for s in last.stopped if s.stage and (s.recording, s.stage) not in now
        ],
        "Manifest rows to mend": [f"row {p.row} ({p.recording or 'no id'}): {p.message}" for p in report.problems],
        "Manifest rows left out": [f"row {p.row} ({p.recording or 'no id'}): {p.reason}" for p in report.skipped],
        "To check": [f"{name}: {warning}" for name, warnings in report.warnings.items() for warning in warnings],
    }
    for title, items in sections.items():
        if items:
            lines += [f"## {title}", "", *(f"- {item}" for item in items), ""]
    if trust:
        lines += ["## Recognised words", "", *trust_lines(trust), ""]
    if last.vocabulary is not None:
        lines += [_told_vocabulary(last.vocabulary), ""]
    if report.check is not None:
        number = len(private_items(report.check))
        lines += [f"Release check: release-check.md. To look at: {number} (`transcribe check STUDY --list`).", ""]
    return "\n".join(lines)


def _what_was_done(report: "RunReport") -> list[str]:
    if report.release is None:
        return ["Nothing could be released."]
    if not report.computed and not report.release.changed and report.exit_code == EXIT_OK:
        return [f"Nothing was to do: release {report.release.number} holds everything that is done."]
    changed = "new" if report.release.changed else "unchanged"
    if not report.heard:
        return [f"Release {report.release.number} ({changed}), made from what was recognised before."]
    worked = f"the sound of {len(report.worked_on)} of {len(report.heard)} recordings was worked on in this run"
    return [f"Release {report.release.number} ({changed}); {worked}."]


def _told_vocabulary(vocabulary: Sequence[Count]) -> str:
    kinds = [f"{count.kind} {count.words}" for count in vocabulary if count.words]
    if not kinds:
        return "Vocabulary that the recogniser was told: none."
    return f"Vocabulary that the recogniser was told (`[vocabulary]` of study.toml), in entries: {', '.join(kinds)}."


def read_last_run(study: StudyFolder) -> LastRun:
    """What stopped in the last run and those before; nothing when there was none. Raises `CorruptFileError`."""
    path = study.private / LAST_RUN
    return from_json(LastRun, path.read_bytes(), f"private/{LAST_RUN}") if path.exists() else LastRun(())


def still_stopped(study: StudyFolder, stopped: Stopped) -> bool:
    """Whether the stage at which a recording stopped was not completed since, in a run that had no end."""
    return not stopped.stage or _completed(study, stopped.recording, stopped.stage) == stopped.before


def _completed(study: StudyFolder, recording: str, stage: str) -> str:
    try:
        run = stage_run(study, recording, stage)
    except CorruptFileError:
        return ""  # that it is damaged is said where it is read for its own sake
    return run.fingerprint if run is not None else ""


def _last_run(study: StudyFolder, report: "RunReport", vocabulary: Glossary) -> LastRun:
    """What `status` is to tell after this run: of recordings whose sound it did not work on, what earlier runs found.

    All that comes after recognition is done for the whole study in each run, so that only the stages before it can
    have failed in an earlier one and not in this.
    """
    before = read_last_run(study)
    told = [
        Stopped(f.recording, f"{f.stage} failed: {f.error.message}", f.stage, _completed(study, f.recording, f.stage))
        for f in report.failures
    ]
    told += [Stopped(name, f"withheld: {reason}") for name, reason in report.withheld.items()]
    known = {each.recording for each in told}
    told += [
        each
        for each in before.stopped
        if each.stage in HEARING
        and each.recording in report.listed
        and each.recording not in report.heard
        and each.recording not in known
        and still_stopped(study, each)
    ]
    counts = tuple(Count(kind, words) for kind, words in vocabulary.counts) if report.heard else before.vocabulary
    return LastRun(tuple(told), counts)


def write_report(study: StudyFolder, report: "RunReport", vocabulary: Glossary) -> None:
    """Writes `report/run.md`, `report/release-check.md` and `private/last_run.json`. Raises `OSError`."""
    last = _last_run(study, report, vocabulary)
    write_atomic(study.private / LAST_RUN, to_json(last))
    study.report.mkdir(exist_ok=True)
    study.report.chmod(REPORT_FOLDER_MODE)
    trust = {name: found for name in report.recordings if (found := stored_trust(study, name)) is not None}
    write_atomic(study.report / "run.md", run_report_text(report, trust, last).encode(), REPORT_FILE_MODE)
    if report.check is not None:
        text = release_check_text(report.check, report.withheld)
        write_atomic(study.report / REPORT, text.encode(), REPORT_FILE_MODE)
