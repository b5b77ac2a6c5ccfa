"""Memory and speed of recognition: a file of 8 hours and 200 files of a minute beside a file of one hour.

    .venv/bin/python benchmarks/recognition_memory.py [--scale 0.05] [--hours 8] [--files 200] [--only hour,long,many]
        [--threads N] [--out FOLDER]

Needs the embedded weights (`transcribe models pull`), 1.5 GB of disk, and a machine that does nothing else. The sound
is the sample study's, again and again (synthetic voices), written as 16 kHz WAV files; the minutes are cut where they
end, also within a word. Each of the three runs in a process of its own, warmed up on half a minute, with the reference
turns as speech mask; files are decoded as the program does it, long ones into a file without a name, and decoding is
part of the seconds. Memory: the most that the process has had, which the kernel keeps, and its children with it.

The targets (issue 5): at most 1.5 × the memory of the one hour, and at least 90 % of its × real time. A minute makes a
few windows that are less full than those of an hour: windows per second tell what that costs. `--scale` makes all three
smaller, to try the script: its figures say nothing. Writes `recognition_memory.json` into FOLDER.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diarization_engines import peak_memory

MEMORY_LIMIT, SPEED_SLACK = 1.5, 0.1
RATE = 16_000
MINUTE = 60
TITLES = {"hour": "one file of an hour", "long": "one long file", "many": "files of a minute"}


@dataclass(frozen=True)
class Piece:
    """A file: its name, and where it lies in the endless repetition of the study (s)."""

    name: str
    start: float
    end: float


def main() -> None:
    """Runs the three and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--only", default="hour,long,many")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.worker:
        work(wanted.worker)
        return
    runs = {}
    for kind in wanted.only.split(","):
        with tempfile.TemporaryDirectory() as folder:
            told = made(pieces(kind, wanted.scale, wanted.hours, wanted.files), Path(folder))
            runs[kind] = run(kind, told, Path(folder), wanted.threads)
    print_table(runs, wanted.threads, wanted.scale)
    wanted.out.mkdir(parents=True, exist_ok=True)
    (wanted.out / "recognition_memory.json").write_text(json.dumps(runs))


def pieces(kind: str, scale: float, hours: float, files: int) -> list[Piece]:
    """The files of one run; the minutes stay minutes at any scale, and become fewer."""
    if kind == "many":
        count = max(1, round(files * scale))
        return [Piece(f"minute-{number:03}", MINUTE * number, MINUTE * (number + 1)) for number in range(count)]
    return [Piece(kind, 0.0, 3600 * scale * (hours if kind == "long" else 1))]


def made(some: list[Piece], folder: Path) -> list[dict[str, Any]]:
    """The files written; name, path and speech of each."""
    import numpy as np
    from recognition_audio import recordings, samples_of, write_wav

    items = [item for item in recordings(folder) if item.name != "telephone"]
    sound = np.concatenate([samples_of(str(item.wav)) for item in items])
    turns, offset = [], 0.0
    for item in items:
        turns += [(offset + start, offset + end) for start, end in item.speech]
        offset += item.seconds
    told = []
    for piece in [Piece("warm-up", 0.0, 30.0), *some]:
        path = folder / f"{piece.name}.wav"
        if piece.end - piece.start <= MINUTE:
            write_wav(path, sound[np.arange(round(piece.start * RATE), round(piece.end * RATE)) % len(sound)])
        else:
            write_repeated(path, (sound * 32768).astype(np.int16).tobytes(), round((piece.end - piece.start) * RATE))
        told.append({"name": piece.name, "wav": str(path), "speech": speech_within(turns, offset, piece)})
    return told


def write_repeated(path: Path, sound: bytes, samples: int) -> None:
    """A WAV of so many samples: `sound` (16 bit) from its start, again and again."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        left = 2 * samples
        while left:
            file.writeframes(sound[:left])
            left -= min(left, len(sound))


def speech_within(turns: list[tuple[float, float]], length: float, piece: Piece) -> list[tuple[float, float]]:
    """The turns of sound that repeats every `length` seconds, clipped to a piece, on the piece's own timeline."""
    found = []
    for round_ in range(int(piece.start // length), int(piece.end // length) + 1):
        for start, end in turns:
            first = max(start + round_ * length, piece.start)
            last = min(end + round_ * length, piece.end)
            if first < last:
                found.append((first - piece.start, last - piece.start))
    return found


def run(kind: str, told: list[dict[str, Any]], folder: Path, threads: int) -> dict[str, Any]:
    """One of the three in a process of its own."""
    from recognition import ROOT, watched

    path = folder / "order.json"
    order = {"warm_up": told[0], "recordings": told[1:], "threads": threads, "folder": str(folder)}
    path.write_text(json.dumps(order))
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    seen = watched([sys.executable, __file__, "--worker", str(path)], environment, TITLES[kind])
    found: dict[str, Any] = json.loads(path.with_suffix(".found.json").read_text())
    return found | {"peak_mb": max(found["peak_mb"], seen["tree_mb"]), "others": seen["others"]}


def work(path: Path) -> None:
    """What the process of one run does: recognises everything, and keeps nothing but numbers."""
    order = json.loads(path.read_text())
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: order["threads"]])
    from transcribe.engines import RecognitionOptions
    from transcribe.progress import SilentProgress
    from transcribe.recognition.recognizer import WhisperRecognizer
    from transcribe.records import Recognition
    from transcribe.weights import locate, revision

    weights, content = locate("whisper-base"), revision("whisper-base")
    recognizer = WhisperRecognizer(weights, content, RecognitionOptions(), threads=order["threads"])
    list(recognizer.recognize(jobs([order["warm_up"]], Path(order["folder"])), SilentProgress()))
    ready = peak_memory()
    files = words = windows = 0
    began = time.perf_counter()
    for outcome in recognizer.recognize(jobs(order["recordings"], Path(order["folder"])), SilentProgress()):
        assert isinstance(outcome.result, Recognition), outcome.result
        files += 1
        words += sum(len(segment.words) for segment in outcome.result.segments)
        windows += outcome.result.windows
    seconds = time.perf_counter() - began
    found = {"files": files, "words": words, "windows": windows, "seconds": seconds, "ready_mb": ready}
    found |= {"sound": sum(sound_seconds(one["wav"]) for one in order["recordings"]), "peak_mb": peak_memory()}
    path.with_suffix(".found.json").write_text(json.dumps(found))


def jobs(told: list[dict[str, Any]], folder: Path) -> Iterator[Any]:
    """The recordings, each decoded when its turn comes."""
    from transcribe.audio.decode import decode
    from transcribe.audio.header import file_digest
    from transcribe.engines import RecognitionJob
    from transcribe.records import Part, Recording

    for one in told:
        path = Path(one["wav"])
        length = sound_seconds(one["wav"])
        part = Part(file_digest(path), 0.0, length, "wav", "pcm_s16le", RATE, 1)
        recording = Recording(one["name"], "", "PSW", "", 1, "en", (part,), length)
        speech = tuple((start, end) for start, end in one["speech"])
        yield RecognitionJob(decode(recording, [path], folder).audio, speech, ("en",))


def sound_seconds(path: str) -> float:
    """The length of a WAV."""
    with wave.open(path) as file:
        return file.getnframes() / RATE


def print_table(runs: dict[str, dict[str, Any]], threads: int, scale: float) -> None:
    """The figures as Markdown, beside those of the hour, and whether the targets are met."""
    from diarization_report import processor

    shown = "" if scale == 1 else f"; SCALE {scale}: these figures say nothing"
    print(f"{threads} threads on {processor()}{shown}\n")
    columns = ("files", "hours", "seconds", "× real time", "of the hour's", "windows / s", "words")
    columns += ("memory when warm, MB", "peak memory, MB", "of the hour's", "targets met", "others meanwhile")
    print(f"| | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    hour = runs.get("hour")
    for kind, found in runs.items():
        rate = found["sound"] / found["seconds"]
        compared = ["", "", ""]
        if hour:
            speed, memory = rate / (hour["sound"] / hour["seconds"]), found["peak_mb"] / hour["peak_mb"]
            met = speed >= 1 - SPEED_SLACK, memory <= MEMORY_LIMIT
            verdict = "speed " + ("yes" if met[0] else "NO") + ", memory " + ("yes" if met[1] else "NO")
            compared = [f"{speed:.2f}", f"{memory:.2f}", "" if found is hour else verdict]
        cells = [str(found["files"]), f"{found['sound'] / 3600:.2f}", f"{found['seconds']:.1f}", f"{rate:.1f}"]
        cells += [compared[0], f"{found['windows'] / found['seconds']:.2f}", str(found["words"])]
        cells += [
            f"{found['ready_mb']:.0f}",
            f"{found['peak_mb']:.0f}",
            *compared[1:],
            f"{100 * found['others']:.0f} %",
        ]
        print(f"| {TITLES[kind]} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
