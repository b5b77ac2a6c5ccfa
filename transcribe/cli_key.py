"""`transcribe key`: who holds the key of a study, what is in it, and how its life ends.

`show` and `export` are where names leave the key: on the terminal, or in a file that only this account can read. They
are never logged.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from transcribe.cli_prompt import ask
from transcribe.errors import UsageError
from transcribe.store import StudyFolder

key_app = typer.Typer(
    no_args_is_help=True, help="The key: who is behind which mark. Who may open it, and how it is destroyed."
)
StudyArgument = Annotated[Path, typer.Argument(help="The study folder.", show_default=False)]


class Rotated(StrEnum):
    """Which identities are made anew."""

    both = "both"
    account = "account"
    recovery = "recovery"


def _study(root: Path) -> StudyFolder:
    study = StudyFolder(root.expanduser().absolute())
    if not study.manifest.exists():
        raise UsageError("this is not a study folder: name the folder that `transcribe init` made")
    return study


@key_app.command("show", epilog="Example: transcribe key show ~/study --mark P01-PIR")
def show_key(
    study: StudyArgument,
    mark: Annotated[list[str] | None, typer.Option("--mark", help="This mark only; may be repeated.")] = None,
    recipients: Annotated[bool, typer.Option("--recipients", help="Who can open the key, instead of names.")] = False,
) -> None:
    """Show who is behind which mark. Shows names on the screen: for those who may know them."""
    from transcribe.cli_tables import print_table
    from transcribe.redaction.key import open_key
    from transcribe.redaction.key_recipients import holders
    from transcribe.redaction.key_table import KEY_COLUMNS, cells, key_rows

    target = _study(study)
    if recipients:
        print_table([(str(h.number), h.recipient, h.what) for h in holders(target)], "number", "recipient", "whose")
        return
    rows = key_rows(open_key(target), mark or ())
    print_table([cells(row) for row in rows], *(column.replace("_", " ") for column in KEY_COLUMNS))
    typer.echo(f"{len(rows)} marks. These are names: close the window when you have read them.")


@key_app.command("export", epilog="Example: transcribe key export ~/study --to ~/safe/key.csv")
def export_key(
    study: StudyArgument,
    to: Annotated[Path, typer.Option("--to", help="A new file, .csv, that opens in Excel.", show_default=False)],
    accept_folder_risk: Annotated[
        bool, typer.Option("--accept-folder-risk", help="Write it into a synced folder all the same.")
    ] = False,
) -> None:
    """Write the key to a table, NOT encrypted: whoever gets that file knows everybody in the study."""
    from transcribe.redaction import key_table
    from transcribe.redaction.key import open_key
    from transcribe.study.folder_risk import folder_risks

    target = _study(study)
    registry = open_key(target)
    place = to.expanduser().absolute()
    risks = folder_risks(place.parent) if place.parent.is_dir() and not accept_folder_risk else ()
    if risks:
        raise UsageError(
            f"the folder of --to is not safe: {'; '.join(risks)}. Choose a folder on this computer's own disk; if it "
            "is safe all the same, add --accept-folder-risk"
        )
    count = key_table.export_key(target, registry, place)
    typer.echo(f"{count} marks written to {place}")
    typer.echo("This file is NOT encrypted and names everybody. Delete it when it has served its purpose.")


@key_app.command("own", epilog="Example: transcribe key own")
def show_own_recipient() -> None:
    """Show this account's recipient (age1…): give it to the holder of a study, who adds it. It is no secret."""
    from transcribe.redaction.key_identity import make_own_identity

    typer.echo(str(make_own_identity(None).to_public()))


@key_app.command("add-recipient", epilog="Example: transcribe key add-recipient ~/study age1…")
def add_key_recipient(
    study: StudyArgument,
    recipient: Annotated[str, typer.Argument(help="Theirs: they see it with `transcribe key own`.")],
) -> None:
    """Let one more person open the key."""
    from transcribe.redaction.key_recipients import add_recipient

    typer.echo(f"Added. The key now has {add_recipient(_study(study), recipient)} recipients.")


@key_app.command("remove-recipient", epilog="Example: transcribe key remove-recipient ~/study 3")
def remove_key_recipient(
    study: StudyArgument,
    recipient: Annotated[str, typer.Argument(help="The recipient, or its number in `key show --recipients`.")],
    force_single: Annotated[bool, typer.Option("--force-single", help="Even if one recipient alone is left.")] = False,
) -> None:
    """Shut a holder out of the key. Copies of the key that they have made still open for them."""
    from transcribe.redaction.key_recipients import remove_recipient

    removed = remove_recipient(_study(study), recipient, force_single=force_single)
    typer.echo(f"Removed: {removed}")
    typer.echo("Copies of private/key.age from before, in backups or elsewhere, still open for them.")


@key_app.command("rotate", epilog="Example: transcribe key rotate ~/study")
def rotate_key(
    study: StudyArgument,
    what: Annotated[
        Rotated, typer.Option("--what", help="This account's identity, the recovery key, or both.")
    ] = Rotated.both,
    recovery_kept: Annotated[
        str, typer.Option("--recovery-kept", help="Where the recovery key will be kept; asked for if not given.")
    ] = "",
) -> None:
    """Lock the key anew, when an identity may have fallen into wrong hands or the recovery key is lost."""
    from transcribe.redaction.key import open_key
    from transcribe.redaction.key_recipients import new_recovery_key, rotate

    target = _study(study)
    open_key(target)
    fresh = new_recovery_key() if what is not Rotated.account else None
    if fresh is not None:
        typer.echo(f"The new recovery key, shown only once:\n\n    {fresh.secret}\n")
        if not recovery_kept and sys.stdin.isatty():
            recovery_kept = ask("Write it down outside this machine. Where will it be kept?")
    rotate(target, account=what is not Rotated.recovery, recovery=fresh.recipient if fresh is not None else "")
    typer.echo("Done: the key is locked anew, and what opened it before no longer does.")
    if fresh is not None:
        kept = recovery_kept or "write it down outside this machine, for example in the PI's safe"
        typer.echo(f"Recovery key, in force from now on: {kept}. Destroy the old one.")
    if what is not Rotated.recovery:
        typer.echo("This account's older identity was kept for its other studies; rotate those, too, if it leaked.")
    typer.echo("Copies of private/key.age from before, in backups or elsewhere, still open with what opened them.")


@key_app.command("restore", epilog="Example: transcribe key restore ~/study --recovery")
def restore_key(
    study: StudyArgument,
    recovery: Annotated[
        bool, typer.Option("--recovery", help="Open it with the recovery key, asked for, and let this account in.")
    ] = False,
    earlier: Annotated[
        bool, typer.Option("--earlier", help="Put back the last kept state of a missing or damaged key.")
    ] = False,
) -> None:
    """Open a study on a new account or machine, or mend its key. The recovery key is asked for, or read from stdin."""
    from transcribe.redaction.key_recipients import restore_earlier, restore_with_recovery_key

    target = _study(study)
    if not recovery and not earlier:
        raise UsageError("say how: --recovery (you have the recovery key) or --earlier (the key file is damaged)")
    secret = _read_secret() if recovery else ""
    if earlier:
        version = restore_earlier(target, secret)
        typer.echo(f"Version {version} of the key was put back.")
    if recovery:
        fresh = restore_with_recovery_key(target, secret)
        now = "opens for this account now, and for all that could open it before" if fresh else "opened for it already"
        typer.echo(f"The key {now}.")
        typer.echo(f"If an old account is gone, shut it out: transcribe key show {study} --recipients")
    typer.echo(f"Then run: transcribe doctor {study}")


def _read_secret() -> str:
    """The recovery key, hidden on a terminal, else from stdin; never from the command line, which others can read."""
    if sys.stdin.isatty():
        return ask("Recovery key (AGE-SECRET-KEY-1…)", hidden=True)
    return sys.stdin.read().strip()


@key_app.command("destroy", epilog="Example: transcribe key destroy ~/study --who AB --why 'end of retention'")
def destroy_key(
    study: StudyArgument,
    who: Annotated[str, typer.Option("--who", help="Your initials, for the certificate.")],
    why: Annotated[str, typer.Option("--why", help="The reason, for the certificate; no names.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy the key for ever, at the end of a study, and write a certificate of it."""
    from transcribe.redaction import key_destruction
    from transcribe.redaction.deciding import check_initials

    target = _study(study)
    initials = check_initials(who)
    if not yes:
        _confirm(target)
    certificate = key_destruction.destroy_key(target, initials, why)
    typer.echo(f"Destroyed. The certificate, with what you must still destroy by hand: {certificate}")


def _confirm(study: StudyFolder) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nothing was destroyed: on a script's side, add --yes")
    name = study.root.name
    typer.echo("Nobody will ever again learn from this program who is behind a mark, and no recording can be added.")
    if ask(f"This cannot be undone. Type {name} to go on") != name:
        raise UsageError("nothing was destroyed")
