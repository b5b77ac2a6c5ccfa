"""CAM++, the speaker embedding network of the draft weights: 80 mel bands in, one 192-d voice vector out.

Implemented from Wang, Zheng, Chen, Cheng and Chen, "CAM++: A Fast and Efficient Network for Speaker Verification
Using Context-Aware Masking", Interspeech 2023, arXiv 2303.00332. Attribute names follow the keys of the published
weights (`speech_campplus_sv_zh_en_16k-common_advanced`, Apache-2.0), so that they load by name, every key matched.
"""

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.errors import DependencyError

DIMENSION = 192
MEL_BANDS = 80
FRAME_SHIFT_MS = 10
FRAME_LENGTH_MS = 25
SAMPLE_RATE = 16_000

FRONT_CHANNELS = 32
TDNN_CHANNELS = 128
GROWTH = 32
BOTTLENECK = 128
BLOCKS = ((12, 1), (24, 2), (16, 2))
"""(number of layers, dilation) of the three densely connected blocks (paper, table 1)."""
SEGMENT_FRAMES = 100
"""Frames that share one context vector in context-aware masking (paper, section 2.3)."""


def _batchnorm(channels: int, affine: bool = True) -> nn.Sequential:
    """Batch normalisation under the name that the weights' keys have."""
    layer = nn.Sequential()
    layer.add_module("batchnorm", nn.BatchNorm1d(channels, affine=affine))
    return layer


def _batchnorm_relu(channels: int) -> nn.Sequential:
    layer = _batchnorm(channels)
    layer.add_module("relu", nn.ReLU(inplace=True))
    return layer


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions with a shortcut; the first halves the frequency axis when `stride` is 2."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        channels = FRONT_CHANNELS
        self.conv1 = nn.Conv2d(channels, channels, 3, stride=(stride, 1), padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride != 1:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, channels, 1, stride=(stride, 1), bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 32, bands, frames) → (batch, 32, bands / stride, frames)."""
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class FrontEnd(nn.Module):
    """Front-end convolution module: local patterns in time and frequency, frequency axis divided by 8."""

    def __init__(self) -> None:
        super().__init__()
        channels = FRONT_CHANNELS
        self.conv1 = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.layer1 = nn.Sequential(ResidualBlock(2), ResidualBlock(1))
        self.layer2 = nn.Sequential(ResidualBlock(2), ResidualBlock(1))
        self.conv2 = nn.Conv2d(channels, channels, 3, stride=(2, 1), padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, bands, frames) → (batch, 32 · bands / 8, frames)."""
        y = torch.relu(self.bn1(self.conv1(x.unsqueeze(1))))
        y = self.layer2(self.layer1(y))
        y = torch.relu(self.bn2(self.conv2(y)))
        return y.flatten(1, 2)


class Tdnn(nn.Module):
    """Time-delay layer that halves the frame rate."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels_in, TDNN_CHANNELS, 5, stride=2, padding=2, bias=False)
        self.nonlinear = _batchnorm_relu(TDNN_CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, frames) → (batch, 128, frames / 2)."""
        return cast(Tensor, self.nonlinear(self.linear(x)))


class ContextAwareMask(nn.Module):
    """Time-delay layer whose output is masked by what the whole input and its own 100-frame segment sound like."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.linear_local = nn.Conv1d(BOTTLENECK, GROWTH, 3, padding=dilation, dilation=dilation, bias=False)
        self.linear1 = nn.Conv1d(BOTTLENECK, BOTTLENECK // 2, 1)
        self.linear2 = nn.Conv1d(BOTTLENECK // 2, GROWTH, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 128, frames) → (batch, 32, frames)."""
        frames = x.shape[-1]
        segments = nn.functional.avg_pool1d(x, SEGMENT_FRAMES, SEGMENT_FRAMES, ceil_mode=True)
        # The mask is the same for all frames of a segment: it is computed once per segment and then spread.
        context = x.mean(-1, keepdim=True) + segments
        mask = torch.sigmoid(self.linear2(torch.relu(self.linear1(context))))
        masked: Tensor = self.linear_local(x) * mask.repeat_interleave(SEGMENT_FRAMES, dim=-1)[..., :frames]
        return masked


class DenseLayer(nn.Module):
    """One layer of a densely connected block: bottleneck, then the masked time-delay layer."""

    def __init__(self, channels_in: int, dilation: int) -> None:
        super().__init__()
        self.nonlinear1 = _batchnorm_relu(channels_in)
        self.linear1 = nn.Conv1d(channels_in, BOTTLENECK, 1, bias=False)
        self.nonlinear2 = _batchnorm_relu(BOTTLENECK)
        self.cam_layer = ContextAwareMask(dilation)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, frames) → (batch, channels + 32, frames): the input with 32 channels added."""
        added = self.cam_layer(self.nonlinear2(self.linear1(self.nonlinear1(x))))
        return torch.cat((x, added), dim=1)


class Transition(nn.Module):
    """Halves the channels between blocks."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        self.nonlinear = _batchnorm_relu(channels_in)
        self.linear = nn.Conv1d(channels_in, channels_in // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, frames) → (batch, channels / 2, frames)."""
        return cast(Tensor, self.linear(self.nonlinear(x)))


class StatisticsPooling(nn.Module):
    """Mean and standard deviation over time."""

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, frames ≥ 2) → (batch, 2 · channels)."""
        return torch.cat((x.mean(-1), x.std(-1, unbiased=True)), dim=-1)


class Embedding(nn.Module):
    """The last linear layer, normalised."""

    def __init__(self, channels_in: int) -> None:
        super().__init__()
        self.linear = nn.Conv1d(channels_in, DIMENSION, 1, bias=False)
        self.nonlinear = _batchnorm(DIMENSION, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels) → (batch, 192)."""
        return cast(Tensor, self.nonlinear(self.linear(x.unsqueeze(-1)).squeeze(-1)))


class CamPlusPlus(nn.Module):
    """The network: front end, three dense blocks with transitions, pooling, embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.head = FrontEnd()
        self.xvector = nn.Sequential()
        self.xvector.add_module("tdnn", Tdnn(FRONT_CHANNELS * MEL_BANDS // 8))
        channels = TDNN_CHANNELS
        for number, (layers, dilation) in enumerate(BLOCKS, start=1):
            block = nn.Sequential()
            for layer in range(layers):
                block.add_module(f"tdnnd{layer + 1}", DenseLayer(channels + layer * GROWTH, dilation))
            channels += layers * GROWTH
            self.xvector.add_module(f"block{number}", block)
            self.xvector.add_module(f"transit{number}", Transition(channels))
            channels //= 2
        self.xvector.add_module("out_nonlinear", _batchnorm_relu(channels))
        self.xvector.add_module("stats", StatisticsPooling())
        self.xvector.add_module("dense", Embedding(2 * channels))

    def forward(self, features: Tensor) -> Tensor:
        """Mean-normalised log mel features (batch, frames ≥ 3, 80) → voice vectors (batch, 192)."""
        return cast(Tensor, self.xvector(self.head(features.transpose(1, 2))))


def load_campplus(folder: Path) -> CamPlusPlus:
    """CAM++ with the weights of `folder/model.safetensors`, on the CPU, for inference.

    Raises `DependencyError` when the file is missing or its keys or shapes are not exactly CAM++'s.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    model = CamPlusPlus()
    try:
        model.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise DependencyError(
            "the CAM++ voice model is missing or damaged; run: transcribe models pull campplus-zh-en"
        ) from error
    return model.eval().requires_grad_(False)


def log_mel(waveform: Tensor) -> Tensor:
    """Log mel features of `waveform` (samples,), 16 kHz, as CAM++ was trained on: (frames, 80), not yet normalised.

    Kaldi's filter bank (25 ms frames every 10 ms, frame `i` starting at `i` · 10 ms), computed in blocks of a
    minute so that memory stays flat; the same as in one go, because each frame depends on its own samples only.
    """
    install_torchaudio_stub()
    from torchaudio.compliance import kaldi

    shift = SAMPLE_RATE * FRAME_SHIFT_MS // 1000
    length = SAMPLE_RATE * FRAME_LENGTH_MS // 1000
    frames = max(0, 1 + (len(waveform) - length) // shift)
    block = 60 * 1000 // FRAME_SHIFT_MS
    parts = [
        kaldi.fbank(
            waveform[None, first * shift : (min(first + block, frames) - 1) * shift + length],
            num_mel_bins=MEL_BANDS,
            sample_frequency=SAMPLE_RATE,
            frame_length=FRAME_LENGTH_MS,
            frame_shift=FRAME_SHIFT_MS,
            dither=0.0,
        )
        for first in range(0, frames, block)
    ]
    return torch.cat(parts) if parts else waveform.new_zeros((0, MEL_BANDS))
