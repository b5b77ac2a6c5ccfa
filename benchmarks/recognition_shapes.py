"""Whisper's shapes, what a window costs in bytes and operations, and what a device could do with that at best.

Plain arithmetic, for `benchmarks/recognition_gpu.py`. Weights, keys and values are counted as 16 bit. Counted is what
has to be moved and multiplied: the encoder and the keys and values of its frames once per window; in a step the
weights of the decoder once for all rows, and for each row the keys and values of the sound and of its own tokens; for
word times one pass over the text per window. Activations stay on the chip, so that the figures are what cannot be
beaten.
"""

from dataclasses import dataclass

BYTES = 2
FRAMES = 1500
PROMPT = 4
"""Tokens of a prompt without text before: start, language, task, and where word times are found `no_timestamps`."""


@dataclass(frozen=True)
class Shape:
    """Dimensions of a Whisper model with openai-whisper's names, and its alignment heads."""

    n_mels: int
    n_audio_state: int
    n_audio_head: int
    n_audio_layer: int
    n_vocab: int
    n_text_layer: int
    alignment_heads: tuple[tuple[int, int], ...]
    n_text_ctx: int = 448

    def dims(self) -> dict[str, int]:
        """`ModelDimensions`; encoder and decoder are equally wide."""
        text = {"n_vocab": self.n_vocab, "n_text_ctx": self.n_text_ctx, "n_text_state": self.n_audio_state}
        text |= {"n_text_head": self.n_audio_head, "n_text_layer": self.n_text_layer}
        sound = {"n_mels": self.n_mels, "n_audio_ctx": FRAMES, "n_audio_state": self.n_audio_state}
        return sound | {"n_audio_head": self.n_audio_head, "n_audio_layer": self.n_audio_layer} | text


_HEADS_V3 = ((7, 0), (10, 17), (12, 18), (13, 12), (16, 1), (17, 14), (19, 11), (21, 4), (24, 1), (25, 6))
_HEADS_TURBO = ((2, 4), (2, 11), (3, 3), (3, 6), (3, 11), (3, 14))

SHAPES = {
    "large-v3": Shape(128, 1280, 20, 32, 51866, 32, _HEADS_V3),
    "turbo": Shape(128, 1280, 20, 32, 51866, 4, _HEADS_TURBO),
    "tiny": Shape(80, 64, 2, 2, 51865, 2, ((1, 0), (1, 1))),
}
"""`tiny` is no published model: it is to try the script on a CPU."""


@dataclass(frozen=True)
class Device:
    """What a device does at best: bytes per second of its memory, 16-bit operations per second without sparsity."""

    bandwidth: float
    operations: float


DEVICES = {
    "H200": Device(4.80e12, 989e12),
    "H100 NVL": Device(3.90e12, 835e12),
    "H100 PCIe": Device(2.00e12, 756e12),
    "H100": Device(3.35e12, 989e12),
}
"""By part of the name that CUDA tells, the more special first; from NVIDIA's data sheets."""


def device_of(name: str) -> Device | None:
    """The figures of a device by its name, None when it is not known."""
    return next((device for part, device in DEVICES.items() if part.lower() in name.lower()), None)


@dataclass(frozen=True)
class Work:
    """Bytes to move and operations to make."""

    bytes: float
    operations: float

    def seconds(self, device: Device) -> float:
        """What the slower of the two takes."""
        return max(self.bytes / device.bandwidth, self.operations / device.operations)


def encoding(shape: Shape, windows: int) -> Work:
    """The encoder, and the keys and values of its frames for all layers of the decoder."""
    d = shape.n_audio_state
    convolutions = 2 * 2 * FRAMES * d * shape.n_mels * 3 + 2 * FRAMES * d * d * 3
    layer = 2 * FRAMES * 12 * d * d + 4 * FRAMES * FRAMES * d
    sound = shape.n_text_layer * 2 * 2 * FRAMES * d * d
    weights = 12 * d * d * shape.n_audio_layer + 3 * d * (shape.n_mels + d) + 2 * d * d * shape.n_text_layer
    written = windows * shape.n_text_layer * 2 * FRAMES * d
    return Work(BYTES * (weights + written), windows * (convolutions + shape.n_audio_layer * layer + sound))


def step(shape: Shape, rows: int, position: float) -> Work:
    """One token more for so many rows at a position (mean)."""
    d, layers = shape.n_audio_state, shape.n_text_layer
    # Self-attention has four products of d × d, cross-attention two, the feed-forward part eight.
    weights = layers * 14 * d * d + shape.n_vocab * d
    seen = layers * 2 * d * (FRAMES + position)
    return Work(BYTES * (weights + rows * seen), rows * (2 * weights + 2 * seen))


def alignment(shape: Shape, windows: int, tokens: int) -> Work:
    """The pass over the text of each window for word times, as far as the last layer with alignment heads."""
    d = shape.n_audio_state
    layers = max(layer for layer, _ in shape.alignment_heads) + 1
    weights = layers * 14 * d * d
    seen = layers * 2 * d * FRAMES
    length = tokens + PROMPT + 1
    return Work(BYTES * (weights + windows * seen), windows * length * (2 * weights + 2 * seen))


def roofline(shape: Shape, rows: int, tokens: int, word_times: bool, device: Device) -> dict[str, float]:
    """Seconds per window that no program on this device can beat, by part, with so many rows at a time."""
    prompt = Work(step(shape, rows, 0).bytes, PROMPT * step(shape, rows, PROMPT / 2).operations)
    steps = tokens * step(shape, rows, PROMPT + tokens / 2).seconds(device)
    parts = {"encoder": encoding(shape, rows).seconds(device), "decoder": prompt.seconds(device) + steps}
    if word_times:
        parts["word times"] = alignment(shape, rows, tokens).seconds(device)
    return {part: seconds / rows for part, seconds in parts.items()}
