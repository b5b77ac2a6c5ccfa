"""Whisper's text decoder over slots: preallocated keys and values, one slot per window, each with its own position.

Shapes: n slots in use, m tokens per slot, t = 1500 encoder frames, d model width, h heads of width d/h.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from transcribe.recognition.whisper_model import Block, CrossAttention, WhisperModel


class Slots:
    """Memory for the keys and values of up to `capacity` windows, reused from batch to batch.

    The windows still being decoded always lie in the first slots, so that every product works on a contiguous view.
    `rows[slot]` tells which row of the batch lies in a slot.
    """

    def __init__(self, model: WhisperModel, capacity: int) -> None:
        dims = model.config.dims
        heads, width = dims.n_text_head, dims.n_text_state // dims.n_text_head
        shape = (dims.n_text_layer, 2, capacity, heads)
        self._model = model
        self.capacity = capacity
        self.rows: list[int] = []
        self.cross = torch.empty(*shape, dims.n_audio_ctx, width, device=model.device, dtype=model.dtype)
        # Zeros, not garbage: masked positions still meet a product with a weight of zero, and 0 × NaN is NaN.
        self.own = torch.zeros(*shape, dims.n_text_ctx, width, device=model.device, dtype=model.dtype)

    def fill(self, features: Tensor) -> None:
        """Makes the cross-attention keys and values of encoder features (n, t, d), n at most `capacity`."""
        n, t, d = features.shape
        heads = self._model.config.dims.n_text_head
        for layer, (_, cross) in enumerate(self._model.text_blocks):
            for kind, project in enumerate((cross.key, cross.value)):
                # One window at a time, so that the projection is still in the cache when it is laid out by head.
                for slot in range(n):
                    projected = project(features[slot]).view(t, heads, d // heads)
                    self.cross[layer, kind, slot].copy_(projected.transpose(0, 1))
        self.rows = list(range(n))

    def swap(self, a: int, b: int) -> None:
        """Exchanges two slots' windows; the decoder's own keys and values move from b to a only."""
        if a == b:
            return
        for layer in self.cross:
            for part in layer:
                kept = part[a].clone()
                part[a].copy_(part[b])
                part[b].copy_(kept)
        self.own[:, :, a].copy_(self.own[:, :, b])
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
    x = F.embedding(tokens, model.token_embedding) + model.text_positions[positions]
    for layer, (block, cross) in enumerate(model.text_blocks):
        q, k, v = _project(block, x, heads)
        own = slots.own[layer, :, :n]
        own[0][slot_index, :, positions] = k
        own[1][slot_index, :, positions] = v
        attended = F.scaled_dot_product_attention(
            q.transpose(1, 2), own[0, :, :, :length], own[1, :, :, :length], attn_mask=visible
        )
        x = x + block.attn_out(_join_heads(attended))
        x = _look_at_sound(cross, x, slots.cross[layer, 0, :n], slots.cross[layer, 1, :n])
        x = block.mlp(x)
    return model.text_norm(x)


def alignment_scores(model: WhisperModel, keys_values: Tensor, tokens: Tensor) -> Tensor:
    """Cross-attention scores before the softmax, of the alignment heads alone: (n, heads, m, t) in float32.

    `keys_values` is a slice (layers, 2, n, h, t, d/h) of the slots' cross-attention memory, `tokens` (n, m) are
    decoded in one pass (teacher forcing); what follows the end of a shorter row cannot influence what precedes it.
    """
    heads = model.config.dims.n_text_head
    wanted: dict[int, list[int]] = {}
    for layer, head in model.config.alignment_heads:
        wanted.setdefault(layer, []).append(head)
    scores: dict[tuple[int, int], Tensor] = {}
    x = F.embedding(tokens, model.token_embedding) + model.text_positions[: tokens.shape[1]]
    for layer, (block, cross) in enumerate(model.text_blocks[: max(wanted) + 1]):
        q, k, v = (part.transpose(1, 2) for part in _project(block, x, heads))
        x = x + block.attn_out(_join_heads(F.scaled_dot_product_attention(q, k, v, is_causal=True)))
        keys, values = keys_values[layer]
        if layer in wanted:
            query = _split_heads(cross.query(cross.norm(x)), heads)
            for head in wanted[layer]:
                product = query[:, :, head].float() @ keys[:, head].float().transpose(1, 2)
                scores[layer, head] = product * query.shape[-1] ** -0.5
        if layer < max(wanted):
            x = block.mlp(_look_at_sound(cross, x, keys, values))
    return torch.stack([scores[place] for place in model.config.alignment_heads], dim=1)


def _project(block: Block, x: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Self-attention's query, key and value, each (n, m, h, d/h)."""
    q, k, v = block.attn_qkv(block.attn_norm(x)).chunk(3, dim=-1)
    return _split_heads(q, heads), _split_heads(k, heads), _split_heads(v, heads)


def _look_at_sound(cross: CrossAttention, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """The cross-attention half of a layer, residual included; keys and values are (n, h, t, d/h)."""
    q = _split_heads(cross.query(cross.norm(x)), keys.shape[1]).transpose(1, 2)
    return x + cross.out(_join_heads(F.scaled_dot_product_attention(q, keys, values)))


def _split_heads(x: Tensor, heads: int) -> Tensor:
    return x.view(*x.shape[:2], heads, -1)


def _join_heads(x: Tensor) -> Tensor:
    n, h, m, width = x.shape
    return x.transpose(1, 2).reshape(n, m, h * width)
