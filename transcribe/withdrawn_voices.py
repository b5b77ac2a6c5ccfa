"""The voices of people who withdrew: their clips, their vectors, and how alike they are to others', deleted.

Which of the voices of a shared session is theirs is not asked: a label may be wrong, or change when the session is
diarised anew. No vector of such a session is kept, whoever's it is.
"""

from collections.abc import Collection

from transcribe.diarization.linking import ENROLLED, VoiceOf, forget
from transcribe.enrolment import forget_enrolled
from transcribe.errors import CorruptFileError
from transcribe.store import StudyFolder
from transcribe.study.manifest import ManifestReading
from transcribe.study.withdrawals import Withdrawals, read_withdrawals
from transcribe.voice_store import SCORES, delete_voices, read_scores, write_scores


def sessions_of_withdrawn(journal: Withdrawals, reading: ManifestReading) -> frozenset[str]:
    """The recordings in which the voice of somebody may be who took back everything: by the journal and the manifest.

    The sessions of their pairs, and where their code stands in `person` or `also_present`.
    """
    found = set(journal.sessions)
    for person in journal.people:
        pairs = {plan.pair for plan in reading.withdrawn if plan.person == person} | {person.rpartition("-")[0]}
        found |= {
            plan.id
            for plan in reading.recordings
            if (plan.role == "OBS" and (plan.pair in pairs or person in (plan.person, *plan.members)))
            or person.casefold() in plan.also_present
        }
    return frozenset(found)


def delete_withdrawn_voices(study: StudyFolder, reading: ManifestReading) -> tuple[str, ...]:
    """Deletes what is left of withdrawn people's voices; returns what that was, one line for each.

    The caller holds the study's lock. Reads no transcript, so that a damaged one hinders nothing; scores that cannot be
    read are deleted whole.
    """
    journal = read_withdrawals(study)
    deleted = []
    for person in journal.people:
        if forget_enrolled(study, person):
            deleted.append(f"{person}: the clip of their voice, and its vector")
    sessions = sessions_of_withdrawn(journal, reading)
    for name in sorted(sessions):
        if delete_voices(study, name):
            deleted.append(f"{name}: the vectors of its voices, theirs among them")
    gone = {*sessions, *journal.recordings}
    try:
        scores = read_scores(study)
    except CorruptFileError:
        (study.private / SCORES).unlink()
        return (*deleted, f"private/{SCORES}, which was damaged")
    if scores is not None:
        voices = [heard.voice for heard in scores.voices if _is_gone(study, heard.voice, gone, journal.people)]
        if voices:
            write_scores(study, forget(scores, voices))
            deleted.append("how alike these voices are to others")
    return tuple(deleted)


def _is_gone(study: StudyFolder, voice: VoiceOf, recordings: Collection[str], people: Collection[str]) -> bool:
    """Whether a voice is a withdrawn person's clip, or of a recording that is withdrawn or not there any more."""
    if voice.recording == ENROLLED:
        return voice.voice in people
    return voice.recording in recordings or not study.recording(voice.recording).is_dir()
