"""`cases.csv` and `cases.xlsx`: a row per participant and per pair, to be read as cases or document variables.

`case,kind,role,pair_id,session,date,recordings,minutes,words,talk_share,review,version`. `recordings` are the ids of
the transcripts, `;` between them; where these differ in session, month, review or version, there is a value for each,
in that order. `minutes` are those of the recordings; `words` and `talk_share` (0 to 1, of the time in which somebody
speaks) are of the case's own people. The csv is UTF-8 with BOM and CRLF (RFC 4180); cells that a spreadsheet would run
as a formula have a leading `'`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields

from transcribe.csv_cells import csv_table
from transcribe.exports import spreadsheet
from transcribe.exports.layout import EVENT_FLAG
from transcribe.exports.manifest import TranscriptEntry
from transcribe.exports.spreadsheet import Column
from transcribe.exports.study_text import StudyText
from transcribe.exports.words import count_words
from transcribe.study.codes import is_interviewer, is_person

BETWEEN = "; "
"""What parts several values in a cell."""
UNKNOWN = "?"
"""What stands for an unknown value among known ones."""

_SESSION = re.compile(r"-S\d+$")
_ROLE = re.compile(r"(?:^|-)(PSW|PIR)(?:-?\d+)?$")
"""The role in a person's code: `P01-PSW`, and `PSW-417` or `PIR-417-PSW` beyond the team."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row: a participant or a pair, of whom nothing but codes is known. All as it stands in the table."""

    case: str
    kind: str
    role: str
    pair_id: str
    session: str
    date: str
    recordings: str
    minutes: str
    words: str
    talk_share: str
    review: str
    version: str

    @property
    def row(self) -> tuple[str, ...]:
        """The cells, in the order of `COLUMNS`."""
        return tuple(getattr(self, column) for column in COLUMNS)


COLUMNS = tuple(field.name for field in fields(Case))
NUMBERS = ("minutes", "words", "talk_share")
"""The columns that hold numbers."""
_WIDTHS = {"recordings": 34, "review": 40, "date": 16, "case": 18}


@dataclass(frozen=True, slots=True)
class People:
    """A case with its members: codes of people, and the transcripts in which they speak or should."""

    case: Case
    persons: tuple[str, ...]
    transcripts: tuple[TranscriptEntry, ...]


def cases_of(study: StudyText) -> tuple[People, ...]:
    """Every participant, then every pair, each in the order of their codes; at the levels beyond the team no pair."""
    spoken = {entry.id: _Spoken.of(study, entry) for entry in study.transcripts}
    members = {entry.id: _members(entry) for entry in study.transcripts}
    persons = sorted({person for found in members.values() for person in found})
    participants = [
        _people(person, "participant", (person,), [e for e in study.transcripts if person in members[e.id]], spoken)
        for person in persons
    ]
    pairs = []
    for pair in sorted({entry.pair for entry in study.transcripts} - {""}):
        own = [entry for entry in study.transcripts if entry.pair == pair]
        people = tuple(sorted({person for entry in own for person in members[entry.id]}))
        pairs.append(_people(pair, "pair", people, own, spoken))
    return (*participants, *pairs)


def write_csv(cases: Sequence[People]) -> bytes:
    """`cases.csv`."""
    return csv_table([COLUMNS, *(people.case.row for people in cases)])


def write_xlsx(cases: Sequence[People], page: str) -> bytes:
    """`cases.xlsx`: the same table; ids are text, the head stays in sight, every column has a filter."""
    columns = [Column(name, _WIDTHS.get(name, 11), name in NUMBERS, wraps=name in _WIDTHS) for name in COLUMNS]
    return spreadsheet.write("Cases", columns, [people.case.row for people in cases], page)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """How much each speaker of a transcript says: words, milliseconds."""

    words: Counter[str]
    ms: Counter[str]

    @classmethod
    def of(cls, study: StudyText, entry: TranscriptEntry) -> "_Spoken":
        words: Counter[str] = Counter()
        ms: Counter[str] = Counter()
        for row in study.rows[entry.id]:
            if EVENT_FLAG not in row.flags:
                words[row.speaker] += count_words(row.text)
                ms[row.speaker] += row.end_ms - row.start_ms
        return cls(words, ms)


def _members(entry: TranscriptEntry) -> tuple[str, ...]:
    """The participants of a recording; of an interview in which its own person says nothing, the person, too."""
    found = [code for code in entry.speakers if is_person(code) and not is_interviewer(code)]
    if entry.role != "OBS" and all(_role(code, entry) != entry.role for code in found):
        found.append(_SESSION.sub("", entry.id))
    return tuple(found)


def _role(person: str, entry: TranscriptEntry) -> str:
    """A participant's role by their code; one whose code does not say it has that of the interview."""
    in_code = _ROLE.search(person)
    return in_code[1] if in_code else entry.role if entry.role != "OBS" else ""


def _people(
    name: str,
    kind: str,
    persons: tuple[str, ...],
    transcripts: Sequence[TranscriptEntry],
    spoken: dict[str, _Spoken],
) -> People:
    own = sum(spoken[entry.id].ms[person] for entry in transcripts for person in persons)
    everybody = sum(spoken[entry.id].ms.total() for entry in transcripts)
    most = sorted(transcripts, key=lambda entry: -spoken[entry.id].words[name])
    case = Case(
        case=name,
        kind=kind,
        role=next(filter(None, (_role(name, entry) for entry in most)), "") if kind == "participant" else "",
        pair_id=BETWEEN.join(sorted({entry.pair for entry in transcripts} - {""})),
        session=_values([str(entry.session) for entry in transcripts]),
        date=_values([entry.month for entry in transcripts]),
        recordings=BETWEEN.join(entry.id for entry in transcripts),
        minutes=f"{sum(entry.duration_ms for entry in transcripts) / 60_000:.1f}",
        words=str(sum(spoken[entry.id].words[person] for entry in transcripts for person in persons)),
        talk_share=f"{own / everybody if everybody else 0:.2f}",
        review=_values([entry.review for entry in transcripts]),
        version=_values([str(entry.version) for entry in transcripts]),
    )
    return People(case, persons, tuple(transcripts))


def _values(found: Sequence[str]) -> str:
    """One value where all agree, else one for each recording."""
    return found[0] if len(set(found)) == 1 else BETWEEN.join(value or UNKNOWN for value in found)
