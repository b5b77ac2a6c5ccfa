"""Traditional script for Cantonese: characters alone, one for one, and what is traditional already stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.recognition.script import in_script, words_in_script

SIMPLIFIED = [
    ("我听到佢话咁样,头发后面", "我聽到佢話咁樣,頭髮後面"),
    ("佢喺度食咗饭,睇医生,冇问题", "佢喺度食咗飯,睇醫生,冇問題"),
    ("我系社工,呢个系统嘅关系好紧要", "我係社工,呢個系統嘅關係好緊要"),
    ("听日", "聽日"),
    ("几多钱?张茶几", "幾多錢?張茶几"),
    ("唔好郁,抑郁症,余先生其余嘅药", "唔好郁,抑鬱症,余先生其餘嘅藥"),
    ("我住喺葵涌,食晒饭", "我住喺葵涌,食晒飯"),
]
TRADITIONAL = ["干預皇后公里裏面裡面", "台灣 臺灣 衛生 線", "佢唔郁,我食晒飯", "皇后大道中有間咸魚舖", "里面"]
characters = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
    st.sampled_from("听后干里面发头頭髮系我佢这说门问药医,. "),
)
texts = st.text(characters, max_size=40)


@pytest.mark.parametrize(("text", "expected"), SIMPLIFIED)
def test_simplified_cantonese_becomes_traditional(text: str, expected: str) -> None:
    assert in_script(text, "yue") == expected


@pytest.mark.parametrize("text", [*TRADITIONAL, *(expected for _, expected in SIMPLIFIED)])
def test_traditional_cantonese_stays_as_it_is(text: str) -> None:
    assert in_script(text, "yue") == text


def test_a_simplified_character_in_a_traditional_text_alone_is_converted() -> None:
    assert in_script("後日 皇后 几时去干預", "yue") == "後日 皇后 幾時去干預"


@pytest.mark.parametrize("language", ["zh", "ja", "en"])
def test_every_other_language_stays_as_it_is(language: str) -> None:
    assert in_script("头发后面", language) == "头发后面"


@given(texts)
def test_each_character_stays_where_it_was(text: str) -> None:
    found = in_script(text, "yue")
    assert len(found) == len(text)
    assert [c for c in found if c.isascii()] == [c for c in text if c.isascii()]


@given(texts)
def test_no_character_stays_that_can_only_be_simplified(text: str) -> None:
    assert not set(in_script(text, "yue")) & set("听发头这说门问药医")


@given(st.lists(texts, max_size=8))
def test_words_joined_are_the_text_converted_as_one(words: list[str]) -> None:
    found = words_in_script(words, "yue")
    assert [len(word) for word in found] == [len(word) for word in words]
    assert "".join(found) == in_script("".join(words), "yue")


def test_a_word_is_converted_with_the_words_around_it() -> None:
    assert words_in_script(["头", "发", " 发", "展"], "yue") == ["頭", "髮", " 發", "展"]
