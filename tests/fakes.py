"""Engines for tests that need no weights: they answer at once, or crash, run out of memory or return nonsense.

They are deterministic in the audio's length, so that results of two runs can be compared byte by byte.
"""

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from transcribe.config import Engines
from transcribe.diarization.voices import Diarized, Voices, VoiceVector
from transcribe.engines import DiarizationJob, Outcome, PiiCandidate, RecognitionJob
from transcribe.progress import Progress
from transcribe.records import Diarization, Recognition, Segment, SpeechTurn, Transcript, Word

CANARY = "CanaryMcSecretface"
"""A name that must appear nowhere but in private/."""

LINES = (
    ("How did you two meet?", "SPEAKER-1"),
    (f"I met {CANARY} and Doris at the centre and we talked for a long time about many things.", "SPEAKER-2"),
    ("What was that like?", "SPEAKER-1"),
    (f"It was good. {CANARY} listened. =SUM(A1) is what it adds up to for me, honestly.", "SPEAKER-2"),
)


def no_trouble(recording: str) -> None:
    """The usual course: nothing happens."""


@dataclass(frozen=True)
class FakeDiarizer:
    """Two voices take turns over the whole recording."""

    trouble: Callable[[str], None] = no_trouble
    fingerprint: str = "fake diarizer 1"

    def diarize(self, jobs: Iterable[DiarizationJob], progress: Progress) -> Iterator[Outcome[Diarized]]:
        for job in jobs:
            self.trouble(job.audio.recording.id)
            step = job.audio.seconds / len(LINES)
            turns = tuple(
                SpeechTurn(voice, round(i * step, 3), round((i + 1) * step, 3)) for i, (_, voice) in enumerate(LINES)
            )
            speech = ((0.0, round(job.audio.seconds, 3)),)
            progress.advance(job.audio.recording.id, "diarize", job.audio.seconds)
            name = job.audio.recording.id
            diarization = self.change(Diarization(name, turns, turns, speech))
            present = {turn.speaker for turn in diarization.turns}
            voices = tuple(voice for voice in self.voices(name) if voice.voice in present)
            yield Outcome(name, Diarized(diarization, Voices(name, "fake voices 1", voices)), 0.1)

    def change(self, found: Diarization) -> Diarization:
        """What other fakes make of the turns."""
        return found

    def voices(self, recording: str) -> tuple[VoiceVector, ...]:
        """In interviews SPEAKER-1 is always the same person, SPEAKER-2 who is interviewed; a session has the pair."""
        pair, _, role = recording.partition("-")
        if role.startswith("OBS"):
            return (_voice("SPEAKER-1", f"{pair}-PSW"), _voice("SPEAKER-2", f"{pair}-PIR"))
        return (_voice("SPEAKER-1", "INT"), _voice("SPEAKER-2", recording))


def _voice(voice: str, person: str) -> VoiceVector:
    """Another unit vector for every person."""
    numbers = [byte - 127.5 for byte in hashlib.sha256(person.encode()).digest()]
    length = math.sqrt(sum(number * number for number in numbers))
    return VoiceVector(voice, 20.0, tuple(number / length for number in numbers))


@dataclass(frozen=True)
class FakeRecognizer:
    """Says `LINES`, one per quarter of the recording."""

    trouble: Callable[[str], None] = no_trouble
    fingerprint: str = "fake recognizer 1"

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        for job in jobs:
            name, step = job.audio.recording.id, job.audio.seconds / len(LINES)
            self.trouble(name)
            segments = tuple(self._segment(i, text, i * step, step) for i, (text, _) in enumerate(LINES))
            progress.advance(name, "recognize", job.audio.seconds)
            yield Outcome(name, Recognition(name, segments, job.audio.seconds, job.audio.seconds), 0.1)

    def _segment(self, number: int, text: str, start: float, length: float) -> Segment:
        parts = text.split()
        width = length / (len(parts) + 1)
        words = tuple(
            Word(f" {part}", round(start + i * width, 3), round(start + (i + 1) * width, 3), 0.9)
            for i, part in enumerate(parts)
        )
        joined = "".join(word.text for word in words)
        return Segment(number, words[0].start, words[-1].end, "en", joined, words, -0.2, 1.2, 0.0)


@dataclass(frozen=True)
class FakeDetector:
    """Knows one name."""

    trouble: Callable[[str], None] = no_trouble
    name: str = CANARY
    fingerprint: str = "fake detector 1"
    score: float = 0.9

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        found = []
        for transcript in transcripts:
            self.trouble(transcript.recording)
            for utterance in transcript.utterances:
                at = utterance.text.find(self.name)
                while at >= 0:
                    end = at + len(self.name)
                    found.append(
                        PiiCandidate(
                            transcript.recording, utterance.id, at, end, "PERSON", "direct", "fake", self.score
                        )
                    )
                    at = utterance.text.find(self.name, end)
        return found


def fake_engines(
    diarizer: FakeDiarizer | None = None,
    recognizer: FakeRecognizer | None = None,
    detector: FakeDetector | None = None,
    quality: str = "standard",
) -> Engines:
    """Engines that answer at once; the ones given stand in for the usual ones."""
    return Engines(
        quality, "cpu", diarizer or FakeDiarizer(), recognizer or FakeRecognizer(), detector or FakeDetector()
    )


def raising(error: BaseException, only: str = "") -> Callable[[str], None]:
    """Trouble that raises `error` for the recording `only`, or for every one."""

    def trouble(recording: str) -> None:
        if recording == only or not only:
            raise error

    return trouble


@dataclass(frozen=True)
class NonsenseDiarizer(FakeDiarizer):
    """Turns that end long after the audio does."""

    def change(self, found: Diarization) -> Diarization:
        return replace(found, turns=(SpeechTurn("SPEAKER-1", 0.0, 1e6),))
