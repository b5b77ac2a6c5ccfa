"""What the commands print on stdout: tables for people."""

import sys
from collections.abc import Iterable, Sequence

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from transcribe.config import Engines
from transcribe.doctor import Finding
from transcribe.errors import EXIT_OK
from transcribe.intervals import clock
from transcribe.pipeline import RunReport
from transcribe.records import Recording
from transcribe.status import RecordingStatus
from transcribe.store import StudyFolder, stage_run, stored
from transcribe.study.initialise import InitReport

WIDE = 200
"""Columns for output that goes to a file or a pipe, where nothing needs to be wrapped."""


def print_table(rows: Iterable[Sequence[str]], *headings: str) -> None:
    """A table on stdout; long cells are folded, never cut."""
    table = Table(*(Column(heading, overflow="fold") for heading in headings), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(escape, row))
    Console(highlight=False, width=None if sys.stdout.isatty() else WIDE).print(table)


def show_init(report: InitReport) -> None:
    """The recordings of the manifest, and what could not be told from the file names."""
    print_table(
        [(row.id, row.file, row.part, row.pair, row.role, row.session, row.problem) for row in report.rows],
        *("recording", "file", "part", "pair", "role", "session", "to correct"),
    )
    for name in report.adopted:
        typer.echo(f"Taken over from the audio folder: {name}")
    for problem in report.problems:
        typer.echo(f"note: {problem}")
    typer.echo(f"{report.added} added, {len(report.rows) - report.added} already listed.")


def show_unlisted(report: InitReport) -> None:
    """How many files of the audio folder could not be listed; `init` names them, a run names no file."""
    if report.problems:
        typer.echo(f"{len(report.problems)} files could not be listed; to see which: transcribe init")


def show_run(study: StudyFolder, report: RunReport, engines: Engines | None) -> None:
    """What a run did, how fast, where the result lies, and what needs a person."""
    for name in report.release.replace_first if report.release is not None else ():
        typer.echo(f"REPLACE {name} before further coding: what could be read in it is replaced now (changes.html).")
    if report.worked_on:
        typer.echo(f"{len(report.worked_on)} of {len(report.recordings)} recordings worked on.")
    for stage, speed in _speeds(study, report):
        typer.echo(f"  {stage}: {speed}")
    if report.release is None:
        typer.echo("Nothing could be released to coders/.")
    elif not report.computed and not report.release.changed and report.exit_code == EXIT_OK:
        typer.echo(f"Nothing to do: release {report.release.number} holds everything that is done: {study.coders}")
    elif report.release.changed:
        typer.echo(f"Release {report.release.number}: {study.coders}")
    else:
        typer.echo(f"Release {report.release.number} is unchanged: {study.coders}")
    for old, kept in report.release.edited if report.release is not None else ():
        copy = "it is left as it is" if kept == old else f"their copy is {kept}, with text of an earlier release"
        typer.echo(f"A coder changed {old}; {copy}.")
    if engines is not None and engines.quality == "draft":
        typer.echo("Quality draft: every page is stamped DRAFT, not for coding. Better weights: transcribe models list")
    for line in _to_see_to(report):
        typer.echo(line)


def _to_see_to(report: RunReport) -> list[str]:
    """What needs a person, one line each."""
    return [
        *(f"withheld  {name}: {reason}" for name, reason in report.withheld.items()),
        *(f"failed    {failure.recording} ({failure.stage}): {failure.error.message}" for failure in report.failures),
        *(f"manifest  row {row.row} {row.recording}: {row.message}" for row in report.problems),
        *(f"left out  row {row.row} {row.recording}: {row.reason}" for row in report.skipped),
        *(f"check     {name}: {warning}" for name, warnings in report.warnings.items() for warning in warnings),
    ]


def _speeds(study: StudyFolder, report: RunReport) -> list[tuple[str, str]]:
    """Speed of the two long stages over the recordings of this run, from their `run.json`."""
    speeds = []
    for stage, word in (("diarize", "diarisation"), ("recognize", "recognition")):
        audio = seconds = 0.0
        for name in [name for name, done in report.computed if done == stage]:
            recording = stored(Recording, study, name, "probe", None)
            line = stage_run(study, name, stage)
            if recording is not None and line is not None:
                audio, seconds = audio + recording.duration, seconds + line.seconds
        if seconds > 0:
            speeds.append((word, f"{seconds:.1f} s, {audio / seconds:.1f} × real time"))
    return speeds


def show_status(lines: tuple[RecordingStatus, ...]) -> None:
    """One line per recording."""
    rows = []
    for line in lines:
        length = clock(round(line.seconds)) if line.seconds is not None else ""
        rows.append((line.recording, length, line.stage, line.quality, "; ".join(line.warnings)))
    print_table(rows, "recording", "length", "stage", "quality", "warnings")


def show_findings(findings: tuple[Finding, ...]) -> None:
    """One line per thing looked at; below those that are wrong, what mends them."""
    for finding in findings:
        typer.echo(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.what}: {finding.fact}")
        if finding.mend:
            typer.echo(f"         → {finding.mend}")
