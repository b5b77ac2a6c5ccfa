"""`transcribe export`: a release, or its transcripts at another level, put where it is handed over, and on record."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from transcribe.errors import EXIT_OK, EXIT_WITHHELD, UsageError
from transcribe.handover.audio import Listening, add_audio, tell_of_audio
from transcribe.handover.content import read_released
from transcribe.handover.folder import (
    HandoverLine,
    append_handover,
    check_archive,
    check_target,
    copy_beside,
    encrypt,
    put_in_place,
    read_recipients,
    remove_temporary,
    sha256_of,
    staging_folder,
    take_back_handover,
    write_zip,
)
from transcribe.handover.form import ExportForm
from transcribe.handover.project_with_audio import PROJECT_WITH_AUDIO, add_project
from transcribe.handover.writing import write_at_level, write_released
from transcribe.redaction.decisions import Level
from transcribe.redaction.key import open_key, save_key
from transcribe.redaction.levels import CONSENT_OF, with_unlinked_names
from transcribe.redaction.tombstones import roster_to_replace
from transcribe.release.coders_files import walk
from transcribe.store import StudyFolder, locked
from transcribe.study.settings import Settings


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What one `transcribe export` asks for.

    `target` is the folder to be made, or the one in which an archive is put (`as_zip`, or `encrypt_to` age recipients);
    `to_whom` is for `private/handovers.csv` alone; `listening` makes redacted audio, too, and checks it; `form` says
    which files, and how they are written.
    """

    target: Path
    level: Level = "team"
    to_whom: str = ""
    as_zip: bool = False
    encrypt_to: tuple[str, ...] = ()
    listening: Listening | None = None
    form: ExportForm = field(default=ExportForm())

    @property
    def packing(self) -> str:
        """`folder`, `zip` or `age`."""
        return "age" if self.encrypt_to else "zip" if self.as_zip else "folder"


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was exported. Ids are the study's.

    `without_consent` and `audio_without_consent` are left out as their people wished; `withheld` is what failed a
    check, and why: recordings, or the audio of one (`P01-PIR audio`). `formats`: empty for all of a release.
    """

    path: Path
    level: Level
    release: int
    recordings: tuple[str, ...]
    audio: tuple[str, ...]
    without_consent: tuple[str, ...]
    audio_without_consent: tuple[str, ...]
    withheld: Mapping[str, str]
    formats: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """7 when something was withheld because a check failed, else 0."""
        return EXIT_WITHHELD if self.withheld else EXIT_OK


def export_study(study: StudyFolder, settings: Settings, request: ExportRequest) -> ExportReport:
    """Writes the export, whole or not at all, and its line in `private/handovers.csv`.

    At the levels `share` and `archive` only recordings whose people agreed to it are exported, and no documents, for
    which no consent is on record. Raises `UsageError` when nothing was released yet, the study has changed since, or
    the target cannot be used; `WithheldError` when the key cannot be opened or a name remains that is in no single
    recording's files; `ValidationError` when the files fail their own checks. The target then is as it was.
    """
    read_recipients(request.encrypt_to)
    with locked(study):
        check_target(study, request.target, archive=request.packing != "folder")
        registry = open_key(study)
        roster = roster_to_replace(study, registry)
        released = read_released(study, settings, registry)
        if request.packing != "folder":
            check_archive(_destination(request, released.manifest.release))
        consent = CONSENT_OF[request.level]
        chosen = [name for name in released.interviews if consent in released.plans[name].consent]
        if not chosen:
            raise UsageError(
                f"nothing to export: no released recording has the consent '{consent}' in private/manifest.csv"
            )
        with staging_folder(study) as stage:
            folder = stage / "bundle"
            folder.mkdir()
            if request.level == "team":
                written = write_released(folder, released, request.form, roster, registry)
            else:
                interviews = [released.interviews[name] for name in chosen]
                registry = with_unlinked_names(registry, interviews, secrets.choice)
                save_key(study, registry)
                written = write_at_level(folder, released, request.form, request.level, chosen, roster, registry)
            shown, withheld = written.shown, dict(written.withheld)
            heard: tuple[str, ...] = ()
            agreed = {name: i.recording.id for name, i in shown.items() if "audio" in released.plans[name].consent}
            if request.listening is not None:
                heard, silent = add_audio(
                    study, folder, agreed, released, roster, registry, request.level, request.listening
                )
                withheld |= {f"{name} audio": reason for name, reason in silent.items()}
                has_project = bool(heard) and request.form.has("qdpx")
                if has_project:
                    add_project(folder, written, [agreed[name] for name in heard], roster, registry, request.level)
                if heard:
                    tell_of_audio(folder, PROJECT_WITH_AUDIO if has_project else "")
            report = ExportReport(
                path=_destination(request, released.manifest.release),
                level=request.level,
                release=released.manifest.release,
                recordings=tuple(shown),
                audio=heard,
                without_consent=tuple(name for name in released.interviews if name not in chosen),
                audio_without_consent=tuple(n for n in shown if request.listening is not None and n not in agreed),
                withheld=withheld,
                formats=request.form.formats,
            )
            _hand_over(study, stage, request, report)
    return report


def _destination(request: ExportRequest, release: int) -> Path:
    if request.packing == "folder":
        return request.target
    return request.target / f"transcripts-{request.level}-{release}.zip{'.age' if request.packing == 'age' else ''}"


def _hand_over(study: StudyFolder, stage: Path, request: ExportRequest, report: ExportReport) -> None:
    """Puts the finished folder on record, and in its place; what could not be put there is taken out again."""
    source = stage / "bundle"
    files = sum(not is_folder for _, is_folder in walk(source))
    if request.packing != "folder":
        write_zip(source, stage / "bundle.zip")
        source = stage / "bundle.zip"
    if request.packing == "age":
        encrypt(source, stage / "bundle.zip.age", request.encrypt_to)
        source = stage / "bundle.zip.age"
    line = HandoverLine(
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        level=request.level,
        release=report.release,
        to_whom=request.to_whom,
        form=request.packing,
        sha256=sha256_of(source),
        files=files,
        recordings=" ".join(report.recordings),
        audio=" ".join(report.audio),
    )
    append_handover(study, line)  # before the first byte leaves the study: a kill leaves no copy that is not on record
    temporary = None
    try:
        temporary = copy_beside(source, report.path)
        put_in_place(temporary, report.path)
    except BaseException:
        if temporary is not None:
            remove_temporary(temporary)
        take_back_handover(study, line)
        raise
