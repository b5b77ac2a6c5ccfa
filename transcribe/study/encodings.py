"""Which encoding a table was saved in: told for certain, or refused.

Statistical guessing is not used, because the wrong guess loses a name without a word. Each candidate is decoded
strictly and must then look like text of its kind; exactly one may.
"""

import codecs
import re
from typing import Final

from transcribe.errors import UsageError

# Letters of Western European names, and the typographic marks that Word and Excel put in.
_WESTERN = re.compile(r"[\x00-\x7fÀ-ÖØ-öø-ÿ‘’“”…–—\u00a0]*")
# Mac Roman read as Windows-1252 shows such things: "Mu–oz", "itÕs". ("Bjšrn" and "JosŽ": no š, Ž … are believed above.)
# Words without a plain letter, or with three others in a row, are Cyrillic or Greek: "Èâàí".
_NOT_WESTERN = re.compile(r"[a-z][À-ÖØ-Þ]|[A-Z]Õ[A-Z]|[A-Za-z][–—…“][a-z]|\b[À-ÿ]{2,}\b|[À-ÿ]{3}")

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EAST_ASIAN_SHARE: Final = 0.6
"""Share of a text's Chinese characters that must be frequent ones for the encoding to be believed."""


def decode_table(data: bytes, what: str, mend: str) -> tuple[str, str]:
    """A table's text without BOM, and its encoding; `what` names the file and `mend` the way out in the error.

    Raises `UsageError` when no encoding, or more than one, fits.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            text = _strict(data[len(mark) :], "utf-8" if encoding == "utf-8-sig" else encoding)
            if text is None:
                raise UsageError(f"{what} is damaged: {mend}")
            return text, encoding
    encoding = _encoding_without_bom(data)
    text = _strict(data, encoding) if encoding else None
    if text is None:
        raise UsageError(f"it cannot be told in which encoding {what} was saved, so names could be misread: {mend}")
    return text, encoding


def encode_table(text: str, encoding: str, what: str, mend: str) -> bytes:
    """`text` to be added to a table of that encoding, without BOM; raises `UsageError` if it cannot hold it."""
    try:
        return text.encode("utf-8" if encoding == "utf-8-sig" else encoding)
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} was saved in an encoding that cannot hold a new cell: {mend}") from error


def _encoding_without_bom(data: bytes) -> str:
    """The one encoding that fits, empty if none or more than one does."""
    if b"\0" in data:
        # The header is ASCII, so the place of its zero bytes shows the byte order.
        return "utf-16-le" if data[1:2] == b"\0" else "utf-16-be" if data[:1] == b"\0" else ""
    text = _strict(data, "utf-8")
    if text is not None:
        return "" if _by_chance_utf8(text) and (_big5(data) or _gbk(data)) else "utf-8"
    fits = [name for name, fit in (("big5", _big5(data)), ("gbk", _gbk(data)), ("cp1252", _western(data))) if fit]
    if fits == ["big5"]:
        return "cp950" if _strict(data, "cp950") is not None else "big5hkscs"
    return fits[0] if fits == ["cp1252"] else ""


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _by_chance_utf8(text: str) -> bool:
    """Whether UTF-8 of two bytes a character, beyond Latin letters, could be Chinese in another encoding.

    About one GBK name in 70 is also valid UTF-8, of Cyrillic or Arabic letters.
    """
    return all(character < "\u0800" for character in text) and any(character >= "\u0180" for character in text)


def _western(data: bytes) -> bool:
    text = _strict(data, "cp1252")
    return text is not None and bool(_WESTERN.fullmatch(text)) and not _NOT_WESTERN.search(text)


def _pairs(data: bytes) -> list[bytes]:
    """The two-byte characters of a text in Big5 or GBK."""
    return re.findall(rb"[\x81-\xfe][\x40-\xfe]", data)


def _big5(data: bytes) -> bool:
    """Whether it decodes as Big5 and most characters are of its first level (A440 to C67E: the frequent ones)."""
    characters = [pair for pair in _pairs(data) if pair[0] >= 0xA4]  # below are punctuation and other scripts
    if not characters or (_strict(data, "cp950") is None and _strict(data, "big5hkscs") is None):
        return False
    return sum(pair[0] <= 0xC6 for pair in characters) >= _EAST_ASIAN_SHARE * len(characters)


def _gbk(data: bytes) -> bool:
    """Whether it could as well be GBK (mainland China): most characters of GB 2312's first level (B0A1 to D7FE)."""
    pairs = _pairs(data)
    if _strict(data, "gbk") is None:
        return False
    frequent = sum((0xB0 <= p[0] <= 0xD7 or p[0] in (0xA1, 0xA3)) and p[1] >= 0xA1 for p in pairs)
    return frequent >= _EAST_ASIAN_SHARE * len(pairs)
