"""Settings: what is accepted, what is refused, and with which help."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from transcribe.errors import UsageError
from transcribe.study.settings import Settings, read_settings, settings_template, with_overrides


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_bytes(text.encode())
    return path


def test_the_template_is_the_defaults_with_every_key(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, settings_template())) == Settings()
    keys = [key for section in tomllib.loads(settings_template()).values() for key in section]
    assert sorted(keys) == sorted(field.name for field in dataclasses.fields(Settings))


def test_what_the_file_leaves_out_has_its_default(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, '[run]\nquality = "draft"\njobs = 3\n')) == Settings(quality="draft", jobs=3)
    assert read_settings(write(tmp_path, "")) == Settings()


def test_notepad_writes_a_bom_and_crlf(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, '\ufeff[export]\r\npaper = "letter"\r\n')).paper == "letter"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[run]\nqality = "draft"', 'did you mean "quality"'),
        ('[rnu]\nquality = "draft"', 'did you mean "run"'),
        ('quality = "draft"', "quality belongs under [run]"),
        ('[run]\npaper = "a4"', "paper belongs under [export]"),
        ("[run]\nxyz = 1", "there are: quality, device, language, jobs"),
        ("[zzz]\nxyz = 1", "there are: run, export, release"),
        ('run = "draft"', "write [run] on a line of its own"),
        ('[run]\nquality = "good"', "auto, draft, standard, best"),
        ("[run]\nquality = 1", "auto, draft, standard, best"),
        ('[run]\ndevice = "gpu"', "cuda"),
        ('[run]\nlanguage = "English"', '"en"'),
        ('[run]\njobs = "2"', "whole number"),
        ("[run]\njobs = true", "whole number"),
        ("[run]\njobs = -1", "whole number"),
        ('[export]\nprogram = "excel"', "nvivo, maxqda, atlasti, qualcoder, taguette, word"),
        ('[export]\npaper = "a3"', "a4, letter"),
        ('[release]\nreview = "required"', "review application"),
        ('[release]\nreview = "some"', "none"),
        ('[secrecy]\ngroup = "lab"', "there is no section"),
        ("[run\n", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_refused_with_its_mend(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UsageError) as error:
        read_settings(write(tmp_path, text))
    assert told in error.value.message
    assert "study.toml" in error.value.message


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="transcribe init"):
        read_settings(tmp_path / "study.toml")
    (tmp_path / "study.toml").write_bytes(b'[run]\nquality = "\xff"')
    with pytest.raises(UsageError, match="UTF-8"):
        read_settings(tmp_path / "study.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        read_settings(tmp_path)


def test_flag_goes_before_environment_before_file() -> None:
    file = Settings(quality="best", device="cuda:1", language="en", jobs=1)
    env = {"TRANSCRIBE_QUALITY": "draft", "TRANSCRIBE_JOBS": "2", "TRANSCRIBE_MODELS": "/x", "TRANSCRIBE_DEVICE": ""}
    flags = {"quality": "standard", "jobs": None, "device": None}
    assert with_overrides(file, env, flags) == Settings(quality="standard", device="cuda:1", language="en", jobs=2)


@pytest.mark.parametrize("name", ["TRANSCRIBE_QUALITY", "TRANSCRIBE_JOBS", "TRANSCRIBE_DEVICE", "TRANSCRIBE_REVIEW"])
def test_a_wrong_variable_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        with_overrides(Settings(), {name: "required"}, {})


def test_a_wrong_flag_is_named_and_an_unknown_one_is_our_bug() -> None:
    with pytest.raises(UsageError, match="--device must be"):
        with_overrides(Settings(), {}, {"device": "cuda:x"})
    with pytest.raises(TypeError, match="colour"):
        with_overrides(Settings(), {}, {"colour": "red"})
