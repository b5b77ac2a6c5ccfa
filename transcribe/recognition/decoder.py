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


def decode_prompt(model: WhisperModel, slots: Slots, chosen: Sequence[int], tokens: Tensor) -> Tensor:
    """Hidden states (n, m, d) of the first `tokens` (n, m) of n slots; their keys and values go to all rows of these.

    On the CPU one slot is given at a time, so that its result does not depend on others.
    """
    n, m = tokens.shape
    heads = model.config.dims.n_text_head
    x = model.embed(tokens, torch.arange(m, device=tokens.device))
    for layer, (block, cross) in enumerate(model.text_blocks):
        q, k, v = _project(block, x, heads)
        slots.write(layer, chosen, k, v)
        x += block.attn_out(_causal(q, k, v))
        asked = cross.query(cross.norm(x)).view(n, m, heads, -1).transpose(1, 2).to(model.sound_dtype)
        heard = functional.scaled_dot_product_attention(asked, *slots.sound(layer, chosen))
        x += cross.out(_join(heard).to(model.dtype))
        x += block.mlp(x)
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
        x += block.attn_out(_own(q, own_keys[:chunks], own_values[:chunks], hidden_from_row))
        asked = cross.query(cross.norm(x)).to(model.sound_dtype).view(slots.count, beam, heads, d // heads)
        heard = torch.zeros_like(asked)
        for first, last in runs:
            part = functional.scaled_dot_product_attention(
                asked[first:last].transpose(1, 2),
                slots.cross_keys[layer, first:last],
                slots.cross_values[layer, first:last],
            )
            heard[first:last] = part.transpose(1, 2)
        x += cross.out(heard.reshape(r, d).to(model.dtype))
        x += block.mlp(x)
    return model.text_norm(x)


def alignment_scores(model: WhisperModel, slots: Slots, chosen: Sequence[int], tokens: Tensor) -> Tensor:
    """Cross-attention scores before the softmax, of the alignment heads alone: (n, heads, m, t) in float32.

    `tokens` (n, m) belong to n slots and are decoded in one pass (teacher forcing); what follows the end of a shorter
    row cannot influence what precedes it. On the CPU one slot is given at a time.
    """
    n, m = tokens.shape
    heads = model.config.dims.n_text_head
    wanted: dict[int, list[int]] = {}
    for layer, head in sorted(model.config.alignment_heads):
        wanted.setdefault(layer, []).append(head)
    found: list[Tensor] = []
    x = model.embed(tokens, torch.arange(m, device=tokens.device))
    for layer, (block, cross) in enumerate(model.text_blocks[: max(wanted) + 1]):
        q, k, v = _project(block, x, heads)
        x += block.attn_out(_causal(q, k, v))
        asked = cross.query(cross.norm(x)).view(n, m, heads, -1).transpose(1, 2).to(model.sound_dtype)
        keys, values = slots.sound(layer, chosen)
        if layer in wanted:
            heads_here = wanted[layer]
            scaled = asked[:, heads_here] * asked.shape[-1] ** -0.5
            found.append((scaled @ keys[:, heads_here].transpose(2, 3)).float())
        if layer < max(wanted):
            x += cross.out(_join(functional.scaled_dot_product_attention(asked, keys, values)).to(model.dtype))
            x += block.mlp(x)
    return torch.cat(found, dim=1)


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
    """Self-attention's query, key and value of x (…, d), each (…, h, w)."""
    q, k, v = block.attn_qkv(block.attn_norm(x)).view(*x.shape[:-1], 3, heads, -1).unbind(-3)
    return q, k, v


def _causal(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of tokens to those up to themselves: q, k, v (n, m, h, w) to (n, m, h × w)."""
    q, k, v = (part.transpose(1, 2) for part in (q, k, v))
    return _join(functional.scaled_dot_product_attention(q, k, v, is_causal=True))


def _join(x: Tensor) -> Tensor:
    """(n, h, m, w) to (n, m, h × w)."""
    return x.transpose(1, 2).flatten(2)
