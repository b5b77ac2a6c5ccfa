"""`private/edits.jsonl`: who a voice is, as a person of the lab said it. Append-only; codes only, no words, no names.

A decision holds for the diarisation that it was made on: after another one the labels `SPEAKER-n` are other voices.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from transcribe.record_json import from_json, to_json
from transcribe.store import StudyFolder, write_atomic

EDITS = "edits.jsonl"


@dataclass(frozen=True, slots=True)
class SpeakerDecision:
    """Voice `voice` of the diarisation with the sha256 `diarization` is `speaker`; empty: as the program finds.

    `when` is ISO 8601 in UTC.
    """

    when: str
    recording: str
    diarization: str
    voice: str
    speaker: str


@dataclass(frozen=True, slots=True)
class SpeakerDecisions:
    """All of them, in the order they were made."""

    items: tuple[SpeakerDecision, ...] = ()

    def of(self, recording: str, diarization: str) -> dict[str, str]:
        """Voice → speaker, as decided for a recording with this diarisation; the last decision counts."""
        decided = {d.voice: d.speaker for d in self.items if (d.recording, d.diarization) == (recording, diarization)}
        return {voice: speaker for voice, speaker in decided.items() if speaker}

    def is_outdated(self, recording: str, diarization: str) -> bool:
        """Whether the recording's voices were decided on, but only those of an earlier diarisation."""
        of_it = [decision for decision in self.items if decision.recording == recording]
        return bool(of_it) and bool(of_it[-1].speaker) and of_it[-1].diarization != diarization


def read_decisions(study: StudyFolder) -> SpeakerDecisions:
    """What people decided in this study; nothing when there is no such file. Raises `CorruptFileError`."""
    path = study.private / EDITS
    if not path.exists():
        return SpeakerDecisions()
    lines = [line for line in path.read_bytes().splitlines() if line.strip()]
    where = f"private/{EDITS}"
    return SpeakerDecisions(tuple(from_json(SpeakerDecision, line, where) for line in lines))


def append_decisions(study: StudyFolder, decisions: Iterable[SpeakerDecision]) -> None:
    """Adds decisions, atomically. The caller holds the study's lock. Raises `OSError`, `CorruptFileError`."""
    items = (*read_decisions(study).items, *decisions)
    write_atomic(study.private / EDITS, b"".join(_line(decision) for decision in items))


def _line(decision: SpeakerDecision) -> bytes:
    return json.dumps(json.loads(to_json(decision)), ensure_ascii=False).encode() + b"\n"
