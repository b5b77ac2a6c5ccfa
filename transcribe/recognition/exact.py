"""The exact schedule: openai-whisper's own sequential algorithm (`whisper.transcribe`), recordings side by side.

Windows of 30 s over the whole file, silence included; each begins where the segments of the one before ended, and is
prompted with their text. Source: https://github.com/openai/whisper, `transcribe.py` of release 20250625.
"""

from dataclasses import dataclass, replace
from functools import partial

from torch import Tensor

from transcribe.engines import RecognitionJob, RecognitionOptions
from transcribe.errors import EngineError
from transcribe.recognition.fast import TEMPERATURES
from transcribe.recognition.features import HOP, N_FRAMES, FileMel
from transcribe.recognition.hypothesis import LOGPROB_THRESHOLD, NO_SPEECH_THRESHOLD, Hypothesis
from transcribe.recognition.outcome import Tally, in_time, recognition_of
from transcribe.recognition.prompts import Prompt, build_prompt, is_leak
from transcribe.recognition.quarantine import quarantine, silent_text
from transcribe.recognition.requests import Heard, Request
from transcribe.recognition.segments import Sound, text_tokens, window_segments
from transcribe.recognition.tokenizer import text_tokens_of
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.windows import MIN_PAUSE, Window, clean_mask, spans_within
from transcribe.records import Recognition, Segment

_FRAME_SECONDS = 0.01
_STEP_FRAMES = 2
"""Mel frames in a timestamp's step of 20 ms."""
_FORGET_ABOVE = 0.5
"""The text of a window decoded at a higher temperature prompts no other."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A segment as openai-whisper states it: begin and end (s) are the model's own timestamps."""

    start: float
    end: float
    tokens: tuple[int, ...]


class ExactSchedule:
    """One recording on its way: one window after another, until `is_done`. `stated` are the segments so far."""

    def __init__(
        self,
        job: RecognitionJob,
        options: RecognitionOptions,
        vocabulary: Vocabulary,
        temperatures: tuple[float, ...] = TEMPERATURES,
    ) -> None:
        """Raises `EngineError` for a language that the model does not know, and for several."""
        for language in job.languages:
            vocabulary.check_language(language)
        if len(job.languages) > 1:
            raise EngineError("the exact schedule knows one language a recording; take --schedule fast for several")
        self._job = job
        self._options = options
        self._vocabulary = vocabulary
        self._temperatures = temperatures
        self._speech = clean_mask(job.speech, job.audio.seconds)
        self._sound = Sound(job.audio.seconds, clean_mask(job.speech, job.audio.seconds, MIN_PAUSE))
        self._language = job.languages[0] if job.languages else ""
        self._mel = FileMel(job.audio.mix, vocabulary.n_mels, vocabulary.device)
        self._seek = 0
        self._text: list[int] = []
        self._forgotten = 0
        self._segments: list[list[Segment]] = []
        self._tally = Tally()
        self.stated: list[Stated] = []
        self.is_done = False

    def begin(self) -> list[Request]:
        """The first request; none, and the recording is done, when nothing is said in it.

        openai-whisper would go through all of it. What it wrote there would have no speech under it, and be put away.
        """
        if not self._speech:
            self.is_done = True
            return []
        if self._language:
            self._text = list(self._prompt().tokens)
            return self._next()
        if self._mel.frames == 0:
            return self._next()
        return [Request(partial(self._mel.window, 0, N_FRAMES), (), self._temperatures, 0, language_only=True)]

    def take(self, request: Request, heard: Heard) -> tuple[list[Request], float]:
        """Files what was heard: what can be decoded now, and how many seconds of the recording are done with it."""
        if request.language_only:
            self._language = heard.language
            self._text = list(self._prompt().tokens)
            return self._next(), 0.0
        assert heard.hypothesis is not None
        before, size = self._seek, self._size
        hypothesis = heard.hypothesis
        if request.previous and is_leak(self._vocabulary.decode(hypothesis.tokens), self._prompt()):
            self._forgotten = len(self._text)
            return self._next(), 0.0
        if hypothesis.no_speech_prob > NO_SPEECH_THRESHOLD and hypothesis.avg_logprob <= LOGPROB_THRESHOLD:
            self._seek += size
            self._tally.quarantined += silent_text(_window(before, size), self._vocabulary.decode(hypothesis.tokens))
        else:
            stated, held, step = split(hypothesis, self._vocabulary, before, size)
            self._seek += step
            self._file(hypothesis, held, heard, before, size)
            stated = [each for each in stated if each.start != each.end and self._says_something(each)]
            self.stated += stated
            self._text += [token for each in stated for token in each.tokens]
            if hypothesis.temperature > _FORGET_ABOVE:
                self._forgotten = len(self._text)
        # Of a window only what the next one does not hear again.
        self._tally.add(heard, spans_within(self._speech, before * _FRAME_SECONDS, self._seek * _FRAME_SECONDS))
        return self._next(), (min(self._seek, self._mel.frames) - before) * _FRAME_SECONDS

    def recognition(self) -> Recognition:
        """The result, once `is_done`."""
        return recognition_of(self._job, in_time(self._segments), self._tally)

    def warnings(self, recognition: Recognition) -> tuple[str, ...]:
        """What the lab should know about the result."""
        return self._tally.warnings(recognition)

    @property
    def _size(self) -> int:
        """Mel frames of the window at hand."""
        return min(N_FRAMES, self._mel.frames - self._seek)

    def _prompt(self) -> Prompt:
        """What the study says before the first window."""
        return build_prompt(self._options, self._language, text_tokens_of, self._vocabulary.text_context)

    def _next(self) -> list[Request]:
        if self._seek >= self._mel.frames:
            self.is_done = True
            return []
        return [
            Request(
                self._window_mel(self._seek),
                (self._language,),
                self._temperatures,
                self._size // _STEP_FRAMES,
                seed=self._seek,
                previous=tuple(self._text[self._forgotten :]),
                most_tokens=self._vocabulary.text_context // 2,
                runs_on=True,
            )
        ]

    def _window_mel(self, seek: int) -> partial[Tensor]:
        return partial(self._mel.window, seek, min(N_FRAMES, self._mel.frames - seek))

    def _says_something(self, stated: Stated) -> bool:
        return bool(self._vocabulary.decode(stated.tokens).strip())

    def _file(self, hypothesis: Hypothesis, held: int, heard: Heard, seek: int, size: int) -> None:
        """Makes segments of the first `held` tokens; what follows them is decoded again in the next window."""
        taken = replace(hypothesis, tokens=hypothesis.tokens[:held], probabilities=hypothesis.probabilities[:held])
        words = len(text_tokens(taken, self._vocabulary))
        window = _window(seek, size)
        segments = window_segments(
            window, taken, heard.starts[: words + 1], self._language, self._vocabulary, self._sound
        )
        kept, away = quarantine(segments, taken, window, self._sound.mask)
        self._segments.append(list(kept))
        self._tally.quarantined += away


def _window(seek: int, size: int) -> Window:
    return Window(((seek * HOP, (seek + size) * HOP),))


def split(hypothesis: Hypothesis, vocabulary: Vocabulary, seek: int, size: int) -> tuple[list[Stated], int, int]:
    """A window's segments, how many of its tokens they hold, and by how many mel frames the next window is on.

    The window begins at mel frame `seek` and has `size` of them.
    """
    tokens, begin = hypothesis.tokens, vocabulary.timestamp_begin
    offset = seek * _FRAME_SECONDS
    stamps = [token >= begin for token in tokens]
    ends = [i + 1 for i in range(len(tokens) - 1) if stamps[i] and stamps[i + 1]]
    closed = stamps[-2:] == [False, True]

    def moment(token: int) -> float:
        return offset + (token - begin) * _STEP_FRAMES * _FRAME_SECONDS

    if ends:
        if closed:
            ends.append(len(tokens))
        starts = [0, *ends[:-1]]
        parts = [tokens[first:last] for first, last in zip(starts, ends, strict=True)]
        stated = [Stated(moment(part[0]), moment(part[-1]), part) for part in parts]
        # A window cannot end where it began: what says so is passed over.
        step = (size if closed else (tokens[ends[-1] - 1] - begin) * _STEP_FRAMES) or size
        return stated, ends[-1], step
    last = next((token for token in reversed(tokens) if token >= begin), begin)
    end = moment(last) if last != begin else offset + size * _FRAME_SECONDS
    return [Stated(offset, end, tokens)], len(tokens), size
