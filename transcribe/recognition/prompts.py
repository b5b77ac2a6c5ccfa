"""What the model is told before a window: words to expect, and that fillers are wanted. Free of torch.

Whisper takes a prompt for what was said before, and goes on in its words and its style. So the words of a study stand
in it as in a sentence, and the wish for fillers is a stretch of such speech. The known danger: over noise the model
may say the prompt itself. `is_leak` recognises that, so that such a window is decoded again without a prompt.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from transcribe.engines import RecognitionOptions
from transcribe.errors import UsageError

Encode = Callable[[str], Sequence[int]]
"""A tokenizer's `encode`: the tokens of a text."""

TEXT_CONTEXT = 448
"""Tokens that every published Whisper model can attend to."""

_SENTENCES = {"en": "We talked about {}.", "yue": "我哋講過{}。", "zh": "我们谈到{}。"}
_BETWEEN = {"yue": "、", "zh": "、"}
_VERBATIM = {"en": "Um, so, uh, I, I mean, it was, it was like, you know, hmm."}
"""Only where the effect could be measured (docs/recognition.md)."""

_LISTED = 3
"""Whole parts of the prompt's list, in its order: nobody says that by chance."""
_LISTED_ALONE = 2
"""The same where hardly anything else is said in the window."""
_ALONE_SHARE = 0.8
_FILLERS = 8
"""Words of the verbatim prompt in its order; fewer are ordinary speech."""

_UNIT = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]|[^\W_\u3400-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True, slots=True)
class Prompt:
    """What stands before a window: `tokens` without the token that opens a prompt; empty where there is nothing.

    `words` are those of the vocabulary that it holds, `frame` what stands before and behind their list, `verbatim` its
    stretch of fillers.
    """

    tokens: tuple[int, ...] = ()
    words: tuple[str, ...] = ()
    frame: tuple[str, str] = ("", "")
    verbatim: str = ""


def most_prompt_tokens(n_text_ctx: int = TEXT_CONTEXT) -> int:
    """How many tokens of a prompt a model with this text context reads: openai-whisper's limit."""
    return n_text_ctx // 2 - 1


@lru_cache(maxsize=256)  # asked for with every window
def build_prompt(options: RecognitionOptions, language: str, encode: Encode, n_text_ctx: int = TEXT_CONTEXT) -> Prompt:
    """The prompt of windows in `language`, with as many words of the vocabulary, from its start, as the model reads."""
    limit = most_prompt_tokens(n_text_ctx)
    verbatim = _VERBATIM.get(language, "") if options.verbatim else ""
    if len(_prompt((), language, verbatim, encode).tokens) > limit:
        verbatim = ""
    best, too_many = _prompt((), language, verbatim, encode), len(options.vocabulary) + 1
    while too_many - len(best.words) > 1:
        middle = (len(best.words) + too_many) // 2
        longer = _prompt(options.vocabulary[:middle], language, verbatim, encode)
        if len(longer.tokens) <= limit:
            best = longer
        else:
            too_many = middle
    return best


def _prompt(words: tuple[str, ...], language: str, verbatim: str, encode: Encode) -> Prompt:
    before, behind = _SENTENCES.get(language, "{}.").split("{}") if words else ("", "")
    listed = before + _BETWEEN.get(language, ", ").join(words) + behind
    text = " ".join(filter(None, [listed, verbatim]))
    # A leading space, as openai-whisper puts it before its initial prompt.
    return Prompt(tuple(encode(f" {text}")) if text else (), words, (before, behind), verbatim)


def check_vocabulary(options: RecognitionOptions, encode: Encode) -> None:
    """Raises `UsageError` when the vocabulary is longer than a model reads, in whichever language."""
    if not options.vocabulary:
        return
    held = min(len(build_prompt(options, language, encode).words) for language in (*_SENTENCES, ""))
    if held < len(options.vocabulary):
        raise UsageError(
            f"study.toml, [vocabulary]: the model reads the first {held} of these {len(options.vocabulary)} words; "
            "keep those that it mishears, and take the others out"
        )


def is_leak(text: str, prompt: Prompt) -> bool:
    """Whether decoded text repeats its prompt, as Whisper does over noise, instead of what was said.

    One word of the vocabulary, or several in an order of their own, are no leak, however often they are said. Where
    it is unsure (two neighbours of the list and nothing else), it says yes: the window is only decoded once more.
    """
    said = _units(text)
    told = _told(prompt)
    covered = 0
    for length, at in _runs(said, told.units, told.pairs):
        inside = set(range(at, at + length))
        whole = sum(part <= inside for part in told.parts)
        if whole >= _LISTED or len(inside & told.fillers) >= _FILLERS:
            return True
        covered += length if whole >= _LISTED_ALONE else 0
    return covered > 0 and covered >= _ALONE_SHARE * len(said)


@dataclass(frozen=True, slots=True)
class _Told:
    """A prompt as words: where its `parts` (the sentence's beginning, each word of the list) and `fillers` lie."""

    units: tuple[str, ...]
    pairs: Mapping[tuple[str, str], Sequence[int]]
    parts: tuple[frozenset[int], ...]
    fillers: frozenset[int]


@lru_cache(maxsize=64)
def _told(prompt: Prompt) -> _Told:
    units: list[str] = []
    parts: list[frozenset[int]] = []
    for part in (prompt.frame[0], *prompt.words, prompt.frame[1]):
        found = _units(part)
        if found:
            parts.append(frozenset(range(len(units), len(units) + len(found))))
        units += found
    listed = len(units)
    units += _units(prompt.verbatim)
    pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i in range(len(units) - 1):
        pairs[units[i], units[i + 1]].append(i)
    return _Told(tuple(units), dict(pairs), tuple(parts), frozenset(range(listed, len(units))))


def _runs(
    said: Sequence[str], told: Sequence[str], pairs: Mapping[tuple[str, str], Sequence[int]]
) -> Iterator[tuple[int, int]]:
    """The longest stretches of two words or more that both have, from left to right: their length, where in `told`."""
    i = 0
    while i < len(said) - 1:
        best = (0, 0)
        for at in pairs.get((said[i], said[i + 1]), ()):
            length = 2
            while i + length < len(said) and at + length < len(told) and said[i + length] == told[at + length]:
                length += 1
            best = max(best, (length, at))
        if best[0]:
            yield best
        i += best[0] or 1


def _units(text: str) -> list[str]:
    """Words without case and punctuation; each Chinese character is a word."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("'", "").replace("’", "")
    return _UNIT.findall(plain)
