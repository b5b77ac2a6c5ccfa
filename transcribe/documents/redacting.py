"""Texts through the study's detector, registry and release check. The caller holds the study's lock."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from transcribe.engines import PiiCandidate, PiiDetector
from transcribe.errors import WithheldError
from transcribe.records import Recording, RedactedTranscript, RedactionList, Transcript, Utterance
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.decisions import at_level, standings, undecided
from transcribe.redaction.key import open_key
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.registry import Registry
from transcribe.redaction.roster_match import check_roster
from transcribe.redaction.study_redaction import redact_study
from transcribe.redaction.tombstones import roster_to_replace
from transcribe.release_check.finished import Allowed, found_in
from transcribe.release_check.second_pass import detect_or_withhold, redact_until_nothing_new
from transcribe.store import StudyFolder
from transcribe.study.settings import Settings

LEAKS = "the check of the finished text found a known name in it; add its spelling to the roster and try again"
AGAIN = (
    "a detector found a possible name or number again in the finished text; add its spelling to the roster and try "
    "again"
)


def redact_texts(
    study: StudyFolder,
    settings: Settings,
    detector: PiiDetector,
    recordings: Sequence[Recording],
    transcripts: Sequence[Transcript],
) -> tuple[dict[str, RedactionList], dict[str, str], Registry]:
    """What is to be replaced in each text by its id, why others are withheld by theirs, and the registry, unsaved.

    The redacted texts are read by the detector once more. The caller saves the registry once it knows that something is
    given out: a refused text must not teach the key. Raises `WithheldError` when the key cannot be opened, `UsageError`
    for an unusable roster.
    """
    registry = open_key(study)
    roster = roster_to_replace(study, registry)
    check_roster(roster)
    candidates, withheld = _detected(detector, transcripts)
    covered = [transcript for transcript in transcripts if transcript.recording not in withheld]
    names = {transcript.recording for transcript in covered}
    redact = partial(redact_study, [r for r in recordings if r.id in names], covered, roster, registry)
    result = redact_until_nothing_new(redact, covered, candidates, detector)
    registry = result.registry
    withheld |= {name: error.message for name, error in result.withheld.items()}
    known = standings(registry)
    found = {listed.recording: at_level(listed, known, "team") for listed in result.lists}
    if settings.policy == "hold":
        withheld |= undecided(found)
    allowed = Allowed(registry)
    pairs = {recording.id: recording.pair or recording.id for recording in recordings}
    for transcript in covered:
        name = transcript.recording
        if name not in withheld:
            withheld |= _found_again(redact_transcript(transcript, found[name]), detector, allowed, pairs[name])
    return {name: listed for name, listed in found.items() if name not in withheld}, withheld, registry


def _detected(detector: PiiDetector, transcripts: Sequence[Transcript]) -> tuple[list[PiiCandidate], dict[str, str]]:
    """All candidates; a text that the detector does not cover, or fails on, is withheld alone."""
    candidates: list[PiiCandidate] = []
    withheld: dict[str, str] = {}
    for transcript in transcripts:
        try:
            candidates += detect_or_withhold(detector, transcript)
        except WithheldError as error:
            withheld[transcript.recording] = error.message
    return candidates, withheld


def _found_again(text: RedactedTranscript, detector: PiiDetector, allowed: Allowed, scope: str) -> dict[str, str]:
    """Why a redacted text is withheld, by its id: something is found in it again, or the detector fails on it."""
    utterances = tuple(Utterance(u.id, u.speaker, u.language, u.start, u.end, u.text, ()) for u in text.utterances)
    try:
        found = found_in(Transcript(text.recording, utterances), detector, allowed, scope)
    except WithheldError as error:
        return {text.recording: error.message}
    return {text.recording: AGAIN} if found else {}


def leaking(study: StudyFolder, registry: Registry, files: Mapping[str, bytes]) -> set[str]:
    """The names of those files (ours, not the lab's) that hold something of the key or the roster."""
    with tempfile.TemporaryDirectory(prefix=".check.", dir=study.private) as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        leaks = find_leaks(Path(folder), roster_to_replace(study, registry), registry)
        return {leak.file.partition("!")[0] for leak in leaks}
