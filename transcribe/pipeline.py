"""The order of the stages, and nothing else: a folder of audio in, a release for the coders out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transcribe import speaker_stages, stages
from transcribe.batch import Batch, Failure
from transcribe.certificate import collect_facts, write_certificate
from transcribe.config import Engines, check_languages, check_schedule
from transcribe.consent import ConsentRules, doubts, with_consent
from transcribe.documents.stored import read_documents
from transcribe.engines import PiiDetector
from transcribe.enrolment import hear_enrolled
from transcribe.errors import EXIT_OK, EXIT_SOME_FAILED, EXIT_WITHHELD, TranscribeError, UsageError, WithheldError
from transcribe.lab_lists import check_lists
from transcribe.progress import Progress
from transcribe.records import Recording, Transcript
from transcribe.redaction.decisions import undecided
from transcribe.redaction.key import open_key
from transcribe.redaction.registry import Registry
from transcribe.redaction.roster_match import check_roster
from transcribe.redaction.study_redaction import REDACTION_VERSION
from transcribe.redaction.tombstones import roster_to_replace
from transcribe.release import Release, read_previous
from transcribe.release_check.checking import ReleaseCheck, check_release
from transcribe.report import write_report
from transcribe.store import StudyFolder, locked, stage_run, stored
from transcribe.study.languages import read_languages
from transcribe.study.last_release import remember_release
from transcribe.study.manifest import ManifestProblem, ManifestReading, PlannedRecording, SkippedRow, read_manifest
from transcribe.study.roster import read_roster
from transcribe.study.settings import Settings
from transcribe.study.withdrawals import read_withdrawals
from transcribe.study_consent import consent_rules
from transcribe.study_release import check_rendering, release_study
from transcribe.study_speakers import assign_study_speakers, keep_speakers
from transcribe.withdrawn_content import delete_withdrawn, forget_releases
from transcribe.withdrawn_voices import sessions_of_withdrawn


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What one `transcribe run` asks for; empty `only` means every recording of the manifest.

    `cut_off`: the system has taken the network from this run (`offline_proof`).
    """

    only: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    speakers: stages.Speakers = None
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class RunReport:
    """What became of a run. `computed` holds (recording, stage) for every stage that was done anew.

    `heard` are those of `recordings` whose sound was worked on where that was needed: none in a release alone; `listed`
    all that the manifest has.
    """

    recordings: tuple[str, ...]
    computed: frozenset[tuple[str, str]]
    failures: tuple[Failure, ...]
    problems: tuple[ManifestProblem, ...]
    skipped: tuple[SkippedRow, ...]
    warnings: Mapping[str, Sequence[str]]
    withheld: Mapping[str, str]
    release: Release | None
    check: ReleaseCheck | None = None
    heard: tuple[str, ...] = ()
    listed: frozenset[str] = frozenset()

    @property
    def worked_on(self) -> frozenset[str]:
        """The recordings of which something was heard anew in this run."""
        return frozenset(name for name, stage in self.computed if stage in ("diarize", "recognize"))

    @property
    def exit_code(self) -> int:
        """7 when something was withheld for privacy, else 8 when something failed, else 0."""
        if self.withheld:
            return EXIT_WITHHELD
        return EXIT_SOME_FAILED if self.failures or self.problems else EXIT_OK


def run_study(
    study: StudyFolder, settings: Settings, engines: Engines, request: RunRequest, progress: Progress
) -> RunReport:
    """Takes every recording of the study that is not yet done to the coders' folder.

    Raises `UsageError` when the study is in use or cannot be written, `WithheldError` when the key cannot be opened
    (before any long work). What fails with one recording is in the report, and the others go on.
    """
    with locked(study):
        _complete_withdrawals(study, settings)
        registry = open_key(study)
        if not study.roster.exists():
            raise UsageError("private/roster.csv is missing: put it back (with nobody to list, its first line will do)")
        roster = read_roster(study.roster)
        check_roster(roster)
        settings.vocabulary.check_no_names(roster)
        check_rendering(read_previous(study), settings)
        reading = read_manifest(study)
        plans = {plan.id: plan for plan in reading.recordings}
        people = {plan.person for plan in plans.values()}
        check_lists(study, engines.detector, roster, registry, people)
        chosen = _chosen(plans, request.only)
        languages = {
            name: request.languages or read_languages(plans[name].language) or settings.spoken for name in plans
        }
        check_schedule(settings, {name: languages[name] for name in chosen})
        check_languages(engines, (code for name in chosen for code in languages[name]))
        batch = Batch(study, engines.quality, progress, cut_off=request.cut_off)
        recordings = stages.probe(batch, [plans[name] for name in chosen])
        for stage in ("diarize", "recognize"):
            missing = [name for name in recordings if not study.output(name, stage).exists()]
            progress.expect(stage, sum(recordings[name].duration for name in missing))
        voiceless = sessions_of_withdrawn(read_withdrawals(study), reading)
        diarizations = stages.diarize(batch, plans, recordings, engines.diarizer, request.speakers, voiceless)
        consent = consent_rules(study, plans, withhold_third_voices=settings.unconsented_voices == "withhold")
        for person, error in hear_enrolled(study, engines.diarizer, progress).items():
            batch.fail(f"enrolled {person}", "diarize", error)
        stages.recognize(batch, plans, recordings, diarizations, engines.recognizer, languages, consent)
        recordings, transcripts = _transcripts(batch, settings, plans, consent)
        _warn_of_doubts(batch, transcripts, chosen)
        return _finish(
            study,
            settings,
            batch,
            reading,
            chosen,
            recordings,
            transcripts,
            registry,
            engines.detector,
            heard=True,
        )


def _finish(
    study: StudyFolder,
    settings: Settings,
    batch: Batch,
    reading: ManifestReading,
    chosen: Sequence[str],
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    registry: Registry,
    detector: PiiDetector,
    *,
    heard: bool = False,
) -> RunReport:
    """Redaction over the whole study, release, reports and certificate."""
    remember_release(study, settings)
    roster = roster_to_replace(study, registry)
    plans = {plan.id: plan for plan in reading.recordings}
    documents = {document.id: document for document in read_documents(study)}
    facts = {**recordings, **{name: document.recording for name, document in documents.items()}}
    texts = {**transcripts, **{name: document.transcript for name, document in documents.items()}}
    redactions, registry = stages.redact(batch, facts, texts, roster, registry, detector)
    check = check_release(study, facts, texts, redactions, roster, registry, detector)
    withheld = {f.recording: f.error.message for f in batch.failures if isinstance(f.error, WithheldError)}
    if settings.policy == "hold":
        withheld |= undecided(redactions)
        redactions = {name: found for name, found in redactions.items() if name not in withheld}
    release, leaking = release_study(
        study,
        settings,
        plans,
        recordings,
        transcripts,
        documents,
        redactions,
        roster,
        registry,
        sorted(withheld),
        detector,
    )
    forget_releases(study)  # the one that was archived now may hold what was taken back
    report = RunReport(
        recordings=tuple(chosen),
        computed=frozenset(batch.computed),
        failures=tuple(f for f in batch.failures if not isinstance(f.error, WithheldError)),
        problems=reading.problems,
        skipped=reading.skipped,
        warnings=batch.warnings,
        withheld=withheld | leaking,
        release=release,
        check=check,
        heard=tuple(chosen) if heard else (),
        listed=frozenset((*plans, *(problem.recording for problem in reading.problems))),
    )
    write_report(study, report, settings.vocabulary)
    if release is not None:
        released = {name: listed for name, listed in redactions.items() if name not in leaking}
        certified = collect_facts(
            settings,
            registry,
            released.values(),
            detector=detector.fingerprint,
            rules_version=REDACTION_VERSION,
            roster_entries=len(roster),
            release=release.number,
            recordings=sum(name in transcripts for name in released),
            documents=sum(name in documents for name in released),
            withheld=len(report.withheld),
            recall=check.recall,
            cut_off=sum(_is_cut_off(study, name) for name in released if name in transcripts),
        )
        write_certificate(study, certified)
    return report


def _complete_withdrawals(study: StudyFolder, settings: Settings) -> None:
    """Deletes what was taken back and still lies there: a withdrawal may have been stopped half-way."""
    delete_withdrawn(study, settings.unconsented_voices == "withhold")
    forget_releases(study)


def _is_cut_off(study: StudyFolder, name: str) -> bool:
    """Whether every step from the sound to the redactions was done in runs without a network."""
    runs = (stage_run(study, name, stage) for stage in ("diarize", "recognize", "attribute", "name", "redact"))
    return all(run is not None and run.cut_off for run in runs)


def _chosen(plans: Mapping[str, PlannedRecording], only: Sequence[str]) -> list[str]:
    unknown = [name for name in only if name not in plans]
    if unknown:
        raise UsageError(f"--only {unknown[0]}: the manifest has no such recording ready; see: transcribe status")
    return [name for name in plans if not only or name in only]


def _warn_of_doubts(batch: Batch, transcripts: Mapping[str, Transcript], names: Sequence[str]) -> None:
    for name in names:
        for doubt in doubts(transcripts[name]) if name in transcripts else ():
            batch.warn(name, doubt)


def _is_of(recording: Recording, plan: PlannedRecording) -> bool:
    """Whether the stored facts are those of the manifest's row; after a corrected row they wait for their own run."""
    return (recording.pair, recording.role, recording.person) == (plan.pair, plan.role, plan.person)


def _transcripts(
    batch: Batch,
    settings: Settings,
    plans: Mapping[str, PlannedRecording],
    consent: Mapping[str, ConsentRules],
) -> tuple[dict[str, Recording], dict[str, Transcript]]:
    """The facts and transcripts of all recordings of the study that are heard, in this run or an earlier one.

    What failed in this run keeps the transcript that it had; what consent forbids since then is taken out of it.
    """
    failed = {failure.recording for failure in batch.failures}
    recordings: dict[str, Recording] = {}
    kept: dict[str, Transcript] = {}
    for name in plans:
        try:
            recording = stored(Recording, batch.study, name, "probe", None)
            if recording is None or not _is_of(recording, plans[name]):
                continue
            transcript = batch.reuse(Transcript, name, "name", None) if name in failed else None
            if transcript is not None:
                kept[name] = _within_consent(batch, recording, transcript, consent[name])
        except TranscribeError as error:
            batch.fail(name, "name", error)
            continue
        recordings[name] = recording
    attributed = speaker_stages.attribute_words(batch, recordings, consent)
    roles = assign_study_speakers(batch, settings, plans, recordings, attributed)
    heard = {name: transcript for name, transcript in attributed.items() if name not in kept}
    transcripts = kept | speaker_stages.name_study(batch, recordings, heard, roles, consent)
    keep_speakers(batch, recordings, heard, transcripts, roles)
    ordered = [name for name in plans if name in transcripts]
    return {name: recordings[name] for name in ordered}, {name: transcripts[name] for name in ordered}


def _within_consent(batch: Batch, recording: Recording, transcript: Transcript, rules: ConsentRules) -> Transcript:
    allowed = with_consent(recording, transcript, rules)
    run = stage_run(batch.study, recording.id, "name")
    if allowed != transcript and run is not None:
        batch.keep(recording.id, run, allowed)
    return allowed


def release_only(study: StudyFolder, settings: Settings, detector: PiiDetector, progress: Progress) -> RunReport:
    """Redacts what is transcribed, where roster or detector have changed, and releases it; touches no audio."""
    with locked(study):
        _complete_withdrawals(study, settings)
        registry = open_key(study)
        reading = read_manifest(study)
        plans = {plan.id: plan for plan in reading.recordings}
        batch = Batch(study, "", progress)
        consent = consent_rules(study, plans, withhold_third_voices=settings.unconsented_voices == "withhold")
        recordings, transcripts = _transcripts(batch, settings, plans, consent)
        _warn_of_doubts(batch, transcripts, [name for name in plans if (name, "name") in batch.computed])
        return _finish(study, settings, batch, reading, list(plans), recordings, transcripts, registry, detector)
