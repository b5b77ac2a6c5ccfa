"""Our log-mel features, encoder, decoder, choice of tokens and word times against openai-whisper's, with random weights
of a tiny model.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import whisper.decoding as openai
import whisper.timing
import whisper.utils
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor
from whisper.audio import log_mel_spectrogram
from whisper.model import Whisper

from tests.recognition_model import load_openai, load_ours, noise, write_tiny_weights
from transcribe.audio.track import Track
from transcribe.engines import Samples
from transcribe.errors import DependencyError, EngineError
from transcribe.recognition.decoder import decode_prompt, decode_step
from transcribe.recognition.features import N_FRAMES, N_SAMPLES, FileMel, log_mel
from transcribe.recognition.hypothesis import Hypothesis, best_attempt, compression_ratio, ends_in_loop
from transcribe.recognition.slots import CHUNK, Slots
from transcribe.recognition.token_choice import MAX_INITIAL_TIMESTAMP, Rows, apply_rules, choose
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel
from transcribe.recognition.word_times import attention_of, first_frames, median_of_seven, token_starts

CPU = torch.device("cpu")
LONG_CONTEXT = 200
"""Tokens that the second tiny model holds: four chunks of the decoder's own attention, the last one not full."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"), LONG_CONTEXT)


@pytest.fixture(scope="module")
def ours(folder: Path) -> WhisperModel:
    return load_ours(folder)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Whisper:
    return load_openai(folder)


@pytest.fixture(scope="module")
def vocabulary(ours: WhisperModel) -> Vocabulary:
    return Vocabulary(ours)


SOUNDS = (noise(30, 1), noise(12.3, 2), noise(5, 3))


@pytest.fixture(scope="module")
def mel() -> Tensor:
    return torch.stack([log_mel(sound, 80, CPU) for sound in SOUNDS])


@pytest.fixture(scope="module")
def features(ours: WhisperModel, mel: Tensor) -> Tensor:
    with torch.inference_mode():
        return ours.encode(mel)


def test_log_mel_of_a_window_is_openai_whispers(mel: Tensor) -> None:
    for row, samples in zip(mel, SOUNDS, strict=True):
        padded = np.zeros(N_SAMPLES, dtype=np.float32)
        padded[: len(samples)] = samples
        torch.testing.assert_close(row, log_mel_spectrogram(padded))


@given(st.floats(0.0, 70.0), st.integers(0, 100), st.data())
@settings(max_examples=20, deadline=None)
def test_log_mel_of_a_part_of_a_file_is_openai_whispers_of_the_whole_file(
    seconds: float, seed: int, data: st.DataObject
) -> None:
    """However long the file is; windows anywhere in it, the first and the last among them."""
    track = Track.of(noise(seconds, seed))
    whole = log_mel_spectrogram(track.samples, padding=N_SAMPLES)
    found = FileMel(track, 80, CPU)
    assert found.frames == whole.shape[1] - N_FRAMES
    if found.frames == 0:
        return
    for first in (0, data.draw(st.integers(0, found.frames - 1)), found.frames - 1):
        count = min(N_FRAMES, found.frames - first)
        window = found.window(first, count)
        torch.testing.assert_close(window[:, :count], whole[:, first : first + count], atol=1e-4, rtol=1e-4)
        assert window.shape == (80, N_FRAMES)
        assert not window[:, count:].any()


def test_encoder_is_openai_whispers(features: Tensor, theirs: Whisper, mel: Tensor) -> None:
    with torch.inference_mode():
        torch.testing.assert_close(features, theirs.encoder(mel), atol=1e-4, rtol=1e-4)


def filled(ours: WhisperModel, features: Tensor, beam: int = 1, count: int = 0) -> Slots:
    slots = Slots(ours, count or len(features), beam)
    slots.fill(range(len(features)), features)
    return slots


def scored(ours: WhisperModel, hidden: Tensor) -> Tensor:
    return hidden @ ours.token_embedding.float().T


def step(ours: WhisperModel, slots: Slots, tokens: Sequence[int], positions: Sequence[int]) -> Tensor:
    """One token of every row, the rows wherever they are."""
    chunks = max(positions) // CHUNK + 1
    hidden = decode_step(ours, slots, torch.tensor(tokens), torch.tensor(positions), chunks, [(0, slots.count)])
    return scored(ours, hidden)


@pytest.mark.parametrize("prompted", [1, 4, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])
def test_decoder_is_openai_whispers(ours: WhisperModel, theirs: Whisper, features: Tensor, prompted: int) -> None:
    """A prompt, then token by token over the border of a chunk."""
    length = prompted + 6
    tokens = torch.randint(0, 50_000, (3, length), generator=torch.Generator().manual_seed(prompted))
    with torch.inference_mode():
        expected = theirs.logits(tokens, features)
        slots = filled(ours, features, count=4)
        for chosen in ([1], [2, 0]):
            states = decode_prompt(ours, slots, chosen, tokens[chosen, :prompted])
            torch.testing.assert_close(scored(ours, states), expected[chosen, :prompted], atol=1e-3, rtol=1e-3)
        for at in range(prompted, length):
            found = step(ours, slots, [*tokens[:, at].tolist(), 0], [at, at, at, 0])
            torch.testing.assert_close(found[:3], expected[:, at], atol=1e-3, rtol=1e-3)


@given(st.lists(st.integers(1, 2 * CHUNK + 3), min_size=3, max_size=3), st.integers(1, 2), st.integers(1, 5), st.data())
@settings(max_examples=15, deadline=None)
def test_rows_at_different_positions_do_not_disturb_each_other(
    prompted: list[int], beam: int, steps: int, data: st.DataObject
) -> None:
    """Each row is decoded as by openai-whisper alone, wherever the others are and whichever slots are decoded."""
    ours, theirs, features = _CACHE["ours"], _CACHE["theirs"], _CACHE["features"]
    generator = torch.Generator().manual_seed(sum(prompted))
    texts = [torch.randint(0, 50_000, (n + steps,), generator=generator) for n in prompted]
    stopped = data.draw(st.sampled_from([None, 0, 1, 2]), label="not decoded")
    with torch.inference_mode():
        expected = [theirs.logits(text[None], row[None])[0] for text, row in zip(texts, features, strict=True)]
        slots = filled(ours, features, beam)
        for slot, (text, length) in enumerate(zip(texts, prompted, strict=True)):
            decode_prompt(ours, slots, [slot], text[None, :length])
        chunks = (max(prompted) + steps - 1) // CHUNK + 1
        runs = [(slot, slot + 1) for slot in range(3) if slot != stopped]
        for n in range(steps):
            at = [length + n for length in prompted for _ in range(beam)]
            tokens = [int(text[length + n]) for text, length in zip(texts, prompted, strict=True) for _ in range(beam)]
            hidden = decode_step(ours, slots, torch.tensor(tokens), torch.tensor(at), chunks, runs)
            found = scored(ours, hidden).view(3, beam, -1)
            for slot in {0, 1, 2} - {stopped}:
                for row in found[slot]:
                    torch.testing.assert_close(row, expected[slot][prompted[slot] + n], atol=1e-3, rtol=1e-3)


def test_a_row_goes_on_from_what_another_has_decoded(ours: WhisperModel, theirs: Whisper, features: Tensor) -> None:
    """As in a beam, over the border of a chunk: rows 0, 1, 2 go on as 1, 1, 0."""
    length = CHUNK + 3
    texts = torch.randint(0, 50_000, (3, length + 2), generator=torch.Generator().manual_seed(5))
    texts[:, : CHUNK - 2] = texts[0, : CHUNK - 2]
    with torch.inference_mode():
        slots = filled(ours, features[:1], beam=3)
        decode_prompt(ours, slots, [0], texts[:1, : CHUNK - 2])
        for at in range(CHUNK - 2, length):
            step(ours, slots, texts[:, at].tolist(), [at] * 3)
        slots.reorder(torch.tensor([0, 1, 2]), torch.tensor([1, 1, 0]), length)
        joined = torch.cat([texts[[1, 1, 0], :length], texts[:, length:]], dim=1)
        for at in (length, length + 1):
            found = step(ours, slots, joined[:, at].tolist(), [at] * 3)
            expected = theirs.logits(joined[:, : at + 1], features[:1].expand(3, -1, -1))[:, -1]
            torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


@given(st.integers(0, 10_000), st.floats(0.0, 12.0), st.floats(-4.0, 4.0))
@settings(max_examples=25, deadline=None)
def test_the_choice_of_a_token_follows_openai_whispers_rules(seed: int, lean: float, end: float) -> None:
    """Random scores, leaning more or less to timestamps, through both implementations for a dozen steps."""
    n, vocabulary = 3, _CACHE["vocabulary"]
    generator = torch.Generator().manual_seed(seed)
    tokenizer = vocabulary.tokenizer("en")
    suppressed = openai_suppressed(vocabulary)
    filters = [
        openai.SuppressBlank(tokenizer, 0),
        openai.SuppressTokens(suppressed),
        openai.ApplyTimestampRules(tokenizer, 0, MAX_INITIAL_TIMESTAMP),
    ]
    greedy = openai.GreedyDecoder(0.0, tokenizer.eot)
    rows = Rows.make(n, 16, CPU)
    rows.begin(0, n, 3, 16)
    tokens, sums = torch.zeros(n, 0, dtype=torch.long), torch.zeros(n)
    ended = torch.zeros(n, dtype=torch.bool)
    for number in range(12):
        logits = 3 * torch.randn(n, 51865, generator=generator)
        logits[:, tokenizer.timestamp_begin :] += lean - 6
        logits[:, tokenizer.eot] += 3 * end
        ours_logits = logits.clone()
        ours_logits[:, suppressed] = -torch.inf
        choose(apply_rules(ours_logits, vocabulary, rows), vocabulary, rows, ~rows.done, None)
        for rule in filters:
            rule.apply(logits, tokens)
        if number == 0:
            tokens = logits.argmax(-1)[:, None]
            sums += logits.log_softmax(-1).gather(1, tokens)[:, 0]
        else:
            tokens, _ = greedy.update(tokens, logits, sums)
        ended |= tokens[:, -1] == tokenizer.eot
        assert rows.token.tolist() == tokens[:, -1].tolist()
        assert rows.done.tolist() == ended.tolist()
    for row in range(n):
        said = [token for token in tokens[row].tolist() if token != tokenizer.eot]
        assert rows.tokens[row, : int(rows.count[row])].tolist() == said
    torch.testing.assert_close(rows.sum_logprob, sums, atol=1e-3, rtol=1e-4)


@given(st.integers(0, 10_000), st.lists(st.booleans(), min_size=4, max_size=4), st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_rows_that_do_not_go_on_stay_as_they_are(seed: int, going: list[bool], limit: int) -> None:
    vocabulary = _CACHE["vocabulary"]
    generator = torch.Generator().manual_seed(seed)
    rows = Rows.make(4, 8, CPU)
    rows.begin(0, 4, 3, limit)
    counts = [0] * 4
    for number in range(6):
        before = {name: getattr(rows, name).clone() for name in Rows.__slots__}
        wanted = torch.tensor([go or number == 0 for go in going]) & ~rows.done
        logits = 3 * torch.randn(4, 51865, generator=generator)
        logits[:, vocabulary.eot] = -50.0
        choose(apply_rules(logits, vocabulary, rows), vocabulary, rows, wanted, None)
        for row in (~wanted).nonzero()[:, 0].tolist():
            for name, held in before.items():
                kept = slice(None, -1) if name in ("tokens", "logprobs") else slice(None)
                now, then = getattr(rows, name)[row], held[row]
                assert torch.equal(now[kept], then[kept]) if now.ndim else torch.equal(now, then)
        counts = [count + int(went) for count, went in zip(counts, wanted, strict=True)]
        assert rows.count.tolist() == counts
        assert rows.done.tolist() == [count >= limit for count in counts]


def openai_suppressed(vocabulary: Vocabulary) -> list[int]:
    """What openai-whisper suppresses, and the tokens of languages, which it leaves open within a text."""
    tokenizer = vocabulary.tokenizer("en")
    task = object.__new__(openai.DecodingTask)
    task.tokenizer, task.options = tokenizer, openai.DecodingOptions()
    return [*task._get_suppress_tokens(), tokenizer.no_timestamps, *tokenizer.all_language_tokens]


_CACHE: dict[str, object] = {}


@pytest.fixture(autouse=True)
def remembered(ours: WhisperModel, theirs: Whisper, vocabulary: Vocabulary, features: Tensor) -> None:
    """Property tests cannot take fixtures of a smaller scope; these are read-only."""
    _CACHE.update(ours=ours, theirs=theirs, vocabulary=vocabulary, features=features)


def test_probabilities_of_languages_and_of_silence_are_openai_whispers(
    ours: WhisperModel, theirs: Whisper, vocabulary: Vocabulary, features: Tensor
) -> None:
    tokenizer = vocabulary.tokenizer("en")
    with torch.inference_mode():
        slots = filled(ours, features)
        for slot, row in enumerate(features):
            hidden = decode_prompt(ours, slots, [slot], torch.tensor([[vocabulary.start]]))[0, 0]
            _, expected = openai.detect_language(theirs, row, tokenizer)
            found = vocabulary.language_probabilities(hidden)
            assert found == pytest.approx(expected, abs=1e-4)
            some = vocabulary.language_probabilities(hidden, ("de", "en"))
            assert some["de"] / some["en"] == pytest.approx(expected["de"] / expected["en"], rel=1e-3)
            assert sum(some.values()) == pytest.approx(1)
            scores = theirs.logits(torch.tensor([[vocabulary.start]]), row[None])[0, 0].softmax(-1)
            assert float(vocabulary.no_speech_probability(hidden)) == pytest.approx(
                float(scores[tokenizer.no_speech]), rel=1e-2
            )


def test_word_times_are_openai_whispers(
    ours: WhisperModel, theirs: Whisper, vocabulary: Vocabulary, mel: Tensor, features: Tensor
) -> None:
    tokenizer = vocabulary.tokenizer("en")
    texts = [tokenizer.encode(text) for text in (" Hello there, how are you today?", " Well", " Fine. And you")]
    frames = [3000, 1230, 500]
    with torch.inference_mode():
        slots = filled(ours, features)
        # One window alone, and two of different lengths together.
        alignments = attention_of(ours, vocabulary, slots, [0], ["en"], texts[:1], [frames[0] // 2])
        alignments += attention_of(
            ours, vocabulary, slots, [1, 2], ["en"] * 2, texts[1:], [count // 2 for count in frames[1:]]
        )
    for row, starts in enumerate(token_starts(alignments)):
        expected = whisper.timing.find_alignment(theirs, tokenizer, texts[row], mel[row], frames[row])
        edges = np.cumsum([0] + [len(word.tokens) for word in expected])
        found = [starts[edge] for edge in edges]
        assert found == pytest.approx([word.start for word in expected] + [expected[-1].end])


def test_no_windows_have_no_times() -> None:
    assert token_starts([]) == []


Shape = tuple[int, int]
shapes = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 40)), min_size=1, max_size=3)


@given(shapes, st.integers(0, 5000))
@settings(max_examples=60, deadline=None)
def test_time_warping_finds_openai_whispers_path(sizes: list[Shape], seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = [rng.normal(size=size).astype(np.float32) for size in sizes]
    for cost, found in zip(costs, first_frames([torch.from_numpy(cost) for cost in costs]), strict=True):
        tokens, frames = whisper.timing.dtw_cpu(cost.astype(np.float64))
        assert found == [int(frames[tokens == token].min()) for token in range(cost.shape[0])]


def least_cost(cost: Samples) -> float:
    """The cost of the cheapest monotone path, cell by cell."""
    total = np.full((cost.shape[0] + 1, cost.shape[1] + 1), np.inf)
    total[0, 0] = 0.0
    for i, j in np.ndindex(*cost.shape):
        total[i + 1, j + 1] = cost[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    return float(total[-1, -1])


@given(shapes, st.integers(0, 5000))
@settings(max_examples=60, deadline=None)
def test_time_warping_is_cheapest_where_costs_tie(sizes: list[Shape], seed: int) -> None:
    """Whole numbers tie often; a path is at least as dear as the frames that are surely on it."""
    rng = np.random.default_rng(seed)
    costs = [rng.integers(0, 2, size=size).astype(np.float32) for size in sizes]
    for cost, found in zip(costs, first_frames([torch.from_numpy(cost) for cost in costs]), strict=True):
        ends = [*found[1:], cost.shape[1]]
        # A token's last frame is the one before the next begins, or the same one when only the token advanced.
        spent = sum(cost[i, a : max(b, a + 1)].sum() for i, (a, b) in enumerate(zip(found, ends, strict=True)))
        assert found[0] == 0
        assert all(a <= b for a, b in pairwise(found))
        assert spent <= least_cost(cost) + 1e-4


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 30), st.integers(0, 5000))
@settings(max_examples=60, deadline=None)
def test_running_median_is_openai_whispers(heads: int, tokens: int, frames: int, seed: int) -> None:
    x = torch.randn(heads, tokens, frames, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(median_of_seven(x), whisper.timing.median_filter(x, 7))


def hypothesis_with(avg_logprob: float, compression: float, no_speech: float = 0.0) -> Hypothesis:
    return Hypothesis((1,), (1.0,), avg_logprob, compression, no_speech, 0.0)


@pytest.mark.parametrize(
    ("avg_logprob", "compression", "no_speech", "fallback", "silence"),
    [
        (-0.3, 1.5, 0.0, False, False),
        (-1.2, 1.5, 0.0, True, False),
        (-0.3, 2.5, 0.0, True, False),
        (-1.2, 1.5, 0.7, False, True),
        (-0.3, 1.5, 0.9, False, False),
        (-1.2, 2.5, 0.7, True, True),
    ],
)
def test_thresholds_are_openai_whispers_but_a_loop_is_one_in_silence_too(
    avg_logprob: float, compression: float, no_speech: float, fallback: bool, silence: bool
) -> None:
    found = hypothesis_with(avg_logprob, compression, no_speech)
    assert (found.needs_fallback, found.is_silence) == (fallback, silence)


def test_a_text_broken_off_as_a_loop_falls_back_however_likely_it_is() -> None:
    loop = Hypothesis((1,), (1.0,), -0.1, 1.0, 0.0, 0.0, is_loop=True)
    assert loop.needs_fallback
    assert best_attempt([loop, better := hypothesis_with(-2.0, 1.0)]) is better


def test_of_failed_attempts_the_likeliest_without_repetition_is_kept() -> None:
    loop, unlikely, likelier = hypothesis_with(-0.1, 9.0), hypothesis_with(-2.0, 1.0), hypothesis_with(-1.5, 1.0)
    assert best_attempt([loop, unlikely, likelier, hypothesis_with(-1.8, 1.1)]) is likelier
    assert best_attempt([hypothesis_with(-0.1, 9.0), loop, hypothesis_with(-3.0, 5.0)]).compression_ratio == 5.0
    assert best_attempt([loop, unlikely, passed := hypothesis_with(-0.9, 1.0)]) is passed


@given(st.text(max_size=300))
@settings(max_examples=30)
def test_compression_ratio_is_openai_whispers(text: str) -> None:
    assert compression_ratio(text) == whisper.utils.compression_ratio(text)


@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=24), st.lists(st.integers(0, 50_000)), st.integers(0, 40))
def test_a_unit_said_again_and_again_is_a_loop(unit: list[int], before: list[int], more: int) -> None:
    """Wherever in a unit the text is just now."""
    repeats = max(6, -(-32 // len(unit)))
    said = [*before, *(unit * (repeats + 1 + more))[: len(unit) * repeats + more]]
    assert ends_in_loop(said)


@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=12, unique=True), st.integers(0, 5))
def test_what_is_said_a_few_times_is_no_loop(unit: list[int], times: int) -> None:
    """A person says "no, no, no, no, no", or a sentence five times."""
    assert not ends_in_loop([*range(60_000, 60_040), *unit * times])


@given(st.lists(st.integers(0, 50_000), min_size=1, max_size=12), st.integers(6, 60))
def test_a_loop_that_was_left_is_none(unit: list[int], times: int) -> None:
    assert not ends_in_loop([*unit * times, 60_000])


@given(st.lists(st.integers(0, 1000), min_size=33, max_size=200, unique=True))
def test_text_without_repetition_is_no_loop(tokens: list[int]) -> None:
    assert not ends_in_loop(tokens)


def test_unknown_missing_and_misshapen_tensors_are_refused(folder: Path, tmp_path: Path) -> None:
    state = load_file(folder / "model.safetensors")
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    name = "decoder.blocks.0.cross_attn.key.weight"
    for changed in (
        {**state, "decoder.extra": torch.zeros(1)},
        {key: tensor for key, tensor in state.items() if key != name},
        {**state, name: torch.zeros(16, 17)},
    ):
        save_file(changed, tmp_path / "model.safetensors")
        with pytest.raises(DependencyError, match="transcribe models pull"):
            load_ours(tmp_path)


def test_damaged_or_missing_weights_name_the_command_that_mends_them(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DependencyError, match="transcribe models pull"):
        load_ours(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"dims": {}, "alignment_heads": [], "name": "x"}))
    with pytest.raises(DependencyError, match="transcribe models pull"):
        load_ours(tmp_path)
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(DependencyError, match="transcribe models pull"):
        load_ours(tmp_path)


def test_a_language_that_the_model_does_not_know_is_refused(vocabulary: Vocabulary) -> None:
    vocabulary.check_language("zh")
    with pytest.raises(EngineError, match="transcribe models pull"):
        vocabulary.check_language("yue")
    with pytest.raises(EngineError, match="'xx'"):
        vocabulary.check_language("xx")


@given(st.lists(st.integers(0, 50_000), max_size=LONG_CONTEXT))
@settings(max_examples=30, deadline=None)
def test_a_prompt_of_previous_text_is_openai_whispers(previous: list[int]) -> None:
    theirs, vocabulary = _CACHE["theirs"], _CACHE["vocabulary"]
    task = openai.DecodingTask(theirs, openai.DecodingOptions(language="en", fp16=False, prompt=previous))
    assert vocabulary.sequence("en", previous) == task.initial_tokens
