"""Model weights: what there is, what is on this machine, and how it gets there (light to import)."""

from transcribe.weights.catalog import DRAFT_MODELS, ModelEntry, Quality, entry, read_catalog
from transcribe.weights.folder import PullProgress, is_pulled, locate, revision, verify, weights_folder
from transcribe.weights.pull import pull

__all__ = [
    "DRAFT_MODELS",
    "ModelEntry",
    "PullProgress",
    "Quality",
    "entry",
    "is_pulled",
    "locate",
    "pull",
    "read_catalog",
    "revision",
    "verify",
    "weights_folder",
]
