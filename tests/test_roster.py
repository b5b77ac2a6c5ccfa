"""The roster: a name that gets lost here reaches the coders, so nothing is passed over."""

from pathlib import Path

import pytest

from transcribe.errors import UsageError
from transcribe.study.roster import ROSTER_KINDS, RosterEntry, read_roster


def roster(folder: Path, *rows: str, encoding: str = "utf-8-sig") -> Path:
    path = folder / "roster.csv"
    path.write_bytes("\r\n".join(("person,name,aliases,kind,relation_to,note", *rows, "")).encode(encoding))
    return path


def test_entries_in_their_order(tmp_path: Path) -> None:
    path = roster(
        tmp_path,
        "P01-PIR,陳大文,David; 大文 ;David,Participant,,index case",
        ",,,,,",
        ",Doris,,relative,p01-pir,sister",
        ",'=Odd name,,Organization,,",
        ",Somebody,,,,",
    )
    assert read_roster(path) == (
        RosterEntry("P01-PIR", "陳大文", ("David", "大文"), "participant", "", "index case"),
        RosterEntry("", "Doris", (), "relative", "P01-PIR", "sister"),
        RosterEntry("", "=Odd name", (), "organisation", "", ""),
        RosterEntry("", "Somebody", (), "other", "", ""),
    )


@pytest.mark.parametrize("separator", [";", "；", "、", "\n"])
def test_aliases_are_separated_as_people_type_them(tmp_path: Path, separator: str) -> None:
    path = roster(tmp_path, f'P01-PIR,Mary,"Mimi{separator}May",participant,,')
    assert read_roster(path)[0].aliases == ("Mimi", "May")


def test_every_kind_is_accepted(tmp_path: Path) -> None:
    path = roster(tmp_path, *(f",name,,{kind},," for kind in ROSTER_KINDS))
    assert [entry.kind for entry in read_roster(path)] == list(ROSTER_KINDS)


def test_a_missing_file_is_an_empty_roster_and_relation_and_note_may_be_left_out(tmp_path: Path) -> None:
    assert read_roster(tmp_path / "roster.csv") == ()
    (tmp_path / "roster.csv").write_text("kind,name,aliases,person\nstaff,Mary,,\n", "utf-8")
    assert read_roster(tmp_path / "roster.csv") == (RosterEntry("", "Mary", (), "staff", "", ""),)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("P01-PIR,,Mary,participant,,", "no name"),
        (",Mary,,boss,,", "unknown kind"),
        ("Mary Chan,Mary,,participant,,", "person must be a code"),
        (",Mary,,relative,the client,", "relation_to must be a code"),
        (",???,,participant,,", "CSV UTF-8"),
        (",Mary,?,participant,,", "CSV UTF-8"),
    ],
)
def test_a_row_that_cannot_be_used_stops_everything_and_is_not_quoted(tmp_path: Path, row: str, told: str) -> None:
    with pytest.raises(UsageError, match=told) as error:
        read_roster(roster(tmp_path, ",Doris,,relative,,", row))
    assert "row 3" in error.value.message
    assert "Mary" not in error.value.message


def test_a_table_without_aliases_is_refused(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("person,name,kind\n,Mary,staff\n", "utf-8")
    with pytest.raises(UsageError, match="aliases"):
        read_roster(tmp_path / "roster.csv")
