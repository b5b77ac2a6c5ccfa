"""Small redacted transcripts for the tests of exports and releases."""

import re
from collections.abc import Mapping, Sequence

from transcribe.exports.bundle import BundleOptions
from transcribe.exports.layout import CoderTranscript, ExportHeader
from transcribe.records import Event, MarkSpan, RedactedTranscript, RedactedUtterance, RedactedWord, Role

OPTIONS = BundleOptions("0.1.0", "standard", ("whisper-base",))
_WORD = re.compile(r"(?:\[[^\]]*\]|\S)+")


def utterance(
    number: int,
    speaker: str,
    start: float,
    end: float,
    text: str,
    *marks: str,
    flags: tuple[str, ...] = (),
    over: str = "",
    unsure: str = "",
    times: Mapping[int, tuple[float, float]] | None = None,
    language: str = "en",
) -> RedactedUtterance:
    """An utterance; each of `marks` is marked where it first stands in `text`.

    Its words are what spaces part (a mark is in one word), evenly spaced over its time, without pauses, unless `times`
    has theirs by their number from 0. The words in the first stretch of text that is `over` were said while another
    spoke; those in `unsure` have the probability 0.1, others 0.9.
    """
    spans = tuple(
        MarkSpan(text.index(mark), text.index(mark) + len(mark), mark, mark.strip("[]").split("_")[0], "direct")
        for mark in marks
    )
    words = spoken_words(text, start, end, over=over, unsure=unsure, times=times or {})
    return RedactedUtterance(f"u{number:04d}", speaker, language, start, end, text, spans, flags, words)


def spoken_words(
    text: str,
    start: float,
    end: float,
    *,
    over: str = "",
    unsure: str = "",
    times: Mapping[int, tuple[float, float]] | None = None,
) -> tuple[RedactedWord, ...]:
    """The words of an utterance, as `utterance` describes them."""
    found = [match.span() for match in _WORD.finditer(text)]
    step = (end - start) / max(len(found), 1)
    even = [(round(start + step * i, 3), round(start + step * (i + 1), 3)) for i in range(len(found))]
    told = times or {}
    overlapped, doubted = _within(text, over), _within(text, unsure)
    return tuple(
        RedactedWord(
            *told.get(number, even[number]),
            0.1 if _touches(span, doubted) else 0.9,
            span,
            ("overlap",) if _touches(span, overlapped) else (),
        )
        for number, span in enumerate(found)
    )


def _within(text: str, part: str) -> tuple[int, int]:
    return (text.index(part), text.index(part) + len(part)) if part else (0, 0)


def _touches(one: Sequence[int], other: Sequence[int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def transcript(
    *utterances: RedactedUtterance,
    recording: str = "P01-PSW",
    role: Role = "PSW",
    duration: float = 60.0,
    draft: bool = False,
    events: tuple[Event, ...] = (),
) -> CoderTranscript:
    header = ExportHeader(recording, "P01", role, "2024-03", duration, draft=draft)
    return CoderTranscript(header, RedactedTranscript(recording, utterances, events))


def small(recording: str = "P01-PSW", *, draft: bool = False) -> CoderTranscript:
    """What the layout has to cope with, in seven paragraphs."""
    return transcript(
        utterance(1, "INT", 0.0, 4.25, "Thank you for coming. How did the day start?"),
        utterance(
            2,
            "P01-PSW",
            4.5,
            20.0,
            "Well, um, [PERSON_1] called me from [PLACE_1 Kowloon] at 10:30.",
            "[PERSON_1]",
            "[PLACE_1 Kowloon]",
            over="[PERSON_1] called",
            times={
                0: (4.5, 5.0),
                1: (5.2, 5.5),
                2: (7.9, 8.5),
                3: (8.5, 9.0),
                4: (10.2, 10.4),
                5: (10.4, 11.0),
                6: (11.0, 16.5),
            },
        ),
        utterance(3, "INT", 6.0, 6.4, "Mm hmm.", flags=("backchannel",), over="Mm hmm."),
        utterance(4, "P01-PSW", 21.0, 30.0, "She said: Listen: come [now] & <bring> {it}.", unsure="<bring>"),
        utterance(5, "P01-PSW", 36.5, 40.0, "=SUM of it, 我們 👩‍👩‍👧 e\u0301t\u00e9, \u05e9\u05dc\u05d5\u05dd."),
        utterance(6, "INT", 41.0, 42.0, 'And "then"?'),
        recording=recording,
        draft=draft,
        events=(Event("inaudible", 31.0, 36.4),),
    )


def plain(text: str = "It went well.", recording: str = "P01-PSW") -> CoderTranscript:
    """One utterance."""
    return transcript(utterance(1, "P01-PSW", 1.0, 3.0, text), recording=recording)
