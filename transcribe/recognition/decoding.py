"""Batched greedy decoding with timestamps, and the fallback of failing rows.

Timestamp rules, suppressed tokens, thresholds and the temperature ladder are those of openai-whisper's
`DecodingOptions` and `transcribe`; the rules are applied to all rows at once on the device. A row's result depends
on its own sound alone: rows that end leave the batch, sampling above temperature 0 has one seeded generator per row.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from transcribe.recognition.decoder import Slots, decode_tokens
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel

COMPRESSION_RATIO_THRESHOLD = 2.4
LOGPROB_THRESHOLD = -1.0
NO_SPEECH_THRESHOLD = 0.6
FALLBACK_TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
MAX_INITIAL_TIMESTAMP = 50
"""Steps of 20 ms: the first segment starts within the first second of a window."""

_LOOP_CHECK_STEPS = 32
_LOOP_CHECK_FROM = 96


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was decoded from one window.

    `tokens` are text and timestamp tokens without the prompt and the end; `probabilities` has one entry per token,
    the model's probability of it among text tokens (of no meaning for timestamp tokens).
    """

    tokens: tuple[int, ...]
    probabilities: tuple[float, ...]
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float
    temperature: float

    @property
    def is_silence(self) -> bool:
        """Whether the model itself holds the window for silence (openai-whisper's rule)."""
        return self.no_speech_prob > NO_SPEECH_THRESHOLD and self.avg_logprob <= LOGPROB_THRESHOLD

    @property
    def is_repetitive(self) -> bool:
        """Whether the text repeats itself as loops do."""
        return self.compression_ratio > COMPRESSION_RATIO_THRESHOLD

    @property
    def needs_fallback(self) -> bool:
        """Whether openai-whisper would decode the window again at a higher temperature."""
        return self.is_repetitive or (self.avg_logprob < LOGPROB_THRESHOLD and not self.is_silence)


def compression_ratio(text: str) -> float:
    """UTF-8 bytes by zlib-compressed bytes: above 2.4, a text repeats itself."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def decode_windows(
    model: WhisperModel, vocabulary: Vocabulary, slots: Slots, languages: Sequence[str], seeds: Sequence[int]
) -> list[Hypothesis]:
    """One hypothesis per window in `slots`, in the order in which they were filled.

    `languages` has an ISO 639-1 code per window, `seeds` a number per window from which its sampling starts.
    Greedy first; rows that fail a threshold are decoded again at the fallback temperatures, encoder features kept.
    The first attempt that passes is taken; when none does, the likeliest of those that do not repeat themselves.
    """
    attempts: list[list[Hypothesis]] = [[] for _ in languages]
    failing = list(range(len(languages)))
    for step, temperature in enumerate((0.0, *FALLBACK_TEMPERATURES)):
        slots.bring_to_front(failing)
        prompts = [vocabulary.prompt(languages[row]) for row in failing]
        generators = [torch.Generator().manual_seed(1000 * seeds[row] + step) for row in failing]
        for row, hypothesis in _decode(model, vocabulary, slots, prompts, temperature, generators).items():
            attempts[row].append(hypothesis)
        failing = [row for row in failing if attempts[row][-1].needs_fallback]
        if not failing:
            break
    return [_best(tried) for tried in attempts]


def _best(attempts: Sequence[Hypothesis]) -> Hypothesis:
    if not attempts[-1].needs_fallback:
        return attempts[-1]
    return min(attempts, key=lambda h: (h.is_repetitive, h.compression_ratio if h.is_repetitive else -h.avg_logprob))


@dataclass(slots=True)
class _Rows:
    """State of the rows being decoded, all tensors with one entry per slot."""

    token: Tensor
    last_was_timestamp: Tensor
    previous_was_timestamp: Tensor
    last_timestamp: Tensor
    sum_logprob: Tensor
    done: Tensor
    tokens: Tensor
    logprobs: Tensor

    def swap(self, a: int, b: int) -> None:
        """Exchanges two rows."""
        for name in self.__slots__:
            tensor: Tensor = getattr(self, name)
            tensor[[a, b]] = tensor[[b, a]]


def _decode(
    model: WhisperModel,
    vocabulary: Vocabulary,
    slots: Slots,
    prompts: Sequence[tuple[int, ...]],
    temperature: float,
    generators: Sequence[torch.Generator],
) -> dict[int, Hypothesis]:
    """Decodes the first `len(prompts)` slots to their end; hypotheses by batch row."""
    n, prompt_length = len(prompts), len(prompts[0])
    if n == 0:
        return {}
    # Word times need room for two more tokens, `no_timestamps` and the end.
    max_tokens = model.config.dims.n_text_ctx - prompt_length - 2
    state = _start(model, n, max_tokens)
    random = dict(zip(slots.rows, generators, strict=False))
    prompt = torch.tensor(prompts, device=model.device)
    positions = torch.arange(prompt_length, device=model.device).expand(n, -1)
    hidden = decode_tokens(model, slots, prompt, positions, prompt_length)
    silence = (
        functional.linear(hidden[:, 0], model.token_embedding).float().softmax(-1)[:, vocabulary.no_speech].tolist()
    )
    no_speech = dict(zip(slots.rows, silence, strict=False))
    active = n
    # Asking for the end state makes the host wait for the device, which costs nothing on the CPU alone.
    check_every = 1 if model.device.type == "cpu" else 8
    steps = 0
    for step in range(max_tokens):
        logits = vocabulary.logits(hidden[:, -1]).float()
        uniform = _uniform(random, slots.rows[:active], model.device) if temperature > 0 else None
        _choose(logits, vocabulary, state, step, active, temperature, uniform)
        steps = step + 1
        if steps % _LOOP_CHECK_STEPS == 0 and steps >= _LOOP_CHECK_FROM:
            _stop_loops(state, active, steps, vocabulary.decode)
        if steps % check_every == 0:
            active = _retire(state, slots, active)
            if active == 0:
                break
        if steps < max_tokens:
            at = prompt_length + step
            positions = torch.full((active, 1), at, device=model.device)
            hidden = decode_tokens(model, slots, state.token[:active, None], positions, at + 1)
    return _read(state, slots.rows[:n], vocabulary, no_speech, temperature, steps)


def _start(model: WhisperModel, n: int, max_tokens: int) -> _Rows:
    def full(value: float | bool, dtype: torch.dtype, *shape: int) -> Tensor:
        return torch.full((n, *shape), value, dtype=dtype, device=model.device)

    return _Rows(
        token=full(0, torch.long),
        # A row with fewer than two tokens counts as if a timestamp had come before.
        last_was_timestamp=full(True, torch.bool),
        previous_was_timestamp=full(True, torch.bool),
        last_timestamp=full(-1, torch.long),
        sum_logprob=full(0.0, torch.float32),
        done=full(False, torch.bool),
        tokens=full(-1, torch.long, max_tokens),
        logprobs=full(0.0, torch.float32, max_tokens),
    )


def _choose(
    logits: Tensor, vocabulary: Vocabulary, state: _Rows, step: int, n: int, temperature: float, uniform: Tensor | None
) -> None:
    """The next token of the first n rows, by the timestamp rules of openai-whisper, from `logits` (n, vocabulary).

    Timestamps come in pairs except before the end, do not decrease, and are taken when their joint probability is
    above that of every text token. No masked copy of all logits is made: text and timestamps are reduced apart.
    """
    last, previous = state.last_was_timestamp[:n], state.previous_was_timestamp[:n]
    open_pair = last & ~previous
    text = logits[:, : vocabulary.eot + 1]
    steps = torch.arange(logits.shape[1] - vocabulary.timestamp_begin, device=logits.device)
    floor = torch.where(open_pair, state.last_timestamp[:n], state.last_timestamp[:n] + 1)
    forbidden = steps < floor[:, None]
    forbidden |= (steps > MAX_INITIAL_TIMESTAMP) if step == 0 else (last & previous)[:, None]
    stamps = logits[:, vocabulary.timestamp_begin :].masked_fill(forbidden, -torch.inf)
    end = text[:, -1]
    max_text, arg_text = text.max(dim=-1)
    sum_text = text.logsumexp(dim=-1)
    text_logprob = max_text - sum_text
    max_text = torch.where(open_pair, end, max_text)
    arg_text = torch.where(open_pair, vocabulary.eot, arg_text)
    sum_text = torch.where(open_pair, end, sum_text)
    max_stamp, arg_stamp = stamps.max(dim=-1)
    sum_stamp = stamps.logsumexp(dim=-1)
    stamp_wins = (sum_stamp > max_text) if step else torch.ones_like(last)
    token = torch.where(stamp_wins, arg_stamp + vocabulary.timestamp_begin, arg_text)
    chosen = torch.where(stamp_wins, max_stamp, max_text)
    if uniform is not None:
        allowed = text.masked_fill(stamp_wins[:, None], -torch.inf)
        allowed[:, :-1].masked_fill_(open_pair[:, None], -torch.inf)
        token, chosen = _sample(torch.cat([allowed, stamps], dim=1), temperature, uniform)
        text_logprob = chosen - torch.where(token <= vocabulary.eot, sum_text, chosen)
        token = torch.where(token > vocabulary.eot, token - text.shape[1] + vocabulary.timestamp_begin, token)
    total = torch.where(stamp_wins, sum_stamp, torch.logaddexp(sum_text, sum_stamp))

    done = state.done[:n]
    token = torch.where(done, vocabulary.eot, token)
    state.sum_logprob[:n] += torch.where(done, 0.0, chosen - total)
    is_stamp = token >= vocabulary.timestamp_begin
    state.previous_was_timestamp[:n] = last
    state.last_was_timestamp[:n] = is_stamp
    state.last_timestamp[:n] = torch.where(is_stamp, token - vocabulary.timestamp_begin, state.last_timestamp[:n])
    state.token[:n] = token
    state.tokens[:n, step] = torch.where(done, -1, token)
    state.logprobs[:n, step] = text_logprob
    state.done[:n] |= token == vocabulary.eot


def _sample(logits: Tensor, temperature: float, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Per row, the index at which the cumulated probability passes `uniform` (n, 1) in [0, 1), and its logit."""
    cumulated = (logits / temperature).softmax(dim=-1).cumsum(dim=-1, dtype=torch.float64)
    index = torch.searchsorted(cumulated, uniform * cumulated[:, -1:], right=True).clamp(max=logits.shape[1] - 1)
    return index[:, 0], logits.gather(1, index)[:, 0]


def _uniform(random: dict[int, torch.Generator], rows: Sequence[int], device: torch.device) -> Tensor:
    """The next random number of each row's own generator: (n, 1) in [0, 1)."""
    numbers = [torch.rand(1, generator=random[row], dtype=torch.float64) for row in rows]
    return torch.stack(numbers).to(device)


def _stop_loops(state: _Rows, active: int, steps: int, decode: Callable[[Sequence[int]], str]) -> None:
    """Ends rows that already repeat themselves; they fail the threshold and fall back without running on."""
    for slot, tokens in enumerate(state.tokens[:active, :steps].tolist()):
        if compression_ratio(decode([token for token in tokens if token >= 0])) > COMPRESSION_RATIO_THRESHOLD:
            state.done[slot] = True


def _retire(state: _Rows, slots: Slots, active: int) -> int:
    """Moves ended rows behind the active ones; how many are still active."""
    done = state.done[:active].tolist()
    slot = 0
    while slot < active:
        if not done[slot]:
            slot += 1
            continue
        active -= 1
        if slot < active:
            done[slot] = done[active]
            state.swap(slot, active)
            slots.swap(slot, active)
    return active


def _read(
    state: _Rows,
    rows: Sequence[int],
    vocabulary: Vocabulary,
    no_speech: dict[int, float],
    temperature: float,
    steps: int,
) -> dict[int, Hypothesis]:
    all_tokens = state.tokens[:, :steps].tolist()
    all_probabilities = state.logprobs[:, :steps].exp().tolist()
    sums = state.sum_logprob.tolist()
    hypotheses: dict[int, Hypothesis] = {}
    for row, tokens, probabilities, total in zip(rows, all_tokens, all_probabilities, sums, strict=True):
        kept = [i for i, token in enumerate(tokens) if token >= 0 and token != vocabulary.eot]
        text = vocabulary.decode([tokens[i] for i in kept])
        hypotheses[row] = Hypothesis(
            tokens=tuple(tokens[i] for i in kept),
            probabilities=tuple(probabilities[i] for i in kept),
            avg_logprob=total / (len(kept) + 1),
            compression_ratio=compression_ratio(text.strip()),
            no_speech_prob=no_speech[row],
            temperature=temperature,
        )
    return hypotheses
