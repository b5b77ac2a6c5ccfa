"""`guide.csv`: the lab's interview guide, a question a row; it holds no name of anybody, for coders read it.

    id,role,question
    q1,PSW,How long have you been working as a peer support worker?
    q1,PIR,How long have you been coming to the service?
    q2,,What does the relationship mean to you?

Without the file there is no guide.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from transcribe.errors import UsageError
from transcribe.records import Role
from transcribe.study.tables import SAVE_AS_UTF8, TableRow, read_table

GUIDE = "guide.csv"
"""Its name in the study's folder."""
GUIDE_COLUMNS = ("id", "role", "question")
NOT_ASKED = "none"
"""What a reviewer writes for "no question of the guide": no question may have this id."""
LONGEST_QUESTION = 1000
"""Code points of one question: more is a page of the guide in one cell."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,16}")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_ROLES: Mapping[str, Literal["PSW", "PIR", ""]] = {"PSW": "PSW", "PIR": "PIR", "": ""}


@dataclass(frozen=True, slots=True)
class GuideQuestion:
    """One question of the guide; `role` is whom it is put to, empty: both. Parallel questions share an id."""

    id: str
    role: Literal["PSW", "PIR", ""]
    text: str


def read_guide(path: Path) -> tuple[GuideQuestion, ...]:
    """The questions in the order of the file at `path`; a missing file is a guide without questions.

    Raises `UsageError`, naming row and mend, when the table cannot be read or a row cannot be used: no or a second
    question of an id for one role, an unknown role, an id that is not 1 to 16 of `A-Za-z0-9._-`.
    """
    if not path.exists():
        return ()
    found: list[GuideQuestion] = []
    rows: list[int] = []
    for row in read_table(path, GUIDE_COLUMNS, optional=("role",)):
        question = _question(row, path.name)
        for earlier, number in zip(found, rows, strict=True):
            _check_apart(question, earlier, f"row {row.number} of {path.name}", number)
        found.append(question)
        rows.append(row.number)
    return tuple(found)


def questions_for(guide: Sequence[GuideQuestion], role: Role) -> tuple[GuideQuestion, ...]:
    """The questions that are put to a participant of this role, in the guide's order; none in an observed session."""
    return tuple(question for question in guide if role != "OBS" and question.role in ("", role))


def _question(row: TableRow, what: str) -> GuideQuestion:
    where = f"row {row.number} of {what}"
    name, role = row.cells["id"], row.cells["role"].upper()
    text = " ".join(unicodedata.normalize("NFC", row.cells["question"]).split())
    if not _ID.fullmatch(name):
        raise UsageError(
            f"{where}: the id must be 1 to 16 letters, digits, dots, dashes or underscores, such as q1: write one"
        )
    if name.casefold() == NOT_ASKED:
        raise UsageError(f'{where}: the id "{NOT_ASKED}" stands for no question: write another, such as q1')
    if role not in _ROLES:
        raise UsageError(f"{where} has an unknown role: write PSW, PIR, or nothing for a question that both are asked")
    if not text:
        raise UsageError(f"{where} has no question: write it, or delete the row")
    if not any(map(str.isalpha, text)):
        # Excel writes "?" for every character that the machine's code page lacks.
        raise UsageError(f"{where} has a question without letters: type it anew, then {SAVE_AS_UTF8}")
    if len(text) > LONGEST_QUESTION:
        raise UsageError(f"{where} has a question of more than {LONGEST_QUESTION} characters: one question a row")
    if any(unicodedata.category(sign) in ("Cc", "Cs") or sign in "\ufeff\ufffe\uffff" for sign in text):
        raise UsageError(f"{where} holds a character that cannot be shown: type the question anew")
    return GuideQuestion(name, _ROLES[role], text)


def _check_apart(question: GuideQuestion, earlier: GuideQuestion, where: str, row: int) -> None:
    """Raises `UsageError` for two questions of one id and role, and for ids that Excel or a reader would confuse."""
    if question.id.casefold() == earlier.id.casefold():
        if question.id != earlier.id:
            raise UsageError(f"{where}: its id differs from that of row {row} in capitals only: write both alike")
        if "" in (question.role, earlier.role) or question.role == earlier.role:
            raise UsageError(
                f"{where}: its id stands in row {row} already, for the same role: write another; parallel questions "
                "share an id where one has the role PSW and one PIR"
            )
    elif _number(question.id) is not None and _number(question.id) == _number(earlier.id):
        raise UsageError(
            f"{where}: Excel takes its id and that of row {row} for one number: begin ids with a letter, such as q1.10"
        )


def _number(name: str) -> float | None:
    return float(name) if _NUMBER.fullmatch(name) else None
