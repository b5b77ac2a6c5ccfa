"""The study on disk: where things lie, and how they are written so that a kill never leaves half a file."""

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

PRIVATE_FOLDER_MODE = 0o700
PRIVATE_FILE_MODE = 0o600


@dataclass(frozen=True, slots=True)
class StudyFolder:
    """The paths of a study (ARCHITECTURE, "On disk")."""

    root: Path

    @property
    def settings(self) -> Path:
        """`study.toml`: settings, no names."""
        return self.root / "study.toml"

    @property
    def private(self) -> Path:
        """All that identifies people."""
        return self.root / "private"

    @property
    def manifest(self) -> Path:
        """The recordings, as the lab lists them."""
        return self.private / "manifest.csv"

    @property
    def roster(self) -> Path:
        """The people, places and organisations to be replaced."""
        return self.private / "roster.csv"

    @property
    def audio_folder(self) -> Path:
        """A text file with the folder that relative `file` cells of the manifest start from."""
        return self.private / "audio_folder.txt"

    @property
    def key(self) -> Path:
        """The age-encrypted registry of entities and marks."""
        return self.private / "key.age"

    @property
    def lock(self) -> Path:
        """Held while a process works on the study."""
        return self.private / ".lock"

    @property
    def releases(self) -> Path:
        """Earlier releases of `coders/`."""
        return self.private / "releases"

    @property
    def coders(self) -> Path:
        """The present release: the only thing that coders get."""
        return self.root / "coders"

    @property
    def report(self) -> Path:
        """What the lab should know of the last run."""
        return self.root / "report"

    def recording(self, recording_id: str) -> Path:
        """The private folder of one recording."""
        return self.private / recording_id


def make_private_folder(path: Path) -> None:
    """Makes a folder of mode 0700 whatever the umask is; an existing one is set to it."""
    path.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER_MODE)
    path.chmod(PRIVATE_FOLDER_MODE)


def sync_folder(path: Path) -> None:
    """Makes renames inside `path` survive a power cut (fsync of the directory)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, data: bytes, mode: int = PRIVATE_FILE_MODE) -> None:
    """Writes `data` to `path` whole or not at all: temporary file, fsync, rename, directory fsync.

    The file has `mode` from its first byte on, whatever the umask. Raises `OSError` as the file system gives it.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
    sync_folder(path.parent)
