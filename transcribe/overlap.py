"""When two voices speak at once, and which words only show that one listens; pure, no torch.

A recogniser writes one stream of words: of two that were said at once it drops one, or sets it a little beside its
moment. So a word counts as said over another's speech only where both are known: the diariser hears two voices, and
both have words there.
"""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, combinations

from transcribe.intervals import joined
from transcribe.records import Interval, SpeechTurn, Word
from transcribe.redaction.tokens import word_set

OVERLAP = "overlap"
"""The flag of a word that was said while another voice spoke."""

SHORTEST_OVERLAP = 0.3
"""Seconds that two voices are heard at once; less is how exactly diarisers tell where voices change."""
LISTENING = 1.5
"""Seconds that somebody who only listens is heard at a time; in longer ones something else is said."""
BREATH = 0.5
"""Seconds between turns of a voice that are one stretch of talk."""
BESIDE = 0.5
"""Seconds by which a recogniser may set a word beside its moment, when another was said over it."""
MOST_WORDS = 3
"""Words of a back-channel; `係 呀` are two."""

_SOUND = re.compile(r"(?=h*m)[hm]+|uhhuh|umhum|ahha|aha|[嗯呣哼]+")
_ACKNOWLEDGING = word_set("""
    yeah yep yup yes ya right okay ok alright sure exactly oh ah wow isee ofcourse 明白 知道 清楚
    """)
_CHINESE_SIGNS = frozenset("嗯呣哼哦喔噢啊呀囉係好啱對对是明的")
"""Characters that make an acknowledgement, alone and together: `係`, `係呀`, `好的`, `嗯嗯`."""
_PAIRS = re.compile(r"\b(?:uh huh|um hum|ah ha|i see|of course)\b")
_NO_LETTERS = re.compile(r"[^\w\s]|_")


def is_acknowledgement(words: Sequence[Word]) -> bool:
    """Whether words say no more than that one listens: `Mm-hmm.`, `Yeah, okay.`, `係呀`."""
    return len(words) <= MOST_WORDS and bool(parts := _plain(words)) and all(map(_acknowledges, parts))


def is_sound(words: Sequence[Word]) -> bool:
    """Whether words are sounds of listening alone, which hardly belong into a sentence: `mm-hmm`, `嗯`."""
    return len(words) <= MOST_WORDS and bool(parts := _plain(words)) and all(map(_SOUND.fullmatch, parts))


def _plain(words: Sequence[Word]) -> list[str]:
    """Lower case without marks and hyphens; what is written as one word or two (`uh-huh`, `uh huh`) is one."""
    text = " ".join(_NO_LETTERS.sub("", "".join(word.text for word in words)).casefold().split())
    return _PAIRS.sub(lambda match: match[0].replace(" ", ""), text).split()


def _acknowledges(part: str) -> bool:
    return part in _ACKNOWLEDGING or _CHINESE_SIGNS.issuperset(part) or _SOUND.fullmatch(part) is not None


def active_times(turns: Iterable[SpeechTurn]) -> dict[str, list[Interval]]:
    """When each voice speaks (s): its turns sorted, and joined where they touch or overlap."""
    spans: dict[str, list[Interval]] = {}
    for turn in turns:
        spans.setdefault(turn.speaker, []).append((turn.start, turn.end))
    return {voice: joined(mine) for voice, mine in spans.items()}


def without_listeners(turns: Iterable[SpeechTurn], times: Mapping[str, Sequence[Interval]]) -> list[SpeechTurn]:
    """The turns as if nobody was heard but those who talk: a short one beside another's talk becomes that one's.

    Of two voices the recogniser mostly writes the one who talks on, and what it then writes in such a moment is theirs.
    """
    stretches = {voice: joined(mine, BREATH) for voice, mine in times.items()}
    found = []
    for turn in turns:
        own = next(touching(stretches[turn.speaker], turn.start, turn.end))
        talking = (
            voice
            for voice in sorted(stretches)
            if length(own) <= LISTENING and 2 * seconds_within(times[voice], *own) >= length(own)
            if any(
                s[0] <= own[0] and own[1] <= s[1] and length(s) > LISTENING for s in touching(stretches[voice], *own)
            )
        )
        found.append(replace(turn, speaker=next(talking, turn.speaker)))
    return found


def length(span: Interval) -> float:
    """Seconds, on the 1 ms grid."""
    return round(span[1] - span[0], 3)


def seconds_within(times: Sequence[Interval], start: float, end: float) -> float:
    """Seconds of `[start, end)` that lie in sorted, disjoint intervals, on the 1 ms grid."""
    parts = (min(stop, end) - max(begin, start) for begin, stop in touching(times, start, end))
    return round(sum(part for part in parts if part > 0), 3)


def touching(times: Sequence[Interval], start: float, end: float) -> Iterator[Interval]:
    """The intervals, of sorted and disjoint ones, that overlap or touch `[start, end)`."""
    for at in range(max(bisect_right(times, (start, math.inf)) - 1, 0), len(times)):
        if times[at][0] > end:
            break
        if times[at][1] >= start:
            yield times[at]


def shared(one: Sequence[Interval], other: Sequence[Interval]) -> Iterator[Interval]:
    """Where intervals of two voices overlap for `SHORTEST_OVERLAP` or more."""
    for start, end in one:
        for begin, stop in touching(other, start, end):
            span = (max(start, begin), min(end, stop))
            if length(span) >= SHORTEST_OVERLAP:
                yield span


def over_others(
    words: Sequence[Word], voices: Sequence[str], times: Mapping[str, Sequence[Interval]]
) -> frozenset[int]:
    """The numbers of the words that were said while another voice spoke, of whose words there are some beside them.

    `words` must not go backwards. At least half of such a word lies where both voices are active. Where that is true
    of one voice's words only, the other's nearest word counts as well: a reader finds both sides of an overlap.
    """
    starts = [word.start for word in words]
    reached = list(accumulate((word.end for word in words), max))
    found: set[int] = set()
    for one, other in combinations(sorted(times), 2):
        for span in shared(times[one], times[other]):
            first, last = bisect_left(reached, span[0] - BESIDE), bisect_right(starts, span[1] + BESIDE)
            near = {
                voice: [n for n in range(first, last) if voices[n] == voice and _distance(words[n], span) <= BESIDE]
                for voice in (one, other)
            }
            found |= _both_sides(words, near[one], near[other], span)
    return frozenset(found)


def _both_sides(words: Sequence[Word], one: Sequence[int], other: Sequence[int], span: Interval) -> set[int]:
    found: set[int] = set()
    for mine, others in ((one, other), (other, one)):
        said_over = {
            n
            for n in mine
            if _lies_in(words[n], span)
            and any(_distance(words[m], (words[n].start, words[n].end)) <= BESIDE for m in others)
        }
        if said_over and not any(_lies_in(words[m], span) for m in others):
            said_over.add(min(others, key=lambda m: _distance(words[m], span)))
        found |= said_over
    return found


def _lies_in(word: Word, span: Interval) -> bool:
    """Whether at least half of a word lies in a span; a word without length by its start."""
    if word.end <= word.start:
        return span[0] <= word.start < span[1]
    return 2 * round(min(word.end, span[1]) - max(word.start, span[0]), 3) >= round(word.end - word.start, 3)


def _distance(word: Word, span: Interval) -> float:
    return round(max(span[0] - word.end, word.start - span[1], 0.0), 3)
