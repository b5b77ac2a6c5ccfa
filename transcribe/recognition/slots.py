"""Decoding memory: keys and values of the windows being decoded, preallocated and reused.

A slot holds one window: the keys and values of its sound, and those of the tokens decoded so far for each of its rows
(one row when decoding is greedy, as many as hypotheses in a beam). Nothing is ever moved to another slot, and a slot is
filled with the next window as soon as its own has ended.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from transcribe.recognition.whisper_model import WhisperModel

CHUNK = 64
"""Tokens that the decoder's own attention takes at once. Sums over a chunk have one shape always, so that a row's
result does not depend on how far the others are (docs/decisions/0016)."""


class Slots:
    """Memory for `count` windows with `beam` rows each; row `slot * beam + i` is the i-th of its slot.

    `cross_keys`, `cross_values`: (layers, slots, heads, frames, width) in the model's `sound_dtype`.
    `own_keys`, `own_values`: (layers, chunks, rows, heads, CHUNK, width) in its `dtype`.
    """

    def __init__(self, model: WhisperModel, count: int, beam: int = 1) -> None:
        dims = model.config.dims
        heads, width = dims.n_text_head, dims.n_text_state // dims.n_text_head
        chunks = -(-dims.n_text_ctx // CHUNK)
        self._model = model
        self.count = count
        self.beam = beam
        sound = (dims.n_text_layer, count, heads, dims.n_audio_ctx, width)
        own = (dims.n_text_layer, chunks, count * beam, heads, CHUNK, width)
        # Zeros, not garbage: what is masked still meets a product with a weight of zero, and 0 × NaN is NaN.
        self.cross_keys = torch.zeros(sound, device=model.device, dtype=model.sound_dtype)
        self.cross_values = torch.zeros_like(self.cross_keys)
        self.own_keys = torch.zeros(own, device=model.device, dtype=model.dtype)
        self.own_values = torch.zeros_like(self.own_keys)

    @property
    def rows(self) -> int:
        """Rows of all slots."""
        return self.count * self.beam

    def fill(self, chosen: Sequence[int], features: Tensor) -> None:
        """Makes the keys and values of encoder features (n, t, d) in n slots."""
        n, t, d = features.shape
        heads = self._model.config.dims.n_text_head
        for layer, (_, cross) in enumerate(self._model.text_blocks):
            for memory, make in ((self.cross_keys, cross.key), (self.cross_values, cross.value)):
                made = make(features).view(n, t, heads, d // heads).transpose(1, 2)
                for row, slot in enumerate(chosen):
                    memory[layer, slot].copy_(made[row])

    def sound(self, layer: int, chosen: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Keys and values (n, heads, frames, width) of n slots; a view where there is one."""
        if len(chosen) == 1:
            part = slice(chosen[0], chosen[0] + 1)
            return self.cross_keys[layer, part], self.cross_values[layer, part]
        index = torch.tensor(chosen, device=self._model.device)
        return self.cross_keys[layer, index], self.cross_values[layer, index]

    def write(self, layer: int, chosen: Sequence[int], keys: Tensor, values: Tensor) -> None:
        """Puts own keys and values (n, m, h, w) of the first m positions into all rows of n slots."""
        for memory, new in ((self.own_keys, keys), (self.own_values, values)):
            for chunk in range(-(-new.shape[1] // CHUNK)):
                part = new[:, chunk * CHUNK : (chunk + 1) * CHUNK].transpose(1, 2)
                for row, slot in enumerate(chosen):
                    first = slot * self.beam
                    memory[layer, chunk, first : first + self.beam, :, : part.shape[2]] = part[row]

    def reorder(self, rows: Tensor, sources: Tensor, length: int) -> None:
        """Row `rows[i]` goes on from what `sources[i]` has decoded in its first `length` positions."""
        chunks = -(-length // CHUNK)
        for memory in (self.own_keys, self.own_values):
            memory[:, :chunks, rows] = memory[:, :chunks, sources]


def slot_bytes(model: WhisperModel, beam: int = 1) -> int:
    """Bytes that one slot takes."""
    dims = model.config.dims
    own = -(-dims.n_text_ctx // CHUNK) * CHUNK * beam * model.dtype.itemsize
    return 2 * dims.n_text_layer * dims.n_text_state * (dims.n_audio_ctx * model.sound_dtype.itemsize + own)
