"""The battery that was written for this project: items of speech with what is to be replaced and what must stay."""

import importlib.util
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from transcribe.errors import DependencyError
from transcribe.weights import locate

ROOT = Path(__file__).parent.parent
FEWEST_RIGHT = {"cased": 0.98, "lower-cased": 0.96, "no punctuation": 0.95}
MOST_FALSE_HITS_PER_1000_WORDS = 2.0


@cache
def benchmark() -> ModuleType:
    """`benchmarks/pii.py`, which is no package."""
    spec = importlib.util.spec_from_file_location("benchmark_pii", ROOT / "benchmarks" / "pii.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def scored(variant: str) -> Any:
    """The battery in one way of writing, redacted and counted."""
    pii = benchmark()
    documents = [
        pii.Document(d.name, tuple(pii.changed(line, variant) for line in d.lines))
        for d in pii.read_set(ROOT / "tests" / "data", "own")
    ]
    return pii.score(documents, pii.ours(False))


@pytest.fixture(scope="module", autouse=True)
def _weights() -> None:
    try:
        locate("spacy-en-core-web-sm")
    except DependencyError:
        pytest.skip("the PII model is not pulled")


@pytest.mark.parametrize("variant", FEWEST_RIGHT)
def test_items_of_the_battery_are_right(variant: str) -> None:
    result = scored(variant)
    items, right = sum(result.items.values()), sum(result.right.values())
    assert right >= FEWEST_RIGHT[variant] * items, (right, items, result.misses, result.false_texts)
    assert result.kept >= 0.99 * result.keep, result.false_texts
    assert 1000 * result.false_hits <= MOST_FALSE_HITS_PER_1000_WORDS * result.words, result.false_texts
    assert result.withheld == 0


def test_the_batteries_offsets_are_right() -> None:
    kinds: Counter[str] = Counter()
    for document in benchmark().read_set(ROOT / "tests" / "data", "own"):
        for line in document.lines:
            kinds.update(gold.kind for gold in line.gold)
            assert all(
                line.text[gold.start : gold.end].strip() == line.text[gold.start : gold.end] for gold in line.gold
            )
    assert kinds["PERSON"] > 150
    assert len(kinds) > 15
