"""How many segments of the exact schedule are those of `whisper.transcribe(temperature=0)`: text, begin and end.

    .venv/bin/python benchmarks/exact_parity.py [SECONDS]

Runs both in float32 with the embedded default weights over the sample study and the telephone conversation inside
pyannote.audio, of each recording the first SECONDS or all of it: this program with all recordings side by side, as it
does it, openai-whisper one after the other. Prints a Markdown table. Segments that differ are told in numbers: what
was said is nobody's business here.
"""

import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcribe.audio.track import Track
from transcribe.engines import SAMPLE_RATE, DecodedAudio, RecognitionJob, RecognitionOptions
from transcribe.records import Recording

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Part:
    """A segment: begin and end (s, to 10 ms) and its text."""

    start: float
    end: float
    text: str


def ours(engine: Any, tracks: Sequence[Track], language: str = "en") -> list[list[Part]]:
    """What the exact schedule states of recordings that are decoded side by side, at temperature 0 alone."""
    from transcribe.recognition.exact import ExactSchedule

    schedules = []
    owners: dict[Any, ExactSchedule] = {}
    waiting: deque[Any] = deque()
    for number, track in enumerate(tracks):
        seconds = track.length / SAMPLE_RATE
        audio = DecodedAudio(Recording(str(number), "", "PSW", "", 1, language, (), seconds), track)
        job = RecognitionJob(audio, ((0.0, seconds),), (language,))
        schedule = ExactSchedule(job, RecognitionOptions(schedule="exact"), engine.vocabulary, (0.0,))
        schedules.append(schedule)
        for request in schedule.begin():
            owners[request] = schedule
            waiting.append(request)
    for request, heard in engine.decode(waiting):
        if isinstance(heard, Exception):
            raise heard
        schedule = owners.pop(request)
        for following in schedule.take(request, heard)[0]:
            owners[following] = schedule
            waiting.append(following)
    assert all(schedule.is_done for schedule in schedules)
    return [
        [
            Part(round(each.start, 2), round(each.end, 2), engine.vocabulary.decode(each.tokens))
            for each in schedule.stated
        ]
        for schedule in schedules
    ]


def theirs(model: Any, samples: Samples, language: str = "en", **options: Any) -> list[Part]:
    """The same by `whisper.transcribe`; segments that it has emptied itself are left out."""
    import whisper

    found = whisper.transcribe(model, samples, temperature=0.0, language=language, fp16=False, **options)
    return [
        Part(round(each["start"], 2), round(each["end"], 2), each["text"]) for each in found["segments"] if each["text"]
    ]


def alike(one: Sequence[Part], other: Sequence[Part]) -> int:
    """How many segments both have."""
    return (Counter(one) & Counter(other)).total()


def main() -> None:
    """Runs both and prints the table."""
    import transcribe  # noqa: F401 - sets what torch reads when it is loaded

    sys.path.insert(0, str(Path(__file__).parent.parent))
    from diarization_engines import samples_of
    from recognition_audio import recordings

    from tests.recognition_model import load_openai
    from transcribe.recognition.slot_engine import SlotEngine
    from transcribe.recognition.whisper_model import load_model
    from transcribe.weights import locate

    most = round(float(sys.argv[1]) * SAMPLE_RATE) if len(sys.argv) > 1 else None
    weights = locate("whisper-base")
    with tempfile.TemporaryDirectory() as folder:
        items = recordings(Path(folder))
        tracks = [Track.of(samples_of(str(item.wav))[:most]) for item in items]
    begun = time.perf_counter()
    mine = ours(SlotEngine(load_model(weights, "cpu")), tracks)
    spent = time.perf_counter() - begun
    model = load_openai(weights)
    print("| recording | seconds | segments of openai-whisper | of ours | in both | moved by (s), text alike |")
    print("|---|---|---|---|---|---|")
    total = same = 0
    begun = time.perf_counter()
    for item, track, found in zip(items, tracks, mine, strict=True):
        expected = theirs(model, track.samples)
        both = alike(expected, found)
        total, same = total + max(len(expected), len(found)), same + both
        pairs = [(a, b) for a, b in zip(expected, found, strict=False) if a != b]
        moved = ", ".join(f"{b.start - a.start:+.2f}/{b.end - a.end:+.2f} {a.text == b.text}" for a, b in pairs[:5])
        seconds = track.length / SAMPLE_RATE
        print(f"| {item.name} | {seconds:.0f} | {len(expected)} | {len(found)} | {both} | {moved} |", flush=True)
    print(f"\n**{100 * same / total:.1f} %** of {total} segments are identical.", end=" ")
    print(f"{spent:.0f} s here, {time.perf_counter() - begun:.0f} s for openai-whisper.")


if __name__ == "__main__":
    main()
