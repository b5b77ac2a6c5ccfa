"""The whole program with the real default weights on real speech: what the README promises, measured.

The telephone conversation lies in the installed pyannote.audio (two people, 30 s, human transcript and turns); the
sample study is synthetic. Figures are bounds on what was measured (benchmarks/RESULTS.md), not accuracy claims.
"""

import dataclasses
import importlib.util
import io
import json
import shutil
import socket
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import HEADER, SAMPLES
from tests.test_qda_clients import VALIDATE, client
from tests.test_qda_clients import run as client_output
from transcribe.cli import run_command
from transcribe.evaluation import (
    diarization_error_rate,
    heard,
    read_gold,
    read_rttm,
    read_stm,
    turns_of,
    word_diarization_error_rate,
    word_error_rate,
    wrong_speaker_rate,
)
from transcribe.exports import turns
from transcribe.records import Diarization, Recognition, Transcript
from transcribe.store import StudyFolder, stored
from transcribe.study.roster import read_roster

pytestmark = pytest.mark.models

TELEPHONE_NAMES = ("Diane", "Sheila", "New Jersey", "Texas", "Chicago")
"""The names and places that are said in the conversation."""


@dataclasses.dataclass(frozen=True)
class Run:
    """A study that was run once, for all tests of this module."""

    study: StudyFolder
    code: int
    connections: int


def run_study(root: Path, audio: Path) -> Run:
    study = StudyFolder(root / "study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRANSCRIBE_CONFIG", str(root / "config"))
        tried: list[object] = []
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, lambda self, *rest: tried.append(rest))
        patch.setattr(socket, "getaddrinfo", lambda *rest, **named: tried.append(rest) or [])
        code = run_command(["run", str(audio), "--study", str(study.root), "--quality", "draft", "--progress", "none"])
    return Run(study, code, len(tried))


def telephone(suffix: str) -> Path:
    spec = importlib.util.find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "sample" / f"sample.{suffix}"


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("conversation")
    audio = root / "audio"
    audio.mkdir()
    shutil.copy(telephone("wav"), audio / "P01-OBS.wav")
    row = "P01-OBS,P01-OBS.wav,1,P01,OBS,,1,2026-03-05,en,2,,transcribe,yes,"
    (audio / "manifest.csv").write_text(f"{HEADER}\n{row}\n")
    return run_study(root, audio)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_study(tmp_path_factory.mktemp("samples"), SAMPLES)


def whisper_text(audio: Path) -> str:
    """What openai-whisper itself makes of the file with the same weights, greedy."""
    import torch
    import whisper
    from safetensors.torch import load_file

    from transcribe.audio.decode import decode
    from transcribe.audio.probe import probe_recording
    from transcribe.study.manifest import PlannedRecording
    from transcribe.weights import locate

    plan = PlannedRecording("P01-OBS", "P01", "OBS", "", 1, "", "en", 2, (), frozenset(), (audio,))
    decoded = decode(probe_recording(plan), plan.files).audio
    folder = locate("whisper-base")
    config = json.loads((folder / "config.json").read_text())
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**config["dims"]))
    state = {name: tensor.float() for name, tensor in load_file(folder / "model.safetensors").items()}
    model.load_state_dict(state)
    with torch.inference_mode():
        return str(model.eval().transcribe(decoded.samples, language="en", temperature=0.0, fp16=False)["text"])


def transcript_of(run: Run, name: str) -> Transcript:
    transcript = stored(Transcript, run.study, name, "name", None)
    assert transcript is not None
    return transcript


def coders_text(run: Run) -> str:
    """Everything that coders could read or search in; documents, workbooks and the project unzipped."""
    seen = []
    for path in sorted(run.study.coders.rglob("*")):
        seen.append(path.name)
        if path.is_file():
            seen += texts_in(path.read_bytes())
    return "\n".join(seen)


def texts_in(data: bytes) -> Iterator[str]:
    """The text of a file, or of all that is in a zip, and in a zip of that."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name
                yield from texts_in(archive.read(name))
    else:
        yield data.decode("utf-8")


def test_no_connection_is_tried(conversation: Run, samples: Run) -> None:
    assert conversation.connections == samples.connections == 0


def test_words_of_the_conversation_are_recognised_as_well_as_by_whisper_itself(conversation: Run) -> None:
    assert conversation.code == 0
    reference = " ".join(turn.text for turn in read_stm(telephone("stm")))
    recognition = stored(Recognition, conversation.study, "P01-OBS", "recognize", None)
    assert recognition is not None
    ours = word_error_rate(reference, " ".join(segment.text for segment in recognition.segments))
    theirs = word_error_rate(reference, whisper_text(telephone("wav")))
    assert ours.rate <= theirs.rate + 0.03


def test_voices_of_the_conversation_are_told_apart(conversation: Run) -> None:
    diarization = stored(Diarization, conversation.study, "P01-OBS", "diarize", None)
    assert diarization is not None
    assert diarization_error_rate(read_rttm(telephone("rttm")), diarization.turns).rate <= 0.06


def test_words_of_the_conversation_are_with_who_said_them(conversation: Run) -> None:
    found = turns_of(transcript_of(conversation, "P01-OBS"))
    rate = word_diarization_error_rate(read_stm(telephone("stm")), found)
    assert rate.length >= 60
    assert rate.rate <= 0.02


def test_every_name_of_the_conversation_that_was_heard_is_replaced(conversation: Run) -> None:
    text = " ".join(utterance.text for utterance in transcript_of(conversation, "P01-OBS").utterances)
    understood = heard(TELEPHONE_NAMES, text)
    assert len(understood) >= 3, "too few names were recognised for this test to say anything"
    assert heard(understood, coders_text(conversation)) == ()


def test_speakers_of_the_sample_study_are_right(samples: Run) -> None:
    assert samples.code == 0
    for name in ("D01-PSW", "D01-PIR", "D01-OBS"):
        speakers = {"Interviewer": "INT", "PSW": "D01-PSW", "PIR": "D01-PIR"}
        gold = read_gold(SAMPLES / "gold" / f"{name}.json", speakers)
        transcript = transcript_of(samples, name)
        assert wrong_speaker_rate(gold.turns, transcript).rate <= 0.02, name
        assert word_diarization_error_rate(gold.turns, turns_of(transcript)).rate <= 0.02, name


def test_everybody_in_the_sample_study_is_known_without_enrolment(samples: Run) -> None:
    people = {"D01-PSW": {"INT", "D01-PSW"}, "D01-PIR": {"INT", "D01-PIR"}, "D01-OBS": {"D01-PSW", "D01-PIR"}}
    for name, expected in people.items():
        assert {role.speaker for role in transcript_of(samples, name).speakers} == expected
    assert len(list(samples.study.private.glob("*/voices.json"))) == 3


def test_no_roster_string_and_no_heard_name_reaches_the_coders(samples: Run) -> None:
    seen = coders_text(samples)
    for entry in read_roster(SAMPLES / "roster.csv"):
        for surface in (entry.name, *entry.aliases):
            assert surface.casefold() not in seen.casefold()
    for name in ("D01-PSW", "D01-PIR", "D01-OBS"):
        gold = read_gold(SAMPLES / "gold" / f"{name}.json", {"Interviewer": "INT", "PSW": "PSW", "PIR": "PIR"})
        text = " ".join(utterance.text for utterance in transcript_of(samples, name).utterances)
        understood = heard(gold.surfaces, text)
        released = (samples.study.coders / "transcripts" / "txt" / f"{name}.txt").read_text("utf-8-sig")
        assert heard(understood, released) == (), name


def test_a_participant_has_one_mark_in_the_whole_pair(samples: Run) -> None:
    texts = {
        name: (samples.study.coders / "transcripts" / "txt" / f"{name}.txt").read_text("utf-8-sig")
        for name in ("D01-PSW", "D01-PIR")
    }
    assert "[D01-PIR]" in texts["D01-PSW"]
    assert "[D01-PIR]" in texts["D01-PIR"]
    assert "[D01-PSW]" in texts["D01-PSW"]
    assert "[D01-PSW]" in texts["D01-PIR"]


def test_draft_is_stamped_everywhere(samples: Run) -> None:
    for path in (samples.study.coders / "transcripts" / "txt").iterdir():
        assert "DRAFT, not for coding" in path.read_text("utf-8-sig")


def test_the_sample_study_opens_in_other_programs(samples: Run, tmp_path: Path) -> None:
    """The schema of REFI-QDA and qualitative-coding's own importer, on the bundle as it is released."""
    opens_in_other_programs(samples.study.coders, tmp_path)


def opens_in_other_programs(coders: Path, folder: Path) -> None:
    project, codes = coders / "study.qdpx", coders / "codebook.qdc"
    errors = client_output(client("qualitative-coding", "python"), "-c", VALIDATE, project, codes, folder=folder)
    assert json.loads(errors) == {"study.qdpx": [], "codebook.qdc": []}
    client_output(client("qualitative-coding", "qc"), "init", "--import", project, folder=folder)
    released = {path.stem: path.read_text("utf-8-sig") for path in (coders / "transcripts" / "txt").iterdir()}
    assert {path.stem: path.read_text("utf-8") for path in (folder / "corpus").iterdir()} == released
    with closing(sqlite3.connect(folder / "qualitative_coding.sqlite3")) as store:
        coded = store.execute(
            "select distinct code.name from code join coded_line on coded_line.code_id = code.name"
        ).fetchall()
    speakers = {row.speaker for row in turns.parse((coders / "turns.csv").read_bytes())}
    assert speakers <= {name for (name,) in coded}


def test_a_second_run_does_nothing(samples: Run, capfd: pytest.CaptureFixture[str]) -> None:
    again = run_study(samples.study.root.parent, SAMPLES)
    assert again.code == 0
    assert "Nothing to do" in capfd.readouterr().out


def test_ten_minutes_of_silence_and_of_noise_give_no_words(tmp_path: Path) -> None:
    import wave

    import numpy as np

    audio = tmp_path / "audio"
    audio.mkdir()
    noise = (np.random.default_rng(1).standard_normal(16_000 * 60) * 300).astype("<i2").tobytes()
    for name, data in (("P01-PSW", bytes(2 * 16_000 * 600)), ("P01-PIR", noise)):
        with wave.open(str(audio / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(data)
    run = run_study(tmp_path, audio)
    assert run.code == 0
    for name in ("P01-PSW", "P01-PIR"):
        assert transcript_of(run, name).utterances == ()
