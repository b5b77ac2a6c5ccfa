"""Where an export is put: a folder of its own or one archive, whole or not at all, and noted in `handovers.csv`."""

import csv
import glob
import hashlib
import io
import os
import re
import secrets
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import pyrage

from transcribe.csv_cells import csv_table, restore_formula
from transcribe.errors import CorruptFileError, TranscribeError, UsageError
from transcribe.exports.manifest import MANIFEST, parse
from transcribe.fixed_zip import fixed_member
from transcribe.release.coders_files import hash_file, walk
from transcribe.release.swap import exchange, sync_tree
from transcribe.store import PRIVATE_FILE_MODE, PRIVATE_FOLDER_MODE, StudyFolder, sync_folder, write_atomic

HANDOVERS = "handovers.csv"
_STAGE = ".export-"
_LEFTOVER = re.compile(r"\.[0-9a-f]{8}\.tmp$")
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
"""The earliest that a zip can hold: the same files give the same archive."""


@dataclass(frozen=True, slots=True)
class HandoverLine:
    """One row of `private/handovers.csv`: who got what, when.

    `when` is ISO 8601 in UTC; `form` is `folder`, `zip` or `age`; `sha256` is that of the archive, or of the folder's
    `manifest.json`; `files` is their number; `recordings` and `audio` are ids of the study, separated by spaces.
    """

    when: str
    level: str
    release: int
    to_whom: str
    form: str
    sha256: str
    files: int
    recordings: str
    audio: str


def read_handovers(study: StudyFolder) -> tuple[HandoverLine, ...]:
    """All that was handed over, in order. Raises `CorruptFileError` for a file that is no such table."""
    path = study.private / HANDOVERS
    if not path.exists():
        return ()
    try:
        table = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), strict=True)
        head, *rows = [[restore_formula(cell) for cell in row] for row in table]
        if head != [field.name for field in fields(HandoverLine)]:
            raise ValueError("columns")
        return tuple(HandoverLine(a, b, int(c), d, e, f, int(g), h, i) for a, b, c, d, e, f, g, h, i in rows)
    except (ValueError, csv.Error) as error:
        raise CorruptFileError(
            f"private/{HANDOVERS} cannot be read; put back its first line and its columns, or a copy of it"
        ) from error


def append_handover(study: StudyFolder, line: HandoverLine) -> None:
    """Adds one row, atomically; the caller holds the study's lock. Raises `CorruptFileError`, `OSError`."""
    _write_handovers(study, (*read_handovers(study), line))


def take_back_handover(study: StudyFolder, line: HandoverLine) -> None:
    """Takes out the last row, which `append_handover` added for a hand-over that then failed."""
    lines = read_handovers(study)
    if lines and lines[-1] == line:
        _write_handovers(study, lines[:-1])


def _write_handovers(study: StudyFolder, lines: Sequence[HandoverLine]) -> None:
    rows = [[str(cell) for cell in astuple(line)] for line in lines]
    write_atomic(study.private / HANDOVERS, csv_table([[field.name for field in fields(HandoverLine)], *rows]))


def check_target(study: StudyFolder, target: Path, *, archive: bool) -> None:
    """Raises `UsageError` unless an export may be written to the folder `target`.

    It must lie outside the study, be no link, and be new, empty, or hold nothing but an earlier export as it was
    written. For an archive it may hold anything (`check_archive`).
    """
    root = study.root.resolve()
    resolved = target.resolve()
    if resolved == root or root in resolved.parents:
        raise UsageError("--to: choose a folder outside the study: what is handed over must not lie beside private/")
    if target.is_symlink():
        raise UsageError("--to: this is a link; name the folder itself")
    if target.exists() and not target.is_dir():
        raise UsageError("--to: this is a file; name a folder")
    if not archive and target.is_dir() and any(target.iterdir()) and not _is_earlier_export(target):
        raise UsageError(
            "--to: the folder holds other files, or an export that was changed; name a new or an empty folder"
        )


def check_archive(path: Path) -> None:
    """Raises `UsageError` when there is something of the archive's name already: it may be somebody's only copy."""
    if path.exists() or path.is_symlink():
        raise UsageError(f"--to: {path.name} is there already; move it away, or name another folder")


def _is_earlier_export(target: Path) -> bool:
    try:
        found = parse((target / MANIFEST).read_bytes())
    except (OSError, TranscribeError):
        return False
    names = {name for name, is_folder in walk(target) if not is_folder}
    unchanged = all(not (target / n).is_symlink() and hash_file(target / n) == found.sha256[n] for n in found.sha256)
    return names == {*found.sha256, MANIFEST} and unchanged


@contextmanager
def staging_folder(study: StudyFolder) -> Iterator[Path]:
    """An empty folder in `private/` in which an export is made; it is gone afterwards, also one of a killed run."""
    for leftover in study.private.glob(f"{_STAGE}*"):
        shutil.rmtree(leftover)
    stage = study.private / f"{_STAGE}{secrets.token_hex(4)}"
    stage.mkdir(mode=PRIVATE_FOLDER_MODE)
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def copy_beside(source: Path, target: Path) -> Path:
    """A copy of the folder or file `source` beside where it is to go, closed to others from its first byte on.

    What a killed export left there is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for leftover in target.parent.glob(f".{glob.escape(target.name)}.*.tmp"):
        if _LEFTOVER.search(leftover.name):
            remove_temporary(leftover)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    if source.is_file():
        with source.open("rb") as whole, os.fdopen(os.open(temporary, _NEW, PRIVATE_FILE_MODE), "wb") as file:
            shutil.copyfileobj(whole, file)
            file.flush()
            os.fsync(file.fileno())
        return temporary
    temporary.mkdir(mode=PRIVATE_FOLDER_MODE)
    shutil.copytree(source, temporary, dirs_exist_ok=True)
    temporary.chmod(PRIVATE_FOLDER_MODE)
    for name, is_folder in walk(temporary):
        (temporary / name).chmod(PRIVATE_FOLDER_MODE if is_folder else PRIVATE_FILE_MODE)
    sync_tree(temporary)
    return temporary


def put_in_place(temporary: Path, target: Path) -> None:
    """Makes what `copy_beside` made the file or folder `target`; an earlier export there goes, whole."""
    if temporary.is_file() or not target.exists():
        temporary.rename(target)
    elif exchange(temporary, target):
        shutil.rmtree(temporary)
    else:
        old = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
        target.rename(old)
        temporary.rename(target)
        shutil.rmtree(old)
    sync_folder(target.parent)


def remove_temporary(temporary: Path) -> None:
    """Takes away what `copy_beside` made and nobody wants any more."""
    if temporary.is_file():
        temporary.unlink()
    else:
        shutil.rmtree(temporary, ignore_errors=True)


def write_zip(folder: Path, path: Path) -> None:
    """All files below `folder` as a zip: in the order of their names, with fixed dates and modes; the same bytes."""
    names = sorted(name for name, is_folder in walk(folder) if not is_folder)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            compression = zipfile.ZIP_STORED if name.startswith("audio/") else zipfile.ZIP_DEFLATED
            member = fixed_member(name, 0o600, compression)
            with archive.open(member, "w") as target, (folder / name).open("rb") as source:
                shutil.copyfileobj(source, target)


def encrypt(path: Path, target: Path, recipients: Sequence[str]) -> None:
    """`path` as `target`, age-encrypted (age-encryption.org/v1) to all recipients; nothing is in it unencrypted."""
    pyrage.encrypt_file(str(path), str(target), read_recipients(recipients))


def read_recipients(recipients: Sequence[str]) -> list[pyrage.x25519.Recipient]:
    """age recipients, `age1…`. Raises `UsageError` for anything else: a secret key is never repeated in a message."""
    found = []
    for recipient in recipients:
        try:
            found.append(pyrage.x25519.Recipient.from_str(recipient.strip()))
        except pyrage.RecipientError:
            raise UsageError(
                "--encrypt-to takes the public key of who is to open it: it begins with age1 "
                "(never AGE-SECRET-KEY-…, which stays with its owner)"
            ) from None
    return found


def sha256_of(path: Path) -> str:
    """The sha256 of an archive, or of a folder's manifest."""
    if path.is_file():
        return hash_file(path)
    return hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest()
