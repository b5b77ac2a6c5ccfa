"""What `benchmarks/diarization.py` rests on: references moved along when files are joined, and its scores."""

import wave
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, which is no package and finds the modules beside it as a script does."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import diarization

    return diarization


def silence(path: Path, seconds: float) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * round(16_000 * seconds)))
    return path


def test_joined_files_keep_their_turns_in_place_and_end_on_time(benchmark: ModuleType, tmp_path: Path) -> None:
    one = benchmark.Item("one", "study", silence(tmp_path / "one.wav", 2.0), (("A", 0.5, 1.5),), 2.0)
    two = benchmark.Item("two", "study", silence(tmp_path / "two.wav", 1.0), (("B", 0.0, 1.0),), 1.0)
    long = benchmark.joined([one, two], tmp_path, 4.0)
    assert long.turns == (("A", 0.5, 1.5), ("B", 2.0, 3.0), ("A", 3.5, 4.0))
    with wave.open(str(long.wav)) as file:
        assert file.getnframes() == 4 * 16_000


def test_scores(benchmark: ModuleType, tmp_path: Path) -> None:
    from diarization_report import score

    item = benchmark.Item("one", "AMI", tmp_path, (("A", 0.0, 10.0), ("B", 10.0, 20.0)), 30.0)
    found = score([item], {"one": [("x", 0.0, 5.0), ("y", 5.0, 20.0), ("z", 25.0, 26.0)]})
    assert (found.der, found.confusion, found.false_alarm, found.missed) == pytest.approx((30.0, 25.0, 5.0, 0.0))
    assert (found.miscounted, found.off) == (1, 1)
    edge = score([item], {"one": [("x", 0.0, 10.2), ("y", 10.2, 20.0)]})
    assert (edge.der, edge.der_collar) == pytest.approx((1.0, 0.0))
