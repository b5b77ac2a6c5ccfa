"""What a recogniser found in one text, and how much it is to be believed."""

from dataclasses import dataclass

from transcribe.engines import PiiCandidate
from transcribe.records import EntityClass

CLASS_OF: dict[str, EntityClass] = {
    "PERSON": "direct",
    "PHONE": "direct",
    "EMAIL": "direct",
    "URL": "direct",
    "ID": "direct",
    "ADDRESS": "direct",
    "PLACE": "quasi",
    "ORG": "quasi",
    "DATE": "quasi",
    "AGE": "quasi",
    "UNIQUE": "quasi",
}
"""The types that detectors give. A birth date is a direct DATE; UNIQUE is a phrase like `the only one who`."""

CHECKSUM, ROSTER, GRAMMAR, SWEEP, NER = 0, 1, 2, 3, 4
"""Priority of a span's type, best first (deidentification.md): an id with a valid check digit, the lab's roster, our
grammars and Presidio's patterns, a surface known from elsewhere in the study, the language model."""

_PRIORITY = {"checksum": CHECKSUM, "roster": ROSTER, "grammar": GRAMMAR, "pattern": GRAMMAR, "sweep": SWEEP}


@dataclass(frozen=True, slots=True)
class Found:
    """One span of one text; `start` and `end` are code points, `recognizer` is `family/name`.

    `label` refines the type for the mark (`HOSPITAL` for an `ORG`), empty when the type says all.
    """

    start: int
    end: int
    entity_type: str
    recognizer: str
    score: float
    class_: EntityClass
    label: str = ""


def found(
    start: int, end: int, entity_type: str, recognizer: str, score: float, direct: bool = False, label: str = ""
) -> Found:
    """A `Found` with the class that its type has, or `direct` when said so (birth dates)."""
    return Found(start, end, entity_type, recognizer, score, "direct" if direct else CLASS_OF[entity_type], label)


def candidate_of(recording: str, utterance: str, f: Found, together: str = "") -> PiiCandidate:
    """A find as what a detector returns."""
    return PiiCandidate(
        recording=recording,
        utterance=utterance,
        start=f.start,
        end=f.end,
        entity_type=f.entity_type,
        class_=f.class_,
        recognizer=f.recognizer,
        score=f.score,
        label=f.label,
        together=together,
    )


def priority(recognizer: str) -> int:
    """Priority of a recogniser by the family before its slash; an unknown family counts as a language model."""
    return _PRIORITY.get(recognizer.partition("/")[0], NER)
