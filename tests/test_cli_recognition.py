"""How a study is recognised: languages, vocabulary, options, from what the lab writes to what the engine gets."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.conftest import HEADER, Lab
from tests.fakes import FakeDetector, FakeRecognizer, fake_engines
from tests.recognition_model import HEADS, TINY
from transcribe import cli_export, config
from transcribe.engines import Outcome, RecognitionJob, RecognitionOptions
from transcribe.errors import UsageError
from transcribe.progress import Progress, SilentProgress
from transcribe.records import Recognition, Recording
from transcribe.store import stored
from transcribe.study.glossary import Glossary
from transcribe.study.languages import LANGUAGES
from transcribe.study.settings import Settings

ROW = "{name},{name}.wav,1,P01,{role},{name},1,2026-03-05,{language},2,,transcribe,yes,"
WITHOUT_CANTONESE = tuple(code for code in LANGUAGES if code != "yue")


@dataclass(frozen=True)
class AskedRecognizer(FakeRecognizer):
    """Notes which languages it was asked for."""

    asked: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
        def noting() -> Iterator[RecognitionJob]:
            for job in jobs:
                self.asked[job.audio.recording.id] = job.languages
                yield job

        return super().recognize(noting(), progress)


@pytest.fixture
def asked(lab: Lab) -> dict[str, tuple[str, ...]]:
    """A study of two interviews, the second without a language of its own; what the recogniser is asked for."""
    recognizer = AskedRecognizer()
    lab.engines = fake_engines(recognizer=recognizer)
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    rows = (("P01-PSW", "PSW", "en+yue"), ("P01-PIR", "PIR", ""))
    lines = [ROW.format(name=name, role=role, language=language) for name, role, language in rows]
    lab.study.manifest.write_text("\n".join([HEADER, *lines]) + "\n")
    return recognizer.asked


def test_a_row_goes_before_the_study_and_a_flag_before_both(lab: Lab, asked: dict[str, tuple[str, ...]]) -> None:
    lab.study.settings.write_text('[run]\nlanguages = ["zh", "en"]\n')
    assert lab.run("run", str(lab.study.root)).code == 0
    assert asked == {"P01-PSW": ("en", "yue"), "P01-PIR": ("zh", "en")}
    assert lab.run("run", str(lab.study.root), "--languages", "en,yue,zh").code == 0
    assert set(asked.values()) == {("en", "yue", "zh")}
    assert lab.run("run", str(lab.study.root), "--language", "en").code == 0
    assert set(asked.values()) == {("en",)}
    recording = stored(Recording, lab.study, "P01-PSW", "probe", None)
    assert recording is not None
    assert recording.language == "en+yue"


def test_other_languages_are_recognised_again_and_the_same_are_not(
    lab: Lab, asked: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lab.run("run", str(lab.study.root)).code == 0
    assert asked["P01-PIR"] == ()
    asked.clear()
    assert lab.run("run", str(lab.study.root)).code == 0
    assert asked == {}
    monkeypatch.setenv("TRANSCRIBE_LANGUAGES", "en yue")
    assert lab.run("run", str(lab.study.root)).code == 0
    assert asked == {"P01-PIR": ("en", "yue")}


def test_one_language_and_several_at_once_are_refused(lab: Lab, asked: dict[str, tuple[str, ...]]) -> None:
    answer = lab.run("run", str(lab.study.root), "--language", "en", "--languages", "en,yue")
    assert answer.code == 2
    assert "--language and --languages cannot both be given" in answer.err
    answer = lab.run("run", str(lab.study.root), "--languages", "en,kantonese")
    assert answer.code == 2
    assert '"yue" (Cantonese)' in answer.err
    assert asked == {}


@pytest.mark.parametrize("told", ["flag", "row", "study"])
def test_cantonese_without_weights_that_know_it_ends_before_any_audio_work(
    lab: Lab, asked: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    lab.engines = replace(lab.engines, quality="draft", languages=WITHOUT_CANTONESE)
    monkeypatch.setattr("transcribe.config.is_pulled", lambda name: name != "whisper-turbo")
    arguments = ("--language", "yue") if told == "flag" else ()
    if told != "row":
        lab.study.manifest.write_text(lab.study.manifest.read_text().replace("en+yue", ""))
    if told == "study":
        lab.study.settings.write_text('[run]\nlanguages = ["en", "yue"]\n')
    answer = lab.run("run", str(lab.study.root), *arguments)
    assert answer.code == 4, answer.text
    assert "transcribe models pull whisper-turbo, then run again with --quality standard" in answer.err
    assert asked == {}
    assert stored(Recording, lab.study, "P01-PIR", "probe", None) is None


@pytest.mark.parametrize("told", ["flag", "row", "study"])
def test_several_languages_in_the_exact_schedule_end_before_any_audio_work(
    lab: Lab, asked: dict[str, tuple[str, ...]], told: str
) -> None:
    arguments = ("--languages", "en,yue") if told == "flag" else ()
    if told != "row":
        lab.study.manifest.write_text(lab.study.manifest.read_text().replace("en+yue", ""))
    in_study = 'languages = ["en", "yue"]\n' if told == "study" else ""
    lab.study.settings.write_text(f'[run]\nschedule = "exact"\n{in_study}')
    answer = lab.run("run", str(lab.study.root), *arguments)
    assert answer.code == 2, answer.text
    assert "P01-PSW has several languages, and the schedule exact knows one a recording" in answer.err
    assert asked == {}
    assert stored(Recording, lab.study, "P01-PSW", "probe", None) is None
    # Only what this run works on counts, and fast knows several.
    if told == "row":
        assert lab.run("run", str(lab.study.root), "--only", "P01-PIR").code == 0
    assert lab.run("run", str(lab.study.root), *arguments, "--schedule", "fast").code == 0


def test_weights_that_are_here_need_no_pull(
    lab: Lab, asked: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.engines = replace(lab.engines, quality="draft", languages=WITHOUT_CANTONESE)
    monkeypatch.setattr("transcribe.config.is_pulled", lambda name: True)
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 4
    assert "models pull" not in answer.err
    assert "--quality standard" in answer.err
    # Only what this run works on counts.
    assert lab.run("run", str(lab.study.root), "--only", "P01-PIR").code == 0


def test_the_engine_is_opened_with_what_the_study_and_the_flags_say(
    lab: Lab, asked: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[object] = []

    def opening(*wanted: object) -> object:
        opened.append(wanted[-1])
        return lab.engines

    monkeypatch.setattr("transcribe.config.open_engines", opening)
    lab.study.settings.write_text('[run]\nverbatim = true\nbeam = 2\n[vocabulary]\nservices = ["Fuk Hong"]\n')
    lab.run("run", str(lab.study.root))
    lab.run(
        *("run", str(lab.study.root), "--schedule", "exact", "--beam", "5", "--precision", "float32", "--no-verbatim")
    )
    assert opened == [
        RecognitionOptions("fast", 2, "auto", ("Fuk Hong",), True),
        RecognitionOptions("exact", 5, "float32", ("Fuk Hong",), False),
    ]
    for flag, value in (("--beam", "11"), ("--schedule", "slow"), ("--precision", "int8")):
        assert lab.run("run", str(lab.study.root), flag, value).code == 2
    assert len(opened) == 2


def test_redacted_audio_is_listened_to_as_the_study_was(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    def opening(*wanted: object) -> object:
        opened.append(wanted[-1])
        return lab.engines

    monkeypatch.setattr("transcribe.config.open_engines", opening)
    lab.study.private.mkdir(parents=True)
    settings = Settings(beam=5, vocabulary=Glossary(places=("Kwai Chung",)))
    cli_export._listening(lab.study, settings, SilentProgress())
    assert opened == [RecognitionOptions(beam=5, vocabulary=("Kwai Chung",))]


def test_a_name_of_the_roster_in_the_vocabulary_stops_the_run_unquoted(
    lab: Lab, asked: dict[str, tuple[str, ...]]
) -> None:
    lab.study.roster.write_text("person,name,aliases,kind,relation_to,note\nP01-PIR,Janet Lau,,participant,,\n")
    lab.study.settings.write_text('[vocabulary]\nother = ["Janet Lau"]\n')
    answer = lab.run("run", str(lab.study.root))
    assert answer.code == 2
    assert "entry 1 is the name of a person" in answer.err
    assert "Janet" not in answer.text
    assert asked == {}


@pytest.mark.parametrize(("n_vocab", "knows"), [(51865, False), (51866, True)])
def test_the_weights_dimensions_tell_which_languages_they_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_vocab: int, knows: bool
) -> None:
    written = {"dims": {**TINY, "n_vocab": n_vocab}, "alignment_heads": HEADS, "name": "tiny"}
    (tmp_path / "config.json").write_text(json.dumps(written))
    monkeypatch.setattr(config, "is_pulled", lambda name: True)
    monkeypatch.setattr(config, "locate", lambda name: tmp_path)
    monkeypatch.setattr(config, "revision", lambda name: "r1")
    monkeypatch.setattr(config, "open_detector", lambda pii_model: FakeDetector())
    engines = config.open_engines("draft", "cpu", 1)
    assert ("yue" in engines.languages) is knows
    assert {"en", "zh", "su"} <= set(engines.languages)


def test_a_vocabulary_that_the_model_cannot_read_is_refused_before_weights_are_looked_for() -> None:
    words = tuple(f"Kwai Chung Hospital {number}" for number in range(80))
    with pytest.raises(UsageError, match=r"the first \d+ of these 80 words"):
        config.open_engines("draft", "cpu", 1, options=RecognitionOptions(vocabulary=words))
