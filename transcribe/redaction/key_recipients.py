"""For whom the key is encrypted: adding and removing holders, new identities, and opening it on a fresh account.

Whoever kept a copy of an earlier `key.age` and an identity that opened it can open that copy for ever: a change here
closes the present file only. The states kept in `private/key-history/` are deleted wherever somebody is shut out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyrage

from transcribe.errors import UsageError, WithheldError
from transcribe.redaction.key import (
    KeyPayload,
    forget_generations,
    generations,
    opened_payload,
    read_payload,
    refuse_destroyed,
    write_payload,
)
from transcribe.redaction.key_identity import add_own_identity, make_own_identity, own_identities, parse_identity
from transcribe.store import StudyFolder, holding, write_atomic

LEAST_RECIPIENTS = 2
"""With one recipient alone, losing one identity loses the key."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One recipient of the key, as `key show --recipients` numbers it (from 1)."""

    number: int
    recipient: str
    what: str


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """A fresh recovery identity: `secret` is to be shown once and never stored."""

    secret: str
    recipient: str


def new_recovery_key() -> RecoveryKey:
    """A recovery identity that opens nothing yet: `rotate` puts it in force."""
    identity = pyrage.x25519.Identity.generate()
    return RecoveryKey(str(identity), str(identity.to_public()))


def holders(study: StudyFolder) -> tuple[Holder, ...]:
    """The recipients of the key, numbered. Raises what `open_key` does."""
    payload = read_payload(study)
    own, recovery = _own_recipients(study), recovery_recipient(payload)
    words = {recovery: "the recovery key"} | dict.fromkeys(own, "this account")
    return tuple(Holder(n, r, words.get(r, "another holder")) for n, r in enumerate(payload.recipients, 1))


def recovery_recipient(payload: KeyPayload) -> str:
    """The recipient whose identity was shown as the recovery key, empty for none; version 0.1 put it second."""
    if not payload.version and not payload.recovery and len(payload.recipients) == LEAST_RECIPIENTS:
        return payload.recipients[1]
    return payload.recovery if payload.recovery in payload.recipients else ""


def add_recipient(study: StudyFolder, recipient: str) -> int:
    """Encrypts the key for one more holder, `age1…`; returns how many there are now.

    Raises `UsageError` for what is no age recipient, one that is there already, and a secret; what `open_key` raises.
    """
    recipient = recipient.strip()
    if recipient.upper().startswith("AGE-SECRET-KEY-"):
        raise UsageError(
            "that is a secret key, and it now stands in the history of this terminal: never use it again. Give the "
            "public recipient of the other person, which begins with age1"
        )
    try:
        pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError:
        raise UsageError(
            "that is no age recipient: it begins with age1 and has 62 characters. The other person sees theirs with: "
            "transcribe key own"
        ) from None
    with holding(study):
        payload = read_payload(study)
        if recipient in payload.recipients:
            raise UsageError("the key is encrypted for this recipient already; nothing was changed")
        payload = replace(payload, recipients=(*payload.recipients, recipient), recovery=recovery_recipient(payload))
        write_payload(study, payload)
    return len(payload.recipients)


def remove_recipient(study: StudyFolder, which: str, *, force_single: bool = False) -> str:
    """Shuts a holder out of the key from now on; `which` is the recipient or its number; returns the recipient.

    Raises `UsageError` for one that is not there, for this account's own, and where one recipient alone would be left,
    unless `force_single`; what `open_key` raises.
    """
    with holding(study):
        payload = read_payload(study)
        numbered = {str(n): recipient for n, recipient in enumerate(payload.recipients, 1)}
        recipient = numbered.get(which.strip(), which.strip())
        if recipient not in payload.recipients:
            raise UsageError("the key has no such recipient; see them with: transcribe key show STUDY --recipients")
        if recipient in _own_recipients(study):
            raise UsageError("that is this account's own recipient: another holder of the key can remove it")
        left = tuple(r for r in payload.recipients if r != recipient)
        if len(left) < LEAST_RECIPIENTS and not force_single:
            raise UsageError(
                "only one recipient would be left, and losing that identity would lose the key. Add another one first "
                "(transcribe key rotate STUDY makes a new recovery key), or add --force-single"
            )
        kept = recovery_recipient(payload)
        forget_generations(study)
        write_payload(study, replace(payload, recipients=left, recovery="" if kept == recipient else kept))
    return recipient


def rotate(study: StudyFolder, *, account: bool, recovery: str) -> None:
    """Encrypts the key for a new identity of this account (`account`), a new recovery recipient (if given), or both.

    The ones that they replace no longer open it. Other studies still need the account's older identity, so it stays in
    the identity file; where that holds a newer one than the key uses, that one is taken. Raises what `open_key` does.
    """
    with holding(study):
        payload = read_payload(study)
        recipients = list(payload.recipients)
        kept = recovery_recipient(payload)
        if account:
            own = [recipient for recipient in _own_recipients(study) if recipient != kept]
            fresh = bool(own) and own[0] not in recipients
            newest = own[0] if fresh else str(add_own_identity(study).to_public())
            recipients = [newest, *(r for r in recipients if r not in own)]
        if recovery:
            recipients = [*(r for r in recipients if r != kept), recovery]
        forget_generations(study)
        write_payload(study, replace(payload, recipients=tuple(recipients), recovery=recovery or kept))


def restore_with_recovery_key(study: StudyFolder, secret: str) -> bool:
    """Opens the key with the recovery identity and encrypts it for this account too; the other holders stay.

    An identity is made for the account when it has none. Returns whether that was needed: False when the account opens
    the key already. Raises `UsageError` when `secret` is none, `WithheldError` when it does not open the key; nothing
    is changed then.
    """
    identity = _parsed(secret)
    with holding(study):
        payload = read_payload(study, [identity])
        own = str(make_own_identity(study).to_public())
        if own in payload.recipients:
            return False
        public = str(identity.to_public())
        kept = recovery_recipient(payload) or (public if public in payload.recipients else "")
        write_payload(study, replace(payload, recipients=(own, *payload.recipients), recovery=kept))
        return True


def restore_earlier(study: StudyFolder, secret: str = "") -> int:
    """Puts the newest kept state that opens in the place of a key that is missing or damaged; returns its version.

    It is opened with this account's identity, or with the recovery identity `secret`. Raises `UsageError` when the key
    opens, `WithheldError` when no kept state does.
    """
    with holding(study):
        refuse_destroyed(study)
        identities = [_parsed(secret)] if secret else own_identities(study)
        if study.key.is_file() and opened_payload(study.key, identities) is not None:
            raise UsageError("private/key.age is whole and opens; nothing was changed")
        for path in generations(study):
            payload = opened_payload(path, identities)
            if payload is not None:
                write_atomic(study.key, path.read_bytes())
                _forget_newer(study, payload.version)
                return payload.version
    raise WithheldError("no kept state of the key opens with this identity; restore private/key.age from a backup")


def _parsed(secret: str) -> pyrage.x25519.Identity:
    identity = parse_identity(secret)
    if identity is None:
        raise UsageError("that is no recovery key: it is one line that begins with AGE-SECRET-KEY-1")
    return identity


def _forget_newer(study: StudyFolder, version: int) -> None:
    """Deletes damaged states that are newer than the one that was put back: the next one gets their number."""
    for path in generations(study):
        if int(path.name.split(".")[1]) > version:
            path.unlink()


def _own_recipients(study: StudyFolder) -> Sequence[str]:
    return [str(identity.to_public()) for identity in own_identities(study)]
