"""`transcribe models`: the only commands that open a connection to another machine, and only when told to."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from transcribe.errors import EXIT_OK, EXIT_VALIDATION
from transcribe.weights import DRAFT_MODELS, entry, is_pulled, pull, read_catalog, verify, weights_folder

models_app = typer.Typer(no_args_is_help=True, help="List, pull and verify the weights. Only `pull` uses the network.")
NamesArgument = Annotated[list[str] | None, typer.Argument(help="Model names as `models list` shows them.")]


@models_app.command("list", epilog="Example: transcribe models list")
def list_models() -> None:
    """Show every model the program knows: quality, size, licence, and whether it is here."""
    from transcribe.cli_tables import print_table

    rows = []
    for model in read_catalog():
        licence = model.licence + (" (gated: needs your token once)" if model.gated else "")
        here = "yes" if is_pulled(model.name) else "no"
        rows.append((model.name, ", ".join(model.quality), model.kind, f"{model.size / 1e6:.0f} MB", licence, here))
    print_table(rows, "model", "quality", "for", "size", "licence", "here")
    typer.echo(f"Folder: {weights_folder()}")


@models_app.command("pull", epilog="Example: transcribe models pull   or: transcribe models pull whisper-turbo")
def pull_models(
    names: NamesArgument = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="A file or folder with the weights, instead of the network.")
    ] = None,
) -> None:
    """Bring weights to this machine, verified by sha256; without names: the embedded default (draft) weights.

    What is here and undamaged is left alone; what is damaged is brought again.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    for model in [entry(name) for name in names or DRAFT_MODELS]:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(model.name, total=None)

            def show(
                step: str, done: int, total: int, *, name: str = model.name, bars: Progress = bars, task: TaskID = task
            ) -> None:
                bars.update(task, description=f"{name}: {step}", completed=done, total=total or None)

            pull(model, show, source)
        typer.echo(f"{model.name}: here and verified")


@models_app.command("verify", epilog="Example: transcribe models verify")
def verify_models(names: NamesArgument = None) -> None:
    """Hash the weights on this machine again; exit 6 if one is damaged."""
    problems: list[str] = []
    for name in names or [model.name for model in read_catalog() if (weights_folder() / model.name).exists()]:
        found = verify(name)
        problems += found
        typer.echo(f"{name}: {'; '.join(found) if found else 'as pulled'}")
    raise typer.Exit(EXIT_VALIDATION if problems else EXIT_OK)
