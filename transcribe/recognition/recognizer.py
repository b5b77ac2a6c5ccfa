"""The recogniser that the pipeline calls: recordings in, `Recognition` records out, windows batched across files."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import torch

from transcribe.engines import Outcome, RecognitionJob, RecognitionOptions
from transcribe.errors import EngineError, TranscribeError
from transcribe.progress import Progress
from transcribe.recognition import decoding
from transcribe.recognition.engine import Engine, Heard, is_out_of_memory
from transcribe.recognition.whisper_model import load_model, read_config
from transcribe.recognition.work import Task, Work
from transcribe.records import Recognition

ENGINE_VERSION = 1
"""Raised whenever the same sound and weights could give another result."""

LANGUAGE_WINDOWS = 4
"""So many windows, spread over a recording, decide its language when none is given."""

STAGE = "recognize"


class WhisperRecognizer:
    """Whisper with batched greedy decoding and word times; implements `engines.Recognizer`.

    `weights` is a folder with `model.safetensors` and `config.json`, `revision` names its content for the
    fingerprint. `threads` 0 leaves torch's own choice; `batch_size` 0 takes what fits the memory. The model is
    loaded with the first recording. Raises `DependencyError` when the weights are missing.
    """

    def __init__(
        self,
        weights: Path,
        revision: str,
        options: RecognitionOptions = RecognitionOptions(),  # noqa: B008 - frozen
        device: str = "cpu",
        threads: int = 0,
        batch_size: int = 0,
    ) -> None:
        self._options = options
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

        A batch holds windows of one recording only, so that a recording's result does not depend on which others
        are done beside it (docs/decisions/0005). What fails with one recording is its outcome, an `EngineError`; when
        memory runs out, the batch is halved and decoded again. Raises `DependencyError` when the weights are damaged
        or the device is missing.
        """
        engine = self._engine()
        waiting: deque[Work] = deque()
        queue: deque[Task] = deque()
        for job in jobs:
            work = Work(job)
            waiting.append(work)
            queue.extend(_prepared(engine, work))
            while queue:
                _run_next(engine, queue, progress)
            yield from _finished(waiting, progress)

    def _engine(self) -> Engine:
        if self._loaded is None:
            if self._threads:
                torch.set_num_threads(self._threads)
            self._loaded = Engine(load_model(self._weights, self._device), self._batch_size)
        return self._loaded


def _prepared(engine: Engine, work: Work) -> list[Task]:
    """Cuts a recording into windows and finds its language; what is to be decoded of it."""
    began = time.perf_counter()
    try:
        tasks = work.next_round()
        work.language = work.job.languages[0] if work.job.languages else _detected_language(engine, work)
        if work.language:
            engine.vocabulary.check_language(work.language)
    except TranscribeError as error:
        work.fail(error)
    except Exception as error:  # noqa: BLE001 - whatever torch raises on one recording must not stop the others
        work.fail(_failure(error))
    work.seconds += time.perf_counter() - began
    return [] if work.error else tasks


def _detected_language(engine: Engine, work: Work) -> str:
    """The language of windows spread evenly over the recording, so that it depends on this recording alone."""
    n = len(work.windows)
    weights: dict[str, float] = {}
    for index in sorted({round(i * (n - 1) / (LANGUAGE_WINDOWS - 1)) for i in range(LANGUAGE_WINDOWS)} if n else ()):
        features = engine.encode([work.windows[index].cut(work.job.audio.samples)])
        work.features[index] = features[0]
        for language, weight in engine.language_probabilities(features).items():
            weights[language] = weights.get(language, 0.0) + weight
    return max(weights, key=weights.__getitem__) if weights else ""


def _run_next(engine: Engine, queue: deque[Task], progress: Progress) -> None:
    """Decodes the next batch of the queue; speech that it has left over joins the queue."""
    tasks = [queue.popleft() for _ in range(min(engine.batch_size, len(queue)))]
    _run(engine, tasks, progress)
    for work in dict.fromkeys(task.work for task in tasks):
        queue.extend(work.next_round())


def _run(engine: Engine, tasks: Sequence[Task], progress: Progress) -> None:
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
    recordings = list(dict.fromkeys(task.work for task in tasks))
    if is_out_of_memory(failure) and len(tasks) > 1:
        engine.shrink(len(tasks) // 2)
        while tasks:
            size = engine.batch_size  # may have shrunk further
            _run(engine, tasks[:size], progress)
            tasks = tasks[size:]
    elif len(recordings) > 1:
        for work in recordings:
            _run(engine, [task for task in tasks if task.work is work], progress)
    else:
        recordings[0].fail(_failure(failure))


def _keep(engine: Engine, task: Task, heard: Heard, progress: Progress) -> None:
    """Files a window's result with its recording, unless that has failed meanwhile."""
    if task.work.error is not None:
        return
    try:
        done = task.work.keep(task.index, heard, engine.vocabulary)
    except Exception as error:  # noqa: BLE001 - what one recording's text does must not stop the others
        task.work.fail(_failure(error))
    else:
        progress.advance(task.work.id, STAGE, done)


def _heard(engine: Engine, tasks: Sequence[Task]) -> list[Heard]:
    missing = [task for task in tasks if task.index not in task.work.features]
    if missing:
        made = engine.encode([task.window.cut(task.work.job.audio.samples) for task in missing])
        for task, features in zip(missing, made, strict=True):
            task.work.features[task.index] = features
    return engine.hear(
        torch.stack([task.work.features[task.index] for task in tasks]),
        [task.work.language for task in tasks],
        [task.index for task in tasks],
        [task.window.length for task in tasks],
    )


def _finished(waiting: deque[Work], progress: Progress) -> Iterator[Outcome[Recognition]]:
    """Takes the recordings that are done from the front of the queue."""
    while waiting and waiting[0].is_done:
        work = waiting.popleft()
        progress.advance(work.id, STAGE, work.job.audio.seconds - work.advanced)
        yield Outcome(work.id, work.error or work.recognition(), work.seconds, work.warnings())


def _failure(error: Exception) -> EngineError:
    # Only the class of a foreign error is told: its message could quote what was said.
    if is_out_of_memory(error):
        return EngineError("recognition ran out of memory even for one window; free memory or take --quality draft")
    return EngineError(f"recognition failed ({type(error).__name__}); run again, and report it if it stays")
