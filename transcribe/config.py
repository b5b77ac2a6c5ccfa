"""The one dial: which weights a quality means, which device is used, and the engines that follow from both."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from transcribe.engines import Diarizer, PiiDetector, RecognitionOptions, Recognizer
from transcribe.errors import DependencyError, UsageError
from transcribe.study.languages import LANGUAGES
from transcribe.study.settings import Settings
from transcribe.weights import is_pulled, locate, revision

PII_MODEL = "spacy-en-core-web-sm"
BEST_NEEDS_BYTES = 10e9
"""GPU memory that large-v3 with its batches wants, so that `auto` chooses it (bytes)."""


@dataclass(frozen=True, slots=True)
class Tier:
    """The models of one quality, by their names in models.toml."""

    quality: str
    recognition: str
    diarization: tuple[str, ...]

    @property
    def models(self) -> tuple[str, ...]:
        """Everything that has to be pulled for this quality."""
        return (self.recognition, *self.diarization, PII_MODEL)


TIERS = (
    Tier("best", "whisper-large-v3", ("community-1",)),
    Tier("standard", "whisper-turbo", ("community-1",)),
    Tier("draft", "whisper-base", ("pyannote-segmentation-3.0", "campplus-zh-en")),
)
"""Best first, as `auto` tries them."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The three engines of a run, the quality they amount to, and the device they use.

    `languages` are the codes that the recogniser's weights know; empty where that is not told.
    """

    quality: str
    device: str
    diarizer: Diarizer
    recognizer: Recognizer
    detector: PiiDetector
    languages: tuple[str, ...] = ()


def choose_device(wanted: str) -> str:
    """`cpu` or `cuda:n` for `auto|cpu|cuda[:n]`.

    Raises `DependencyError` when a GPU is asked for that torch cannot use: work never moves to the CPU in silence.
    """
    import torch

    if wanted == "cpu":
        return "cpu"
    if not torch.cuda.is_available():
        if wanted == "auto":
            return "cpu"
        raise DependencyError(f"--device {wanted}: torch sees no CUDA device; run: transcribe doctor")
    index = int(wanted.partition(":")[2] or 0)
    if index >= torch.cuda.device_count():
        raise DependencyError(f"--device {wanted}: this machine has {torch.cuda.device_count()} CUDA device(s)")
    return f"cuda:{index}"


def choose_tier(wanted: str, device: str, at_least: str = "draft") -> Tier:
    """The tier of `draft|standard|best`, or for `auto` the best one whose weights are pulled and that fits.

    `best` fits a GPU with 10 GB, `standard` any GPU, `draft` everything: on a CPU the large models take longer than
    the interview. `auto` never goes below `at_least`, the quality that the study already has. Raises
    `DependencyError` with the command that pulls what is missing.
    """
    if wanted == "auto":
        fitting = [tier for tier in TIERS if _fits(tier, device) and all(map(is_pulled, tier.models))]
        tier = fitting[0] if fitting else TIERS[-1]
        if TIERS.index(tier) > [tier.quality for tier in TIERS].index(at_least):
            raise DependencyError(
                f"this study was done with quality {at_least}, and here only {tier.quality} is possible; to do it "
                f"again in that quality, say --quality {tier.quality}; see also: transcribe doctor"
            )
    else:
        tier = next(tier for tier in TIERS if tier.quality == wanted)
    missing = [name for name in tier.models if not is_pulled(name)]
    if missing:
        raise DependencyError(
            f"the weights for quality {tier.quality} are not here; run: transcribe models pull {' '.join(missing)}"
        )
    return tier


def _fits(tier: Tier, device: str) -> bool:
    if tier.quality == "draft":
        return True
    if not device.startswith("cuda"):
        return False
    import torch

    memory = torch.cuda.get_device_properties(torch.device(device)).total_memory
    return tier.quality == "standard" or memory >= BEST_NEEDS_BYTES


def recognition_options(settings: Settings) -> RecognitionOptions:
    """How a study with these settings is recognised."""
    return RecognitionOptions(
        schedule=settings.schedule,
        beam=settings.beam,
        precision=settings.precision,
        vocabulary=settings.vocabulary.words,
        verbatim=settings.verbatim,
    )


def check_schedule(settings: Settings, languages: Mapping[str, Sequence[str]]) -> None:
    """Raises `UsageError` when a recording has several languages (`languages`, by id) and the schedule knows one."""
    mixed = [name for name, codes in languages.items() if len(codes) > 1]
    if settings.schedule == "exact" and mixed:
        raise UsageError(
            f"{mixed[0]} has several languages, and the schedule exact knows one a recording; "
            "take --schedule fast, or name one language"
        )


def check_languages(engines: Engines, wanted: Iterable[str]) -> None:
    """Raises `DependencyError` when the recogniser's weights lack one of these languages: Cantonese, in older ones."""
    missing = [code for code in dict.fromkeys(wanted) if engines.languages and code not in engines.languages]
    if not missing:
        return
    tier = next(tier for tier in TIERS if tier.quality == "standard")
    absent = [name for name in tier.models if not is_pulled(name)]
    pull = f"run: transcribe models pull {' '.join(absent)}, then" if absent else "to use weights that know it,"
    raise DependencyError(
        f'the weights of quality {engines.quality} do not know "{missing[0]}" ({LANGUAGES[missing[0]]}); {pull} run '
        f"again with --quality {tier.quality}"
    )


def open_engines(
    quality: str,
    device: str,
    jobs: int,
    at_least: str = "draft",
    pii_model: str = "",
    options: RecognitionOptions = RecognitionOptions(),  # noqa: B008 - frozen
) -> Engines:
    """The engines for a quality and a device (`config.choose_*`), on `jobs` CPU cores (0: all).

    `pii_model` is a second model for `open_detector`.

    Weights are loaded when an engine gets its first recording, not here. Raises `DependencyError`, and `UsageError`
    when the vocabulary is longer than a model reads.
    """
    from transcribe.diarization.diarizer import community_diarizer, draft_diarizer
    from transcribe.recognition.prompts import check_vocabulary
    from transcribe.recognition.recognizer import WhisperRecognizer
    from transcribe.recognition.tokenizer import text_tokens_of
    from transcribe.recognition.whisper_model import read_config

    check_vocabulary(options, text_tokens_of)
    device = choose_device(device)
    tier = choose_tier(quality, device, at_least)
    detector = open_detector(pii_model)
    threads = jobs or os.cpu_count() or 1
    name = tier.recognition
    recognizer = WhisperRecognizer(locate(name), revision(name), options, device=device, threads=threads)
    diarizer: Diarizer
    if tier.quality == "draft":
        segmentation, embedding = (locate(model) for model in tier.diarization)
        revisions = "+".join(revision(model) for model in tier.diarization)
        diarizer = draft_diarizer(segmentation, embedding, revisions, device=device, threads=threads)
    else:
        diarizer = community_diarizer(locate("community-1"), revision("community-1"), device=device, threads=threads)
    # Whisper's languages only ever grew: weights know as many, from the first on, as they have tokens for.
    languages = tuple(LANGUAGES)[: read_config(locate(name)).dims.num_languages]
    return Engines(tier.quality, device, diarizer, recognizer, detector, languages)


def open_detector(pii_model: str = "") -> PiiDetector:
    """The detector of personal information, with a second model beside it (`gliner:/path`, `hf:/path`) if one is named.

    Raises `DependencyError`.
    """
    from transcribe.redaction.detector import PresidioDetector
    from transcribe.redaction.second_model import open_second_model

    return open_second_model(pii_model, PresidioDetector(locate(PII_MODEL), revision(PII_MODEL)))
