"""How the ffmpeg program is found, run and stopped."""

import sys
import time
from pathlib import Path

import imageio_ffmpeg
import psutil
import pytest

from tests.make_audio import tone, write_wav
from transcribe.audio.ffmpeg import ffmpeg_binary, ffmpeg_version, run_ffmpeg
from transcribe.audio.header import read_header
from transcribe.audio.pcm import stream_samples
from transcribe.errors import DependencyError, InputError


def script(folder: Path, text: str, name: str = "ffmpeg") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_the_named_program_then_the_systems_then_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    system = script(tmp_path / "bin", "echo ffmpeg version 5.1-lab Copyright")
    named = script(tmp_path, "echo ffmpeg version 6.0-mine Copyright", "mine")
    monkeypatch.setenv("TRANSCRIBE_FFMPEG", str(named))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    assert (ffmpeg_binary(), ffmpeg_version()) == (str(named), "6.0-mine")
    monkeypatch.delenv("TRANSCRIBE_FFMPEG")
    assert (ffmpeg_binary(), ffmpeg_version()) == (str(system), "5.1-lab")
    monkeypatch.setenv("PATH", "")
    assert ffmpeg_binary() == imageio_ffmpeg.get_ffmpeg_exe()
    assert ffmpeg_version()


def test_a_program_that_is_missing_or_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIBE_FFMPEG", str(tmp_path / "none"))
    with pytest.raises(DependencyError, match="TRANSCRIBE_FFMPEG"):
        ffmpeg_binary()
    monkeypatch.setenv("TRANSCRIBE_FFMPEG", str(script(tmp_path, "exit 3")))
    with pytest.raises(DependencyError, match="pip install imageio-ffmpeg"):
        ffmpeg_version()
    monkeypatch.delenv("TRANSCRIBE_FFMPEG")
    monkeypatch.setenv("PATH", "")

    def none() -> str:
        raise RuntimeError("No ffmpeg exe could be found.")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", none)
    with pytest.raises(DependencyError, match="pip install imageio-ffmpeg"):
        ffmpeg_binary()


@pytest.fixture
def others() -> list[psutil.Process]:
    """The children that this process had before: an earlier test in it may have left helpers of its own."""
    return psutil.Process().children()


def children(others: list[psutil.Process]) -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if child not in others]


def test_a_program_that_hangs_is_stopped(others: list[psutil.Process]) -> None:
    with pytest.raises(InputError, match="is the disk that holds it there"):
        run_ffmpeg([sys.executable, "-c", "import time; time.sleep(60)"], lambda _: None, silence_limit=0.3)
    assert children(others) == []


def test_ctrl_c_stops_the_program_too(others: list[psutil.Process]) -> None:
    def interrupted(_: bytes) -> None:
        raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_ffmpeg([sys.executable, "-c", "import time; print('x', flush=True); time.sleep(60)"], interrupted)
    assert time.monotonic() - started < 20
    assert children(others) == []


def test_neither_stream_can_block_the_other_and_complaints_are_counted() -> None:
    loop = "for i in range(20000): sys.stderr.write('e' * 99 + '\\n'); sys.stdout.write('o' * 100)"
    code = f"import sys\n{loop}\nsys.exit(3)"
    taken: list[bytes] = []
    end = run_ffmpeg([sys.executable, "-c", code], taken.append)
    assert sum(map(len, taken)) == 2_000_000
    assert (end.code, end.line_count, end.lines[0]) == (3, 20_000, "e" * 99)
    assert len(end.lines) <= 2_000


def test_a_program_that_crashes_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wav(tmp_path / "a.wav", tone(1))
    header = read_header(path)
    monkeypatch.setenv("TRANSCRIBE_FFMPEG", str(script(tmp_path, "kill -SEGV $$")))
    with pytest.raises(InputError, match="the ffmpeg program crashed"):
        read_header(path)
    with pytest.raises(InputError, match="the ffmpeg program crashed"):
        stream_samples(path, header, lambda _: None)


def test_it_writes_no_log_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFREPORT makes ffmpeg write a log with all file names."""
    monkeypatch.setenv("FFREPORT", f"file={tmp_path}/report.log")
    run_ffmpeg([ffmpeg_binary(), "-hide_banner", "-nostdin", "-i", "file:/none"], lambda _: None)
    assert list(tmp_path.iterdir()) == []
