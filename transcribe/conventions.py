"""The transcription conventions of a study (`[conventions]` in study.toml), and how a text written with them is read.

Sources: Dresing and Pehl, Manual (Audio)Transkription, 2018 (pauses, `//overlap//`, `(unv.)`); Jefferson, "Glossary of
transcript symbols", 2004 (`(.)`, `[overlap]`); UK Data Service, "Transcription" (uniform layout, marks for what was
replaced).
"""

import re
from dataclasses import dataclass
from typing import Literal

from transcribe.redaction.registry import MARK

Rendering = Literal["verbatim", "clean"]
"""`verbatim`: all words that were recognised, pauses, overlaps. `clean`: without fillers, stutters and signs."""


@dataclass(frozen=True, slots=True)
class Conventions:
    """Which signs stand in a transcript, and how long its paragraphs grow.

    `pause_from`, `short_pause_from`: seconds between two words of an utterance from which a pause is shown; 0 for a
    short one: none. `uncertain_below`: the recogniser's probability under which a word is marked. `paragraph_words`: a
    longer utterance is parted at sentence ends; 0: never.
    """

    pause: Literal["seconds", "dots", "ellipsis", "none"] = "seconds"
    pause_from: float = 2.0
    short_pause_from: float = 1.0
    overlap: Literal["slashes", "brackets", "none"] = "slashes"
    inaudible: Literal["brackets", "unv"] = "brackets"
    uncertain: Literal["brackets", "parentheses", "none"] = "brackets"
    uncertain_below: float = 0.35
    redaction: Literal["brackets", "seg"] = "brackets"
    paragraph_words: int = 150


OVERLAP_SIGN = "//"
_PAUSE = re.compile(r"\((?:\d{1,3}\.\d|\.+)\)")
_UNCERTAIN = re.compile(r"\[\?([^\[\]]*)\?\]|\(([^()]*)\?\)")
_SEG = re.compile(r"<seg>([A-Z][A-Z0-9-]*(?:_\d+)?(?: [^\[\]:<>]{1,40})?)</seg>")
"""`redaction.registry.MARK` in its other brackets."""
_SAID_OVER = re.compile(r"\[(?: |(?![A-Z?]))([^\[\]:]*)\]")
"""Jefferson's overlap, which stands before capital letters and digits with a space: `[ I saw]` is no mark."""
_GLUED = re.compile(r"//(?<=[A-Za-z0-9]//)(?=[A-Za-z0-9])")
"""No sign of ours parts letters: those of a document (`Lau//Wong`)."""
_BRACKET = re.compile(r"\[ ?|\]")


def mark_in(conventions: Conventions, mark: str) -> str:
    """A mark of a redaction (`[PERSON_1]`) as the conventions write it."""
    return f"<seg>{mark[1:-1]}</seg>" if conventions.redaction == "seg" else mark


def without_signs(text: str) -> str:
    """A finished text without the signs of any convention, whichever the study has: `Janet //[?Lau?]// (2.0) here` is
    `Janet Lau here`; marks in their square brackets.
    """
    bare = _UNCERTAIN.sub(lambda found: found[1] if found[1] is not None else found[2], without_pauses(text))
    bare = _GLUED.sub(" ", _SAID_OVER.sub(lambda found: found[1], bare))
    return _SEG.sub(lambda found: f"[{found[1]}]", bare.replace(OVERLAP_SIGN, ""))


def without_pauses(text: str) -> str:
    """A text without the signs of pauses, each with one space before it."""
    pieces, position = [], 0
    for pause in _PAUSE.finditer(text):  # ten times as quick as a pattern that begins with the space
        pieces.append(text[position : pause.start()].removesuffix(" "))
        position = pause.end()
    return "".join([*pieces, text[position:]])


def speech_of(text: str) -> str:
    """What was said in a finished utterance, as a detector should read it: no signs, no brackets but those of marks."""
    bare = without_signs(text)
    pieces, position = [], 0
    for mark in MARK.finditer(bare):
        pieces += [_BRACKET.sub("", bare[position : mark.start()]), mark.group()]
        position = mark.end()
    return "".join([*pieces, _BRACKET.sub("", bare[position:])])
