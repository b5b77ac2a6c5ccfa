"""Decoding ahead of an engine: in order, within bounds, and over when the engine is."""

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.make_audio import noise, write_wav
from tests.test_audio_probe import planned
from transcribe.audio import ahead as ahead_module
from transcribe.audio.ahead import AHEAD_SECONDS, MOST_AHEAD, MOST_AT_ONCE, Ahead
from transcribe.audio.decode import decode
from transcribe.audio.ffmpeg import Stopped
from transcribe.audio.header import file_digest
from transcribe.audio.probe import probe_recording
from transcribe.batch import Batch, engine_stage
from transcribe.engines import Outcome
from transcribe.errors import InputError
from transcribe.progress import Progress, SilentProgress
from transcribe.records import Diarization
from transcribe.store import StudyFolder, make_private_folder

PATIENCE = 20.0


def decoders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def soon(true: Callable[[], bool]) -> bool:
    """Whether something becomes true within `PATIENCE` seconds."""
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.002)
    return True


class Watched:
    """A decoder that notes what is begun; takes `delays` (s) and fails for `bad`."""

    def __init__(self, lengths: dict[str, float], delays: dict[str, float], bad: set[str]) -> None:
        self.lengths, self.delays, self.bad = lengths, delays, bad
        self.begun: list[str] = []
        self.asked: list[str] = []
        self.running = 0
        self.most_running = 0
        self.too_far: list[list[str]] = []
        self._lock = threading.Lock()

    def make(self, recording: str, stop: threading.Event) -> str:
        with self._lock:
            self.begun.append(recording)
            self.running += 1
            self.most_running = max(self.most_running, self.running)
            ahead = [name for name in self.begun if name not in self.asked]
            if len(ahead) > 1 and (len(ahead) > MOST_AHEAD or sum(self.lengths[n] for n in ahead) > AHEAD_SECONDS):
                self.too_far.append(ahead)
        time.sleep(self.delays[recording])
        with self._lock:
            self.running -= 1
        if recording in self.bad:
            raise InputError(f"{recording} is damaged")
        return f"sound of {recording}"


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([1.0, 60.0, 1500.0, 3000.0, 8 * 3600.0]), st.sampled_from([0, 0.002, 0.01]), st.booleans()
        ),
        max_size=24,
    ),
    st.sampled_from([0, 0.004]),
)
def test_order_failures_and_bounds_whatever_takes_how_long(
    recordings: list[tuple[float, float, bool]], engine_delay: float
) -> None:
    names = [f"R{number}" for number in range(len(recordings))]
    lengths = {name: length for name, (length, _, _) in zip(names, recordings, strict=True)}
    delays = {name: delay for name, (_, delay, _) in zip(names, recordings, strict=True)}
    bad = {name for name, (_, _, fails) in zip(names, recordings, strict=True) if fails}
    watched = Watched(lengths, delays, bad)
    with Ahead(watched.make, names, lengths) as ahead:
        for name in names:
            watched.asked.append(name)
            if name in bad:
                with pytest.raises(InputError, match=f"^{name} is damaged"):
                    ahead.take(name)
            else:
                assert ahead.take(name) == f"sound of {name}"
            time.sleep(engine_delay)
    assert sorted(watched.begun) == sorted(names)
    assert watched.too_far == []
    assert watched.most_running <= MOST_AT_ONCE
    assert decoders() == []


@pytest.mark.parametrize(
    ("lengths", "begun"),
    [
        ([60.0] * 40, 1 + MOST_AHEAD),
        ([60.0, 1800.0, 1800.0, 1800.0], 3),
        ([8 * 3600.0, 8 * 3600.0, 60.0], 2),
        ([60.0, 60.0, 8 * 3600.0, 60.0], 2),
    ],
)
def test_while_the_engine_works_so_much_is_decoded(lengths: list[float], begun: int) -> None:
    by_name = {f"R{number}": length for number, length in enumerate(lengths)}
    watched = Watched(by_name, dict.fromkeys(by_name, 0.0), set())
    with Ahead(watched.make, by_name, by_name) as ahead:
        ahead.take("R0")
        assert soon(lambda: len(watched.begun) == begun)
        time.sleep(0.05)
        assert len(watched.begun) == begun


def test_recordings_are_decoded_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead_module.os, "cpu_count", lambda: 3)
    together = threading.Barrier(3, timeout=PATIENCE)

    def make(recording: str, stop: threading.Event) -> int:
        return together.wait()

    names = ["A", "B", "C"]
    with Ahead(make, names, dict.fromkeys(names, 60.0)) as ahead:
        assert sorted(ahead.take(name) for name in names) == [0, 1, 2]


@pytest.mark.parametrize("raised", [KeyboardInterrupt, RuntimeError, GeneratorExit, None])
def test_nothing_goes_on_when_the_engine_is_over(raised: type[BaseException] | None) -> None:
    begun: list[str] = []
    stopped: list[bool] = []

    def make(recording: str, stop: threading.Event) -> str:
        if recording != "R0":
            begun.append(recording)
            stopped.append(stop.wait(PATIENCE))
            raise Stopped
        return recording

    lengths = {f"R{number}": 60.0 for number in range(9)}

    def work() -> None:
        with Ahead(make, lengths, lengths) as ahead:
            ahead.take("R0")
            assert soon(lambda: bool(begun))
            if raised is not None:
                raise raised

    if raised is None:
        work()
    else:
        with pytest.raises(raised):
            work()
    assert decoders() == []
    assert 1 <= len(stopped) <= MOST_AT_ONCE
    assert all(stopped)


def test_ctrl_c_in_a_decoder_stops_the_batch() -> None:
    def make(recording: str, stop: threading.Event) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Ahead(make, ["A", "B"], {"A": 1.0, "B": 1.0}) as ahead:
        ahead.take("A")
    assert decoders() == []


def test_another_recording_than_the_next_is_refused() -> None:
    with (
        Ahead(lambda name, stop: name, ["A", "B"], {"A": 1.0, "B": 1.0}) as ahead,
        pytest.raises(ValueError, match="in their order"),
    ):
        ahead.take("B")


# Under an engine


class Sound:
    """A job that tells when it is gone."""

    def __init__(self, recording: str) -> None:
        self.recording = recording


NAMES = tuple(f"P0{number}-PIR" for number in range(6))
WANTED = dict.fromkeys(NAMES, "f1")
LENGTHS = dict.fromkeys(NAMES, 60.0)


class Noted(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[tuple[str, str]] = []
        self.threads: set[threading.Thread] = set()

    def note(self, recording: str, message: str) -> None:
        self.notes.append((recording, message))
        self.threads.add(threading.current_thread())


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    study = StudyFolder(tmp_path)
    make_private_folder(study.private)
    return Batch(study, "draft", Noted())


def answer(recording: str) -> Outcome[Diarization]:
    return Outcome(recording, Diarization(recording, (), (), ()), 0.0)


def run(
    batch: Batch,
    make: Callable[[str, threading.Event], Sound],
    engine: Callable[[Iterable[Sound], Progress], Iterator[Outcome[Diarization]]],
) -> dict[str, Diarization]:
    return engine_stage(batch, Diarization, "diarize", WANTED, make, engine, lambda result: None, LENGTHS)


def plainly(jobs: Iterable[Sound], progress: Progress) -> Iterator[Outcome[Diarization]]:
    for job in jobs:
        yield answer(job.recording)


def test_a_recording_is_kept_by_nobody_but_the_engine(batch: Batch) -> None:
    def engine(jobs: Iterable[Sound], progress: Progress) -> Iterator[Outcome[Diarization]]:
        waiting = iter(jobs)
        while (job := next(waiting, None)) is not None:
            name, sound = job.recording, weakref.ref(job)
            del job
            gc.collect()
            assert sound() is None
            yield answer(name)

    assert set(run(batch, lambda name, stop: Sound(name), engine)) == set(NAMES)
    assert batch.failures == []


def test_what_failed_keeps_no_sound(batch: Batch) -> None:
    sounds: list[weakref.ref[Sound]] = []

    def make(recording: str, stop: threading.Event) -> Sound:
        sound = Sound(recording)
        sounds.append(weakref.ref(sound))
        try:
            raise OSError
        except OSError as error:
            raise InputError("the file is damaged") from error

    assert run(batch, make, plainly) == {}
    gc.collect()
    assert len(batch.failures) == len(sounds) == len(NAMES)
    assert [sound() for sound in sounds] == [None] * len(NAMES)


@pytest.mark.parametrize("slow", range(len(NAMES)))
def test_failures_are_told_in_order_by_the_engines_thread(batch: Batch, slow: int) -> None:
    def make(recording: str, stop: threading.Event) -> Sound:
        number = NAMES.index(recording)
        if number == slow:
            time.sleep(0.05)
        if number % 2:
            raise InputError("the file is damaged")
        return Sound(recording)

    assert list(run(batch, make, plainly)) == [name for number, name in enumerate(NAMES) if number % 2 == 0]
    assert isinstance(batch.progress, Noted)
    failed = [name for number, name in enumerate(NAMES) if number % 2]
    assert [failure.recording for failure in batch.failures] == failed
    assert batch.progress.notes == [(name, "diarize failed: the file is damaged") for name in failed]
    assert batch.progress.threads == {threading.current_thread()}


@pytest.mark.parametrize("taken", [1, 2, 4, 6])
def test_an_engine_that_dies_with_several_taken_costs_one_and_gets_the_others_again(batch: Batch, taken: int) -> None:
    made: list[str] = []

    def make(recording: str, stop: threading.Event) -> Sound:
        made.append(recording)
        return Sound(recording)

    died: list[bool] = []

    def engine(jobs: Iterable[Sound], progress: Progress) -> Iterator[Outcome[Diarization]]:
        if not died:
            waiting = iter(jobs)
            kept = [next(waiting) for _ in range(taken)]
            died.append(True)
            raise RuntimeError(f"device lost with {len(kept)}")
        yield from plainly(jobs, progress)

    assert list(run(batch, make, engine)) == list(NAMES[1:])
    assert [failure.recording for failure in batch.failures] == [NAMES[0]]
    assert set(made) == set(NAMES)
    assert decoders() == []


def test_an_interrupted_engine_leaves_no_thread(batch: Batch) -> None:
    stopped: list[bool] = []

    def make(recording: str, stop: threading.Event) -> Sound:
        if recording != NAMES[0]:
            stopped.append(stop.wait(PATIENCE))
        return Sound(recording)

    def engine(jobs: Iterable[Sound], progress: Progress) -> Iterator[Outcome[Diarization]]:
        next(iter(jobs))
        yield answer(NAMES[0])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(batch, make, engine)
    assert all(stopped)
    assert decoders() == []


# With ffmpeg


def test_decoding_stops_with_its_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wav(tmp_path / "a.wav", noise(1))
    recording = probe_recording(planned(path))
    hanging = tmp_path / "ffmpeg"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setenv("TRANSCRIBE_FFMPEG", str(hanging))
    before = psutil.Process().children()

    def started() -> bool:
        return len(psutil.Process().children()) > len(before)

    began = time.monotonic()
    with Ahead(lambda name, stop: decode(recording, [path], None, stop), ["A"], {"A": 1.0}):
        assert soon(started)
    assert time.monotonic() - began < PATIENCE
    assert [child for child in psutil.Process().children() if child not in before] == []
    assert decoders() == []


def test_the_digest_of_a_long_file_can_be_stopped(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", noise(1))
    stop = threading.Event()
    assert file_digest(path, stop) == file_digest(path)
    stop.set()
    with pytest.raises(Stopped):
        file_digest(path, stop)
