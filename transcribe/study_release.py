"""Which recordings of a study may go to the coders, and the release that holds them.

A recording whose finished files still hold a known name is withheld, and the release is built again without it; a name
in a file that belongs to no single recording stops the release.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from transcribe import __version__
from transcribe.config import TIERS
from transcribe.errors import WithheldError
from transcribe.exports.bundle import BundleOptions, build
from transcribe.exports.layout import CoderTranscript, ExportHeader
from transcribe.records import Recording, RedactionList, Transcript
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.registry import Registry
from transcribe.release import Release, publish, read_previous
from transcribe.store import StudyFolder, read_run_log
from transcribe.study.manifest import PlannedRecording
from transcribe.study.roster import RosterEntry
from transcribe.study.settings import Settings

LEAK_MESSAGE = "the check of the finished files found a known name in it; add its spelling to the roster and run again"


class _LeakError(WithheldError):
    """Some recordings' finished files hold a known name."""

    def __init__(self, recordings: frozenset[str]) -> None:
        super().__init__(LEAK_MESSAGE)
        self.recordings = recordings


def release_study(
    study: StudyFolder,
    settings: Settings,
    plans: Mapping[str, PlannedRecording],
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    redactions: Mapping[str, RedactionList],
    roster: Sequence[RosterEntry],
    registry: Registry,
    withheld: Sequence[str],
) -> tuple[Release | None, dict[str, str]]:
    """Publishes every recording that has redactions; returns the release and, by recording, why more was withheld.

    The release is None when there is nothing to publish and nothing was published before. Raises `ValidationError` when
    the bundle fails its own checks, `WithheldError` when a name remains that is in no single recording's files.
    """
    draft = {name: read_run_log(study, name).quality == "draft" for name in redactions}
    items = {
        name: CoderTranscript(
            _header(plans[name], recordings[name], draft[name]), redact_transcript(transcripts[name], r)
        )
        for name, r in redactions.items()
    }
    leaking: dict[str, str] = {}
    while True:
        previous = read_previous(study)
        if not items and previous is None:
            return None, leaking
        options = _options(study, settings, items)
        files = build(list(items.values()), [*withheld, *leaking], options, previous)
        frame = build([_without_speech(item) for item in items.values()], [*withheld, *leaking], options, previous)
        try:
            check = partial(_check, frame=frame, names=tuple(items), roster=roster, registry=registry)
            return publish(study, files, check), leaking
        except _LeakError as error:
            for name in sorted(error.recordings):
                leaking[name] = LEAK_MESSAGE
                del items[name]


def _header(plan: PlannedRecording, recording: Recording, draft: bool) -> ExportHeader:
    return ExportHeader(recording.id, recording.pair, recording.role, plan.date[:7], recording.duration, draft=draft)


def _options(study: StudyFolder, settings: Settings, items: Mapping[str, CoderTranscript]) -> BundleOptions:
    qualities = sorted({read_run_log(study, name).quality for name in items})
    models = sorted({model for tier in TIERS if tier.quality in qualities for model in tier.models})
    return BundleOptions(
        __version__, quality=", ".join(qualities), models=tuple(models), program=settings.program, page=settings.paper
    )


def _without_speech(item: CoderTranscript) -> CoderTranscript:
    return replace(item, transcript=replace(item.transcript, utterances=(), events=()))


def _check(
    stage: Path, frame: Mapping[str, bytes], names: Sequence[str], roster: Sequence[RosterEntry], registry: Registry
) -> None:
    leaks = find_leaks(stage, roster, registry, frame)
    if not leaks:
        return
    found = frozenset(name for leak in leaks for name in names if Path(leak.file.partition("!")[0]).stem == name)
    if not found:
        raise WithheldError("a known name remains in a file of the whole release; nothing was published")
    raise _LeakError(found)
