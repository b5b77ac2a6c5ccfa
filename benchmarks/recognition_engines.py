"""The engines that `benchmarks/recognition.py` compares; each runs alone in a process of its own.

    PYTHON benchmarks/recognition_engines.py ORDER.json

The order names the engine, its options, the weights, a recording to warm up on, the recordings, and a clip without
speech; the findings are written beside it. All decode greedily, in English, and time words. The peers run in an
environment of their own, so nothing outside the standard library is imported at the top.
"""

import contextlib
import io
import itertools
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from diarization_engines import peak_memory, samples_of

Heard = dict[str, Any]
"""`text`, `words` as [text, start, end, flags], `set_aside`, `timeline`: "recording", or "windows" for their WAV."""


def main() -> None:
    """Carries out one order."""
    path = Path(sys.argv[1])
    order = json.loads(path.read_text())
    cores = sorted(os.sched_getaffinity(0))[: order["threads"]]
    os.sched_setaffinity(0, cores)
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        engine = ENGINES[order["engine"]](order)
        engine.hear(engine.inputs([order["warm_up"]]))
        ready = time.perf_counter() - began
        inputs = engine.inputs(order["recordings"])
        began = time.perf_counter()
        heard = engine.hear(inputs)
        seconds = time.perf_counter() - began
        peak = peak_memory()
        heard |= engine.hear(engine.inputs([order["clip"]]))
    found = {"ready": ready, "seconds": seconds, "peak_mb": peak, "heard": heard}
    path.with_suffix(".found.json").write_text(json.dumps(found))


class Ours:
    """This program's recogniser, all recordings in one call."""

    def __init__(self, order: dict[str, Any]) -> None:
        from transcribe.engines import RecognitionOptions
        from transcribe.recognition.recognizer import WhisperRecognizer
        from transcribe.weights import locate, revision

        options = RecognitionOptions(**order["options"])
        weights, content = locate("whisper-base"), revision("whisper-base")
        self.recognizer = WhisperRecognizer(weights, content, options, threads=order["threads"])

    def inputs(self, recordings: list[dict[str, Any]]) -> Any:
        """The jobs."""
        from transcribe.engines import DecodedAudio, RecognitionJob
        from transcribe.records import Recording

        jobs = []
        for told in recordings:
            samples = samples_of(told["wav"])
            recording = Recording(told["name"], "", "PSW", "", 1, "en", (), len(samples) / 16_000)
            mask = tuple((start, end) for start, end in told["speech"])
            jobs.append(RecognitionJob(DecodedAudio.of(recording, samples), mask, ("en",)))
        return jobs

    def hear(self, inputs: Any) -> dict[str, Heard]:
        """What was said, by recording; what was quarantined is not among the words."""
        from transcribe.progress import SilentProgress
        from transcribe.records import Recognition

        heard = {}
        for outcome in self.recognizer.recognize(inputs, SilentProgress()):
            assert isinstance(outcome.result, Recognition), outcome.result
            words = [(w.text, w.start, w.end, w.flags) for s in outcome.result.segments for w in s.words]
            text = "".join(segment.text for segment in outcome.result.segments)
            heard[outcome.recording] = told("recording", text, words, len(outcome.result.quarantined))
        return heard


class OpenAI:
    """openai-whisper's `transcribe` with its own alignment heads: whole files, or the windows through its clips."""

    def __init__(self, order: dict[str, Any]) -> None:
        import torch
        import whisper

        torch.set_num_threads(order["threads"])
        self.windows = order["options"].pop("windows", False)
        self.options = {"language": "en", "word_timestamps": True, "fp16": False} | order["options"]
        self.model = loaded(whisper, order)

    def inputs(self, recordings: list[dict[str, Any]]) -> Any:
        """Names, samples and, for the windows, where each begins and ends."""
        return [inputs_of(one, self.windows) for one in recordings]

    def hear(self, inputs: Any) -> dict[str, Heard]:
        """What was said, by recording."""
        import whisper

        heard = {}
        for name, samples, borders in inputs:
            clips = {"clip_timestamps": pairs(borders)} if self.windows else {}
            found = whisper.transcribe(self.model, samples, **self.options, **clips)
            words = [(w["word"], w["start"], w["end"], ()) for s in found["segments"] for w in s["words"]]
            heard[name] = told("windows" if self.windows else "recording", found["text"], words)
        return heard


class Timestamped:
    """whisper-timestamped with its "efficient" defaults: greedy, temperature 0, whole files."""

    def __init__(self, order: dict[str, Any]) -> None:
        import torch
        import whisper_timestamped

        torch.set_num_threads(order["threads"])
        self.whisper = whisper_timestamped
        self.model = loaded(whisper_timestamped, order)

    def inputs(self, recordings: list[dict[str, Any]]) -> Any:
        """Names and samples."""
        return [inputs_of(one, False)[:2] for one in recordings]

    def hear(self, inputs: Any) -> dict[str, Heard]:
        """What was said, by recording."""
        heard = {}
        for name, samples in inputs:
            found = self.whisper.transcribe(self.model, samples, language="en", fp16=False)
            words = [(w["text"], w["start"], w["end"], ()) for s in found["segments"] for w in s.get("words", ())]
            heard[name] = told("recording", found["text"], words)
        return heard


class Faster:
    """faster-whisper on the windows, one after the other or `batch` of them at a time."""

    def __init__(self, order: dict[str, Any]) -> None:
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        options = order["options"]
        kind, threads = options["compute_type"], order["threads"]
        model = WhisperModel(order["weights"], device="cpu", compute_type=kind, cpu_threads=threads)
        self.batch = options.get("batch")
        self.model = BatchedInferencePipeline(model) if self.batch else model

    def inputs(self, recordings: list[dict[str, Any]]) -> Any:
        """Names, the windows' samples, and where each begins and ends."""
        return [inputs_of(one, True) for one in recordings]

    def hear(self, inputs: Any) -> dict[str, Heard]:
        """What was said, by recording. Its batches hold windows of one recording only."""
        options = {"language": "en", "beam_size": 1, "temperature": 0.0, "word_timestamps": True}
        options |= {"vad_filter": False, "without_timestamps": False}
        heard = {}
        for name, samples, borders in inputs:
            if self.batch:
                ends = itertools.pairwise(borders)
                clips: Any = [{"start": start, "end": end} for start, end in ends]
                segments, _ = self.model.transcribe(samples, **options, batch_size=self.batch, clip_timestamps=clips)
            else:
                segments, _ = self.model.transcribe(samples, **options, clip_timestamps=pairs(borders))
            heard[name] = in_windows(segments)
        return heard


ENGINES: dict[str, Any] = {"ours": Ours, "openai": OpenAI, "timestamped": Timestamped, "faster": Faster}


def loaded(library: Any, order: dict[str, Any]) -> Any:
    """openai-whisper's model out of a file, with the alignment heads that it has for the model of that name."""
    import whisper

    model = library.load_model(order["weights"], device="cpu")
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS["base"])
    return model


def inputs_of(one: dict[str, Any], windows: bool) -> tuple[str, Any, list[float]]:
    """A recording's name, its samples or those of its windows, and the borders between the latter (s)."""
    borders = [0.0]
    for seconds in one["windows"]:
        borders.append(borders[-1] + seconds)
    return one["name"], samples_of(one["windowed" if windows else "wav"]), borders


def pairs(borders: list[float]) -> list[float]:
    """Start, end, start, end … of the stretches between borders."""
    return [at for both in itertools.pairwise(borders) for at in both]


def in_windows(segments: Any) -> Heard:
    """faster-whisper's segments in the form of the findings; a generator, that works while it is read."""
    found = list(segments)
    words = [(word.word, word.start, word.end, ()) for segment in found for word in segment.words or ()]
    return told("windows", "".join(segment.text for segment in found), words)


def told(timeline: str, text: str, words: list[Any], set_aside: int = 0) -> Heard:
    """What an engine heard in the form of the findings."""
    plain = [(word, float(start), float(end), list(flags)) for word, start, end, flags in words]
    return {"timeline": timeline, "text": text, "words": plain, "set_aside": set_aside}


if __name__ == "__main__":
    main()
