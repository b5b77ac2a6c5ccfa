"""Identifiers said aloud: telephone numbers, identity cards, accounts, plates, postcodes."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import must_keep
from transcribe.redaction.numbers import Symbol, hkid_is_valid, nhs_is_valid, runs, symbols
from transcribe.redaction.spans import Found, found

MIN_DIGITS = 6
"""A run of this many digits is a number that reaches or names somebody."""

_ID_CUE = re.compile(
    r"\b(?:id|hkid|identity|account|passport|case|reference|ref|file|policy|membership|patient|licen[cs]e|insurance"
    r"|nino|nhs|card)\b",
    re.IGNORECASE,
)
_PHONE_CUE = re.compile(r"\b(?:phone|mobile|call|reach|ring|text|whatsapp|telephone|tel|contact|number)\b", re.I)
_PLATE_CUE = re.compile(r"\b(?:plate|registration|car|licen[cs]e|van|taxi)\b", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_HKID = re.compile(r"[A-Z]{1,2}\d{6}\(?[\dA]|[A-Z]{1,2}\d{6}")
_NINO = re.compile(r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[ABD-HJLNP-UW-Z]{2}")
_PLATE = re.compile(r"[A-Z]{2}\d{1,4}|[A-Z]{2}\d{2}[A-Z]{3}")


def find_ids(text: str) -> Iterator[Found]:
    """Telephone numbers, identity card numbers, accounts, plates and postcodes in one utterance."""
    all_symbols = symbols(text)
    for run in runs(all_symbols, frozenset(("digit", "letter", "bracket"))):
        yield from _codes(text, run)
    for run in runs(all_symbols, frozenset(("digit", "quantity"))):
        yield from _numbers(text, run)


def _codes(text: str, run: Sequence[Symbol]) -> Iterator[Found]:
    """Shapes of letters and digits within a run."""
    string = "".join(s.chars.upper() for s in run)
    begins = [0]
    for symbol in run:
        begins.append(begins[-1] + len(symbol.chars))
    for pattern, name in ((_HKID, "hkid"), (_NINO, "nino"), (_POSTCODE, "postcode"), (_PLATE, "plate")):
        for first in range(len(run)):
            match = pattern.match(string, begins[first])
            if not match or match.end() not in begins:
                continue
            start, end = run[first].start, run[begins.index(match.end()) - 1].end
            code = match.group().replace("(", "")
            before = text[max(0, start - 60) : start]
            if name == "hkid" and len(code) < 8 and not _ID_CUE.search(before):
                continue
            if name == "plate" and not _PLATE_CUE.search(before):
                continue
            family = "checksum" if name == "hkid" and hkid_is_valid(code) else "grammar"
            kind = "ADDRESS" if name == "postcode" else "ID"
            yield found(*_with_bracket(text, start, end), kind, f"{family}/{name}", 0.9)


def _with_bracket(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with a closing bracket that follows it."""
    closing = re.match(r"\)|,? (?:close|closed|end) brackets?\b", text[end:])
    return start, end + (closing.end() if closing else 0)


def _numbers(text: str, run: Sequence[Symbol]) -> Iterator[Found]:
    """A run of digits that is long enough to be a number somebody has, and is neither an amount nor years."""
    parts: list[list[Symbol]] = [[]]
    for symbol in run:
        if symbol.kind == "quantity":
            parts.append([])
        else:
            parts[-1].append(symbol)
    for part in parts:
        digits = "".join(s.chars for s in part)
        if len(digits) < MIN_DIGITS or digits in must_keep() or not _is_dictated(text, part, digits):
            continue
        start, end = part[0].start, part[-1].end
        if re.search(r"[$£]\s?$", text[:start]) or re.match(r"\s?(?:dollars|pounds|percent|%)", text[end:]):
            continue
        before = text[max(0, start - 60) : start]
        is_id = len(digits) > 13 or (bool(_ID_CUE.search(before)) and not _PHONE_CUE.search(before[-25:]))
        if re.match(r"\s?\+?$", text[:start][-2:]) and text[:start].endswith("+"):
            start -= 1
        family = "checksum/nhs" if nhs_is_valid(digits) else "grammar/digits"
        yield found(start, end, "ID" if is_id or family.startswith("checksum") else "PHONE", family, 0.8)


def _is_dictated(text: str, part: Sequence[Symbol], digits: str) -> bool:
    """Whether the digits are dictated: one by one, or in written groups; not years, counting or separate amounts."""
    cue = text[max(0, part[0].start - 60) : part[0].start]
    counting = digits in "1234567891011121314151617181920" or digits in "0123456789"
    if counting and not (_ID_CUE.search(cue) or _PHONE_CUE.search(cue)):
        return False
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", text[part[0].start : part[-1].end]):
        return False
    singles = sum(len(s.chars) for s in part if s.single)
    written = [s for s in part if len(s.chars) >= 3 and not s.single and not _YEAR.fullmatch(s.chars)]
    groups = [s for s in written if len(s.chars) > 3 or not s.chars.endswith("0")]  # 150, 300, 450 are doses
    glued = (
        bool(re.fullmatch(r"[\d\-–. ]+", text[part[0].start : part[-1].end]))
        and "-" in text[part[0].start : part[-1].end]
    )
    return singles >= 4 or bool(groups) or glued
