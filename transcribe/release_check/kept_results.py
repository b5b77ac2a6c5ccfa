"""What earlier runs made of a study, read back for the check: recordings, transcripts and redactions."""

from transcribe.documents.stored import read_documents
from transcribe.records import Recording, RedactionList, Transcript
from transcribe.store import StudyFolder, stored
from transcribe.study.manifest import read_manifest


def kept_results(
    study: StudyFolder,
) -> tuple[dict[str, Recording], dict[str, Transcript], dict[str, RedactionList]]:
    """Facts, texts and redactions of every recording and document that has all three, in the order of the manifest.

    Raises `CorruptFileError` for a damaged file, `UsageError` when the manifest cannot be read.
    """
    recordings: dict[str, Recording] = {}
    transcripts: dict[str, Transcript] = {}
    for plan in read_manifest(study).recordings:
        recording = stored(Recording, study, plan.id, "probe", None)
        transcript = stored(Transcript, study, plan.id, "name", None)
        if recording is not None and transcript is not None:
            recordings[plan.id], transcripts[plan.id] = recording, transcript
    for document in read_documents(study):
        recordings[document.id], transcripts[document.id] = document.recording, document.transcript
    found = {name: stored(RedactionList, study, name, "redact", None) for name in transcripts}
    lists = {name: listed for name, listed in found.items() if listed is not None}
    return recordings, transcripts, lists
