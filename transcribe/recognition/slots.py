"""Decoding memory: keys and values of the windows being decoded, preallocated and reused.

A slot holds one window: the keys and values of its sound, and those of the tokens decoded so far for each of its rows
(one row when decoding is greedy, as many as hypotheses in a beam). Nothing is ever moved to another slot, and a slot is
filled with the next window as soon as its own has ended.
"""

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

    def fill(self, slot: int, features: Tensor) -> None:
        """Makes the keys and values of encoder features (t, d) in a slot."""
        t, d = features.shape
        heads = self._model.config.dims.n_text_head
        for layer, (_, cross) in enumerate(self._model.text_blocks):
            for memory, made in ((self.cross_keys, cross.key), (self.cross_values, cross.value)):
                memory[layer, slot].copy_(made(features).view(t, heads, d // heads).transpose(0, 1))

    def write(self, layer: int, slot: int, keys: Tensor, values: Tensor) -> None:
        """Puts own keys and values (m, h, w) of the first m positions into all rows of a slot."""
        first = slot * self.beam
        for memory, new in ((self.own_keys, keys), (self.own_values, values)):
            for chunk in range(-(-len(new) // CHUNK)):
                part = new[chunk * CHUNK : (chunk + 1) * CHUNK].transpose(0, 1)
                memory[layer, chunk, first : first + self.beam, :, : part.shape[1]] = part

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
