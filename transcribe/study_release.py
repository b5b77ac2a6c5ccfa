"""Which recordings of a study may go to the coders, and the release that holds them.

A recording whose finished files still hold a known name is withheld, and the release is built again without it; a name
in a file that belongs to no single recording stops the release.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from transcribe import __version__
from transcribe.config import TIERS
from transcribe.documents.stored import StudyDocument, coder_document, without_text
from transcribe.engines import PiiDetector
from transcribe.errors import UsageError, WithheldError
from transcribe.exports import changes, manifest
from transcribe.exports.bundle import BundleOptions, build
from transcribe.exports.layout import CoderTranscript, ExportHeader
from transcribe.exports.manifest import BundleManifest
from transcribe.lab_list_names import check_names
from transcribe.lab_lists import keep_lists, read_lists, show_matches
from transcribe.records import Recording, RedactionList, Transcript
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.decisions import at_level, standings
from transcribe.redaction.key import save_key
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.registry import Registry, with_released
from transcribe.release import Release, publish, read_previous
from transcribe.release_changes import changes_since
from transcribe.release_check.finished import check_finished, read_finished, write_finished
from transcribe.store import StudyFolder, read_run_log
from transcribe.study.manifest import PlannedRecording
from transcribe.study.roster import RosterEntry
from transcribe.study.settings import Settings

LEAK_MESSAGE = "the check of the finished files found a known name in it; add its spelling to the roster and run again"


class _LeakError(WithheldError):
    """Some recordings' finished files hold a known name, or something that a detector finds; `reasons` by recording."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(LEAK_MESSAGE)
        self.reasons = dict(reasons)


def release_study(
    study: StudyFolder,
    settings: Settings,
    plans: Mapping[str, PlannedRecording],
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    documents: Mapping[str, StudyDocument],
    redactions: Mapping[str, RedactionList],
    roster: Sequence[RosterEntry],
    registry: Registry,
    withheld: Sequence[str],
    detector: PiiDetector,
) -> tuple[Release | None, dict[str, str]]:
    """Publishes every recording that has redactions; returns the release and, by recording, why more was withheld.

    The finished files are searched for all that the key and the roster know, and read by the detector once more.
    The release is None when there is nothing to publish and nothing was published before. Raises `ValidationError` when
    the bundle fails its own checks, `WithheldError` when a name remains that is in no single recording's files, or in
    the lab's guide or codes, `UsageError` when these cannot be read, or where coders have another rendering.
    """
    known = standings(registry)
    team = {name: at_level(listed, known, "team") for name, listed in redactions.items()}
    draft = {name: read_run_log(study, name).quality == "draft" for name in redactions if name in transcripts}
    items = {
        name: CoderTranscript(
            export_header(plans[name], recordings[name], draft[name]), redact_transcript(transcripts[name], r)
        )
        for name, r in team.items()
        if name in transcripts
    }
    notes = {
        name: coder_document(document, redact_transcript(document.transcript, team[name]))
        for name, document in documents.items()
        if name in team
    }
    scopes = {name: plans[name].pair or name for name in items} | {n: d.pair or n for n, d in documents.items()}
    leaking: dict[str, str] = {}
    check_names(study, detector, roster, registry)
    found = read_lists(study, items.values(), settings.conventions)
    show_matches(study, found)
    while True:
        previous = read_previous(study)
        if not items and not notes and previous is None:
            return None, leaking
        check_rendering(previous, settings)
        options = bundle_options(study, settings, items)
        absent = [*withheld, *leaking]
        changed = changes_since(
            study, previous, options, list(items.values()), list(notes.values()), scopes, roster, registry, detector
        )
        files = build(list(items.values()), absent, options, previous, list(notes.values()), changed, found.lists)
        frame = build(
            [without_speech(item) for item in items.values()],
            absent,
            options,
            previous,
            [without_text(note) for note in notes.values()],
            changed and changes.without_text(changed),
        )
        try:
            check = partial(
                _check,
                study=study,
                frame=frame,
                names=(*items, *notes),
                roster=roster,
                registry=registry,
                detector=detector,
                scopes=scopes,
            )
            shown = {r.entity for name in (*items, *notes) for r in team[name].redactions}
            release = publish(study, files, partial(_check_and_remember, check, study, registry, shown, files))
            keep_lists(study, found.lists)
            first = changed.leaking if changed is not None and release.changed else ()
            return replace(release, replace_first=first), leaking
        except _LeakError as error:
            for name, reason in sorted(error.reasons.items()):
                leaking[name] = reason
                items.pop(name, None)
                notes.pop(name, None)


def export_header(plan: PlannedRecording, recording: Recording, draft: bool) -> ExportHeader:
    """A transcript's head at level team, its version not yet known."""
    month = plan.date[:7]
    return ExportHeader(
        recording.id,
        recording.pair,
        recording.role,
        month,
        recording.duration,
        draft=draft,
        session=recording.session,
    )


def bundle_options(study: StudyFolder, settings: Settings, items: Mapping[str, CoderTranscript]) -> BundleOptions:
    """What is the same for all transcripts of a release."""
    qualities = sorted({read_run_log(study, name).quality for name in items})
    models = sorted({model for tier in TIERS if tier.quality in qualities for model in tier.models})
    return BundleOptions(
        __version__,
        quality=", ".join(qualities),
        models=tuple(models),
        program=settings.program,
        page=settings.paper,
        rendering=settings.rendering,
        conventions=settings.conventions,
    )


def check_rendering(previous: BundleManifest | None, settings: Settings) -> None:
    """Raises `UsageError` when coders have begun with the other rendering: their codes hang on its words.

    Drafts bind nobody: they are not for coding.
    """
    begun = previous is not None and any(not entry.draft for entry in previous.transcripts)
    if previous is not None and begun and previous.settings.rendering != settings.rendering:
        raise UsageError(
            f'coders have begun with the rendering "{previous.settings.rendering}" (release {previous.release}), and a '
            f'study has one: write rendering = "{previous.settings.rendering}" under [conventions] of study.toml; the '
            f"other one: transcribe export STUDY --to FOLDER --rendering {settings.rendering}"
        )


def without_speech(item: CoderTranscript) -> CoderTranscript:
    """A transcript's frame alone: what in its files is ours."""
    return replace(item, transcript=replace(item.transcript, utterances=(), events=()))


def _check_and_remember(
    check: Callable[[Path], None],
    study: StudyFolder,
    registry: Registry,
    shown: Collection[str],
    files: Mapping[str, bytes],
    stage: Path,
) -> None:
    """Notes in the key which marks coders are about to see, once they may: from then on no mark may be renamed."""
    check(stage)
    save_key(study, with_released(registry, shown, manifest.parse(files[manifest.MANIFEST]).release))


def _check(
    stage: Path,
    study: StudyFolder,
    frame: Mapping[str, bytes],
    names: Sequence[str],
    roster: Sequence[RosterEntry],
    registry: Registry,
    detector: PiiDetector,
    scopes: Mapping[str, str],
) -> None:
    leaks = find_leaks(stage, roster, registry, frame, scopes=scopes)
    if leaks:
        # `sync/P01-PSW.f4.txt` is a file of P01-PSW, too.
        found = {Path(leak.file.partition("!")[0]).name.partition(".")[0] for leak in leaks} & set(names)
        if not found:
            raise WithheldError("a known name remains in a file of the whole release; nothing was published")
        raise _LeakError(dict.fromkeys(found, LEAK_MESSAGE))
    reasons, checks = check_finished(stage, frame, detector, registry, scopes, read_finished(study))
    write_finished(study, checks)
    if reasons:
        raise _LeakError(reasons)
