"""The levels `share` and `archive`: the same mark-up, with coarser marks and with names that show no pair.

In a transcript of level `share` its person is called by a random number (`PIR-417`); everybody and everything else by
names of that person's transcripts alone: the partner is `[PIR-417-PSW]`, a sister `[PIR-417-SISTER_1]`, somebody
`[PERSON_1]`. The same friend has other marks in the partner's transcripts, so that neither codes nor marks nor the
order of numbers tell which two transcripts belong together: a partner who finds their own finds no other. The names are
kept in the key (`Registry.unlinked`), so that two exports agree.

All functions are pure; the numbers are drawn by the function that is given.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from transcribe.records import Recording, Redaction, RedactionList, Transcript
from transcribe.redaction import decisions
from transcribe.redaction.decisions import Level, Standing, standings
from transcribe.redaction.registry import Registry, RegistryEntity, UnlinkedName
from transcribe.study.codes import ROLES, is_code

CONSENT_OF: Mapping[Level, str] = {"team": "transcribe", "share": "quote", "archive": "archive"}
"""What a participant must have agreed to, as the manifest calls it, for a recording to be exported at a level."""

FIRST_NUMBERS = range(101, 1000)
MORE_NUMBERS = range(1001, 10_000)
"""From which the number of a participant is drawn; the second once half of the first are taken."""

_BAND = re.compile(r"\[[^ \]]+ ([^\]]+)\]")
_AGES = re.compile(r"(\d{1,2})-\d{1,2}")
_YEAR = re.compile(r"(\d{4})(?:-\d\d)?")
_ROLE_IN_CODE = re.compile(rf"(?:^|-)({'|'.join(ROLES)})(?:-?\d+)?$")
_UNSURE_SPEAKER = re.compile(r"(?:SPEAKER|OTHER)-\d+|INTERP")
_SESSION = re.compile(r"-(S\d+)$")


@dataclass(frozen=True, slots=True)
class Interview:
    """One recording's facts, its private transcript and all spans of it that are replaced at one level or another."""

    recording: Recording
    transcript: Transcript
    redactions: RedactionList


def owner_of(recording: Recording) -> str:
    """Whose transcripts a recording's belongs to: the interviewed person's, or those of a pair's observed sessions."""
    if recording.role != "OBS" and recording.person:
        return recording.person
    return f"{recording.pair}-OBS" if recording.pair else recording.id


def with_unlinked_names(
    registry: Registry, interviews: Iterable[Interview], draw: Callable[[Sequence[int]], int]
) -> Registry:
    """The registry with a name for every code, recording and entity of the interviews that has none yet.

    `draw` chooses one of the numbers that are free, at random; names once given stay.
    """
    book = _NameBook(registry, draw)
    listed = list(interviews)
    for interview in listed:
        book.meet(interview)
    for interview in listed:
        _rendered(interview, "archive", book)
    return replace(registry, unlinked=book.names)


def at_level(interview: Interview, registry: Registry, level: Level) -> Interview:
    """The interview as a level shows it: ids, speaker labels and marks renamed, `redactions` those of the level.

    `team` has the codes and marks of `coders/`. For the other levels the registry must hold the names
    (`with_unlinked_names`); a name that is missing is a `LookupError`, as a fault of the program. Whatever a lower
    level replaces is replaced by a higher one, with no more kept of it.
    """
    if level == "team":
        known = standings(registry)
        return replace(interview, redactions=decisions.at_level(interview.redactions, known, "team"))
    return _rendered(interview, level, _NameBook(registry, None))


def linking_codes(registry: Registry, recordings: Iterable[Recording]) -> frozenset[str]:
    """Everything that must not appear where pairs do not show: pairs, codes of people, ids of recordings."""
    found = {entity.person for entity in registry.entities if not entity.person.startswith("INT")}
    for recording in recordings:
        found |= {recording.pair, recording.person, recording.id}
    return frozenset(found - {""})


def coarser_band(band: str, entity_type: str, level: Level) -> str:
    """What a level keeps of the band in a team mark: ten years of an age, the year of a date; nothing at `archive`."""
    if level == "team":
        return band
    if level == "share" and entity_type == "AGE":
        if ages := _AGES.fullmatch(band):
            decade = int(ages.group(1)) // 10 * 10
            return f"{decade}-{decade + 9}"
        return band if band == "90+" else ""
    if level == "share" and entity_type == "DATE" and (date := _YEAR.fullmatch(band)):
        return date.group(1)
    return ""


def _rendered(interview: Interview, level: Level, book: "_NameBook") -> Interview:
    recording, transcript = interview.recording, interview.transcript
    owner = owner_of(recording)
    name = book.recording(recording, owner)
    redactions = decisions.at_level(interview.redactions, book.standings, level).redactions
    shown = replace(
        transcript,
        recording=name,
        utterances=tuple(replace(u, speaker=book.speaker(owner, u.speaker)) for u in transcript.utterances),
        speakers=(),
    )
    return Interview(
        replace(recording, id=name, pair="", person=""),
        shown,
        RedactionList(name, tuple(_renamed(redaction, owner, level, book) for redaction in redactions)),
    )


def _renamed(redaction: Redaction, owner: str, level: Level, book: "_NameBook") -> Redaction:
    name, entity_type = book.entity(owner, redaction)
    match = _BAND.fullmatch(redaction.mark)
    band = coarser_band(match.group(1), entity_type, level) if match else ""
    label = re.sub(r"_\d+$", "", name)
    return replace(redaction, label=label, mark=f"[{name}{' ' + band if band else ''}]")


class _NameBook:
    """The unlinked names while they are being given."""

    def __init__(self, registry: Registry, draw: Callable[[Sequence[int]], int] | None) -> None:
        self.standings: Mapping[str, Standing] = standings(registry)
        self._draw = draw
        self._list = list(registry.unlinked)
        self._names = {(given.scope, given.what): given.name for given in registry.unlinked}
        self._entities: dict[str, RegistryEntity] = {entity.id: entity for entity in registry.entities}
        self._codes = {entity.person for entity in registry.entities if entity.person}
        self._roles: dict[str, str] = {}

    @property
    def names(self) -> tuple[UnlinkedName, ...]:
        """All names given so far, in their order."""
        return tuple(self._list)

    def meet(self, interview: Interview) -> None:
        """Learns which codes there are, and the role of the recording's person."""
        codes = {interview.recording.person, *(u.speaker for u in interview.transcript.utterances)}
        self._codes |= {code for code in codes if is_code(code) and not _UNSURE_SPEAKER.fullmatch(code)}
        self._roles[owner_of(interview.recording)] = interview.recording.role

    def recording(self, recording: Recording, owner: str) -> str:
        """The id under which a recording is exported: its owner's number, and its session."""
        if (known := self._names.get(("recording", recording.id))) is not None:
            return known
        base = self._base(owner)
        session = _SESSION.search(recording.id)
        wanted = f"{base}-{session.group(1)}" if session else base
        return self._give("recording", recording.id, _first_free(wanted, self._taken("recording")))

    def speaker(self, owner: str, label: str) -> str:
        """The label of a speaker; one who is not known by code keeps it."""
        return label if _UNSURE_SPEAKER.fullmatch(label) or not is_code(label) else self._code(owner, label)

    def entity(self, owner: str, redaction: Redaction) -> tuple[str, str]:
        """What an entity is called in its owner's transcripts, and its type; merged ones are one."""
        standing = self.standings.get(redaction.entity)
        root = (standing.same_as or redaction.entity) if standing else redaction.entity
        entity = self._entities.get(root)
        kind = entity.entity_type if entity else ""
        if entity is not None and entity.person:
            return self._code(owner, entity.person), kind
        if (known := self._names.get((owner, root))) is not None:
            return known, kind
        label = self._label(owner, self.standings[root].label if entity is not None else redaction.label)
        number = 1 + max((int(n.rpartition("_")[2]) for n in self._taken(owner) if _is_numbered(n, label)), default=0)
        return self._give(owner, root, f"{label}_{number}"), kind

    def _label(self, owner: str, label: str) -> str:
        """A mark's label with the code in it, if any, as it is called in the owner's transcripts."""
        known = max((code for code in self._codes if label.startswith(f"{code}-")), key=len, default="")
        code, rest = (known, label[len(known) + 1 :]) if known else label.rpartition("-")[::2]
        if known or (any(sign.isdigit() for sign in code) and rest.isalpha()):
            return f"{self._code(owner, code)}-{rest}"
        return "OTHER" if any(sign.isdigit() for sign in label) else label

    def _code(self, owner: str, code: str) -> str:
        if code == owner:
            return self._base(owner)
        if (known := self._names.get((owner, code))) is not None:
            return known
        is_interviewer = re.fullmatch(r"INT(-\d+)?", code) is not None
        wanted = "INT" if is_interviewer else f"{self._base(owner)}-{self._role(code)}"
        return self._give(owner, code, _first_free(wanted, self._taken(owner)))

    def _base(self, code: str) -> str:
        if (known := self._names.get(("code", code))) is not None:
            return known
        used = {int(name.rpartition("-")[2]) for name in self._taken("code")}
        free = [number for number in FIRST_NUMBERS if number not in used]
        if len(free) <= len(FIRST_NUMBERS) // 2:
            free = [number for number in MORE_NUMBERS if number not in used]
        number = self._draw(free) if self._draw is not None else 0
        return self._give("code", code, f"{self._role(code)}-{number}")

    def _role(self, code: str) -> str:
        found = _ROLE_IN_CODE.search(code)
        return self._roles.get(code) or (found.group(1) if found else "OTHER")

    def _taken(self, scope: str) -> set[str]:
        return {given.name for given in self._list if given.scope == scope}

    def _give(self, scope: str, what: str, name: str) -> str:
        if self._draw is None:
            raise LookupError("a name of the share level is used before it was given")
        self._list.append(UnlinkedName(scope, what, name))
        self._names[(scope, what)] = name
        return name


def _first_free(wanted: str, taken: set[str]) -> str:
    """`INT`, else `INT-2`, `INT-3` …"""
    number = 1
    while (name := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return name


def _is_numbered(name: str, label: str) -> bool:
    return re.fullmatch(rf"{re.escape(label)}_\d+", name) is not None
