"""`--pii-model`: a second model from a folder on this disk, whose finds are added to those of the rules.

`hf:/path` is a Hugging Face model for token classification, `gliner:/path` a GLiNER model. Only folders are read, only
safetensors weights (loading them runs no code), no code of the folder is run, and no connection is made. Whatever goes
wrong withholds the recording.
"""

import hashlib
import importlib.util
import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from transcribe.diarization.torchaudio_stub import install_torchaudio_stub
from transcribe.engines import PiiCandidate, PiiDetector
from transcribe.errors import DependencyError, TranscribeError, WithheldError
from transcribe.records import Transcript
from transcribe.redaction.chinese_places import kept_words
from transcribe.redaction.chinese_words import is_han, simplified
from transcribe.redaction.lexicon import is_kept
from transcribe.redaction.second_model_labels import GLINER_LABELS, type_of_label
from transcribe.redaction.spans import Found, candidate_of, found
from transcribe.redaction.tokens import tokens, trim

THRESHOLD = 0.5
"""Score from which a find of the model counts."""
_HF_TOKENS, _HF_OVERLAP = 512, 64
"""Tokens that a model reads at once at most, and how many of them it reads twice."""
_GLINER_WORDS, _GLINER_OVERLAP = 150, 30
"""The same in words: GLiNER reads 384 words or sub-words at once and says nothing of those that it leaves out."""
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|\S")
_INSTALL = 'pip install "transcribe[pii-model]"'


class SpanModel(Protocol):
    """Finds spans in one text: `(start, end, label, score)`, code points."""

    def __call__(self, text: str) -> list[tuple[int, int, str, float]]:
        """All spans of a text of any length; nothing of it is left out."""
        ...


def open_second_model(wanted: str, detector: PiiDetector) -> PiiDetector:
    """`detector` together with the model of `wanted`: `gliner:/path`, `hf:/path`, or empty for `detector` alone.

    Weights are read when the first text comes. Raises `DependencyError` for a folder that is not there (a name on the
    hub is refused: nothing is ever fetched), has no safetensors weights, or needs a package that is not installed.
    """
    if not wanted:
        return detector
    kind, _, place = wanted.partition(":")
    loaders = {"hf": ("transformers", load_token_classifier), "gliner": ("gliner", load_gliner)}
    if kind not in loaders:
        raise DependencyError('--pii-model must be "gliner:/path" or "hf:/path", a folder on this disk')
    package, loader = loaders[kind]
    folder = Path(place).expanduser()
    if not folder.is_absolute() or not folder.is_dir():
        raise DependencyError(
            f"--pii-model {kind}: no folder is at the path given. Download the model on a machine with a connection, "
            f"copy its folder here, and give the whole path, as in {kind}:/home/me/models/pii; names on the Hugging "
            "Face hub are not fetched"
        )
    if not any(folder.glob("*.safetensors")):
        raise DependencyError(
            f"--pii-model {kind}: the folder holds no .safetensors file; weights in other formats can run code when "
            "they are loaded and are refused"
        )
    if importlib.util.find_spec(package) is None:
        raise DependencyError(f"--pii-model {kind} needs the package {package}; install it: {_INSTALL}")
    return WithSecondModel(detector, folder, kind, loader)


class WithSecondModel:
    """`engines.PiiDetector`: the finds of another detector and, beside them, those of a model; never fewer."""

    def __init__(self, first: PiiDetector, folder: Path, kind: str, loader: Callable[[Path], SpanModel]) -> None:
        self._first = first
        self._folder = folder
        self._kind = kind
        self._loader = loader

    @cached_property
    def fingerprint(self) -> str:
        """The first detector's, and a digest of every file of the model's folder."""
        return f"{self._first.fingerprint} {self._kind}={digest_of_folder(self._folder)} threshold={THRESHOLD}"

    def detect(self, transcripts: Sequence[Transcript]) -> list[PiiCandidate]:
        """All candidates of both, sorted by (recording, utterance, start, end, type).

        Raises `WithheldError` when either fails; the message quotes nothing.
        """
        result = self._first.detect(transcripts)
        for transcript in transcripts:
            try:
                result += self._detect(transcript)
            except TranscribeError:
                raise
            except Exception as error:  # noqa: BLE001 - a model's message may quote the text it was given
                raise WithheldError(
                    f"{transcript.recording}: the model of --pii-model failed ({type(error).__name__}); the recording "
                    "is withheld. Run again with another model, or without one"
                ) from None
        return sorted(result, key=lambda c: (c.recording, c.utterance, c.start, c.end, c.entity_type, c.recognizer))

    def names_unfiltered(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """What the first detector's language model takes for a name, plausible or not; nothing if it has none."""
        names: Callable[[Sequence[str]], list[list[tuple[int, int]]]] | None = getattr(
            self._first, "names_unfiltered", None
        )
        return names(texts) if names is not None else [[] for _ in texts]

    @cached_property
    def _model(self) -> SpanModel:
        _stay_offline()
        install_torchaudio_stub()  # transformers imports torchaudio, whose compiled part fits one build of torch only
        try:
            return self._loader(self._folder)
        except TranscribeError:
            raise
        except Exception as error:  # noqa: BLE001 - loaders raise anything; the message would name the user's folders
            raise DependencyError(
                f"the model of --pii-model {self._kind} cannot be loaded ({type(error).__name__}): is the folder "
                "whole, with its tokenizer and config.json?"
            ) from None

    def _detect(self, transcript: Transcript) -> Iterator[PiiCandidate]:
        for utterance in transcript.utterances:
            for f in _believed(utterance.text, self._model(utterance.text), self._kind):
                yield candidate_of(transcript.recording, utterance.id, f)


def _believed(text: str, spans: Sequence[tuple[int, int, str, float]], kind: str) -> Iterator[Found]:
    """Spans of whole words with a label of ours, sorted, each once; words that must be kept are left."""
    result: set[Found] = set()
    for begin, stop, label, score in spans:
        if not 0 <= begin < stop <= len(text):
            raise ValueError("a span outside the text")
        entity_type = type_of_label(label)
        start, end = trim(text, *_whole_words(text, begin, stop))
        surface = text[start:end]
        kept = is_kept(tokens(surface)) or simplified(surface) in kept_words()
        if entity_type and score >= THRESHOLD and start < end and not kept:
            result.add(found(start, end, entity_type, f"model/{kind}", round(score, 6)))
    yield from sorted(result, key=lambda f: (f.start, f.end, f.entity_type, f.score))


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """`[start, end)` grown to the ends of its Latin words: a sub-word of a name is a name."""

    def inside(position: int) -> bool:
        pair = text[position - 1 : position + 1]
        return len(pair) == 2 and all(c.isalnum() and not is_han(c) for c in pair)

    while start > 0 and inside(start):
        start -= 1
    while end < len(text) and inside(end):
        end += 1
    return start, end


def digest_of_folder(folder: Path) -> str:
    """sha256 over names and contents of all files below `folder`, hidden ones aside."""
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        name = path.relative_to(folder)
        if any(part.startswith(".") for part in name.parts):
            continue
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{name.as_posix()}\0{content}\n".encode())
    return whole.hexdigest()


def _stay_offline() -> None:
    """Tells the hub's clients to fetch nothing, also when they were imported before."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    import huggingface_hub.constants

    huggingface_hub.constants.HF_HUB_OFFLINE = True


def load_token_classifier(folder: Path) -> SpanModel:
    """A Hugging Face token classifier, on the CPU. Raises `DependencyError` when its tokenizer gives no offsets or it
    has none of the labels that we know.
    """
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    model: Any = AutoModelForTokenClassification.from_pretrained(
        folder, local_files_only=True, trust_remote_code=False, use_safetensors=True
    ).eval()
    labels: dict[int, str] = dict(model.config.id2label)
    if not tokenizer.is_fast:
        raise DependencyError("--pii-model hf: the model has no fast tokenizer (tokenizer.json), which is needed")
    if not any(type_of_label(label) for label in labels.values()):
        raise DependencyError("--pii-model hf: none of the model's labels names a person, a place or a number")
    longest = min(_HF_TOKENS, tokenizer.model_max_length, _positions(model))
    overlap = min(_HF_OVERLAP, longest // 4)

    def find(text: str) -> list[tuple[int, int, str, float]]:
        pieces = tokenizer(
            text,
            truncation=True,
            max_length=longest,
            stride=overlap,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
        )
        result = []
        for index, ids in enumerate(pieces["input_ids"]):
            with torch.inference_mode():
                mask = torch.tensor([pieces["attention_mask"][index]])
                scores = model(input_ids=torch.tensor([ids]), attention_mask=mask).logits[0].softmax(-1)
            best, ranks = scores.max(-1)
            result += _joined(
                [
                    (*offsets, labels[int(rank)], float(score))
                    for offsets, special, rank, score in zip(
                        pieces["offset_mapping"][index],
                        pieces["special_tokens_mask"][index],
                        ranks,
                        best,
                        strict=True,
                    )
                    if not special and offsets[0] < offsets[1]
                ]
            )
        return result

    return find


def _positions(model: Any) -> int:
    """How many tokens the model has positions for; those of the RoBERTa family begin at the padding's number."""
    positions = int(getattr(model.config, "max_position_embeddings", 0) or _HF_TOKENS)
    padding = getattr(model.config, "pad_token_id", 0) or 0
    return positions - padding - 1 if padding else positions


def _joined(pieces: Sequence[tuple[int, int, str, float]]) -> list[tuple[int, int, str, float]]:
    """Tokens that follow each other with one label (`B-PER`, `I-PER`) as one span with the best of their scores."""
    result: list[tuple[int, int, str, float]] = []
    last = ""
    for start, end, label, score in pieces:
        prefix, _, name = label.rpartition("-") if label[1:2] == "-" else ("", "", label)
        if result and name == last and prefix not in ("B", "S", "U") and start <= result[-1][1] + 1:
            begin, _, _, best = result[-1]
            result[-1] = (begin, end, name, max(best, score))
        elif type_of_label(name):
            result.append((start, end, name, score))
        last = name
    return result


def load_gliner(folder: Path) -> SpanModel:
    """A GLiNER model, on the CPU, that reads a text in overlapping pieces."""
    from gliner import GLiNER

    return in_pieces(GLiNER.from_pretrained(str(folder), local_files_only=True, map_location="cpu"))


def in_pieces(model: Any) -> SpanModel:
    """Asks a GLiNER model about pieces of 150 words (a Chinese character counts as one), 30 of them twice."""

    def find(text: str) -> list[tuple[int, int, str, float]]:
        result: dict[tuple[int, int, str], float] = {}
        for begin, end in pieces_of(text, _GLINER_WORDS, _GLINER_OVERLAP):
            finds = model.predict_entities(text[begin:end], list(GLINER_LABELS), threshold=THRESHOLD, flat_ner=True)
            for item in finds:
                place = (begin + item["start"], begin + item["end"], item["label"])
                result[place] = max(result.get(place, 0.0), float(item["score"]))
        return [(*place, score) for place, score in result.items()]

    return find


def pieces_of(text: str, words: int, overlap: int) -> list[tuple[int, int]]:
    """`text` in pieces of at most `words` words, as offsets; each begins `overlap` words before the last one's end."""
    borders = [
        (start, end) for match in _WORD.finditer(text) for start, end in _characters(text, match.start(), match.end())
    ]
    result = []
    for first in range(0, len(borders), words - overlap):
        last = min(first + words, len(borders))
        result.append((borders[first][0], borders[last - 1][1]))
        if last == len(borders):
            break
    return result


def _characters(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if any(map(is_han, text[start:end])):
        return [(position, position + 1) for position in range(start, end)]
    return [(start, end)]
