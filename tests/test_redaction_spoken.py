"""The grammars for speech, on names and numbers that they were not written for."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.redaction.numbers import digits_of, hkid_is_valid, nhs_is_valid, value_of, year_of
from transcribe.redaction.spoken import find_across, find_spoken
from transcribe.redaction.spoken_ages import age_band
from transcribe.redaction.spoken_contacts import canonical_contact
from transcribe.redaction.spoken_dates import date_band

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def spans(text: str, previous: str = "") -> set[tuple[str, str]]:
    return {(f.entity_type, text[f.start : f.end]) for f in find_spoken(text, previous)}


def covered(text: str, surface: str, previous: str = "") -> bool:
    """Whether every letter and digit of `surface` lies in some span."""
    begin = text.index(surface)
    inside = {i for f in find_spoken(text, previous) for i in range(f.start, f.end)}
    return all(i in inside or not text[i].isalnum() for i in range(begin, begin + len(surface)))


@pytest.mark.parametrize(
    ("text", "kind", "surface"),
    [
        ("It's nine one two, double four, seven oh three. Sorry", "PHONE", "nine one two, double four, seven oh three"),
        ("It's 912-447-03.", "PHONE", "912-447-03"),
        ("on 9124703 please", "PHONE", "9124703"),
        (
            "six one, uh, no sorry, six two three, um, four four",
            "PHONE",
            "six one, uh, no sorry, six two three, um, four four",
        ),
        ("call +44 20 7946 0958 now", "PHONE", "+44 20 7946 0958"),
        ("Z six eight three, three six five, bracket five.", "ID", "Z six eight three, three six five, bracket five"),
        ("typing Z683-365-bracket-5.", "ID", "Z683-365-bracket-5"),
        ("it is A123456(3), yes", "ID", "A123456(3)"),
        ("account one two three dash four five six seven", "ID", "one two three dash four five six seven"),
        ("my plate is K V seven oh two", "ID", "K V seven oh two"),
        ("janet dot lau eighty two at gmail dot com.", "EMAIL", "janet dot lau eighty two at gmail dot com"),
        ("My mail: janet.lau.82 at gmail.com ok", "EMAIL", "janet.lau.82 at gmail.com"),
        ("it's on myblog dot co dot uk", "URL", "myblog dot co dot uk"),
        ("it was Mister Oduya who", "PERSON", "Mister Oduya"),
        ("with Dr. Farrow-Lyle today", "PERSON", "Dr. Farrow-Lyle"),
        ("Uncle Fai and Ah Keung", "PERSON", "Uncle Fai"),
        ("Uncle Fai and Ah Keung", "PERSON", "Ah Keung"),
        ("so Chan sir said", "PERSON", "Chan sir"),
        ("my name is, um, lok tung", "PERSON", "lok tung"),
        ("everyone calls me ah wai", "PERSON", "ah wai"),
        ("Hello, I'm Zsofia Keane, hi", "PERSON", "Zsofia Keane"),
        ("my brother, Odhran, came", "PERSON", "Odhran"),
        ("it's spelled K-E-U-N-G", "PERSON", "K-E-U-N-G"),
        ("Flat B, fourteenth floor, Wing Lok House.", "ADDRESS", "Flat B, fourteenth floor, Wing Lok House"),
        ("room 12, 3/F, Tower Heights Mansion", "ADDRESS", "room 12, 3/F, Tower Heights Mansion"),
        ("a flat on Shui Wo Street for", "ADDRESS", "Shui Wo Street"),
        ("at sixty four, Ludlow Crescent", "ADDRESS", "sixty four, Ludlow Crescent"),
        ("it is SW nineteen one EZ", "ADDRESS", "SW nineteen one EZ"),
        ("in March twenty nineteen we", "DATE", "March twenty nineteen"),
        ("died in July last year and", "DATE", "July last year"),
        ("on the third of May two thousand and one", "DATE", "the third of May two thousand and one"),
        ("born in ninety-one", "DATE", "ninety-one"),
        ("I'm forty-seven now", "AGE", "forty-seven"),
        ("he is twelve years old", "AGE", "twelve years old"),
        ("out in Ngau Tau Kok then", "PLACE", "Ngau Tau Kok"),
        ("the Tsuen Wan line was", "PLACE", "Tsuen Wan line"),
        ("at castle peak hospital", "ORG", "castle peak hospital"),
        ("Saint Agnes Primary, and", "ORG", "Saint Agnes Primary"),
        ("He goes to St Paul's now", "ORG", "St Paul's"),
        ("the Rowan Tree Foundation paid", "ORG", "the Rowan Tree Foundation"),
        ("I was in K7 ward at CPH then", "ORG", "CPH"),
    ],
)
def test_what_is_said_is_found(text: str, kind: str, surface: str) -> None:
    assert (kind, surface) in spans(text)


@pytest.mark.parametrize(
    "text",
    [
        "Mm hmm. Yeah, okay. Uh-huh. Right, I see.",
        "two weeks ago, last winter, every Monday, in July, Thursday, for eleven weeks, about six years now",
        "I take lithium and clozapine, 300 milligrams, then 450, at 10:30",
        "one, two, three, four, five, six, breathe",
        "In 2019, 2020 and twenty twenty-one",
        "about $1,000,000 or 250,000 people",
        "I have PTSD and ADHD, the CBT helped, the NHS too, at A&E",
        "call the Samaritans on 116 123",
        "I, I, I went. A. B. I'm Fine. I'm so tired. This is Hard. I'm one of them.",
        "the main street, my house, the hospital, a school, at home, Primary school was hard",
        "Will you come? May I? In May maybe. I hope so. Mark my words.",
        "call me back, call me when you can, my name is not important",
        "the eleven K, step by step, seven minutes. Seven minutes",
        "I looked at it dot by dot. It is at the com point",
        "I miss you, sister, and doctor, you know. Miss, please. Doctor. Nice to meet you",
    ],
)
def test_what_research_needs_stays(text: str) -> None:
    assert spans(text) == set()


@pytest.mark.parametrize(
    ("previous", "text", "surface"),
    [
        ("Could you say your name for the tape?", "Sure. Obrelwaru Zhandeyo.", "Obrelwaru Zhandeyo"),
        ("What's your date of birth?", "Um, ninety two.", "ninety two"),
        ("And your date of birth?", "nineteen ninety-six.", "nineteen ninety-six"),
        ("How old are you?", "Um, twenty seven.", "twenty seven"),
    ],
)
def test_the_answer_to_an_identity_question(previous: str, text: str, surface: str) -> None:
    assert covered(text, surface, previous)
    assert not covered(text, surface)


FILLER = st.sampled_from([" ", ", ", ", um, ", " uh ", ", no sorry, ", " - "])


@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["say", "double", "oh"])), min_size=7, max_size=11), st.data()
)
def test_any_dictated_number_is_covered(items: list[tuple[int, str]], data: st.DataObject) -> None:
    digits, said = "", ""
    for number, (digit, how) in enumerate(items):
        inside = 0 < number < len(items) - 1  # at an end, "oh" is as likely an exclamation
        word = "oh" if how == "oh" and digit == 0 and inside else WORDS[digit]
        said += (data.draw(FILLER) if said else "") + (f"double {WORDS[digit]}" if how == "double" else word)
        digits += str(digit) * (2 if how == "double" else 1)
    if digits in "012345678910111213" or digits in "1234567891011121314151617181920":
        return
    text = f"You can reach me on {said}, any time."
    assert covered(text, said)


@given(
    st.integers(0, 10**8 - 1), st.sampled_from([(2, 2, 2, 2), (4, 4), (3, 3, 2), (8,), (3, 5)]), st.sampled_from("- ")
)
def test_any_written_number_is_covered(number: int, groups: tuple[int, ...], separator: str) -> None:
    digits = f"{number:08d}"
    parts, position = [], 0
    for size in groups:
        parts.append(digits[position : position + size])
        position += size
    written = separator.join(parts)
    years = all(part[:2] in ("19", "20") for part in parts if len(part) == 4)
    if separator == " " and (groups == (2, 2, 2, 2) or years or groups == (3, 3, 2)):
        return  # amounts and years are written like this, too
    if digits in "012345678910111213":
        return
    assert covered(f"my number is {written}.", written)


@given(st.sampled_from("ABCDEFGHKMNPRSVYZ"), st.integers(0, 999_999), st.booleans())
def test_any_identity_card_is_covered_and_checked(letter: str, number: int, words: bool) -> None:
    body = f"{number:06d}"
    check = next(c for c in "0123456789A" if hkid_is_valid(letter + body + c))
    spoken = " ".join(WORDS[int(c)] for c in body)
    last = check if check == "A" else WORDS[int(check)]
    text = f"my HKID is {letter} {spoken} bracket {last}." if words else f"my HKID is {letter}{body}({check})."
    surface = text[len("my HKID is ") : -1]
    found = [f for f in find_spoken(text) if f.recognizer == "checksum/hkid"]
    assert covered(text, surface.rstrip(")"))
    assert found


NAME = st.text("aeioubdfgklmnprstvz", min_size=4, max_size=8).map(str.title)


@given(NAME, NAME, st.sampled_from(["Mister {}", "Mrs {}", "Doctor {}", "Dr. {}", "Professor {}"]), st.data())
def test_any_name_after_a_title_or_cue_is_covered(first: str, last: str, title: str, data: st.DataObject) -> None:
    from transcribe.redaction.lexicon import is_common, is_kept
    from transcribe.redaction.tokens import tokens

    if any(is_common(n.casefold()) or is_kept(tokens(n)) for n in (first, last)):
        return
    assert covered(f"and then {title.format(last)} came in", last)
    cue = data.draw(st.sampled_from(["my name is {}", "I'm {}", "Hello, I'm {}", "call me {}", "this is {} speaking"]))
    assert covered(f"Well, {cue.format(first + ' ' + last)}, yes.", f"{first} {last}")


def test_random_text_never_crashes_and_offsets_are_inside() -> None:
    rng = random.Random(7)
    odd = "at dot com double oh Flat B floor Street May born ( ] St ’s first of I'm Doctor Chan sir - , . é \u0130"
    vocabulary = [*WORDS, *odd.split(), "Mei Foo", "Hospital", "\n"]
    for _ in range(300):
        text = " ".join(rng.choices(vocabulary, k=rng.randint(0, 25)))
        for item in find_spoken(text, "What is your name, your date of birth, how old are you?"):
            assert 0 <= item.start < item.end <= len(text)


def test_numbers() -> None:
    assert digits_of("double four, oh three, eighty two, 7") == "440" + "3827"
    assert (value_of("forty-seven"), value_of("47"), value_of("four seven"), value_of("hello")) == (47, 47, None, None)
    assert year_of("nineteen oh five") == 1905
    assert year_of("two thousand and one") == 2001
    assert year_of("twenty nineteen") == 2019
    assert year_of("seven") is None
    assert hkid_is_valid("A1234563")
    assert not hkid_is_valid("A1234564")
    assert nhs_is_valid("9434765919")
    assert not nhs_is_valid("9434765918")


def test_bands() -> None:
    assert date_band("March twenty nineteen") == date_band("3 March, 2019") == "2019-03"
    assert date_band("July last year") == ""
    assert (age_band("forty-seven"), age_band("nineteen years old"), age_band("95"), age_band("many")) == (
        *("45-49", "15-19", "90+"),
        "",
    )


def test_one_address_has_one_form() -> None:
    assert canonical_contact("janet dot lau at gmail dot com") == canonical_contact("Janet.Lau@gmail.com")


@pytest.mark.parametrize(
    ("first", "second", "left", "right"),
    [
        ("It's nine one two,", "double four, seven oh three. Sorry", "nine one two,", "double four, seven oh three"),
        ("my mail is janet dot", "lau at gmail dot com", "janet dot", "lau at gmail dot com"),
        ("It's 912,", "double 4, 703. Sorry", "912,", "double 4, 703"),
    ],
)
def test_a_number_that_goes_on_in_the_next_utterance(first: str, second: str, left: str, right: str) -> None:
    (((_, a), (_, b)),) = find_across("x" * 90 + ". " + first, second)
    assert ("x" * 90 + ". " + first)[a.start : a.end] == left
    assert second[b.start : b.end] == right
    assert find_across("I have two", "dogs and three cats") == []


def test_a_misheard_street_in_lower_case() -> None:
    assert covered("I lived in a flat on shey will street for two years.", "shey will street")
    for kept in ("I walked down the street.", "We met on the high street.", "It was a long road from there."):
        assert spans(kept) == set()
