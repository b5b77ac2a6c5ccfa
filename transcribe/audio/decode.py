"""A recording's sound: 16 kHz mono, 16 bit, on one timeline, and its channels where they differ.

Memory is what the result needs and a block more: an hour of mono is 115 MB, and what is longer than two hours or has
more than two channels lies on the disk, in a file without a name (docs/decisions/0014).
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from transcribe.audio.header import check_readable, file_digest, naming_part, read_header
from transcribe.audio.pcm import stream_samples
from transcribe.audio.track import BLOCK, Track
from transcribe.engines import SAMPLE_RATE, DecodedAudio, Samples
from transcribe.errors import InputError
from transcribe.records import Part, Recording

SAME_CORRELATION = 0.99
"""Two channels that correlate at least so much carry one signal; lossy codecs leave joint stereo above it."""

SILENT_RMS = 1e-4
"""A channel below this (-80 dB of full scale) is an empty socket, not a microphone."""

MOST_CHANNELS = 8
"""Files with more channels are mixed while they are read, so that memory stays bounded."""

IN_MEMORY_SECONDS = 2 * 3600
IN_MEMORY_CHANNELS = 2
"""A recording of at most so many seconds and channels is kept in memory (345 MB an hour with two that differ)."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The sound, and what the lab should know of it."""

    audio: DecodedAudio
    warnings: tuple[str, ...] = ()


def decode(
    recording: Recording, files: Sequence[Path], folder: Path | None = None, stop: threading.Event | None = None
) -> Decoded:
    """The sound of `files`, which are the recording's parts in their order.

    The mix is the mean of the channels that carry sound, opposite polarity turned; `channels` is filled when at least
    two of them differ. What is too long for memory lies in `folder`, in files without a name (None: in memory all the
    same). Raises `InputError` when a file is gone, is not the one that was probed, or cannot be decoded,
    `ValidationError` when `folder` cannot be written, and `Stopped` soon after another thread sets `stop`.
    """
    counts = {part.channels for part in recording.parts}
    kept = counts.pop() if len(counts) == 1 else 1
    kept = kept if kept <= MOST_CHANNELS else 1
    if recording.duration <= IN_MEMORY_SECONDS and kept <= IN_MEMORY_CHANNELS:
        folder = None
    timeline = _Timeline(round(recording.duration * SAMPLE_RATE), kept, folder)
    warnings: list[str] = []
    for number, (part, path) in enumerate(zip(recording.parts, files, strict=True), start=1):
        with naming_part(number, len(files)) as prefix:
            warnings += [prefix + warning for warning in _decode_part(part, path, timeline, stop)]
    mix, channels, warning = timeline.finish()
    return Decoded(DecodedAudio(recording, mix, channels), (*warnings, *warning))


def _decode_part(part: Part, path: Path, timeline: "_Timeline", stop: threading.Event | None) -> tuple[str, ...]:
    before = check_readable(path)
    header = read_header(path, stop)
    if header.channels != part.channels or file_digest(path, stop) != part.sha256:
        raise InputError("its file is not the one that was looked at before: run again to have it read anew")
    timeline.seek(round(part.offset * SAMPLE_RATE), round((part.offset + part.duration) * SAMPLE_RATE))
    decoding = stream_samples(path, header, timeline.add, stop)
    after = check_readable(path)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError("its file changed while it was read: wait until it is copied, then run again")
    if abs(decoding.count - part.duration * SAMPLE_RATE) > SAMPLE_RATE / 1000:
        raise InputError("its file decodes to another length than before: run again to have it read anew")
    return decoding.warnings


class _Timeline:
    """Where blocks are written, with the sums from which the channels' correlation follows."""

    def __init__(self, length: int, channels: int, folder: Path | None) -> None:
        self._length = length
        self._folder = folder
        self._channels = [Track(length, folder) for _ in range(channels)]
        self._products: NDArray[np.float64] = np.zeros((channels, channels))
        self._sums: NDArray[np.float64] = np.zeros(channels)
        self._count = 0
        self._at = 0
        self._end = 0

    def seek(self, start: int, end: int) -> None:
        """The next blocks go to `start` and on, at most to `end`."""
        self._at, self._end = start, end

    def add(self, block: Samples) -> None:
        """Writes a block of shape (n, channels of the file); mixes it if fewer channels are kept."""
        block = block[: self._end - self._at]
        if block.shape[1] != len(self._channels):
            block = block.mean(axis=1, dtype=np.float32, keepdims=True)
        for channel, values in zip(self._channels, block.T, strict=True):
            channel.write(self._at, values)
        self._at += len(block)
        self._count += len(block)
        self._products += block.T @ block
        self._sums += block.sum(axis=0)

    def finish(self) -> tuple[Track, tuple[Track, ...], tuple[str, ...]]:
        """The mix, the channels if they differ, and a warning if there is reason for one."""
        count = max(self._count, 1)
        covariance = self._products / count - np.outer(self._sums, self._sums) / count**2
        deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
        active = [index for index, value in enumerate(deviation) if value > SILENT_RMS]
        if len(active) < 2:
            return self._channels[active[0] if active else 0], (), ()
        correlation = covariance[np.ix_(active, active)] / np.outer(deviation[active], deviation[active])
        # A microphone wired the wrong way round gives the same sound negated: the plain mean would be silence.
        signs = np.where(correlation[0] < -0.5, -1.0, 1.0)
        warning = ("its channels have opposite polarity; one is turned",) if (signs < 0).any() else ()
        channels = [self._channels[index] for index in active]
        weights = signs / len(active)
        same = bool((np.abs(correlation) >= SAME_CORRELATION).all())
        mix = channels[0] if same else Track(self._length, self._folder)
        for start in range(0, self._length, BLOCK):
            end = min(start + BLOCK, self._length)
            pieces = [np.float32(w) * channel.cut(start, end) for w, channel in zip(weights, channels, strict=True)]
            mix.write(start, np.sum(pieces, axis=0))
        return mix, () if same else tuple(channels), warning
