"""Copies whose sha256 is checked while the bytes pass, for every kind of source."""

import hashlib
from pathlib import Path
from typing import BinaryIO, Protocol

from transcribe.errors import DependencyError
from transcribe.weights.catalog import ModelEntry, SourceFile
from transcribe.weights.folder import BLOCK, PullProgress


class Readable(Protocol):
    """What bytes come from: a file, a member of a zip archive, an HTTP response."""

    def read(self, size: int = ..., /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


def copy_checked(
    stream: Readable | BinaryIO, target: Path, sha256: str, size: int, progress: PullProgress, label: str
) -> None:
    """Copies `stream` to `target` and refuses other bytes than expected; on refusal nothing is left at `target`.

    Raises `DependencyError` when there are more or fewer than `size` bytes, or their sha256 is another.
    """
    digest, done = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        while done <= size and (block := stream.read(BLOCK)):
            file.write(block)
            digest.update(block)
            done += len(block)
            progress(label, min(done, size), size)
    if done != size or digest.hexdigest() != sha256:
        target.unlink()
        raise wrong_contents(target.name)


def wrong_contents(filename: str) -> DependencyError:
    """The error for a file that is not the catalogue's, wherever it came from."""
    return DependencyError(
        f"{filename} is not the file that the catalogue describes: its size or sha256 differs. Nothing was kept. "
        "Try again; if it happens again, the file is damaged, was replaced at its source, or transcribe must be updated."
    )


def copy_local(model: ModelEntry, source: Path, originals: Path, progress: PullProgress) -> None:
    """Takes the model's files from a file or folder on this machine, checked like any download.

    In a folder a file is looked for under its path in the source, then under its bare name. Raises `DependencyError`
    when one is missing or is not the catalogue's.
    """
    for file in model.files:
        with _find(model, file, source).open("rb") as stream:
            copy_checked(stream, originals / file.path, file.sha256, file.size, progress, f"{model.name}: copying")


def _find(model: ModelEntry, file: SourceFile, source: Path) -> Path:
    name = Path(file.path).name
    candidates = [source / file.path, source / name] if source.is_dir() else [source]
    for path in candidates:
        if path.is_file() and (path.name == name or len(model.files) == 1):
            return path
    raise DependencyError(f"{model.name}: {file.path} is not in the place given with --from.")
