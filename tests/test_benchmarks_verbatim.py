"""What `benchmarks/verbatim.py` counts: fillers, repetitions, cut-offs, sentences lost, vocabulary."""

from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = str(Path(__file__).parent.parent / "benchmarks")


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, which is no package and finds the modules beside it as a script does."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import verbatim

    return verbatim


def test_fillers_are_kept_whichever_they_are_and_counted_when_made_up(benchmark: ModuleType) -> None:
    said = "So, um, I went there at noon. Mm-hmm. And it was open the whole day, uh, yes."
    text = "So uh I went there at noon. And it was open the whole, er, day yes."
    found = benchmark.verbatim_of(said, text)
    assert (found.fillers, found.fillers_kept, found.fillers_made_up) == (4, 1, 1)


def test_a_repetition_is_kept_when_both_times_are_there(benchmark: ModuleType) -> None:
    said = "She was, she was sitting, um, sitting down. He doesn't, um, he doesn't know."
    assert benchmark.repetitions(["she", "was", "she", "was", "um", "down", "down"]) == [[0, 1, 2, 3], [5, 6]]
    whole = benchmark.verbatim_of(said, said)
    assert (whole.repetitions, whole.repetitions_kept) == (3, 3)
    found = benchmark.verbatim_of(said, "She was sitting, sitting down. He doesn't, he doesn't know.")
    assert (found.repetitions, found.repetitions_kept) == (3, 2)
    assert benchmark.verbatim_of("Hello?\nHello? Hello?", "Hello? Hello? Hello?").repetitions == 1


def test_cut_off_words(benchmark: ModuleType) -> None:
    found = benchmark.verbatim_of("I th- I thought he wou- no.", "I th- I thought he no.")
    assert (found.cut_offs, found.cut_offs_kept) == (2, 1)


def test_a_sentence_is_lost_when_less_than_half_of_it_is_there(benchmark: ModuleType) -> None:
    said = "I took the bus. It was packed. How is the new teacher? Better."
    assert benchmark.lost_sentences(said, "I took a bus. It was. The teacher. Better.") == ["How is the new teacher?"]
    assert benchmark.lost_sentences(said, said) == []
    assert len(benchmark.lost_sentences(said, "")) == 4


def test_a_number_written_in_figures_is_recognised(benchmark: ModuleType) -> None:
    assert benchmark.lost_sentences("I waited eleven weeks.", "I waited 11 weeks.") == []


def test_table(benchmark: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    item = benchmark.Item("one", Path(), "Um, I lived in Kwun Tong. Then I left.", (), 60.0)
    texts = {"one": "I lived in Quentin. Then I left. Risperidone.", "clip": "Thank you."}
    print_ = {"plain": (texts, 2.0), "both": ({"one": item.text, "clip": ""}, 4.0)}
    benchmark.print_table([item], "clip", print_)
    lines = capsys.readouterr().out.splitlines()
    assert "| plain | 37.5 | 1 / 1 / 1 | 0 of 1 | 0 | 0 of 0 | 0 of 0 | 0 | 0 of 1 | 1 | 2 | 60.0 |" in lines
    assert "| both | 0.0 | 0 / 0 / 0 | 1 of 1 | 0 | 0 of 0 | 0 of 0 | 0 | 1 of 1 | 0 | 0 | 30.0 |" in lines
