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
from transcribe.recognition.decoder import decode_prompt
from transcribe.recognition.requests import Heard, Request
from transcribe.recognition.slots import Slots
from transcribe.recognition.vocabulary import Vocabulary
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


def margins(model: WhisperModel, asked: Request, expected: Heard, found: Heard) -> str:
    """How near the choice was where two decodings of a window part: for whoever reads a failed test.

    Numbers only, no text: scores of the likeliest two among text, and among timestamps, after what both have said.
    """
    assert expected.hypothesis is not None
    assert found.hypothesis is not None
    one, other = expected.hypothesis.tokens, found.hypothesis.tokens
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if one == other:
        return f"window {asked.seed}: the same {len(one)} tokens, other probabilities or times"
    vocabulary = Vocabulary(model)
    prompt = vocabulary.sequence(expected.language, asked.previous)
    with torch.inference_mode():
        features = asked.features if asked.features is not None else model.encode(asked.mel()[None])[0]
        slots = Slots(model, 1)
        slots.fill([0], features[None])
        hidden = decode_prompt(model, slots, [0], torch.tensor([[*prompt, *one[:at]]]))[0, -1:]
        scores = vocabulary.scores(hidden)[0]
    text, stamps = scores[: vocabulary.eot + 1].topk(2), scores[vocabulary.timestamp_begin :].topk(2)
    return (
        f"window {asked.seed}, token {at} of {len(one)} and {len(other)}, at temperatures "
        f"{expected.hypothesis.temperature} and {found.hypothesis.temperature}: {one[at : at + 1]} or "
        f"{other[at : at + 1]}; margin {float(text.values[0] - text.values[1]):.2e} between text tokens "
        f"{text.indices.tolist()}, {float(stamps.values[0] - stamps.values[1]):.2e} between timestamps "
        f"{(stamps.indices + vocabulary.timestamp_begin).tolist()}"
    )
