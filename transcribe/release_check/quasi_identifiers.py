"""Who in the study stands alone by what the team's text keeps: combinations of bands and words with k = 1.

k counts the participants of this study of whom the same is told; a study of a few people has many of k = 1, and only
the lab knows how many people in the world fit (Sweeney 2002, "k-anonymity").
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from transcribe.records import Recording, RedactionList, Transcript
from transcribe.redaction.decisions import at_level, standings
from transcribe.redaction.registry import Registry
from transcribe.redaction.tokens import fold, tokens
from transcribe.redaction.uniqueness import DEMOGRAPHIC, ROLES

LARGEST = 3
"""Facts of one combination at most: what a reader could hold together."""
_BAND = re.compile(r"\[[^ \]]+ ([^\]]+)\]")
_KINDS = frozenset(
    ("HOSPITAL", "SCHOOL", "UNIVERSITY", "CONGREGATION", "COURT", "PRISON", "MEDIA", "EMPLOYER", "SERVICE")
)
_OF_MYSELF = re.compile(
    r"\b(?:i am|i'm|i was|as|i work as|i worked as|being)\s+an?\s+((?:[\w'-]+\s*){1,3})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, order=True)
class Fact:
    """One thing that the text tells of a participant: its category (`AGE`, `PLACE` …) and what is kept of it."""

    category: str
    value: str


@dataclass(frozen=True, slots=True)
class Alone:
    """By which combinations of facts a participant is the only one; none of them contains another."""

    person: str
    combinations: tuple[tuple[Fact, ...], ...]

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that occur in them, without any value."""
        return tuple(sorted({fact.category for combination in self.combinations for fact in combination}))

    def of_size(self, size: int) -> int:
        """How many combinations of so many facts there are."""
        return sum(len(combination) == size for combination in self.combinations)


def facts_by_person(
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    lists: Mapping[str, RedactionList],
    registry: Registry,
) -> dict[str, frozenset[Fact]]:
    """What the team's text keeps of each participant in their own words, by code.

    Age, month and region as the marks show them, kinds of organisations, that a phrase singled them out, and words for
    peoples, religions and occupations that they say of themselves (`as a nurse`). Observed sessions count for whoever
    speaks.
    """
    known = standings(registry)
    facts: dict[str, set[Fact]] = {r.person: set() for r in recordings.values() if r.person and r.id in lists}
    for name, listed in lists.items():
        person = recordings[name].person
        speakers = {u.id: u.speaker for u in transcripts[name].utterances}
        named = {speaker for speaker in speakers.values() if speaker in facts}
        for redaction in at_level(listed, known, "team").redactions:
            if (who := _teller(speakers.get(redaction.utterance, ""), person, named)) in facts:
                facts[who] |= set(_of_mark(redaction.mark, redaction.label))
        for utterance in transcripts[name].utterances:
            if (who := _teller(utterance.speaker, person, named)) in facts:
                facts[who] |= set(_of_words(utterance.text))
    return {person: frozenset(found) for person, found in sorted(facts.items())}


def alone(facts: Mapping[str, frozenset[Fact]]) -> tuple[Alone, ...]:
    """For every participant the smallest combinations of up to `LARGEST` facts that no other participant shares."""
    everybody = {person: 1 << number for number, person in enumerate(facts)}
    have: dict[Fact, int] = {}
    for person, mine in facts.items():
        for fact in mine:
            have[fact] = have.get(fact, 0) | everybody[person]
    return tuple(Alone(person, tuple(_alone(sorted(mine), have, everybody[person]))) for person, mine in facts.items())


def _alone(mine: Sequence[Fact], have: Mapping[Fact, int], me: int) -> Iterator[tuple[Fact, ...]]:
    """The smallest combinations that only the participant `me` has; `have` holds who has each fact, a bit for each."""
    smaller: set[tuple[Fact, ...]] = set()
    rest = [fact for fact in mine if have[fact] != me]
    yield from ((fact,) for fact in mine if have[fact] == me)  # these are in no larger combination
    for size in range(2, LARGEST + 1):
        found = []
        for chosen in combinations(rest, size):
            who = have[chosen[0]]
            for fact in chosen[1:]:
                who &= have[fact]
            if who == me and not any(part in smaller for n in range(2, size) for part in combinations(chosen, n)):
                found.append(chosen)
        smaller |= set(found)
        yield from found


def _teller(speaker: str, person: str, named: Iterable[str]) -> str:
    """Whose words an utterance's are: the speaker's; of an unsure voice the interviewed person's, if not heard."""
    if speaker.startswith("INT") or speaker in named:
        return speaker
    return person if person not in named else ""


def _of_mark(mark: str, label: str) -> Iterator[Fact]:
    band = _BAND.fullmatch(mark)
    if band and label in ("AGE", "DATE", "PLACE"):
        yield Fact(label, band.group(1))
    elif label in _KINDS:
        yield Fact("ORGANISATION", label)
    elif label == "UNIQUE":
        yield Fact("UNIQUE", "a phrase that singles out")


def _of_words(text: str) -> Iterator[Fact]:
    for match in _OF_MYSELF.finditer(text):
        for word in tokens(match.group(1)):
            if word.fold in DEMOGRAPHIC:
                yield Fact("PEOPLE OR RELIGION", fold(word.text))
            elif word.fold in ROLES:
                yield Fact("OCCUPATION OR PART", fold(word.text))
