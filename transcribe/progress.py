"""How long work is shown: an observer that stages call and that knows recording ids and stage names only."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress


class Progress(Protocol):
    """Hears of work done. Amounts are seconds of audio; never text, never a name."""

    def expect(self, stage: str, seconds: float) -> None:
        """`stage` has `seconds` of audio to do, over all recordings; a later word on the same stage replaces this."""
        ...

    def advance(self, recording: str, stage: str, seconds: float) -> None:
        """`seconds` more of a recording's audio have passed a stage."""
        ...

    def note(self, recording: str, message: str) -> None:
        """Something the lab should see now: a warning or a failure, without content."""
        ...


class SilentProgress:
    """Shows nothing."""

    def expect(self, stage: str, seconds: float) -> None:
        """Nothing is shown."""

    def advance(self, recording: str, stage: str, seconds: float) -> None:
        """Nothing is shown."""

    def note(self, recording: str, message: str) -> None:
        """Nothing is shown."""


class JsonProgress:
    """One JSON object a line on `stream`, for programs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def expect(self, stage: str, seconds: float) -> None:
        """`{"event": "expect", "stage": …, "seconds": …}`."""
        self._write({"event": "expect", "stage": stage, "seconds": round(seconds, 1)})

    def advance(self, recording: str, stage: str, seconds: float) -> None:
        """`{"event": "advance", "recording": …, "stage": …, "seconds": …}`."""
        self._write({"event": "advance", "recording": recording, "stage": stage, "seconds": round(seconds, 1)})

    def note(self, recording: str, message: str) -> None:
        """`{"event": "note", "recording": …, "message": …}`."""
        self._write({"event": "note", "recording": recording, "message": message})

    def _write(self, event: dict[str, str | float]) -> None:
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()


class TerminalProgress:
    """One bar for the batch with its ETA, naming the recording and the stage at work; no bar when nothing is to do."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._expected: dict[str, float] = {}
        self._task: TaskID | None = None

    def expect(self, stage: str, seconds: float) -> None:
        """Sets how long the bar is."""
        self._expected[stage] = seconds
        total = sum(self._expected.values())
        if self._task is not None:
            self._bars.update(self._task, total=total)
        elif total > 0:
            self._task = self._bars.add_task("starting", total=total)

    def advance(self, recording: str, stage: str, seconds: float) -> None:
        """Moves the bar on and names what is at work."""
        if self._task is None:
            self._task = self._bars.add_task("", total=None)
        self._bars.update(self._task, advance=seconds, description=f"{recording} · {stage}")

    def note(self, recording: str, message: str) -> None:
        """Prints above the bar, so that it stays readable afterwards."""
        self._bars.console.print(f"{recording}: {message}", markup=False, highlight=False, soft_wrap=True)


@contextmanager
def showing_progress(kind: str) -> Iterator[Progress]:
    """A progress observer on stderr: `kind` is `auto` (a bar), `json` or `none`."""
    if kind == "none":
        yield SilentProgress()
        return
    if kind == "json":
        yield JsonProgress(sys.stderr)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield TerminalProgress(bars)
