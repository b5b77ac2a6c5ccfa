"""The list for a person: what in the finished text may still name or single out somebody. PRIVATE: it quotes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from transcribe.csv_cells import csv_table
from transcribe.engines import PiiCandidate, PiiDetector
from transcribe.errors import WithheldError
from transcribe.records import RedactedTranscript, RedactionList, Transcript, Utterance
from transcribe.redaction.apply import redact_transcript
from transcribe.redaction.decisions import at_level, standings
from transcribe.redaction.registry import Registry
from transcribe.redaction.rejections import may_be_said
from transcribe.redaction.tokens import squeeze
from transcribe.release_check.finished import Allowed
from transcribe.release_check.masking import Masked, mask, snippet
from transcribe.release_check.second_pass import find_again
from transcribe.release_check.weak_signs import NamesUnfiltered, weak_signs

SECOND_LOOK_VERSION = "1"
COLUMNS = ("recording", "utterance", "why", "times", "text")
WITHHOLDS = "a detector finds it again: the recording is withheld"


@dataclass(frozen=True, slots=True)
class LookAt:
    """One thing to look at: where it is met first, why, how often in that recording, and its surroundings.

    `recording` may be a participant's code or a pair, and `utterance` empty, where no single place is meant.
    """

    recording: str
    utterance: str
    why: str
    times: int
    text: str


@dataclass(frozen=True, slots=True)
class SecondLook:
    """`private/release-check/second-look.json`. `not_looked` are recordings in which weak signs were not searched."""

    fingerprint: str
    items: tuple[LookAt, ...] = ()
    not_looked: tuple[str, ...] = ()


def look_again(
    detector: PiiDetector,
    transcripts: Mapping[str, Transcript],
    lists: Mapping[str, RedactionList],
    registry: Registry,
    scopes: Mapping[str, str],
    fingerprint: str = "",
) -> SecondLook:
    """Everything of the team's text that a person should look at, in the order of recordings and of speech.

    Direct identifiers that are found again (those withhold their recording), others that are found again, names that
    only the language model believes in, unknown words, and phrases that single somebody out. What people rejected, or
    leave to the team, is not listed. `scopes` gives each recording's pair, or its id where it has none.
    """
    known, said, allowed = standings(registry), may_be_said(registry, "team"), Allowed(registry)
    items: list[LookAt] = []
    not_looked: list[str] = []
    for name, listed in lists.items():
        text = redact_transcript(transcripts[name], at_level(listed, known, "team"))
        try:
            items += _looked_at(detector, text, said, allowed, scopes.get(name, name))
        except WithheldError:
            not_looked.append(name)
        except Exception:  # noqa: BLE001 - the language model may raise anything, and the list is not what protects
            not_looked.append(name)
    return SecondLook(fingerprint, tuple(items), tuple(not_looked))


def second_look_csv(items: Sequence[LookAt]) -> bytes:
    """The list for Excel: UTF-8 with BOM, CRLF, and no cell that a spreadsheet would run as a formula."""
    cells = ((item.recording, item.utterance, item.why, str(item.times), item.text) for item in items)
    return csv_table([COLUMNS, *cells])


def _looked_at(
    detector: PiiDetector, text: RedactedTranscript, said: Collection[str], allowed: Allowed, scope: str
) -> list[LookAt]:
    """The signs of one recording, each word once with the number of its places."""
    utterances = tuple(Utterance(u.id, u.speaker, u.language, u.start, u.end, u.text, ()) for u in text.utterances)
    marks = {u.id: [(m.start, m.end) for m in u.marks] for u in text.utterances}
    again: dict[str, list[tuple[int, int, str]]] = {}
    texts = {u.id: u.text for u in utterances}
    for c in find_again(detector, Transcript(text.recording, utterances), marks):
        if not allowed.holds(texts[c.utterance][c.start : c.end], c, scope):
            again.setdefault(c.utterance, []).append((c.start, c.end, _why(c)))
    masks = [mask(u.text, marks[u.id]) for u in utterances]
    names: list[list[tuple[int, int]]] = [[] for _ in masks]
    if isinstance(detector, NamesUnfiltered):
        names = detector.names_unfiltered([masked.text for masked in masks])
    found: dict[tuple[str, str], LookAt] = {}
    for utterance, masked, model_names in zip(utterances, masks, names, strict=True):
        for start, end, why in [*again.get(utterance.id, ()), *_outside(masked, model_names)]:
            surface = squeeze(utterance.text[start:end])
            if surface in said:
                continue
            key = (surface, WITHHOLDS if why == WITHHOLDS else "")
            if key in found:
                found[key] = replace(found[key], times=found[key].times + 1)
            else:
                found[key] = LookAt(text.recording, utterance.id, why, 1, snippet(utterance.text, start, end))
    return list(found.values())


def _outside(masked: Masked, model_names: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    for start, end, why in weak_signs(masked.text, model_names):
        for begin, stop in masked.outside(start, end)[:1]:
            yield begin, stop, why


def _why(candidate: PiiCandidate) -> str:
    return WITHHOLDS if candidate.class_ == "direct" else f"a detector finds it again ({candidate.entity_type})"
