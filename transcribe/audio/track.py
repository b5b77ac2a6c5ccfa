"""Sound kept as 16-bit samples, in memory or, where it is long, in a file that has no name.

Why not all in memory: eight hours would take as much of it as the models do (docs/decisions/0014).
"""

import contextlib
import os
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcribe.errors import ValidationError
from transcribe.store import unwritable_message

FULL_SCALE = 32_768
"""The 16-bit value that stands for 1.0: 16-bit sound goes through float32 and back without a change."""

BLOCK = 1 << 16
"""So many samples are read or written at a time where a whole track is gone through."""

_BYTES = 2


class Track:
    """One channel of a recording: `length` samples of 16 bit, silence where nothing was written.

    `folder` None keeps it in memory. Otherwise it lies in a file in that folder which never has a name where the
    system can do that (Linux), and loses it at once elsewhere: it takes no memory, and goes with this object, also
    when the process is killed. Raises `ValidationError` when the folder cannot be written. Several threads may call.
    """

    def __init__(self, length: int, folder: Path | None = None) -> None:
        self.length = length
        self._pcm: NDArray[np.int16] | None = None
        self._file = -1
        if folder is None:
            self._pcm = np.zeros(length, np.int16)
        else:
            with _told():
                self._file = _nameless_file(folder)
                weakref.finalize(self, os.close, self._file)
                os.ftruncate(self._file, _BYTES * length)

    @staticmethod
    def of(samples: NDArray[np.floating]) -> "Track":
        """Samples (n,) in [-1, 1], in memory; louder ones are clipped."""
        track = Track(len(samples))
        for start in range(0, len(samples), BLOCK):
            track.write(start, samples[start : start + BLOCK])
        return track

    def write(self, start: int, samples: NDArray[np.floating]) -> None:
        """Puts samples in [-1, 1] at `start`, rounded. Raises `ValidationError` when the disk is full."""
        if start + len(samples) > self.length:
            raise ValueError("samples beyond the end of the track")
        pcm = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
        if self._pcm is not None:
            self._pcm[start : start + len(pcm)] = pcm
            return
        rest = pcm.tobytes()
        with _told():
            while rest:
                rest = rest[os.pwrite(self._file, rest, _BYTES * (start + len(pcm)) - len(rest)) :]

    def shorten(self, length: int) -> None:
        """Ends the track after `length` samples, at most as many as it has."""
        self.length = min(length, self.length)

    def cut(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples `start` to `end` (half-open, 0 ≤ start ≤ end ≤ length), a new float32 array in [-1, 1]."""
        samples: NDArray[np.float32] = self._read(start, end).astype(np.float32)
        samples /= FULL_SCALE
        return samples

    @property
    def samples(self) -> NDArray[np.float32]:
        """The whole track as a new float32 array: 230 MB an hour, made anew at every call."""
        samples: NDArray[np.float32] = np.empty(self.length, np.float32)
        for start, block in self.blocks():
            samples[start : start + len(block)] = block
        return samples

    def blocks(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The track from its start to its end, piece by piece, each with its first sample's number."""
        for start in range(0, self.length, BLOCK):
            yield start, self.cut(start, min(start + BLOCK, self.length))

    def _read(self, start: int, end: int) -> NDArray[np.int16]:
        if not 0 <= start <= end <= self.length:
            raise ValueError("samples outside the track")
        if self._pcm is not None:
            return self._pcm[start:end]
        pieces = []
        left = _BYTES * (end - start)
        while left:
            piece = os.pread(self._file, left, _BYTES * end - left)
            if not piece:
                raise OSError("the file of a track is shorter than the track")
            pieces.append(piece)
            left -= len(piece)
        return np.frombuffer(b"".join(pieces), np.int16)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A failed write as the lab is told it."""
    try:
        yield
    except OSError as error:
        raise ValidationError(unwritable_message(error)) from None


def _nameless_file(folder: Path) -> int:
    """A file in `folder` for this account alone, without a name: its descriptor."""
    # Not every file system has O_TMPFILE, and macOS does not know it.
    if flag := getattr(os, "O_TMPFILE", 0):
        with contextlib.suppress(OSError):
            return os.open(folder, flag | os.O_RDWR | os.O_EXCL, 0o600)
    file, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
    try:
        Path(name).unlink()
    except BaseException:
        os.close(file)
        raise
    return file
