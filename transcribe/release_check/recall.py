"""How much is found in this very study: canaries planted in copies of its transcripts, redacted, and counted.

Nothing is written of the copies, and the registry that comes out of them is thrown away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from transcribe.engines import PiiCandidate, PiiDetector
from transcribe.errors import TranscribeError
from transcribe.records import Recording, Transcript, Utterance
from transcribe.redaction.chinese_words import is_han
from transcribe.redaction.registry import Registry
from transcribe.redaction.study_redaction import redact_study
from transcribe.redaction.tokens import tokens
from transcribe.release_check.canaries import Canary, Draw, make_canaries
from transcribe.release_check.canary_words import DIRECT_KINDS, SHARES
from transcribe.release_check.second_pass import detect_or_withhold, redact_until_nothing_new, spans_of
from transcribe.study.roster import RosterEntry

MOST = 200
ONE_IN = 4
"""A canary per so many utterances at most: more would turn the study's talk into a list of names."""
MOST_UTTERANCES = 2000
"""Utterances of the copies; of a larger study a stretch of every transcript is taken."""


@dataclass(frozen=True, slots=True)
class CanaryCount:
    """How many canaries of a kind were planted, and how many were covered whole."""

    kind: str
    planted: int
    covered: int

    @property
    def direct(self) -> bool:
        """Whether the kind identifies by itself."""
        return self.kind in DIRECT_KINDS


@dataclass(frozen=True, slots=True)
class CanaryRecall:
    """`private/release-check/canaries.json`; `reason` says why nothing was measured, empty when it was."""

    fingerprint: str
    counts: tuple[CanaryCount, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Planted:
    canary: Canary
    recording: str
    utterance: str
    start: int
    end: int


def measure_recall(
    recordings: Mapping[str, Recording],
    transcripts: Mapping[str, Transcript],
    roster: Sequence[RosterEntry],
    registry: Registry,
    detector: PiiDetector,
    seed: str,
    fingerprint: str = "",
) -> CanaryRecall:
    """Counts of canaries covered in copies of the transcripts; deterministic in its arguments.

    Raises nothing: whatever goes wrong with the copies is a measurement that was not made, and says so.
    """
    hosts = _hosts(transcripts)
    count = min(MOST, sum(len(t.utterances) for t in hosts) // ONE_IN)
    if not count:
        return CanaryRecall(fingerprint, reason="the study has too little text in Latin letters to plant anything in")
    copies, planted = plant(hosts, make_canaries(seed, count, _words_of(transcripts, roster, registry)), seed)
    try:
        candidates: list[PiiCandidate] = []
        for copy in copies:
            candidates += detect_or_withhold(detector, copy)
        redact = partial(redact_study, [recordings[copy.recording] for copy in copies], copies, roster, registry)
        lists = redact_until_nothing_new(redact, copies, candidates, detector).lists
    except TranscribeError as error:
        return CanaryRecall(fingerprint, reason=f"the detector failed on the copies ({type(error).__name__})")
    covered = {
        (listed.recording, utterance): {i for start, end in spans for i in range(start, end)}
        for listed in lists
        for utterance, spans in spans_of(listed).items()
    }
    texts = {(copy.recording, u.id): u.text for copy in copies for u in copy.utterances}
    found: dict[str, list[bool]] = {kind: [] for kind in SHARES}
    for item in planted:
        place = (item.recording, item.utterance)
        signs = [i for i in range(item.start, item.end) if texts[place][i].isalnum()]
        found[item.canary.kind].append(set(signs) <= covered.get(place, set()))
    return CanaryRecall(
        fingerprint, tuple(CanaryCount(kind, len(hits), sum(hits)) for kind, hits in found.items() if hits)
    )


def plant(
    hosts: Sequence[Transcript], canaries: Sequence[Canary], seed: str
) -> tuple[list[Transcript], list[_Planted]]:
    """Copies of the transcripts with one canary each in as many utterances as there are, and where they stand.

    A sentence follows what the utterance says, or is one of its own; a question is asked by another speaker before it.
    """
    draw = Draw(f"{seed} places")
    places = draw.shuffled([(n, i) for n, host in enumerate(hosts) for i in range(len(host.utterances))])[
        : len(canaries)
    ]
    chosen = dict(zip(places, canaries, strict=True))
    copies: list[Transcript] = []
    planted: list[_Planted] = []
    for n, host in enumerate(hosts):
        speakers = sorted({u.speaker for u in host.utterances})
        lines: list[Utterance] = []
        for i, utterance in enumerate(host.utterances):
            canary = chosen.get((n, i))
            if canary is None:
                lines.append(replace(utterance, words=()))
                continue
            joined = not canary.question and draw.below(3) > 0
            before = f"{utterance.text.rstrip()} " if joined and utterance.text.strip() else ""
            if not joined:
                lines.append(replace(utterance, words=()))
            if canary.question:
                others = [s for s in speakers if s != utterance.speaker] or speakers
                asked = replace(
                    utterance, id=f"question-{utterance.id}", speaker=others[0], text=canary.question, words=()
                )
                lines.append(asked)
            name = utterance.id if joined else f"canary-{utterance.id}"
            if canary.sentence.islower():  # a recogniser writes a whole utterance without capitals
                before = before.lower()
            lines.append(replace(utterance, id=name, text=before + canary.sentence, words=()))
            at = len(before)
            planted.append(_Planted(canary, host.recording, name, at + canary.start, at + canary.end))
        copies.append(replace(host, utterances=tuple(lines)))
    return copies, planted


def interval(covered: int, planted: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share by Clopper and Pearson (1934), which never promises too much."""
    from scipy.stats import binomtest

    low, high = binomtest(covered, planted).proportion_ci(confidence_level=0.95, method="exact")
    return float(low), float(high)


def _hosts(transcripts: Mapping[str, Transcript]) -> list[Transcript]:
    """The transcripts, or a stretch of each, with utterances in Latin letters alone: the sentences are English."""
    latin = [
        replace(t, utterances=tuple(u for u in t.utterances if not any(map(is_han, u.text))))
        for t in transcripts.values()
    ]
    total = sum(len(t.utterances) for t in latin)
    if total <= MOST_UTTERANCES:
        return [t for t in latin if t.utterances]
    shorter = [replace(t, utterances=t.utterances[: len(t.utterances) * MOST_UTTERANCES // total + 1]) for t in latin]
    return [t for t in shorter if t.utterances]


def _words_of(transcripts: Mapping[str, Transcript], roster: Sequence[RosterEntry], registry: Registry) -> set[str]:
    texts = [u.text for t in transcripts.values() for u in t.utterances]
    texts += [name for entry in roster for name in (entry.name, *entry.aliases)]
    texts += [surface for entity in registry.entities for surface in entity.surfaces]
    return {word.fold for text in texts for word in tokens(text)}
