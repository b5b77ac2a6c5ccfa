"""The weights on disk: one folder per model, landed whole or not at all, with a list of what it holds.

Every model's folder has a `pulled.json`: `{"schema_version", "model", "revision", "format_version", "source_files":
[{"path", "sha256", "size"}], "files": [{"path", "sha256", "size"}]}`; `source_files` is what came from the source,
`files` what the conversion made of it. Nothing in it depends on the clock or on the machine.
"""

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from transcribe.errors import DependencyError
from transcribe.store import sync_folder, write_atomic
from transcribe.weights.catalog import ModelEntry, SourceFile, entry

PULLED = "pulled.json"
FORMAT_VERSION = 1
"""Rises when the conversion writes something else, so that `models pull` converts again."""

BLOCK = 1 << 20
"""Bytes read at a time."""

PullProgress = Callable[[str, int, int], None]
"""Told (step, bytes done, bytes in all): the step in a word or two; bytes in all is 0 where bytes tell nothing."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What `pulled.json` says of a landed model."""

    model: str
    revision: str
    format_version: int
    source_files: tuple[SourceFile, ...]
    files: tuple[SourceFile, ...]


def weights_folder() -> Path:
    """`$TRANSCRIBE_MODELS`, else `transcribe/models` in the user's cache folder. It need not exist yet."""
    chosen = os.environ.get("TRANSCRIBE_MODELS", "")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("transcribe")) / "models"


def is_pulled(name: str) -> bool:
    """Whether the model lies in the weights folder with every file at its recorded size (contents are `verify`'s)."""
    folder = weights_folder() / name
    pulled = read_pulled(folder)
    return pulled is not None and pulled.model == name and all(_has_size(folder, file) for file in pulled.files)


def locate(name: str) -> Path:
    """The model's folder. Raises `DependencyError` with the command that pulls it, `UsageError` for unknown names."""
    entry(name)
    if not is_pulled(name):
        raise DependencyError(f"The weights {name} are not on this machine; run: transcribe models pull {name}")
    return weights_folder() / name


def revision(name: str) -> str:
    """`name@revision#digest`, for fingerprints: changes whenever the landed files do. Raises as `locate` does."""
    folder = locate(name)
    pulled = read_pulled(folder)
    if pulled is None:
        raise DependencyError(f"The weights {name} vanished while they were read; run: transcribe models pull {name}")
    listing = "".join(f"{file.sha256} {file.path}\n" for file in pulled.files)
    return f"{name}@{pulled.revision}#{hashlib.sha256(listing.encode()).hexdigest()[:12]}"


def verify(name: str, progress: PullProgress | None = None) -> list[str]:
    """Hashes every landed file again; returns what is wrong, in words, empty when all is well.

    Raises `UsageError` when the catalogue has no such model.
    """
    return problems_with(entry(name), progress)


def problems_with(model: ModelEntry, progress: PullProgress | None = None) -> list[str]:
    """`verify` for an entry that need not be in the catalogue."""
    name = model.name
    mend = f"run: transcribe models pull {name}"
    folder = weights_folder() / name
    if not folder.exists():
        return [f"{name}: not pulled; {mend}"]
    pulled = read_pulled(folder)
    if pulled is None or pulled.model != name:
        return [f"{name}: {PULLED} is missing or damaged; {mend}"]
    problems = []
    if not is_current(pulled, model):
        problems.append(f"{name}: holds revision {pulled.revision}, the catalogue has {model.revision}; {mend}")
    total, done = sum(file.size for file in pulled.files), 0
    for file in pulled.files:
        path = folder / file.path
        if not path.is_file():
            problems.append(f"{name}: {file.path} is missing; {mend}")
        elif path.stat().st_size != file.size or sha256_of(path) != file.sha256:
            problems.append(f"{name}: {file.path} was changed since it was pulled; {mend}")
        done += file.size
        if progress is not None:
            progress("verifying", done, total)
    known = {file.path for file in pulled.files} | {PULLED}
    problems += [f"{name}: {extra} does not belong there; {mend}" for extra in sorted(set(_files_in(folder)) - known)]
    return problems


def is_current(pulled: Pulled, model: ModelEntry) -> bool:
    """Whether what was landed is what the catalogue now asks for."""
    return (pulled.revision, pulled.format_version, pulled.source_files) == (
        model.revision,
        FORMAT_VERSION,
        model.files,
    )


def read_pulled(folder: Path) -> Pulled | None:
    """The folder's `pulled.json`; None when it is missing or does not hold its schema: the model is not pulled then."""
    try:
        fields = json.loads((folder / PULLED).read_text(encoding="utf-8"))
        if fields["schema_version"] != 1:
            return None
        return Pulled(
            model=str(fields["model"]),
            revision=str(fields["revision"]),
            format_version=int(fields["format_version"]),
            source_files=tuple(SourceFile(**file) for file in fields["source_files"]),
            files=tuple(SourceFile(**file) for file in fields["files"]),
        )
    except (FileNotFoundError, NotADirectoryError, KeyError, TypeError, ValueError):
        return None
    except PermissionError as error:
        raise DependencyError(
            f"The weights folder {folder} cannot be read by this user; set its permissions, or choose another with "
            "the environment variable TRANSCRIBE_MODELS."
        ) from error


@contextmanager
def staging(root: Path, name: str) -> Iterator[Path]:
    """A temporary folder beside the models' folders, gone at the end whatever happens."""
    folder = root / f".{name}.{secrets.token_hex(4)}.partial"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path, name: str) -> None:
    """Clears what a killed pull of this model left; call with the model's lock held."""
    for old in sorted(root.glob(f".{name}.*.old")):
        if not (root / name).exists():
            # The kill came between the two renames of `land`: the old weights are better than none.
            old.rename(root / name)
        else:
            shutil.rmtree(old)
    for partial in root.glob(f".{name}.*.partial"):
        shutil.rmtree(partial)


def land(converted: Path, root: Path, model: ModelEntry) -> Path:
    """Records and syncs the converted files, then renames their folder to `root/<name>`; an older one makes way.

    `converted` must lie on the same file system. The caller holds the model's lock. Raises `OSError`.
    """
    files = tuple(
        SourceFile(path=path, sha256=sha256_of(converted / path), size=(converted / path).stat().st_size)
        for path in _files_in(converted)
    )
    pulled = Pulled(model.name, model.revision, FORMAT_VERSION, model.files, files)
    text = json.dumps({"schema_version": 1, **asdict(pulled)}, indent=1, ensure_ascii=False)
    write_atomic(converted / PULLED, text.encode(), mode=0o644)
    for file in files:
        # safetensors writes files that only their owner may read; a lab may share one weights folder.
        (converted / file.path).chmod(0o644)
        with (converted / file.path).open("rb") as stream:
            os.fsync(stream.fileno())
    for folder in sorted({(converted / file.path).parent for file in files}):
        sync_folder(folder)
    target = root / model.name
    old = root / f".{model.name}.{secrets.token_hex(4)}.old"
    if target.exists():
        target.rename(old)
    converted.rename(target)
    sync_folder(root)
    if old.exists():
        shutil.rmtree(old)
    return target


def sha256_of(path: Path) -> str:
    """The file's sha256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_size(folder: Path, file: SourceFile) -> bool:
    path = folder / file.path
    return path.is_file() and path.stat().st_size == file.size


def _files_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
