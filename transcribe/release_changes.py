"""What a release changes against the texts that coders have: read from their folder, judged by what is known today."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from transcribe.conventions import speech_of
from transcribe.documents.stored import CoderDocument, document_files
from transcribe.engines import PiiDetector
from transcribe.errors import WithheldError
from transcribe.exports import turns
from transcribe.exports.bundle import BundleOptions, number_versions
from transcribe.exports.changes import Changes, changed_rows, compare, without_style
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.manifest import BundleManifest
from transcribe.records import Transcript, Utterance
from transcribe.redaction.leak_check import text_check
from transcribe.redaction.registry import Registry
from transcribe.release.coders_files import is_published
from transcribe.release_check.finished import Allowed, found_in
from transcribe.store import StudyFolder
from transcribe.study.roster import RosterEntry

TURNS = "turns.csv"


def changes_since(
    study: StudyFolder,
    previous: BundleManifest | None,
    options: BundleOptions,
    items: Sequence[CoderTranscript],
    notes: Sequence[CoderDocument],
    scopes: Mapping[str, str],
    roster: Sequence[RosterEntry],
    registry: Registry,
    detector: PiiDetector,
) -> Changes | None:
    """What the new transcripts change; None when coders have none yet.

    Where a coder has changed or deleted the released texts (turns.csv, a document's txt), nobody can tell what was
    readable in them: then every transcript with a new version, and such a document, is to be replaced.
    """
    if previous is None:
        return None
    path = study.coders / TURNS
    numbered = number_versions(items, previous, options)
    now = [row for laid in numbered for row in turns.rows(laid)]
    unknown: list[str] = []
    if is_published(study.coders, TURNS, previous.sha256):
        before = list(turns.parse(path.read_bytes()))
    else:
        versions = {entry.id: entry.version for entry in previous.transcripts}
        before, now = _nothing(versions), _nothing(laid.header.recording for laid in numbered)
        for header in (laid.header for laid in numbered):
            if versions.get(header.recording, header.version) != header.version:
                unknown.append(header.recording)
    if previous.settings.conventions != options.conventions:
        before, now = without_style(before), without_style(now)
    shown = {note.id: document_files(note)[f"documents/{note.id}.txt"] for note in notes}
    for name in dict.fromkeys((*previous.documents, *shown)):
        file = f"documents/{name}.txt"
        if name not in previous.documents or is_published(study.coders, file, previous.sha256):
            earlier = (study.coders / file).read_bytes() if name in previous.documents else b""
            old, new = _lines(name, earlier, shown.get(name, b""))
        else:
            old, new = _nothing([name]), _nothing({name} & set(shown))
            if name in shown and hashlib.sha256(shown[name]).hexdigest() != previous.sha256.get(file):
                unknown.append(name)
        before, now = [*before, *old], [*now, *new]
    holds_known = text_check(registry, roster)
    found = _found_now(changed_rows(before, now), scopes, registry, detector)
    changes = compare(
        previous.release, before, now, lambda row: holds_known(row.text) or (row.transcript, row.turn) in found
    )
    return replace(changes, unknown=tuple(unknown))


def _nothing(names: Iterable[str]) -> list[turns.TurnRow]:
    """A row for each transcript whose text is not compared."""
    return [turns.TurnRow(name, "", "", 0, 0, 0, 0, "", ()) for name in names]


def _lines(document: str, before: bytes, now: bytes) -> tuple[list[turns.TurnRow], list[turns.TurnRow]]:
    """The lines of a document before and now as rows that are compared like utterances; equal lines have one number.

    A line that changed is one that is gone and a new one: which became which cannot be told, and none is shown twice.
    """
    old, new = before.decode("utf-8-sig").split("\n"), now.decode("utf-8-sig").split("\n")
    same: dict[int, int] = {}
    for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks():
        same |= {block.a + i: block.b + i for i in range(block.size)}
    was = [f"line {same[i] + 1:04d}" if i in same else f"earlier line {i + 1:04d}" for i in range(len(old))]
    names = (was, [f"line {number:04d}" for number in range(1, len(new) + 1)])
    rows = tuple(
        [
            turns.TurnRow(document, name, "", 0, 0, 0, len(line), line, ())
            for name, line in zip(mine, lines, strict=True)
        ]
        for mine, lines in zip(names, (old, new), strict=True)
    )
    return rows[0] if before else [], rows[1] if now else []


def _found_now(
    rows: Sequence[turns.TurnRow], scopes: Mapping[str, str], registry: Registry, detector: PiiDetector
) -> set[tuple[str, str]]:
    """The rows in whose old text a detector finds something direct today; all of a transcript in which it fails."""
    allowed = Allowed(registry)
    by_name: dict[str, list[turns.TurnRow]] = {}
    for row in rows:
        by_name.setdefault(row.transcript, []).append(row)
    found: set[tuple[str, str]] = set()
    for name, mine in by_name.items():
        utterances = (Utterance(r.turn, r.speaker, "", 0, 0, speech_of(r.text), ()) for r in mine)
        transcript = Transcript(name, tuple(utterances))
        try:
            found |= {(name, c.utterance) for c in found_in(transcript, detector, allowed, scopes.get(name, name))}
        except WithheldError:
            found |= {(name, row.turn) for row in mine}
    return found
