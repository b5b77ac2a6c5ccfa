"""The `Diarizer` engine: pyannote.audio's pipeline, one recording after the other.

Importing this module loads neither torch nor pyannote; the first recording does.
"""

import contextlib
import importlib.metadata
import io
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcribe.diarization.speech_mask import speech_mask
from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.diarization.turns import (
    Vector,
    clearly_heard,
    join_turns,
    join_voices,
    name_voices,
    relabel,
    rename,
    second_look,
    turn_pieces,
    voice_centroids,
    without_flicker,
)
from transcribe.diarization.voices import Diarized, Voices
from transcribe.engines import SAMPLE_RATE, DiarizationJob, Outcome
from transcribe.errors import EngineError, TranscribeError
from transcribe.progress import Progress
from transcribe.records import Diarization, SpeechTurn

ENGINE_VERSION = 2
"""Raised whenever this package would give another result for the same sound and the same weights."""

SAME_VOICE = 0.8
"""Two CAM++ centroids with a greater cosine are one voice that was forced apart."""

WORK_SHARES: Mapping[str, tuple[float, float]] = {"segmentation": (0.0, 0.5), "embeddings": (0.5, 0.9)}
"""From where to where on a recording's way each step of the pipeline leads, for progress."""

FRAMES_PER_SECOND = 100
"""Mel frames that CAM++ sees a second."""


class PyannoteDiarizer:
    """Finds who spoke when with pyannote.audio: draft weights, or community-1 when `plda` is given.

    `segmentation` and `embedding` are folders with `config.json` and `model.safetensors`; `revision` names the
    weights in the fingerprint; `device` is `cpu`, `cuda` or `cuda:n`; `threads` is the number of CPU threads that
    torch may use, 0 to leave it as it is. Weights are read when the first recording comes.
    """

    def __init__(
        self, segmentation: Path, embedding: Path, revision: str, device: str, threads: int, plda: Path | None = None
    ) -> None:
        self._segmentation = segmentation
        self._embedding = embedding
        self._revision = revision
        self._device = device
        self._threads = threads
        self._plda = plda
        self._pipeline: Any = None

    @property
    def fingerprint(self) -> str:
        """This engine's version, pyannote's and the weights'; the device is no part of it."""
        kind = "community" if self._plda else "draft"
        version = importlib.metadata.version("pyannote.audio")
        return f"diarizer-{ENGINE_VERSION} {kind} pyannote.audio-{version} {self._revision}"

    def diarize(self, jobs: Iterable[DiarizationJob], progress: Progress) -> Iterator[Outcome[Diarized]]:
        """Yields one outcome per job, in order; what fails is that recording's `EngineError`, and the next goes on.

        Raises `DependencyError` when weights are missing or the device cannot be used: that fails for all.
        """
        install_torchaudio_stub()
        for job in jobs:
            pipeline = self._loaded()
            recording = job.audio.recording.id
            started = time.monotonic()
            work = _Work(progress, recording, job.audio.seconds)
            notes: list[str] = []
            result: Diarized | TranscribeError
            try:
                result = self._diarize_one(pipeline, job, work, notes)
            except TranscribeError as error:
                result = error
            except Exception as error:  # noqa: BLE001 - an engine may raise anything; it fails one recording, not the batch
                # The exception's own text may quote anything, so only its class is told.
                result = EngineError(
                    f"{recording}: speaker diarisation failed ({type(error).__name__}); run again, and if it fails "
                    "again, leave the recording out with `include` = no and report this"
                )
            work.reach(1.0)
            yield Outcome(recording, result, time.monotonic() - started, tuple(notes))

    def _loaded(self) -> Any:
        if self._pipeline is None:
            import torch

            from transcribe.diarization import pyannote_pipeline

            if self._threads > 0:
                torch.set_num_threads(self._threads)
            if self._plda is None:
                self._pipeline = pyannote_pipeline.draft_pipeline(self._segmentation, self._embedding, self._device)
            else:
                self._pipeline = pyannote_pipeline.community_pipeline(
                    self._segmentation, self._embedding, self._plda, self._device
                )
        return self._pipeline

    def _diarize_one(self, pipeline: Any, job: DiarizationJob, work: "_Work", notes: list[str]) -> Diarized:
        import torch

        from transcribe.diarization import pyannote_pipeline
        from transcribe.diarization.campplus import log_mel

        recording, seconds = job.audio.recording.id, job.audio.seconds
        if len(job.audio.samples) == 0:
            return Diarized(Diarization(recording, (), (), ()), Voices(recording, self._revision, ()))
        waveform = torch.from_numpy(job.audio.samples.copy())
        file = {"waveform": waveform[None], "sample_rate": SAMPLE_RATE, "uri": recording}
        if self._plda is None:
            file["features"] = log_mel(waveform)
        output = _apply(pipeline, file, _speaker_arguments(job.speakers, forced=self._plda is None), work)
        speech = speech_mask(*pyannote_pipeline.speech_scores(pipeline), seconds)
        turns = _turns(output.speaker_diarization)
        exclusive = join_turns(_turns(output.exclusive_speaker_diarization))
        if self._plda is None:
            turns, exclusive = _look_again(pipeline, file["features"], turns, exclusive)
        named, named_exclusive = name_voices(turns, exclusive, seconds)
        heard = clearly_heard(named)
        if job.speakers is not None and heard < job.speakers:
            notes.append(
                f"voices expected: {job.speakers}, clearly heard: {heard}; check who speaks, and the recording"
            )
        return Diarized(Diarization(recording, named, named_exclusive, speech), Voices(recording, self._revision, ()))


def draft_diarizer(
    segmentation: Path, embedding: Path, revision: str, *, device: str, threads: int
) -> PyannoteDiarizer:
    """The engine with the weights that the program pulls without an account: segmentation-3.0 and CAM++."""
    return PyannoteDiarizer(segmentation, embedding, revision, device, threads)


def community_diarizer(folder: Path, revision: str, *, device: str, threads: int) -> PyannoteDiarizer:
    """The engine with community-1's weights: `folder` holds `segmentation/`, `embedding/` and `plda/`."""
    return PyannoteDiarizer(
        folder / "segmentation", folder / "embedding", revision, device, threads, plda=folder / "plda"
    )


class _Work:
    """Tells `progress` how far one recording is; what it tells adds up to the recording's length."""

    def __init__(self, progress: Progress, recording: str, seconds: float) -> None:
        self._progress = progress
        self._recording = recording
        self._seconds = seconds
        self._told = 0.0

    def reach(self, share: float) -> None:
        """`share` (0 … 1) of the work is done; going back is not told."""
        now = self._seconds * min(1.0, share)
        if now > self._told:
            self._progress.advance(self._recording, "diarize", now - self._told)
            self._told = now

    def hook(self, step: str, _artefact: object, **state: Any) -> None:
        """pyannote's hook: `completed` and `total` of a step, when that step counts."""
        if step in WORK_SHARES and state.get("total"):
            start, end = WORK_SHARES[step]
            self.reach(start + (end - start) * min(1.0, state["completed"] / state["total"]))


def _speaker_arguments(speakers: int | None, forced: bool) -> dict[str, int]:
    """How pyannote is told the number of voices.

    Draft clustering parts the voices at a threshold, so it is told the number and checked afterwards; VBx finds the
    number well and is told only not to find more, because forcing it makes pyannote fall back to k-means.
    """
    if speakers is None:
        return {}
    return {"num_speakers": speakers} if forced else {"max_speakers": speakers}


def _apply(pipeline: Any, file: Mapping[str, Any], arguments: Mapping[str, int], work: _Work) -> Any:
    """The pipeline's output, with its warnings about ignored arguments made errors and its prints kept off stdout."""
    pipeline._segmentation.conversion.take()  # what a failed recording left behind
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.filterwarnings("error", message=".*[Ii]gnoring unexpected keyword")
        # Fewer voices than asked for are told by us; a recording with hardly any speech has no centroid.
        warnings.filterwarnings("ignore", message=r"\s*The detected number of speakers")
        warnings.filterwarnings("ignore", message="Mean of empty slice")
        warnings.filterwarnings("ignore", message="invalid value encountered in divide")
        return pipeline(dict(file), hook=work.hook, **arguments)


def _turns(annotation: Any) -> list[SpeechTurn]:
    return [
        SpeechTurn(str(voice), float(segment.start), float(segment.end))
        for segment, _, voice in annotation.itertracks(yield_label=True)
    ]


def _look_again(
    pipeline: Any, features: Any, turns: list[SpeechTurn], exclusive: list[SpeechTurn]
) -> tuple[list[SpeechTurn], list[SpeechTurn]]:
    """Both lists after a second look at every turn, with voices that are one joined and flicker left out."""
    vectors = _turn_vectors(pipeline, features, exclusive)
    voices = second_look(exclusive, vectors)
    turns = relabel(turns, exclusive, voices)
    exclusive = [SpeechTurn(voice, turn.start, turn.end) for voice, turn in zip(voices, exclusive, strict=True)]
    one = join_voices(voice_centroids(exclusive, vectors), SAME_VOICE)
    return without_flicker(rename(turns, one)), without_flicker(rename(exclusive, one))


def _turn_vectors(pipeline: Any, features: Any, turns: Sequence[SpeechTurn]) -> dict[int, Vector]:
    """The unit voice vector of each turn of at least half a second, by its number: the mean over pieces of it."""
    from transcribe.diarization.pyannote_pipeline import embed_pieces

    owners: list[int] = []
    pieces: list[NDArray[np.intp]] = []
    for number, turn in enumerate(turns):
        first, last = round(turn.start * FRAMES_PER_SECOND), min(len(features), round(turn.end * FRAMES_PER_SECOND))
        for piece in turn_pieces(first, last):
            owners.append(number)
            pieces.append(piece)
    totals: dict[int, Vector] = {}
    for number, vector in embed_pieces(pipeline, features, pieces).items():
        owner = owners[number]
        totals[owner] = totals.get(owner, np.zeros_like(vector)) + len(pieces[number]) * vector
    return {owner: total / np.linalg.norm(total) for owner, total in totals.items()}
