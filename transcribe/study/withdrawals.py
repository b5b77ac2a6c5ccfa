"""`private/withdrawals.json`: who took back what. Append-only; it holds codes, times and digests, no words, no names.

It is what keeps a withdrawn recording from coming back: the manifest leaves it out for as long as it is listed here,
and every run deletes what of it still lies in the study (`withdrawn_content`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from transcribe.record_json import from_json, to_json
from transcribe.records import Interval
from transcribe.store import StudyFolder, write_atomic

WITHDRAWALS = "withdrawals.json"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a recording that was taken back, in seconds on its timeline; `sounds` are its parts' sha256 then."""

    recording: str
    start: float
    end: float
    sounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One withdrawal: `recordings` are taken back whole, `stretches` in part; `whole_person` bars later ones, too.

    `who` is the initials of the person who carried it out, `when` ISO 8601 in UTC. `release` is the one that coders had
    then: it and those before it may hold what is taken back in part. `documents` are taken back whole; `texts` are
    their digests, and `sounds` the sha256 of the recordings' parts, by which they are known again under another id.
    `sessions` are those shared with others in which a whole person's voice is: no voice of theirs is kept.
    """

    number: int
    person: str
    who: str
    when: str
    why: str
    whole_person: bool
    recordings: tuple[str, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    release: int = 0
    documents: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    sounds: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawals:
    """All withdrawals of a study, in their order."""

    items: tuple[Withdrawal, ...] = field(default=())

    def is_withdrawn(self, recording: str, person: str) -> bool:
        """Whether a whole recording was taken back: itself, or everything of its person."""
        return any(recording in w.recordings or (w.whole_person and person == w.person) for w in self.items)

    @property
    def recordings(self) -> tuple[str, ...]:
        """The recordings that were taken back whole."""
        return tuple(dict.fromkeys(name for w in self.items for name in w.recordings))

    @property
    def cut(self) -> tuple[str, ...]:
        """The recordings of which a stretch was taken back and that are there otherwise."""
        names = dict.fromkeys(stretch.recording for w in self.items for stretch in w.stretches)
        return tuple(name for name in names if name not in self.recordings)

    def held_in(self, release: int, ids: Iterable[str]) -> set[str]:
        """Which recordings and documents of a release may hold there what was taken back; `ids` are all it has."""
        cut = {s.recording for w in self.items if release <= w.release for s in w.stretches}
        return {*self.recordings, *self.documents, *cut} & set(ids)

    @property
    def documents(self) -> tuple[str, ...]:
        """The documents that were taken back whole."""
        return tuple(dict.fromkeys(name for w in self.items for name in w.documents))

    def refuses_document(self, name: str, text: str) -> bool:
        """Whether a document may not join the study: its id or its text (a digest) was taken back."""
        return name in (*self.recordings, *self.documents) or any(text in w.texts for w in self.items)

    def is_withdrawn_sound(self, sounds: Iterable[str]) -> bool:
        """Whether any of these parts (sha256) is of a recording that was taken back whole, under whatever id."""
        taken = {sound for w in self.items for sound in w.sounds}
        return not taken.isdisjoint(sounds)

    def why_refused(self, recording: str, sounds: Sequence[str]) -> str:
        """Why a recording with these parts (sha256, in their order) may not be worked on; empty when it may."""
        if self.is_withdrawn_sound(sounds):
            return (
                "its sound was withdrawn at a participant's request and is processed under no id: take its row out of "
                "the manifest, and delete the file"
            )
        for stretch in (stretch for w in self.items for stretch in w.stretches if stretch.sounds):
            same_sound = stretch.sounds == tuple(sounds)
            if not same_sound and (stretch.recording == recording or not set(sounds).isdisjoint(stretch.sounds)):
                return (
                    "a stretch of it was withdrawn at a participant's request, and its sound is not what it was then, "
                    "so that the stretch may lie elsewhere in it. Put back the file (all parts) as it was; or, if the "
                    "stretch was cut out of it, list the new file with an id of its own and write include = no here"
                )
        return ""

    def stretches_of(self, recording: str, sounds: Sequence[str] = ()) -> tuple[Interval, ...]:
        """The stretches (s) that were taken back of a recording, or of one with the same parts (sha256), sorted."""
        found = {
            (stretch.start, stretch.end)
            for w in self.items
            for stretch in w.stretches
            if stretch.recording == recording or (stretch.sounds and stretch.sounds == tuple(sounds))
        }
        return tuple(sorted(found))

    @property
    def sessions(self) -> tuple[str, ...]:
        """The recordings, shared with others, in which the voice of somebody is who took back everything."""
        return tuple(dict.fromkeys(name for w in self.items if w.whole_person for name in w.sessions))

    @property
    def people(self) -> tuple[str, ...]:
        """The codes of those who took back everything of theirs."""
        return tuple(dict.fromkeys(w.person for w in self.items if w.whole_person))


def read_withdrawals(study: StudyFolder) -> Withdrawals:
    """The withdrawals of a study; none when there is no such file. Raises `CorruptFileError`."""
    path = study.private / WITHDRAWALS
    return from_json(Withdrawals, path.read_bytes(), f"private/{WITHDRAWALS}") if path.exists() else Withdrawals()


def append_withdrawal(study: StudyFolder, withdrawal: Withdrawal) -> None:
    """Adds one withdrawal, atomically. The caller holds the study's lock. Raises `OSError`."""
    items = (*read_withdrawals(study).items, withdrawal)
    write_atomic(study.private / WITHDRAWALS, to_json(Withdrawals(items)))
