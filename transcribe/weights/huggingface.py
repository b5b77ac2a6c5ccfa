"""Weights from Hugging Face, which may be gated: whoever pulls accepts the conditions once and gives their token."""

import os
from pathlib import Path

from transcribe.errors import DependencyError
from transcribe.weights.catalog import ModelEntry
from transcribe.weights.files import copy_checked
from transcribe.weights.folder import PullProgress

TOKEN_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def download_snapshot(
    model: ModelEntry, folder: Path, originals: Path, progress: PullProgress, endpoint: str | None = None
) -> None:
    """Fetches the model's files at its pinned revision into `originals`, each checked by sha256.

    The token comes from `$HF_TOKEN` or `$HUGGING_FACE_HUB_TOKEN` and goes nowhere else. `endpoint` is another server
    than the public one. Raises `DependencyError` saying how to get access when it is missing or refused.
    """
    token = next((os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)), None)
    if model.gated and token is None:
        raise DependencyError(f"{model.name} needs a Hugging Face token. {how_to_get_access(model)}")
    # Read once, when huggingface_hub is first imported: no telemetry, no bars of its own, plain HTTP.
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
    import httpx
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    done = 0
    for file in model.files:
        progress(f"{model.name}: downloading", done, model.size)
        try:
            path = hf_hub_download(
                repo_id=model.repository,
                filename=file.path,
                revision=model.revision,
                local_dir=folder,
                token=token or False,
                endpoint=endpoint,
            )
        except RevisionNotFoundError as error:
            raise DependencyError(f"{model.name}: its pinned revision is gone; update transcribe.") from error
        except LocalEntryNotFoundError as error:
            raise _unreachable(model) from error
        except RepositoryNotFoundError as error:
            # Also what a gated repository answers to a token without access.
            raise DependencyError(f"{model.name}: the token was refused. {how_to_get_access(model)}") from error
        except EntryNotFoundError as error:
            raise DependencyError(f"{model.name}: {file.path} is gone from its source; update transcribe.") from error
        except HfHubHTTPError as error:
            if error.response.status_code in (401, 403):
                raise DependencyError(f"{model.name}: the token was refused. {how_to_get_access(model)}") from error
            raise _unreachable(model) from error
        except httpx.HTTPError as error:
            raise _unreachable(model) from error
        with Path(path).open("rb") as stream:
            copy_checked(stream, originals / file.path, file.sha256, file.size, _silent, model.name)
        done += file.size
    progress(f"{model.name}: downloading", done, model.size)


def how_to_get_access(model: ModelEntry) -> str:
    """The steps to a gated model, for a message."""
    return (
        f"It is free: (1) sign in at huggingface.co and accept the conditions on the page of {model.repository}; "
        "(2) make a token with read access under Settings, Access Tokens; "
        f"(3) run: HF_TOKEN=hf_... transcribe models pull {model.name}. "
        "The token is used for this download only and is not stored."
    )


def _unreachable(model: ModelEntry) -> DependencyError:
    return DependencyError(
        f"{model.name}: Hugging Face cannot be reached. Check the network and try again, or on a machine without one "
        "give a copy of the repository with --from FOLDER."
    )


def _silent(label: str, done: int, total: int) -> None:
    """Copies on the same disk need no bar."""
