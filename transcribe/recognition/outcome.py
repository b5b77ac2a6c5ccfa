"""From all windows of a recording to its `Recognition`, with the figures that say how far to trust it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from transcribe.engines import RecognitionJob
from transcribe.intervals import joined, without
from transcribe.recognition.coverage import covered, covered_seconds, ended_at_marks, still_inaudible
from transcribe.recognition.requests import Heard
from transcribe.recognition.windows import clean_mask
from transcribe.records import UNSUPPORTED, Interval, Quarantined, Recognition, Segment, to_milliseconds_grid
from transcribe.trust import is_little


@dataclass(slots=True)
class Tally:
    """What happened to a recording's windows.

    `silent` is the speech (s, along the mask) in which the model heard none, `doubtful` that where no temperature gave
    a text that it believed.
    """

    windows: int = 0
    fallback_windows: int = 0
    silent: list[Interval] = field(default_factory=list)
    doubtful: list[Interval] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)

    def add(self, heard: Heard, voiced: Sequence[Interval]) -> None:
        """Counts a window; `voiced` is the speech (s) that no other window is counted for."""
        hypothesis = heard.hypothesis
        assert hypothesis is not None
        self.windows += 1
        self.fallback_windows += heard.attempts > 1
        if hypothesis.is_silence:
            self.silent += voiced
        elif hypothesis.needs_fallback:
            self.doubtful += voiced

    def warnings(self, recognition: Recognition) -> tuple[str, ...]:
        """What the lab should know beside the result's own figures: none says again what `trust` says of those."""
        if not recognition.covered_seconds:
            return ()
        warnings = []
        # A second look, or a later window, may have heard words there.
        silent = _seconds(without(joined(self.silent), covered(recognition.segments)))
        if silent and not is_little(recognition.covered_seconds, recognition.voiced_seconds):
            warnings.append(f"no words were heard in {silent} s that the speech mask takes for speech")
        if doubtful := _seconds(self.doubtful):
            warnings.append(f"{doubtful} s were hard to recognise; check them against the recording")
        return tuple(warnings)


def _seconds(spans: Iterable[Interval]) -> int:
    return round(sum(end - start for start, end in spans))


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
