"""Redacted sound: what is silenced, what is written, and that nothing of it is given when a name is still heard."""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import SAMPLES
from tests.fakes import CANARY
from tests.make_audio import convert, noise, tone, write_wav
from transcribe.attribution import attribute
from transcribe.audio.ffmpeg import encode_command, header_command, run_ffmpeg
from transcribe.audio.header import read_header
from transcribe.audio.pcm import stream_samples
from transcribe.audio.redacted import (
    SMEAR_SECONDS,
    TONE_HERTZ,
    TONE_LEVEL,
    check_redacted_audio,
    make_redacted_audio,
    redacted_blocks,
    write_redacted_audio,
)
from transcribe.audio.redacted_spans import (
    LONGEST_PAUSE,
    PADDING,
    SHORTEST_SOUND,
    UTTERANCE_PADDING,
    complement,
    spans_to_silence,
)
from transcribe.audio.track import Track
from transcribe.engines import SAMPLE_RATE, DecodedAudio, Outcome, RecognitionJob, Samples
from transcribe.errors import DependencyError, EngineError, TranscribeError, WithheldError
from transcribe.progress import Progress, SilentProgress
from transcribe.records import (
    Diarization,
    Event,
    Interval,
    Quarantined,
    Recognition,
    Recording,
    Redaction,
    RedactionList,
    Segment,
    SpeechTurn,
    Transcript,
    Utterance,
    UtteranceWord,
    Word,
)
from transcribe.redaction.leak_check import text_check
from transcribe.redaction.registry import Registry
from transcribe.study.roster import RosterEntry

NAME = "P01-PIR"
Timed = tuple[str, float, float]


def utterance(id_: str, *words: Timed) -> Utterance:
    text, made = "", []
    for said, start, end in words:
        text += " " if text else ""
        made.append(UtteranceWord(said, start, end, 0.9, (len(text), len(text) + len(said))))
        text += said
    return Utterance(id_, NAME, "en", made[0].start, max(word.end for word in made), text, tuple(made))


def redaction(of: Utterance, part: str) -> Redaction:
    start = of.text.index(part)
    return at(of.id, start, start + len(part))


def at(utterance_id: str, start: int, end: int) -> Redaction:
    return Redaction(
        utterance_id, start, end, "e00001", "direct", "PERSON", "[PERSON_1]", "roster/exact", 1.0, "accepted"
    )


def diarization(*speech: Interval, turns: tuple[SpeechTurn, ...] = ()) -> Diarization:
    return Diarization(NAME, turns, (), speech)


def spans_of(
    utterances: Iterable[Utterance],
    redactions: Iterable[Redaction] = (),
    events: Iterable[Event] = (),
    heard: Diarization | None = None,
    duration: float = 60.0,
) -> tuple[Interval, ...]:
    transcript = Transcript(NAME, tuple(utterances), tuple(events))
    return spans_to_silence(transcript, RedactionList(NAME, tuple(redactions)), heard or diarization(), duration)


SAID = utterance("u0001", ("I", 10.0, 10.2), ("met", 10.2, 10.6), ("Janet", 10.6, 11.1), ("Lau.", 11.1, 11.5))
LATER = utterance("u0002", ("And", 30.0, 30.3), ("then?", 30.3, 30.8))


# What is silenced


def test_the_words_of_a_redaction_are_silenced_with_their_padding() -> None:
    assert spans_of([SAID, LATER], [redaction(SAID, "Janet Lau")]) == ((10.35, 11.75),)
    assert spans_of([SAID, LATER]) == ()


def test_a_word_that_is_touched_in_part_is_silenced_whole() -> None:
    assert spans_of([SAID], [redaction(SAID, "anet")]) == ((10.35, 11.35),)


def test_near_spans_and_the_recordings_ends_leave_no_snippet() -> None:
    first = utterance("u0001", ("Janet", 0.3, 0.8), ("is", 0.8, 1.4), ("Lau", 1.4, 1.8))
    assert spans_of([first], [redaction(first, "Janet"), redaction(first, "Lau")], duration=2.2) == ((0.0, 2.2),)


def test_every_event_is_silenced() -> None:
    events = [Event("withheld", 5, 7), Event("third-party", 20, 20), Event("inaudible", 40, 41), Event("other", 58, 99)]
    assert spans_of([SAID], events=events) == ((4.75, 7.25), (19.75, 20.25), (39.75, 41.25), (57.75, 60.0))


def timed(start: float, end: float, flags: tuple[str, ...] = ()) -> Utterance:
    words = list(SAID.words)
    words[2] = replace(words[2], start=start, end=end, flags=flags)
    return replace(SAID, words=tuple(words))


@pytest.mark.parametrize(
    "doubtful",
    [
        timed(10.6, 10.6),
        timed(10.9, 10.6),
        timed(float("nan"), 11.0),
        timed(10.6, float("inf")),
        timed(-1.0, 11.0),
        timed(10.6, 70.0),
        timed(10.6, 11.1, ("unsupported",)),
        replace(SAID, words=()),
        replace(SAID, words=(*SAID.words[:2], SAID.words[3])),
        replace(SAID, words=(*SAID.words[:2], replace(SAID.words[2], text="Jan"), SAID.words[3])),
    ],
)
def test_where_the_time_of_a_word_is_not_known_the_whole_utterance_is_silenced(doubtful: Utterance) -> None:
    (span,) = spans_of([doubtful, LATER], [redaction(SAID, "Janet")])
    assert span[0] <= SAID.start - UTTERANCE_PADDING
    assert span[1] >= SAID.end + UTTERANCE_PADDING


def test_a_word_too_short_to_have_been_said_takes_its_neighbours_with_it() -> None:
    hasty = utterance("u0001", ("I", 10.0, 10.2), ("met", 10.2, 10.6), ("Janet", 10.6, 10.64), ("there", 10.64, 11.5))
    assert spans_of([hasty], [redaction(hasty, "Janet")]) == ((9.95, 11.75),)
    alone = utterance("u0001", ("Janet.", 10.0, 10.04))
    assert spans_of([alone], [redaction(alone, "Janet")]) == ((8.75, 11.29),)


@pytest.mark.parametrize(
    "wrong",
    [at("u0009", 0, 1), at("u0001", 3, 3), at("u0001", -1, 3), at("u0001", 0, len(SAID.text) + 1)],
)
def test_redactions_of_another_state_of_the_transcript_withhold_the_sound(wrong: Redaction) -> None:
    with pytest.raises(WithheldError, match=NAME):
        spans_of([SAID], [wrong])


def test_redactions_of_another_recording_and_doubled_utterances_withhold_the_sound() -> None:
    with pytest.raises(WithheldError):
        spans_to_silence(Transcript(NAME, (SAID,)), RedactionList("P02-PIR", ()), diarization(), 60.0)
    with pytest.raises(WithheldError):
        spans_of([SAID, SAID])


@pytest.mark.parametrize(
    ("events", "heard"),
    [
        ([Event("withheld", float("nan"), 3)], diarization()),
        ([Event("withheld", 4, 3)], diarization()),
        ([], diarization((1.0, float("nan")))),
        ([], diarization((1.0, 99.0))),
        ([], diarization(turns=(SpeechTurn("SPEAKER-1", 5, 4),))),
    ],
)
def test_times_that_are_none_withhold_the_sound(events: list[Event], heard: Diarization) -> None:
    with pytest.raises(WithheldError, match=NAME):
        spans_of([SAID], events=events, heard=heard)


def test_an_utterance_without_times_withholds_the_sound() -> None:
    lost = replace(SAID, start=float("nan"), words=())
    with pytest.raises(WithheldError, match=NAME):
        spans_of([lost], [redaction(SAID, "Janet")])


def test_speech_that_no_word_covers_is_silenced_and_pauses_stay() -> None:
    assert spans_of([SAID, LATER], heard=diarization((9.9, 11.6), (29.8, 31.0))) == ()
    assert spans_of([SAID, LATER], heard=diarization((9.9, 15.0), (20.0, 22.0))) == ((11.6, 15.0), (20.0, 22.0))
    pause = utterance("u0001", ("One", 10.0, 10.5), ("two", 10.49 + LONGEST_PAUSE, 11.5))
    assert spans_of([pause], heard=diarization((9.9, 11.6))) == ()
    longer = utterance("u0001", ("One", 10.0, 10.5), ("two", 11.4, 11.9))
    assert spans_of([longer], heard=diarization((9.9, 12.0))) == ((10.6, 11.3),)


def test_an_utterance_that_was_taken_out_is_not_heard() -> None:
    assert spans_of([SAID], heard=diarization((9.9, 11.6), (29.9, 30.9))) == ((29.9, 30.9),)


def test_a_word_stretched_over_other_speech_covers_nothing() -> None:
    stretched = utterance("u0001", ("um", 10.0, 14.0), ("yes", 14.0, 14.5))
    assert spans_of([stretched], heard=diarization((10.0, 14.5))) == ((10.0, 13.9),)


def test_two_voices_at_once_are_silenced_where_one_could_name_somebody() -> None:
    turns = (
        SpeechTurn("SPEAKER-1", 10.0, 10.9),
        SpeechTurn("SPEAKER-1", 10.5, 10.9),
        SpeechTurn("SPEAKER-2", 10.4, 11.5),
        SpeechTurn("SPEAKER-1", 11.3, 11.5),
    )
    assert spans_of([SAID], heard=diarization(turns=turns)) == ((10.4, 10.9),)


WORDS = st.sampled_from(["I", "met", "Janet", "Lau", "yesterday", "阿強", "."])


@st.composite
def transcripts(draw: st.DrawFn) -> tuple[Transcript, RedactionList, Diarization, float]:
    """Words one after another, now and then with times that are wrong, and redactions anywhere."""
    duration = draw(st.integers(1_000, 60_000)) / 1000
    clock, utterances, redactions = 0.0, [], []
    for number in range(draw(st.integers(0, 4))):
        words = []
        for _ in range(draw(st.integers(1, 5))):
            clock = round(min(clock + draw(st.integers(0, 3000)) / 1000, duration), 3)
            end = round(min(clock + draw(st.integers(0, 900)) / 1000, duration), 3)
            words.append((draw(WORDS), clock, end))
            clock = end
        said = utterance(f"u{number}", *words)
        utterances.append(said)
        for _ in range(draw(st.integers(0, 2))):
            start = draw(st.integers(0, len(said.text) - 1))
            redactions.append(at(said.id, start, draw(st.integers(start + 1, len(said.text)))))
    times = st.lists(st.integers(0, round(duration * 1000)).map(lambda ms: ms / 1000), max_size=8)
    speech = [(a, b) for a, b in list(pairwise(sorted(draw(times))))[::2] if b > a]
    events = [Event("withheld", a, b) for a, b in list(pairwise(sorted(draw(times))))[::2]]
    turns = tuple(SpeechTurn(draw(st.sampled_from(["SPEAKER-1", "SPEAKER-2"])), a, b) for a, b in speech)
    transcript = Transcript(NAME, tuple(utterances), tuple(events))
    return transcript, RedactionList(NAME, tuple(redactions)), diarization(*speech, turns=turns), duration


def holds(spans: Iterable[Interval], start: float, end: float) -> bool:
    return any(first <= start + 1e-9 and end - 1e-9 <= last for first, last in spans)


@given(transcripts())
def test_spans_keep_their_promises(given_: tuple[Transcript, RedactionList, Diarization, float]) -> None:
    transcript, redactions, heard, duration = given_
    spans = spans_to_silence(transcript, redactions, heard, duration)
    assert all(0 <= start < end <= duration for start, end in spans)
    assert all(after[0] - before[1] >= SHORTEST_SOUND - 1e-9 for before, after in pairwise(spans))
    assert all(round(edge, 3) == edge for span in spans for edge in span)
    for item in redactions.redactions:
        said = next(u for u in transcript.utterances if u.id == item.utterance)
        for word in said.words:
            if word.offset[0] < item.end and word.offset[1] > item.start and word.start < duration:
                assert holds(spans, max(word.start - PADDING, 0), min(word.end + PADDING, duration))
    for event in transcript.events:
        assert holds(spans, max(event.start - PADDING, 0), min(event.end + PADDING, duration))
    words = [word for said in transcript.utterances for word in said.words]
    for start, end in heard.speech:
        nothing_near = all(word.end + 0.2 < start or word.start - 0.2 > end for word in words)
        if nothing_near and end - start > LONGEST_PAUSE:
            assert holds(spans, start, end)
    assert spans == spans_to_silence(transcript, redactions, heard, duration)


@given(transcripts())
def test_what_is_not_silenced_is_the_rest(given_: tuple[Transcript, RedactionList, Diarization, float]) -> None:
    transcript, redactions, heard, duration = given_
    spans = spans_to_silence(transcript, redactions, heard, duration)
    both = sorted([*spans, *complement(spans, duration)])
    assert sum(end - start for start, end in both) == pytest.approx(duration)
    assert all(before[1] == after[0] for before, after in pairwise(both))


# What is written


def sound_of(path: Path) -> Samples:
    blocks: list[Samples] = []
    stream_samples(path, read_header(path), blocks.append)
    return np.concatenate(blocks)[:, 0]


def decoded(samples: np.ndarray) -> DecodedAudio:
    length = len(samples) / SAMPLE_RATE
    return DecodedAudio.of(
        Recording(NAME, "P01", "PIR", NAME, 1, "en", (), round(length, 3)), samples.astype(np.float32)
    )


def strength(samples: Samples, hertz: float) -> float:
    """The amplitude of a tone in it."""
    time = np.arange(len(samples)) / SAMPLE_RATE
    return float(2 * np.abs(np.mean(samples * np.exp(-2j * np.pi * hertz * time))))


LOUD = 0.5 * tone(10, hertz=1000, level=1.0) + noise(10, level=0.05)
SPANS: tuple[Interval, ...] = ((0.0, 0.6), (3.0, 3.5), (4.0, 8.5), (9.6, 10.0))


def test_a_tone_is_heard_instead_and_the_rest_stays_where_it_was(tmp_path: Path) -> None:
    audio = decoded(LOUD)
    write_redacted_audio(audio, SPANS, tmp_path / "a.m4a")
    heard = sound_of(tmp_path / "a.m4a")
    assert abs(len(heard) - len(audio.samples)) <= 0.05 * SAMPLE_RATE
    for start, end in SPANS:
        inside = heard[round((start + SMEAR_SECONDS) * SAMPLE_RATE) : round((end - SMEAR_SECONDS) * SAMPLE_RATE)]
        assert strength(inside, TONE_HERTZ) == pytest.approx(TONE_LEVEL, rel=0.05)
        assert strength(inside, 1000) < 1e-3
    for start, end in complement(SPANS, 10.0):
        part = slice(round((start + 0.1) * SAMPLE_RATE), round((end - 0.1) * SAMPLE_RATE))
        assert np.corrcoef(heard[part], audio.samples[part])[0, 1] > 0.95
    assert (tmp_path / "a.m4a").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.m4a"]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 200_000), max_size=8), st.integers(1, 200_000))
def test_blocks_are_the_sound_outside_the_spans_and_the_tone_inside(edges: list[int], length: int) -> None:
    """Spans in samples here, wherever blocks end; speech is loud, so that any of it inside would show."""
    ordered = sorted({edge for edge in edges if edge <= length})
    limits = [(a, b) for a, b in list(pairwise(ordered))[::2]]
    track = Track.of(np.full(length, 0.5))
    spans = [(a / SAMPLE_RATE, b / SAMPLE_RATE) for a, b in limits]
    result = np.concatenate(list(redacted_blocks(track, spans)))
    assert len(result) == length
    assert track.samples.min() == 0.5
    fade = SAMPLE_RATE // 100
    near = np.zeros(length, bool)
    for start, end in limits:
        assert np.abs(result[start:end]).max() <= TONE_LEVEL + 1e-6
        near[max(start - fade, 0) : end + fade] = True
    assert (result[~near] == 0.5).all()
    assert np.abs(result).max() <= 1 + TONE_LEVEL


def test_the_same_sound_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.m4a", "b.m4a"):
        write_redacted_audio(decoded(LOUD), SPANS, tmp_path / name)
    assert (tmp_path / "a.m4a").read_bytes() == (tmp_path / "b.m4a").read_bytes()


def test_no_tag_of_the_recording_and_none_of_the_encoder_gets_into_the_file(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a.wav", LOUD)
    tags = [f"{key}={CANARY}" for key in ("title", "artist", "comment", "location", "album")]
    options = [word for tag in tags for word in ("-metadata", tag)]
    source = convert(wav, tmp_path / f"{CANARY}.m4a", *options, "-metadata", "creation_time=2024-03-05T10:00:00Z")
    assert CANARY in "\n".join(run_ffmpeg(header_command(source), lambda _: None).lines[2:])
    target = tmp_path / "out" / "P01-PIR.m4a"
    target.parent.mkdir()
    write_redacted_audio(decoded(sound_of(source)), SPANS, target)
    data = target.read_bytes()
    for trace in (CANARY.encode(), b"Lavf", b"Lavc", b"2024", str(tmp_path).encode()):
        assert trace not in data
    said = "\n".join(run_ffmpeg(header_command(target), lambda _: None).lines)
    assert not [word for word in ("creation_time", "encoder", "title", "Chapter") if word in said]


def test_an_encoder_that_fails_leaves_nothing_and_tells_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!/bin/sh\necho {CANARY} >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("TRANSCRIBE_FFMPEG", str(program))
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(EngineError, match=NAME) as caught:
        write_redacted_audio(decoded(LOUD), SPANS, folder / f"{CANARY}.m4a")
    assert CANARY not in caught.value.message
    assert list(folder.iterdir()) == []


def test_an_earlier_file_stays_when_writing_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Iterator[Samples]:
        yield np.zeros(100, np.float32)
        raise KeyboardInterrupt

    (tmp_path / "a.m4a").write_bytes(b"before")
    monkeypatch.setattr("transcribe.audio.redacted.redacted_blocks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_redacted_audio(decoded(LOUD), SPANS, tmp_path / "a.m4a")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.m4a", b"before")]


def test_a_program_gets_all_it_is_given_whatever_it_complains_about_meanwhile() -> None:
    code = "import sys; data = sys.stdin.buffer.read(5_000_000); sys.stderr.write('e\\n' * 200_000)"
    code += "; data += sys.stdin.buffer.read(); print(len(data))"
    answer: list[bytes] = []
    end = run_ffmpeg([sys.executable, "-c", code], answer.append, give=(bytes(1_000_003) for _ in range(20)))
    assert (end.code, end.line_count, b"".join(answer)) == (0, 200_000, b"20000060\n")


def test_a_program_that_takes_no_more_is_no_error_of_ours() -> None:
    end = run_ffmpeg([sys.executable, "-c", "import sys; sys.exit(4)"], lambda _: None, give=[bytes(10_000_000)])
    assert end.code == 4
    assert run_ffmpeg([sys.executable, "-c", "pass"], lambda _: None, give=[]).code == 0


# What is checked

ROSTER = (RosterEntry(NAME, "Janet Lau", ("Janet",), "participant", "", ""),)
KNOWN = text_check(Registry(()), ROSTER)
SPOKEN = utterance("u0001", *((f"word{n}", 0.7 + 0.1 * n, 0.8 + 0.1 * n) for n in range(20)))
TRANSCRIPT = Transcript(NAME, (SPOKEN,))
HARMLESS = "and so we went there again to see what it was like for them " * 2


@dataclass
class Listener:
    """A recogniser that hears `texts`, a segment each, and remembers what it was given; or raises."""

    texts: tuple[str, ...] = (HARMLESS,)
    put_away: tuple[Quarantined, ...] = ()
    trouble: BaseException | None = None
    error: TranscribeError | None = None
    name: str = NAME
    outcomes: int = 1
    fingerprint: str = "fake"
    jobs: tuple[RecognitionJob, ...] = ()

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        self.jobs = tuple(jobs)
        if self.trouble is not None:
            raise self.trouble
        segments = tuple(
            Segment(n, n, n + 1, "en", f" {text}", (Word(f" {text}", n, n + 1, 0.9),), -0.1, 1.0, 0.0)
            for n, text in enumerate(self.texts)
        )
        for _ in range(self.outcomes):
            heard = Recognition(self.name, segments, 1.0, 1.0, quarantined=self.put_away)
            yield Outcome(self.name, self.error or heard, 0.1)


def written(tmp_path: Path, spans: tuple[Interval, ...] = SPANS) -> Path:
    path = tmp_path / "out.m4a"
    write_redacted_audio(decoded(LOUD), spans, path)
    return path


def check(path: Path, listener: Listener, spans: tuple[Interval, ...] = SPANS) -> None:
    check_redacted_audio(path, decoded(LOUD).recording, TRANSCRIPT, spans, KNOWN, listener, SilentProgress())


def refused(path: Path, listener: Listener, spans: tuple[Interval, ...] = SPANS) -> str:
    with pytest.raises(WithheldError) as caught:
        check(path, listener, spans)
    assert not path.exists()
    assert caught.value.exit_code == 7
    assert caught.value.__cause__ is None
    assert NAME in caught.value.message
    return caught.value.message


def test_good_sound_passes_and_all_that_is_audible_is_listened_to(tmp_path: Path) -> None:
    listener = Listener()
    check(written(tmp_path), listener)
    (job,) = listener.jobs
    assert job.speech == ((0.6, 3.0), (3.5, 4.0), (8.5, 9.6))
    assert job.languages == ("en",)
    assert np.abs(job.audio.samples[round(5 * SAMPLE_RATE) : round(8 * SAMPLE_RATE)]).max() < 2 * TONE_LEVEL
    assert (tmp_path / "out.m4a").exists()


def test_every_language_of_the_transcript_is_listened_for_the_commonest_first(tmp_path: Path) -> None:
    listener = Listener()
    cantonese = replace(SPOKEN, id="u0002", language="yue", words=SPOKEN.words[:1])
    transcript = Transcript(NAME, (cantonese, SPOKEN))
    check_redacted_audio(
        written(tmp_path), decoded(LOUD).recording, transcript, SPANS, KNOWN, listener, SilentProgress()
    )
    assert listener.jobs[0].languages == ("en", "yue")


@pytest.mark.parametrize(
    "texts",
    [
        (f"{HARMLESS} and Janet came",),
        (HARMLESS, "it was janet's idea"),
        (HARMLESS, "[JANET]"),
        (HARMLESS, "so I said Janet", "Lau was there"),
        (HARMLESS, "J-A-N-E-T"),
    ],
)
def test_a_name_that_is_still_heard_withholds_the_sound(tmp_path: Path, texts: tuple[str, ...]) -> None:
    assert "janet" not in refused(written(tmp_path), Listener(texts)).casefold()


def test_a_name_in_text_that_is_kept_out_of_transcripts_withholds_the_sound_too(tmp_path: Path) -> None:
    put_away = (Quarantined(0.5, 0.8, " Janet Janet", "loop"),)
    assert "janet" not in refused(written(tmp_path), Listener(put_away=put_away)).casefold()
    check(written(tmp_path), Listener(put_away=(Quarantined(0.5, 0.8, " la la", "loop"),)))
    refused(written(tmp_path), Listener(texts=(), put_away=(Quarantined(0.5, 0.8, HARMLESS, "loop"),)))


@pytest.mark.parametrize(
    "listener",
    [
        Listener(trouble=RuntimeError(f"heard {CANARY}")),
        Listener(trouble=DependencyError("the weights are damaged")),
        Listener(error=EngineError("recognition failed (RuntimeError)")),
        Listener(name="P02-PIR"),
        Listener(outcomes=0),
        Listener(outcomes=2),
        Listener(texts=()),
        Listener(texts=("Yes.",)),
    ],
)
def test_a_recogniser_that_fails_or_is_deaf_withholds_the_sound(tmp_path: Path, listener: Listener) -> None:
    assert CANARY not in refused(written(tmp_path), listener)


@pytest.mark.parametrize(("words", "passes"), [(4, False), (2, True)])
def test_of_a_short_recording_something_must_be_heard_at_least(tmp_path: Path, words: int, passes: bool) -> None:
    few = Transcript(NAME, (utterance("u0001", *((f"word0{n}", 0.7 + 0.1 * n, 0.8 + 0.1 * n) for n in range(words))),))
    path, recording = written(tmp_path), decoded(LOUD).recording
    with nullcontext() if passes else pytest.raises(WithheldError, match="too little"):
        check_redacted_audio(path, recording, few, SPANS, KNOWN, Listener(texts=("", " ")), SilentProgress())
    assert path.exists() == passes


def test_a_check_of_names_that_fails_withholds_the_sound(tmp_path: Path) -> None:
    def broken(text: str) -> bool:
        raise ValueError(CANARY)

    path = written(tmp_path)
    with pytest.raises(WithheldError) as caught:
        check_redacted_audio(path, decoded(LOUD).recording, TRANSCRIPT, SPANS, broken, Listener(), SilentProgress())
    assert CANARY not in caught.value.message
    assert not path.exists()


def test_ctrl_c_deletes_what_is_not_checked(tmp_path: Path) -> None:
    path = written(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        check(path, Listener(trouble=KeyboardInterrupt()))
    assert not path.exists()


def leaking(samples: Samples) -> Samples:
    """A word of 60 ms, softly, in the middle of a silenced stretch of 4.5 s."""
    changed = np.concatenate(list(redacted_blocks(Track.of(samples), SPANS)))
    changed[6 * SAMPLE_RATE : 6 * SAMPLE_RATE + 960] += noise(0.06, level=0.005).astype(np.float32)
    return changed


@pytest.mark.parametrize("change", [leaking, lambda s: s, lambda s: s[:-1600], lambda s: np.append(s, s[:1600])])
def test_a_file_that_is_not_what_was_ordered_is_deleted(tmp_path: Path, change: Callable[[Samples], Samples]) -> None:
    path = tmp_path / "out.m4a"
    write_redacted_audio(decoded(change(LOUD.astype(np.float32))), (), path)
    listener = Listener()
    refused(path, listener)
    assert listener.jobs == ()


def test_without_a_tone_it_is_not_what_was_ordered_either(tmp_path: Path) -> None:
    silent = LOUD.copy()
    silent[4 * SAMPLE_RATE : round(8.5 * SAMPLE_RATE)] = 0
    path = tmp_path / "out.m4a"
    write_redacted_audio(decoded(silent), (), path)
    refused(path, Listener(), ((4.0, 8.5),))


@pytest.mark.parametrize(
    "options",
    [
        ("-metadata", f"title={CANARY}"),
        ("-movflags", "use_metadata_tags", "-metadata", f"the speaker={CANARY}"),
        ("-metadata", "creation_time=2024-03-05T10:00:00Z"),
        ("-metadata:s:a", "language=yue"),
        ("-metadata:s:a", f"handler_name={CANARY}"),
    ],
)
def test_a_tag_withholds_the_sound(tmp_path: Path, options: tuple[str, ...]) -> None:
    tagged = convert(written(tmp_path), tmp_path / "tagged.m4a", "-c", "copy", *options)
    assert "more than sound" in refused(tagged, Listener())


def test_a_picture_withholds_the_sound(tmp_path: Path) -> None:
    source, picture = written(tmp_path), tmp_path / "cover.png"
    convert(source, picture, "-f", "lavfi", "-i", "color=red:size=16x16", "-map", "1", "-frames:v", "1")
    both = tmp_path / "both.m4a"
    options = ["-i", f"file:{picture}", "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic"]
    convert(source, both, *options, "-fflags", "+bitexact")
    assert "more than sound" in refused(both, Listener())


@pytest.mark.parametrize("data", [b"", b"no media at all", b"RIFF"])
def test_a_file_that_cannot_be_read_is_deleted(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "out.m4a"
    path.write_bytes(data)
    refused(path, Listener())


def test_a_file_that_is_gone_is_withheld(tmp_path: Path) -> None:
    refused(tmp_path / "none.m4a", Listener())


def test_a_recording_that_is_silenced_as_a_whole_passes(tmp_path: Path) -> None:
    whole = ((0.0, 10.0),)
    listener = Listener(texts=())
    check(written(tmp_path, whole), listener, whole)
    assert listener.jobs[0].speech == ()


def test_a_file_gets_its_name_only_when_it_is_checked(tmp_path: Path) -> None:
    path, audio, listener = tmp_path / "P01-PIR.m4a", decoded(LOUD), Listener()
    redactions = RedactionList(NAME, (at("u0001", 0, 5),))

    def make(listener: Listener) -> tuple[Interval, ...]:
        return make_redacted_audio(
            audio, TRANSCRIPT, redactions, diarization(), path, KNOWN, listener, SilentProgress()
        )

    (span,) = make(listener)
    assert span == pytest.approx((0.45, 1.05), abs=0.0011)
    assert [left.name for left in tmp_path.iterdir()] == ["P01-PIR.m4a"]
    before = path.read_bytes()
    with pytest.raises(WithheldError):
        make(Listener(("Janet",)))
    assert [(left.name, left.read_bytes()) for left in tmp_path.iterdir()] == [("P01-PIR.m4a", before)]


@dataclass
class HearsUntilSilenced(Listener):
    """Hears a name between 8.6 and 9.0 s for as long as that is not silenced."""

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        (job,) = jobs
        self.jobs = (*self.jobs, job)
        quiet = not any(start < 9.0 and end > 8.6 for start, end in job.speech)
        texts = (HARMLESS, HARMLESS if quiet else "Janet Lau")
        segments = tuple(
            Segment(n, a, b, "en", text, (Word(text, a, b, 0.9),), -0.1, 1.0, 0.0)
            for n, (text, a, b) in enumerate(zip(texts, (0.0, 8.6), (1.0, 9.0), strict=True))
        )
        yield Outcome(self.name, Recognition(self.name, segments, 1.0, 1.0), 0.1)


def test_what_is_still_heard_is_silenced_too_and_the_rest_listened_to_again(tmp_path: Path) -> None:
    path, listener = tmp_path / "P01-PIR.m4a", HearsUntilSilenced()
    redactions = RedactionList(NAME, (at("u0001", 0, 5),))
    spans = make_redacted_audio(
        decoded(LOUD), TRANSCRIPT, redactions, diarization(), path, KNOWN, listener, SilentProgress()
    )
    assert len(listener.jobs) == 2
    assert any(start <= 8.35 and end >= 9.25 for start, end in spans)
    assert [left.name for left in tmp_path.iterdir()] == ["P01-PIR.m4a"]


def test_the_encoder_is_called_without_a_shell_and_reads_nothing_but_its_stdin(tmp_path: Path) -> None:
    command = encode_command(tmp_path / "a b;c.m4a", 64_000)
    assert command[-2] == f"file:{tmp_path}/a b;c.m4a"
    assert command[-1] == "-y"
    assert {"-nostdin", "-map_metadata", "pipe:0"} <= set(command)
    assert command[command.index("-protocol_whitelist") + 1] == "pipe"


def test_it_never_loads_an_engine() -> None:
    code = "import sys, transcribe.audio.redacted as _; print('torch' in sys.modules or 'whisper' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# With the real draft recogniser


@pytest.mark.models
def test_a_redacted_word_is_not_heard_again_by_the_real_recogniser(tmp_path: Path) -> None:
    """37 s of an interview: with two names replaced it passes; with one, the other is heard, and silenced as well."""
    from transcribe.recognition.recognizer import WhisperRecognizer
    from transcribe.weights import locate, revision

    source = convert(SAMPLES / "D01-PIR.m4a", tmp_path / "source.wav", "-ss", "15", "-t", "37", "-ac", "1")
    header = read_header(source)
    blocks: list[Samples] = []
    stream_samples(source, header, blocks.append)
    samples = np.concatenate(blocks)[:, 0]
    duration = round(len(samples) / SAMPLE_RATE, 3)
    recording = Recording("D01-PIR", "D01", "PIR", "D01-PIR", 1, "en", (), duration)
    audio = DecodedAudio.of(recording, samples)
    recognizer = WhisperRecognizer(locate("whisper-base"), revision("whisper-base"), threads=2)
    speech = ((0.4, 19.9), (20.6, 35.9))
    (first,) = recognizer.recognize([RecognitionJob(audio, speech, ("en",))], SilentProgress())
    assert isinstance(first.result, Recognition)
    transcript = attribute(first.result, Diarization("D01-PIR", (), (), speech))
    surfaces = ("Marcus", "Castle Peak")
    found = [redaction(u, part) for u in transcript.utterances for part in surfaces if part in u.text]
    assert len(found) == len(surfaces)
    roster = tuple(RosterEntry("", name, (), "friend", "", "") for name in surfaces)
    path = tmp_path / "D01-PIR.m4a"

    def export(redactions: list[Redaction]) -> tuple[Interval, ...]:
        listed, known = RedactionList("D01-PIR", tuple(redactions)), text_check(Registry(()), roster)
        heard = Diarization("D01-PIR", (), (), speech)
        return make_redacted_audio(audio, transcript, listed, heard, path, known, recognizer, SilentProgress())

    assert sum(end - start for start, end in export(found)) < 0.3 * duration
    again = sound_of(path)
    path.unlink()
    (second,) = recognizer.recognize(
        [RecognitionJob(DecodedAudio.of(recording, again), speech, ("en",))], SilentProgress()
    )
    assert isinstance(second.result, Recognition)
    text = "".join(segment.text for segment in second.result.segments)
    assert not [surface for surface in surfaces if surface in text]
    assert "discharged" in text
    missed = next(u for u in transcript.utterances if u.id == found[0].utterance).words
    said = next(w for w in missed if w.offset[0] <= found[0].start < w.offset[1])
    assert any(start <= said.start and said.end <= end for start, end in export(found[1:])), "heard, so silenced"
    one = RedactionList("D01-PIR", (found[1],))
    spans = spans_to_silence(transcript, one, Diarization("D01-PIR", (), (), speech), duration)
    write_redacted_audio(audio, spans, path)
    known = text_check(Registry(()), roster)
    with pytest.raises(WithheldError, match="still heard"):
        check_redacted_audio(path, recording, transcript, spans, known, recognizer, SilentProgress())
    assert [left.name for left in tmp_path.iterdir()] == ["source.wav"]
