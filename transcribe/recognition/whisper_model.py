"""Whisper's weights in memory, and its encoder.

The weights are OpenAI's, read from `model.safetensors` (state-dict names of openai-whisper) and `config.json`. They
are cast once. On CUDA all is float16, but LayerNorm and softmax are float32. On the CPU the decoder computes in float32
with its weights kept as published, in float16; what is made once per window, the encoder and the keys and values of
its frames, is bfloat16 where the processor multiplies that natively (AMX) and float32 elsewhere
(docs/decisions/0016). Query, key and value projections are fused. On the CPU, the encoder's products go through oneDNN
with weights packed once: the same float32 result, 2-3 × faster than MKL on AMD.

Shapes: b windows, t = 1500 encoder frames of 20 ms, d model width, h heads of width d/h.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from transcribe.engines import Precision
from transcribe.errors import DependencyError
from transcribe.recognition.layers import Block, CrossAttention, HalfLinear, Linear, Norm, attend

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


@dataclass(frozen=True, slots=True)
class WhisperModel:
    """All weights of a Whisper model, ready to run on `device`: the decoder in `dtype`, what looks at the sound in
    `sound_dtype`.
    """

    config: ModelConfig
    device: torch.device
    dtype: torch.dtype
    sound_dtype: torch.dtype
    conv1: tuple[Tensor, Tensor]
    conv2: tuple[Tensor, Tensor]
    audio_positions: Tensor
    audio_blocks: tuple[Block, ...]
    audio_norm: Norm
    token_embedding: Tensor
    text_positions: Tensor
    text_blocks: tuple[tuple[Block, CrossAttention], ...]
    text_norm: Norm

    def embed(self, tokens: Tensor, positions: Tensor) -> Tensor:
        """What the decoder begins with: tokens at positions, both of any shape (…), to (…, d)."""
        return functional.embedding(tokens, self.token_embedding).to(self.dtype) + self.text_positions[positions]

    def encode(self, mel: Tensor) -> Tensor:
        """Log-mel windows (b, n_mels, 2t) to features (b, t, d)."""
        x = functional.gelu(functional.conv1d(mel.to(self.sound_dtype), *self.conv1, padding=1))
        x = functional.gelu(functional.conv1d(x, *self.conv2, stride=2, padding=1))
        # The sum that runs through all layers is float32 on the CPU: bfloat16 has too few digits for it.
        x = x.transpose(1, 2).contiguous().to(self.dtype) + self.audio_positions
        b, t, d = x.shape
        heads = self.config.dims.n_audio_head
        for block in self.audio_blocks:
            q, k, v = block.attn_qkv(block.attn_norm(x)).view(b, t, 3, heads, d // heads).permute(2, 0, 3, 1, 4)
            x += block.attn_out(attend(q, k, v))
            x += block.mlp(x)
        return self.audio_norm(x)


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


def load_model(folder: Path, device: str, precision: Precision = "float32") -> WhisperModel:
    """The model of a weights folder on `device` ("cpu", "cuda", "cuda:1"); `precision` as in `RecognitionOptions`.

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
    if place.type == "cuda" and precision == "float32":
        # Else convolutions are computed with the digits of TF32.
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    return build_model(config, state, place, precision)


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 natively (AMX)."""
    supported = getattr(torch.cpu, "_is_amx_tile_supported", None)
    return bool(supported and supported())


def build_model(
    config: ModelConfig, state: dict[str, Tensor], device: torch.device, precision: Precision = "float32"
) -> WhisperModel:
    """The model made of a state dict with openai-whisper's names; every key is used and none is missing."""
    dtype = sound_dtype = torch.float32
    if device.type == "cuda" and precision == "auto":
        dtype = sound_dtype = torch.float16
    elif precision == "auto" and multiplies_bfloat16():
        sound_dtype = torch.bfloat16
    take = _Weights(state, device, dtype, sound_dtype)
    dims = config.dims
    t, d, text = dims.n_audio_ctx, dims.n_audio_state, dims.n_text_state
    model = WhisperModel(
        config=config,
        device=device,
        dtype=dtype,
        sound_dtype=sound_dtype,
        conv1=(
            take.tensor("encoder.conv1.weight", (d, dims.n_mels, 3), sound_dtype),
            take.tensor("encoder.conv1.bias", (d,), sound_dtype),
        ),
        conv2=(
            take.tensor("encoder.conv2.weight", (d, d, 3), sound_dtype),
            take.tensor("encoder.conv2.bias", (d,), sound_dtype),
        ),
        audio_positions=take.tensor("encoder.positional_embedding", (t, d), dtype),
        audio_blocks=tuple(
            take.block(f"encoder.blocks.{i}", d, partial(Linear, rows=t), sound_dtype)
            for i in range(dims.n_audio_layer)
        ),
        audio_norm=take.norm("encoder.ln_post", d, sound_dtype),
        # Published as float16: nothing is lost, and `embed` casts what it takes.
        token_embedding=take.tensor("decoder.token_embedding.weight", (dims.n_vocab, text), torch.float16),
        text_positions=take.tensor("decoder.positional_embedding", (dims.n_text_ctx, text), dtype),
        text_blocks=tuple(
            (take.block(f"decoder.blocks.{i}", text, HalfLinear, dtype), take.cross(f"decoder.blocks.{i}", text, t))
            for i in range(dims.n_text_layer)
        ),
        text_norm=take.norm("decoder.ln", text, dtype),
    )
    take.nothing_left()
    return model


MakeLinear = Callable[[Tensor, Tensor | None], Linear | HalfLinear]


class _Weights:
    """Hands out each tensor of a state dict once, checked and cast."""

    def __init__(
        self, state: dict[str, Tensor], device: torch.device, dtype: torch.dtype, sound_dtype: torch.dtype
    ) -> None:
        self._state = dict(state)
        self._device = device
        self._dtype = dtype
        self._sound_dtype = sound_dtype

    def tensor(self, name: str, shape: Iterable[int], dtype: torch.dtype) -> Tensor:
        """The tensor `name`, which must have `shape`."""
        found = self._state.pop(name, None)
        if found is None or found.shape != torch.Size(shape):
            raise DependencyError(
                f"the Whisper weights lack {name} or have another size of it; run: transcribe models pull"
            )
        return found.to(self._device, dtype).contiguous()

    def norm(self, name: str, d: int, dtype: torch.dtype) -> Norm:
        """A LayerNorm of width `d` before a product in `dtype`."""
        return Norm(
            self.tensor(f"{name}.weight", (d,), torch.float32), self.tensor(f"{name}.bias", (d,), torch.float32), dtype
        )

    def linear(self, name: str, n_in: int, n_out: int, make: MakeLinear, dtype: torch.dtype) -> Linear | HalfLinear:
        """A linear map made by `make`."""
        weight = self.tensor(f"{name}.weight", (n_out, n_in), dtype)
        return make(weight, self.tensor(f"{name}.bias", (n_out,), dtype))

    def block(self, name: str, d: int, make: MakeLinear, dtype: torch.dtype) -> Block:
        """A layer without its cross-attention; the key projection has no bias, so zeros stand in the fused one."""
        parts = [self.tensor(f"{name}.attn.{part}.weight", (d, d), dtype) for part in ("query", "key", "value")]
        query_bias = self.tensor(f"{name}.attn.query.bias", (d,), dtype)
        value_bias = self.tensor(f"{name}.attn.value.bias", (d,), dtype)
        bias = torch.cat([query_bias, torch.zeros_like(query_bias), value_bias])
        return Block(
            attn_norm=self.norm(f"{name}.attn_ln", d, dtype),
            attn_qkv=make(torch.cat(parts), bias),
            attn_out=self.linear(f"{name}.attn.out", d, d, make, dtype),
            mlp_norm=self.norm(f"{name}.mlp_ln", d, dtype),
            mlp_up=self.linear(f"{name}.mlp.0", d, 4 * d, make, dtype),
            mlp_down=self.linear(f"{name}.mlp.2", 4 * d, d, make, dtype),
        )

    def cross(self, name: str, d: int, t: int) -> CrossAttention:
        """The cross-attention of a decoder layer; keys and values are made for t frames at a time."""
        key = self.tensor(f"{name}.cross_attn.key.weight", (d, d), self._sound_dtype)
        frames = partial(Linear, rows=t)
        return CrossAttention(
            norm=self.norm(f"{name}.cross_attn_ln", d, self._dtype),
            query=self.linear(f"{name}.cross_attn.query", d, d, HalfLinear, self._dtype),
            key=frames(key, None),
            value=self.linear(f"{name}.cross_attn.value", d, d, frames, self._sound_dtype),
            out=self.linear(f"{name}.cross_attn.out", d, d, HalfLinear, self._dtype),
        )

    def nothing_left(self) -> None:
        """Raises `DependencyError` when the state dict holds a tensor that no part of the model used."""
        if self._state:
            raise DependencyError(
                f"the Whisper weights hold {len(self._state)} unknown tensors; run: transcribe models pull"
            )
