"""A lab on a small scale: an audio folder, a study, and the command line over engines that need no weights."""

import os
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from tests.fakes import fake_engines
from transcribe.cli import run_command
from transcribe.config import Engines
from transcribe.store import StudyFolder

# On CI the same examples every time: a newly found one must not stop somebody else's change. At home they vary.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("home", deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "home")

LONGEST_FIRST = (
    "test_main_job.py",
    "test_robustness.py",
    "test_recognition_models.py",
    "test_diarization_models.py",
    "test_redacted_audio.py",
    "test_readme.py",
    "test_recognition_engine.py",
    "test_offline_proof.py",
    "test_withdrawal_stopped.py",
    "test_release.py",
    "test_recognition_recognizer.py",
)
"""Files that take long, whatever the number of their tests. Of two processes that are given a file at a time, neither
should begin one of these when the other has nothing left.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, everything else in its order."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


SAMPLES = Path(__file__).parent.parent / "samples"
HEADER = "id,file,part,pair,role,person,session,date,language,speakers,also_present,consent,include,note"


def write_tone(path: Path, seconds: float = 4.0, rate: int = 16_000, pitch: float = 220.0) -> Path:
    """A mono 16-bit WAV with a tone that swells and fades; different pitches give different sha256."""
    time = np.arange(round(seconds * rate)) / rate
    samples = 0.3 * np.sin(2 * np.pi * pitch * time) * np.sin(np.pi * time / seconds)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


@dataclass
class Answer:
    """What a command did: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


class Lab:
    """An audio folder and a study, and a command line whose engines can be exchanged."""

    def __init__(self, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.audio = root / "audio"
        self.audio.mkdir()
        self.study = StudyFolder(root / "study")
        self.engines: Engines = fake_engines()
        self._capfd = capfd

    def run(self, *arguments: str) -> Answer:
        """One command line, as `transcribe` gets it."""
        self._capfd.readouterr()
        code = run_command(list(arguments))
        out, err = self._capfd.readouterr()
        return Answer(code, out, err)

    def go(self, *arguments: str) -> Answer:
        """`transcribe run AUDIO --study STUDY`."""
        return self.run("run", str(self.audio), "--study", str(self.study.root), *arguments)

    def pair(self) -> None:
        """Two good interviews."""
        write_tone(self.audio / "P01-PSW.wav", pitch=220)
        write_tone(self.audio / "P01-PIR.wav", pitch=330)

    def released(self) -> set[str]:
        """The ids of the transcripts that coders have."""
        return {path.stem for path in self.study.coders.glob("transcripts/txt/*.txt")}

    def everything_outside_private(self) -> str:
        """All that could be seen by others: file names and contents of coders/ and report/."""
        seen = []
        for folder in (self.study.coders, self.study.report):
            for path in sorted(folder.rglob("*")):
                seen.append(path.name)
                if path.is_file():
                    seen.append(path.read_bytes().decode("utf-8", errors="replace"))
        return "\n".join(seen)

    def bytes_of(self, *folders: Path) -> dict[str, bytes]:
        """Every file below some folders, by its path in the study; the key is left out, for age is randomised."""
        return {
            str(path.relative_to(self.study.root)): path.read_bytes()
            for folder in folders
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name not in {"key.age", ".lock", "run.json"}
        }


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """Only a power cut loses what was not synced, and no test has one: half of a release's time is waiting for disks.

    That syncing is asked for, and when, is tested in `test_store.py` and `test_release.py`.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(autouse=True)
def own_config(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test touches the account's identity or reads its settings."""
    folder = tmp_path_factory.mktemp("config")
    monkeypatch.setenv("TRANSCRIBE_CONFIG", str(folder))
    for name in [name for name in os.environ if name.startswith("TRANSCRIBE_") and name not in _KEPT]:
        monkeypatch.delenv(name)
    return folder


_KEPT = {"TRANSCRIBE_CONFIG", "TRANSCRIBE_MODELS", "TRANSCRIBE_FFMPEG"}


@pytest.fixture
def lab(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """An empty lab; its `run` uses `lab.engines`."""
    lab = Lab(tmp_path, capfd)
    monkeypatch.setattr("transcribe.config.open_engines", lambda *wanted: lab.engines)
    monkeypatch.setattr("transcribe.config.open_detector", lambda pii_model="": lab.engines.detector)
    return lab
