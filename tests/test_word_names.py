"""Given names that are ordinary words: names where a person stands, words where they are verbs or things."""

import pytest

from transcribe.redaction.spoken import find_names_again, find_spoken, names_said


def people(text: str) -> list[str]:
    first = find_spoken(text)
    every = [*first, *find_names_again(text, names_said(text, first), first)]
    return sorted({text[f.start : f.end] for f in every if f.entity_type == "PERSON"})


@pytest.mark.parametrize(
    "text",
    [
        "They drew lots for it.",
        "he drew on the wall with chalk",
        "my daughter drew a house and my brother drew his dog",
        "who drew up the plan",
        "they robbed us, to rob a bank is bad",
        "you can sue them if you want",
        "i would bill them for it, i mark his homework",
        "she pats the cat, you pat it like this",
        "chase it up please, they grant it for miles",
        "he will, she may, i hope so, we have faith",
        "there's a gene for that, the dean wrote to us",
        "the baker, a robin and a walker",
        "on the telly, at bingo, in the jacuzzi",
        "faith helps, hope keeps me going and grace comes later",
        "i couldn't see joy in it, i asked for mercy",
        "we talked of hope, joy and faith",
        "i'm frank with her and she's happy",
        "in spring, summer and autumn",
        "i ring the bell, i see the page",
    ],
)
def test_words_are_no_names(text: str) -> None:
    assert people(text) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("penny's my support worker and penny helps me", {"penny"}),
        ("joy is our social worker", {"joy"}),
        ("i phoned faith about it", {"faith"}),
        ("then i saw bill at the shop", {"bill"}),
        ("i was talking to pat, she knows", {"pat"}),
        ("you could ask for joy at the desk", {"joy"}),
        ("i'm ruby and this is hope", {"ruby", "hope"}),
        ("i'm rose and he's cliff", {"rose", "cliff"}),
        ("our youngest is melody", {"melody"}),
        ("hope just said no", {"hope"}),
        ("Rob and Jitka were there.", {"Rob", "Jitka"}),
        ("There was Grace, Mark, Joy and Daniela.", {"Grace", "Mark", "Joy", "Daniela"}),
        ("with penny, rob and mark in it", {"penny", "rob", "mark"}),
    ],
)
def test_names_are_found(text: str, names: set[str]) -> None:
    assert names <= set(people(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("send the forms to mark when you can", {"mark"}),
        ("me and sue went to the group", {"sue"}),
        ("it was penny's turn again", {"penny"}),
        ("so will couldn't come", {"will"}),
        ("And then Faith left and we sat with Hope.", {"Faith", "Hope"}),
        ("Mark and Joy are married.", {"Mark", "Joy"}),
    ],
)
def test_further_places_of_a_person(text: str, names: set[str]) -> None:
    assert names <= set(people(text))


@pytest.mark.parametrize(
    "text",
    ["the will is lost", "free will can do that", "In April we went.", "the Recovery Star and New Hope Street"],
)
def test_further_words(text: str) -> None:
    assert people(text) == []
