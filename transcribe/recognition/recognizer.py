"""The recogniser that the pipeline calls: recordings in, `Recognition` records out, one queue of windows for all."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from transcribe.engines import Outcome, RecognitionJob, RecognitionOptions
from transcribe.errors import EngineError, TranscribeError
from transcribe.progress import Progress
from transcribe.recognition import hypothesis
from transcribe.recognition.exact import ExactSchedule
from transcribe.recognition.fast import FastSchedule
from transcribe.recognition.memory import is_out_of_memory
from transcribe.recognition.requests import Heard, Request
from transcribe.recognition.slot_engine import SlotEngine
from transcribe.recognition.whisper_model import load_model, read_config
from transcribe.records import Recognition

ENGINE_VERSION = 4
"""Raised whenever the same sound and weights could give another result."""

STAGE = "recognize"

_MOST_OPEN = 128
_MOST_OPEN_SECONDS = 8 * 3600.0
"""So many recordings are under way at most, and so much of their sound, which lies in memory; but always one. An exact
schedule decodes one window of each at a time."""

AnySchedule = FastSchedule | ExactSchedule


class WhisperRecognizer:
    """Whisper with this project's own decoding (`slot_engine`) and word times; implements `engines.Recognizer`.

    `weights` is a folder with `model.safetensors` and `config.json`, `revision` names its content for the
    fingerprint. `threads` 0 leaves torch's own choice; `slots` 0 decodes as many windows at a time as fit the memory.
    The model is loaded with the first recording. Raises `DependencyError` when the weights are missing.
    """

    def __init__(
        self,
        weights: Path,
        revision: str,
        options: RecognitionOptions = RecognitionOptions(),  # noqa: B008 - frozen
        device: str = "cpu",
        threads: int = 0,
        slots: int = 0,
    ) -> None:
        self._weights = weights
        self._revision = revision
        self._options = options
        self._device = device
        self._threads = threads
        self._slots = slots
        self._name = read_config(weights).name
        self._loaded: SlotEngine | None = None

    @property
    def fingerprint(self) -> str:
        """Engine version, model, its revision, options and thresholds; not the device, which must not matter."""
        thresholds = (
            hypothesis.COMPRESSION_RATIO_THRESHOLD,
            hypothesis.LOGPROB_THRESHOLD,
            hypothesis.NO_SPEECH_THRESHOLD,
            *hypothesis.FALLBACK_TEMPERATURES,
        )
        engine = f"whisper/{ENGINE_VERSION}/{self._name}/{self._revision}"
        return f"{engine}/{self._options!r}/" + ",".join(map(str, thresholds))

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        """Yields one outcome per job, in order, as soon as it and those before it are complete.

        Windows of all recordings wait in one queue; the next job is asked for when fewer windows wait than fit the
        engine. What fails with one recording is its outcome, an `EngineError`; when memory runs out, fewer windows are
        decoded at a time, and nothing is lost. Raises `DependencyError` when the weights are damaged or the device is
        missing.
        """
        engine = self._engine()
        engine.take_back()  # what a caller left behind who did not wait for the end
        yield from _Queue(engine, self._options, progress).run(iter(jobs))

    def _engine(self) -> SlotEngine:
        if self._loaded is None:
            if self._threads:
                torch.set_num_threads(self._threads)
            model = load_model(self._weights, self._device, self._options.precision)
            self._loaded = SlotEngine(model, self._options.beam, self._slots)
        return self._loaded


@dataclass(slots=True, eq=False)
class _Work:
    """A recording under way; its sound goes with the schedule as soon as the outcome is known."""

    id: str
    length: float
    schedule: AnySchedule | None = None
    outcome: Outcome[Recognition] | None = None
    seconds: float = 0.0
    advanced: float = 0.0


class _Queue:
    """The windows that wait, and whose they are."""

    def __init__(self, engine: SlotEngine, options: RecognitionOptions, progress: Progress) -> None:
        self._engine = engine
        self._options = options
        self._progress = progress
        self._waiting: deque[Request] = deque()
        self._owners: dict[Request, _Work] = {}
        self._open: deque[_Work] = deque()
        self._clock = time.perf_counter()

    def run(self, jobs: Iterator[RecognitionJob]) -> Iterator[Outcome[Recognition]]:
        """One outcome per job, in order."""
        more = self._fetch(jobs)
        yield from self._complete()
        while more or self._owners:
            stream = self._engine.decode(self._waiting)
            while True:
                try:
                    request, heard = next(stream)
                except StopIteration:
                    break
                except Exception as error:  # noqa: BLE001 - whatever torch raises must not stop the other recordings
                    self._recover(error.with_traceback(None))  # the traceback would keep the windows' tensors alive
                    break
                self._take(request, heard)
                del request, heard  # with them goes the sound of a recording that is done
                more = more and self._fetch(jobs)
                yield from self._complete()
            more = more and self._fetch(jobs)
            yield from self._complete()

    def _fetch(self, jobs: Iterator[RecognitionJob]) -> bool:
        """Takes jobs until enough windows wait; False when there are no more."""
        while len(self._waiting) < self._engine.slots and self._has_room():
            self._clock = time.perf_counter()
            job = next(jobs, None)
            if job is None:
                return False
            work = _Work(job.audio.recording.id, job.audio.seconds)
            self._open.append(work)
            self._clock = time.perf_counter()
            try:
                make = FastSchedule if self._options.schedule == "fast" else ExactSchedule
                work.schedule = make(job, self._options, self._engine.vocabulary)
                self._add(work, work.schedule.begin())
            except Exception as error:  # noqa: BLE001 - one recording must not stop the others
                self._fail(work, error)
            self._lap(work)
        return True

    def _has_room(self) -> bool:
        lengths = [work.length for work in self._open if work.schedule is not None]
        return not lengths or (len(lengths) < _MOST_OPEN and sum(lengths) < _MOST_OPEN_SECONDS)

    def _add(self, work: _Work, requests: Iterable[Request]) -> None:
        for request in requests:
            self._owners[request] = work
            self._waiting.append(request)
        self._end(work)

    def _take(self, request: Request, heard: Heard | Exception) -> None:
        """Files a window's result with its recording, unless that has failed meanwhile."""
        work = self._owners.pop(request)
        self._lap(work)
        if work.schedule is None:
            return
        if isinstance(heard, Exception):
            self._fail(work, heard)
            return
        try:
            requests, done = work.schedule.take(request, heard)
            self._progress.advance(work.id, STAGE, done)
            work.advanced += done
            self._add(work, requests)
        except Exception as error:  # noqa: BLE001 - what one recording's text does must not stop the others
            self._fail(work, error)

    def _end(self, work: _Work) -> None:
        """Takes the result of a recording that is done; its sound is not needed any more."""
        schedule = work.schedule
        if schedule is not None and schedule.is_done:
            found = schedule.recognition()
            work.outcome = Outcome(work.id, found, work.seconds, schedule.warnings(found))
            work.schedule = None

    def _fail(self, work: _Work, error: Exception) -> None:
        """Ends a recording with an error; its windows are dropped."""
        told = error if isinstance(error, TranscribeError) else _failure(error)
        work.outcome = Outcome(work.id, told, work.seconds)
        work.schedule = None
        for request in [request for request in self._waiting if self._owners[request] is work]:
            self._waiting.remove(request)
            del self._owners[request]

    def _complete(self) -> Iterator[Outcome[Recognition]]:
        """Takes the recordings whose outcome is known from the front of the queue."""
        while self._open and (outcome := self._open[0].outcome) is not None:
            work = self._open.popleft()
            self._progress.advance(work.id, STAGE, work.length - work.advanced)
            yield replace(outcome, seconds=work.seconds)

    def _recover(self, error: Exception) -> None:
        """After an error of the engine: fewer windows at a time if memory ran out, else each recording alone."""
        back = self._engine.take_back()
        if is_out_of_memory(error) and self._engine.shrink():
            self._waiting.extendleft(reversed(back))
            return
        works: dict[_Work, list[Request]] = {}
        for request in back:
            works.setdefault(self._owners[request], []).append(request)
        if not works:
            raise error
        for work, own in works.items():
            if len(works) == 1:
                self._give_up(work, own, error)
            else:
                self._decode_alone(work, own)

    def _decode_alone(self, work: _Work, requests: list[Request]) -> None:
        while requests:
            waiting = deque(requests)
            try:
                for request, heard in self._engine.decode(waiting):
                    self._take(request, heard)
                return
            except Exception as error:  # noqa: BLE001 - as above
                requests = self._engine.take_back() + list(waiting)
                if not (is_out_of_memory(error) and self._engine.shrink()):
                    self._give_up(work, requests, error.with_traceback(None))
                    return

    def _give_up(self, work: _Work, under_way: Iterable[Request], error: Exception) -> None:
        for request in under_way:
            del self._owners[request]
        if work.outcome is None:
            self._fail(work, error)

    def _lap(self, work: _Work) -> None:
        """Counts the time since the last lap as this recording's."""
        now = time.perf_counter()
        work.seconds += now - self._clock
        self._clock = now


def _failure(error: Exception) -> EngineError:
    # Only the class of a foreign error is told: its message could quote what was said.
    if is_out_of_memory(error):
        return EngineError("recognition ran out of memory even for one window; free memory or take --quality draft")
    return EngineError(f"recognition failed ({type(error).__name__}); run again, and report it if it stays")
