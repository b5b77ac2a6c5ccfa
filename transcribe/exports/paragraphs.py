"""Long utterances are parted into paragraphs, so that a monologue can be read, numbered and coded.

The cut depends on the words alone, never on the rendering: both renderings have the same paragraph ids.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from transcribe.conventions import Conventions
from transcribe.exports.words import count_words
from transcribe.records import MarkSpan, RedactedUtterance, RedactedWord
from transcribe.study.codes import is_interviewer

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]」』）]*$")
_ABBREVIATION = re.compile(
    r"[^\W\d_]\.|(?:[^\W\d_]\.){2,}|(?:dr|mr|mrs|ms|prof|st|vs|etc|no|approx|dept)\.", re.IGNORECASE
)
_PLAIN = re.compile(r"[A-Za-z0-9]+(?:['’-][A-Za-z0-9]+)*[.,?!]?")
_FIRST_CJK = "⺀"
PARAGRAPH_ID = re.compile(r"(.+)-(\d+)")
"""The id of a further paragraph of a long utterance, if the one before it is there: what is left of an utterance behind
a stretch that was taken back is called alike.
"""


def parted(utterance: RedactedUtterance, conventions: Conventions) -> tuple[RedactedUtterance, ...]:
    """The utterance in paragraphs of about `paragraph_words` words (`words.count_words`), at most twice as many.

    They end where sentences do; where none ends near, at the longest pause. The first keeps the utterance's id, the
    others are `u0012-2`, `u0012-3` …; times are those of their words. What an interviewer says is not parted, so that a
    question stays whole, nor is an utterance whose words are not known.
    """
    size = conventions.paragraph_words
    if not size or len(utterance.text) <= size or is_interviewer(utterance.speaker):
        return (utterance,)
    cuts = _cuts(utterance, size)
    return tuple(_parts(utterance, cuts)) if cuts else (utterance,)


def _cuts(utterance: RedactedUtterance, size: int) -> list[int]:
    """The numbers of the words with which further paragraphs begin."""
    counts = [_count(utterance.text[word.offset[0] : word.offset[1]]) for word in utterance.words]
    reached = [0, *accumulate(counts)]  # words before each
    cuts: list[int] = []
    first = 0
    while (rest := reached[-1] - reached[first]) > size:
        target = rest / max(round(rest / size), 2)
        low = bisect_left(reached, reached[first] + target / 2)
        high = bisect_left(reached, reached[first] + target * 1.5 + 0.5)
        near = [n for n in range(max(low, first + 1), min(high, len(counts))) if _is_gap(utterance, n)]
        ends = [n for n in near if _ends_sentence(utterance, n)]
        if not ends and rest <= size * 1.5:
            break
        middle = reached[first] + target
        best = min(
            ends or near,
            key=lambda n: (0.0 if ends else -_pause(utterance.words, n), abs(reached[n] - middle)),
            default=0,
        )
        if not best:
            break
        first = best
        cuts.append(first)
    return cuts


def _count(text: str) -> int:
    """The same as `count_words`, quicker for what most words are."""
    return 1 if _PLAIN.fullmatch(text) else count_words(text)


def _is_gap(utterance: RedactedUtterance, number: int) -> bool:
    """Whether a paragraph can begin with a word: it is no second half of one (`-hmm`), and no mark is cut."""
    end, start = utterance.words[number - 1].offset[1], utterance.words[number].offset[0]
    between = utterance.text[end:start]
    return between.isspace() or (not between and utterance.text[start] >= _FIRST_CJK)


def _ends_sentence(utterance: RedactedUtterance, number: int) -> bool:
    """Whether a sentence ends before a word."""
    last, following = (utterance.text[slice(*word.offset)] for word in utterance.words[number - 1 : number + 1])
    if not _SENTENCE_END.search(last) or _ABBREVIATION.fullmatch(last):
        return False
    return not following[0].islower()


def _pause(words: Sequence[RedactedWord], number: int) -> float:
    return round(words[number].start - words[number - 1].end, 3)


def _parts(utterance: RedactedUtterance, cuts: Sequence[int]) -> Iterator[RedactedUtterance]:
    words = utterance.words
    ends = [*cuts, len(words)]
    latest = utterance.start
    for number, (first, behind) in enumerate(zip([0, *cuts], ends, strict=True), start=1):
        start = words[first].offset[0] if number > 1 else 0
        end = words[behind].offset[0] if behind < len(words) else len(utterance.text)
        text = utterance.text[start:end]
        latest = max(latest, *(word.end for word in words[first:behind]))
        yield replace(
            utterance,
            id=utterance.id if number == 1 else f"{utterance.id}-{number}",
            start=words[first].start if number > 1 else utterance.start,
            end=latest if behind < len(words) else max(latest, utterance.end),
            text=text,
            marks=tuple(_moved(mark, start) for mark in utterance.marks if start <= mark.start < end),
            words=tuple(
                replace(word, offset=(word.offset[0] - start, word.offset[1] - start)) for word in words[first:behind]
            ),
        )


def _moved(mark: MarkSpan, start: int) -> MarkSpan:
    return replace(mark, start=mark.start - start, end=mark.end - start)
