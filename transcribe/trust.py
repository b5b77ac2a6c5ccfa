"""How far the recognised words of a recording can be trusted, in figures that tell nothing of what was said. Pure."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from transcribe.records import Recognition
from transcribe.store import StudyFolder

LOW_COVERAGE = 0.7
"""Share of the speech mask under words below which the lab is told. The mask leans to too much: of our interviews 80 to
90 % of it is under words, of far-field meetings 60 to 90 %."""
SOME_SPEECH = 1.0
"""Seconds of the speech mask below which, without a word, a recording has none: a cough, a click."""


@dataclass(frozen=True, slots=True)
class Trust:
    """A recording's figures; `put_away` counts the quarantined texts by reason, sorted. Times are seconds."""

    voiced: float
    covered: float
    inaudible: float
    windows: int
    fallback_windows: int
    unsupported_words: int
    put_away: tuple[tuple[str, int], ...]


def trust_of(recognition: Recognition) -> Trust:
    """The figures of a recognition."""
    return Trust(
        recognition.voiced_seconds,
        recognition.covered_seconds,
        sum(end - start for start, end in recognition.inaudible),
        recognition.windows,
        recognition.fallback_windows,
        recognition.unsupported_words,
        tuple(sorted(Counter(text.reason for text in recognition.quarantined).items())),
    )


def stored_trust(study: StudyFolder, name: str) -> Trust | None:
    """The figures of what is stored of a recording; None when there is nothing that can be read.

    Read from the plain JSON: to make records of an hour's words takes ten times as long (0.3 s), and a study has many.
    """
    try:
        plain = json.loads(study.output(name, "recognize").read_bytes())
        return Trust(
            float(plain["voiced_seconds"]),
            float(plain["covered_seconds"]),
            sum(float(end) - float(start) for start, end in plain["inaudible"]),
            int(plain["windows"]),
            int(plain["fallback_windows"]),
            int(plain["unsupported_words"]),
            tuple(sorted(Counter(str(text["reason"]) for text in plain["quarantined"]).items())),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def told(put_away: tuple[tuple[str, int], ...]) -> str:
    """`loop 1, silence 2`."""
    return ", ".join(f"{reason} {count}" for reason, count in put_away)


def is_little(covered: float, voiced: float) -> bool:
    """Whether too little of a recording's speech (s) lies under words."""
    return covered < LOW_COVERAGE * voiced


def doubts_of_words(name: str, trust: Trust) -> tuple[str, ...]:
    """What the lab should look at in a recording: none or little of its speech in words, texts that were put away."""
    found = []
    if not trust.covered and trust.voiced < SOME_SPEECH:
        found.append("no speech was found in it: is it the right file, and loud enough?")
    elif not trust.covered:
        found.append(
            f"{trust.voiced:.0f} s of it sound like speech, and none of that became words: is it noise, or another "
            "language? listen to it"
        )
    elif is_little(trust.covered, trust.voiced):
        share = 100 * trust.covered / trust.voiced
        told_share = f"only {share:.0f} %" if share >= 1 else "less than 1 %"
        listen = "the inaudible stretches" if trust.inaudible else "it"
        found.append(f"{told_share} of what sounds like speech became words; listen to {listen}")
    if trust.put_away:
        found.append(
            f"recognised text that probably nobody said is kept out of the transcript ({told(trust.put_away)}); "
            f"it is in private/{name}/recognition.json"
        )
    return tuple(found)


def trust_lines(rows: Mapping[str, Trust]) -> list[str]:
    """A table for `report/run.md`, a row for each recording; docs/recognition.md says what the columns mean."""
    lines = [
        "| recording | speech, s | in words, % | inaudible, s | windows | decoded again | flagged words | put away |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, trust in rows.items():
        share = f"{100 * trust.covered / trust.voiced:.0f}" if trust.voiced else ""
        cells = (
            name,
            f"{trust.voiced:.0f}",
            share,
            f"{trust.inaudible:.0f}",
            f"{trust.windows}",
            f"{trust.fallback_windows}",
            f"{trust.unsupported_words}",
            told(trust.put_away),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines
