"""Copies whose sha256 is checked while the bytes pass, for every kind of source."""

import hashlib
from pathlib import Path
from typing import Protocol

from transcribe.errors import DependencyError
from transcribe.weights.catalog import ModelEntry, SourceFile
from transcribe.weights.folder import BLOCK, PullProgress


class Readable(Protocol):
    """What bytes come from: a file, a member of a zip archive."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none at the end."""
        ...


class Tally:
    """Adds up the bytes of several files for one progress bar."""

    def __init__(self, progress: PullProgress, label: str, total: int) -> None:
        self._progress = progress
        self._label = label
        self._total = total
        self._finished = 0

    def at(self, done: int) -> None:
        """`done` bytes of the present file have passed."""
        self._progress(self._label, min(self._finished + done, self._total), self._total)

    def finish(self, size: int) -> None:
        """The present file, of `size` bytes, is complete."""
        self._finished += size


def copy_checked(stream: Readable, target: Path, file: SourceFile, tally: Tally) -> None:
    """Copies `stream` to `target` and refuses other bytes than expected; on refusal nothing is left at `target`.

    Raises `DependencyError` when there are more or fewer bytes than `file.size`, or their sha256 is another.
    """
    digest, done = hashlib.sha256(), 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as output:
        while done <= file.size and (block := stream.read(BLOCK)):
            output.write(block)
            digest.update(block)
            done += len(block)
            tally.at(done)
    if done != file.size or digest.hexdigest() != file.sha256:
        target.unlink()
        raise wrong_contents(target.name)
    tally.finish(done)


def wrong_contents(filename: str) -> DependencyError:
    """The error for a file that is not the catalogue's, wherever it came from."""
    return DependencyError(
        f"{filename} is not the file that the catalogue describes: its size or sha256 differs. Nothing was kept. "
        "Try again; if it happens again, the file is damaged or was replaced at its source, or transcribe is too old."
    )


def copy_local(model: ModelEntry, source: Path, originals: Path, progress: PullProgress) -> None:
    """Takes the model's files from a file or folder on this machine, checked like any download.

    In a folder a file is looked for under its path in the source, then under its bare name. Raises `DependencyError`
    when one is missing or is not the catalogue's.
    """
    tally = Tally(progress, "copying", sum(file.size for file in model.files))
    for file in model.files:
        with _find(model, file, source).open("rb") as stream:
            copy_checked(stream, originals / file.path, file, tally)


def _find(model: ModelEntry, file: SourceFile, source: Path) -> Path:
    name = Path(file.path).name
    for path in [source / file.path, source / name] if source.is_dir() else [source]:
        if path.is_file() and (path.name == name or len(model.files) == 1):
            return path
    raise DependencyError(f"{model.name}: {file.path} is not in the place given with --from.")
