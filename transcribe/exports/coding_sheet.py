"""`coding_sheet.xlsx`: one row per sentence, with empty columns for line-by-line initial coding in grounded theory.

Charmaz, Constructing Grounded Theory, 2014, chapter 5 (initial coding, focused coding, memos). The sentences of an
utterance, put together, are its text to the sign.
"""

import re
from collections.abc import Iterator

from transcribe.exports import spreadsheet
from transcribe.exports.layout import clock
from transcribe.exports.spreadsheet import Column
from transcribe.exports.study_text import StudyText
from transcribe.word_voices import SENTENCE_ENDS

COLUMNS = (
    Column("transcript", 14),
    Column("utterance", 16),
    Column("sentence", 9, is_number=True),
    Column("speaker", 11),
    Column("time", 9),
    Column("question", 9),
    Column("text", 70, wraps=True),
    Column("initial code", 28, wraps=True),
    Column("focused code", 24, wraps=True),
    Column("memo", 36, wraps=True),
)
TEXT = 6
"""The place of the sentence among the columns; those behind it are empty."""
LONGEST_SENTENCE = 2000
"""Code points after which a sentence without an end is parted at a word: Excel cuts longer cells than 32,767 signs."""

_CLOSING = r"[\"'”’)\]」』）/»>]*"
_KEPT = re.compile(r"\[[^\[\]]*\]|<seg>[^<>]*</seg>|\((?:\d{1,3}\.\d|\.+|unv\.)\)|\([^()]{1,40}\?\)")
"""What is never cut: marks, stretches without text, pauses, uncertain words."""
_SPACED = "".join(sign for sign in SENTENCE_ENDS if sign < "\u3000")
_UNSPACED = "".join(sign for sign in SENTENCE_ENDS if sign >= "\u3000")
_END = re.compile(rf"[{re.escape(_SPACED)}]+{_CLOSING}\s+|[{_UNSPACED}]+{_CLOSING}\s*")
_ABBREVIATION = re.compile(r"(?:^|[^\w])(?:mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e|[b-hj-z])\.$", re.IGNORECASE)
"""Before a full stop that ends no sentence: titles, and initials such as `J.` (but `I.` is a word)."""


def write(study: StudyText) -> bytes:
    """The xlsx file; the time is that of the utterance's start."""
    return spreadsheet.write("Coding", COLUMNS, _rows(study), study.settings.page)


def _rows(study: StudyText) -> Iterator[tuple[str, ...]]:
    for entry in study.transcripts:
        for row in study.rows[entry.id]:
            time = clock(row.start_ms // 1000)
            for number, sentence in enumerate(sentences(row.text), start=1):
                yield (row.transcript, row.turn, str(number), row.speaker, time, row.question, sentence)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of an utterance, each with the spaces behind it; joined, they are the text.

    A sentence ends with one of `SENTENCE_ENDS`; those of Latin script need a space and no small letter behind it. What
    stands in marks and pauses ends none, and is never cut; a longer stretch than `LONGEST_SENTENCE` is cut between
    words, or between signs where the script has no spaces.
    """
    kept = [found.span() for found in _KEPT.finditer(text)]
    found: list[str] = []
    begin = place = 0
    for end in _END.finditer(text):
        while place < len(kept) and kept[place][1] <= end.start():
            place += 1
        inside = place < len(kept) and kept[place][0] <= end.start() < kept[place][1]
        if not inside and _is_end(text, begin, end.start(), end.end()):
            found += _cut(text, begin, end.end(), kept)
            begin = end.end()
    found += _cut(text, begin, len(text), kept)
    return tuple(found)


def _is_end(text: str, begin: int, sign: int, end: int) -> bool:
    if text[sign] in _UNSPACED:
        return True
    if text[end : end + 1].islower() or end == len(text):
        return False
    return not _ABBREVIATION.search(text[max(begin, sign - 8) : sign + 1])


def _cut(text: str, begin: int, end: int, kept: list[tuple[int, int]]) -> Iterator[str]:
    """A sentence, in pieces if it is too long."""
    while end - begin > LONGEST_SENTENCE:
        limit = begin + LONGEST_SENTENCE
        space = text.rfind(" ", begin, limit) + 1
        cut = space if space > begin else limit
        cut = next((a for a, b in kept if a < cut < b and a > begin), cut)
        yield text[begin:cut]
        begin = cut
    if end > begin:
        yield text[begin:end]
