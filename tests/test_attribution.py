"""Words and turns become utterances: nothing lost, nothing moved, each word with the voice that said it."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.attribution import UNSUPPORTED, attribute, ends_sentence, name_speakers, smooth, word_voices
from transcribe.diarization.roles import NO_VOICE
from transcribe.records import Diarization, Recognition, Segment, SpeakerRole, SpeechTurn, Transcript, Word

INTERVIEW = "P01-PIR"


def segment(number: int, words: list[Word], language: str = "en") -> Segment:
    text = "".join(word.text for word in words)
    start, end = (words[0].start, words[-1].end) if words else (0.0, 0.0)
    return Segment(number, start, end, language, text, tuple(words), -0.2, 1.2, 0.0)


def recognition(*segments: Segment) -> Recognition:
    return Recognition(INTERVIEW, segments, 10.0, 10.0)


def diarization(*turns: tuple[str, float, float]) -> Diarization:
    exclusive = tuple(SpeechTurn(*turn) for turn in turns)
    return Diarization(INTERVIEW, exclusive, exclusive, ())


def spaced(line: str, start: float = 0.0, length: float = 0.3) -> list[Word]:
    """The words of `line`, one after the other; `_` is a pause of the same length."""
    words = []
    for number, part in enumerate(line.split()):
        at = start + number * length
        if part != "_":
            words.append(Word(f" {part}", round(at, 3), round(at + length, 3), 0.9))
    return words


def said(transcript: Transcript) -> list[tuple[str, str]]:
    return [(utterance.speaker, utterance.text) for utterance in transcript.utterances]


milliseconds = st.integers(0, 60_000).map(lambda ms: ms / 1000)
words = st.builds(
    Word,
    st.sampled_from([" I", " see.", " Yes,", " why?", "我", "们。", " ", "", "-up", " two words", " …"]),
    milliseconds,
    milliseconds,
    st.just(0.9),
    st.sampled_from([(), (UNSUPPORTED,)]),
)
recognitions = st.lists(st.tuples(st.lists(words, max_size=8), st.sampled_from(["en", "zh"])), max_size=5).map(
    lambda parts: recognition(*(segment(n, list(part), language) for n, (part, language) in enumerate(parts)))
)


@st.composite
def diarizations(draw: st.DrawFn) -> Diarization:
    edges = sorted(draw(st.lists(milliseconds, max_size=14, unique=True)))
    voices = st.sampled_from(["SPEAKER-1", "SPEAKER-2", "SPEAKER-3"])
    return diarization(*((draw(voices), a, b) for a, b in pairwise(edges) if draw(st.booleans())))


@given(recognitions, diarizations())
def test_every_word_once_in_order_at_its_place_in_the_text(recognized: Recognition, turns: Diarization) -> None:
    transcript = attribute(recognized, turns)
    came = [" ".join(word.text.split()) for part in recognized.segments for word in part.words]
    went = [word.text for utterance in transcript.utterances for word in utterance.words]
    assert went == [text for text in came if text]
    for utterance in transcript.utterances:
        assert utterance.words
        assert all(utterance.text[slice(*word.offset)] == word.text for word in utterance.words)
        edges = [0, *(edge for word in utterance.words for edge in word.offset), len(utterance.text)]
        assert edges == sorted(edges)
        between = [utterance.text[a:b] for a, b in list(pairwise(edges))[::2]]
        assert set(between) <= {"", " "}
        assert utterance.text == utterance.text.strip()


@given(recognitions, diarizations())
def test_times_go_forward(recognized: Recognition, turns: Diarization) -> None:
    transcript = attribute(recognized, turns)
    spoken = [word for utterance in transcript.utterances for word in utterance.words]
    assert all(word.start <= word.end for word in spoken)
    assert all(before.start <= after.start for before, after in pairwise(spoken))
    for utterance in transcript.utterances:
        assert (utterance.start, utterance.end) == (utterance.words[0].start, max(word.end for word in utterance.words))
    assert [u.id for u in transcript.utterances] == [f"u{n:04d}" for n in range(1, 1 + len(transcript.utterances))]


@given(recognitions, diarizations(), st.randoms(use_true_random=False))
def test_the_order_of_the_turns_plays_no_part(
    recognized: Recognition, turns: Diarization, shuffler: random.Random
) -> None:
    shuffled = list(turns.exclusive)
    shuffler.shuffle(shuffled)
    other = Diarization(turns.recording, turns.turns, tuple(shuffled), turns.speech)
    assert attribute(recognized, turns) == attribute(recognized, other)


@given(recognitions, diarizations())
def test_speakers_are_voices_until_they_are_named(recognized: Recognition, turns: Diarization) -> None:
    transcript = attribute(recognized, turns)
    voices = {u.speaker for u in transcript.utterances}
    assert voices <= {NO_VOICE, *(turn.speaker for turn in turns.exclusive)}
    named = name_speakers(transcript, [SpeakerRole(voice, f"NAMED-{voice}", 1.0, "") for voice in sorted(voices)])
    assert [u.speaker for u in named.utterances] == [f"NAMED-{u.speaker}" for u in transcript.utterances]
    assert {role.voice for role in named.speakers} == voices


@given(recognitions, diarizations())
def test_utterances_flow_from_one_speaker_and_language(recognized: Recognition, turns: Diarization) -> None:
    for before, after in pairwise(attribute(recognized, turns).utterances):
        if (before.speaker, before.language) == (after.speaker, after.language):
            pause = after.words[0].start - before.words[-1].end
            assert pause >= (1.5 if ends_sentence_text(before.words[-1].text) else 4.0)


def ends_sentence_text(text: str) -> bool:
    return ends_sentence(Word(text, 0.0, 0.0, 1.0))


def test_nothing_heard_is_an_empty_transcript() -> None:
    assert attribute(recognition(), diarization()) == Transcript(INTERVIEW, ())
    blank = recognition(segment(0, [Word("  ", 0.0, 1.0, 0.5)]))
    assert attribute(blank, diarization(("SPEAKER-1", 0, 1))).utterances == ()


# Rule 1: by the turns


@pytest.mark.parametrize(
    ("start", "end", "voice"),
    [
        (1.0, 1.5, "A"),  # inside
        (1.8, 2.6, "B"),  # more of it in B
        (1.4, 2.2, "A"),  # more of it in A
        (1.5, 2.5, "A"),  # as much in both: the first
        (3.9, 4.2, "B"),  # in no turn, B is nearer
        (4.2, 4.6, "C"),  # in no turn, C is nearer
        (8.1, 8.3, "C"),  # after all turns, near
        (9.5, 9.9, NO_VOICE),  # far from all
        (1.2, 1.2, "A"),  # without length
        (0.0, 9.0, "C"),  # over everything: the longest turn
    ],
)
def test_a_word_belongs_to_the_turn_it_overlaps_most(start: float, end: float, voice: str) -> None:
    turns = [SpeechTurn("A", 1.0, 2.0), SpeechTurn("B", 2.0, 3.5), SpeechTurn("C", 5.0, 8.0)]
    assert word_voices([Word(" x", start, end, 1.0)], turns) == [voice]


# Rule 2: smoothing


def voices_of(line: str, *voices: str) -> str:
    """The voices after smoothing, one letter each."""
    return "".join(smooth(spaced(line), list("".join(voices))))


def test_a_change_moves_back_to_the_sentence_end() -> None:
    assert voices_of("did that help? Yes it did.", "AAAA", "BB") == "AAABBB"
    assert voices_of("did that help? Yes it did to me", "AAAAA", "BBB") == "AAABBBBB"


def test_a_change_moves_on_to_the_sentence_end() -> None:
    assert voices_of("did that help? Yes it did.", "AA", "BBBB") == "AAABBB"
    assert voices_of("did that help? Yes it did.", "A", "BBBBB") == "AAABBB"


def test_a_change_at_a_sentence_end_stays() -> None:
    assert voices_of("did that help? Yes it did.", "AAA", "BBB") == "AAABBB"


def test_a_change_too_far_from_a_sentence_end_stays() -> None:
    # Three words away, or two that last longer than 0.7 s.
    assert voices_of("well then did that help me? Yes", "AAA", "BBBB") == "AAABBBB"
    slow = spaced("did that help? Yes it did", length=0.8)
    assert "".join(smooth(slow, list("AAAABB"))) == "AAAABB"


def test_a_change_at_a_pause_stays() -> None:
    assert voices_of("I think that _ _ perhaps yes. No", "AAA", "BBB") == "AAABBB"
    assert voices_of("he left. But I _ _ why? No", "AAAA", "BB") == "AAAABB"


def test_the_first_word_of_an_answer_after_a_longer_pause_goes_with_the_answer() -> None:
    # "… a voucher? (1.3 s) Yes, (0.5 s) it's Flat B": the diariser's last short turn was the other's.
    heard = [
        Word(" voucher?", 163.028, 163.859, 1.0),
        Word(" Yes,", 165.168, 165.628, 1.0),
        Word(" it's", 166.088, 166.428, 1.0),
        Word(" flat", 166.428, 166.608, 1.0),
    ]
    assert "".join(smooth(heard, list("AABB"))) == "ABBB"
    # The pause after it is the longer one: it belongs to what came before.
    heard[2:] = [Word(" it's", 167.088, 167.428, 1.0), Word(" flat", 167.428, 167.608, 1.0)]
    assert "".join(smooth(heard, list("AABB"))) == "AABB"


def test_a_whole_sentence_of_its_own_stays() -> None:
    assert voices_of("did that help? _ _ _ _ Yes. _ _ It did", "AAAA", "BB") == "AAAABB"


def test_a_single_word_of_another_voice_inside_a_sentence_joins_it() -> None:
    assert voices_of("and then I went home again today", "AAA", "B", "AAA") == "AAAAAAA"


def test_a_back_channel_between_pauses_or_sentences_stays() -> None:
    assert voices_of("and then I _ _ mm-hmm _ _ went home", "AAA", "B", "AA") == "AAABAA"
    assert voices_of("I went home. Right. And then I", "AAA", "B", "AAA") == "AAABAAA"


def test_words_of_nobody_are_left_alone() -> None:
    assert smooth(spaced("and then I went"), ["A", NO_VOICE, "A", "A"]) == ["A", NO_VOICE, "A", "A"]


@given(
    st.lists(st.tuples(words, st.sampled_from("AB")), max_size=30).map(
        lambda pairs: (sorted((w for w, _ in pairs), key=lambda w: w.start), [v for _, v in pairs])
    )
)
def test_smoothing_invents_no_voice(case: tuple[list[Word], list[str]]) -> None:
    spoken, voices = case
    after = smooth(spoken, voices)
    assert len(after) == len(voices)
    assert set(after) <= set(voices)
    one = ["A"] * len(voices)
    assert smooth(spoken, one) == one


# Rule 3: utterances, and text


def test_a_pause_parts_sentences_but_not_a_sentence() -> None:
    turns = diarization(("SPEAKER-1", 0, 60))
    heard = [*spaced("I left."), *spaced("Then _ _ _ _ _ _ I", start=3.0), *spaced("slept", start=10.0)]
    texts = [text for _, text in said(attribute(recognition(segment(0, heard)), turns))]
    assert texts == ["I left.", "Then I", "slept"]


def test_another_language_begins_an_utterance() -> None:
    turns = diarization(("SPEAKER-1", 0, 60))
    parts = recognition(segment(0, spaced("Hello there")), segment(1, [Word("你好", 0.6, 1.0, 0.9)], "zh"))
    heard = attribute(parts, turns).utterances
    assert [(u.language, u.text) for u in heard] == [("en", "Hello there"), ("zh", "你好")]


def test_chinese_is_written_without_spaces() -> None:
    characters = [Word(c, 0.2 * n, 0.2 * n + 0.2, 0.9) for n, c in enumerate("我今天很累。")]
    more = [Word(c, 1.2 + 0.2 * n, 1.4 + 0.2 * n, 0.9) for n, c in enumerate("你呢？")]
    parts = recognition(segment(0, characters, "zh"), segment(1, more, "zh"))
    (utterance,) = attribute(parts, diarization(("SPEAKER-1", 0, 60))).utterances
    assert utterance.text == "我今天很累。你呢？"
    assert [word.offset for word in utterance.words] == [(n, n + 1) for n in range(9)]


def test_chinese_turns_change_at_the_sentence_end() -> None:
    characters = [Word(c, 0.2 * n, 0.2 * n + 0.2, 0.9) for n, c in enumerate("你好吗？我好。")]
    turns = diarization(("SPEAKER-1", 0.0, 1.0), ("SPEAKER-2", 1.0, 2.0))
    heard = attribute(recognition(segment(0, characters, "zh")), turns)
    assert [text for _, text in said(heard)] == ["你好吗？", "我好。"]


def test_segments_without_a_leading_space_are_still_parted_in_english() -> None:
    parts = recognition(
        segment(0, [Word("Hello", 0.0, 0.3, 0.9), Word(" there.", 0.3, 0.6, 0.9)]),
        segment(1, [Word("Good", 0.6, 0.9, 0.9), Word("-bye", 0.9, 1.2, 0.9)]),
    )
    (utterance,) = attribute(parts, diarization(("SPEAKER-1", 0, 60))).utterances
    assert utterance.text == "Hello there. Good-bye"


def test_an_utterance_is_unsupported_when_all_its_words_are() -> None:
    turns = diarization(("SPEAKER-1", 0, 60))
    doubtful = [Word(" thank", 0.0, 0.3, 0.2, (UNSUPPORTED,)), Word(" you.", 0.3, 0.6, 0.2, (UNSUPPORTED,))]
    parts = recognition(segment(0, doubtful), segment(1, [*spaced("I left", start=5.0), *doubtful[:1]]))
    first, second = attribute(parts, turns).utterances
    assert (first.flags, second.flags) == ((UNSUPPORTED,), ())
    assert second.words[-1].flags == (UNSUPPORTED,)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (" over.", True),
        (' said."', True),
        ("吗？", True),
        (" so…", True),
        (" so,", False),
        (" 3.5", False),
        ("”", False),
    ],
)
def test_sentence_ends(text: str, ends: bool) -> None:
    assert ends_sentence_text(text) == ends
