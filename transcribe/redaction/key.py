"""The key: who is behind which mark, as `private/key.age`, age-encrypted to two or more recipients.

The registry is never written to disk unencrypted. Format: https://age-encryption.org/v1 with X25519 recipients; the
payload is `KeyPayload` as JSON. It is written whole or not at all, under the study's lock, and each time gets the next
version; the last `GENERATIONS` are kept, encrypted as they were, in `private/key-history/`. Who opens it:
`key_identity` and `key_recipients`; how it ends: `key_destruction`.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyrage

from transcribe.errors import UsageError, WithheldError
from transcribe.record_json import from_json, to_json
from transcribe.redaction.key_identity import (
    IDENTITY_FILE,
    RECOVER,
    config_folder,
    make_own_identity,
    own_identities,
)
from transcribe.redaction.registry import Registry, check_extends, registry_from_json, registry_to_json
from transcribe.store import StudyFolder, holding, make_private_folder, sync_folder, write_atomic

__all__ = ["config_folder", "create_key", "open_key", "recipients_count", "save_key"]

GENERATIONS = 5
"""How many of the last states of the key are kept beside it, the present one included."""
HISTORY = "key-history"
DESTROYED = "key-destroyed.json"
CERTIFICATE = "key-destruction.md"


@dataclass(frozen=True, slots=True)
class KeyPayload:
    """What `key.age` holds: for whom it is encrypted, the registry, and how often it was written.

    `recovery` is the one of `recipients` whose identity people keep; `version` is 0 in keys of version 0.1.
    """

    recipients: tuple[str, ...]
    registry: Registry
    version: int = 0
    recovery: str = ""


def create_key(study: StudyFolder) -> str:
    """Makes the empty key of a new study for the account's identity and a fresh recovery identity; returns the latter.

    The recovery identity is a secret of the form `AGE-SECRET-KEY-1…`: to be shown once and never stored. The account's
    identity is reused when there is one. Raises `UsageError` when the study has a key already or is in use, or when the
    identity would lie inside the study or a git work tree; `WithheldError` when the study had a key before: a fresh one
    would give its marks to others.
    """
    make_private_folder(study.private)
    with holding(study):
        if study.key.exists():
            raise UsageError("this study has a key already; it was not changed")
        refuse_destroyed(study)
        if _had_a_key(study):
            raise WithheldError(_key_lost(study))
        own = make_own_identity(study)
        recovery = pyrage.x25519.Identity.generate()
        public = str(recovery.to_public())
        write_payload(study, KeyPayload((str(own.to_public()), public), Registry(), recovery=public))
    return str(recovery)


def open_key(study: StudyFolder) -> Registry:
    """The registry of the study.

    Raises `WithheldError` when the key or the identity is missing, does not fit or was destroyed: a fresh key is never
    made instead. Raises `UsageError` when the study never had a key, `CorruptFileError` when it holds no registry.
    """
    payload = read_payload(study)
    _opened[study.key] = payload.version
    return payload.registry


_opened: dict[Path, int] = {}
"""The version of each key that this process last opened or wrote: what `save_key` builds on."""


def save_key(study: StudyFolder, registry: Registry) -> None:
    """Replaces the registry in the key, atomically and for the same recipients; nothing is written if it is the same.

    Takes the study's lock unless this process holds it. Raises `UsageError` when the study is in use, or when another
    process has changed the key since this one opened it; `ValidationError` when an entity or mark of the stored
    registry would be lost; and what `open_key` raises.
    """
    with holding(study):
        payload = read_payload(study)
        if _opened.get(study.key, payload.version) != payload.version:
            raise UsageError("the key was changed by another program since it was opened; nothing was saved: try again")
        if payload.registry == registry:
            return
        check_extends(payload.registry, registry)
        write_payload(study, replace(payload, registry=registry))


def recipients_count(study: StudyFolder) -> int:
    """For how many identities the key is encrypted; losing all of them loses the key. Raises what `open_key` does."""
    return len(read_payload(study).recipients)


def read_payload(study: StudyFolder, identities: Sequence[pyrage.x25519.Identity] | None = None) -> KeyPayload:
    """All that the key holds, opened with the account's identities, or with those that are given instead."""
    refuse_destroyed(study)
    if not study.key.is_file():
        if _had_a_key(study):
            raise WithheldError(_key_lost(study))
        raise UsageError("this study has no key yet: run `transcribe init` with its audio folder")
    chosen = own_identities(study) if identities is None else list(identities)
    payload = opened_payload(study.key, chosen)
    if payload is None:
        what = "the recovery key" if identities is not None else f"the identity in {config_folder() / IDENTITY_FILE}"
        earlier = " If the file is damaged: transcribe key restore STUDY --earlier" if generations(study) else ""
        raise WithheldError(
            f"{what} does not open private/key.age, or the key file is damaged; nothing was done: {RECOVER}, "
            f"or restore private/key.age from a backup.{earlier}"
        )
    return payload


def opened_payload(path: Path, identities: Sequence[pyrage.x25519.Identity]) -> KeyPayload | None:
    """What an encrypted key file holds, None when no identity opens it. Raises `CorruptFileError`."""
    with contextlib.suppress(pyrage.DecryptError):
        payload = from_json(KeyPayload, pyrage.decrypt(path.read_bytes(), list(identities)), f"private/{path.name}")
        registry_from_json(registry_to_json(payload.registry))
        return payload
    return None


def write_payload(study: StudyFolder, payload: KeyPayload) -> None:
    """Writes the key as the next version, then its copy among the kept generations. The lock must be held."""
    payload = replace(payload, version=payload.version + 1)
    recipients = [pyrage.x25519.Recipient.from_str(recipient) for recipient in payload.recipients]
    data = pyrage.encrypt(to_json(payload), recipients)
    write_atomic(study.key, data)
    _opened[study.key] = payload.version
    folder = study.private / HISTORY
    make_private_folder(folder)
    write_atomic(folder / f"key.{payload.version:08d}.age", data)
    for old in generations(study)[GENERATIONS:]:
        old.unlink()


def generations(study: StudyFolder) -> list[Path]:
    """The kept states of the key, the newest first."""
    return sorted((study.private / HISTORY).glob("key.*.age"), reverse=True)


def forget_generations(study: StudyFolder) -> None:
    """Deletes the kept states: they open for those that the key is no longer meant for. The lock must be held."""
    found = generations(study)
    for path in found:
        path.unlink()
    if found:
        sync_folder(study.private / HISTORY)


def is_destroyed(study: StudyFolder) -> bool:
    """Whether the key was destroyed on purpose, or that was begun."""
    return (study.private / DESTROYED).exists() or (study.report / CERTIFICATE).exists()


def refuse_destroyed(study: StudyFolder) -> None:
    """Raises `WithheldError` when the key was destroyed on purpose; one that was copied back stays closed, too."""
    if is_destroyed(study):
        raise WithheldError(
            f"the key of this study was destroyed on purpose: see report/{CERTIFICATE}. What needs the key can no "
            "longer be done, and no other key is made; the transcripts in coders/ stay as they are"
            + (". That was interrupted: run transcribe key destroy STUDY again" if _half_destroyed(study) else "")
        )


def _half_destroyed(study: StudyFolder) -> bool:
    return study.key.exists() or bool(generations(study)) or not (study.report / CERTIFICATE).exists()


def _had_a_key(study: StudyFolder) -> bool:
    marks = any(study.private.glob("*/redaction.json")) if study.private.is_dir() else False
    return marks or bool(generations(study)) or study.coders.exists() or study.releases.exists()


def _key_lost(study: StudyFolder) -> str:
    mend = "transcribe key restore STUDY --earlier" if generations(study) else "restore private/key.age from a backup"
    return (
        "private/key.age is missing, but marks were given in this study; a fresh key would give them to other people. "
        f"Nothing was done: {mend}"
    )
