"""The key: who is behind which mark, as `private/key.age`, age-encrypted to two or more recipients.

The lab's identity lies outside the study, in `$TRANSCRIBE_CONFIG`, else `$XDG_CONFIG_HOME/transcribe`, else
`~/.config/transcribe`. The recovery identity is shown once and kept by people. The registry is never written to disk
unencrypted. Format: https://age-encryption.org/v1 with X25519 recipients; the payload is `KeyPayload` as JSON.
"""

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pyrage

from transcribe.errors import UsageError, WithheldError
from transcribe.records import from_json, to_json
from transcribe.redaction.registry import Registry, check_extends, registry_from_json, registry_to_json
from transcribe.store import StudyFolder, make_private_folder, write_atomic

IDENTITY_FILE = "identity.txt"
_RECOVER = "restore the identity file from a backup, or put the recovery key that `transcribe init` showed in its place"


@dataclass(frozen=True, slots=True)
class KeyPayload:
    """What `key.age` holds: for whom it is encrypted, and the registry."""

    recipients: tuple[str, ...]
    registry: Registry


def config_folder() -> Path:
    """Where the lab's identity lies: `$TRANSCRIBE_CONFIG`, else the user's configuration folder."""
    if chosen := os.environ.get("TRANSCRIBE_CONFIG"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CONFIG_HOME")
    return (Path(base) if base else Path.home() / ".config").expanduser().absolute() / "transcribe"


def create_key(study: StudyFolder) -> str:
    """Makes the key of a new study, empty, for the lab's identity and a fresh recovery identity; returns the latter.

    The recovery identity is a secret of the form `AGE-SECRET-KEY-1…`: to be shown once and never stored. The lab's
    identity is reused when there is one. Raises `UsageError` when the study has a key already, or when the identity
    would lie inside the study or a git work tree; `WithheldError` when redactions exist, for a fresh key would give
    their marks to others.
    """
    if study.key.exists():
        raise UsageError("this study has a key already; it was not changed")
    if _redactions_exist(study):
        raise WithheldError(_key_lost())
    lab = _own_identity(study)
    recovery = pyrage.x25519.Identity.generate()
    recipients = (str(lab.to_public()), str(recovery.to_public()))
    make_private_folder(study.private)
    _write(study, KeyPayload(recipients, Registry()))
    return str(recovery)


def open_key(study: StudyFolder) -> Registry:
    """The registry of the study.

    Raises `WithheldError` when the key or the identity is missing or does not fit: a fresh key is never made instead.
    Raises `UsageError` when the study was never given a key, `CorruptFileError` when it holds no registry.
    """
    return _read(study).registry


def save_key(study: StudyFolder, registry: Registry) -> None:
    """Replaces the registry in the key, atomically and for the same recipients; nothing is written if it is the same.

    Raises `ValidationError` when an entity or mark of the stored registry would be lost, and what `open_key` raises.
    """
    payload = _read(study)
    if payload.registry == registry:
        return
    check_extends(payload.registry, registry)
    _write(study, KeyPayload(payload.recipients, registry))


def recipients_count(study: StudyFolder) -> int:
    """For how many identities the key is encrypted; losing all of them loses the key. Raises what `open_key` does."""
    return len(_read(study).recipients)


def _read(study: StudyFolder) -> KeyPayload:
    if not study.key.is_file():
        if _redactions_exist(study):
            raise WithheldError(_key_lost())
        raise UsageError("this study has no key yet: run `transcribe init` with its audio folder")
    path = config_folder() / IDENTITY_FILE
    _refuse_place(path.parent, study)
    if not path.is_file():
        raise WithheldError(
            f"the identity that opens the study's key is missing ({path}); nothing was done: {_RECOVER}"
        )
    identity = _load_identity(path)
    try:
        data = pyrage.decrypt(study.key.read_bytes(), [identity])
    except pyrage.DecryptError:
        raise WithheldError(
            f"the identity in {path} does not open private/key.age, or the key file is damaged; nothing was done: "
            f"{_RECOVER}, or restore private/key.age"
        ) from None
    payload = from_json(KeyPayload, data, "private/key.age")
    registry_from_json(registry_to_json(payload.registry))
    return payload


def _write(study: StudyFolder, payload: KeyPayload) -> None:
    recipients = [pyrage.x25519.Recipient.from_str(recipient) for recipient in payload.recipients]
    write_atomic(study.key, pyrage.encrypt(to_json(payload), recipients))


def _own_identity(study: StudyFolder) -> pyrage.x25519.Identity:
    """The lab's identity, made when there is none."""
    folder = config_folder()
    _refuse_place(folder, study)
    path = folder / IDENTITY_FILE
    if not path.exists():
        make_private_folder(folder)
        identity = pyrage.x25519.Identity.generate()
        text = f"# transcribe: opens the keys of this lab's studies; keep a copy off this machine\n{identity}\n"
        write_atomic(path, text.encode())
    return _load_identity(path)


def _load_identity(path: Path) -> pyrage.x25519.Identity:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise UsageError(f"others can read the identity: run `chmod 600 {path}`")
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    secrets = [line for line in lines if line and not line.startswith("#")]
    with contextlib.suppress(pyrage.IdentityError):
        if len(secrets) == 1:
            return pyrage.x25519.Identity.from_str(secrets[0])
    raise WithheldError(f"{path} does not hold one age identity (AGE-SECRET-KEY-1…); nothing was done: {_RECOVER}")


def _refuse_place(folder: Path, study: StudyFolder) -> None:
    """Refuses an identity beside what it protects, or where it would be committed."""
    place, root = folder.resolve(), study.root.resolve()
    if place.is_relative_to(root):
        raise UsageError("the identity must not lie inside the study: set TRANSCRIBE_CONFIG to a folder elsewhere")
    if any((parent / ".git").exists() for parent in (place, *place.parents)):
        raise UsageError("the identity must not lie in a git work tree: set TRANSCRIBE_CONFIG to a folder elsewhere")


def _redactions_exist(study: StudyFolder) -> bool:
    marks = any(study.private.glob("*/redaction.json")) if study.private.is_dir() else False
    return marks or study.coders.exists() or study.releases.exists()


def _key_lost() -> str:
    return (
        "private/key.age is missing, but marks were given in this study; a fresh key would give them to other people. "
        "Nothing was done: restore private/key.age from a backup"
    )
