"""`[vocabulary]` of `study.toml`: words that are likely to be said and that the recogniser could mishear.

They only help the recogniser to hear; what is replaced in transcripts is told by the roster. The names of people do not
belong here, for `study.toml` holds none, and neither do the ideas of the study, which would put findings into the data.
"""

import dataclasses
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcribe.errors import UsageError
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

    def _entries(self) -> Iterator[tuple[str, int, str]]:
        for field in dataclasses.fields(self):
            for number, word in enumerate(getattr(self, field.name), start=1):
                yield field.name, number, word

    def check_no_names(self, roster: Sequence[RosterEntry]) -> None:
        """Raises `UsageError` for an entry that is or holds the name of a person of the roster; does not quote it."""
        names = {
            _plain(name) for entry in roster if entry.kind not in _NOT_PEOPLE for name in (entry.name, *entry.aliases)
        }
        for kind, number, word in self._entries():
            plain = _plain(word)
            # One name alone may be a word of a service's name (Hope House); two together are a person's.
            full = any(f" {name} " in f" {plain} " for name in names if " " in name)
            chinese = any(name in plain for name in names if len(name) >= 3 and not name.isascii())
            if plain in names or full or chinese:
                raise UsageError(
                    f"study.toml, [vocabulary] {kind}: entry {number} is the name of a person in private/roster.csv; "
                    "study.toml holds nobody's name: take it out"
                )


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
