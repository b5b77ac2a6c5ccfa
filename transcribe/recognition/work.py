"""A recording on its way through the batches: its windows, what was heard in them, and what is still to be heard."""

from dataclasses import dataclass, field, replace

from torch import Tensor

from transcribe.engines import RecognitionJob
from transcribe.errors import TranscribeError
from transcribe.recognition.engine import Heard
from transcribe.recognition.segments import Sound, covered_seconds, window_segments
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.windows import MIN_PAUSE, Window, clean_mask, pack_windows
from transcribe.records import Recognition, Segment, to_milliseconds_grid

ROUNDS = 3
"""So often at most is speech decoded that the windows of the round before have left over."""

_LEFT_OPEN = 0.3
_LEFT_CLOSED = 3.0
"""Seconds of speech after a window's last word that are decoded again: when the model says that speech goes on
there (two timestamps at the end), and when it does not."""


@dataclass(slots=True, eq=False)
class Work:
    """One recording; `features` are those that finding its language has left, `windows` grows round by round."""

    job: RecognitionJob
    language: str = ""
    windows: list[Window] = field(default_factory=list)
    features: dict[int, Tensor] = field(default_factory=dict)
    segments: dict[int, list[Segment]] = field(default_factory=dict)
    seconds: float = 0.0
    advanced: float = 0.0
    error: TranscribeError | None = None
    silent_seconds: float = 0.0
    doubtful_seconds: float = 0.0
    left_over: list[Window] = field(default_factory=list)
    rounds: int = 0
    is_done: bool = False

    @property
    def id(self) -> str:
        """The recording's id."""
        return self.job.audio.recording.id

    @property
    def sound(self) -> Sound:
        """What word times are checked against."""
        seconds = self.job.audio.seconds
        return Sound(seconds, clean_mask(self.job.speech, seconds, MIN_PAUSE))

    def next_round(self) -> list["Task"]:
        """The windows to decode now, once all before are decoded; none when the recording is done."""
        if self.is_done or len(self.segments) < len(self.windows):
            return []
        first = len(self.windows)
        if self.rounds == 0:
            self.windows.extend(pack_windows(self.job.speech, self.job.audio.samples))
        elif self.rounds < ROUNDS:
            # What windows have left over is not packed together: out of context, it is recognised worse.
            self.windows.extend(self.left_over)
        self.left_over = []
        self.rounds += 1
        self.is_done = len(self.windows) == first
        return [Task(self, index) for index in range(first, len(self.windows))]

    def fail(self, error: TranscribeError) -> None:
        """Ends the work with an error."""
        self.error = error
        self.is_done = True

    def keep(self, index: int, heard: Heard, vocabulary: Vocabulary) -> float:
        """Files what was heard in a window; how many seconds of the recording are done with it."""
        window, hypothesis, sound = self.windows[index], heard.hypothesis, self.sound
        segments = window_segments(window, hypothesis, heard.starts, self.language, vocabulary, sound)
        self.segments[index] = segments
        self.features.pop(index, None)
        if hypothesis.is_silence:
            self.silent_seconds += window.seconds
        elif hypothesis.needs_fallback:
            self.doubtful_seconds += window.seconds
        if segments:
            ended_open = min(hypothesis.tokens[-2:]) >= vocabulary.timestamp_begin
            rest = window.after(heard.starts[-1])
            if rest.voiced_seconds(sound.mask) >= (_LEFT_OPEN if ended_open else _LEFT_CLOSED):
                self.left_over.append(rest)
        if self.rounds > 1:
            return 0.0
        done = sound.seconds * window.length / sum(other.length for other in self.windows)
        self.advanced += done
        return done

    def recognition(self) -> Recognition:
        """The result, segments of all rounds in the order of their times."""
        mask = clean_mask(self.job.speech, self.job.audio.seconds)
        found = [segment for index in sorted(self.segments) for segment in self.segments[index]]
        ordered = sorted(found, key=lambda segment: (segment.start, segment.end))
        segments = tuple(replace(segment, id=i) for i, segment in enumerate(ordered))
        return Recognition(
            recording=self.id,
            segments=segments,
            voiced_seconds=to_milliseconds_grid(sum(end - start for start, end in mask)),
            covered_seconds=to_milliseconds_grid(covered_seconds(segments, mask)),
        )

    def warnings(self) -> tuple[str, ...]:
        """What the lab should know about the result."""
        warnings = []
        if self.silent_seconds:
            warnings.append(f"no words were heard in {self.silent_seconds:.0f} s that the speech mask takes for speech")
        if self.doubtful_seconds:
            warnings.append(f"{self.doubtful_seconds:.0f} s were hard to recognise; check them against the recording")
        return tuple(warnings)


@dataclass(frozen=True, slots=True)
class Task:
    """One window of one recording."""

    work: Work
    index: int

    @property
    def window(self) -> Window:
        """The window itself."""
        return self.work.windows[self.index]
