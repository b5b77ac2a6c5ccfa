"""`transcribe status` and `transcribe doctor`: how far a study is, and what is wrong with it or this machine."""

from pathlib import Path
from typing import Annotated

import typer

from transcribe.cli_settings import study_of
from transcribe.errors import EXIT_DEPENDENCY, EXIT_OK
from transcribe.store import StudyFolder


def status(study: Annotated[Path, typer.Argument(help="The study folder.", show_default=False)]) -> None:
    """Show every recording of a study: length, stage reached, warnings."""
    from transcribe.cli_tables import show_status
    from transcribe.status import study_status, undecided_count

    target = study_of(study)
    show_status(study_status(target))
    if undecided := undecided_count(target):
        typer.echo(f"{undecided} undecided. To decide: transcribe decide {study}")


def doctor(study: Annotated[Path | None, typer.Argument(help="A study folder to look at too.")] = None) -> None:
    """Look for what is wrong with this machine or a study, and say what mends it."""
    from transcribe.cli_tables import show_findings
    from transcribe.doctor import examine

    findings = examine(StudyFolder(study.expanduser().absolute()) if study else None)
    show_findings(findings)
    raise typer.Exit(EXIT_OK if all(finding.ok for finding in findings) else EXIT_DEPENDENCY)
