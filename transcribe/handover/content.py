"""What an export starts from: the present release, made again from the study.

Nothing is exported that coders do not have: the study is first compared with the release, to the byte, as its own
settings have it. Only then are other levels and forms made of it (`handover.writing`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from transcribe.consent import with_consent
from transcribe.documents.stored import CoderDocument, coder_document, read_documents, without_text
from transcribe.errors import UsageError, WithheldError
from transcribe.exports import changes_page, manifest
from transcribe.exports.bundle import BundleOptions, LabLists, build
from transcribe.exports.changes import CHANGES, ChangedUtterance, Changes
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.manifest import MANIFEST, BundleManifest
from transcribe.lab_lists import read_lists
from transcribe.records import Recording, RedactionList, Transcript
from transcribe.redaction import decisions
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.decisions import standings, undecided
from transcribe.redaction.levels import Interview, at_level
from transcribe.redaction.registry import Registry
from transcribe.release import read_previous
from transcribe.release.coders_files import hash_file
from transcribe.store import StudyFolder, read_run_log, stored
from transcribe.study.manifest import PlannedRecording, read_manifest
from transcribe.study.settings import Settings
from transcribe.study_consent import consent_rules
from transcribe.study_release import bundle_options, export_header, without_speech


@dataclass(frozen=True, slots=True)
class Released:
    """The present release: what the study holds of it, by recording, how it was built, and its files.

    `items` are its transcripts at level team, `lists` what the lab gives for coding.
    """

    manifest: BundleManifest
    plans: Mapping[str, PlannedRecording]
    interviews: Mapping[str, Interview]
    drafts: Mapping[str, bool]
    items: Mapping[str, CoderTranscript]
    documents: Sequence[CoderDocument]
    options: BundleOptions
    lists: LabLists
    files: Mapping[str, bytes]
    frame: Mapping[str, bytes]
    """The files as they are without any speech: what in them is ours."""


def read_released(study: StudyFolder, settings: Settings, registry: Registry) -> Released:
    """The present release, made again from the study. The caller holds the study's lock.

    Raises `UsageError` when there is none, or when the study would no longer give the same: transcripts, decisions,
    settings, consent or manifest have changed since. Raises `WithheldError` when the policy is to hold what is
    undecided, `CorruptFileError` for a damaged file.
    """
    previous = read_previous(study)
    if previous is None:
        raise UsageError("nothing was released yet: transcribe run STUDY")
    plans = {plan.id: plan for plan in read_manifest(study).recordings}
    interviews = _interviews(study, settings, previous, plans)
    if settings.policy == "hold" and (held := undecided({n: i.redactions for n, i in interviews.items()})):
        raise WithheldError(f"{next(iter(held))}: {next(iter(held.values()))}; nothing was exported")
    drafts = {name: read_run_log(study, name).quality == "draft" for name in interviews}
    items = {
        name: coder_transcript(plans[name], drafts[name], at_level(interview, registry, "team"))
        for name, interview in interviews.items()
    }
    options = bundle_options(study, settings, items)
    documents = _documents(study, previous, registry)
    lists = read_lists(study, items.values(), settings.conventions).lists
    files = build(list(items.values()), previous.withheld, options, previous, documents, lists=lists)
    if manifest.parse(files[MANIFEST]).content != previous.content:
        raise _changed_since(previous)
    frame = frame_of(items, previous, options, documents)
    told = study.coders / CHANGES
    if told.is_file() and hash_file(told) == previous.sha256.get(CHANGES):
        files = _with_file(files, CHANGES, told.read_bytes())
        empty = Changes(previous.release - 1, (ChangedUtterance("", "", "", "", ""),), (), ())
        frame = _with_file(frame, CHANGES, changes_page.write(empty, previous.release, is_restyled=True))
    return Released(previous, plans, interviews, drafts, items, documents, options, lists, files, frame)


def frame_of(
    items: Mapping[str, CoderTranscript],
    previous: BundleManifest,
    options: BundleOptions,
    documents: Sequence[CoderDocument],
) -> dict[str, bytes]:
    """The files without any speech, and without what the lab gives for coding: what in them is ours."""
    silent = [without_speech(item) for item in items.values()]
    return build(silent, previous.withheld, options, None, list(map(without_text, documents)))


def coder_transcript(plan: PlannedRecording, draft: bool, shown: Interview) -> CoderTranscript:
    """A transcript as it is shown; where pairs do not show, the month does not either."""
    header = export_header(plan, shown.recording, draft)
    if shown.recording.id != plan.id:
        header = replace(header, month="")
    return CoderTranscript(header, redact_transcript(shown.transcript, shown.redactions))


def _interviews(
    study: StudyFolder, settings: Settings, previous: BundleManifest, plans: Mapping[str, PlannedRecording]
) -> dict[str, Interview]:
    rules = consent_rules(study, plans, withhold_third_voices=settings.unconsented_voices == "withhold")
    interviews: dict[str, Interview] = {}
    for entry in previous.transcripts:
        recording = stored(Recording, study, entry.id, "probe", None)
        transcript = stored(Transcript, study, entry.id, "name", None)
        redactions = stored(RedactionList, study, entry.id, "redact", None)
        plan = plans.get(entry.id)
        if plan is None or recording is None or transcript is None or redactions is None:
            raise _changed_since(previous)
        if (recording.pair, recording.role, recording.person) != (plan.pair, plan.role, plan.person):
            raise _changed_since(previous)
        if with_consent(recording, transcript, rules[entry.id]) != transcript:
            raise _changed_since(previous)  # something was taken back, and is not taken out yet
        interviews[entry.id] = Interview(recording, transcript, redactions)
    return interviews


def _documents(study: StudyFolder, previous: BundleManifest, registry: Registry) -> list[CoderDocument]:
    known = standings(registry)
    found = []
    for document in read_documents(study):
        listed = stored(RedactionList, study, document.id, "redact", None)
        if document.id in previous.documents and listed is not None:
            team = decisions.at_level(listed, known, "team")
            found.append(coder_document(document, redact_transcript(document.transcript, team)))
    return found


def _changed_since(previous: BundleManifest) -> UsageError:
    return UsageError(
        f"the study has changed since release {previous.release}, or a newer program would write it otherwise: run "
        "`transcribe release STUDY`, look at it, then export"
    )


def _with_file(files: Mapping[str, bytes], name: str, data: bytes) -> dict[str, bytes]:
    rest = {path: content for path, content in files.items() if path != MANIFEST} | {name: data}
    found = replace(manifest.parse(files[MANIFEST]), files=manifest.file_entries(rest))
    return {**rest, MANIFEST: manifest.write(found)}
