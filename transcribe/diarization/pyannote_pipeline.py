"""pyannote.audio's speaker diarisation, rebuilt from our converted weights; importing this module imports torch.

Nothing here unpickles and nothing downloads: networks are built from `config.json` and filled from
`model.safetensors` in one folder each, every key matched.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transcribe.diarization.campplus import DIMENSION, FRAME_SHIFT_MS, CamPlusPlus, load_campplus, log_mel
from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.errors import DependencyError

install_torchaudio_stub()

from pyannote.audio import Model
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import WeSpeakerResNet34
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.core import SlidingWindowFeature

SEGMENTATION_BATCH = 32
EMBEDDING_BATCH = 16
PIECE_FRAMES = (200, 100, 50)
MIN_CLEAN_FRAMES = 50

CAMPPLUS_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7},
}
COMMUNITY_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "segmentation": {"min_duration_off": 0.0},
    "clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
}


class CamPlusPlusEmbedding(Model):
    def __init__(self, network: CamPlusPlus) -> None:
        super().__init__()
        self.network = network

    @property
    def dimension(self) -> int:
        return DIMENSION

    def forward(self, features: Tensor) -> Tensor:
        return self.network(features)


class CamPlusPlusDiarization(SpeakerDiarization):
    def get_embeddings(self, file, binary_segmentations, exclude_overlap=False, hook=None):
        features = log_mel(file["waveform"][0])
        window = binary_segmentations.sliding_window
        active = np.nan_to_num(binary_segmentations.data) > 0.5
        chunks, frames, slots = active.shape
        embeddings = np.full((chunks, slots, DIMENSION), np.nan)
        pieces = {}
        alone = active & (active.sum(axis=2, keepdims=True) < 2)
        per_frame = window.duration * 1000 / FRAME_SHIFT_MS / frames
        for chunk, slot in zip(*np.nonzero(active.any(axis=1))):
            first = round((window.start + chunk * window.step) * 1000 / FRAME_SHIFT_MS)
            chosen = _mel_frames(alone[chunk, :, slot], per_frame, first, len(features)) if EXCL else []
            if len(chosen) < MIN_CLEAN_FRAMES:
                chosen = _mel_frames(active[chunk, :, slot], per_frame, first, len(features))
            if len(chosen) == 0: continue
            piece = _piece(chosen)
            pieces.setdefault(len(piece), []).append((chunk, slot, piece))
        device = self._embedding.device
        network = self._embedding.model_
        with torch.inference_mode():
            for length, items in pieces.items():
                for i in range(0, len(items), EMBEDDING_BATCH):
                    batch = items[i:i+EMBEDDING_BATCH]
                    x = torch.stack([features[p] for _, _, p in batch]).to(device)
                    x = x - x.mean(1, keepdim=True)
                    y = network(x).float().cpu().numpy()
                    for (c, s, _), v in zip(batch, y): embeddings[c, s] = v
        return embeddings

EXCL = True
def _mel_frames(mask, per_frame, first, limit):
    n = round(len(mask) * per_frame)
    idx = np.minimum(((np.arange(n) + 0.5) / per_frame).astype(int), len(mask) - 1)
    chosen = np.nonzero(mask[idx])[0] + first
    return chosen[chosen < limit]

def _piece(chosen):
    for length in PIECE_FRAMES:
        if len(chosen) >= length:
            start = (len(chosen) - length) // 2
            return chosen[start:start+length]
    return np.resize(chosen, PIECE_FRAMES[-1])
