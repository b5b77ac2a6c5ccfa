"""The engines that `benchmarks/diarization.py` compares; each runs alone in a process of its own.

    PYTHON benchmarks/diarization_engines.py ORDER.json

The order names the engine, the weights, a file to warm up on and batches of files; the findings are written beside it.
An engine is told the number of speakers where a file has one. senko's process runs in senko's own environment, so
nothing outside the standard library is imported at the top.
"""

import contextlib
import io
import json
import os
import sys
import time
import wave
from pathlib import Path
from typing import Any

Turns = list[tuple[str, float, float]]


def main() -> None:
    """Carries out one order."""
    path = Path(sys.argv[1])
    order = json.loads(path.read_text())
    cores = sorted(os.sched_getaffinity(0))[: order["threads"]]
    os.sched_setaffinity(0, cores)  # senko takes all cores that it sees
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        engine = built(order)
        engine.run(engine.inputs([order["warm_up"]]), {})
        engine.watch()
        ready = time.perf_counter() - began
        batches = [batch | measured(engine, batch) for batch in order["batches"]]
    found = {"ready": ready, "peak_mb": peak_memory(), "gpu_mb": gpu_memory(), "batches": batches}
    path.with_suffix(".found.json").write_text(json.dumps(found))


def built(order: dict[str, Any]) -> Any:
    """The engine, its weights loaded."""
    if order["engine"] == "stock":
        from diarization_stock import Stock

        return Stock(order)
    return {"ours": Ours, "senko": Senko}[order["engine"]](order)


def measured(engine: Any, batch: dict[str, Any]) -> dict[str, Any]:
    """What the engine finds in a batch, its seconds in all and by stage, and the peak memory up to here."""
    inputs = engine.inputs(batch["files"])
    engine.stages = {}
    began = time.perf_counter()
    turns = engine.run(inputs, batch)
    seconds = time.perf_counter() - began
    return {"turns": turns, "seconds": seconds, "stages": engine.stages, "peak_mb": peak_memory()}


def peak_memory() -> float:
    """The most resident memory that this process has had, MB (its parent's does not count, as it does in rusage)."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":" in line)
    return int(fields["VmHWM"].split()[0]) / 1024


def gpu_memory() -> float:
    """The most memory that torch has held on the GPU, MB."""
    import torch

    return torch.cuda.max_memory_allocated() / 2**20 if torch.cuda.is_available() else 0.0


def samples_of(path: str) -> Any:
    """A 16 kHz mono WAV as float32 in [-1, 1]."""
    import numpy as np

    with wave.open(path) as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768


class Engine:
    """What the three have in common: a clock around named functions."""

    stages: dict[str, float]

    def watch(self) -> None:
        """Puts the clocks in where that has to wait until the weights are loaded."""

    def timed(self, owner: Any, name: str, stage: str) -> None:
        """Adds the time of every call of `owner.name` to `stage`."""
        function = getattr(owner, name)

        def timing(*given: Any, **options: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*given, **options)
            finally:
                self.stages[stage] = self.stages.get(stage, 0.0) + time.perf_counter() - began

        setattr(owner, name, timing)


class Ours(Engine):
    """This program's diariser, all files of a batch in one call."""

    def __init__(self, order: dict[str, Any]) -> None:
        from transcribe.diarization import diarizer

        self.stages = {}
        options = {"device": order["device"], "threads": order["threads"]}
        if community := order["weights"].get("community"):
            self.diarizer = diarizer.community_diarizer(Path(community), "random", **options)
        else:
            segmentation, embedding = Path(order["weights"]["segmentation"]), Path(order["weights"]["embedding"])
            self.diarizer = diarizer.draft_diarizer(segmentation, embedding, "benchmark", **options)

    def watch(self) -> None:
        """The steps of the diariser; what is left is the speech mask and records."""
        segmenter, voices = self.diarizer._networks
        self.timed(segmenter, "segment", "segmentation")
        for name, stage in (("plan", "features and turns"), ("embed", "embeddings"), ("decide", "clustering")):
            self.timed(voices, name, stage)

    def inputs(self, files: list[dict[str, Any]]) -> Any:
        """The jobs."""
        from transcribe.engines import DecodedAudio, DiarizationJob
        from transcribe.records import Recording

        jobs = []
        for file in files:
            samples = samples_of(file["wav"])
            recording = Recording(file["name"], "", "OBS", "", 1, "en", (), len(samples) / 16_000)
            jobs.append(DiarizationJob(DecodedAudio.of(recording, samples), file["speakers"]))
        return jobs

    def run(self, inputs: Any, _batch: dict[str, Any]) -> dict[str, Turns]:
        """The turns by file, overlaps included."""
        from transcribe.diarization.voices import Diarized
        from transcribe.progress import SilentProgress

        found = {}
        for outcome in self.diarizer.diarize(inputs, SilentProgress()):
            assert isinstance(outcome.result, Diarized), outcome.result
            turns = outcome.result.diarization.turns
            found[outcome.recording] = [(turn.speaker, turn.start, turn.end) for turn in turns]
        return found


class Senko(Engine):
    """senko with its defaults for the device; it cannot be told the number of speakers."""

    def __init__(self, order: dict[str, Any]) -> None:
        import senko

        self.stages = {}
        self.diarizer = senko.Diarizer(device=order["device"], warmup=True, quiet=True)

    def inputs(self, files: list[dict[str, Any]]) -> Any:
        """Names and paths: it reads files itself."""
        return [(file["name"], file["wav"]) for file in files]

    def run(self, inputs: Any, _batch: dict[str, Any]) -> dict[str, Turns]:
        """The turns by file."""
        found = {}
        for name, path in inputs:
            result = self.diarizer.diarize(path)
            segments = result["merged_segments"] if result else []
            found[name] = [(turn["speaker"], float(turn["start"]), float(turn["end"])) for turn in segments]
            for stage in ("vad", "fbank", "embeddings", "clustering"):
                seconds = (result or {"timing_stats": {}})["timing_stats"].get(f"{stage}_time", 0.0)
                self.stages[stage] = self.stages.get(stage, 0.0) + seconds
        return found


if __name__ == "__main__":
    main()
