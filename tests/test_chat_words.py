"""CHAT: what becomes of words and of the signs of the conventions, and the codes of speakers."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.sync_samples import words
from transcribe.exports.chat import speaker_codes
from transcribe.exports.chat_words import MARK_PLACE, chat_line
from transcribe.exports.layout import LABEL
from transcribe.exports.speakable import spoken


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("Well, I went. Then home.", "Well , I went , Then home ."),
        ("Did you? No!", "Did you , No !"),
        ("And then...", "And then +..."),
        ("And so… on", "And so , on ."),
        ("so...I", "so , I ."),
        ("我說，好。係咪？", "我說 , 好 , 係咪 ?"),
        ("«Bien» – dit-il", "Bien dit-il ."),
        (f"I met {MARK_PLACE}'s, {MARK_PLACE}.", "I met www 's , www ."),
        (f"{MARK_PLACE}, (laughs), wor-, www, yes, no", "www &=laughs &+wor www@k yes , no ."),
        ("👍\ufe0f 👩\u200d👧 ❤\ufe0f \ue001 x\ufe00", "👍 👩\u200d👧 x ."),
        ("I (2.0) said (.) it (..) so (...) there (.....) now", "I (2.0) said (.) it (..) so (...) there (5.0) now ."),
        ("//Yes, I// do", "Yes , I do ."),
        ("[Yes, I] do", "Yes , I do ."),
        ("a [?word?] here", "a word [?] here ."),
        ("[?two words?], yes", "<two words> [?] , yes ."),
        ("is it [?so?]?", "is it so [?] ?"),
        ("(laughs) I (sniffs loudly) do", "&=laughs I &=sniffs_loudly do ."),
        ("(really?) no", "really , no ."),
        ("friend(s)", "friend（s ."),
        ("wor- word, mm-hmm", "&+wor word , mm-hmm ."),
        ("it's, it’s, 'cause, 'quoted'", "it's , it's , 'cause , quoted ."),
        ("at 10:30, 3:1 and -5", "at １０：３０ , ３：１ and －５ ."),
        ("007, 0 and 50%", "００７ , ０ and ５０％ ."),
        ("Q & A, $5, £5, #1, @home", "Q ＆ A , ＄５ , £５ , ＃１ , ＠home ."),
        ("e.g. a.b@c.example", "e．g , a．b＠c．example ."),
        ("www dot, xxx", "www@k dot , xxx@k ."),
        ("+... &=laughs *PSW: @End %exp:", "＋ , ＆＝laughs ＊PSW , ＠End ％exp ."),
        ("2-0, covid-19, A1 and ٣", "２－０ , covid－１９ , A１ and ٣ ."),
        ("?", "0 ?"),
        ("-", "0 ."),
        ("", "0 ."),
    ],
)
def test_what_is_said_in_chat(said: str, line: str) -> None:
    found = chat_line(said, uncertain_in_parentheses=False)
    assert f"{found.words} {found.terminator}" == line


@pytest.mark.parametrize(
    ("said", "words_in_chat"),
    [
        ("a (word?) here", "a word [?] here"),
        ("我(係?)呀", "我 係 [?] 呀"),
        ("[(no?) yes] (laughs)", "no [?] yes &=laughs"),
    ],
)
def test_uncertain_words_in_parentheses(said: str, words_in_chat: str) -> None:
    assert chat_line(said, uncertain_in_parentheses=True).words == words_in_chat


@given(st.lists(words, max_size=8), st.booleans())
@example(["½", "²"], False)
def test_no_letter_or_digit_of_what_is_said_is_lost(said: list[str], in_parentheses: bool) -> None:
    speech = spoken(" ".join(said)).text.replace(MARK_PLACE, " ")
    line = chat_line(speech, in_parentheses)
    kept = _letters(line.words.replace("@k", ""))
    assert kept == _letters(speech) or (not _letters(speech) and line.words == "0")


def _letters(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKC", text) if sign.isalnum())


@given(st.sets(st.from_regex(LABEL, fullmatch=True), max_size=40))
@example({"INT", "INT-2", "INTERP", "P01-PSW", "P01-PIR", "SPEAKER-0", "SPEAKER-10", "SPEAKER-20", "OTHER-1"})
def test_speakers_have_three_letters_of_their_own(labels: set[str]) -> None:
    codes = speaker_codes(labels)
    assert set(codes) == labels
    assert len(set(codes.values())) == len(labels)
    assert all(len(code) == 3 and code.isalnum() and code[0].isupper() and code.isascii() for code in codes.values())


def test_codes_that_people_know() -> None:
    labels = ("INT", "INT-2", "INTERP", "P01-PSW", "P01-PIR", "SPEAKER-0", "OTHER-1", "PSW-4711")
    assert speaker_codes(labels) == {
        "INT": "INT",
        "INT-2": "IN2",
        "INTERP": "ITP",
        "P01-PSW": "PSW",
        "P01-PIR": "PIR",
        "SPEAKER-0": "SP0",
        "OTHER-1": "OT1",
        "PSW-4711": "PS1",
    }
