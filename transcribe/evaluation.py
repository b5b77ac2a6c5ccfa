"""How good a result is, against a reference: WER, cpWER, ORC-WER, WDER, DER, names left over.

For development and for a lab that has a hand-made transcript. meeteval (cpWER, ORC-WER) is a development dependency;
pyannote, scipy and Whisper's normaliser are imported where they are used.
"""

import functools
import json
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

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
    from meeteval.wer import cpwer

    result = cpwer(_segments(reference), _segments(hypothesis))["one"]
    return ErrorRate(result.errors, result.length)


def orc_word_error_rate(reference: Sequence[ReferenceTurn], hypothesis: Sequence[ReferenceTurn]) -> ErrorRate:
    """ORC-WER of normalised texts: each turn of the reference is held against the voice that suits it best.

    cpWER less this is the price of attribution. Exact, so that time and memory grow with the product of the voices'
    numbers of words: for some minutes of two or three voices.
    """
    from meeteval.wer import orcwer

    result = orcwer(_segments(reference), _segments(hypothesis))["one"]
    return ErrorRate(result.errors, result.length)


def _segments(turns: Sequence[ReferenceTurn]) -> Any:
    """The turns as meeteval's `SegLST`, their texts normalised."""
    from meeteval.io import SegLST

    return SegLST(
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


def word_diarization_error_rate(
    reference: Sequence[ReferenceTurn],
    hypothesis: Sequence[ReferenceTurn],
    speakers: Mapping[str, str] | None = None,
) -> ErrorRate:
    """WDER: of the words that align with one of the reference, right or misheard, those with the wrong speaker.

    Shafey et al. 2019 (arXiv 1907.05337). The words of all speakers, normalised, in the order in which their turns
    begin, are aligned over the whole recording by edit distance. `speakers` gives the reference's name for each
    speaker of the hypothesis; without it they are paired, one to one, so that most words agree.
    """
    told, heard_words = _spoken(reference), _spoken(hypothesis)
    pairs: Counter[tuple[str, str]] = Counter()
    for step in Levenshtein.opcodes([word for word, _ in told], [word for word, _ in heard_words]):
        if step.tag in ("equal", "replace"):
            rows, columns = told[step.src_start : step.src_end], heard_words[step.dest_start : step.dest_end]
            pairs.update((truth, found) for (_, truth), (_, found) in zip(rows, columns, strict=True))
    names = _paired(pairs) if speakers is None else speakers
    wrong = sum(count for (truth, found), count in pairs.items() if names.get(found) != truth)
    return ErrorRate(wrong, pairs.total())


def _spoken(turns: Sequence[ReferenceTurn]) -> list[tuple[str, str]]:
    """`(word, speaker)`, words normalised, turns by their start."""
    ordered = sorted(turns, key=lambda turn: (turn.start, turn.end))
    return [(word, turn.speaker) for turn in ordered for word in normalise(turn.text).split()]


def _paired(pairs: Mapping[tuple[str, str], int]) -> dict[str, str]:
    """The reference's speaker for each of the hypothesis, one to one, so that most words agree (Hungarian method)."""
    from scipy.optimize import linear_sum_assignment

    truths, founds = (sorted({pair[side] for pair in pairs}) for side in (0, 1))
    counts = [[pairs.get((truth, found), 0) for found in founds] for truth in truths]
    if not counts:
        return {}
    rows, columns = linear_sum_assignment(counts, maximize=True)
    return {founds[column]: truths[row] for row, column in zip(rows, columns, strict=True)}


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
