"""How the files with times write a turn's start and end."""

import re

from transcribe.exports.layout import Turn

CLOCK_MS = r"(\d{2,}):([0-5]\d):([0-5]\d)[.,](\d{3})"
"""What `clock_ms` writes, as a pattern with four groups."""


def end_of(turn: Turn) -> int:
    """When a turn ends (ms): a cue or an interval must be longer than nothing, so that one of 0 ms has 1 ms."""
    return max(turn.end_ms, turn.start_ms + 1)


def clock_ms(ms: int, point: str = ".") -> str:
    """Milliseconds as `hh:mm:ss.mmm`, or with another decimal point."""
    return f"{clock_tenths(ms // 100, point)}{ms % 100:02d}"


def clock_tenths(tenths: int, point: str = ".") -> str:
    """Tenths of a second as `hh:mm:ss.t`, or with another decimal point."""
    return f"{tenths // 36_000:02d}:{tenths // 600 % 60:02d}:{tenths // 10 % 60:02d}{point}{tenths % 10}"


def seconds(ms: int) -> str:
    """Milliseconds as seconds with three decimals, exactly."""
    return f"{ms // 1000}.{ms % 1000:03d}"


def read_clock_ms(groups: tuple[str, ...]) -> int:
    """The milliseconds that the four groups of `CLOCK_MS` stand for."""
    hours, minutes, whole, rest = (int(number) for number in groups)
    return ((hours * 60 + minutes) * 60 + whole) * 1000 + rest


def arrow_times(line: str, point: str) -> tuple[int, int] | None:
    """Start and end (ms) of a line `hh:mm:ss.mmm --> hh:mm:ss.mmm` as WebVTT and SRT have it; `None` for another."""
    found = re.fullmatch(f"{CLOCK_MS} --> {CLOCK_MS}", line)
    if found is None or line.count(point) != 2:
        return None
    numbers = found.groups()
    return read_clock_ms(numbers[:4]), read_clock_ms(numbers[4:])
