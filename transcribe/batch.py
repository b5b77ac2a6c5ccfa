"""One pass over a study: what became of each recording, and how an engine is driven over those that need it."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from transcribe.audio.ahead import Ahead
from transcribe.engines import Outcome
from transcribe.errors import EngineError, InputError, TranscribeError, ValidationError
from transcribe.progress import Progress
from transcribe.record_json import to_json
from transcribe.records import StageRun
from transcribe.store import StudyFolder, keep, stage_run, stored, unwritable_message

log = logging.getLogger("transcribe")
Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a recording stopped at a stage; `error.message` names no person, text or file."""

    recording: str
    stage: str
    error: TranscribeError


@dataclass(slots=True)
class Batch:
    """The pass under way. A recording that fails at a stage is left out of the stages that follow."""

    study: StudyFolder
    quality: str
    progress: Progress
    cut_off: bool = False
    failures: list[Failure] = field(default_factory=list)
    warnings: dict[str, list[str]] = field(default_factory=dict)
    computed: set[tuple[str, str]] = field(default_factory=set)
    decoding_warnings: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def fail(self, recording: str, stage: str, error: TranscribeError) -> None:
        """Notes a failure and shows it, each once; the batch goes on."""
        # Its traceback would keep what the failed call held: a recording's sound, an engine's batch.
        error.__traceback__ = error.__cause__ = error.__context__ = None
        if any(failure.recording == recording for failure in self.failures):
            return
        self.failures.append(Failure(recording, stage, error))
        self.progress.note(recording, f"{stage} failed: {error.message}")

    def warn(self, recording: str, message: str, *, show: bool = True) -> None:
        """Notes something that the lab should check; shown now unless it was shown in an earlier run."""
        known = self.warnings.setdefault(recording, [])
        if message not in known:
            known.append(message)
            if show:
                self.progress.note(recording, message)

    def reuse(self, kind: type[Result], recording: str, stage: str, wanted: str | None) -> Result | None:
        """The stored output of a stage with the fingerprint `wanted` (None: any), its warnings noted again."""
        output = stored(kind, self.study, recording, stage, wanted)
        log.debug("%s: %s %s", recording, stage, "to do" if output is None else "reused")
        if output is not None and (run := stage_run(self.study, recording, stage)) is not None:
            for warning in run.warnings:
                self.warn(recording, warning, show=False)
        return output

    def keep(self, recording: str, line: StageRun, result: object) -> None:
        """Writes a stage's output and its line in `run.json`. Raises `ValidationError` when it cannot be written."""
        line = replace(line, cut_off=self.cut_off)
        try:
            keep(self.study, recording, line, to_json(result), self.quality if line.stage == "recognize" else None)
        except OSError as error:
            raise ValidationError(unwritable_message(error)) from None
        self.computed.add((recording, line.stage))
        log.info("%s: %s done in %.1f s", recording, line.stage, line.seconds)
        for warning in line.warnings:
            self.warn(recording, warning)


def plain_stage(
    batch: Batch, kind: type[Result], stage: str, wanted: Mapping[str, str], compute: Callable[[str], Result]
) -> dict[str, Result]:
    """The outputs of a stage that works on one recording at a time.

    `wanted` maps recording ids to fingerprints. Outputs with that fingerprint are reused; `compute` makes the others.
    A `TranscribeError` is that recording's failure.
    """
    results: dict[str, Result] = {}
    for recording, fingerprint in wanted.items():
        try:
            result = batch.reuse(kind, recording, stage, fingerprint)
            if result is None:
                started = time.monotonic()
                result = compute(recording)
                seconds = round(time.monotonic() - started, 3)
                batch.keep(recording, StageRun(stage, fingerprint, "", seconds), result)
        except Exception as error:  # noqa: BLE001 - one recording's trouble is never the batch's
            batch.fail(recording, stage, _as_told(stage, error))
        else:
            results[recording] = result
    return results


def pending(
    batch: Batch, kind: type[Result], stage: str, wanted: Mapping[str, str]
) -> tuple[dict[str, Result], list[str]]:
    """What is stored with the wanted fingerprints, and the ids of the recordings that still need the stage."""
    results: dict[str, Result] = {}
    todo: list[str] = []
    for recording, fingerprint in wanted.items():
        try:
            result = batch.reuse(kind, recording, stage, fingerprint)
        except TranscribeError as error:
            batch.fail(recording, stage, error)
            continue
        if result is None:
            todo.append(recording)
        else:
            results[recording] = result
    return results, todo


def engine_stage(
    batch: Batch,
    kind: type[Result],
    stage: str,
    wanted: Mapping[str, str],
    make_job: Callable[[str, threading.Event], Job],
    engine: Callable[[Iterable[Job], Progress], Iterator[Outcome[Result]]],
    check: Callable[[Result], None],
    lengths: Mapping[str, float],
) -> dict[str, Result]:
    """The outputs of a stage in which an engine works through many recordings.

    `make_job` decodes a recording, in another thread and ahead of the engine (`audio.ahead.Ahead`); what it raises is
    told when the engine has come so far. `check` refuses nonsense. Each result is kept as soon as it comes. An engine
    that dies on a recording is started again with the ones behind it. `lengths` are the recordings' seconds.
    """
    results, todo = pending(batch, kind, stage, wanted)
    batch.progress.expect(stage, sum(lengths[recording] for recording in todo))
    while todo:
        waiting: list[str] = []

        def jobs(ahead: Ahead[Job], queue: list[str] = todo, waiting: list[str] = waiting) -> Iterator[Job]:
            while queue:
                recording = queue.pop(0)
                made: list[Job] = []
                try:
                    made.append(ahead.take(recording))
                except Exception as error:  # noqa: BLE001 - whatever decoding raises is this recording's failure
                    batch.fail(recording, stage, _as_told(stage, error))
                    continue
                waiting.append(recording)
                yield made.pop()  # so that its sound is kept by nobody but the engine

        with Ahead(make_job, todo, lengths) as ahead:
            try:
                for outcome in engine(jobs(ahead), batch.progress):
                    if outcome.recording not in waiting:
                        raise EngineError(f"the {stage} engine answered for a recording it was not given")
                    waiting.remove(outcome.recording)
                    _take(batch, stage, wanted[outcome.recording], outcome, check, results)
            except Exception as error:
                if not waiting:
                    raise
                batch.fail(waiting.pop(0), stage, _as_told(stage, error))
                todo[:0] = waiting
                waiting = []
        for recording in waiting:
            batch.fail(recording, stage, EngineError(f"the {stage} engine gave no answer for this recording"))
    return results


def _take(
    batch: Batch,
    stage: str,
    fingerprint: str,
    outcome: Outcome[Result],
    check: Callable[[Result], None],
    results: dict[str, Result],
) -> None:
    recording = outcome.recording
    if isinstance(outcome.result, TranscribeError):
        batch.fail(recording, stage, outcome.result)
        return
    try:
        check(outcome.result)
        warnings = (*batch.decoding_warnings.get(recording, ()), *outcome.warnings)
        line = StageRun(stage, fingerprint, "", round(outcome.seconds, 3), warnings)
        batch.keep(recording, line, outcome.result)
    except TranscribeError as error:
        batch.fail(recording, stage, error)
    else:
        results[recording] = outcome.result


def _as_told(stage: str, error: Exception) -> TranscribeError:
    """The error as it may be shown: the message of a foreign exception could hold speech or a file name."""
    if isinstance(error, TranscribeError):
        return error
    if isinstance(error, FileNotFoundError):
        return InputError("its media file is not there any more: put it back, or correct its row in the manifest")
    return EngineError(f"the {stage} engine failed ({type(error).__name__}); run again, or see docs/errors.md")
