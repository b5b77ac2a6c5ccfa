"""Whisper's text decoder over slots: first the prompt of one slot, then one token of every row at a time.

Shapes: r rows, m tokens, t = 1500 encoder frames, d model width, h heads of width w = d/h.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from transcribe.recognition.layers import Block
from transcribe.recognition.slots import CHUNK, Slots
from transcribe.recognition.whisper_model import WhisperModel

Run = tuple[int, int]
"""Half-open range of slots."""


def decode_prompt(model: WhisperModel, slots: Slots, slot: int, tokens: Tensor) -> Tensor:
    """Hidden states (m, d) of the first `tokens` (m) of a slot; their keys and values go to all its rows."""
    m, heads = len(tokens), model.config.dims.n_text_head
    x = model.embed(tokens, torch.arange(m, device=tokens.device))
    for layer, (block, cross) in enumerate(model.text_blocks):
        q, k, v = _project(block, x, heads)
        slots.write(layer, slot, k, v)
        x = x + block.attn_out(_causal(q, k, v))
        asked = _heads_first(cross.query(cross.norm(x)), heads).to(model.sound_dtype)
        heard = functional.scaled_dot_product_attention(
            asked[None], slots.cross_keys[layer, slot][None], slots.cross_values[layer, slot][None]
        )[0]
        x = x + cross.out(_join(heard).to(model.dtype))
        x = block.mlp(x)
    return model.text_norm(x)


def decode_step(
    model: WhisperModel, slots: Slots, tokens: Tensor, positions: Tensor, chunks: int, runs: Sequence[Run]
) -> Tensor:
    """Hidden states (r, d) of one token per row, `tokens` (r) at `positions` (r), for all rows of `slots`.

    `chunks` covers the greatest position. `runs` are the slots that are being decoded: the sound of others is not
    read, and what comes out for their rows means nothing. Shapes are those of all rows always, so that a row's result
    does not depend on which others are being decoded.
    """
    dims = model.config.dims
    heads, beam = dims.n_text_head, slots.beam
    r, d = len(tokens), dims.n_text_state
    rows = torch.arange(r, device=tokens.device)
    chunk, place = positions // CHUNK, positions % CHUNK
    offsets = torch.arange(chunks * CHUNK, device=tokens.device).view(chunks, 1, 1, CHUNK)
    hidden_from_row = offsets > positions[None, :, None, None]
    x = model.embed(tokens, positions)
    for layer, (block, cross) in enumerate(model.text_blocks):
        q, k, v = _project(block, x, heads)
        own_keys, own_values = slots.own_keys[layer], slots.own_values[layer]
        own_keys[chunk, rows, :, place] = k
        own_values[chunk, rows, :, place] = v
        x = x + block.attn_out(_own(q, own_keys[:chunks], own_values[:chunks], hidden_from_row))
        asked = cross.query(cross.norm(x)).to(model.sound_dtype).view(slots.count, beam, heads, d // heads)
        heard = torch.zeros_like(asked)
        for first, last in runs:
            part = functional.scaled_dot_product_attention(
                asked[first:last].transpose(1, 2),
                slots.cross_keys[layer, first:last],
                slots.cross_values[layer, first:last],
            )
            heard[first:last] = part.transpose(1, 2)
        x = x + cross.out(heard.reshape(r, d).to(model.dtype))
        x = block.mlp(x)
    return model.text_norm(x)


def alignment_scores(model: WhisperModel, slots: Slots, slot: int, tokens: Tensor) -> Tensor:
    """Cross-attention scores before the softmax, of the alignment heads alone: (heads, m, t) in float32.

    `tokens` (m) belong to a slot and are decoded in one pass (teacher forcing).
    """
    heads = model.config.dims.n_text_head
    wanted: dict[int, list[int]] = {}
    for layer, head in sorted(model.config.alignment_heads):
        wanted.setdefault(layer, []).append(head)
    found: list[Tensor] = []
    x = model.embed(tokens, torch.arange(len(tokens), device=tokens.device))
    for layer, (block, cross) in enumerate(model.text_blocks[: max(wanted) + 1]):
        q, k, v = _project(block, x, heads)
        x = x + block.attn_out(_causal(q, k, v))
        asked = _heads_first(cross.query(cross.norm(x)), heads).to(model.sound_dtype)
        keys, values = slots.cross_keys[layer, slot], slots.cross_values[layer, slot]
        if layer in wanted:
            chosen = wanted[layer]
            scaled = asked[chosen] * asked.shape[-1] ** -0.5
            found.append((scaled @ keys[chosen].transpose(1, 2)).float())
        if layer < max(wanted):
            heard = functional.scaled_dot_product_attention(asked[None], keys[None], values[None])[0]
            x = x + cross.out(_join(heard).to(model.dtype))
            x = block.mlp(x)
    return torch.cat(found)


def _own(q: Tensor, keys: Tensor, values: Tensor, hidden: Tensor) -> Tensor:
    """Attention of each row's query (r, h, w) to its own tokens, chunk by chunk: (r, h × w).

    `keys`, `values` (c, r, h, CHUNK, w); `hidden` (c, r, 1, CHUNK) is true where a row must not look.
    """
    c, r, h, _, w = keys.shape
    scores = (keys.reshape(c * r * h, CHUNK, w) @ (q * w**-0.5).expand(c, r, h, w).reshape(-1, w, 1)).float()
    scores = scores.view(c, r, h, CHUNK).masked_fill(hidden, -torch.inf)
    weights = (scores - scores.amax(dim=(0, 3), keepdim=True)).exp()
    sums = weights.sum(dim=-1)
    parts = (weights.view(-1, 1, CHUNK).to(values.dtype) @ values.reshape(-1, CHUNK, w)).view(c, r, h, w)
    # One chunk after another: what is added for a chunk that a row does not reach is zero.
    total, mixed = sums[0], parts[0]
    for i in range(1, c):
        total, mixed = total + sums[i], mixed + parts[i]
    attended: Tensor = (mixed / total[..., None].to(mixed.dtype)).reshape(r, h * w)
    return attended


def _project(block: Block, x: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Self-attention's query, key and value of x (n, d), each (n, h, w)."""
    q, k, v = block.attn_qkv(block.attn_norm(x)).view(len(x), 3, heads, -1).unbind(1)
    return q, k, v


def _causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of tokens to those up to themselves: q, k, v (m, h, w) to (m, h × w)."""
    q, k, v = (part.transpose(0, 1)[None] for part in (q, k, v))
    return _join(functional.scaled_dot_product_attention(q, k, v, is_causal=True)[0])


def _heads_first(x: Tensor, heads: int) -> Tensor:
    """(m, d) to (h, m, w)."""
    return x.view(len(x), heads, -1).transpose(0, 1)


def _join(x: Tensor) -> Tensor:
    """(h, m, w) to (m, h × w)."""
    return x.transpose(0, 1).reshape(x.shape[1], -1)
