"""`transcribe export`: hand a release over, or its transcripts at another level, with redacted audio where agreed."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transcribe.errors import UsageError
from transcribe.store import StudyFolder

if TYPE_CHECKING:
    from transcribe.handover.audio import Listening
    from transcribe.handover.export import ExportReport
    from transcribe.progress import Progress
    from transcribe.study.settings import Settings


class LevelKind(StrEnum):
    """Who gets it."""

    team = "team"
    share = "share"
    archive = "archive"


class RenderingKind(StrEnum):
    """How the words are shown."""

    verbatim = "verbatim"
    clean = "clean"


class NewlineKind(StrEnum):
    """What ends a line of text files."""

    lf = "lf"
    crlf = "crlf"


def export(
    study: Annotated[Path, typer.Argument(help="The study folder.", show_default=False)],
    to: Annotated[Path, typer.Option("--to", help="A new folder outside the study; for an archive, where it is put.")],
    level: Annotated[
        LevelKind, typer.Option(help="team: as coders have it. share: for publication. archive: least detail.")
    ] = LevelKind.team,
    recipient: Annotated[str, typer.Option("--for", help="Who gets it, for private/handovers.csv.")] = "",
    as_zip: Annotated[bool, typer.Option("--zip", help="One zip file instead of a folder.")] = False,
    encrypt_to: Annotated[
        list[str] | None,
        typer.Option("--encrypt-to", help="One encrypted file for this age recipient, age1…; may be repeated."),
    ] = None,
    with_audio: Annotated[
        bool, typer.Option("--with-audio", help="Redacted audio, too, where consent holds 'audio'; the voice remains.")
    ] = False,
    formats: Annotated[
        str | None,
        typer.Option("--format", help="These files only, separated by commas: docx,qdpx. Default: all of a release."),
    ] = None,
    rendering: Annotated[
        RenderingKind | None, typer.Option(help="The other rendering of the release. Default: the study's.")
    ] = None,
    newline: Annotated[NewlineKind, typer.Option(help="Line ends of text files, and in study.qdpx.")] = NewlineKind.lf,
    code_redactions: Annotated[
        bool, typer.Option("--code-redactions", help="In study.qdpx, a coding for every redaction, by category.")
    ] = False,
) -> None:
    """Copy the present release to be handed over, at a level, and note it in private/handovers.csv."""
    from transcribe.cli_settings import settings_of
    from transcribe.handover.export import ExportRequest, export_study
    from transcribe.handover.form import ExportForm, read_formats
    from transcribe.progress import showing_progress

    target = StudyFolder(study.expanduser().absolute())
    if not target.manifest.exists():
        raise UsageError("this is not a study folder: name the folder that `transcribe init` made")
    form = ExportForm(
        formats=() if formats is None else read_formats(formats),
        rendering=rendering.value if rendering else None,
        newline=newline.value,
        redactions_coded=code_redactions,
    )
    settings = settings_of(target, {})
    with showing_progress("auto") as observer:
        request = ExportRequest(
            target=to.expanduser().absolute(),
            level=level.value,
            to_whom=recipient,
            as_zip=as_zip,
            encrypt_to=tuple(encrypt_to or ()),
            listening=_listening(target, settings, observer) if with_audio else None,
            form=form,
        )
        report = export_study(target, settings, request)
    _show(report)
    raise typer.Exit(report.exit_code)


def _listening(study: StudyFolder, settings: "Settings", progress: "Progress") -> "Listening":
    """The recogniser that listens to redacted audio: of the quality that the study was done with."""
    from transcribe.config import open_engines, recognition_options
    from transcribe.handover.audio import Listening
    from transcribe.status import best_quality

    quality, options = best_quality(study), recognition_options(settings)
    engines = open_engines(settings.quality, settings.device, settings.jobs, quality, settings.pii_model, options)
    return Listening(engines.recognizer, progress)


def _show(report: "ExportReport") -> None:
    form = f", {', '.join(report.formats)}" if report.formats else ""
    typer.echo(f"Release {report.release}, level {report.level}{form}: {', '.join(report.recordings)}")
    if report.audio:
        typer.echo(f"With redacted audio: {', '.join(report.audio)}. The voices in it can be recognised.")
    if report.without_consent:
        typer.echo(f"Left out, no consent to this level: {', '.join(report.without_consent)}")
    if report.audio_without_consent:
        typer.echo(f"Without audio, no consent to it: {', '.join(report.audio_without_consent)}")
    for name, reason in report.withheld.items():
        typer.echo(f"WITHHELD {name}: {reason}")
    typer.echo(f"Written to {report.path}, and noted in private/handovers.csv")
