"""The detectors again, on text whose marks are masked: what the first pass missed is found beside what it replaced.

What is found again becomes a candidate of the redaction, so that it is replaced, listed as undecided, and may be
rejected by a person (`transcribe decide`), as everything else; until nothing new is found.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from transcribe.engines import PiiCandidate, PiiDetector
from transcribe.errors import DependencyError, WithheldError
from transcribe.records import RedactionList, Transcript, Utterance
from transcribe.redaction.conversation import dictations
from transcribe.redaction.decisions import at_level, standings
from transcribe.redaction.numbers import Symbol, is_mostly_number
from transcribe.redaction.registry import Registry
from transcribe.redaction.tokens import squeeze
from transcribe.release_check.digit_runs import MIN_DIGITS, digits_in, find_digit_runs, is_counting
from transcribe.release_check.masking import Masked, Span, mask, says_something

AGAIN = "again"
"""Family of the recognisers of the second look: never certain, so that what it finds is undecided."""
MAX_ROUNDS = 3
"""Rounds of redaction and second look; real studies need one or two. What is then still found is withheld."""
_DIGITS = f"{AGAIN}/digits"
_DIGITS_SCORE = 0.5

Spans = Mapping[str, Sequence[Span]]
"""What is masked in each utterance, by its id."""
Redact = Callable[[Sequence[PiiCandidate]], tuple[tuple[RedactionList, ...], Registry]]
"""One redaction of the study, always from the same registry."""


@dataclass(frozen=True, slots=True)
class Redacted:
    """The redactions of the study, its registry, how many spans the second look added, and by recording why not."""

    lists: tuple[RedactionList, ...]
    registry: Registry
    added: int
    withheld: Mapping[str, WithheldError]


def detect_or_withhold(detector: PiiDetector, transcript: Transcript) -> list[PiiCandidate]:
    """The detector's candidates; any exception of its withholds the recording (fail closed), its message unread.

    Raises `DependencyError` when the detector's weights are not there.
    """
    try:
        return detector.detect([transcript])
    except (WithheldError, DependencyError):
        raise
    except Exception as error:  # noqa: BLE001 - a detector may raise anything; its message may hold speech
        raise WithheldError(f"the PII detector failed ({type(error).__name__}); the recording is withheld") from None


def redact_until_nothing_new(
    redact: Redact, transcripts: Sequence[Transcript], candidates: Sequence[PiiCandidate], detector: PiiDetector
) -> Redacted:
    """Redaction and second look in turn, at most `MAX_ROUNDS` times, ending with a redaction.

    Only direct identifiers are added. What a person rejected is found and added once more and left out by `redact`.
    A recording on which the detector fails is left as it is and named in `withheld`.
    """
    known = list(candidates)
    seen = {_place(candidate) for candidate in known}
    withheld: dict[str, WithheldError] = {}
    lists, registry = redact(known)
    for _ in range(MAX_ROUNDS):
        known_now = standings(registry)
        spans = {listed.recording: spans_of(at_level(listed, known_now, "team")) for listed in lists}
        new: list[PiiCandidate] = []
        for transcript in transcripts:
            if transcript.recording not in withheld:
                try:
                    found = find_again(detector, transcript, spans[transcript.recording])
                except WithheldError as error:
                    withheld[transcript.recording] = error
                else:
                    new += [c for c in found if c.class_ == "direct" and _place(c) not in seen]
        if not new:
            break
        known += new
        seen |= {_place(candidate) for candidate in new}
        lists, registry = redact(known)
    return Redacted(lists, registry, len(known) - len(candidates), withheld)


def spans_of(listed: RedactionList) -> dict[str, list[Span]]:
    """What a list replaces, by utterance."""
    spans: dict[str, list[Span]] = {}
    for redaction in listed.redactions:
        spans.setdefault(redaction.utterance, []).append((redaction.start, redaction.end))
    return spans


def find_again(detector: PiiDetector, transcript: Transcript, spans: Spans) -> list[PiiCandidate]:
    """What detector and digit runs find in a transcript with `spans` masked, in offsets of its own text; sorted.

    Of a find over a mask, the pieces beside the mask count, if they say anything. Raises `WithheldError` when the
    detector fails or does not cover the language.
    """
    masks = {u.id: mask(u.text, spans.get(u.id, ())) for u in transcript.utterances}
    texts = {u.id: u.text for u in transcript.utterances}
    masked = replace(
        transcript, utterances=tuple(replace(u, text=masks[u.id].text, words=()) for u in transcript.utterances)
    )
    found: dict[tuple[str, str, int, int, str], PiiCandidate] = {}
    for candidate in [*detect_or_withhold(detector, masked), *_digit_candidates(masked)]:
        here = masks.get(candidate.utterance)
        if here is None or not _is_credible(candidate, here):
            continue
        for start, end in here.outside(candidate.start, candidate.end):
            piece = replace(candidate, start=start, end=end, recognizer=_again(candidate.recognizer))
            if says_something(texts[candidate.utterance][start:end]):
                found.setdefault(_place(piece), piece)
    return sorted(found.values(), key=lambda c: (c.utterance, c.start, c.end, c.entity_type, c.recognizer))


def remembered(
    earlier: Sequence[RedactionList], transcripts: Sequence[Transcript], registry: Registry
) -> list[PiiCandidate]:
    """What the second look of an earlier run added and the present texts still hold at the same places.

    What the key has learnt since is masked from the start, which changes what stands around a mask: a name that was
    found only because of it must not come back. Marks that are not in the key and texts that changed count for nothing.
    """
    entities = {entity.id: entity for entity in registry.entities}
    texts = {(t.recording, u.id): u.text for t in transcripts for u in t.utterances}
    result = []
    for listed in earlier:
        for r in listed.redactions:
            entity, surface = entities.get(r.entity), texts.get((listed.recording, r.utterance), "")[r.start : r.end]
            if r.recognizer.partition("/")[0] != AGAIN or entity is None or not surface:
                continue
            if squeeze(surface) in {squeeze(known) for known in entity.surfaces}:
                result.append(
                    PiiCandidate(
                        recording=listed.recording,
                        utterance=r.utterance,
                        start=r.start,
                        end=r.end,
                        entity_type=entity.entity_type,
                        class_=r.class_,
                        recognizer=r.recognizer,
                        score=r.score,
                    )
                )
    return result


def _is_credible(candidate: PiiCandidate, masked: Masked) -> bool:
    """Whether a find may count: a web address around a placeholder is made by it (`[PERSON_1].So we …`)."""
    return candidate.entity_type != "URL" or not masked.touches_mask(candidate.start, candidate.end)


def _again(recognizer: str) -> str:
    return recognizer if recognizer.startswith(f"{AGAIN}/") else f"{AGAIN}/{recognizer.replace('/', '-')}"


def _place(candidate: PiiCandidate) -> tuple[str, str, int, int, str]:
    return candidate.recording, candidate.utterance, candidate.start, candidate.end, candidate.entity_type


def _digit_candidates(masked: Transcript) -> Iterator[PiiCandidate]:
    for utterance in masked.utterances:
        for start, end in find_digit_runs(utterance.text):
            yield _digit_candidate(masked.recording, utterance.id, start, end)
    for block in dictations(masked.utterances, is_mostly_number):
        said = [(utterance, digits_in(utterance.text)) for utterance in block]
        digits = [symbol for _, symbols in said for symbol in symbols]
        if sum(len(symbol.chars) for symbol in digits) < MIN_DIGITS or is_counting(digits) or _repeats(said):
            continue
        for utterance, symbols in said:
            if symbols:
                start, end = symbols[0].start, symbols[-1].end
                yield _digit_candidate(masked.recording, utterance.id, start, end, f"{AGAIN} {block[0].id}")


def _repeats(said: Sequence[tuple[Utterance, Sequence[Symbol]]]) -> bool:
    """Whether the turns of a block say the same short number over and over: `Ninety? Ninety.`"""
    numbers = ["".join(symbol.chars for symbol in symbols) for _, symbols in said if symbols]
    return all(a == b for a, b in pairwise(numbers)) and all(len(number) < MIN_DIGITS for number in numbers)


def _digit_candidate(recording: str, utterance: str, start: int, end: int, together: str = "") -> PiiCandidate:
    return PiiCandidate(recording, utterance, start, end, "ID", "direct", _DIGITS, _DIGITS_SCORE, together=together)
