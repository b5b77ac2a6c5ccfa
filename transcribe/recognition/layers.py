"""The layers that Whisper is made of: linear maps, LayerNorm, attention, scores of tokens.

Shapes: b windows, t = 1500 encoder frames of 20 ms, d model width, h heads of width d/h.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_PACKED_LINEAR: bool = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")
"""Whether torch offers oneDNN's linear with a packed weight; the pinned torch does, and without it all still works."""

_QUERIES_AT_ONCE = 500
"""So many rows of attention weights stay in the processor's cache."""


def product(x: Tensor, y: Tensor) -> Tensor:
    """`x @ y.T` for x (m, d) and y (n, d), through oneDNN where that is used."""
    if _PACKED_LINEAR and x.device.type == "cpu":
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, y, None, "none", [], "")
        return result
    return functional.linear(x, y)


class Linear:
    """`x @ weight.T + bias` for x of shape (…, in), in the weight's dtype."""

    def __init__(self, weight: Tensor, bias: Tensor | None, rows: int) -> None:
        """`rows` is about how many rows x will have: oneDNN packs the weight for it."""
        self._bias = bias
        self._packed = _PACKED_LINEAR and weight.device.type == "cpu"
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, rows) if self._packed else weight

    def __call__(self, x: Tensor) -> Tensor:
        """(…, in) to (…, out)."""
        if self._packed:
            result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
            return result
        return functional.linear(x, self._weight, self._bias)


class Norm:
    """LayerNorm, always in float32."""

    def __init__(self, weight: Tensor, bias: Tensor, dtype: torch.dtype) -> None:
        """`dtype` is that of the result, for the product that follows."""
        self._weight = weight.float()
        self._bias = bias.float()
        self._dtype = dtype

    def __call__(self, x: Tensor) -> Tensor:
        """(…, d) to (…, d)."""
        return functional.layer_norm(x.float(), self._weight.shape, self._weight, self._bias).to(self._dtype)


class HalfLinear:
    """A linear map whose weight is kept as float16, as published, and multiplied in float32 on the CPU.

    Nothing is lost, and half as much is read for every token: with few rows, reading the weights is what takes time.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        """Where torch has no such product (FBGEMM), and on CUDA, it is `Linear`."""
        self._linear: Linear | None = None
        engines = torch.backends.quantized.supported_engines
        if weight.device.type == "cpu" and {"fbgemm", "x86"} <= set(engines):
            before = torch.backends.quantized.engine
            torch.backends.quantized.engine = "fbgemm"
            self._packed = torch.ops.quantized.linear_prepack_fp16(
                weight.float(), None if bias is None else bias.float()
            )
            torch.backends.quantized.engine = before
        else:
            self._linear = Linear(weight, bias, 16)

    def __call__(self, x: Tensor) -> Tensor:
        """(…, in) to (…, out): float32 on the CPU."""
        if self._linear is not None:
            return self._linear(x)
        result: Tensor = torch.ops.quantized.linear_dynamic_fp16(x, self._packed)
        return result


@dataclass(frozen=True, slots=True)
class Block:
    """One transformer layer without cross-attention."""

    attn_norm: Norm
    attn_qkv: Linear | HalfLinear
    attn_out: Linear | HalfLinear
    mlp_norm: Norm
    mlp_up: Linear | HalfLinear
    mlp_down: Linear | HalfLinear

    def mlp(self, x: Tensor) -> Tensor:
        """What the feed-forward half adds: (…, d) to (…, d)."""
        return self.mlp_down(functional.gelu(self.mlp_up(self.mlp_norm(x))))


@dataclass(frozen=True, slots=True)
class CrossAttention:
    """The part of a decoder layer that looks at the sound."""

    norm: Norm
    query: Linear | HalfLinear
    key: Linear | HalfLinear
    value: Linear | HalfLinear
    out: Linear | HalfLinear


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of all frames to all frames: q, k, v (b, h, t, w) to (b, t, h × w).

    On the CPU, torch's own kernel is bound by MKL's products; head by head through oneDNN takes 0.6 × the time.
    """
    b, heads, t, width = q.shape
    if not (_PACKED_LINEAR and q.device.type == "cpu" and q.dtype == torch.float32):
        return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, heads * width)
    out = q.new_empty(b, t, heads, width)
    for row in range(b):
        for head in range(heads):
            queries = (q[row, head] * width**-0.5).contiguous()
            keys, values = k[row, head].contiguous(), v[row, head].t().contiguous()
            for first in range(0, t, _QUERIES_AT_ONCE):
                weights = product(queries[first : first + _QUERIES_AT_ONCE], keys).softmax(dim=-1)
                out[row, first : first + _QUERIES_AT_ONCE, head] = product(weights, values)
    return out.view(b, t, heads * width)
