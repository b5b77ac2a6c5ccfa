"""The `Diarizer` engine: recordings in groups, their windows in shared batches, one outcome per recording.

Importing this module loads neither torch nor pyannote; the first recording does.
"""

import importlib.metadata
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transcribe.diarization.channels import in_windows, own_microphones
from transcribe.diarization.speech_mask import speech_mask
from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.diarization.turns import name_voices, number_warnings
from transcribe.diarization.voices import Diarized, Voices, VoiceVector
from transcribe.engines import DiarizationJob, Outcome
from transcribe.errors import EngineError, TranscribeError
from transcribe.progress import Progress
from transcribe.records import Diarization

ENGINE_VERSION = 3
"""Raised whenever this package would give another result for the same sound and the same weights."""

SEGMENTED, EMBEDDED = 0.6, 0.95
"""How far along a recording is after each of the two long steps, for progress."""

GROUP_SECONDS = {"cpu": 60.0, "cuda": 4 * 3600.0}
"""So much sound is worked on at a time: on a CPU an interview fills batches by itself, and only short clips share them.
Memory goes with it, 345 MB an hour (16 bit, and float32 for the networks)."""
GROUP_RECORDINGS = 16
"""At most so many recordings are taken ahead of the one whose outcome is due."""


class PyannoteDiarizer:
    """Finds who spoke when with pyannote's networks: draft weights, or community-1 when `plda` is given.

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
        self._networks: Any = None

    @property
    def fingerprint(self) -> str:
        """This engine's version, pyannote's and the weights'; the device is no part of it."""
        kind = "community" if self._plda else "draft"
        version = importlib.metadata.version("pyannote.audio")
        return f"diarizer-{ENGINE_VERSION} {kind} pyannote.audio-{version} {self._revision}"

    @property
    def embedding(self) -> str:
        """The network that makes the voice vectors, and its weights."""
        return f"{'resnet34' if self._plda else 'campplus'} {self._revision}"

    def diarize(self, jobs: Iterable[DiarizationJob], progress: Progress) -> Iterator[Outcome[Diarized]]:
        """Yields one outcome per job, in order; what fails is that recording's `EngineError`, and the next goes on.

        Raises `DependencyError` when weights are missing or the device cannot be used: that fails for all.
        """
        install_torchaudio_stub()
        for group in _groups(jobs, GROUP_SECONDS["cuda" if self._device.startswith("cuda") else "cpu"]):
            networks = self._loaded()
            works = [_Work(progress, job.audio.recording.id, job.audio.seconds) for job in group]
            started = time.monotonic()
            results = self._together(networks, group, works)
            spent = time.monotonic() - started
            share = spent / max(sum(job.audio.seconds for job in group), 1e-3)
            for job, work, (result, notes) in zip(group, works, results, strict=True):
                work.reach(1.0)
                yield Outcome(job.audio.recording.id, result, share * job.audio.seconds, notes)

    def _loaded(self) -> Any:
        if self._networks is None:
            import torch

            from transcribe.diarization import pyannote_pipeline

            if self._threads > 0:
                torch.set_num_threads(self._threads)
            if self._plda is None:
                self._networks = pyannote_pipeline.load_draft(self._segmentation, self._embedding, self._device)
            else:
                self._networks = pyannote_pipeline.load_community(
                    self._segmentation, self._embedding, self._plda, self._device
                )
        return self._networks

    def _together(
        self, networks: Any, group: Sequence[DiarizationJob], works: Sequence["_Work"]
    ) -> list[tuple[Diarized | TranscribeError, tuple[str, ...]]]:
        """The group's results and warnings. If anything is raised, each is done alone, and fails or not by itself."""
        try:
            return self._results(networks, group, works)
        except Exception as error:  # noqa: BLE001 - an engine may raise anything; it fails one recording, not the batch
            if len(group) > 1:
                pairs = zip(group, works, strict=True)
                return [result for job, work in pairs for result in self._together(networks, [job], [work])]
            if isinstance(error, TranscribeError):
                return [(error, ())]
            # The exception's own text may quote anything, so only its class is told.
            failed = EngineError(
                f"{group[0].audio.recording.id}: speaker diarisation failed ({type(error).__name__}); run again, and "
                "if it fails again, leave the recording out with `include` = no and report this"
            )
            return [(failed, ())]

    def _results(
        self, networks: Any, group: Sequence[DiarizationJob], works: Sequence["_Work"]
    ) -> list[tuple[Diarized | TranscribeError, tuple[str, ...]]]:
        import torch

        segmenter, voices = networks
        waveforms = [torch.from_numpy(job.audio.samples).to(segmenter.device) for job in group]
        found = segmenter.segment(waveforms, lambda n, share: works[n].reach(SEGMENTED * share))
        segmented = [_by_channel(job, one) for job, one in zip(group, found, strict=True)]
        plans = [voices.plan(waveform, one) for waveform, one in zip(waveforms, segmented, strict=True)]
        between = EMBEDDED - SEGMENTED
        vectors = voices.embed(plans, lambda n, share: works[n].reach(SEGMENTED + between * share))
        results: list[tuple[Diarized | TranscribeError, tuple[str, ...]]] = []
        for job, one, plan, own in zip(group, segmented, plans, vectors, strict=True):
            recording, seconds = job.audio.recording.id, job.audio.seconds
            decided = voices.decide(plan, own, job.speakers)
            turns, exclusive, names = name_voices(decided.turns, decided.exclusive, seconds)
            heard = tuple(
                VoiceVector(names[voice], round(centroid.seconds, 3), tuple(centroid.vector.tolist()))
                for voice, centroid in sorted(decided.centroids.items(), key=lambda item: names.get(item[0], ""))
                if voice in names
            )
            times, speech = one.speech_scores()
            diarization = Diarization(recording, turns, exclusive, speech_mask(times, speech, seconds))
            result = Diarized(diarization, Voices(recording, self.embedding, heard))
            results.append((result, tuple(number_warnings(turns, job.speakers))))
        return results


def _by_channel(job: DiarizationJob, segmented: Any) -> Any:
    """`segmented` with the channels as its slots, where each is the microphone of one of the people expected."""
    channels = job.audio.channels
    if len(channels) < 2 or (job.speakers is not None and job.speakers != len(channels)):
        return segmented
    _, speech = segmented.speech_scores()
    # One channel at a time: as floats they take twice the memory.
    active = own_microphones((channel.samples for channel in channels), speech, segmented.grid)
    if active is None:
        return segmented
    windows, frames, _ = segmented.activity.shape
    return replace(segmented, activity=in_windows(active, windows, frames, segmented.grid), fixed=True)


def _groups(jobs: Iterable[DiarizationJob], seconds: float) -> Iterator[list[DiarizationJob]]:
    """Jobs in groups of at least so much sound, or of `GROUP_RECORDINGS`; no job is taken before it is needed."""
    group: list[DiarizationJob] = []
    for job in jobs:
        group.append(job)
        if sum(one.audio.seconds for one in group) >= seconds or len(group) >= GROUP_RECORDINGS:
            yield group
            group = []
    if group:
        yield group


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
