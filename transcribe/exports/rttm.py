"""`sync/<id>.rttm`: who spoke when, and no text (NIST, "The 2009 (RT-09) Rich Transcription Meeting Recognition
Evaluation Plan", appendix A).

`SPEAKER <recording> 1 <start s> <duration s> <NA> <NA> <speaker> <NA> <NA>`, one line per utterance, in the order of
their starts; they may overlap. Stretches without text have no line. There is no comment: not all readers allow one.
"""

from transcribe.exports.layout import LaidOut
from transcribe.exports.times import end_of, seconds


def write(laid: LaidOut) -> bytes:
    """The file, ASCII with LF."""
    return "".join(
        f"SPEAKER {laid.header.recording} 1 {seconds(turn.start_ms)} {seconds(end_of(turn) - turn.start_ms)}"
        f" <NA> <NA> {turn.speaker} <NA> <NA>\n"
        for turn in laid.turns
        if not turn.is_event
    ).encode()
