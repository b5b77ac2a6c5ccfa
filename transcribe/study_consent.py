"""What consent rules out in each recording of a study: by the journal of withdrawals, the manifest, the settings."""

from collections.abc import Iterable, Mapping

from transcribe.consent import ConsentRules
from transcribe.diarization.cast import INTERPRETER, people_of
from transcribe.errors import CorruptFileError
from transcribe.record_json import from_json
from transcribe.records import Recording
from transcribe.store import StudyFolder
from transcribe.study.codes import is_interviewer
from transcribe.study.manifest import PlannedRecording
from transcribe.study.withdrawals import read_withdrawals


def consent_rules(
    study: StudyFolder, plans: Mapping[str, PlannedRecording], *, withhold_third_voices: bool
) -> dict[str, ConsentRules]:
    """What may not be shown of each recording. Raises `CorruptFileError`."""
    withdrawals = read_withdrawals(study)
    return {
        name: ConsentRules(
            withdrawn=withdrawals.stretches_of(name, sounds_of(study, name)),
            withhold_third_voices=withhold_third_voices,
            agreed=agreed_speakers(plan, plans.values()),
        )
        for name, plan in plans.items()
    }


def agreed_speakers(plan: PlannedRecording, plans: Iterable[PlannedRecording]) -> tuple[str, ...]:
    """The speakers of a recording who take part in the study: the people it is about, interviewers, an interpreter.

    Somebody else's code in `also_present` counts if that person has an interview of their own among `plans`.
    """
    expected = people_of(plan, plan.members, plan.interviewers, plan.also_present)
    participants = {other.person for other in plans}
    staff = [c for c in expected.others if c == INTERPRETER or is_interviewer(c) or c in participants]
    return tuple(dict.fromkeys((*expected.asks, *expected.answers, *staff)))


def sounds_of(study: StudyFolder, name: str) -> tuple[str, ...]:
    """The sha256 of the parts that a recording's results were made of; none when there are none, or damaged ones."""
    path = study.output(name, "probe")
    try:
        data = path.read_bytes()
        return tuple(part.sha256 for part in from_json(Recording, data, path.name).parts)
    except (FileNotFoundError, CorruptFileError):
        return ()  # whatever needs the facts themselves says what is wrong with them
