"""The recogniser that the pipeline calls: recordings in, `Recognition` records out, windows batched across files."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from transcribe.engines import Outcome, RecognitionJob
from transcribe.errors import EngineError, TranscribeError
from transcribe.progress import Progress
from transcribe.recognition import decoding
from transcribe.recognition.engine import Engine, Heard, is_out_of_memory
from transcribe.recognition.segments import Sound, covered_seconds, window_segments
from transcribe.recognition.whisper_model import load_model, read_config
from transcribe.recognition.windows import MIN_PAUSE, Window, clean_mask, pack_windows
from transcribe.records import Recognition, Segment, to_milliseconds_grid

ENGINE_VERSION = 1
"""Raised whenever the same sound and weights could give another result."""

LANGUAGE_WINDOWS = 4
"""So many windows, spread over a recording, decide its language when none is given."""

STAGE = "recognize"


@dataclass(slots=True)
class _Work:
    """A recording on its way through the batches; `features` are those that finding its language has left."""

    job: RecognitionJob
    windows: tuple[Window, ...] = ()
    language: str = ""
    features: dict[int, Tensor] = field(default_factory=dict)
    segments: dict[int, list[Segment]] = field(default_factory=dict)
    silent_seconds: float = 0.0
    doubtful_seconds: float = 0.0
    seconds: float = 0.0
    advanced: float = 0.0
    error: TranscribeError | None = None

    @property
    def id(self) -> str:
        """The recording's id."""
        return self.job.audio.recording.id

    @property
    def is_done(self) -> bool:
        """Whether its outcome is known."""
        return self.error is not None or len(self.segments) == len(self.windows)


@dataclass(frozen=True, slots=True)
class _Task:
    """One window of one recording."""

    work: _Work
    index: int

    @property
    def window(self) -> Window:
        """The window itself."""
        return self.work.windows[self.index]


class WhisperRecognizer:
    """Whisper with batched greedy decoding and word times; implements `engines.Recognizer`.

    `weights` is a folder with `model.safetensors` and `config.json`, `revision` names its content for the
    fingerprint. `threads` 0 leaves torch's own choice; `batch_size` 0 takes what fits the memory. The model is
    loaded with the first recording. Raises `DependencyError` when the weights are missing.
    """

    def __init__(
        self, weights: Path, revision: str, device: str = "cpu", threads: int = 0, batch_size: int = 0
    ) -> None:
        self._weights = weights
        self._revision = revision
        self._device = device
        self._threads = threads
        self._batch_size = batch_size
        self._name = read_config(weights).name
        self._loaded: Engine | None = None

    @property
    def fingerprint(self) -> str:
        """Engine version, model, its revision and thresholds; not the device, which must not matter."""
        thresholds = (
            decoding.COMPRESSION_RATIO_THRESHOLD,
            decoding.LOGPROB_THRESHOLD,
            decoding.NO_SPEECH_THRESHOLD,
            *decoding.FALLBACK_TEMPERATURES,
        )
        return f"whisper/{ENGINE_VERSION}/{self._name}/{self._revision}/" + ",".join(map(str, thresholds))

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        """Yields one outcome per job, in order, as soon as its last window is decoded.

        Windows of several recordings share a batch. What fails with one recording is its outcome, an `EngineError`;
        when memory runs out, the batch is halved and decoded again. Raises `DependencyError` when the weights are
        damaged or the device is missing.
        """
        engine = self._engine()
        waiting: deque[_Work] = deque()
        queue: deque[_Task] = deque()
        for job in jobs:
            work = _Work(job)
            waiting.append(work)
            queue.extend(_prepared(engine, work))
            while len(queue) >= engine.batch_size:
                _run(engine, [queue.popleft() for _ in range(engine.batch_size)], progress)
            yield from _finished(waiting, progress)
        while queue:
            _run(engine, [queue.popleft() for _ in range(min(engine.batch_size, len(queue)))], progress)
            yield from _finished(waiting, progress)

    def _engine(self) -> Engine:
        if self._loaded is None:
            if self._threads:
                torch.set_num_threads(self._threads)
            self._loaded = Engine(load_model(self._weights, self._device), self._batch_size)
        return self._loaded


def _prepared(engine: Engine, work: _Work) -> list[_Task]:
    """Cuts a recording into windows and finds its language; what is to be decoded of it."""
    began = time.perf_counter()
    try:
        work.windows = pack_windows(work.job.speech, work.job.audio.samples)
        work.language = work.job.language or _detected_language(engine, work)
        if work.language:
            engine.vocabulary.check_language(work.language)
    except TranscribeError as error:
        work.error = error
    except Exception as error:  # noqa: BLE001 - whatever torch raises on one recording must not stop the others
        work.error = _failure(error)
    work.seconds += time.perf_counter() - began
    return [] if work.error else [_Task(work, index) for index in range(len(work.windows))]


def _detected_language(engine: Engine, work: _Work) -> str:
    """The language of windows spread evenly over the recording, so that it depends on this recording alone."""
    n = len(work.windows)
    chosen = sorted({round(i * (n - 1) / max(LANGUAGE_WINDOWS - 1, 1)) for i in range(LANGUAGE_WINDOWS)} if n else ())
    if not chosen:
        return ""
    weights: dict[str, float] = {}
    for index in chosen:
        features = engine.encode([work.windows[index].cut(work.job.audio.samples)])
        work.features[index] = features
        for language, weight in engine.language_probabilities(features).items():
            weights[language] = weights.get(language, 0.0) + weight
    return max(weights, key=weights.__getitem__)


def _run(engine: Engine, tasks: Sequence[_Task], progress: Progress) -> None:
    """Decodes one batch; one that does not fit the memory in halves, one that fails recording by recording."""
    tasks = [task for task in tasks if task.work.error is None]
    if not tasks:
        return
    began = time.perf_counter()
    try:
        heard = _heard(engine, tasks)
    except Exception as error:  # noqa: BLE001 - whatever torch raises on one recording must not stop the others
        failure: Exception = error.with_traceback(None)  # the traceback would keep the batch's tensors alive
    else:
        share = (time.perf_counter() - began) / len(tasks)
        for task, result in zip(tasks, heard, strict=True):
            task.work.seconds += share
            _keep(engine, task, result, progress)
        return
    recordings = {task.work.id: task.work for task in tasks}
    if is_out_of_memory(failure) and len(tasks) > 1:
        half = len(tasks) // 2
        engine.shrink(half)
        for first in range(0, len(tasks), half):
            _run(engine, tasks[first : first + half], progress)
    elif len(recordings) > 1:
        for work in recordings.values():
            _run(engine, [task for task in tasks if task.work is work], progress)
    else:
        tasks[0].work.error = _failure(failure)


def _heard(engine: Engine, tasks: Sequence[_Task]) -> list[Heard]:
    missing = [task for task in tasks if task.index not in task.work.features]
    made = engine.encode([task.window.cut(task.work.job.audio.samples) for task in missing]) if missing else ()
    fresh = {(id(task.work), task.index): features for task, features in zip(missing, made, strict=True)}
    features = [
        fresh[id(task.work), task.index] if (id(task.work), task.index) in fresh else task.work.features[task.index][0]
        for task in tasks
    ]
    return engine.hear(
        torch.stack(features),
        [task.work.language for task in tasks],
        [task.index for task in tasks],
        [task.window.length for task in tasks],
    )


def _keep(engine: Engine, task: _Task, heard: Heard, progress: Progress) -> None:
    """Files a window's result with its recording."""
    work, window = task.work, task.window
    seconds = work.job.audio.seconds
    sound = Sound(seconds, clean_mask(work.job.speech, seconds, MIN_PAUSE))
    hypothesis = heard.hypothesis
    work.segments[task.index] = window_segments(
        window, hypothesis, heard.starts, work.language, engine.vocabulary, sound
    )
    work.features.pop(task.index, None)
    if hypothesis.is_silence:
        work.silent_seconds += window.seconds
    elif hypothesis.needs_fallback:
        work.doubtful_seconds += window.seconds
    share = seconds * window.length / sum(other.length for other in work.windows)
    work.advanced += share
    progress.advance(work.id, STAGE, share)


def _finished(waiting: deque[_Work], progress: Progress) -> Iterator[Outcome[Recognition]]:
    """Takes the recordings that are done from the front of the queue."""
    while waiting and waiting[0].is_done:
        work = waiting.popleft()
        rest = work.job.audio.seconds - work.advanced
        if rest > 0 or not work.windows:
            progress.advance(work.id, STAGE, rest)
        yield Outcome(work.id, work.error or _recognition(work), work.seconds, _warnings(work))


def _recognition(work: _Work) -> Recognition:
    mask = clean_mask(work.job.speech, work.job.audio.seconds)
    ordered = [segment for index in sorted(work.segments) for segment in work.segments[index]]
    segments = tuple(replace(segment, id=i) for i, segment in enumerate(ordered))
    return Recognition(
        recording=work.id,
        segments=segments,
        voiced_seconds=to_milliseconds_grid(sum(end - start for start, end in mask)),
        covered_seconds=to_milliseconds_grid(covered_seconds(segments, mask)),
    )


def _warnings(work: _Work) -> tuple[str, ...]:
    warnings = []
    if work.silent_seconds:
        warnings.append(f"no words were heard in {work.silent_seconds:.0f} s that the speech mask holds for speech")
    if work.doubtful_seconds:
        warnings.append(f"{work.doubtful_seconds:.0f} s were hard to recognise; check them against the recording")
    return tuple(warnings)


def _failure(error: Exception) -> EngineError:
    # Only the class of a foreign error is told: its message could quote what was said.
    if is_out_of_memory(error):
        return EngineError("recognition ran out of memory even for one window; free memory or take --quality draft")
    return EngineError(f"recognition failed ({type(error).__name__}); run again, and report it if it stays")
