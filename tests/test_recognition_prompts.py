"""Prompts: what the model is told, how much of it fits, and when it only says its prompt again."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.engines import RecognitionOptions
from transcribe.errors import UsageError
from transcribe.recognition.prompts import Prompt, build_prompt, check_vocabulary, is_leak, most_prompt_tokens
from transcribe.recognition.tokenizer import open_tokenizer
from transcribe.recognition.tokenizer import text_tokens_of as encode

TOKENIZER = open_tokenizer(99)
GLOSSARY = ("Fuk Hong Society", "clozapine", "Kwai Chung Hospital", "lithium", "聯合醫院", "Shek Kip Mei")
LANGUAGES = ("en", "yue", "zh", "fr")
ORDINARY = (
    "well",
    "my",
    "sister",
    "came",
    "on",
    "Sunday",
    "because",
    "the",
    "bus",
    "was",
    "我",
    "今日",
    "去咗",
)

languages = st.sampled_from(LANGUAGES)
verbatims = st.booleans()


def prompt(language: str = "en", verbatim: bool = False, words: Sequence[str] = GLOSSARY) -> Prompt:
    return build_prompt(RecognitionOptions(vocabulary=tuple(words), verbatim=verbatim), language, encode)


def text(of: Prompt) -> str:
    decoded: str = TOKENIZER.decode(list(of.tokens))
    return decoded


def test_nothing_to_tell_is_no_prompt() -> None:
    assert prompt(words=()) == Prompt()
    assert prompt("fr", verbatim=True, words=()) == Prompt()  # no language whose fillers nobody has checked


def test_words_stand_in_a_sentence_of_their_language_with_a_leading_space() -> None:
    assert text(prompt(words=GLOSSARY[:2])) == " We talked about Fuk Hong Society, clozapine."
    assert text(prompt("yue", words=GLOSSARY[:2])) == " 我哋講過Fuk Hong Society、clozapine。"
    assert text(prompt("zh", words=GLOSSARY[:2])) == " 我们谈到Fuk Hong Society、clozapine。"
    assert text(prompt("fr", words=GLOSSARY[:2])) == " Fuk Hong Society, clozapine."


def test_verbatim_ends_with_fillers_and_false_starts() -> None:
    assert text(prompt(verbatim=True, words=GLOSSARY[:1])).startswith(" We talked about Fuk Hong Society. Um, so, uh,")
    assert text(prompt("yue", verbatim=True)) == text(prompt("yue"))


@given(st.lists(st.sampled_from(GLOSSARY), max_size=200), languages, verbatims, st.sampled_from([448, 64, 16, 4]))
def test_a_prompt_fits_the_model_and_holds_whole_words_from_the_start(
    words: list[str], language: str, verbatim: bool, n_text_ctx: int
) -> None:
    options = RecognitionOptions(vocabulary=tuple(words), verbatim=verbatim)
    found = build_prompt(options, language, encode, n_text_ctx)
    assert len(found.tokens) <= most_prompt_tokens(n_text_ctx)
    assert list(found.words) == words[: len(found.words)]
    assert all(word in text(found) for word in found.words)
    if len(found.words) < len(words):
        # One word more would have been too long.
        more = RecognitionOptions(vocabulary=tuple(words[: len(found.words) + 1]), verbatim=bool(found.verbatim))
        assert len(build_prompt(more, language, encode, 10_000).tokens) > most_prompt_tokens(n_text_ctx)


def test_the_limit_is_that_of_openai_whisper() -> None:
    assert most_prompt_tokens(448) == 223


def test_a_vocabulary_that_is_too_long_is_refused_with_how_much_fits() -> None:
    check_vocabulary(RecognitionOptions(vocabulary=GLOSSARY * 5), encode)
    check_vocabulary(RecognitionOptions(), encode)
    with pytest.raises(UsageError, match=r"the first \d+ of these 120 words") as error:
        check_vocabulary(RecognitionOptions(vocabulary=GLOSSARY * 20), encode)
    held = int(error.value.message.split("first ")[1].split()[0])
    check_vocabulary(RecognitionOptions(vocabulary=(GLOSSARY * 20)[:held]), encode)
    with pytest.raises(UsageError):
        check_vocabulary(RecognitionOptions(vocabulary=(GLOSSARY * 20)[: held + 1]), encode)


def test_the_wish_for_fillers_leaves_less_room() -> None:
    words = (GLOSSARY * 20)[:45]
    held = len(prompt(words=words).words)
    assert len(prompt(words=words, verbatim=True).words) < held


@given(languages, verbatims, st.integers(0, 3), st.booleans())
def test_the_whole_prompt_is_a_leak_in_whatever_case_and_punctuation(
    language: str, verbatim: bool, times: int, shouted: bool
) -> None:
    told = prompt(language, verbatim)
    said = " ".join([text(told)] * (times + 1)).replace(",", " -").replace(".", "!")
    assert is_leak(said.upper() if shouted else said, told)


@given(languages, verbatims, st.integers(0, 3), st.data())
def test_three_neighbours_of_the_list_are_a_leak_also_behind_what_was_said(
    language: str, verbatim: bool, first: int, data: st.DataObject
) -> None:
    before = data.draw(st.lists(st.sampled_from(ORDINARY), max_size=60))
    said = " ".join([*before, *GLOSSARY[first : first + 3]])
    assert is_leak(said, prompt(language, verbatim))


@given(languages, verbatims, st.sampled_from(GLOSSARY), st.data())
def test_a_sentence_with_one_word_of_the_vocabulary_is_none(
    language: str, verbatim: bool, word: str, data: st.DataObject
) -> None:
    words = data.draw(st.lists(st.sampled_from(ORDINARY), max_size=30))
    at = data.draw(st.integers(0, len(words)))
    times = data.draw(st.integers(1, 3))
    said = " ".join([*words[:at], *[word] * times, *words[at:]])
    assert not is_leak(said, prompt(language, verbatim))


@pytest.mark.parametrize(
    "said",
    [
        "We talked about clozapine again last week.",
        "I was at Kwai Chung Hospital, and there they gave me clozapine and lithium.",
        "Um, so, uh, I, I think so.",
        "It was like, you know, hmm.",
        "Society.",
        "",
        "...",
    ],
)
def test_what_people_say_is_no_leak(said: str) -> None:
    assert not is_leak(said, prompt(verbatim=True))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "We talked about Bright Path Wellness Centre, Kwai Chung, clozapine, lithium, Castle Peak Hospital,"),
        ("zh", "在某些地方,我都在看見Bright Path Wellness Centre,Kwai Chung,clozapine,lithium,Castle Peak Hospital"),
        ("zh", "等到Bright Path Wellness Centre,Kwai Chung,clozapine,lithium,Castle Peak Hospital,Shek Kip Mei,"),
    ],
)
def test_what_whisper_base_said_over_noise_music_and_a_slammed_door_is_a_leak(language: str, said: str) -> None:
    words = (
        "Bright Path Wellness Centre",
        "Kwai Chung",
        "clozapine",
        "lithium",
        "Castle Peak Hospital",
        "Shek Kip Mei",
    )
    assert is_leak(said, prompt(language, words=words))


def test_where_the_fillers_are_said_in_the_prompts_order_it_is_a_leak() -> None:
    said = "And then he left. Um, so, uh, I, I mean, it was, it was"
    assert is_leak(said, prompt(verbatim=True))
    assert not is_leak(said, prompt(verbatim=False))


@given(st.text(max_size=60))
def test_without_a_prompt_nothing_is_a_leak(said: str) -> None:
    assert not is_leak(said, Prompt())
