"""De-identification of a whole study: what is learnt in one interview is searched in all, and marks are the study's."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from transcribe.engines import PiiCandidate
from transcribe.errors import ValidationError
from transcribe.records import Recording, Redaction, RedactionList, Transcript
from transcribe.redaction.conversation import heard_before
from transcribe.redaction.coverage import Span
from transcribe.redaction.decisions import open_variants, own_surfaces, standings
from transcribe.redaction.marks import MarkBook, Mention
from transcribe.redaction.registry import Registry
from transcribe.redaction.rejections import Rejections
from transcribe.redaction.relations import anchors, relation_of
from transcribe.redaction.roster_match import Identity, RosterMatcher, identities
from transcribe.redaction.self_naming import self_named
from transcribe.redaction.settling import is_placed, settle
from transcribe.redaction.spans import CLASS_OF
from transcribe.redaction.surfaces import is_swept
from transcribe.redaction.sweeping import Known, Scene, name_parts, sweep_to_fixed_point, whole_surfaces
from transcribe.redaction.tokens import Token, squeeze, tokens
from transcribe.redaction.who_is_meant import VARIANT, resolved, said_together
from transcribe.study.roster import RosterEntry

REDACTION_VERSION = "5"
"""Of the method, for the certificate. That a rule changed is told by `rules_digest`, in the detector's fingerprint."""


def redact_study(
    recordings: Sequence[Recording],
    transcripts: Sequence[Transcript],
    roster: Sequence[RosterEntry],
    registry: Registry,
    candidates: Sequence[PiiCandidate],
) -> tuple[tuple[RedactionList, ...], Registry]:
    """What is to be replaced in every transcript, in the order given, and the registry with all that was learnt.

    Pure and deterministic. Spans are the union of the detector's candidates, the roster's names and every surface that
    is known from anywhere in the study, to a fixed point, without what people rejected. Marks are numbered by first
    appearance in the order given and only ever appended: the same call with the registry that it returned gives the
    same lists. Unlisted names are linked inside one pair only; places and organisations in the whole study; what people
    decided (`registry.decisions`) goes before both. Speaker labels and languages may be any. Raises `ValidationError`
    when a transcript has no recording or a candidate lies outside its utterance.
    """
    by_id = {recording.id: recording for recording in recordings}
    people = identities(roster, recordings)
    rejections = Rejections(registry)
    scenes = _scenes(transcripts, by_id, people, candidates, rejections)
    covered = sweep_to_fixed_point(scenes, _known(registry, rejections), people)
    book = MarkBook(registry, people)
    covered = resolved(scenes, covered, people, book.accepted())
    mentions = settle(_mentions(scenes, covered), registry)
    book.link(mentions, said_together(scenes, covered))
    named = [(mention, book.entity_for(mention)) for mention in mentions]
    lists: dict[str, list[Redaction]] = {transcript.recording: [] for transcript in transcripts}
    for recording, redaction in _redactions(named, book.registry):
        lists[recording].append(redaction)
    return tuple(RedactionList(name, tuple(found)) for name, found in lists.items()), book.registry


def searched_names(registry: Registry) -> tuple[object, ...]:
    """What `redact_study` searches in every text because the registry knows it; the same again for what it returns."""
    known = _known(registry, Rejections(registry))
    return tuple((*key, *sorted(pairs)) for key, pairs in sorted(known.study.items())), tuple(sorted(known.parts))


def _redactions(named: Iterable[tuple[Mention, str]], registry: Registry) -> Iterable[tuple[str, Redaction]]:
    """Each mention as a redaction with its recording's id, as people's decisions have it."""
    known, bare = standings(registry), standings(registry, variants=False)
    unsure = {(e.id, squeeze(s)) for e in registry.entities if e.variants for s in open_variants(registry, e)}
    for mention, entity in named:
        span, standing = mention.span, known[entity]
        recording, _, utterance = mention.seen.partition("/")
        is_misheard = (entity, squeeze(mention.surface)) in unsure and standing.status == "open"
        listed = span.identity is not None and not is_misheard
        united = standing.same_as and known[standing.same_as].mark == standing.mark
        yield (
            recording,
            Redaction(
                utterance=utterance,
                start=span.start,
                end=span.end,
                entity=standing.same_as if united else entity,
                class_=standing.class_,
                label=standing.label,
                mark=standing.mark,
                recognizer=span.recognizer,
                score=span.score,
                status="open" if is_misheard else "confirmed" if listed else bare[entity].status,
            ),
        )


def _scenes(
    transcripts: Sequence[Transcript],
    recordings: Mapping[str, Recording],
    people: Sequence[Identity],
    candidates: Sequence[PiiCandidate],
    rejections: Rejections,
) -> list[Scene]:
    by_place: dict[tuple[str, str], list[Span]] = {}
    for candidate in candidates:
        by_place.setdefault((candidate.recording, candidate.utterance), []).append(_span(candidate))
    matchers: dict[str, RosterMatcher] = {}
    codes = {identity.person: k for k, identity in enumerate(people) if identity.participant and identity.person}
    result = []
    for transcript in transcripts:
        if transcript.recording not in recordings:
            raise ValidationError(f"{transcript.recording}: a transcript without its recording")
        recording = recordings[transcript.recording]
        matcher = matchers.setdefault(recording.pair, RosterMatcher(people, recording.pair))
        scope = recording.pair or recording.id
        whose = anchors(recording, transcript)
        heard = heard_before(transcript.utterances)
        for utterance, question in zip(transcript.utterances, heard, strict=True):
            words = tuple(tokens(utterance.text))
            spans = by_place.pop((transcript.recording, utterance.id), [])
            if any(not 0 <= span.start < span.end <= len(utterance.text) for span in spans):
                raise ValidationError(f"{transcript.recording}: a PII candidate lies outside utterance {utterance.id}")
            for hit in matcher.find(utterance.text, words):
                score = 1.0 if hit.recognizer == "roster/name" else 0.8
                kind = hit.entity_type
                spans.append(Span(hit.start, hit.end, kind, CLASS_OF[kind], hit.recognizer, score, hit.identity))
            spans += _misheard(spans, words, matcher)
            spans += self_named(utterance, question, spans, words, people, codes)
            kept = tuple(span for span in spans if not _is_rejected(span, utterance.text, scope, rejections))
            mine, yours = whose[utterance.speaker]
            result.append(
                Scene(transcript.recording, utterance.id, scope, utterance.text, words, kept, mine=mine, yours=yours)
            )
    if by_place:
        raise ValidationError("a PII candidate belongs to no utterance of the transcripts given")
    return _with_chains(result)


def _misheard(spans: Sequence[Span], words: Sequence[Token], matcher: RosterMatcher) -> list[Span]:
    """Listed persons of whom a detected name of one word is a misheard one; the roster's own names are none."""
    result = []
    for span in spans:
        inside = [word for word in words if span.start <= word.start < span.end]
        if span.entity_type != "PERSON" or len(inside) != 1 or span.recognizer.startswith("roster/"):
            continue
        if any(s.recognizer.startswith("roster/") and s.start < span.end and span.start < s.end for s in spans):
            continue
        if (k := matcher.heard_as(inside[0])) is not None:
            result.append(replace(span, recognizer=VARIANT, score=0.5, identity=k, label=""))
    return result


def _is_rejected(span: Span, text: str, pair: str, rejections: Rejections) -> bool:
    """Whether people said that a span is no identifier; what the lab lists by that very name always is one."""
    if span.recognizer == "roster/name" or not rejections:
        return False
    return rejections.holds(text[span.start : span.end], span.entity_type, span.recognizer, pair)


def _span(candidate: PiiCandidate) -> Span:
    kind = candidate.entity_type if re.fullmatch(r"[A-Z][A-Z0-9-]*", candidate.entity_type) else "OTHER"
    return Span(
        start=candidate.start,
        end=candidate.end,
        entity_type=kind,
        class_=candidate.class_,
        recognizer=candidate.recognizer,
        score=candidate.score,
        label=candidate.label,
        together=f"{candidate.recording} {candidate.together}" if candidate.together else "",
    )


def _with_chains(scenes: Sequence[Scene]) -> list[Scene]:
    """`scenes` with one `together` for pieces that overlap: a number over three utterances is told as two halves."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.get(name, name) != name:
            name = parent[name]
        return name

    for scene in scenes:
        pieces = [span for span in scene.fixed if span.together]
        for a in pieces:
            for b in pieces:
                if a.start < b.end and b.start < a.end and a.entity_type == b.entity_type:
                    first, second = sorted((root(a.together), root(b.together)))
                    parent[second] = first
    if not parent:
        return list(scenes)
    return [
        replace(s, fixed=tuple(replace(p, together=root(p.together)) if p.together else p for p in s.fixed))
        for s in scenes
    ]


def _known(registry: Registry, rejections: Rejections) -> Known:
    """What earlier runs learnt: surfaces that are searched in the whole study, and parts of names in their pair."""
    standing, own = standings(registry), own_surfaces(registry)
    entities = [entity for entity in registry.entities if standing[entity.id].status != "rejected"]
    study: dict[tuple[str, str], frozenset[str]] = {}
    parts: dict[tuple[str, str], None] = {}
    for entity in entities:
        for surface in own[entity.id]:
            if is_swept(surface, entity.entity_type):
                key = (surface, entity.entity_type)
                study[key] = study.get(key, frozenset()) | set(entity.pairs)
            if entity.entity_type == "PERSON":
                parts |= {(pair, part): None for pair in entity.pairs for part in name_parts(surface)}
    return Known(study, parts, rejections)


def _mentions(scenes: Sequence[Scene], covered: Sequence[Sequence[Span]]) -> list[Mention]:
    """Every span with the words it stands for; pieces of one name or number all have the whole."""
    whole = whole_surfaces(scenes, covered)
    result = []
    for scene, spans in zip(scenes, covered, strict=True):
        for span in spans:
            surface, piece = scene.text[span.start : span.end], span
            if span.together in whole and span.identity is None:
                surface, first = whole[span.together]
                piece = replace(span, entity_type=first.entity_type, class_=first.class_)
            relation = (
                relation_of(scene.words, scene.text, span.start, span.end, scene.mine, scene.yours)
                if piece.entity_type == "PERSON" and piece.identity is None
                else ""
            )
            placed = is_placed(scene.words, scene.text, span.start)
            seen = f"{scene.recording}/{scene.utterance}"
            result.append(Mention(piece, surface, scene.pair, seen, relation, placed))
    return result
