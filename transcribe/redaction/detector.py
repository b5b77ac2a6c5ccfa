"""The PII detector: Presidio's analyzer with explicit recognisers, spaCy for names, and our grammars for speech.

Everything is loaded from local folders; nothing here opens a connection. Heavy: imports Presidio and spaCy when it
first looks at a text.
"""

import importlib.metadata
import logging
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transcribe.engines import PiiCandidate
from transcribe.errors import DependencyError, TranscribeError, WithheldError
from transcribe.records import Transcript, Utterance
from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, lexicon_digest
from transcribe.redaction.spans import Found, found
from transcribe.redaction.spoken import SPOKEN_VERSION, find_across, find_spoken
from transcribe.redaction.tokens import at_sentence_start, is_capitalised, tokens, trim

if TYPE_CHECKING:
    from presidio_analyzer import BatchAnalyzerEngine, RecognizerResult

LANGUAGES = ("en",)
"""Languages that are covered; a transcript in any other is withheld."""
PHONE_REGIONS = ("GB", "HK", "CN", "US")
"""Regions of telephone numbers; Presidio's default lacks HK and CN."""
BATCH = 64
"""Utterances per call of the language model: 64 was the fastest on two cores (deidentification.md)."""

_NER_TYPES = {"PERSON": "PERSON", "ORG": "ORG", "GPE": "PLACE", "LOC": "PLACE", "FAC": "PLACE"}
"""spaCy's labels that are used; DATE, TIME, CARDINAL, NORP and the rest are ignored."""
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


_MEDICINE = re.compile(
    r"(?:azepam|zolam|ridone|apine|azine|oxetine|triptyline|ipramine|opram|traline|piprazole|prazole|conazole|cillin|mycin"
    r"|cycline|oxacin|enadine|atadine|statin|sartan|dipine|olol|thiazide|profen|oxicam|cortisone|predniso\w+|barbital"
    r"|codeine|morphine|codone|methoprim|peridol|zosin|gliptin|formin|parin|triptan|setron|amol|anon|ynon)s?$"
)
"""Stems of the international non-proprietary names of medicines (WHO, "The use of stems")."""


class PresidioDetector:
    """`engines.PiiDetector` for English speech: Presidio + spaCy + the grammars of `spoken`.

    `spacy_model` is the data folder of a spaCy 3.8 pipeline (it holds `config.cfg`); `revision` names its version.
    """

    def __init__(self, spacy_model: Path, revision: str) -> None:
        self._model = spacy_model
        self._revision = revision

    @property
    def fingerprint(self) -> str:
        """Versions of Presidio, spaCy, the weights, the grammars and the word lists."""
        versions = [f"{name}={importlib.metadata.version(name)}" for name in ("presidio-analyzer", "spacy")]
        return " ".join([*versions, self._revision, f"spoken={SPOKEN_VERSION}", lexicon_digest()])

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
        texts = [utterance.text for utterance in transcript.utterances]
        analysed = self._analyzer.analyze_iterator(texts, language="en", batch_size=BATCH)
        previous = ""
        for utterance, results in zip(transcript.utterances, analysed, strict=True):
            spans = [f for result in results for f in _from_presidio(utterance.text, result)]
            spans += find_spoken(utterance.text, previous)
            for f in sorted(set(spans), key=lambda f: (f.start, f.end, f.entity_type, f.recognizer)):
                yield _candidate(transcript, utterance, f)
            # The question stays in force over a back-channel ("Mm hmm.") that comes between it and the answer.
            previous = previous if is_kept(tokens(utterance.text)) else utterance.text

        for first, second in _continued(transcript.utterances):
            for left, right in find_across(first.text, second.text):
                together = f"{first.id}:{left.start}-{second.id}:{right.end}"
                yield _candidate(transcript, first, left, together)
                yield _candidate(transcript, second, right, together)

    @cached_property
    def _analyzer(self) -> "BatchAnalyzerEngine":
        if not (self._model / "config.cfg").is_file():
            raise DependencyError("the PII model is not pulled: run `transcribe models pull`")
        return _build_analyzer(self._model)


def _candidate(transcript: Transcript, utterance: Utterance, f: Found, together: str = "") -> PiiCandidate:
    return PiiCandidate(
        recording=transcript.recording,
        utterance=utterance.id,
        start=f.start,
        end=f.end,
        entity_type=f.entity_type,
        class_=f.class_,
        recognizer=f.recognizer,
        score=f.score,
        label=f.label,
        together=together,
    )


def _continued(utterances: Sequence[Utterance]) -> Iterator[tuple[Utterance, Utterance]]:
    """Utterances of one speaker that follow each other, directly or with others' back-channels between them."""
    last: dict[str, Utterance] = {}
    for utterance in utterances:
        if utterance.speaker in last:
            yield last[utterance.speaker], utterance
        if not is_kept(tokens(utterance.text)):
            last = {}
        last[utterance.speaker] = utterance


def _refuse_uncovered(transcript: Transcript) -> None:
    """Raises `WithheldError` for a language, or letters of a script, that no recogniser covers."""
    for utterance in transcript.utterances:
        language = utterance.language.casefold().split("-")[0]
        if language not in LANGUAGES or not _is_latin(utterance):
            known = language if language.isalpha() and len(language) <= 3 else "unknown"
            raise WithheldError(
                f"{transcript.recording}: utterance {utterance.id} is in a language or script that no PII detector "
                f"covers (language {known}); covered: {', '.join(LANGUAGES)}. The recording is withheld"
            )


def _is_latin(utterance: Utterance) -> bool:
    return all(not c.isalpha() or ord(c) < 0x250 or 0x1E00 <= ord(c) < 0x1F00 for c in utterance.text)


def _from_presidio(text: str, result: "RecognizerResult") -> Iterator[Found]:
    """Presidio's result in our types, without what must be kept."""
    name = result.recognition_metadata["recognizer_name"]
    if result.entity_type in _PATTERN_TYPES:
        surface = text[result.start : result.end]
        # Presidio takes every top-level domain: "there.It" and "um...you" would be web addresses.
        explicit = result.entity_type != "URL" or surface.casefold().startswith(_URL_STARTS)
        if not explicit and (".." in surface or surface != surface.casefold()):
            return
        cue = _CUES.get(result.entity_type)
        if cue and not cue.search(text[max(0, result.start - _CUE_REACH) : result.end + _CUE_REACH]):
            return
        family = "checksum" if result.entity_type in _CHECKSUMMED else "pattern"
        kind = _PATTERN_TYPES[result.entity_type]
        yield found(result.start, result.end, kind, f"{family}/{name}", result.score)
    elif result.entity_type in _NER_TYPES:
        start, end = trim(text, result.start, result.end)
        span = _plausible_name(text, start, end)
        if span:
            yield found(*span, _NER_TYPES[result.entity_type], f"ner/{result.entity_type}", result.score)


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
    if not words or is_kept(words) or (len(words) == 1 and _MEDICINE.search(words[0].fold)):
        return None
    if set("".join(word.fold for word in words)) <= set("mhu"):
        return None
    begin, stop = start + words[0].start, start + words[-1].end
    ordinary = all(is_common(word.fold) for word in words)
    if ordinary and not any(is_capitalised(word.text) for word in words):
        return None
    if ordinary and len(words) == 1 and at_sentence_start(text, begin):
        return None
    if all(word.text.isdigit() for word in words):
        return None
    return begin, stop


def _build_analyzer(model: Path) -> "BatchAnalyzerEngine":
    """Presidio's engine with explicit recognisers and a spaCy pipeline that holds the name recogniser alone."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
    from presidio_analyzer import predefined_recognizers as ready
    from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # its warnings quote what they warn about
    bundled = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), fallback_to_snapshot=True)

    class LocalSpacyEngine(SpacyNlpEngine):
        """spaCy from a folder; Presidio's own loader would download a missing model."""

        def load(self) -> None:
            """Loads the name recogniser; tagger, parser and lemmatiser are not needed and take most of the time."""
            unused = ["tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]
            self.nlp = {"en": spacy.load(model, exclude=unused)}  # type: ignore[assignment]  # declared as None

    class BundledEmailRecognizer(ready.EmailRecognizer):
        """Presidio's e-mail pattern; the list of domain endings is the bundled one, never fetched."""

        def validate_result(self, pattern_text: str) -> bool:
            """Whether the domain ends as a public one does."""
            return bool(bundled(pattern_text).fqdn)

    labels: dict[str, Any] = {label: label for label in _NER_TYPES}
    configuration = NerModelConfiguration(
        model_to_presidio_entity_mapping=labels, labels_to_ignore=["O"], default_score=0.5, low_score_entity_names=[]
    )
    engine = LocalSpacyEngine([{"lang_code": "en", "model_name": "local"}], configuration)
    engine.load()
    registry = RecognizerRegistry(
        recognizers=[
            ready.SpacyRecognizer(supported_language="en", supported_entities=list(_NER_TYPES)),
            ready.PhoneRecognizer(supported_regions=PHONE_REGIONS),
            BundledEmailRecognizer(),
            ready.UrlRecognizer(),
            ready.CreditCardRecognizer(),
            ready.IbanRecognizer(),
            ready.IpRecognizer(),
            ready.NhsRecognizer(),
            ready.UkNinoRecognizer(),
            ready.UkPostcodeRecognizer(),
            ready.UkPassportRecognizer(),
            ready.UkDrivingLicenceRecognizer(),
            ready.UkVehicleRegistrationRecognizer(),
        ],
        supported_languages=["en"],
    )
    return BatchAnalyzerEngine(AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"]))
