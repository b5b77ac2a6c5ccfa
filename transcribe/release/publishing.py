"""The one verb that changes `coders/`: a checked release, swapped in whole.

1. Whatever a killed run left behind is finished or thrown away.
2. The new release is written to `<study>/.coders.new` (0700), read back and checked. A file that is the same as in the
   present release is not written again: it is that file, linked, with its date.
3. The coders' own files are linked into it, a journal of the swap is written, and the two folders are exchanged by
   one system call (`swap.py`; file by file where the file system cannot exchange).
4. The old release goes to `private/releases/<n>/`, `private/releases/current.json` remembers what is published.

`current.json` and not `coders/manifest.json` is the truth about the present release, because coders may write in
their folder. A release number rises only when content does; the same content rewrites nothing.

Coders' files: what is not in the manifest is theirs and stays under its name. A file of ours that they changed is
kept beside the new one as `<name>.edited-<release><suffix>`, from then on theirs. Where a new file of ours needs the
name of one of theirs, theirs is kept as `<name>.own-<release><suffix>`.
"""

import contextlib
import errno
import hashlib
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from transcribe.errors import UsageError, ValidationError
from transcribe.exports import manifest, self_checks
from transcribe.exports.manifest import MANIFEST, BundleManifest
from transcribe.release.coders_files import FILE_MODE, clear_way, hash_file, is_published, link, make_folders
from transcribe.release.swap import (
    CURRENT,
    finish_or_undo,
    prepare,
    present_hashes,
    present_manifest,
    staging,
    swap_in,
    sync_tree,
    undo,
)
from transcribe.store import StudyFolder, make_private_folder


@dataclass(frozen=True, slots=True)
class Release:
    """What `publish` did.

    `restored` are files of ours that were missing and were written again; `edited` those that a coder has changed
    (still in place if `changed` is False, else kept as the second path). Both may hold text of an earlier release.
    `replace_first` are transcripts in which something is replaced for the first time that could be read before.
    """

    number: int
    changed: bool
    path: Path
    restored: tuple[str, ...] = ()
    edited: tuple[tuple[str, str], ...] = ()
    replace_first: tuple[str, ...] = ()


def read_previous(study: StudyFolder) -> BundleManifest | None:
    """The manifest of the present release, None before the first. Finishes a swap that was killed.

    Raises `CorruptFileError` if it cannot be read, `UsageError` if the study cannot be written to.
    """
    with _disk_errors("the release was not touched"):
        finish_or_undo(study)
    for path in (study.releases / CURRENT, study.coders / MANIFEST):
        if path.exists():
            return manifest.parse(path.read_bytes())
    return None


def publish(
    study: StudyFolder,
    files: Mapping[str, bytes],
    check: Callable[[Path], None] | None = None,
) -> Release:
    """Makes `files` (from `bundle.build`, with `read_previous`'s manifest) the present release, or changes nothing.

    `check` is called with the staged folder, in which only `files` lie, and raises to stop the release (leak check).
    The caller holds the study's lock. Raises `ValidationError` if the bundle fails its own checks or the disk is full,
    `UsageError` if the study cannot be written to, and what `check` raises; coders then keep what they had.
    """
    previous = read_previous(study)
    new = manifest.parse(files[MANIFEST])
    unchanged = previous is not None and previous.content == new.content
    if previous is not None and not unchanged and new.release <= previous.release:
        raise ValidationError("the bundle was built without the present release's manifest; nothing was published")
    if study.coders.is_symlink():
        raise UsageError("coders/ is a link; replace it by a folder and run again")
    with _disk_errors("nothing was published, coders/ is as it was"):
        make_private_folder(study.private)
        make_private_folder(study.releases)
        stage = staging(study)
        try:
            _write_staged(stage, files, study.coders, previous)
            self_checks.check_bundle(_read_staged(stage, files))
            if check is not None:
                check(stage)
            if previous is not None and unchanged:
                return _repair(study, stage, previous)
            pending = prepare(study, new, previous)
        except BaseException:
            with contextlib.suppress(OSError):  # the error that led here is the one to tell; the next run tidies up
                undo(study)
            raise
    with _disk_errors("the release is not complete; the next run completes or undoes it"):
        edited = swap_in(study, pending)
    return Release(new.release, True, study.coders, edited=edited)


def _write_staged(stage: Path, files: Mapping[str, bytes], coders: Path, previous: BundleManifest | None) -> None:
    present = {} if previous is None else previous.sha256
    stage.mkdir(mode=0o700)
    for name, data in sorted(files.items()):
        path = stage / name
        make_folders(stage, str(Path(name).parent))
        is_same = present.get(name) == hashlib.sha256(data).hexdigest() and is_published(coders, name, present)
        if is_same and stat.S_IMODE((coders / name).stat().st_mode) == FILE_MODE and link(coders / name, path):
            continue
        path.write_bytes(data)
        path.chmod(FILE_MODE)


def _read_staged(stage: Path, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: (stage / name).read_bytes() for name in files}


def _repair(study: StudyFolder, stage: Path, present: BundleManifest) -> Release:
    """Puts back files of the present release that are gone; touches no other."""
    (stage / MANIFEST).write_bytes(present_manifest(study))
    restored: list[str] = []
    edited: list[tuple[str, str]] = []
    for name, sha256 in sorted(present_hashes(study, present).items()):
        path = study.coders / name
        if path.is_file():
            if hash_file(path) != sha256:
                edited.append((name, name))
        elif (stage / name).exists() and hash_file(stage / name) == sha256:
            make_folders(study.root, "coders")
            clear_way(study.coders, name, {sha256}, present.release)
            make_folders(study.coders, str(Path(name).parent))
            (stage / name).replace(path)
            restored.append(name)
    if restored:
        sync_tree(study.coders)
    shutil.rmtree(stage)
    return Release(present.release, False, study.coders, tuple(restored), tuple(edited))


_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_NOT_WRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextlib.contextmanager
def _disk_errors(state: str) -> Iterator[None]:
    """Says in the lab's words what the file system refused; `state` is what that leaves behind."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise ValidationError(f"no space left on the study's disk: {state}. Free some and run again") from error
        if error.errno in _NOT_WRITABLE:
            raise UsageError(
                f"the study folder cannot be written to: {state}. Check its permissions and that the disk is not "
                "mounted read-only"
            ) from error
        name = errno.errorcode.get(error.errno or 0, "unknown")
        raise ValidationError(f"the release could not be written ({name}): {state}") from error
