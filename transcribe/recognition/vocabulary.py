"""Whisper's tokens: openai-whisper's tokenizer, what is suppressed, and the scores of tokens."""

from collections.abc import Sequence

import torch
from torch import Tensor
from whisper.tokenizer import Tokenizer

from transcribe.errors import EngineError
from transcribe.recognition.layers import HalfLinear
from transcribe.recognition.prompts import most_prompt_tokens
from transcribe.recognition.tokenizer import open_tokenizer
from transcribe.recognition.whisper_model import WhisperModel


class Vocabulary:
    """The multilingual tokens of a model. The task is always transcription, never translation."""

    def __init__(self, model: WhisperModel) -> None:
        self._model = model
        self._num_languages = model.config.dims.num_languages
        plain = self.tokenizer("en")
        self.start: int = plain.sot
        self.eot: int = plain.eot
        self.previous: int = plain.sot_prev
        self.no_timestamps: int = plain.no_timestamps
        self.timestamp_begin: int = plain.timestamp_begin
        self._decode_bytes = plain.encoding.decode
        self._languages = dict(zip(plain.all_language_codes, plain.all_language_tokens, strict=True))
        # All special tokens but the end and the timestamps are suppressed: among them openai-whisper leaves the
        # languages' open, which cannot be meant within a text.
        suppressed = [*plain.non_speech_tokens, *range(self.eot + 1, self.timestamp_begin)]
        bias = torch.zeros(model.config.dims.n_vocab, device=model.device)
        bias[suppressed] = -torch.inf
        self._scores = HalfLinear(model.token_embedding.to(model.dtype), bias.to(model.dtype))
        self._suppressed = model.token_embedding[suppressed].float()
        self._no_speech_at = suppressed.index(plain.no_speech)
        self._language_embedding = model.token_embedding[list(self._languages.values())].float()

    @property
    def n_mels(self) -> int:
        """Mel bands that the model hears."""
        return self._model.config.dims.n_mels

    @property
    def text_context(self) -> int:
        """Tokens that the decoder holds, prompt and text together."""
        return self._model.config.dims.n_text_ctx

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self._model.device

    def tokenizer(self, language: str) -> Tokenizer:
        """openai-whisper's tokenizer for a language, which also splits its text into words."""
        return open_tokenizer(self._num_languages, language)

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

    def scores(self, hidden: Tensor) -> Tensor:
        """Hidden states (n, d) to scores (n, vocabulary) in float32, suppressed tokens at minus infinity."""
        return self._scores(hidden).float()

    def no_speech_probability(self, hidden: Tensor) -> Tensor:
        """The probability of `no_speech` among all tokens, from the hidden state (d) of the start token: a scalar."""
        others = self._suppressed @ hidden.float()
        allowed = self.scores(hidden[None])[0].logsumexp(dim=-1)
        return (others[self._no_speech_at] - torch.logaddexp(allowed, others.logsumexp(dim=-1))).exp()

    def language_probabilities(self, hidden: Tensor, among: Sequence[str] = ()) -> dict[str, float]:
        """The probability of each language (or of those in `among`), from the hidden state (d) of the start token."""
        scores = dict(zip(self._languages, (self._language_embedding @ hidden.float()).tolist(), strict=True))
        chosen = {language: scores[language] for language in among or self._languages}
        probabilities = torch.tensor(list(chosen.values())).softmax(dim=0).tolist()
        return dict(zip(chosen, probabilities, strict=True))

    def sequence(self, language: str, previous: Sequence[int] = ()) -> tuple[int, ...]:
        """What a decoding starts with; of `previous` text, the last `n_text_ctx // 2 - 1` tokens go before it."""
        tokens = self.prompt(language)
        if not previous:
            return tokens
        return (self.previous, *previous[-most_prompt_tokens(self.text_context) :], *tokens)
