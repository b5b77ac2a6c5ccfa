"""Settings: what is accepted, what is refused, and with which help."""

import dataclasses
import tomllib
from pathlib import Path

import pytest

from transcribe.conventions import Conventions
from transcribe.errors import UsageError
from transcribe.study.glossary import Glossary
from transcribe.study.settings import Settings, read_settings, with_overrides
from transcribe.study.settings_template import settings_template


def write(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_bytes(text.encode())
    return path


def test_the_template_is_the_defaults_with_every_key(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, settings_template())) == Settings()
    sections = tomllib.loads(settings_template())
    assert list(sections.pop("vocabulary")) == [field.name for field in dataclasses.fields(Glossary)]
    rendering, *conventions = sections.pop("conventions")
    assert sorted(conventions) == sorted(field.name for field in dataclasses.fields(Conventions))
    keys = [key for section in sections.values() for key in section]
    assert sorted([*keys, rendering, "vocabulary", "conventions"]) == sorted(
        field.name for field in dataclasses.fields(Settings)
    )


def test_what_the_file_leaves_out_has_its_default(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, '[run]\nquality = "draft"\njobs = 3\n')) == Settings(quality="draft", jobs=3)
    assert read_settings(write(tmp_path, "")) == Settings()


def test_conventions_are_read(tmp_path: Path) -> None:
    text = """[conventions]
rendering = "clean"
pause = "dots"
pause_from = 3
short_pause_from = 0
overlap = "brackets"
inaudible = "unv"
uncertain = "parentheses"
uncertain_below = 0
redaction = "seg"
paragraph_words = 0
"""
    found = read_settings(write(tmp_path, text))
    assert found.rendering == "clean"
    assert found.conventions == Conventions("dots", 3.0, 0.0, "brackets", "unv", "parentheses", 0.0, "seg", 0)
    assert isinstance(found.conventions.pause_from, float)
    alone = read_settings(write(tmp_path, '[conventions]\npause = "none"\nshort_pause_from = 5.0'))
    assert alone.conventions.pause == "none"


def test_notepad_writes_a_bom_and_crlf(tmp_path: Path) -> None:
    assert read_settings(write(tmp_path, '\ufeff[export]\r\npaper = "letter"\r\n')).paper == "letter"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[run]\nqality = "draft"', 'did you mean "quality"'),
        ('[rnu]\nquality = "draft"', 'did you mean "run"'),
        ('quality = "draft"', "quality belongs under [run]"),
        ('[run]\npaper = "a4"', "paper belongs under [export]"),
        ("[run]\nxyz = 1", "there are: quality, device, language, languages, jobs"),
        ("[zzz]\nxyz = 1", "there are: run, export, release"),
        ('run = "draft"', "write [run] on a line of its own"),
        ('[run]\nquality = "good"', "auto, draft, standard, best"),
        ("[run]\nquality = 1", "auto, draft, standard, best"),
        ('[run]\ndevice = "gpu"', "cuda"),
        ('[run]\nlanguage = "English"', '"en"'),
        ('[run]\njobs = "2"', "whole number"),
        ("[run]\njobs = true", "whole number"),
        ("[run]\njobs = -1", "whole number"),
        ('[run]\nlanguage = "en,yue"', "there is: languages"),
        ("[run]\nlanguage = 1", "a code in quotation marks"),
        ('[run]\nlanguages = "en,kantonese"', '(the second is none); did you mean "yue" (Cantonese)?'),
        ("[run]\nlanguages = [1]", "a list of codes"),
        ('[run]\nlanguage = "en"\nlanguages = ["en", "yue"]', "cannot both be given"),
        ("[run]\nbeam = 0", "from 1 to 10"),
        ("[run]\nbeam = 11", "from 1 to 10"),
        ('[run]\nschedule = "slow"', "fast, exact"),
        ('[run]\nprecision = "int8"', "auto, float32"),
        ('[run]\nverbatim = "yes"', "true or false"),
        ('[vocabulary]\nmedications = ["lithium"]', 'did you mean "medication"'),
        ('[vocabulary]\nplaces = "Kwai Chung"', "must be a list of words"),
        ("[vocabulary]\nplaces = [1]", "must be a list of words"),
        ('[vocabulary]\nother = ["x", "12"]', "entry 2 has no letters"),
        (f'[vocabulary]\nother = ["{"x" * 61}"]', "more than 60 characters"),
        ('[vocabulary]\nother = ["a\\u0007b"]', "cannot be said"),
        ('[vocabulary]\nother = ["<|endoftext|>"]', "cannot be said"),
        ('services = ["x"]', "services belongs under [vocabulary]"),
        ('[export]\nprogram = "excel"', "nvivo, maxqda, atlasti, qualcoder, taguette, dedoose, word"),
        ('[export]\npaper = "a3"', "a4, letter"),
        ('[release]\nreview = "required"', "review application"),
        ('[release]\nreview = "some"', "none"),
        ('[secrecy]\ngroup = "lab"', "there is no section"),
        ("[run\n", "not valid TOML"),
        ('[conventions]\nrendering = "tidy"', "verbatim, clean"),
        ('[conventions]\npause = "stars"', "seconds, dots, ellipsis, none"),
        ("[conventions]\npause_form = 2.0", 'did you mean "pause_from"'),
        ("[conventions]\npause_from = 0.1", "seconds from 0.2 to 60"),
        ('[conventions]\npause_from = "2"', "without quotation marks"),
        ("[conventions]\npause_from = true", "without quotation marks"),
        ("[conventions]\npause_from = nan", "seconds from 0.2 to 60"),
        ("[conventions]\nshort_pause_from = 0.1", "or 0 for no sign of short pauses"),
        ("[conventions]\nshort_pause_from = 3.0", "short_pause_from (3) is longer than pause_from (2)"),
        ("[conventions]\nuncertain_below = 20", "a probability from 0"),
        ("[conventions]\nparagraph_words = 7", "from 20 to 10000, or 0"),
        ("[conventions]\nparagraph_words = 100.5", "a whole number"),
        ('[conventions]\noverlap = "brackets"', 'write redaction = "seg", or overlap = "slashes"'),
        ('[conventions]\noverlap = "brackets"\nredaction = "seg"', 'write uncertain = "parentheses" or "none"'),
        ('rendering = "clean"', "rendering belongs under [conventions]"),
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


NEW = [f"TRANSCRIBE_{name}" for name in ("LANGUAGE", "LANGUAGES", "BEAM", "SCHEDULE", "PRECISION", "VERBATIM")]


@pytest.mark.parametrize(
    "name", ["TRANSCRIBE_QUALITY", "TRANSCRIBE_JOBS", "TRANSCRIBE_DEVICE", "TRANSCRIBE_REVIEW", *NEW]
)
def test_a_wrong_variable_is_named(name: str) -> None:
    with pytest.raises(UsageError, match=name):
        with_overrides(Settings(), {name: "required"}, {})


def test_a_wrong_flag_is_named_and_an_unknown_one_is_our_bug() -> None:
    with pytest.raises(UsageError, match="--device must be"):
        with_overrides(Settings(), {}, {"device": "cuda:x"})
    with pytest.raises(TypeError, match="colour"):
        with_overrides(Settings(), {}, {"colour": "red"})


def test_the_vocabulary_is_kept_by_kind_and_in_order_each_word_once(tmp_path: Path) -> None:
    text = (
        '[vocabulary]\nservices = [" Fuk Hong ", "Fuk Hong"]\nplaces = ["Kwai Chung", "聯合醫院"]\nother = ["Fuk Hong"]'
    )
    read = read_settings(write(tmp_path, text)).vocabulary
    assert read == Glossary(services=("Fuk Hong",), places=("Kwai Chung", "聯合醫院"), other=("Fuk Hong",))
    assert read.words == ("Fuk Hong", "Kwai Chung", "聯合醫院")


def test_languages_are_a_list_or_a_text(tmp_path: Path) -> None:
    for text in ('["EN", "yue", "en"]', '"en, yue"', '"en+yue"'):
        assert read_settings(write(tmp_path, f"[run]\nlanguages = {text}")).spoken == ("en", "yue")
    assert read_settings(write(tmp_path, '[run]\nlanguage = "yue"')).spoken == ("yue",)
    assert Settings().spoken == ()


def test_how_it_is_recognised_may_stand_in_the_environment() -> None:
    env = {"TRANSCRIBE_BEAM": "5", "TRANSCRIBE_SCHEDULE": "exact", "TRANSCRIBE_PRECISION": "float32"}
    found = with_overrides(Settings(), {**env, "TRANSCRIBE_VERBATIM": "true", "TRANSCRIBE_LANGUAGES": "en,yue"}, {})
    assert found == Settings(beam=5, schedule="exact", precision="float32", verbatim=True, languages=("en", "yue"))
    assert with_overrides(found, {}, {"verbatim": False, "beam": 1}).verbatim is False


def test_one_language_takes_the_place_of_several_from_a_lower_level_and_the_reverse() -> None:
    file = Settings(languages=("en", "yue"))
    assert with_overrides(file, {"TRANSCRIBE_LANGUAGE": "zh"}, {}).spoken == ("zh",)
    assert with_overrides(file, {"TRANSCRIBE_LANGUAGE": "zh"}, {"languages": "en,zh"}).spoken == ("en", "zh")
    assert with_overrides(Settings(language="en"), {"TRANSCRIBE_LANGUAGES": "zh"}, {}).spoken == ("zh",)
    assert with_overrides(file, {}, {"quality": "draft"}).spoken == ("en", "yue")


def test_one_language_and_several_on_one_level_are_refused() -> None:
    with pytest.raises(UsageError, match="--language and --languages cannot both"):
        with_overrides(Settings(), {}, {"language": "en", "languages": "en,yue"})
    with pytest.raises(UsageError, match="TRANSCRIBE_LANGUAGE and TRANSCRIBE_LANGUAGES cannot both"):
        with_overrides(Settings(), {"TRANSCRIBE_LANGUAGE": "en", "TRANSCRIBE_LANGUAGES": "en,yue"}, {})
