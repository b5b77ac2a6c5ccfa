"""Names of the gazetteers found among the words of an utterance, longest first, by one look-up per word."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from transcribe.redaction.lexicon import Organisation, Place, organisations, places
from transcribe.redaction.tokens import Token

_JOIN = " -.’'&"
"""What may stand between two words of one name."""
_CONTRACTION = re.compile(r"['’](?:ve|ll|d|re|m|t)$", re.IGNORECASE)
_ABBREVIATION = "@abbreviation"
_LETTERS = (3, 5)


@dataclass(frozen=True, slots=True)
class Match:
    """The words `[first, last)` of an utterance that are a name of the gazetteers, with what each knows of it."""

    first: int
    last: int
    place: Place | None
    organisation: Organisation | None


@cache
def _index() -> Mapping[str, Sequence[tuple[tuple[str, ...], Place | None, Organisation | None]]]:
    """All names by their first word, longest first; an abbreviation also letter by letter."""
    known: dict[tuple[str, ...], tuple[Place | None, Organisation | None]] = {
        words: (place, None) for words, place in places().items()
    }
    for words, organisation in organisations().items():
        known[words] = (known.get(words, (None, None))[0], organisation)
        if len(words) == 1 and (organisation.cue == _ABBREVIATION or _is_said_in_letters(organisation.name)):
            known.setdefault(tuple(words[0]), (None, organisation))
    by_first: dict[str, list[tuple[tuple[str, ...], Place | None, Organisation | None]]] = {}
    for words, (place, known_organisation) in known.items():
        by_first.setdefault(words[0], []).append((words, place, known_organisation))
    return {first: sorted(rows, key=lambda row: -len(row[0])) for first, rows in by_first.items()}


def _is_said_in_letters(name: str) -> bool:
    """Whether a company's name is letters (`DHL`); two alone (`BT`) are said in too many words."""
    return name.isupper() and name.isalpha() and _LETTERS[0] <= len(name) <= _LETTERS[1]


def names_in(text: str, words: Sequence[Token]) -> Iterator[Match]:
    """Names of the gazetteers in one utterance, in order, each the longest that begins there; they do not overlap."""
    index = _index()
    position = 0
    while position < len(words):
        for name, place, organisation in _beginning_with(text, words[position], index):
            part = words[position : position + len(name)]
            # "I've" and "we'll" fold to what may be a name, but are none.
            if tuple(w.fold for w in part) == name and joined(text, part) and not _CONTRACTION.search(part[-1].text):
                yield Match(position, position + len(name), place, organisation)
                position += len(name)
                break
        else:
            position += 1


def _beginning_with(
    text: str, word: Token, index: Mapping[str, Sequence[tuple[tuple[str, ...], Place | None, Organisation | None]]]
) -> Iterator[tuple[tuple[str, ...], Place | None, Organisation | None]]:
    """Names that begin with a word; `Boot's` may be `Boots` as a recogniser writes it."""
    yield from index.get(word.fold, ())
    if text[word.end : word.end + 1] in ("'", "’") and text[word.end + 1 : word.end + 2] == "s":
        yield from (((word.fold,), *row[1:]) for row in index.get(f"{word.fold}s", ()) if len(row[0]) == 1)


def joined(text: str, words: Sequence[Token]) -> bool:
    """Whether nothing but spaces, hyphens and the like stands between the words."""
    return not any(text[a.end : b.start].strip(_JOIN).removeprefix("s").strip(_JOIN) for a, b in pairwise(words))


def with_possessive(text: str, end: int) -> int:
    """The end of a name with the `'s` or `'` that belongs to it: `St Paul's`."""
    match = re.match(r"['’]s?(?![\w])", text[end : end + 3])
    return end + (match.end() if match else 0)
