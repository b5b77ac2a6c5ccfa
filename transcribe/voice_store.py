"""Voice vectors on disk: what is compared, what is kept of the comparison, and how a voice is erased. BIOMETRIC.

`private/<id>/voices.json` and `private/enrolment/` hold vectors; `private/voice_scores.json` holds only how alike each
two voices are, so that vectors can be deleted after linking (`[privacy] keep_voice_vectors = false`).
"""

import contextlib

from transcribe.diarization.linking import VoiceScores
from transcribe.diarization.voices import Voices
from transcribe.enrolment import forget_enrolled_vectors
from transcribe.errors import CorruptFileError
from transcribe.record_json import from_json, to_json
from transcribe.store import StudyFolder, drop_stage, stage_run, stored, sync_folder, write_atomic

SCORES = "voice_scores.json"


def stored_voices(study: StudyFolder, name: str) -> Voices | None:
    """The vectors of a recording, of the diarisation that it has now, if any. Raises `CorruptFileError`."""
    run = stage_run(study, name, "diarize")
    return None if run is None else stored(Voices, study, name, "voices", run.fingerprint)


def read_scores(study: StudyFolder) -> VoiceScores | None:
    """How alike the voices were that were compared so far. Raises `CorruptFileError`."""
    path = study.private / SCORES
    return from_json(VoiceScores, path.read_bytes(), f"private/{SCORES}") if path.exists() else None


def write_scores(study: StudyFolder, scores: VoiceScores) -> None:
    """Keeps the scores; the caller holds the study's lock."""
    path = study.private / SCORES
    data = to_json(scores)
    if not path.exists() or path.read_bytes() != data:
        write_atomic(path, data)


def delete_vectors(study: StudyFolder) -> None:
    """Deletes the vectors of all recordings and enrolled clips; the scores and the clips stay."""
    for path in sorted(study.private.glob("*/voices.json")):
        delete_voices(study, path.parent.name)
    forget_enrolled_vectors(study)


def delete_voices(study: StudyFolder, recording: str) -> bool:
    """Deletes the vectors of a recording; whether there were any. A damaged `run.json` does not hinder it."""
    path = study.output(recording, "voices")
    if not path.exists():
        return False
    with contextlib.suppress(CorruptFileError):  # whatever needs the log says that it is damaged
        drop_stage(study, recording, "voices")
    path.unlink(missing_ok=True)
    sync_folder(path.parent)
    return True
