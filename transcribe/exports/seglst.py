"""`sync/<id>.seglst.json`: segments as the CHiME challenges and meeteval have them (SegLST, https://github.com/fgnt/meeteval).

A list of `session_id`, `speaker`, `start_time`, `end_time` (seconds), `words`, and the utterance's id; `draft` where
the transcript is one. The words are those of the stm; stretches without text have no segment.
"""

import json

from transcribe.exports.layout import LaidOut
from transcribe.exports.stm import said_words
from transcribe.exports.times import end_of


def write(laid: LaidOut) -> bytes:
    """The file, UTF-8 with LF; characters are written as they are, not as escapes."""
    draft = {"draft": True} if laid.header.draft else {}
    segments = [
        {
            "session_id": laid.header.recording,
            "speaker": turn.speaker,
            "start_time": turn.start_ms / 1000,
            "end_time": end_of(turn) / 1000,
            "words": said_words(turn),
            "utterance": turn.id,
            **draft,
        }
        for turn in laid.turns
        if not turn.is_event
    ]
    return (json.dumps(segments, ensure_ascii=False, indent=1) + "\n").encode()
