"""`transcribe redact`: text that exists already, de-identified with the study's names and marks."""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transcribe.errors import EXIT_OK, EXIT_WITHHELD, UsageError, WithheldError
from transcribe.store import PRIVATE_FILE_MODE, StudyFolder, write_atomic

if TYPE_CHECKING:
    from transcribe.engines import PiiDetector
    from transcribe.study.settings import Settings


@dataclass(frozen=True, slots=True)
class _OneOff:
    """A text that goes out again at once: `out` is where it goes, None for stdout."""

    study: StudyFolder
    settings: "Settings"
    detector: "PiiDetector"
    source: Path
    language: str
    pair: str
    out: Path | None


def redact(
    file: Annotated[Path | None, typer.Argument(help=".docx, .txt, .vtt, .srt or .jsonl", show_default=False)] = None,
    study: Annotated[Path, typer.Option("--study", help="The study folder.")] = Path(),
    language: Annotated[str, typer.Option("--language", help="Code such as en or yue; empty: told by script.")] = "",
    stdout: Annotated[bool, typer.Option("--stdout", help="Print the result; keep nothing in the study.")] = False,
    to: Annotated[Path | None, typer.Option("--to", help="Write the result here; keep nothing in the study.")] = None,
    pair: Annotated[str, typer.Option("--pair", help="The pair whose people are meant in it, such as P01.")] = "",
    document_id: Annotated[str, typer.Option("--id", help="Its id for coders, such as P01-NOTE-1.")] = "",
    pii_model: Annotated[
        str | None, typer.Option("--pii-model", help="A second model for names: gliner:/path or hf:/path.")
    ] = None,
    remove: Annotated[str, typer.Option("--remove", help="Take the document with this id out of the study.")] = "",
) -> None:
    """De-identify a transcript or field notes with the study's marks; without --stdout or --to it joins the study."""
    from transcribe.cli_settings import settings_of
    from transcribe.documents.ids import check_document_id, check_pair, known_pairs
    from transcribe.study.manifest import read_manifest
    from transcribe.study.roster import read_roster

    target = StudyFolder(study.expanduser().absolute())
    if not target.manifest.exists():
        raise UsageError("--study: this is not a study folder; name the folder that `transcribe init` made")
    check_pair(pair.upper(), read_roster(target.roster))
    pairs = known_pairs(read_manifest(target)) | {pair.upper()} - {""}
    if document_id:
        check_document_id(document_id, pairs)
    flags = {"language": language or None, "pii_model": pii_model}
    settings = settings_of(target, flags)
    if remove:
        _remove(target, remove)
        return
    if file is None:
        raise UsageError("name a file: .docx, .txt, .vtt, .srt or .jsonl")
    if stdout and to is not None:
        raise UsageError("say either --stdout or --to FILE")
    source = file.expanduser().absolute()
    if stdout and source.suffix.casefold() == ".docx" and sys.stdout.isatty():
        raise UsageError("a Word file cannot be shown on a terminal: use --to FILE.docx")
    out = _checked_output(to, source, target)
    if source.suffix.casefold() == ".jsonl":
        if not stdout and out is None:
            raise UsageError("rows of JSON join no study: add --stdout or --to FILE")
        code = _redact_rows(_OneOff(target, settings, _detector(settings), source, language, pair.upper(), out))
    elif stdout or out is not None:
        code = _redact_file(_OneOff(target, settings, _detector(settings), source, language, pair.upper(), out))
    else:
        _join(target, source, language, pair.upper(), document_id.upper())
        return
    raise typer.Exit(code)


def _detector(settings: "Settings") -> "PiiDetector":
    from transcribe.config import open_detector

    return open_detector(settings.pii_model)


def _checked_output(to: Path | None, source: Path, study: StudyFolder) -> Path | None:
    """Where the result goes, if that is a place for it."""
    if to is None:
        return None
    out = to.expanduser().absolute()
    if out.resolve() == source.resolve():
        raise UsageError("--to: the original must not be overwritten; name another file")
    for folder in (study.coders, study.report, study.private):
        if out.resolve().is_relative_to(folder.resolve()):
            raise UsageError("--to: not into the study; coders get documents that join it (leave out --to)")
    if out.suffix.casefold() != source.suffix.casefold():
        raise UsageError(f"--to: the result is of the same kind; name a file that ends in {source.suffix}")
    if not out.parent.is_dir():
        raise UsageError("--to: that folder does not exist; make it first")
    return out


def _give(data: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        write_atomic(out, data, PRIVATE_FILE_MODE)


def _document_id(data: bytes) -> str:
    """The id of a text that was given none: of its content, since a file's name may be somebody's."""
    return f"doc-{hashlib.sha256(data).hexdigest()[:10]}"


def _redact_rows(asked: _OneOff) -> int:
    """Every row whose conversation is covered; the others are named by their numbers on stderr."""
    from transcribe.documents.reading import read_bytes
    from transcribe.documents.redacting import LEAKS, leaking, redact_texts
    from transcribe.documents.rows import read_rows, redacted_rows, row_documents, write_rows
    from transcribe.redaction.key import save_key
    from transcribe.store import locked

    study, data = asked.study, read_bytes(asked.source)
    documents = row_documents(read_rows(data, asked.language), _document_id(data), asked.pair)
    with locked(study):
        lists, withheld, registry = redact_texts(
            study, asked.settings, asked.detector, [d.recording for d in documents], [d.transcript for d in documents]
        )
        rows = {
            number: row
            for document in documents
            if document.recording.id in lists
            for number, row in redacted_rows(document, lists[document.recording.id], registry)
        }
        leaks = set()
        if leaking(study, registry, {"rows.txt": "\n\n".join(str(row["text"]) for row in rows.values()).encode()}):
            texts = {f"row-{number}.txt": str(row["text"]).encode() for number, row in rows.items()}
            leaks = {int(name[4:-4]) for name in leaking(study, registry, texts)}
        given = {number: row for number, row in rows.items() if number not in leaks}
        if given:
            save_key(study, registry)
    reasons = {
        row.number: withheld[document.recording.id]
        for document in documents
        if document.recording.id in withheld
        for row in document.rows
    } | dict.fromkeys(sorted(leaks), LEAKS)
    _give(write_rows(given), asked.out)
    for number, reason in sorted(reasons.items()):
        typer.echo(f"row {number} withheld: {reason}", err=True)
    return EXIT_WITHHELD if reasons else EXIT_OK


def _redact_file(asked: _OneOff) -> int:
    from transcribe.documents.reading import read_bytes, read_document
    from transcribe.documents.redacting import LEAKS, leaking, redact_texts
    from transcribe.documents.stored import StudyDocument
    from transcribe.documents.writing import redacted_passages, write_document
    from transcribe.redaction.apply import redact_transcript
    from transcribe.redaction.key import save_key
    from transcribe.store import locked
    from transcribe.study.roster import read_roster

    study, name = asked.study, _document_id(read_bytes(asked.source))
    with locked(study):
        document = read_document(asked.source, read_roster(study.roster), asked.pair)
        stored = StudyDocument(name, asked.pair, asked.language, document)
        lists, withheld, registry = redact_texts(
            study, asked.settings, asked.detector, [stored.recording], [stored.transcript]
        )
        if name in withheld:
            raise WithheldError(withheld[name])
        redacted = redact_transcript(stored.transcript, lists[name])
        kind = document.format
        data = write_document(kind, redacted_passages(document.passages, redacted))
        if leaking(study, registry, {f"text.{kind}": data}):
            raise WithheldError(LEAKS)
        save_key(study, registry)
    _give(data, asked.out)
    return EXIT_OK


def _join(study: StudyFolder, source: Path, language: str, pair: str, document_id: str) -> None:
    from transcribe.documents.ids import known_pairs
    from transcribe.documents.reading import read_bytes, read_document
    from transcribe.documents.stored import StudyDocument, keep_document
    from transcribe.redaction.key import open_key
    from transcribe.store import locked
    from transcribe.study.manifest import read_manifest
    from transcribe.study.roster import read_roster

    with locked(study):
        open_key(study)
        name = document_id or _document_id(read_bytes(source))
        document = read_document(source, read_roster(study.roster), pair)
        changed = keep_document(study, StudyDocument(name, pair, language, document))
    typer.echo(f"{name}: {'taken into the study' if changed else 'in the study already, unchanged'}")
    if pair and pair not in known_pairs(read_manifest(study)):
        typer.echo(f"note: the manifest has no recording of pair {pair}")
    typer.echo(f"For the coders to get it: transcribe release {study.root}")


def _remove(study: StudyFolder, name: str) -> None:
    from transcribe.documents.stored import remove_document
    from transcribe.store import locked

    with locked(study):
        remove_document(study, name)
    typer.echo(f"{name}: deleted from the study. To take it from the coders: transcribe release {study.root}")
