"""Stretches of time as sorted, disjoint intervals, and moments as people read them; pure."""

from collections.abc import Iterable, Sequence

from transcribe.records import Interval


def joined(spans: Iterable[Interval], apart: float = 0.0) -> list[Interval]:
    """The intervals (s) sorted, those that overlap, touch or lie at most `apart` seconds from each other made one."""
    found: list[Interval] = []
    for start, end in sorted(spans):
        if found and (start <= found[-1][1] or start - found[-1][1] <= apart):
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def without(spans: Sequence[Interval], taken: Sequence[Interval]) -> list[Interval]:
    """What of sorted, disjoint spans (s) lies in none of `taken`, sorted and disjoint as well."""
    left: list[Interval] = []
    at = 0
    for start, end in spans:
        while at < len(taken) and taken[at][1] <= start:
            at += 1
        position = start
        # By number: a slice would copy the rest of the recording for every span.
        for number in range(at, len(taken)):
            first, last = taken[number]
            if first >= end:
                break
            if first > position:
                left.append((position, first))
            position = max(position, last)
        if position < end:
            left.append((position, end))
    return left


def clock(seconds: float) -> str:
    """`h:mm:ss` of a moment (s), rounded down: where to begin to listen."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
