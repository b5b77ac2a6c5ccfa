"""Who is who, over the whole study: from voices, words and the manifest to a role for every voice, and its evidence."""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from transcribe.batch import Batch
from transcribe.diarization.cast import Cast
from transcribe.diarization.linking import (
    ENROLLED,
    LikeVoices,
    VoiceLinks,
    VoiceOf,
    compare,
    enrolled_source,
    forget,
    link_voices,
)
from transcribe.diarization.questions import talk_of
from transcribe.diarization.roles import assign_speakers
from transcribe.diarization.voices import Voices
from transcribe.enrolment import enrolled_voice, enrolment_states
from transcribe.errors import CorruptFileError, TranscribeError, ValidationError
from transcribe.record_json import to_json
from transcribe.records import Diarization, Recording, SpeakerRole, StageRun, Transcript
from transcribe.speaker_evidence import RecordingSpeakers, recording_speakers
from transcribe.speaker_page import speaker_page
from transcribe.store import StudyFolder, digest, stage_run, stored, unwritable_message, write_atomic
from transcribe.study.manifest import PlannedRecording, read_manifest
from transcribe.study.settings import Settings
from transcribe.study.speaker_decisions import SpeakerDecision, append_decisions, read_decisions
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
    voices, states = _voices(batch, attributed)
    scores = compare(voices, read_scores(study), states)
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
    casts = [_cast(plans[name], recordings[name], transcript) for name, transcript in attributed.items()]
    absent = [heard.voice for heard in scores.voices if heard.voice.recording not in (*attributed, ENROLLED)]
    links = link_voices(forget(scores, absent), confirmed)
    roles = _with_likenesses(assign_speakers(casts, links, confirmed, earlier), links)
    try:
        write_scores(study, scores)
        if not settings.keep_voice_vectors:
            delete_vectors(study)
    except OSError as error:
        raise ValidationError(unwritable_message(error)) from None
    return roles


def _voices(batch: Batch, attributed: Collection[str]) -> tuple[list[Voices], dict[str, str]]:
    """All vectors that there are, and the state of every recording's voices and every clip.

    Of all recordings, not only of those `attributed` now: one that is left out this time must not lose what its voices
    were compared with. A damaged file is its recording's failure, where that matters.
    """
    study = batch.study
    voices: list[Voices] = []
    states: dict[str, str] = {}
    for name in sorted(path.parent.name for path in study.private.glob("*/run.json")):
        try:
            run = stage_run(study, name, "diarize")
            if run is not None:
                states[name] = run.fingerprint
                voices += filter(None, [stored_voices(study, name)])
        except CorruptFileError as error:
            if name in attributed:
                batch.fail(name, "voices", error)
    for person, clip in enrolment_states(study).items():
        states[enrolled_source(person)] = clip
        try:
            voices += filter(None, [enrolled_voice(study, person)])
        except CorruptFileError as error:
            batch.fail(f"enrolled {person}", "voices", error)
    return voices, states


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


def _cast(plan: PlannedRecording, recording: Recording, attributed: Transcript) -> Cast:
    voices = sorted({utterance.speaker for utterance in attributed.utterances})
    talks = tuple(talk_of(voice, attributed.utterances) for voice in voices)
    return Cast(recording, talks, plan.members, plan.interviewers, plan.also_present)


def _earlier(batch: Batch, name: str) -> RecordingSpeakers | None:
    try:
        return stored(RecordingSpeakers, batch.study, name, "speakers", None)
    except CorruptFileError:
        return None  # it is told when the new ones are kept


def keep_labels(study: StudyFolder, names: Sequence[str]) -> None:
    """Makes the speakers that some recordings have now decisions, before what tells their voices apart is deleted.

    Without a voice somebody else's label could change, and coders have it. A recording whose speakers cannot be read is
    left out. The caller holds the study's lock. Raises `OSError`.
    """
    when = datetime.now(UTC).isoformat(timespec="seconds")
    decisions = []
    for name in names:
        with contextlib.suppress(CorruptFileError):
            known = stored(RecordingSpeakers, study, name, "speakers", None)
            if known is not None and known.diarization == diarization_digest(study, name):
                decisions += [
                    SpeakerDecision(when, name, known.diarization, speaker.voice, speaker.speaker)
                    for speaker in known.speakers
                    if speaker.standing == "sure"
                ]
    if decisions:
        append_decisions(study, decisions)


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
    known: dict[str, Diarization] = {}
    for item in found:
        with contextlib.suppress(CorruptFileError):  # its stage has said so; the page goes without its strip
            if (turns := stored(Diarization, study, item.recording, "diarize", None)) is not None:
                known[item.recording] = turns
    durations = {name: recording.duration for name, recording in recordings.items()}
    page = speaker_page(found, known, durations).encode()
    path = study.private / SPEAKERS_PAGE
    try:
        if not path.exists() or path.read_bytes() != page:
            write_atomic(path, page)
    except OSError as error:
        raise ValidationError(unwritable_message(error)) from None
