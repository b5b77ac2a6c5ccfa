"""The real command line over engines that need no weights, which look for a way out while they work.

Usage: offline_driver.py ARGUMENTS… as `transcribe` takes them. The diariser tries to connect from the process itself,
from a worker process, from a thread, and from ffmpeg; if anything gets through, its recording fails.
"""

import errno
import multiprocessing
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.fakes import FakeDiarizer, fake_engines
from transcribe import cli, config
from transcribe.audio.ffmpeg import ffmpeg_binary

REFUSED = {errno.EACCES, errno.ENETUNREACH}


def refusal() -> int:
    """The error number of an attempt to connect to this machine, 0 when it went through."""
    try:
        with socket.create_connection(("127.0.0.1", 9), timeout=2):
            return 0
    except OSError as error:
        return error.errno or 0


def look_for_a_way_out(_recording: str) -> None:
    in_threads: list[int] = []
    thread = threading.Thread(target=lambda: in_threads.append(refusal()))
    thread.start()
    thread.join()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        in_worker = pool.apply(refusal)
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-i", "tcp://127.0.0.1:9", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stderr
    by_ffmpeg = "unreachable" in said or "denied" in said
    if not {refusal(), in_worker, *in_threads} <= REFUSED or not by_ffmpeg:
        raise RuntimeError


def main() -> None:
    engines = fake_engines(diarizer=FakeDiarizer(trouble=look_for_a_way_out))
    config.open_engines = lambda *_: engines
    cli.main()


if __name__ == "__main__":
    main()
