"""Public figures that are spoken of and not known in person: `I read a lot of Jung`, `Leslie Cheung films`."""

import re
from collections.abc import Sequence
from functools import cache

from transcribe.redaction.lexicon import data_lines
from transcribe.redaction.tokens import Token, tokens, word_set

_CULTURE = re.compile(
    r"\b(?:read|reads|reading|books?|novels?|poems?|poetry|poets?|plays?|wrote|writings?|quot\w+|theor\w+"
    r"|philosoph\w+|psychoanaly\w+"
    r"|films?|movies?|cinema|watch\w*|series|shows?|episodes?|actors?|actress|songs?|music|albums?|concerts?"
    r"|listen\w*|sings?|singing"
    r"|singers?|bands?|fans?|paint\w+|artists?|museum|biograph\w+|documentar\w+|president|prime minister"
    r"|politic\w+|elections?|vot\w+"
    r"|king|queen|prince|princess|footballer|football|matches|celebrit\w+|famous|idols?|pray\w*|prayers?|faith"
    r"|believ\w+|bible|church"
    r"|god|temple|gospel|worship|character|stor(?:y|ies)|myth\w*|according to|ideas?|concepts?|lectures?"
    r"|podcasts?|inspired by)\b",
    re.IGNORECASE,
)
_KNOWN_IN_PERSON = word_set("""
    mr mrs miss ms dr nurse my our his her their your friend sister brother son daughter husband wife partner boyfriend
    girlfriend cousin uncle aunt auntie colleague worker named called im am this hi hello hey dear thanks
    """)


@cache
def _figures() -> dict[tuple[str, ...], bool]:
    """Folded words of each name, and whether others bear it, too."""
    rows = (line.rstrip("*") for line in data_lines("public_figures.txt")), data_lines("public_figures.txt")
    return {tuple(t.fold for t in tokens(name)): line.endswith("*") for name, line in zip(*rows, strict=True)}


@cache
def _firsts() -> frozenset[str]:
    return frozenset(words[0] for words in _figures())


def public_figures(text: str, words: Sequence[Token]) -> list[tuple[int, int]]:
    """Offsets of the public figures that `words` of `text` name, none of whom the speaker seems to know.

    Not one after a title, a relation or a greeting (`my friend Michael Jackson`); one with a single name only where
    the talk is of books, films, songs, faith and the like.
    """
    result, firsts = [], _firsts()
    for index, word in enumerate(words):
        if word.fold not in firsts:
            continue
        for length in range(min(5, len(words) - index), 0, -1):
            shared = _figures().get(tuple(w.fold for w in words[index : index + length]))
            if shared is None:
                continue
            before = {w.fold for w in words[max(0, index - 2) : index]}
            if not before & _KNOWN_IN_PERSON and not (shared and not _CULTURE.search(text)):
                result.append((word.start, words[index + length - 1].end))
            break
    return result
