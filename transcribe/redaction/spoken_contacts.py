"""E-mail addresses, web addresses and handles said aloud, and half written as Whisper does (`janet.lau at gmail`)."""

import re
from collections.abc import Iterator

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, must_keep
from transcribe.redaction.numbers import symbols, unglossed
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import fold, tokens, word_set

_TLD = (
    r"(?:com|org|net|edu|gov|hk|uk|cn|io|co|info|me|ac|email|app|tv|ie|eu|us|ca|au|de|fr|in|sg|tw|xyz|dev|blog|ee|ly|gg"
    r"|nz|jp|kr|ph|np|za|ng|ke|gh|pl|se|dk|es|pt|ch|ru|br|mx|vn|pk|wales|scot|london|site|online|store|shop|club|link"
    r"|live|page|health|care|cloud|tech|biz|ltd|wiki)"
)
_DOT = r"(?:\s*\.\s*|\s+(?:dot|point|full stop|period)\s+)"
_LABEL = r"[A-Za-z0-9]+(?:(?:-|\s+(?:dash|hyphen)\s+)[A-Za-z0-9]+)*"
_DOMAIN = rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}{_TLD}\b(?:{_DOT}{_TLD}\b)?"
_PROVIDER = (
    r"(?:g\s?mail|google\s?mail|hot\s?mail|yahoo|outlook|icloud|i cloud|proton\s?mail|fast\s?mail|live|aol|qq"
    r"|one six three|bt\s?internet|sky|virgin\s?media|net\s?vigator|talk\s?talk|gmx|zoho|ymail|rocket\s?mail)"
)
_AT = re.compile(
    r"\s*(?:@|\bat(?: sign)?\b|\bat symbol\b)[\s,]*"
    rf"(?!(?:this|that|some|one|what|which|any|every|no)\s+(?:point|period)\b)"
    rf"(?=(?:(?:uh|um|er|the)[\s,]+)*({_DOMAIN}|{_PROVIDER}\b(?:{_DOT}{_TLD}\b)*(?:\s+(?:com|co uk|net)\b)?))",
    re.IGNORECASE,
)
_URL = re.compile(
    rf"\b(?:https?\s*(?:colon|:)\s*(?:slash|/)\s*(?:slash|/)\s*)?(?:(?:www|w w w|double u double u double u){_DOT})?"
    rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,2}}{_DOT}{_TLD}\b(?:{_DOT}{_TLD}\b)?"
    r"(?:\s*(?:/|\b(?:forward )?slash\b)\s*[\w.-]+)*",
    re.IGNORECASE,
)
_SPACED_URL = re.compile(
    rf"(?:(?P<explicit>\b(?:https?\s*(?:colon|:)\s*(?:(?:forward\s+)?slash|/)\s*(?:(?:forward\s+)?slash|/)\s*"
    rf"(?:(?:www|w w w|double u double u double u){_DOT})?|(?:www|w w w|double u double u double u){_DOT}))"
    r"|\b(?:website|web site|site|blog|web ?page|page|url|link|domain)(?:['’]?s|\s+is|\s+was|\s+at|\s+called"
    r"|\s+it['’]s)+[\s,]+)"
    rf"(?P<name>(?:[a-z0-9]+\s+){{1,5}}{_LABEL}{_DOT}{_TLD}\b(?:{_DOT}{_TLD}\b)?)",
    re.IGNORECASE,
)
"""A web address whose name is said in several words; only after `w w w dot` or `my website is`."""
_BARE = re.compile(
    rf"\b(?P<local>[A-Za-z0-9]+(?:\s+[A-Za-z0-9]+)?)\s+(?:{_PROVIDER}|wordpress|blogspot|tumblr|substack)"
    r"\s+(?:com|co uk|net|org)\b",
    re.IGNORECASE,
)
"""An address that a recogniser wrote without its signs: `shanti gurung fastmail com`."""
_ASIDE = re.compile(
    r"[\s,]*\b(?:all (?:one word|lower ?case|together|small(?: letters)?|in one)|one word|no (?:spaces?|dots?|gaps?)"
    r"|lower ?case|small letters)[\s,]*$",
    re.IGNORECASE,
)
"""What a speaker says about the part before `at`, between it and `at`."""
_LONG_DOMAIN = re.compile(rf"\s*\bat\s+(?P<domain>(?:[a-z]+\s+){{1,3}}{_DOMAIN})", re.IGNORECASE)
"""A domain said in several words: `recovery hub dot org dot uk`; only after what can be a mailbox alone."""
_MAIL_CUE = re.compile(r"\b(?:e-?mail|mail|write|gmail|hotmail|yahoo|outlook|icloud|@)\b|@", re.IGNORECASE)
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
    r"(?:(?:(?:['’]s|is|it['’]?s|as|under|was|called|by|um|uh|er|like|just|account|handle|that['’]?s|they are|i['’]?m"
    r"|my name is"
    r"|the name|name is|user\s?name)\b[\s,]*){1,5}(?P<at>(?:@|\bat\b)\s*)?|(?P<bare>(?:@|\bat\b)\s*))",
    re.IGNORECASE,
)
_HANDLE = re.compile(
    r"(?:\b(?P<cue>find me|follow me|add me|dm me|message me|search(?: for)?|i['’]?m|my handle is|handle is)\b[\s,]*"
    r"(?:(?:on|at|as|under|by)\b[\s,]*)?)?@\s?[\w.]{2,}",
    re.IGNORECASE,
)
_JOINED = re.compile(
    r"(?:\bat\s+(?:[A-Za-z0-9]+\s+){0,3}?|\b)[A-Za-z0-9]+\s+underscore\s+[A-Za-z0-9]+"
    r"(?:\s+(?:underscore|dot|dash)\s+[A-Za-z0-9]+)*(?:\s+underscore\b)?|\b\w*[a-z0-9]_[a-z0-9]\w*",
    re.IGNORECASE,
)
_ON_PLATFORM = re.compile(
    rf"(?:\bat\s+)?\b(?P<name>[A-Za-z0-9]+(?:\s*\.\s*|\s+(?:dot|dash)\s+)[A-Za-z0-9]+(?:\s+[0-9]+)?)\s+on\s+(?:my\s+)?{_PLATFORM}\b",
    re.IGNORECASE,
)
_ADD = re.compile(
    rf"\b(?:find|follow|add|dm|message|search(?: for)?|text|reach) (?:me|him|her|us) (?:on|at) {_PLATFORM}[\s,]+"
    r"(?:(?:it['’]?s|i['’]?m|as|under|um|uh)[\s,]+)*",
    re.IGNORECASE,
)
_LISTED_AS = re.compile(
    rf"\b(?:(?:i['’]?m|i am|he['’]?s|she['’]?s|they['’]?re|find (?:me|him|her)|add (?:me|him|her)|me"
    rf"|registered)\s+(?:on|under)|(?:go|goes|known|post|posts|posting))\s+(?:on\s+)?(?:my\s+)?{_PLATFORM}\s+(?:as|under|called)\s+"
    r"(?P<name>[\w.]+(?: [\w.]+){0,3})",
    re.IGNORECASE,
)
"""`i'm on facebook as lady marmalade bristol`: whatever words follow, up to a word of the next clause."""
_FIND = re.compile(
    r"\b(?:find|follow|add|dm|message|search|tag|look)\b[^.?!]{0,30}$|\bmy\s[^.?!]{0,25}$", re.IGNORECASE
)
"""What tells that the words after `at` are a handle whole, whatever they mean."""
_MAIL_QUESTION = re.compile(r"\be-?mail\b", re.IGNORECASE)
_MAX_HANDLE_PIECES = 6
_CLAUSE = word_set("and but so if because when i i'm it's that's you he she they we or if on")
"""Words at which the phrase of a handle ends."""


def find_contacts(text: str, previous: str = "") -> Iterator[Found]:
    """E-mail addresses, web addresses and handles in one utterance; `previous` may have asked for them."""
    text = unglossed(text)
    emails: list[tuple[int, int]] = []
    mail = bool(_MAIL_QUESTION.search(previous))
    for match in _AT.finditer(text):
        end = match.end(1)
        aside = _ASIDE.search(text[: match.start()])
        start = _local_start(text, aside.start() if aside else match.start())
        if start is None and aside:
            start = _word_before(text, aside.start())
        if start is not None and (
            mail
            or _MAIL_CUE.search(text[: match.end(1)])
            or not all(is_common(word.fold) for word in tokens(text[start : match.start()]))
        ):
            emails.append((start, end))
            yield found(start, end, "EMAIL", "grammar/spoken-email", 0.9)
    for match in _LONG_DOMAIN.finditer(text):
        start = _local_start(text, match.start())
        words = tokens(match["domain"])
        if start is None or any(w.fold in FUNCTION_WORDS - {"the"} for w in words[:2]):
            continue
        plain = all(is_common(word.fold) for word in tokens(text[start : match.start()]))
        if mail or not plain or _MAIL_CUE.search(text[: match.start()]):
            emails.append((start, match.end()))
            yield found(start, match.end(), "EMAIL", "grammar/spoken-email", 0.8)
    for match in _BARE.finditer(text):
        uncommon = [w for w in tokens(match["local"]) if not is_common(w.fold)]
        if uncommon:
            yield found(match.start("local") + uncommon[0].start, match.end(), "EMAIL", "grammar/spoken-email", 0.7)
    for match in _SPACED_URL.finditer(text):
        start = match.start() if match["explicit"] else match.start("name")
        yield found(start, match.end(), "URL", "grammar/spoken-url", 0.8)
    for match in _URL.finditer(text):
        said = bool(re.search(r"\b(?:dot|slash)\b", match.group(), re.IGNORECASE))
        if said and not any(a < match.end() and match.start() < b for a, b in emails):
            yield found(match.start(), match.end(), "URL", "grammar/spoken-url", 0.8)
    yield from _handles(text)


def _word_before(text: str, end: int) -> int | None:
    """Where the word before an aside such as `all one word` begins."""
    match = re.search(r"[\w.-]+[\s,]*$", text[:end])
    return match.start() if match else None


def _handles(text: str) -> Iterator[Found]:
    """`my instagram is at tai underscore man`, `on telegram as fei82`, `@taiman`."""
    for match in _JOINED.finditer(text):
        yield found(match.start(), match.end(), "URL", "grammar/handle", 0.8)
    for match in _HANDLE.finditer(text):
        sign = match.group().rindex("@") + match.start()
        if not re.search(r"[\w.]$", text[:sign]):
            yield found(sign, match.end(), "URL", "grammar/handle", 0.8)
    for match in _ON_PLATFORM.finditer(text):
        yield found(match.start(), match.end("name"), "URL", "grammar/handle", 0.7)
    yield from _listed_as(text)
    for match in _ADD.finditer(text):
        if (end := _handle_end(text, match.end(), False)) is not None:
            yield found(match.end(), end, "URL", "grammar/handle", 0.6)
    for match in _HANDLE_CUE.finditer(text):
        at = "at" if match.group("at") else "bare" if match.group("bare") else ""
        told = bool(at and _FIND.search(text[: match.start()]))
        if at == "bare" and not told:
            continue
        end = _handle_end(text, match.end(), bool(at), told)
        if end is not None:
            start = match.start(at) if at else match.end()
            yield found(start, end, "URL", "grammar/handle", 0.7)


def _listed_as(text: str) -> Iterator[Found]:
    """What somebody is on a platform as, up to a word of the next clause."""
    for match in _LISTED_AS.finditer(text):
        name = []
        for word in tokens(match["name"]):
            if word.fold in _CLAUSE | FUNCTION_WORDS:
                break
            name.append(word)
        if name:
            yield found(match.start("name"), match.start("name") + name[-1].end, "URL", "grammar/handle", 0.7)


def _handle_end(text: str, start: int, sure: bool, told: bool = False) -> int | None:
    """Where the handle that begins at `start` ends; None when ordinary words follow (`instagram is full of …`).

    After `at` the first word is believed whatever it is; digits, connectors and uncommon words go on with it, and all
    words of the phrase when `told` to find or follow it.
    """
    end, joined, position = None, sure, start
    for _ in range(_MAX_HANDLE_PIECES):
        match = re.compile(r"[\s,-]*(\w[\w.]*)").match(text, position)
        if not match or (told and end is not None and "," in text[position : match.start(1)]):
            break
        word = match.group(1).rstrip(".").casefold()
        numeric = all(s.kind == "digit" for s in symbols(word)) or len(word) == 1
        numeric = numeric or (word == "oh" and end is not None)
        letter = len(word) == 1 and word not in "ai"
        if word in _CONNECTORS:
            joined = True
        elif word in _PAUSES and end is not None:
            pass
        elif (
            (told and end is not None and word not in _CLAUSE)
            or joined
            or (numeric and end is not None)
            or letter
            or not is_common(fold(word))
        ):
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
        elif (
            extra < _EXTRA_NAMES
            and not is_common(word)
            and word not in must_keep()
            and "," not in text[match.end() : position]
        ):
            start, extra = match.start(), extra + 1
        else:
            break
        position = match.start()
    return start


def _is_spelling(before: str, joined: bool) -> bool:
    """Whether `a` or `i` is one of letters said one by one."""
    return joined and bool(re.search(r"(?:^|\s)[a-z][\s,-]*$", before, re.IGNORECASE))


def is_public_contact(text: str) -> bool:
    """Whether an address is one that a helpline publishes: `jo at samaritans dot org`."""
    plain = re.sub(r"\W+", " ", canonical_contact(text).replace("_", " ")).strip()
    return plain in must_keep()


def canonical_contact(text: str) -> str:
    """One form for the ways of saying one address: `janet dot lau at gmail dot com` is `janet.lau@gmail.com`."""
    plain = text.casefold()
    for pattern, sign in ((r"\b(?:dot|point)\b", "."), (r"\bat\b", "@"), (r"\bunderscore\b", "_"), (r"\bslash\b", "/")):
        plain = re.sub(rf"\s*{pattern}\s*", sign, plain)
    plain = re.sub(r"\s*\b(?:dash|hyphen)\b\s*", "-", plain)
    said = symbols(plain)
    return "".join(s.chars for s in said if not s.chars.isspace())
