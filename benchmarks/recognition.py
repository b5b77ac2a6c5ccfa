"""This recogniser beside openai-whisper's command line: same weights, same files, greedy, word times on.

    .venv/bin/python benchmarks/recognition.py [--threads N]

Needs the embedded weights (`transcribe models pull`) and is to run on a machine that does nothing else. Recordings:
the sample study and the telephone conversation inside pyannote.audio. Each engine runs in a process of its own;
loading of weights and, for openai-whisper, its compilation are part of "whole process" and not of "recognition".
openai-whisper is `whisper --model base.pt --beam_size None --word_timestamps True --language en`, with its default
temperatures; base.pt is made of the very weights that this program uses. This program's speech mask is that of the
reference turns, because the diarisation that makes it is timed by `benchmarks/main_job.py`.
Prints a Markdown table. Word error rates on the synthetic study are regression figures.
"""

import argparse
import importlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SAMPLES = Path(__file__).parent.parent / "samples"


@dataclass(frozen=True)
class Item:
    """One recording of the benchmark with its reference text and speech mask."""

    name: str
    path: Path
    text: str
    speech: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Measured:
    """What one engine did: hypotheses by recording, seconds and peak memory of its process."""

    engine: str
    texts: dict[str, str]
    recognition: float
    process: float
    peak_mb: float
    stages: dict[str, float]


def main() -> None:
    """Runs both engines and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--worker", choices=("ours", "openai"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker == "ours":
        run_ours(arguments.folder, arguments.threads)
        return
    if arguments.worker == "openai":
        run_openai(arguments.folder, arguments.threads)
        return
    with tempfile.TemporaryDirectory() as folder:
        seconds = prepare(Path(folder))
        measured = [run_worker(name, Path(folder), arguments.threads) for name in ("ours", "openai")]
    print_table(measured, seconds, arguments.threads)


def items() -> list[Item]:
    """The sample study and the telephone conversation."""
    found = []
    for path in sorted(SAMPLES.glob("D01-*.*")):
        turns = json.loads((SAMPLES / "gold" / f"{path.stem}.json").read_text())["turns"]
        speech = tuple((turn["start"], turn["end"]) for turn in turns)
        found.append(Item(path.stem, path, " ".join(turn["text"] for turn in turns), speech))
    spec = find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    wav = Path(spec.origin).parent / "sample" / "sample.wav"
    turns = [line.split() for line in wav.with_suffix(".rttm").read_text().splitlines()]
    speech = tuple((float(turn[3]), float(turn[3]) + float(turn[4])) for turn in turns)
    words = [line.split(maxsplit=5)[5] for line in wav.with_suffix(".stm").read_text().splitlines()]
    return [*found, Item("telephone", wav, " ".join(words), speech)]


def prepare(folder: Path) -> dict[str, float]:
    """Decodes all recordings to WAV, which both engines read, and writes base.pt; seconds by recording."""
    import torch
    from safetensors.torch import load_file

    from transcribe.audio.ffmpeg import ffmpeg_binary
    from transcribe.weights import locate

    # openai-whisper calls a program named ffmpeg.
    (folder / "bin").mkdir()
    (folder / "bin" / "ffmpeg").symlink_to(ffmpeg_binary())
    seconds = {}
    for item in items():
        target = folder / f"{item.name}.wav"
        command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-i", f"file:{item.path}", "-ac", "1"]
        subprocess.run([*command, "-ar", "16000", str(target)], check=True)
        seconds[item.name] = (target.stat().st_size - 44) / 32_000
    weights = locate("whisper-base")
    dims = json.loads((weights / "config.json").read_text())["dims"]
    torch.save({"dims": dims, "model_state_dict": load_file(weights / "model.safetensors")}, folder / "base.pt")
    return seconds


def run_worker(name: str, folder: Path, threads: int) -> Measured:
    """One engine in a process of its own."""
    command = [sys.executable, __file__, "--worker", name, "--folder", str(folder), "--threads", str(threads)]
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "OMP_NUM_THREADS": str(threads)}
    began = time.monotonic()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    process = time.monotonic() - began
    return Measured(**json.loads((folder / f"{name}.json").read_text()), process=process)


def run_ours(folder: Path, threads: int) -> None:
    """This program's recogniser on all recordings at once."""
    import wave

    import numpy as np

    from transcribe.engines import DecodedAudio, RecognitionJob
    from transcribe.progress import SilentProgress
    from transcribe.recognition import engine as engine_module
    from transcribe.recognition.recognizer import WhisperRecognizer
    from transcribe.records import Recognition, Recording
    from transcribe.weights import locate, revision

    stages = dict.fromkeys(("encoder", "keys and values", "decoding", "word times"), 0.0)

    def timed(owner: object, name: str, stage: str) -> None:
        function = getattr(owner, name)

        def timing(*given: object) -> object:
            began = time.perf_counter()
            result = function(*given)
            stages[stage] += time.perf_counter() - began
            return result

        setattr(owner, name, timing)

    timed(engine_module.Engine, "encode", "encoder")
    timed(engine_module.Slots, "fill", "keys and values")
    timed(engine_module, "decode_windows", "decoding")
    timed(engine_module, "token_starts", "word times")
    jobs = []
    for item in items():
        with wave.open(str(folder / f"{item.name}.wav")) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
        recording = Recording(item.name, "", "PSW", "", 1, "en", (), len(samples) / 16_000)
        jobs.append(RecognitionJob(DecodedAudio(recording, samples), item.speech, ("en",)))
    recognizer = WhisperRecognizer(locate("whisper-base"), revision("whisper-base"), threads=threads)
    list(recognizer.recognize([], SilentProgress()))  # loads the weights
    began = time.perf_counter()
    texts = {}
    for outcome in recognizer.recognize(jobs, SilentProgress()):
        assert isinstance(outcome.result, Recognition)
        texts[outcome.recording] = "".join(segment.text for segment in outcome.result.segments)
    recognition = time.perf_counter() - began
    stages["windows, words, records"] = recognition - sum(stages.values())
    report(folder, "ours", texts, recognition, stages)


def run_openai(folder: Path, threads: int) -> None:
    """openai-whisper's own command line, with a clock around its `transcribe`."""
    # `import whisper.transcribe` would give the function of that name.
    openai = importlib.import_module("whisper.transcribe")
    seconds = []
    transcribe = openai.transcribe

    def timed(*given: object, **options: object) -> object:
        began = time.perf_counter()
        result = transcribe(*given, **options)
        seconds.append(time.perf_counter() - began)
        return result

    openai.transcribe = timed
    names = [item.name for item in items()]
    options = ["--beam_size", "None", "--word_timestamps", "True", "--language", "en", "--fp16", "False"]
    options += ["--output_format", "json", "--output_dir", str(folder / "out"), "--threads", str(threads)]
    # The shortest recording once more before: it also waits for the compilation of the time warping.
    files = [str(folder / f"{name}.wav") for name in (names[-1], *names)]
    sys.argv = ["whisper", "--model", str(folder / "base.pt"), "--device", "cpu", *options, *files]
    openai.cli()
    texts = {name: json.loads((folder / "out" / f"{name}.json").read_text())["text"] for name in names}
    report(folder, "openai", texts, sum(seconds[1:]), {})


def report(folder: Path, engine: str, texts: dict[str, str], recognition: float, stages: dict[str, float]) -> None:
    """Leaves an engine's figures for the parent process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"engine": engine, "texts": texts, "recognition": recognition, "peak_mb": peak, "stages": stages}
    (folder / f"{engine}.json").write_text(json.dumps(found))


def print_table(measured: list[Measured], seconds: dict[str, float], threads: int) -> None:
    """The figures as Markdown."""
    from rapidfuzz.distance import Levenshtein
    from whisper.normalizers import EnglishTextNormalizer

    normalize = EnglishTextNormalizer()
    total = sum(seconds.values())
    titles = {"ours": "this program", "openai": "openai-whisper's command line"}
    print(f"{len(seconds)} recordings, {total:.0f} s of audio, {threads} threads on {processor()}\n")
    print("| | recognition, s | × real time | whole process, s | peak memory, MB | WER, % |")
    print("|---|---|---|---|---|---|")
    for result in measured:
        errors = count = 0
        rates = []
        for item in items():
            expected, found = normalize(item.text).split(), normalize(result.texts[item.name]).split()
            wrong = Levenshtein.distance(expected, found)
            errors, count = errors + wrong, count + len(expected)
            rates.append(f"{item.name} {100 * wrong / len(expected):.1f}")
        print(
            f"| {titles[result.engine]} | {result.recognition:.1f} | {total / result.recognition:.1f} "
            f"| {result.process:.1f} | {result.peak_mb:.0f} | {100 * errors / count:.1f} ({', '.join(rates)}) |"
        )
    ours, openai = measured
    print(f"\nFor recognition alone, word times included: **{openai.recognition / ours.recognition:.1f} × faster**.\n")
    print("| stage of this program | seconds | share |")
    print("|---|---|---|")
    for stage, spent in ours.stages.items():
        print(f"| {stage} | {spent:.2f} | {100 * spent / ours.recognition:.0f} % |")


def processor() -> str:
    """The processor's name, where Linux tells it."""
    info = Path("/proc/cpuinfo")
    name = re.search(r"model name\s*: (.*)", info.read_text()) if info.exists() else None
    return name.group(1) if name else "this machine"


if __name__ == "__main__":
    main()
