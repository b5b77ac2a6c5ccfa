"""Our encoder, decoder and word times against openai-whisper's, with random weights of a tiny model."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
import whisper.decoding as openai
import whisper.timing
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor
from whisper.audio import log_mel_spectrogram
from whisper.model import Whisper

from tests.recognition_model import load_openai, load_ours, write_tiny_weights
from transcribe.engines import Samples
from transcribe.errors import DependencyError, EngineError
from transcribe.recognition import decoding
from transcribe.recognition.decoder import Slots, decode_tokens
from transcribe.recognition.decoding import Hypothesis, decode_windows
from transcribe.recognition.features import N_SAMPLES, log_mel
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel
from transcribe.recognition.word_times import first_frames, median_of_seven, token_starts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def ours(folder: Path) -> WhisperModel:
    return load_ours(folder)


@pytest.fixture(scope="module")
def theirs(folder: Path) -> Whisper:
    return load_openai(folder)


@pytest.fixture(scope="module")
def vocabulary(ours: WhisperModel) -> Vocabulary:
    return Vocabulary(ours)


def noise(seconds: float, seed: int) -> Samples:
    rng = np.random.default_rng(seed)
    return (0.1 * rng.normal(size=round(seconds * 16_000)) * rng.uniform(0, 1)).astype(np.float32)


@pytest.fixture(scope="module")
def mel() -> Tensor:
    return log_mel([noise(30, 1), noise(12.3, 2), noise(5, 3)], 80, torch.device("cpu"))


def test_log_mel_of_a_batch_is_openai_whispers_of_each_window(mel: Tensor) -> None:
    for row, samples in zip(mel, [noise(30, 1), noise(12.3, 2), noise(5, 3)], strict=True):
        padded = np.zeros(N_SAMPLES, dtype=np.float32)
        padded[: len(samples)] = samples
        torch.testing.assert_close(row, log_mel_spectrogram(padded))


def test_encoder_is_openai_whispers(ours: WhisperModel, theirs: Whisper, mel: Tensor) -> None:
    with torch.inference_mode():
        torch.testing.assert_close(ours.encode(mel), theirs.encoder(mel), atol=1e-4, rtol=1e-4)


def test_decoder_with_slots_is_openai_whispers(ours: WhisperModel, theirs: Whisper, mel: Tensor) -> None:
    tokens = torch.randint(0, 50_000, (3, 9), generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        features = ours.encode(mel)
        expected = theirs.logits(tokens, features)
        slots = Slots(ours, 4)
        slots.fill(features)
        positions = torch.arange(9).expand(3, -1)
        parts = [decode_tokens(ours, slots, tokens[:, :4], positions[:, :4], 4)]
        parts += [decode_tokens(ours, slots, tokens[:, i : i + 1], positions[:, i : i + 1], i + 1) for i in range(4, 9)]
        logits = torch.cat(parts, dim=1) @ ours.token_embedding.T
    torch.testing.assert_close(logits, expected, atol=1e-3, rtol=1e-3)


def test_rows_at_different_positions_do_not_disturb_each_other(ours: WhisperModel, mel: Tensor) -> None:
    tokens = torch.tensor([[5, 6, 7, 8], [15, 16, 17, 18]])
    with torch.inference_mode():
        slots = Slots(ours, 2)
        slots.fill(ours.encode(mel[:2]))
        together = decode_tokens(ours, slots, tokens, torch.arange(4).expand(2, -1), 4)
        slots = Slots(ours, 2)
        slots.fill(ours.encode(mel[:2]))
        decode_tokens(ours, slots, tokens[:, :2], torch.arange(2).expand(2, -1), 2)
        decode_tokens(ours, slots, tokens[:1, 2:3], torch.tensor([[2]]), 3)
        mixed = decode_tokens(ours, slots, torch.tensor([[8], [17]]), torch.tensor([[3], [2]]), 4)
    torch.testing.assert_close(mixed[0, 0], together[0, 3])
    torch.testing.assert_close(mixed[1, 0], together[1, 2])


def test_greedy_decoding_is_openai_whispers_token_by_token(
    ours: WhisperModel, theirs: Whisper, vocabulary: Vocabulary, mel: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "FALLBACK_TEMPERATURES", ())
    monkeypatch.setattr(decoding, "_LOOP_CHECK_FROM", 10_000)
    with torch.inference_mode():
        features = ours.encode(mel)
        slots = Slots(ours, 3)
        slots.fill(features)
        found = decode_windows(ours, vocabulary, slots, ["en", "de", "en"], [0, 1, 2])
    for language, row, hypothesis in zip(["en", "de", "en"], features, found, strict=True):
        options = openai.DecodingOptions(language=language, fp16=False, sample_len=50)
        expected = openai.decode(theirs, row, options)
        assert list(hypothesis.tokens[: len(expected.tokens)]) == expected.tokens
        assert hypothesis.no_speech_prob == pytest.approx(expected.no_speech_prob, abs=1e-4)


@given(st.integers(0, 10_000), st.floats(0.0, 12.0), st.floats(-4.0, 4.0))
@settings(max_examples=25, deadline=None)
def test_the_choice_of_a_token_follows_openai_whispers_rules(seed: int, lean: float, end: float) -> None:
    """Random scores, leaning more or less to timestamps, through both implementations for a dozen steps."""
    n, vocabulary = 3, _vocabulary()
    generator = torch.Generator().manual_seed(seed)
    tokenizer = vocabulary.tokenizer("en")
    task = object.__new__(openai.DecodingTask)
    task.tokenizer, task.options = tokenizer, openai.DecodingOptions()
    suppressed = [*task._get_suppress_tokens(), tokenizer.no_timestamps, *tokenizer.all_language_tokens]
    filters = [
        openai.SuppressBlank(tokenizer, 0),
        openai.SuppressTokens(suppressed),
        openai.ApplyTimestampRules(tokenizer, 0, decoding.MAX_INITIAL_TIMESTAMP),
    ]
    greedy = openai.GreedyDecoder(0.0, tokenizer.eot)
    state = decoding._start(_model(), n, 16)
    tokens, sums = torch.zeros(n, 0, dtype=torch.long), torch.zeros(n)
    for step in range(12):
        logits = 3 * torch.randn(n, 51865, generator=generator)
        logits[:, tokenizer.timestamp_begin :] += lean - 6
        logits[:, tokenizer.eot] += 3 * end
        ours_logits = logits.clone()
        ours_logits[:, suppressed] = -torch.inf
        decoding._choose(ours_logits, vocabulary, state, step, n, 0.0, None)
        for rule in filters:
            rule.apply(logits, tokens)
        if step == 0:
            tokens = logits.argmax(-1)[:, None]
            sums += logits.log_softmax(-1).gather(1, tokens)[:, 0]
        else:
            tokens, _ = greedy.update(tokens, logits, sums)
        assert state.token.tolist() == tokens[:, -1].tolist()
    torch.testing.assert_close(state.sum_logprob, sums, atol=1e-3, rtol=1e-4)


_CACHE: dict[str, object] = {}


def _model() -> WhisperModel:
    model = _CACHE["model"]
    assert isinstance(model, WhisperModel)
    return model


def _vocabulary() -> Vocabulary:
    found = _CACHE["vocabulary"]
    assert isinstance(found, Vocabulary)
    return found


@pytest.fixture(autouse=True)
def remembered(ours: WhisperModel, vocabulary: Vocabulary) -> None:
    """Hypothesis tests cannot take fixtures of a smaller scope; these two are read-only."""
    _CACHE.update(model=ours, vocabulary=vocabulary)


def test_word_times_are_openai_whispers(
    ours: WhisperModel, theirs: Whisper, vocabulary: Vocabulary, mel: Tensor
) -> None:
    tokenizer = vocabulary.tokenizer("en")
    texts = [tokenizer.encode(text) for text in (" Hello there, how are you today?", "", " Fine. And you")]
    frames = [3000, 3000, 500]
    with torch.inference_mode():
        slots = Slots(ours, 3)
        slots.fill(ours.encode(mel))
        starts = token_starts(ours, vocabulary, slots, ["en"] * 3, texts, [160 * f for f in frames])
    assert starts[1] == []
    for row in (0, 2):
        expected = whisper.timing.find_alignment(theirs, tokenizer, texts[row], mel[row], frames[row])
        edges = np.cumsum([0] + [len(word.tokens) for word in expected])
        found = [starts[row][edge] for edge in edges]
        assert found == pytest.approx([word.start for word in expected] + [expected[-1].end])


Shape = tuple[int, int]
shapes = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 40)), min_size=1, max_size=3)


@given(shapes, st.integers(0, 5000))
@settings(max_examples=60, deadline=None)
def test_time_warping_finds_openai_whispers_path(sizes: list[Shape], seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = [rng.normal(size=size).astype(np.float32) for size in sizes]
    for cost, found in zip(costs, first_frames(costs), strict=True):
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
    for cost, found in zip(costs, first_frames(costs), strict=True):
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
def test_thresholds_are_openai_whispers(
    avg_logprob: float, compression: float, no_speech: float, fallback: bool, silence: bool
) -> None:
    found = hypothesis_with(avg_logprob, compression, no_speech)
    assert (found.needs_fallback, found.is_silence) == (fallback, silence)


def test_of_failed_attempts_the_likeliest_without_repetition_is_kept() -> None:
    loop, unlikely, likelier = hypothesis_with(-0.1, 9.0), hypothesis_with(-2.0, 1.0), hypothesis_with(-1.5, 1.0)
    assert decoding._best([loop, unlikely, likelier, hypothesis_with(-1.8, 1.1)]) is likelier
    assert decoding._best([hypothesis_with(-0.1, 9.0), loop, hypothesis_with(-3.0, 5.0)]).compression_ratio == 5.0
    assert decoding._best([loop, unlikely, passed := hypothesis_with(-0.9, 1.0)]) is passed


def test_sampling_depends_on_a_rows_own_seed_alone(
    ours: WhisperModel, vocabulary: Vocabulary, mel: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "LOGPROB_THRESHOLD", 1.0)  # every row fails, so that every temperature is tried
    monkeypatch.setattr(decoding, "NO_SPEECH_THRESHOLD", 2.0)
    monkeypatch.setattr(decoding, "FALLBACK_TEMPERATURES", (0.4, 1.0))
    monkeypatch.setattr(decoding, "_LOOP_CHECK_FROM", 10_000)

    def decoded(rows: list[int]) -> list[tuple[int, ...]]:
        with torch.inference_mode():
            slots = Slots(ours, 3)
            slots.fill(ours.encode(mel[rows]))
            return [h.tokens for h in decode_windows(ours, vocabulary, slots, ["en"] * len(rows), rows)]

    together = decoded([0, 1, 2])
    assert decoded([0, 1, 2]) == together
    assert [decoded([row])[0][:40] for row in (0, 1, 2)] == [tokens[:40] for tokens in together]


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
