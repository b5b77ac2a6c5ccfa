"""Who is who, over the whole study: from voices, words and the manifest to a role for every voice, and its evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from transcribe.batch import Batch
from transcribe.diarization.cast import Cast, pair_members
from transcribe.diarization.linking import ENROLLED, LikeVoices, VoiceLinks, VoiceOf, compare, link_voices
from transcribe.diarization.roles import assign_speakers, talk_of
from transcribe.enrolment import enrolled_voices, enrolment_state
from transcribe.errors import CorruptFileError, TranscribeError, ValidationError
from transcribe.records import Diarization, Recording, SpeakerRole, StageRun, Transcript, to_json
from transcribe.speaker_evidence import RecordingSpeakers, recording_speakers
from transcribe.speaker_page import speaker_page
from transcribe.store import StudyFolder, digest, stage_run, stored, unwritable_message, write_atomic
from transcribe.study.manifest import PlannedRecording, read_manifest
from transcribe.study.settings import Settings
from transcribe.study.speaker_decisions import read_decisions
from transcribe.voice_store import delete_vectors, read_scores, stored_voices, write_scores

SPEAKERS_PAGE = "speakers.html"
OUTDATED = "its speakers were confirmed before it was diarised anew; look at them again: transcribe speakers STUDY"


def stored_speakers(study: StudyFolder) -> tuple[RecordingSpeakers, ...]:
    """The speakers of every recording of the manifest that has some, in its order. Raises `CorruptFileError`."""
    names = [plan.id for plan in read_manifest(study).recordings]
    found = (stored(RecordingSpeakers, study, name, "speakers", None) for name in names)
    return tuple(item for item in found if item is not None)


def diarization_digest(study: StudyFolder, name: str) -> str:
    """The sha256 of the turns that a recording has now; empty when it has none."""
    run = stage_run(study, name, "diarize")
    return run.output_sha256 if run is not None else ""


def assign_study_speakers(
    batch: Batch,
    settings: Settings,
    plans: Mapping[str, PlannedRecording],
    recordings: Mapping[str, Recording],
    attributed: Mapping[str, Transcript],
) -> dict[str, tuple[SpeakerRole, ...]]:
    """Who each voice of the study is, by all recordings together.

    What the voices sound like is compared and the comparison kept; where the settings say so the vectors are deleted
    then. Raises `ValidationError` when that cannot be written, `CorruptFileError` for a damaged file of the study.
    """
    study = batch.study
    turns = {name: diarization_digest(study, name) for name in attributed}
    # Of all that are diarised: one that is not attributed this time must not lose what its voices were compared with.
    states = {name: run.fingerprint for name in plans if (run := stage_run(study, name, "diarize")) is not None}
    voices = [*stored_voices(study, states), *enrolled_voices(study)]
    scores = compare(voices, read_scores(study), states | {ENROLLED: enrolment_state(study)})
    decisions = read_decisions(study)
    confirmed = {
        VoiceOf(name, voice): speaker
        for name in attributed
        for voice, speaker in decisions.of(name, turns[name]).items()
    }
    earlier = {
        VoiceOf(name, speaker.voice): speaker.speaker
        for name in attributed
        if (known := _earlier(batch, name)) is not None and known.diarization == turns[name]
        for speaker in known.speakers
    }
    members = pair_members(plans.values())
    casts = [_cast(plans[name], recordings[name], transcript, members) for name, transcript in attributed.items()]
    links = link_voices(scores, confirmed)
    roles = _with_likenesses(assign_speakers(casts, links, confirmed, earlier), links)
    try:
        write_scores(study, scores)
        if not settings.keep_voice_vectors:
            delete_vectors(study)
    except OSError as error:
        raise ValidationError(unwritable_message(error)) from None
    return roles


def _with_likenesses(
    roles: Mapping[str, tuple[SpeakerRole, ...]], links: VoiceLinks
) -> dict[str, tuple[SpeakerRole, ...]]:
    """The roles; those of unsure voices say whose voice they are perhaps, that of the nearest in another recording."""
    nearest: dict[VoiceOf, LikeVoices] = {}
    for pair in sorted(links.unsure, key=lambda pair: pair.cosine):
        nearest |= {pair.one: pair, pair.other: pair}

    def told(name: str, role: SpeakerRole) -> SpeakerRole:
        own = VoiceOf(name, role.voice)
        if role.voice != role.speaker or own not in nearest:
            return role
        pair = nearest[own]
        other = pair.other if pair.one == own else pair.one
        whose = f"the enrolled {other.voice}" if other.recording == ENROLLED else f"{other.voice} in {other.recording}"
        return replace(role, evidence=f"{role.evidence}; perhaps the voice of {whose} (alike {pair.cosine:.2f})")

    return {name: tuple(told(name, role) for role in some) for name, some in roles.items()}


def _cast(
    plan: PlannedRecording, recording: Recording, attributed: Transcript, members: Mapping[str, tuple[str, str]]
) -> Cast:
    voices = sorted({utterance.speaker for utterance in attributed.utterances})
    talks = tuple(talk_of(voice, attributed.utterances) for voice in voices)
    return Cast(recording, talks, members[plan.pair], plan.interviewers, plan.also_present)


def _earlier(batch: Batch, name: str) -> RecordingSpeakers | None:
    try:
        return stored(RecordingSpeakers, batch.study, name, "speakers", None)
    except CorruptFileError:
        return None  # it is told when the new ones are kept


def keep_speakers(
    batch: Batch,
    recordings: Mapping[str, Recording],
    attributed: Mapping[str, Transcript],
    transcripts: Mapping[str, Transcript],
    roles: Mapping[str, Sequence[SpeakerRole]],
) -> None:
    """Writes `speakers.json` of every recording whose speakers or words have changed, and the page of all.

    Raises `ValidationError` when it cannot be written.
    """
    decisions = read_decisions(batch.study)
    found: list[RecordingSpeakers] = []
    for name in attributed:
        if name not in transcripts:
            continue
        of_it = diarization_digest(batch.study, name)
        confirmed = decisions.of(name, of_it)
        if decisions.is_outdated(name, of_it):
            batch.warn(name, OUTDATED)
        item = recording_speakers(attributed[name], transcripts[name], roles[name], confirmed, of_it)
        wanted = digest(to_json(item))
        try:
            if batch.reuse(RecordingSpeakers, name, "speakers", wanted) is None:
                batch.keep(name, StageRun("speakers", wanted, "", 0.0), item)
        except TranscribeError as error:
            batch.fail(name, "speakers", error)
            continue
        found.append(item)
    _write_page(batch.study, recordings, found)


def _write_page(study: StudyFolder, recordings: Mapping[str, Recording], found: Sequence[RecordingSpeakers]) -> None:
    turns = {item.recording: stored(Diarization, study, item.recording, "diarize", None) for item in found}
    known = {name: diarization for name, diarization in turns.items() if diarization is not None}
    durations = {name: recording.duration for name, recording in recordings.items()}
    page = speaker_page(found, known, durations).encode()
    path = study.private / SPEAKERS_PAGE
    try:
        if not path.exists() or path.read_bytes() != page:
            write_atomic(path, page)
    except OSError as error:
        raise ValidationError(unwritable_message(error)) from None
