"""Questions on a terminal."""

import typer

from transcribe.errors import EXIT_INTERRUPTED


def ask(question: str, *, hidden: bool = False) -> str:
    """The answer without spaces around it; `hidden` for a secret, which is not shown while it is typed.

    Ctrl-C and the end of the input end the program with 130, before anything was done with an answer.
    """
    try:
        return str(typer.prompt(question, hide_input=hidden)).strip()
    except typer.Abort:
        typer.echo("\ninterrupted", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
