"""Speakers and time stamps as QDA programs find them by pattern, in every txt, docx and f4 file: those of turns.csv.

The patterns say in our words what the programs do: QualCoder by its source (speakers.py, code_text.py), MAXQDA,
ATLAS.ti, NVivo and f4 by their manuals (docs/formats.md has the table).
"""

import dataclasses
import io
import re
from collections.abc import Iterator, Sequence

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export_samples import OPTIONS, small, transcript, utterance
from tests.sync_samples import CONVENTIONS, MIXED, NASTY, RENDERINGS, lay, transcripts
from transcribe.conventions import Conventions, Rendering
from transcribe.exports import f4, turns, txt
from transcribe.exports.bundle import build
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.manifest import Newline
from transcribe.exports.turns import TurnRow

NAME = r"(.{1,63}?)\s*"
QUALCODER_FORMS = (
    re.compile(rf"^\s*#\s*{NAME}:"),
    re.compile(rf"^\s*@\s*{NAME}:"),
    re.compile(r"^\s*\[([^\]]{1,63})\]"),
    re.compile(r"^\s*\{([^}]{1,63})\}"),
    re.compile(rf"^\s*{NAME}:"),
)
"""Of which QualCoder takes the one that most lines have; of equals the first."""
QUALCODER_BEFORE = re.compile(r"^\s*([^.,\r\n]{1,63}?)\s*:\s*")
"""QualCoder 4.0, which also finds a capitalised `Word:` after punctuation."""
QUALCODER_INNER = re.compile(r"[.,!?;)\]…]\s+[A-ZÀ-Þ][\w'’-]*\s*:")
QUALCODER_STAMPS = (
    r"\[(?:(\d\d)[:.])?(\d\d)[:.](\d\d)\]",
    r"\[()(\d):(\d\d)\]",
    r"\{(\d\d):(\d\d):(\d\d)\}",
    r"#(\d\d):(\d\d):(\d\d)\.\d{1,3}#",
    r"(\d\d):(\d\d):(\d\d),\d{3}\s-->",
)
MAXQDA_STAMPS = (
    r"#(\d+):(\d\d):(\d\d)(?:-\d+)?#",
    r"\[(\d+):(\d\d):(\d\d)(?:[.,]\d+)?\]",
    r"\[()(\d+):(\d\d)\]",
    r"\{(\d+):(\d\d):(\d\d)\}",
)
ATLASTI_STAMPS = (r"\[(\d+):(\d\d):(\d\d)\]", r"#(\d\d):(\d\d):(\d\d)\.\d#", r"#(\d\d):(\d\d):(\d\d)-\d#")
NVIVO_STAMPS = (r"\[(\d+):(\d\d):(\d\d)(?:\.\d)?\]", r"#(\d+):(\d\d):(\d\d)(?:\.\d)?#", r"\[()(\d+):(\d\d)\]")


def stamps_of(text: str, patterns: Sequence[str]) -> list[int]:
    """Seconds of everything that one of a program's patterns finds, in the order of the text."""
    found = {match.start(): match for pattern in patterns for match in re.finditer(pattern, text)}
    parts = [found[place].groups() for place in sorted(found)]
    return [(int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds) for hours, minutes, seconds in parts]


def qualcoder_speakers(lines: Sequence[str]) -> list[str]:
    """The form that most lines have."""
    found = [[match[1] for line in lines if (match := form.match(line))] for form in QUALCODER_FORMS]
    return max(found, key=len)


def before_first_colon(lines: Sequence[str]) -> Iterator[str]:
    """MAXQDA (focus groups) and ATLAS.ti (`Name:` or `@Name:`): what stands before a paragraph's first colon."""
    for line in lines:
        name, colon, _ = line.partition(":")
        if colon and len(name) <= 63:
            yield name.strip().removeprefix("@")


def check(paragraphs: Sequence[str], rows: Sequence[TurnRow]) -> None:
    """All programs find the speakers and the ends of `rows`, and nothing else."""
    text = "\n".join(paragraphs)
    speakers = [row.speaker for row in rows]
    ends, latest = [], 0
    for row in rows:
        latest = max(latest, row.end_ms // 1000)
        ends.append(latest)
    assert text.splitlines() == list(paragraphs)
    assert qualcoder_speakers(paragraphs) == speakers
    assert [match[1] for line in paragraphs if (match := QUALCODER_BEFORE.match(line))] == speakers
    assert not [line for line in paragraphs if QUALCODER_INNER.search(line)]
    assert list(before_first_colon(paragraphs)) == speakers
    labels = tuple(f"{label}:" for label in set(speakers))
    assert [line.partition(":")[0] for line in paragraphs if line.startswith(labels)] == speakers
    for patterns in (QUALCODER_STAMPS, MAXQDA_STAMPS, ATLASTI_STAMPS, NVIVO_STAMPS):
        assert stamps_of(text, patterns) == ends


@given(
    transcripts(),
    st.sampled_from(CONVENTIONS),
    st.sampled_from(RENDERINGS),
    st.sampled_from(("lf", "crlf")),
)
@settings(max_examples=50)
def test_every_txt_and_docx_of_a_bundle(
    item: CoderTranscript, conventions: Conventions, rendering: Rendering, newline: Newline
) -> None:
    formats = ("txt", "docx", "turns")
    options = dataclasses.replace(
        OPTIONS, conventions=conventions, rendering=rendering, newline=newline, formats=formats
    )
    files = build([item], [], options)
    rows = turns.parse(files["turns.csv"])
    text = files["transcripts/txt/P01-PSW.txt"].decode("utf-8-sig")
    check(text.split({"lf": "\n", "crlf": "\r\n"}[newline]), rows)
    document = docx.Document(io.BytesIO(files["transcripts/docx/P01-PSW.docx"]))
    check([paragraph.text for paragraph in document.paragraphs], rows)


ALOUD = transcript(
    *(
        utterance(
            number, ("INT", "P01-PSW")[number % 2], number * 0.5, number * 0.5 + 0.4, said, over=said, unsure=said
        )
        for number, said in enumerate(NASTY, start=1)
    ),
    duration=100.0,
)
"""Each nasty thing said alone, over somebody else, and hard to hear."""


@pytest.mark.parametrize("rendering", RENDERINGS)
@pytest.mark.parametrize("item", [MIXED, ALOUD, small()], ids=["mixed", "aloud", "small"])
def test_every_choice_of_conventions(item: CoderTranscript, rendering: Rendering) -> None:
    for conventions in CONVENTIONS:
        laid = lay(item, conventions, rendering)
        check(txt.write(laid).decode("utf-8-sig").split("\n"), turns.rows(laid))


@given(transcripts(), st.sampled_from(CONVENTIONS), st.sampled_from(RENDERINGS))
@settings(max_examples=50)
def test_f4_and_maxqda_find_the_marks_of_the_f4_file(
    item: CoderTranscript, conventions: Conventions, rendering: Rendering
) -> None:
    laid = lay(item, conventions, rendering)
    lines = f4.write(laid).decode("utf-8-sig").split("\n")
    ends, latest = [], 0
    for turn in laid.turns:
        latest = max(latest, turn.end_ms // 1000)
        ends.append(latest)
    assert list(before_first_colon(lines)) == [turn.speaker for turn in laid.turns]
    assert stamps_of("\n".join(lines), MAXQDA_STAMPS) == ends
    assert [bool(re.search(r" #\d\d:\d\d:\d\d-\d#$", line)) for line in lines].count(True) == len(ends)


def test_what_has_no_text_moves_no_stamp() -> None:
    """An utterance of which nothing is left ends after the stretch that follows it."""
    item = transcript(utterance(1, "INT", 0.0, 6.0, "\x00\t"), utterance(2, "P01-PSW", 3.0, 5.5, "Yes."))
    laid = lay(item)
    check(txt.write(laid).decode("utf-8-sig").split("\n"), turns.rows(laid))
    assert [turn.stamp_s for turn in laid.turns] == [5]


@pytest.mark.parametrize(
    "line",
    [
        "[00:00:04] INT: Yes.",
        "INT: Yes. She said. Bob: no [00:00:04]",
        "INT: Yes [00:05] so [00:00:04]",
        "INT: Yes #00:00:05-1# so [00:00:04]",
        "INT: Yes 00:00:01,000 --> so [00:00:04]",
        "Date: 2024\nINT: Yes. [00:00:04]",
        "@INT: Yes. [00:00:04]",
    ],
)
def test_the_patterns_would_notice(line: str) -> None:
    rows = [TurnRow("P01-PSW", "u0001", "INT", 0, 4000, 0, 0, "", ())]
    check(["INT: Yes. [00:00:04]"], rows)
    with pytest.raises(AssertionError):
        check(line.split("\n"), rows)
