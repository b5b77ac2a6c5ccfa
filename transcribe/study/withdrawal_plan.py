"""What a withdrawal would delete: the participant's own recordings, a stretch, their part of joint sessions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from transcribe.consent import stretches_of
from transcribe.documents.stored import StudyDocument, is_of_others, read_documents
from transcribe.errors import UsageError
from transcribe.record_json import from_json
from transcribe.records import Recording, Transcript
from transcribe.store import StudyFolder, stored
from transcribe.study.manifest import read_manifest
from transcribe.study.withdrawals import Stretch, Withdrawal, read_withdrawals

Observations = Literal["keep", "withhold", "delete"]
_TIME = re.compile(r"(?:(\d{1,2}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,3})?)")
_INITIALS = re.compile(r"[A-Za-z]{2,8}")


@dataclass(frozen=True, slots=True)
class WithdrawalRequest:
    """What is asked for: a person, or one `recording`, or its stretch from `start` to `end` (s).

    `observations` says what becomes of the sessions that the person shares with their partner, and of the pair's
    documents; None: not said.
    """

    person: str
    who: str
    why: str = ""
    recording: str = ""
    start: float | None = None
    end: float | None = None
    observations: Observations | None = None


@dataclass(frozen=True, slots=True)
class WithdrawalPlan:
    """What will be deleted: `recordings` whole, `stretches` in part; `originals` are the media files, in the manifest.

    `documents` go whole; `look` are those that stay and may tell of the person. `undecided` are joint sessions and
    documents for which the request does not say what becomes of them. `joint` are all sessions that a whole person
    shares with others, those that stay among them.
    """

    recordings: tuple[str, ...]
    stretches: tuple[Stretch, ...]
    whole_person: bool
    undecided: tuple[str, ...]
    originals: tuple[Path, ...]
    documents: tuple[str, ...] = ()
    look: tuple[str, ...] = ()
    joint: tuple[str, ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """All recordings and documents of which something goes."""
        parts = (stretch.recording for stretch in self.stretches)
        return tuple(dict.fromkeys((*self.recordings, *parts, *self.documents)))


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a recording, from the manifest or from its own facts; `also_present` from the manifest alone."""

    id: str
    pair: str
    role: str
    person: str
    files: tuple[Path, ...]
    duration: float | None
    also_present: tuple[str, ...] = ()


def parse_time(text: str) -> float:
    """Seconds of `hh:mm:ss`, `mm:ss` or `mm:ss.s`. Raises `UsageError`."""
    match = _TIME.fullmatch(text.strip())
    if not match or float(match.group(3)) >= 60:
        raise UsageError("a time reads hh:mm:ss or mm:ss, such as 00:12:30")
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def plan_withdrawal(study: StudyFolder, request: WithdrawalRequest) -> WithdrawalPlan:
    """What a request would delete; changes nothing.

    Raises `UsageError` for a person or recording that the study does not have, a stretch that is none, the partner's
    whole interview, and a joint session in which the person's voice was not told apart.
    """
    if not _INITIALS.fullmatch(request.who):
        raise UsageError("--who: give your initials, 2 to 8 letters")
    known = _known_recordings(study)
    earlier = [w for w in read_withdrawals(study).items if w.person == request.person]
    own = [item for item in known if item.person == request.person and item.role != "OBS"]
    # The `person` of an observed session is its PSW, who may be of another pair: it is shared all the same.
    pairs = {item.pair for item in known if item.person == request.person} | {request.person.rpartition("-")[0]}
    joint = [item for item in known if item.role == "OBS" and (item.pair in pairs or _is_present(item, request.person))]
    documents = read_documents(study)
    of_pair = [document for document in documents if document.pair in pairs]
    if not own and not joint and not earlier and not of_pair:
        raise UsageError("--person: no recording of the study is of a person with this code; see: transcribe status")
    if request.recording:
        look = tuple(document.id for document in documents if document.pair in ("", *pairs))
        theirs = [item for item in known if item.pair in pairs or item in joint]
        return replace(_plan_recording(request, theirs), look=look)
    if request.start is not None or request.end is not None:
        raise UsageError("--from and --to need --recording ID")
    recordings = [item.id for item in own]
    stretches: list[Stretch] = []
    for withdrawal in earlier:
        if withdrawal.whole_person:  # what was begun is completed, whatever is left of it
            recordings += withdrawal.recordings
            stretches += withdrawal.stretches
    decided = {*recordings, *(stretch.recording for stretch in stretches)}
    if request.observations == "delete":
        recordings += [item.id for item in joint]
    elif request.observations == "withhold":
        stretches += [s for item in joint if item.id not in decided for s in _voice(study, item.id, request.person)]
    undecided = tuple(item.id for item in joint if item.id not in decided) if request.observations is None else ()
    whole = tuple(dict.fromkeys(recordings))
    parts = tuple(dict.fromkeys(stretch for stretch in stretches if stretch.recording not in whole))
    touched = {*whole, *(stretch.recording for stretch in parts)}
    originals = tuple(file for item in known if item.id in touched for file in item.files)
    plan = WithdrawalPlan(whole, parts, True, undecided, originals, joint=tuple(item.id for item in joint))
    return _with_documents(plan, request, [d for d in documents if d.pair in ("", *pairs)], earlier)


def _with_documents(
    plan: WithdrawalPlan,
    request: WithdrawalRequest,
    documents: Sequence[StudyDocument],
    earlier: Sequence[Withdrawal],
) -> WithdrawalPlan:
    """The plan with what becomes of the pair's documents, and of those that have no pair.

    One that has to be withheld goes whole: in notes nobody can tell whose words are whose. A document in which only
    others talk is theirs, as the partner's interview is.
    """
    gone = [name for w in earlier if w.whole_person for name in w.documents]
    theirs = [d.id for d in documents if d.pair and not is_of_others(d, request.person) and d.id not in gone]
    if request.observations in ("withhold", "delete"):
        gone += theirs
    return replace(
        plan,
        undecided=(*plan.undecided, *theirs) if request.observations is None else (),
        documents=tuple(dict.fromkeys(gone)),
        look=tuple(document.id for document in documents if document.id not in gone),
    )


def _is_present(item: _Known, person: str) -> bool:
    return any(told.upper() == person for told in item.also_present)


def _plan_recording(request: WithdrawalRequest, theirs: Sequence[_Known]) -> WithdrawalPlan:
    item = next((item for item in theirs if item.id == request.recording), None)
    if item is None:
        raise UsageError("--recording: no such recording in this person's pair; see: transcribe status")
    if request.start is None and request.end is None:
        if item.role != "OBS" and item.person != request.person:
            raise UsageError("--recording: this is their partner's interview; name a stretch with --from and --to")
        return WithdrawalPlan((item.id,), (), False, (), item.files)
    start, end = request.start or 0.0, request.end if request.end is not None else item.duration
    if end is None or not 0 <= start < end:
        raise UsageError("--from must lie before --to")
    if item.duration is not None and start >= item.duration:
        raise UsageError("--from lies behind the end of the recording")
    return WithdrawalPlan((), (Stretch(item.id, round(start, 3), round(end, 3)),), False, (), item.files)


def _known_recordings(study: StudyFolder) -> list[_Known]:
    """Every recording of the manifest or with results of its own, also one that the lab has excluded since.

    One that was withdrawn is among them: a withdrawal that was stopped is completed by asking for it again.
    """
    reading = read_manifest(study)
    known = {
        plan.id: _Known(plan.id, plan.pair, plan.role, plan.person, plan.files, None, plan.also_present)
        for plan in (*reading.recordings, *reading.withdrawn)
    }
    for path in sorted(study.private.glob("*/recording.json")):
        facts = from_json(Recording, path.read_bytes(), f"private/{path.parent.name}/recording.json")
        listed = known.get(facts.id)
        files, others = ((), ()) if listed is None else (listed.files, listed.also_present)
        known[facts.id] = _Known(facts.id, facts.pair, facts.role, facts.person, files, facts.duration, others)
    return list(known.values())


def _voice(study: StudyFolder, recording: str, person: str) -> list[Stretch]:
    """When the person talks in a joint session."""
    transcript = stored(Transcript, study, recording, "name", None)
    if transcript is None and study.output(recording, "recognize").exists():
        raise UsageError(
            f"{recording}: who talks when in it is not known yet; first: transcribe release STUDY (or transcribe run)"
        )
    if transcript is None:
        raise UsageError(
            f"{recording}: it is not transcribed yet, so nobody knows when this person talks in it; transcribe it "
            "first, or say --observations delete"
        )
    spans = stretches_of(transcript, person)
    if not spans:
        raise UsageError(
            f"{recording}: no voice in it is known to be this person's, so it cannot be taken out alone; say "
            f"--observations delete, or name stretches with --recording {recording} --from --to"
        )
    return [Stretch(recording, start, end) for start, end in spans]
