"""`transcribe check`: what the release check of the last run found, on the terminal, for whoever holds the key."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transcribe.errors import UsageError
from transcribe.store import StudyFolder

if TYPE_CHECKING:
    from transcribe.release_check.checking import ReleaseCheck


def check(
    study: Annotated[Path, typer.Argument(help="The study folder.", show_default=False)],
    only_list: Annotated[bool, typer.Option("--list", help="Show every place to look at. Shows names.")] = False,
    canaries: Annotated[bool, typer.Option("--canaries", help="Measure anew how much is found in this study.")] = False,
) -> None:
    """Show what the release check left for a person to look at, and how much is found in this study."""
    from transcribe.progress import showing_progress
    from transcribe.store import locked

    target = StudyFolder(study.expanduser().absolute())
    if not target.manifest.exists():
        raise UsageError("this is not a study folder: name the folder that `transcribe init` made")
    if canaries:
        with locked(target), showing_progress("none"):
            result = _measured_anew(target)
    else:
        result = _last(target)
    if only_list:
        _show_items(target, result)
    _show_counts(result, study)


def _measured_anew(study: StudyFolder) -> "ReleaseCheck":

    from transcribe.cli_settings import settings_of
    from transcribe.config import open_detector
    from transcribe.redaction.key import open_key
    from transcribe.redaction.tombstones import roster_to_replace
    from transcribe.release_check.checking import check_release
    from transcribe.release_check.kept_results import kept_results

    registry = open_key(study)
    kept = kept_results(study)
    settings = settings_of(study, {})
    detector = open_detector(settings.pii_model)
    roster = roster_to_replace(study, registry)
    return check_release(study, *kept, roster, registry, detector, measure_anew=True)


def _last(study: StudyFolder) -> "ReleaseCheck":
    from transcribe.redaction.key import open_key
    from transcribe.release_check.checking import last_check
    from transcribe.release_check.kept_results import kept_results

    found = last_check(study, *kept_results(study), open_key(study))
    if found is None:
        raise UsageError("nothing was checked yet: run `transcribe run STUDY` or `transcribe release STUDY` first")
    return found


def _show_items(study: StudyFolder, result: "ReleaseCheck") -> None:
    from transcribe.release_check.checking import private_items
    from transcribe.release_check.finished import read_finished

    typer.echo("This list shows names and speech: it is private.\n")
    for again in read_finished(study).found:
        typer.echo(f"{again.recording} {again.utterance}: withheld, found in the finished text\n  {again.text}")
    for item in private_items(result):
        place = " ".join(part for part in (item.recording, item.utterance) if part)
        times = f" ({item.times} times)" if item.times > 1 else ""
        typer.echo(f"{place}: {item.why}{times}\n  {item.text}")
    typer.echo("")


def _show_counts(result: "ReleaseCheck", study: Path) -> None:
    from transcribe.release_check.checking import LIST, private_items
    from transcribe.release_check.recall import CanaryCount
    from transcribe.release_check.report_text import REPORT, share_text

    number = len(private_items(result))
    typer.echo(f"{len(result.recordings)} recordings and documents checked; {number} to look at.")
    for why, count in sorted(Counter(item.why for item in result.look.items).items()):
        typer.echo(f"  {count} × {why}")
    for name in result.look.not_looked:
        typer.echo(f"  {name} could not be searched for weaker signs")
    for person in result.alone:
        if person.combinations:
            kinds = ", ".join(person.categories)
            typer.echo(f"  {person.person}: {len(person.combinations)} combinations that no other has ({kinds})")
    for pair in result.partners:
        typer.echo(f"  {pair.pair}: {len(pair.shared)} that only the partner could recognise")
    if result.recall.reason:
        typer.echo(f"Planted identifiers: not measured, {result.recall.reason}.")
    else:
        direct: list[CanaryCount] = [count for count in result.recall.counts if count.direct]
        typer.echo(f"Planted names, numbers and addresses: {share_text(direct)}.")
    if number:
        typer.echo(f"To see all: transcribe check {study} --list, or private/{LIST}. Without names: report/{REPORT}")
