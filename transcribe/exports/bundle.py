"""The whole coder bundle as bytes, from redacted transcripts alone.

Pure: the same transcripts, settings and previous manifest give the same bytes, whatever the clock, the machine's user
and the study's path.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from transcribe.documents.stored import CoderDocument, document_files
from transcribe.errors import UsageError, ValidationError
from transcribe.exports import changes, conventions, docx, manifest, readme, turns, txt, vtt
from transcribe.exports.changes import Changes
from transcribe.exports.layout import DRAFT_FLAG, CoderTranscript, lay_out
from transcribe.exports.manifest import MANIFEST, README, BundleManifest, KnownVersion, LabelCount, TranscriptEntry


@dataclass(frozen=True, slots=True)
class BundleOptions:
    """What is the same for all transcripts; `models` are names and revisions, never paths.

    `program` is a key of `readme.PROGRAMS` or empty; `page` is a key of `docx.PAGES`; `release` is the number of the
    release that is exported at another level, 0 where it follows from the manifest of the release before.
    """

    tool_version: str
    quality: str = ""
    models: tuple[str, ...] = ()
    rendering: str = "verbatim"
    level: str = "team"
    program: str = ""
    page: str = "a4"
    release: int = 0


def build(
    items: Sequence[CoderTranscript],
    withheld: Sequence[str],
    options: BundleOptions,
    previous: BundleManifest | None = None,
    documents: Sequence[CoderDocument] = (),
    changed: Changes | None = None,
) -> dict[str, bytes]:
    """Every file of `coders/` by its relative path.

    `documents` are texts that came as text, `withheld` the ids of recordings that are not in it. `previous` is the
    manifest of the release before, from which version and release numbers go on, `changed` what differs from that
    release. A version in `items` is not read.
    Raises `UsageError` for an unknown program or page, `ValidationError` for two transcripts of one id and as `lay_out`
    does.
    """
    if options.program not in ("", *readme.PROGRAMS) or options.page not in docx.PAGES:
        programs, pages = ", ".join(readme.PROGRAMS), ", ".join(docx.PAGES)
        raise UsageError(f"[export]: program must be one of {programs} or empty, page one of {pages}")
    items = number_versions(items, previous)
    settings = manifest.Settings(
        options.quality, options.rendering, options.level, options.models, options.program, options.page
    )
    entries = tuple(_entry(item) for item in items)
    files = {"turns.csv": turns.write(items)}
    for item in items:
        transcript, header = item.transcript, item.header
        files[f"transcripts/docx/{header.recording}.docx"] = docx.write(transcript, header, options.page)
        files[f"transcripts/txt/{header.recording}.txt"] = txt.write(transcript, header)
        files[f"sync/{header.recording}.vtt"] = vtt.write(transcript, header)
    for document in documents:
        files |= document_files(document)
    notes = [document.id for document in documents]
    return _with_frame(
        files, entries, withheld, notes, settings, options.tool_version, previous, changed, options.release
    )


def without(present: BundleManifest, files: Mapping[str, bytes], gone: Collection[str]) -> dict[str, bytes]:
    """The release after `present`, whose `files` are given, without some transcripts and documents: for when nothing
    can be made anew. What stays is the same to the byte.

    Raises `ValidationError` when `turns.csv` cannot be read, `KeyError` for a file of what stays that is not given.
    """
    entries = tuple(entry for entry in present.transcripts if entry.id not in gone)
    names = {entry.id for entry in entries}
    notes = [name for name in present.documents if name not in gone]
    kept = {path: files[path] for name in names for path in transcript_paths(name)}
    kept |= {path: files[path] for name in notes for path in document_paths(name)}
    kept["turns.csv"] = turns.write_rows(row for row in turns.parse(files["turns.csv"]) if row.transcript in names)
    withheld = [name for name in present.withheld if name not in gone]
    return _with_frame(kept, entries, withheld, notes, present.settings, present.tool_version, present)


def transcript_paths(name: str) -> tuple[str, ...]:
    """The files of one transcript."""
    return f"transcripts/docx/{name}.docx", f"transcripts/txt/{name}.txt", f"sync/{name}.vtt"


def document_paths(name: str) -> tuple[str, ...]:
    """The files of one document."""
    return f"documents/{name}.txt", f"documents/{name}.docx"


def _with_frame(
    files: dict[str, bytes],
    entries: tuple[TranscriptEntry, ...],
    withheld: Sequence[str],
    documents: Sequence[str],
    settings: manifest.Settings,
    tool_version: str,
    previous: BundleManifest | None,
    changed: Changes | None = None,
    release: int = 0,
) -> dict[str, bytes]:
    """The files and what tells of them all: conventions, README, changes, manifest. `release` 0: the next one."""
    withheld, notes = tuple(sorted(set(withheld))), tuple(sorted(documents))
    files["conventions.md"] = conventions.write(settings, entries)
    unnumbered = {**files, README: readme.write(settings, entries, withheld, notes, release=0)}
    content = manifest.content_digest(unnumbered, settings, entries, withheld)
    release = release or (1 if previous is None else previous.release + (content != previous.content))
    files[README] = readme.write(settings, entries, withheld, notes, release)
    if changed is not None and previous is not None and release > previous.release:
        files[changes.CHANGES] = changes.write(changed, release)
    files[MANIFEST] = manifest.write(
        BundleManifest(
            "transcribe",
            tool_version,
            release,
            content,
            settings,
            entries,
            withheld,
            _absent(entries, previous),
            manifest.file_entries(files),
            notes,
        )
    )
    return files


def number_versions(items: Sequence[CoderTranscript], previous: BundleManifest | None) -> tuple[CoderTranscript, ...]:
    """The transcripts sorted by id, each with the version after the last one if its utterances have changed.

    Review state, pair and date may change without a new version: coders need not amend anything then.
    """
    known = _known(previous)
    numbered: dict[str, CoderTranscript] = {}
    for item in sorted(items, key=lambda item: item.header.recording):
        name = item.header.recording
        if name.casefold() in numbered:
            raise ValidationError(f"{name}: there are two transcripts of this name; file names would clash")
        last = known.get(name)
        version = 1 if last is None else last.version + (last.content != transcript_digest(item))
        numbered[name.casefold()] = CoderTranscript(replace(item.header, version=version), item.transcript)
    return tuple(numbered.values())


def transcript_digest(item: CoderTranscript) -> str:
    """The sha256 of a transcript's utterances: ids, speakers, times, texts and flags."""
    plain = [
        [turn.id, turn.speaker, turn.start_ms, turn.end_ms, turn.text, [f for f in turn.flags if f != DRAFT_FLAG]]
        for turn in lay_out(item.transcript, item.header)
    ]
    return hashlib.sha256(json.dumps(plain, ensure_ascii=False).encode()).hexdigest()


def _entry(item: CoderTranscript) -> TranscriptEntry:
    header = item.header
    found = lay_out(item.transcript, header)
    spoken = [turn for turn in found if not turn.is_event]
    labels = Counter(mark.label for utterance in item.transcript.utterances for mark in utterance.marks)
    return TranscriptEntry(
        id=header.recording,
        pair=header.pair,
        role=header.role,
        month=header.month,
        duration_ms=round(header.duration * 1000),
        version=header.version,
        review=header.review,
        draft=header.draft,
        content=transcript_digest(item),
        utterances=len(spoken),
        words=sum(len(turn.text.split()) for turn in spoken),
        repunctuated=sum(turn.repunctuated for turn in spoken),
        redactions=tuple(LabelCount(label, count) for label, count in sorted(labels.items())),
        speakers=tuple(dict.fromkeys(turn.speaker for turn in spoken)),
    )


def _known(previous: BundleManifest | None) -> dict[str, KnownVersion]:
    """The last version of every transcript that was ever released."""
    if previous is None:
        return {}
    released = (KnownVersion(entry.id, entry.version, entry.content) for entry in previous.transcripts)
    return {entry.id: entry for entry in (*previous.absent, *released)}


def _absent(entries: Sequence[TranscriptEntry], previous: BundleManifest | None) -> tuple[KnownVersion, ...]:
    present = {entry.id for entry in entries}
    return tuple(known for name, known in sorted(_known(previous).items()) if name not in present)
