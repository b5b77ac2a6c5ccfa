"""Records survive the way through JSON exactly, and a damaged file is an error."""

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.errors import CorruptFileError
from transcribe.record_json import from_json, to_json
from transcribe.records import (
    Diarization,
    Part,
    Recognition,
    Recording,
    Redaction,
    RedactionList,
    RunLog,
    Segment,
    SpeechTurn,
    StageRun,
    Transcript,
    Utterance,
    UtteranceWord,
    Word,
)

texts = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=20)
codes = st.text(alphabet=string.ascii_uppercase + "0123456789-", min_size=1, max_size=8)
seconds = st.floats(0, 1e5).map(lambda value: round(value, 3))
unit = st.floats(0, 1)
flags = st.lists(codes, max_size=2).map(tuple)


def tuples(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


words = st.builds(Word, texts, seconds, seconds, unit, flags)
turns = tuples(st.builds(SpeechTurn, codes, seconds, seconds))
parts = st.builds(Part, codes, seconds, seconds, codes, codes, st.integers(1, 192000), st.integers(1, 8))
utterance_words = st.builds(
    UtteranceWord, texts, seconds, seconds, unit, st.tuples(st.integers(0, 99), st.integers(0, 99)), flags
)
utterances = st.builds(Utterance, codes, codes, codes, seconds, seconds, texts, tuples(utterance_words), flags)
records = st.one_of(
    st.builds(
        Recording, codes, codes, st.sampled_from(["PSW", "PIR", "OBS"]), codes, st.integers(1, 9), codes, tuples(parts),
        seconds,
    ),
    st.builds(
        Recognition,
        codes,
        tuples(st.builds(Segment, st.integers(0, 9), seconds, seconds, codes, texts, tuples(words), unit, unit, unit)),
        seconds,
        seconds,
    ),
    st.builds(Diarization, codes, turns, turns, tuples(st.tuples(seconds, seconds))),
    st.builds(Transcript, codes, tuples(utterances)),
    st.builds(
        RedactionList,
        codes,
        tuples(
            st.builds(
                Redaction, codes, st.integers(0, 9), st.integers(0, 9), codes, st.sampled_from(["direct", "quasi"]),
                codes, codes, codes, unit, codes,
            )
        ),
    ),
    st.builds(RunLog, codes, codes, tuples(st.builds(StageRun, codes, codes, codes, seconds, flags))),
)  # fmt: skip


@given(records)
def test_json_is_an_exact_inverse(record: Any) -> None:
    data = to_json(record)
    assert from_json(type(record), data, "file") == record
    assert to_json(from_json(type(record), data, "file")) == data


def damaged(change: Any) -> bytes:
    plain = json.loads(to_json(Diarization("P01-PSW", (SpeechTurn("SPEAKER-1", 0.0, 1.0),), (), ((0.0, 1.0),))))
    change(plain)
    return json.dumps(plain).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda plain: plain.update(extra=1),
        lambda plain: plain.pop("turns"),
        lambda plain: plain.update(schema_version=2),
        lambda plain: plain.pop("schema_version"),
        lambda plain: plain.update(turns="none"),
        lambda plain: plain["turns"][0].update(start="zero"),
        lambda plain: plain["turns"][0].update(start=True),
        lambda plain: plain["speech"][0].append(3.0),
        lambda plain: plain.update(turns=[3]),
    ],
)
def test_anything_but_the_exact_record_is_refused(change: Any) -> None:
    with pytest.raises(CorruptFileError, match=r"^private/P01-PSW/diarization\.json"):
        from_json(Diarization, damaged(change), "private/P01-PSW/diarization.json")


def test_half_a_file_is_refused() -> None:
    data = to_json(Diarization("P01-PSW", (), (), ()))
    with pytest.raises(CorruptFileError, match="not valid JSON"):
        from_json(Diarization, data[: len(data) // 2], "file")


def test_the_word_class_keeps_its_name_in_json() -> None:
    redaction = Redaction("u0001", 0, 4, "e1", "direct", "PERSON", "[PERSON_1]", "roster", 1.0, "accepted")
    plain = json.loads(to_json(RedactionList("P01-PSW", (redaction,))))
    assert set(plain["redactions"][0]) == {
        "utterance", "start", "end", "entity", "class", "label", "mark", "recognizer", "score", "status",
    }  # fmt: skip
