"""The next token of every row: openai-whisper's timestamp rules, greedy choice and sampling, all on the device.

Rows are at different places in their windows; nothing here asks the device for a value.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from transcribe.recognition.vocabulary import Vocabulary

MAX_INITIAL_TIMESTAMP = 50
"""Steps of 20 ms: the first segment starts within the first second of a window."""


@dataclass(slots=True)
class Rows:
    """State of all rows (r), whether decoded or not. `count` is how many tokens a row has beyond its prompt."""

    token: Tensor
    position: Tensor
    count: Tensor
    limit: Tensor
    last_was_timestamp: Tensor
    previous_was_timestamp: Tensor
    last_timestamp: Tensor
    sum_logprob: Tensor
    done: Tensor
    tokens: Tensor
    logprobs: Tensor

    @staticmethod
    def make(r: int, most_tokens: int, device: torch.device) -> "Rows":
        """`r` rows that are done, with room for `most_tokens` each."""

        def full(value: float | bool, dtype: torch.dtype, *shape: int) -> Tensor:
            return torch.full((r, *shape), value, dtype=dtype, device=device)

        return Rows(
            token=full(0, torch.long),
            position=full(0, torch.long),
            count=full(0, torch.long),
            limit=full(0, torch.long),
            last_was_timestamp=full(True, torch.bool),
            previous_was_timestamp=full(True, torch.bool),
            last_timestamp=full(-1, torch.long),
            sum_logprob=full(0.0, torch.float32),
            done=full(True, torch.bool),
            tokens=full(-1, torch.long, most_tokens + 1),
            logprobs=full(0.0, torch.float32, most_tokens + 1),
        )

    def begin(self, first: int, last: int, position: int, limit: int) -> None:
        """Rows `first` to `last` (half-open) begin: their next token is at `position`, `limit` tokens at most."""
        rows = slice(first, last)
        self.position[rows] = position
        self.count[rows] = 0
        self.limit[rows] = limit
        # A row with fewer than two tokens counts as if a timestamp had come before.
        self.last_was_timestamp[rows] = True
        self.previous_was_timestamp[rows] = True
        self.last_timestamp[rows] = -1
        self.sum_logprob[rows] = 0.0
        self.done[rows] = False

    def tensors(self) -> list[Tensor]:
        """All of it."""
        return [getattr(self, name) for name in self.__slots__]

    def reorder(self, rows: Tensor, sources: Tensor) -> None:
        """Row `rows[i]` goes on from the state of `sources[i]`."""
        for state in self.tensors():
            state[rows] = state[sources]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores (r, …) split into text (with the end as its last) and timestamps, what is forbidden at minus infinity.

    `text_sum`, `stamp_sum` are the logarithms of summed exponentials; `stamp_wins` where a timestamp must be taken.
    `word_sum` is the sum over all text, allowed or not: what a word's probability refers to.
    """

    text: Tensor
    stamps: Tensor
    only_end: Tensor
    stamp_wins: Tensor
    word_sum: Tensor
    text_sum: Tensor
    stamp_sum: Tensor

    @property
    def total(self) -> Tensor:
        """Logarithm of the sum over everything that may be taken."""
        return torch.where(self.stamp_wins, self.stamp_sum, torch.logaddexp(self.text_sum, self.stamp_sum))


def apply_rules(logits: Tensor, vocabulary: Vocabulary, rows: Rows) -> Scored:
    """The timestamp rules of openai-whisper on float32 `logits` (r, vocabulary).

    Timestamps come in pairs except before the end, do not decrease, and are taken when their joint probability is
    above that of every text token. No masked copy of all logits is made.
    """
    last, previous = rows.last_was_timestamp, rows.previous_was_timestamp
    only_end = last & ~previous
    first = rows.count == 0
    text = logits[:, : vocabulary.eot + 1]
    steps = torch.arange(logits.shape[1] - vocabulary.timestamp_begin, device=logits.device)
    floor = torch.where(only_end, rows.last_timestamp, rows.last_timestamp + 1)
    closed = (last & previous & ~first)[:, None]
    forbidden = (steps < floor[:, None]) | closed | (first[:, None] & (steps > MAX_INITIAL_TIMESTAMP))
    stamps = logits[:, vocabulary.timestamp_begin :].masked_fill(forbidden, -torch.inf)
    word_sum = text.logsumexp(dim=-1)
    end = text[:, -1]
    stamp_sum = stamps.logsumexp(dim=-1)
    stamp_wins = first | (stamp_sum > torch.where(only_end, end, text.amax(dim=-1)))
    return Scored(text, stamps, only_end, stamp_wins, word_sum, torch.where(only_end, end, word_sum), stamp_sum)


def choose(
    scored: Scored, vocabulary: Vocabulary, rows: Rows, going: Tensor, sampling: tuple[Tensor, Tensor] | None
) -> None:
    """Takes the next token of the rows in `going` (r): the likeliest, or where `sampling` says so a drawn one.

    `sampling` is (temperatures (r), 0 for the likeliest; numbers (r) in [0, 1)), float64.
    """
    value, best = scored.text.max(dim=-1)
    best = torch.where(scored.only_end, vocabulary.eot, best)
    value = torch.where(scored.only_end, scored.text[:, -1], value)
    stamp_value, stamp = scored.stamps.max(dim=-1)
    token = torch.where(scored.stamp_wins, stamp + vocabulary.timestamp_begin, best)
    value = torch.where(scored.stamp_wins, stamp_value, value)
    if sampling is not None:
        drawn, drawn_value = _draw(scored, vocabulary, *sampling)
        hot = sampling[0] > 0
        token, value = torch.where(hot, drawn, token), torch.where(hot, drawn_value, value)
    take(rows, vocabulary, going, token, value - scored.total, value - scored.word_sum)


def take(
    rows: Rows, vocabulary: Vocabulary, going: Tensor, token: Tensor, logprob: Tensor, word_logprob: Tensor
) -> None:
    """The rows in `going` (r) go on with `token`: its log-probability among all that may come, and among all text."""
    is_stamp = token >= vocabulary.timestamp_begin
    rows.sum_logprob += torch.where(going, logprob, 0.0)
    rows.previous_was_timestamp.copy_(torch.where(going, rows.last_was_timestamp, rows.previous_was_timestamp))
    rows.last_was_timestamp.copy_(torch.where(going, is_stamp, rows.last_was_timestamp))
    stamp = torch.where(is_stamp, token - vocabulary.timestamp_begin, rows.last_timestamp)
    rows.last_timestamp.copy_(torch.where(going, stamp, rows.last_timestamp))
    rows.token.copy_(torch.where(going, token, rows.token))
    # What the other rows write goes to the place behind the last.
    place = torch.where(going, rows.count, rows.tokens.shape[1] - 1)[:, None]
    rows.tokens.scatter_(1, place, token[:, None])
    rows.logprobs.scatter_(1, place, torch.where(is_stamp, 0.0, word_logprob)[:, None])
    rows.count += going & (token != vocabulary.eot)
    rows.done |= going & ((token == vocabulary.eot) | (rows.count >= rows.limit))


def _draw(scored: Scored, vocabulary: Vocabulary, temperatures: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Per row, the token at which the cumulated probability passes `uniform`, and its score."""
    text = scored.text.masked_fill(scored.stamp_wins[:, None], -torch.inf)
    words = text[:, :-1].masked_fill(scored.only_end[:, None], -torch.inf)
    allowed = torch.cat([words, text[:, -1:], scored.stamps], dim=1)
    heat = torch.where(temperatures > 0, temperatures, 1.0).float()[:, None]
    cumulated = (allowed / heat).softmax(dim=-1).cumsum(dim=-1, dtype=torch.float64)
    passed = uniform[:, None] * cumulated[:, -1:]
    index = torch.searchsorted(cumulated, passed, right=True).clamp(max=allowed.shape[1] - 1)
    value = allowed.gather(1, index)[:, 0]
    index = index[:, 0]
    return torch.where(index > vocabulary.eot, index - vocabulary.eot - 1 + vocabulary.timestamp_begin, index), value
