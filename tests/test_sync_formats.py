"""The files with times: what they hold, and that libraries of other people read the same turns in them."""

import csv
import html
import io
import os
import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import meeteval.io
import pylangacq
import pympi
import pytest
import srt as srt_library
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.export_samples import small, transcript, utterance
from tests.sync_samples import CONVENTIONS, MIXED, PLAIN, RENDERINGS, lay, transcripts
from transcribe.conventions import Conventions
from transcribe.errors import ValidationError
from transcribe.exports import chat, eaf, f4, nvivo, rttm, seglst, srt, stm, vtt
from transcribe.exports.layout import LaidOut, Turn
from transcribe.exports.stm import said_words
from transcribe.records import Event

GOLDEN = Path(__file__).parent / "golden" / "sync"
WRITERS: dict[str, Callable[[LaidOut], bytes]] = {
    "f4.txt": f4.write,
    "nvivo.txt": nvivo.write,
    "srt": srt.write,
    "vtt": vtt.write,
    "eaf": eaf.write,
    "cha": lambda laid: chat.write(laid, PLAIN),
    "stm": stm.write,
    "rttm": rttm.write,
    "seglst.json": seglst.write,
}


@st.composite
def laid_out(draw: st.DrawFn) -> tuple[LaidOut, Conventions]:
    """Nasty transcripts in every choice of conventions and both renderings."""
    conventions = draw(st.sampled_from(CONVENTIONS))
    return lay(draw(transcripts()), conventions, draw(st.sampled_from(RENDERINGS))), conventions


def _end_ms(turn: Turn) -> int:
    return max(turn.end_ms, turn.start_ms + 1)


def _spoken(laid: LaidOut) -> list[Turn]:
    return [turn for turn in laid.turns if not turn.is_event]


@pytest.mark.parametrize("suffix", WRITERS)
def test_golden(suffix: str) -> None:
    data, path = WRITERS[suffix](lay(MIXED)), GOLDEN / f"P01-PSW.{suffix}"
    if os.environ.get("WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    assert path.read_bytes() == data


@given(laid_out())
@settings(max_examples=40)
def test_webvtt_py_reads_the_turns_of_the_vtt(sample: tuple[LaidOut, Conventions]) -> None:
    laid, _ = sample
    captions = webvtt.from_buffer(io.StringIO(vtt.write(laid).decode()))
    assert [
        (c.identifier, c.voice, html.unescape(c.text), _ms(c.start_in_seconds, c.start), _ms(c.end_in_seconds, c.end))
        for c in captions
    ] == [(turn.id, turn.speaker, turn.text, turn.start_ms, _end_ms(turn)) for turn in laid.turns]


def _ms(seconds: int, clock: str) -> int:
    """webvtt-py gives whole seconds, and the milliseconds in the time as written alone."""
    return int(seconds) * 1000 + int(clock[-3:])


@given(laid_out(), st.sampled_from(("\n", "\r\n")))
@settings(max_examples=40)
def test_srt_reads_the_turns_of_the_srt(sample: tuple[LaidOut, Conventions], newline: str) -> None:
    laid, _ = sample
    data = srt.write(laid, newline)
    found = [
        (cue.content, round(cue.start.total_seconds() * 1000), round(cue.end.total_seconds() * 1000))
        for cue in srt_library.parse(data.decode("utf-8-sig").replace("\r\n", "\n"))
    ]
    draft = [("DRAFT, not for coding", 0, 1)] if laid.header.draft else []
    assert found == draft + [(f"{turn.speaker}: {turn.text}", turn.start_ms, _end_ms(turn)) for turn in laid.turns]
    assert [cue.text for cue in srt.parse(data)] == [turn.text for turn in laid.turns]
    assert data.count(newline.encode()) == data.count(b"\n")


@given(laid_out(), st.sampled_from(("\n", "\r\n")))
@settings(max_examples=40)
def test_the_f4_file_has_the_turns_with_marks_that_never_run_backwards(
    sample: tuple[LaidOut, Conventions], newline: str
) -> None:
    laid, _ = sample
    data = f4.write(laid, newline)
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    assert text.splitlines() == text.split(newline)
    marks = re.findall(r"#(\d\d):(\d\d):(\d\d)-(\d)#", text)
    assert text.count("#", text.index("START OF")) >= 2 * len(marks) == 2 * len(laid.turns)
    assert marks == sorted(marks)
    found = f4.parse(data)
    assert [(p.speaker, p.text) for p in found] == [(turn.speaker, turn.text) for turn in laid.turns]
    latest = 0
    for paragraph, turn in zip(found, laid.turns, strict=True):
        latest = max(latest, turn.end_ms)
        assert paragraph.mark_tenths == latest // 100


@given(laid_out(), st.sampled_from(("\n", "\r\n")))
@settings(max_examples=40)
def test_the_nvivo_file_is_a_table_however_it_is_read(sample: tuple[LaidOut, Conventions], newline: str) -> None:
    laid, _ = sample
    data = nvivo.write(laid, newline)
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    lines = text.split(newline)
    assert lines.pop() == ""
    assert {line.count("\t") for line in lines} == {2}
    assert not any(line.endswith((",", ";")) for line in lines)
    plain = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert plain == list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
    assert plain[0] == ["Timespan", "Speaker", "Content"]
    body = plain[2:] if laid.header.draft else plain[1:]
    assert [speaker for _, speaker, _ in body] == [turn.speaker for turn in laid.turns]
    for (timespan, _, content), turn in zip(body, laid.turns, strict=True):
        start, end = timespan.split(" - ")
        assert (start, end[:-2]) == (_clock(turn.start_ms), _clock(max(turn.end_ms, turn.start_ms + 100))[:-2])
        assert start < end
        assert turn.text.replace("“", '"').startswith(content.replace("“", '"').removesuffix("…"))
        assert re.findall(r"\w+", content) == re.findall(r"\w+", turn.text)


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms // 100 % 10}"


@given(laid_out())
@settings(max_examples=40)
def test_pympi_reads_the_turns_of_the_eaf(sample: tuple[LaidOut, Conventions]) -> None:
    laid, _ = sample
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.eaf"
        path.write_bytes(eaf.write(laid))
        found = pympi.Elan.Eaf(str(path))
    assert found.media_descriptors == []
    assert found.adocument["AUTHOR"] == ""
    turns = []
    for tier in found.get_tier_names():
        speaker = found.get_parameters_for_tier(tier)["PARTICIPANT"]
        annotations = sorted(found.get_annotation_data_for_tier(tier))
        assert tier.partition(" ")[0] == speaker
        assert all(first[1] <= then[0] for first, then in pairwise(annotations))
        turns += [(start, end, speaker, text) for start, end, text in annotations]
    assert sorted(turns) == sorted((turn.start_ms, _end_ms(turn), turn.speaker, turn.text) for turn in laid.turns)
    times = list(found.timeslots.values())
    assert times == sorted(times)


@given(laid_out())
@settings(max_examples=100)
def test_pylangacq_finds_legal_chat_with_the_same_turns(sample: tuple[LaidOut, Conventions]) -> None:
    laid, conventions = sample
    text = chat.write(laid, conventions).decode()
    read = pylangacq.CHAT.from_strs([text], strict=True)
    people = {person.code: person for person in read.participants()}
    found = read.utterances()
    assert [(people[u.participant].name, *u.time_marks) for u in found] == [
        (turn.speaker, turn.start_ms, _end_ms(turn)) for turn in laid.turns
    ]
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]{2}", code) for code in people)
    assert text.startswith("@UTF8\n@Begin\n")
    assert text.endswith("\n@End\n")
    for line in re.findall(r"(?m)^\*.*$", text):
        words = line.partition("\t")[2].partition("\x15")[0].strip().split(" ")
        assert words[-1] in (".", "?", "!", "+...")
        assert not set("?!") & set("".join(w for w in words[:-1] if w != "[?]"))


@given(laid_out())
@settings(max_examples=40)
def test_meeteval_reads_the_turns_of_stm_rttm_and_seglst(sample: tuple[LaidOut, Conventions]) -> None:
    laid, _ = sample
    spoken = [
        (turn.speaker, Decimal(turn.start_ms) / 1000, Decimal(_end_ms(turn)) / 1000, said_words(turn))
        for turn in _spoken(laid)
    ]
    lines = meeteval.io.STM.parse(stm.write(laid).decode()).lines
    assert [(line.speaker_id, line.begin_time, line.end_time, line.transcript) for line in lines] == spoken
    times = meeteval.io.RTTM.parse(rttm.write(laid).decode()).lines
    assert [(t.speaker_id, t.begin_time, t.begin_time + t.duration) for t in times] == [turn[:3] for turn in spoken]
    segments = meeteval.io.SegLST.parse(seglst.write(laid).decode()).segments
    assert [(s["speaker"], s["start_time"], s["end_time"], s["words"]) for s in segments] == spoken
    assert [s["utterance"] for s in segments] == [turn.id for turn in _spoken(laid)]
    assert {s["session_id"] for s in segments} | {line.filename for line in (*lines, *times)} <= {"P01-PSW"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello (laughs) there", "hello there"),
        ("I (laughs), well (deep breath). Yes.", "I, well. Yes."),
        ("hello(laughs) there", "hello laughs there"),
        ("(Ada) sighs", "Ada sighs"),
        ("the person(s) <who> {came}", "the person s who came"),
        ("(that is what I think of it) so", "that is what I think of it so"),
        ("[PERSON_1] (2.0) came", "[PERSON_1] came"),
        ("( ) { }", ""),
    ],
)
def test_words_of_stm_and_seglst_stay_apart_without_sounds(text: str, words: str) -> None:
    assert said_words(Turn("u0001", "INT", 0, 1000, 0, text)) == words


@pytest.mark.parametrize("suffix", WRITERS)
def test_an_empty_transcript_has_a_file_that_can_be_read(suffix: str) -> None:
    data = WRITERS[suffix](lay(transcript()))
    readers: dict[str, Callable[[], object]] = {
        "f4.txt": lambda: f4.parse(data),
        "nvivo.txt": lambda: nvivo.parse(data),
        "srt": lambda: tuple(srt_library.parse(data.decode("utf-8-sig"))),
        "vtt": lambda: tuple(webvtt.from_buffer(io.StringIO(data.decode()))),
        "eaf": lambda: re.findall(rb"<TIER", data),
        "cha": lambda: pylangacq.CHAT.from_strs([data.decode()], strict=True).utterances(),
        "stm": lambda: meeteval.io.STM.parse(data.decode()).lines,
        "rttm": lambda: meeteval.io.RTTM.parse(data.decode()).lines,
        "seglst.json": lambda: meeteval.io.SegLST.parse(data.decode()).segments,
    }
    assert list(readers[suffix]()) == []


@pytest.mark.parametrize("suffix", [suffix for suffix in WRITERS if suffix != "rttm"])
def test_a_draft_says_so_wherever_there_is_room(suffix: str) -> None:
    wanted = b'"draft": true' if suffix == "seglst.json" else b"DRAFT, not for coding"
    assert wanted in WRITERS[suffix](lay(small(draft=True)))
    assert wanted not in WRITERS[suffix](lay(small()))


@pytest.mark.parametrize("suffix", WRITERS)
def test_nothing_but_the_transcript_is_told(suffix: str) -> None:
    text = WRITERS[suffix](lay(small())).decode()
    assert not re.search(r"file:|[A-Za-z]:\\|/home|/work|/tmp|pympi|\.wav|\.mp3|20[2-9]\d-\d\d-\d\d", text)


def test_who_speaks_inside_anothers_utterance_stays_inside() -> None:
    """A backchannel at 6 s inside what P01-PSW says from 4.5 s to 12 s."""
    laid = lay(MIXED)
    assert "00:00:06,000 --> 00:00:06,400\nINT: Mm hmm." in srt.write(laid).decode()
    assert "INT: Mm hmm. #00:00:12-0#" in f4.write(laid).decode()
    assert "00:00:06.0 - 00:00:06.4\tINT\tMm hmm." in nvivo.write(laid).decode()
    assert "*INT:\t+< Mm hmm . \x156000_6400\x15" in chat.write(laid, PLAIN).decode()
    assert "SPEAKER P01-PSW 1 6.000 0.400 <NA> <NA> INT <NA> <NA>" in rttm.write(laid).decode()


def test_a_tier_of_its_own_for_what_one_says_over_oneself() -> None:
    names = re.findall(r'PARTICIPANT="(.*?)" TIER_ID="(.*?)"', eaf.write(lay(MIXED)).decode())
    tiers = defaultdict(list)
    for participant, tier in names:
        tiers[participant].append(tier)
    assert tiers == {"INT": ["INT"], "P01-PSW": ["P01-PSW"], "SPEAKER-0": ["SPEAKER-0", "SPEAKER-0 (2)"]}


def test_stretches_without_text_are_no_words() -> None:
    laid = lay(transcript(events=tuple(Event(kind, 1.0, 2.0) for kind in ("inaudible", "withheld", "third-party"))))
    lines = chat.write(laid, PLAIN).decode().split("\n")
    assert [line for line in lines if line.startswith(("*", "%"))] == [
        "*SP0:\txxx . \x151000_2000\x15",
        "*SP0:\twww . \x151000_2000\x15",
        "%exp:\t[withheld at participant's request 00:00:01-00:00:02]",
        "*SP0:\twww . \x151000_2000\x15",
        "%exp:\t[third party, not transcribed 00:00:01-00:00:02]",
    ]
    assert rttm.write(laid) == b""
    assert not [line for line in stm.write(laid).decode().splitlines() if not line.startswith(";;")]
    assert seglst.write(laid) == b"[]\n"


def test_times_over_an_hour() -> None:
    laid = lay(transcript(utterance(1, "INT", 3599.95, 36_000.049, "Yes."), duration=40_000.0))
    assert "00:59:59,950 --> 10:00:00,049" in srt.write(laid).decode()
    assert "#10:00:00-0#" in f4.write(laid).decode()
    assert "00:59:59.9 - 10:00:00.0\t" in nvivo.write(laid).decode()
    assert " 3599.950 36000.049 Yes." in stm.write(laid).decode()
    assert srt.parse(srt.write(laid))[0].end_ms == 36_000_049


@pytest.mark.parametrize(
    ("read", "data"),
    [
        (srt.parse, b"1\n00:00:01,000 --> 00:00:02,000\nINT: Yes.\n"),
        (srt.parse, b"1\n00:00:01,000 --> 00:00:02,000\nYes.\n\n"),
        (srt.parse, b"2\n00:00:01,000 --> 00:00:02,000\nINT: Yes.\n\n"),
        (srt.parse, b"1\n00:00:01.000 --> 00:00:02.000\nINT: Yes.\n\n"),
        (vtt.parse, b"1\n\n00:00:01.000 --> 00:00:02.000\n<v INT>Yes.\n"),
        (vtt.parse, b"WEBVTT\n\nu1\n00:00:01,000 --> 00:00:02,000\n<v INT>Yes.\n"),
        (f4.parse, "\ufeffINT: Yes. #00:00:01#".encode()),
        (f4.parse, "\ufeffINT: Yes. [00:00:01]".encode()),
        (nvivo.parse, "\ufeffTimespan\tSpeaker\tContent\n00:00:00.0 - 00:00:01.0\tINT\tYes,\n".encode()),
        (nvivo.parse, "\ufeffTimespan\tSpeaker\tContent\n00:00:00.0 - 00:00:01.0\tINT\n".encode()),
        (nvivo.parse, "\ufeff00:00:00.0 - 00:00:01.0\tINT\tYes.\n".encode()),
        (nvivo.parse, b""),
    ],
)
def test_a_file_that_is_not_as_written_cannot_be_read(read: Callable[[bytes], object], data: bytes) -> None:
    with pytest.raises(ValidationError, match=r"cannot be read|cut off|does not begin|header") as caught:
        read(data)
    assert "Yes" not in caught.value.message
