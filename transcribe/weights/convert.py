"""Turns weights as published into what the engines read: safetensors and JSON, nothing that has to be unpickled.

Checkpoints are unpickled here once, by torch's restricted unpickler (`weights_only=True`), after their sha256 was
checked. Classes that a checkpoint names are replaced by empty stand-ins, so no code of pyannote or of a wheel runs.
"""

import base64
import enum
import gzip
import json
import pickle
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, assert_never

import numpy as np
import torch
from safetensors.torch import save_file
from torch.torch_version import TorchVersion

from transcribe.errors import ValidationError
from transcribe.weights.catalog import ModelEntry
from transcribe.weights.ctranslate2 import read_ctranslate2, whisper_dimensions, whisper_tensors


class _Specifications:
    """Stands in for `pyannote.audio.core.task.Specifications`; the unpickler fills its `__dict__`."""


class _Problem(enum.Enum):
    """Stands in for `pyannote.audio.core.task.Problem`, same names and values."""

    BINARY_CLASSIFICATION = 0
    MONO_LABEL_CLASSIFICATION = 1
    MULTI_LABEL_CLASSIFICATION = 2
    REPRESENTATION = 3
    REGRESSION = 4


class _Resolution(enum.Enum):
    """Stands in for `pyannote.audio.core.task.Resolution`, same names and values."""

    FRAME = 1
    CHUNK = 2


_STAND_INS: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
    (_Specifications, "pyannote.audio.core.task.Specifications"),
    (_Problem, "pyannote.audio.core.task.Problem"),
    (_Resolution, "pyannote.audio.core.task.Resolution"),
    TorchVersion,
]

_SPECIFICATION_FIELDS = (
    "duration",
    "min_duration",
    "warm_up",
    "classes",
    "powerset_max_classes",
    "permutation_invariant",
)


def convert(model: ModelEntry, originals: Path, converted: Path) -> None:
    """Writes the model's own format into the existing folder `converted`, from the source's files in `originals`.

    Raises `ValidationError` when a tensor is missing, left over, or has another shape than the model needs.
    """
    match model.format:
        case "whisper-ctranslate2":
            _convert_ctranslate2(model, originals, converted)
        case "whisper-openai":
            _convert_openai(model, originals, converted)
        case "pyannote-checkpoint":
            _convert_pyannote(_only(model, originals, "pytorch_model.bin"), converted)
        case "pyannote-pipeline":
            _convert_pipeline(originals, converted)
        case "campplus":
            _convert_campplus(_only(model, originals, ".pt"), converted)
        case "spacy":
            _copy_spacy(model, originals, converted)
        case _:
            assert_never(model.format)


def _convert_ctranslate2(model: ModelEntry, originals: Path, converted: Path) -> None:
    parts = sorted(file.path for file in model.files if "/model.bin" in f"/{file.path}")
    joined = converted / "joined.tmp"
    with joined.open("wb") as target:
        for part in sorted(parts, key=lambda path: PurePosixPath(path).name):
            with (originals / part).open("rb") as source:
                shutil.copyfileobj(source, target)
    variables = read_ctranslate2(joined)
    joined.unlink()
    settings = json.loads(_only(model, originals, "config.json").read_text(encoding="utf-8"))
    tensors = {name: torch.from_numpy(np.array(value)) for name, value in whisper_tensors(variables).items()}
    _write_whisper(model, converted, tensors, whisper_dimensions(variables), settings["alignment_heads"])


def _convert_openai(model: ModelEntry, originals: Path, converted: Path) -> None:
    import whisper

    path = _only(model, originals, ".pt")
    checkpoint = _load(path)
    dimensions = {name: int(value) for name, value in checkpoint["dims"].items()}
    mask = gzip.decompress(base64.b85decode(whisper._ALIGNMENT_HEADS[path.stem]))
    heads = np.frombuffer(mask, dtype=bool).reshape(dimensions["n_text_layer"], dimensions["n_text_head"])
    _write_whisper(model, converted, checkpoint["model_state_dict"], dimensions, np.argwhere(heads).tolist())


def _write_whisper(
    model: ModelEntry,
    converted: Path,
    tensors: Mapping[str, torch.Tensor],
    dimensions: dict[str, int],
    alignment_heads: list[list[int]],
) -> None:
    """fp16 throughout, as OpenAI publishes its weights; the names are openai-whisper's state dict, complete."""
    expected = whisper_shapes(dimensions)
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise ValidationError(f"{model.name}: {len(wrong)} tensors do not fit openai-whisper, such as {wrong[0]}.")
    _save({name: tensor.to(torch.float16) for name, tensor in tensors.items()}, converted)
    name = model.name.removeprefix("whisper-")
    _write_json(converted, {"dims": dimensions, "alignment_heads": alignment_heads, "name": name})


def whisper_shapes(dimensions: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
    """Name and shape of every tensor in openai-whisper's state dict of a model with these dimensions.

    Built from openai-whisper's own modules on torch's `meta` device, so large-v3 costs no memory.
    """
    from whisper.model import AudioEncoder, ModelDimensions, TextDecoder

    dims = ModelDimensions(**dimensions)
    with torch.device("meta"):
        encoder = AudioEncoder(dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer)
        decoder = TextDecoder(dims.n_vocab, dims.n_text_ctx, dims.n_text_state, dims.n_text_head, dims.n_text_layer)
    parts = {"encoder": encoder, "decoder": decoder}
    return {f"{part}.{name}": tuple(value.shape) for part in parts for name, value in parts[part].state_dict().items()}


def _convert_pyannote(path: Path, converted: Path) -> None:
    """A pyannote.audio checkpoint: `architecture` is the class's name, the rest rebuilds and describes the model."""
    checkpoint = _load(path)
    specifications = vars(checkpoint["pyannote.audio"]["specifications"])
    described: dict[str, object] = {
        "problem": specifications["problem"].name,
        "resolution": specifications["resolution"].name,
        **{name: specifications[name] for name in _SPECIFICATION_FIELDS if name in specifications},
    }
    _save(checkpoint["state_dict"], converted)
    _write_json(
        converted,
        {
            "architecture": checkpoint["pyannote.audio"]["architecture"]["class"],
            "hyper_parameters": dict(checkpoint["hyper_parameters"]),
            "specifications": described,
        },
    )


def _convert_pipeline(originals: Path, converted: Path) -> None:
    for part in ("segmentation", "embedding"):
        (converted / part).mkdir()
        _convert_pyannote(originals / part / "pytorch_model.bin", converted / part)
    (converted / "plda").mkdir()
    for name in ("plda.npz", "xvec_transform.npz"):
        # An .npz may hold pickled objects; reading every array proves that these hold numbers only.
        try:
            with np.load(originals / "plda" / name, allow_pickle=False) as arrays:
                for array in arrays.files:
                    arrays[array]
        except ValueError as error:
            raise ValidationError(
                f"plda/{name} holds Python objects that are not weights; it was not loaded."
            ) from error
        shutil.copyfile(originals / "plda" / name, converted / "plda" / name)
    shutil.copyfile(originals / "config.yaml", converted / "config.yaml")


def _convert_campplus(path: Path, converted: Path) -> None:
    tensors = _load(path)
    # 192 is the output of CAM++'s last layer, `xvector.dense`; the input is 80 mel bins of 16 kHz sound (3D-Speaker).
    dimension = int(tensors["xvector.dense.linear.weight"].shape[0])
    _save(tensors, converted)
    _write_json(converted, {"sample_rate": 16_000, "num_mel_bins": 80, "dimension": dimension})


def _copy_spacy(model: ModelEntry, originals: Path, converted: Path) -> None:
    """The data folder as spaCy itself saves it: the folder of `config.cfg` becomes the model's folder."""
    root = _only(model, originals, "config.cfg").parent
    for path in sorted(root.rglob("*")):
        if path.is_file():
            target = converted / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def _load(path: Path) -> Any:
    with torch.serialization.safe_globals(_STAND_INS):
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=_is_zip(path))
        except pickle.UnpicklingError as error:
            raise ValidationError(
                f"{path.name} holds Python objects that are not weights; it was not loaded."
            ) from error


def _is_zip(path: Path) -> bool:
    # torch can map only its zip format into memory; checkpoints of before torch 1.6 are plain pickles.
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _only(model: ModelEntry, originals: Path, ending: str) -> Path:
    found = [file.path for file in model.files if file.path.endswith(ending)]
    if len(found) != 1:
        raise ValidationError(f"models.toml: {model.name} must have one file that ends in {ending}.")
    return originals / found[0]


def _save(tensors: Mapping[str, torch.Tensor], converted: Path) -> None:
    ordered = {name: tensors[name].contiguous() for name in sorted(tensors)}
    save_file(ordered, converted / "model.safetensors")


def _write_json(converted: Path, fields: dict[str, object]) -> None:
    text = json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False)
    (converted / "config.json").write_text(text + "\n", encoding="utf-8")
