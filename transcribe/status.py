"""How far each recording of a study has come."""

from dataclasses import dataclass

from transcribe.config import TIERS
from transcribe.consent import doubts
from transcribe.errors import TranscribeError
from transcribe.exports.manifest import parse
from transcribe.records import Recording, Transcript
from transcribe.redaction.decisions import open_entities
from transcribe.redaction.key import open_key
from transcribe.release.swap import CURRENT
from transcribe.report import read_last_run, still_stopped
from transcribe.store import StudyFolder, read_run_log, stored
from transcribe.study.manifest import read_manifest

STAGE_WORDS = {
    "probe": "read",
    "voices": "read",
    "diarize": "diarised",
    "recognize": "recognised",
    "attribute": "attributed",
    "speakers": "attributed",
    "name": "attributed",
    "redact": "de-identified",
    "release": "released",
}


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """One line of `transcribe status`; `seconds` is None until the recording has been probed."""

    recording: str
    seconds: float | None
    stage: str
    quality: str
    warnings: tuple[str, ...]


def released_ids(study: StudyFolder) -> tuple[str, ...]:
    """The recordings of the present release. Raises `CorruptFileError`."""
    path = study.releases / CURRENT
    return tuple(entry.id for entry in parse(path.read_bytes()).transcripts) if path.exists() else ()


def best_quality(study: StudyFolder) -> str:
    """The best quality that a recording of the study was done with; `draft` when there is none yet."""
    done = {read_run_log(study, path.parent.name).quality for path in study.private.glob("*/run.json")}
    return next((tier.quality for tier in TIERS if tier.quality in done), "draft")


def study_status(study: StudyFolder) -> tuple[RecordingStatus, ...]:
    """The state of every recording of the manifest, then the rows that cannot be worked on.

    Raises `UsageError` when the manifest cannot be read.
    """
    reading = read_manifest(study)
    released = released_ids(study)
    stopped = {stop.recording: stop.reason for stop in read_last_run(study).stopped if still_stopped(study, stop)}
    lines = [
        _recording_status(study, plan.id, plan.id in released, stopped.get(plan.id, "")) for plan in reading.recordings
    ]
    lines += [
        RecordingStatus(problem.recording or f"row {problem.row}", None, "not started", "", (problem.message,))
        for problem in reading.problems
    ]
    lines += [
        RecordingStatus(skip.recording or f"row {skip.row}", None, "left out", "", (skip.reason,))
        for skip in reading.skipped
    ]
    return tuple(lines)


def undecided_count(study: StudyFolder) -> int:
    """How many names and numbers wait for `transcribe decide`; 0 where the key cannot be opened: `doctor` says why."""
    try:
        return len(open_entities(open_key(study)))
    except TranscribeError:
        return 0


def _recording_status(study: StudyFolder, name: str, released: bool, stopped: str) -> RecordingStatus:
    try:
        log = read_run_log(study, name)
        recording = stored(Recording, study, name, "probe", None)
        transcript = stored(Transcript, study, name, "name", None)
    except TranscribeError as error:
        return RecordingStatus(name, None, "damaged", "", (error.message,))
    warnings = [stopped] if stopped else []
    warnings += [warning for run in log.stages for warning in run.warnings]
    warnings += doubts(transcript) if transcript is not None else ()
    stage = "release" if released else (log.stages[-1].stage if log.stages else "")
    words = STAGE_WORDS.get(stage, "not started")
    unique = tuple(dict.fromkeys(warnings))
    return RecordingStatus(name, recording.duration if recording else None, words, log.quality, unique)
