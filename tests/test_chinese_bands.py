"""What a mark keeps of Chinese: five years of an age, the region of a place."""

import pytest

from transcribe.redaction.chinese_bands import chinese_region, with_digits
from transcribe.redaction.chinese_numbers import find_chinese_numbers
from transcribe.redaction.spoken_ages import age_band


@pytest.mark.parametrize(
    ("said", "band"),
    [
        ("五十六歲", "55-59"),
        ("十九岁", "15-19"),
        ("廿三歲", "20-24"),
        ("七歲", "5-9"),
        ("一百零一歲", "90+"),
        ("三十歲", "30-34"),
        ("六八歲", "65-69"),
        ("38歲", "35-39"),
    ],
)
def test_a_chinese_age_has_the_band_that_an_english_one_has(said: str, band: str) -> None:
    assert age_band(said) == band


def test_only_chinese_numbers_become_digits() -> None:
    assert with_digits("thirty") == "thirty"
    assert with_digits("我二十四歲") == "我24歲"


def test_some_years_are_a_band_already() -> None:
    assert not list(find_chinese_numbers("佢六十幾歲"))


@pytest.mark.parametrize(
    ("place", "region"),
    [
        ("元朗", "New Territories"),
        ("觀塘區", "Kowloon"),
        ("北角", "Hong Kong Island"),
        ("坪洲", "New Territories"),
        ("廣州", "Mainland China"),
        ("韓國", "Asia"),
        ("某某村", ""),
        ("Yuen Long", ""),
    ],
)
def test_a_chinese_place_has_its_region(place: str, region: str) -> None:
    assert chinese_region(place) == region
