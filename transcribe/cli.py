"""The command line: a thin skin over the library. Heavy imports are made inside the commands that need them."""

import logging
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from transcribe import __version__
from transcribe.cli_check import check
from transcribe.cli_decide import decide
from transcribe.cli_export import export
from transcribe.cli_interrupt import end_undisturbed, interrupt_once
from transcribe.cli_key import key_app
from transcribe.cli_models import models_app
from transcribe.cli_options import (
    AudioArgument,
    BeamOption,
    LanguageOption,
    LanguagesOption,
    PiiModelOption,
    PolicyOption,
    PrecisionOption,
    ProgressKind,
    Quality,
    RecoveryOption,
    RiskOption,
    ScheduleOption,
    StudyArgument,
    StudyOption,
    VerbatimOption,
)
from transcribe.cli_prompt import ask
from transcribe.cli_redact import redact
from transcribe.cli_settings import study_of
from transcribe.cli_speakers import enrol, speakers
from transcribe.cli_status import doctor, status
from transcribe.cli_withdraw import withdraw
from transcribe.errors import EXIT_BUG, EXIT_INTERRUPTED, EXIT_OK, TranscribeError, UsageError
from transcribe.store import StudyFolder, unwritable_message

if TYPE_CHECKING:
    from transcribe.study.initialise import InitReport

app = typer.Typer(
    name="transcribe",
    help="Folders of confidential interviews in, coding-ready de-identified transcripts out. Nothing leaves this "
    "machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)
app.add_typer(models_app, name="models")
app.add_typer(key_app, name="key")
app.command(epilog="Example: transcribe check ~/study --list")(check)
app.command(epilog="Example: transcribe decide ~/study")(decide)
app.command(epilog="Example: transcribe redact notes.docx --study ~/study --pair P01 --id P01-NOTE-1")(redact)
app.command(epilog="Example: transcribe export ~/study --to ~/handover --level share --for 'journal'")(export)
app.command(epilog="Example: transcribe status ~/study")(status)
app.command(epilog="Example: transcribe doctor ~/study")(doctor)
app.command(epilog="Example: transcribe speakers ~/study   then: transcribe speakers ~/study --swap P03-PIR")(speakers)
app.command(epilog="Example: transcribe enrol ~/study --person INT clip.wav")(enrol)
app.command(epilog="Example: transcribe withdraw ~/study --person P03-PIR --who AB")(withdraw)
log = logging.getLogger("transcribe")
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def main() -> None:
    """Runs the command line; the only place where an error becomes an exit code."""
    interrupt_once()
    try:
        code = run_command(None)
    except KeyboardInterrupt:  # outside of a command's own work: while it was read, or its result was shown
        code = EXIT_INTERRUPTED
    end_undisturbed()
    sys.exit(code)


def run_command(arguments: list[str] | None) -> int:
    """Runs one command line (None: `sys.argv`) and returns its exit code."""
    _keep_libraries_quiet()
    try:
        app(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_OK
    except TranscribeError as error:
        errors.print(f"error: {error.message}", markup=False)
        return error.exit_code
    except OSError as error:
        if error.filename is None or error.errno is None:
            return _bug(error)
        failure = UsageError(unwritable_message(error))
        errors.print(f"error: {failure.message}", markup=False)
        return failure.exit_code
    except Exception as error:  # noqa: BLE001 - the one handler: a bug ends with a message that quotes nothing
        return _bug(error)
    return EXIT_OK


def _bug(error: BaseException) -> int:
    """Shows where a bug struck, never its message or values: they may hold speech or a name."""
    errors.print(f"internal error: {type(error).__name__}. This is a bug; please report these lines:", markup=False)
    for frame in traceback.extract_tb(error.__traceback__)[-6:]:
        errors.print(f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}", markup=False)
    return EXIT_BUG


def _keep_libraries_quiet() -> None:
    """Other packages log text they work on (Presidio at DEBUG); only our own lines reach stderr, at any verbosity."""
    root = logging.getLogger()
    root.handlers[:] = [logging.NullHandler()]
    logging.captureWarnings(True)
    warnings.simplefilter("ignore")
    log.handlers[:] = [logging.StreamHandler()]
    log.propagate = False


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"transcribe {__version__}")
        raise typer.Exit(EXIT_OK)


@app.callback()
def _options(
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="Say more; -vv says most.")] = 0,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    log.setLevel({0: logging.WARNING, 1: logging.INFO}.get(verbose, logging.DEBUG))


@contextmanager
def _interruptible() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        errors.print("interrupted; what was done is kept, run the same command again to go on")
        raise typer.Exit(EXIT_INTERRUPTED) from None


@app.command(epilog="Example: transcribe init ~/interviews --study ~/study")
def init(
    audio_folder: AudioArgument,
    study: StudyOption,
    accept_folder_risk: RiskOption = False,
    recovery_kept: RecoveryOption = "",
) -> None:
    """List the recordings of a folder in a study, for the lab to correct; again on a grown folder: append."""
    from transcribe.cli_tables import show_init

    folder = StudyFolder(study.expanduser().absolute())
    with _interruptible():
        show_init(_initialise(audio_folder, folder, accept_folder_risk, recovery_kept))
    typer.echo(f"\nCorrect the table if needed: {folder.manifest}")
    typer.echo(f"List names to replace in:    {folder.roster}")
    typer.echo(f"Then run: transcribe run {study}")


def _initialise(audio_folder: Path, folder: StudyFolder, accept_risk: bool, recovery_kept: str) -> "InitReport":
    from transcribe.redaction.key import create_key
    from transcribe.study.initialise import initialise

    report = initialise(audio_folder.expanduser().absolute(), folder, accept_folder_risk=accept_risk)
    if not folder.key.exists():
        recovery = create_key(folder)
        typer.echo("The key to the pseudonyms has two holders: this account, and this recovery key, shown only once:")
        typer.echo(f"\n    {recovery}\n")
        if not recovery_kept and sys.stdin.isatty():
            recovery_kept = ask("Write it down outside this machine. Where will it be kept?")
        kept = recovery_kept or "write it down outside this machine, for example in the PI's safe"
        typer.echo(f"Recovery key: {kept}.\n")
    return report


@app.command(epilog="Example: transcribe run ~/study   or, for both steps: transcribe run ~/interviews --study ~/study")
def run(
    folder: Annotated[Path, typer.Argument(help="The study folder, or with --study the audio folder.")],
    study: Annotated[Path | None, typer.Option("--study", help="The study folder, if FOLDER holds audio.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", help="This recording id only; may be repeated.")] = None,
    quality: Annotated[Quality | None, typer.Option(help="Which weights; auto takes the best that fits.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or cuda:N.")] = None,
    language: LanguageOption = None,
    languages: LanguagesOption = None,
    schedule: ScheduleOption = None,
    beam: BeamOption = None,
    precision: PrecisionOption = None,
    verbatim: VerbatimOption = None,
    speakers: Annotated[
        str | None, typer.Option(help="Number of voices in every recording, 1 to 20, or auto: not known.")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="CPU cores to use; default all.")] = None,
    policy: PolicyOption = None,
    pii_model: PiiModelOption = None,
    progress: Annotated[ProgressKind, typer.Option(help="How progress is shown, on stderr.")] = ProgressKind.auto,
    offline_proof: Annotated[
        bool, typer.Option("--offline-proof", help="Have the system make every connection impossible, and record it.")
    ] = False,
    accept_folder_risk: RiskOption = False,
    recovery_kept: RecoveryOption = "",
) -> None:
    """Transcribe and de-identify every recording that is not yet done, and release the result to coders/."""
    from transcribe.cli_settings import read_speakers, settings_of
    from transcribe.cli_tables import show_run, show_unlisted
    from transcribe.config import open_engines, recognition_options
    from transcribe.offline_proof.proof import cut_off_network, record_proof
    from transcribe.pipeline import RunRequest, run_study
    from transcribe.progress import showing_progress
    from transcribe.redaction.key import open_key
    from transcribe.status import best_quality
    from transcribe.study.folder_risk import refuse_risky_folder
    from transcribe.study.settings import Settings, with_overrides

    with _interruptible():
        cut = cut_off_network() if offline_proof else None  # before anything else: it starts this command again
        if study is not None:
            target = StudyFolder(study.expanduser().absolute())
            show_unlisted(_initialise(folder, target, accept_folder_risk, recovery_kept))
        target = study_of(study or folder)
        refuse_risky_folder(target.root, accept=accept_folder_risk)
        flags = {
            "quality": quality and quality.value,
            "device": device,
            "jobs": jobs,
            "schedule": schedule and schedule.value,
            "beam": beam,
            "precision": precision and precision.value,
            "verbatim": verbatim,
            "policy": policy and policy.value,
            "pii_model": pii_model,
        }
        # Apart from the other flags, for they go before the manifest; what is no language is refused here.
        spoken = with_overrides(Settings(), {}, {"language": language, "languages": languages}).spoken
        settings = settings_of(target, flags)
        open_key(target)  # before weights are looked for: without the key nothing else matters
        at_least = best_quality(target)
        options = recognition_options(settings)
        engines = open_engines(settings.quality, settings.device, settings.jobs, at_least, settings.pii_model, options)
        request = RunRequest(tuple(only or ()), spoken, read_speakers(speakers), cut_off=cut is not None)
        with showing_progress(progress.value) as observer:
            report = run_study(target, settings, engines, request, observer)
    show_run(target, report, engines)
    if cut is not None:
        typer.echo(f"No network: {record_proof(target, cut, len(report.worked_on), report.exit_code)}")
    raise typer.Exit(report.exit_code)


@app.command(epilog="Example: transcribe release ~/study")
def release(
    study: StudyArgument,
    policy: PolicyOption = None,
    pii_model: PiiModelOption = None,
    accept_folder_risk: RiskOption = False,
) -> None:
    """Make coders/ anew from what is done: after a change of roster or settings, without audio work."""
    from transcribe.cli_settings import settings_of
    from transcribe.cli_tables import show_run
    from transcribe.config import open_detector
    from transcribe.pipeline import release_only
    from transcribe.progress import showing_progress
    from transcribe.study.folder_risk import refuse_risky_folder

    with _interruptible():
        target = study_of(study)
        refuse_risky_folder(target.root, accept=accept_folder_risk)
        flags = {"policy": policy and policy.value, "pii_model": pii_model}
        settings = settings_of(target, flags)
        with showing_progress("auto") as observer:
            report = release_only(target, settings, open_detector(settings.pii_model), observer)
    show_run(target, report, None)
    raise typer.Exit(report.exit_code)
