"""Buildings, firms, churches and schools by their form; nicknames; what merely sounds like them."""

import pytest

from transcribe.redaction.spoken import find_spoken


def said(text: str) -> set[tuple[str, str]]:
    return {(f.entity_type, text[f.start : f.end]) for f in find_spoken(text)}


def covered(text: str, surface: str) -> bool:
    begin = text.index(surface)
    inside = {i for f in find_spoken(text) for i in range(f.start, f.end)}
    return all(i in inside or not text[i].isalnum() for i in range(begin, begin + len(surface)))


@pytest.mark.parametrize(
    ("text", "kind", "surface"),
    [
        ("i stayed in tamworth house", "ADDRESS", "tamworth house"),
        ("he moved to fuk loi house", "ADDRESS", "fuk loi house"),
        ("She lives in Wrexley Court.", "ADDRESS", "Wrexley Court"),
        ("we met under kelvey bridge", "PLACE", "kelvey bridge"),
        ("they play in morwen park", "PLACE", "morwen park"),
        (
            "flat nine above the launderette on cropley road",
            "ADDRESS",
            "flat nine above the launderette on cropley road",
        ),
        ("phase two, block six, nine slash f flat d", "ADDRESS", "phase two, block six, nine slash f flat d"),
        ("my parents are still in gilgitpur", "PLACE", "gilgitpur"),
        ("our solicitors were pickering, shaw and ellwood", "ORG", "pickering, shaw and ellwood"),
        ("i work for Harmer and Tyrrell", "ORG", "Harmer and Tyrrell"),
        ("i sing at our lady of fatima", "ORG", "our lady of fatima"),
        ("he went to thomas tallis's college", "ORG", "thomas tallis's college"),
        ("the landlord is newlon", "ORG", "newlon"),
        ("auntie ping cooked", "PERSON", "auntie ping"),
        ("they called me skinny lok", "PERSON", "skinny lok"),
        ("then old gav rang", "PERSON", "old gav"),
    ],
)
def test_what_no_list_holds_is_found_by_its_form(text: str, kind: str, surface: str) -> None:
    assert (kind, surface) in said(text) or covered(text, surface)


@pytest.mark.parametrize(
    "text",
    [
        "in a full house, at the crown court, near the theme park",
        "a recovery house and a safe house",
        "we went to zumba and to karaoke",
        "i work for love and money with fish and chips",
        "our lady of the house",
        "phase two of my recovery",
        "a big lad on the old telly",
        "uncle so and so",
    ],
)
def test_ordinary_speech_stays(text: str) -> None:
    assert {s for kind, s in said(text) if kind in ("ORG", "PLACE", "PERSON", "ADDRESS")} == set()


@pytest.mark.parametrize("text", ["next is thelma hill", "i saw jordan park and melissa green"])
def test_a_surname_that_is_a_spot_is_a_persons(text: str) -> None:
    assert not [s for kind, s in said(text) if kind == "PLACE" and s.endswith(("hill", "green"))]
