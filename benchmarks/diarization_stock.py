"""The stock pyannote.audio pipeline with this program's weights, for `benchmarks/diarization.py`.

`SpeakerDiarization` as it comes. CAM++ is put into it as a `Model` that takes waveforms and masks and embeds the chosen
frames of each (chunk, slot) on its own: that is how pyannote itself runs the embeddings that it takes as ONNX files.
Clustering parameters are those of pyannote/speaker-diarization-3.1; `threshold` in a batch overrides one. What the
networks say does not depend on the number of speakers, so it is computed once per file and reused by later batches:
only the first one that holds a file is to be timed.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from diarization_engines import Engine, Turns, samples_of

AGGLOMERATIVE = {"method": "centroid", "min_cluster_size": 12, "threshold": 0.7045654963945799}
"""config.yaml of pyannote/speaker-diarization-3.1; the threshold was tuned for its own embedding network."""
SHORTEST = 10
"""Mel frames: CAM++ is not asked about less."""


class Stock(Engine):
    """pyannote.audio's pipeline, file by file."""

    def __init__(self, order: dict[str, Any]) -> None:
        import torch

        torch.set_num_threads(order["threads"])
        self.stages = {}
        self.cache: dict[tuple[str, str], Any] = {}
        community = order["weights"].get("community")
        pipeline = community_pipeline(Path(community)) if community else draft_pipeline(order["weights"])
        pipeline.to(torch.device(order["device"]))
        self.parameters = pipeline.parameters(instantiated=True)
        for name, stage in (("get_segmentations", "segmentation"), ("get_embeddings", "embeddings")):
            self.once(pipeline, name)
            self.timed(pipeline, name, stage)
        self.timed(pipeline, "clustering", "clustering")
        self.pipeline = pipeline

    def once(self, pipeline: Any, name: str) -> None:
        """Makes `pipeline.name` answer from the cache the second time that it is asked about a file."""
        function = getattr(pipeline, name)

        def cached(file: Any, *given: Any, **options: Any) -> Any:
            key = (name, file["uri"])
            if key not in self.cache:
                self.cache[key] = function(file, *given, **options)
            return self.cache[key]

        setattr(pipeline, name, cached)

    def inputs(self, files: list[dict[str, Any]]) -> Any:
        """What pyannote calls a file, and the number of speakers."""
        import torch

        return [
            (
                {"waveform": torch.from_numpy(samples_of(f["wav"]))[None], "sample_rate": 16_000, "uri": f["name"]},
                {} if f["speakers"] is None else {"num_speakers": f["speakers"]},
            )
            for f in files
        ]

    def run(self, inputs: Any, batch: dict[str, Any]) -> dict[str, Turns]:
        """The turns by file, overlaps included."""
        threshold = {"threshold": batch["threshold"]} if "threshold" in batch else {}
        clustering = self.parameters["clustering"] | threshold
        self.pipeline.instantiate(self.parameters | {"clustering": clustering})
        found = {}
        for file, speakers in inputs:
            output = self.pipeline(file, **speakers)
            tracks = output.speaker_diarization.itertracks(yield_label=True)
            found[file["uri"]] = [(str(voice), float(turn.start), float(turn.end)) for turn, _, voice in tracks]
        return found


def draft_pipeline(weights: dict[str, str]) -> Any:
    """segmentation-3.0 and CAM++ in pyannote's pipeline."""
    import torch
    from torch.nn.functional import interpolate

    from transcribe.diarization.campplus import load_campplus, log_mel

    pyannote = imported()

    class Embedding(pyannote.Model):
        """CAM++ as pyannote wants it: waveforms (batch, 1, samples) and masks (batch, frames) → (batch, 192)."""

        def __init__(self) -> None:
            super().__init__()
            self.network = load_campplus(Path(weights["embedding"]))

        @property
        def dimension(self) -> int:
            return 192

        def forward(self, waveforms: Any, weights: Any = None) -> Any:
            vectors = []
            for number, waveform in enumerate(waveforms[:, 0]):
                features = log_mel(waveform)
                features = features - features.mean(dim=0, keepdim=True)
                if weights is not None:
                    mask = interpolate(weights[number][None, None], size=len(features), mode="nearest")[0, 0]
                    features = features[mask > 0.5]
                elif len(features) < SHORTEST:
                    raise ValueError("too short")
                few = len(features) < SHORTEST
                vectors.append(features.new_full((192,), torch.nan) if few else self.network(features[None])[0])
            return torch.stack(vectors)

    pipeline = pyannote.SpeakerDiarization(
        segmentation=network(pyannote.PyanNet, Path(weights["segmentation"])),
        embedding=Embedding().eval(),
        embedding_exclude_overlap=True,
        plda=object.__new__(pyannote.PLDA),  # it insists on one, which this clustering does not use
        clustering="AgglomerativeClustering",
        segmentation_batch_size=32,
        embedding_batch_size=32,
    )
    return pipeline.instantiate({"segmentation": {"min_duration_off": 0.0}, "clustering": dict(AGGLOMERATIVE)})


def community_pipeline(folder: Path) -> Any:
    """community-1's pipeline from a folder with `segmentation/`, `embedding/` and `plda/`."""
    pyannote = imported()
    pipeline = pyannote.SpeakerDiarization(
        segmentation=network(pyannote.PyanNet, folder / "segmentation"),
        embedding=network(pyannote.WeSpeakerResNet34, folder / "embedding"),
        embedding_exclude_overlap=True,
        plda=pyannote.PLDA(folder / "plda" / "xvec_transform.npz", folder / "plda" / "plda.npz"),
        clustering="VBxClustering",
        segmentation_batch_size=32,
        embedding_batch_size=32,
    )
    return pipeline.instantiate(pipeline.default_parameters())


def imported() -> Any:
    """What is needed of pyannote.audio, telemetry off."""
    from transcribe.diarization.torchaudio_stub import install_torchaudio_stub

    install_torchaudio_stub()
    from pyannote.audio import Model
    from pyannote.audio.core.plda import PLDA
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from pyannote.audio.models.embedding import WeSpeakerResNet34
    from pyannote.audio.models.segmentation import PyanNet
    from pyannote.audio.pipelines import SpeakerDiarization

    kinds = (Model, PLDA, Problem, Resolution, Specifications, WeSpeakerResNet34, PyanNet, SpeakerDiarization)
    return SimpleNamespace(**{kind.__name__: kind for kind in kinds})


def network(kind: Any, folder: Path) -> Any:
    """A pyannote network from this program's `config.json` and `model.safetensors`."""
    from safetensors.torch import load_file

    pyannote = imported()
    config = json.loads((folder / "config.json").read_text())
    told = config["specifications"]
    found = kind(**config["hyper_parameters"])
    found.specifications = pyannote.Specifications(
        **told
        | {
            "problem": pyannote.Problem[told["problem"]],
            "resolution": pyannote.Resolution[told["resolution"]],
            "warm_up": tuple(told["warm_up"]),
        }
    )
    found.setup()
    found.load_state_dict(load_file(folder / "model.safetensors"))
    return found.eval()
