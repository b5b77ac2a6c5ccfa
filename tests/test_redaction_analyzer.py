"""Presidio's engine: which texts the language model reads, and that leaving the others out changes nothing."""

import random

import pytest

from transcribe.redaction.analyzer import BATCH, batched, build_analyzer, may_hold_name
from transcribe.weights import locate


@pytest.mark.parametrize("text", ["", "Mm hmm. Yeah, okay.", "I was so tired of it all. It was 7.", "and then we left"])
def test_ordinary_words_are_not_worth_asking_about(text: str) -> None:
    assert not may_hold_name(text)


@pytest.mark.parametrize("text", ["I saw Golden there.", "karen came", "So druvela it was", "Lovely Golden Crust"])
def test_an_uncommon_word_or_a_capital_inside_a_sentence_is(text: str) -> None:
    assert may_hold_name(text)


def test_batches_keep_order_and_lose_nothing() -> None:
    rng = random.Random(1)
    for size in (1, 3, 64):
        items = [rng.random() for _ in range(rng.randint(0, 200))]
        parts = list(batched(items, size))
        assert [x for part in parts for x in part] == items
        assert all(0 < len(part) <= size for part in parts)


@pytest.mark.models
def test_the_engine_gives_one_result_per_text_in_order() -> None:
    engine = build_analyzer(locate("spacy-en-core-web-sm"))
    texts = ["Yes.", "Michael Foster drove to Bristol.", "okay", "", "write to anna.k@example.co.uk"] * (BATCH // 4)
    results = engine.analyze_iterator(texts, language="en", batch_size=BATCH)
    assert len(results) == len(texts)
    for text, found in zip(texts, results, strict=True):
        kinds = {r.entity_type for r in found}
        assert ("PERSON" in kinds) == ("Michael" in text)
        assert ("EMAIL_ADDRESS" in kinds) == ("@" in text)
