"""`[vocabulary]` of `study.toml`: words that are likely to be said and that the recogniser could mishear.

They only help the recogniser to hear; what is replaced in transcripts is told by the roster. The names of people do not
belong here, for `study.toml` holds none, and neither do the ideas of the study, which would put findings into the data.
"""

import dataclasses
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcribe.errors import UsageError
from transcribe.redaction.chinese_name_parts import TITLES_AFTER, is_name_like
from transcribe.redaction.chinese_surnames import DOUBLE_SURNAMES, SURNAMES
from transcribe.redaction.chinese_words import has_han, is_han, simplified
from transcribe.redaction.lexicon import is_common
from transcribe.redaction.spoken_names import TITLES
from transcribe.redaction.tokens import tokens
from transcribe.study.roster import RosterEntry

LONGEST_WORD = 60
"""Characters of one entry: a name of several words, no sentence."""

_NOT_PEOPLE = ("place", "organisation", "school", "employer", "hospital")


@dataclass(frozen=True, slots=True)
class Glossary:
    """Words that the recogniser should expect, by kind and in the lab's order."""

    services: tuple[str, ...] = ()
    medication: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All of them, each once, kind after kind."""
        return tuple(dict.fromkeys(word for _, _, word in self._entries()))

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many entries each kind has, for a methods section: it needs no words."""
        return tuple((field.name, len(getattr(self, field.name))) for field in dataclasses.fields(self))

    def _entries(self) -> Iterator[tuple[str, int, str]]:
        for field in dataclasses.fields(self):
            for number, word in enumerate(getattr(self, field.name), start=1):
                yield field.name, number, word

    def check_no_names(self, roster: Sequence[RosterEntry]) -> None:
        """Raises `UsageError` for an entry that is or holds the name of a person of the roster; does not quote it.

        An entry that consists of parts of one person's name (`Marcus`, `Dr Leung`, a Chinese given name) is such a
        name, too. A part that is an ordinary English word counts for participants and interviewers only, as it does
        when names are replaced.
        """
        people = [_Person(entry) for entry in roster if entry.kind not in _NOT_PEOPLE]
        for kind, number, word in self._entries():
            if any(person.is_named(word) for person in people):
                raise UsageError(
                    f"study.toml, [vocabulary] {kind}: entry {number} is the name of a person in private/roster.csv; "
                    "study.toml holds nobody's name: take it out"
                )


class _Person:
    """The names of one person of the roster, and the parts by which they are called."""

    def __init__(self, entry: RosterEntry) -> None:
        names = (entry.name, *entry.aliases)
        self._names = {_plain(name) for name in names}
        self._together = {_unspaced(name) for name in names}
        self._given = {given for name in names for given in _chinese_given(name)}
        self._parts = {part for name in names for part in _latin_parts(name)}
        participant = entry.kind in ("participant", "interviewer")
        self._telling = {part for part in self._parts if participant or not is_common(part)}

    def is_named(self, word: str) -> bool:
        """Whether an entry of the vocabulary names this person."""
        plain = _plain(word)
        # One name alone may be a word of a service's name (Hope House); two together are a person's.
        full = any(f" {name} " in f" {plain} " for name in self._names if " " in name)
        together = _unspaced(word)
        chinese = any(name in together for name in self._together if len(name) >= 3 and not name.isascii())
        said = set(_latin_parts(word))
        called = said <= self._parts and not said.isdisjoint(self._telling) and not has_han(word)
        return plain in self._names or full or chinese or called or together in self._given


def checked_words(value: object, where: str) -> tuple[str, ...]:
    """The entries of one kind, stripped, each once. Raises `UsageError` for anything but a list of short texts."""
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UsageError(f'{where} must be a list of words in quotation marks, such as ["Kwai Chung", "lithium"]')
    words = tuple(dict.fromkeys(unicodedata.normalize("NFC", word).strip() for word in value))
    for number, word in enumerate(words, start=1):
        if not any(map(str.isalpha, word)):
            raise UsageError(f"{where}: entry {number} has no letters")
        if len(word) > LONGEST_WORD:
            raise UsageError(f"{where}: entry {number} has more than {LONGEST_WORD} characters; write a name or a term")
        if any(unicodedata.category(character)[0] == "C" for character in word) or "<|" in word:
            raise UsageError(f"{where}: entry {number} holds a character that cannot be said")
    return words


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _latin_parts(name: str) -> list[str]:
    """The words of a name for comparing, without titles and initials."""
    return [t.fold for t in tokens(name) if len(t.fold) > 1 and t.fold not in TITLES and not has_han(t.text)]


def _chinese_given(name: str) -> list[str]:
    """What may be the given name in a full name of two to four Chinese characters, simplified; the longer one first."""
    plain = _unspaced(name)
    if not 2 <= len(plain) <= 4 or not all(map(is_han, plain)):
        return []
    found = []
    if plain[0] in SURNAMES or (len(plain) > 2 and is_name_like(plain[1:])):
        found.append(plain[1:])
    if len(plain) == 4 or plain[:2] in DOUBLE_SURNAMES:  # a family name of two characters, or a wife's before her own
        found.append(plain[2:])
    return [given for given in found if given and given not in TITLES_AFTER]


def _unspaced(name: str) -> str:
    return simplified(_plain(name).replace(" ", ""))
