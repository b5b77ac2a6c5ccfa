"""What the pipeline asks of its three engines: one method each, and a fingerprint.

An engine works through many recordings: it takes an iterable (decoded ahead of it) and yields an `Outcome`
per recording, in the order given, as soon as it is complete. What fails with one recording is that recording's
outcome, an exception of `transcribe.errors`, and the next one goes on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from transcribe.audio.track import Track
from transcribe.diarization.voices import Diarized
from transcribe.errors import TranscribeError
from transcribe.progress import Progress
from transcribe.records import EntityClass, Interval, Recognition, Recording, Transcript

SAMPLE_RATE = 16_000
"""Hz of all decoded audio."""

Samples = NDArray[np.float32]

Schedule = Literal["fast", "exact"]
"""In which order a recording's speech is recognised: `RecognitionOptions`."""
Precision = Literal["auto", "float32"]
"""How exactly the recogniser calculates: `RecognitionOptions`."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, eq=False)
class DecodedAudio:
    """A recording's sound on one timeline: `mix` is mono, 16 kHz, 16 bit, in memory or in a file without a name.

    `channels` holds one such track per channel when the channels differ, and is empty otherwise.
    """

    recording: Recording
    mix: Track
    channels: tuple[Track, ...] = ()

    @classmethod
    def of(cls, recording: Recording, samples: Samples, channels: Iterable[Samples] = ()) -> "DecodedAudio":
        """The same from float samples (n,) in [-1, 1], which are rounded and clipped to 16 bit; in memory."""
        return cls(recording, Track.of(samples), tuple(Track.of(channel) for channel in channels))

    @property
    def length(self) -> int:
        """Number of samples."""
        return self.mix.length

    @property
    def seconds(self) -> float:
        """Length on the recording's timeline."""
        return self.length / SAMPLE_RATE

    def cut(self, start: int, end: int) -> Samples:
        """Samples `start` to `end` (half-open, both within the recording), float32 in [-1, 1]: a new array."""
        return self.mix.cut(start, end)

    @property
    def samples(self) -> Samples:
        """All of it as float32 in [-1, 1], shape (n,): 230 MB an hour, made anew at every call.

        For those who need everything at once; who does not takes `cut` or `mix.blocks()`.
        """
        return self.mix.samples


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Result]):
    """What became of one recording in one stage; `seconds` is the time the engine spent on it."""

    recording: str
    result: Result | TranscribeError
    seconds: float
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiarizationJob:
    """One recording to diarise; `speakers` is the known number of voices, None when it is not known."""

    audio: DecodedAudio
    speakers: int | None


@dataclass(frozen=True, slots=True)
class RecognitionJob:
    """One recording to recognise.

    `languages` holds Whisper's codes (ISO 639-1, and `yue`): none, and the recording's own is found; one, and it is
    taken; several, and each window's is found among them.
    """

    audio: DecodedAudio
    speech: tuple[Interval, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecognitionOptions:
    """How a study is recognised; part of the recogniser's fingerprint.

    `schedule` `fast` decodes packed windows independently of each other, `exact` is openai-whisper's own sequential
    algorithm. `beam` 1 is greedy decoding. `precision` `auto` takes what the processor is fastest with at the same
    word error rate. `vocabulary` are words that the model should expect (services, medication, places). `verbatim`
    prompts for fillers and false starts.
    """

    schedule: Schedule = "fast"
    beam: int = 1
    precision: Precision = "auto"
    vocabulary: tuple[str, ...] = ()
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class PiiCandidate:
    """A span of an utterance that a recogniser holds to be identifying; offsets are code points.

    `label` refines the type for the mark (`HOSPITAL` for an `ORG`), empty when the type says all. Candidates of one
    recording with the same `together`, if not empty, are pieces of one entity that utterance borders cut apart.
    """

    recording: str
    utterance: str
    start: int
    end: int
    entity_type: str
    class_: EntityClass
    recognizer: str
    score: float
    label: str = ""
    together: str = ""


class Diarizer(Protocol):
    """Finds who spoke when, and what each voice sounds like."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same audio could give another result."""
        ...

    def diarize(self, jobs: Iterable[DiarizationJob], progress: Progress) -> Iterator[Outcome[Diarized]]:
        """Yields one outcome per job, in order; failures are `EngineError` outcomes."""
        ...


class Recognizer(Protocol):
    """Finds what was said."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same audio could give another result."""
        ...

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        """Yields one outcome per job, in order; failures are `EngineError` outcomes."""
        ...


class PiiDetector(Protocol):
    """Finds what could identify somebody, in text alone; knows neither roster nor study."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could give another result."""
        ...

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        """All candidates, sorted by (recording, utterance, start, end, type).

        Raises `WithheldError` when a transcript is in a language that the detector does not cover.
        """
        ...
