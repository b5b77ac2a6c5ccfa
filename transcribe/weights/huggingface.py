"""Weights from Hugging Face, which may be gated: whoever pulls accepts the conditions once and gives their token.

Plain HTTPS, as the site documents it for curl: `/<repository>/resolve/<revision>/<path>`. Its own client library is
not used: it keeps a second copy in a cache, and has telemetry that would have to be proven off.
"""

import os
from pathlib import Path

from transcribe.errors import DependencyError
from transcribe.weights.catalog import ModelEntry
from transcribe.weights.download import download
from transcribe.weights.files import Tally
from transcribe.weights.folder import PullProgress

TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_SITE = "https://huggingface.co"


def download_snapshot(model: ModelEntry, originals: Path, progress: PullProgress) -> None:
    """Fetches the model's files at its pinned revision into `originals`, each checked by sha256.

    The token comes from `$HF_TOKEN` or `$HUGGING_FACE_HUB_TOKEN` and is sent to the site only; `$HF_ENDPOINT` is a
    mirror of the site. Raises `DependencyError` saying how to get access when the token is missing or refused.
    """
    token = next((os.environ[name].strip() for name in TOKEN_VARIABLES if os.environ.get(name, "").strip()), "")
    if model.gated and not token:
        raise DependencyError(f"{model.name} needs a Hugging Face token. {how_to_get_access(model)}")
    site = os.environ.get("HF_ENDPOINT", "").rstrip("/") or _SITE
    refusal = f"{model.name}: Hugging Face refused access. {how_to_get_access(model)}"
    tally = Tally(progress, "downloading", model.size)
    for file in model.files:
        url = f"{site}/{model.repository}/resolve/{model.revision}/{file.path}"
        download(url, originals / file.path, file, tally, token=token, refusal=refusal)


def how_to_get_access(model: ModelEntry) -> str:
    """The steps to a gated model, for a message."""
    return (
        f"It is free: (1) sign in at {_SITE} and accept the conditions at {_SITE}/{model.repository}; "
        f"(2) make a token with read access at {_SITE}/settings/tokens; "
        f"(3) run: HF_TOKEN=hf_... transcribe models pull {model.name}. "
        "The token is used for this download only and is not stored."
    )
