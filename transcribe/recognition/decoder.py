"""Whisper's text decoder over slots: preallocated keys and values, one slot per window, each with its own position.

Shapes: n slots in use, m tokens per slot, t = 1500 encoder frames, d model width, h heads of width d/h.
"""

import torch
from torch import Tensor
from torch.nn import functional

from transcribe.recognition.whisper_model import Block, CrossAttention, WhisperModel, product


class Slots:
    """Memory for the keys and values of up to `capacity` windows, reused from batch to batch.

    The windows still being decoded always lie in the first slots, so that every product works on a contiguous view.
    `rows[slot]` tells which row of the batch lies in a slot.
    """

    def __init__(self, model: WhisperModel, capacity: int) -> None:
        dims = model.config.dims
        heads, width = dims.n_text_head, dims.n_text_state // dims.n_text_head
        self._model = model
        self.capacity = capacity
        self.rows: list[int] = []

        shape = (dims.n_text_layer, capacity, heads)
        place, dtype = model.device, model.dtype
        # Keys of the sound lie transposed: one query's product with them then reads memory in order.
        self.cross_keys = torch.empty(*shape, width, dims.n_audio_ctx, device=place, dtype=dtype)
        self.cross_values = torch.empty(*shape, dims.n_audio_ctx, width, device=place, dtype=dtype)
        # Zeros, not garbage: masked positions still meet a product with a weight of zero, and 0 × NaN is NaN.
        self.own_keys = torch.zeros(*shape, dims.n_text_ctx, width, device=place, dtype=dtype)
        self.own_values = torch.zeros_like(self.own_keys)

    def fill(self, features: Tensor) -> None:
        """Makes the cross-attention keys and values of encoder features (n, t, d), n at most `capacity`."""
        n, t, d = features.shape
        heads = self._model.config.dims.n_text_head
        for layer, (_, cross) in enumerate(self._model.text_blocks):
            for slot in range(n):
                keys = product(cross.key_weight, features[slot])
                self.cross_keys[layer, slot].copy_(keys.view(heads, d // heads, t))
                values = cross.value(features[slot])
                self.cross_values[layer, slot].copy_(values.view(t, heads, d // heads).transpose(0, 1))
        self.rows = list(range(n))

    def swap(self, a: int, b: int) -> None:
        """Exchanges two slots' windows; the decoder's own keys and values move from b to a only."""
        if a == b:
            return
        for memory in (self.cross_keys, self.cross_values):
            for layer in memory:
                kept = layer[a].clone()
                layer[a].copy_(layer[b])
                layer[b].copy_(kept)
        for memory in (self.own_keys, self.own_values):
            memory[:, a].copy_(memory[:, b])
        self.rows[a], self.rows[b] = self.rows[b], self.rows[a]

    def bring_to_front(self, rows: list[int]) -> None:
        """Moves the windows of these batch rows to the first slots, in this order."""
        for slot, row in enumerate(rows):
            self.swap(slot, self.rows.index(row))


def decode_tokens(model: WhisperModel, slots: Slots, tokens: Tensor, positions: Tensor, length: int) -> Tensor:
    """Hidden states (n, m, d) of `tokens` (n, m) at `positions` (n, m) in the first n slots.

    Their own keys and values are written into the slots at these positions; attention sees every position up to a
    token's own. `length` is the greatest position + 1, given by the caller so that the device need not be asked.
    """
    n = tokens.shape[0]
    heads = model.config.dims.n_text_head
    slot_index = torch.arange(n, device=tokens.device)[:, None]
    visible = torch.arange(length, device=tokens.device) <= positions[:, None, :, None]
    x = functional.embedding(tokens, model.token_embedding) + model.text_positions[positions]
    for layer, (block, cross) in enumerate(model.text_blocks):
        q, k, v = _project(block, x, heads)
        own_keys, own_values = slots.own_keys[layer, :n], slots.own_values[layer, :n]
        own_keys[slot_index, :, positions] = k
        own_values[slot_index, :, positions] = v
        attended = functional.scaled_dot_product_attention(
            q.transpose(1, 2), own_keys[:, :, :length], own_values[:, :, :length], attn_mask=visible
        )
        x = x + block.attn_out(_join_heads(attended))
        scores = _scores(cross, x, slots.cross_keys[layer, :n])
        x = x + cross.out(_join_heads(_weighted(scores, slots.cross_values[layer, :n])))
        x = block.mlp(x)
    return model.text_norm(x)


def alignment_scores(model: WhisperModel, slots: Slots, first: int, tokens: Tensor) -> list[Tensor]:
    """Cross-attention scores before the softmax, of the alignment heads alone: per layer (n, heads, m, t).

    `tokens` (n, m) belong to the slots from `first` on and are decoded in one pass (teacher forcing); what follows
    the end of a shorter row cannot influence what precedes it.
    """
    n, heads = tokens.shape[0], model.config.dims.n_text_head
    wanted: dict[int, list[int]] = {}
    for layer, head in sorted(model.config.alignment_heads):
        wanted.setdefault(layer, []).append(head)
    found = []
    x = functional.embedding(tokens, model.token_embedding) + model.text_positions[: tokens.shape[1]]
    for layer, (block, cross) in enumerate(model.text_blocks[: max(wanted) + 1]):
        q, k, v = (part.transpose(1, 2) for part in _project(block, x, heads))
        x = x + block.attn_out(_join_heads(functional.scaled_dot_product_attention(q, k, v, is_causal=True)))
        scores = _scores(cross, x, slots.cross_keys[layer, first : first + n])
        if layer in wanted:
            found.append(scores[:, wanted[layer]])
        if layer < max(wanted):
            x = x + cross.out(_join_heads(_weighted(scores, slots.cross_values[layer, first : first + n])))
            x = block.mlp(x)
    return found


def _project(block: Block, x: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Self-attention's query, key and value, each (n, m, h, d/h)."""
    q, k, v = block.attn_qkv(block.attn_norm(x)).chunk(3, dim=-1)
    return _split_heads(q, heads), _split_heads(k, heads), _split_heads(v, heads)


def _scores(cross: CrossAttention, x: Tensor, keys: Tensor) -> Tensor:
    """How much each token (n, m, d) looks at each frame, before the softmax: (n, h, m, t) in float32."""
    q = _split_heads(cross.query(cross.norm(x)), keys.shape[1]).transpose(1, 2)
    scores: Tensor = (q * q.shape[-1] ** -0.5) @ keys
    return scores.float()


def _weighted(scores: Tensor, values: Tensor) -> Tensor:
    """The frames' values (n, h, t, d/h), weighted by scores (n, h, m, t): (n, h, m, d/h)."""
    weighted: Tensor = scores.softmax(dim=-1).to(values.dtype) @ values
    return weighted


def _split_heads(x: Tensor, heads: int) -> Tensor:
    return x.view(*x.shape[:2], heads, -1)


def _join_heads(x: Tensor) -> Tensor:
    n, h, m, width = x.shape
    return x.transpose(1, 2).reshape(n, m, h * width)
