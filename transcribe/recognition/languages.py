"""Which language each window is in, when a study says which languages may be spoken. Pure, free of torch.

Whisper writes in the one language that it is told for a window, and translates the rest of it. So the language is found
per window, and a window with two is cut at its pauses. A single window's guess is weak (an accent, a name, a laugh): it
counts for more when the windows beside it agree.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from transcribe.engines import SAMPLE_RATE
from transcribe.recognition.windows import WINDOW_SECONDS, Piece, Window
from transcribe.records import Interval

SWITCH_COST = 1.0
"""What a change of language between two windows costs, as a logarithm of odds. A window between two of another language
keeps its own from odds of e² = 7.4 on (p = 0.88), the first and the last from e on (p = 0.73)."""

MIXED = 0.15
"""From this probability of a second language on, a window is looked at in pieces."""

LEAST_PIECE = 3.0
"""Seconds: in less sound the model cannot tell a language."""

_FLOOR = 1e-6

Probabilities = Mapping[str, float]
"""How probable each language (Whisper's code) is in one window."""


@dataclass(frozen=True, slots=True)
class SpokenWindow:
    """A window, and the language that it is decoded in."""

    window: Window
    language: str


def among(probabilities: Probabilities, languages: Sequence[str]) -> dict[str, float]:
    """The probabilities of `languages` alone, their sum 1; each the same when the model believes in none of them."""
    known = {language: max(probabilities.get(language, 0.0), 0.0) for language in languages}
    total = sum(known.values())
    if total <= 0.0:
        return dict.fromkeys(known, 1.0 / len(known))
    return {language: value / total for language, value in known.items()}


def recording_language(windows: Sequence[Probabilities]) -> str:
    """The one language of a recording of which nobody said one; empty when there is no window."""
    weights: dict[str, float] = {}
    for probabilities in windows:
        for language, probability in probabilities.items():
            weights[language] = weights.get(language, 0.0) + probability
    return max(sorted(weights), key=weights.__getitem__) if weights else ""


def window_languages(windows: Sequence[Probabilities], languages: Sequence[str]) -> tuple[str, ...]:
    """The language of each window, out of `languages`, windows in the order of time.

    The likeliest sequence in which a change costs `SWITCH_COST` (Viterbi); of two that are equally likely, the one
    whose languages stand first in `languages`.
    """
    if len(languages) == 1:
        return (languages[0],) * len(windows)
    scores = [
        {language: math.log(max(p, _FLOOR)) for language, p in among(window, languages).items()} for window in windows
    ]
    best: dict[str, float] = dict.fromkeys(languages, 0.0)
    before: list[dict[str, str]] = []
    for window in scores:
        reached: dict[str, float] = {}
        came: dict[str, str] = {}
        for language in languages:
            # Staying is preferred to a change that is worth the same.
            source = max(languages, key=lambda other: (_kept(best, other, language), other == language))
            came[language] = source
            reached[language] = _kept(best, source, language) + window[language]
        before.append(came)
        best = reached
    found: list[str] = []
    language = max(languages, key=best.__getitem__)
    for came in reversed(before):
        found.append(language)
        language = came[language]
    return tuple(reversed(found))


def _kept(best: Mapping[str, float], source: str, target: str) -> float:
    return best[source] - (SWITCH_COST if source != target else 0.0)


def is_mixed(probabilities: Probabilities, languages: Sequence[str]) -> bool:
    """Whether a second one of `languages` may be spoken in the window, too."""
    if len(languages) < 2:
        return False
    return sorted(among(probabilities, languages).values())[-2] >= MIXED


def split_at_pauses(window: Window, pauses: Sequence[Interval], least: float = LEAST_PIECE) -> tuple[Window, ...]:
    """The window in smaller ones that hold all its sound, in order, each of `least` seconds or more.

    Cuts lie in the middle of `pauses` (s, on the recording's timeline) and where a silence was left out. A window
    that cannot be cut so comes back as it is.
    """
    middles = sorted({round((first + last) / 2 * SAMPLE_RATE) for first, last in pauses})
    runs: list[Piece] = []
    for start, end in window.pieces:
        edges = [start, *(cut for cut in middles if start < cut < end), end]
        runs += pairwise(edges)
    groups: list[list[Piece]] = []
    for run in runs:
        if groups and _seconds(groups[-1]) < least:
            groups[-1].append(run)
        else:
            groups.append([run])
    if len(groups) > 1 and _seconds(groups[-1]) < least:
        rest = groups.pop()
        groups[-1] += rest
    return tuple(_window(group) for group in groups)


def joined_pieces(pieces: Sequence[SpokenWindow]) -> tuple[SpokenWindow, ...]:
    """Neighbours of one language as one window again, as long as that stays within what the model hears at once.

    Meant for the pieces of one window: when they turn out to be in one language, they are that window again.
    """
    found: list[SpokenWindow] = []
    for piece in pieces:
        last = found[-1] if found else None
        if (
            last is not None
            and last.language == piece.language
            and last.window.seconds + piece.window.seconds <= WINDOW_SECONDS
        ):
            both = _window([*last.window.pieces, *piece.window.pieces])
            found[-1] = SpokenWindow(both, piece.language)
        else:
            found.append(piece)
    return tuple(found)


def _seconds(pieces: Sequence[Piece]) -> float:
    return sum(end - start for start, end in pieces) / SAMPLE_RATE


def _window(pieces: Sequence[Piece]) -> Window:
    """Pieces as a window, those that touch made one."""
    joined: list[Piece] = []
    for start, end in pieces:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return Window(tuple(joined))
