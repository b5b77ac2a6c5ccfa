"""`transcribe run STUDY` as a process of its own, with a recogniser that hangs while more recordings are decoded.

Says `recognising` and `ending` on stdout when it has come so far. Clearing up takes a while, and so does Python's own
end, as it does with torch: both are there to be disturbed. Usage: interrupt_driver.py SECONDS STUDY
"""

import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator

from tests.fakes import FakeRecognizer, fake_engines
from transcribe import cli, config
from transcribe.engines import Outcome, RecognitionJob
from transcribe.progress import Progress
from transcribe.records import Recognition

SLOW = float(sys.argv[1])


class Hanging(FakeRecognizer):
    """Waits for ever, and takes its time to let go."""

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        next(iter(jobs))
        print("recognising", flush=True)
        try:
            while True:
                time.sleep(0.01)
        finally:
            time.sleep(SLOW)
        yield from ()


def linger() -> None:
    """A thread that Python waits for at its end."""
    threading.main_thread().join()
    print("ending", flush=True)
    time.sleep(SLOW)


if __name__ == "__main__":
    # Tests may themselves run in a shell's background, where Ctrl-C is switched off and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.open_engines = lambda *wanted: fake_engines(recognizer=Hanging())
    threading.Thread(target=linger).start()
    sys.argv[1:] = ["run", sys.argv[2], "--progress", "json"]
    cli.main()
