"""Documents of the study: kept in `private/<id>/document.json`, redacted with every run, given to coders."""

import shutil
from dataclasses import dataclass, replace

from transcribe.documents.passages import Document, Passage
from transcribe.documents.writing import BOM, document_transcript, redacted_passages, write_document
from transcribe.errors import UsageError
from transcribe.record_json import from_json, to_json
from transcribe.records import Recording, RedactedTranscript, Transcript
from transcribe.store import StudyFolder, digest, make_private_folder, sync_folder, write_atomic
from transcribe.study.codes import is_code
from transcribe.study.withdrawals import read_withdrawals

DOCUMENT = "document.json"
NOTE = "Pseudonymised by machine. Review. none"


@dataclass(frozen=True, slots=True)
class StudyDocument:
    """A document that belongs to the study. PRIVATE: not de-identified. `pair` may be empty, `language` too."""

    id: str
    pair: str
    language: str
    document: Document

    @property
    def recording(self) -> Recording:
        """What redaction has to know of it: to which pair its names belong."""
        return Recording(self.id, self.pair, "OBS", "", 1, self.language, (), 0.0)

    @property
    def transcript(self) -> Transcript:
        """Its text as a transcript without times."""
        return document_transcript(self.id, self.document, self.language)


@dataclass(frozen=True, slots=True)
class CoderDocument:
    """A document as coders get it; the texts of `shape` are empty, those of `transcript` are redacted."""

    id: str
    pair: str
    shape: tuple[Passage, ...]
    transcript: RedactedTranscript


def coder_document(stored: StudyDocument, redacted: RedactedTranscript) -> CoderDocument:
    """What may be exported of a document."""
    shape = tuple(replace(passage, text="") for passage in stored.document.passages)
    return CoderDocument(stored.id, stored.pair, shape, redacted)


def without_text(item: CoderDocument) -> CoderDocument:
    """The document's frame alone: what in its files is ours."""
    return replace(item, transcript=replace(item.transcript, utterances=()))


def document_files(item: CoderDocument) -> dict[str, bytes]:
    """The files of a document in the bundle, by their paths: as text and for Word, below a head that names it."""
    pair = f"Pair {item.pair}. " if item.pair else ""
    head = [Passage(f"Document {item.id}"), Passage(f"{pair}{NOTE}")]
    passages = [*head, *redacted_passages(item.shape, item.transcript)]
    text = write_document("txt", [p for p in passages if p.text.strip()]).decode()
    return {
        f"documents/{item.id}.txt": (BOM + text.removeprefix(BOM)).encode(),
        f"documents/{item.id}.docx": write_document("docx", passages),
    }


def is_of_others(stored: StudyDocument, person: str) -> bool:
    """Whether it is known of every passage who speaks in it, and in none it is this person. Never so of notes."""
    speakers = {passage.speaker for passage in stored.document.passages if passage.text.strip()}
    return person not in speakers and not any(not s or s.startswith("SPEAKER-") for s in speakers)


def text_digest(stored: StudyDocument) -> str:
    """By which a document's text is known again under another id."""
    return digest(to_json(stored.document))


def keep_document(study: StudyFolder, stored: StudyDocument) -> bool:
    """Stores a document, in place of the one with its id; False when that is the same already.

    Raises `UsageError` for an id that is no code or is a recording's, and for what a participant took back.
    """
    if read_withdrawals(study).refuses_document(stored.id, text_digest(stored)):
        raise UsageError(
            "this document was withdrawn at a participant's request and does not come back; a text without their part "
            "needs an --id of its own"
        )
    if not (is_code(stored.id) or stored.id.startswith("doc-")):
        raise UsageError("--id: write a code with a digit, such as P01-NOTE-1; codes are published")
    folder = study.recording(stored.id)
    if (folder / "recording.json").exists():
        raise UsageError("--id: a recording of the study has this id; choose another")
    path = folder / DOCUMENT
    data = to_json(stored)
    if path.exists() and path.read_bytes() == data:
        return False
    make_private_folder(folder)
    write_atomic(path, data)
    return True


def read_documents(study: StudyFolder) -> tuple[StudyDocument, ...]:
    """All documents of the study, sorted by id. Raises `CorruptFileError`."""
    paths = sorted(study.private.glob(f"*/{DOCUMENT}"))
    return tuple(
        from_json(StudyDocument, path.read_bytes(), f"private/{path.parent.name}/{DOCUMENT}") for path in paths
    )


def remove_document(study: StudyFolder, name: str) -> None:
    """Deletes a document and what was made of it. Raises `UsageError` when there is none of this id."""
    if name not in {document.id for document in read_documents(study)}:
        raise UsageError("--remove: the study has no document with this id")
    shutil.rmtree(study.recording(name))
    sync_folder(study.private)
