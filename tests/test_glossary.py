"""The study's vocabulary, and the codes of languages: what people write, and what must not stand there."""

import pytest
import whisper.tokenizer

from transcribe.errors import UsageError
from transcribe.study.glossary import Glossary
from transcribe.study.languages import LANGUAGES, joined_languages, read_languages
from transcribe.study.roster import RosterEntry

ROSTER = (
    RosterEntry("P01-PIR", "Hope Chan", ("Hope",), "participant", "", ""),
    RosterEntry("", "陳大文", (), "relative", "P01-PIR", ""),
    RosterEntry("", "歐陽美玲", (), "clinician", "", ""),
    RosterEntry("", "Marcus Leung", ("Dr Siu-Ming Young",), "friend", "P01-PIR", ""),
    RosterEntry("", "Kwai Chung", (), "place", "", ""),
)


@pytest.mark.parametrize("word", ["hope chan", "Hope", "Clinic of Hope  Chan", "Ｈｏｐｅ", "陳大文", "陳大文診所"])
def test_a_name_of_the_roster_is_refused_and_not_quoted(word: str) -> None:
    with pytest.raises(UsageError, match=r"\[vocabulary\] other: entry 2 is the name") as error:
        Glossary(other=("lithium", word)).check_no_names(ROSTER)
    assert word.rsplit(maxsplit=1)[-1] not in error.value.message


@pytest.mark.parametrize(
    "word",
    [
        "Marcus",
        "leung",
        "Marcus’s",
        "Dr. Leung",
        "Young, Siu Ming",
        "Siu-ming",
        "Chan",
        "大文",
        "陈大文",
        "美玲",
        "陳 大文",
    ],
)
def test_a_part_of_a_name_alone_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="entry 1 is the name"):
        Glossary(places=(word,)).check_no_names(ROSTER)


def test_an_ordinary_word_counts_as_a_participants_name_only() -> None:
    Glossary(other=("young",)).check_no_names(ROSTER)
    with pytest.raises(UsageError, match="entry 1 is the name"):
        Glossary(other=("young",)).check_no_names((RosterEntry("P01-PIR", "Ida Young", (), "participant", "", ""),))


def test_a_title_after_a_chinese_family_name_is_no_name() -> None:
    Glossary(other=("護士", "文化")).check_no_names((RosterEntry("", "陳護士", ("大護士",), "staff", "", ""),))


@pytest.mark.parametrize(
    "word", ["Hope House", "Kwai Chung", "Kwai Chung Hospital", "Chang Gung", "Leung King Estate", "大文化", "lithium"]
)
def test_services_and_places_are_no_names_of_people(word: str) -> None:
    Glossary(services=(word,)).check_no_names(ROSTER)


def test_the_languages_are_whispers_in_its_order() -> None:
    assert list(LANGUAGES) == list(whisper.tokenizer.LANGUAGES)
    assert [name.casefold() for name in LANGUAGES.values()] == list(whisper.tokenizer.LANGUAGES.values())


@pytest.mark.parametrize("text", ["en+yue", " EN, yue ", "en;yue;en", "en，yue", "en / yue"])
def test_languages_are_read_as_people_write_them(text: str) -> None:
    assert read_languages(text) == ("en", "yue")
    assert read_languages(joined_languages(read_languages(text))) == ("en", "yue")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Cantonese", '"yue" (Cantonese)'),
        ("kantonese", '"yue" (Cantonese)'),
        ("zh-HK", '"yue" (Cantonese)'),
        ("Mandarin", '"zh" (Chinese)'),
        ("zh-TW", '"zh" (Chinese)'),
        ("english", '"en" (English)'),
        ("en-GB", '"en" (English)'),
    ],
)
def test_what_is_no_code_names_the_one_that_is_meant(text: str, meant: str) -> None:
    with pytest.raises(UsageError) as error:
        read_languages(text)
    assert error.value.message.endswith(f"did you mean {meant}?")


def test_what_has_slipped_in_from_another_column_is_not_quoted() -> None:
    with pytest.raises(UsageError) as error:
        read_languages("Quillan")
    assert "uillan" not in error.value.message
