"""The voices of people who withdrew: their clips, their vectors, and how alike they are to others', deleted."""

from transcribe.diarization.linking import ENROLLED, VoiceOf, forget
from transcribe.enrolment import enrolled_people, forget_enrolled
from transcribe.records import Transcript
from transcribe.store import StudyFolder, stored
from transcribe.study.withdrawals import read_withdrawals
from transcribe.voice_store import erase_voices, read_scores, write_scores


def delete_withdrawn_voices(study: StudyFolder) -> tuple[str, ...]:
    """Deletes what is left of withdrawn people's voices; returns what that was, one line for each.

    Their voice in a session that stays is found by the speaker it was given. The caller holds the study's lock. Raises
    `CorruptFileError`.
    """
    journal = read_withdrawals(study)
    deleted = []
    for person in journal.people:
        if person in enrolled_people(study) and forget_enrolled(study, person):
            deleted.append(f"{person}: the clip of their voice, and its vector")
    theirs = [voice for name in _transcribed(study) for voice in _voices_of(study, name, journal.people)]
    for name in sorted({voice.recording for voice in theirs}):
        if erase_voices(study, name, [voice.voice for voice in theirs if voice.recording == name]):
            deleted.append(f"{name}: the vector of their voice")
    scores = read_scores(study)
    if scores is not None:
        gone = [
            heard.voice
            for heard in scores.voices
            if heard.voice in theirs
            or heard.voice.recording in journal.recordings
            or (heard.voice.recording == ENROLLED and heard.voice.voice in journal.people)
        ]
        if gone:
            write_scores(study, forget(scores, gone))
            deleted.append(f"what {len(gone)} withdrawn voices were compared with")
    return tuple(deleted)


def _transcribed(study: StudyFolder) -> list[str]:
    return sorted(path.parent.name for path in study.private.glob("*/transcript.json"))


def _voices_of(study: StudyFolder, name: str, people: tuple[str, ...]) -> list[VoiceOf]:
    transcript = stored(Transcript, study, name, "name", None)
    speakers = transcript.speakers if transcript is not None else ()
    return [VoiceOf(name, role.voice) for role in speakers if role.speaker in people]
