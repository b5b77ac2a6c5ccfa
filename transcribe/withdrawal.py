"""A participant takes part or all of it back: what is deleted here, and what people must still delete by hand.

Deleted: everything derived from the person's voice (`private/<id>/`, or the words of a stretch), and every archived
release that held it. Kept: the key's surfaces of the person, for replacing only (`redaction.tombstones`), the partner's
interview, and a record of what was done. The journal is written first, so that nothing comes back whenever this stops.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from transcribe.consent import ConsentRules, recognition_without, with_consent
from transcribe.errors import TranscribeError, UsageError
from transcribe.exports.manifest import MANIFEST, parse
from transcribe.handover.folder import read_handovers
from transcribe.records import Diarization, Interval, Recognition, Recording, Transcript, to_json
from transcribe.release_check.checking import forget_list
from transcribe.stages import attribution_fingerprint
from transcribe.store import (
    StudyFolder,
    keep,
    locked,
    make_private_folder,
    stage_run,
    stored,
    sync_folder,
    write_atomic,
)
from transcribe.study.withdrawal_plan import WithdrawalPlan, WithdrawalRequest
from transcribe.study.withdrawals import Withdrawal, append_withdrawal, read_withdrawals

RECORDS = "withdrawals"
"""The folder in `private/` with one text for every withdrawal."""


@dataclass(frozen=True, slots=True)
class WithdrawalDone:
    """What was done; `record` is the private text that keeps it, `recall` what people must still do."""

    number: int
    deleted: tuple[str, ...]
    recall: tuple[str, ...]
    record: Path


def carry_out(
    study: StudyFolder, request: WithdrawalRequest, plan: WithdrawalPlan, withhold_third_voices: bool
) -> WithdrawalDone:
    """Deletes what the plan says and writes the record of it. The next release is without it: make one at once.

    Raises `UsageError` when the study is in use, when the plan leaves joint sessions undecided, or on a disk that
    cannot be written to. What was begun is completed by calling it again.
    """
    if plan.undecided:
        raise UsageError(f"say what becomes of {', '.join(plan.undecided)}: --observations keep, withhold or delete")
    with locked(study):
        earlier = read_withdrawals(study)
        number = 1 + max((w.number for w in earlier.items), default=0)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        recall = _to_recall(study, plan)
        append_withdrawal(
            study,
            Withdrawal(
                number,
                request.person,
                request.who.upper(),
                when,
                request.why,
                plan.whole_person,
                plan.recordings,
                plan.stretches,
            ),
        )
        forget_list(study)
        deleted = [_delete_recording(study, name) for name in plan.recordings]
        for name in dict.fromkeys(stretch.recording for stretch in plan.stretches):
            deleted.append(_delete_stretches(study, name, withhold_third_voices))
        record = study.private / RECORDS / f"{number:04d}.md"
        make_private_folder(record.parent)
        write_atomic(record, _record_text(request, plan, when, number, deleted, recall).encode())
    return WithdrawalDone(number, tuple(deleted), tuple(recall), record)


def _delete_recording(study: StudyFolder, name: str) -> str:
    folder = study.recording(name)
    if not folder.is_dir():
        return f"{name}: nothing had been made of it; it will not be processed"
    count = sum(1 for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    sync_folder(study.private)
    return f"{name}: all {count} files made of it (recognised words, turns, transcript, redactions)"


def _delete_stretches(study: StudyFolder, name: str, withhold_third_voices: bool) -> str:
    """Takes the words of all withdrawn stretches out of what is stored; the ids of the other utterances stay."""
    stretches = read_withdrawals(study).stretches_of(name)
    recognition = stored(Recognition, study, name, "recognize", None)
    transcript = stored(Transcript, study, name, "attribute", None)
    recording = stored(Recording, study, name, "probe", None)
    diarization = stored(Diarization, study, name, "diarize", None)
    before = sum(len(s.words) for s in recognition.segments) if recognition else 0
    if recognition is not None:
        recognition = recognition_without(recognition, stretches)
        _rewrite(study, name, "recognize", recognition)
    if transcript is not None and recording is not None:
        rules = ConsentRules(stretches, withhold_third_voices)
        wanted = None
        if recognition is not None and diarization is not None:
            wanted = attribution_fingerprint(recording, recognition, diarization, rules)
        _rewrite(study, name, "attribute", with_consent(recording, transcript, rules), wanted)
    gone = before - (sum(len(s.words) for s in recognition.segments) if recognition else 0)
    return f"{name}: {gone} words in {len(stretches)} stretches"


def _rewrite(
    study: StudyFolder, name: str, stage: str, record: Recognition | Transcript, wanted: str | None = None
) -> None:
    run = stage_run(study, name, stage)
    if run is None:
        raise UsageError(f"private/{name}/run.json has no line for {stage}; run transcribe run first")
    keep(study, name, run if wanted is None else replace(run, fingerprint=wanted), to_json(record))


def forget_releases(study: StudyFolder, recordings: Sequence[str]) -> tuple[str, ...]:
    """Deletes the archived releases that held any of the recordings; returns what was deleted, for the record.

    To be called after the release that is without them. One whose manifest cannot be read is deleted, too.
    """
    deleted = []
    with locked(study):
        for folder in sorted(study.releases.glob("[0-9]*")) if study.releases.is_dir() else []:
            if _held(folder, recordings):
                shutil.rmtree(folder)
                deleted.append(f"archived release {folder.name}")
        if deleted:
            sync_folder(study.releases)
    return tuple(deleted)


def _held(folder: Path, recordings: Sequence[str]) -> bool:
    try:
        return any(entry.id in recordings for entry in parse((folder / MANIFEST).read_bytes()).transcripts)
    except (TranscribeError, FileNotFoundError):
        return True


def _to_recall(study: StudyFolder, plan: WithdrawalPlan) -> list[str]:
    """What this program cannot delete: originals, backups, copies in other hands, coders' own files."""
    recall = [
        f"the original media files ({len(plan.originals)}; they are listed in this withdrawal's record): delete them, "
        + ("" if plan.recordings else "or the stretch in them, ")
        + "in every place where they lie (recorder, phone, cloud, backup)",
        "backups of the study folder, and of private/key.age",
    ]
    held = [name for name in plan.touched if any(study.coders.rglob(f"{name}*"))]
    if held:
        recall.append(f"copies of coders/ that anybody has taken, and projects made from them: {', '.join(held)}")
    recall += [f"coders' own file that may quote it: coders/{name}" for name in _coders_copies(study, held)]
    for line in read_handovers(study):
        if gone := [name for name in plan.touched if name in line.recordings.split()]:
            sound = " and its audio" if any(name in line.audio.split() for name in gone) else ""
            recall.append(
                f"handed over on {line.when[:10]} to {line.to_whom or 'somebody who was not noted'} "
                f"(level {line.level}, release {line.release}): {', '.join(gone)}{sound}"
            )
    return recall


def _coders_copies(study: StudyFolder, names: Sequence[str]) -> list[str]:
    found = [p for name in names for p in study.coders.rglob(f"{name}*") if ".edited-" in p.name or ".own-" in p.name]
    return sorted({path.relative_to(study.coders).as_posix() for path in found})


def _record_text(
    request: WithdrawalRequest,
    plan: WithdrawalPlan,
    when: str,
    number: int,
    deleted: Sequence[str],
    recall: Sequence[str],
) -> str:
    parts = [f"- {s.recording}: {_span((s.start, s.end))}" for s in plan.stretches]
    files = [f"- {path}" for path in plan.originals]
    lines = [
        f"# Withdrawal {number}",
        "",
        f"Person {request.person}. Carried out {when} by {request.who.upper()}.",
        *([f"Reason given: {request.why}"] if request.why else []),
        "",
        "## Deleted by the program",
        "",
        *(f"- {line}" for line in deleted),
        *(["", "Stretches:", "", *parts] if parts else []),
        "",
        "## Kept, and why",
        "",
        "- The names of this person in private/key.age, only to replace them in what others said.",
        "- The partner's interview, in which this person is a code.",
        "",
        "## For people to do: tick when done",
        "",
        *(f"- [ ] {line}" for line in recall),
        "",
        *(["Original media files:", "", *files, ""] if files else []),
    ]
    return "\n".join(lines)


def _span(stretch: Interval) -> str:
    return " to ".join(f"{int(t) // 3600:02d}:{int(t) // 60 % 60:02d}:{int(t) % 60:02d}" for t in stretch)
