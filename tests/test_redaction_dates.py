"""Dates, births, ages and phrases that single somebody out, with numbers and frames drawn here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.redaction.numbers import year_of
from transcribe.redaction.spoken import find_spoken
from transcribe.redaction.spoken_ages import age_band, find_ages
from transcribe.redaction.spoken_dates import date_band, find_dates

UNITS = ["", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEEN_STEMS = ("thir", "four", "fif", "six", "seven", "eigh", "nine")
TEENS = ["ten", "eleven", "twelve", *(stem + "teen" for stem in _TEEN_STEMS)]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
MONTHS = ["January", "February", "March", "April", "June", "July", "August", "October", "December"]
DAYS = ["first", "second", "third", "ninth", "twelfth", "sixteenth", "twentieth", "twenty-first", "thirtieth", "5th"]
PAUSES = st.sampled_from([" ", ", ", ", um, ", " uh "])


def said(text: str, previous: str = "") -> set[tuple[str, str]]:
    return {(f.entity_type, text[f.start : f.end]) for f in find_spoken(text, previous)}


def covered(text: str, surface: str, previous: str = "") -> bool:
    begin = text.index(surface)
    inside = {i for f in find_spoken(text, previous) for i in range(f.start, f.end)}
    return all(i in inside or not text[i].isalnum() for i in range(begin, begin + len(surface)))


def in_words(number: int, joint: str = "-") -> str:
    if number < 10:
        return UNITS[number]
    if number < 20:
        return TEENS[number - 10]
    return TENS[number // 10] + (joint + UNITS[number % 10] if number % 10 else "")


def year_in_words(year: int) -> str:
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {UNITS[rest]}" if rest else "")
    return f"{in_words(century)} {'oh ' + UNITS[rest] if rest < 10 else in_words(rest, ' ')}"


YEARS = st.integers(1931, 2029).filter(lambda y: y % 100 > 0).map(lambda y: (y, year_in_words(y)))


@given(YEARS, st.sampled_from(["It started in {}.", "since {} I was ill", "We moved here back in {}, to a flat"]))
def test_the_year_of_an_event_is_covered_and_kept_as_its_band(year: tuple[int, str], template: str) -> None:
    text = template.format(year[1])
    assert ("DATE", year[1]) in said(text)
    assert date_band(year[1]) == str(year[0]) == str(year_of(year[1]))


@given(
    st.sampled_from(MONTHS), st.sampled_from(["We married in {}.", "I got out in late {}", "and in {} my father died"])
)
def test_the_month_of_an_event_is_covered(month: str, template: str) -> None:
    for text in (template.format(month), template.format(month).casefold()):
        assert any(kind == "DATE" and month.casefold() in s.casefold() for kind, s in said(text))
    assert date_band(month) == month


@given(st.sampled_from(DAYS), st.sampled_from(MONTHS), YEARS, PAUSES, PAUSES, st.booleans())
def test_a_spoken_birth_date_is_direct_and_whole(
    day: str, month: str, year: tuple[int, str], first: str, second: str, lower: bool
) -> None:
    surface = f"{day}{first}of {month}{second}{year[1]}" if first == " " else f"{day}{first}{month}{second}{year[1]}"
    text = f"I was born on the {surface}, in the morning."
    text, surface = (text.casefold(), surface.casefold()) if lower else (text, surface)
    assert covered(text, surface)
    assert any(f.class_ == "direct" and f.entity_type == "DATE" for f in find_dates(text, ""))
    assert covered(f"Um, {surface}.", surface, "And could you tell me your date of birth?")


@given(st.sampled_from(["mid-October", "early March", "the end of June"]), st.sampled_from(DAYS), st.integers(51, 99))
def test_a_birth_date_in_fragments_is_covered(month: str, day: str, year: int) -> None:
    surface = f"{month}, the {day}, in {in_words(year)}"
    name = surface.removeprefix("the end of ")
    assert covered(f"my birthday is, like, {surface}", name.split(",")[0].split()[-1])
    assert covered(f"my birthday is, like, {surface}", in_words(year))
    assert covered(f"my birthday is, like, {surface}", day)


AGES = st.integers(11, 99).map(in_words)
FRAMES = [
    "I'm {} now.",
    "I was about {} when it began",
    "my daughter is {}, she studies",
    "he's {}.",
    "she turned {} last week",
    "at the age of {} I fell ill",
    "my brother, he's almost {} and well",
    "my {}-year-old self",
    "I'm uh {} years old",
]


@given(AGES, st.sampled_from(FRAMES), st.booleans())
def test_anybodys_age_is_covered(age: str, frame: str, lower: bool) -> None:
    text = frame.format(age)
    assert covered(text.casefold() if lower else text, age)


@given(AGES, st.sampled_from(["How old are you?", "And what's your age?", "how old is your son now"]))
def test_the_answer_to_how_old_is_an_age(age: str, question: str) -> None:
    assert covered(f"Um, {age}.", age, question)
    assert said(f"Um, {age} minutes.", question) == set()


@given(st.integers(20, 89).map(in_words))
def test_an_age_that_is_repeated_or_repaired_is_covered_whole(age: str) -> None:
    assert covered(f"{age.title()}, okay. And where do you live?", age.title(), f"Well, I'm {age}.")
    assert covered(f"I'm seven, {age}.", f"seven, {age}")
    assert covered(f"i am seven {age.replace('-', ' ')}", f"seven {age.replace('-', ' ')}")


@given(
    AGES,
    st.sampled_from(
        [
            "I'm {} minutes late",
            "I take {} milligrams of it",
            "it's about {} percent",
            "I was off for {} weeks",
            "I'm {} out of a hundred today",
            "we were {} people in the room",
            "I'm on {} and you are on the other one",
            "there were {} of us",
        ]
    ),
)
def test_other_numbers_are_no_ages(number: str, frame: str) -> None:
    assert list(find_ages(frame.format(number))) == []


@pytest.mark.parametrize(
    "text",
    [
        "Two weeks ago, every Monday, last winter, for three months, in the morning, six years now.",
        "In May maybe, it may rain, march on, in July we always go, every June is hard.",
        "In my forties, in her late twenties, the nineties, a teenager, at that age.",
        "On a scale of one to ten I'm six now. I'd say I'm seven.",
        "I'm one of them, we were two, it's nine, he's first.",
        "The first line of it, the second part, a third of it.",
        "the only thing that helped, the only time, the only reason, the only person who listened",
        "the first time, the first one to cry, the last person I told, my first job",
        "I am the only one who cooks at home, the youngest in my family",
        "it was in the news that the rain stopped",
    ],
)
@pytest.mark.parametrize("lower", [False, True])
def test_relative_time_bands_scores_and_ordinary_singling_stay(text: str, lower: bool) -> None:
    assert said(text.casefold() if lower else text) == set()


@given(
    st.sampled_from(["the only", "the first", "the youngest", "the very first", "the oldest"]),
    st.sampled_from(["peer worker", "nurse", "bus driver", "social work student", "woman"]),
    st.sampled_from(
        ["in the whole district", "at the Tuen Mun ICCMW", "in Sai Kung", "on our ward", "at this hospital"]
    ),
    st.booleans(),
)
def test_who_is_singled_out_of_a_group_is_flagged(singling: str, person: str, group: str, lower: bool) -> None:
    text = f"She is {singling} {person} {group}."
    assert ("UNIQUE", singling) in said(text.casefold() if lower else text)


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("he's the only Nepalese peer worker we have", "the only Nepalese"),
        ("I was the first deaf councillor there", "the first deaf"),
        ("I'm the one everyone in the village talks about", "the one everyone in the village talks about"),
        ("my trial was all over the papers", "all over the papers"),
        ("the video went viral", "went viral"),
    ],
)
def test_what_makes_a_person_searchable_is_flagged(text: str, surface: str) -> None:
    assert ("UNIQUE", surface) in said(text)


def test_bands() -> None:
    assert (date_band("mid-October"), date_band("last June"), date_band("2019")) == ("October", "", "2019")
    assert (age_band("fifty, fifty one years old"), age_band("nine"), age_band("ninety-nine")) == (
        "50-54",
        "5-9",
        "90+",
    )
