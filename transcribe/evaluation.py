"""How good a result is, against a reference: WER, cpWER, DER, words with the right speaker, names left over.

For development and for a lab that has a hand-made transcript. meeteval (cpWER) is a development dependency; pyannote
and Whisper's normaliser are imported where they are used.
"""

import functools
import json
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcribe.errors import CorruptFileError
from transcribe.records import SpeechTurn, Transcript


@dataclass(frozen=True, slots=True)
class ReferenceTurn:
    """What one speaker said from `start` to `end` (s), as a person wrote it."""

    speaker: str
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Gold:
    """A reference for one recording; `surfaces` are the texts in it that identify somebody, each once."""

    turns: tuple[ReferenceTurn, ...]
    surfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """`errors` in `length` (words, or seconds for DER)."""

    errors: float
    length: float

    @property
    def rate(self) -> float:
        """Errors per unit; 0 when both are 0."""
        return self.errors / self.length if self.length else float(self.errors > 0)


def read_gold(path: Path, speakers: Mapping[str, str]) -> Gold:
    """The gold JSON of `samples/` (see its README); `speakers` maps its labels to ours (`Interviewer` → `INT`).

    Raises `CorruptFileError` for anything else.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        turns = tuple(
            ReferenceTurn(speakers[turn["speaker"]], turn["start"], turn["end"], turn["text"])
            for turn in plain["turns"]
        )
        surfaces = dict.fromkeys(entity["text"] for turn in plain["turns"] for entity in turn["pii"])
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptFileError(f"{path.name} is not a gold file") from error
    return Gold(turns, tuple(surfaces))


def read_stm(path: Path) -> tuple[ReferenceTurn, ...]:
    """The turns of an STM file: `file channel speaker start end text` (NIST sclite, "STM")."""
    turns = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith(";;"):
            _, _, speaker, start, end, text = line.split(maxsplit=5)
            turns.append(ReferenceTurn(speaker, float(start), float(end), text))
    return tuple(turns)


def read_rttm(path: Path) -> tuple[SpeechTurn, ...]:
    """The SPEAKER lines of an RTTM file (NIST RT-09): onset and duration in seconds, speaker in the eighth field."""
    fields = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return tuple(
        SpeechTurn(field[7], float(field[3]), float(field[3]) + float(field[4]))
        for field in fields
        if field[:1] == ["SPEAKER"]
    )


def turns_of(transcript: Transcript) -> tuple[ReferenceTurn, ...]:
    """A transcript's utterances in the form of a reference."""
    return tuple(ReferenceTurn(u.speaker, u.start, u.end, u.text) for u in transcript.utterances)


def normalise(text: str) -> str:
    """`text` as Whisper's `EnglishTextNormalizer` leaves it: case, punctuation, fillers, number words, spelling."""
    return _normaliser()(text)


@functools.cache
def _normaliser() -> Callable[[str], str]:
    from whisper.normalizers import EnglishTextNormalizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # it leaves its word list open
        normaliser: Callable[[str], str] = EnglishTextNormalizer()
    return normaliser


def word_error_rate(reference: str, hypothesis: str) -> ErrorRate:
    """WER of normalised texts."""
    from meeteval.wer import siso_word_error_rate

    result = siso_word_error_rate(normalise(reference), normalise(hypothesis))
    return ErrorRate(result.errors, result.length)


def cp_word_error_rate(reference: Sequence[ReferenceTurn], hypothesis: Sequence[ReferenceTurn]) -> ErrorRate:
    """cpWER of normalised texts: every speaker's words in one, under the best pairing of speakers (CHiME-6)."""
    from meeteval.io import SegLST
    from meeteval.wer import cpwer

    streams = [
        SegLST(
            [
                {
                    "session_id": "one",
                    "speaker": turn.speaker,
                    "start_time": turn.start,
                    "end_time": turn.end,
                    "words": normalise(turn.text),
                }
                for turn in turns
            ]
        )
        for turns in (reference, hypothesis)
    ]
    result = cpwer(*streams)["one"]
    return ErrorRate(result.errors, result.length)


def diarization_error_rate(
    reference: Sequence[SpeechTurn], hypothesis: Sequence[SpeechTurn], collar: float = 0.0
) -> ErrorRate:
    """DER in seconds, overlap scored; `collar` seconds on either side of each reference edge are left out."""
    from transcribe.diarization.torchaudio_stub import install_torchaudio_stub

    install_torchaudio_stub()  # it switches pyannote's telemetry off
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate

    annotations = []
    for turns in (reference, hypothesis):
        annotation = Annotation()
        for number, turn in enumerate(turns):
            annotation[Segment(turn.start, turn.end), number] = turn.speaker
        annotations.append(annotation)
    # pyannote.metrics takes the collar as a whole, half of it on either side.
    measure = DiarizationErrorRate(collar=2 * collar)
    everything = Timeline([annotations[0].get_timeline().extent() | annotations[1].get_timeline().extent()])
    parts = measure.compute_components(annotations[0], annotations[1], uem=everything)
    return ErrorRate(parts["confusion"] + parts["false alarm"] + parts["missed detection"], parts["total"])


def wrong_speaker_rate(reference: Sequence[ReferenceTurn], transcript: Transcript) -> ErrorRate:
    """Words whose speaker is not one of those who speak at the word's middle in the reference.

    A word outside all turns is held against the nearest one. Labels must be the same on both sides.
    """
    errors = length = 0
    for utterance in transcript.utterances:
        for word in utterance.words:
            middle = (word.start + word.end) / 2
            near = min(max(turn.start - middle, middle - turn.end, 0.0) for turn in reference)
            speakers = {t.speaker for t in reference if max(t.start - middle, middle - t.end, 0.0) <= near}
            errors += utterance.speaker not in speakers
            length += 1
    return ErrorRate(errors, length)


def heard(surfaces: Sequence[str], text: str) -> tuple[str, ...]:
    """The surfaces that stand in `text` as whole words, whatever their case, punctuation and spacing."""
    folded = f" {_fold(text)} "
    return tuple(surface for surface in surfaces if f" {_fold(surface)} " in folded)


def _fold(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))
