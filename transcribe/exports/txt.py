"""`transcripts/txt/<id>.txt`: UTF-8 with BOM (Taguette and Dedoose need it), LF, no line end after the last line."""

from transcribe.exports.layout import ExportHeader, document_lines, lay_out
from transcribe.records import RedactedTranscript

BOM = "\ufeff"


def text(transcript: RedactedTranscript, header: ExportHeader) -> str:
    """The whole transcript without BOM: what `pos0` and `pos1` of turns.csv count in."""
    return "\n".join(document_lines(header, lay_out(transcript, header)))


def write(transcript: RedactedTranscript, header: ExportHeader) -> bytes:
    """The txt file. Raises `ValidationError` as `lay_out` does."""
    return (BOM + text(transcript, header)).encode()
