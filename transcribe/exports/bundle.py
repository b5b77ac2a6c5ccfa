"""The whole coder bundle as bytes, from redacted transcripts alone.

Pure: the same transcripts, settings and previous manifest give the same bytes, whatever the clock, the machine's user
and the study's path.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from transcribe.conventions import Conventions, Rendering
from transcribe.documents.stored import CoderDocument, document_files
from transcribe.errors import UsageError, ValidationError
from transcribe.exports import changes_page, conventions_page, docx, manifest, readme, turns
from transcribe.exports.bundle_files import (
    RELEASED,
    STUDY_PATHS,
    document_paths,
    study_files,
    study_paths,
    transcript_files,
    transcript_paths,
)
from transcribe.exports.changes import CHANGES, Changes
from transcribe.exports.changes_page import VersionChange
from transcribe.exports.entries import absent_versions, entry_of, known_versions, recounted, transcript_digest
from transcribe.exports.layout import CoderTranscript, LaidOut, lay_out
from transcribe.exports.manifest import MANIFEST, README, BundleManifest, Newline, TranscriptEntry
from transcribe.exports.questions import with_questions
from transcribe.exports.study_text import StudyText
from transcribe.study.guide import GuideQuestion
from transcribe.study.starter_codes import StarterCode


@dataclass(frozen=True, slots=True)
class BundleOptions:
    """What is the same for all transcripts; `models` are names and revisions, never paths.

    `program` is a key of `readme.PROGRAMS` or empty; `page` is a key of `docx.PAGES`; `formats` are those of
    `bundle_files`; `release` is the number of the release that is exported in another form, 0 where it follows from
    the manifest of the release before.
    """

    tool_version: str
    quality: str = ""
    models: tuple[str, ...] = ()
    rendering: Rendering = "verbatim"
    level: str = "team"
    program: str = ""
    page: str = "a4"
    release: int = 0
    conventions: Conventions = field(default=Conventions())
    newline: Newline = "lf"
    formats: tuple[str, ...] = RELEASED
    redactions_coded: bool = False


@dataclass(frozen=True, slots=True)
class LabLists:
    """What the lab gives for coding: its interview guide, its starter codes, and where questions of the guide were
    asked: a question's id by the turn's id, by the transcript's.
    """

    guide: tuple[GuideQuestion, ...] = ()
    codes: tuple[StarterCode, ...] = ()
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def build(
    items: Sequence[CoderTranscript],
    withheld: Sequence[str],
    options: BundleOptions,
    previous: BundleManifest | None = None,
    documents: Sequence[CoderDocument] = (),
    changed: Changes | None = None,
    lists: LabLists = LabLists(),
) -> dict[str, bytes]:
    """Every file of `coders/` by its relative path.

    `documents` are texts that came as text, `withheld` the ids of recordings that are not in it. `previous` is the
    manifest of the release before, from which version and release numbers go on, `changed` what differs from that
    release; where `options.release` is set, `previous` is that very release, and transcripts keep their versions. A
    version in `items` is not read.
    Raises `UsageError` for an unknown program or page, `ValidationError` for two transcripts of one id and as `lay_out`
    does.
    """
    if options.program not in ("", *readme.PROGRAMS) or options.page not in docx.PAGES:
        programs, pages = ", ".join(readme.PROGRAMS), ", ".join(docx.PAGES)
        raise UsageError(f"[export]: program must be one of {programs} or empty, page one of {pages}")
    settings = manifest.Settings(
        quality=options.quality,
        rendering=options.rendering,
        level=options.level,
        models=options.models,
        program=options.program,
        page=options.page,
        conventions=options.conventions,
        newline=options.newline,
        formats=options.formats,
        redactions_coded=options.redactions_coded,
    )
    laid_out = [
        with_questions(laid, lists.asked.get(laid.header.recording, {}))
        for laid in number_versions(items, previous, options)
    ]
    files: dict[str, bytes] = {}
    for laid in laid_out:
        files |= transcript_files(laid, settings, lists.guide)
    entries = tuple(entry_of(laid, item.transcript) for laid, item in zip(laid_out, _by_id(items), strict=True))
    newline = turns.NEWLINES[settings.newline]
    study = StudyText(
        settings,
        entries,
        {laid.header.recording: turns.rows(laid, newline) for laid in laid_out},
        lists.guide,
        lists.codes,
    )
    files |= study_files(study, files)
    for document in documents:
        files |= document_files(document)
    notes = [document.id for document in documents]
    return _with_frame(
        files, entries, withheld, notes, settings, options.tool_version, previous, changed, options.release
    )


def without(
    present: BundleManifest, files: Mapping[str, bytes], gone: Collection[str], lists: LabLists = LabLists()
) -> dict[str, bytes]:
    """The release after `present`, whose `files` are given, without some transcripts and documents: for when nothing
    can be made anew. What stays is the same to the byte; the files of the whole study are made from `turns.csv`.

    Raises `ValidationError` when `turns.csv` cannot be read, `KeyError` for a file of what stays that is not given.
    """
    entries = tuple(entry for entry in present.transcripts if entry.id not in gone)
    notes = [name for name in present.documents if name not in gone]
    formats = present.settings.formats
    kept = {path: files[path] for entry in entries for path in transcript_paths(entry.id, formats)}
    kept |= {path: files[path] for name in notes for path in document_paths(name)}
    study = _study_text(files, present.settings, entries, lists)
    entries = tuple(recounted(entry, study.rows[entry.id]) for entry in entries)
    study = replace(study, transcripts=entries)
    kept |= study_files(study, kept)
    withheld = [name for name in present.withheld if name not in gone]
    return _with_frame(kept, entries, withheld, notes, present.settings, present.tool_version, present)


def only(files: Mapping[str, bytes], formats: Sequence[str]) -> dict[str, bytes]:
    """A finished bundle cut down to some of its formats, with README, conventions and manifest that tell of no more.

    Of documents that came as text, docx and txt stay where these are asked for.
    """
    found = manifest.parse(files[MANIFEST])
    settings = replace(found.settings, formats=tuple(formats))
    study = _study_text(files, settings, found.transcripts, LabLists())
    wanted = [path for entry in found.transcripts for path in transcript_paths(entry.id, formats)]
    notes = found.documents if {"docx", "txt"} & set(formats) else ()
    wanted += [path for name in notes for path in document_paths(name) if path.rpartition(".")[2] in formats]
    kept = {path: files[path] for path in (*wanted, *study_paths(study))}
    return _with_frame(
        kept,
        found.transcripts,
        found.withheld,
        notes,
        settings,
        found.tool_version,
        found,
        release=found.release,
    )


def study_text(files: Mapping[str, bytes], lists: LabLists) -> StudyText:
    """What the files of the whole study are written from, of a finished bundle."""
    found = manifest.parse(files[MANIFEST])
    return _study_text(files, found.settings, found.transcripts, lists)


def _study_text(
    files: Mapping[str, bytes], settings: manifest.Settings, entries: tuple[TranscriptEntry, ...], lists: LabLists
) -> StudyText:
    rows: dict[str, list[turns.TurnRow]] = {entry.id: [] for entry in entries}
    for row in turns.parse(files[STUDY_PATHS["turns"]]):
        if row.transcript in rows:
            rows[row.transcript].append(row)
    return StudyText(settings, entries, {name: tuple(mine) for name, mine in rows.items()}, lists.guide, lists.codes)


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
    """The files and what tells of them all: conventions, README, changes, manifest.

    `release` 0: the next one of `coders/`; any other: an export of that one, in another form.
    """
    withheld, notes = tuple(sorted(set(withheld))), tuple(sorted(documents))
    is_copy = release != 0
    files["conventions.md"] = conventions_page.write(settings, entries)
    unnumbered = {**files, README: readme.write(settings, entries, withheld, notes, release=0, is_copy=is_copy)}
    content = manifest.content_digest(unnumbered, settings, entries, withheld)
    release = release or (1 if previous is None else previous.release + (content != previous.content))
    files[README] = readme.write(settings, entries, withheld, notes, release, is_copy=is_copy)
    if changed is not None and previous is not None and release > previous.release:
        is_restyled = previous.settings.conventions != settings.conventions
        files[CHANGES] = changes_page.write(changed, release, _versions(entries, previous), is_restyled=is_restyled)
    files[MANIFEST] = manifest.write(
        BundleManifest(
            "transcribe",
            tool_version,
            release,
            content,
            settings,
            entries,
            withheld,
            absent_versions(entries, previous),
            manifest.file_entries(files),
            notes,
        )
    )
    return files


def _versions(entries: Sequence[TranscriptEntry], previous: BundleManifest) -> list[VersionChange]:
    """Which transcripts that coders had have another version now."""
    had = {entry.id: entry.version for entry in previous.transcripts}
    found = (VersionChange(entry.id, had.get(entry.id, entry.version), entry.version) for entry in entries)
    return [change for change in found if change.before != change.now]


def number_versions(
    items: Sequence[CoderTranscript], previous: BundleManifest | None, options: BundleOptions
) -> tuple[LaidOut, ...]:
    """The transcripts laid out, sorted by id, each with the version after the last one if its utterances have changed.

    In another form of a release (`options.release`), they have its versions. Review state, pair and date may change
    without a new version: coders need not amend anything then.
    """
    known = known_versions(previous)
    numbered: list[LaidOut] = []
    names: set[str] = set()
    for item in _by_id(items):
        name = item.header.recording
        if name.casefold() in names:
            raise ValidationError(f"{name}: there are two transcripts of this name; file names would clash")
        names.add(name.casefold())
        header = replace(item.header, rendering=options.rendering)
        laid = lay_out(replace(item, header=header), options.conventions)
        last = known.get(name)
        changed = not options.release and last is not None and last.content != transcript_digest(laid)
        version = 1 if last is None else last.version + changed
        numbered.append(replace(laid, header=replace(header, version=version)))
    return tuple(numbered)


def _by_id(items: Sequence[CoderTranscript]) -> list[CoderTranscript]:
    return sorted(items, key=lambda item: item.header.recording)
