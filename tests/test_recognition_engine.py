"""The slot engine: windows through few and many slots, in any order, beside openai-whisper's decoding of each alone."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import torch
import whisper.decoding as openai
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from whisper.model import Whisper

from tests.recognition_model import load_openai, load_ours, margins, noise, write_tiny_weights
from transcribe.recognition import hypothesis, slot_engine, stepper
from transcribe.recognition.features import log_mel
from transcribe.recognition.requests import Heard, Request
from transcribe.recognition.slot_engine import SlotEngine
from transcribe.recognition.whisper_model import WhisperModel

CONTEXT = 200
SEEDS = (12, 37, 53, 17, 70, 28, 40, 68, 64, 22, 50, 18)
"""Sounds of which the tiny model makes texts of 1 to 196 tokens, the first without a word."""
WINDOWS = len(SEEDS)
HEAT = (0.0, 1.0)
"""The tiny model is never sure enough: it tries all that it may."""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Property tests take no fixtures: they find the models here."""
    path = write_tiny_weights(tmp_path_factory.mktemp("weights"), CONTEXT)
    _FOLDER.append(path)
    yield path
    _FOLDER.clear()
    for cached in (ours, theirs, mel, features, through_sixteen):
        cached.cache_clear()


_FOLDER: list[Path] = []


@cache
def ours() -> WhisperModel:
    return load_ours(_FOLDER[0])


@cache
def theirs() -> Whisper:
    return load_openai(_FOLDER[0])


@cache
def mel(number: int) -> Tensor:
    seed = SEEDS[number]
    return log_mel(noise(3 + 2.4 * (seed % 12), seed), 80, torch.device("cpu"))


@cache
def features() -> Tensor:
    """Of all windows, encoded one by one, as the engine does."""
    with torch.inference_mode():
        return torch.cat([ours().encode(mel(number)[None]) for number in range(WINDOWS)])


@pytest.fixture
def no_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    """What openai-whisper does not know of."""
    monkeypatch.setattr(stepper, "ends_in_loop", lambda tokens: False)


def request(number: int, **more: object) -> Request:
    """The `number`-th window."""
    made = Request(
        mel=lambda: mel(number),
        languages=("en",),
        temperatures=(0.0,),
        frames=round(50 * (3 + 2.4 * (SEEDS[number] % 12))),
        seed=number,
        most_tokens=24,
        features=features()[number],
    )
    return replace(made, **more)


def varied(number: int, **more: object) -> Request:
    """The same after previous text of its own length, up to two chunks; every fourth falls back."""
    previous = tuple(range(1000, 1000 + 11 * number))
    return request(number, previous=previous, temperatures=(0.0,) if number % 4 else HEAT, **more)


def decoded(engine: SlotEngine, requests: Sequence[Request]) -> list[Heard]:
    """What was heard, in the order of the requests."""
    waiting = deque(requests)
    found: dict[Request, Heard] = {}
    for asked, heard in engine.decode(waiting):
        assert isinstance(heard, Heard)
        assert asked not in found
        found[asked] = heard
    assert not waiting
    return [found[asked] for asked in requests]


def test_greedy_decoding_is_openai_whispers_token_by_token(no_loops: None) -> None:
    """Texts of all lengths, over several chunks of the decoder's own attention, until the context is full."""
    languages = ["en", "de", "zh"] * (WINDOWS // 3)
    requests = [request(n, languages=(language,), most_tokens=448) for n, language in enumerate(languages)]
    found = decoded(SlotEngine(ours(), slots=5), requests)
    suppressed = suppressed_tokens()
    lengths = set()
    for language, row, heard in zip(languages, features(), found, strict=True):
        options = openai.DecodingOptions(
            language=language, fp16=False, sample_len=CONTEXT - 4, suppress_tokens=suppressed
        )
        expected = openai.decode(theirs(), row, options)
        assert list(heard.hypothesis.tokens) == expected.tokens
        assert heard.hypothesis.avg_logprob == pytest.approx(expected.avg_logprob, abs=1e-3)
        assert heard.hypothesis.no_speech_prob == pytest.approx(expected.no_speech_prob, abs=1e-4)
        assert heard.hypothesis.compression_ratio == pytest.approx(expected.compression_ratio)
        lengths.add(len(expected.tokens))
    assert (min(lengths), max(lengths)) == (1, CONTEXT - 4)  # the test means nothing where all texts are alike


def suppressed_tokens() -> list[int]:
    """openai-whisper's own, and the tokens of languages, which it leaves open within a text."""
    return [-1, *SlotEngine(ours(), slots=1).vocabulary.tokenizer("en").all_language_tokens]


@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning")  # in openai-whisper's beam
@pytest.mark.parametrize(("beam", "slots"), [(2, 4), (3, 1), (5, 4), (5, 6)])
def test_beam_search_of_several_windows_is_openai_whispers_of_each(beam: int, slots: int) -> None:
    """Each with previous text of another length before it; some windows wait for a slot."""
    previous = [tuple(range(1000, 1000 + 13 * n)) for n in range(6)]
    requests = [request(n + 3, previous=text) for n, text in enumerate(previous)]
    found = decoded(SlotEngine(ours(), beam, slots), requests)
    suppressed = suppressed_tokens()
    greedy = 0
    for text, row, heard in zip(previous, features()[3:9], found, strict=True):
        options = openai.DecodingOptions(
            language="en", fp16=False, sample_len=24, beam_size=beam, prompt=list(text), suppress_tokens=suppressed
        )
        expected = openai.decode(theirs(), row, options)
        assert list(heard.hypothesis.tokens) == expected.tokens
        assert heard.hypothesis.avg_logprob == pytest.approx(expected.avg_logprob, abs=1e-3)
        assert len(heard.hypothesis.probabilities) == len(expected.tokens)
        alone = openai.decode(theirs(), row, replace(options, beam_size=None))
        greedy += alone.tokens == expected.tokens
    assert greedy < len(previous)  # a beam finds what greedy decoding does not


def test_probabilities_are_the_models_own(no_loops: None) -> None:
    """The share of each word among all text, given what stands before it; found again by openai-whisper's decoder."""
    engine = SlotEngine(ours(), slots=3)
    vocabulary = engine.vocabulary
    for number, heard in enumerate(decoded(engine, [request(n) for n in range(3, 7)]), start=3):
        tokens = heard.hypothesis.tokens
        prompt = vocabulary.prompt("en")
        with torch.inference_mode():
            logits = theirs().logits(torch.tensor([[*prompt, *tokens]]), features()[number][None])[0]
            logits[:, list(vocabulary.tokenizer("en").non_speech_tokens)] = -torch.inf
        for n, (token, probability) in enumerate(zip(tokens, heard.hypothesis.probabilities, strict=True)):
            if token < vocabulary.eot:
                text = logits[len(prompt) - 1 + n, : vocabulary.eot + 1].softmax(-1)
                assert probability == pytest.approx(float(text[token]), abs=1e-4)


def test_sampling_depends_on_a_rows_own_seed_alone(no_loops: None) -> None:
    """Whatever is decoded beside it, wherever, and however often before."""
    requests = [request(n, temperatures=HEAT) for n in range(5)]
    together = decoded(SlotEngine(ours(), slots=6), requests)
    assert {heard.attempts for heard in together} == {2}
    engine = SlotEngine(ours(), slots=6)
    for number in (4, 1, 4):
        (alone,) = decoded(engine, [request(number, temperatures=HEAT)])
        assert alone == together[number]
    hot = [replace(asked, temperatures=(1.0,)) for asked in requests]
    engine = SlotEngine(ours(), slots=6)
    one, other = decoded(engine, hot), decoded(engine, [replace(asked, seed=asked.seed + 50) for asked in hot])
    assert [heard.hypothesis.tokens for heard in one] != [heard.hypothesis.tokens for heard in other]


def test_drawn_tokens_are_as_frequent_as_they_are_probable() -> None:
    """The first text token of one window over many seeds: the likeliest at its share, within four deviations."""
    engine = SlotEngine(ours(), slots=16)
    first = request(5, temperatures=(1.0,), most_tokens=1)
    (likeliest,) = decoded(engine, [replace(first, temperatures=(0.0,))])
    n = 320
    drawn = decoded(engine, [replace(first, seed=seed) for seed in range(n)])
    token = likeliest.hypothesis.tokens[0]
    with torch.inference_mode():
        prompt = engine.vocabulary.prompt("en")
        logits = theirs().logits(torch.tensor([prompt]), features()[5][None])[0, -1]
    begin = engine.vocabulary.timestamp_begin
    share = float(logits[begin : begin + 51].softmax(-1)[token - begin])
    hits = sum(heard.hypothesis.tokens[0] == token for heard in drawn)
    assert 0.02 < share < 0.98
    assert abs(hits - n * share) < 4 * (n * share * (1 - share)) ** 0.5


@cache
def through_sixteen() -> list[Heard]:
    """All windows, 16 slots, in the order of their numbers."""
    return decoded(SlotEngine(ours(), slots=16), [varied(n) for n in range(WINDOWS)])


@given(st.permutations(range(WINDOWS)), st.integers(1, WINDOWS), st.integers(0, 3))
@settings(max_examples=8, deadline=None)
def test_no_bit_depends_on_the_order_of_windows_or_on_their_slots(order: list[int], count: int, before: int) -> None:
    """Tokens, probabilities and times; other windows have been through the slots before."""
    engine = SlotEngine(ours(), slots=16)
    decoded(engine, [request(n, previous=tuple(range(120))) for n in range(before)])
    chosen = order[:count]
    found = decoded(engine, [varied(n) for n in chosen])
    for number, heard in zip(chosen, found, strict=True):
        if heard != through_sixteen()[number]:
            pytest.fail(margins(ours(), varied(number), through_sixteen()[number], heard))


@given(st.permutations(range(WINDOWS)), st.integers(1, 7))
@settings(max_examples=3, deadline=None)
def test_few_slots_hear_the_same_as_many(order: list[int], slots: int) -> None:
    """Products of other shapes differ in the last digits, the text does not."""
    found = decoded(SlotEngine(ours(), slots=slots), [varied(n) for n in order])
    for number, heard in zip(order, found, strict=True):
        assert_alike(varied(number), through_sixteen()[number], heard)


def assert_alike(asked: Request, expected: Heard, heard: Heard) -> None:
    if heard.hypothesis.tokens != expected.hypothesis.tokens:
        pytest.fail(margins(ours(), asked, expected, heard))
    assert heard.hypothesis.probabilities == pytest.approx(expected.hypothesis.probabilities, abs=1e-3)
    assert heard.starts == pytest.approx(expected.starts, abs=0.021)
    assert heard.attempts == expected.attempts


def test_what_is_appended_while_windows_are_decoded_is_decoded_too() -> None:
    engine = SlotEngine(ours(), slots=2)
    waiting = deque([varied(0)])
    heard = {}
    for asked, found in engine.decode(waiting):
        heard[asked.seed] = found
        if asked.seed < 5:
            waiting.append(varied(asked.seed + 1))
    assert sorted(heard) == [0, 1, 2, 3, 4, 5]
    for number, found in heard.items():
        assert_alike(varied(number), through_sixteen()[number], found)


def test_language_alone_and_language_first(no_loops: None) -> None:
    """A language is asked for without decoding; the features that are kept save encoding the window again."""
    engine = SlotEngine(ours(), slots=3)
    asked = [request(n, languages=("de", "en"), language_only=True, features=None, keep=n < 2) for n in range(3)]
    for number, heard in enumerate(decoded(engine, asked)):
        assert heard.hypothesis is None
        assert heard.languages.keys() == {"de", "en"}
        assert heard.languages[heard.language] == max(heard.languages.values())
        kept = asked[number].features
        assert (kept is None) == (number == 2)
        assert kept is None or torch.equal(kept, features()[number])
    (told,) = decoded(engine, [request(7, languages=("de", "en"))])
    (again,) = decoded(engine, [request(7, languages=(told.language,))])
    assert told.hypothesis == again.hypothesis
    assert again.languages == {}
    (any_of_all,) = decoded(engine, [request(7, languages=())])
    assert len(any_of_all.languages) == 99


def test_a_window_whose_features_cannot_be_made_comes_back_with_its_error() -> None:
    def fails() -> Tensor:
        raise ValueError("no sound")

    engine = SlotEngine(ours(), slots=2)
    good, bad = varied(3), request(4, mel=fails, features=None)
    found = dict(engine.decode(deque([bad, good, request(5, mel=fails, features=None)])))
    assert isinstance(found[bad], ValueError)
    assert_alike(good, through_sixteen()[3], found[good])
    assert len(found) == 3


def test_a_loop_is_broken_off_and_only_its_own_row_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """One window is held for a loop as soon as anybody looks; the others are decoded as ever."""
    victim = 9
    (whole,) = decoded(SlotEngine(ours(), slots=1), [request(victim)])
    text = [token for token in whole.hypothesis.tokens if token < 50257][:3]
    monkeypatch.setattr(stepper, "ends_in_loop", lambda tokens: tokens[:3] == text)
    found = decoded(SlotEngine(ours(), slots=16), [request(n, temperatures=(0.0, 0.4)) for n in range(WINDOWS)])
    alone = decoded(
        SlotEngine(ours(), slots=16), [request(n, temperatures=(0.0, 0.4)) for n in range(WINDOWS) if n != victim]
    )
    (broken,) = decoded(SlotEngine(ours(), slots=1), [request(victim)])
    assert broken.hypothesis.is_loop
    assert len(broken.hypothesis.tokens) < len(whole.hypothesis.tokens)
    assert found[victim].attempts == 2
    assert [heard for n, heard in enumerate(found) if n != victim] == alone


Fault = Callable[[pytest.MonkeyPatch, Callable[[], None]], None]


def in_encoding(monkeypatch: pytest.MonkeyPatch, fails: Callable[[], None]) -> None:
    encode = WhisperModel.encode

    def failing(model: WhisperModel, given_mel: Tensor) -> Tensor:
        fails()
        return encode(model, given_mel)

    monkeypatch.setattr(WhisperModel, "encode", failing)


def in_part(module: ModuleType, name: str) -> Fault:
    def replaced(monkeypatch: pytest.MonkeyPatch, fails: Callable[[], None]) -> None:
        part = getattr(module, name)

        def failing(*arguments: object) -> object:
            fails()
            return part(*arguments)

        monkeypatch.setattr(module, name, failing)

    return replaced


def in_filling(monkeypatch: pytest.MonkeyPatch, fails: Callable[[], None]) -> None:
    fill = stepper.Slots.fill

    def failing(slots: stepper.Slots, *arguments: object) -> None:
        fails()
        fill(slots, *arguments)

    monkeypatch.setattr(stepper.Slots, "fill", failing)


PLACES: dict[str, Fault] = {
    "encoder": in_encoding,
    "filling of a slot": in_filling,
    "allocation": in_part(stepper, "Slots"),
    "prompt": in_part(stepper, "decode_prompt"),
    "step": in_part(stepper, "decode_step"),
    "choice": in_part(stepper, "choose"),
    "alignment": in_part(slot_engine, "attention_of"),
    "times": in_part(slot_engine, "token_starts"),
}


OFTEN = ["encoder", "prompt", "step", "alignment"]


@pytest.mark.parametrize(
    ("place", "every"), [*((place, 1) for place in PLACES), *((place, 4) for place in OFTEN)], ids=str
)
def test_wherever_memory_runs_out_no_window_is_lost(place: str, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken back and decoded anew with fewer slots, all windows come out, each once, with what was in them."""
    calls = shrunk = 0

    def fails() -> None:
        nonlocal calls
        calls += 1
        if calls % every == 0 and engine.slots > 1:
            raise torch.OutOfMemoryError

    expected = through_sixteen()
    engine = SlotEngine(ours(), slots=8)
    PLACES[place](monkeypatch, fails)
    made = {"features": None} if place == "encoder" else {}
    asked = [varied(n, **made) for n in range(WINDOWS)]
    waiting = deque(asked)
    found: dict[Request, Heard] = {}
    while len(found) < WINDOWS:
        try:
            for each, heard in engine.decode(waiting):
                assert each not in found
                found[each] = heard
            break
        except torch.OutOfMemoryError:
            assert engine.shrink()
            shrunk += 1
            waiting.extendleft(reversed(engine.take_back()))
    assert shrunk == 3 if every == 1 else shrunk >= 1
    assert len(found) == WINDOWS
    for number, each in enumerate(asked):
        assert_alike(each, expected[number], found[each])


def test_a_window_that_has_ended_is_not_lost_with_those_that_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four windows end at the same step, two without a word; for the others' next temperature there is no memory."""
    calls = 0

    def fails() -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise torch.OutOfMemoryError

    PLACES["prompt"](monkeypatch, fails)
    monkeypatch.setattr(hypothesis, "LOGPROB_THRESHOLD", 1.0)  # nothing is sure enough
    monkeypatch.setattr(hypothesis, "NO_SPEECH_THRESHOLD", 2.0)
    engine = SlotEngine(ours(), slots=4)
    # One token is a timestamp.
    asked = [request(n, most_tokens=1, temperatures=HEAT if n > 2 else (0.0,)) for n in (1, 2, 3, 4)]
    waiting = deque(asked)
    found: list[Request] = []
    with pytest.raises(torch.OutOfMemoryError):
        found.extend(each for each, _ in engine.decode(waiting))
    assert not waiting
    assert sorted(each.seed for each in [*found, *engine.take_back()]) == [1, 2, 3, 4]


def test_shrinking_ends_at_one_slot() -> None:
    engine = SlotEngine(ours(), slots=5)
    assert [engine.shrink(), engine.slots, engine.shrink(), engine.slots, engine.shrink()] == [True, 2, True, 1, False]


@pytest.mark.parametrize("beam", [1, 5])
def test_slots_fit_the_memory(beam: int) -> None:
    engine = SlotEngine(ours(), beam)
    assert 1 <= engine.slots * beam <= 16
