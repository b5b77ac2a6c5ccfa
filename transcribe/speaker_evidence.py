"""`private/<id>/speakers.json`: who each voice of a recording is held to be, how surely, and where to listen. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from transcribe.records import SpeakerRole, Transcript, Utterance

Standing = Literal["sure", "unsure", "confirmed"]

EXCERPTS = 3
EXCERPT_WORDS = (6, 18)
"""An excerpt that tells a voice has at least so many words; a longer utterance is cut to the second number."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A few words of a voice, to recognise it by; times in seconds on the recording's timeline."""

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class SpeakerEvidence:
    """Who a voice is held to be. `likely` is who it would be if that were sure; `seconds` is how long it speaks.

    A voice without consent has no excerpts of text.
    """

    voice: str
    speaker: str
    likely: str
    standing: Standing
    confidence: float
    evidence: str
    seconds: float
    words: int
    excerpts: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True)
class RecordingSpeakers:
    """The voices of one recording: `speakers.json`. PRIVATE: holds speech.

    `diarization` is the sha256 of the `diarization.json` whose voices they are.
    """

    recording: str
    diarization: str
    speakers: tuple[SpeakerEvidence, ...]


def recording_speakers(
    attributed: Transcript,
    named: Transcript,
    roles: Sequence[SpeakerRole],
    confirmed: Mapping[str, str],
    diarization: str,
) -> RecordingSpeakers:
    """The voices of a recording. `attributed` has voices for speakers, `named` people and only what consent allows."""
    found = []
    for role in roles:
        own = [u for u in attributed.utterances if u.speaker == role.voice]
        ids = {utterance.id for utterance in own}
        shown = [u for u in named.utterances if u.id in ids]
        found.append(
            SpeakerEvidence(
                voice=role.voice,
                speaker=role.speaker,
                likely=role.likely,
                standing=_standing(role, confirmed),
                confidence=role.confidence,
                evidence=role.evidence,
                seconds=round(sum(word.end - word.start for u in own for word in u.words), 3),
                words=sum(len(u.words) for u in own),
                excerpts=excerpts(shown),
            )
        )
    return RecordingSpeakers(attributed.recording, diarization, tuple(found))


def _standing(role: SpeakerRole, confirmed: Mapping[str, str]) -> Standing:
    if confirmed.get(role.voice) == role.speaker:
        return "confirmed"
    return "unsure" if role.speaker.startswith("SPEAKER-") else "sure"


def excerpts(utterances: Sequence[Utterance]) -> tuple[Excerpt, ...]:
    """At most `EXCERPTS` short passages from early, middle and late, those with enough words first."""
    least, most = EXCERPT_WORDS
    telling = [u for u in utterances if len(u.words) >= least] or list(utterances)
    if not telling:
        return ()
    places = sorted({round((len(telling) - 1) * n / max(1, EXCERPTS - 1)) for n in range(EXCERPTS)})
    return tuple(_excerpt(telling[place], most) for place in places)


def _excerpt(utterance: Utterance, most: int) -> Excerpt:
    words = utterance.words[:most]
    if not words:
        return Excerpt(utterance.start, utterance.end, utterance.text)
    text = utterance.text[words[0].offset[0] : words[-1].offset[1]]
    if len(words) < len(utterance.words):
        text += " …"
    return Excerpt(utterance.start, max(word.end for word in words), text)
