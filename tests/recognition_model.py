"""A tiny Whisper with random weights, a short memory and the true vocabulary: as ours and as openai-whisper's."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from whisper.model import ModelDimensions, Whisper

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


def write_tiny_weights(folder: Path) -> Path:
    """A weights folder as `models pull` leaves it, with random weights that are the same every time."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, tensor in Whisper(ModelDimensions(**TINY)).state_dict().items():
        if name.endswith(("ln.weight", "ln_post.weight")):
            state[name] = torch.ones_like(tensor)
        elif name == "encoder.positional_embedding":
            state[name] = tensor
        else:
            scale = 0.7 if name == "decoder.token_embedding.weight" else 0.3
            state[name] = (scale * torch.randn(tensor.shape, generator=generator)).contiguous()
    save_file(state, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"dims": TINY, "alignment_heads": HEADS, "name": "tiny-random"}))
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
