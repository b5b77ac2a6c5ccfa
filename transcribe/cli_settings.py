"""The study of a command, and its settings: `study.toml`, the environment, flags, what the last release kept to."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from transcribe.errors import UsageError
from transcribe.store import StudyFolder

if TYPE_CHECKING:
    from transcribe.stages import Speakers
    from transcribe.study.settings import Settings

_KEPT = {
    "policy": "The policy is hold, as in the last release; to give that up, say --policy strict to run or release.",
    "pii_model": "The second model for names is that of the last release; to give it up, say --pii-model '' to run or "
    "release.",
}


def study_of(root: Path) -> StudyFolder:
    """The study in a folder. Raises `UsageError` when there is none, or its manifest is missing."""
    study = StudyFolder(root.expanduser().absolute())
    if study.private.is_dir() and not study.manifest.exists():
        raise UsageError("private/manifest.csv is missing from this study: put it back, under this name")
    if not study.manifest.exists():
        raise UsageError("this is not a study folder; make one with: transcribe init AUDIO_FOLDER --study STUDY")
    return study


def settings_of(study: StudyFolder, flags: Mapping[str, object]) -> "Settings":
    """What a study is worked on with; says on stderr what is kept from the last release.

    Raises `UsageError` for a value that is not allowed, `CorruptFileError` for a damaged file.
    """
    from transcribe.study.last_release import not_weaker
    from transcribe.study.settings import ENVIRONMENT_PREFIX, read_settings, with_overrides

    settings = with_overrides(read_settings(study.settings), os.environ, flags)
    said = {name for name, value in flags.items() if value is not None}
    said |= {name for name in _KEPT if os.environ.get(ENVIRONMENT_PREFIX + name.upper(), "").strip()}
    settings, kept = not_weaker(study, settings, said)
    for name in kept:
        typer.echo(_KEPT[name], err=True)
    return settings


def read_speakers(text: str | None) -> "Speakers":
    """The value of `--speakers`; None when it was not given. Raises `UsageError` for anything else."""
    from transcribe.study.manifest_rows import MOST_SPEAKERS

    if text is None:
        return None
    if text == "auto":
        return "auto"
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= MOST_SPEAKERS:
        raise UsageError(f"--speakers must be auto, or a whole number from 1 to {MOST_SPEAKERS}")
    return int(text)
