"""Given names that are ordinary words (`Will`, `grace`), where what stands around them makes them names."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_kept, is_name_use
from transcribe.redaction.name_lists import is_given, is_only_given
from transcribe.redaction.name_runs import adjoins, extend, is_lower
from transcribe.redaction.name_words import (
    ADVERBS,
    AUXILIARY,
    CLAUSE_STARTS,
    DETERMINERS,
    DOES,
    EXTRA,
    MASS,
    NEVER,
    NOT_ADDRESSED,
    OF_THINGS,
    PERSON_DOES,
    TIMES,
    VERBS,
)
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised

_GREETING = re.compile(
    r"\b(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|morning|bye|goodbye|cheers|dear|welcome(?: back)?"
    r"|thanks|thank you|take care|see you|see ya|nice to meet you|good to see you|night)(?:,? (?:there|again|then))?"
    r"[\s,]*$",
    re.IGNORECASE,
)
_SPOKEN_TO = re.compile(
    r"(?:^|[.?!,]|\b(?:alright|right|okay|ok|well|so|now|and|listen|look|tell me|ask you|mean))[\s,]*"
    r"(?:\b(?:so|okay|ok|now|then|well)\b[\s,]*)*$",
    re.IGNORECASE,
)
_TO_THEM = re.compile(
    r"[\s,]*(?:tell me|what|how|when|where|who|can you|could you|would you|do you|did you|have you|are you|were you"
    r"|is (?:a|an) [\w -]{1,20}year|you(?:'re|'ve)?\b|your\b|i(?:'m|'d|'ve)?\b|we(?:'re|'ll)?\b|let's\b|does\b)",
    re.IGNORECASE,
)
_HI = re.compile(r"\b(?:hi|hello|hey)(?: there)?[\s,]*$", re.IGNORECASE)


def find_word_names(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Given names that are ordinary words (`Will`, `grace`), where what stands around them makes them names."""
    lower = is_lower(text)
    for index, word in enumerate(words):
        if not is_given(word.fold) or is_only_given(word.fold) or len(word.fold) < 3 or word.fold in NEVER:
            continue
        if word.fold not in EXTRA and (word.fold in FUNCTION_WORDS or is_kept([word])):
            continue
        if lower or is_capitalised(word.text):
            certain = _acts(text, words, index, lower) or (word.fold not in EXTRA and _is_addressed(text, words, index))
            if certain:
                last = extend(text, words, index)
                yield found(word.start, words[last - 1].end, "PERSON", "grammar/word-name", 0.7)


def _acts(text: str, words: Sequence[Token], index: int, lower: bool) -> bool:
    """Whether a verb of persons follows (`will told me`) and nothing before makes the word a noun (`the will`)."""
    if index + 1 == len(words) or not adjoins(text, words[index], words[index + 1]):
        return False
    inside = not lower and (words[index].fold not in MASS or not at_sentence_start(text, words[index].start))
    verb = words[index + 1].fold
    if verb in ADVERBS and index + 2 < len(words) and adjoins(text, words[index + 1], words[index + 2]):
        verb = words[index + 2].fold if words[index + 2].fold in PERSON_DOES else verb  # `grace just said`
    if verb not in DOES and not (inside and verb in AUXILIARY):
        return False
    if lower and words[index].fold in MASS and verb in OF_THINGS:
        return False  # `faith keeps me going`
    if not lower:
        return is_name_use(text, words, index)
    if not index or not adjoins(text, words[index - 1], words[index]):
        return True
    before = words[index - 1].fold
    if words[index].fold in TIMES and verb not in PERSON_DOES:
        return False  # `then summer came`
    return before in CLAUSE_STARTS or (verb in PERSON_DOES and before not in DETERMINERS)


def _is_addressed(text: str, words: Sequence[Token], index: int) -> bool:
    """Whether somebody is greeted or spoken to by the word (`hi frank`, `so mark tell me`)."""
    word, following = words[index], words[index + 1] if index + 1 < len(words) else None
    before, after = text[: word.start], text[word.end :]
    runs_on = following is not None and text[word.end : following.start].strip() == ""
    if word.fold in VERBS and runs_on and following is not None and following.fold in DETERMINERS:
        return bool(_HI.search(before)) and following.fold not in ("you", "that", "it", "the")
    if _GREETING.search(before):
        return not (word.fold in VERBS and following is None and not _HI.search(before))
    if not is_lower(text) or word.fold in NOT_ADDRESSED or not before.strip():
        return False
    return bool(_SPOKEN_TO.search(before) and _TO_THEM.match(after))
