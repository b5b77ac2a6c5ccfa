"""Whisper's tokens: openai-whisper's tokenizer, what is suppressed, and the scores of tokens."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor
from whisper.tokenizer import Tokenizer, get_tokenizer

from transcribe.errors import EngineError
from transcribe.recognition.whisper_model import Linear, WhisperModel


class Vocabulary:
    """The multilingual tokens of a model. The task is always transcription, never translation."""

    def __init__(self, model: WhisperModel) -> None:
        self._model = model
        self._num_languages = model.config.dims.num_languages
        plain = self.tokenizer("en")
        self.start: int = plain.sot
        self.eot: int = plain.eot
        self.no_speech: int = plain.no_speech
        self.no_timestamps: int = plain.no_timestamps
        self.timestamp_begin: int = plain.timestamp_begin
        self._decode_bytes = plain.encoding.decode
        self._languages = dict(zip(plain.all_language_codes, plain.all_language_tokens, strict=True))
        # All special tokens but the end and the timestamps are suppressed: among them openai-whisper leaves the
        # languages' open, which cannot be meant within a text.
        suppressed = torch.zeros(model.config.dims.n_vocab)
        suppressed[list(plain.non_speech_tokens)] = -torch.inf
        suppressed[self.eot + 1 : self.timestamp_begin] = -torch.inf
        self.logits = Linear(model.token_embedding, suppressed.to(model.device, model.dtype), 16)
        """Hidden states (n, d) to scores (n, vocabulary), suppressed tokens at minus infinity."""

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes of what the model knows; `yue` from large-v3 on."""
        return tuple(self._languages)

    def tokenizer(self, language: str) -> Tokenizer:
        """openai-whisper's tokenizer for a language, which also splits its text into words."""
        with warnings.catch_warnings():
            # openai-whisper leaves the file with its vocabulary to the garbage collector.
            warnings.simplefilter("ignore", ResourceWarning)
            return get_tokenizer(
                multilingual=True, num_languages=self._num_languages, language=language, task="transcribe"
            )

    def check_language(self, language: str) -> None:
        """Raises `EngineError` when the model does not know `language`."""
        if language not in self._languages:
            hint = "; pull a model that does: transcribe models pull whisper-turbo" if language == "yue" else ""
            raise EngineError(f"Whisper {self._model.config.name} does not know the language {language!r}{hint}")

    def prompt(self, language: str) -> tuple[int, ...]:
        """The tokens that every decoding starts with: start, language, transcribe."""
        return tuple(self.tokenizer(language).sot_sequence)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens; special and timestamp tokens are left out."""
        text: str = self._decode_bytes([token for token in tokens if token < self.eot])
        return text

    def language_probabilities(self, hidden: Tensor) -> dict[str, float]:
        """The probability of each language (ISO 639-1), from the hidden state (1, d) of the start token."""
        embedding = self._model.token_embedding[list(self._languages.values())]
        probabilities = (hidden @ embedding.T).float().softmax(dim=-1)[0]
        return dict(zip(self._languages, probabilities.tolist(), strict=True))
