"""The sound of `benchmarks/recognition.py` and its like: recordings with references, and a clip without speech."""

import json
import wave
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from diarization import item as decoded
from diarization_engines import samples_of
from numpy.typing import NDArray

from transcribe.audio.track import Track
from transcribe.recognition.windows import Window, pack_windows
from transcribe.records import Interval

ROOT = Path(__file__).parent.parent
RATE = 16_000
CLIP_SECONDS = 60


@dataclass(frozen=True)
class Item:
    """One recording as a 16 kHz WAV, with its reference text, a line per turn, and the stretches of speech."""

    name: str
    wav: Path
    text: str
    speech: tuple[Interval, ...]
    seconds: float


@dataclass(frozen=True)
class Windowed:
    """An item, and the windows that this program makes of it one after the other in a WAV, for peers that take windows.

    `mask` is the speech mask that the windows are cut along.
    """

    item: Item
    mask: tuple[Interval, ...]
    windows: tuple[Window, ...]
    wav: Path

    def on_recording(self, start: float, end: float) -> Interval:
        """Where a span of the windows' WAV (s) lies on the recording; the window that holds its middle decides."""
        offset = 0.0
        for window in self.windows:
            if (start + end) / 2 < offset + window.seconds or window is self.windows[-1]:
                break
            offset += window.seconds
        return window.on_recording(max(0.0, start - offset), min(max(0.0, end - offset), window.seconds))

    def order(self) -> dict[str, Any]:
        """What an engine's process is told of it."""
        told = {"name": self.item.name, "wav": str(self.item.wav), "speech": self.mask, "windowed": str(self.wav)}
        return told | {"windows": [window.seconds for window in self.windows]}


def recordings(folder: Path, source: Path = ROOT / "samples") -> list[Item]:
    """The study in `source`, which has audio and `gold/`, and the telephone conversation, decoded into `folder`."""
    found = []
    for gold in sorted((source / "gold").glob("*.json")):
        turns = json.loads(gold.read_text("utf-8"))["turns"]
        path = next(path for path in sorted(source.glob(f"{gold.stem}.*")) if path.is_file())
        speech = [(turn["start"], turn["end"]) for turn in turns]
        found.append(read(path, "\n".join(turn["text"] for turn in turns), speech, folder))
    wav = telephone()
    turns = [line.split() for line in wav.with_suffix(".rttm").read_text().splitlines()]
    speech = [(float(turn[3]), float(turn[3]) + float(turn[4])) for turn in turns]
    words = [line.split(maxsplit=5)[5] for line in wav.with_suffix(".stm").read_text().splitlines()]
    return [*found, read(wav, "\n".join(words), speech, folder, "telephone")]


def telephone() -> Path:
    """The telephone conversation inside pyannote.audio; `.rttm` and `.stm` lie beside it."""
    spec = find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "sample" / "sample.wav"


def read(path: Path, text: str, speech: list[Interval], folder: Path, name: str = "") -> Item:
    """A media file as an item."""
    found = decoded(path, "", [], folder)
    return Item(name or path.stem, found.wav, text, tuple(speech), found.seconds)


def windowed(item: Item, mask: tuple[Interval, ...], folder: Path) -> Windowed:
    """The item with its windows along `mask`."""
    samples = samples_of(str(item.wav))
    windows = pack_windows(mask, Track.of(samples))
    target = folder / f"{item.name}.windows.wav"
    write_wav(target, np.concatenate([samples[first:last] for window in windows for first, last in window.pieces]))
    return Windowed(item, mask, windows, target)


def clip_without_speech(folder: Path) -> Item:
    """A minute in which nobody speaks: silence, noise, the hum of the mains, a door that slams twice; 15 s of each."""
    target = folder / "nothing-said.wav"
    write_wav(target, sound_without_speech())
    return Item("nothing-said", target, "", (), CLIP_SECONDS)


def sound_without_speech() -> NDArray[np.float32]:
    """Samples of `clip_without_speech`, the same at every call."""
    generator = np.random.default_rng(0)
    part = RATE * CLIP_SECONDS // 4
    at = np.arange(part) / RATE
    floor = 0.0005 * generator.standard_normal(4 * part)  # no microphone is wholly silent
    noise = 0.05 * generator.standard_normal(part)
    hum = sum(0.05 / harmonic * np.sin(2 * np.pi * 50 * harmonic * at) for harmonic in (1, 2, 3, 5))
    slams = np.zeros(part)
    for second in (3.0, 9.0):
        after = np.clip(at - second, 0.0, None)
        crack = generator.standard_normal(part) * np.exp(-after / 0.06)
        thud = np.sin(2 * np.pi * 80 * at) * np.exp(-after / 0.2)
        slams += np.where(at >= second, 0.45 * (crack + thud), 0.0)
    loud = floor + np.concatenate([np.zeros(part), noise, hum, slams])
    return np.clip(loud, -1.0, 1.0).astype(np.float32)


def write_wav(path: Path, samples: NDArray[np.float32]) -> None:
    """Samples in [-1, 1] as 16 bits; what was 16 bits before is unchanged."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16).tobytes())
