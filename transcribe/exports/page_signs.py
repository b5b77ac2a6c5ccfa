"""The marks and signs in a finished text, and what each means: for pages that show and explain them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from transcribe.conventions import OVERLAP_SIGN, Conventions
from transcribe.exports.layout import EVENT_MARK, UNVERIFIED
from transcribe.redaction.registry import MARK
from transcribe.study.codes import is_interviewer

SignKind = Literal["", "redaction", "event", "unsure", "pause", "overlap"]

LABELS = {
    "PERSON": "a person",
    "PLACE": "a place",
    "ORG": "an organisation",
    "ADDRESS": "an address",
    "PHONE": "a telephone number",
    "EMAIL": "an e-mail address",
    "URL": "a web address",
    "ID": "a number or code that identifies somebody",
    "DATE": "a date",
    "AGE": "an age",
    "CLINICIAN": "a clinician",
    "FRIEND": "a friend",
    "HOSPITAL": "a hospital",
    "SCHOOL": "a school",
    "EMPLOYER": "an employer",
    "SERVICE": "a service",
}
"""What a mark stands for, by its label."""

_PAUSES = {
    "seconds": r"\(\d{1,3}\.\d\)|\(\.\)",
    "dots": r"\(\.+\)",
    "ellipsis": r"\(\.{3}\)",
    "none": "",
}
_UNSURE = {"brackets": r"\[\?[^\[\]]*\?\]", "parentheses": r"\([^()]*\?\)", "none": ""}
_OVERLAPS = {"slashes": re.escape(OVERLAP_SIGN), "brackets": r"[\[\]]", "none": ""}
_EVENTS = {
    "inaudible": "speech that could not be heard",
    "withheld": "a stretch that was taken back",
    "third": "people speaking who take no part in the study",
}
_ANY_SIGN = re.compile(r"[\[\](/<]")
_KEPT = ", of which {} was kept"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text: speech (`kind` empty, no `meaning`) or a mark or sign and what it means."""

    text: str
    kind: SignKind = ""
    meaning: str = ""


def pattern(conventions: Conventions) -> re.Pattern[str]:
    """What finds the marks and signs of a study's conventions; each kind is a named group."""
    event = EVENT_MARK.pattern + (f"|{re.escape(UNVERIFIED)}" if conventions.inaudible == "unv" else "")
    kinds = {
        "redaction": r"<seg>[^<>]*</seg>" if conventions.redaction == "seg" else MARK.pattern,
        "event": event,
        "unsure": _UNSURE[conventions.uncertain],
        "pause": _PAUSES[conventions.pause],
        "overlap": _OVERLAPS[conventions.overlap],
    }
    forms = "|".join(f"(?P<{kind}>{form})" for kind, form in kinds.items() if form)
    return re.compile(rf"(?=[\[\](/<])(?:{forms})")


def pieces(text: str, signs: re.Pattern[str]) -> Iterator[Piece]:
    """The text in stretches that joined are the text; `signs` is made by `pattern`."""
    position = 0
    for found in signs.finditer(text) if _ANY_SIGN.search(text) else ():
        if found.start() > position:
            yield Piece(text[position : found.start()])
        yield _sign(found[0], found.lastgroup or "")
        position = found.end()
    if position < len(text):
        yield Piece(text[position:])


@lru_cache(maxsize=4096)
def _sign(text: str, kind: str) -> Piece:
    return Piece(text, kind, meaning_of(text, kind))  # type: ignore[arg-type]  # the groups' names are the kinds


def meaning_of(sign: str, kind: str) -> str:
    """What a mark or sign means, in a few words."""
    if kind == "event":
        return _EVENTS.get(sign.strip("[").partition(" ")[0].rstrip(","), _EVENTS["inaudible"])
    if kind == "unsure":
        return "heard with little certainty"
    if kind == "pause":
        length = sign.strip("()")
        known = re.fullmatch(r"\d+\.\d", length)
        return f"a pause of {length} seconds" if known else "a short pause" if length == "." else "a pause"
    if kind == "overlap":
        return "said while somebody else spoke, from here to the next such sign"
    return _replaced(re.sub(r"</?seg>|[\[\]]", "", sign))


def _replaced(mark: str) -> str:
    """What a mark without brackets stands for: `PERSON_1`, `P01-PIR`, `P01-PIR-SISTER_1`, `AGE_1 45-49`, and beyond the
    team `PIR-7`.
    """
    name, _, band = mark.partition(" ")
    label, numbered, _ = name.partition("_")
    owner, _, last = label.rpartition("-")
    if label in LABELS:
        meaning = LABELS[label]
    elif is_interviewer(label):
        meaning = "an interviewer, by code"
    elif not numbered and (last in ("PSW", "PIR") or any(map(str.isdigit, last))):
        meaning = "a participant, by code"
    elif any(sign.isdigit() for sign in owner):
        meaning = f"somebody by relation to {owner}, {last.lower()}"
    else:
        meaning = "something identifying"
    return meaning + (_KEPT.format(band) if band else "")


def legend(pieces_shown: Iterable[Piece]) -> tuple[Piece, ...]:
    """The marks and signs among some pieces, one of each meaning, in the order of their kinds and appearance."""
    found: dict[tuple[int, str], Piece] = {}
    for piece in dict.fromkeys(piece for piece in pieces_shown if piece.kind):
        shown = _general(piece)
        found.setdefault((_ORDER.index(shown.kind), shown.meaning), shown)
    return tuple(found[key] for key in sorted(found, key=lambda key: key[0]))


_ORDER: tuple[SignKind, ...] = ("redaction", "event", "unsure", "overlap", "pause")


def _general(piece: Piece) -> Piece:
    """A sign as the legend explains it: what differs from one to the next is left out."""
    if piece.kind == "overlap":
        example = "[ … ]" if piece.text in "[]" else f"{piece.text} … {piece.text}"
        return Piece(example, piece.kind, "said while somebody else spoke")
    if piece.kind == "unsure":
        return Piece("[? … ?]" if piece.text.startswith("[") else "( … ?)", piece.kind, piece.meaning)
    if piece.kind == "event" and piece.text != UNVERIFIED:
        return Piece(f"{piece.text.rpartition(' ')[0]} …]", piece.kind, piece.meaning)
    if piece.kind == "pause" and piece.meaning != "a short pause":
        counted = any(sign.isdigit() for sign in piece.text)
        return Piece(piece.text, piece.kind, "a pause in seconds" if counted else "a pause")
    band = re.sub(r"</?seg>|[\[\]]", "", piece.text).partition(" ")[2]
    if piece.kind == "redaction" and band:
        kept = _KEPT.format("a coarser detail")
        return Piece(piece.text, piece.kind, piece.meaning.replace(_KEPT.format(band), kept))
    return piece
