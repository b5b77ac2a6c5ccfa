"""Names that no list knows beside one that is sure: `bogdan and ewelina`, `Ivona and Mark`."""

from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, MONTHS, is_kept
from transcribe.redaction.medicines import is_medicine
from transcribe.redaction.name_lists import is_given, is_only_name
from transcribe.redaction.name_runs import is_lower, may_be_unlisted
from transcribe.redaction.name_words import ABSTRACT, DETERMINERS, PERSON_WORDS, PREPOSITIONS
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, is_capitalised
from transcribe.redaction.word_name_places import is_verb_use

_JOINS = frozenset(("and", "or"))


def find_paired(text: str, words: Sequence[Token], names: Sequence[Found]) -> Iterator[Found]:
    """The word that `and` joins to one of `names`, if it is no ordinary one and, in a text with capitals, has one."""
    lower = is_lower(text)
    for index, join in enumerate(words[1:-1], 1):
        if join.fold not in _JOINS:
            continue
        left, right = words[index - 1], words[index + 1]
        if text[left.end : join.start].strip() or text[join.end : right.start].strip():
            continue
        for name, other in ((left, right), (right, left)):
            sure = any(f.start <= name.start and name.end <= f.end for f in names)
            known = any(f.start <= other.start and other.end <= f.end for f in names)
            if sure and not known and (_may_be_name(other, lower) or _is_word_name(text, words, index, other, lower)):
                yield found(other.start, other.end, "PERSON", "grammar/paired", 0.5)


def _is_word_name(text: str, words: Sequence[Token], join: int, other: Token, lower: bool) -> bool:
    """Whether the other is a given name that is a word, too: `Mark and Marc`; not `your mark and karen`."""
    if not is_given(other.fold) or other.fold in FUNCTION_WORDS | MONTHS or is_kept([other]):
        return False
    if not lower:
        return is_capitalised(other.text)
    index = join - 1 if other.start < words[join].start else join + 1
    determined = index == join - 1 and index > 0 and words[index - 1].fold in DETERMINERS - PREPOSITIONS
    return other.fold in PERSON_WORDS - ABSTRACT and not determined and not is_verb_use(text, words, index)


def _may_be_name(word: Token, lower: bool) -> bool:
    unlisted = may_be_unlisted(word) and len(word.fold) > 2 and word.text.isalpha()
    if word.fold in FUNCTION_WORDS or is_kept([word]) or is_medicine(word.fold):
        return False
    return (unlisted or is_only_name(word.fold)) and (lower or is_capitalised(word.text))
