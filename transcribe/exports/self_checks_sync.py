"""Checks of the files with times, made on their bytes: read back, they hold the turns of turns.csv."""

import re
from collections.abc import Mapping, Sequence

from transcribe.exports import f4, nvivo, srt, vtt
from transcribe.exports.bundle_files import TRANSCRIPT_PATHS
from transcribe.exports.chat import BULLET
from transcribe.exports.faults import fault
from transcribe.exports.study_text import StudyText
from transcribe.exports.turns import TurnRow

_BULLET = re.compile(f"{BULLET}\\d+_\\d+{BULLET}")


def without_bullets(path: str, text: str) -> str:
    """A file's text without the bullets of CHAT, which has them between control characters; no other file may."""
    return _BULLET.sub("", text) if path.endswith(".cha") else text


def check_sync(files: Mapping[str, bytes], study: StudyText) -> None:
    """Raises `ValidationError` for the first file with other turns, speakers or times than turns.csv.

    The message names the transcript and the format and quotes nothing.
    """
    checks = {"vtt": _vtt_agrees, "srt": _srt_agrees, "f4": _f4_agrees, "nvivo": _nvivo_agrees}
    for form, agrees in checks.items():
        if form in study.settings.formats:
            for entry in study.transcripts:
                if not agrees(files[TRANSCRIPT_PATHS[form].format(entry.id)], study.rows[entry.id]):
                    raise fault(entry.id, f"{form} and turns.csv differ")


def _vtt_agrees(data: bytes, rows: Sequence[TurnRow]) -> bool:
    found = [(cue.id, cue.speaker, cue.start_ms, cue.end_ms, cue.text) for cue in vtt.parse(data)]
    return found == [(row.turn, row.speaker, row.start_ms, _end_ms(row), row.text) for row in rows]


def _srt_agrees(data: bytes, rows: Sequence[TurnRow]) -> bool:
    found = [(cue.speaker, cue.start_ms, cue.end_ms, cue.text) for cue in srt.parse(data)]
    return found == [(row.speaker, row.start_ms, _end_ms(row), row.text) for row in rows]


def _f4_agrees(data: bytes, rows: Sequence[TurnRow]) -> bool:
    latest = 0
    wanted: list[tuple[str, str, int]] = []
    for row in rows:
        latest = max(latest, row.end_ms // 100)
        wanted.append((row.speaker, row.text, latest))
    return [(found.speaker, found.text, found.mark_tenths) for found in f4.parse(data)] == wanted


def _nvivo_agrees(data: bytes, rows: Sequence[TurnRow]) -> bool:
    """Letters and digits are compared, for of the signs around them some are NVivo's."""
    found = [(row.speaker, row.start_tenths, row.end_tenths, _words(row.content)) for row in nvivo.parse(data)]
    return found == [
        (row.speaker, row.start_ms // 100, max(row.end_ms // 100, row.start_ms // 100 + 1), _words(row.text))
        for row in rows
    ]


def _words(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _end_ms(row: TurnRow) -> int:
    return max(row.end_ms, row.start_ms + 1)
