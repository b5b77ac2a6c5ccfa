"""The PII detector: Presidio's analyzer with explicit recognisers, spaCy for names, and our grammars for speech.

Everything is loaded from local folders; nothing here opens a connection. Heavy: imports Presidio and spaCy when it
first looks at a text.
"""

import importlib.metadata
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from transcribe.engines import PiiCandidate
from transcribe.errors import DependencyError, TranscribeError, WithheldError
from transcribe.records import Transcript
from transcribe.redaction.analyzer import BATCH, NER_TYPES, build_analyzer
from transcribe.redaction.chinese import ChineseReading
from transcribe.redaction.chinese_view import is_dictated_in, latin_view
from transcribe.redaction.chinese_words import dictionary_version, is_han
from transcribe.redaction.conversation import continued, dictations, heard_before
from transcribe.redaction.eponyms import is_eponym
from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, kept_phrases, organisations
from transcribe.redaction.medicines import is_medicine
from transcribe.redaction.name_lists import is_listed
from transcribe.redaction.name_runs import is_lower, sounds_like_word
from transcribe.redaction.numbers import digits_of
from transcribe.redaction.organisation_kinds import TALK
from transcribe.redaction.public_figures import public_figures
from transcribe.redaction.rules_digest import rules_digest
from transcribe.redaction.spans import Found, candidate_of, found
from transcribe.redaction.spoken import (
    find_across,
    find_dictated,
    find_names_again,
    find_spoken,
    names_said,
)
from transcribe.redaction.spoken_contacts import is_public_contact
from transcribe.redaction.spoken_ids import is_public_number
from transcribe.redaction.tokens import at_sentence_start, is_capitalised, tokens, trim

if TYPE_CHECKING:
    from presidio_analyzer import BatchAnalyzerEngine, RecognizerResult

LANGUAGES = ("en", "yue", "zh", "")
"""Languages that are covered, and no language said; a transcript in any other is withheld. Scripts decide the rest."""

_PATTERN_TYPES = {
    "PHONE_NUMBER": "PHONE",
    "EMAIL_ADDRESS": "EMAIL",
    "URL": "URL",
    "CREDIT_CARD": "ID",
    "IBAN_CODE": "ID",
    "IP_ADDRESS": "ID",
    "UK_NHS": "ID",
    "UK_NINO": "ID",
    "UK_PASSPORT": "ID",
    "UK_DRIVING_LICENCE": "ID",
    "UK_VEHICLE_REGISTRATION": "ID",
    "UK_POSTCODE": "ADDRESS",
}
_CUES = {
    "UK_PASSPORT": re.compile(r"\bpassport\b", re.IGNORECASE),
    "UK_VEHICLE_REGISTRATION": re.compile(r"\b(?:plate|registration|car|van|taxi|licen[cs]e|drives?)\b", re.IGNORECASE),
}
"""Patterns that ordinary words fit (`The 11k`): believed only near such a word."""
_CUE_REACH = 60
_CHECKSUMMED = frozenset(("CREDIT_CARD", "IBAN_CODE", "UK_NHS"))
_URL_STARTS = ("http", "www.")


class PresidioDetector:
    """`engines.PiiDetector` for English speech: Presidio + spaCy + the grammars of `spoken`.

    `spacy_model` is the data folder of a spaCy 3.8 pipeline (it holds `config.cfg`); `revision` names its version.
    """

    def __init__(self, spacy_model: Path, revision: str) -> None:
        self._model = spacy_model
        self._revision = revision

    @property
    def fingerprint(self) -> str:
        """Versions of Presidio, spaCy, the weights and the Chinese dictionary, and a digest of our rules and lists."""
        versions = [f"{name}={importlib.metadata.version(name)}" for name in ("presidio-analyzer", "spacy")]
        return " ".join([*versions, self._revision, dictionary_version(), f"rules={rules_digest()}"])

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        """All candidates, sorted by (recording, utterance, start, end, type).

        Raises `WithheldError` when a transcript has an utterance in a language or script that is not covered, or when
        the engine fails in any way; the message quotes nothing. Raises `DependencyError` without weights.
        """
        for transcript in transcripts:
            _refuse_uncovered(transcript)
        result: list[PiiCandidate] = []
        for transcript in transcripts:
            try:
                result += self._detect(transcript)
            except TranscribeError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever an engine raises may quote the text it was given
                raise WithheldError(
                    f"{transcript.recording}: the PII detector failed ({type(error).__name__}); the recording is "
                    "withheld. Run `transcribe doctor`"
                ) from None
        return sorted(result, key=lambda c: (c.recording, c.utterance, c.start, c.end, c.entity_type, c.recognizer))

    def _detect(self, transcript: Transcript) -> Iterator[PiiCandidate]:
        chinese = ChineseReading(transcript.utterances)
        utterances = [replace(utterance, text=latin_view(utterance.text)) for utterance in transcript.utterances]
        analysed = self._analyzer.analyze_iterator([u.text for u in utterances], language="en", batch_size=BATCH)
        spans: list[list[Found]] = []
        known: frozenset[str] = frozenset()
        for utterance, results, previous in zip(utterances, analysed, heard_before(utterances), strict=True):
            spoken = find_spoken(utterance.text, previous)
            spans.append([*spoken, *(f for result in results for f in _from_presidio(utterance.text, result))])
            known |= names_said(utterance.text, spoken)
        for utterance, mine, han in zip(utterances, spans, chinese.found(spans), strict=True):
            again = find_names_again(utterance.text, known, mine)
            for f in sorted({*han, *again}, key=lambda f: (f.start, f.end, f.entity_type, f.recognizer)):
                yield candidate_of(transcript.recording, utterance.id, f)
        yield from _over_borders(transcript)

    def names_unfiltered(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """What the language model alone takes for a name in each text, plausible or not: for a person to look at.

        May raise anything that the engine raises.
        """
        analysed = self._analyzer.analyze_iterator(map(latin_view, texts), language="en", batch_size=BATCH)
        return [
            sorted({trim(text, r.start, r.end) for r in results if r.entity_type in NER_TYPES})
            for text, results in zip(texts, analysed, strict=True)
        ]

    @cached_property
    def _analyzer(self) -> "BatchAnalyzerEngine":
        if not (self._model / "config.cfg").is_file():
            raise DependencyError("the PII model is not pulled: run `transcribe models pull`")
        return build_analyzer(self._model)


def _over_borders(transcript: Transcript) -> Iterator[PiiCandidate]:
    """What several utterances say together: continued by their speaker, or dictated and repeated in turns."""
    for chain in continued(transcript.utterances):
        for parts in find_across(*(latin_view(utterance.text) for utterance in chain)):
            (first, left), (last, right) = parts[0], parts[-1]
            together = f"{chain[first].id}:{left.start}-{chain[last].id}:{right.end}"
            for index, part in parts:
                yield candidate_of(transcript.recording, chain[index].id, part, together)
    for block in dictations(transcript.utterances, is_dictated_in):
        for index, f in find_dictated([latin_view(utterance.text) for utterance in block]):
            yield candidate_of(transcript.recording, block[index].id, f, f"{block[0].id}:dictated")


def _refuse_uncovered(transcript: Transcript) -> None:
    """Raises `WithheldError` for a language, or letters of a script, that no recogniser covers."""
    for utterance in transcript.utterances:
        language = utterance.language.casefold().split("-")[0]
        if language not in LANGUAGES or not (utterance.text.isascii() or all(map(_is_covered, utterance.text))):
            known = language if language.isalpha() and len(language) <= 3 else "unknown"
            raise WithheldError(
                f"{transcript.recording}: utterance {utterance.id} is in a language or script that no PII detector "
                f"covers (language {known}); covered: {', '.join(filter(None, LANGUAGES))}. The recording is withheld"
            )


def _is_covered(character: str) -> bool:
    """Whether a character is no letter, a Latin one (full-width ones too), or a Chinese one."""
    code = ord(character)
    latin = code < 0x250 or 0x1E00 <= code < 0x1F00 or 0xFF21 <= code <= 0xFF5A
    return not character.isalpha() or latin or is_han(character)


def _from_presidio(text: str, result: "RecognizerResult") -> Iterator[Found]:
    """Presidio's result in our types, without what must be kept."""
    name = result.recognition_metadata["recognizer_name"]
    if result.entity_type in _PATTERN_TYPES:
        surface = text[result.start : result.end]
        # Presidio takes every top-level domain: "there.It" and "um...you" would be web addresses.
        explicit = result.entity_type != "URL" or surface.casefold().startswith(_URL_STARTS)
        if not explicit and (".." in surface or surface != surface.casefold()):
            return
        if is_public_number(digits_of(surface)) or is_public_contact(surface):
            return
        cue = _CUES.get(result.entity_type)
        if cue and not cue.search(text[max(0, result.start - _CUE_REACH) : result.end + _CUE_REACH]):
            return
        family = "checksum" if result.entity_type in _CHECKSUMMED else "pattern"
        kind = _PATTERN_TYPES[result.entity_type]
        yield found(result.start, result.end, kind, f"{family}/{name}", result.score)
    elif result.entity_type in NER_TYPES:
        start, end = trim(text, result.start, result.end)
        span = None if _is_thing_of_daily_use(text, start, end) else _plausible_name(text, start, end)
        if span:
            yield found(*span, NER_TYPES[result.entity_type], f"ner/{result.entity_type}", result.score)


def _is_thing_of_daily_use(text: str, start: int, end: int) -> bool:
    """Whether a shop or newspaper of the list is named where the talk is neither of work nor of a report."""
    known = organisations().get(tuple(word.fold for word in tokens(text[start:end])))
    return known is not None and known.cue in TALK and not TALK[known.cue].search(text)


def _plausible_name(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The language model's span without function words at its ends; None for what is no name.

    The small English model calls `Mm hmm`, `lithium` and capitals at a sentence's start names; a single ordinary word
    is believed only with a capital inside a sentence.
    """
    words = [word for word in tokens(text[start:end]) if word.fold]
    while words and words[0].fold in FUNCTION_WORDS:
        words = words[1:]
    while words and words[-1].fold in FUNCTION_WORDS:
        words = words[:-1]
    if not words or is_kept(words) or (len(words) == 1 and is_medicine(words[0].fold)):
        return None
    if set("".join(word.fold for word in words)) <= set("mhu"):
        return None
    begin, stop = start + words[0].start, start + words[-1].end
    said = tokens(text)
    if is_eponym(text, stop):
        return None
    if any(a <= begin and stop <= b for a, b in [*public_figures(text, said), *kept_phrases(said)]):
        return None
    if is_lower(text) and not any(is_listed(word.fold) for word in words):
        return None
    single = len(words) == 1 and not is_listed(words[0].fold) and at_sentence_start(text, begin)
    if single and sounds_like_word(words[0].fold):
        return None
    ordinary = all(is_common(word.fold) for word in words)
    if ordinary and not any(is_capitalised(word.text) for word in words):
        return None
    if ordinary and len(words) == 1 and at_sentence_start(text, begin):
        return None
    if all(word.text.isdigit() for word in words):
        return None
    return begin, stop
