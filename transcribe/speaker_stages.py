"""The stages between words and a transcript of people: whose voice said a word, who the voices are, their names in it.

They need no engine, so that they can be done again for a whole study whenever somebody says who a voice is. What they
read they take from the study, by the lines of `run.json`: words of an hour are large, and mostly nothing has changed.
"""

from collections.abc import Iterable, Mapping, Sequence

from transcribe.attribution import ATTRIBUTION_VERSION, attribute, name_speakers
from transcribe.batch import Batch, plain_stage
from transcribe.consent import ConsentRules, transcript_without, with_consent
from transcribe.errors import CorruptFileError, EngineError
from transcribe.record_json import to_json
from transcribe.records import Diarization, Interval, Recognition, Recording, SpeakerRole, Transcript
from transcribe.store import StudyFolder, digest, fingerprint, stage_run, stored


def attribution_fingerprint(study: StudyFolder, name: str, withdrawn: Sequence[Interval]) -> str | None:
    """What the attributed words of a recording depend on; None while it is not diarised and recognised."""
    runs = [stage_run(study, name, stage) for stage in ("recognize", "diarize")]
    if any(run is None or not study.output(name, run.stage).exists() for run in runs):
        return None
    inputs = [run.output_sha256 for run in runs if run is not None]
    return fingerprint("attribute", ATTRIBUTION_VERSION, {"withdrawn": repr(tuple(withdrawn))}, inputs)


def attribute_words(batch: Batch, names: Iterable[str], consent: Mapping[str, ConsentRules]) -> dict[str, Transcript]:
    """Who said what, by voice, in each of the recordings that are recognised; withdrawn stretches are left out."""
    wanted: dict[str, str] = {}
    for name in names:
        try:
            depends_on = attribution_fingerprint(batch.study, name, consent[name].withdrawn)
        except CorruptFileError as error:
            batch.fail(name, "attribute", error)
            continue
        if depends_on is not None:
            wanted[name] = depends_on

    def compute(name: str) -> Transcript:
        recognition = stored(Recognition, batch.study, name, "recognize", None)
        diarization = stored(Diarization, batch.study, name, "diarize", None)
        if recognition is None or diarization is None:
            raise EngineError("its recognised words or its turns went while they were needed; run again")
        return transcript_without(attribute(recognition, diarization), consent[name].withdrawn)

    return plain_stage(batch, Transcript, "attribute", wanted, compute)


def naming_fingerprint(attributed: Transcript, roles: Sequence[SpeakerRole], rules: ConsentRules) -> str:
    """What the transcript of a recording depends on."""
    settings: dict[str, str | int | None] = {"roles": repr(tuple(roles)), "consent": repr(rules)}
    return fingerprint("name", 1, settings, [digest(to_json(attributed))])


def name_study(
    batch: Batch,
    recordings: Mapping[str, Recording],
    attributed: Mapping[str, Transcript],
    roles: Mapping[str, Sequence[SpeakerRole]],
    consent: Mapping[str, ConsentRules],
) -> dict[str, Transcript]:
    """The transcripts with people for voices, as far as consent goes."""
    wanted = {name: naming_fingerprint(attributed[name], roles[name], consent[name]) for name in attributed}

    def compute(name: str) -> Transcript:
        return with_consent(recordings[name], name_speakers(attributed[name], roles[name]), consent[name])

    return plain_stage(batch, Transcript, "name", wanted, compute)
