"""All slots at once, one token after another: prompts, steps, sampling, beams, loops, and what a slot holds at its end.

What waits and what comes next is the slot engine's business; a `Stepper` knows slots and what is decoded in them.
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from transcribe.recognition.beam import advance_beams, read_row
from transcribe.recognition.cuda_graphs import StepGraphs
from transcribe.recognition.decoder import Run, decode_prompt, decode_step
from transcribe.recognition.hypothesis import Hypothesis, compression_ratio, ends_in_loop
from transcribe.recognition.requests import Decoding
from transcribe.recognition.slots import CHUNK, Slots
from transcribe.recognition.token_choice import Rows, apply_rules, choose
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel

LOOK_EVERY = {"cpu": 1, "cuda": 8}
"""Steps between two looks at which rows have ended: looking makes the host wait for the device, free on the CPU."""
_LEAST_PROMPT = 3
"""Start, language and task."""

Under = Mapping[int, Decoding]
"""What is decoded, by slot."""


class Stepper:
    """`count` slots of `beam` rows each, and the state of their rows; row `slot * beam + i` is the i-th of its slot."""

    def __init__(self, model: WhisperModel, vocabulary: Vocabulary, count: int, beam: int, *, graphs: bool) -> None:
        """With `graphs` a step is one CUDA graph where no row is drawn or searched for."""
        self._model = model
        self._vocabulary = vocabulary
        self._beam = beam
        self.count = count
        self.slots = Slots(model, count, beam)
        self._rows = Rows.make(self.slots.rows, model.config.dims.n_text_ctx, model.device)
        shape = (self.slots.rows, model.config.dims.n_text_state)
        self._hidden = torch.zeros(shape, device=model.device, dtype=model.dtype)
        self._graphs = StepGraphs(self._step, self._state) if graphs else None

    def begin(self, alike: Sequence[tuple[int, tuple[int, ...]]], decoding: Under) -> None:
        """Begins slots at their next temperatures; their prompts, beside them, have the same length."""
        length = len(alike[0][1])
        tokens = torch.tensor([prompt for _, prompt in alike], device=self._model.device)
        states = decode_prompt(self._model, self.slots, [slot for slot, _ in alike], tokens)
        for row, (slot, prompt) in enumerate(alike):
            own = self._own(slot)
            self._hidden[own.start : own.stop] = states[row, -1]
            # As in openai-whisper, the last token needs no place of its own. Word times need no previous text, but two
            # tokens beside the window's, `no_timestamps` and the end; its first token is a timestamp.
            room = self._model.config.dims.n_text_ctx + 1 - max(length, _LEAST_PROMPT + 2)
            self._rows.begin(own.start, own.stop, length, min(decoding[slot].request.most_tokens, room))
            at_start = states[row, prompt.index(self._vocabulary.start)]
            decoding[slot].begin(length, self._vocabulary.no_speech_probability(at_start), self._beam)

    def advance(self, decoding: Under) -> None:
        """One token more for every slot in `decoding`."""
        longest = max(each.position for each in decoding.values())
        if longest > self._model.config.dims.n_text_ctx + max(LOOK_EVERY.values()):
            raise RuntimeError("rows go on beyond their end")  # rather than for ever
        chunks = min(longest, self._model.config.dims.n_text_ctx - 1) // CHUNK + 1
        sampling = self._sampling(decoding)
        if any(each.beam is not None for each in decoding.values()):
            self._search(decoding, chunks, longest, sampling)
        elif self._graphs is not None and sampling is None:
            self._graphs.run(chunks)
        else:
            self._step(chunks, _runs(decoding), sampling)
        for each in decoding.values():
            each.go_on()

    def break_loops(self, decoding: Under) -> None:
        """Ends rows that say the same tokens again and again; they fall back without running on."""
        due = [slot for slot, each in decoding.items() if each.beam is None and each.is_due()]
        if not due:
            return
        rows = [row for slot in due for row in self._own(slot)]
        done: list[bool] = self._rows.done.tolist()
        counts: list[int] = self._rows.count[rows].tolist()
        tokens: list[list[int]] = self._rows.tokens[rows, : max(counts)].tolist()
        for row, count, held in zip(rows, counts, tokens, strict=True):
            if not done[row] and ends_in_loop([token for token in held[:count] if token < self._vocabulary.eot]):
                self._rows.done[row] = True
                decoding[row // self._beam].looped.add(row)

    def ended(self, decoding: Under) -> list[int]:
        """The slots in `decoding` of which all rows have ended."""
        done = self._rows.done.view(self.count, self._beam).all(dim=1).tolist()
        return [slot for slot in decoding if done[slot]]

    def hypothesis(self, slot: int, decoding: Decoding) -> Hypothesis:
        """What an ended slot has at the temperature at hand."""
        own, is_loop = self._own(slot), False
        if decoding.beam is not None:
            held = decoding.beam.best(self._rows, own.start, self._beam)
        else:
            # Of several drawn texts the likeliest, but no loop: repetitions are likely.
            row, held = max(
                ((row, read_row(self._rows, row)) for row in own),
                key=lambda found: (found[0] not in decoding.looped, found[1].rank),
            )
            is_loop = row in decoding.looped
        text = self._vocabulary.decode(held.tokens)
        return Hypothesis(
            tokens=held.tokens,
            probabilities=tuple(torch.tensor(held.logprobs).exp().tolist()),
            avg_logprob=held.sum_logprob / (len(held.tokens) + 1),
            compression_ratio=compression_ratio(text.strip()),
            no_speech_prob=float(decoding.no_speech),
            temperature=decoding.request.temperatures[len(decoding.attempts)],
            is_loop=is_loop,
        )

    def _own(self, slot: int) -> range:
        return range(slot * self._beam, (slot + 1) * self._beam)

    def _state(self) -> list[Tensor]:
        """All that a step changes, but for the own keys and values, which the next step at a position writes anew."""
        return [*self._rows.tensors(), self._hidden]

    def _step(self, chunks: int, runs: Sequence[Run] = (), sampling: tuple[Tensor, Tensor] | None = None) -> None:
        """One token more for every row, without a beam; the sound of all slots is read where `runs` is empty."""
        scored = apply_rules(self._vocabulary.scores(self._hidden), self._vocabulary, self._rows)
        choose(scored, self._vocabulary, self._rows, ~self._rows.done, sampling)
        self._decode_taken(chunks, runs or [(0, self.count)])

    def _search(self, decoding: Under, chunks: int, longest: int, sampling: tuple[Tensor, Tensor] | None) -> None:
        """One token more where some slots have a beam, and others may be drawn."""
        rows = self._rows
        scored = apply_rules(self._vocabulary.scores(self._hidden), self._vocabulary, rows)
        beams = {slot: each.beam for slot, each in decoding.items() if each.beam is not None}
        searching = {slot: beam for slot, beam in beams.items() if not bool(rows.done[slot * self._beam])}
        going = ~rows.done
        for slot in beams:
            own = self._own(slot)
            going[own.start : own.stop] = False
        if len(beams) < len(decoding):
            choose(scored, self._vocabulary, rows, going, sampling)
        advance_beams(scored, self._vocabulary, rows, self.slots, searching, longest)
        self._decode_taken(chunks, _runs(decoding))

    def _decode_taken(self, chunks: int, runs: Sequence[Run]) -> None:
        """What the decoder makes of the tokens just taken."""
        rows = self._rows
        self._hidden.copy_(decode_step(self._model, self.slots, rows.token, rows.position, chunks, runs))
        # A row that takes the last token it has room for has no place for it.
        rows.position.add_(~rows.done).clamp_(max=self._model.config.dims.n_text_ctx - 1)

    def _sampling(self, decoding: Under) -> tuple[Tensor, Tensor] | None:
        """Temperature and the next random number of each row, if any row is to be drawn."""
        if not any(each.random for each in decoding.values()):
            return None
        heat = torch.zeros(self.slots.rows, dtype=torch.float64)
        numbers = torch.zeros_like(heat)
        for slot, each in decoding.items():
            if each.random is not None:
                own = self._own(slot)
                heat[own.start : own.stop] = each.request.temperatures[len(each.attempts)]
                numbers[own.start : own.stop] = torch.rand(self._beam, generator=each.random, dtype=torch.float64)
        return heat.to(self._model.device), numbers.to(self._model.device)


def _runs(slots: Iterable[int]) -> list[Run]:
    """Slots as half-open ranges, neighbours together."""
    runs: list[Run] = []
    for slot in sorted(slots):
        if runs and runs[-1][1] == slot:
            runs[-1] = (runs[-1][0], slot + 1)
        else:
            runs.append((slot, slot + 1))
    return runs
