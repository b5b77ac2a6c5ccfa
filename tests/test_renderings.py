"""Verbatim and clean: signs stand where they belong, words stay, nothing of a convention changes what was said."""

import dataclasses
import re
import time
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.export_samples import OPTIONS, spoken_words, transcript, utterance
from transcribe.conventions import Conventions, Rendering, speech_of, without_signs
from transcribe.exports.bundle import build
from transcribe.exports.layout import lay_out
from transcribe.exports.paragraphs import parted
from transcribe.exports.rendering import Rendered, render
from transcribe.exports.self_checks import check_bundle
from transcribe.exports.words import count_words
from transcribe.records import Event, MarkSpan, RedactedUtterance, RedactedWord

VERBATIM = Conventions()
BARE = Conventions(pause="none", overlap="none", uncertain="none")
JEFFERSON = Conventions(overlap="brackets", uncertain="parentheses", redaction="seg")
NEGATIONS = re.compile(r"\b(?:no|not|nor|never|none|nothing|[a-z]+n['’]t)\b|唔|不|冇|沒|未", re.IGNORECASE)
NO_IN_TWO = re.compile(r"\b(?:uh|huh|nuh)(?:\W+(?:uh|huh|nuh))+\b")
"""`uh uh`, `nuh, uh`: no."""
NUMBERS = re.compile(r"\d+|\b(?:one|two|six)\b", re.IGNORECASE)


def shown(said: RedactedUtterance, conventions: Conventions = VERBATIM, rendering: Rendering = "verbatim") -> str:
    rendered = render(said, rendering, conventions)
    assert [rendered.text[a:b] for a, b in rendered.marks] == [
        f"<seg>{m.mark[1:-1]}</seg>" if conventions.redaction == "seg" else m.mark for m in said.marks
    ]
    return rendered.text


def say(text: str, *marks: str, over: str = "", unsure: str = "", language: str = "en") -> RedactedUtterance:
    return utterance(1, "P01-PSW", 0.0, 1.0, text, *marks, over=over, unsure=unsure, language=language)


def clean(text: str, *marks: str, language: str = "en") -> str:
    return shown(say(text, *marks, language=language), rendering="clean")


# --- overlaps


@pytest.mark.parametrize(
    ("over", "text"),
    [
        ("", "so I went home"),
        ("I went", "so //I went// home"),
        ("so I went home", "//so I went home//"),
        ("home", "so I went //home//"),
    ],
)
def test_words_said_over_another_stand_between_signs(over: str, text: str) -> None:
    assert shown(say("so I went home", over=over)) == text
    assert shown(say("so I went home", over=over), BARE) == "so I went home"
    assert shown(say("so I went home", over=over), rendering="clean") == "so I went home"


@pytest.mark.parametrize(
    ("over", "text"),
    [
        ("with", "//with// [PERSON_1]'s there"),
        ("N_1", "with //[PERSON_1]'s// there"),
        ("with [P", "//with [PERSON_1]'s// there"),
        ("1]'s there", "with //[PERSON_1]'s there//"),
    ],
)
def test_a_mark_is_never_divided(over: str, text: str) -> None:
    assert shown(say("with [PERSON_1]'s there", "[PERSON_1]", over=over)) == text


def test_two_runs_of_overlap_and_punctuation_between_words() -> None:
    said = say("so, I went home")
    flags = ("overlap",)
    words = tuple(dataclasses.replace(w, flags=flags) if n in (0, 2) else w for n, w in enumerate(said.words))
    assert shown(dataclasses.replace(said, words=words)) == "//so,// I //went// home"


def test_jefferson_s_brackets_never_look_like_a_mark_or_a_stamp() -> None:
    said = say("well I saw [PERSON_1] at 10:30 then", "[PERSON_1]", over="I saw [PERSON_1]")
    assert shown(said, JEFFERSON) == "well [ I saw <seg>PERSON_1</seg>] at 10:30 then"
    said = say("well I saw her at 10:30 then", over="10:30")
    assert shown(said, JEFFERSON) == "well I saw her at [ 10:30] then"
    said = say("well I saw her", over="saw")
    assert shown(said, JEFFERSON) == "well I [saw] her"


def test_a_dash_alone_is_said_over_nobody() -> None:
    assert shown(say("a – b", over="–")) == "a – b"
    assert shown(say("a – b", over="– b")) == "a //– b//"


def test_slashes_that_were_recognised_are_no_sign() -> None:
    assert shown(say("see https://a.example now", over="https")) == "see //https,/ /a.example// now"
    words = tuple(RedactedWord(0, 1, 0.9, (n, n + 1), ("overlap",) if n > 1 else ()) for n in range(4))
    assert shown(dataclasses.replace(say("a//b"), words=words)) == "a/ ///b//"


# --- pauses


def paused(gap: float, conventions: Conventions = VERBATIM, text: str = "well, yes", language: str = "en") -> str:
    first, second = text.split(" ")
    times = {0: (1.0, 2.0), 1: (2.0 + gap, 3.0 + gap)}
    return shown(
        utterance(1, "P01-PSW", 0.0, 4.0 + gap, f"{first} {second}", times=times, language=language), conventions
    )


@pytest.mark.parametrize(
    ("gap", "conventions", "text"),
    [
        (0.999, VERBATIM, "well, yes"),
        (1.0, VERBATIM, "well, (.) yes"),
        (1.999, VERBATIM, "well, (.) yes"),
        (2.0, VERBATIM, "well, (2.0) yes"),
        (3.79, VERBATIM, "well, (3.7) yes"),
        (1234.0, VERBATIM, "well, (999.9) yes"),
        (1.5, Conventions(short_pause_from=0), "well, yes"),
        (2.9, Conventions(pause="dots"), "well, (..) yes"),
        (3.0, Conventions(pause="dots"), "well, (...) yes"),
        (50.0, Conventions(pause="dots"), "well, (.........) yes"),
        (0.5, Conventions(pause="dots", pause_from=0.5, short_pause_from=0), "well, (.) yes"),
        (3.0, Conventions(pause="ellipsis"), "well, (...) yes"),
        (1.0, Conventions(pause="ellipsis"), "well, (.) yes"),
        (9.0, Conventions(pause="none"), "well, yes"),
    ],
)
def test_pauses_are_those_between_words(gap: float, conventions: Conventions, text: str) -> None:
    assert paused(gap, conventions) == text


def test_a_pause_stands_between_overlaps_and_in_none_of_their_signs() -> None:
    times = {0: (0.0, 1.0), 1: (4.0, 5.0)}
    said = utterance(1, "INT", 0.0, 5.0, "yes no", over="yes no", times=times)
    assert shown(said) == "//yes (3.0) no//"
    said = utterance(1, "INT", 0.0, 5.0, "yes no", over="yes", times=times)
    assert shown(said) == "//yes// (3.0) no"
    said = utterance(1, "INT", 0.0, 5.0, "yes no", over="no", unsure="yes no", times=times)
    assert shown(said) == "[?yes?] (3.0) //[?no?]//"


def test_chinese_has_pauses_without_spaces_and_halves_of_a_word_have_none() -> None:
    words = (RedactedWord(0, 1, 0.9, (0, 2)), RedactedWord(4, 5, 0.9, (2, 5)))
    said = dataclasses.replace(say("之前我唔知", language="yue"), words=words)
    assert shown(said) == "之前 (3.0)我唔知"
    assert without_signs(shown(said)) == "之前我唔知"
    assert shown(dataclasses.replace(say("mm-hm"), words=words)) == "mm-hm"


# --- uncertain words


@pytest.mark.parametrize(
    ("text", "unsure", "brackets", "parentheses"),
    [
        ("so I went, home.", "went", "so I [?went?], home.", "so I (went?), home."),
        ("so I went, home.", "went, home", "so I [?went, home?].", "so I (went, home?)."),
        ("did she really?", "really", "did she [?really?]?", "did she (really?)?"),
        ("a wor- word", "wor", "a [?wor-?] word", "a (wor-?) word"),
        ("he (laughs) went", "(laughs) went", "he (laughs) [?went?]", "he (laughs) (went?)"),
        ("a – b", "–", "a – b", "a – b"),
        ("a , b", ",", "a , b", "a , b"),
    ],
)
def test_words_of_low_probability_are_marked_without_their_punctuation(
    text: str, unsure: str, brackets: str, parentheses: str
) -> None:
    assert shown(say(text, unsure=unsure)) == brackets
    assert shown(say(text, unsure=unsure), Conventions(uncertain="parentheses")) == parentheses
    assert shown(say(text, unsure=unsure), Conventions(uncertain="none")) == text
    assert without_signs(brackets) == text


def test_a_mark_is_never_uncertain_and_neither_is_who_listens() -> None:
    said = say("so [PERSON_1] went", "[PERSON_1]", unsure="so [PERSON_1] went")
    assert shown(said) == "[?so?] [PERSON_1] [?went?]"
    assert shown(dataclasses.replace(say("Mm hmm.", unsure="Mm hmm."), flags=("backchannel",))) == "Mm hmm."


def test_uncertain_words_stay_marked_in_the_clean_rendering() -> None:
    assert shown(say("so um he went", unsure="um he"), rendering="clean") == "so [?he?] went"
    assert shown(say("so um he went", unsure="um"), rendering="clean") == "so he went"


# --- clean


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Um, so I went home.", "So I went home."),
        ("um so I went", "so I went"),
        ("I, um, went home.", "I, went home."),
        ("I um, went home.", "I went home."),
        ("I went um home", "I went home"),
        ("I don't know, um.", "I don't know."),
        ("I don't know, um", "I don't know"),
        ("and um... I went", "and... I went"),
        ("Um... I went.", "I went."),
        ("Yes. Um, no. Uh. Well.", "Yes. No. Well."),
        ("Um, uh, er, I went", "I went"),
        ("he — um — went", "he — went"),
        ("I, I went. The the dog", "I went. The dog"),
        ("I I I went", "I went"),
        ("I, um, I went", "I went"),
        ("I... I went", "I went"),
        ("wor- word and w- wor- word", "word and word"),
        ("Th- the thing", "The thing"),
        ("I-I went w-with th-the s-s-some", "I went with the some"),
        ("I think, ah, it was, hm, good", "I think, it was, good"),
        ('"Um, go," she said', '"Go," she said'),
        ("um我覺得幾好", "我覺得幾好"),
    ],
)
def test_fillers_and_stutters_are_left_out(said: str, written: str) -> None:
    assert clean(said) == written


@pytest.mark.parametrize(
    "said",
    [
        "Um.",
        "Um, uh...",
        "Mm-hmm.",
        "Uh huh, yes.",
        "No, no, no.",
        "It was very, very bad, really really bad.",
        "You know, I mean, like, whatever.",
        "Ah, I see. Oh.",
        "Mm. Yes.",
        'he said "um" a lot',
        "the ER, the UM, at 10 mm",
        "you and I, I think",
        "What do I, I ask you",
        "vitamin A, a good one",
        "She had had enough of that that day.",
        "the person I talked to to get it, come in in the morning",
        "I love you you know",
        "no- not that, can- I, six- sixteen",
        "a t-test, re-read, so-so, the to-do, the then-president",
        "wor- I mean something",
        "So did I. I went.",
        "the pre- and post-natal care",
        "uh-oh",
    ],
)
def test_meaning_is_not_touched(said: str) -> None:
    assert clean(said) == said


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("呃，我覺得幾好", "我覺得幾好"),
        ("我覺得，嗯，都可以。", "我覺得，都可以。"),
        ("我，呃，唔知", "我，唔知"),
        ("佢呃我", "佢呃我"),
        ("呃人", "呃人"),
        ("嗯，係呀", "嗯，係呀"),
        ("嗯。", "嗯。"),
        ("唔，唔係", "唔，唔係"),
        ("我，我覺得", "我，我覺得"),
        ("um，我 um 覺得", "我 覺得"),
    ],
)
@pytest.mark.parametrize("language", ["yue", "zh"])
def test_chinese_loses_only_fillers_that_signs_part(said: str, written: str, language: str) -> None:
    assert clean(said, language=language) == written


def test_other_languages_keep_their_words() -> None:
    assert clean("um die Ecke, er er", language="de") == "um die Ecke, er er"
    assert clean("Um dia", language="pt") == "Um dia"


def test_marks_are_not_touched_and_begin_no_sentence_in_capitals() -> None:
    assert clean("Um, [PERSON_1], um, went", "[PERSON_1]") == "[PERSON_1], went"
    assert clean("Um, [PERSON_1].", "[PERSON_1]") == "[PERSON_1]."
    assert clean("I [PERSON_1] I", "[PERSON_1]") == "I [PERSON_1] I"
    assert clean("so um [PERSON_1]", "[PERSON_1]") == "so [PERSON_1]"


def test_what_only_shows_that_one_listens_stays() -> None:
    said = dataclasses.replace(say("Um, yeah."), flags=("backchannel",))
    assert shown(said, rendering="clean") == "Um, yeah."


# --- all together

PIECES = [
    "um", "Um,", "uh", "uh", "uh,", "nuh", "huh,",
    "er,", "I", "I,", "the", "the", "wor-", "word", "no", "No,", "not", "don't", "never", "very,",
    "very", "one", "10:30", "ah,", "mm", "yes.", "well...", "…", "—", "[x]", "Name:", "//", "(2.0)", "(.)", "(so?)",
    "呃，", "嗯", "我", "我唔知。", "唔", "שלום", "é", "e\u0301", "👩‍👩‍👧", "\x00", "<seg>A</seg>", "bracket", "person",
    "=1", "#00:01:02-3#", "-->", "I-I", "t-test", "th-the", '"um"', "(um)", "/", "a/", "/b", "?", "six-", "sixteen",
]  # fmt: skip
MARKS = ("[PERSON_1]", "[P01-PIR]", "[AGE_2 45-49]")


@st.composite
def utterances(draw: st.DrawFn) -> RedactedUtterance:
    """Utterances of nasty words, overlaps, pauses, unsure words and marks."""
    text = ""
    words: list[RedactedWord] = []
    marks: list[MarkSpan] = []
    now = 0.0
    for _ in range(draw(st.integers(0, 14))):
        word = draw(st.sampled_from([*PIECES, *MARKS]))
        glued = not (text[-1:].isascii() and text[-1:].isalnum() and word[0].isascii() and word[0].isalnum())
        text += draw(st.sampled_from(["", " ", " "] if glued else [" "])) if text else ""
        if word in MARKS:
            marks.append(MarkSpan(len(text), len(text) + len(word), word, "PERSON", "direct"))
        now += draw(st.sampled_from([0.0, 0.0, 1.0, 2.5]))
        flags = ("overlap",) if draw(st.booleans()) else ()
        probability = draw(st.sampled_from([0.1, 0.9]))
        words.append(RedactedWord(now, now + 0.2, probability, (len(text), len(text) + len(word)), flags))
        now += 0.2
        text += word
    language = draw(st.sampled_from(["en", "en", "yue", "de"]))
    return RedactedUtterance("u0001", "P01-PSW", language, 0.0, now, text, tuple(marks), (), tuple(words))


any_conventions = st.builds(
    Conventions,
    pause=st.sampled_from(["seconds", "dots", "ellipsis", "none"]),
    overlap=st.sampled_from(["slashes", "none"]),
    uncertain=st.sampled_from(["brackets", "parentheses", "none"]),
    redaction=st.sampled_from(["brackets", "seg"]),
) | st.just(JEFFERSON)


def words_of(text: str) -> list[str]:
    """Marks, Chinese characters, and words of other scripts."""
    return re.findall(r"\[[A-Za-z][^\]]*\]|[\u4e00-\u9fff]|(?:(?![\u4e00-\u9fff])[^\W_])+", text)


def is_subsequence(few: list[str], many: list[str]) -> bool:
    rest = iter(many)
    return all(word in rest for word in few)


@given(utterances(), any_conventions)
@settings(max_examples=300, deadline=None)
def test_signs_change_nothing_else(said: RedactedUtterance, conventions: Conventions) -> None:
    text = shown(said, conventions)
    if conventions.overlap != "brackets":
        assert without_signs(text) == without_signs(shown(said, BARE)) == shown(said, BARE)
    assert words_of(speech_of(text)) == words_of(speech_of(shown(said, BARE)))
    assert text.count("//") % 2 == 0
    assert "//" not in shown(said, dataclasses.replace(conventions, overlap="none"))
    assert count_words(text) == count_words(shown(said, BARE))


@given(utterances(), any_conventions)
@settings(max_examples=300, deadline=None)
def test_clean_is_a_subsequence_of_verbatim(said: RedactedUtterance, conventions: Conventions) -> None:
    verbatim, cleaned = speech_of(shown(said, conventions)), speech_of(shown(said, conventions, "clean"))
    assert is_subsequence(words_of(cleaned.casefold()), words_of(verbatim.casefold()))
    assert [m.casefold() for m in NEGATIONS.findall(cleaned)] == [m.casefold() for m in NEGATIONS.findall(verbatim)]
    assert _count_halves(cleaned) >= _count_halves(verbatim)
    assert NUMBERS.findall(cleaned.casefold()) == NUMBERS.findall(verbatim.casefold())
    for wrong in (" ,", ",,", ", ,", ",.", "  "):
        assert cleaned.count(wrong) <= verbatim.count(wrong)
    assert bool(cleaned) == bool(verbatim)
    bare = shown(said, dataclasses.replace(conventions, uncertain="none"), "clean")
    assert "//" not in bare
    assert not re.search(r"\((\d+\.\d|\.+)\)", bare)


def _count_halves(text: str) -> int:
    return sum(len(words_of(found)) for found in NO_IN_TWO.findall(text.casefold()))


@given(st.lists(utterances(), max_size=4), any_conventions)
@settings(max_examples=60, deadline=None)
def test_both_renderings_have_the_same_turns(found: list[RedactedUtterance], conventions: Conventions) -> None:
    numbered = [dataclasses.replace(u, id=f"u{n:04d}") for n, u in enumerate(found)]
    item = transcript(*numbered)
    other = dataclasses.replace(item, header=dataclasses.replace(item.header, rendering="clean"))
    turns, cleaned = lay_out(item, conventions).turns, lay_out(other, conventions).turns
    assert [(t.id, t.speaker, t.start_ms, t.end_ms) for t in turns] == [
        (t.id, t.speaker, t.start_ms, t.end_ms) for t in cleaned
    ]


@given(st.lists(utterances(), max_size=4), any_conventions, st.sampled_from(["verbatim", "clean"]))
@settings(max_examples=150, deadline=None)
def test_whatever_is_said_passes_the_self_checks(
    found: list[RedactedUtterance], conventions: Conventions, rendering: Rendering
) -> None:
    numbered = [dataclasses.replace(u, id=f"u{n:04d}") for n, u in enumerate(found)]
    item = transcript(*numbered, events=(Event("inaudible", 1.0, 2.0), Event("third-party", 3.0, 4.0)))
    options = dataclasses.replace(
        OPTIONS, conventions=conventions, rendering=rendering, formats=("txt", "turns"), newline="crlf"
    )
    check_bundle(build([item], [], options))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[PERSON_1]'s mum", 2),
        ("[P01-PIR]’ll go, <seg>PERSON_1</seg>'s too", 4),
        ("[PERSON_1]then", 2),
        ("well...yes", 2),
        ("well…yes", 2),
        ("hello(laughs) there", 3),
        ("10.5 at 10:30, don't", 4),
        ("well... yes (...) [?no?]", 3),
        ("我唔知 ok", 4),
    ],
)
def test_words_are_counted_once_each(text: str, words: int) -> None:
    assert count_words(text) == words


def test_an_utterance_without_words_has_no_signs() -> None:
    said = dataclasses.replace(say("so um I went"), words=())
    assert render(said, "verbatim", VERBATIM) == Rendered("so um I went")
    assert render(said, "clean", VERBATIM) == Rendered("so I went")
    assert render(dataclasses.replace(said, text=""), "clean", VERBATIM) == Rendered("")


# --- paragraphs


def monologue(text: str, speaker: str = "P01-PSW", language: str = "en") -> RedactedUtterance:
    return dataclasses.replace(
        utterance(12, speaker, 10.0, 50.0, text, language=language), words=spoken_words(text, 10.0, 50.0)
    )


SENTENCE = "And then we went on to the next house together. "
"""Ten words."""


def test_a_long_utterance_is_parted_at_ends_of_sentences() -> None:
    said = monologue((SENTENCE * 40).strip())
    parts = parted(said, Conventions(paragraph_words=100))
    assert [part.id for part in parts] == ["u0012", "u0012-2", "u0012-3", "u0012-4"]
    assert [count_words(part.text) for part in parts] == [100, 100, 100, 100]
    assert [(part.start, part.end) for part in parts] == [(10.0, 20.0), (20.0, 30.0), (30.0, 40.0), (40.0, 50.0)]
    assert all(part.text.strip().endswith("together.") for part in parts)


@pytest.mark.parametrize("words", [151, 160, 299, 305, 449, 1000, 3001])
def test_paragraphs_are_of_about_one_size(words: int) -> None:
    text = " ".join("word." if n % 11 == 10 else "Word" for n in range(words))
    sizes = [count_words(part.text) for part in parted(monologue(text), VERBATIM)]
    assert sum(sizes) == words
    assert max(sizes) <= 300
    assert min(sizes) >= 37
    assert len(sizes) > 1


def test_a_question_stays_whole_and_so_does_what_is_short_or_not_to_be_parted() -> None:
    text = (SENTENCE * 40).strip()
    assert parted(monologue(text, "INT"), VERBATIM) == (monologue(text, "INT"),)
    assert parted(monologue(text, "INT-2"), VERBATIM) == (monologue(text, "INT-2"),)
    assert parted(monologue(text), Conventions(paragraph_words=0)) == (monologue(text),)
    assert len(parted(monologue((SENTENCE * 15).strip()), VERBATIM)) == 1
    without = dataclasses.replace(monologue(text), words=())
    assert parted(without, VERBATIM) == (without,)


def test_without_ends_of_sentences_the_longest_pause_near_parts() -> None:
    text = "so " * 400
    words = list(spoken_words(text, 0.0, 40.0))
    words = [dataclasses.replace(w, start=w.start + (n > 180), end=w.end + (n > 180)) for n, w in enumerate(words)]
    said = dataclasses.replace(monologue(text), words=tuple(words), start=0.0, end=41.0)
    parts = parted(said, VERBATIM)
    assert count_words(parts[0].text) == 181
    assert max(count_words(part.text) for part in parts) <= 300


def test_an_abbreviation_ends_no_sentence() -> None:
    text = ("I saw Dr. Lau " * 200).strip()
    said = monologue(text)
    assert all(
        not part.text.strip().endswith("Dr.") for part in parted(said, Conventions(paragraph_words=20))[:-1]
    ) or (len(parted(said, Conventions(paragraph_words=20))) == 1)


def test_chinese_is_parted_as_it_is_counted() -> None:
    text = "我哋之後去咗下一間屋。" * 60
    words = tuple(RedactedWord(n / 10, n / 10 + 0.1, 0.9, (n, n + 1)) for n in range(len(text)))
    said = RedactedUtterance("u0001", "P01-PIR", "yue", 0.0, 66.0, text, (), (), words)
    parts = parted(said, VERBATIM)
    assert "".join(part.text for part in parts) == text
    assert all(part.text.endswith("。") for part in parts)
    assert max(count_words(part.text) for part in parts) <= 300
    assert len(parts) >= 3


@given(
    st.lists(st.sampled_from(["so", "yes.", "No?", "[PERSON_1]", "我。", "um,", "[AGE_2 45-49]."]), max_size=120),
    st.sampled_from([20, 30]),
)
@settings(max_examples=60, deadline=None)
@example(["so"] * 120, 20)
def test_paragraphs_lose_nothing(found: list[str], size: int) -> None:
    text, marks = "", []
    for word in found:
        text += " " if text else ""
        bare = word.rstrip(".") if word.startswith("[") else ""
        if bare:
            marks.append(MarkSpan(len(text), len(text) + len(bare), bare, "PERSON", "direct"))
        text += word
    said = dataclasses.replace(monologue(text), marks=tuple(marks))
    conventions = Conventions(paragraph_words=size)
    parts = parted(said, conventions)
    assert "".join(part.text for part in parts) == text
    assert [mark.mark for part in parts for mark in part.marks] == [mark.mark for mark in marks]
    assert all(part.text[m.start : m.end] == m.mark for part in parts for m in part.marks)
    assert [w.start for part in parts for w in part.words] == [w.start for w in said.words]
    whole = [said.text[slice(*w.offset)] for w in said.words]
    assert [part.text[slice(*w.offset)] for part in parts for w in part.words] == whole
    assert max((count_words(part.text) for part in parts), default=0) <= 2 * size
    assert [part.id for part in parts[1:]] == [f"u0012-{n}" for n in range(2, len(parts) + 1)]
    assert all(a.start <= b.start and a.end <= b.end for a, b in pairwise(parts))


def test_20000_words_in_one_utterance_take_well_under_a_second() -> None:
    said = monologue(("And um then we, we went on to the the next house together. " * 1700).strip())
    started = time.process_time()
    assert len(parted(said, VERBATIM)) > 100
    assert time.process_time() - started < 1.0
    started = time.process_time()
    for rendering in ("verbatim", "clean"):
        render(said, rendering, VERBATIM)  # whole, as an interviewer's would be
    assert time.process_time() - started < 3.0
