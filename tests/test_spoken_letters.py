"""Letters one by one: what spells a name, and what is an abbreviation that names nobody."""

import pytest

from transcribe.redaction.spoken import find_across, find_spoken


def people(text: str, previous: str = "") -> list[str]:
    return [text[f.start : f.end] for f in find_spoken(text, previous) if f.entity_type == "PERSON"]


@pytest.mark.parametrize(
    "text",
    [
        "they said o c d and then e u p d and after that g a d",
        "i did d b t and m b t or maybe a c t",
        "she gets u c and j s a and her son is on d l a",
        "he has two b t e c s and an n v q",
        "we had o t and c p n visits from the c m h t",
        "on c s s a since then and the s r p with an i c c m w",
        "It was C-P-T-S-D, A-D-H-D and O-C-D. I know that now.",
        "his c b t e m d r mix was odd",
        "i saw the a m h p and the r m o",
        "a friend at d h l told me",
        "i did an m s c and a p g c e",
    ],
)
def test_abbreviations_are_no_names(text: str) -> None:
    assert people(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("it's spelled o d h r a n", "o d h r a n"),
        ("my surname is Y-I-P and", "Y-I-P"),
        ("it is t a m s i n and i work there", "t a m s i n"),
        ("s i o b h a n i think", "s i o b h a n"),
        ("p t s d and my name's spelled g r e t a", "g r e t a"),
        ("it's f i o n and then n u a l a", "f i o n and then n u a l a"),
    ],
)
def test_spelled_names_are_found(text: str, name: str) -> None:
    assert people(text) == [name]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("she has b p d or o c d", "i went home after it"),
        ("we talked of e m d r", "a week later it was over"),
        ("that was t f l", "I said no"),
    ],
)
def test_letters_do_not_run_into_the_next_turn(first: str, second: str) -> None:
    assert find_across(first, second) == []
    assert people(f"{first}\n{second}") == []


def test_a_spelling_that_goes_on_is_one_name() -> None:
    assert find_across("g w y n", "e t h")
    assert find_across("how is that spelt? o l a", "f")
