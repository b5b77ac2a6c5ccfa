"""The frozen records that flow through the pipeline; `record_json` writes and reads them.

Times are seconds, rounded to 1 ms where they enter a record; spans are half-open `[start, end)`; text offsets are
Unicode code points.
"""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["PSW", "PIR", "OBS"]
EntityClass = Literal["direct", "quasi"]
Interval = tuple[float, float]
"""`(start, end)` in seconds, half-open."""

UNSUPPORTED = "unsupported"
"""Flag of a word under which there is (almost) no speech, or for which nothing but the model speaks."""


def to_milliseconds_grid(seconds: float) -> float:
    """Seconds rounded to 1 ms: called once, where an engine's number enters a record."""
    return round(float(seconds), 3)


@dataclass(frozen=True, slots=True)
class Part:
    """One media file of a recording; `offset` is where it starts on the recording's timeline (s)."""

    sha256: str
    offset: float
    duration: float
    container: str
    codec: str
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Recording:
    """One interview or observed session: `recording.json`. Holds no file name."""

    id: str
    pair: str
    role: Role
    person: str
    session: int
    language: str
    parts: tuple[Part, ...]
    duration: float


@dataclass(frozen=True, slots=True)
class Word:
    """One word as Whisper gave it; `text` keeps its leading space, so that joining words gives the segment."""

    text: str
    start: float
    end: float
    probability: float
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of recognised speech; `words` joined are `text`."""

    id: int
    start: float
    end: float
    language: str
    text: str
    words: tuple[Word, ...]
    avg_logprob: float
    compression_ratio: float
    temperature: float


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Recognised text that is kept out of the transcript, because `reason` says that nobody said it.

    `loop`: the model repeated itself at every temperature. `silence`: words over a stretch without speech. `unsure`:
    the model itself held the text for unlikely, or only one of two looks heard it.
    """

    start: float
    end: float
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Recognition:
    """What was said, without who said it: `recognition.json`.

    `inaudible` is speech that no word covers even after a second look, sorted and disjoint. Of `windows` decoded,
    `fallback_windows` needed a temperature above 0. `unsupported_words` is the number of words with that flag.
    """

    recording: str
    segments: tuple[Segment, ...]
    voiced_seconds: float
    covered_seconds: float
    inaudible: tuple[Interval, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    windows: int = 0
    fallback_windows: int = 0
    unsupported_words: int = 0


@dataclass(frozen=True, slots=True)
class SpeechTurn:
    """Who spoke when, no text (an RTTM "SPEAKER" line). `speaker` is an engine's voice label, `SPEAKER-n`."""

    speaker: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Diarization:
    """Who spoke when: `diarization.json`.

    `turns` may overlap; `exclusive` never does; `speech` is the mask of anybody speaking, sorted and disjoint.
    """

    recording: str
    turns: tuple[SpeechTurn, ...]
    exclusive: tuple[SpeechTurn, ...]
    speech: tuple[Interval, ...]


@dataclass(frozen=True, slots=True)
class UtteranceWord:
    """One word of an utterance; `offset` is its half-open span of code points in the utterance's text."""

    text: str
    start: float
    end: float
    probability: float
    offset: tuple[int, int]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Utterance:
    """Consecutive words of one speaker: what a coder codes. `id` is minted once (`u0001`)."""

    id: str
    speaker: str
    language: str
    start: float
    end: float
    text: str
    words: tuple[UtteranceWord, ...]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch that has no text: `inaudible`, `withheld`, `third-party`."""

    kind: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class SpeakerRole:
    """How a voice got its speaker label; `confidence` is 0 … 1, `evidence` says why in words without content.

    `likely` is who an unsure voice (`SPEAKER-n`) probably is, if that can be said; else empty.
    """

    voice: str
    speaker: str
    confidence: float
    evidence: str
    likely: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """Who said what: `transcript.json`. PRIVATE: not de-identified."""

    recording: str
    utterances: tuple[Utterance, ...]
    events: tuple[Event, ...] = ()
    speakers: tuple[SpeakerRole, ...] = ()


@dataclass(frozen=True, slots=True)
class Redaction:
    """One span to be replaced; offsets are code points in the utterance's text; `entity` is the registry's id."""

    utterance: str
    start: int
    end: int
    entity: str
    class_: EntityClass
    label: str
    mark: str
    recognizer: str
    score: float
    status: str


@dataclass(frozen=True, slots=True)
class RedactionList:
    """All spans of one recording that are to be replaced: `redaction.json`."""

    recording: str
    redactions: tuple[Redaction, ...]


@dataclass(frozen=True, slots=True)
class MarkSpan:
    """Where a mark stands in a redacted utterance's text (code points), its label and its class."""

    start: int
    end: int
    mark: str
    label: str
    class_: EntityClass


@dataclass(frozen=True, slots=True)
class RedactedWord:
    """A word of a redacted utterance, without its text: half-open span of code points in the redacted text, times (s).

    Words that a mark replaces, wholly or in part, are one: from the first's start to the last's end, `flags` of all,
    the lowest probability.
    """

    start: float
    end: float
    probability: float
    offset: tuple[int, int]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactedUtterance:
    """An utterance whose every PII span is replaced by a mark; times in seconds on the recording's timeline.

    `words` are in their order, disjoint, and hold every mark whole; an utterance of a document has none.
    """

    id: str
    speaker: str
    language: str
    start: float
    end: float
    text: str
    marks: tuple[MarkSpan, ...]
    flags: tuple[str, ...] = ()
    words: tuple[RedactedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class RedactedTranscript:
    """The only record that exporters accept. Made by `transcribe.redaction.apply.redact_transcript` alone."""

    recording: str
    utterances: tuple[RedactedUtterance, ...]
    events: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class StageRun:
    """One line of `run.json`: which fingerprint a stage's present output has, and the output's sha256.

    `cut_off`: it was computed in a run from which the system had taken every network (`offline_proof`).
    """

    stage: str
    fingerprint: str
    output_sha256: str
    seconds: float
    warnings: tuple[str, ...] = ()
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class RunLog:
    """`run.json`: the stages that a recording has passed."""

    recording: str
    quality: str = ""
    stages: tuple[StageRun, ...] = field(default=())
