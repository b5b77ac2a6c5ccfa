"""The lab's roster in the transcripts: names, aliases, parts of names, and what Whisper makes of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from transcribe.errors import UsageError
from transcribe.records import Recording
from transcribe.redaction.lexicon import is_common
from transcribe.redaction.misheard import misheard_words, near
from transcribe.redaction.relations import RELATIONS
from transcribe.redaction.sounds import VARIANT_MIN_LETTERS, sound, sound_alike, sounds_cut_off
from transcribe.redaction.spoken_names import PROFESSIONS, TITLES
from transcribe.redaction.surfaces import SurfaceIndex, rule_for
from transcribe.redaction.tokens import Token, tokens
from transcribe.study.roster import RosterEntry

_LABELS = {
    "participant": "PARTICIPANT",
    "interviewer": "INT",
    "relative": "RELATIVE",
    "friend": "FRIEND",
    "clinician": "CLINICIAN",
    "staff": "STAFF",
    "peer": "PEER",
    "place": "PLACE",
    "organisation": "ORG",
    "school": "SCHOOL",
    "employer": "EMPLOYER",
    "hospital": "HOSPITAL",
    "other": "OTHER",
}
_TYPES = {"place": "PLACE", "organisation": "ORG", "school": "ORG", "employer": "ORG", "hospital": "ORG"}
THING_KINDS = frozenset(_TYPES)
"""Kinds of roster entries that are no persons."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom or what a roster entry means. `mark` is fixed for people with a code, else empty and numbered by `label`.

    `pairs` are the pairs in whose interviews a bare first name means this one; empty means the whole study.
    """

    names: tuple[str, ...]
    label: str
    mark: str
    person: str
    entity_type: str
    pairs: frozenset[str]
    participant: bool

    @property
    def is_person(self) -> bool:
        """Whether parts of the name may stand for the whole."""
        return self.entity_type == "PERSON"


@dataclass(frozen=True, slots=True)
class RosterHit:
    """A match; `identity` is the index of the identity, None when the name fits nobody or several."""

    start: int
    end: int
    identity: int | None
    entity_type: str
    recognizer: str


def identities(roster: Sequence[RosterEntry], recordings: Sequence[Recording]) -> tuple[Identity, ...]:
    """One identity per roster entry, entries of one person code united, in the roster's order."""
    result: list[Identity] = []
    by_code: dict[str, int] = {}
    for entry in roster:
        identity = _identity(entry, recordings)
        known = by_code.get(identity.mark) if identity.mark else None
        if known is None:
            by_code[identity.mark] = len(result)
            result.append(identity)
        else:
            names = tuple(dict.fromkeys(result[known].names + identity.names))
            result[known] = replace(result[known], names=names)
    return tuple(result)


def _identity(entry: RosterEntry, recordings: Sequence[Recording]) -> Identity:
    label = _LABELS[entry.kind]
    code = entry.person or ("INT" if entry.kind == "interviewer" else "")
    if entry.kind == "relative" and entry.relation_to:
        relation = next((RELATIONS[t.fold] for t in tokens(entry.note) if t.fold in RELATIONS), "RELATIVE")
        label = f"{entry.relation_to}-{relation}"
    elif entry.kind == "friend" and entry.relation_to:
        label = f"{entry.relation_to}-{label}"
    entity_type = _TYPES.get(entry.kind, "PERSON")
    bound = code if entry.kind != "interviewer" else ""
    pairs = _pairs_of(bound or entry.relation_to, recordings)
    names = tuple(dict.fromkeys(name for name in (entry.name, *entry.aliases) if name))
    return Identity(
        names=names,
        label=code or label,
        mark=f"[{code}]" if code else "",
        person=code,
        entity_type=entity_type,
        pairs=pairs if entity_type == "PERSON" else frozenset(),
        participant=entry.kind in ("participant", "interviewer"),
    )


def _pairs_of(code: str, recordings: Sequence[Recording]) -> frozenset[str]:
    """The pairs a person belongs to: those of their recordings, and the one that their code begins with."""
    if not code:
        return frozenset()
    own = {recording.pair for recording in recordings if recording.person == code and recording.pair}
    return frozenset(own | {code.rpartition("-")[0] or code})


class RosterMatcher:
    """All identities, ready to be searched in the interviews of one pair (`pair` empty: not known)."""

    def __init__(self, all_identities: Sequence[Identity], pair: str) -> None:
        self._identities = all_identities
        here = [not pair or not i.pairs or pair in i.pairs for i in all_identities]
        surfaces = [s for k, identity in enumerate(all_identities) for s in _surfaces(k, identity, here[k])]
        self._index: SurfaceIndex[tuple[int, int | None]] = SurfaceIndex(
            surfaces, any_case={name for i in all_identities if not i.is_person for name in i.names}
        )
        self._sounds: dict[str, list[tuple[str, int]]] = {}
        self._longer: dict[str, list[tuple[tuple[str, ...], int, int]]] = {}
        for k, identity in enumerate(all_identities):
            if here[k]:
                self._add_variants(k, identity)

    def _add_variants(self, k: int, identity: Identity) -> None:
        for name in identity.names:
            folds = tuple(t.fold for t in tokens(name) if t.fold not in TITLES)
            for fold in folds if identity.is_person else folds[:1] if len(folds) == 1 else ():
                if len(fold) >= VARIANT_MIN_LETTERS and not is_common(fold):
                    self._sounds.setdefault(sound(fold), []).append((fold, k))
            if len(folds) > 1:
                for position, fold in enumerate(folds):
                    self._longer.setdefault(fold, []).append((folds, position, k))

    def find(self, text: str, words: Sequence[Token]) -> Iterator[RosterHit]:
        """All places where the roster is named; overlapping ones too."""
        ranked: dict[tuple[int, int], list[tuple[int, int | None]]] = {}
        for start, end, value in self._index.find(text, words):
            ranked.setdefault((start, end), []).append(value)
        for (start, end), values in ranked.items():
            yield self._hit(start, end, self._choose(words, start, end, values), values, "roster/name")
        taken = {(start, end) for start, end in ranked}
        for first, word in enumerate(words):
            yield from self._variants(text, words, first, taken)
            if len(word.fold) >= VARIANT_MIN_LETTERS and not is_common(word.fold):
                near = {
                    k
                    for fold, k in self._sounds.get(sound(word.fold), ())
                    if fold != word.fold and sound_alike(fold, word.fold)
                }
                if near and (word.start, word.end) not in taken:
                    values = [(2, k) for k in sorted(near)]
                    chosen = self._choose(words, word.start, word.end, values)
                    yield self._hit(word.start, word.end, chosen, values, "roster/variant")

    def heard_as(self, name: Token) -> int | None:
        """The only listed person of the pair of whom a single word, known to be a name, may be a misheard name."""
        if is_common(name.fold):
            return None
        fitting = {
            k
            for listed in self._sounds.values()
            for fold, k in listed
            if self._identities[k].is_person and sounds_cut_off(name.fold, fold)
        }
        return fitting.pop() if len(fitting) == 1 else None

    def _choose(
        self, words: Sequence[Token], start: int, end: int, values: Sequence[tuple[int, int | None]]
    ) -> int | None:
        """The one identity that is meant; None when several are, or when a title says that it is somebody else."""
        best = min(rank for rank, k in values if k is not None) if any(k is not None for _, k in values) else None
        chosen = {k for rank, k in values if rank == best and k is not None}
        if len(chosen) != 1:
            return None
        (k,) = chosen
        single = sum(start <= word.start < end for word in words) == 1
        before = [word for word in words if word.end <= start][-1:]
        titled = bool(before) and before[0].fold in PROFESSIONS
        if single and titled and self._identities[k].is_person and not self._has_profession(k):
            return None
        return k

    def _has_profession(self, k: int) -> bool:
        identity = self._identities[k]
        listed = any(t.fold in PROFESSIONS for name in identity.names for t in tokens(name))
        return listed or identity.label in ("CLINICIAN", "STAFF")

    def _hit(
        self, start: int, end: int, chosen: int | None, values: Sequence[tuple[int, int | None]], recognizer: str
    ) -> RosterHit:
        known = [k for _, k in values if k is not None]
        kind = self._identities[known[0]].entity_type if known else "PERSON"
        return RosterHit(start, end, chosen, kind, recognizer)

    def _variants(
        self, text: str, words: Sequence[Token], first: int, taken: set[tuple[int, int]]
    ) -> Iterator[RosterHit]:
        """`Janet Lowe` for `Janet Lau`: every word of a longer name but one is exact, that one sounds alike."""
        for folds, position, k in self._longer.get(words[first].fold, ()):
            begin = first - position
            part = words[begin : begin + len(folds)] if begin >= 0 else []
            if len(part) != len(folds) or (part[0].start, part[-1].end) in taken:
                continue
            if any(text[a.end : b.start].strip(" -" if len(a.fold) > 1 else " -.") for a, b in pairwise(part)):
                continue
            thing = not self._identities[k].is_person
            if thing and len(folds) > 2 and sum(w.fold != f for w, f in zip(part, folds, strict=True)) > 1:
                if misheard_words(part, folds):
                    yield RosterHit(part[0].start, part[-1].end, k, self._identities[k].entity_type, "roster/variant")
                continue
            off = [(word, fold) for word, fold in zip(part, folds, strict=True) if word.fold != fold]
            exact = [fold for fold in folds if fold != off[0][1]] if len(off) == 1 else []
            if len(off) == 1 and near(*off[0]) and (len(folds) > 2 or not all(is_common(f) for f in exact)):
                yield RosterHit(part[0].start, part[-1].end, k, self._identities[k].entity_type, "roster/variant")


def _surfaces(k: int, identity: Identity, here: bool) -> Iterator[tuple[str, tuple[int, int | None]]]:
    """Every text that means the identity: rank 0 a whole name, rank 1 a part of a person's name.

    In another pair's interviews a single name is replaced too, but not taken for the same person.
    """
    for name in identity.names:
        words = [t for t in tokens(name) if t.fold not in TITLES] or tokens(name)
        yield name, (0, k if here or len(words) > 1 else None)
        if not identity.is_person:
            continue
        plain = " ".join(t.text for t in words)
        yield plain, (0, k if here or len(words) > 1 else None)
        if len(words) > 1:
            yield " ".join(t.text for t in (*words[1:], words[0])), (0, k)
            yield " ".join(t.text for t in (words[-1], *words[:-1])), (0, k)
            for length in range(1, len(words)):
                for start in range(len(words) - length + 1):
                    part = words[start : start + length]
                    ordinary = length == 1 and is_common(part[0].fold)
                    if (not ordinary or identity.participant) and len(part[0].fold) > 1:
                        yield " ".join(t.text for t in part), (1, k if here else None)


def check_roster(roster: Sequence[RosterEntry]) -> None:
    """Raises `UsageError` for a name or alias that could never be found, naming the entry's place, not the name."""
    for number, entry in enumerate(roster, start=1):
        if any(rule_for(name) == "never" for name in (entry.name, *entry.aliases)):
            raise UsageError(
                f"entry {number} of roster.csv has a name or alias too short to be searched (one letter or character, "
                "or fewer than six digits): write it in full, or take it out"
            )
