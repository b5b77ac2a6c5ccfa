"""Checks of the signs in a finished transcript: those of the study's conventions, whole, and no others."""

import re
from collections.abc import Sequence

from transcribe.conventions import Conventions
from transcribe.exports.faults import fault
from transcribe.exports.layout import EVENT_FLAG, EVENT_MARK, UNVERIFIED
from transcribe.exports.manifest import EARLIER_CONVENTIONS, Settings, TranscriptEntry
from transcribe.exports.paragraphs import PARAGRAPH_ID
from transcribe.exports.study_text import StudyText
from transcribe.exports.turns import TurnRow
from transcribe.exports.words import count_words

_NAME = r"([A-Z][A-Z0-9-]*)(?:_(\d+))?(?: [^\[\]:<>]{1,40})?"
_MARKS = {"brackets": re.compile(rf"\[{_NAME}\]"), "seg": re.compile(rf"<seg>{_NAME}</seg>")}
_MARK = "\x00"
"""Stands for a mark while the signs around it are checked; no text of ours holds it."""
_UNCERTAIN = {
    "brackets": re.compile(r"\[\?([^\[\]\x00]+)\?\]"),
    "parentheses": re.compile(r"\(([^()\x00]+)\?\)"),
    "none": re.compile(r"(?!)"),
}
_PAUSE = re.compile(r"\((\d+\.\d|\.+)\)")
_OVERLAP = re.compile(r"\[([^\[\]]+)\]")
_OTHER = re.compile(r"[\[\]{}]|</?seg>|\?\)")
_BRACKETS = re.compile(r"[\[\]{}]")


def check_signs(study: StudyText) -> None:
    """Raises `ValidationError` for a sign that is none of the conventions, not whole, or means two things.

    A mark with a number is written in one way wherever it stands: in the whole study, or, where pairs do not show, in
    one transcript. The manifest counts as many marks and words as there are. Of a release made before there were
    conventions less is asked, so that something can still be taken out of it: its words were counted otherwise, and
    what was recognised as `(2.0)` was left so.
    """
    forms: dict[tuple[str, ...], str] = {}
    for entry in study.transcripts:
        rows = study.rows[entry.id]
        said = [row for row in rows if EVENT_FLAG not in row.flags]
        marks = [mark for row in said for mark in _checked_marks(row, study.settings)]
        if len(marks) != sum(count.count for count in entry.redactions):
            raise fault(entry.id, "its marks are not as many as manifest.json counts")
        words = entry.words if _is_earlier(study.settings) else sum(count_words(row.text) for row in said)
        if (len(said), words) != (entry.utterances, entry.words):
            raise fault(entry.id, "its utterances or words are not as many as manifest.json counts")
        scope = "" if study.settings.level == "team" else entry.id
        for mark in marks:
            if mark[2] and forms.setdefault((scope, mark[1], mark[2]), mark[0]) != mark[0]:
                raise fault(entry.id, "a mark is written in two ways")
        _check_events(entry, rows, study.settings.conventions)
        _check_paragraphs(entry, said)


def _is_earlier(settings: Settings) -> bool:
    return settings.conventions == EARLIER_CONVENTIONS and settings.rendering == "verbatim"


def _checked_marks(row: TurnRow, settings: Settings) -> list[re.Match[str]]:
    """The marks of an utterance; raises `ValidationError` unless all else in it is speech and signs of its study."""
    conventions, is_clean = settings.conventions, settings.rendering == "clean"
    pattern = _MARKS[conventions.redaction]
    text = pattern.sub(_MARK, row.text)
    for found in _UNCERTAIN[conventions.uncertain].finditer(text):
        if not found[1].strip(" ?") or "//" in found[1] or _PAUSE.search(found[1]):
            raise fault(f"{row.transcript}, {row.turn}", "a sign stands inside that of an uncertain word")
    text = _UNCERTAIN[conventions.uncertain].sub(lambda found: found[1], text)
    is_earlier = _is_earlier(settings)
    for found in () if is_earlier else _PAUSE.finditer(text):
        if is_clean or not _is_pause(found[1], conventions):
            raise fault(f"{row.transcript}, {row.turn}", "it has a pause that its conventions do not have")
    shown = "none" if is_clean else conventions.overlap
    pieces = text.split("//")
    if len(pieces) > 1 and (shown != "slashes" or len(pieces) % 2 == 0 or not all(map(str.strip, pieces[1::2]))):
        raise fault(f"{row.transcript}, {row.turn}", "a sign of an overlap has no other, or is none of its conventions")
    if shown == "brackets":
        text = _OVERLAP.sub(lambda found: found[1], text)
    if (_BRACKETS if is_earlier else _OTHER).search(text):
        raise fault(f"{row.transcript}, {row.turn}", "a bracket in the text is no mark")
    return list(pattern.finditer(row.text))


def _is_pause(inner: str, conventions: Conventions) -> bool:
    is_short = inner == "." and conventions.short_pause_from > 0
    if conventions.pause == "seconds":
        return is_short or (inner[0] != "." and float(inner) > conventions.pause_from - 0.1)
    if conventions.pause == "dots":
        return set(inner) == {"."}
    return conventions.pause == "ellipsis" and (inner == "..." or is_short)


def _check_events(entry: TranscriptEntry, rows: Sequence[TurnRow], conventions: Conventions) -> None:
    for row in rows:
        if EVENT_FLAG in row.flags:
            unverified = conventions.inaudible == "unv" and row.turn.startswith("inaudible-")
            if not (row.text == UNVERIFIED if unverified else EVENT_MARK.fullmatch(row.text)):
                raise fault(entry.id, "a stretch without text is not written as its conventions say")


def _check_paragraphs(entry: TranscriptEntry, said: Sequence[TurnRow]) -> None:
    """The paragraphs of one utterance follow each other, and are one speaker's.

    What is left of an utterance behind a stretch that was taken back is called after its time, `u0002-1800`: it is one
    of its own, for there is no `u0002-1799`.
    """
    ids = {row.turn for row in said}
    last: dict[str, tuple[int, str]] = {}
    for row in said:
        found = PARAGRAPH_ID.fullmatch(row.turn)
        utterance, number = (found[1], int(found[2])) if found else (row.turn, 1)
        if number > 2 and f"{utterance}-{number - 1}" not in ids:
            utterance, number = row.turn, 1
        if number > 1 and last.get(utterance) != (number - 1, row.speaker):
            raise fault(entry.id, "the paragraphs of an utterance are not in their order")
        last[utterance] = number, row.speaker
