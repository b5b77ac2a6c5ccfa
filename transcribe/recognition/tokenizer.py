"""openai-whisper's tokenizer, the same for every model but for the number of its languages."""

import warnings

from whisper.tokenizer import Tokenizer, get_tokenizer


def open_tokenizer(num_languages: int = 100, language: str = "en") -> Tokenizer:
    """The multilingual tokenizer; text has the same tokens whatever the number of languages."""
    with warnings.catch_warnings():
        # openai-whisper leaves the file with its vocabulary to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        return get_tokenizer(multilingual=True, num_languages=num_languages, language=language, task="transcribe")


def text_tokens_of(text: str) -> list[int]:
    """The tokens of ordinary text; what looks like a special token in it is text, too."""
    tokens: list[int] = open_tokenizer().encode(text, disallowed_special=())
    return tokens
