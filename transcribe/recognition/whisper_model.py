"""Whisper's weights in memory, and its encoder.

The weights are OpenAI's, read from `model.safetensors` (state-dict names of openai-whisper) and `config.json`. They
are cast once: float32 on the CPU, float16 on CUDA with LayerNorm and softmax in float32. Query, key and value
projections are fused. On the CPU, matrix products go through oneDNN with weights packed once: the same float32
result, 2-3 × faster than MKL on AMD processors.

Shapes: b windows, t = 1500 encoder frames of 20 ms, d model width, h heads of width d/h.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from transcribe.errors import DependencyError

_PACKED_LINEAR: bool = torch._C._has_mkldnn and hasattr(torch.ops.mkldnn, "_linear_pointwise")
"""Whether torch offers oneDNN's linear with a packed weight; the pinned torch does, and without it all still works."""

_QUERIES_AT_ONCE = 500
"""So many rows of attention weights stay in the processor's cache."""

_LANGUAGES_OF_V2 = 99
_VOCABULARY_OF_V2 = 51865


@dataclass(frozen=True, slots=True)
class Dimensions:
    """`ModelDimensions` of openai-whisper."""

    n_mels: int
    n_audio_ctx: int
    n_audio_state: int
    n_audio_head: int
    n_audio_layer: int
    n_vocab: int
    n_text_ctx: int
    n_text_state: int
    n_text_head: int
    n_text_layer: int

    @property
    def num_languages(self) -> int:
        """99, or 100 from large-v3 on, which knows Cantonese (`yue`)."""
        return _LANGUAGES_OF_V2 + self.n_vocab - _VOCABULARY_OF_V2


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """`config.json` beside the weights: name, dimensions and the heads whose attention follows the sound."""

    name: str
    dims: Dimensions
    alignment_heads: tuple[tuple[int, int], ...]


def product(x: Tensor, y: Tensor) -> Tensor:
    """`x @ y.T` for x (m, d) and y (n, d), through oneDNN where that is used."""
    if _PACKED_LINEAR and x.device.type == "cpu" and x.dtype == torch.float32:
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, y, None, "none", [], "")
        return result
    return functional.linear(x, y)


class Linear:
    """`x @ weight.T + bias` for x of shape (…, in)."""

    def __init__(self, weight: Tensor, bias: Tensor | None, rows: int) -> None:
        """`rows` is about how many rows x will have: oneDNN packs the weight for it."""
        self._bias = bias
        self._packed = _PACKED_LINEAR and weight.device.type == "cpu" and weight.dtype == torch.float32
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, rows) if self._packed else weight

    def __call__(self, x: Tensor) -> Tensor:
        """(…, in) to (…, out)."""
        if self._packed:
            result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, "none", [], "")
            return result
        return functional.linear(x, self._weight, self._bias)


class Norm:
    """LayerNorm, always in float32."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self._weight = weight.float()
        self._bias = bias.float()

    def __call__(self, x: Tensor) -> Tensor:
        """(…, d) to (…, d), in the dtype of x."""
        return functional.layer_norm(x.float(), self._weight.shape, self._weight, self._bias).to(x.dtype)


@dataclass(frozen=True, slots=True)
class Block:
    """One transformer layer without cross-attention."""

    attn_norm: Norm
    attn_qkv: Linear
    attn_out: Linear
    mlp_norm: Norm
    mlp_up: Linear
    mlp_down: Linear

    def mlp(self, x: Tensor) -> Tensor:
        """The feed-forward half, residual included: (…, d) to (…, d)."""
        return x + self.mlp_down(functional.gelu(self.mlp_up(self.mlp_norm(x))))


@dataclass(frozen=True, slots=True)
class CrossAttention:
    """The part of a decoder layer that looks at the sound."""

    norm: Norm
    query: Linear
    key_weight: Tensor
    value: Linear
    out: Linear


@dataclass(frozen=True, slots=True)
class WhisperModel:
    """All weights of a Whisper model, ready to run on `device` in `dtype`."""

    config: ModelConfig
    device: torch.device
    dtype: torch.dtype
    conv1: tuple[Tensor, Tensor]
    conv2: tuple[Tensor, Tensor]
    audio_positions: Tensor
    audio_blocks: tuple[Block, ...]
    audio_norm: Norm
    token_embedding: Tensor
    text_positions: Tensor
    text_blocks: tuple[tuple[Block, CrossAttention], ...]
    text_norm: Norm

    def encode(self, mel: Tensor) -> Tensor:
        """Log-mel windows (b, n_mels, 2t) to features (b, t, d)."""
        x = functional.gelu(functional.conv1d(mel.to(self.dtype), *self.conv1, padding=1))
        x = functional.gelu(functional.conv1d(x, *self.conv2, stride=2, padding=1))
        x = x.transpose(1, 2) + self.audio_positions
        b, t, d = x.shape
        heads = self.config.dims.n_audio_head
        for block in self.audio_blocks:
            q, k, v = block.attn_qkv(block.attn_norm(x)).view(b, t, 3, heads, d // heads).permute(2, 0, 3, 1, 4)
            x = x + block.attn_out(_attend(q, k, v))
            x = block.mlp(x)
        return self.audio_norm(x)


def _attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of all frames to all frames: q, k, v (b, h, t, w) to (b, t, h × w).

    On the CPU, torch's own kernel is bound by MKL's products; head by head through oneDNN takes 0.6 × the time.
    """
    b, heads, t, width = q.shape
    if not (_PACKED_LINEAR and q.device.type == "cpu"):
        return functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, heads * width)
    out = torch.empty(b, t, heads, width)
    for row in range(b):
        for head in range(heads):
            queries = (q[row, head] * width**-0.5).contiguous()
            keys, values = k[row, head].contiguous(), v[row, head].t().contiguous()
            for first in range(0, t, _QUERIES_AT_ONCE):
                weights = product(queries[first : first + _QUERIES_AT_ONCE], keys).softmax(dim=-1)
                out[row, first : first + _QUERIES_AT_ONCE, head] = product(weights, values)
    return out.view(b, t, heads * width)


def read_config(folder: Path) -> ModelConfig:
    """`config.json` of a weights folder. Raises `DependencyError` when it is missing or not such a file."""
    try:
        plain = json.loads((folder / "config.json").read_bytes())
        names = [f.name for f in fields(Dimensions)]
        dims = Dimensions(**{name: int(plain["dims"][name]) for name in names})
        heads = tuple((int(layer), int(head)) for layer, head in plain["alignment_heads"])
        return ModelConfig(str(plain["name"]), dims, heads)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DependencyError(
            "the Whisper weights are not installed or damaged (config.json); run: transcribe models pull"
        ) from error


def load_model(folder: Path, device: str) -> WhisperModel:
    """The model of a weights folder on `device` ("cpu", "cuda", "cuda:1").

    Raises `DependencyError` when the weights are missing or damaged, or when their keys are not exactly those of a
    Whisper model of the stated dimensions, or when torch cannot use the device.
    """
    config = read_config(folder)
    place = torch.device(device)
    if place.type == "cuda" and not torch.cuda.is_available():
        raise DependencyError("torch finds no CUDA device; use --device cpu, or run: transcribe doctor")
    try:
        state = load_file(folder / "model.safetensors", device=str(place))
    except (OSError, SafetensorError) as error:
        raise DependencyError(
            "the Whisper weights are not installed or damaged (model.safetensors); run: transcribe models pull"
        ) from error
    return build_model(config, state, place)


def build_model(config: ModelConfig, state: dict[str, Tensor], device: torch.device) -> WhisperModel:
    """The model made of a state dict with openai-whisper's names; every key is used and none is missing."""
    take = _Weights(state, device, torch.float32 if device.type == "cpu" else torch.float16)
    dims = config.dims
    t, d, text = dims.n_audio_ctx, dims.n_audio_state, dims.n_text_state
    model = WhisperModel(
        config=config,
        device=device,
        dtype=take.dtype,
        conv1=(
            take.tensor("encoder.conv1.weight", (d, dims.n_mels, 3)),
            take.tensor("encoder.conv1.bias", (d,)),
        ),
        conv2=(take.tensor("encoder.conv2.weight", (d, d, 3)), take.tensor("encoder.conv2.bias", (d,))),
        audio_positions=take.tensor("encoder.positional_embedding", (t, d)),
        audio_blocks=tuple(take.block(f"encoder.blocks.{i}", d, t) for i in range(dims.n_audio_layer)),
        audio_norm=take.norm("encoder.ln_post", d),
        token_embedding=take.tensor("decoder.token_embedding.weight", (dims.n_vocab, text)),
        text_positions=take.tensor("decoder.positional_embedding", (dims.n_text_ctx, text)),
        text_blocks=tuple(
            (take.block(f"decoder.blocks.{i}", text, 16), take.cross(f"decoder.blocks.{i}", text, t))
            for i in range(dims.n_text_layer)
        ),
        text_norm=take.norm("decoder.ln", text),
    )
    take.nothing_left()
    return model


class _Weights:
    """Hands out each tensor of a state dict once, checked and cast."""

    def __init__(self, state: dict[str, Tensor], device: torch.device, dtype: torch.dtype) -> None:
        self._state = dict(state)
        self._device = device
        self.dtype = dtype

    def tensor(self, name: str, shape: Iterable[int]) -> Tensor:
        """The tensor `name`, which must have `shape`."""
        found = self._state.pop(name, None)
        if found is None or found.shape != torch.Size(shape):
            raise DependencyError(
                f"the Whisper weights lack {name} or have another size of it; run: transcribe models pull"
            )
        return found.to(self._device, self.dtype).contiguous()

    def norm(self, name: str, d: int) -> Norm:
        """A LayerNorm of width `d`."""
        return Norm(self.tensor(f"{name}.weight", (d,)), self.tensor(f"{name}.bias", (d,)))

    def linear(self, name: str, n_in: int, n_out: int, rows: int) -> Linear:
        """A linear map; `rows` as in `Linear`."""
        return Linear(self.tensor(f"{name}.weight", (n_out, n_in)), self.tensor(f"{name}.bias", (n_out,)), rows)

    def block(self, name: str, d: int, rows: int) -> Block:
        """A layer without its cross-attention; the key projection has no bias, so zeros stand in the fused one."""
        parts = [self.tensor(f"{name}.attn.{part}.weight", (d, d)) for part in ("query", "key", "value")]
        query_bias = self.tensor(f"{name}.attn.query.bias", (d,))
        value_bias = self.tensor(f"{name}.attn.value.bias", (d,))
        bias = torch.cat([query_bias, torch.zeros_like(query_bias), value_bias])
        return Block(
            attn_norm=self.norm(f"{name}.attn_ln", d),
            attn_qkv=Linear(torch.cat(parts), bias, rows),
            attn_out=self.linear(f"{name}.attn.out", d, d, rows),
            mlp_norm=self.norm(f"{name}.mlp_ln", d),
            mlp_up=self.linear(f"{name}.mlp.0", d, 4 * d, rows),
            mlp_down=self.linear(f"{name}.mlp.2", 4 * d, d, rows),
        )

    def cross(self, name: str, d: int, t: int) -> CrossAttention:
        """The cross-attention of a decoder layer; keys and values are made for t frames at a time."""
        return CrossAttention(
            norm=self.norm(f"{name}.cross_attn_ln", d),
            query=self.linear(f"{name}.cross_attn.query", d, d, 16),
            key_weight=self.tensor(f"{name}.cross_attn.key.weight", (d, d)),
            value=self.linear(f"{name}.cross_attn.value", d, d, t),
            out=self.linear(f"{name}.cross_attn.out", d, d, 16),
        )

    def nothing_left(self) -> None:
        """Raises `DependencyError` when the state dict holds a tensor that no part of the model used."""
        if self._state:
            raise DependencyError(
                f"the Whisper weights hold {len(self._state)} unknown tensors; run: transcribe models pull"
            )
