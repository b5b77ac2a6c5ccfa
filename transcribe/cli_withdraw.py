"""`transcribe withdraw`: a participant takes part or all of it back."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transcribe.cli_prompt import ask
from transcribe.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_VALIDATION, TranscribeError, UsageError
from transcribe.store import StudyFolder

if TYPE_CHECKING:
    from transcribe.engines import PiiDetector
    from transcribe.pipeline import RunReport
    from transcribe.study.settings import Settings
    from transcribe.study.withdrawal_plan import WithdrawalPlan


class JointSessions(StrEnum):
    """What becomes of sessions that the person shares with their partner."""

    keep = "keep"
    withhold = "withhold"
    delete = "delete"


def withdraw(
    study: Annotated[Path, typer.Argument(help="The study folder.", show_default=False)],
    person: Annotated[str, typer.Option("--person", help="The participant's code, such as P03-PIR.")],
    who: Annotated[str, typer.Option("--who", help="Your initials, for the record.")],
    recording: Annotated[str, typer.Option("--recording", help="Only this recording.")] = "",
    start: Annotated[str, typer.Option("--from", help="Only from here in it, hh:mm:ss.")] = "",
    end: Annotated[str, typer.Option("--to", help="Only up to here in it, hh:mm:ss.")] = "",
    observations: Annotated[
        JointSessions | None,
        typer.Option(
            "--observations", help="Sessions with the partner, documents of the pair: keep, withhold, delete."
        ),
    ] = None,
    why: Annotated[str, typer.Option("--why", help="A reason, for the private record.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete what was made of a participant's voice, make a release without it, say what people must still recall."""
    from transcribe.cli_settings import settings_of
    from transcribe.cli_tables import show_run
    from transcribe.config import open_detector
    from transcribe.redaction.key import is_destroyed
    from transcribe.study.withdrawal_plan import WithdrawalRequest, parse_time, plan_withdrawal
    from transcribe.withdrawal import carry_out, complete
    from transcribe.withdrawn_content import NOT_DELETED

    target = StudyFolder(study.expanduser().absolute())
    if not target.manifest.exists():
        raise UsageError("this is not a study folder: name the folder that `transcribe init` made")
    settings = settings_of(target, {})
    request = WithdrawalRequest(
        person=person.upper(),
        who=who,
        why=why,
        recording=recording,
        start=parse_time(start) if start else None,
        end=parse_time(end) if end else None,
        observations=observations.value if observations else None,
    )
    plan = plan_withdrawal(target, request)
    keyless = is_destroyed(target)
    _show_plan(plan, keyless)
    if not yes:
        _confirm(request.person)
    detector = None if keyless else open_detector(settings.pii_model)  # before anything is deleted
    try:
        done = carry_out(target, request, plan, settings.unconsented_voices == "withhold")
        typer.echo("Deleted:")
        for line in done.deleted:
            typer.echo(f"  {line}")
        report = None if detector is None else _release_without(target, settings, detector)
        first, done = done.deleted, complete(target, plan, done)
    except KeyboardInterrupt:
        typer.echo("interrupted before it had an end; give the same command again to complete it", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    for line in done.deleted[len(first) :]:
        typer.echo(f"  {line}")
    if report is not None:
        show_run(target, report, None)
    typer.echo("\nPeople must still do this:")
    for line in done.recall:
        typer.echo(f"  - {line}")
    typer.echo(f"This list, with the files' names, is kept in private/withdrawals/{done.record.name}")
    left = any(NOT_DELETED in line for line in done.deleted)
    raise typer.Exit((report.exit_code if report is not None else EXIT_OK) or (EXIT_VALIDATION if left else EXIT_OK))


def _release_without(study: StudyFolder, settings: "Settings", detector: "PiiDetector") -> "RunReport":
    """A release made anew; where that fails, the present one without the transcripts: they must not wait for it."""
    from transcribe.pipeline import release_only
    from transcribe.progress import showing_progress
    from transcribe.store import locked
    from transcribe.withdrawn_content import forget_releases, take_out_of_coders

    try:
        with showing_progress("auto") as observer:
            return release_only(study, settings, detector, observer)
    except TranscribeError:
        typer.echo("The release could not be made anew. Taken out of the present one, whole:", err=True)
        with locked(study):
            release = take_out_of_coders(study)
            forget_releases(study)
        typer.echo(f"  it is release {release.number} now" if release else "  nothing: it held none of it", err=True)
        typer.echo("Mend what is said below, and give the same command again to complete the record.", err=True)
        raise


def _show_plan(plan: "WithdrawalPlan", keyless: bool) -> None:
    if plan.recordings or plan.documents:
        typer.echo(f"To be deleted whole: {', '.join((*plan.recordings, *plan.documents))}")
    for name in dict.fromkeys(stretch.recording for stretch in plan.stretches):
        seconds = sum(s.end - s.start for s in plan.stretches if s.recording == name)
        typer.echo(f"To be deleted in part: {name}, {seconds:.0f} s")
    if keyless and plan.stretches:
        typer.echo("The key was destroyed, so these cannot be made anew for coders: they go from coders/ whole.")
    if plan.undecided:
        raise UsageError(
            f"the person is also in {', '.join(plan.undecided)}, of the pair. Say what becomes of it: "
            "--observations keep, withhold (their part of sessions; documents go whole) or delete"
        )


def _confirm(person: str) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nothing was deleted: on a script's side, add --yes")
    if ask(f"This cannot be undone. Type {person} to go on").upper() != person:
        raise UsageError("nothing was deleted")
