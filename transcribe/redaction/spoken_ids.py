"""Identifiers said aloud: telephone numbers, identity cards, accounts, records, plates, postcodes."""

import itertools
import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import must_keep
from transcribe.redaction.numbers import Symbol, hkid_is_valid, is_written_group, nhs_is_valid, runs, symbols
from transcribe.redaction.spans import Found, found

MIN_DIGITS = 6
"""A run of this many digits is a number that reaches or names somebody."""
_CODE_LETTERS = 3
"""So many letters before or after a long number belong to it."""
_CUED_DIGITS = 3
"""Digits that are enough directly after a cue such as `case number is`, or as the answer to the question for it."""

_ID_CUE = re.compile(
    r"\b(?:id|hkid|identity|account|passport|case|reference|ref|file|policy|membership|patient|licen[cs]e|insurance"
    r"|nino|nhs|card|mrn|record|student|staff|employee|sort code|claim|customer|booking|badge|pin|passcode)\b",
    re.IGNORECASE,
)
_PHONE_CUE = re.compile(
    r"\b(?:phone|mobile|call|reach|ring|text|whatsapp|telephone|tel|contact|number|cell|landline|fax|extension)\b", re.I
)
_PLATE_CUE = re.compile(r"\b(?:plate|number plate|registration|reg|car|licen[cs]e|van|taxi|motorbike)\b", re.IGNORECASE)
_OWNER = (
    r"(?:medical|health|hospital|case|file|patient|student|staff|employee|policy|claim|member|membership|reference|ref"
    r"|customer|account|bank|insurance|booking|order|social security|national insurance|passport|licen[cs]e|id|hkid"
    r"|identity|card|nhs|registration|application|tax|payroll|badge|locker|record|service user|client|referral|serial)"
)
_MORE_OWNER = (
    r"(?:ni|n i|prisoner|prison|offender|probation|crime|incident|complaint|octopus|tenancy|tenant|rent|visa|ticket"
    r"|credit|debit|fps|utr|council tax|home office|admission|chart|employer|driving|driver|serial|courier|tracking"
    r"|parcel|delivery|invoice|contract|unit|court|police|collar|warrant|visit|library|loyalty|gym|ward|roll|exam"
    r"|candidate|ucas|enrolment|enrollment|vendor|supplier|meter|asset|gamer|voter|dossier|chi|mental health)"
)
_PHONE_NAME = (
    r"(?:(?:phone|mobile|cell|telephone|tel|contact|whatsapp|home|work|landline|fax|house|office)\s+"
    r"(?:number|no)|(?:my|his|her|their|your)\s+(?:(?:new|old|other|own)\s+)?number"
    r"|(?:call|reach|ring|text|phone) (?:me|him|her|them)"
    r"(?: back)? (?:on|at)|extension)"
)
_CUED = re.compile(
    rf"\b(?P<id>(?:(?:{_OWNER}|{_MORE_OWNER})\s+)+(?:card\s+|record\s+)*(?:numbers?|no\.?|id|code|reference|ref)"
    rf"|{_OWNER}(?:\s+{_OWNER})+|{_OWNER}(?=(?:\s+(?:um|uh|er),?)?\s*(?:\s(?:is|was|ending|ends)|['’]s)\b)"
    r"|mrn|hkid|nino|octopus(?: card)?|passcode|pin(?:\s+(?:number|code))?|sort code|door code|postcode"
    r"|post code|zip code|zip)\b"
    rf"|\b(?P<phone>{_PHONE_NAME})\b",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?:[\s,:;#.…-]|['’]s\b|\b(?:is|was|are|it['’]?s|number|no|um|uh|er|erm|uhm|the|like|so|that['’]?s|yeah|i think|my"
    r"|ends in|ending in|ending|starts with|starting|let me see|let me check|hang on|hold on|you know|well|sorry"
    r"|actually"
    r"|okay|ok|and|then|for it|would be|here|which)\b)*",
    re.IGNORECASE,
)
_ASKED_PHONE = re.compile(rf"\b(?:{_PHONE_NAME}|number to|best number|what number|your phone|your mobile)\b", re.I)
_ASKED_ID = re.compile(
    rf"\b(?:(?:{_OWNER}|{_MORE_OWNER})\s+(?:card\s+|record\s+)*(?:numbers?|no|id|code|reference|ref)|mrn|hkid"
    r"|nino|sort code|postcode|post code|zip)\b",
    re.I,
)
_BRITISH_PHONE = re.compile(r"0[1-38]\d{8,9}|07\d{9}")
_NEAR = 12
_HKID = re.compile(r"[A-Z]{1,2}\d{6}\(?[\dA]|[A-Z]{1,2}\d{6}")
_NINO = re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[ABD-HJLNP-UW-Z]{2}")
_PLATE = re.compile(r"[A-Z]{2}\d{2}[A-Z]{3}|[A-Z]{2}\d{1,4}|[A-Z]\d{1,3}[A-Z]{3}")
_MIXED = re.compile(r"[A-Z]{1,3}\d{1,6}[A-Z]{1,3}\d{1,6}[A-Z]{0,3}|[A-Z]{2,3}\d{4,}")
"""Letters and digits in turns, as in a code that fits no known scheme (`AB one CB two`)."""


def find_ids(text: str, previous: str = "") -> Iterator[Found]:
    """Telephone numbers, identity card numbers, accounts, plates and postcodes in one utterance.

    `previous` is what others said before it: the answer to a question for a number may be short.
    """
    all_symbols = symbols(text)
    mixed = runs(all_symbols, frozenset(("digit", "letter", "bracket")))
    for run in mixed:
        if any(s.kind == "digit" for s in run):
            yield from _codes(text, run)
    for run in runs(all_symbols, frozenset(("digit", "quantity"))):
        yield from _numbers(text, run, all_symbols)
    yield from _cued(text, mixed)
    if previous:
        yield from _asked(mixed, previous)


def digit_runs(text: str) -> list[tuple[int, int]]:
    """Where digits stand in a text, as offsets of whole runs."""
    return [(run[0].start, run[-1].end) for run in runs(symbols(text), frozenset(("digit",)))]


def _codes(text: str, run: Sequence[Symbol]) -> Iterator[Found]:
    """Shapes of letters and digits within a run."""
    string = "".join(s.chars.upper() for s in run)
    begins = [0]
    for symbol in run:
        begins.append(begins[-1] + len(symbol.chars))
    shapes = ((_HKID, "hkid"), (_NINO, "nino"), (_POSTCODE, "postcode"), (_PLATE, "plate"), (_MIXED, "code"))
    for pattern, name in shapes:
        for first in range(len(run)):
            match = pattern.match(string, begins[first])
            if not match or match.end() not in begins:
                continue
            last = begins.index(match.end())
            start, end = run[first].start, run[last - 1].end
            code = match.group().replace("(", "")
            before = text[max(0, start - 60) : start]
            if name == "hkid" and len(code) < 8 and not _ID_CUE.search(before):
                continue
            if name == "plate" and not _PLATE_CUE.search(before):
                continue
            if name == "code" and not _is_said_as_code(text, run[first:last]):
                continue
            family = "checksum" if name == "hkid" and hkid_is_valid(code) else "grammar"
            kind = "ADDRESS" if name == "postcode" else "ID"
            yield found(*_with_bracket(text, start, end), kind, f"{family}/{name}", 0.9 if name != "code" else 0.6)


def _is_said_as_code(text: str, run: Sequence[Symbol]) -> bool:
    """Whether letters and digits in turns follow each other closely, and are not like `T four and T five`."""
    gaps = [text[a.end : b.start] for a, b in itertools.pairwise(run)]
    letters = "".join(s.chars for s in run if s.kind == "letter")
    close = all(re.fullmatch(r"[\s,.-]*", gap) for gap in gaps)
    several = any(len(s.chars) == 2 for s in run if s.kind == "letter") or _adjacent_letters(run)
    return close and several and len(letters) >= 3


def _adjacent_letters(run: Sequence[Symbol]) -> bool:
    return any(a.kind == b.kind == "letter" for a, b in itertools.pairwise(run))


def _with_bracket(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with a closing bracket that follows it."""
    closing = re.match(r"\)|,? (?:close|closed|end) brackets?\b", text[end:])
    return start, end + (closing.end() if closing else 0)


def _cued(text: str, mixed: Sequence[Sequence[Symbol]]) -> Iterator[Found]:
    """Digits, with letters among them, directly after `case number is`, `my MRN`, `call me on`."""
    for match in _CUED.finditer(text):
        for run in mixed:
            later = [s for s in run if s.start >= match.end()]
            if not later or not _LINK.fullmatch(text[match.end() : later[0].start]):
                continue
            code = [s for s in later if s.kind in ("digit", "letter")]
            digits = [s for s in code if s.kind == "digit"]
            amount = len(digits) == 1 == len(code) and not digits[0].single and not is_written_group(digits[0].chars)
            if sum(len(s.chars) for s in digits) < _needed(match) or (amount and len(digits[0].chars) < MIN_DIGITS):
                break
            kind = "PHONE" if match.group("phone") else "ID"
            kind = "ADDRESS" if re.match("post|zip", match.group(), re.I) else kind
            yield found(*_with_bracket(text, later[0].start, later[-1].end), kind, "grammar/cued-number", 0.85)
            break


def _needed(match: re.Match[str]) -> int:
    return 2 if re.match("post|zip", match.group(), re.I) else _CUED_DIGITS


def _asked(mixed: Sequence[Sequence[Symbol]], previous: str) -> Iterator[Found]:
    """The digits that answer a question for a number; a handful will do."""
    phone, number = _ASKED_PHONE.search(previous), _ASKED_ID.search(previous)
    if not phone and not number:
        return
    for run in mixed:
        digits = "".join(s.chars for s in run if s.kind == "digit")
        letters = sum(s.kind == "letter" for s in run)
        dictated = sum(len(s.chars) for s in run if s.single) >= _CUED_DIGITS or is_written_group(digits)
        if dictated or (number and letters >= 2 and len(digits) >= 2):
            yield found(run[0].start, run[-1].end, "PHONE" if phone else "ID", "grammar/number-answer", 0.7)


def _numbers(text: str, run: Sequence[Symbol], all_symbols: Sequence[Symbol]) -> Iterator[Found]:
    """A run of digits that is long enough to be a number somebody has, and is neither an amount nor years."""
    parts: list[list[Symbol]] = [[]]
    for symbol in run:
        if symbol.kind == "quantity":
            # "oh seven seven double oh, nine hundred, one two three" is one number
            if symbol.chars.casefold() != "hundred" or sum(len(s.chars) for s in parts[-1] if s.single) < MIN_DIGITS:
                parts.append([])
        else:
            parts[-1].append(symbol)
    for part in parts:
        digits = "".join(s.chars for s in part)
        if len(digits) < MIN_DIGITS or are_public(part) or not _is_dictated(text, part, digits):
            continue
        start, end = _with_letters(part, all_symbols)
        if re.search(r"[$£]\s?$", text[:start]) or re.match(r"\s?(?:dollars|pounds|percent|%)", text[end:]):
            continue
        before = text[max(0, start - 60) : start]
        # "the patient line, 0207 946 0018": what is dialled is an id only right after a word for one.
        cue = before[-_NEAR:] if _BRITISH_PHONE.fullmatch(digits) else before
        is_id = len(digits) > 13 or (bool(_ID_CUE.search(cue)) and not _PHONE_CUE.search(before[-25:]))
        if country := re.search(r"(?:\+|\bplus\s+)$", text[:start], re.IGNORECASE):
            start = country.start()
        family = "checksum/nhs" if nhs_is_valid(digits) else "grammar/digits"
        yield found(start, end, "ID" if is_id or family.startswith("checksum") else "PHONE", family, 0.8)


def are_public(said: Sequence[Symbol]) -> bool:
    """Whether digits are nothing but public numbers, one or several: `nine nine nine and then one one one`."""
    return is_public_number("".join(s.chars for s in said if s.kind == "digit"))


def is_public_number(digits: str) -> bool:
    """Whether digits are a number of the list of helplines and emergency numbers, or two of them in a row."""
    numbers = must_keep()
    return digits in numbers or any(digits[:i] in numbers and digits[i:] in numbers for i in range(3, len(digits) - 2))


def _with_letters(part: Sequence[Symbol], all_symbols: Sequence[Symbol]) -> tuple[int, int]:
    """A dictated number with the letters of its code directly before and after it: `Z six eight three …`."""
    first, last = all_symbols.index(part[0]), all_symbols.index(part[-1])
    start, end = part[0].start, part[-1].end
    for step, edge in ((-1, first), (1, last)):
        taken, i = 0, edge + step
        while 0 <= i < len(all_symbols) and taken < _CODE_LETTERS:
            symbol = all_symbols[i]
            if symbol.kind == "letter" and symbol.chars.upper() not in ("I", "ID"):
                taken += 1
                start, end = min(start, symbol.start), max(end, symbol.end)
            elif symbol.kind not in ("comma", "bracket"):
                break
            i += step
    return start, end


def _is_dictated(text: str, part: Sequence[Symbol], digits: str) -> bool:
    """Whether the digits are dictated: one by one, or in written groups; not years, counting or separate amounts."""
    cue = text[max(0, part[0].start - 60) : part[0].start]
    cued = bool(_ID_CUE.search(cue) or _PHONE_CUE.search(cue))
    if (digits in "1234567891011121314151617181920" or digits in "0123456789") and not cued:
        return False
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", text[part[0].start : part[-1].end]):
        return False
    singles = sum(len(s.chars) for s in part if s.single)
    groups = any(is_written_group(s.chars) for s in part if not s.single)
    written = text[part[0].start : part[-1].end]
    glued = bool(re.fullmatch(r"[\d\-–. ]+", written)) and "-" in written
    pairs = cued and len(digits) >= MIN_DIGITS + 1 and all(len(s.chars) == 2 or s.single for s in part)
    return singles >= 4 or groups or glued or pairs
