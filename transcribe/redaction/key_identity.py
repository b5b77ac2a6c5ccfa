"""The identity of this account, which opens the keys of its studies: where it lies, and how it is made.

It lies outside every study, in `$TRANSCRIBE_CONFIG`, else `$XDG_CONFIG_HOME/transcribe`, else `~/.config/transcribe`.
`identity.txt` is an age identity file (https://age-encryption.org/v1): one secret a line, `#` for comments. After
`transcribe key rotate` it holds several: the newest first, the older ones for studies that still use them.
"""

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyrage
from filelock import FileLock, Timeout

from transcribe.errors import UsageError, WithheldError
from transcribe.store import PRIVATE_FILE_MODE, StudyFolder, make_private_folder, write_atomic

IDENTITY_FILE = "identity.txt"
RECOVER = (
    "restore the identity file from a backup, or let the recovery key that `transcribe init` showed open the study "
    "for this account: transcribe key restore STUDY --recovery"
)
_HEADER = "# transcribe: opens the keys of this lab's studies; keep a copy off this machine. The newest comes first."
_LOCK_WAIT = 20.0
"""Seconds to wait for another transcribe that is making an identity; it takes milliseconds."""


def config_folder() -> Path:
    """Where the account's identity lies: `$TRANSCRIBE_CONFIG`, else the user's configuration folder."""
    if chosen := os.environ.get("TRANSCRIBE_CONFIG"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config").expanduser().absolute() / "transcribe"


def own_identities(study: StudyFolder | None) -> list[pyrage.x25519.Identity]:
    """The secrets of this account, the newest first; none is made.

    Raises `WithheldError` when there is none or the file is damaged, `UsageError` when others can read it or it lies
    where it must not.
    """
    path = _identity_path(study)
    if not path.is_file():
        raise WithheldError(f"the identity that opens the study's key is missing ({path}); nothing was done: {RECOVER}")
    return _load(path)


def make_own_identity(study: StudyFolder | None) -> pyrage.x25519.Identity:
    """The newest secret of this account, made when it has none; two processes at once end with the same one.

    Raises `UsageError` where it would lie inside the study or in a git work tree.
    """
    path = _identity_path(study)
    with _changing(path):
        if not path.exists():
            _write(path, [pyrage.x25519.Identity.generate()])
        return _load(path)[0]


def add_own_identity(study: StudyFolder) -> pyrage.x25519.Identity:
    """Makes a new secret for this account and keeps the older ones, for other studies may still need them."""
    path = _identity_path(study)
    with _changing(path):
        identity = pyrage.x25519.Identity.generate()
        _write(path, [identity, *_load(path)])
        return identity


def parse_identity(text: str) -> pyrage.x25519.Identity | None:
    """The one secret in the lines of `text`, None when there is none, several, or it is damaged."""
    lines = [line.strip() for line in text.splitlines()]
    secrets = [line for line in lines if line and not line.startswith("#")]
    with contextlib.suppress(pyrage.IdentityError):
        if len(secrets) == 1:
            return pyrage.x25519.Identity.from_str(secrets[0])
    return None


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Holds the identity file, so that two processes at once cannot lose one another's identity."""
    make_private_folder(path.parent)
    lock = FileLock(path.with_name(".identity.lock"), mode=PRIVATE_FILE_MODE)
    try:
        lock.acquire(timeout=_LOCK_WAIT)
    except Timeout:
        raise UsageError("another transcribe is changing this account's identity; try again") from None
    try:
        yield
    finally:
        lock.release()


def _write(path: Path, identities: Sequence[pyrage.x25519.Identity]) -> None:
    write_atomic(path, "\n".join([_HEADER, *map(str, identities), ""]).encode())


def _load(path: Path) -> list[pyrage.x25519.Identity]:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UsageError(f"others can read the identity: run `chmod 600 {path}`")
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    found = [parse_identity(line) for line in lines if line and not line.startswith("#")]
    identities = [identity for identity in found if identity is not None]
    if not found or len(identities) != len(found):
        raise WithheldError(
            f"{path} does not hold one age identity a line (AGE-SECRET-KEY-1…); nothing was done: {RECOVER}"
        )
    return identities


def _identity_path(study: StudyFolder | None) -> Path:
    """Where the identity lies; refused beside what it protects, and where it would be committed."""
    folder = config_folder()
    place = folder.resolve()
    if study is not None and place.is_relative_to(study.root.resolve()):
        raise UsageError("the identity must not lie inside the study: set TRANSCRIBE_CONFIG to a folder elsewhere")
    if in_git_work_tree(place):
        raise UsageError("the identity must not lie in a git work tree: set TRANSCRIBE_CONFIG to a folder elsewhere")
    return folder / IDENTITY_FILE


def in_git_work_tree(place: Path) -> bool:
    """Whether a folder would be committed with a git repository around it."""
    return any((parent / ".git").exists() for parent in (place, *place.parents))
