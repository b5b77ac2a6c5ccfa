"""What only a graphics card does, on the CPU: windows in groups, late looks, slots in sizes, a step as a graph.

Streams, memory and the recording of a true graph are not tested by this.
"""

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.recognition_model import noise, write_tiny_weights
from transcribe.recognition import memory, slot_engine, stepper
from transcribe.recognition.features import log_mel
from transcribe.recognition.memory import is_out_of_memory
from transcribe.recognition.requests import Heard, Request
from transcribe.recognition.slot_engine import SlotEngine
from transcribe.recognition.stepper import Stepper
from transcribe.recognition.whisper_model import WhisperModel, load_model

SEEDS = (12, 37, 53, 17, 70, 28, 40, 68, 64, 22, 50, 18)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> WhisperModel:
    folder = tmp_path_factory.mktemp("weights")
    write_tiny_weights(folder, 200)
    return load_model(folder, "cpu")


@pytest.fixture(scope="module")
def expected(model: WhisperModel, mels: list[torch.Tensor]) -> list[Heard]:
    """What the engine hears as it works on the CPU."""
    return decoded(SlotEngine(model, slots=16), [request(mels, n) for n in range(12)])


@pytest.fixture(scope="module")
def mels() -> list[torch.Tensor]:
    return [log_mel(noise(3 + 2.4 * (seed % 12), seed), 80, torch.device("cpu")) for seed in SEEDS]


class Replayed:
    """A graph as `StepGraphs` makes it: run once to record, the state put back, then run for good."""

    runs = 0

    def __init__(self, step: Callable[[int], None], state: Callable[[], Sequence[torch.Tensor]]) -> None:
        self._step, self._state = step, state

    def run(self, chunks: int) -> None:
        kept = [tensor.clone() for tensor in self._state()]
        self._step(chunks)
        for tensor, value in zip(self._state(), kept, strict=True):
            tensor.copy_(value)
        self._step(chunks)
        Replayed.runs += 1


@pytest.fixture
def like_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine takes the branches of CUDA for a model on the CPU."""
    Replayed.runs = 0
    for table, value in (("_TOGETHER", 5), ("LOOK_EVERY", 8), ("_TIMED_TOGETHER", 7)):
        monkeypatch.setitem(getattr(slot_engine, table), "cpu", value)
    monkeypatch.setattr(stepper, "StepGraphs", Replayed)
    monkeypatch.setattr(slot_engine, "KEEPS_ITS_SIZE", ())


def request(mels: list[torch.Tensor], n: int, **options: object) -> Request:
    told = {
        "mel": lambda: mels[n],
        "languages": ("en",),
        "temperatures": (0.0,) if n % 4 else (0.0, 1.0),
        "frames": round(50 * (3 + 2.4 * (SEEDS[n] % 12))),
        "seed": n,
        "previous": tuple(range(1000, 1000 + 11 * (n % 5))),
        "most_tokens": 60,
    }
    return Request(**(told | options))  # type: ignore[arg-type]  # fields by name


def decoded(engine: SlotEngine, requests: list[Request]) -> list[Heard]:
    found = dict(engine.decode(deque(requests)))
    heard = [found[request] for request in requests]
    assert all(isinstance(each, Heard) for each in heard)
    return heard  # type: ignore[return-value]  # asserted above


@pytest.mark.usefixtures("like_a_gpu")
@pytest.mark.parametrize("slots", [3, 16])
def test_groups_late_looks_and_graphs_give_the_same_text_and_times(
    model: WhisperModel, mels: list[torch.Tensor], expected: list[Heard], slots: int
) -> None:
    engine = SlotEngine(model, slots=slots)
    engine._graphs = True
    for count in (1, 3, 12):
        found = decoded(engine, [request(mels, n) for n in range(count)])
        for ours, theirs in zip(found, expected, strict=False):
            assert ours.hypothesis is not None
            assert theirs.hypothesis is not None
            assert ours.hypothesis.tokens == theirs.hypothesis.tokens
            assert ours.attempts == theirs.attempts
            np.testing.assert_allclose(ours.starts, theirs.starts, atol=0.021)
    assert Replayed.runs > 0


def test_one_looping_row_of_several_drawn_ones_does_not_fail_the_window(
    model: WhisperModel, mels: list[torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def first_one(tokens: Sequence[int]) -> bool:
        asked.append(len(tokens))
        return len(asked) == 1

    monkeypatch.setattr(stepper, "ends_in_loop", first_one)
    engine = SlotEngine(model, beam=3, slots=4)
    (heard,) = decoded(engine, [request(mels, 9, temperatures=(1.0,), previous=())])
    assert len(asked) > 1
    assert heard.hypothesis is not None
    assert not heard.hypothesis.is_loop


def test_rows_that_never_end_are_an_error_and_not_a_hang(
    model: WhisperModel, mels: list[torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a graph was recorded on another card: its replay does nothing."""
    monkeypatch.setattr(Stepper, "_step", lambda self, *given: None)
    engine = SlotEngine(model, slots=2)
    with pytest.raises(RuntimeError, match="beyond their end"):
        list(engine.decode(deque([request(mels, 1)])))
    assert len(engine.take_back()) == 1


@pytest.mark.parametrize("text", memory._OUT_OF_MEMORY)
def test_out_of_memory_is_recognised_behind_another_error(text: str) -> None:
    hidden = RuntimeError("the capture ended")
    hidden.__context__ = RuntimeError(f"something: {text}")
    assert is_out_of_memory(hidden)
    assert not is_out_of_memory(RuntimeError("the capture ended"))


def test_slots_on_the_cpu_keep_their_number(model: WhisperModel, mels: list[torch.Tensor], tmp_path: Path) -> None:
    engine = SlotEngine(model, slots=7)
    decoded(engine, [request(mels, 1)])
    assert engine._size == 7
