"""What a recording's voices sound like: one vector per voice. BIOMETRIC: such records stay in `private/`. Pure."""

import math
from dataclasses import dataclass

from transcribe.records import Diarization

UNIT_SLACK = 1e-3
"""By how much the length of a unit vector may be off by rounding."""


@dataclass(frozen=True, slots=True)
class VoiceVector:
    """A voice of one recording: the length-weighted mean of its vectors, of unit length, and the speech it is made of.

    `voice` is its label in the diarization, `seconds` the speech that went into `vector`.
    """

    voice: str
    seconds: float
    vector: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Voices:
    """The voices of one recording that spoke enough to be heard: `voices.json`.

    `embedding` names the network that made the vectors: those of different networks are never compared.
    """

    recording: str
    embedding: str
    voices: tuple[VoiceVector, ...]


@dataclass(frozen=True, slots=True)
class Diarized:
    """What a diariser finds in one recording: who spoke when, and what they sound like."""

    diarization: Diarization
    voices: Voices


def is_sound(vector: VoiceVector) -> bool:
    """Whether its numbers can be a voice: finite, of unit length, made of some speech."""
    length = math.sqrt(sum(value * value for value in vector.vector))
    return math.isfinite(length) and abs(length - 1) <= UNIT_SLACK and 0 < vector.seconds < math.inf
