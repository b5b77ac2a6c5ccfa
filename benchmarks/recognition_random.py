"""Whisper with random weights of the true shapes, where there is nothing but torch, numpy, tiktoken and safetensors.

Random weights suffice for speed: what is multiplied takes as long. Two things would differ from real speech, and are
dealt with: the end token, whose embedding is zero, so that it is never the likeliest and every window has the number of
tokens asked for; and endless repetition, which random weights fall into and which the engine would break off.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from recognition_shapes import SHAPES, Shape
from torch import Tensor

END = 50257
_LANGUAGES_OF_V2, _VOCABULARY_OF_V2 = 99, 51865


class NameOnly(ModuleType):
    """A module in which every name is a class without anything."""

    def __getattr__(self, name: str) -> type:
        """An empty class of that name."""
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


def use_stand_in_tokenizer() -> bool:
    """Where openai-whisper is missing: its tokens' numbers without their text, which random tokens do not have."""
    if not find_spec("rich"):
        # Of the packages that the program draws its progress with, the engine's modules need no more than the names.
        drawing = [NameOnly(name) for name in ("rich", "rich.console", "rich.progress", "rich.text")]
        sys.modules |= {module.__name__: module for module in drawing}
    if find_spec("whisper"):
        return False
    whisper, tokenizer, timing = (ModuleType(name) for name in ("whisper", "whisper.tokenizer", "whisper.timing"))
    tokenizer.__dict__.update(Tokenizer=SimpleNamespace, get_tokenizer=stand_in_tokenizer)
    timing.__dict__.update(WordTiming=SimpleNamespace, merge_punctuations=lambda *_: None)
    whisper.__dict__.update(tokenizer=tokenizer, timing=timing)
    sys.modules |= {module.__name__: module for module in (whisper, tokenizer, timing)}
    return True


def stand_in_tokenizer(multilingual: bool = True, *, num_languages: int = 100, **_: Any) -> SimpleNamespace:
    """What the engine asks of openai-whisper's tokenizer: the same numbers of the special tokens."""
    assert multilingual
    first = END + 2
    behind = first + num_languages
    start, transcribe = END + 1, behind + 1
    return SimpleNamespace(
        eot=END,
        sot=start,
        sot_prev=behind + 3,
        no_speech=behind + 4,
        no_timestamps=behind + 5,
        timestamp_begin=behind + 6,
        sot_sequence=(start, first, transcribe),
        all_language_codes=("en", *(f"language {number}" for number in range(1, num_languages))),
        all_language_tokens=tuple(range(first, behind)),
        non_speech_tokens=tuple(range(1, 90)),
        encoding=SimpleNamespace(decode=lambda tokens: " ".join(map(str, tokens))),
    )


def random_state(shape: Shape, device: str) -> dict[str, Tensor]:
    """A state dict with openai-whisper's names."""
    generator = torch.Generator(device).manual_seed(0)
    d = shape.n_audio_state

    def matrix(*size: int) -> Tensor:
        spread = (1 / size[-1]) ** 0.5
        made = torch.randn(size, generator=generator, device=device, dtype=torch.float32)
        return (spread * made).to(torch.float16)

    def flat(value: float) -> Tensor:
        return torch.full((d,), value, device=device, dtype=torch.float16)

    def norm(name: str) -> dict[str, Tensor]:
        return {f"{name}.weight": flat(1.0), f"{name}.bias": flat(0.0)}

    def linear(name: str, n_in: int, n_out: int, bias: bool = True) -> dict[str, Tensor]:
        shift = {f"{name}.bias": torch.zeros(n_out, device=device, dtype=torch.float16)} if bias else {}
        return {f"{name}.weight": matrix(n_out, n_in)} | shift

    def attention(name: str) -> dict[str, Tensor]:
        made = norm(f"{name}_ln")
        for part in ("query", "key", "value", "out"):
            made |= linear(f"{name}.{part}", d, d, bias=part != "key")
        return made

    def block(name: str, crosses: bool) -> dict[str, Tensor]:
        made = attention(f"{name}.attn") | (attention(f"{name}.cross_attn") if crosses else {}) | norm(f"{name}.mlp_ln")
        return made | linear(f"{name}.mlp.0", d, 4 * d) | linear(f"{name}.mlp.2", 4 * d, d)

    embedding = matrix(shape.n_vocab, d)
    embedding[END] = 0.0
    state = {
        "encoder.conv1.weight": matrix(d, shape.n_mels, 3),
        "encoder.conv1.bias": flat(0.0),
        "encoder.conv2.weight": matrix(d, d, 3),
        "encoder.conv2.bias": flat(0.0),
        "encoder.positional_embedding": matrix(shape.dims()["n_audio_ctx"], d),
        "decoder.token_embedding.weight": embedding,
        "decoder.positional_embedding": matrix(shape.n_text_ctx, d),
    }
    state |= norm("encoder.ln_post") | norm("decoder.ln")
    for layer in range(shape.n_audio_layer):
        state |= block(f"encoder.blocks.{layer}", crosses=False)
    for layer in range(shape.n_text_layer):
        state |= block(f"decoder.blocks.{layer}", crosses=True)
    return state


def random_model(name: str, device: str) -> Any:
    """The engine's model of a shape of `recognition_shapes`."""
    from transcribe.recognition.whisper_model import Dimensions, ModelConfig, build_model

    shape = SHAPES[name]
    config = ModelConfig(name, Dimensions(**shape.dims()), shape.alignment_heads)
    return build_model(config, random_state(shape, device), torch.device(device), "auto")


@contextlib.contextmanager
def replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Iterator[None]:
    """`owner.name` is what `make` makes of it meanwhile; nothing happens where there is no such name any more."""
    if not hasattr(owner, name):
        yield
        return
    before = getattr(owner, name)
    setattr(owner, name, make(before))
    try:
        yield
    finally:
        setattr(owner, name, before)
