"""Who is who, as the command line shows and corrects it; where voices are kept, and how they are erased."""

import json
import math
import re
import stat
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.conftest import Lab, write_tone
from tests.fakes import CANARY, FakeDiarizer, fake_engines
from transcribe.diarization.linking import VoiceScores
from transcribe.diarization.voices import Diarized, VoiceVector
from transcribe.engines import DiarizationJob, Outcome
from transcribe.progress import Progress
from transcribe.record_json import from_json
from transcribe.records import Diarization, Transcript
from transcribe.speaker_evidence import RecordingSpeakers
from transcribe.store import stored


def interviews(lab: Lab, *names: str) -> None:
    """A study that has run, with an interview for each name."""
    for number, name in enumerate(names):
        write_tone(lab.audio / f"{name}.wav", pitch=220 + 10 * number)
    assert lab.go().code == 0


@pytest.fixture
def two_pairs(lab: Lab) -> Lab:
    interviews(lab, "P01-PSW", "P01-PIR", "P02-PSW", "P02-PIR")
    return lab


def speakers(lab: Lab, name: str) -> dict[str, str]:
    """Voice → speaker, as `speakers.json` has it."""
    found = stored(RecordingSpeakers, lab.study, name, "speakers", None)
    assert found is not None
    return {speaker.voice: speaker.speaker for speaker in found.speakers}


def labels(lab: Lab, name: str) -> list[tuple[str, str]]:
    """(utterance id, speaker) of a transcript."""
    transcript = stored(Transcript, lab.study, name, "name", None)
    assert transcript is not None
    return [(utterance.id, utterance.speaker) for utterance in transcript.utterances]


def study(lab: Lab) -> str:
    return str(lab.study.root)


def test_the_table_says_who_is_who_and_how_surely(two_pairs: Lab) -> None:
    shown = two_pairs.run("speakers", study(two_pairs))
    assert shown.code == 0
    for name in ("P01-PSW", "P01-PIR", "P02-PSW", "P02-PIR"):
        assert speakers(two_pairs, name) == {"SPEAKER-1": "INT", "SPEAKER-2": name}
        assert name in shown.out
    assert CANARY not in shown.text


def test_excerpts_are_shown_for_one_recording_and_lie_in_private_alone(two_pairs: Lab) -> None:
    shown = two_pairs.run("speakers", study(two_pairs), "P01-PIR")
    assert shown.code == 0
    assert "SPEAKER-2 is P01-PIR" in shown.out
    assert CANARY in shown.out
    assert CANARY in (two_pairs.study.private / "speakers.html").read_text()
    assert CANARY not in two_pairs.everything_outside_private()


def test_a_swap_does_again_only_what_follows(two_pairs: Lab) -> None:
    lab = two_pairs
    heard = ("voices.json", "diarization.json", "recognition.json", "attributed.json", "recording.json")
    before = {name: (lab.study.recording("P02-PIR") / name).read_bytes() for name in heard}
    times = {name: (lab.study.recording("P02-PIR") / name).stat().st_mtime_ns for name in heard}
    ids = labels(lab, "P02-PIR")
    swapped = lab.run("speakers", study(lab), "--swap", "P02-PIR")
    assert swapped.code == 0, swapped.text
    assert "P02-PIR: SPEAKER-1 is P02-PIR" in swapped.out
    assert speakers(lab, "P02-PIR") == {"SPEAKER-1": "P02-PIR", "SPEAKER-2": "INT"}
    other = {"INT": "P02-PIR", "P02-PIR": "INT"}
    assert labels(lab, "P02-PIR") == [(number, other[speaker]) for number, speaker in ids]
    assert {name: (lab.study.recording("P02-PIR") / name).read_bytes() for name in heard} == before
    assert {name: (lab.study.recording("P02-PIR") / name).stat().st_mtime_ns for name in heard} == times
    rows = (lab.study.coders / "turns.csv").read_text().splitlines()
    assert any(row.startswith("P02-PIR,u0001,P02-PIR,") for row in rows)
    assert speakers(lab, "P01-PIR") == {"SPEAKER-1": "INT", "SPEAKER-2": "P01-PIR"}  # nobody else is renamed
    assert "confirmed" in lab.run("speakers", study(lab), "P02-PIR").out


def test_what_was_decided_outlives_a_run_and_can_be_taken_back(two_pairs: Lab) -> None:
    lab = two_pairs
    lab.run("speakers", study(lab), "--swap", "P02-PIR")
    before = lab.bytes_of(lab.study.coders, lab.study.private)
    assert lab.run("run", study(lab)).code == 0
    assert lab.bytes_of(lab.study.coders, lab.study.private) == before
    assert lab.run("speakers", study(lab), "--undo", "P02-PIR").code == 0
    assert speakers(lab, "P02-PIR") == {"SPEAKER-1": "INT", "SPEAKER-2": "P02-PIR"}


def test_later_notes_it_and_the_next_release_applies_it(two_pairs: Lab) -> None:
    lab = two_pairs
    noted = lab.run("speakers", study(lab), "--swap", "P02-PIR", "--confirm", "P01-PIR", "--later")
    assert noted.code == 0
    assert "transcribe release" in noted.out
    assert speakers(lab, "P02-PIR")["SPEAKER-1"] == "INT"
    assert "not applied yet: P01-PIR, P02-PIR" in lab.run("speakers", study(lab)).out
    assert lab.run("release", study(lab)).code == 0
    assert "not applied" not in lab.run("speakers", study(lab)).out
    assert speakers(lab, "P02-PIR")["SPEAKER-1"] == "P02-PIR"
    assert "confirmed" in lab.run("speakers", study(lab), "P01-PIR").out


def test_a_voice_can_be_given_a_name_of_its_own(two_pairs: Lab) -> None:
    lab = two_pairs
    assert lab.run("speakers", study(lab), "--name", "P02-PIR:SPEAKER-1=INT-2").code == 0
    assert speakers(lab, "P02-PIR")["SPEAKER-1"] == "INT-2"
    assert ("u0001", "INT-2") in labels(lab, "P02-PIR")


@pytest.mark.parametrize(
    "options",
    [
        ["--swap", "P09-PIR"],
        ["--confirm", "P01-PIR", "--swap", "P01-PIR"],
        ["--name", "P01-PIR:SPEAKER-1=Janet"],
        ["--name", "P01-PIR:SPEAKER-9=INT"],
        ["--name", "P01-PIR:SPEAKER-1=SPEAKER-2"],
        ["--name", "P01-PIR"],
        ["P01-PIR", "--swap", "P01-PIR"],
        ["P09-PIR"],
    ],
)
def test_what_cannot_be_meant_changes_nothing(two_pairs: Lab, options: list[str]) -> None:
    before = two_pairs.bytes_of(two_pairs.study.private)
    answer = two_pairs.run("speakers", study(two_pairs), *options)
    assert answer.code == 2
    assert "error:" in answer.err
    assert "Janet" not in answer.text
    assert two_pairs.bytes_of(two_pairs.study.private) == before


def test_without_a_study_or_a_run_it_says_what_to_do(lab: Lab) -> None:
    assert lab.run("speakers", study(lab)).code == 2
    write_tone(lab.audio / "P01-PIR.wav")
    lab.run("init", str(lab.audio), "--study", study(lab))
    answer = lab.run("speakers", study(lab))
    assert answer.code == 2
    assert "transcribe run" in answer.err


@dataclass(frozen=True)
class Strangers(FakeDiarizer):
    """No voice is like any other, and both say the same number of words."""

    def voices(self, recording: str) -> tuple[VoiceVector, ...]:
        return ()

    def change(self, found: Diarization) -> Diarization:
        half = found.turns[-1].end / 2
        turns = (replace(found.turns[0], end=half), replace(found.turns[1], start=half, end=2 * half))
        return replace(found, turns=turns, exclusive=turns)


def test_unsure_speakers_are_listed_and_stop_nothing(lab: Lab) -> None:
    lab.engines = fake_engines(diarizer=Strangers())
    interviews(lab, "P01-OBS")
    assert "P01-OBS" in lab.released()
    assert set(speakers(lab, "P01-OBS").values()) == {"SPEAKER-1", "SPEAKER-2"}
    assert "role unsure" in lab.run("status", study(lab)).out
    shown = lab.run("speakers", study(lab))
    assert "Unsure: P01-OBS" in shown.out
    assert lab.run("speakers", study(lab), "--name", "P01-OBS:SPEAKER-1=P01-PSW").code == 0
    assert speakers(lab, "P01-OBS")["SPEAKER-1"] == "P01-PSW"


@dataclass(frozen=True)
class HalfAlike(Strangers):
    """In the session one voice sounds a little like either of the two."""

    def voices(self, recording: str) -> tuple[VoiceVector, ...]:
        one, other = FakeDiarizer.voices(self, recording)
        if not recording.endswith("OBS"):
            return tuple(replace(voice, vector=(*voice.vector, 0.0)) for voice in (one, other))
        mixed = [0.5 * (a + b) for a, b in zip(one.vector, other.vector, strict=True)]
        rest = math.sqrt(1 - sum(x * x for x in mixed))
        return (replace(one, vector=(*mixed, rest)),)

    def change(self, found: Diarization) -> Diarization:
        return super().change(found) if found.recording.endswith("OBS") else found


def test_a_voice_that_may_be_somebodys_says_whose(lab: Lab) -> None:
    lab.engines = fake_engines(diarizer=HalfAlike())
    interviews(lab, "P01-PSW", "P01-PIR", "P01-OBS")
    first = lab.run("speakers", study(lab), "P01-OBS").out.splitlines()[0]
    assert first.startswith("SPEAKER-1 is SPEAKER-1, likely P01-")
    assert re.search(r"perhaps the voice of SPEAKER-2 in P01-P(SW|IR) \(alike 0\.\d\d\)", first)


def test_the_number_of_voices_can_be_left_open(lab: Lab) -> None:
    asked: list[int | None] = []
    lab.engines = fake_engines(diarizer=Asking(asked=asked))
    interviews(lab, "P01-OBS")
    assert lab.run("run", study(lab), "--speakers", "auto").code == 0
    assert lab.run("run", study(lab), "--speakers", "3").code == 0
    assert asked == [2, None, 3]


@dataclass(frozen=True)
class Asking(FakeDiarizer):
    """Keeps the number of voices that it is told."""

    asked: list[int | None] = field(default_factory=list)

    def diarize(self, jobs: Iterable[DiarizationJob], progress: Progress) -> Iterator[Outcome[Diarized]]:
        for job in jobs:
            self.asked.append(job.speakers)
            yield from super().diarize([job], progress)


def test_another_diarisation_makes_decisions_outdated(two_pairs: Lab) -> None:
    lab = two_pairs
    lab.run("speakers", study(lab), "--swap", "P02-PIR")
    lab.engines = fake_engines(diarizer=Shifted(fingerprint="fake diarizer 2"))
    answer = lab.run("run", study(lab))
    assert answer.code == 0
    assert "confirmed before it was diarised anew" in answer.text
    assert speakers(lab, "P02-PIR")["SPEAKER-1"] == "INT"


@dataclass(frozen=True)
class Shifted(FakeDiarizer):
    """Another version of the engine: its last turn ends a little earlier."""

    def change(self, found: Diarization) -> Diarization:
        turns = (*found.turns[:-1], replace(found.turns[-1], end=round(found.turns[-1].end - 0.01, 3)))
        return replace(found, turns=turns, exclusive=turns)


@dataclass(frozen=True)
class NoVoice(FakeDiarizer):
    """Vectors that cannot be voices."""

    def voices(self, recording: str) -> tuple[VoiceVector, ...]:
        return (VoiceVector("SPEAKER-1", 10.0, (float("nan"), 1.0)),)


def test_nonsense_voices_fail_their_recording(lab: Lab) -> None:
    lab.engines = fake_engines(diarizer=NoVoice())
    lab.pair()
    answer = lab.go()
    assert answer.code == 8
    assert "voices that are none" in answer.text
    assert not list(lab.study.private.glob("*/voices.json"))


# Voices are biometric


def vectors(lab: Lab) -> list[Path]:
    return [*lab.study.private.glob("*/voices.json"), *lab.study.private.glob("enrolment/*.json")]


def test_vectors_lie_in_private_for_the_owner_alone(two_pairs: Lab) -> None:
    assert len(vectors(two_pairs)) == 4
    numbers = json.loads(vectors(two_pairs)[0].read_bytes())["voices"][1]["vector"]
    outside = two_pairs.everything_outside_private()
    assert not any(str(number) in outside for number in numbers if number)
    for path in [*vectors(two_pairs), two_pairs.study.private / "voice_scores.json"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_vectors_go_after_linking_when_the_settings_say_so(two_pairs: Lab) -> None:
    lab = two_pairs
    text = lab.study.settings.read_text()
    lab.study.settings.write_text(text.replace("keep_voice_vectors = true", "keep_voice_vectors = false"))
    before = lab.bytes_of(lab.study.coders)
    assert lab.run("run", study(lab)).code == 0
    assert vectors(lab) == []
    assert lab.bytes_of(lab.study.coders) == before
    assert lab.run("run", study(lab)).code == 0  # links are made of the scores that were kept
    assert lab.bytes_of(lab.study.coders) == before
    assert lab.run("release", study(lab)).code == 0
    assert lab.bytes_of(lab.study.coders) == before


def scored(lab: Lab) -> set[str]:
    path = lab.study.private / "voice_scores.json"
    found = from_json(VoiceScores, path.read_bytes(), path.name)
    return {heard.voice.recording for heard in found.voices}


def test_an_enrolled_clip_names_a_voice(two_pairs: Lab, tmp_path: Path) -> None:
    lab = two_pairs
    lab.engines = fake_engines(diarizer=OneInClips())
    clip = write_tone(tmp_path / "Mary Smith.wav", seconds=20.0, pitch=500)
    answer = lab.run("enrol", study(lab), "--person", "int-2", str(clip))
    assert answer.code == 0, answer.text
    assert "Mary" not in answer.text
    kept = lab.study.private / "enrolment" / "INT-2.wav"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with wave.open(str(kept)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (16_000, 1, 20 * 16_000)
    assert lab.run("release", study(lab)).code == 0
    assert speakers(lab, "P01-PIR")["SPEAKER-1"] == "INT-2"
    assert "enrolled" in scored(lab)


def test_another_engine_hears_the_clips_again(two_pairs: Lab, tmp_path: Path) -> None:
    lab = two_pairs
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    lab.engines = fake_engines(diarizer=OneInClips())
    lab.run("enrol", study(lab), "--person", "INT-2", str(clip))
    lab.engines = fake_engines(diarizer=OneInClips(fingerprint="fake diarizer 2"))
    assert lab.run("run", study(lab)).code == 0
    heard = json.loads((lab.study.private / "enrolment" / "INT-2.json").read_bytes())
    assert heard["engine"] == "fake diarizer 2"
    assert speakers(lab, "P01-PIR")["SPEAKER-1"] == "INT-2"


@dataclass(frozen=True)
class OneInClips(FakeDiarizer):
    """Clips hold SPEAKER-1 alone; `second` has somebody else in it, too."""

    second: bool = False
    speech: float = 20.0
    clips: tuple[str, ...] = ("INT", "INT-2")

    def voices(self, recording: str) -> tuple[VoiceVector, ...]:
        one, other = super().voices(recording)
        if recording not in self.clips:
            return (one, other)
        return (replace(one, seconds=self.speech), other) if self.second else (replace(one, seconds=self.speech),)


@pytest.mark.parametrize(
    ("person", "seconds", "engine", "told"),
    [
        ("Mary", 20.0, OneInClips(), "never a name"),
        ("INT", 20.0, OneInClips(second=True), "more than one voice"),
        ("INT", 20.0, OneInClips(speech=2.0), "less than 5 s of speech"),
        ("INT", 700.0, OneInClips(), "longer than 10 minutes"),
        ("INT", 0.1, OneInClips(), "the clip: it holds 0.10 s"),
    ],
)
def test_a_clip_that_cannot_serve_is_refused(
    lab: Lab, tmp_path: Path, person: str, seconds: float, engine: FakeDiarizer, told: str
) -> None:
    interviews(lab, "P01-PIR")
    lab.engines = fake_engines(diarizer=engine)
    clip = write_tone(tmp_path / "Mary Smith.wav", seconds=seconds, pitch=500)
    answer = lab.run("enrol", study(lab), "--person", person, str(clip))
    assert answer.code in (2, 3)
    assert told in answer.err
    assert "Smith" not in answer.text
    assert not list((lab.study.private / "enrolment").glob("*"))


def test_a_text_file_is_no_clip(lab: Lab, tmp_path: Path) -> None:
    interviews(lab, "P01-PIR")
    (tmp_path / "clip.wav").write_text("not sound")
    assert lab.run("enrol", study(lab), "--person", "INT", str(tmp_path / "clip.wav")).code == 3
    missing = lab.run("enrol", study(lab), "--person", "INT", str(tmp_path / "no.wav"))
    assert missing.code == 2
    assert "no such file" in missing.err


def test_withdrawn_words_leave_excerpts_and_page(two_pairs: Lab) -> None:
    lab = two_pairs
    options = ["--person", "P01-PIR", "--who", "AB", "--recording", "P01-PIR", "--from", "00:00", "--to", "00:04"]
    assert lab.run("withdraw", study(lab), *options, "--yes").code in (0, 7)
    assert CANARY not in (lab.study.recording("P01-PIR") / "speakers.json").read_text()
    page = (lab.study.private / "speakers.html").read_text()
    assert CANARY not in section(page, "P01-PIR")
    assert CANARY in section(page, "P02-PIR")


def section(page: str, recording: str) -> str:
    """What `speakers.html` shows of one recording."""
    (own,) = (part for part in page.split("<h2>")[1:] if part.startswith(recording))
    return own


@pytest.mark.parametrize("person", ["SPEAKER-0", "SPEAKER-1", "OTHER-1", "INTERP"])
def test_only_one_certain_person_is_enrolled(two_pairs: Lab, tmp_path: Path, person: str) -> None:
    lab = two_pairs
    lab.engines = fake_engines(diarizer=OneInClips(clips=(person,)))
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    answer = lab.run("enrol", study(lab), "--person", person, str(clip))
    assert answer.code == 2
    assert "one certain person" in answer.err
    assert not (lab.study.private / "enrolment").exists()


@pytest.mark.parametrize(
    ("person", "warned"), [("P09-PIR", True), ("P02-PIR", False), ("INT-2", False), ("P03-PSW", False)]
)
def test_enrolling_a_code_that_the_manifest_does_not_have_is_warned_of(
    lab: Lab, tmp_path: Path, person: str, warned: bool
) -> None:
    interviews(lab, "P02-PIR", "P03-PIR")
    lab.engines = fake_engines(diarizer=OneInClips(clips=(person,)))
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    answer = lab.run("enrol", study(lab), "--person", person, str(clip))
    assert answer.code == 0
    assert (f"no row of the manifest has {person}" in answer.err) == warned


def test_two_voices_of_one_person_cannot_be_swapped(two_pairs: Lab) -> None:
    lab = two_pairs
    both = ["--name", "P01-PIR:SPEAKER-1=P01-PIR", "--name", "P01-PIR:SPEAKER-2=P01-PIR"]
    assert lab.run("speakers", study(lab), *both).code == 0
    before = lab.bytes_of(lab.study.private)
    answer = lab.run("speakers", study(lab), "--swap", "P01-PIR")
    assert answer.code == 2
    assert "both P01-PIR" in answer.err
    assert lab.bytes_of(lab.study.private) == before


def test_a_correction_releases_from_no_risky_folder(two_pairs: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = two_pairs
    before = lab.bytes_of(lab.study.private, lab.study.coders)
    monkeypatch.setattr("transcribe.study.folder_risk.folder_risks", lambda _: ("a synced folder",))
    answer = lab.run("speakers", study(lab), "--swap", "P01-PIR")
    assert answer.code == 2
    assert "a synced folder" in answer.err
    assert lab.bytes_of(lab.study.private, lab.study.coders) == before
    assert lab.run("speakers", study(lab), "--swap", "P01-PIR", "--accept-folder-risk").code == 0
    assert speakers(lab, "P01-PIR") == {"SPEAKER-1": "P01-PIR", "SPEAKER-2": "INT"}


def test_what_changes_in_other_recordings_is_told(lab: Lab) -> None:
    interviews(lab, "P01-PSW", "P01-PIR", "P01-OBS")
    before = speakers(lab, "P01-OBS")
    answer = lab.run("speakers", study(lab), "--swap", "P01-PSW")
    after = speakers(lab, "P01-OBS")
    changed = [voice for voice in before if before[voice] != after[voice]]
    assert changed
    for voice in changed:
        assert f"also changed  P01-OBS: {voice} was {before[voice]}, is {after[voice]}" in answer.out
    assert "also changed  P01-PSW" not in answer.out


def test_one_person_has_one_code(two_pairs: Lab, tmp_path: Path) -> None:
    lab = two_pairs
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    lab.engines = fake_engines(diarizer=SameInClips())
    assert lab.run("enrol", study(lab), "--person", "INT", str(clip)).code == 0
    answer = lab.run("enrol", study(lab), "--person", "INT-2", str(clip))
    assert answer.code == 3
    assert "is that of INT" in answer.err
    assert lab.run("enrol", study(lab), "--person", "INT", str(clip)).code == 0  # a better clip of the same person


@dataclass(frozen=True)
class SameInClips(FakeDiarizer):
    """Whatever the clip, the interviewer speaks in it."""

    def voices(self, recording: str) -> tuple[VoiceVector, ...]:
        return super().voices(recording)[:1]


def test_a_clip_can_be_taken_back(two_pairs: Lab, tmp_path: Path) -> None:
    lab = two_pairs
    clip = write_tone(tmp_path / "clip.wav", seconds=20.0, pitch=500)
    lab.engines = fake_engines(diarizer=SameInClips())
    assert lab.run("enrol", study(lab), "--person", "INT", str(clip)).code == 0
    assert lab.run("enrol", study(lab), "--person", "INT", "--remove").code == 0
    assert not list((lab.study.private / "enrolment").glob("*"))
    answer = lab.run("enrol", study(lab), "--person", "INT", "--remove")
    assert answer.code == 2
    assert "not enrolled" in answer.err
