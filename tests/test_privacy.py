"""No transcript text, name or original file name leaves private/: not in logs, errors, progress, reports or names."""

import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import imageio_ffmpeg
import pytest

from tests.conftest import Lab, write_tone
from tests.fakes import CANARY, FakeDetector, FakeDiarizer, FakeRecognizer, fake_engines, raising

HEAVY = ("torch", "whisper", "pyannote", "spacy", "presidio_analyzer", "torchaudio", "transformers")

TROUBLES = {
    "none": fake_engines(),
    "diarizer": fake_engines(diarizer=FakeDiarizer(trouble=raising(RuntimeError(f"in {CANARY}"), "P01-PIR"))),
    "recognizer": fake_engines(recognizer=FakeRecognizer(trouble=raising(ValueError(CANARY), "P01-PIR"))),
    "detector": fake_engines(detector=FakeDetector(trouble=raising(KeyError(CANARY), "P01-PIR"))),
}


@pytest.mark.parametrize("progress", ["auto", "json"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_canary_stays_in_private(lab: Lab, trouble: str, progress: str) -> None:
    """The canary is said, is in exception messages, and is the name of a file; the program runs at -vv."""
    write_tone(lab.audio / f"P01-PSW {CANARY}.wav")
    write_tone(lab.audio / f"P01-PIR {CANARY}.wav", pitch=330)
    write_tone(lab.audio / f"P02-PIR {CANARY}.wav", seconds=0.1)
    lab.engines = TROUBLES[trouble]
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    answer = lab.run("-vv", "run", str(lab.study.root), "--progress", progress)
    assert answer.code in {7, 8}
    assert lab.released()
    assert CANARY.casefold() not in answer.text.casefold()
    assert CANARY.casefold() not in lab.everything_outside_private().casefold()
    for path in lab.study.root.rglob("*"):
        assert CANARY.casefold() not in path.name.casefold()


def test_names_in_the_tags_of_a_recording_stay_out_of_everything(lab: Lab) -> None:
    """Phones write a title, an artist, a place into their files; a docx is a zip with properties of its own."""
    for number, role in enumerate(("PSW", "PIR")):
        plain = write_tone(lab.audio / "plain.wav", pitch=220 + 110 * number)
        tags = [f"{key}={CANARY}" for key in ("title", "artist", "comment", "location")]
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", f"file:{plain}"]
        command += [part for tag in tags for part in ("-metadata", tag)]
        subprocess.run([*command, f"file:{lab.audio / f'P01-{role}.m4a'}"], check=True, stdin=subprocess.DEVNULL)
        plain.unlink()
        assert CANARY.encode() in (lab.audio / f"P01-{role}.m4a").read_bytes()
    answer = lab.run("-vv", "run", str(lab.audio), "--study", str(lab.study.root))
    assert answer.code == 0, answer.text
    seen = answer.text + lab.everything_outside_private()
    for path in sorted(lab.study.coders.rglob("*.docx")):
        with zipfile.ZipFile(path) as archive:
            seen += "".join(name + archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert CANARY.casefold() not in seen.casefold()
    assert CANARY.encode() not in (lab.study.private / "P01-PSW" / "recording.json").read_bytes()


def test_a_bug_is_told_without_its_message(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.pair()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"cannot release {CANARY}")

    monkeypatch.setattr("transcribe.pipeline.release_study", broken)
    answer = lab.go()
    assert answer.code == 1
    assert "internal error: RuntimeError" in answer.err
    assert CANARY not in answer.text


def test_the_run_itself_opens_no_connection(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.pair()

    def refuse(self: socket.socket, address: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert lab.go().code == 0


@pytest.mark.parametrize(
    "code",
    [
        "from transcribe.cli import run_command; run_command(['--help'])",
        "from transcribe.cli import run_command; run_command(['run', '--help'])",
        "import transcribe.records, transcribe.attribution, transcribe.exports.bundle, transcribe.exports.docx",
        "import transcribe.evaluation, transcribe.store, transcribe.study.manifest, transcribe.batch",
        "import transcribe.pipeline, transcribe.study_release, transcribe.status",
    ],
)
def test_light_commands_and_modules_never_load_an_engine(code: str) -> None:
    check = f"{code}\nimport sys; print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stderr.strip().endswith("[]")


def test_telemetry_is_off_before_pyannote_is_imported() -> None:
    source = Path(__file__).parent.parent / "transcribe"
    importing = [path for path in source.rglob("*.py") if "import pyannote" in path.read_text()]
    importing += [path for path in source.rglob("*.py") if "from pyannote" in path.read_text()]
    assert importing
    for path in importing:
        assert "install_torchaudio_stub()" in path.read_text(), path.name
