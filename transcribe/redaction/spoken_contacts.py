"""E-mail addresses and web addresses said aloud, and half written as Whisper does (`janet.lau82 at gmail.com`)."""

import re
from collections.abc import Iterator

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common
from transcribe.redaction.numbers import symbols
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import fold, tokens

_TLD = r"(?:com|org|net|edu|gov|hk|uk|cn|io|co|info|me|ac|email|app|tv)"
_DOT = r"(?:\s*\.\s*|\s+(?:dot|point|full stop)\s+)"
_DOMAIN = rf"[A-Za-z0-9-]+(?:{_DOT}[A-Za-z0-9-]+){{0,3}}{_DOT}{_TLD}\b(?:{_DOT}{_TLD}\b)?"
_AT = re.compile(rf"\s*(?:@|\bat(?: sign)?\b)\s*(?=(?:the\s+)?({_DOMAIN}))", re.IGNORECASE)
_URL = re.compile(
    rf"\b(?:www{_DOT})?[A-Za-z0-9-]+(?:{_DOT}[A-Za-z0-9-]+){{0,2}}{_DOT}{_TLD}\b(?:\s*(?:/|\bslash\b)\s*[\w.-]+)*", re.I
)
_MAIL_CUE = re.compile(r"\b(?:e-?mail|mail|gmail|hotmail|yahoo|outlook|icloud|@)\b|@", re.IGNORECASE)
_CONNECTORS = frozenset(["dot", "underscore", "dash", "hyphen", "point", "minus", "plus"])
_LOCAL_PIECE = re.compile(r"[\w.+-]+$")
_EXTRA_NAMES = 3


def find_contacts(text: str) -> Iterator[Found]:
    """E-mail and web addresses in one utterance."""
    emails: list[tuple[int, int]] = []
    for match in _AT.finditer(text):
        end = match.end(1)
        start = _local_start(text, match.start())
        if start is not None and (
            _MAIL_CUE.search(text[: match.end(1)])
            or not all(is_common(word.fold) for word in tokens(text[start : match.start()]))
        ):
            emails.append((start, end))
            yield found(start, end, "EMAIL", "grammar/spoken-email", 0.9)
    for match in _URL.finditer(text):
        said = bool(re.search(r"\b(?:dot|slash)\b", match.group(), re.IGNORECASE))
        if said and not any(a < match.end() and match.start() < b for a, b in emails):
            yield found(match.start(), match.end(), "URL", "grammar/spoken-url", 0.8)


def _local_start(text: str, end: int) -> int | None:
    """Where the part before `at` begins; None when no such part is there.

    Walks back over `name (dot name | digits | letters)*`; names directly before (`tai man dot chan`) belong to it as
    long as they are no ordinary words.
    """
    start: int | None = None
    position, joined, extra = end, True, 0
    while match := _LOCAL_PIECE.search(text[:position].rstrip(" ,")):
        word = fold(match.group())
        numeric = all(s.kind == "digit" for s in symbols(match.group())) or (len(word) == 1 and word not in "ai")
        if text[: match.start()].endswith(("'", "’")):
            break
        if word in _CONNECTORS:
            joined = True
        elif joined or numeric:
            if word in FUNCTION_WORDS and not numeric and start is None:
                return None
            if word in FUNCTION_WORDS and len(word) > 1 and not numeric:
                break
            start, joined = match.start(), numeric
        elif extra < _EXTRA_NAMES and not is_common(word) and "," not in text[match.end() : position]:
            start, extra = match.start(), extra + 1
        else:
            break
        position = match.start()
    return start


def canonical_contact(text: str) -> str:
    """One form for the ways of saying one address: `janet dot lau at gmail dot com` is `janet.lau@gmail.com`."""
    plain = text.casefold()
    for pattern, sign in ((r"\b(?:dot|point)\b", "."), (r"\bat\b", "@"), (r"\bunderscore\b", "_"), (r"\bslash\b", "/")):
        plain = re.sub(rf"\s*{pattern}\s*", sign, plain)
    plain = re.sub(r"\s*\b(?:dash|hyphen)\b\s*", "-", plain)
    said = symbols(plain)
    return "".join(s.chars for s in said if not s.chars.isspace())
