"""Destroying the key, and the certificate of it.

Only the key is destroyed, not what else tells who is behind a mark: transcripts in `private/`, roster, recordings. The
certificate says so. Overwriting is no proof on every disk (SSDs and snapshots keep old blocks); what protects the old
blocks is that they are encrypted.
"""

import os
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from transcribe import __version__
from transcribe.errors import TranscribeError, UsageError
from transcribe.record_json import from_json, to_json
from transcribe.redaction.key import CERTIFICATE, DESTROYED, HISTORY, generations, is_destroyed, read_payload
from transcribe.redaction.registry import Registry
from transcribe.report import REPORT_FILE_MODE, REPORT_FOLDER_MODE
from transcribe.store import StudyFolder, digest, holding, sync_folder, write_atomic
from transcribe.study.roster import read_roster

_SHORTEST_NAME = 2
"""Code points from which on a surface in the reason counts as a name."""


@dataclass(frozen=True, slots=True)
class Destruction:
    """`private/key-destroyed.json`: what was destroyed; `when` is ISO 8601 in UTC, `labels` how many entities of each.

    `version` is -1 and `labels` empty when the key could not be opened.
    """

    when: str
    who: str
    why: str
    program: str
    version: int
    sha256: str
    labels: tuple[tuple[str, int], ...]


def destroy_key(study: StudyFolder, who: str, why: str) -> Path:
    """Overwrites and deletes `key.age` and its kept states, and writes the certificate; returns where that is.

    `who` are initials, `why` the reason. A key that cannot be opened can be destroyed, too. What was begun and
    interrupted is completed. Raises `UsageError` when there is no key, when the study is in use, or when the reason
    holds a name of the study, for the certificate is no secret.
    """
    if not why.strip():
        raise UsageError("say why the key is destroyed: --why TEXT, for the certificate")
    with holding(study):
        if is_destroyed(study):
            record = _begun(study)
        else:
            record = _record(study, who, why)
            write_atomic(study.private / DESTROYED, to_json(record))
        for path in (study.key, *generations(study)):
            if path.exists():
                _overwrite_and_delete(path)
        history = study.private / HISTORY
        if history.is_dir() and not any(history.iterdir()):
            history.rmdir()
        sync_folder(study.private)
        study.report.mkdir(exist_ok=True)
        study.report.chmod(REPORT_FOLDER_MODE)
        write_atomic(study.report / CERTIFICATE, certificate_text(record, _remaining(study)).encode(), REPORT_FILE_MODE)
    return study.report / CERTIFICATE


def _begun(study: StudyFolder) -> Destruction:
    """The record of an earlier destruction that left something behind."""
    marker = study.private / DESTROYED
    if not study.key.exists() and not generations(study) and (study.report / CERTIFICATE).exists():
        raise UsageError(f"the key was destroyed before: see report/{CERTIFICATE}")
    if not marker.exists():
        raise UsageError(
            f"report/{CERTIFICATE} says that the key was destroyed, but private/key.age is there again: delete it by "
            "hand, wherever it came from"
        )
    return from_json(Destruction, marker.read_bytes(), f"private/{DESTROYED}")


def _record(study: StudyFolder, who: str, why: str) -> Destruction:
    kept = [path for path in (study.key, *generations(study)) if path.is_file()]
    if not kept:
        raise UsageError("this study has no key; nothing was destroyed")
    registry, version = Registry(), -1
    try:
        payload = read_payload(study)
        registry, version = payload.registry, payload.version
    except TranscribeError:
        labels: tuple[tuple[str, int], ...] = ()  # a key that nobody can open any more may be destroyed all the same
    else:
        labels = tuple(sorted(Counter(entity.label for entity in registry.entities).items()))
    if _holds_name(study, registry, why):
        raise UsageError("--why holds a name of the study, and the certificate is no secret: say it without the name")
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Destruction(when, who, why, __version__, version, digest(kept[0].read_bytes()), labels)


def _holds_name(study: StudyFolder, registry: Registry, why: str) -> bool:
    names = [surface for entity in registry.entities for surface in (entity.canonical, *entity.surfaces)]
    if study.roster.exists():
        names += [name for entry in read_roster(study.roster) for name in (entry.name, *entry.aliases)]
    text = why.casefold()
    return any(
        len(name) >= _SHORTEST_NAME and re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", text)
        for name in map(str.strip, names)
    )


def _overwrite_and_delete(path: Path) -> None:
    """Fills the file with random bytes, makes them reach the disk, and deletes it."""
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def _remaining(study: StudyFolder) -> list[str]:
    """What in the study folder still tells, or helps to tell, who is behind a mark."""
    transcripts = len(list(study.private.glob("*/transcript.json")))
    lines = []
    if copies := len(list(study.root.rglob("*.age"))):
        lines.append(
            f"{copies} files ending in .age in the study folder, which the program did not make: copies of it?"
        )
    if transcripts:
        lines.append(
            f"private/, {transcripts} transcripts as they were spoken: beside coders/ they show who is behind every "
            "mark, with no key at all"
        )
    if study.roster.exists():
        lines.append("private/roster.csv: the names of people, places and organisations")
    if study.manifest.exists():
        lines.append("private/manifest.csv: which person's recording is which, and the original file names")
    if (study.private / "withdrawals").is_dir():
        lines.append("private/withdrawals/: records of withdrawals, with original file names")
    return lines


def certificate_text(record: Destruction, remaining: list[str]) -> str:
    """The certificate as Markdown; it holds no name."""
    opened = record.version >= 0
    counts = [f"| {label} | {number} |" for label, number in record.labels]
    lines = [
        "# The key of this study was destroyed",
        "",
        f"Date (UTC): {record.when}  ",
        f"By: {record.who}  ",
        f"Reason: {record.why}  ",
        f"Program: transcribe {record.program}",
        "",
        "## What was destroyed",
        "",
        "`private/key.age`, the encrypted list of who is behind which mark, and the earlier states of it that the "
        "program kept: overwritten, then deleted. Disks that keep old blocks (SSDs, snapshots) may hold the encrypted "
        "bytes for some time.",
        "",
        f"- sha256 of the destroyed file: `{record.sha256}`",
        f"- version of the key: {record.version if opened else 'not known; the key could not be opened'}",
        f"- entities in it: {sum(n for _, n in record.labels) if opened else 'not known; the key could not be opened'}",
        "",
        *(["| label | entities |", "|---|---|", *counts, ""] if counts else []),
        "## What the program could not destroy",
        "",
        "To be destroyed by hand; tick when done:",
        "",
        "- [ ] copies of private/key.age in backups, snapshots and on other computers: every holder's identity and the "
        "recovery key still open them (the sha256 above finds the last state)",
        "- [ ] tables that `transcribe key export` wrote",
        "- [ ] the recovery key on paper; after all copies are gone it opens nothing of this study",
        "- [ ] the original recordings, in every place where they lie",
        *(f"- [ ] {line}" for line in remaining),
        "",
        "The identity of the account that did this was left as it is: it opens the keys of other studies, too.",
        "",
        "## What this means",
        "",
        "- New recordings can no longer be added to this study, and no mark can be turned back by this program.",
        "- The transcripts in coders/ are pseudonymised. They stay personal data as long as anything in the list above "
        "exists, and as long as somebody could recognise a person by their story.",
        "",
    ]
    return "\n".join(lines)
