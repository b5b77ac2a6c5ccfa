"""Recordings decoded ahead of the engine that works on them, so that it does not wait: a few, and not much sound.

Threads are enough: ffmpeg is a process of its own, and numpy lets go of the interpreter while it converts.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

MOST_AT_ONCE = 8
"""So many recordings are decoded at a time, or one per core where there are fewer."""

MOST_AHEAD = 16
AHEAD_SECONDS = 3600.0
"""At most so many recordings, and so much sound, are begun or done and not yet taken; one always is, however long."""

Made = TypeVar("Made")


class Ahead(Generic[Made]):
    """What `make` makes of recordings, in their order, begun before it is asked for.

    `make` gets a recording's id and an event; it runs in other threads and is to end soon after the event is set.
    `lengths` are the recordings' seconds. To be used in `with`: no thread outlives that, whatever is raised in it. All
    methods belong to one thread.
    """

    def __init__(
        self,
        make: Callable[[str, threading.Event], Made],
        recordings: Iterable[str],
        lengths: Mapping[str, float],
    ) -> None:
        self._make = make
        self._later = deque(recordings)
        self._lengths = lengths
        self._begun: deque[tuple[str, Future[Made]]] = deque()
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(min(MOST_AT_ONCE, os.cpu_count() or 1), "decode")

    def __enter__(self) -> Self:
        self._begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._later.clear()
        self._begun.clear()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def take(self, recording: str) -> Made:
        """The next recording's, which must be `recording`; waits for it, raises what `make` raised, and keeps nothing.

        What this makes room for is begun before it returns.
        """
        name, future = self._begun.popleft()
        if name != recording:
            raise ValueError("recordings are taken in their order")
        self._begin()
        return future.result()

    def _begin(self) -> None:
        while self._later:
            ahead = sum(self._lengths[name] for name, _ in self._begun) + self._lengths[self._later[0]]
            if self._begun and (len(self._begun) >= MOST_AHEAD or ahead > AHEAD_SECONDS):
                return
            name = self._later.popleft()
            self._begun.append((name, self._threads.submit(self._make, name, self._stop)))
