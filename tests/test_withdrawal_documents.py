"""Documents of the pair are decided on like joint sessions; what was taken back of them does not come back."""

import pytest

from tests.conftest import Lab
from tests.test_withdrawal_stopped import coders_are_consistent, destroy_key, withdraw

NOTES = "We met in the garden.\nShe told of her aunt's bakery."
TALK = "INT: How was it?\nPIR: I left the bakery that winter.\nPSW: I came later.\nPIR: Indeed late."
PARTNERS = "INT: And you?\nPSW: The bakery was where we met."


def study_with(lab: Lab, **documents: str) -> None:
    """A released study with documents of pair P01; `GENERAL` has no pair."""
    lab.pair()
    assert lab.go().code == 0
    for name, text in documents.items():
        path = lab.study.root.parent / "text.txt"
        path.write_text(text)
        pair = ["--pair", "P01"] if "GENERAL" not in name else []
        answer = lab.run("redact", str(path), "--study", str(lab.study.root), *pair, "--id", name.replace("_", "-"))
        assert answer.code == 0, answer.text
    assert lab.run("release", str(lab.study.root)).code == 0


def document(lab: Lab, name: str) -> str:
    return (lab.study.coders / "documents" / f"{name}.txt").read_text("utf-8-sig")


def said_anywhere(lab: Lab, word: str) -> list[str]:
    folders = (lab.study.private, lab.study.coders)
    files = [p for folder in folders for p in folder.rglob("*") if p.is_file()]
    return [
        p.name
        for p in files
        if p.suffix in (".json", ".txt", ".csv", ".md", ".html") and word in p.read_text("utf-8-sig")
    ]


def test_documents_of_the_pair_have_to_be_decided(lab: Lab) -> None:
    study_with(lab, P01_NOTE_1=NOTES)
    before = lab.bytes_of(lab.study.root)
    code, text = withdraw(lab)
    assert code == 2
    assert "P01-NOTE-1" in text
    assert "--observations" in text
    assert lab.bytes_of(lab.study.root) == before


@pytest.mark.parametrize("observations", ["withhold", "delete"])
def test_field_notes_go_whole_and_do_not_come_back(lab: Lab, observations: str) -> None:
    study_with(lab, P01_NOTE_1=NOTES)
    code, text = withdraw(lab, "--observations", observations)
    assert code == 0, text
    assert not list(lab.study.root.rglob("P01-NOTE-1*"))
    assert said_anywhere(lab, "bakery") == []
    coders_are_consistent(lab.study)
    path = lab.study.root.parent / "text.txt"
    for name, content in (("P01-NOTE-1", "Something else."), ("P01-NOTE-9", NOTES)):
        path.write_text(content)
        answer = lab.run("redact", str(path), "--study", str(lab.study.root), "--pair", "P01", "--id", name)
        assert answer.code == 2
        assert "withdrawn at a participant's request" in answer.text
    assert withdraw(lab, "--observations", observations)[0] == 0


def test_a_document_with_speakers_goes_too_and_may_join_again_without_their_part(lab: Lab) -> None:
    study_with(lab, P01_TALK_1=TALK)
    assert withdraw(lab, "--observations", "withhold")[0] == 0
    assert said_anywhere(lab, "bakery") == []
    path = lab.study.root.parent / "text.txt"
    path.write_text("INT: How was it?\nPSW: I came later.")
    answer = lab.run("redact", str(path), "--study", str(lab.study.root), "--pair", "P01", "--id", "P01-TALK-2")
    assert answer.code == 0, answer.text
    assert lab.run("release", str(lab.study.root)).code == 0
    assert "P01-PSW: I came later." in document(lab, "P01-TALK-2")
    assert said_anywhere(lab, "bakery") == []


def test_what_stays_is_listed_for_a_look(lab: Lab) -> None:
    study_with(lab, P01_TALK_1=PARTNERS, GENERAL_1=NOTES, P01_NOTE_1=NOTES.replace("garden", "park"))
    code, text = withdraw(lab, "--observations", "keep")
    assert code == 0, text
    assert "GENERAL-1, P01-NOTE-1, P01-TALK-1. Look at each" in text
    assert "bakery" in document(lab, "P01-NOTE-1")
    code, text = withdraw(lab, "--observations", "delete")
    assert code == 0, text
    assert "GENERAL-1, P01-TALK-1. Look at each" in text
    assert "bakery" in document(lab, "P01-TALK-1")  # the partner's own, as their interview is
    assert not list(lab.study.root.rglob("P01-NOTE-1*"))


def test_a_person_of_whom_there_are_documents_only(lab: Lab) -> None:
    study_with(lab, P01_NOTE_7=NOTES)
    path = lab.study.root.parent / "text.txt"
    path.write_text(NOTES.replace("garden", "park"))
    assert lab.run("redact", str(path), "--study", str(lab.study.root), "--pair", "P08", "--id", "P08-NOTE-1").code == 0
    answer = lab.run(
        *("withdraw", str(lab.study.root), "--who", "AB", "--person", "P08-PIR", "--observations", "delete", "--yes")
    )
    assert answer.code == 0, answer.text
    assert not lab.study.recording("P08-NOTE-1").exists()


def test_with_the_key_destroyed_documents_go_from_the_coders_whole(lab: Lab) -> None:
    study_with(lab, P01_TALK_1=TALK, P01_NOTE_1=NOTES)
    destroy_key(lab)
    code, text = withdraw(lab, "--observations", "withhold")
    assert code == 0, text
    assert not list((lab.study.coders).rglob("P01-NOTE-1*"))
    assert not list((lab.study.coders).rglob("P01-TALK-1*"))
    assert said_anywhere(lab, "bakery") == []
    assert lab.released() == {"P01-PSW"}
    coders_are_consistent(lab.study)
