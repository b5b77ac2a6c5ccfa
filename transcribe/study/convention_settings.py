"""`[conventions]` of study.toml: which signs stand in the transcripts. `docs/conventions.md` explains them to users."""

import dataclasses
import math
import typing
from collections.abc import Mapping
from typing import Literal

from transcribe.conventions import Conventions
from transcribe.errors import UsageError

KEYS = tuple(field.name for field in dataclasses.fields(Conventions))

_NUMBERS: Mapping[str, tuple[float, float, str]] = {
    "pause_from": (0.2, 60.0, "seconds from 0.2 to 60"),
    "short_pause_from": (0.0, 60.0, "seconds from 0.2 to 60, or 0 for no sign of short pauses"),
    "uncertain_below": (0.0, 1.0, "a probability from 0 (no word is marked) to 1"),
    "paragraph_words": (0, 10_000, "a whole number of words from 20 to 10000, or 0 to part no utterance"),
}
_LEAST = {"short_pause_from": 0.2, "paragraph_words": 20}
"""Of those that may be 0 besides."""


def checked_convention(name: str, value: object, where: str) -> object:
    """`value` if the field `name` of `Conventions` may have it; raises `UsageError` naming what it may have."""
    hint = typing.get_type_hints(Conventions)[name]
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        if value not in choices or not isinstance(value, str):
            raise UsageError(f"{where} must be one of: {', '.join(choices)}")
        return value
    least, most, allowed = _NUMBERS[name]
    is_number = isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
    if not is_number or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"{where} must be {allowed}, without quotation marks")
    if not least <= value <= most or 0 < value < _LEAST.get(name, least):
        raise UsageError(f"{where} must be {allowed}")
    return hint(value)


def check_together(conventions: Conventions, what: str) -> None:
    """Raises `UsageError` where two choices do not go together; `what` names the file and section."""
    if conventions.overlap == "brackets":
        for name in ("redaction", "uncertain"):
            if getattr(conventions, name) == "brackets":
                mend = {"redaction": 'redaction = "seg"', "uncertain": 'uncertain = "parentheses" or "none"'}[name]
                raise UsageError(
                    f'{what}: overlap = "brackets" cannot stand beside {name} = "brackets": nobody could tell [words] '
                    f'of an overlap from a mark in brackets; write {mend}, or overlap = "slashes"'
                )
    if conventions.pause != "none" and conventions.short_pause_from > conventions.pause_from:
        raise UsageError(
            f"{what}: short_pause_from ({conventions.short_pause_from:g}) is longer than pause_from "
            f"({conventions.pause_from:g}): a short pause must be shorter; write 0 for no sign of short pauses"
        )
