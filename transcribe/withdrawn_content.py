"""What was taken back and still lies in the study: found by the journal of withdrawals, and deleted.

Each function may be called at any time and again: `transcribe withdraw` calls them, and so does every run and release,
so that a withdrawal that was stopped half-way is completed. The caller holds the study's lock.
"""

import shutil
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from transcribe.consent import ConsentRules, recognition_without, transcript_without, with_consent
from transcribe.errors import CorruptFileError, TranscribeError, UsageError
from transcribe.exports.bundle import without
from transcribe.exports.bundle_files import document_paths, transcript_paths
from transcribe.exports.manifest import MANIFEST, BundleManifest, parse
from transcribe.lab_lists import MATCHES, forget_matches, kept_lists
from transcribe.record_json import to_json
from transcribe.records import Recognition, Recording, Transcript
from transcribe.release import Release, publish, read_previous
from transcribe.release.coders_files import hash_file, is_published
from transcribe.release.swap import finish_or_undo
from transcribe.release_check.checking import forget_list
from transcribe.speaker_stages import attribution_fingerprint, naming_fingerprint
from transcribe.store import StudyFolder, drop_stage, keep, stage_run, stored, sync_folder
from transcribe.study.manifest import read_manifest
from transcribe.study.withdrawals import read_withdrawals
from transcribe.study_consent import agreed_speakers, sounds_of
from transcribe.study_speakers import SPEAKERS_PAGE
from transcribe.withdrawn_voices import delete_withdrawn_voices

NOT_DELETED = "NOT DELETED"
_TURNS = "turns.csv"


def delete_withdrawn(study: StudyFolder, withhold_third_voices: bool) -> tuple[str, ...]:
    """Deletes in `private/` what the journal says and is still there; returns what that was, one line for each.

    What cannot be read, so that a stretch cannot be found in it, is among the lines, with `NOT_DELETED`.
    """
    journal = read_withdrawals(study)
    if not journal.items:
        return ()
    (study.private / SPEAKERS_PAGE).unlink(missing_ok=True)  # it quotes; the next release makes it again
    reading = read_manifest(study)
    plans = {plan.id: plan for plan in reading.recordings}
    sounds = {path.parent.name: sounds_of(study, path.parent.name) for path in study.private.glob("*/recording.json")}
    same = [name for name, parts in sounds.items() if journal.is_withdrawn_sound(parts)]
    whole = dict.fromkeys((*journal.recordings, *sorted(same)))
    deleted = [_delete_recording(study, name) for name in whole if study.recording(name).is_dir()]
    for name in sorted({*journal.cut, *sounds} - set(whole)):
        if stretches := journal.stretches_of(name, sounds.get(name, ())):
            try:
                agreed = agreed_speakers(plans[name], plans.values()) if name in plans else ()
                rules = ConsentRules(stretches, withhold_third_voices, agreed)
                deleted += _delete_stretches(study, name, rules)
            except CorruptFileError as error:
                deleted.append(f"{name}: {NOT_DELETED}: {error.message}; then withdraw again")
    deleted += delete_withdrawn_voices(study, reading)
    try:
        if forget_matches(study, whole):
            deleted.append(f"private/{MATCHES}: where questions of the guide were asked in it")
    except UsageError as error:
        deleted.append(f"private/{MATCHES}: {NOT_DELETED}: {error.message}; then withdraw again")
    for name in journal.documents:
        if study.recording(name).is_dir():
            shutil.rmtree(study.recording(name))
            sync_folder(study.private)
            deleted.append(f"{name}: the document and all that was made of it")
    if deleted:
        forget_list(study)
    return tuple(deleted)


def _delete_recording(study: StudyFolder, name: str) -> str:
    folder = study.recording(name)
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    sync_folder(study.private)
    return f"{name}: all {count} files made of it (recognised words, turns, transcript, redactions)"


def _delete_stretches(study: StudyFolder, name: str, rules: ConsentRules) -> list[str]:
    """Takes the words of all withdrawn stretches out of what is stored; the ids of the other utterances stay."""
    deleted = [_delete_unfinished(study, name, stage) for stage in ("recognize", "attribute", "speakers", "name")]
    recording = stored(Recording, study, name, "probe", None)
    recognition = stored(Recognition, study, name, "recognize", None)
    attributed = stored(Transcript, study, name, "attribute", None)
    transcript = stored(Transcript, study, name, "name", None)
    if recognition is not None:
        kept = recognition_without(recognition, rules.withdrawn)
        gone = sum(len(s.words) for s in recognition.segments) - sum(len(s.words) for s in kept.segments)
        put_away = len(recognition.quarantined) - len(kept.quarantined)
        if kept != recognition:
            _rewrite(study, name, "recognize", kept)
        if gone:
            deleted.append(f"{name}: {gone} words in {len(rules.withdrawn)} stretches")
        if put_away:
            deleted.append(f"{name}: {put_away} texts in them that were kept out of the transcript")
    allowed = None if attributed is None else transcript_without(attributed, rules.withdrawn)
    if attributed is None or allowed != attributed:
        drop_stage(study, name, "speakers")  # it quotes; whoever makes the next transcript makes it again
        if allowed is not None:
            _rewrite(study, name, "attribute", allowed, attribution_fingerprint(study, name, rules.withdrawn))
            attributed = allowed
    if transcript is not None and recording is not None:
        allowed = with_consent(recording, transcript, rules)
        if allowed != transcript:
            wanted = None if attributed is None else naming_fingerprint(attributed, transcript.speakers, rules)
            _rewrite(study, name, "name", allowed, wanted)
            deleted.append(f"{name}: the same in its transcript")
    return [line for line in deleted if line]


def _delete_unfinished(study: StudyFolder, name: str, stage: str) -> str:
    """Deletes an output that lost its line in `run.json`: nobody can tell whether what was withdrawn is in it."""
    path = study.output(name, stage)
    if not path.exists() or stage_run(study, name, stage) is not None:
        return ""
    path.unlink()
    sync_folder(path.parent)
    return f"{name}: an unfinished {path.name}; transcribe run makes it again"


def _rewrite(
    study: StudyFolder, name: str, stage: str, record: Recognition | Transcript, wanted: str | None = None
) -> None:
    run = stage_run(study, name, stage)
    if run is not None:
        keep(study, name, run if wanted is None else replace(run, fingerprint=wanted), to_json(record))


def forget_releases(study: StudyFolder) -> tuple[int, ...]:
    """Deletes the archived releases that hold what was taken back, and returns their numbers.

    The present release is archived by the next one only: call it again after that. One that cannot be read goes, too.
    """
    journal = read_withdrawals(study)
    if not journal.items:
        return ()
    finish_or_undo(study)
    deleted = []
    for folder in sorted(study.releases.glob("[0-9]*")) if study.releases.is_dir() else []:
        if _holds(study, folder):
            shutil.rmtree(folder)
            deleted.append(int(folder.name))
    if deleted:
        sync_folder(study.releases)
    return tuple(sorted(deleted))


def _holds(study: StudyFolder, folder: Path) -> bool:
    try:
        return bool(_withdrawn_in(study, parse((folder / MANIFEST).read_bytes())))
    except (TranscribeError, FileNotFoundError):
        return True


def _withdrawn_in(study: StudyFolder, release: BundleManifest) -> set[str]:
    ids = [*(entry.id for entry in release.transcripts), *release.documents]
    return read_withdrawals(study).held_in(release.release, ids)


def withdrawn_from_coders(study: StudyFolder) -> set[str]:
    """What the present release holds and should not."""
    present = read_previous(study)
    return set() if present is None else _withdrawn_in(study, present)


def take_out_of_coders(study: StudyFolder) -> Release | None:
    """Publishes the present release without the transcripts in which something was taken back; it needs no key.

    None when there is nothing to take out. Raises what `bundle_without` and `publish` raise.
    """
    gone = withdrawn_from_coders(study)
    return publish(study, bundle_without(study, gone)) if gone else None


def bundle_without(study: StudyFolder, gone: Collection[str]) -> dict[str, bytes]:
    """The files of the present release without some transcripts and documents.

    A transcript of which a file is lost goes, too. Raises `UsageError` when a file of what stays was changed by a coder
    and no archived release has it as it was, `ValidationError` when `turns.csv` cannot be read.

    The codebook is without the lab's guide and codes where those that are kept cannot be read or used: what was taken
    back goes in any case.
    """
    present = read_previous(study)
    assert present is not None
    files: dict[str, bytes] = {}
    lost: set[str] = set()
    paths = {entry.id: transcript_paths(entry.id, present.settings.formats) for entry in present.transcripts}
    paths |= {name: document_paths(name) for name in present.documents}
    for name in sorted(set(paths) - set(gone)):
        for path in paths[name]:
            data = _as_published(study, path, present)
            if data is not None:
                files[path] = data
            elif (study.coders / path).exists():
                raise UsageError(
                    f"coders/{path} was changed since it was released. Put the released file back, or take the changed "
                    "one out of coders/: then this transcript is no longer in the release"
                )
            else:
                lost.add(name)
    table = _as_published(study, _TURNS, present)
    if table is None:
        raise UsageError("coders/turns.csv was changed since it was released: put the released file back, from a copy")
    files[_TURNS] = table
    try:
        return without(present, files, {*gone, *lost}, kept_lists(study))
    except (CorruptFileError, UsageError):  # a codebook must not keep here what somebody took back
        return without(present, files, {*gone, *lost})


def _as_published(study: StudyFolder, path: str, present: BundleManifest) -> bytes | None:
    """A file of the present release: from `coders/`, or from an archived release that had the same; None if neither."""
    if is_published(study.coders, path, present.sha256):
        return (study.coders / path).read_bytes()
    for folder in sorted(study.releases.glob("[0-9]*")):
        kept = folder / path
        if kept.is_file() and hash_file(kept) == present.sha256[path]:
            return kept.read_bytes()
    return None
