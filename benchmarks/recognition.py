"""This recogniser beside openai-whisper, faster-whisper and whisper-timestamped: speed, errors, inventions, memory.

    .venv/bin/python benchmarks/recognition.py [--only 'ours,faster-*'] [--files telephone] [--repeat N] [--threads N]
        [--study FOLDER] [--out FOLDER]

Needs the embedded weights (`transcribe models pull`) and a machine that does nothing else; the share of the processors
that others used meanwhile is printed. The peers are installed with pip into an environment of their own in the cache
folder. Recordings: the sample study (**synthetic: word error rates on it are regression figures**) and the telephone
conversation inside pyannote.audio. All engines have the same weights (fp16 as published, made float32 or int8 by each),
decode greedily in English, and time words. Each runs in a process of its own on 16 kHz WAV files, warmed up on the
shortest; reading of files and loading of weights are not timed. `--repeat` runs all engines in turn N times: shown is
the median, and the fastest and slowest beside it.

Windows: this program cuts them along the speech that its own diariser finds, as in a run of the program (that is
timed by `benchmarks/diarization.py`). faster-whisper gets the same windows, as clips of the windows put one behind
the other; so does openai-whisper in the row "same windows". Rows "whole files" have the files as they are, silences
included, as a user of openai-whisper's or whisper-timestamped's `transcribe` would; × real time is of whole files for
all.
Temperature: 0. Where it fails by their own rules this program and openai-whisper go up the ladder 0.2 … 1.0;
`openai-0`, faster-whisper and whisper-timestamped do not, which makes these faster and not better.

Words in silence: words whose times touch no reference turn widened by 0.25 s on either side; in brackets those that
the engine itself flags as unsupported. Windows leave out most of the silence, so that only "whole files" have all of
it to invent in. Words where nothing is said: a generated minute (silence, noise, hum, slamming doors) all of which is
declared to be speech, cut into windows for the engines that take windows; in brackets those flagged, and "+n" are
passages that this program set aside with a reason. What its own speech mask makes of that minute is printed below.
What has neither letter nor digit is no word.
Memory: the most that the process had until the timed run ended, and its children with it. Writes `recognition.json`,
with all words, and `recognition.png` into FOLDER.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import psutil
from diarization import draft_weights, processor_seconds
from diarization_engines import samples_of
from recognition_audio import CLIP_SECONDS, ROOT, Item, Windowed, clip_without_speech, recordings, windowed
from recognition_peers import ctranslate2_weights, openai_weights, peers_python
from recognition_report import Run, print_table, write_chart

from transcribe.records import Interval


@dataclass(frozen=True)
class Engine:
    """An engine with its options; `peer` ones run in the peers' environment."""

    title: str
    kind: str
    sound: str
    options: dict[str, Any] = field(default_factory=dict)
    peer: bool = False
    usual: bool = True
    """Whether it runs when `--only` is not given."""


def faster(batch: int, precision: str) -> Engine:
    """faster-whisper; batch 0 is its sequential `transcribe`."""
    options = {"compute_type": precision} | ({"batch": batch} if batch else {})
    title = f"faster-whisper, {f'batch {batch}' if batch else 'sequential'}, {precision}"
    return Engine(title, "faster", "same windows", options, peer=True)


LADDER = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]

ENGINES = {
    "ours": Engine("this program", "ours", "windows"),
    "ours-float32": Engine("this program, float32", "ours", "windows", {"precision": "float32"}),
    "faster-8-int8": faster(8, "int8"),
    "faster-8-float32": faster(8, "float32"),
    "faster-16-int8": faster(16, "int8"),
    "faster-16-float32": faster(16, "float32"),
    "faster-sequential-int8": faster(0, "int8"),
    "faster-sequential-float32": faster(0, "float32"),
    "openai": Engine("openai-whisper", "openai", "whole files", {"temperature": LADDER}),
    "openai-windows": Engine("openai-whisper", "openai", "same windows", {"temperature": LADDER, "windows": True}),
    "openai-0": Engine(
        "openai-whisper, temperature 0 alone", "openai", "whole files", {"temperature": 0.0}, usual=False
    ),
    "timestamped": Engine("whisper-timestamped", "timestamped", "whole files", peer=True),
}


@dataclass(frozen=True)
class Place:
    """Where the engines run, and on how many threads; `weights` by kind of engine."""

    folder: Path
    threads: int
    weights: dict[str, str]
    peers: str


def main() -> None:
    """Runs the engines in turn, prints the table and draws the chart."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names with wildcards, of: " + ", ".join(ENGINES))
    parser.add_argument("--files", default="*", help="names of recordings with wildcards")
    parser.add_argument("--study", type=Path, default=ROOT / "samples", help="folder with audio and gold/")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=Path())
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        items = [item for item in recordings(folder, wanted.study) if matches(item.name, wanted.files)]
        clip = clip_without_speech(folder)
        masks = own_masks([*items, clip], wanted.threads)
        told = [windowed(item, masks[item.name], folder) for item in items]
        nothing = windowed(clip, ((0.0, float(CLIP_SECONDS)),), folder)
        place = placed(folder, wanted.threads)
        engines = {name: engine for name, engine in ENGINES.items() if is_wanted(name, engine, wanted.only, place)}
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in engines}
        for _ in range(wanted.repeat):
            for name, engine in engines.items():
                runs[name].append(run_engine(place, engine, told, nothing))
        rows = [Run(engines[name].title, engines[name].sound, found) for name, found in runs.items()]
        print_table(rows, told, nothing, wanted.threads)
        voiced = sum(end - start for start, end in masks[clip.name])
        print(f"\nThis program's own speech mask holds {voiced:.1f} of the {CLIP_SECONDS} s in which nothing is said.")
        wanted.out.mkdir(parents=True, exist_ok=True)
        (wanted.out / "recognition.json").write_text(json.dumps(runs))
        write_chart(rows, told, nothing, wanted.out / "recognition.png")


def matches(name: str, patterns: str) -> bool:
    """Whether a name is among comma-separated patterns."""
    return any(fnmatch(name, pattern.strip()) for pattern in patterns.split(","))


def is_wanted(name: str, engine: Engine, only: str, place: Place) -> bool:
    """Whether an engine was asked for and can run."""
    chosen = matches(name, only) if only else engine.usual
    return chosen and bool(place.peers or not engine.peer)


def placed(folder: Path, threads: int) -> Place:
    """The peers' environment and all weights."""
    weights = {"ours": "", "openai": str(openai_weights(folder)), "faster": str(ctranslate2_weights())}
    weights["timestamped"] = weights["openai"]
    return Place(folder, threads, weights, peers_python() or "")


def run_engine(place: Place, engine: Engine, told: Sequence[Windowed], nothing: Windowed) -> dict[str, Any]:
    """One engine in a process of its own; exits with what it said when it fails."""
    shortest = min(told, key=lambda one: one.item.seconds)
    order = {"engine": engine.kind, "options": engine.options, "threads": place.threads}
    order |= {"weights": place.weights[engine.kind], "warm_up": shortest.order() | {"name": "warm-up"}}
    order |= {"recordings": [one.order() for one in told], "clip": nothing.order()}
    path = place.folder / "order.json"
    path.write_text(json.dumps(order))
    # The spin count is what the program itself sets (transcribe/__init__.py); all engines have it.
    environment = {**os.environ, "OMP_NUM_THREADS": str(place.threads), "GOMP_SPINCOUNT": "2000"}
    environment |= {"HF_HUB_OFFLINE": "1", "PYTHONPATH": "" if engine.peer else str(ROOT)}
    python = place.peers if engine.peer else sys.executable
    command = [python, str(Path(__file__).with_name("recognition_engines.py")), str(path)]
    seen = watched(command, environment, engine.title)
    found: dict[str, Any] = json.loads(path.with_suffix(".found.json").read_text())
    return found | {"peak_mb": max(found["peak_mb"], seen["tree_mb"]), "others": seen["others"]}


def watched(command: list[str], environment: dict[str, str], title: str) -> dict[str, Any]:
    """Runs an engine's process: most memory of it and its children together (MB), others' share of the machine."""
    before, began = processor_seconds(), time.monotonic()
    peak = 0.0
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        while process.poll() is None:
            peak = max(peak, tree_memory(process.pid))
            time.sleep(0.2)
        errors.seek(0)
        if process.returncode:
            sys.exit(f"{title} failed:\n{errors.read()[-3000:]}")
    used, own = (after - earlier for after, earlier in zip(processor_seconds(), before, strict=True))
    others = max(0.0, used - own) / (time.monotonic() - began) / (os.cpu_count() or 1)
    print(f"{title}: others used {100 * others:.0f} % of the machine meanwhile", file=sys.stderr, flush=True)
    return {"tree_mb": peak, "others": others}


def tree_memory(pid: int) -> float:
    """Memory of a process and its children now, pages that they share counted once, MB; 0 where there are none.

    Of a process without children the kernel keeps the peak, which the process tells itself.
    """
    try:
        processes = [psutil.Process(pid)]
        processes += processes[0].children(recursive=True)
        shares = (process.memory_full_info().pss for process in processes)
        return float(sum(shares)) / 2**20 if len(processes) > 1 else 0.0
    except psutil.Error:
        return 0.0  # one has just ended


def own_masks(items: Sequence[Item], threads: int) -> dict[str, tuple[Interval, ...]]:
    """What this program's diariser takes for speech in each item."""
    warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed")  # nothing is decoded by it
    from transcribe.diarization import diarizer
    from transcribe.diarization.voices import Diarized
    from transcribe.engines import DecodedAudio, DiarizationJob
    from transcribe.progress import SilentProgress
    from transcribe.records import Recording

    weights = draft_weights()
    paths = Path(weights["segmentation"]), Path(weights["embedding"])
    engine = diarizer.draft_diarizer(*paths, "benchmark", device="cpu", threads=threads)
    masks = {}
    for item in items:
        recording = Recording(item.name, "", "OBS", "", 1, "en", (), item.seconds)
        job = DiarizationJob(DecodedAudio.of(recording, samples_of(str(item.wav))), None)
        (outcome,) = engine.diarize([job], SilentProgress())
        assert isinstance(outcome.result, Diarized), outcome.result
        masks[item.name] = outcome.result.diarization.speech
    return masks


if __name__ == "__main__":
    main()
