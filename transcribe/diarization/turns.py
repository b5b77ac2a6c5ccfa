"""Speaker turns as plain intervals: joining, naming, telling of voices that nobody expected; pure.

Turns come with the engine's own voice labels; `name_voices` gives the labels that records have.
"""

from collections.abc import Mapping, Sequence

from transcribe.intervals import joined
from transcribe.records import Interval, SpeechTurn, to_milliseconds_grid

HEARD_SECONDS = 1.0
"""A voice with less speech than this in the whole recording may be a mistake, and does not count as found."""
SHORTEST = 0.03
"""Seconds: a shorter turn is a single frame of the segmentation (17 ms), which nobody speaks in."""
STRETCH_GAP = 3.0
"""Seconds of pause up to which two turns of a voice are told as one stretch."""


def join_turns(turns: Sequence[SpeechTurn], gap: float = 0.0) -> list[SpeechTurn]:
    """Turns of one voice that overlap, touch or lie at most `gap` (s) apart made one; sorted by start, end, voice."""
    spans: dict[str, list[Interval]] = {}
    for turn in turns:
        spans.setdefault(turn.speaker, []).append((turn.start, turn.end))
    found = [SpeechTurn(voice, start, end) for voice in spans for start, end in joined(spans[voice], gap)]
    return sorted(found, key=lambda t: (t.start, t.end, t.speaker))


def without_flicker(turns: Sequence[SpeechTurn]) -> list[SpeechTurn]:
    """`turns` joined, without those below `SHORTEST`: a voice found in nothing else is none."""
    return [turn for turn in join_turns(turns) if turn.end - turn.start >= SHORTEST]


def spoken_seconds(turns: Sequence[SpeechTurn]) -> dict[str, float]:
    """For how long each voice speaks, all its turns taken together (s)."""
    seconds: dict[str, float] = {}
    for turn in turns:
        seconds[turn.speaker] = seconds.get(turn.speaker, 0.0) + turn.end - turn.start
    return seconds


def clearly_heard(turns: Sequence[SpeechTurn]) -> int:
    """The number of voices that speak for `HEARD_SECONDS` or more."""
    return sum(seconds >= HEARD_SECONDS for seconds in spoken_seconds(turns).values())


def number_warnings(turns: Sequence[SpeechTurn], speakers: int | None) -> list[str]:
    """What the lab should know where other voices are heard than the `speakers` it expects; times and counts only."""
    if speakers is None:
        return []
    heard = clearly_heard(turns)
    if sum(spoken_seconds(turns).values()) < HEARD_SECONDS:
        return []  # nobody speaks: recognition says so (`trust.doubts_of_words`), and one line is enough
    if heard < speakers:
        return [f"voices expected: {speakers}, clearly heard: {heard}; check who speaks, and the recording"]
    seconds = spoken_seconds(turns)
    beyond = sorted(seconds, key=lambda voice: (-seconds[voice], voice))[speakers:]
    warnings = []
    for voice in sorted(beyond, key=lambda voice: min(turn.start for turn in turns if turn.speaker == voice)):
        if seconds[voice] < HEARD_SECONDS:
            continue
        stretches = join_turns([turn for turn in turns if turn.speaker == voice], STRETCH_GAP)
        first = f"from {_clock(stretches[0].start)} to {_clock(stretches[0].end)}"
        more = f", {round(seconds[voice])} s in all" if len(stretches) > 1 else ""
        warnings.append(f"a voice beyond the {speakers} expected speaks {first}{more}")
    return warnings


def _clock(seconds: float) -> str:
    """`m:ss`, or `h:mm:ss` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def name_voices(
    turns: Sequence[SpeechTurn], exclusive: Sequence[SpeechTurn], duration: float
) -> tuple[tuple[SpeechTurn, ...], tuple[SpeechTurn, ...], Mapping[str, str]]:
    """Both lists with voices named `SPEAKER-1`, `SPEAKER-2` … by first appearance, inside [0, duration), on 1 ms.

    Turns that are empty on that grid are left out, and a voice that has no other turn gets no number. The third
    value says which label became which.
    """
    turns, exclusive = (_on_grid(join_turns(some), duration) for some in (turns, exclusive))
    names: dict[str, str] = {}
    for turn in sorted([*turns, *exclusive], key=lambda t: (t.start, t.end, t.speaker)):
        names.setdefault(turn.speaker, f"SPEAKER-{len(names) + 1}")
    named = [tuple(SpeechTurn(names[t.speaker], t.start, t.end) for t in some) for some in (turns, exclusive)]
    return named[0], named[1], names


def _on_grid(turns: Sequence[SpeechTurn], duration: float) -> list[SpeechTurn]:
    placed = (
        SpeechTurn(t.speaker, to_milliseconds_grid(max(0.0, t.start)), to_milliseconds_grid(min(duration, t.end)))
        for t in turns
    )
    return [turn for turn in placed if turn.end > turn.start]
