"""The engine: windows go in, what was heard in them comes out; a slot takes the next window when its own has ended.

Windows of all recordings wait in one queue. A window is encoded when a slot is free, its keys and values of the sound
stay in the slot while it is decoded, decoded again at a higher temperature should it fail, and its words are timed.
Every step decodes one token of all slots; a row's result does not depend on the others (docs/decisions/0016).
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from transcribe.recognition.beam import Beam, Ended, advance_beams, read_row
from transcribe.recognition.decoder import Run, decode_prompt, decode_step
from transcribe.recognition.hypothesis import Hypothesis, best_attempt, compression_ratio, ends_in_loop
from transcribe.recognition.segments import text_tokens
from transcribe.recognition.slots import CHUNK, Slots, slot_bytes
from transcribe.recognition.token_choice import Rows, apply_rules, choose
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel
from transcribe.recognition.word_times import Alignment, attention_of, token_starts

_SLOT_BYTES_ON_CPU = 1_500_000_000
_MOST_ROWS = {"cpu": 16, "cuda": 128}
_ENCODED_AT_ONCE = {"cpu": 1, "cuda": 16}
"""One window's activations stay in a processor's cache."""
_LOOK_EVERY = {"cpu": 1, "cuda": 8}
"""Steps between two looks at which rows have ended: looking makes the host wait for the device, free on the CPU."""
_LOOP_CHECK_STEPS = 16
_TIMED_TOGETHER = 8


@dataclass(slots=True, eq=False)
class Request:
    """One window to decode.

    `mel` makes its log-mel features (n_mels, 3000) in float32 when a slot is free. `languages` are Whisper's codes: one
    is taken, of several (or of all that the model knows, if there is none) the likeliest. `previous` are tokens of text
    before the window. `frames` (20 ms) hold sound, words are timed within them. `seed` starts its sampling. With
    `language_only` nothing is decoded. `features` (t, d) are those of an earlier request for the same window.
    """

    mel: Callable[[], Tensor]
    languages: tuple[str, ...]
    temperatures: tuple[float, ...]
    frames: int
    seed: int = 0
    previous: tuple[int, ...] = ()
    most_tokens: int = 448
    language_only: bool = False
    features: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard in a window.

    `starts` (s, from the window's beginning) has one entry per text token and one for the end of the last; it is empty
    where there is no text. `languages` are the probabilities of those asked for, empty when only one was. `attempts`
    is at how many temperatures the window was decoded. `features` (t, d) are kept where only the language was asked.
    """

    hypothesis: Hypothesis | None
    starts: tuple[float, ...]
    language: str
    languages: dict[str, float]
    attempts: int = 0
    features: Tensor | None = None


@dataclass(slots=True)
class _Decoding:
    """A slot's window on its way."""

    request: Request
    language: str
    languages: dict[str, float]
    no_speech: Tensor
    attempts: list[Hypothesis] = field(default_factory=list)
    position: int = 0
    random: torch.Generator | None = None
    beam: Beam | None = None
    looped: bool = False


class SlotEngine:
    """A model with its decoding memory."""

    def __init__(self, model: WhisperModel, beam: int = 1, slots: int = 0) -> None:
        """`slots` 0 takes what the memory holds, at most 16 rows on the CPU and 128 on CUDA."""
        self._model = model
        self._device = model.device
        self.vocabulary = Vocabulary(model)
        self._beam = beam
        self._count = slots or _fitting_slots(model, beam)
        self._slots: Slots | None = None
        self._decoding: dict[int, _Decoding] = {}
        self._encoded: deque[tuple[Request, Tensor]] = deque()
        self._aligned: list[tuple[Request, Heard, Alignment]] = []
        self._encoding: list[Request] = []

    @property
    def slots(self) -> int:
        """How many windows are decoded at a time."""
        return self._count

    def take_back(self) -> list[Request]:
        """All windows that are under way, which are then forgotten: after an error, they can be decoded anew."""
        found = [decoding.request for decoding in self._decoding.values()]
        found += [request for request, _ in self._encoded] + [request for request, _, _ in self._aligned]
        found += self._encoding
        # A window whose decoding could not begin is still among the encoded ones.
        found = list(dict.fromkeys(found))
        self._decoding.clear()
        self._encoded.clear()
        self._aligned.clear()
        self._encoding.clear()
        return found

    def shrink(self) -> bool:
        """Gives the memory back and takes half as many slots from now on; False when there is only one."""
        self._slots = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if self._count == 1:
            return False
        self._count //= 2
        return True

    @torch.inference_mode()
    def decode(self, waiting: deque[Request]) -> Iterator[tuple[Request, Heard | Exception]]:
        """Decodes what waits, yielding each window when it is done, until nothing waits and nothing is under way.

        What is appended to `waiting` between two results is decoded, too. A window whose features cannot be made is
        yielded with its exception. What else is raised leaves windows under way (`take_back`).
        """
        look_every = _LOOK_EVERY[self._device.type]
        while True:
            yield from self._refill(waiting)
            if not self._decoding:
                if self._aligned:
                    yield from self._timed()
                    continue
                return
            for _ in range(look_every):
                self._advance()
            self._break_loops()
            for slot in self._ended():
                yield from self._finish(slot)
            if len(self._aligned) >= _TIMED_TOGETHER:
                yield from self._timed()

    def _memory(self) -> tuple[Slots, Rows, Tensor]:
        if self._slots is None:
            model = self._model
            self._slots = Slots(model, self._count, self._beam)
            self._rows = Rows.make(self._slots.rows, model.config.dims.n_text_ctx, model.device)
            shape = (self._slots.rows, model.config.dims.n_text_state)
            self._hidden = torch.zeros(shape, device=model.device, dtype=model.dtype)
        return self._slots, self._rows, self._hidden

    def _refill(self, waiting: deque[Request]) -> Iterator[tuple[Request, Heard | Exception]]:
        for slot in range(self._count):
            while slot not in self._decoding:
                if not self._encoded:
                    yield from self._encode(waiting)
                    if not self._encoded:
                        return
                request, features = self._encoded[0]
                heard = self._begin(slot, request, features)
                self._encoded.popleft()
                if heard is not None:
                    yield request, heard

    def _encode(self, waiting: deque[Request]) -> Iterator[tuple[Request, Exception]]:
        """Encodes the next windows, until there is one or nothing waits any more."""
        while waiting and not self._encoded:
            if (made := waiting[0].features) is not None:
                self._encoded.append((waiting.popleft(), made))
                return
            count = min(_ENCODED_AT_ONCE[self._device.type], len(waiting))
            self._encoding = [waiting.popleft() for _ in range(count)]
            mels = []
            for request in tuple(self._encoding):
                try:
                    mels.append(request.mel())
                except Exception as error:
                    if is_out_of_memory(error):
                        raise
                    self._encoding.remove(request)
                    yield request, error
            if mels:
                features = self._model.encode(torch.stack(mels))
                self._encoded.extend(zip(self._encoding, features, strict=True))
            self._encoding = []

    def _begin(self, slot: int, request: Request, features: Tensor) -> Heard | None:
        """Puts a window into a slot; what was heard if only its language was asked for."""
        slots, _, _ = self._memory()
        slots.fill(slot, features)
        languages: dict[str, float] = {}
        if len(request.languages) != 1 or request.language_only:
            start = torch.tensor([self.vocabulary.start], device=self._device)
            hidden = decode_prompt(self._model, slots, slot, start)[0]
            languages = self.vocabulary.language_probabilities(hidden, request.languages)
        language = max(languages, key=languages.__getitem__) if languages else request.languages[0]
        if request.language_only:
            return Heard(None, (), language, languages, features=features)
        self._decoding[slot] = _Decoding(request, language, languages, torch.zeros(()))
        self._attempt(slot)
        return None

    def _attempt(self, slot: int) -> None:
        """Begins the decoding of a slot's window at its next temperature."""
        slots, rows, hidden = self._memory()
        decoding = self._decoding[slot]
        request, step = decoding.request, len(decoding.attempts)
        prompt = self.vocabulary.sequence(decoding.language, request.previous)
        states = decode_prompt(self._model, slots, slot, torch.tensor(prompt, device=self._device))
        first, last = slot * self._beam, (slot + 1) * self._beam
        hidden[first:last] = states[-1]
        # Word times need room for two more tokens, `no_timestamps` and the end.
        room = self._model.config.dims.n_text_ctx - len(prompt) - 2
        rows.begin(first, last, len(prompt), min(request.most_tokens, room))
        decoding.no_speech = self.vocabulary.no_speech_probability(states[prompt.index(self.vocabulary.start)])
        decoding.position = len(prompt)
        decoding.looped = False
        is_hot = request.temperatures[step] > 0
        decoding.random = torch.Generator().manual_seed(1000 * request.seed + step) if is_hot else None
        decoding.beam = Beam() if self._beam > 1 and not is_hot else None

    def _advance(self) -> None:
        """One token more for every slot."""
        slots, rows, hidden = self._memory()
        scored = apply_rules(self.vocabulary.scores(hidden), self.vocabulary, rows)
        beams = {slot: decoding.beam for slot, decoding in self._decoding.items() if decoding.beam is not None}
        going = ~rows.done
        for slot in beams:
            going[slot * self._beam : (slot + 1) * self._beam] = False
        searching = {slot: search for slot, search in beams.items() if not bool(rows.done[slot * self._beam])}
        if len(beams) < len(self._decoding):
            choose(scored, self.vocabulary, rows, going, self._sampling())
        longest = max(decoding.position for decoding in self._decoding.values())
        if searching:
            advance_beams(scored, self.vocabulary, rows, slots, searching, longest)
        chunks = min(longest, self._model.config.dims.n_text_ctx - 1) // CHUNK + 1
        hidden.copy_(decode_step(self._model, slots, rows.token, rows.position, chunks, self._runs()))
        rows.position += ~rows.done
        for decoding in self._decoding.values():
            decoding.position += 1

    def _sampling(self) -> tuple[Tensor, Tensor] | None:
        """Temperature and the next random number of each row, if any row is to be drawn."""
        if not any(decoding.random for decoding in self._decoding.values()):
            return None
        heat = torch.zeros(self._count * self._beam, dtype=torch.float64)
        numbers = torch.zeros_like(heat)
        for slot, decoding in self._decoding.items():
            if decoding.random is not None:
                own = slice(slot * self._beam, (slot + 1) * self._beam)
                heat[own] = decoding.request.temperatures[len(decoding.attempts)]
                numbers[own] = torch.rand(self._beam, generator=decoding.random, dtype=torch.float64)
        return heat.to(self._device), numbers.to(self._device)

    def _runs(self) -> list[Run]:
        """The slots being decoded, neighbours together."""
        runs: list[Run] = []
        for slot in sorted(self._decoding):
            if runs and runs[-1][1] == slot:
                runs[-1] = (runs[-1][0], slot + 1)
            else:
                runs.append((slot, slot + 1))
        return runs

    def _break_loops(self) -> None:
        """Ends rows that say the same tokens again and again; they fall back without running on."""
        _, rows, _ = self._memory()
        for slot, decoding in self._decoding.items():
            if decoding.beam is not None or decoding.position % _LOOP_CHECK_STEPS:
                continue
            for row in range(slot * self._beam, (slot + 1) * self._beam):
                held = rows.tokens[row, : int(rows.count[row])].tolist()
                if ends_in_loop([token for token in held if token < self.vocabulary.eot]):
                    rows.done[row] = True
                    decoding.looped = True

    def _ended(self) -> list[int]:
        _, rows, _ = self._memory()
        done = rows.done.view(self._count, self._beam).all(dim=1).tolist()
        return [slot for slot in self._decoding if done[slot]]

    def _finish(self, slot: int) -> Iterator[tuple[Request, Heard | Exception]]:
        """Reads an ended slot: decodes it again when it failed, else times its words and frees it."""
        slots, rows, _ = self._memory()
        decoding = self._decoding[slot]
        request = decoding.request
        decoding.attempts.append(self._hypothesis(slot, decoding, rows))
        if decoding.attempts[-1].needs_fallback and len(decoding.attempts) < len(request.temperatures):
            self._attempt(slot)
            return
        hypothesis = best_attempt(decoding.attempts)
        heard = Heard(hypothesis, (), decoding.language, decoding.languages, len(decoding.attempts))
        text = text_tokens(hypothesis, self.vocabulary)
        if text:
            alignment = attention_of(self._model, self.vocabulary, slots, slot, decoding.language, text, request.frames)
            self._aligned.append((request, heard, alignment))
            del self._decoding[slot]
        else:
            del self._decoding[slot]
            yield request, heard

    def _hypothesis(self, slot: int, decoding: _Decoding, rows: Rows) -> Hypothesis:
        first = slot * self._beam
        if decoding.beam is not None:
            held: Ended = decoding.beam.best(rows, first, self._beam)
        else:
            held = max((read_row(rows, row) for row in range(first, first + self._beam)), key=lambda text: text.rank)
        text = self.vocabulary.decode(held.tokens)
        return Hypothesis(
            tokens=held.tokens,
            probabilities=tuple(torch.tensor(held.logprobs).exp().tolist()),
            avg_logprob=held.sum_logprob / (len(held.tokens) + 1),
            compression_ratio=compression_ratio(text.strip()),
            no_speech_prob=float(decoding.no_speech),
            temperature=decoding.request.temperatures[len(decoding.attempts)],
            is_loop=decoding.looped,
        )

    def _timed(self) -> Iterator[tuple[Request, Heard]]:
        """Finds when the tokens of the windows that wait for it were said."""
        aligned = self._aligned
        starts = token_starts([alignment for _, _, alignment in aligned])
        self._aligned = []
        for (request, heard, _), begins in zip(aligned, starts, strict=True):
            yield request, replace(heard, starts=tuple(begins))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether fewer slots could have avoided this error."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    # torch's CPU allocator has no error class of its own.
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)


def _fitting_slots(model: WhisperModel, beam: int) -> int:
    cpu = model.device.type == "cpu"
    budget = _SLOT_BYTES_ON_CPU if cpu else torch.cuda.mem_get_info(model.device)[0] // 2
    fitting: Sequence[int] = (_MOST_ROWS[model.device.type] // beam, budget // slot_bytes(model, beam))
    return max(1, min(fitting))
