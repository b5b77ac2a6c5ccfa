"""Addresses, handles and numbers in several words and in Chinese characters."""

import pytest

from transcribe.redaction.chinese import find_chinese
from transcribe.redaction.spoken import find_spoken


def said(text: str) -> set[tuple[str, str]]:
    return {(f.entity_type, text[f.start : f.end]) for f in find_spoken(text)}


@pytest.mark.parametrize(
    ("text", "kind", "surface"),
    [
        ("write to temi at bright harbour dot org dot uk", "EMAIL", "temi at bright harbour dot org dot uk"),
        ("i am on instagram as purple otter leeds, ok", "URL", "purple otter leeds"),
        ("you find me under tiktok as sleepy walrus and so on", "URL", "sleepy walrus"),
        ("for a patient ring 0208 555 0134", "PHONE", "0208 555 0134"),
        ("the staff room is 0161 496 0123", "PHONE", "0161 496 0123"),
        ("his case number is 0161 496 0123", "ID", "0161 496 0123"),
    ],
)
def test_contacts_are_found_whole(text: str, kind: str, surface: str) -> None:
    assert (kind, surface) in said(text)


@pytest.mark.parametrize("text", ["i use instagram as a diary", "we met on facebook as friends do"])
def test_talk_of_a_platform_is_no_handle(text: str) -> None:
    assert said(text) == set()


@pytest.mark.parametrize(
    ("text", "surface"),
    [
        ("我張身份證係K二三四五六七括弧八", "K二三四五六七括弧八"),
        ("C六六八 一二三 括號 A 括號", "C六六八 一二三 括號 A 括號"),
        ("個社工姓何", "何"),
        ("佢姓何，我姓梁", "何"),
    ],
)
def test_chinese_numbers_and_surnames_are_found_whole(text: str, surface: str) -> None:
    assert surface in {text[f.start : f.end] for f in find_chinese(text)}


@pytest.mark.parametrize("text", ["請問你姓乜", "姓何名誰都唔知"])
def test_a_question_for_a_surname_is_none(text: str) -> None:
    assert [f for f in find_chinese(text) if f.recognizer == "grammar/chinese-surname"] == []
