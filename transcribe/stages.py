"""The stages of the pipeline, each from the records before it to the records after it, reused where nothing changed."""

import math
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

from transcribe.attribution import in_order
from transcribe.audio.decode import decode
from transcribe.audio.ffmpeg import ffmpeg_version
from transcribe.audio.probe import probe_recording
from transcribe.batch import Batch, engine_stage, pending, plain_stage
from transcribe.consent import ConsentRules, recognition_without
from transcribe.diarization.voices import Voices, is_sound
from transcribe.engines import (
    DecodedAudio,
    DiarizationJob,
    Diarizer,
    Outcome,
    PiiCandidate,
    PiiDetector,
    RecognitionJob,
    Recognizer,
)
from transcribe.errors import EngineError, InputError, TranscribeError, WithheldError
from transcribe.progress import Progress
from transcribe.record_json import from_json, to_json
from transcribe.records import Diarization, Recognition, Recording, RedactionList, StageRun, Transcript
from transcribe.redaction.key import save_key
from transcribe.redaction.registry import Registry
from transcribe.redaction.study_redaction import REDACTION_VERSION, redact_study, searched_names
from transcribe.release_check.finished import read_finished
from transcribe.release_check.second_pass import detect_or_withhold, redact_until_nothing_new, remembered
from transcribe.store import digest, fingerprint, stage_run, stored
from transcribe.study.languages import joined_languages
from transcribe.study.manifest import PlannedRecording
from transcribe.study.roster import RosterEntry
from transcribe.trust import doubts_of_words, trust_of

Speakers = int | Literal["auto"] | None
"""A number of voices for every recording, `auto` for not known, None for what the manifest says."""

TIME_SLACK = 0.5
"""Seconds that an engine's times may pass the end of the audio by rounding of its frames."""


def probe(batch: Batch, plans: Sequence[PlannedRecording]) -> dict[str, Recording]:
    """The facts of each recording's media files; a file is read again only when its size or time has changed."""
    wanted: dict[str, str] = {}
    for plan in plans:
        facts: dict[str, str | int | None] = {
            "id": plan.id,
            "pair": plan.pair,
            "role": plan.role,
            "person": plan.person,
            "session": plan.session,
            "language": plan.language,
            "decoder": ffmpeg_version(),
        }
        try:
            states = [file.stat() for file in plan.files]
        except OSError:
            batch.fail(plan.id, "probe", InputError("its media file cannot be found; check the row in the manifest"))
            continue
        wanted[plan.id] = fingerprint("probe", 1, facts, [f"{state.st_size}:{state.st_mtime_ns}" for state in states])
    by_id = {plan.id: plan for plan in plans}

    def compute(name: str) -> Recording:
        batch.progress.advance(name, "probe", 0.0)
        return probe_recording(by_id[name])

    return plain_stage(batch, Recording, "probe", wanted, compute)


def _decoded(batch: Batch, plan: PlannedRecording, recording: Recording, stop: threading.Event) -> DecodedAudio:
    """A recording's sound, decoded in whichever thread calls; the warnings are there before it is."""
    decoded = decode(recording, plan.files, batch.study.private, stop)
    batch.decoding_warnings[recording.id] = decoded.warnings
    return decoded.audio


def _audio_digest(recording: Recording) -> str:
    return digest(repr([(part.sha256, part.offset) for part in recording.parts]).encode())


def _lengths(recordings: Mapping[str, Recording]) -> dict[str, float]:
    return {name: recording.duration for name, recording in recordings.items()}


def diarize(
    batch: Batch,
    plans: Mapping[str, PlannedRecording],
    recordings: Mapping[str, Recording],
    diarizer: Diarizer,
    speakers: Speakers,
    voiceless: Collection[str] = (),
) -> dict[str, Diarization]:
    """Who spoke when, in every recording; `speakers` (a flag) goes before the manifest's number of voices.

    What the voices sound like is kept beside it, but not of the recordings in `voiceless`.
    """
    told = None if speakers == "auto" else speakers
    voices = {name: plans[name].speakers if speakers is None else told for name in recordings}
    wanted = {
        name: fingerprint(
            "diarize",
            2,
            {"engine": diarizer.fingerprint, "decoder": ffmpeg_version(), "speakers": voices[name]},
            [_audio_digest(recording)],
        )
        for name, recording in recordings.items()
    }

    def job(name: str, stop: threading.Event) -> DiarizationJob:
        return DiarizationJob(_decoded(batch, plans[name], recordings[name], stop), voices[name])

    def check(result: Diarization) -> None:
        end = recordings[result.recording].duration + TIME_SLACK
        spans = [(turn.start, turn.end) for turn in (*result.turns, *result.exclusive)] + list(result.speech)
        _check_spans("diarization", spans, end)

    def found(jobs: Iterable[DiarizationJob], progress: Progress) -> Iterator[Outcome[Diarization]]:
        for outcome in diarizer.diarize(jobs, progress):
            if isinstance(outcome.result, TranscribeError):
                yield Outcome(outcome.recording, outcome.result, outcome.seconds, outcome.warnings)
                continue
            diarization, voices = outcome.result.diarization, outcome.result.voices
            # Before the turns, whose line in run.json says that the recording is done.
            _check_voices(diarization, voices)
            if outcome.recording in voiceless:
                voices = replace(voices, voices=())
            batch.keep(outcome.recording, StageRun("voices", wanted[outcome.recording], "", 0.0), voices)
            yield Outcome(outcome.recording, diarization, outcome.seconds, outcome.warnings)

    return engine_stage(batch, Diarization, "diarize", wanted, job, found, check, _lengths(recordings))


def _check_voices(diarization: Diarization, voices: Voices) -> None:
    names = {turn.speaker for turn in diarization.turns}
    listed = [voice.voice for voice in voices.voices]
    if len(set(listed)) < len(listed) or not names.issuperset(listed) or not all(map(is_sound, voices.voices)):
        raise EngineError("the diarization engine returned voices that are none")


def recognize(
    batch: Batch,
    plans: Mapping[str, PlannedRecording],
    recordings: Mapping[str, Recording],
    diarizations: Mapping[str, Diarization],
    recognizer: Recognizer,
    languages: Mapping[str, tuple[str, ...]],
    consent: Mapping[str, ConsentRules],
) -> dict[str, Recognition]:
    """What was said, in every recording that was diarised; `languages` by recording, none to detect it.

    What was withdrawn is never kept. Depends on the diarisation through its speech mask alone, so that another number
    of speakers reuses it.
    """
    wanted = {
        name: fingerprint(
            "recognize",
            1,
            {
                "engine": recognizer.fingerprint,
                "decoder": ffmpeg_version(),
                "languages": joined_languages(languages[name]),
            },
            [_audio_digest(recordings[name]), digest(repr(diarization.speech).encode())],
        )
        for name, diarization in diarizations.items()
    }

    def job(name: str, stop: threading.Event) -> RecognitionJob:
        # Words are heard in the mix; the channels would only take memory.
        audio = replace(_decoded(batch, plans[name], recordings[name], stop), channels=())
        return RecognitionJob(audio, diarizations[name].speech, languages[name])

    def check(result: Recognition) -> None:
        end = recordings[result.recording].duration + TIME_SLACK
        words = [word for segment in result.segments for word in segment.words]
        spans = [(word.start, word.end) for word in words] + list(result.inaudible)
        _check_spans("recognition", spans + [(text.start, text.end) for text in result.quarantined], end)
        if any("".join(word.text for word in segment.words) != segment.text for segment in result.segments):
            raise EngineError("the recognition engine returned words that are not its text")

    def consented(jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        for outcome in recognizer.recognize(jobs, progress):
            if isinstance(outcome.result, Recognition):
                # In order first: what is cut out of words later must be what is cut out of the transcript.
                kept = recognition_without(in_order(outcome.result), consent[outcome.recording].withdrawn)
                doubts = doubts_of_words(outcome.recording, trust_of(kept))
                yield replace(outcome, result=kept, warnings=(*outcome.warnings, *doubts))
            else:
                yield outcome

    return engine_stage(batch, Recognition, "recognize", wanted, job, consented, check, _lengths(recordings))


def _check_spans(engine: str, spans: Sequence[tuple[float, float]], end: float) -> None:
    for start, stop in spans:
        if not (math.isfinite(start) and math.isfinite(stop) and 0 <= start <= stop <= end):
            raise EngineError(f"the {engine} engine returned times outside the recording")


def redact(
    batch: Batch,
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    roster: Sequence[RosterEntry],
    registry: Registry,
    detector: PiiDetector,
) -> tuple[dict[str, RedactionList], Registry]:
    """The spans to be replaced in every transcript of the study, and the registry with what was learnt.

    Redaction is one step over the whole study, because a name learnt in one interview is searched in all: its
    fingerprint holds all transcripts, what people decided, and the names that the key knew when it was done, for texts
    from outside the study teach the key, too. The text that comes out is searched again, until nothing
    new is found (`release_check.second_pass`). The key is saved before any list, so that no mark exists without its
    entity.
    """
    inputs = [digest(repr(tuple(roster)).encode()), digest(repr(registry.decisions).encode())]
    for name, transcript in transcripts.items():
        inputs += [digest(to_json(recordings[name])), digest(to_json(transcript))]
    if left := read_finished(batch.study).found:
        inputs.append(digest(repr(left).encode()))  # go on looking, so that what withholds gets a mark to decide on

    def depends_on(known: Registry) -> str:
        whole = [*inputs, digest(repr(searched_names(known)).encode())]
        return fingerprint("redact", REDACTION_VERSION, {"detector": detector.fingerprint}, whole)

    _check_key_is_complete(batch, transcripts, registry)
    lists, todo = pending(batch, RedactionList, "redact", dict.fromkeys(transcripts, depends_on(registry)))
    if not todo:
        return lists, registry
    started = time.monotonic()
    candidates: list[PiiCandidate] = []
    covered: list[str] = []
    damaged = {failure.recording for failure in batch.failures}
    for name, transcript in transcripts.items():
        if name in damaged:
            continue
        try:
            candidates += detect_or_withhold(detector, transcript)
        except TranscribeError as error:
            batch.fail(name, "redact", error)
        else:
            covered.append(name)
    texts = [transcripts[name] for name in covered]
    redact = partial(redact_study, [recordings[name] for name in covered], texts, roster, registry)
    candidates += remembered(_earlier_lists(batch, covered), texts, registry)
    found = redact_until_nothing_new(redact, texts, candidates, detector)
    save_key(batch.study, found.registry)
    for name, failure in found.withheld.items():
        batch.fail(name, "redact", failure)
    lists = {}
    wanted = depends_on(found.registry)
    each = round((time.monotonic() - started) / max(len(found.lists), 1), 3)
    for redaction in found.lists:
        if redaction.recording in found.withheld:
            continue
        line = StageRun("redact", wanted, "", each)
        try:
            batch.keep(redaction.recording, line, redaction)
        except TranscribeError as error:
            batch.fail(redaction.recording, "redact", error)
        else:
            lists[redaction.recording] = redaction
            batch.progress.advance(redaction.recording, "redact", 0.0)
    return lists, found.registry


def _earlier_lists(batch: Batch, names: Iterable[str]) -> list[RedactionList]:
    """What an earlier run replaced in each recording, whatever it was made of."""
    stored_lists = (stored(RedactionList, batch.study, name, "redact", None) for name in names)
    return [listed for listed in stored_lists if listed is not None]


def _check_key_is_complete(batch: Batch, names: Iterable[str], registry: Registry) -> None:
    """Raises `WithheldError` when an entity in use is not in the key: an older key would give its mark to another."""
    known = {entity.id for entity in registry.entities}
    for name in names:
        run = stage_run(batch.study, name, "redact")
        path = batch.study.output(name, "redact")
        if run is None or not path.exists() or digest(path.read_bytes()) != run.output_sha256:
            continue
        used = from_json(RedactionList, path.read_bytes(), f"private/{name}/{path.name}").redactions
        if any(redaction.entity not in known for redaction in used):
            raise WithheldError(
                "private/key.age is older than the study's results: put the newest copy of it back; nothing was done"
            )
