"""Voices are biometric: whoever withdraws leaves none behind, whatever is damaged, stopped or diarised anew."""

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.conftest import Lab, write_tone
from tests.fakes import CANARY, FakeDiarizer, FakeRecognizer, fake_engines, raising
from tests.test_speakers import OneInClips, interviews, labels, speakers, study
from transcribe.diarization.linking import VoiceScores
from transcribe.diarization.voices import VoiceVector
from transcribe.errors import EngineError
from transcribe.record_json import from_json
from transcribe.records import Diarization, Recognition, Segment, Word
from transcribe.study.manifest import read_manifest
from transcribe.withdrawn_voices import delete_withdrawn_voices

WITHDRAW = ("--person", "P01-PIR", "--who", "AB", "--yes")
KEEP = (*WITHDRAW, "--observations", "keep")


@pytest.fixture
def pair(lab: Lab) -> Lab:
    interviews(lab, "P01-PSW", "P01-PIR", "P01-OBS")
    return lab


def compared(lab: Lab) -> set[tuple[str, str]]:
    path = lab.study.private / "voice_scores.json"
    found = from_json(VoiceScores, path.read_bytes(), path.name)
    return {(heard.voice.recording, heard.voice.voice) for heard in found.voices}


def vectors_of(lab: Lab, name: str) -> list[str]:
    path = lab.study.recording(name) / "voices.json"
    return [voice["voice"] for voice in json.loads(path.read_bytes())["voices"]] if path.exists() else []


def test_a_withdrawal_erases_the_voice_everywhere(pair: Lab, tmp_path: Path) -> None:
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    pair.engines = fake_engines(diarizer=OneInClips(clips=("P01-PIR",)))
    assert pair.run("enrol", study(pair), "--person", "P01-PIR", str(clip)).code == 0
    assert pair.run("release", study(pair)).code == 0
    assert ("enrolled", "P01-PIR") in compared(pair)
    answer = pair.run("withdraw", study(pair), *KEEP)
    assert answer.code == 0, answer.text
    assert "the clip of their voice" in answer.out
    assert not list((pair.study.private / "enrolment").glob("*"))
    assert vectors_of(pair, "P01-OBS") == []
    assert {recording for recording, _ in compared(pair)} == {"P01-PSW"}
    assert pair.run("enrol", study(pair), "--person", "P01-PIR", str(clip)).code == 2


@pytest.mark.parametrize("sessions", ["keep", "withhold"])
def test_a_session_that_is_diarised_anew_gives_no_vector_again(pair: Lab, sessions: str) -> None:
    assert pair.run("withdraw", study(pair), *WITHDRAW, "--observations", sessions).code == 0
    pair.engines = fake_engines(diarizer=FakeDiarizer(fingerprint="fake diarizer 2"))
    assert pair.run("run", study(pair)).code == 0
    assert vectors_of(pair, "P01-OBS") == []
    assert {recording for recording, _ in compared(pair)} == {"P01-PSW"}
    assert vectors_of(pair, "P01-PSW") == ["SPEAKER-1", "SPEAKER-2"]


def test_a_session_with_somebody_of_another_pair_is_theirs_too(lab: Lab) -> None:
    interviews(lab, "P01-PSW", "P02-PIR", "P02-OBS")
    head, *rows = lab.study.manifest.read_text("utf-8-sig").splitlines()
    place = head.split(",").index("person")
    cells = [row.split(",") for row in rows]
    for row in cells:
        if row[0] == "P02-OBS":
            row[place] = "P01-PSW"
    lab.study.manifest.write_text("\n".join([head, *(",".join(row) for row in cells)]))
    assert lab.run("run", study(lab)).code == 0
    options = ("--person", "P01-PSW", "--who", "AB", "--yes", "--observations", "keep")
    assert lab.run("withdraw", study(lab), *options).code == 0
    assert "P02-OBS" in lab.released()
    assert vectors_of(lab, "P02-OBS") == []
    assert {recording for recording, _ in compared(lab)} == {"P02-PIR"}


@dataclass(frozen=True)
class AnotherRoom(FakeDiarizer):
    """In sessions everybody sounds like nobody in the interviews."""

    def voices(self, recording: str) -> tuple[VoiceVector, ...]:
        found = super().voices(recording)
        if not recording.endswith("OBS"):
            return found
        return tuple(replace(voice, vector=voice.vector[1:] + voice.vector[:1]) for voice in found)


def test_names_in_a_session_that_stays_stay(lab: Lab) -> None:
    lab.engines = fake_engines(diarizer=AnotherRoom())
    interviews(lab, "P01-PSW", "P01-PIR", "P01-OBS")
    named = labels(lab, "P01-OBS")
    assert {speaker for _, speaker in named} == {"P01-PSW", "P01-PIR"}
    assert lab.run("withdraw", study(lab), *KEEP).code == 0
    assert labels(lab, "P01-OBS") == named
    assert lab.run("run", study(lab)).code == 0
    assert labels(lab, "P01-OBS") == named


@pytest.mark.parametrize(
    "damaged",
    ["voices.json", "diarization.json", "recognition.json", "attributed.json", "speakers.json", "transcript.json"],
)
def test_a_damaged_file_of_somebody_else_hinders_no_withdrawal(pair: Lab, damaged: str) -> None:
    write_tone(pair.audio / "P02-PIR.wav", pitch=300)
    assert pair.go().code == 0
    path = pair.study.recording("P02-PIR") / damaged
    path.write_bytes(path.read_bytes() + b" ")
    answer = pair.run("withdraw", study(pair), *KEEP)
    assert answer.code in (0, 7, 8), answer.text
    assert {"P01-PSW", "P01-OBS"} <= pair.released()
    assert "P01-PIR" not in pair.released()
    for command in (("run",), ("release",)):
        answer = pair.run(*command, study(pair))
        assert answer.code in (0, 8), answer.text
        assert {"P01-PSW", "P01-OBS"} <= pair.released()


def test_a_damaged_enrolment_costs_itself_alone(pair: Lab, tmp_path: Path) -> None:
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    pair.engines = fake_engines(diarizer=OneInClips())
    pair.run("enrol", study(pair), "--person", "INT", str(clip))
    (pair.study.private / "enrolment" / "INT.json").write_bytes(b"{}")
    for command in ("run", "release"):
        answer = pair.run(command, study(pair))
        assert answer.code == 8
        assert "private/enrolment/INT.json" in answer.text
        assert "P01-PIR" in pair.released()


def test_a_withdrawn_sound_under_another_id_leaves_no_score(pair: Lab) -> None:
    assert pair.run("withdraw", study(pair), *WITHDRAW, "--recording", "P01-PIR").code == 0
    assert "P01-PIR" not in {recording for recording, _ in compared(pair)}
    shutil.rmtree(pair.study.recording("P01-PSW"))  # as if its sound were the withdrawn one
    delete_withdrawn_voices(pair.study, read_manifest(pair.study))
    assert {recording for recording, _ in compared(pair)} == {"P01-OBS"}


def test_damaged_scores_hinder_no_withdrawal(pair: Lab) -> None:
    (pair.study.private / "voice_scores.json").write_bytes(b"{}")
    assert pair.run("withdraw", study(pair), *KEEP).code == 0
    assert {recording for recording, _ in compared(pair)} == {"P01-PSW"}


@pytest.mark.parametrize("left", ["wav", "json"])
def test_what_a_kill_left_of_an_enrolment_goes(pair: Lab, tmp_path: Path, left: str) -> None:
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    pair.engines = fake_engines(diarizer=OneInClips(clips=("P01-PIR",)))
    pair.run("enrol", study(pair), "--person", "P01-PIR", str(clip))
    gone = "json" if left == "wav" else "wav"
    (pair.study.private / "enrolment" / f"P01-PIR.{gone}").unlink()
    assert pair.run("withdraw", study(pair), *KEEP).code == 0
    assert not list((pair.study.private / "enrolment").glob("*"))


def test_an_engine_that_dies_on_a_clip_is_no_bug(pair: Lab, tmp_path: Path) -> None:
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    pair.engines = fake_engines(diarizer=OneInClips())
    assert pair.run("enrol", study(pair), "--person", "INT", str(clip)).code == 0
    dying = OneInClips(trouble=raising(RuntimeError(CANARY), "INT"), fingerprint="fake diarizer 2")
    pair.engines = fake_engines(diarizer=dying)
    answer = pair.run("run", study(pair))
    assert answer.code == 8
    assert "failed on the clip (RuntimeError)" in answer.text
    assert CANARY not in answer.text
    assert "P01-PIR" in pair.released()
    answer = pair.run("enrol", study(pair), "--person", "INT", str(clip))
    assert answer.code == 5
    assert CANARY not in answer.text


def test_what_was_found_stays_when_a_recording_is_left_out_for_a_while(pair: Lab) -> None:
    settings = pair.study.settings.read_text()
    pair.study.settings.write_text(settings.replace("keep_voice_vectors = true", "keep_voice_vectors = false"))
    assert pair.run("run", study(pair)).code == 0
    before = compared(pair)
    assert len(before) == 6
    text = pair.study.manifest.read_text("utf-8-sig")
    head, *rows = text.splitlines()
    place = head.split(",").index("include")
    cells = [row.split(",") for row in rows]
    out = [[*c[:place], "no", *c[place + 1 :]] if c[0] == "P01-PIR" else c for c in cells]
    pair.study.manifest.write_text("\n".join([head, *(",".join(c) for c in out)]))
    assert pair.run("release", study(pair)).code == 0
    assert compared(pair) == before
    assert "the same voice in P01-PIR" not in pair.run("speakers", study(pair)).out
    pair.study.manifest.write_text(text)
    assert pair.run("release", study(pair)).code == 0
    assert speakers(pair, "P01-PIR") == {"SPEAKER-1": "INT", "SPEAKER-2": "P01-PIR"}


def test_a_recognition_that_fails_leaves_speakers_and_their_words_together(pair: Lab) -> None:
    path = pair.study.recording("P01-PIR") / "speakers.json"
    before = path.read_bytes()
    engines = fake_engines(
        diarizer=Turned(fingerprint="fake diarizer 2"),
        recognizer=FakeRecognizer(trouble=raising(EngineError("no"), "P01-PIR"), fingerprint="fake recognizer 2"),
    )
    pair.engines = engines
    assert pair.run("run", study(pair)).code == 8
    assert path.read_bytes() == before


@dataclass(frozen=True)
class Turned(FakeDiarizer):
    """Another version, which numbers voices the other way round."""

    def change(self, found: Diarization) -> Diarization:
        other = {"SPEAKER-1": "SPEAKER-2", "SPEAKER-2": "SPEAKER-1"}
        turns = tuple(replace(turn, speaker=other[turn.speaker]) for turn in found.turns)
        return replace(found, turns=turns, exclusive=turns)


@dataclass(frozen=True)
class SteppingBack(FakeRecognizer):
    """The times of the second segment step back into the first."""

    def _segment(self, number: int, text: str, start: float, length: float) -> Segment:
        found = super()._segment(number, text, start, length)
        if number != 1:
            return found
        words = tuple(Word(w.text, max(0.0, w.start - 0.5), max(0.0, w.end - 0.5), 0.9) for w in found.words)
        return replace(found, start=words[0].start, end=words[-1].end, words=words)


def test_times_that_step_back_are_put_in_order_before_anything_is_cut_by_them(lab: Lab) -> None:
    lab.engines = fake_engines(recognizer=SteppingBack())
    interviews(lab, "P01-PIR")
    path = lab.study.output("P01-PIR", "recognize")
    found = from_json(Recognition, path.read_bytes(), path.name)
    times = [word.start for segment in found.segments for word in segment.words]
    assert times == sorted(times)
