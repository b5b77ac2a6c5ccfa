"""Finding known surfaces (names, places, numbers as text) in an utterance.

A surface matches whatever its case, accents, spaces, hyphens and possessives; names that are words match only where
they are used as names. Chinese surfaces match as substrings: they have no word boundaries.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Generic, Literal, TypeVar

from transcribe.redaction.lexicon import is_common, is_kept, is_name_use
from transcribe.redaction.numbers import spoken_code
from transcribe.redaction.spoken_contacts import canonical_contact
from transcribe.redaction.tokens import Token, is_capitalised, tokens

Value = TypeVar("Value")
Rule = Literal["never", "any", "capital", "name", "capitals", "substring"]

_GLUE = re.compile(r"[\s\-‐–.'’·_]*")
_SHORT = 2
_LONG = 6
SWEPT_TYPES = frozenset(("PERSON", "PLACE", "ORG", "ADDRESS", "PHONE", "EMAIL", "URL", "ID"))
"""Types whose surfaces are searched everywhere; dates and ages are words that mean nothing elsewhere."""
NAMED_TYPES = ("PERSON", "PLACE", "ORG", "ADDRESS")
"""Types that are named by words; the language model takes one for the other."""


def key_of(surface: str, entity_type: str) -> str:
    """What makes two surfaces of a type the same thing: digits for numbers, the address for e-mail, else the words."""
    if entity_type in ("PHONE", "ID"):
        return "#" + spoken_code(surface)
    if entity_type in ("EMAIL", "URL"):
        return "@" + canonical_contact(surface)
    words = [t.fold for t in tokens(surface)]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    return "".join(words) or surface


def rule_for(surface: str, any_case: bool = False) -> Rule:
    """How strictly a surface is to be compared; `any_case` for a place or organisation that the lab has listed.

    `any`: whatever its case. `capital`: two letters, with a capital. `name`: an ordinary word, where it is used as a
    name (`lexicon.is_name_use`). `capitals`: two ordinary words, both with capitals (`Golden Crust`). `substring`:
    Chinese and other scripts without spaces. `never`: one letter, fewer than six digits, or nothing.
    """
    words = tokens(surface)
    if any(ord(c) >= 0x2E80 for c in surface):
        return "substring" if len(surface.strip()) > 1 else "never"
    digits = sum(len(word.fold) for word in words) if all(word.fold.isdigit() for word in words) else _LONG
    if not words or digits < _LONG or (len(words) == 1 and len(words[0].fold) < _SHORT):
        return "never"
    if len(words) == 1:
        if is_common(words[0].fold):
            return "name"
        return "capital" if len(words[0].fold) <= _SHORT else "any"
    if len(words) == 2 and not any_case and all(is_common(word.fold) for word in words):
        return "capitals"
    return "any"


def is_swept(surface: str, entity_type: str) -> bool:
    """Whether a surface that was learnt (not listed by the lab) is searched in the whole study.

    A single ordinary word is not: the language model takes many for names, and it would be masked everywhere.
    """
    if entity_type in ("PHONE", "ID") and len(spoken_code(surface)) < _LONG:
        return False  # part of a number that was divided between two utterances
    return entity_type in SWEPT_TYPES and rule_for(surface) not in ("never", "name") and not is_kept(tokens(surface))


class SurfaceIndex(Generic[Value]):
    """Surfaces with a value each, searched in one pass over an utterance's words."""

    def __init__(self, surfaces: Iterable[tuple[str, Value]], any_case: Collection[str] = ()) -> None:
        self._entries: dict[str, list[tuple[Rule, int, Value]]] = {}
        self._substrings: list[tuple[str, Value]] = []
        for surface, value in dict.fromkeys(surfaces):
            rule = rule_for(surface, surface in any_case)
            words = tokens(surface)
            if rule == "substring":
                self._substrings.append((surface.strip(), value))
            elif rule != "never":
                self._entries.setdefault("".join(w.fold for w in words), []).append((rule, len(words), value))
        self._prefixes = {key[:length] for key in self._entries for length in range(1, len(key) + 1)}

    def find(self, text: str, words: Sequence[Token]) -> Iterator[tuple[int, int, Value]]:
        """All matches, overlapping ones too, as `(start, end, value)`; a plural `s` stays outside."""
        for first in range(len(words)):
            squeezed = ""
            for last in range(first, len(words)):
                if last > first and not _GLUE.fullmatch(text[words[last - 1].end : words[last].start]):
                    break
                squeezed += words[last].fold
                part = words[first : last + 1]
                for rule, count, value in self._entries.get(squeezed, ()):
                    if _agrees(text, words, first, part, rule, count):
                        yield words[first].start, words[last].end, value
                if last == first and squeezed.endswith("s") and is_capitalised(words[first].text):
                    for rule, count, value in self._entries.get(squeezed[:-1], ()):
                        if rule == "any" and count == 1 and len(squeezed) > _SHORT + 2 and not is_common(squeezed):
                            yield words[first].start, words[first].end - 1, value
                if squeezed not in self._prefixes:
                    break
        for surface, value in self._substrings:
            start = text.find(surface)
            while start >= 0:
                yield start, start + len(surface), value
                start = text.find(surface, start + 1)


def _agrees(text: str, words: Sequence[Token], first: int, part: Sequence[Token], rule: Rule, count: int) -> bool:
    """Whether a match of the squeezed letters is one of the surface: by its rule, and where words end."""
    if len(part) != count and not _may_be_split(part, count):
        return False
    if rule == "name":
        return is_name_use(text, words, first) if len(part) == 1 else True
    if rule == "capital":
        return is_capitalised(part[0].text)
    if rule == "capitals":
        return all(is_capitalised(word.text) for word in part)
    return True


def _may_be_split(part: Sequence[Token], count: int) -> bool:
    """Whether words that are divided otherwise than the surface may be it: `Siuming`, `J-A-N-E-T`; not `is land`."""
    if all(len(word.fold) == 1 for word in part):
        return len(part) > _SHORT
    length = sum(len(word.fold) for word in part)
    return length >= _LONG and not (len(part) > count and all(is_common(word.fold) for word in part))
