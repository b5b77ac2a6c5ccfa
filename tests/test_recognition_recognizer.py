"""The recogniser's promises to the pipeline: order, isolation of failures, memory, progress, word records."""

import gc
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tests.recognition_model import noise, write_tiny_weights
from transcribe.engines import SAMPLE_RATE, DecodedAudio, Outcome, RecognitionJob, RecognitionOptions, Samples
from transcribe.errors import DependencyError, EngineError
from transcribe.progress import SilentProgress
from transcribe.recognition import exact, fast, recognizer, stepper
from transcribe.recognition.fast import LANGUAGE_WINDOWS, FastSchedule
from transcribe.recognition.hypothesis import Hypothesis
from transcribe.recognition.memory import is_out_of_memory
from transcribe.recognition.recognizer import WhisperRecognizer
from transcribe.recognition.requests import Heard, Request
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel, load_model
from transcribe.record_json import from_json, to_json
from transcribe.records import UNSUPPORTED, Interval, Recognition, Recording

SECRET = "Marcus Leung told me"
WORD_SECONDS = 0.8


class Tally(SilentProgress):
    """Sums what is reported, by recording."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def advance(self, recording: str, stage: str, seconds: float) -> None:
        assert stage == "recognize"
        assert seconds >= -1e-6
        self.seconds[recording] = self.seconds.get(recording, 0.0) + seconds


def job(name: str, seconds: float, speech: tuple[Interval, ...], *languages: str) -> RecognitionJob:
    """A recording whose samples all hold its own number, so that a fake engine can tell whose window it has."""
    samples = np.full(round(seconds * SAMPLE_RATE), int(name) / 1000, dtype=np.float32)
    recording = Recording(name, "", "PSW", "", 1, languages[0] if languages else "", (), seconds)
    return RecognitionJob(DecodedAudio.of(recording, samples), speech, languages)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def model(folder: Path) -> WhisperModel:
    return load_model(folder, "cpu")


class Ears:
    """Stands in for the slot engine: a word every 0.8 s, or what it is told; can fail for whatever is under way."""

    def __init__(self, model: WhisperModel, slots: int) -> None:
        self.slots = slots
        self.vocabulary = Vocabulary(model)
        self.under_way: list[tuple[Request, int]] = []
        self.steps: list[list[int]] = []
        self.asked: list[Request] = []
        self.fails: Callable[[list[int]], None] = lambda recordings: None
        self.says: Callable[[Request, int], str] = lambda request, recording: (
            " word" * round(request.frames * 0.02 / WORD_SECONDS)
        )
        self.languages: Callable[[int, Tensor], dict[str, float]] = lambda recording, sound: {}
        self.times: list[float] | None = None
        self.compression_ratio = 1.0
        self.no_speech_prob = 0.0
        self.avg_logprob = -0.2

    def decode(self, waiting: deque[Request]) -> Iterator[tuple[Request, Heard | Exception]]:
        while waiting or self.under_way:
            while waiting and len(self.under_way) < self.slots:
                request = waiting.popleft()
                self.under_way.append((request, 0))
                try:
                    sound = request.mel()
                except Exception as error:
                    if is_out_of_memory(error):
                        raise
                    self.under_way.pop()
                    yield request, error
                    continue
                self.under_way[-1] = (request, round(1000 * float(sound[0])))
            recordings = [recording for _, recording in self.under_way]
            if not recordings:
                return
            self.steps.append(recordings)
            self.fails(recordings)
            request, recording = self.under_way.pop(0)
            self.asked.append(request)
            answer = request, self.heard(request, recording)
            del request
            yield answer
            del answer

    def heard(self, request: Request, recording: int) -> Heard:
        languages = self.languages(recording, request.mel())
        if request.keep:
            request.features = torch.zeros(1)
        if request.language_only:
            return Heard(None, (), max(languages, key=languages.__getitem__), languages)
        tokens = self.vocabulary.tokenizer("en").encode(self.says(request, recording))
        begin = self.vocabulary.timestamp_begin
        hypothesis = Hypothesis(
            tokens=(begin, *tokens, begin + min(request.frames, 1500)),
            probabilities=(0.0, *((0.9,) * len(tokens)), 0.0),
            avg_logprob=self.avg_logprob,
            compression_ratio=self.compression_ratio,
            no_speech_prob=self.no_speech_prob,
            temperature=0.0,
        )
        until = request.frames * 0.02
        times = self.times or np.linspace(0, until, len(tokens) + 1).tolist()
        starts = () if hypothesis.is_silence else tuple(min(t, until) for t in times)
        return Heard(hypothesis, starts, request.languages[0], languages, attempts=1)

    def take_back(self) -> list[Request]:
        back = [request for request, _ in self.under_way]
        self.under_way.clear()
        return back

    def shrink(self) -> bool:
        if self.slots == 1:
            return False
        self.slots //= 2
        return True


@pytest.fixture
def ears(monkeypatch: pytest.MonkeyPatch, model: WhisperModel) -> Ears:
    fake = Ears(model, 4)
    put_in(monkeypatch, fake)
    return fake


def put_in(monkeypatch: pytest.MonkeyPatch, fake: Ears) -> None:
    monkeypatch.setattr(recognizer, "SlotEngine", lambda model, beam, slots: fake)
    monkeypatch.setattr(recognizer, "load_model", lambda *_: None)
    monkeypatch.setattr(fast, "log_mel", lambda sound, n_mels, device: torch.from_numpy(sound))


def recognized(
    folder: Path,
    jobs: Sequence[RecognitionJob],
    tally: Tally | None = None,
    options: RecognitionOptions = RecognitionOptions(),  # noqa: B008 - frozen
) -> list[Outcome[Recognition]]:
    return list(WhisperRecognizer(folder, "r1", options).recognize(jobs, tally or Tally()))


def result(outcome: Outcome[Recognition]) -> Recognition:
    assert isinstance(outcome.result, Recognition), outcome.result
    return outcome.result


def texts(outcome: Outcome[Recognition]) -> str:
    return "".join(segment.text for segment in result(outcome).segments)


LONG = tuple((40.0 * i, 40.0 * i + 25.0) for i in range(3))


def test_outcomes_come_in_order_and_windows_of_all_recordings_are_decoded_together(folder: Path, ears: Ears) -> None:
    tally = Tally()
    jobs = [job("1", 120, LONG, "en"), job("2", 10, ((0.0, 9.0),), "en"), job("3", 5, (), "en")]
    jobs.append(job("4", 120, LONG, "en"))
    outcomes = recognized(folder, jobs, tally=tally)
    assert [outcome.recording for outcome in outcomes] == ["1", "2", "3", "4"]
    assert ears.steps[0] == [1, 1, 1, 2]
    assert [1, 2, 4, 4] in ears.steps
    assert [len(result(outcome).segments) for outcome in outcomes] == [3, 1, 0, 3]
    assert [result(outcome).windows for outcome in outcomes] == [3, 1, 0, 3]
    assert tally.seconds == pytest.approx({"1": 120, "2": 10, "3": 5, "4": 120})
    assert all(outcome.seconds > 0 for outcome in outcomes)


def test_a_recording_is_asked_for_only_when_fewer_windows_wait_than_are_decoded(folder: Path, ears: Ears) -> None:
    asked: list[str] = []

    def jobs() -> Iterator[RecognitionJob]:
        for name in ("1", "2", "3", "4"):
            waiting = 6 * len(asked) - len(ears.asked) - len(ears.under_way)
            assert waiting < ears.slots
            asked.append(name)
            yield job(name, 240, tuple((40.0 * i, 40.0 * i + 25.0) for i in range(6)), "en")

    outcomes = WhisperRecognizer(folder, "r1").recognize(jobs(), Tally())
    assert next(outcomes).recording == "1"
    assert "4" not in asked
    assert [outcome.recording for outcome in outcomes] == ["2", "3", "4"]


def test_the_sound_of_a_recording_goes_when_it_is_done(folder: Path, ears: Ears) -> None:
    """While later ones are decoded; its windows' features, tensors and schedule hold nothing of it."""
    sounds: list[weakref.ref[object]] = []
    alive: list[int] = []
    late: list[object] = []

    def jobs() -> Iterator[RecognitionJob]:
        for name in "123456":
            made = job(name, 240, tuple((40.0 * i, 40.0 * i + 25.0) for i in range(6)), "en")
            sounds.append(weakref.ref(made.audio.mix))
            yield made

    def look(recordings: list[int]) -> None:
        ears.asked.clear()  # the fake itself remembers what it was asked
        alive.append(sum(ref() is not None for ref in sounds))
        late.extend(ref for ref in sounds[: min(recordings) - 1] if ref() is not None)

    ears.fails = look
    outcomes = WhisperRecognizer(folder, "r1").recognize(jobs(), Tally())
    assert [outcome.recording for outcome in outcomes] == list("123456")
    ears.asked.clear()
    gc.collect()
    assert not [ref for ref in sounds if ref() is not None]
    assert not late
    assert max(alive) <= 3  # windows of two recordings are decoded, those of a third wait


def test_without_speech_there_are_no_words(folder: Path, ears: Ears) -> None:
    (outcome,) = recognized(folder, [job("1", 600, ())])
    assert result(outcome) == Recognition("1", (), 0.0, 0.0)
    assert ears.steps == []


def in_mel(monkeypatch: pytest.MonkeyPatch, ears: Ears) -> None:
    def failing(sound: Samples, *_: object) -> Tensor:
        if round(1000 * float(sound[0])) == 2:
            raise RuntimeError(SECRET)
        return torch.from_numpy(sound)

    monkeypatch.setattr(fast, "log_mel", failing)


def in_engine(monkeypatch: pytest.MonkeyPatch, ears: Ears) -> None:
    def fails(recordings: list[int]) -> None:
        if 2 in recordings:
            raise RuntimeError(SECRET)

    ears.fails = fails


def in_schedule(monkeypatch: pytest.MonkeyPatch, ears: Ears) -> None:
    take = FastSchedule.take

    def failing(schedule: FastSchedule, request: Request, heard: Heard) -> object:
        if round(1000 * float(request.mel()[0])) == 2:
            raise ValueError(SECRET)
        return take(schedule, request, heard)

    monkeypatch.setattr(FastSchedule, "take", failing)


def in_the_beginning(monkeypatch: pytest.MonkeyPatch, ears: Ears) -> None:
    begin = FastSchedule.begin

    def failing(schedule: FastSchedule) -> object:
        requests = begin(schedule)
        if round(1000 * float(requests[0].mel()[0])) == 2:
            raise ValueError(SECRET)
        return requests

    monkeypatch.setattr(FastSchedule, "begin", failing)


def in_tokens(monkeypatch: pytest.MonkeyPatch, ears: Ears) -> None:
    """Nonsense: tokens that do not exist, too few times, no probabilities."""
    heard = ears.heard

    def nonsense(request: Request, recording: int) -> Heard:
        if recording != 2:
            return heard(request, recording)
        return Heard(Hypothesis((7, 49_999, 8), (0.1,), -0.1, 1.0, 0.0, 0.0), (1.0,), "en", {})

    monkeypatch.setattr(ears, "heard", nonsense)


@pytest.mark.parametrize("fault", [in_mel, in_engine, in_schedule, in_the_beginning, in_tokens])
@pytest.mark.parametrize("seconds", [10, 120])
def test_a_failing_recording_does_not_stop_the_others_and_its_error_quotes_nothing(
    folder: Path, ears: Ears, monkeypatch: pytest.MonkeyPatch, fault: Callable[..., None], seconds: float
) -> None:
    fault(monkeypatch, ears)
    tally = Tally()
    speech = LONG if seconds == 120 else ((0.0, 9.0),)
    outcomes = recognized(folder, [job(name, seconds, speech, "en") for name in "12345"], tally=tally)
    assert [outcome.recording for outcome in outcomes] == list("12345")
    for outcome in outcomes:
        if outcome.recording == "2":
            assert isinstance(outcome.result, EngineError)
            assert SECRET not in repr(outcome.result) + outcome.result.message
            assert outcome.result.__cause__ is None
        else:
            assert len(result(outcome).segments) == len(speech)
    assert tally.seconds == pytest.approx(dict.fromkeys("12345", seconds))


def test_an_error_that_belongs_to_no_recording_is_raised(folder: Path, ears: Ears) -> None:
    """The engine itself is broken, and nothing is under way: to go on would be to try for ever."""

    def broken(waiting: deque[Request]) -> Iterator[tuple[Request, Heard]]:
        raise OSError("no more engine")
        yield

    ears.decode = broken
    with pytest.raises(OSError, match="no more engine"):
        recognized(folder, [job("1", 10, ((0.0, 9.0),), "en")])


OUT_OF_MEMORY = [MemoryError(), torch.OutOfMemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
TWELVE = tuple((40.0 * i, 40.0 * i + 25.0) for i in range(12))


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_when_memory_runs_out_fewer_windows_are_decoded_at_a_time_and_nothing_is_lost(
    folder: Path, ears: Ears, error: Exception
) -> None:
    def fails(recordings: list[int]) -> None:
        if len(recordings) > 2:
            raise error

    expected = [result(outcome) for outcome in recognized(folder, [job(name, 480, TWELVE, "en") for name in "12"])]
    ears.slots, ears.steps, ears.fails = 16, [], fails
    tally = Tally()
    outcomes = recognized(folder, [job(name, 480, TWELVE, "en") for name in "12"], tally)
    assert [result(outcome) for outcome in outcomes] == expected
    assert [len(step) for step in ears.steps[:4]] == [16, 8, 4, 2]
    assert ears.slots == 2
    assert tally.seconds == pytest.approx({"1": 480, "2": 480})


def test_memory_runs_out_while_recordings_are_decoded_each_alone(folder: Path, ears: Ears) -> None:
    """First an error that nobody can place, then memory for one window at a time: nothing is lost all the same."""
    unplaced = iter([True])

    def fails(recordings: list[int]) -> None:
        if len(set(recordings)) > 1 and next(unplaced, False):
            raise RuntimeError(SECRET)
        if len(recordings) > 1:
            raise MemoryError

    ears.slots, ears.fails = 8, fails
    outcomes = recognized(folder, [job(name, 160, TWELVE[:4], "en") for name in "12"])
    assert [len(result(outcome).segments) for outcome in outcomes] == [4, 4]
    assert [outcome.recording for outcome in outcomes] == ["1", "2"]
    assert ears.steps[:4] == [[1, 1, 1, 1, 2, 2, 2, 2], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1]]


def test_when_one_window_does_not_fit_the_memory_its_recording_fails(folder: Path, ears: Ears) -> None:
    def fails(recordings: list[int]) -> None:
        if 2 in recordings:
            raise MemoryError

    ears.fails = fails
    outcomes = recognized(folder, [job(name, 120, LONG, "en") for name in "1234"])
    assert [type(outcome.result) for outcome in outcomes] == [Recognition, EngineError, Recognition, Recognition]
    assert "memory" in str(outcomes[1].result)
    assert ears.slots == 1


def test_memory_that_runs_out_while_features_are_made(
    folder: Path, ears: Ears, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log-mel features of one window are refused twice, then there is room again."""
    refused = iter([True, True])

    def failing(sound: Samples, *_: object) -> Tensor:
        if round(1000 * float(sound[0])) == 2 and next(refused, False):
            raise MemoryError
        return torch.from_numpy(sound)

    monkeypatch.setattr(fast, "log_mel", failing)
    outcomes = recognized(folder, [job(name, 120, LONG, "en") for name in "123"])
    assert [len(result(outcome).segments) for outcome in outcomes] == [3, 3, 3]
    assert ears.slots == 1


lengths = st.lists(st.integers(0, 5), min_size=1, max_size=7)


@given(lengths, st.integers(1, 8), st.sets(st.integers(1, 7), max_size=3), st.integers(1, 8), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_whatever_fails_every_recording_has_its_outcome(
    windows: list[int], slots: int, culprits: set[int], most: int, hiccups: int
) -> None:
    """Recordings of any number of windows, some of which break the engine; memory for fewer windows than slots; and
    errors that come once and never again.
    """
    folder, model = _CACHE
    ears = Ears(model, slots)
    left = [hiccups]

    def fails(recordings: list[int]) -> None:
        if len(recordings) > most:
            raise torch.OutOfMemoryError
        if culprits.intersection(recordings):
            raise ValueError(SECRET)
        if left[0] and len(ears.steps) % 3 == 0 and len(set(recordings)) > 1:
            left[0] -= 1
            raise RuntimeError(SECRET)

    ears.fails = fails
    speech = [tuple((40.0 * i, 40.0 * i + 25.0) for i in range(count)) for count in windows]
    jobs = [job(str(n), 200, spans, "en") for n, spans in enumerate(speech, start=1)]
    tally = Tally()
    with pytest.MonkeyPatch.context() as patched:
        put_in(patched, ears)
        outcomes = recognized(folder, jobs, tally)
    assert [outcome.recording for outcome in outcomes] == [each.audio.recording.id for each in jobs]
    assert tally.seconds == pytest.approx({each.audio.recording.id: 200 for each in jobs})
    for number, (outcome, count) in enumerate(zip(outcomes, windows, strict=True), start=1):
        if number in culprits and count:
            assert isinstance(outcome.result, EngineError)
            assert SECRET not in repr(outcome.result)
        else:
            assert len(result(outcome).segments) == count


_CACHE: list[object] = []


@pytest.fixture(scope="module", autouse=True)
def remembered(folder: Path, model: WhisperModel) -> None:
    """Property tests take no fixtures: they find these here."""
    _CACHE[:] = [folder, model]


@pytest.mark.parametrize("place", ["mel", "engine", "schedule", "jobs"])
def test_ctrl_c_gets_through(folder: Path, ears: Ears, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    def jobs() -> Iterator[RecognitionJob]:
        yield job("1", 10, ((0.0, 9.0),), "en")
        if place == "jobs":
            raise KeyboardInterrupt

    if place == "mel":
        monkeypatch.setattr(fast, "log_mel", interrupted)
    elif place == "engine":
        ears.fails = interrupted
    elif place == "schedule":
        monkeypatch.setattr(FastSchedule, "take", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(WhisperRecognizer(folder, "r1").recognize(jobs(), Tally()))


def test_after_an_interrupted_run_the_next_begins_anew(folder: Path, ears: Ears) -> None:
    """Whoever stops in the middle leaves windows in the engine; they are not the next run's."""
    engine = WhisperRecognizer(folder, "r1")
    first = engine.recognize([job(name, 120, LONG, "en") for name in "12"], Tally())
    assert next(first).recording == "1"
    first.close()
    outcomes = list(engine.recognize([job("3", 120, LONG, "en")], Tally()))
    assert [outcome.recording for outcome in outcomes] == ["3"]
    assert len(result(outcomes[0]).segments) == 3


def test_an_unknown_language_is_that_recordings_error(folder: Path, ears: Ears) -> None:
    speech = ((0.0, 9.0),)
    jobs = [job("1", 10, speech, "yue"), job("2", 10, speech, "de"), job("3", 10, speech, "en", "yue")]
    outcomes = recognized(folder, jobs)
    for outcome in (outcomes[0], outcomes[2]):
        assert isinstance(outcome.result, EngineError)
        assert "transcribe models pull" in outcome.result.message
    assert {segment.language for segment in result(outcomes[1]).segments} == {"de"}


MANY = tuple((40.0 * i, 40.0 * i + 25.0) for i in range(10))


def test_without_a_language_a_recording_has_the_likeliest_of_some_windows(folder: Path, ears: Ears) -> None:
    answers = {1: {"en": 0.4, "de": 0.6}, 2: {"en": 0.9, "de": 0.1}}
    ears.languages = lambda recording, sound: answers[recording]
    outcomes = recognized(folder, [job(name, 400, MANY) for name in "12"])
    assert [{s.language for s in result(outcome).segments} for outcome in outcomes] == [{"de"}, {"en"}]
    asked = [request for request in ears.asked if request.language_only]
    assert len(asked) == 2 * LANGUAGE_WINDOWS
    assert {request.languages for request in asked} == {()}
    # What was encoded for that is not encoded again.
    decoded = [request for request in ears.asked if not request.language_only]
    assert sum(request.features is not None for request in decoded) == 2 * LANGUAGE_WINDOWS
    assert [len(result(outcome).segments) for outcome in outcomes] == [10, 10]


def test_with_several_languages_each_window_has_its_own(folder: Path, ears: Ears) -> None:
    """The fifth window and those after it are in another language; that of the tenth is as good as certain."""
    seen: dict[int, int] = {}

    def languages(recording: int, sound: Tensor) -> dict[str, float]:
        number = seen[recording] = seen.get(recording, -1) + 1
        return {"en": 0.999, "zh": 0.001} if number < 5 else {"en": 0.001, "zh": 0.999}

    ears.languages = languages
    ears.says = lambda request, recording: " 好" * 20 if request.languages == ("zh",) else " word" * 32
    (outcome,) = recognized(folder, [job("1", 400, MANY, "en", "zh")])
    assert [segment.language for segment in result(outcome).segments] == ["en"] * 5 + ["zh"] * 5
    asked = [request for request in ears.asked if request.language_only]
    assert len(asked) == 10
    assert {request.languages for request in asked} == {("en", "zh")}


def test_a_prompt_that_leaks_is_left_out_and_the_window_decoded_again(folder: Path, ears: Ears) -> None:
    """The model says the study's words over and over where it hears nothing; without a prompt it does not."""
    words = ("Kwai Chung Hospital", "aripiprazole", "peer support")
    options = RecognitionOptions(vocabulary=words)
    leak = " We talked about Kwai Chung Hospital, aripiprazole, peer support."
    plain = ears.says
    ears.says = lambda request, recording: leak if request.previous else plain(request, recording)
    (outcome,) = recognized(folder, [job("1", 120, LONG, "en")], options=options)
    assert [bool(request.previous) for request in ears.asked] == [True] * 3 + [False] * 3
    assert all(request.features is not None for request in ears.asked)  # no window is encoded twice
    assert "Kwai" not in texts(outcome)
    assert len(result(outcome).segments) == 3
    ears.asked.clear()
    ears.says = lambda request, recording: " She was at Kwai Chung Hospital" + " word" * 27
    (outcome,) = recognized(folder, [job("1", 120, LONG, "en")], options=options)
    assert all(request.previous for request in ears.asked)
    assert texts(outcome).count("Kwai Chung Hospital") == 3


def test_what_fails_with_a_prompt_is_decoded_without_it_at_all_temperatures(folder: Path, ears: Ears) -> None:
    ears.compression_ratio = 5.0
    (outcome,) = recognized(
        folder, [job("1", 120, LONG, "en")], options=RecognitionOptions(vocabulary=("aripiprazole",))
    )
    prompted = [request for request in ears.asked if request.previous]
    plain = [request for request in ears.asked if not request.previous]
    assert {request.temperatures for request in prompted} == {(0.0,)}
    assert [request.temperatures for request in plain[:3]] == [fast.TEMPERATURES] * 3
    assert all(request.temperatures == (0.0,) for request in plain[3:]), "a second look is done once"
    assert len(prompted) >= 3
    assert len(plain) == len(prompted)
    assert isinstance(outcome.result, Recognition)


def test_speech_without_words_is_looked_at_again_and_what_is_heard_there_is_taken(folder: Path, ears: Ears) -> None:
    """The first look hears nothing between 8 and 20 s; the second, through another window, hears it."""

    def says(request: Request, recording: int) -> str:
        first = len(ears.asked) == 1
        ears.times = [0.0, 0.5, 8.0, 20.0, 20.5, 21.0] if first else None
        return " well so then yes so" if first else " word" * round(request.frames * 0.02 / WORD_SECONDS)

    ears.says = says
    tally = Tally()
    (outcome,) = recognized(folder, [job("1", 30, ((0.0, 22.0),), "en")], tally)
    recognition = result(outcome)
    assert len(ears.asked) > 1
    assert ears.asked[1].seed != ears.asked[0].seed
    assert recognition.windows == len(ears.asked)
    middle = [word for segment in recognition.segments for word in segment.words if 9 < word.start < 19]
    assert middle
    assert [segment.id for segment in recognition.segments] == list(range(len(recognition.segments)))
    assert tally.seconds == pytest.approx({"1": 30})


def test_speech_that_no_look_finds_words_in_is_inaudible(folder: Path, ears: Ears) -> None:
    ears.says = lambda request, recording: " yes"
    ears.times = [0.2, 0.6]
    (outcome,) = recognized(folder, [job("1", 30, ((0.0, 22.0),), "en")])
    recognition = result(outcome)
    assert len(ears.asked) > 1
    assert len(recognition.inaudible) >= 1
    assert sum(end - start for start, end in recognition.inaudible) > 15
    assert recognition.covered_seconds < 2


def test_words_join_to_the_text_run_forward_and_stay_in_the_recording(folder: Path, ears: Ears) -> None:
    ears.says = lambda request, recording: ' He said "one, two (three)". And 好的 then'
    jobs = [job("1", 120, LONG, "en"), job("2", 3.0004, ((0.0, 3.0004),), "en")]
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
    ears.says = lambda request, recording: " One two."
    ears.times = [0.2, 1.3, 1.6, 1.9]
    (outcome,) = recognized(folder, [job("1", 20, ((1.0, 2.0), (3.5, 4.0)), "en")])
    flags = {word.text: word.flags for segment in result(outcome).segments for word in segment.words}
    assert flags[" One"] == ()
    assert flags[" two."] == (UNSUPPORTED,)
    assert result(outcome).unsupported_words == 1


def test_no_segment_reaches_over_a_long_silence(folder: Path, ears: Ears) -> None:
    ears.says = lambda request, recording: " One two."
    ears.times = [0.2, 2.0, 4.0, 4.6]  # the window holds 0.8 … 3.2 s and 59.8 … 62.2 s of the recording
    (outcome,) = recognized(folder, [job("1", 100, ((1.0, 3.0), (60.0, 62.0)), "en")])
    assert [segment.text for segment in result(outcome).segments][:2] == [" One", " two."]
    assert all(segment.end - segment.start < 3 for segment in result(outcome).segments)


def test_what_the_model_holds_for_silence_gives_no_words(folder: Path, ears: Ears) -> None:
    ears.no_speech_prob, ears.avg_logprob = 0.9, -1.5
    (outcome,) = recognized(folder, [job("1", 30, ((1.0, 8.0),), "en")])
    assert result(outcome).segments == ()
    assert outcome.warnings == ()  # the figures say it: seven seconds of speech, none in words
    assert (result(outcome).voiced_seconds, result(outcome).covered_seconds) == (7.0, 0.0)
    assert result(outcome).quarantined


@pytest.mark.parametrize(("quiet", "told"), [((61.0, 64.0), "in 3 s that"), ((61.0, 61.4), "")], ids=["3 s", "0.4 s"])
def test_a_silent_window_among_others_is_told_by_its_speech(
    folder: Path, ears: Ears, quiet: Interval, told: str
) -> None:
    """Without its padding and pauses, and nothing of less than half a second: "in 0 s" tells nobody anything."""
    spoken = ears.heard
    last = quiet[1] - quiet[0] + 1

    def heard(request: Request, recording: int) -> Heard:
        if request.frames * 0.02 < last:
            ears.no_speech_prob, ears.avg_logprob = 0.9, -1.5
        answer = spoken(request, recording)
        ears.no_speech_prob, ears.avg_logprob = 0.0, -0.2
        return answer

    ears.heard = heard  # type: ignore[method-assign]  # a fake's method
    (outcome,) = recognized(folder, [job("1", 90, ((1.0, 30.5), quiet), "en")])
    assert "".join(outcome.warnings).count("no words were heard") == bool(told)
    assert told in "".join(outcome.warnings)


def test_what_no_temperature_mends_gives_a_warning(folder: Path, ears: Ears) -> None:
    ears.compression_ratio = 5.0
    ears.says = lambda request, recording: " I do not know what to say about it."
    (outcome,) = recognized(folder, [job("1", 30, ((1.0, 8.0),), "en")])
    assert result(outcome).segments[0].compression_ratio == 5.0
    (warning,) = outcome.warnings
    assert warning.startswith("7 s were hard to recognise")  # of speech: the window has pauses and margins, too


def test_covered_and_voiced_seconds(folder: Path, ears: Ears) -> None:
    (outcome,) = recognized(folder, [job("1", 30, ((1.0, 4.0), (3.0, 5.0)), "en")])
    assert result(outcome).voiced_seconds == 4.0
    assert 3.5 < result(outcome).covered_seconds <= 4.0


def test_the_fingerprint_names_model_revision_and_options_but_not_the_device(folder: Path) -> None:
    prints = {
        WhisperRecognizer(folder, "r1").fingerprint,
        WhisperRecognizer(folder, "r1", device="cuda", threads=3, slots=2).fingerprint,
    }
    assert len(prints) == 1
    assert "tiny-random" in prints.pop()
    others = [
        WhisperRecognizer(folder, "r1").fingerprint,
        WhisperRecognizer(folder, "r2").fingerprint,
        *(
            WhisperRecognizer(folder, "r1", options).fingerprint
            for options in (
                RecognitionOptions(schedule="exact"),
                RecognitionOptions(beam=5),
                RecognitionOptions(precision="float32"),
                RecognitionOptions(vocabulary=("x",)),
                RecognitionOptions(verbatim=True),
            )
        ),
    ]
    assert len(set(others)) == len(others)


def test_missing_weights_and_devices_name_the_command_that_mends_it(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="transcribe models pull"):
        WhisperRecognizer(tmp_path / "nowhere", "r1")
    if not torch.cuda.is_available():
        with pytest.raises(DependencyError, match="--device cpu"):
            list(WhisperRecognizer(folder, "r1", device="cuda").recognize([], Tally()))


def test_the_exact_schedule_takes_one_language_a_recording(folder: Path, ears: Ears) -> None:
    outcomes = recognized(
        folder, [job("1", 10, ((0.0, 9.0),), "en", "zh")], options=RecognitionOptions(schedule="exact")
    )
    assert isinstance(outcomes[0].result, EngineError)
    assert "fast" in outcomes[0].result.message


def noisy(name: str, seconds: float) -> RecognitionJob:
    recording = Recording(name, "", "PSW", "", 1, "en", (), seconds)
    speech = tuple((0.5 + 40.0 * i, min(25.0 + 40.0 * i, seconds)) for i in range(int(seconds // 40) + 1))
    return RecognitionJob(DecodedAudio.of(recording, noise(seconds, int(name))), speech, ("en",))


@pytest.mark.parametrize("schedule", ["fast", "exact"])
def test_with_the_true_engine_memory_that_runs_out_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, schedule: str
) -> None:
    """In one step of all, with windows of four recordings under way at temperatures of their own."""
    monkeypatch.setattr(fast, "TEMPERATURES", (0.0, 1.0))
    monkeypatch.setattr(exact, "TEMPERATURES", (0.0, 1.0))
    options = RecognitionOptions(schedule=schedule, precision="float32")
    jobs = [noisy(str(n), 12.0 + 31 * (n % 2)) for n in (3, 4, 5, 6)]
    expected = list(WhisperRecognizer(folder, "r1", options, slots=4).recognize(jobs, Tally()))
    step = stepper.decode_step
    calls = 0

    def failing(*arguments: object) -> Tensor:
        nonlocal calls
        calls += 1
        if calls in (20, 90):
            raise torch.OutOfMemoryError
        return step(*arguments)

    monkeypatch.setattr(stepper, "decode_step", failing)
    tally = Tally()
    found = list(WhisperRecognizer(folder, "r1", options, slots=4).recognize(jobs, tally))
    assert calls > 90
    assert [outcome.recording for outcome in found] == ["3", "4", "5", "6"]
    for outcome, other in zip(found, expected, strict=True):
        assert_same(result(outcome), result(other))
    assert tally.seconds == pytest.approx({each.audio.recording.id: each.audio.seconds for each in jobs})


def assert_same(found: Recognition, expected: Recognition) -> None:
    assert (found.windows, found.fallback_windows) == (expected.windows, expected.fallback_windows)
    assert [s.text for s in found.segments] == [s.text for s in expected.segments]
    assert [q.text for q in found.quarantined] == [q.text for q in expected.quarantined]
