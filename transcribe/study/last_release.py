"""`private/last_release.json`: the privacy settings of the last release, so that no later command is weaker unasked."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from transcribe.record_json import from_json, to_json
from transcribe.store import StudyFolder, write_atomic
from transcribe.study.settings import Settings

LAST_RELEASE = "last_release.json"


@dataclass(frozen=True, slots=True)
class LastRelease:
    """With what the last `run`, `release` or `withdraw` released, or would have."""

    policy: str = "strict"
    pii_model: str = ""


def remember_release(study: StudyFolder, settings: Settings) -> None:
    """Keeps the privacy settings of a release; nothing is written if they are the same. Raises `OSError`."""
    path, data = study.private / LAST_RELEASE, to_json(LastRelease(settings.policy, settings.pii_model))
    if not path.exists() or path.read_bytes() != data:
        write_atomic(path, data)


def not_weaker(study: StudyFolder, settings: Settings, said: Collection[str]) -> tuple[Settings, tuple[str, ...]]:
    """`settings` with what of the last release was stricter, and the names of those settings.

    What `said` names was set by a flag or a variable of this command and stays; `study.toml` alone does not tell
    whether a default or a wish stands in it. Raises `CorruptFileError`.
    """
    path = study.private / LAST_RELEASE
    if not path.exists():
        return settings, ()
    last = from_json(LastRelease, path.read_bytes(), f"private/{LAST_RELEASE}")
    kept: list[str] = []
    if last.policy == "hold" and settings.policy != "hold" and "policy" not in said:
        settings = replace(settings, policy="hold")
        kept.append("policy")
    if last.pii_model and not settings.pii_model and "pii_model" not in said:
        settings = replace(settings, pii_model=last.pii_model)
        kept.append("pii_model")
    return settings, tuple(kept)
