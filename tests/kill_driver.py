"""Runs one operation on a key again and again, killed (SIGKILL) before its 1st, 2nd, 3rd … change of the disk.

After each kill the study is looked at as the next command would: the key must open, as it was before or as it is
after; a destruction may also have been begun. Prints the number of kills, then `old` or `new` for each.
Usage: kill_driver.py OPERATION FOLDER
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from transcribe.errors import UsageError, WithheldError
from transcribe.redaction.key import create_key, is_destroyed, open_key, read_payload, save_key
from transcribe.redaction.key_destruction import destroy_key
from transcribe.redaction.key_identity import own_identities, parse_identity
from transcribe.redaction.key_recipients import new_recovery_key, restore_earlier, rotate
from transcribe.redaction.registry import Registry, RegistryEntity
from transcribe.store import StudyFolder, locked

CHANGES = ("open", "fsync", "replace", "unlink", "rmdir", "mkdir", "chmod", "fchmod")
BEFORE = Registry((RegistryEntity("e00001", "PERSON", "PERSON", "[PERSON_1]", "Name", ("Name",)),))
AFTER = Registry((*BEFORE.entities, RegistryEntity("e00002", "PLACE", "PLACE", "[PLACE_1]", "Place", ("Place",))))
HELD = new_recovery_key()


def no_sync(_descriptor: int) -> None:
    """A kill leaves the kernel's cache as it is, so waiting for the disk would only cost time."""


def prepare(operation: str, study: StudyFolder) -> None:
    study.private.mkdir(parents=True)
    if operation == "create":
        return
    create_key(study)
    save_key(study, BEFORE)
    if operation == "restore":
        study.key.write_bytes(b"damaged")


def perform(operation: str, study: StudyFolder) -> None:
    open_it = {"create": create_key, "restore": restore_earlier}
    if operation in open_it:
        open_it[operation](study)
    elif operation == "save":
        open_key(study)
        save_key(study, AFTER)
    elif operation == "rotate":
        rotate(study, account=True, recovery=HELD.recipient)
    else:
        destroy_key(study, "AB", "end of retention")


def look(operation: str, study: StudyFolder) -> str:
    """What the next command finds: `old` or `new`; anything else is a failure and raises."""
    with locked(study):
        pass  # clears the half-written files away, as every command does
    assert not list(study.private.rglob("*.tmp"))
    if operation == "create":
        if not study.key.exists():
            create_key(study)
            assert open_key(study) == Registry()
            return "old"
        assert open_key(study) == Registry()
        return "new"
    if operation == "destroy":
        return look_at_destruction(study)
    if operation == "restore":
        try:
            registry = open_key(study)
        except WithheldError:
            restore_earlier(study)
            assert open_key(study) == BEFORE
            return "old"
        assert registry == BEFORE
        return "new"
    registry, payload = open_key(study), read_payload(study)
    own_identities(study)
    if operation == "save":
        assert registry in (BEFORE, AFTER)
        new = registry == AFTER
    else:
        assert registry == BEFORE
        new = HELD.recipient in payload.recipients
        held = parse_identity(HELD.secret)
        assert not new or read_payload(study, [held]).registry == BEFORE
    open_key(study)
    save_key(study, AFTER)  # and it can be worked with
    assert open_key(study) == AFTER
    return "new" if new else "old"


def look_at_destruction(study: StudyFolder) -> str:
    if not is_destroyed(study):
        assert open_key(study) == BEFORE
        return "old"
    for use in (open_key, create_key):
        try:
            use(study)
        except (WithheldError, UsageError):
            continue
        raise AssertionError("a destroyed key is used")
    try:
        destroy_key(study, "AB", "end of retention")
    except UsageError as error:
        assert "destroyed before" in error.message  # noqa: PT017 - a script, not a test
    assert not list(study.private.rglob("*.age"))
    assert (study.report / "key-destruction.md").exists()
    return "new"


def killed_before(step: int, act: Callable[[], None]) -> bool:
    """Whether a forked child was killed before its `step`-th change (False: it needed fewer, and ended well)."""
    child = os.fork()
    if child == 0:
        left = step

        def counted(real: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **named: object) -> object:
                nonlocal left
                left -= 1
                if not left:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **named)

            return call

        for name in CHANGES:
            setattr(os, name, counted(getattr(os, name)))
        try:
            act()
        except BaseException:  # noqa: BLE001 - a forked child must not return into its parent's work
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the operation failed without a kill"
    return os.WIFSIGNALED(status)


def main() -> None:
    operation, folder = sys.argv[1], Path(sys.argv[2])
    outcomes = []
    step = 0
    os.fsync = no_sync
    while True:
        step += 1
        root = folder / str(step)
        os.environ["TRANSCRIBE_CONFIG"] = str(root / "config")
        study = StudyFolder(root / "study")
        prepare(operation, study)
        if not killed_before(step, lambda: perform(operation, study)):  # noqa: B023 - called at once
            break
        outcomes.append(look(operation, study))
        shutil.rmtree(root)
    outcomes.append(look(operation, study))
    print(step - 1, *outcomes)


if __name__ == "__main__":
    main()
