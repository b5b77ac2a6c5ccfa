"""What a media file says of itself, as `ffmpeg -i` prints it (imageio-ffmpeg brings no ffprobe), and its digest.

What it says of its length is a claim: only decoding shows how much sound there is.
"""

import hashlib
import os
import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from transcribe.audio.ffmpeg import Stopped, header_command, run_ffmpeg
from transcribe.errors import InputError

_INPUT = re.compile(r"Input #0, ([^ ]+), from '")
_DURATION = re.compile(r"  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?),")
_STREAM = re.compile(r" {2,4}Stream #0:\d+(?:\[0x[0-9a-f]+\])?(?:\([^)]*\))?: (Audio|Video): ([^ ,]+)(.*)")
_LAYOUT = re.compile(r"(\d+) Hz, ([^,]+)")
_NAMED_LAYOUTS = {"mono": 1, "stereo": 2, "downmix": 2, "binaural": 2, "quad": 4, "hexagonal": 6, "octagonal": 8}
_PLAYLISTS = (b"#ext", b"ffconcat", b"[playlist]", b"[reference]", b"<asx", b"<smil", b"<?xml", b"rtsptext")
_RIFF_BYTES = 8
_PIECE_BYTES = 1 << 20

CONVERT = "convert it to WAV, FLAC, MP3 or M4A"


@dataclass(frozen=True, slots=True)
class MediaHeader:
    """What a file claims: container and codec by ffmpeg's names, sample rate in Hz, and of its first audio track the
    channels. `declared` is the length in seconds, of the longest track, None where ffmpeg only estimates it; `tracks`
    counts audio tracks; `film` says that there is a picture, which may outlast the sound.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    declared: float | None
    tracks: int
    film: bool


def check_readable(path: Path) -> os.stat_result:
    """The file's state; raises `InputError` when it is gone, closed to us, empty or no file."""
    try:
        state = path.stat()
        with path.open("rb") as file:
            head = file.read(64)
    except FileNotFoundError as error:
        raise InputError("its file is not there any more: put it back, or correct its row in the manifest") from error
    except PermissionError as error:
        raise InputError("its file is closed to this account: allow reading it") from error
    except OSError as error:
        raise InputError(f"its file cannot be read ({error.strerror})") from error
    if not stat.S_ISREG(state.st_mode):
        raise InputError("what its row names is no file")
    if state.st_size == 0:
        raise InputError("its file is empty: copy it again from the recorder")
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"").lower().startswith(_PLAYLISTS):
        raise _playlist()
    return state


def file_digest(path: Path, stop: threading.Event | None = None) -> str:
    """The file's sha256, in hexadecimal; raises `InputError` when it cannot be read to its end, `Stopped` on `stop`."""
    found = hashlib.sha256()
    try:
        with path.open("rb", buffering=0) as file:
            while piece := file.read(_PIECE_BYTES):
                if stop is not None and stop.is_set():
                    raise Stopped
                found.update(piece)
            return found.hexdigest()
    except OSError as error:
        raise InputError(f"its file cannot be read ({error.strerror})") from error


@contextmanager
def naming_part(number: int, parts: int) -> Iterator[str]:
    """Yields `part 2: ` for a recording of several parts, else nothing; input errors inside get it in front."""
    prefix = f"part {number}: " if parts > 1 else ""
    try:
        yield prefix
    except InputError as error:
        raise InputError(prefix + error.message) from error


def read_header(path: Path, stop: threading.Event | None = None) -> MediaHeader:
    """What the file says of itself. Raises `InputError`, saying what is wrong, when it is no sound that can be used;
    `Stopped` soon after another thread sets `stop`."""
    check_readable(path)
    if "\n" in path.name or "\r" in path.name:
        raise InputError("its file's name has a line break in it: rename the file")
    end = run_ffmpeg(header_command(path), lambda _: None, stop=stop)
    text = "\n".join(end.lines)
    found = _INPUT.search(text)
    if end.code < 0:
        raise crashed()
    if found is None:
        raise _not_media(text)
    streams = [match for line in end.lines if (match := _STREAM.match(line))]
    audio = [match for match in streams if match[1] == "Audio"]
    if not audio:
        raise InputError("it has no sound, only a picture: is it the right file?")
    layout = _LAYOUT.search(audio[0][3])
    if layout is None or audio[0][2] == "none":
        raise InputError(f"its sound is in a form that ffmpeg cannot decode: {CONVERT}")
    duration = _DURATION.search(text)
    declared = int(duration[1]) * 3600 + int(duration[2]) * 60 + float(duration[3]) if duration else None
    if "Estimating duration from bitrate" in text:
        declared = None
    return MediaHeader(
        container=found[1].split(",")[0],
        codec=audio[0][2],
        sample_rate=int(layout[1]),
        channels=_channels(layout[2]),
        declared=declared,
        tracks=len(audio),
        film=any(match[1] == "Video" and "attached pic" not in match[3] for match in streams),
    )


def missing_share(path: Path) -> float:
    """Which share of a WAV file is cut off by its own header (0 for every other file, and for headers left open).

    ffmpeg takes a shorter WAV for a whole one. A recorder that lost power leaves 0 or 0xFFFFFFFF as the size.
    """
    with path.open("rb") as file:
        head = file.read(_RIFF_BYTES)
        size = file.seek(0, os.SEEK_END)
    claimed = int.from_bytes(head[4:8], "little")
    if head[:4] != b"RIFF" or claimed in (0, 0xFFFFFFFF) or claimed + _RIFF_BYTES <= size:
        return 0.0
    return 1 - size / (claimed + _RIFF_BYTES)


def _channels(layout: str) -> int:
    """How many channels one of ffmpeg's layout names has: `stereo`, `5.1(side)`, `4 channels (FL+FR+…)`; at least 1."""
    name = layout.strip()
    if counted := re.match(r"(\d+) channels", name):
        return int(counted[1])
    if pointed := re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", name):
        return sum(int(number) for number in pointed.groups() if number)
    return _NAMED_LAYOUTS.get(name.split("(")[0], 1)


def crashed() -> InputError:
    """What to say when ffmpeg was ended by a signal; static builds before 8 do so on some camera files (mpegts)."""
    return InputError(f"the ffmpeg program crashed on its file: run pip install --upgrade imageio-ffmpeg, or {CONVERT}")


def _playlist() -> InputError:
    return InputError(
        "its file is a playlist, which points to other files or to the Internet, and is not followed: "
        "give the recording itself"
    )


def _not_media(text: str) -> InputError:
    if "moov atom not found" in text:
        message = (
            "its file is cut off (the index, written when a recording is stopped, is missing): "
            "copy it again from the recorder"
        )
    elif "m3u8/hls" in text:
        return _playlist()
    elif "not on whitelist" in text:
        message = f"its file is of a kind that is not read, as it may point to other files: {CONVERT}"
    else:
        message = "its file is not an audio or video file, or its beginning is damaged: listen to it, copy it again"
    return InputError(message)
