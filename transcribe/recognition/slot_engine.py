"""The engine: windows go in, what was heard in them comes out; a slot takes the next window when its own has ended.

Windows of all recordings wait in one queue. A window is encoded when a slot is free, its keys and values of the sound
stay in the slot while it is decoded, decoded again at a higher temperature should it fail, and its words are timed.
Every step decodes one token of all slots; a row's result does not depend on the others (docs/decisions/0016).
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import torch
from torch import Tensor

from transcribe.recognition.decoder import decode_prompt
from transcribe.recognition.hypothesis import best_attempt
from transcribe.recognition.memory import fitting_slots, is_out_of_memory, on_device
from transcribe.recognition.requests import Decoding, Heard, Request
from transcribe.recognition.segments import text_tokens
from transcribe.recognition.stepper import LOOK_EVERY, Stepper
from transcribe.recognition.vocabulary import Vocabulary
from transcribe.recognition.whisper_model import WhisperModel
from transcribe.recognition.word_times import attention_of, token_starts

_TOGETHER = {"cpu": 1, "cuda": 16}
"""Windows that are encoded, prompted and aligned together. On the CPU one alone: its activations stay in the cache, and
its result does not depend on others."""
_TIMED_TOGETHER = {"cpu": 16, "cuda": 64}
"""Windows whose words are timed together: time warping takes about as long for one as for many."""
_HELD_STEPS = 16
"""Steps that aligned windows wait at most for others to be timed with, where no window waits for a slot."""
KEEPS_ITS_SIZE = ("cpu",)
"""Where the number of slots is always the same."""
_SIZES = (1, 4, 16, 64)
"""Numbers of slots on CUDA below the greatest."""
_GROW_AT = 4
"""Waiting windows for each slot from which more slots are taken, once what is under way has ended."""


class SlotEngine:
    """A model with its decoding memory."""

    def __init__(self, model: WhisperModel, beam: int = 1, slots: int = 0, *, graphs: bool = True) -> None:
        """`slots` 0 takes what the memory holds, at most 16 rows on the CPU and 128 on CUDA.

        On CUDA a step is one graph, unless `graphs` is false.
        """
        self._model = model
        self._device = model.device
        self.vocabulary = Vocabulary(model)
        self._beam = beam
        self._count = slots or fitting_slots(model, beam)
        self._size = self._count
        self._graphs = graphs and self._device.type == "cuda"
        self._stepper: Stepper | None = None
        self._lane: torch.cuda.Stream | None = None
        if self._device.type == "cuda":
            self._lane = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        self._decoding: dict[int, Decoding] = {}
        self._encoded: deque[tuple[Request, Tensor]] = deque()
        self._aligned: list[tuple[Request, Heard, Tensor]] = []
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
        self._stepper = None
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        if self._count == 1:
            return False
        self._count //= 2
        return True

    def decode(self, waiting: deque[Request]) -> Iterator[tuple[Request, Heard | Exception]]:
        """Decodes what waits, yielding each window when it is done, until nothing waits and nothing is under way.

        What is appended to `waiting` between two results is decoded, too. A window whose features cannot be made is
        yielded with its exception. What else is raised leaves windows under way (`take_back`).
        """
        stream = self._decoded(waiting)
        while True:
            # Between two results, the caller's device is the current one again.
            with on_device(self._device):
                found = next(stream, None)
            if found is None:
                return
            yield found

    @torch.inference_mode()
    def _decoded(self, waiting: deque[Request]) -> Iterator[tuple[Request, Heard | Exception]]:
        look_every = LOOK_EVERY[self._device.type]
        held = 0
        while True:
            yield from self._refill(waiting)
            if self._lane is not None:
                # The next windows are encoded beside the steps.
                yield from self._encode(waiting)
            if not self._decoding:
                if not self._aligned:
                    return
                yield from self._timed()
                continue
            for _ in range(look_every):
                self._steps.advance(self._decoding)
            self._steps.break_loops(self._decoding)
            yield from self._finish(self._steps.ended(self._decoding))
            # Where nothing waits, what comes next may depend on what is aligned: slots stand empty only for a little.
            held = held + look_every if self._aligned and not waiting and not self._encoded else 0
            if held >= _HELD_STEPS or len(self._aligned) >= _TIMED_TOGETHER[self._device.type]:
                held = 0
                yield from self._timed()

    @property
    def _steps(self) -> Stepper:
        if self._stepper is None:
            self._stepper = Stepper(self._model, self.vocabulary, self._size, self._beam, graphs=self._graphs)
        return self._stepper

    def _resize(self, windows: int) -> None:
        """Takes as many slots as the windows need, in a few sizes, while nothing is under way: on CUDA a step costs as
        much as it has rows. On the CPU the shape stays the same, so that results do, too.
        """
        if self._device.type in KEEPS_ITS_SIZE:
            self._size = self._count
            return
        wanted = min(next((size for size in _SIZES if size >= windows), self._count), self._count)
        if self._stepper is not None and self._stepper.count < wanted:
            self._stepper = None
        if self._stepper is None:
            self._size = wanted

    def _refill(self, waiting: deque[Request]) -> Iterator[tuple[Request, Heard | Exception]]:
        """Puts waiting windows into the free slots; those of which only the language was asked come out at once."""
        together = _TOGETHER[self._device.type]
        if not self._decoding:
            self._resize(len(waiting) + len(self._encoded))
        elif len(waiting) > _GROW_AT * self._size and self._size < self._count:
            return  # what is under way ends, then there are more slots
        while free := [slot for slot in range(self._size) if slot not in self._decoding][:together]:
            if not self._encoded:
                yield from self._encode(waiting)
            batch = list(islice(self._encoded, len(free)))
            if not batch:
                return
            answered = self._begin(free, batch)
            for _ in batch:
                self._encoded.popleft()
            yield from answered

    def _encode(self, waiting: deque[Request]) -> Iterator[tuple[Request, Heard | Exception]]:
        """Encodes the next windows, until there is one or nothing waits any more."""
        while waiting and not self._encoded:
            if (made := waiting[0].features) is not None:
                self._encoded.append((waiting.popleft(), made))
                return
            count = min(_TOGETHER[self._device.type], len(waiting))
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
                features = self._features(torch.stack(mels))
                for request, row in zip(self._encoding, features, strict=True):
                    request.features = row if request.keep else None
                    self._encoded.append((request, row))
            self._encoding = []

    def _features(self, mels: Tensor) -> Tensor:
        if self._lane is None:
            return self._model.encode(mels)
        self._lane.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._lane):
            features = self._model.encode(mels)
        mels.record_stream(self._lane)
        features.record_stream(torch.cuda.current_stream())
        return features

    def _begin(self, free: Sequence[int], batch: Sequence[tuple[Request, Tensor]]) -> list[tuple[Request, Heard]]:
        """Puts windows into free slots; what was heard in those of which only the language was asked."""
        slots = self._steps.slots
        if self._lane is not None:
            torch.cuda.current_stream().wait_stream(self._lane)
        chosen = free[: len(batch)]
        slots.fill(chosen, torch.stack([features for _, features in batch]))
        states = None
        if any(len(request.languages) != 1 or request.language_only for request, _ in batch):
            start = torch.full((len(batch), 1), self.vocabulary.start, device=self._device)
            states = decode_prompt(self._model, slots, chosen, start)[:, 0]
        answered: list[tuple[Request, Heard]] = []
        begun: list[int] = []
        for row, (slot, (request, _)) in enumerate(zip(chosen, batch, strict=True)):
            languages: dict[str, float] = {}
            if states is not None and (len(request.languages) != 1 or request.language_only):
                languages = self.vocabulary.language_probabilities(states[row], request.languages)
            language = max(languages, key=languages.__getitem__) if languages else request.languages[0]
            if request.language_only:
                answered.append((request, Heard(None, (), language, languages)))
            else:
                self._decoding[slot] = Decoding(request, language, languages, torch.zeros(()))
                begun.append(slot)
        self._attempt(begun)
        return answered

    def _attempt(self, chosen: Sequence[int]) -> None:
        """Begins the decoding of some slots' windows at their next temperatures."""
        prompts: dict[int, list[tuple[int, tuple[int, ...]]]] = {}
        for slot in chosen:
            decoding = self._decoding[slot]
            prompt = self.vocabulary.sequence(decoding.language, decoding.request.previous)
            prompts.setdefault(len(prompt), []).append((slot, prompt))
        together = _TOGETHER[self._device.type]
        for alike in prompts.values():
            for first in range(0, len(alike), together):
                self._steps.begin(alike[first : first + together], self._decoding)

    def _finish(self, ended: Sequence[int]) -> Iterator[tuple[Request, Heard | Exception]]:
        """Reads ended slots: decodes those that failed again, aligns the words of the others and frees them."""
        again: list[int] = []
        spoken: list[tuple[int, Heard, list[int]]] = []
        silent: list[tuple[int, Heard]] = []
        for slot in ended:
            decoding = self._decoding[slot]
            decoding.attempts.append(self._steps.hypothesis(slot, decoding))
            if decoding.attempts[-1].needs_fallback and len(decoding.attempts) < len(decoding.request.temperatures):
                again.append(slot)
                continue
            hypothesis = best_attempt(decoding.attempts)
            heard = Heard(hypothesis, (), decoding.language, decoding.languages, len(decoding.attempts))
            if text := text_tokens(hypothesis, self.vocabulary):
                spoken.append((slot, heard, text))
            else:
                silent.append((slot, heard))
        self._attempt(again)
        together = _TOGETHER[self._device.type]
        for first in range(0, len(spoken), together):
            self._align(spoken[first : first + together])
        # Only now: what is above can run out of memory, and what is no longer under way could not be taken back.
        for slot, heard in silent:
            yield self._decoding.pop(slot).request, heard

    def _align(self, spoken: Sequence[tuple[int, Heard, list[int]]]) -> None:
        """Keeps what the words of ended slots look at, and frees the slots."""
        chosen = [slot for slot, _, _ in spoken]
        found = attention_of(
            self._model,
            self.vocabulary,
            self._steps.slots,
            chosen,
            [heard.language for _, heard, _ in spoken],
            [text for _, _, text in spoken],
            [self._decoding[slot].request.frames for slot in chosen],
        )
        for (slot, heard, _), alignment in zip(spoken, found, strict=True):
            self._aligned.append((self._decoding.pop(slot).request, heard, alignment))

    def _timed(self) -> Iterator[tuple[Request, Heard]]:
        """Finds when the tokens of the windows that wait for it were said."""
        aligned = self._aligned
        starts = token_starts([alignment for _, _, alignment in aligned])
        self._aligned = []
        for (request, heard, _), begins in zip(aligned, starts, strict=True):
            yield request, replace(heard, starts=tuple(begins))
