"""Places, addresses and organisations, with names drawn from the gazetteers or made up, in templates written here."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcribe.redaction.gazetteer import names_in
from transcribe.redaction.lexicon import is_common, is_kept, is_medicine, organisations, places
from transcribe.redaction.misheard_places import find_misheard_places
from transcribe.redaction.name_lists import is_listed
from transcribe.redaction.organisation_kinds import DESCRIPTORS, KINDS, TALK
from transcribe.redaction.spans import Found
from transcribe.redaction.spoken import find_spoken
from transcribe.redaction.tokens import tokens


def said(text: str, previous: str = "") -> list[tuple[str, str, str]]:
    return [(f.entity_type, f.label, text[f.start : f.end]) for f in find_spoken(text, previous)]


def covered(text: str, surface: str, previous: str = "") -> bool:
    begin = text.index(surface)
    inside = {i for f in find_spoken(text, previous) for i in range(f.start, f.end)}
    return all(i in inside or not text[i].isalnum() for i in range(begin, begin + len(surface)))


def is_ordinary(name: str) -> bool:
    return all(is_common(t.fold) for t in tokens(name))


LISTED_PLACES = sorted({p.name for p in places().values()})
LISTED_ORGANISATIONS = sorted({o.name for o in organisations().values() if not o.cue})
IN_A_SENTENCE = [
    "We were living in {} at that time.",
    "She took me to {}, and then home.",
    "Well, um, my mother is from {} I think.",
    "it's somewhere near {} you know",
]


@given(st.sampled_from(LISTED_PLACES), st.sampled_from(IN_A_SENTENCE))
def test_every_listed_place_is_covered_as_written(name: str, template: str) -> None:
    assert covered(template.format(name), name)


@given(st.sampled_from([n for n in LISTED_PLACES if not is_ordinary(n)]), st.sampled_from(IN_A_SENTENCE))
def test_every_listed_place_that_is_no_word_is_covered_in_lower_case(name: str, template: str) -> None:
    assert covered(template.format(name).casefold(), name.casefold())


@given(
    st.sampled_from([n for n in LISTED_ORGANISATIONS if not is_ordinary(n)]),
    st.sampled_from(["I stayed at {} for a month.", "They sent me to {} again.", "she is from {} isn't she"]),
    st.booleans(),
)
def test_every_listed_organisation_is_covered(name: str, template: str, lower: bool) -> None:
    text, surface = template.format(name), name
    assert covered(text.casefold() if lower else text, surface.casefold() if lower else surface)


MADE_UP = (
    st.text("aeioubdfgklmnprstvz", min_size=6, max_size=10)
    .map(str.title)
    .filter(lambda n: not is_common(n.casefold()) and not is_kept(tokens(n)) and not is_listed(n.casefold()))
    .filter(lambda n: not is_medicine(n.casefold()) and not is_medicine(n.casefold() + "s"))
)
KIND_WORDS = ["hospital", "clinic", "primary", "mosque", "magistracy", "foundation", "hostel", "surgery", "university"]
STREETS = ["Road", "Street", "Avenue", "Lane", "Crescent", "Terrace"]
NUMBERS = ["four", "thirty one", "a hundred and six", "22", "nineteen", "seventy-eight"]


@given(MADE_UP, st.sampled_from(KIND_WORDS), st.sampled_from(["", "community ", "day "]), st.booleans())
def test_an_unlisted_name_before_a_word_of_kind_is_covered(name: str, kind: str, more: str, lower: bool) -> None:
    surface = f"{name} {more.title()}{kind.title()}"
    text = f"So they moved me to the {surface} last spring."
    surface, text = (surface.casefold(), text.casefold()) if lower else (surface, text)
    assert covered(text, surface)
    assert KINDS[kind] in {label for kind_of, label, _ in said(text) if kind_of == "ORG"}


@given(MADE_UP, st.sampled_from(["works at {}", "is working for {}", "volunteered at {}"]), st.booleans())
def test_an_unlisted_employer_is_covered(name: str, cue: str, lower: bool) -> None:
    text = f"My partner {cue.format(name)} and she likes it."
    assert covered(text.casefold() if lower else text, name.casefold() if lower else name)


@given(st.lists(st.sampled_from(["golden", "copper", "kettle", "river", "crust", "lantern"]), min_size=1, max_size=3))
def test_ordinary_words_after_called_are_the_name_of_a_shop_or_place(words: list[str]) -> None:
    name = " ".join(words)
    for kind in ("bakery", "charity", "salon", "church", "village", "hostel"):
        assert covered(f"i was at this {kind} called {name} for two years", name)


@given(MADE_UP, st.sampled_from(STREETS), st.sampled_from(NUMBERS), st.sampled_from([", ", " uh ", " "]), st.booleans())
def test_a_street_with_its_number_is_covered(name: str, street: str, number: str, pause: str, lower: bool) -> None:
    surface = f"{number}{pause}{name} {street}"
    text = f"Yes, it's {surface}, near the park."
    assert covered(text.casefold() if lower else text, surface.casefold() if lower else surface)


@given(
    st.sampled_from(["S W", "L S", "M", "B", "E", "N W", "C F", "se", "BT"]),
    st.sampled_from([("one", "1"), ("nine", "9"), ("seventeen", "17"), ("two two", "22"), ("four", "4")]),
    st.sampled_from(["one", "three", "six", "nine"]),
    st.sampled_from(["A A", "E Z", "J L", "T P"]),
    st.sampled_from([" ", ", ", " um "]),
)
def test_a_postcode_in_letters_is_covered(
    area: str, district: tuple[str, str], sector: str, unit: str, pause: str
) -> None:
    surface = f"{area} {district[0]}{pause.replace('um', ',')}{sector} {unit}"
    assert covered(f"the postcode is {surface}, thanks", surface)


def test_a_house_number_alone_is_covered_where_the_address_was_asked_for() -> None:
    assert covered("Um, forty two.", "forty two", "And what's your address, please?")
    assert covered("My address is, um, sixteen.", "sixteen")
    assert said("Um, forty two.", "How many were you?") == []


@pytest.mark.parametrize(
    ("text", "label", "surface"),
    [
        ("Dr Poon saw me at Castle Peak", "HOSPITAL", "Castle Peak"),
        ("i was admitted to kwai chung in the spring", "HOSPITAL", "kwai chung"),
        ("they kept me in J4 ward", "WARD", "J4"),
        ("he is on ward eleven now", "WARD", "eleven"),
        ("I was in PYNEH twice", "HOSPITAL", "PYNEH"),
        ("she was at k c h for weeks", "HOSPITAL", "k c h"),
        ("the groups at the Sha Tin ICCMW", "SERVICE", "the Sha Tin ICCMW"),
        ("a leaflet from the Kwun Tong peer centre", "SERVICE", "the Kwun Tong peer centre"),
        ("she goes to St Clement's", "SCHOOL", "St Clement's"),
        ("he went to saint bede's primary", "SCHOOL", "saint bede's primary"),
        ("I read law at Keele", "UNIVERSITY", "Keele"),
        ("up before the Fanling Magistracy", "COURT", "the Fanling Magistracy"),
        ("there was an article in the Ming Pao", "MEDIA", "the Ming Pao"),
        ("he is in HMP Leeds now", "PRISON", "HMP Leeds"),
        ("we pray at the Kowloon Mosque", "CONGREGATION", "the Kowloon Mosque"),
        ("I had a job at Tesco", "EMPLOYER", "Tesco"),
        ("the prescription went to boots", "SERVICE", "boots"),
        ("part time, at a bakery, Copper Kettle.", "EMPLOYER", "Copper Kettle"),
    ],
)
def test_the_label_says_what_an_organisation_is(text: str, label: str, surface: str) -> None:
    assert ("ORG", label, surface) in said(text)


@pytest.mark.parametrize(
    "text",
    [
        "I was in hospital for three months and then in the day hospital.",
        "The community mental health team and the support group helped me.",
        "I like reading in the bath, and I bury myself in work.",
        "I found a new life, it was a turning point, and I look ahead.",
        "We went to the church, the mosque, a bank, the library and any dodgy restaurant.",
        "I take St John's wort, not a methadone clinic, and the lithium clinic is nice.",
        "He works at night and I work for free at home.",
        "My boots were wet, and I had no shelter in a crisis.",
        "I've got time, we'll see, I'll manage, she'd know.",
        "It was a long road, two houses down the street, in a different place.",
        "England, Scotland, China and Hong Kong are different.",
        "I watched it on television and read it in the newspaper.",
        "The ward was loud, the ward round was short, the unit was locked.",
        "On the road to recovery, step by step, at the centre of it all.",
        "I bought bread in a shop called by nobody.",
        "I had a turkey sandwich from a plate of china.",
    ],
)
@pytest.mark.parametrize("lower", [False, True])
def test_ordinary_talk_stays(text: str, lower: bool) -> None:
    assert said(text.casefold() if lower else text) == []


def test_longest_names_win_and_never_overlap() -> None:
    text = "from the Prince of Wales Hospital to Tsuen Wan West and Tsuen Wan"
    matches = list(names_in(text, tokens(text)))
    assert [text.split()[m.first : m.last] for m in matches] == [
        ["Prince", "of", "Wales", "Hospital"],
        ["Tsuen", "Wan", "West"],
        ["Tsuen", "Wan"],
    ]


def test_a_place_keeps_its_region_and_a_town_after_a_street_is_in_the_address() -> None:
    assert places()["sha", "tin"].region == "New Territories"
    assert places()["vietnam",].region == "Asia"
    assert ("hong", "kong") not in places()
    assert ("ADDRESS", "", "nine Ludlow Crescent, Leeds") in said("It's nine Ludlow Crescent, Leeds.")
    kinds = {kind for kind, _, surface in said("we live in Kwai Chung, in Kwai Yan House") if surface == "Kwai Chung"}
    assert kinds == {"PLACE"}


def test_every_label_and_cue_of_the_gazetteer_is_known() -> None:
    for organisation in organisations().values():
        assert organisation.label.isupper()
        assert organisation.cue in {"", "@abbreviation", *TALK}
    assert not DESCRIPTORS & set(KINDS)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from([*LISTED_PLACES[:40], "at", "the", "St", "'s", "ward", "called", "bakery", "12", ",", "."])
    )
)
def test_any_words_give_spans_inside_the_text(words: list[str]) -> None:
    text = " ".join(words)
    for item in find_spoken(text, "your address?"):
        assert isinstance(item, Found)
        assert 0 <= item.start < item.end <= len(text)


@pytest.mark.parametrize("text", ["we take the bus from Tai Wai to Yuen Long", "between Sha Tin and Tai Wai every day"])
def test_two_places_are_no_person(text: str) -> None:
    for lower in (text, text.casefold()):
        assert {kind for kind, _, _ in said(lower)} == {"PLACE"}


def test_a_person_who_is_called_like_a_place_is_covered_whole() -> None:
    assert covered("my friend Chan Tai Wai came", "Chan Tai Wai")
    assert covered("then Preston Fung said it", "Preston Fung")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("I heard them on the Tsu and Wan line and got off", "Tsu and Wan line"),
        ("near the mong cock station", "mong cock station"),
        ("in the chai wun estate", "chai wun estate"),
    ],
)
def test_places_of_hong_kong_are_found_as_they_were_heard(text: str, place: str) -> None:
    assert [text[f.start : f.end] for f in find_misheard_places(text, tokens(text))] == [place]


@pytest.mark.parametrize(
    "text", ["the finish line", "the police station", "in real estate", "a long line", "help line", "the bus station"]
)
def test_lines_and_stations_of_no_place_stay(text: str) -> None:
    assert not list(find_misheard_places(text, tokens(text)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("part time, at a bakery, golden crust. it was fine", "golden crust"),
        ("i got a job at a restaurant, blue lotus, washing dishes", "blue lotus"),
        ("at a cafe, night shifts, for years", ""),
        ("in a hospital, long stay", ""),
        ("at a school, primary school", ""),
        ("in a hotel, room service", ""),
    ],
)
def test_a_name_of_ordinary_words_after_its_kind_and_a_comma(text: str, name: str) -> None:
    assert [t for kind, _, t in said(text) if kind == "ORG"] == [name] * bool(name)
