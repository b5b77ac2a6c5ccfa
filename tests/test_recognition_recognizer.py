"""The recogniser's promises to the pipeline: order, isolation of failures, memory, progress, word records."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.recognition_model import write_tiny_weights
from transcribe.engines import SAMPLE_RATE, DecodedAudio, Outcome, RecognitionJob
from transcribe.errors import DependencyError, EngineError
from transcribe.progress import SilentProgress
from transcribe.recognition.decoding import Hypothesis
from transcribe.recognition.engine import Engine, Heard
from transcribe.recognition.recognizer import WhisperRecognizer
from transcribe.recognition.segments import UNSUPPORTED
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.work import Work
from transcribe.record_json import from_json, to_json
from transcribe.records import Interval, Recognition, Recording

SECRET = "Marcus Leung told me"


class Tally(SilentProgress):
    """Sums what is reported, by recording."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def advance(self, recording: str, stage: str, seconds: float) -> None:
        assert stage == "recognize"
        assert seconds >= -1e-6
        self.seconds[recording] = self.seconds.get(recording, 0.0) + seconds


def job(name: str, seconds: float, speech: tuple[Interval, ...], language: str = "en") -> RecognitionJob:
    """A recording whose samples all hold its own number, so that a fake engine can tell whose window it has."""
    samples = np.full(round(seconds * SAMPLE_RATE), float(name), dtype=np.float32)
    recording = Recording(name, "", "PSW", "", 1, language, (), seconds)
    return RecognitionJob(DecodedAudio.of(recording, samples), speech, tuple(filter(None, [language])))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


class Ears:
    """Stands in for encoder and decoder: says "one two" at given times; can fail for a recording or a batch size."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[list[float]] = []
        self.fails: Callable[[list[float]], None] = lambda recordings: None
        self.vocabulary: Vocabulary | None = None
        self.text = " One two."
        self.stamps = (0, 250)
        self.times: list[float] | None = None
        self.compression_ratio = 1.0
        self.no_speech_prob = 0.0
        self.avg_logprob = -0.2
        monkeypatch.setattr(Engine, "encode", self.encode)
        monkeypatch.setattr(Engine, "hear", self.hear_as(self))

    def encode(self, sounds: Sequence[np.ndarray]) -> Tensor:
        return torch.tensor([[[float(sound[0])]] for sound in sounds])

    @staticmethod
    def hear_as(ears: "Ears") -> Callable[..., list[Heard]]:
        def hear(
            engine: Engine, features: Tensor, languages: Sequence[str], seeds: Sequence[int], lengths: Sequence[int]
        ) -> list[Heard]:
            recordings = features.flatten().tolist()
            ears.batches.append(recordings)
            ears.fails(recordings)
            tokens = engine.vocabulary.tokenizer("en").encode(ears.text)
            stamps = [engine.vocabulary.timestamp_begin + stamp for stamp in ears.stamps]
            hypothesis = Hypothesis(
                tokens=(stamps[0], *tokens, *stamps[1:]),
                probabilities=(0.5,) * (len(tokens) + len(stamps)),
                avg_logprob=ears.avg_logprob,
                compression_ratio=ears.compression_ratio,
                no_speech_prob=ears.no_speech_prob,
                temperature=0.0,
            )
            heard = []
            for length in lengths:
                until = length / SAMPLE_RATE
                times = ears.times or np.linspace(0, until, len(tokens) + 1).tolist()
                heard.append(Heard(hypothesis, [] if hypothesis.is_silence else [min(t, until) for t in times]))
            return heard

        return hear


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch) -> Ears:
    return Ears(monkeypatch)


def recognized(
    folder: Path, jobs: Sequence[RecognitionJob], batch_size: int = 4, tally: Tally | None = None
) -> list[Outcome[Recognition]]:
    recognizer = WhisperRecognizer(folder, "r1", batch_size=batch_size)
    return list(recognizer.recognize(jobs, tally or Tally()))


def result(outcome: Outcome[Recognition]) -> Recognition:
    assert isinstance(outcome.result, Recognition)
    return outcome.result


LONG = tuple((40.0 * i, 40.0 * i + 25.0) for i in range(3))


def test_outcomes_come_in_order_and_a_batch_holds_windows_of_one_recording(folder: Path, ears: Ears) -> None:
    tally = Tally()
    jobs = [job("1", 120, LONG), job("2", 10, ((0.0, 9.0),)), job("3", 5, ()), job("4", 120, LONG)]
    outcomes = recognized(folder, jobs, tally=tally)
    assert [outcome.recording for outcome in outcomes] == ["1", "2", "3", "4"]
    assert ears.batches == [[1, 1, 1], [2], [4, 4, 4]]
    assert [len(result(outcome).segments) for outcome in outcomes] == [3, 1, 0, 3]
    assert tally.seconds == pytest.approx({"1": 120, "2": 10, "3": 5, "4": 120})
    assert all(outcome.seconds > 0 for outcome in outcomes)


def test_a_recording_is_yielded_before_the_next_but_one_is_asked_for(folder: Path, ears: Ears) -> None:
    asked: list[str] = []

    def jobs() -> Iterator[RecognitionJob]:
        for name in ("1", "2", "3"):
            asked.append(name)
            yield job(name, 120, LONG)

    outcomes = WhisperRecognizer(folder, "r1", batch_size=3).recognize(jobs(), Tally())
    assert next(outcomes).recording == "1"
    assert asked == ["1"]


def test_without_speech_there_are_no_words(folder: Path, ears: Ears) -> None:
    (outcome,) = recognized(folder, [job("1", 600, (), language="")])
    assert result(outcome) == Recognition("1", (), 0.0, 0.0)
    assert ears.batches == []


def test_a_failing_recording_does_not_stop_the_others_and_its_error_quotes_nothing(folder: Path, ears: Ears) -> None:
    def fails(recordings: list[float]) -> None:
        if 2.0 in recordings:
            raise RuntimeError(SECRET)

    ears.fails = fails
    tally = Tally()
    outcomes = recognized(folder, [job(name, 10, ((0.0, 9.0),)) for name in "123"], tally=tally)
    assert [type(outcome.result) for outcome in outcomes] == [Recognition, EngineError, Recognition]
    error = outcomes[1].result
    assert isinstance(error, EngineError)
    assert SECRET not in repr(error) + error.message
    assert tally.seconds == pytest.approx({"1": 10, "2": 10, "3": 10})


def test_a_text_that_cannot_be_filed_fails_its_recording_alone(
    folder: Path, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Work.keep

    def failing(work: Work, index: int, heard: Heard, vocabulary: Vocabulary) -> float:
        if work.id == "2":
            raise ValueError(SECRET)
        return keep(work, index, heard, vocabulary)

    monkeypatch.setattr(Work, "keep", failing)
    outcomes = recognized(folder, [job(name, 120, LONG) for name in "123"])
    assert [type(outcome.result) for outcome in outcomes] == [Recognition, EngineError, Recognition]
    assert SECRET not in str(outcomes[1].result)


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: x")])
def test_when_memory_runs_out_the_batch_shrinks_and_nothing_is_lost(folder: Path, ears: Ears, error: Exception) -> None:
    def fails(recordings: list[float]) -> None:
        if len(recordings) > 2:
            raise error

    ears.fails = fails
    twelve = tuple((40.0 * i, 40.0 * i + 25.0) for i in range(12))
    outcomes = recognized(folder, [job(name, 480, twelve) for name in "12"], batch_size=8)
    assert [len(result(outcome).segments) for outcome in outcomes] == [12, 12]
    assert [len(batch) for batch in ears.batches] == [8, 4, *[2] * 12]


def test_when_one_window_does_not_fit_the_memory_its_recording_fails(folder: Path, ears: Ears) -> None:
    def fails(recordings: list[float]) -> None:
        if 2.0 in recordings:
            raise MemoryError

    ears.fails = fails
    outcomes = recognized(folder, [job(name, 10, ((0.0, 9.0),)) for name in "123"])
    assert [type(outcome.result) for outcome in outcomes] == [Recognition, EngineError, Recognition]
    assert "memory" in str(outcomes[1].result)


def test_ctrl_c_gets_through(folder: Path, ears: Ears) -> None:
    def fails(recordings: list[float]) -> None:
        raise KeyboardInterrupt

    ears.fails = fails
    with pytest.raises(KeyboardInterrupt):
        recognized(folder, [job("1", 10, ((0.0, 9.0),))])


def test_an_unknown_language_is_that_recordings_error(folder: Path, ears: Ears) -> None:
    outcomes = recognized(folder, [job("1", 10, ((0.0, 9.0),), "yue"), job("2", 10, ((0.0, 9.0),), "de")])
    assert isinstance(outcomes[0].result, EngineError)
    assert {segment.language for segment in result(outcomes[1]).segments} == {"de"}


def test_words_join_to_the_text_run_forward_and_stay_in_the_recording(folder: Path, ears: Ears) -> None:
    ears.text = ' He said "one, two (three)". And 好的 then'
    jobs = [job("1", 120, LONG), job("2", 3.0004, ((0.0, 3.0004),))]
    for outcome, seconds in zip(recognized(folder, jobs), (120, 3.0004), strict=True):
        recognition = result(outcome)
        assert recognition.segments
        for i, segment in enumerate(recognition.segments):
            assert segment.id == i
            assert "".join(word.text for word in segment.words) == segment.text
            assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        words = [word for segment in recognition.segments for word in segment.words]
        assert all(0 <= word.start <= word.end <= seconds for word in words)
        assert all(before.end <= after.start for before, after in pairwise(words))
        assert from_json(Recognition, to_json(recognition), "x") == recognition


def test_a_word_over_silence_is_flagged_and_kept(folder: Path, ears: Ears) -> None:
    ears.times = [0.2, 1.3, 1.6, 1.9]
    (outcome,) = recognized(folder, [job("1", 20, ((1.0, 2.0), (3.5, 4.0)))])
    flags = {word.text: word.flags for segment in result(outcome).segments for word in segment.words}
    assert flags == {" One": (), " two.": (UNSUPPORTED,)}


def test_speech_that_a_window_leaves_open_is_decoded_again_from_there(folder: Path, ears: Ears) -> None:
    ears.times = [0.5, 2.0, 3.9, 4.0]
    ears.stamps = (0, 200, 200)  # two timestamps at the end: the model says that speech goes on
    (outcome,) = recognized(folder, [job("1", 30, ((1.0, 8.0),))])
    starts = [segment.start for segment in result(outcome).segments]
    assert len(ears.batches) == 2
    assert starts == sorted(starts)
    assert starts[1] >= 4.0 + 0.8  # the window begins 0.2 s before speech
    ears.batches.clear()
    ears.stamps = (0, 200)  # one: nothing more is said
    (outcome,) = recognized(folder, [job("1", 30, ((1.0, 7.0),))])
    assert len(ears.batches) == 1


def test_no_segment_reaches_over_a_long_silence(folder: Path, ears: Ears) -> None:
    ears.times = [0.2, 2.0, 4.0, 4.6]  # the window holds 0.8 … 3.2 s and 59.8 … 62.2 s of the recording
    (outcome,) = recognized(folder, [job("1", 100, ((1.0, 3.0), (60.0, 62.0)))])
    assert ears.batches == [[1]]
    assert [segment.text for segment in result(outcome).segments] == [" One", " two."]
    assert all(segment.end - segment.start < 3 for segment in result(outcome).segments)


def test_what_the_model_holds_for_silence_gives_a_warning_and_no_words(folder: Path, ears: Ears) -> None:
    ears.no_speech_prob, ears.avg_logprob = 0.9, -1.5
    (outcome,) = recognized(folder, [job("1", 30, ((1.0, 8.0),))])
    assert result(outcome).segments == ()
    assert "7 s" in outcome.warnings[0]


def test_what_no_temperature_mends_is_kept_with_a_warning(folder: Path, ears: Ears) -> None:
    ears.compression_ratio = 5.0
    (outcome,) = recognized(folder, [job("1", 30, ((1.0, 8.0),))])
    assert result(outcome).segments[0].compression_ratio == 5.0
    assert "hard to recognise" in outcome.warnings[0]


def test_covered_and_voiced_seconds(folder: Path, ears: Ears) -> None:
    ears.times = [0.2, 1.0, 2.0, 2.2]
    (outcome,) = recognized(folder, [job("1", 30, ((1.0, 4.0), (3.0, 5.0)))])
    assert result(outcome).voiced_seconds == 4.0
    assert result(outcome).covered_seconds == pytest.approx(1.8)


def test_the_fingerprint_names_model_and_revision_but_not_the_device(folder: Path) -> None:
    prints = {
        WhisperRecognizer(folder, "r1").fingerprint,
        WhisperRecognizer(folder, "r1", device="cuda", threads=3, batch_size=2).fingerprint,
    }
    assert len(prints) == 1
    assert "tiny-random" in prints.pop()
    assert WhisperRecognizer(folder, "r1").fingerprint != WhisperRecognizer(folder, "r2").fingerprint


def test_missing_weights_and_devices_name_the_command_that_mends_it(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="transcribe models pull"):
        WhisperRecognizer(tmp_path / "nowhere", "r1")
    if not torch.cuda.is_available():
        with pytest.raises(DependencyError, match="--device cpu"):
            list(WhisperRecognizer(folder, "r1", device="cuda").recognize([], Tally()))
