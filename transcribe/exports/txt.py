"""`transcripts/txt/<id>.txt`: UTF-8 with BOM (Taguette and Dedoose need it), LF or CRLF, none after the last line."""

from transcribe.exports.layout import LaidOut, document_lines

BOM = "\ufeff"


def write(laid: LaidOut, newline: str = "\n") -> bytes:
    """The txt file; without its BOM it is what `pos0` and `pos1` of turns.csv count in."""
    return (BOM + newline.join(document_lines(laid))).encode()
