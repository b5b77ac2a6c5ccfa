"""Short month names and ages that are said again."""

import pytest

from transcribe.redaction.spoken import find_spoken
from transcribe.redaction.spoken_dates import date_band


def said(text: str, kind: str, previous: str = "") -> list[str]:
    return [text[f.start : f.end] for f in find_spoken(text, previous) if f.entity_type == kind]


@pytest.mark.parametrize(
    ("text", "date", "band"),
    [
        ("It began in Oct 2017, they said.", "Oct 2017", "2017-10"),
        ("I left on 21 Feb for good.", "21 Feb", "February"),
        ("we married in dec, it was cold", "dec", "December"),
        ("In Aug. 2021 she died.", "Aug. 2021", "2021-08"),
        ("discharged on the 9th of sept", "the 9th of sept", "September"),
    ],
)
def test_a_short_month_is_a_month(text: str, date: str, band: str) -> None:
    assert date in said(text, "DATE")
    assert date_band(date) == band


def test_jan_is_a_person_where_one_stands() -> None:
    assert said("I went with Jan, it was for Jan and about Jan", "DATE") == []


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("i am thirty six no thirty seven", "thirty six no thirty seven"),
        ("She was 55. Sorry, 56.", "55. Sorry, 56"),
        ("i'm twenty er twenty-four no twenty five now", "twenty er twenty-four no twenty five"),
        ("he's seventy, wait, seventy one when we met", "seventy, wait, seventy one"),
    ],
)
def test_an_age_is_found_with_its_repairs(text: str, age: str) -> None:
    assert said(text, "AGE") == [age]


def test_an_answer_is_found_with_its_repairs() -> None:
    assert said("thirty eight, no sorry, thirty nine", "AGE", "how old were you") == [
        "thirty eight, no sorry, thirty nine"
    ]


def test_the_next_sentence_is_no_repair() -> None:
    assert said("I'm fifty five. Three of us went.", "AGE") == ["fifty five"]
