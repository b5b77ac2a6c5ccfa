"""Beam search for many windows at once, each slot's beam for itself, as openai-whisper does it for one window.

In every step the `beam` likeliest continuations of a slot's rows that do not end go on; those that end on the way down
the list are finished. A slot is done when it has as many finished texts as rows (openai-whisper's patience of 1).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from transcribe.recognition.slots import Slots
from transcribe.recognition.token_choice import Rows, Scored, take
from transcribe.recognition.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Ended:
    """A finished text: tokens without the end, log-probability of each among text tokens, and of the whole."""

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    sum_logprob: float

    @property
    def rank(self) -> float:
        """What openai-whisper chooses by: the whole's log-probability per token."""
        return self.sum_logprob / max(len(self.tokens), 1)


@dataclass(slots=True)
class Beam:
    """What a slot's search has finished so far."""

    ended: list[Ended] = field(default_factory=list)

    def best(self, rows: Rows, first: int, beam: int) -> Ended:
        """The best text; where too few have ended, the likeliest rows count as they are."""
        unfinished = sorted(range(first, first + beam), key=lambda row: -float(rows.sum_logprob[row]))
        found = self.ended + [read_row(rows, row) for row in unfinished[: max(beam - len(self.ended), 0)]]
        return max(found, key=lambda text: text.rank)


def read_row(rows: Rows, row: int) -> Ended:
    """What a row holds now."""
    count = int(rows.count[row])
    tokens, logprobs = rows.tokens[row, :count].tolist(), rows.logprobs[row, :count].tolist()
    return Ended(tuple(tokens), tuple(logprobs), float(rows.sum_logprob[row]))


def advance_beams(
    scored: Scored, vocabulary: Vocabulary, rows: Rows, slots: Slots, beams: Mapping[int, Beam], length: int
) -> None:
    """One token more for the slots in `beams`; other rows stay as they are. `length` covers all positions so far."""
    beam = slots.beam
    words = scored.text[:, :-1].masked_fill((scored.only_end | scored.stamp_wins)[:, None], -torch.inf)
    end = scored.text[:, -1:].masked_fill(scored.stamp_wins[:, None], -torch.inf)
    logprobs = torch.cat([words, end, scored.stamps], dim=1) - scored.total[:, None]
    likely, index = logprobs.topk(beam + 1, dim=1)
    sums = (rows.sum_logprob[:, None] + likely).tolist()
    indices: list[list[int]] = index.tolist()
    begun = (rows.count > 0).tolist()
    sources = list(range(slots.rows))
    chosen = [0] * slots.rows
    for slot, search in beams.items():
        first = slot * beam
        # All rows of a slot that has just begun are the same: one of them counts.
        able = range(first, first + beam) if begun[first] else [first]
        candidates = sorted(((sums[row][i], row, i) for row in able for i in range(beam + 1)), key=lambda c: -c[0])
        taken = 0
        for total, row, i in candidates:
            if taken == beam:
                break
            if indices[row][i] == vocabulary.eot:
                if len(search.ended) < beam:
                    held = read_row(rows, row)
                    search.ended.append(Ended(held.tokens, held.logprobs, total))
            else:
                sources[first + taken], chosen[first + taken] = row, i
                taken += 1
    moving = [slot * beam + i for slot in beams for i in range(beam)]
    at = torch.tensor(moving, device=likely.device)
    source = torch.tensor([sources[row] for row in moving], device=likely.device)
    column = torch.tensor([chosen[row] for row in moving], device=likely.device)
    rows.reorder(at, source)
    slots.reorder(at, source, length)
    going = torch.zeros_like(rows.done)
    going[at] = True
    token = index[source, column]
    token = torch.where(token > vocabulary.eot, token - vocabulary.eot - 1 + vocabulary.timestamp_begin, token)
    logprob = likely[source, column]
    word_logprob = logprob + scored.total[source] - scored.word_sum[source]
    everything = rows.token.clone(), torch.zeros_like(scored.total), torch.zeros_like(scored.total)
    for full, part in zip(everything, (token, logprob, word_logprob), strict=True):
        full[at] = part
    take(rows, vocabulary, going, *everything)
    for slot, search in beams.items():
        if len(search.ended) >= beam:
            rows.done[slot * beam : (slot + 1) * beam] = True
