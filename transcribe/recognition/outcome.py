"""From all windows of a recording to its `Recognition`, with the figures that say how far to trust it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from transcribe.engines import RecognitionJob
from transcribe.recognition.coverage import covered_seconds, ended_at_marks, still_inaudible
from transcribe.recognition.requests import Heard
from transcribe.recognition.windows import clean_mask
from transcribe.records import UNSUPPORTED, Quarantined, Recognition, Segment, to_milliseconds_grid


@dataclass(slots=True)
class Tally:
    """What happened to a recording's windows; seconds of their sound."""

    windows: int = 0
    fallback_windows: int = 0
    silent_seconds: float = 0.0
    doubtful_seconds: float = 0.0
    quarantined: list[Quarantined] = field(default_factory=list)

    def add(self, heard: Heard, seconds: float) -> None:
        """Counts a window of so many seconds."""
        hypothesis = heard.hypothesis
        assert hypothesis is not None
        self.windows += 1
        self.fallback_windows += heard.attempts > 1
        if hypothesis.is_silence:
            self.silent_seconds += seconds
        elif hypothesis.needs_fallback:
            self.doubtful_seconds += seconds

    def warnings(self) -> tuple[str, ...]:
        """What the lab should know."""
        warnings = []
        if self.silent_seconds:
            warnings.append(f"no words were heard in {self.silent_seconds:.0f} s that the speech mask takes for speech")
        if self.doubtful_seconds:
            warnings.append(f"{self.doubtful_seconds:.0f} s were hard to recognise; check them against the recording")
        return tuple(warnings)


def in_time(parts: Iterable[Iterable[Segment]]) -> tuple[Segment, ...]:
    """All segments in the order of their times, ids from 0."""
    ordered = sorted((segment for part in parts for segment in part), key=lambda segment: (segment.start, segment.end))
    return tuple(replace(segment, id=number) for number, segment in enumerate(ordered))


def recognition_of(job: RecognitionJob, segments: tuple[Segment, ...], tally: Tally) -> Recognition:
    """A recording's result."""
    mask = clean_mask(job.speech, job.audio.seconds)
    inaudible = still_inaudible(segments, mask)
    segments = ended_at_marks(segments, inaudible)
    words = [word for segment in segments for word in segment.words]
    return Recognition(
        recording=job.audio.recording.id,
        segments=segments,
        voiced_seconds=to_milliseconds_grid(sum(end - start for start, end in mask)),
        covered_seconds=to_milliseconds_grid(covered_seconds(segments, mask)),
        inaudible=inaudible,
        quarantined=tuple(sorted(tally.quarantined, key=lambda each: (each.start, each.end, each.reason))),
        windows=tally.windows,
        fallback_windows=tally.fallback_windows,
        unsupported_words=sum(UNSUPPORTED in word.flags for word in words),
    )
