"""A participant takes part or all of it back: what is deleted here, and what people must still delete by hand.

Deleted: everything derived from the person's voice (`private/<id>/`, or the words of a stretch), and every archived
release that held it. Kept: what the key has of them, for replacing only (`redaction.tombstones`), the partner's
interview, and a record of what was done. Whatever could stop it is tried before anything is deleted; then the journal
is written, so that nothing comes back whenever this stops, and asking for the same again completes it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from transcribe.audio.header import file_digest
from transcribe.documents.stored import read_documents, text_digest
from transcribe.errors import UsageError
from transcribe.handover.folder import read_handovers
from transcribe.records import Interval
from transcribe.redaction.key import is_destroyed, open_key
from transcribe.redaction.roster_match import check_roster
from transcribe.redaction.tombstones import roster_to_replace
from transcribe.release import read_previous
from transcribe.release_check.checking import forget_list
from transcribe.store import StudyFolder, locked, make_private_folder, write_atomic
from transcribe.study.withdrawal_plan import WithdrawalPlan, WithdrawalRequest
from transcribe.study.withdrawals import Withdrawal, append_withdrawal, read_withdrawals
from transcribe.study_consent import sounds_of
from transcribe.study_speakers import keep_labels
from transcribe.withdrawn_content import (
    bundle_without,
    delete_withdrawn,
    forget_releases,
    take_out_of_coders,
    withdrawn_from_coders,
)

KEPT_IN_KEY = (
    "In private/key.age and its last states in private/key-history, encrypted: everything that was replaced in what "
    "they said (names of them and of others, places, dates, numbers), as it was said, with its mark. It is used to "
    "replace the same in what others say, and to give no mark twice, and is shown to nobody but holders of the key "
    "(transcribe key show). It ends with transcribe key destroy."
)
RECORDS = "withdrawals"
"""The folder in `private/` with one text for every withdrawal."""


@dataclass(frozen=True, slots=True)
class WithdrawalDone:
    """What was done; `record` is the private text that keeps it, `recall` what people must still do."""

    withdrawal: Withdrawal
    deleted: tuple[str, ...]
    recall: tuple[str, ...]
    record: Path


def carry_out(
    study: StudyFolder, request: WithdrawalRequest, plan: WithdrawalPlan, withhold_third_voices: bool
) -> WithdrawalDone:
    """Deletes what the plan says and writes the record of it. The next release is without it: make one at once, and
    call `complete`. Where the key was destroyed no release can be made: then it is taken out of the present one.

    Nothing is deleted when it raises `UsageError`: the study is in use, the plan leaves joint sessions undecided, the
    roster cannot be read, `coders/` cannot be made without it; or `WithheldError`: the key cannot be opened. What a
    kill stopped is completed by calling it again.
    """
    if plan.undecided:
        raise UsageError(f"say what becomes of {', '.join(plan.undecided)}: --observations keep, withhold or delete")
    with locked(study):
        keyless = is_destroyed(study)
        if not keyless:
            check_roster(roster_to_replace(study, open_key(study)))
        present = read_previous(study)
        held = (
            set() if present is None else set(plan.touched) & {*(e.id for e in present.transcripts), *present.documents}
        )
        if keyless and held:
            bundle_without(study, held)
        withdrawal = _journal_line(study, request, plan, 0 if present is None else present.release)
        record = study.private / RECORDS / f"{withdrawal.number:04d}.md"
        done = WithdrawalDone(withdrawal, (), tuple(_to_recall(study, plan)), record)
        _write_record(study, plan, done)
        if withdrawal not in read_withdrawals(study).items:
            keep_labels(study, withdrawal.sessions)
            append_withdrawal(study, withdrawal)
        forget_list(study)
        deleted = [*delete_withdrawn(study, withhold_third_voices), *_archives(forget_releases(study))]
        for name in plan.recordings:
            if not any(line.startswith(f"{name}:") for line in deleted):
                deleted.append(f"{name}: nothing that was made of it is left; it will not be processed")
        if keyless and (release := take_out_of_coders(study)) is not None:
            deleted.append(f"coders/: release {release.number} is the one before, without {', '.join(sorted(held))}")
        done = replace(done, deleted=tuple(deleted))
        _write_record(study, plan, done)
    return done


def complete(study: StudyFolder, plan: WithdrawalPlan, done: WithdrawalDone) -> WithdrawalDone:
    """What is left to do when a release without it was made: the one before goes, and the record is finished."""
    with locked(study):
        forget_releases(study)
        number = done.withdrawal.release
        deleted = list(done.deleted)
        if number and not withdrawn_from_coders(study) and not (study.releases / str(number)).exists():
            deleted += [line for line in _archives([number]) if line not in deleted]
        recall = [
            *done.recall,
            *(f"coders' own file that may quote it: coders/{p}" for p in _coders_files(study, plan)),
        ]
        done = replace(done, deleted=tuple(deleted), recall=tuple(dict.fromkeys(recall)))
        _write_record(study, plan, done)
    return done


def _archives(numbers: Sequence[int]) -> list[str]:
    return [f"release {number}, which held it, as it was archived" for number in numbers]


def _journal_line(study: StudyFolder, request: WithdrawalRequest, plan: WithdrawalPlan, release: int) -> Withdrawal:
    """The journal's line for this: the earlier one of a withdrawal that is asked for again, else a new one."""
    journal = read_withdrawals(study)
    for earlier in reversed(journal.items):
        same_kind = earlier.person == request.person and earlier.whole_person == plan.whole_person
        if same_kind and _parts(plan) <= _parts(earlier):
            return earlier
    return Withdrawal(
        number=1 + max((w.number for w in journal.items), default=0),
        person=request.person,
        who=request.who.upper(),
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        why=request.why,
        whole_person=plan.whole_person,
        recordings=plan.recordings,
        stretches=tuple(replace(s, sounds=sounds_of(study, s.recording)) for s in plan.stretches),
        release=release,
        documents=plan.documents,
        texts=tuple(text_digest(document) for document in read_documents(study) if document.id in plan.documents),
        sounds=_sounds(study, plan),
        sessions=tuple(name for name in plan.joint if name not in plan.recordings),
    )


def _sounds(study: StudyFolder, plan: WithdrawalPlan) -> tuple[str, ...]:
    """The sha256 of all parts of what goes whole: from its results, and from its files where there are none yet."""
    found = [sounds_of(study, name) for name in plan.recordings]
    if not all(found):
        found += [(file_digest(path),) for path in plan.originals if path.is_file() and os.access(path, os.R_OK)]
    return tuple(dict.fromkeys(sound for parts in found for sound in parts))


def _parts(withdrawn: Withdrawal | WithdrawalPlan) -> set[tuple[object, ...]]:
    """All that is taken back, to be compared."""
    stretches = {(stretch.recording, stretch.start, stretch.end) for stretch in withdrawn.stretches}
    return {*stretches, *((name,) for name in (*withdrawn.recordings, *withdrawn.documents))}


def _to_recall(study: StudyFolder, plan: WithdrawalPlan) -> list[str]:
    """What this program cannot delete: originals, backups, copies in other hands, coders' own files."""
    recall = [
        f"the original media files ({len(plan.originals)}; they are listed in this withdrawal's record): delete them, "
        + ("" if plan.recordings else "or the stretch in them, ")
        + "in every place where they lie (recorder, phone, cloud, backup)",
        "backups of the study folder, and of private/key.age",
    ]
    released = read_previous(study)
    known: set[str] = set()
    if released is not None:
        known = {*(entry.id for entry in released.transcripts), *(entry.id for entry in released.absent)}
        known |= set(plan.documents)  # no list says whether a document was ever released
    held = [name for name in plan.touched if name in known]
    if held:
        recall.append(f"copies of coders/ that anybody has taken, and projects made from them: {', '.join(held)}")
    if plan.look:
        recall.append(
            f"documents that stay as they are and may tell of this person: {', '.join(plan.look)}. Look at each; to "
            "take one out: transcribe redact --study STUDY --remove ID"
        )
    for line in read_handovers(study):
        if gone := [name for name in plan.touched if name in line.recordings.split()]:
            sound = " and its audio" if any(name in line.audio.split() for name in gone) else ""
            recall.append(
                f"handed over on {line.when[:10]} to {line.to_whom or 'somebody who was not noted'} "
                f"(level {line.level}, release {line.release}): {', '.join(gone)}{sound}"
            )
    return recall


def _coders_files(study: StudyFolder, plan: WithdrawalPlan) -> list[str]:
    """What coders keep in the folder beside the release: of these recordings, or of all."""
    names = (*plan.touched, "turns", "changes")
    found = [p for name in names for p in study.coders.rglob(f"{name}*") if ".edited-" in p.name or ".own-" in p.name]
    return sorted({path.relative_to(study.coders).as_posix() for path in found})


def _write_record(study: StudyFolder, plan: WithdrawalPlan, done: WithdrawalDone) -> None:
    make_private_folder(done.record.parent)
    write_atomic(done.record, _record_text(plan, done, has_key=not is_destroyed(study)).encode())


def _record_text(plan: WithdrawalPlan, done: WithdrawalDone, *, has_key: bool) -> str:
    withdrawal = done.withdrawal
    deleted = done.deleted or ("this was stopped before it had an end: ask for the same withdrawal again",)
    parts = [f"- {s.recording}: {_span((s.start, s.end))}" for s in plan.stretches]
    files = [f"- {path}" for path in plan.originals]
    lines = [
        f"# Withdrawal {withdrawal.number}",
        "",
        f"Person {withdrawal.person}. Carried out {withdrawal.when} by {withdrawal.who}.",
        *([f"Reason given: {withdrawal.why}"] if withdrawal.why else []),
        "",
        "## Deleted by the program",
        "",
        *(f"- {line}" for line in deleted),
        *(["", "Stretches:", "", *parts] if parts else []),
        "",
        "## Kept, and why",
        "",
        *([f"- {KEPT_IN_KEY}"] if has_key else []),
        "- The partner's interview, in which this person is a code.",
        "- This record, and a line in private/withdrawals.json: codes, times, and checksums of the recordings and "
        "documents, by which they are known if they come again.",
        "",
        "## For people to do: tick when done",
        "",
        *(f"- [ ] {line}" for line in done.recall),
        "",
        *(["Original media files:", "", *files, ""] if files else []),
    ]
    return "\n".join(lines)


def _span(stretch: Interval) -> str:
    return " to ".join(f"{int(t) // 3600:02d}:{int(t) // 60 % 60:02d}:{int(t) % 60:02d}" for t in stretch)
