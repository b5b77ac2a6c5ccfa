"""Words and turns become utterances: nothing lost, nothing moved, each word with the voice that said it."""

import itertools
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.attribution import BACK_CHANNEL, UNSUPPORTED, attribute, name_speakers
from transcribe.consent import stretches_of, transcript_without
from transcribe.diarization.cast import NO_VOICE
from transcribe.overlap import OVERLAP, is_acknowledgement, is_sound
from transcribe.records import Diarization, Recognition, Segment, SpeakerRole, SpeechTurn, Transcript, Word
from transcribe.word_voices import ends_sentence, smooth, word_voices

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
    st.sampled_from(
        [" I", " see.", " Yes,", " why?", "我", "们。", "嗯", " Mm-hmm.", " ", "", "-up", " two words", " …"]
    ),
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
    exclusive = diarization(*((draw(voices), a, b) for a, b in pairwise(edges) if draw(st.booleans()))).exclusive
    beside = draw(st.lists(st.tuples(voices, milliseconds, milliseconds), max_size=3))
    more = tuple(SpeechTurn(voice, min(a, b), max(a, b)) for voice, a, b in beside)
    return Diarization(INTERVIEW, exclusive + more, exclusive, ())


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Recognition, Diarization]:
    """Words one after the other, each under a turn of some voice's, with a listener's sounds among them."""
    said_by = draw(
        st.lists(
            st.tuples(
                st.sampled_from([" I", " went.", " mm-hmm", " Yeah.", "嗯", " why?"]),
                st.sampled_from(["A", "A", "B", "C"]),
                st.sampled_from([0, 0, 0, 200, 1600]),
                st.sampled_from([200, 400, 0]),
            ),
            min_size=4,
            max_size=16,
        )
    )
    heard, exclusive, at = [], [], 0
    for text, voice, pause, lasts in said_by:
        at += pause
        heard.append(Word(text, at / 1000, (at + lasts) / 1000, 0.9))
        exclusive.append((voice, at / 1000, (at + lasts) / 1000))
        at += lasts
    beside = draw(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, at), st.integers(300, 2000)), max_size=3))
    turns = diarization(*exclusive)
    more = tuple(SpeechTurn(voice, start / 1000, (start + lasts) / 1000) for voice, start, lasts in beside)
    return recognition(segment(0, heard)), replace(turns, turns=turns.turns + more)


cases = st.one_of(st.tuples(recognitions, diarizations()), conversations())


def numbered(recognized: Recognition) -> Recognition:
    """Its words told apart by their probability."""
    number = itertools.count()
    return replace(
        recognized,
        segments=tuple(
            replace(s, words=tuple(replace(w, probability=next(number) / 1000) for w in s.words))
            for s in recognized.segments
        ),
    )


@given(cases)
def test_every_word_once_in_its_speakers_order_at_its_place_in_the_text(case: tuple[Recognition, Diarization]) -> None:
    recognized, turns = case
    transcript = attribute(numbered(recognized), turns)
    came = [" ".join(word.text.split()) for part in recognized.segments for word in part.words]
    went = [word for utterance in transcript.utterances for word in utterance.words]
    assert [w.text for w in sorted(went, key=lambda w: w.probability)] == [text for text in came if text]
    for speaker in {utterance.speaker for utterance in transcript.utterances}:
        mine = [word.probability for u in transcript.utterances if u.speaker == speaker for word in u.words]
        assert mine == sorted(mine)
    firsts = [utterance.words[0].probability for utterance in transcript.utterances]
    assert firsts == sorted(firsts)
    for utterance in transcript.utterances:
        assert utterance.words
        assert all(utterance.text[slice(*word.offset)] == word.text for word in utterance.words)
        edges = [0, *(edge for word in utterance.words for edge in word.offset), len(utterance.text)]
        assert edges == sorted(edges)
        between = [utterance.text[a:b] for a, b in list(pairwise(edges))[::2]]
        assert set(between) <= {"", " "}
        assert utterance.text == utterance.text.strip()


@given(cases)
def test_only_a_back_channel_lies_inside_another_utterance(case: tuple[Recognition, Diarization]) -> None:
    recognized, turns = case
    latest = -1.0
    for utterance in attribute(numbered(recognized), turns).utterances:
        if BACK_CHANNEL in utterance.flags:
            assert len(utterance.words) <= 3
        else:
            assert utterance.words[0].probability > latest
            latest = utterance.words[-1].probability


@given(cases)
def test_times_go_forward(case: tuple[Recognition, Diarization]) -> None:
    recognized, turns = case
    transcript = attribute(recognized, turns)
    spoken = [word for utterance in transcript.utterances for word in utterance.words]
    assert all(word.start <= word.end for word in spoken)
    assert all(before.start <= after.start for before, after in pairwise(transcript.utterances))
    for utterance in transcript.utterances:
        assert all(before.start <= after.start for before, after in pairwise(utterance.words))
        assert (utterance.start, utterance.end) == (utterance.words[0].start, max(word.end for word in utterance.words))
    assert [u.id for u in transcript.utterances] == [f"u{n:04d}" for n in range(1, 1 + len(transcript.utterances))]


@given(cases, st.randoms(use_true_random=False))
def test_the_order_of_the_turns_plays_no_part(case: tuple[Recognition, Diarization], shuffler: random.Random) -> None:
    recognized, turns = case
    exclusive, overlapping = list(turns.exclusive), list(turns.turns)
    shuffler.shuffle(exclusive)
    shuffler.shuffle(overlapping)
    other = Diarization(turns.recording, tuple(overlapping), tuple(exclusive), turns.speech)
    assert attribute(recognized, turns) == attribute(recognized, other)


@given(cases)
def test_speakers_are_voices_until_they_are_named(case: tuple[Recognition, Diarization]) -> None:
    recognized, turns = case
    transcript = attribute(recognized, turns)
    voices = {u.speaker for u in transcript.utterances}
    assert voices <= {NO_VOICE, *(turn.speaker for turn in turns.turns)}
    named = name_speakers(transcript, [SpeakerRole(voice, f"NAMED-{voice}", 1.0, "") for voice in sorted(voices)])
    assert [u.speaker for u in named.utterances] == [f"NAMED-{u.speaker}" for u in transcript.utterances]
    assert {role.voice for role in named.speakers} == voices


@given(cases)
def test_utterances_flow_from_one_speaker_and_language(case: tuple[Recognition, Diarization]) -> None:
    recognized, turns = case
    for before, after in pairwise(attribute(recognized, turns).utterances):
        if (before.speaker, before.language, before.flags) == (after.speaker, after.language, ()):
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


# Rule 1: voices heard at once


def at_once(*turns: tuple[str, float, float], exclusive: tuple[tuple[str, float, float], ...]) -> Diarization:
    return replace(diarization(*exclusive), turns=tuple(SpeechTurn(*turn) for turn in turns))


def test_a_word_belongs_to_the_voice_that_is_heard_through_it() -> None:
    # Of the telephone sample: the exclusive turn changes inside the word, the second voice is there from its start.
    turns = [SpeechTurn("A", 21.766, 28.499), SpeechTurn("B", 27.858, 29.967)]
    exclusive = [SpeechTurn("A", 21.766, 28.448), SpeechTurn("B", 28.448, 29.967)]
    assert word_voices([Word(" don't", 27.88, 28.7, 1.0)], exclusive) == ["A"]
    assert word_voices([Word(" don't", 27.88, 28.7, 1.0)], exclusive, turns) == ["B"]


def test_a_back_channel_under_the_others_exclusive_turn_goes_to_the_voice_heard_beside_it() -> None:
    words = spaced("and then I Mm-hmm. went home again")
    talks = [SpeechTurn("A", 0.0, 2.1)]
    assert word_voices(words, talks, [SpeechTurn("B", 0.8, 1.3)]) == list("AAABAAA")
    # Not to one who says something else for longer, nor any other word.
    assert word_voices(words, talks, [SpeechTurn("B", 0.8, 2.5)]) == list("AAAAAAA")
    assert word_voices(spaced("and then I just. went home again"), talks, [SpeechTurn("B", 0.8, 1.3)]) == ["A"] * 7
    # An ordinary word does so only as a sentence of its own.
    beside = [SpeechTurn("B", 0.8, 1.3)]
    assert word_voices(spaced("I went home. Right. And then"), talks, beside) == list("AAABAA")
    assert word_voices(spaced("I went home right and then"), talks, beside) == list("AAAAAA")


def test_other_words_in_a_listeners_moment_are_the_talkers() -> None:
    # The diariser hears B's "mm-hmm" over A, the recogniser does not: what it wrote then is A's.
    words = spaced("She was sitting with her coat on")
    exclusive = [SpeechTurn("A", 0.0, 0.3), SpeechTurn("B", 0.3, 0.9), SpeechTurn("A", 0.9, 2.1)]
    assert word_voices(words, exclusive) == list("ABBAAAA")
    assert word_voices(words, exclusive, [SpeechTurn("A", 0.0, 0.6)]) == list("AAAAAAA")
    # Not where A does not talk on, nor where B talks for longer.
    assert word_voices(words[:3], exclusive[:2], [SpeechTurn("A", 0.0, 0.6)]) == list("ABB")
    longer = [SpeechTurn("A", 0.0, 0.3), SpeechTurn("B", 0.3, 1.9), SpeechTurn("A", 1.9, 4.1)]
    assert word_voices(words, longer, [SpeechTurn("A", 0.0, 1.4)])[4:] == list("BBA")


def test_a_sound_of_listening_stays_whose_it_is() -> None:
    assert voices_of("and then I mm-hmm went home again", "AAA", "B", "AAA") == "AAABAAA"
    assert voices_of("and then I Mm-hmm. went home again", "AAA", "B", "AAA") == "AAABAAA"


def test_where_both_are_heard_only_words_heard_of_the_other_change_hands() -> None:
    words = spaced("down here. So I don't hear that")
    voices = list("AAAABBB")
    assert "".join(smooth(words, voices)) == "AABBBBB"
    heard = {"A": [(0.0, 1.6)], "B": [(1.2, 2.1)]}
    assert "".join(smooth(words, voices, heard)) == "AAAABBB"
    heard["B"] = [(0.6, 2.1)]
    assert "".join(smooth(words, voices, heard)) == "AABBBBB"


# Rule 4: back-channels


def heard_as(line: str, *turns: tuple[str, float, float], beside: tuple[str, float, float] | None = None) -> Transcript:
    diarized = diarization(*turns)
    more = (SpeechTurn(*beside),) if beside else ()
    return attribute(recognition(segment(0, spaced(line))), replace(diarized, turns=diarized.turns + more))


def flagged(transcript: Transcript) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(u.speaker, u.text, u.flags) for u in transcript.utterances]


def test_a_back_channel_in_a_sentence_does_not_break_it() -> None:
    said_so = heard_as("and then I Mm-hmm. went home.", ("A", 0, 0.9), ("B", 0.9, 1.2), ("A", 1.2, 1.8))
    assert flagged(said_so) == [("A", "and then I went home.", ()), ("B", "Mm-hmm.", (BACK_CHANNEL,))]
    talk, listening = said_so.utterances
    assert (talk.start, talk.end, listening.start, listening.end) == (0.0, 1.8, 0.9, 1.2)
    assert [word.start for word in talk.words] == [0.0, 0.3, 0.6, 1.2, 1.5]


def test_several_back_channels_in_one_turn_are_utterances_of_their_own() -> None:
    turns = [("A", 0, 0.6), ("B", 0.6, 0.9), ("A", 0.9, 1.5), ("B", 1.5, 1.8), ("C", 1.8, 2.1), ("A", 2.1, 2.7)]
    said_so = heard_as("and then mm-hmm I went mm-hmm hmm home again.", *turns)
    assert said(said_so) == [("A", "and then I went home again."), ("B", "mm-hmm"), ("B", "mm-hmm"), ("C", "hmm")]


def test_after_a_sentence_the_order_is_kept_unless_it_was_said_over_the_other() -> None:
    turns = [("A", 0, 0.9), ("B", 0.9, 1.2), ("A", 1.2, 2.1)]
    line = "I went home. Right. And then slept."
    apart = [("A", "I went home.", ()), ("B", "Right.", (BACK_CHANNEL,)), ("A", "And then slept.", ())]
    assert flagged(heard_as(line, *turns)) == apart
    over = heard_as(line, *turns, beside=("A", 0, 2.1))
    assert said(over) == [("A", "I went home. And then slept."), ("B", "Right.")]


@pytest.mark.parametrize(
    ("line", "turns"),
    [
        ("did that help? Yes. And why", [("A", 0, 0.9), ("B", 0.9, 1.2), ("A", 1.2, 1.8)]),  # an answer
        ("I went home. Okay. _ _ _ _ _ _ _ _ And why", [("A", 0, 0.9), ("B", 0.9, 1.2), ("A", 3.6, 4.2)]),  # silence
        ("I went home. No. And why", [("A", 0, 0.9), ("B", 0.9, 1.2), ("A", 1.2, 1.8)]),  # says something
        ("I went home. Okay. And why", [("A", 0, 0.9), ("B", 0.9, 1.8)]),  # begins a turn of its own
        ("I went home. Okay. And why", [("A", 0, 0.9), ("B", 0.9, 1.2), ("C", 1.2, 1.8)]),  # a third goes on
    ],
)
def test_what_is_no_back_channel(line: str, turns: list[tuple[str, float, float]]) -> None:
    assert all(utterance.flags == () for utterance in heard_as(line, *turns).utterances)


def test_a_chinese_back_channel() -> None:
    characters = [Word(c, 0.2 * n, 0.2 * n + 0.2, 0.9) for n, c in enumerate("我今日嗯好攰。")]
    turns = diarization(("A", 0.0, 0.6), ("B", 0.6, 0.8), ("A", 0.8, 1.4))
    assert said(attribute(recognition(segment(0, characters, "zh")), turns)) == [("A", "我今日好攰。"), ("B", "嗯")]


def test_the_listeners_withdrawal_takes_no_word_of_the_one_who_talks() -> None:
    both = heard_as("and then I Mm-hmm. went home.", ("A", 0, 0.9), ("B", 0.9, 1.2), ("A", 1.2, 1.8))
    rest = transcript_without(both, stretches_of(both, "B"))
    assert " ".join(u.text for u in rest.utterances) == "and then I went home."
    assert {u.speaker for u in transcript_without(both, stretches_of(both, "A")).utterances} == set()


# Rule 5: overlap


def overlapped(transcript: Transcript) -> list[str]:
    return [w.text for u in transcript.utterances for w in u.words if OVERLAP in w.flags]


def test_words_said_while_the_other_speaks_are_flagged_on_both_sides() -> None:
    line = "I need to design. Okay I thought so"
    turns = [("A", 0.0, 1.2), ("B", 1.2, 2.4)]
    assert overlapped(heard_as(line, *turns)) == []
    assert overlapped(heard_as(line, *turns, beside=("B", 0.9, 1.2))) == ["design.", "Okay"]
    assert overlapped(heard_as(line, *turns, beside=("A", 0.9, 1.8))) == ["design.", "Okay", "I"]


def test_words_of_one_alone_are_not_flagged() -> None:
    # The diariser hears a second voice in the middle of a turn, the recogniser no word of it.
    assert overlapped(heard_as("and then I went home again", ("A", 0, 1.8), beside=("B", 0.6, 1.2))) == []
    # Nor where the words of the other are a second away, nor where voices overlap for less than 0.3 s.
    far = "and then I went home _ _ _ _ okay"
    assert overlapped(heard_as(far, ("A", 0, 1.5), ("B", 2.7, 3.0), beside=("B", 0.3, 0.9))) == []
    assert overlapped(heard_as("I went. Okay then", ("A", 0, 0.6), ("B", 0.6, 1.2), beside=("B", 0.35, 0.6))) == []


def test_a_back_channel_said_over_the_other_is_marked_with_the_word_that_it_fell_on() -> None:
    turns = [("A", 0, 0.9), ("B", 0.9, 1.2), ("A", 1.2, 1.8)]
    said_so = heard_as("and then I Mm-hmm. went home.", *turns, beside=("A", 0.0, 1.8))
    assert overlapped(said_so) == ["I", "Mm-hmm."]


@pytest.mark.parametrize(
    ("words", "acknowledges", "sounds"),
    [
        ([" Mm-hmm."], True, True),
        ([" uh", "-huh"], True, True),
        ([" Uh", " huh,"], True, True),
        ([" Yeah,", " okay."], True, False),
        ([" I", " see."], True, False),
        (["係", "呀"], True, False),
        (["嗯"], True, True),
        (["唔", "係"], False, False),  # "no"
        ([" No."], False, False),
        ([" Okay,", " then"], False, False),
        ([" yeah", " yeah", " yeah", " yeah"], False, False),
        ([" …"], False, False),
        ([" " + "mh" * 5000 + "x"], False, False),
    ],
)
def test_acknowledgements(words: list[str], acknowledges: bool, sounds: bool) -> None:
    heard = [Word(text, 0.0, 0.1, 1.0) for text in words]
    assert (is_acknowledgement(heard), is_sound(heard)) == (acknowledges, sounds)
