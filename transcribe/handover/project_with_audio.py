"""`study_with_audio.qdpx` of an export: the REFI-QDA project with the redacted audio in it, for who may hear it."""

import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from transcribe.audio.redacted import SUFFIX
from transcribe.errors import WithheldError
from transcribe.exports import qdpx
from transcribe.exports.bundle import study_text
from transcribe.exports.bundle_files import STUDY_PATHS, TRANSCRIPT_PATHS
from transcribe.exports.self_checks_qdpx import check_project
from transcribe.handover.audio import AUDIO, list_in_manifest
from transcribe.handover.writing import Written, holds_code
from transcribe.redaction.decisions import Level
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.registry import Registry
from transcribe.study.roster import RosterEntry

PROJECT_WITH_AUDIO = "study_with_audio.qdpx"


def add_project(
    folder: Path,
    written: Written,
    heard: Sequence[str],
    roster: Sequence[RosterEntry],
    registry: Registry,
    level: Level,
) -> None:
    """Puts the project beside `audio/` of an export's folder, and into its manifest.

    `heard` are the transcripts, by their ids in the export, whose redacted audio lies there. Raises `WithheldError`
    when a known name, or a code that links people, stands in the project, `ValidationError` when it is not as the
    export's other files say.
    """
    study = study_text(written.files, written.lists)
    words = {entry.id: written.files[TRANSCRIPT_PATHS["docx"].format(entry.id)] for entry in study.transcripts}
    sounds = {name: folder / AUDIO / f"{name}{SUFFIX}" for name in heard}
    qdpx.write_with_audio(study, words, sounds, folder / PROJECT_WITH_AUDIO)
    texts = _without_sound(folder / PROJECT_WITH_AUDIO)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        (Path(place) / PROJECT_WITH_AUDIO).write_bytes(texts)
        # What also stands in the project without sound was searched with it.
        known = {PROJECT_WITH_AUDIO: written.files[STUDY_PATHS["qdpx"]]}
        leaks = find_leaks(Path(place), roster, registry, known, level)
    if leaks or holds_code(PROJECT_WITH_AUDIO, texts, written.codes):
        raise WithheldError(f"a known name or code remains in {PROJECT_WITH_AUDIO}; nothing was exported")
    with (folder / PROJECT_WITH_AUDIO).open("rb") as file:
        check_project(file, study, words=words)
    list_in_manifest(folder, [Path(PROJECT_WITH_AUDIO)])


def _without_sound(project: Path) -> bytes:
    """The project without its sound, which was listened to: a zip of all that can be read."""
    file = io.BytesIO()
    with zipfile.ZipFile(project) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            if not name.endswith(SUFFIX):
                target.writestr(name, source.read(name))
    return file.getvalue()
