"""Reads a CTranslate2 Whisper model file and names its tensors as openai-whisper does.

The file (CTranslate2 `Model::load`, binary version 6), little-endian: u32 version, string spec name, u32 spec
revision, u32 number of variables, then per variable: string name, u8 rank, u32 × rank shape, u8 data type, u32
number of bytes, the bytes; then u32 number of aliases with two strings each. A string is u16 length, that many
bytes, the last of them NUL.
"""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from transcribe.errors import ValidationError

_DTYPES = {0: "<f4", 1: "|i1", 2: "<i2", 3: "<i4", 4: "<f2"}

_ENDS = {
    "encoder/conv1/weight": "encoder.conv1.weight",
    "encoder/conv1/bias": "encoder.conv1.bias",
    "encoder/conv2/weight": "encoder.conv2.weight",
    "encoder/conv2/bias": "encoder.conv2.bias",
    "encoder/position_encodings/encodings": "encoder.positional_embedding",
    "encoder/layer_norm/gamma": "encoder.ln_post.weight",
    "encoder/layer_norm/beta": "encoder.ln_post.bias",
    "decoder/embeddings/weight": "decoder.token_embedding.weight",
    "decoder/position_encodings/encodings": "decoder.positional_embedding",
    "decoder/layer_norm/gamma": "decoder.ln.weight",
    "decoder/layer_norm/beta": "decoder.ln.bias",
}

# Within a layer: CTranslate2's module → openai-whisper's modules that it holds, fused along the first axis.
_LAYER = {
    "self_attention/layer_norm": ("attn_ln",),
    "self_attention/linear_0": ("attn.query", "attn.key", "attn.value"),
    "self_attention/linear_1": ("attn.out",),
    "attention/layer_norm": ("cross_attn_ln",),
    "attention/linear_0": ("cross_attn.query",),
    "attention/linear_1": ("cross_attn.key", "cross_attn.value"),
    "attention/linear_2": ("cross_attn.out",),
    "ffn/layer_norm": ("mlp_ln",),
    "ffn/linear_0": ("mlp.0",),
    "ffn/linear_1": ("mlp.2",),
}
_PARAMETER = {"weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias"}

Tensor = NDArray[np.generic]


def read_ctranslate2(path: Path) -> dict[str, Tensor]:
    """All variables of a CTranslate2 model, by its own names, shapes as stored (scalars have shape ()).

    Raises `ValidationError` when the file is not a binary-version-6 Whisper model or is cut short.
    """
    variables: dict[str, Tensor] = {}
    with path.open("rb") as file:
        try:
            version, spec, _spec_revision = _number(file, "I"), _string(file), _number(file, "I")
            if version != 6 or spec != "WhisperSpec":
                raise ValidationError(
                    f"Not a CTranslate2 Whisper model of version 6 but {spec!r} of version {version}."
                )
            for _ in range(_number(file, "I")):
                name = _string(file)
                shape = tuple(_number(file, "I") for _ in range(_number(file, "B")))
                dtype = np.dtype(_DTYPES[_number(file, "B")])
                data = _exactly(file, _number(file, "I"))
                variables[name] = np.frombuffer(data, dtype).reshape(shape)
        except (KeyError, UnicodeDecodeError, ValueError) as error:
            raise ValidationError("The CTranslate2 model file is damaged.") from error
    return variables


def whisper_tensors(variables: dict[str, Tensor]) -> dict[str, Tensor]:
    """openai-whisper's state dict of a CTranslate2 Whisper model.

    Raises `ValidationError` for a variable without a counterpart, a fused tensor that does not divide, or a key
    projection with a bias (openai-whisper has none: CTranslate2 stores zeros).
    """
    tensors: dict[str, Tensor] = {}
    for name, value in variables.items():
        if value.ndim == 0:
            continue  # settings such as num_heads
        if name in _ENDS:
            tensors[_ENDS[name]] = value
            continue
        stack, layer, *module, parameter = name.split("/")
        parts = _LAYER.get("/".join(module))
        if stack not in ("encoder", "decoder") or parts is None or len(value) % len(parts):
            raise ValidationError(f"openai-whisper has no counterpart of the CTranslate2 variable {name}.")
        for part, tensor in zip(parts, np.split(value, len(parts)), strict=True):
            key = f"{stack}.blocks.{layer.removeprefix('layer_')}.{part}.{_PARAMETER[parameter]}"
            if not part.endswith(".key") or parameter != "bias":
                tensors[key] = tensor
            elif tensor.any():
                raise ValidationError(f"The CTranslate2 variable {name} has a key bias, which Whisper never has.")
    return tensors


def whisper_dimensions(variables: dict[str, Tensor]) -> dict[str, int]:
    """openai-whisper's `ModelDimensions`, from the shapes. Raises `ValidationError` when a tensor is missing."""
    try:
        audio_context, audio_state = variables["encoder/position_encodings/encodings"].shape
        text_context, text_state = variables["decoder/position_encodings/encodings"].shape
        return {
            "n_mels": variables["encoder/conv1/weight"].shape[1],
            "n_audio_ctx": audio_context,
            "n_audio_state": audio_state,
            "n_audio_head": int(variables["encoder/num_heads"].item()),
            "n_audio_layer": _layers(variables, "encoder"),
            "n_vocab": variables["decoder/embeddings/weight"].shape[0],
            "n_text_ctx": text_context,
            "n_text_state": text_state,
            "n_text_head": int(variables["decoder/num_heads"].item()),
            "n_text_layer": _layers(variables, "decoder"),
        }
    except (KeyError, ValueError, IndexError) as error:
        raise ValidationError("The CTranslate2 model lacks a tensor that Whisper has.") from error


def _layers(variables: dict[str, Tensor], stack: str) -> int:
    seconds = {name.split("/")[1] for name in variables if name.startswith(f"{stack}/")}
    return sum(second.removeprefix("layer_").isdigit() for second in seconds)


def _number(file: BinaryIO, kind: str) -> int:
    return int(struct.unpack(f"<{kind}", _exactly(file, struct.calcsize(f"<{kind}")))[0])


def _string(file: BinaryIO) -> str:
    return _exactly(file, _number(file, "H")).rstrip(b"\0").decode("utf-8")


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise ValueError(f"{count} bytes expected, {len(data)} left")
    return data
