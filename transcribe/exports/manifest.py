"""`manifest.json` of a release: what was made how, and the size and sha256 of every file.

Nothing in it depends on a random number, the clock or the study's path. `content` is the digest of all that coders
see, the release number and the tool's version left out: equal content is the same release.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from transcribe.conventions import Conventions, Rendering
from transcribe.record_json import from_json, to_json, to_plain
from transcribe.records import Role

Newline = Literal["lf", "crlf"]
EARLIER_CONVENTIONS = Conventions(pause="none", uncertain="none", paragraph_words=0)
"""Of releases made before a manifest named its conventions: overlaps were marked, nothing else."""
EARLIER_FORMATS = ("docx", "txt", "vtt", "turns")
"""Of releases made before a manifest named its formats."""
MANIFEST = "manifest.json"
README = "README.md"


@dataclass(frozen=True, slots=True)
class Settings:
    """How the study's transcripts were made; `program` is the lab's QDA program or empty; no paths.

    `formats` are the kinds of files in the bundle (`bundle_files`); `newline` is what ends the lines of its texts;
    `redactions_coded`: `study.qdpx` has a coding for every redaction, by category. The defaults are what releases had
    of before the field was written.
    """

    quality: str
    rendering: Rendering
    level: str
    models: tuple[str, ...]
    program: str
    page: str
    conventions: Conventions = field(default=EARLIER_CONVENTIONS)
    newline: Newline = "lf"
    formats: tuple[str, ...] = EARLIER_FORMATS
    redactions_coded: bool = False


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file of the release: path relative to `coders/`, size in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many redactions of one label, `PERSON` say, a transcript has."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class TranscriptEntry:
    """One transcript; `content` is the digest that decides about its version."""

    id: str
    pair: str
    role: Role
    month: str
    duration_ms: int
    version: int
    review: str
    draft: bool
    content: str
    utterances: int
    words: int
    repunctuated: int
    redactions: tuple[LabelCount, ...]
    speakers: tuple[str, ...]
    session: int = 1


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """The last version of a transcript that is not in this release, so that its numbers go on if it comes back."""

    id: str
    version: int
    content: str


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """`manifest.json`."""

    tool: str
    tool_version: str
    release: int
    content: str
    settings: Settings
    transcripts: tuple[TranscriptEntry, ...]
    withheld: tuple[str, ...]
    absent: tuple[KnownVersion, ...]
    files: tuple[FileEntry, ...]
    documents: tuple[str, ...] = ()

    @property
    def sha256(self) -> dict[str, str]:
        """The sha256 of each file but the manifest itself, by path."""
        return {entry.path: entry.sha256 for entry in self.files}


def write(manifest: BundleManifest) -> bytes:
    """The manifest as JSON with `schema_version`."""
    return to_json(manifest)


def parse(data: bytes) -> BundleManifest:
    """The manifest that `write` wrote. Raises `CorruptFileError` for anything else."""
    return from_json(BundleManifest, data, "a release's manifest.json")


def file_entries(files: Mapping[str, bytes]) -> tuple[FileEntry, ...]:
    """Size and sha256 of each file, sorted by path."""
    return tuple(FileEntry(path, len(data), hashlib.sha256(data).hexdigest()) for path, data in sorted(files.items()))


def content_digest(
    files: Mapping[str, bytes],
    settings: Settings,
    transcripts: Sequence[TranscriptEntry],
    withheld: Sequence[str],
) -> str:
    """The sha256 of what a release tells coders; `files` hold no manifest, and a README without release number."""
    told = [to_plain(file_entries(files)), to_plain(settings), to_plain(tuple(transcripts)), list(withheld)]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
