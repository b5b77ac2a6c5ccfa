"""A media file's samples as they come from ffmpeg, block by block, and what was wrong with them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from transcribe.audio.ffmpeg import decode_command, run_ffmpeg
from transcribe.audio.header import CONVERT, MediaHeader, crashed, missing_share
from transcribe.engines import SAMPLE_RATE, Samples
from transcribe.errors import InputError

LONGEST_SECONDS = 24 * 3600
"""No recording is longer; a damaged time stamp can make ffmpeg fill days with silence."""

SHORTEST_SECONDS = 0.5
"""Less sound than this is a slip of the finger, not an interview."""

WHOLE_SHARE = 0.9
"""A file of which less could be decoded is refused: its transcript would pass for the whole interview."""

EARLY_END_SECONDS = 1.0
"""Containers round their length; only a difference above this is an early end."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How the decoding of a file went: `count` samples per channel at 16 kHz, and what the lab should know of it."""

    count: int
    warnings: tuple[str, ...]


def stream_samples(
    path: Path, header: MediaHeader, take: Callable[[Samples], None], stop: threading.Event | None = None
) -> Decoding:
    """Decodes the file's first audio track and hands it to `take` in blocks of shape (n, channels), in [-1, 1].

    Values that are no numbers become 0 and are told. Raises `InputError` when nothing can be decoded, when too little
    can be (`WHOLE_SHARE`, `SHORTEST_SECONDS`), and when more comes than a recording can hold; `Stopped` soon after
    `stop` is set.
    """
    state = _Blocks(header.channels, take)
    end = run_ffmpeg(decode_command(path, header.channels), state.add, stop=stop)
    if end.code < 0:
        raise crashed()
    seconds = state.count / SAMPLE_RATE
    if not state.count:
        raise InputError(
            f"nothing in its file can be decoded (damaged, or copy-protected): copy it again, or {CONVERT}"
        )
    warnings = []
    share = missing_share(path)
    declared = seconds / (1 - share) if share else header.declared
    if declared is not None and declared - seconds > EARLY_END_SECONDS:
        message = f"the file ends early: {seconds:.1f} s of {declared:.1f} s could be decoded"
        sound_may_end_first = header.film and not end.line_count
        if seconds < WHOLE_SHARE * declared and not sound_may_end_first:
            raise InputError(f"{message}; copy it again from the recorder, or save what is left of it as a new file")
        warnings.append(message)
    elif end.code:
        warnings.append(f"ffmpeg stopped with an error after {seconds:.1f} s: check the end of the recording")
    elif end.line_count:
        warnings.append(f"the file is damaged: ffmpeg reported {end.line_count} errors; listen for gaps")
    if seconds < SHORTEST_SECONDS:
        raise InputError(f"it holds {seconds:.2f} s of sound: less than {SHORTEST_SECONDS} s is not a recording")
    if state.replaced:
        warnings.append(f"{state.replaced} samples were no numbers and are taken for silence")
    if header.tracks > 1:
        warnings.append(f"the file has {header.tracks} audio tracks; only the first is used")
    return Decoding(state.count, tuple(warnings))


class _Blocks:
    """Cuts ffmpeg's bytes into whole frames of float32."""

    def __init__(self, channels: int, take: Callable[[Samples], None]) -> None:
        self._channels = channels
        self._take = take
        self._rest = b""
        self.count = 0
        self.replaced = 0

    def add(self, piece: bytes) -> None:
        data = self._rest + piece
        whole = len(data) - len(data) % (4 * self._channels)
        self._rest = data[whole:]
        block = np.frombuffer(data[:whole], dtype="<f4").reshape(-1, self._channels).astype(np.float32)
        finite = np.isfinite(block)
        if not finite.all():
            self.replaced += int(np.count_nonzero(~finite))
            block[~finite] = 0
        np.clip(block, -1, 1, out=block)
        self.count += len(block)
        if self.count > LONGEST_SECONDS * SAMPLE_RATE:
            raise InputError("it decodes to more than 24 hours: its time stamps are damaged, or it is no recording")
        self._take(block)
