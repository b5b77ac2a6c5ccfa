"""E-mail addresses, web addresses and handles said aloud, and half written as Whisper does (`janet.lau at gmail`)."""

import re
from collections.abc import Iterator

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common
from transcribe.redaction.numbers import symbols
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import fold, tokens, word_set

_TLD = r"(?:com|org|net|edu|gov|hk|uk|cn|io|co|info|me|ac|email|app|tv|ie|eu|us|ca|au|de|fr|in|sg|tw|xyz|dev|blog)"
_DOT = r"(?:\s*\.\s*|\s+(?:dot|point|full stop|period)\s+)"
_LABEL = r"[A-Za-z0-9]+(?:(?:-|\s+(?:dash|hyphen)\s+)[A-Za-z0-9]+)*"
_DOMAIN = rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}{_TLD}\b(?:{_DOT}{_TLD}\b)?"
_PROVIDER = (
    r"(?:g\s?mail|google\s?mail|hot\s?mail|yahoo|outlook|icloud|i cloud|proton\s?mail|live|aol|qq|one six three)"
)
_AT = re.compile(
    r"\s*(?:@|\bat(?: sign)?\b|\bat symbol\b)[\s,]*"
    rf"(?=(?:(?:uh|um|er|the)[\s,]+)*({_DOMAIN}|{_PROVIDER}\b(?:\s+com\b)?))",
    re.IGNORECASE,
)
_URL = re.compile(
    rf"\b(?:https?\s*(?:colon|:)\s*(?:slash|/)\s*(?:slash|/)\s*)?(?:(?:www|w w w|double u double u double u){_DOT})?"
    rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,2}}{_DOT}{_TLD}\b(?:{_DOT}{_TLD}\b)?"
    r"(?:\s*(?:/|\b(?:forward )?slash\b)\s*[\w.-]+)*",
    re.IGNORECASE,
)
_MAIL_CUE = re.compile(r"\b(?:e-?mail|mail|gmail|hotmail|yahoo|outlook|icloud|@)\b|@", re.IGNORECASE)
_CONNECTORS = frozenset(["dot", "underscore", "dash", "hyphen", "point", "minus", "plus", "period"])
_LOCAL_PIECE = re.compile(r"[\w.+-]+$")
_EXTRA_NAMES = 3
_PAUSES = word_set("uh um er erm uhm sorry")

_PLATFORM = (
    r"(?:instagram|insta|ig|telegram|twitter|tik\s?tok|snap\s?chat|snap|discord|we\s?chat|weixin|face\s?book|fb|messenger"
    r"|linked\s?in|you\s?tube|reddit|skype|signal|threads|mastodon|kakao(?:\s?talk)?|line id|xiaohongshu|weibo|tumblr"
    r"|twitch|steam|play\s?station|xbox|whatsapp)"
)
_HANDLE_CUE = re.compile(
    rf"(?:\b{_PLATFORM}(?:\s+(?:handle|name|account|user\s?name|id|page|channel|profile|tag))?"
    r"|\b(?:user\s?name|screen\s?name|handle|gamer\s?tag|log\s?in name))\b[\s,]*"
    r"(?:(?:['’]s|is|it['’]?s|as|under|was|called|by|um|uh|er|like|just|account|handle|that['’]?s|they are|i['’]?m"
    r"|my name is"
    r"|the name|name is|user\s?name)\b[\s,]*){1,5}(?P<at>(?:@|\bat\b)\s*)?",
    re.IGNORECASE,
)
_HANDLE = re.compile(
    r"(?:\b(?P<cue>find me|follow me|add me|dm me|message me|search(?: for)?|i['’]?m|my handle is|handle is)\b[\s,]*"
    r"(?:(?:on|at|as|under|by)\b[\s,]*)?)?@\s?[\w.]{2,}",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"\bat\s+(?:[A-Za-z0-9]+\s+){1,3}?(?:underscore)\s+[A-Za-z0-9]+(?:\s+(?:underscore|dot|dash)\s+[A-Za-z0-9]+)*"
    r"|\b[A-Za-z0-9]+\s+underscore\s+[A-Za-z0-9]+(?:\s+(?:underscore|dot|dash)\s+[A-Za-z0-9]+)*|\b\w*[a-z0-9]_[a-z0-9]\w*",
    re.IGNORECASE,
)
_MAIL_QUESTION = re.compile(r"\be-?mail\b", re.IGNORECASE)
_MAX_HANDLE_PIECES = 6


def find_contacts(text: str, previous: str = "") -> Iterator[Found]:
    """E-mail addresses, web addresses and handles in one utterance; `previous` may have asked for them."""
    emails: list[tuple[int, int]] = []
    mail = bool(_MAIL_QUESTION.search(previous))
    for match in _AT.finditer(text):
        end = match.end(1)
        start = _local_start(text, match.start())
        if start is not None and (
            mail
            or _MAIL_CUE.search(text[: match.end(1)])
            or not all(is_common(word.fold) for word in tokens(text[start : match.start()]))
        ):
            emails.append((start, end))
            yield found(start, end, "EMAIL", "grammar/spoken-email", 0.9)
    for match in _URL.finditer(text):
        said = bool(re.search(r"\b(?:dot|slash)\b", match.group(), re.IGNORECASE))
        if said and not any(a < match.end() and match.start() < b for a, b in emails):
            yield found(match.start(), match.end(), "URL", "grammar/spoken-url", 0.8)
    yield from _handles(text)


def _handles(text: str) -> Iterator[Found]:
    """`my instagram is at tai underscore man`, `on telegram as fei82`, `@taiman`."""
    for match in _JOINED.finditer(text):
        yield found(match.start(), match.end(), "URL", "grammar/handle", 0.8)
    for match in _HANDLE.finditer(text):
        at = match.group().rindex("@") + match.start()
        if not re.search(r"[\w.]$", text[:at]):
            yield found(at, match.end(), "URL", "grammar/handle", 0.8)
    for match in _HANDLE_CUE.finditer(text):
        end = _handle_end(text, match.end(), bool(match.group("at")))
        if end is not None:
            start = match.start("at") if match.group("at") else match.end()
            yield found(start, end, "URL", "grammar/handle", 0.7)


def _handle_end(text: str, start: int, sure: bool) -> int | None:
    """Where the handle that begins at `start` ends; None when ordinary words follow (`instagram is full of …`).

    After `at` the first word is believed whatever it is; digits, connectors and uncommon words go on with it.
    """
    end, joined, position = None, sure, start
    for _ in range(_MAX_HANDLE_PIECES):
        match = re.compile(r"[\s,]*(\w[\w.]*)").match(text, position)
        if not match:
            break
        word = match.group(1).rstrip(".").casefold()
        numeric = all(s.kind == "digit" for s in symbols(word)) or len(word) == 1
        if word in _CONNECTORS:
            joined = True
        elif word in _PAUSES and end is not None:
            pass
        elif joined or (numeric and end is not None) or not (is_common(fold(word)) or word in FUNCTION_WORDS):
            end, joined = match.start(1) + len(word), False
        else:
            break
        position = match.end()
    return end


def _local_start(text: str, end: int) -> int | None:
    """Where the part before `at` begins; None when no such part is there.

    Walks back over `name (dot name | digits | letters)*`; names directly before (`tai man dot chan`) belong to it as
    long as they are no ordinary words. Hesitations inside are passed over.
    """
    start: int | None = None
    position, joined, extra = end, True, 0
    while match := _LOCAL_PIECE.search(text[:position].rstrip(" ,")):
        word = fold(match.group())
        numeric = all(s.kind == "digit" for s in symbols(match.group())) or (len(word) == 1 and word not in "ai")
        numeric = numeric or (word in ("oh", "o") and joined and start is not None)
        numeric = numeric or (word in ("a", "i") and _is_spelling(text[: match.start()], joined))
        if text[: match.start()].endswith(("'", "’")):
            break
        if word in _CONNECTORS:
            joined = True
        elif word in _PAUSES and re.search(r"[\w][\s,]*$", text[: match.start()]):
            pass
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


def _is_spelling(before: str, joined: bool) -> bool:
    """Whether `a` or `i` is one of letters said one by one."""
    return joined and bool(re.search(r"(?:^|\s)[a-z][\s,-]*$", before, re.IGNORECASE))


def canonical_contact(text: str) -> str:
    """One form for the ways of saying one address: `janet dot lau at gmail dot com` is `janet.lau@gmail.com`."""
    plain = text.casefold()
    for pattern, sign in ((r"\b(?:dot|point)\b", "."), (r"\bat\b", "@"), (r"\bunderscore\b", "_"), (r"\bslash\b", "/")):
        plain = re.sub(rf"\s*{pattern}\s*", sign, plain)
    plain = re.sub(r"\s*\b(?:dash|hyphen)\b\s*", "-", plain)
    said = symbols(plain)
    return "".join(s.chars for s in said if not s.chars.isspace())
