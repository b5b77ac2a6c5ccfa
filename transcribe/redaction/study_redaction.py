"""De-identification of a whole study: what is learnt in one interview is searched in all, and marks are the study's."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transcribe.engines import PiiCandidate
from transcribe.errors import ValidationError
from transcribe.records import Recording, Redaction, RedactionList, Transcript
from transcribe.redaction.coverage import Span, cover
from transcribe.redaction.lexicon import is_common
from transcribe.redaction.marks import MarkBook, Mention, settle_types
from transcribe.redaction.registry import Registry
from transcribe.redaction.roster_match import Identity, RosterMatcher, identities
from transcribe.redaction.spans import CLASS_OF
from transcribe.redaction.spoken_names import TITLES
from transcribe.redaction.surfaces import SurfaceIndex, is_swept
from transcribe.redaction.tokens import Token, is_capitalised, tokens
from transcribe.study.roster import RosterEntry

REDACTION_VERSION = "1"
"""Raised when the rules of this package change, so that redaction runs again."""
MAX_SWEEPS = 20
"""Each sweep can only lengthen spans; real studies need two or three."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """One utterance, with its words and the pair whose names are meant in it."""

    recording: str
    utterance: str
    pair: str
    text: str
    words: tuple[Token, ...]
    fixed: tuple[Span, ...]
    """What the detector and the roster say; sweeps add to it."""


def redact_study(
    recordings: Sequence[Recording],
    transcripts: Sequence[Transcript],
    roster: Sequence[RosterEntry],
    registry: Registry,
    candidates: Sequence[PiiCandidate],
) -> tuple[tuple[RedactionList, ...], Registry]:
    """What is to be replaced in every transcript, in the order given, and the registry with all that was learnt.

    Pure and deterministic. Spans are the union of the detector's candidates, the roster's names and every surface that
    is known from anywhere in the study, to a fixed point. Marks are numbered by first appearance in the order given
    and only ever appended: the same call with the registry that it returned gives the same lists. Unlisted names are
    linked inside one pair only; places and organisations in the whole study. Raises `ValidationError` when a
    transcript has no recording or a candidate lies outside its utterance.
    """
    pairs = {recording.id: recording.pair for recording in recordings}
    people = identities(roster, recordings)
    scenes = _scenes(transcripts, pairs, people, candidates)
    covered = _to_fixed_point(scenes, registry)
    mentions = settle_types(
        [
            Mention(span, scene.text[span.start : span.end], scene.pair, f"{scene.recording}/{scene.utterance}")
            for scene, spans in zip(scenes, covered, strict=True)
            for span in spans
        ],
        registry,
    )
    book = MarkBook(registry, people)
    book.link(mentions)
    lists: dict[str, list[Redaction]] = {transcript.recording: [] for transcript in transcripts}
    for mention in mentions:
        entity = book.entity_for(mention)
        recording, _, utterance = mention.seen.partition("/")
        span = mention.span
        lists[recording].append(
            Redaction(
                utterance=utterance,
                start=span.start,
                end=span.end,
                entity=entity.id,
                class_=span.class_,
                label=entity.label,
                mark=entity.mark,
                recognizer=span.recognizer,
                score=span.score,
                status="confirmed" if span.identity is not None else "auto",
            )
        )
    return tuple(RedactionList(name, tuple(found)) for name, found in lists.items()), book.registry


def _scenes(
    transcripts: Sequence[Transcript],
    pairs: Mapping[str, str],
    people: Sequence[Identity],
    candidates: Sequence[PiiCandidate],
) -> list[_Scene]:
    by_place: dict[tuple[str, str], list[PiiCandidate]] = {}
    for candidate in candidates:
        by_place.setdefault((candidate.recording, candidate.utterance), []).append(candidate)
    matchers: dict[str, RosterMatcher] = {}
    result = []
    for transcript in transcripts:
        if transcript.recording not in pairs:
            raise ValidationError(f"{transcript.recording}: a transcript without its recording")
        pair = pairs[transcript.recording]
        matcher = matchers.setdefault(pair, RosterMatcher(people, pair))
        for utterance in transcript.utterances:
            words = tuple(tokens(utterance.text))
            spans = [_candidate(c, utterance.text) for c in by_place.pop((transcript.recording, utterance.id), ())]
            for hit in matcher.find(utterance.text, words):
                score = 1.0 if hit.recognizer == "roster/name" else 0.8
                kind = hit.entity_type
                spans.append(Span(hit.start, hit.end, kind, CLASS_OF[kind], hit.recognizer, score, hit.identity))
            scope = pair or transcript.recording
            result.append(_Scene(transcript.recording, utterance.id, scope, utterance.text, words, tuple(spans)))
    if by_place:
        raise ValidationError("a PII candidate belongs to no utterance of the transcripts given")
    return result


def _candidate(candidate: PiiCandidate, text: str) -> Span:
    if not 0 <= candidate.start < candidate.end <= len(text):
        raise ValidationError(f"{candidate.recording}: a PII candidate lies outside utterance {candidate.utterance}")
    kind = candidate.entity_type if re.fullmatch(r"[A-Z][A-Z0-9-]*", candidate.entity_type) else "OTHER"
    return Span(
        start=candidate.start,
        end=candidate.end,
        entity_type=kind,
        class_=candidate.class_,
        recognizer=candidate.recognizer,
        score=candidate.score,
        label=candidate.label,
        together=candidate.together,
    )


def _to_fixed_point(scenes: Sequence[_Scene], registry: Registry) -> list[list[Span]]:
    """The final spans of every utterance: surfaces are learnt from them and searched everywhere until none is new."""
    study = {
        (surface, entity.entity_type): None
        for entity in registry.entities
        for surface in entity.surfaces
        if is_swept(surface, entity.entity_type)
    }
    parts: dict[tuple[str, str], None] = {
        (pair, part): None
        for entity in registry.entities
        if entity.entity_type == "PERSON"
        for pair in entity.pairs
        for surface in entity.surfaces
        for part in _parts(surface)
    }
    for _ in range(MAX_SWEEPS):
        covered = _sweep(scenes, study, parts)
        known = len(study) + len(parts)
        for scene, spans in zip(scenes, covered, strict=True):
            for span in spans:
                surface = scene.text[span.start : span.end]
                if is_swept(surface, span.entity_type):
                    study.setdefault((surface, span.entity_type))
                if span.entity_type == "PERSON":
                    parts |= {(scene.pair, part): None for part in _parts(surface)}
        if len(study) + len(parts) == known:
            return covered
    raise ValidationError("redaction did not settle after many sweeps; nothing was published. Please report this")


def _sweep(
    scenes: Sequence[_Scene], study: Mapping[tuple[str, str], None], parts: Mapping[tuple[str, str], None]
) -> list[list[Span]]:
    everywhere = SurfaceIndex(study)
    of_pair: dict[str, SurfaceIndex[str]] = {
        pair: SurfaceIndex((part, "PERSON") for owner, part in parts if owner == pair)
        for pair in {scene.pair for scene in scenes}
    }
    result = []
    for scene in scenes:
        found = {*everywhere.find(scene.text, scene.words), *of_pair[scene.pair].find(scene.text, scene.words)}
        swept = [Span(a, b, kind, CLASS_OF.get(kind, "direct"), "sweep/known", 0.9) for a, b, kind in sorted(found)]
        result.append(cover(scene.text, [*scene.fixed, *swept]))
    return result


def _parts(surface: str) -> list[str]:
    """First and last word of a longer personal name, if each can only be a name."""
    words = [t for t in tokens(surface) if t.fold not in TITLES]
    if not words or (len(words) == 1 and len(tokens(surface)) == 1):
        return []
    return [
        t.text for t in (words[0], words[-1]) if is_capitalised(t.text) and len(t.fold) > 2 and not is_common(t.fold)
    ]
