"""The study on disk: where things lie, and how they are written so that a kill never leaves half a file."""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from transcribe.errors import CorruptFileError, UsageError
from transcribe.record_json import from_json, to_json
from transcribe.records import Recording, RunLog, StageRun

PRIVATE_FOLDER_MODE = 0o700
PRIVATE_FILE_MODE = 0o600

STAGE_OUTPUTS = {
    "probe": "recording.json",
    "voices": "voices.json",
    "diarize": "diarization.json",
    "recognize": "recognition.json",
    "attribute": "attributed.json",
    "speakers": "speakers.json",
    "name": "transcript.json",
    "redact": "redaction.json",
}
"""The file in `private/<recording-id>/` that each stage writes."""

STAGING = (".export-*", ".check.*")
"""Folders in `private/` in which something is put together or checked; they hold text while that goes on."""

Record = TypeVar("Record")


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

    def output(self, recording_id: str, stage: str) -> Path:
        """The file that a stage of a recording writes."""
        return self.recording(recording_id) / STAGE_OUTPUTS[stage]


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


def _other_sound(path: Path, output: bytes) -> bool:
    """Whether a recording's media files are not those that its present results were made of."""
    if not path.exists():
        return False
    before, now = (from_json(Recording, data, path.name) for data in (path.read_bytes(), output))
    return [part.sha256 for part in before.parts] != [part.sha256 for part in now.parts]


@contextmanager
def locked(study: StudyFolder) -> Iterator[None]:
    """Holds the study for this process; the lock goes with the process, also when that is killed.

    Raises `UsageError` when another process holds it or the folder cannot be written.
    """
    lock = FileLock(study.lock, mode=PRIVATE_FILE_MODE)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise UsageError(
            "another transcribe is working on this study; wait until it has ended, then try again"
        ) from None
    except OSError as error:
        raise UsageError(unwritable_message(error)) from None
    _held[study.lock] = os.getpid()
    try:
        _remove_leftovers(study)
        yield
    finally:
        del _held[study.lock]
        lock.release()


_held: dict[Path, int] = {}
"""The locks that `locked` holds now, with the process that does: a forked child does not."""


@contextmanager
def holding(study: StudyFolder) -> Iterator[None]:
    """As `locked`, and does nothing where this process holds the study already."""
    if _held.get(study.lock) == os.getpid():
        yield
        return
    with locked(study):
        yield


def _remove_leftovers(study: StudyFolder) -> None:
    """Removes the half-written files and staging folders of a killed process; only the holder of the lock may."""
    for leftover in study.private.rglob(".*.tmp"):
        if leftover.is_file():  # a folder of that name is a half-made archive, which the release itself clears away
            leftover.unlink()
    for pattern in STAGING:
        for folder in study.private.glob(pattern):
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)


def unwritable_message(error: OSError) -> str:
    """What a failed write means to the lab, without the path."""
    if error.errno == errno.ENOSPC:
        return "no space is left on the disk of the study; free some and run again: nothing that was done is lost"
    return (
        f"the study folder cannot be written ({os.strerror(error.errno or errno.EIO)}); "
        "make it writable for this account, or choose another folder"
    )


def fingerprint(stage: str, version: int | str, settings: Mapping[str, str | int | None], inputs: Sequence[str]) -> str:
    """What a stage's output depends on, as a sha256 in hex.

    `settings` are only those that the stage reads (model revisions among them), `inputs` the digests of its inputs.
    """
    material = json.dumps([stage, version, dict(settings), list(inputs)], sort_keys=True, ensure_ascii=False)
    return digest(material.encode())


def digest(data: bytes) -> str:
    """The sha256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def read_run_log(study: StudyFolder, recording_id: str) -> RunLog:
    """The stages a recording has passed; an empty log when there is none. Raises `CorruptFileError`."""
    path = study.recording(recording_id) / "run.json"
    if not path.exists():
        return RunLog(recording_id)
    return from_json(RunLog, path.read_bytes(), f"private/{recording_id}/run.json")


def stage_run(study: StudyFolder, recording_id: str, stage: str) -> StageRun | None:
    """The line of `run.json` for a stage, None when the stage was never completed."""
    return next((run for run in read_run_log(study, recording_id).stages if run.stage == stage), None)


def stored(kind: type[Record], study: StudyFolder, recording_id: str, stage: str, wanted: str | None) -> Record | None:
    """The output of a stage if it is there with the fingerprint `wanted` (None: with whichever it has), else None.

    Raises `CorruptFileError` when the file is not the one that the stage wrote: a damaged or hand-changed file is
    never silently rebuilt.
    """
    run = stage_run(study, recording_id, stage)
    path = study.output(recording_id, stage)
    if run is None or not path.exists():
        return None
    data = path.read_bytes()
    if digest(data) != run.output_sha256:
        name = f"private/{recording_id}/{path.name}"
        raise CorruptFileError(
            f"{name} was changed or damaged outside this program; restore it, or delete it to have it made again"
        )
    if wanted is not None and run.fingerprint != wanted:
        return None
    return from_json(kind, data, f"private/{recording_id}/{path.name}")


def keep(study: StudyFolder, recording_id: str, run: StageRun, output: bytes, quality: str | None = None) -> None:
    """Writes a stage's output, then its line in `run.json`.

    The old line goes first, so that a kill at any moment leaves a recording that computes this stage again, never
    one whose line and file disagree.
    """
    make_private_folder(study.recording(recording_id))
    log = read_run_log(study, recording_id)
    path = study.recording(recording_id) / "run.json"
    others = tuple(line for line in log.stages if line.stage != run.stage)
    if run.stage == "probe" and _other_sound(study.output(recording_id, "probe"), output):
        others = ()  # what was made of another sound is no result of this recording
    if len(others) < len(log.stages):
        write_atomic(path, to_json(replace(log, stages=others)))
    write_atomic(study.output(recording_id, run.stage), output)
    order = list(STAGE_OUTPUTS)
    stages = tuple(sorted((*others, replace(run, output_sha256=digest(output))), key=lambda s: order.index(s.stage)))
    write_atomic(path, to_json(replace(log, quality=log.quality if quality is None else quality, stages=stages)))


def drop_stage(study: StudyFolder, recording_id: str, stage: str) -> None:
    """Deletes a stage's output and its line in `run.json`; nothing when there is neither."""
    log = read_run_log(study, recording_id)
    others = tuple(line for line in log.stages if line.stage != stage)
    if len(others) < len(log.stages):
        write_atomic(study.recording(recording_id) / "run.json", to_json(replace(log, stages=others)))
    path = study.output(recording_id, stage)
    if path.exists():
        path.unlink()
        sync_folder(path.parent)
