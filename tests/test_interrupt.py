"""Ctrl-C, and Ctrl-C again: a real process, real signals."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import Lab
from transcribe.store import locked

ROOT = Path(__file__).parent.parent


def listed(lab: Lab) -> None:
    lab.pair()
    assert lab.run("init", str(lab.audio), "--study", str(lab.study.root)).code == 0


@pytest.mark.parametrize("seconds", [0.0, 0.2, 0.6])
def test_ctrl_c_twice_ends_cleanly_and_the_study_goes_on(lab: Lab, seconds: float) -> None:
    """The second one comes at once, while the engine lets go, or (from 0.5 s on) in Python's own end."""
    listed(lab)
    with started(lab, slow=0.5) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        assert_clean(lab, process)


def test_ctrl_c_while_python_itself_ends(lab: Lab) -> None:
    listed(lab)
    with started(lab, slow=0.5) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        assert process.stdout.readline() == "ending\n"
        for _ in range(10):
            process.send_signal(signal.SIGINT)
            time.sleep(0.02)
        assert_clean(lab, process)


def test_ctrl_c_again_after_a_while_ends_a_process_that_cannot_let_go(lab: Lab) -> None:
    listed(lab)
    with started(lab, slow=60.0) as process:
        process.send_signal(signal.SIGINT)
        time.sleep(5.3)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert lab.run("run", str(lab.study.root)).code == 0


@contextmanager
def started(lab: Lab, slow: float) -> "Iterator[subprocess.Popen[str]]":
    """A run whose recogniser has begun; it does not outlive the test."""
    command = [sys.executable, "-m", "tests.interrupt_driver", str(slow), str(lab.study.root)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "recognising\n"
            yield process
        finally:
            process.kill()


def assert_clean(lab: Lab, process: "subprocess.Popen[str]") -> None:
    children = psutil.Process(process.pid).children(recursive=True)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    lines = [line for line in err.splitlines() if not line.startswith("{")]
    assert lines == ["interrupted; what was done is kept, run the same command again to go on"]
    assert not [child for child in children if child.is_running()]
    assert not [path for path in lab.study.root.rglob("*") if path.name.endswith(".tmp")]
    with locked(lab.study):
        pass
    assert lab.run("run", str(lab.study.root)).code == 0
    assert lab.released() == {"P01-PSW", "P01-PIR"}
