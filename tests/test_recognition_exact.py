"""The exact schedule beside `whisper.transcribe`: the same algorithm, recordings side by side."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import whisper
from hypothesis import given, settings
from hypothesis import strategies as st
from whisper.decoding import DecodingOptions, DecodingResult

from tests.recognition_model import load_openai, load_ours, noise, write_tiny_weights
from transcribe.audio.track import Track
from transcribe.engines import SAMPLE_RATE, DecodedAudio, RecognitionJob, RecognitionOptions
from transcribe.recognition import exact, stepper
from transcribe.recognition.exact import ExactSchedule
from transcribe.recognition.hypothesis import Hypothesis
from transcribe.recognition.requests import Heard
from transcribe.recognition.slot_engine import SlotEngine
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.records import Interval, Recognition, Recording

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")


@pytest.fixture(scope="module")
def parity() -> Iterator[ModuleType]:
    """`benchmarks/exact_parity.py`, which is in no package."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(BENCHMARKS)
        import exact_parity

        yield exact_parity
        sys.modules.pop("exact_parity")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"), 200)


@pytest.fixture(scope="module", autouse=True)
def vocabulary(folder: Path) -> Vocabulary:
    found = Vocabulary(load_ours(folder))
    _CACHE[:] = [found]  # property tests take no fixtures
    return found


_CACHE: list[Vocabulary] = []


def job(samples: np.ndarray, *languages: str) -> RecognitionJob:
    seconds = len(samples) / SAMPLE_RATE
    recording = Recording("1", "", "PSW", "", 1, "en", (), seconds)
    return RecognitionJob(DecodedAudio.of(recording, samples), ((0.0, seconds),), languages)


def test_several_recordings_side_by_side_are_openai_whispers_of_each_alone(
    folder: Path, parity: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty, shorter and longer than a window and than two; prompts of previous text until they are full."""
    monkeypatch.setattr(stepper, "ends_in_loop", lambda tokens: False)
    lengths = [0.0, 0.004, 3.3, 29.995, 30.0, 47.1, 65.0, 100.0]
    tracks = [Track.of(noise(seconds, 50 + n)) for n, seconds in enumerate(lengths)]
    engine = SlotEngine(load_ours(folder), slots=3)
    found = parity.ours(engine, tracks)
    suppressed = ",".join(map(str, [-1, *engine.vocabulary.tokenizer("en").all_language_tokens]))
    model = load_openai(folder)
    expected = [parity.theirs(model, track.samples, suppress_tokens=suppressed) for track in tracks]
    for mine, other in zip(found, expected, strict=True):
        assert mine == other
    counts = [len(parts) for parts in expected]
    assert counts[:2] == [0, 0]
    assert max(counts) > 4  # the test means nothing where each window is one segment


@dataclass
class Told:
    """What a fake model says of the n-th window that is asked for, in openai-whisper's and in our words."""

    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float
    temperature: float


Asked = tuple[tuple[int, ...], float, int]
"""A prompt, the number of the window's first frame and how many follow it."""


class NumberedMel:
    """Stands in for a file's features: each frame holds its number."""

    def __init__(self, track: Track, n_mels: int, device: torch.device) -> None:
        self.frames = track.length // 160

    def window(self, first: int, count: int) -> torch.Tensor:
        return torch.cat([torch.arange(first, first + count), torch.zeros(3000 - count)]).float().expand(80, -1)


def numbered(samples: np.ndarray, n_mels: int, padding: int) -> torch.Tensor:
    return torch.arange((len(samples) + padding) // 160).float().expand(n_mels, -1)


def place(mel: torch.Tensor) -> tuple[float, int]:
    assert mel.shape == (80, 3000)
    return float(mel[0, 0]), int(mel[0, 1:].count_nonzero())


@dataclass
class FakeWhisper:
    """Stands in for openai-whisper's model: says what it is told, and writes down what it was asked."""

    told: Sequence[Told]
    dims: Any = field(
        default_factory=lambda: SimpleNamespace(n_mels=80, n_audio_ctx=1500, n_text_ctx=200, n_vocab=51865)
    )
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    is_multilingual: bool = True
    num_languages: int = 99
    asked: list[Asked] = field(default_factory=list)

    def decode(self, mel: torch.Tensor, options: DecodingOptions) -> DecodingResult:
        says = self.told[len(self.asked) % len(self.told)]
        self.asked.append((tuple(options.prompt), *place(mel)))
        return DecodingResult(
            audio_features=mel,
            language="en",
            tokens=list(says.tokens),
            text="x",
            avg_logprob=says.avg_logprob,
            no_speech_prob=says.no_speech_prob,
            temperature=says.temperature,
            compression_ratio=1.0,
        )


BEGIN = 50364
WORDS = [1349, 11, 264, 220, 13, 3460]
"""Tokens of words, of punctuation, and of a blank."""


@st.composite
def said(draw: st.DrawFn) -> Told:
    """A window's tokens: a timestamp, then words, single timestamps and pairs, which do not decrease."""
    stamp = draw(st.integers(0, 50))
    tokens = [BEGIN + stamp]
    for n in range(draw(st.integers(0, 5))):
        # The rules do not let a second timestamp follow the first one.
        tokens += draw(st.lists(st.sampled_from(WORDS), min_size=0 if n else 1, max_size=3))
        kind = draw(st.sampled_from(["none", "single", "pair"]))
        if kind != "none":
            # Above the first: a window that ended where it began would keep openai-whisper busy for ever.
            stamp = min(1500, stamp + draw(st.integers(1, 400)))
            tokens += [BEGIN + stamp] * (2 if kind == "pair" else 1)
    return Told(
        tuple(tokens),
        draw(st.sampled_from([-0.3, -1.0, -1.5])),
        draw(st.sampled_from([0.0, 0.6, 0.61, 0.9])),
        draw(st.sampled_from([0.0, 0.5, 0.6, 1.0])),
    )


@given(st.lists(said(), min_size=1, max_size=6), st.floats(0, 150))
@settings(max_examples=150, deadline=None)
def test_whatever_the_model_says_the_algorithm_is_openai_whispers(told: list[Told], seconds: float) -> None:
    """Where each window begins, what prompts it, and which segments come out of it; silence and hot windows, too."""
    samples = np.zeros(round(seconds * SAMPLE_RATE), dtype=np.float32)
    model = FakeWhisper(told)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys.modules["whisper.transcribe"], "log_mel_spectrogram", numbered)
        patched.setattr(exact, "FileMel", NumberedMel)
        expected = whisper.transcribe(model, samples, temperature=0.0, language="en", fp16=False)
        compare(expected["segments"], model.asked, told, samples)


def compare(segments: list[dict[str, Any]], windows: list[Asked], told: Sequence[Told], samples: np.ndarray) -> None:
    vocabulary = _CACHE[0]
    schedule = ExactSchedule(job(samples, "en"), RecognitionOptions(schedule="exact"), vocabulary)
    asked: list[Asked] = []
    requests, done = schedule.begin(), 0.0
    while requests:
        (request,) = requests
        says = told[len(asked) % len(told)]
        asked.append((request.previous, *place(request.mel())))
        words = [token for token in says.tokens if token < vocabulary.eot]
        hypothesis = Hypothesis(
            says.tokens, (0.5,) * len(says.tokens), says.avg_logprob, 1.0, says.no_speech_prob, says.temperature
        )
        starts = () if hypothesis.is_silence else tuple(np.linspace(0, request.frames / 50, len(words) + 1).tolist())
        requests, more = schedule.take(request, Heard(hypothesis, starts, "en", {}, 1))
        assert more >= 0
        done += more
    assert schedule.is_done
    assert asked == windows
    kept = [each for each in segments if each["tokens"]]
    assert [list(each.tokens) for each in schedule.stated] == [each["tokens"] for each in kept]
    edges = [edge for each in schedule.stated for edge in (each.start, each.end)]
    assert edges == pytest.approx([edge for each in kept for edge in (each["start"], each["end"])], abs=1e-6)
    seconds = len(samples) / SAMPLE_RATE
    assert done <= seconds + 1e-6
    recognition = schedule.recognition()
    words = [word for segment in recognition.segments for word in segment.words]
    assert all(0 <= word.start <= word.end <= seconds for word in words)
    assert recognition.windows == len(asked)


def test_the_language_is_that_of_the_first_window(vocabulary: Vocabulary) -> None:
    schedule = ExactSchedule(job(noise(40, 1)), RecognitionOptions(schedule="exact"), vocabulary)
    (first,) = schedule.begin()
    assert first.language_only
    (window,), done = schedule.take(first, Heard(None, (), "de", {"de": 0.7, "en": 0.3}))
    assert done == 0.0
    assert window.languages == ("de",)
    assert torch.equal(window.mel(), first.mel())


def test_a_study_s_words_stand_before_the_first_window_and_are_then_pushed_out(vocabulary: Vocabulary) -> None:
    """As openai-whisper's initial prompt: they go on before the text, which is longer in the end than the room."""
    options = RecognitionOptions(schedule="exact", vocabulary=("aripiprazole",))
    schedule = ExactSchedule(job(noise(95, 1), "en"), options, vocabulary)
    (request,) = schedule.begin()
    assert "aripiprazole" in vocabulary.decode(request.previous)
    begin = vocabulary.timestamp_begin
    tokens = (begin, *([1349] * 60), begin + 1500)
    starts = tuple(np.linspace(0, 30, 61).tolist())
    for _ in range(2):
        (request,), _ = schedule.take(
            request, Heard(Hypothesis(tokens, (0.5,) * 62, -0.3, 1.0, 0.0, 0.0), starts, "en", {})
        )
    sequence = vocabulary.sequence("en", request.previous)
    assert len(sequence) == 200 // 2 + 3
    assert "aripiprazole" not in vocabulary.decode(sequence)


def said(vocabulary: Vocabulary, text: str, **told: float) -> Heard:
    """A window in which `text` was heard."""
    begin, tokens = vocabulary.timestamp_begin, vocabulary.tokenizer("en").encode(text)
    figures = {"avg_logprob": -0.2, "no_speech_prob": 0.01} | told
    hypothesis = Hypothesis(
        (begin, *tokens, begin + 600), (0.9,) * (len(tokens) + 2), compression_ratio=1.0, temperature=0.0, **figures
    )
    return Heard(hypothesis, tuple(np.linspace(0, 12, len(tokens) + 1).tolist()), "en", {}, 1)


def test_a_window_that_says_its_prompt_is_decoded_without_it(vocabulary: Vocabulary) -> None:
    options = RecognitionOptions(schedule="exact", vocabulary=("Kwai Chung Hospital", "aripiprazole", "peer support"))
    schedule = ExactSchedule(job(noise(20.0, 1), "en"), options, vocabulary)
    (prompted,) = schedule.begin()
    assert prompted.previous
    leak = said(vocabulary, " We talked about Kwai Chung Hospital, aripiprazole, peer support.")
    (plain,), done = schedule.take(prompted, leak)
    assert (plain.previous, done) == ((), 0.0)
    schedule.take(plain, said(vocabulary, " She was there for a week."))
    assert schedule.is_done
    assert "Kwai" not in "".join(segment.text for segment in schedule.recognition().segments)


@pytest.mark.parametrize("languages", [("en",), ()])
def test_a_recording_without_speech_is_not_gone_through(vocabulary: Vocabulary, languages: tuple[str, ...]) -> None:
    quiet = RecognitionJob(job(noise(20.0, 1)).audio, (), languages)
    schedule = ExactSchedule(quiet, RecognitionOptions(schedule="exact"), vocabulary)
    assert schedule.begin() == []
    assert schedule.is_done
    assert schedule.recognition() == Recognition("1", (), 0.0, 0.0)
    assert schedule.warnings(schedule.recognition()) == ()


@pytest.mark.parametrize(("speech", "told"), [(((0.0, 9.0), (41.0, 44.0)), "in 3 s"), (((0.0, 9.0),), "")])
def test_only_silence_in_the_speech_mask_is_something_to_warn_of(
    vocabulary: Vocabulary, speech: tuple[Interval, ...], told: str
) -> None:
    quiet = RecognitionJob(job(noise(50.0, 1), "en").audio, speech, ("en",))
    schedule = ExactSchedule(quiet, RecognitionOptions(schedule="exact"), vocabulary)
    (first,) = schedule.begin()
    (second,), _ = schedule.take(first, said(vocabulary, " word" * 24))
    schedule.take(second, said(vocabulary, " Thank you.", avg_logprob=-1.5, no_speech_prob=0.9))
    assert schedule.is_done
    warnings = "".join(schedule.warnings(schedule.recognition()))
    assert told in warnings
    assert bool(warnings) == bool(told)


def test_hard_speech_that_two_windows_hear_counts_once(vocabulary: Vocabulary) -> None:
    """A window may end where its last closed segment does: the next one hears the rest again."""
    schedule = ExactSchedule(job(noise(40.0, 1), "en"), RecognitionOptions(schedule="exact"), vocabulary)
    requests = schedule.begin()
    begin, words = vocabulary.timestamp_begin, vocabulary.tokenizer("en").encode(" so it goes and goes")
    tokens = (begin, *words, begin + 500, begin + 500, *words)
    while requests:
        hypothesis = Hypothesis(tokens, (0.9,) * len(tokens), -0.2, 5.0, 0.0, 1.0)
        heard = Heard(hypothesis, tuple(np.linspace(0, 9, 2 * len(words) + 1).tolist()), "en", {}, 6)
        requests, _ = schedule.take(requests[0], heard)
    recognition = schedule.recognition()
    assert recognition.windows == 4
    assert schedule.warnings(recognition) == ("40 s were hard to recognise; check them against the recording",)
