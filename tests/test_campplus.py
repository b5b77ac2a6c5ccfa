"""CAM++'s network and features: shapes, what the layers must do by the paper, and features as Kaldi computes them."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.diarization_weights import write_campplus
from transcribe.diarization.campplus import (
    DIMENSION,
    MEL_BANDS,
    SEGMENT_FRAMES,
    CamPlusPlus,
    ContextAwareMask,
    StatisticsPooling,
    load_campplus,
    log_mel,
)
from transcribe.diarization.draft import DraftVoices
from transcribe.errors import DependencyError


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Several threads on a busy machine wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_campplus(tmp_path_factory.mktemp("weights") / "campplus")


@pytest.fixture(scope="module")
def network(weights: Path) -> CamPlusPlus:
    return load_campplus(weights)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_the_network_has_the_published_size() -> None:
    # Wang et al. 2023, table 2: 7.18 M parameters with a 512-d embedding; 192 dimensions are 0.33 M fewer.
    count = sum(parameter.numel() for parameter in CamPlusPlus().parameters())
    assert count == pytest.approx(7.18e6 - (512 - DIMENSION) * 1024, rel=0.01)


@pytest.mark.parametrize("frames", [3, 50, 100, 101, 200, 333])
def test_any_length_gives_one_vector_each(network: CamPlusPlus, frames: int) -> None:
    with torch.no_grad():
        vectors = network(noise(2, frames, MEL_BANDS))
    assert vectors.shape == (2, DIMENSION)
    assert torch.isfinite(vectors).all()


def test_a_vector_does_not_depend_on_its_batch(network: CamPlusPlus) -> None:
    features = noise(3, 100, MEL_BANDS)
    with torch.no_grad():
        together = network(features)
        alone = torch.cat([network(one[None]) for one in features])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_the_mask_hears_the_whole_input_and_its_own_segment() -> None:
    torch.manual_seed(0)
    layer = ContextAwareMask(dilation=1).eval()
    quiet = noise(1, 128, 3 * SEGMENT_FRAMES)
    changed = quiet.clone()
    changed[..., -1] += 5  # the last frame is far from the first in time, and near it in context
    with torch.no_grad():
        before, after = layer(quiet), layer(changed)
        # What the mask is by definition: sigmoid of the mean over all plus the mean over 100 frames.
        context = quiet.mean(-1, keepdim=True) + quiet[..., :SEGMENT_FRAMES].mean(-1, keepdim=True)
        mask = torch.sigmoid(layer.linear2(torch.relu(layer.linear1(context))))
    torch.testing.assert_close(before[..., :SEGMENT_FRAMES], (layer.linear_local(quiet) * mask)[..., :SEGMENT_FRAMES])
    assert not torch.allclose(before[..., 0], after[..., 0], rtol=1e-6, atol=0)


def test_the_last_segment_is_averaged_over_the_frames_it_has() -> None:
    torch.manual_seed(0)
    layer = ContextAwareMask(dilation=2).eval()
    x = noise(1, 128, SEGMENT_FRAMES + 7)
    with torch.no_grad():
        out = layer(x)
        context = x.mean(-1, keepdim=True) + x[..., SEGMENT_FRAMES:].mean(-1, keepdim=True)
        mask = torch.sigmoid(layer.linear2(torch.relu(layer.linear1(context))))
    assert out.shape[-1] == SEGMENT_FRAMES + 7
    torch.testing.assert_close(out[..., SEGMENT_FRAMES:], (layer.linear_local(x) * mask)[..., SEGMENT_FRAMES:])


def test_pooling_is_mean_and_standard_deviation() -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 9))
    pooled = StatisticsPooling()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(pooled, np.concatenate([x.mean(-1), x.std(-1, ddof=1)], axis=1))


def test_a_louder_voice_is_the_same_voice(network: CamPlusPlus) -> None:
    # Gain adds a constant to every log mel band, and the features' mean is taken off.
    voices = DraftVoices(network, torch.device("cpu"), 400)
    features = noise(1, 200, MEL_BANDS)
    with torch.no_grad():
        vectors = torch.cat([voices._compute(features), voices._compute(features + 3.0)])
    torch.testing.assert_close(vectors[0], vectors[1], rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_weights_with_a_key_too_few_or_too_many_are_refused(weights: Path, tmp_path: Path) -> None:
    state = load_file(weights / "model.safetensors")
    name = "head.conv1.weight"
    for other in (
        {key: tensor for key, tensor in state.items() if key != name},
        state | {"classifier.weight": torch.zeros(1)},
        state | {name: torch.zeros(1)},
    ):
        save_file(other, tmp_path / "model.safetensors")
        with pytest.raises(DependencyError, match="transcribe models pull campplus-zh-en"):
            load_campplus(tmp_path)


def test_features_are_the_same_in_blocks_as_in_one_go() -> None:
    from torchaudio.compliance import kaldi

    waveform = 0.1 * noise(16_000 * 61 + 333)
    expected = kaldi.fbank(waveform[None], num_mel_bins=80, sample_frequency=16_000, dither=0.0)
    torch.testing.assert_close(log_mel(waveform), expected, rtol=1e-4, atol=1e-4)


def test_a_tone_lies_in_its_mel_band() -> None:
    time = torch.arange(16_000) / 16_000
    loudest = [int(log_mel(torch.sin(2 * torch.pi * hertz * time)).mean(0).argmax()) for hertz in (200, 1000, 4000)]
    # Kaldi's mel scale, 80 triangles between 20 Hz and 8 kHz.
    mel = [1127 * np.log(1 + hertz / 700) for hertz in (20, 8000, 200, 1000, 4000)]
    expected = [(m - mel[0]) / ((mel[1] - mel[0]) / 81) - 1 for m in mel[2:]]
    assert loudest == pytest.approx(expected, abs=0.6)


@pytest.mark.parametrize(("samples", "frames"), [(0, 0), (1, 0), (399, 0), (400, 1), (559, 1), (560, 2), (16_000, 98)])
def test_frames_of_25_ms_every_10_ms(samples: int, frames: int) -> None:
    assert log_mel(torch.zeros(samples)).shape == (frames, MEL_BANDS)
