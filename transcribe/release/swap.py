"""Swaps a staged release with `coders/` so that a kill leaves the old one or the new one, and nothing of a coder's.

`private/releases/pending.json` is the journal: it is written when the staged folder is complete and removed when all
is done. Found at the start of a run, it tells whether to finish or to undo.
"""

import ctypes
import errno
import functools
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

from transcribe.errors import CorruptFileError
from transcribe.exports import manifest
from transcribe.exports.manifest import MANIFEST, BundleManifest
from transcribe.record_json import from_json, to_json
from transcribe.release.coders_files import FOLDER_MODE, carry, clear_way, is_published, make_folders, take_over_late
from transcribe.store import PRIVATE_FILE_MODE, StudyFolder, make_private_folder, sync_folder, write_atomic

PENDING = "pending.json"
CURRENT = "current.json"
"""In `private/releases/`: the manifest of what is published."""

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
"""renameat2(2), Linux 3.15."""
_UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file of the old release as it was published."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file in the old `coders/` that is a coder's, and its path in the new one."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Pending:
    """The journal of a swap. `old_release` 0: there was none."""

    mode: Literal["exchange", "files"]
    manifest: BundleManifest
    old_release: int
    old_files: tuple[PublishedFile, ...]
    carried: tuple[CarriedFile, ...]

    @property
    def published(self) -> dict[str, str]:
        """The sha256 of the old release's files by path."""
        return {file.path: file.sha256 for file in self.old_files}


def staging(study: StudyFolder) -> Path:
    """Where the next release is written; after the exchange, the old one lies here until it is archived."""
    return study.root / ".coders.new"


def all_hashes(release: BundleManifest) -> dict[str, str]:
    """The sha256 of every file of a release by path, `manifest.json` included."""
    return {**release.sha256, MANIFEST: hashlib.sha256(manifest.write(release)).hexdigest()}


def present_hashes(study: StudyFolder, present: BundleManifest) -> dict[str, str]:
    """The same of the present release, whose manifest an earlier version of this program may have written otherwise."""
    return {**present.sha256, MANIFEST: hashlib.sha256(present_manifest(study)).hexdigest()}


def present_manifest(study: StudyFolder) -> bytes:
    """The manifest of the present release as it was published. Raises `FileNotFoundError` when there is none."""
    kept = study.releases / CURRENT
    return kept.read_bytes() if kept.exists() else (study.coders / MANIFEST).read_bytes()


def prepare(study: StudyFolder, new: BundleManifest, previous: BundleManifest | None) -> Pending:
    """Completes the staged release with the coders' own files and writes the journal; `coders/` is not touched."""
    stage = staging(study)
    published = {} if previous is None else present_hashes(study, previous)
    old_release = 0 if previous is None else previous.release
    carried = carry(study.coders, stage, published, all_hashes(new), old_release)
    stage.chmod(FOLDER_MODE)
    sync_tree(stage)
    pending = Pending(
        "exchange",
        new,
        old_release,
        tuple(PublishedFile(path, sha256) for path, sha256 in sorted(published.items())),
        tuple(CarriedFile(old, kept) for old, kept in carried.items()),
    )
    write_atomic(study.releases / PENDING, to_json(pending))
    return pending


def undo(study: StudyFolder) -> None:
    """Throws the staged release away: first the journal, which says that it is complete."""
    (study.releases / PENDING).unlink(missing_ok=True)
    if staging(study).exists():
        shutil.rmtree(staging(study))


def swap_in(study: StudyFolder, pending: Pending) -> tuple[tuple[str, str], ...]:
    """Makes the staged release the present one; returns where changed files of ours were kept (old path, new path)."""
    stage = staging(study)
    if not study.coders.exists():
        stage.rename(study.coders)
    elif not exchange(stage, study.coders):
        pending = replace(pending, mode="files")
        write_atomic(study.releases / PENDING, to_json(pending))
        _replace_files(study, pending)
    sync_folder(study.root)
    _finish(study, pending)
    published = pending.published
    return tuple((file.old, file.new) for file in pending.carried if file.old in published)


def finish_or_undo(study: StudyFolder) -> None:
    """Clears up after a run that was killed: a swap that took place is finished, any other undone."""
    journal, stage = study.releases / PENDING, staging(study)
    if journal.exists():
        pending = from_json(Pending, journal.read_bytes(), "private/releases/pending.json")
        if pending.mode == "files":
            _replace_files(study, pending)
            _finish(study, pending)
        elif not _is_new(stage, pending) and (stage.exists() or _is_new(study.coders, pending)):
            _finish(study, pending)
    undo(study)
    for leftover in study.releases.glob(".*.tmp"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def _is_new(folder: Path, pending: Pending) -> bool:
    """Whether `folder` is the new release: in the staging folder, where no coder can have touched it, it still is."""
    path = folder / MANIFEST
    if not path.is_file():
        return False
    try:
        return manifest.parse(path.read_bytes()) == pending.manifest
    except CorruptFileError:
        return False  # a coder's own: no release has such a manifest


def exchange(one: Path, other: Path) -> bool:
    """Exchanges two folders in one step. False if kernel, C library or file system cannot; raises `OSError`."""
    rename = _renameat2()
    if rename is None:
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number))


@functools.cache
def _renameat2() -> Callable[[int, bytes, int, bytes, int], int] | None:
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        return None
    function = library.renameat2
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
    return cast(Callable[[int, bytes, int, bytes, int], int], function)


def sync_tree(folder: Path) -> None:
    """fsync of every regular file and folder below `folder`, and of itself."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                descriptor = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        sync_folder(Path(parent))


def _finish(study: StudyFolder, pending: Pending) -> None:
    """What comes after the swap; each step may be repeated."""
    stage = staging(study)
    if stage.exists() and pending.mode == "exchange":
        ours = all_hashes(pending.manifest)
        carried = {file.old: file.new for file in pending.carried}
        take_over_late(stage, study.coders, pending.published, ours, carried, pending.old_release)
        _archive(study, stage, pending.published, pending.old_release)
    if stage.exists():
        shutil.rmtree(stage)
    write_atomic(study.releases / CURRENT, manifest.write(pending.manifest))
    (study.releases / PENDING).unlink()
    sync_folder(study.releases)


def _archive(study: StudyFolder, folder: Path, published: Mapping[str, str], release: int) -> None:
    """Copies the old release from `folder` to `private/releases/<n>/`, closed to all but the lab's account.

    A copy, not a move: `private/` may be a mount of its own. What a coder has changed is not in it.
    """
    target = study.releases / str(release)
    if release == 0 or target.exists():
        return
    copy = study.releases / f".{release}.tmp"
    if copy.exists():
        shutil.rmtree(copy)
    make_private_folder(copy)
    for name in sorted(published):
        if is_published(folder, name, published):
            for missing in reversed(Path(name).parents[:-1]):
                make_private_folder(copy / missing)
            shutil.copyfile(folder / name, copy / name)
            (copy / name).chmod(PRIVATE_FILE_MODE)
    sync_tree(copy)
    copy.rename(target)
    sync_folder(study.releases)


def _replace_files(study: StudyFolder, pending: Pending) -> None:
    """The swap where folders cannot be exchanged: file by file, `manifest.json` last; repeatable at every point."""
    stage, coders = staging(study), study.coders
    published = pending.published
    new = all_hashes(pending.manifest)
    _archive(study, coders, published, pending.old_release)
    for name, sha256 in sorted(new.items(), key=lambda item: item[0] == MANIFEST):
        if (stage / name).exists():  # else it was moved by the run that was killed
            clear_way(coders, name, {published.get(name), sha256}, pending.old_release)
            make_folders(coders, str(Path(name).parent))
            (stage / name).replace(coders / name)
    for name in sorted(set(published) - set(new)):
        if is_published(coders, name, published):
            (coders / name).unlink()
    sync_tree(coders)
