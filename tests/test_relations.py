"""What speakers say of a name beside it becomes its label, anchored to the person whose relation it is."""

import pytest

from tests.test_redaction_study import recording, transcript
from transcribe.redaction.relations import anchors, introduced_as, relation_of
from transcribe.redaction.tokens import tokens

CASES = {
    "my sister Mei Mei came": "P01-PIR-SISTER",
    "my younger sister, Mei Mei": "P01-PIR-SISTER",
    "my sister's name is Mei Mei": "P01-PIR-SISTER",
    "my twin sister is called Mei Mei": "P01-PIR-SISTER",
    "our daughter Mei Mei": "P01-PIR-DAUGHTER",
    "your mum Mei Mei": "P01-PSW-MOTHER",
    "Mei Mei, my little sister, came": "P01-PIR-SISTER",
    "Mei Mei is my sister": "P01-PIR-SISTER",
    "Mei Mei's my sister": "P01-PIR-SISTER",
    "Mei Mei, who's my twin sister": "P01-PIR-SISTER",
    "the psychiatrist, Mei Mei": "CLINICIAN",
    "nurse Mei Mei": "CLINICIAN",
    "my friend Mei Mei": "P01-PIR-FRIEND",
    "your best friend, Mei Mei": "P01-PSW-FRIEND",
    "her friend Mei Mei": "FRIEND",
    "Mei Mei is my friend": "P01-PIR-FRIEND",
    "her sister Mei Mei": "",
    "Mei Mei, my sister's friend": "",
    "I gave Mei Mei my sister's coat": "",
    "my sister's friend Mei Mei": "",
    "My sister. Mei Mei said": "",
    "my sister and Mei Mei": "",
    "my brother in law Mei Mei": "",
    "Mei Mei, my brother in law": "",
    "a friendly Mei Mei": "",
    "Mei Mei": "",
}


@pytest.mark.parametrize("text", CASES)
def test_relation(text: str) -> None:
    start = text.index("Mei Mei")
    assert relation_of(tokens(text), text, start, start + 7, "P01-PIR", "P01-PSW") == CASES[text]


@pytest.mark.parametrize("text", [text for text, label in CASES.items() if label.startswith("P01")])
def test_without_knowing_whose_there_is_no_relation(text: str) -> None:
    start = text.index("Mei Mei")
    assert relation_of(tokens(text), text, start, start + 7, "", "") == ("FRIEND" if "friend" in text else "")


@pytest.mark.parametrize(
    ("text", "relation"),
    [
        ("her cousin Mei Mei", "COUSIN"),
        ("Mei Mei is his aunt", "AUNT"),
        ("my colleague Mei Mei", "COLLEAGUE"),
        ("the nurse Mei Mei", "CLINICIAN"),
        ("so Mei Mei", ""),
    ],
)
def test_what_somebody_is_introduced_as_whoevers_it_is(text: str, relation: str) -> None:
    start = text.index("Mei Mei")
    assert introduced_as(tokens(text), text, start, start + 7) == relation


def test_whose_my_and_your_are() -> None:
    interview = anchors(recording("P01-PIR"), transcript("P01-PIR", "P01-PIR: I", "INT: you", "SPEAKER-1: we"))
    assert interview == {"P01-PIR": ("P01-PIR", ""), "INT": ("", "P01-PIR"), "SPEAKER-1": ("", "")}
    session = anchors(recording("P01-OBS", "OBS"), transcript("P01-OBS", "P01-PIR: I", "P01-PSW: you", "INT: all"))
    assert session == {"P01-PIR": ("P01-PIR", "P01-PSW"), "P01-PSW": ("P01-PSW", "P01-PIR"), "INT": ("", "")}
