"""Redacted audio in an export."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcribe.engines import Recognizer
from transcribe.handover_content import Released
from transcribe.progress import Progress
from transcribe.redaction.decisions import Level
from transcribe.redaction.levels import Interview
from transcribe.redaction.registry import Registry
from transcribe.store import StudyFolder
from transcribe.study.roster import RosterEntry


@dataclass(frozen=True, slots=True)
class Listening:
    """Who listens to the redacted audio again."""

    recognizer: Recognizer
    progress: Progress


def add_audio(
    study: StudyFolder,
    folder: Path,
    agreed: Mapping[str, Interview],
    released: Released,
    roster: Sequence[RosterEntry],
    registry: Registry,
    level: Level,
    listening: Listening,
) -> tuple[tuple[str, ...], dict[str, str]]:
    raise NotImplementedError
