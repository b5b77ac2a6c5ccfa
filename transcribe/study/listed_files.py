"""The media files that the manifest's rows mean."""

import os
import unicodedata
from pathlib import Path

from transcribe.errors import UsageError
from transcribe.store import StudyFolder


def audio_folder(study: StudyFolder) -> Path:
    """The folder that relative `file` cells start from; raises `UsageError` when it is not written down."""
    try:
        text = study.audio_folder.read_text("utf-8", errors="surrogateescape").strip("\n")
    except OSError as error:
        raise UsageError(
            "the study does not say where its recordings lie: run `transcribe init AUDIO_FOLDER --study STUDY` again"
        ) from error
    return Path(text)


def find_file(folder: Path, cell: str) -> Path | None:
    """The file that a `file` cell means, resolved; None when there is none.

    A Windows spelling (`a\\b.wav`) and another Unicode normal form of the name (files copied from a Mac) are found too.
    """
    for spelling in (cell, cell.replace("\\", "/")):
        path = folder / spelling
        if os.path.isfile(path):  # noqa: PTH113  (False, not an error, for a name too long or a folder closed to us)
            return path.resolve()
        if os.access(path.parent, os.R_OK | os.X_OK) and path.parent.is_dir():
            wanted = unicodedata.normalize("NFC", path.name)
            for sibling in sorted(path.parent.iterdir()):
                if unicodedata.normalize("NFC", sibling.name) == wanted and sibling.is_file():
                    return sibling.resolve()
    return None
