"""The release check of a study as a whole: put together, kept in `private/`, and reused where nothing changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from transcribe.engines import PiiDetector
from transcribe.record_json import from_json, to_json
from transcribe.records import Recording, RedactionList, Transcript
from transcribe.redaction.registry import Registry
from transcribe.redaction.study_redaction import REDACTION_VERSION
from transcribe.release_check.canaries import CANARY_VERSION
from transcribe.release_check.finished import FINISHED, FINISHED_VERSION, FOLDER
from transcribe.release_check.partner_recognition import PairRecognition, partner_recognition
from transcribe.release_check.quasi_identifiers import Alone, alone, facts_by_person
from transcribe.release_check.recall import CanaryRecall, measure_recall
from transcribe.release_check.second_look import (
    SECOND_LOOK_VERSION,
    LookAt,
    SecondLook,
    look_again,
    second_look_csv,
)
from transcribe.release_check.weak_signs import WEAK_SIGNS_VERSION
from transcribe.store import StudyFolder, digest, fingerprint, make_private_folder, write_atomic
from transcribe.study.roster import RosterEntry

LIST = "second_look.csv"
LOOK = "second-look.json"
CANARIES = "canaries.json"
MOST_COMBINATIONS = 50
"""Combinations of one participant in the private list; the report has their number."""

Kept = TypeVar("Kept", SecondLook, CanaryRecall)


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """What the release check says of a study; `utterances` counts what was read, `look` and its items are private."""

    recordings: tuple[str, ...]
    utterances: int
    look: SecondLook
    alone: tuple[Alone, ...]
    partners: tuple[PairRecognition, ...]
    recall: CanaryRecall


def check_release(
    study: StudyFolder,
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    lists: Mapping[str, RedactionList],
    roster: Sequence[RosterEntry],
    registry: Registry,
    detector: PiiDetector,
    *,
    measure_anew: bool = False,
) -> ReleaseCheck:
    """Looks again at every redacted recording, plants the canaries, and keeps both; the rest is counted from records.

    What was kept with the same texts, decisions, rules and detector is reused; the canaries do not depend on decisions.
    `measure_anew` plants them in any case. Raises `CorruptFileError` for a damaged file, `OSError` when nothing can be
    written.
    """
    shown = {name: transcripts[name] for name in lists}
    texts = [digest(to_json(transcript)) for transcript in shown.values()]
    versions = f"{REDACTION_VERSION} {SECOND_LOOK_VERSION} {FINISHED_VERSION} {WEAK_SIGNS_VERSION}"
    decided = [digest(repr(registry.decisions).encode()), *(digest(to_json(listed)) for listed in lists.values())]
    wanted = fingerprint("second look", versions, {"detector": detector.fingerprint}, [*texts, *decided])
    look = _kept(study, SecondLook, LOOK)
    if look is None or look.fingerprint != wanted:
        scopes = {name: recordings[name].pair or name for name in lists}
        look = look_again(detector, shown, lists, registry, scopes, wanted)
        _keep(study, LOOK, look)
    versions = f"{REDACTION_VERSION} {CANARY_VERSION}"
    listed_names = digest(repr(tuple(roster)).encode())
    wanted = fingerprint("canaries", versions, {"detector": detector.fingerprint}, [*texts, listed_names])
    recall = _kept(study, CanaryRecall, CANARIES)
    if recall is None or recall.fingerprint != wanted or measure_anew:
        seed = digest("".join(texts).encode())
        recall = measure_recall(recordings, shown, roster, registry, detector, seed, wanted)
        _keep(study, CANARIES, recall)
    check = _put_together(recordings, shown, lists, registry, look, recall)
    data = second_look_csv(private_items(check))
    path = study.private / LIST
    if not path.exists() or path.read_bytes() != data:
        write_atomic(path, data)
    return check


def last_check(
    study: StudyFolder,
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    lists: Mapping[str, RedactionList],
    registry: Registry,
) -> ReleaseCheck | None:
    """The check of the last run, from what was kept; None when there was none. Raises `CorruptFileError`."""
    look, recall = _kept(study, SecondLook, LOOK), _kept(study, CanaryRecall, CANARIES)
    if look is None or recall is None:
        return None
    return _put_together(recordings, {name: transcripts[name] for name in lists}, lists, registry, look, recall)


def private_items(check: ReleaseCheck) -> list[LookAt]:
    """The whole list for a person: places in the text, then combinations, then what partners could recognise."""
    return [*check.look.items, *_combinations(check.alone), *_shared(check.partners)]


def forget_list(study: StudyFolder) -> None:
    """Deletes what quotes the transcripts: the next release makes it anew, without what was withdrawn."""
    (study.private / LIST).unlink(missing_ok=True)
    for name in (LOOK, FINISHED):
        (study.private / FOLDER / name).unlink(missing_ok=True)


def _put_together(
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    lists: Mapping[str, RedactionList],
    registry: Registry,
    look: SecondLook,
    recall: CanaryRecall,
) -> ReleaseCheck:
    return ReleaseCheck(
        recordings=tuple(lists),
        utterances=sum(len(transcript.utterances) for transcript in transcripts.values()),
        look=look,
        alone=alone(facts_by_person(recordings, transcripts, lists, registry)),
        partners=partner_recognition(recordings, lists, registry),
        recall=recall,
    )


def _combinations(people: Iterable[Alone]) -> Iterable[LookAt]:
    for person in people:
        for combination in person.combinations[:MOST_COMBINATIONS]:
            categories = " + ".join(fact.category for fact in combination)
            values = "; ".join(f"{fact.category} {fact.value}" for fact in combination)
            yield LookAt(person.person, "", f"no other participant of the study has this: {categories}", 1, values)


def _shared(pairs: Iterable[PairRecognition]) -> Iterable[LookAt]:
    for pair in pairs:
        for item in pair.shared:
            why = f"the partner alone could recognise it: {item.mark}"
            yield LookAt(pair.pair, "", why, 1, "; ".join(item.surfaces))


def _kept(study: StudyFolder, kind: type[Kept], name: str) -> Kept | None:
    path = study.private / FOLDER / name
    return from_json(kind, path.read_bytes(), f"private/{FOLDER}/{name}") if path.exists() else None


def _keep(study: StudyFolder, name: str, record: SecondLook | CanaryRecall) -> None:
    make_private_folder(study.private / FOLDER)
    write_atomic(study.private / FOLDER / name, to_json(record))
