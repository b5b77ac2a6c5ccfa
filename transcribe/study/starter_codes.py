"""`codes.csv`: codes that the lab wants to find in its QDA program from the start; absent unless the lab writes it.

    name,group,description,colour
    question,,the interviewer asks,#4477aa
    answer,,,
    off-topic,,,

`group` is the code above it: one of the table, or a heading that only groups. Coders read the file's text.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from transcribe.errors import UsageError
from transcribe.study.tables import SAVE_AS_UTF8, TableRow, read_table

CODES = "codes.csv"
"""Its name in the study's folder."""
CODES_COLUMNS = ("name", "group", "description", "colour")
OUR_GROUPS = ("Speakers", "Redactions", "Guide")
"""Groups of the codebook that are made from the transcripts; no code of the lab has such a name."""
LONGEST_NAME = 100
"""Code points of a name: QDA programs show them in a tree."""
LONGEST_DESCRIPTION = 5000
"""Code points of a description."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class StarterCode:
    """One code; `group` is the code above it, empty for none; `colour` is `#rrggbb` or empty."""

    name: str
    group: str = ""
    description: str = ""
    colour: str = ""


def read_codes(path: Path) -> tuple[StarterCode, ...]:
    """The codes in the order of the file at `path`; a missing file has none.

    Raises `UsageError`, naming row and mend, when the table cannot be read or a row cannot be used: no name, a second
    code of a name (QDA programs ignore capitals), a name of `OUR_GROUPS`, a colour that is not `#rrggbb`, groups that
    hold each other.
    """
    if not path.exists():
        return ()
    optional = ("group", "description", "colour")
    found: dict[str, tuple[int, StarterCode]] = {}
    for row in read_table(path, CODES_COLUMNS, optional=optional):
        code = _code(row, path.name)
        earlier = found.setdefault(code.name.casefold(), (row.number, code))
        if earlier[1] is not code:
            raise UsageError(
                f"row {row.number} of {path.name}: its name stands in row {earlier[0]} already (QDA programs ignore "
                "capitals): write another"
            )
    codes = [code for _, code in found.values()]
    for number, code in found.values():
        if _is_inside_itself(code, {name: each for name, (_, each) in found.items()}):
            raise UsageError(f"row {number} of {path.name}: its group stands, in the end, below the code itself")
    return tuple(_with_one_spelling(codes))


def _code(row: TableRow, what: str) -> StarterCode:
    where = f"row {row.number} of {what}"
    name, group, description = (_clean(row.cells[column]) for column in CODES_COLUMNS[:3])
    colour = row.cells["colour"].casefold()
    if not name:
        raise UsageError(f"{where} has no name: write it, or delete the row")
    for column, text, longest in (
        ("name", name, LONGEST_NAME),
        ("group", group, LONGEST_NAME),
        ("description", description, LONGEST_DESCRIPTION),
    ):
        if len(text) > longest:
            raise UsageError(f"{where}: its {column} has more than {longest} characters: shorten it")
        if any(unicodedata.category(sign) in ("Cc", "Cs") or sign in "\ufeff\ufffe\uffff" for sign in text):
            raise UsageError(f"{where}: its {column} holds a character that cannot be shown: type it anew")
        if text and not any(map(str.isalnum, text)):
            # Excel writes "?" for every character that the machine's code page lacks.
            raise UsageError(f"{where}: its {column} has no letters: type it anew, then {SAVE_AS_UTF8}")
        if column != "description" and text.casefold() in {ours.casefold() for ours in OUR_GROUPS}:
            raise UsageError(f"{where}: {', '.join(OUR_GROUPS)} are groups that every codebook has: write another")
    if colour and not _COLOUR.fullmatch(colour):
        raise UsageError(f"{where}: the colour must be like #4477aa, or empty")
    return StarterCode(name, group, description, colour)


def _clean(cell: str) -> str:
    return " ".join(unicodedata.normalize("NFC", cell).split())


def _is_inside_itself(code: StarterCode, codes: Mapping[str, StarterCode]) -> bool:
    met: set[str] = set()
    above = code.group.casefold()
    while above in codes and above not in met:
        met.add(above)
        above = codes[above].group.casefold()
    return code.name.casefold() in met


def _with_one_spelling(codes: Sequence[StarterCode]) -> list[StarterCode]:
    """Groups spelled as the code that they name, or as they were spelled first."""
    spelled = {code.name.casefold(): code.name for code in codes}
    for code in codes:
        spelled.setdefault(code.group.casefold(), code.group)
    return [StarterCode(c.name, spelled[c.group.casefold()], c.description, c.colour) for c in codes]
