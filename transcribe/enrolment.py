"""Enrolled voices: a short clip of one person, by which their voice is known in all recordings of the study.

BIOMETRIC: `private/enrolment/<code>.wav` and what was made of it, `<code>.json`. `transcribe withdraw` deletes both.
"""

import io
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from transcribe.audio.decode import decode
from transcribe.audio.probe import probe_recording
from transcribe.diarization.linking import ENROLLED
from transcribe.diarization.voices import Voices, is_sound
from transcribe.engines import SAMPLE_RATE, DecodedAudio, DiarizationJob, Diarizer, Samples
from transcribe.errors import EngineError, InputError, TranscribeError, UsageError
from transcribe.progress import Progress
from transcribe.record_json import from_json, to_json
from transcribe.records import Recording
from transcribe.store import StudyFolder, digest, make_private_folder, sync_folder, write_atomic
from transcribe.study.codes import is_code
from transcribe.study.manifest import PlannedRecording
from transcribe.study.withdrawals import read_withdrawals

FOLDER = "enrolment"
LEAST_SPEECH = 5.0
"""Seconds of speech below which a voice is not told apart safely."""
SAME_VOICE = 0.8
"""Cosine above which two clips are one voice: CAM++ gives two people 0.42 at most (benchmarks/voice_scale.py)."""
LONGEST_CLIP = 600.0
"""Seconds: a longer file is an interview, not a clip."""


@dataclass(frozen=True, slots=True)
class EnrolledVoice:
    """What `engine` (a diariser's fingerprint) heard in the clip with this sha256: one voice."""

    person: str
    clip: str
    engine: str
    voices: Voices


def enrol(study: StudyFolder, person: str, file: Path, diarizer: Diarizer, progress: Progress) -> float:
    """Keeps the clip in `file` as the voice of `person`, instead of an earlier one; returns its seconds of speech.

    The caller holds the study's lock. Raises `UsageError` for what is no code and for a person who withdrew,
    `InputError` for a clip that cannot be read, is too short or too long, holds more than one voice or the voice of
    somebody else who is enrolled, and what the engine raises. Nothing is kept then.
    """
    if not is_code(person):
        raise UsageError("--person: give the person's code, such as INT, INT-2 or P01-PSW, never a name")
    withdrawals = read_withdrawals(study)
    if person in withdrawals.people:
        raise UsageError(f"{person} withdrew from the study: no voice of theirs is kept")
    planned = PlannedRecording(
        id=person,
        pair="",
        role="OBS",
        person=person,
        session=1,
        date="",
        language="",
        speakers=1,
        also_present=(),
        consent=frozenset(),
        files=(file,),
        withdrawals=withdrawals,
    )
    try:
        recording = probe_recording(planned)
        samples = decode(recording, (file,)).audio.samples
    except InputError as error:
        raise InputError(f"the clip: {error.message}") from error
    if recording.duration > LONGEST_CLIP:
        raise InputError(
            f"the clip is longer than {LONGEST_CLIP / 60:.0f} minutes: cut out a minute of this person alone"
        )
    clip = _wave_bytes(samples)
    voice = _heard(person, _samples(clip), digest(clip), diarizer, progress)
    _refuse_known_voice(study, voice)
    folder = study.private / FOLDER
    make_private_folder(folder)
    write_atomic(_clip(study, person), clip)
    write_atomic(_record(study, person), to_json(voice))
    return voice.voices.voices[0].seconds


def enrolled_people(study: StudyFolder) -> tuple[str, ...]:
    """The codes of those who have a clip, sorted."""
    return tuple(sorted(path.stem for path in (study.private / FOLDER).glob("*.wav")))


def hear_enrolled(study: StudyFolder, diarizer: Diarizer, progress: Progress) -> dict[str, TranscribeError]:
    """Listens to the clips that another engine has heard last, or none; returns what failed, by person.

    The caller holds the study's lock.
    """
    failed: dict[str, TranscribeError] = {}
    for person in enrolled_people(study):
        try:
            clip = _clip(study, person).read_bytes()
            known = _known(study, person)
            if known is None or (known.clip, known.engine) != (digest(clip), diarizer.fingerprint):
                voice = _heard(person, _samples(clip), digest(clip), diarizer, progress)
                write_atomic(_record(study, person), to_json(voice))
        except TranscribeError as error:
            failed[person] = error
    return failed


def enrolled_voice(study: StudyFolder, person: str) -> Voices | None:
    """What was heard in a person's clip: one voice, labelled by their code; None before it was heard.

    Raises `CorruptFileError`.
    """
    known = _known(study, person)
    return None if known is None else known.voices


def enrolment_states(study: StudyFolder) -> dict[str, str]:
    """The sha256 of each enrolled person's clip."""
    return {person: digest(_clip(study, person).read_bytes()) for person in enrolled_people(study)}


def forget_enrolled(study: StudyFolder, person: str) -> bool:
    """Deletes a person's vector and clip, in this order; whether there was any."""
    found = [path for path in (_record(study, person), _clip(study, person)) if path.exists()]
    for path in found:
        path.unlink()
    if found:
        sync_folder(study.private / FOLDER)
    return bool(found)


def forget_enrolled_vectors(study: StudyFolder) -> None:
    """Deletes what was computed from the clips; the clips stay."""
    for path in sorted((study.private / FOLDER).glob("*.json")):
        path.unlink()


def _heard(person: str, samples: Samples, clip: str, diarizer: Diarizer, progress: Progress) -> EnrolledVoice:
    recording = Recording(person, "", "OBS", person, 1, "", (), round(len(samples) / SAMPLE_RATE, 3))
    job = DiarizationJob(DecodedAudio.of(recording, samples), 1)
    try:
        (outcome,) = diarizer.diarize([job], progress)
    except TranscribeError:
        raise
    except Exception as error:
        raise EngineError(f"{person}: the diarization engine failed on the clip ({type(error).__name__})") from error
    if isinstance(outcome.result, TranscribeError):
        raise outcome.result
    voices = outcome.result.voices.voices
    if not all(map(is_sound, voices)):
        raise EngineError("the diarization engine returned voices that are none")
    if len(voices) > 1:
        raise InputError(f"{person}: more than one voice is heard in the clip: cut out a minute of this person alone")
    if not voices or voices[0].seconds < LEAST_SPEECH:
        raise InputError(f"{person}: less than {LEAST_SPEECH:.0f} s of speech is heard in the clip: give a longer one")
    named = Voices(ENROLLED, outcome.result.voices.embedding, (replace(voices[0], voice=person),))
    return EnrolledVoice(person, clip, diarizer.fingerprint, named)


def _refuse_known_voice(study: StudyFolder, heard: EnrolledVoice) -> None:
    """One person has one code: a voice that is clearly another's would be called by either."""
    for person in enrolled_people(study):
        known = _known(study, person)
        if person == heard.person or known is None or known.voices.embedding != heard.voices.embedding:
            continue
        (own,), (other,) = heard.voices.voices, known.voices.voices
        if sum(a * b for a, b in zip(own.vector, other.vector, strict=True)) > SAME_VOICE:
            raise InputError(f"the voice in the clip is that of {person}: one person has one code")


def _clip(study: StudyFolder, person: str) -> Path:
    return study.private / FOLDER / f"{person}.wav"


def _record(study: StudyFolder, person: str) -> Path:
    return study.private / FOLDER / f"{person}.json"


def _known(study: StudyFolder, person: str) -> EnrolledVoice | None:
    path = _record(study, person)
    return from_json(EnrolledVoice, path.read_bytes(), f"private/{FOLDER}/{path.name}") if path.exists() else None


def _wave_bytes(samples: Samples) -> bytes:
    """Mono 16-bit WAV: any program plays it, and it holds nothing but the sound."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue()


def _samples(clip: bytes) -> Samples:
    try:
        with wave.open(io.BytesIO(clip)) as file:
            return (np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768).astype(np.float32)
    except (wave.Error, EOFError) as error:
        raise InputError("an enrolled clip in private/enrolment is damaged: enrol the person again") from error
