"""The ffmpeg program: which one, how it is called, and how it is kept from reading anything but the one file.

ffmpeg follows URLs and other local files that it finds inside playlists, whatever they are named. So it may use the
protocols `file` and `pipe` only and the demuxers of `DEMUXERS` only, none of which refers to another file; it is
never called through a shell.
"""

import contextlib
import fcntl
import functools
import os
import selectors
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import ffmpeg
import imageio_ffmpeg

from transcribe.engines import SAMPLE_RATE
from transcribe.errors import DependencyError, InputError

DEMUXERS = "mov,mp3,aac,wav,w64,aiff,flac,ogg,matroska,asf,amr,avi,caf,dss,mpegts,mpeg"
"""Containers that hold their sound themselves: of phones, recorders, dictaphones (dss) and cameras (mpegts, mpeg)."""

SILENCE_LIMIT = 60.0
"""Seconds without a sign of life after which ffmpeg is taken to hang (a network disk that went away)."""

STOP_SECONDS = 0.1
"""So often a call that can be stopped looks whether it is."""

_READ_BYTES = 1 << 18
_KEPT_LINES = 2000


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """A call was stopped from another thread: nobody waits for its result."""


@dataclass(frozen=True, slots=True)
class FfmpegEnd:
    """How a call ended: exit code, how many lines it complained in, and the first of them (they hold the path)."""

    code: int
    line_count: int
    lines: tuple[str, ...]


def ffmpeg_binary() -> str:
    """The program: `$TRANSCRIBE_FFMPEG`, else the system's, else the one that the package imageio-ffmpeg carries.

    Raises `DependencyError` when there is none.
    """
    if named := os.environ.get("TRANSCRIBE_FFMPEG", ""):
        if found := shutil.which(named):
            return found
        raise DependencyError("$TRANSCRIBE_FFMPEG does not name a program: correct it, or unset it")
    if found := shutil.which("ffmpeg"):
        return found
    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise DependencyError("ffmpeg is missing; run: pip install imageio-ffmpeg") from error


def ffmpeg_version() -> str:
    """The decoder's version, for fingerprints: another decoder may give other samples."""
    return _version(ffmpeg_binary())


@functools.cache
def _version(binary: str) -> str:
    try:
        done = subprocess.run(
            [binary, "-version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=SILENCE_LIMIT, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DependencyError("ffmpeg does not run; remove it from PATH and run: pip install imageio-ffmpeg") from error
    words = done.stdout.decode("utf-8", "replace").split(maxsplit=3)
    return words[2] if words[:2] == ["ffmpeg", "version"] else "unknown"


def header_command(path: Path) -> list[str]:
    """A call that prints what the file says of itself and ends; it exits with an error, as no output is named."""
    stream = _input(path, "info")
    options: list[str] = ffmpeg.get_args(ffmpeg.output(stream, "pipe:1"))
    return [ffmpeg_binary(), *options[: options.index("-i") + 2]]


def decode_command(path: Path, channels: int) -> list[str]:
    """A call that writes the first audio track as 16 kHz float32, `channels` interleaved, to its stdout.

    Where the track's own times leave a hole (a phone call in between, a late start beside the picture) there is
    silence, so that times hold in the player that a coder opens the file with.
    """
    stream = _input(path, "repeat+error")["a:0"].output(
        "pipe:1",
        format="f32le",
        acodec="pcm_f32le",
        ac=channels,
        af=f"aresample={SAMPLE_RATE}:async=1:first_pts=0",
        ar=SAMPLE_RATE,
    )
    command: list[str] = stream.compile(cmd=ffmpeg_binary())
    return command


def encode_command(path: Path, bits_per_second: int) -> list[str]:
    """A call that reads 16 kHz mono float32 from its stdin and writes AAC in an m4a file, over `path` if it is there.

    The same sound gives the same bytes: no tags, no chapters, no date, no name of the encoder. `-nostdin` says that
    stdin holds no commands; it is read as the sound all the same.
    """
    sound = ffmpeg.input(
        "pipe:0",
        hide_banner=None,
        nostdin=None,
        loglevel="repeat+error",
        protocol_whitelist="pipe",
        format="f32le",
        ar=SAMPLE_RATE,
        ac=1,
    )
    stream = sound["a:0"].output(
        f"file:{path.absolute()}",
        format="ipod",
        acodec="aac",
        audio_bitrate=bits_per_second,
        map_metadata=-1,
        map_chapters=-1,
        fflags="+bitexact",
        **{"flags:a": "+bitexact"},
    )
    command: list[str] = stream.overwrite_output().compile(cmd=ffmpeg_binary())
    return command


def _input(path: Path, loglevel: str) -> "ffmpeg.nodes.FilterableStream":
    return ffmpeg.input(
        f"file:{path.absolute()}",
        hide_banner=None,
        nostdin=None,
        loglevel=loglevel,
        protocol_whitelist="file,pipe",
        format_whitelist=DEMUXERS,
    )


def run_ffmpeg(
    command: Sequence[str],
    take: Callable[[bytes], None],
    silence_limit: float = SILENCE_LIMIT,
    give: Iterable[bytes] | None = None,
    stop: threading.Event | None = None,
) -> FfmpegEnd:
    """Runs `command`, hands each piece of its stdout to `take`, and returns how it ended.

    The pieces of `give` are written to its stdin as it takes them; one that ends before it has taken all of them is no
    error here. The process never outlives this call, whatever `take`, `give` or Ctrl-C raises. Raises `InputError` when
    nothing comes or is taken for `silence_limit` seconds, `Stopped` soon after another thread sets `stop`.
    """
    # FFREPORT would have ffmpeg write file names into a log of its own.
    environment = {name: value for name, value in os.environ.items() if name != "FFREPORT"}
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL if give is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env={**environment, "LC_ALL": "C", "AV_LOG_FORCE_NOCOLOR": "1"},
    )
    complaints = _Lines()
    with process, selectors.DefaultSelector() as waiting:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            if set_size := getattr(fcntl, "F_SETPIPE_SZ", 0):
                # Each piece costs the engine's thread a moment of the interpreter: fewer, larger ones, where one may.
                with contextlib.suppress(OSError):
                    fcntl.fcntl(process.stdout, set_size, _READ_BYTES)
            waiting.register(process.stdout, selectors.EVENT_READ, take)
            waiting.register(process.stderr, selectors.EVENT_READ, complaints.add)
            if process.stdin is not None and give is not None:
                # A full pipe must not block: ffmpeg may be waiting for its own complaints to be read.
                os.set_blocking(process.stdin.fileno(), False)
                waiting.register(process.stdin, selectors.EVENT_WRITE, _Feed(process.stdin, give))
            heard = time.monotonic()
            while waiting.get_map():
                ready = waiting.select(silence_limit if stop is None else min(STOP_SECONDS, silence_limit))
                now = time.monotonic()
                if stop is not None and stop.is_set():
                    raise Stopped
                if ready:
                    heard = now
                elif stop is None or now - heard >= silence_limit:
                    raise InputError(f"reading it stopped for {silence_limit:.0f} s: is the disk that holds it there?")
                for key, _ in ready:
                    if isinstance(key.data, _Feed):
                        if not key.data.write():
                            waiting.unregister(key.fileobj)
                            key.data.pipe.close()
                        continue
                    piece = os.read(key.fd, _READ_BYTES)
                    if piece:
                        key.data(piece)
                    else:
                        waiting.unregister(key.fileobj)
            code = process.wait(silence_limit)
        except BaseException:
            process.kill()
            raise
    return FfmpegEnd(code, complaints.count, complaints.kept())


class _Feed:
    """Pieces on their way into a pipe."""

    def __init__(self, pipe: IO[bytes], pieces: Iterable[bytes]) -> None:
        self.pipe = pipe
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def write(self) -> bool:
        """Writes what the pipe takes now; whether there is more to come, and somebody to take it."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._rest = memoryview(piece)
        try:
            self._rest = self._rest[os.write(self.pipe.fileno(), self._rest) :]
        except BrokenPipeError:
            return False  # its exit code says why it ended
        return True


class _Lines:
    """Counts the lines of a stream and keeps the first ones: a damaged file can cause thousands."""

    def __init__(self) -> None:
        self.count = 0
        self._data = b""

    def add(self, piece: bytes) -> None:
        self.count += piece.count(b"\n")
        if len(self._data) < _READ_BYTES:
            self._data += piece

    def kept(self) -> tuple[str, ...]:
        return tuple(self._data.decode("utf-8", "replace").splitlines()[:_KEPT_LINES])
