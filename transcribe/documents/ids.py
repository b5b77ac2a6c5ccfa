"""What a document may be called: its id is published, so it can hold no name of anybody."""

from collections.abc import Iterable, Sequence

from transcribe.errors import UsageError
from transcribe.redaction.tokens import fold, tokens
from transcribe.study.codes import ROLES, is_pair
from transcribe.study.manifest import ManifestReading
from transcribe.study.roster import RosterEntry

KINDS = (
    *("NOTE", "NOTES", "MEMO", "LOG", "DIARY", "DOC", "FIELD", "OBS", "INTERVIEW", "SESSION", "TALK", "TRANSCRIPT"),
    *("GROUP", "GENERAL"),
)
"""The words that an id may hold, beside pairs, roles and numbers."""


def known_pairs(reading: ManifestReading) -> frozenset[str]:
    """The pairs of the manifest, also of recordings that are left out or withdrawn."""
    left_out = (row.recording.rpartition("-")[0] for row in reading.skipped)
    return frozenset({*(plan.pair for plan in reading.recordings), *left_out} - {""})


def check_pair(pair: str, roster: Sequence[RosterEntry]) -> None:
    """Raises `UsageError` for what is no pair's code, or the name of somebody with a number: `JANE1`."""
    names = {token.fold for entry in roster for name in (entry.name, *entry.aliases) for token in tokens(name)}
    if pair and (not is_pair(pair) or fold(pair.rstrip("0123456789")) in names):
        raise UsageError("--pair: write letters that are no name, and a number, such as P01")


def check_document_id(name: str, pairs: Iterable[str]) -> None:
    """Raises `UsageError` unless every part of an id is a pair of the study, a role, a word for a kind, or a number.

    A name needs no roster to be one: `Doris1` and `Kwun-Tong-1` would stand in file names, README and manifest.
    """
    allowed = {*KINDS, *ROLES, "INT", *(part for pair in pairs for part in pair.split("-"))}
    parts = name.upper().split("-")
    numbered = any(part.isdigit() or part[1:].isdigit() for part in parts)
    session = {part for part in parts if part[:1] == "S" and part[1:].isdigit()}
    if not numbered or not all(part in allowed | session or part.isdigit() for part in parts):
        raise UsageError(
            "--id: ids are published, so they hold nothing but a pair, a role, a number and words such as "
            f"{', '.join(KINDS[:4])}: P01-NOTE-1"
        )
