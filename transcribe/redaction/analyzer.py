"""Presidio's AnalyzerEngine as it is used here: explicit recognisers, spaCy's name recogniser from a local folder.

Heavy: imports Presidio and spaCy when it is built. Nothing here opens a connection.
"""

import logging
import sys
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common
from transcribe.redaction.tokens import at_sentence_start, is_capitalised, tokens

if TYPE_CHECKING:
    from presidio_analyzer import BatchAnalyzerEngine

Item = TypeVar("Item")

PHONE_REGIONS = ("GB", "HK", "CN", "US")
"""Regions of telephone numbers; Presidio's default lacks HK and CN."""
BATCH = 64
"""Utterances per call of the language model: 64 was the fastest on two cores (deidentification.md)."""
NER_TYPES = {"PERSON": "PERSON", "ORG": "ORG", "GPE": "PLACE", "LOC": "PLACE", "FAC": "PLACE"}
"""spaCy's labels that are used; DATE, TIME, CARDINAL, NORP and the rest are ignored."""


def may_hold_name(text: str) -> bool:
    """Whether the language model is worth asking: a word that is no ordinary one, or a capital inside a sentence.

    What it says of other texts is never believed (`detector`).
    """
    return any(
        not is_common(word.fold)
        or (is_capitalised(word.text) and word.fold not in FUNCTION_WORDS and not at_sentence_start(text, word.start))
        for word in tokens(text)
        if not word.text.isdigit()
    )


def batched(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Lists of up to `size` items, in order."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


@contextmanager
def _without_transformers() -> Iterator[None]:
    """Keeps Presidio from importing `transformers` where `--pii-model hf:` has it installed.

    It would come with torchaudio, whose compiled part cannot be loaded beside every build of torch, and with seconds
    of start; a `transformers` that is imported already is left as it is.
    """
    name = "transformers"
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # how Python marks a module that must not be imported
    try:
        yield
    finally:
        sys.modules.pop(name, None)


def build_analyzer(model: Path) -> "BatchAnalyzerEngine":
    """Presidio's engine with explicit recognisers and a spaCy pipeline that holds the name recogniser alone."""
    import spacy
    import tldextract

    with _without_transformers():
        from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
        from presidio_analyzer import predefined_recognizers as ready
        from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # its warnings quote what they warn about
    bundled = tldextract.TLDExtract(cache_dir=None, suffix_list_urls=(), fallback_to_snapshot=True)

    class LocalSpacyEngine(SpacyNlpEngine):
        """spaCy from a folder; Presidio's own loader would download a missing model."""

        def load(self) -> None:
            """Loads the name recogniser, which has its own vectors; nothing else is needed and all takes time."""
            unused = ["tok2vec", "tagger", "parser", "senter", "attribute_ruler", "lemmatizer"]
            self.nlp = {"en": spacy.load(model, exclude=unused)}  # type: ignore[assignment]  # declared as None

        def process_batch(
            self,
            texts: Any,
            language: str,
            batch_size: int = 1,
            n_process: int = 1,
            as_tuples: bool = False,
            **options: Any,
        ) -> Generator[Any, None, None]:
            """Tokens of every text; names only where there can be one, which halves the work on conversations."""
            assert self.nlp is not None
            pipeline = self.nlp[language]
            recognizer = pipeline.get_pipe("ner")
            for batch in batched(texts, batch_size):
                docs = [pipeline.make_doc(str(text)) for text in batch]
                worth = [i for i, doc in enumerate(docs) if may_hold_name(doc.text)]
                for i, doc in zip(worth, recognizer.pipe([docs[i] for i in worth], batch_size=batch_size), strict=True):
                    docs[i] = doc
                for doc in docs:
                    yield doc.text, self._doc_to_nlp_artifact(doc, language)

    class BundledEmailRecognizer(ready.EmailRecognizer):
        """Presidio's e-mail pattern; the list of domain endings is the bundled one, never fetched."""

        def validate_result(self, pattern_text: str) -> bool:
            """Whether the domain ends as a public one does."""
            return bool(bundled(pattern_text).fqdn)

    labels: dict[str, Any] = {label: label for label in NER_TYPES}
    configuration = NerModelConfiguration(
        model_to_presidio_entity_mapping=labels, labels_to_ignore=["O"], default_score=0.5, low_score_entity_names=[]
    )
    engine = LocalSpacyEngine([{"lang_code": "en", "model_name": "local"}], configuration)
    engine.load()
    registry = RecognizerRegistry(
        recognizers=[
            ready.SpacyRecognizer(supported_language="en", supported_entities=list(NER_TYPES)),
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
