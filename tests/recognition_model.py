"""A tiny Whisper with random weights, a short memory and the true vocabulary: as ours and as openai-whisper's.

Its weights are such numbers as float16 holds, as those of published models are. It is made to talk a little like one:
texts end, timestamps come in pairs, and what is said depends on the sound.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from whisper.model import ModelDimensions, Whisper

from transcribe.engines import SAMPLE_RATE, Samples
from transcribe.recognition.whisper_model import WhisperModel, load_model

TINY = {
    "n_mels": 80,
    "n_audio_ctx": 1500,
    "n_audio_state": 16,
    "n_audio_head": 2,
    "n_audio_layer": 2,
    "n_vocab": 51865,
    "n_text_ctx": 64,
    "n_text_state": 16,
    "n_text_head": 2,
    "n_text_layer": 3,
}
HEADS = ((1, 0), (1, 1), (2, 1))
_SCALES = {"token_embedding": 0.7, "decoder.positional": 1.5, "cross_attn": 0.8, "conv": 0.6}
"""Weights that are greater than others, so that the text depends on place and sound."""
_SEED = 2
_EOT = 50257
_FIRST_STAMP = 50364
_END = 4.2
_STAMP = 0.6
"""How much the end of the text and timestamps are preferred."""


def write_tiny_weights(folder: Path, n_text_ctx: int = 64) -> Path:
    """A weights folder as `models pull` leaves it, with random weights that are the same every time."""
    folder.mkdir(parents=True, exist_ok=True)
    dims = TINY | {"n_text_ctx": n_text_ctx}
    state = {}
    for name, tensor in Whisper(ModelDimensions(**dims)).state_dict().items():
        if name.endswith(("ln.weight", "ln_post.weight")):
            state[name] = torch.ones_like(tensor)
        elif name == "encoder.positional_embedding":
            state[name] = tensor
        else:
            generator = torch.Generator().manual_seed(zlib.crc32(name.encode()) + _SEED)
            scale = next((scale for part, scale in _SCALES.items() if part in name), 0.3)
            state[name] = scale * torch.randn(tensor.shape, generator=generator)
    # Only the end of a text and timestamps look at the first number of the last hidden state.
    state["decoder.ln.bias"][0] = 2.0
    state["decoder.token_embedding.weight"][:, 0] = 0.0
    state["decoder.token_embedding.weight"][_EOT, 0] = _END
    state["decoder.token_embedding.weight"][_FIRST_STAMP:, 0] = _STAMP
    state = {name: tensor.half().float().contiguous() for name, tensor in state.items()}
    save_file(state, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"dims": dims, "alignment_heads": HEADS, "name": "tiny-random"}))
    return folder


def load_openai(folder: Path) -> Whisper:
    """openai-whisper's own model made of a weights folder, in float32 on the CPU."""
    config = json.loads((folder / "config.json").read_text())
    model = Whisper(ModelDimensions(**config["dims"]))
    state = load_file(folder / "model.safetensors")
    model.load_state_dict({name: tensor.float() for name, tensor in state.items()})
    heads = torch.zeros(model.dims.n_text_layer, model.dims.n_text_head, dtype=torch.bool)
    for layer, head in config["alignment_heads"]:
        heads[layer, head] = True
    model.register_buffer("alignment_heads", heads.to_sparse(), persistent=False)
    return model.eval()


def load_ours(folder: Path) -> WhisperModel:
    """Our model made of a weights folder, on the CPU."""
    return load_model(folder, "cpu")


def noise(seconds: float, seed: int) -> Samples:
    """Sound that is different for every seed: noise that swells and fades, and a tone."""
    rng = np.random.default_rng(seed)
    n = round(seconds * SAMPLE_RATE)
    at = np.arange(n) / SAMPLE_RATE
    envelope = np.interp(at, np.linspace(0, seconds, 12), rng.uniform(0, 1, 12))
    tone = np.sin(2 * np.pi * rng.uniform(80, 4000) * at) * rng.uniform(0, 0.3)
    return (envelope * (0.1 * rng.normal(size=n) + tone)).clip(-1, 1).astype(np.float32)
