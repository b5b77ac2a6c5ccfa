"""Media files for tests, made with numpy and the ffmpeg of imageio-ffmpeg: the system's may lack an encoder."""

import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 32767


def noise(seconds: float, rate: int = 16_000, seed: int = 1, level: float = 0.1) -> NDArray[np.float64]:
    """Speech-like in nothing but its level: white noise, the same for the same seed."""
    return level * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def tone(seconds: float, rate: int = 16_000, hertz: float = 440.0, level: float = 0.3) -> NDArray[np.float64]:
    """A sine tone."""
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def write_wav(path: Path, *channels: NDArray[np.float64], rate: int = 16_000) -> Path:
    """A 16-bit WAV of one or more channels in [-1, 1]."""
    frames = np.clip(np.stack(channels, axis=1), -1, 1) * FULL_SCALE
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(frames.round().astype("<i2").tobytes())
    return path


def convert(source: Path, target: Path, *options: str) -> Path:
    """`source` as another kind of file, by `target`'s ending and ffmpeg's output options."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-nostdin",
        "-loglevel",
        "error",
        "-y",
        "-i",
        f"file:{source}",
        *options,
    ]
    subprocess.run([*command, f"file:{target}"], check=True, timeout=60)
    return target


def write_video(path: Path, seconds: float = 1.0, sound: Path | None = None) -> Path:
    """A small black film, with `sound` or without any."""
    picture = ["-f", "lavfi", "-i", f"color=black:size=64x64:rate=5:duration={seconds}"]
    inputs = [*picture, *([] if sound is None else ["-i", f"file:{sound}"])]
    subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-y", *inputs, f"file:{path}"],
        check=True,
        timeout=60,
    )
    return path
