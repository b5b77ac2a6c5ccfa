"""Layout, txt, vtt, turns.csv and docx of one transcript."""

import ast
import dataclasses
import importlib
import inspect
import io
import pkgutil
import re
import subprocess
import sys
import typing
import zipfile
from pathlib import Path
from types import FunctionType, ModuleType

import docx as python_docx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import transcribe.exports
from tests.export_samples import OPTIONS, small, spoken_words, transcript, utterance
from transcribe import records
from transcribe.conventions import Conventions
from transcribe.csv_cells import neutralise_formula, restore_formula
from transcribe.errors import ValidationError
from transcribe.exports import docx, self_checks, turns, txt, vtt
from transcribe.exports.bundle import build
from transcribe.exports.layout import CoderTranscript, ExportHeader, LaidOut, document_lines, lay_out, title_lines
from transcribe.exports.speakable import spoken
from transcribe.records import Event, MarkSpan, RedactedTranscript

NASTY = [
    "Listen:", "she said. Name: no", "[00:00:05]", "[x]", "{01:02:03}", "#00:01:02-3#", "-->", "--->", "10:30", "3:1",
    "=1+1", "'=2", "@sum", "\n\n", "\r\n", "\t", "\v", "\x00", "\x1f", "\x85", "\u2028", "\u202eabc", "\ufeff",
    "\ufffe", "\u200b", "\u00ad", "שלום:", "مرحبا", "我說：好", "👩‍👩‍👧", "e\u0301", '"', "“Q”", "<v X>", "</v>",
    "&amp;", "&", ";", ",", "NOTE", "[PERSON_1", "]", "INT: ", "  ",
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), max_size=8).map("".join)


@st.composite
def transcripts(draw: st.DrawFn) -> CoderTranscript:
    """Transcripts of nasty text with marks, overlaps and events, in any order."""
    found = []
    for number in range(draw(st.integers(0, 5))):
        start = draw(st.integers(0, 59_000)) / 1000
        end = min(start + draw(st.integers(0, 9000)) / 1000, 60.0)
        before, after = draw(texts), draw(texts)
        mark = draw(st.sampled_from(["[PERSON_1]", "[P01-PIR]", "[AGE_2 45-49]"]))
        speaker = draw(st.sampled_from(["INT", "P01-PSW", "SPEAKER-0"]))
        spans = (MarkSpan(len(before), len(before) + len(mark), mark, "PERSON", "direct"),)
        text = before + mark + after
        words = spoken_words(text, start, end, over=mark if draw(st.booleans()) else "")
        found.append(
            dataclasses.replace(utterance(number, speaker, start, end, ""), text=text, marks=spans, words=words)
        )
    events = (Event("inaudible", 3.0, 5.5),) if draw(st.booleans()) else ()
    return transcript(*found, events=events, draft=draw(st.booleans()))


@given(st.text() | texts)
@example("'=")
@example("''+1")
def test_a_neutralised_cell_is_no_formula_and_comes_back(cell: str) -> None:
    safe = neutralise_formula(cell)
    assert not safe.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert restore_formula(safe) == cell
    assert safe == cell or safe == "'" + cell


@given(transcripts())
@settings(max_examples=60, deadline=None)
def test_every_format_holds_the_same_text(item: CoderTranscript) -> None:
    self_checks.check_bundle(build([item], [], OPTIONS))
    laid = lay_out(item, Conventions())
    text = _text(laid)
    rows = turns.parse(turns.write(turns.rows(laid)))
    assert rows == turns.rows(laid)
    assert turns.render(item.header, rows) == text
    assert all(text[row.pos0 : row.pos1] == row.text for row in rows)
    assert "\n".join(p.text for p in _open(docx.write(laid)).paragraphs) == text
    assert [(cue.id, cue.speaker, cue.text) for cue in vtt.parse(vtt.write(laid))] == [
        (row.turn, row.speaker, row.text) for row in rows
    ]
    crlf = turns.rows(laid, "\r\n")
    written = txt.write(laid, "\r\n").decode().removeprefix("\ufeff")
    assert written == text.replace("\n", "\r\n")
    assert all(written[row.pos0 : row.pos1] == row.text for row in crlf)


def _spoken(text: str) -> tuple[str, int]:
    speech = spoken(text)
    return speech.text, speech.changes


@given(texts)
def test_speech_keeps_its_words_and_stays_as_it_is_the_second_time(text: str) -> None:
    said, changed = _spoken(text)
    assert _spoken(said) == (said, 0)
    assert re.findall(r"[^\W_]+", said) == [w for w in re.findall(r"[^\W_]+", _without_controls(text)) if w]
    if said == text:
        assert changed == 0


@given(texts)
def test_it_is_known_where_each_sign_of_speech_comes_from(text: str) -> None:
    speech = spoken(text)
    assert len(speech.origins) == len(speech.text)
    assert list(speech.origins) == sorted(speech.origins)
    same = [(a, text[b]) for a, b in zip(speech.text, speech.origins, strict=True) if a.isalnum()]
    assert all(written == said for written, said in same)


def _without_controls(text: str) -> str:
    return "".join(sign for sign in text if sign.isspace() or not re.match("[\x00-\x1f\x7f-\x9f\ufeff\ufffe]", sign))


@pytest.mark.parametrize(
    ("said", "written", "changes"),
    [
        ("She said: come.", "She said, come.", 1),
        ("At 10:30 it was 3:1.", "At 10:30 it was 3:1.", 0),
        ("[laughs] {well}", "(laughs) (well)", 4),
        ("a\tb\r\nc\u2028d", "a b c d", 0),
        ("from #00:01:02-3#on", "from 00:01:02-3 on", 2),
        ("00:01:02,5 --> 00:01:03,5", "00:01:02,5 -> 00:01:03,5", 1),
        ("nul\x00 and \x1bescape", "nul and escape", 0),
        ("https://a.example///b", "https,/ /a.example/ / /b", 4),
        ("/\x00/", "/ /", 1),
        ("call (912.3) (...) (.) (so?)", "call ( 912.3) ( ...) ( .) (so? )", 4),
        ("<seg>PERSON_1</seg>", "< seg>PERSON_1< /seg>", 2),
    ],
)
def test_what_programs_would_mistake_is_repunctuated_and_counted(said: str, written: str, changes: int) -> None:
    assert _spoken(said) == (written, changes)


def test_the_layout_is_that_of_the_formats_page() -> None:
    laid = lay_out(small(), Conventions())
    assert list(document_lines(laid)) == [
        "Transcript P01-PSW",
        "Pair P01. Interview 2024-03. Machine verbatim, some fillers may be missing. Version 1.",
        "Pseudonymised by machine. Review. none",
        "START OF INTERVIEW",
        "INT: Thank you for coming. How did the day start? [00:00:04]",
        "P01-PSW: Well, um, (2.4) //[PERSON_1] called// (.) me from [PLACE_1 Kowloon] at 10:30. [00:00:20]",
        "INT: //Mm hmm.// [00:00:20]",
        "P01-PSW: She said, Listen, come (now) & [?<bring>?] (it). [00:00:30]",
        "SPEAKER-0: [inaudible 00:00:31-00:00:36] [00:00:36]",
        "P01-PSW: =SUM of it, 我們 👩‍👩‍👧 e\u0301t\u00e9, \u05e9\u05dc\u05d5\u05dd. [00:00:40]",
        'INT: And "then"? [00:00:42]',
        "END OF INTERVIEW",
    ]
    assert [turn.repunctuated for turn in laid.turns] == [0, 0, 0, 6, 0, 0, 0]


def test_an_observation_is_a_session_and_unknown_facts_leave_no_gap() -> None:
    header = ExportHeader("rec-0123456789", "", "OBS", "", 10.0)
    item = CoderTranscript(header, RedactedTranscript("rec-0123456789", ()))
    assert list(document_lines(lay_out(item, Conventions()))) == [
        "Transcript rec-0123456789",
        "Observed session. Machine verbatim, some fillers may be missing. Version 1.",
        "Pseudonymised by machine. Review. none",
        "START OF SESSION",
        "END OF SESSION",
    ]


def test_a_draft_says_so_in_every_format() -> None:
    laid = lay_out(small(draft=True), Conventions())
    assert title_lines(laid.header)[1] == "DRAFT, not for coding"
    assert b"\nDRAFT, not for coding\n" in txt.write(laid)
    assert b"NOTE\nTranscript P01-PSW\nDRAFT, not for coding\n" in vtt.write(laid)
    assert all(row.flags[-1] == "draft" for row in turns.rows(laid))
    page_head = [p.text for p in _open(docx.write(laid)).sections[0].header.paragraphs]
    assert page_head[1] == "DRAFT, not for coding"
    assert len(_open(docx.write(lay_out(small(), Conventions()))).sections[0].header.paragraphs) == 1


def test_the_docx_is_made_of_styles_with_numbers_and_without_metadata() -> None:
    laid = lay_out(small(), Conventions())
    data = docx.write(laid)
    document = _open(data)
    label = document.paragraphs[4].runs[0]
    assert (label.text, label.style.name, label.style.font.bold) == ("INT:", "Speaker Label", True)
    assert [run.text for run in document.paragraphs[5].runs if run.style.name == "Redaction"] == [
        "[PERSON_1]",
        "[PLACE_1 Kowloon]",
    ]
    section = document.sections[0]
    assert (section.page_width.mm, section.page_height.mm) == (pytest.approx(210, abs=0.1), pytest.approx(297, abs=0.1))
    assert section.header.paragraphs[0].text.startswith("P01-PSW")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert '<w:lnNumType w:countBy="1" w:distance="284" w:restart="continuous"/>' in parts["word/document.xml"]
    assert 'w:instr=" PAGE "' in parts["word/footer1.xml"]
    assert set(re.findall(r">([^<>\n]+)<", parts["docProps/core.xml"])) == {"1", "1980-01-01T00:00:00Z"}
    assert not any("thumbnail" in name or "app.xml" in name or "custom" in name for name in parts)
    letter = _open(docx.write(laid, "letter")).sections[0]
    assert letter.page_width.inches == pytest.approx(8.5)


def test_the_same_transcript_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from tests.export_samples import OPTIONS, small; from transcribe.exports.bundle import build;"
        "files = build([small()], [], OPTIONS);"
        "print(hashlib.sha256(b''.join(files[name] for name in sorted(files))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent.parent,
            env={"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "Asia/Hong_Kong"), ("2", "UTC"))
    }
    assert len(digests) == 1


def test_a_monologue_of_20000_words_and_an_utterance_of_no_length() -> None:
    item = transcript(
        utterance(1, "INT", 0.0, 50.0, "something " * 20_000),
        utterance(2, "P01-PSW", 50.0, 50.0, "Yes."),
        utterance(3, "P01-PSW", 51.0, 52.0, "\x00\t"),
    )
    files = build([item], [], OPTIONS)
    self_checks.check_bundle(files)
    assert [row.turn for row in turns.parse(files["turns.csv"])] == ["u0001", "u0002"]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (utterance(1, "p01-psw", 0.0, 1.0, "Yes."), "speaker label"),
        (utterance(1, "P01-PSW-AND-SO-ON-AND-ON", 0.0, 1.0, "Yes."), "speaker label"),
        (utterance(1, "INT", 59.0, 61.0, "Yes."), "inside the recording"),
        (utterance(1, "INT", 2.0, 1.0, "Yes."), "inside the recording"),
        (utterance(1, "INT", 1.0, 2.0, "Yes, [person 1].", "[person 1]"), "mark"),
        (dataclasses.replace(utterance(1, "INT", 1, 2, "Yes."), marks=(MarkSpan(0, 3, "[A]", "A", "quasi"),)), "mark"),
    ],
)
def test_what_would_break_an_import_is_refused_without_quoting_it(bad: records.RedactedUtterance, told: str) -> None:
    with pytest.raises(ValidationError, match=told) as caught:
        lay_out(transcript(bad), Conventions())
    assert "P01-PSW" in caught.value.message
    assert "Yes" not in caught.value.message
    assert caught.value.exit_code == 6


def test_a_decoder_s_overshoot_is_cut_to_the_recording_s_end() -> None:
    item = transcript(utterance(1, "INT", 59.0, 60.04, "Bye."), duration=60.0)
    assert [(row.end_ms, row.text) for row in turns.rows(lay_out(item, Conventions()))] == [(60_000, "Bye.")]


def test_a_header_of_another_recording_is_refused() -> None:
    with pytest.raises(ValidationError, match="belong together"):
        lay_out(CoderTranscript(small().header, small("P02-PSW").transcript), Conventions())


PRIVATE = {
    records.Transcript, records.Utterance, records.UtteranceWord, records.Word, records.Segment, records.Recognition,
    records.Redaction, records.RedactionList, records.Recording, records.Part,
}  # fmt: skip


UNTYPED = {"HtmlElement": object}
"""What is imported for the type checker alone."""


def test_no_exporter_takes_anything_but_a_redacted_transcript() -> None:
    """The dangerous step is a type: no function or record of the exports so much as names a private record."""
    modules = [
        importlib.import_module(m.name)
        for m in pkgutil.iter_modules(transcribe.exports.__path__, "transcribe.exports.")
    ]
    functions = [(m, f) for m in modules for f in vars(m).values() if _is_of(m, f)]
    assert len(modules) >= 10
    for module, item in functions:
        named = _types_in(typing.get_type_hints(item, localns=UNTYPED).values())
        assert not named & PRIVATE, f"{module.__name__}.{item.__name__}"
        assert typing.Any not in _types_in([typing.get_type_hints(item, localns=UNTYPED).get("transcript", str)])
    for writer in (docx.write, txt.write, vtt.write, turns.rows):
        assert next(iter(typing.get_type_hints(writer).values())) is LaidOut
    assert next(iter(typing.get_type_hints(lay_out).values())) is CoderTranscript
    assert typing.get_type_hints(CoderTranscript)["transcript"] is RedactedTranscript
    for module in modules:
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.ImportFrom) and node.module == "transcribe.records":
                assert not {alias.name for alias in node.names} & {kind.__name__ for kind in PRIVATE}


def _is_of(module: ModuleType, item: object) -> bool:
    return isinstance(item, FunctionType | type) and item.__module__ == module.__name__


def _types_in(hints: typing.Iterable[typing.Any]) -> set[typing.Any]:
    found = set()
    for hint in hints:
        if isinstance(hint, list):  # the arguments of a Callable
            found |= _types_in(hint)
        else:
            found |= {hint} | _types_in(typing.get_args(hint))
    return found


def test_exports_and_releases_load_no_engine() -> None:
    code = (
        "import sys, transcribe.exports.bundle, transcribe.exports.self_checks, transcribe.release;"
        "print([name for name in ('torch', 'numpy', 'pyannote', 'whisper', 'spacy', 'presidio_analyzer', 'docx')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def _text(laid: LaidOut) -> str:
    return "\n".join(document_lines(laid))


def _open(data: bytes) -> typing.Any:
    return python_docx.Document(io.BytesIO(data))
