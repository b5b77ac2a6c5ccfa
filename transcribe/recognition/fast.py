"""The fast schedule: a recording's speech in packed windows that do not depend on each other.

First the language of the windows where it is not told, then the windows, then a second look at speech without words.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Literal

from torch import Tensor

from transcribe.engines import RecognitionJob, RecognitionOptions
from transcribe.recognition.coverage import uncovered
from transcribe.recognition.features import HOP, log_mel
from transcribe.recognition.hypothesis import FALLBACK_TEMPERATURES, Hypothesis
from transcribe.recognition.languages import (
    Probabilities,
    SpokenWindow,
    is_mixed,
    joined_pieces,
    recording_language,
    split_at_pauses,
    window_languages,
)
from transcribe.recognition.outcome import Tally, in_time, recognition_of
from transcribe.recognition.prompts import Prompt, build_prompt, is_leak
from transcribe.recognition.quarantine import quarantine, silent_text
from transcribe.recognition.requests import Heard, Request
from transcribe.recognition.second_look import accept, confirm, second_look
from transcribe.recognition.segments import Sound, window_segments
from transcribe.recognition.tokenizer import text_tokens_of
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.windows import MIN_PAUSE, Window, clean_mask, pack_windows
from transcribe.records import Interval, Quarantined, Recognition, Segment

LANGUAGE_WINDOWS = 4
"""So many windows, spread over a recording, decide its language when none is given."""

TEMPERATURES = (0.0, *FALLBACK_TEMPERATURES)

Look = Literal["language", "first", "second"]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request is for: the `number`-th window of a look."""

    look: Look
    number: int
    window: Window
    language: str
    prompted: bool = False


class FastSchedule:
    """One recording on its way: `begin` and `take` give what can be decoded next, until `is_done`."""

    def __init__(self, job: RecognitionJob, options: RecognitionOptions, vocabulary: Vocabulary) -> None:
        """Raises `EngineError` for a language that the model does not know."""
        for language in job.languages:
            vocabulary.check_language(language)
        self._job = job
        self._options = options
        self._vocabulary = vocabulary
        self._speech = clean_mask(job.speech, job.audio.seconds)
        self._sound = Sound(job.audio.seconds, clean_mask(job.speech, job.audio.seconds, MIN_PAUSE))
        self._asked: dict[Request, _Asked] = {}
        self._answers: dict[Window, Probabilities] = {}
        self._features: dict[Window, Tensor] = {}
        self._spoken: list[SpokenWindow] = []
        self._heard: dict[tuple[Look, int], tuple[Segment, ...]] = {}
        self._put_away: dict[tuple[Look, int], tuple[Quarantined, ...]] = {}
        self._segments: tuple[Segment, ...] = ()
        self._tally = Tally()
        self._windows = pack_windows(job.speech, job.audio.mix)
        self.is_done = False

    def begin(self) -> list[Request]:
        """The first requests; none when nothing is said, and the recording is done."""
        languages, windows = self._job.languages, self._windows
        if len(languages) == 1 or not windows:
            return self._first_look([SpokenWindow(window, languages[0]) for window in windows])
        if languages:
            return [self._ask_language(window) for window in windows]
        last, few = len(windows) - 1, LANGUAGE_WINDOWS - 1
        chosen = sorted({round(n * last / few) for n in range(LANGUAGE_WINDOWS)})
        return [self._ask_language(windows[n]) for n in chosen]

    def take(self, request: Request, heard: Heard) -> tuple[list[Request], float]:
        """Files what was heard: what can be decoded now, and how many seconds of the recording are done with it."""
        asked = self._asked.pop(request)
        if asked.look == "language":
            self._answers[asked.window] = heard.languages
            if request.features is not None:
                self._features[asked.window] = request.features
            return ([] if self._asked else self._after_languages()), 0.0
        assert heard.hypothesis is not None
        if asked.prompted and self._is_led_astray(heard.hypothesis, asked.language):
            plain = self._ask(asked.look, asked.number, asked.window, asked.language, prompted=False)
            plain.features = request.features
            return [plain], 0.0
        # What is looked at again is not counted twice.
        self._tally.add(heard, asked.window.voiced(self._speech) if asked.look == "first" else ())
        segments = window_segments(
            asked.window, heard.hypothesis, heard.starts, asked.language, self._vocabulary, self._sound
        )
        kept, away = quarantine(segments, heard.hypothesis, asked.window, self._sound.mask)
        if heard.hypothesis.is_silence:
            away = silent_text(asked.window, self._vocabulary.decode(heard.hypothesis.tokens))
        self._heard[asked.look, asked.number] = kept
        self._put_away[asked.look, asked.number] = away
        if asked.look == "second":
            if not self._asked:
                self._finish()
            return [], 0.0
        done = self._sound.seconds * asked.window.length / sum(spoken.window.length for spoken in self._spoken)
        return ([] if self._asked else self._second_look()), done

    def recognition(self) -> Recognition:
        """The result, once `is_done`."""
        return recognition_of(self._job, self._segments, self._tally)

    def warnings(self, recognition: Recognition) -> tuple[str, ...]:
        """What the lab should know about the result."""
        return self._tally.warnings(recognition)

    def _ask_language(self, window: Window) -> Request:
        # Of the few windows that tell a whole recording's language, the features are used again.
        request = Request(
            self._mel(window), self._job.languages, TEMPERATURES, 0, language_only=True, keep=not self._job.languages
        )
        self._asked[request] = _Asked("language", 0, window, "")
        return request

    def _after_languages(self) -> list[Request]:
        """All answers are there: decodes, or asks again about the pieces of windows that hold two languages."""
        languages = self._job.languages
        if not languages:
            language = recording_language(
                [self._answers[window] for window in self._windows if window in self._answers]
            )
            return self._first_look([SpokenWindow(window, language) for window in self._windows])
        pieces = {window: self._pieces(window) for window in self._windows}
        unknown = [piece for parts in pieces.values() for piece in parts if piece not in self._answers]
        if unknown:
            return [self._ask_language(piece) for piece in unknown]
        spoken: list[SpokenWindow] = []
        whole = window_languages([self._answers[window] for window in self._windows], languages)
        for window, language in zip(self._windows, whole, strict=True):
            parts = pieces[window]
            if len(parts) == 1:
                spoken.append(SpokenWindow(window, language))
                continue
            found = window_languages([self._answers[part] for part in parts], languages)
            spoken += joined_pieces([SpokenWindow(part, code) for part, code in zip(parts, found, strict=True)])
        return self._first_look(spoken)

    def _pieces(self, window: Window) -> tuple[Window, ...]:
        if not is_mixed(self._answers[window], self._job.languages):
            return (window,)
        pauses: list[Interval] = [(before[1], after[0]) for before, after in pairwise(self._sound.mask)]
        return split_at_pauses(window, pauses)

    def _first_look(self, spoken: list[SpokenWindow]) -> list[Request]:
        self._spoken = spoken
        self.is_done = not spoken
        return [self._ask("first", number, each.window, each.language) for number, each in enumerate(spoken)]

    def _second_look(self) -> list[Request]:
        """Windows over speech that no word covers; none, and the recording is done."""
        self._segments = in_time(self._heard["first", number] for number in range(len(self._spoken)))
        for number in range(len(self._spoken)):
            self._tally.quarantined += self._put_away["first", number]
        gaps = uncovered(self._segments, self._sound.mask)
        windows = second_look(gaps, self._segments, self._sound.mask, self._job.audio.mix, self._windows)
        self.is_done = not windows
        return [self._ask("second", n, window, self._language_at(window)) for n, window in enumerate(windows)]

    def _finish(self) -> None:
        mask = self._sound.mask
        first = self._segments
        looks = [key for key in sorted(self._heard) if key[0] == "second"]
        for key in looks:
            accepted = accept(self._segments, self._heard[key], mask, self._put_away[key])
            self._segments = accepted.segments
            self._tally.quarantined += accepted.put_away
        believed = confirm(self._segments, first, [segment for key in looks for segment in self._heard[key]], mask)
        self._segments = believed.segments
        self._tally.quarantined += believed.put_away
        self.is_done = True

    def _ask(self, look: Look, number: int, window: Window, language: str, *, prompted: bool = True) -> Request:
        prompt = self._prompt(language).tokens if prompted else ()
        request = Request(
            self._mel(window),
            (language,),
            # A prompt provokes loops and hides silence where nobody speaks: what fails with it is decoded without it
            # before the temperature rises. Words that only a second look hears must be sure: that is done once.
            (0.0,) if prompt or look == "second" else TEMPERATURES,
            window.length // (2 * HOP),
            seed=number + (len(self._spoken) if look == "second" else 0),
            previous=prompt,
            features=self._features.pop(window, None),
            keep=bool(prompt),
        )
        self._asked[request] = _Asked(look, number, window, language, bool(prompt))
        return request

    def _is_led_astray(self, hypothesis: Hypothesis, language: str) -> bool:
        """Whether a prompted window is to be decoded without its prompt."""
        text = self._vocabulary.decode(hypothesis.tokens)
        return hypothesis.needs_fallback or is_leak(text, self._prompt(language))

    def _prompt(self, language: str) -> Prompt:
        return build_prompt(self._options, language, text_tokens_of, self._vocabulary.text_context)

    def _mel(self, window: Window) -> partial[Tensor]:
        return partial(_window_mel, self._job, window, self._vocabulary)

    def _language_at(self, window: Window) -> str:
        """The language of that first window which holds most of a second one."""

        def shared(spoken: SpokenWindow) -> int:
            pairs = ((a, b) for a in spoken.window.pieces for b in window.pieces)
            return sum(max(0, min(a[1], b[1]) - max(a[0], b[0])) for a, b in pairs)

        return max(self._spoken, key=shared).language


def _window_mel(job: RecognitionJob, window: Window, vocabulary: Vocabulary) -> Tensor:
    return log_mel(window.cut(job.audio.mix), vocabulary.n_mels, vocabulary.device)
