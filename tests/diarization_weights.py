"""Weights folders for diarisation tests: networks of the true shapes with random numbers, the same every time."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from transcribe.diarization import pyannote_pipeline  # first: it makes pyannote.audio importable
from transcribe.diarization.campplus import CamPlusPlus

from pyannote.audio.pipelines import SpeakerDiarization  # isort: skip

SEGMENTATION = {
    "architecture": "PyanNet",
    "hyper_parameters": {
        "sample_rate": 16000,
        "num_channels": 1,
        "sincnet": {"stride": 10, "sample_rate": 16000},
        "lstm": {
            "hidden_size": 128,
            "num_layers": 4,
            "bidirectional": True,
            "monolithic": True,
            "dropout": 0.5,
            "batch_first": True,
        },
        "linear": {"hidden_size": 128, "num_layers": 2},
    },
    "specifications": {
        "problem": "MONO_LABEL_CLASSIFICATION",
        "resolution": "FRAME",
        "duration": 10.0,
        "warm_up": [0.0, 0.0],
        "classes": ["speaker#1", "speaker#2", "speaker#3"],
        "powerset_max_classes": 2,
        "permutation_invariant": True,
    },
}
EMBEDDING = {
    "architecture": "WeSpeakerResNet34",
    "hyper_parameters": {
        "sample_rate": 16000,
        "num_channels": 1,
        "num_mel_bins": 80,
        "frame_length": 25,
        "frame_shift": 10,
        "dither": 0.0,
        "window_type": "hamming",
        "use_energy": False,
    },
    "specifications": {
        "problem": "REPRESENTATION",
        "resolution": "CHUNK",
        "duration": 5.0,
        "warm_up": [0.0, 0.0],
        "classes": None,
    },
}
"""As community-1's own embedding has them."""


def write_segmentation(folder: Path) -> Path:
    """segmentation-3.0's shapes (community-1 has the same)."""
    torch.manual_seed(0)
    network = pyannote_pipeline.PyanNet(**SEGMENTATION["hyper_parameters"])
    network.specifications = pyannote_pipeline._specifications(SEGMENTATION["specifications"])
    network.setup()
    return _write(folder, SEGMENTATION, network.state_dict())


def write_campplus(folder: Path) -> Path:
    """CAM++'s shapes, its running statistics those of a network that has seen nothing."""
    torch.manual_seed(0)
    return _write(folder, {"sample_rate": 16000, "num_mel_bins": 80, "dimension": 192}, CamPlusPlus().state_dict())


def write_community(folder: Path) -> Path:
    """community-1's folder: `segmentation/`, `embedding/`, `plda/`."""
    write_segmentation(folder / "segmentation")
    torch.manual_seed(0)
    network = pyannote_pipeline.WeSpeakerResNet34(**EMBEDDING["hyper_parameters"])
    _write(folder / "embedding", EMBEDDING, network.state_dict())
    random = np.random.default_rng(0)
    (folder / "plda").mkdir()
    lda = np.linalg.qr(random.normal(size=(256, 128)))[0]
    np.savez(folder / "plda" / "xvec_transform.npz", mean1=np.zeros(256), mean2=np.zeros(128), lda=lda)
    np.savez(folder / "plda" / "plda.npz", mu=np.zeros(128), tr=np.eye(128), psi=np.linspace(2.0, 0.1, 128))
    return folder


def stock_community(segmentation: Path, community: Path) -> SpeakerDiarization:
    """pyannote's own pipeline on the weights that `load_community` reads, with its default parameters."""
    arrays = (community / "plda" / "xvec_transform.npz", community / "plda" / "plda.npz")
    pipeline = SpeakerDiarization(
        segmentation=pyannote_pipeline._network(pyannote_pipeline.PyanNet, segmentation, ""),
        embedding=pyannote_pipeline._network(pyannote_pipeline.WeSpeakerResNet34, community / "embedding", ""),
        embedding_exclude_overlap=True,
        plda=pyannote_pipeline.PLDA(*arrays),
        clustering="VBxClustering",
        segmentation_batch_size=4,
        embedding_batch_size=4,
    )
    return pipeline.instantiate(pipeline.default_parameters())


def _write(folder: Path, config: dict[str, object], state: dict[str, torch.Tensor]) -> Path:
    folder.mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    return folder
