"""Voice vectors on disk: what is compared, what is kept of the comparison, and how a voice is erased. BIOMETRIC.

`private/<id>/voices.json` and `private/enrolment/` hold vectors; `private/voice_scores.json` holds only how alike each
two voices are, so that vectors can be deleted after linking (`[privacy] keep_voice_vectors = false`).
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from transcribe.diarization.linking import VoiceScores
from transcribe.diarization.voices import Voices
from transcribe.enrolment import forget_enrolled_vectors
from transcribe.records import from_json, to_json
from transcribe.store import StudyFolder, drop_stage, keep, stage_run, stored, write_atomic

SCORES = "voice_scores.json"


def stored_voices(study: StudyFolder, names: Iterable[str]) -> tuple[Voices, ...]:
    """The vectors of those recordings that still have them, of the diarisation that they have now.

    Raises `CorruptFileError`.
    """
    found = []
    for name in names:
        run = stage_run(study, name, "diarize")
        if run is not None and (voices := stored(Voices, study, name, "voices", run.fingerprint)) is not None:
            found.append(voices)
    return tuple(found)


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
        drop_stage(study, path.parent.name, "voices")
    forget_enrolled_vectors(study)


def erase_voices(study: StudyFolder, recording: str, voices: Collection[str]) -> bool:
    """Takes the vectors of some voices out of a recording's; whether any was there. Raises `CorruptFileError`."""
    run = stage_run(study, recording, "voices")
    known = stored(Voices, study, recording, "voices", None)
    if run is None or known is None:
        return False
    left = tuple(voice for voice in known.voices if voice.voice not in voices)
    if len(left) < len(known.voices):
        keep(study, recording, run, to_json(replace(known, voices=left)))
    return len(left) < len(known.voices)
