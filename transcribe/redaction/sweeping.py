"""The final spans of every utterance: what is learnt in one is searched in all, until nothing new is learnt."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from transcribe.errors import ValidationError
from transcribe.redaction.coverage import Span, cover
from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common
from transcribe.redaction.misheard import means_another
from transcribe.redaction.rejections import Rejections
from transcribe.redaction.roster_match import Identity
from transcribe.redaction.spans import CLASS_OF
from transcribe.redaction.spoken_names import TITLES
from transcribe.redaction.surfaces import SurfaceIndex, is_swept, key_of
from transcribe.redaction.tokens import Token, is_capitalised, tokens

MAX_SWEEPS = 20
"""Each sweep can only lengthen spans; real studies need two or three."""


SWEEP_NAME = "sweep/known"


@dataclass(frozen=True, slots=True)
class Scene:
    """One utterance, with its words, the pair whose names are meant in it, and whom its `my` and `your` mean."""

    recording: str
    utterance: str
    pair: str
    text: str
    words: tuple[Token, ...]
    fixed: tuple[Span, ...]
    """What the detector and the roster say; sweeps add to it."""
    mine: str = ""
    yours: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known before the first sweep, and what people rejected.

    `study` holds surfaces with their types, and the pairs that each was met in (empty for the whole study); `parts`
    holds parts of names by pair.
    """

    study: Mapping[tuple[str, str], frozenset[str]]
    parts: Mapping[tuple[str, str], None]
    rejections: Rejections


def sweep_to_fixed_point(scenes: Sequence[Scene], known: Known, people: Sequence[Identity]) -> list[list[Span]]:
    """Disjoint spans of every scene. Raises `ValidationError` if there is no end to it, which would be a bug."""
    study, parts = dict(known.study), dict(known.parts)
    for _ in range(MAX_SWEEPS):
        covered = _sweep(scenes, study, parts, known.rejections, people)
        before = (len(study), len(parts), sum(map(len, study.values())))
        for surface, kind, pair, told in _learnt(scenes, covered):
            if is_swept(surface, kind):
                met = study.get((surface, kind), frozenset())
                study[(surface, kind)] = met | {pair} if told else met
            if kind == "PERSON":
                parts |= {(pair, part): None for part in name_parts(surface)}
        if (len(study), len(parts), sum(map(len, study.values()))) == before:
            return covered
    raise ValidationError("redaction did not settle after many sweeps; nothing was published. Please report this")


def whole_surfaces(scenes: Sequence[Scene], covered: Sequence[Sequence[Span]]) -> dict[str, tuple[str, Span]]:
    """What pieces of one name or number are together, by their `together`, with the first piece's span."""
    whole: dict[str, tuple[str, Span]] = {}
    for scene, spans in zip(scenes, covered, strict=True):
        for span in spans:
            if span.together and span.identity is None:
                before, first = whole.get(span.together, ("", span))
                whole[span.together] = (f"{before} {scene.text[span.start : span.end]}".strip(), first)
    return whole


def _learnt(scenes: Sequence[Scene], covered: Sequence[Sequence[Span]]) -> Iterator[tuple[str, str, str, bool]]:
    """Every surface that was met, its type and pair, and whether by more than this search; a piece alone is none."""
    whole = whole_surfaces(scenes, covered)
    for scene, spans in zip(scenes, covered, strict=True):
        for span in spans:
            surface, kind = scene.text[span.start : span.end], span.entity_type
            if span.together in whole and span.identity is None:
                surface, first = whole[span.together]
                kind = first.entity_type
            yield surface, kind, scene.pair, span.recognizer != SWEEP_NAME


def _sweep(
    scenes: Sequence[Scene],
    study: Mapping[tuple[str, str], frozenset[str]],
    parts: Mapping[tuple[str, str], None],
    rejections: Rejections,
    people: Sequence[Identity],
) -> list[list[Span]]:
    everywhere = SurfaceIndex(study)
    of_pair: dict[str, SurfaceIndex[str]] = {
        pair: SurfaceIndex((part, "PERSON") for owner, part in parts if owner == pair)
        for pair in {scene.pair for scene in scenes}
    }
    own = names_by_pair(study) if rejections else {}
    result = []
    for scene in scenes:
        found = {*everywhere.find(scene.text, scene.words), *of_pair[scene.pair].find(scene.text, scene.words)}
        swept = [
            Span(a, b, kind, CLASS_OF.get(kind, "direct"), SWEEP_NAME, 0.9)
            for a, b, kind in sorted(found)
            if not rejections.hold_sweep(scene.text[a:b], kind, scene.pair, own.get(scene.pair, frozenset()))
        ]
        spans = [*scene.fixed, *swept]
        result.append(cover(scene.text, _without_namesakes(scene, spans, people)) if spans else [])
    return result


def names_by_pair(study: Mapping[tuple[str, str], frozenset[str]]) -> dict[str, frozenset[str]]:
    """The keys of the personal names that were met in each pair by something better than this search."""
    names: dict[str, set[str]] = {}
    for (surface, kind), pairs in study.items():
        for pair in pairs if kind == "PERSON" else ():
            names.setdefault(pair, set()).add(key_of(surface, kind))
    return {pair: frozenset(keys) for pair, keys in names.items()}


def _without_namesakes(scene: Scene, spans: Sequence[Span], people: Sequence[Identity]) -> list[Span]:
    """`spans` without a listed person's single name inside a longer name that is somebody else's (`Janet Wong`)."""
    longer = [s for s in spans if s.identity is None and s.entity_type == "PERSON"]
    listed = [s for s in spans if s.identity is not None]
    namesakes = {
        span
        for span in listed
        if people[span.identity or 0].is_person
        for other in longer
        if other.start <= span.start and span.end <= other.end and other.end - other.start > span.end - span.start
        if _is_namesake(scene, span, other, listed, people[span.identity or 0])
    }
    return [span for span in spans if span not in namesakes]


def _is_namesake(scene: Scene, span: Span, other: Span, listed: Sequence[Span], identity: Identity) -> bool:
    words = [w for w in scene.words if other.start <= w.start < other.end]
    rest = [w for w in words if not span.start <= w.start < span.end]
    if len(words) - len(rest) != 1 or any(w.fold in FUNCTION_WORDS for w in rest):
        return False
    unlisted = [w for w in rest if not any(s.start <= w.start < s.end for s in listed)]
    return means_another(identity.names, unlisted)


def name_parts(surface: str) -> list[str]:
    """First and last word of a longer personal name, if each can only be a name."""
    words = [t for t in tokens(surface) if t.fold not in TITLES]
    if not words or (len(words) == 1 and len(tokens(surface)) == 1):
        return []
    return [
        t.text for t in (words[0], words[-1]) if is_capitalised(t.text) and len(t.fold) > 2 and not is_common(t.fold)
    ]
