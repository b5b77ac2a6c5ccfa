"""Ctrl-C: the first one stops what is done, those that follow do not disturb the clearing up."""

import os
import signal
import time
from types import FrameType

from transcribe.errors import EXIT_INTERRUPTED

PATIENCE = 5.0
"""Seconds after the first Ctrl-C from which on another one ends the process at once. Nothing half-written can be left,
for a kill leaves none either; but clearing up may wait for a network disk that went away."""


def interrupt_once() -> None:
    """From now on only the first Ctrl-C of this process raises `KeyboardInterrupt`.

    People press it again where the first seems to do nothing. A second `KeyboardInterrupt` would strike in the middle
    of stopping threads and programs, or in Python's own end, which then prints a traceback. Does nothing where Ctrl-C
    is switched off (`nohup`, a shell's background job).
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _first)


def end_undisturbed() -> None:
    """Ctrl-C does nothing from now on: the exit code is known, and only Python's own end is to come."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _first(_number: int, _frame: FrameType | None) -> None:
    began = time.monotonic()

    def again(_number: int, _frame: FrameType | None) -> None:
        if time.monotonic() - began > PATIENCE:
            os._exit(EXIT_INTERRUPTED)

    # A function, not SIG_IGN, which programs started meanwhile would inherit.
    signal.signal(signal.SIGINT, again)
    raise KeyboardInterrupt
