"""What an export holds: the present release as it is, or its transcripts at the level `share` or `archive`.

Nothing is exported that coders do not have: the study is first compared with the release, to the byte. Beyond the team
the files are built anew under names that show no pair (`redaction.levels`) and searched for every known name, and for
every code that would link them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transcribe.consent import with_consent
from transcribe.documents.stored import CoderDocument, coder_document, read_documents, without_text
from transcribe.errors import UsageError, WithheldError
from transcribe.exports import changes, manifest, self_checks
from transcribe.exports.bundle import build
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.manifest import MANIFEST, BundleManifest
from transcribe.records import Recording, RedactionList, Transcript
from transcribe.redaction import decisions
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.decisions import Level, standings, undecided
from transcribe.redaction.file_texts import readable_texts
from transcribe.redaction.leak_check import find_leaks
from transcribe.redaction.levels import Interview, at_level, linking_codes
from transcribe.redaction.registry import Registry
from transcribe.release import read_previous
from transcribe.release.coders_files import hash_file, make_folders
from transcribe.store import StudyFolder, read_run_log, stored
from transcribe.study.manifest import PlannedRecording, read_manifest
from transcribe.study.roster import RosterEntry
from transcribe.study.settings import Settings
from transcribe.study_consent import consent_rules
from transcribe.study_release import LEAK_MESSAGE, bundle_options, export_header, without_speech

CODE_MESSAGE = "a code of the study stands in its text; have `transcribe decide` replace it, or correct the transcript"


@dataclass(frozen=True, slots=True)
class Released:
    """The present release: what the study holds of it, by recording, and its files."""

    manifest: BundleManifest
    plans: Mapping[str, PlannedRecording]
    interviews: Mapping[str, Interview]
    drafts: Mapping[str, bool]
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
    if settings.policy == "hold" and (held := undecided({n: i.redactions for n, i in interviews.items()})):
        raise WithheldError(f"{next(iter(held))}: {next(iter(held.values()))}; nothing was exported")
    drafts = {name: read_run_log(study, name).quality == "draft" for name in interviews}
    items = {
        name: _coder_transcript(plans[name], drafts[name], at_level(interview, registry, "team"))
        for name, interview in interviews.items()
    }
    options = bundle_options(study, settings, items)
    documents = _documents(study, previous, registry)
    files = build(list(items.values()), previous.withheld, options, previous, documents)
    if manifest.parse(files[MANIFEST]).content != previous.content:
        raise _changed_since(previous)
    told = study.coders / changes.CHANGES
    frame = build(
        list(map(without_speech, items.values())), previous.withheld, options, None, list(map(without_text, documents))
    )
    if told.is_file() and hash_file(told) == previous.sha256.get(changes.CHANGES):
        files = _with_file(files, changes.CHANGES, told.read_bytes())
        frame = _with_file(
            frame, changes.CHANGES, changes.write(changes.Changes(previous.release - 1, (), (), ()), previous.release)
        )
    return Released(previous, plans, interviews, drafts, files, frame)


def write_released(
    folder: Path, released: Released, roster: Sequence[RosterEntry], registry: Registry
) -> dict[str, Interview]:
    """Writes the release as coders have it into `folder`; returns what it shows, by recording.

    Raises `WithheldError` when it holds a name that roster or registry have learnt since.
    """
    _write(folder, released.files)
    shown = {name: at_level(interview, registry, "team") for name, interview in released.interviews.items()}
    if find_leaks(folder, roster, registry, released.frame):
        raise WithheldError(
            f"release {released.manifest.release} holds a name that was learnt since: run `transcribe release STUDY`; "
            "nothing was exported"
        )
    return shown


def write_at_level(
    study: StudyFolder,
    settings: Settings,
    folder: Path,
    level: Level,
    released: Released,
    chosen: Sequence[str],
    roster: Sequence[RosterEntry],
    registry: Registry,
) -> tuple[dict[str, Interview], dict[str, str]]:
    """Writes the chosen recordings of a release at the level `share` or `archive` into `folder`, which is empty.

    Returns what is shown of each, by the study's ids, and why others of them were withheld. Raises `WithheldError`
    when none is left or a name remains in a file of them all, `ValidationError` when the files fail their own checks.
    """
    codes = linking_codes(registry, [interview.recording for interview in released.interviews.values()])
    withheld: dict[str, str] = {}
    while shown := {n: at_level(released.interviews[n], registry, level) for n in chosen if n not in withheld}:
        items = {n: _coder_transcript(released.plans[n], released.drafts[n], i) for n, i in shown.items()}
        number = released.manifest.release
        options = replace(bundle_options(study, settings, items), level=level, release=number)
        files = build(list(items.values()), (), options)
        self_checks.check_bundle(files)
        _write(folder, files)
        frame = build([without_speech(item) for item in items.values()], (), options)
        ids = {interview.recording.id: name for name, interview in shown.items()}
        leaking = {leak.file for leak in find_leaks(folder, roster, registry, frame, level)}
        linking = {name for name in files if _holds_code(name, files[name], codes)}
        if not leaking | linking:
            return shown, withheld
        reasons = {ids[stem]: LEAK_MESSAGE for stem in _stems(leaking) if stem in ids}
        reasons |= {ids[stem]: CODE_MESSAGE for stem in _stems(linking) if stem in ids}
        if not reasons:
            raise WithheldError("a known name or code remains in a file of the whole export; nothing was exported")
        withheld |= reasons
        for name in files:
            (folder / name).unlink()
    raise WithheldError(f"every recording was withheld, the first of them because {next(iter(withheld.values()))}")


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
        f"the study has changed since release {previous.release}: run `transcribe release STUDY`, look at it, then "
        "export"
    )


def _coder_transcript(plan: PlannedRecording, draft: bool, shown: Interview) -> CoderTranscript:
    """A transcript as it is shown; where pairs do not show, the month does not either."""
    header = export_header(plan, shown.recording, draft)
    if shown.recording.id != plan.id:
        header = replace(header, month="")
    return CoderTranscript(header, redact_transcript(shown.transcript, shown.redactions))


def _with_file(files: Mapping[str, bytes], name: str, data: bytes) -> dict[str, bytes]:
    rest = {path: content for path, content in files.items() if path != MANIFEST} | {name: data}
    found = replace(manifest.parse(files[MANIFEST]), files=manifest.file_entries(rest))
    return {**rest, MANIFEST: manifest.write(found)}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in sorted(files.items()):
        make_folders(folder, str(Path(name).parent))
        (folder / name).write_bytes(data)


def _stems(files: set[str]) -> set[str]:
    return {Path(name.partition("!")[0]).stem for name in files}


def _holds_code(name: str, data: bytes, codes: frozenset[str]) -> bool:
    """Whether a file's name or text holds a code of the study, also inside a longer one (`P01-PIR-SISTER_1`)."""
    if not codes:
        return False
    wanted = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, sorted(codes)))})(?![A-Za-z0-9])", re.IGNORECASE)
    return any(wanted.search(re.sub("[/_]", " ", text)) for text in (name, *readable_texts(name, data)))
