"""Transcripts of nasty speech with words, pauses, overlaps and events, and every choice of conventions."""

import itertools
from dataclasses import replace

from hypothesis import strategies as st

from tests.export_samples import transcript, utterance
from transcribe.conventions import Conventions, Rendering
from transcribe.exports.layout import CoderTranscript, LaidOut, lay_out
from transcribe.records import Event, RedactedUtterance

SPEAKERS = ("INT", "P01-PSW", "P01-PIR", "SPEAKER-0", "OTHER-1", "INTERP")
MARKS = ("[PERSON_1]", "[P01-PIR]", "[AGE_2 45-49]", "[PLACE_1 Kowloon]")

NASTY = (
    "Listen:", "Name: no", "she said. Bob: no", "P01-PIR: hi", "@Bob: hi", "[00:00:05]", "[05:06]", "{01:02:03}",
    "#00:01:02-3#", "#00:01:02.3#", "00:00:01,000 --> 00:00:02,000", "--->", "10:30", "3:1", "[x]", "{x}", "(2.0)",
    "(.)", "(...)", "//", "//said//", "(laughs)", "(really?)", "wor-", "[?unsure?]", "[inaudible 00:00:01-00:00:02]",
    "bracket person one", "[PERSON_9]", "<seg>PERSON_1</seg>", "<v X>", "</v>", "<b>", "&amp;", "&", "a & b", "=1+1",
    "@sum", "-5", "0", "007", "50%", "$5", "£5", "#1", "xxx", "www", "yyy", "+...", "&=laughs", "*PSW:", "%exp:",
    "@End",
    ";", ",", "and,", "and;", '"', '"quoted"', "'", "“Q”", "it's", "it’s", "e.g.", "a.b@c.example", "http://x.example/a",
    "\n\n", "\r\n", "\t", "\v", "\x00", "\x15", "\x1f", "\x85", "\u2028", "\u202eabc", "\ufeff", "\u200b", "\ue000",
    "我說：好。", "你好嗎？", "係呀", "שלום:", "שלום.", "مرحبا؟", "👩‍👩‍👧", "❤️", "e\u0301te\u0301", "20°", "a—b", "…",
    "...", "?", "!", "no no", "um", "NOTE", "WEBVTT", "1",
)  # fmt: skip
words = st.one_of(st.sampled_from(NASTY), st.text(max_size=6), st.sampled_from(("well", "I", "think", "so.")))


def _is_allowed(choice: Conventions) -> bool:
    """Square brackets of overlaps cannot be told from those of marks and unsure words."""
    return choice.overlap != "brackets" or (choice.redaction == "seg" and choice.uncertain != "brackets")


CONVENTIONS = tuple(
    choice
    for choice in (
        Conventions(pause, 0.5, 0.2, overlap, inaudible, uncertain, 0.2, redaction, paragraph)
        for pause, overlap, inaudible, uncertain, redaction, paragraph in itertools.product(
            ("seconds", "dots", "ellipsis", "none"),
            ("slashes", "brackets", "none"),
            ("brackets", "unv"),
            ("brackets", "parentheses", "none"),
            ("brackets", "seg"),
            (0, 20),
        )
    )
    if _is_allowed(choice)
)
"""Every choice that is allowed; short pauses are shown, and paragraphs are long or short."""


@st.composite
def utterances(draw: st.DrawFn, number: int) -> RedactedUtterance:
    """One utterance, somewhere in the first minute; a mark in some, words over others and unsure words in some."""
    said = draw(st.lists(words, max_size=8))
    marks = draw(st.lists(st.sampled_from(MARKS), max_size=2, unique=True))
    for mark in marks:
        said.insert(draw(st.integers(0, len(said))), mark)
    text = draw(st.sampled_from((" ", "  ", ""))).join(said)
    start = draw(st.integers(0, 590)) / 10
    end = min(start + draw(st.integers(0, 120)) / 10, 60.0)
    part = draw(st.sampled_from((*said, "")))
    return utterance(
        number,
        draw(st.sampled_from(SPEAKERS)),
        start,
        end,
        text,
        *marks,
        over=part if draw(st.booleans()) else "",
        unsure=part if draw(st.booleans()) else "",
        times={1: (start + (end - start) * 0.8, end)} if draw(st.booleans()) else {},
    )


@st.composite
def transcripts(draw: st.DrawFn) -> CoderTranscript:
    """Up to six utterances in any order, one over the other, and stretches without text."""
    found = [draw(utterances(number)) for number in range(1, draw(st.integers(0, 6)) + 1)]
    kinds = draw(st.lists(st.sampled_from(("inaudible", "withheld", "third-party")), max_size=2, unique=True))
    return transcript(*found, events=tuple(Event(kind, 3.0, 5.5) for kind in kinds), draft=draw(st.booleans()))


PLAIN = Conventions()


def lay(item: CoderTranscript, conventions: Conventions = PLAIN, rendering: Rendering = "verbatim") -> LaidOut:
    """The transcript laid out."""
    return lay_out(replace(item, header=replace(item.header, rendering=rendering)), conventions)


RENDERINGS: tuple[Rendering, ...] = ("verbatim", "clean")

MIXED = transcript(
    utterance(1, "INT", 0.0, 4.2, "How was it? I mean: the day."),
    utterance(2, "P01-PSW", 4.5, 12.0, "Well, [PERSON_1] said 50% & 007, wor- you know.", "[PERSON_1]"),
    utterance(3, "INT", 6.0, 6.4, "Mm hmm.", flags=("backchannel",)),
    utterance(
        4, "SPEAKER-0", 11.0, 13.0, "我哋去咗 [PLACE_1 Kowloon]。你知唔知？", "[PLACE_1 Kowloon]", language="yue"
    ),
    utterance(5, "SPEAKER-0", 12.0, 12.0, 'And, "then;"'),
    utterance(6, "P01-PSW", 14.0, 15.25, "👩‍👩‍👧 e\u0301te\u0301 שלום <b>https://x.example</b>…"),
    events=(Event("inaudible", 20.0, 21.0), Event("withheld", 22.0, 23.0)),
)
"""Backchannel inside an utterance, one speaker over themselves, an utterance of no length, scripts, signs."""
