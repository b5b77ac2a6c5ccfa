"""What must stay in the text, and that it never hides somebody whom a cue names."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.redaction.detector import PresidioDetector
from transcribe.redaction.lexicon import data_lines, is_kept, is_medicine, kept_phrases, must_keep
from transcribe.redaction.name_lists import is_frequent_surname, is_only_given
from transcribe.redaction.public_figures import public_figures
from transcribe.redaction.rules_digest import rules_digest
from transcribe.redaction.spoken import find_spoken
from transcribe.redaction.tokens import tokens

MEDICINES = ["lumateperone", "cariprazine", "escitalopram", "perphenazine", "iloperidone", "pitolisant"]
FIGURES = sorted(line for line in data_lines("public_figures.txt") if not line.endswith("*") and " " in line)


def said(text: str) -> list[tuple[str, str]]:
    return [(f.entity_type, text[f.start : f.end]) for f in find_spoken(text)]


@given(
    st.sampled_from(sorted(p for p in must_keep() if len(p) > 3)),
    st.sampled_from(["I talked about {} with them", "well, {} helped me", "it was {} again"]),
)
def test_a_must_keep_phrase_in_lower_case_is_not_masked_without_a_cue(phrase: str, frame: str) -> None:
    text = frame.format(phrase)
    begin = text.index(phrase)
    assert not [f for f in find_spoken(text) if f.start < begin + len(phrase) and begin < f.end]


@given(st.sampled_from(FIGURES), st.sampled_from(["I watched {} films all night", "a book about {} helped me"]))
def test_public_figures_stay(name: str, frame: str) -> None:
    text = frame.format(name)
    assert public_figures(text, tokens(text)) or " the " in name
    assert not [f for f in find_spoken(text) if f.entity_type == "PERSON"]


@pytest.mark.parametrize("frame", ["my friend {} came", "Mr {} told me", "my name is {}", "my sister, {}, cooks"])
@pytest.mark.parametrize("name", ["Michael Jackson", "Jung", "Grace", "Christian", "Parkinson"])
def test_nothing_shields_a_person_whom_a_cue_names(frame: str, name: str) -> None:
    if name in ("Christian", "Parkinson", "Jung") and frame.startswith("my name"):
        frame = "my brother {} came"
    text = frame.format(name)
    assert [s for kind, s in said(text) if kind == "PERSON" and name.rsplit(maxsplit=1)[-1] in s]


def test_a_bare_surname_of_a_public_figure_is_kept_only_where_the_talk_is_of_books_and_the_like() -> None:
    for text, kept in (("I read a lot of Jung", True), ("then Jung gave me the key", False)):
        assert bool(public_figures(text, tokens(text))) is kept


def test_names_of_medicines_are_told_by_their_stems() -> None:
    assert [m for m in MEDICINES if is_medicine(m)] == ["cariprazine", "escitalopram", "perphenazine", "iloperidone"]
    assert is_kept(tokens("olanzapine and quetiapine"))
    assert not is_kept(tokens("olanzapine and Oduya"))


def test_the_stems_of_medicines_are_no_names_of_persons() -> None:
    names = [line.rstrip("*") for line in data_lines("given_names.txt")][:3000]
    assert [n for n in names if is_medicine(n) and is_only_given(n)] == []
    surnames = [line.rstrip("*") for line in data_lines("surnames.txt")][:3000]
    assert [n for n in surnames if is_medicine(n) and is_frequent_surname(n)] == []


def test_phrases_are_found_where_they_stand() -> None:
    text = "I took St John's wort for Parkinson's disease"
    assert [text[a:b] for a, b in kept_phrases(tokens(text))] == ["St John's wort", "Parkinson's disease"]


def test_a_change_of_any_rule_or_list_changes_the_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def folder(package: str) -> Path:
        return tmp_path / package

    monkeypatch.setattr("transcribe.redaction.rules_digest.files", folder)
    packages = ("transcribe.redaction", "transcribe.release_check")
    for package in packages:
        (folder(package) / "data").mkdir(parents=True)
    digests = []
    for package in packages:
        for name in ("spoken_ids.py", "data/places.csv", "data/places.csv"):
            path = folder(package) / name
            path.write_text(path.read_text() + "more" if path.exists() else name)
            digests.append(rules_digest.__wrapped__())
    assert len(set(digests)) == len(digests)
    (folder("transcribe.redaction") / "__pycache__").mkdir()
    (folder("transcribe.redaction") / "__pycache__" / "spoken_ids.pyc").write_text("compiled")
    assert rules_digest.__wrapped__() == digests[-1]
    assert rules_digest() in PresidioDetector(tmp_path, "1").fingerprint


@pytest.mark.parametrize(
    "text",
    [
        "i'm burkinabe and my wife is malian",
        "she's eritrean, he's comorian, they're togolese",
        "he spoke wolof and lingala and some tigrinya",
        "my neighbours are rohingyas and uyghurs",
        "I'm Barbadian and he's Kittitian.",
        "i'm sylheti, not chittagonian",
        "hi i'm gambian",
    ],
)
def test_peoples_and_languages_stay(text: str) -> None:
    assert [f for f in find_spoken(text) if f.entity_type in ("PERSON", "PLACE")] == []


def test_the_only_one_of_a_people_is_singled_out() -> None:
    assert [f.entity_type for f in find_spoken("i was the only senegalese nurse on the ward")] == ["UNIQUE"]
