"""`study.toml`: the few settings of a study. It holds no name of anybody and can be shared."""

import dataclasses
import difflib
import re
import tomllib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transcribe.conventions import Conventions, Rendering
from transcribe.engines import Precision, Schedule
from transcribe.errors import UsageError
from transcribe.study import convention_settings
from transcribe.study.glossary import Glossary, checked_words
from transcribe.study.languages import read_languages

Quality = Literal["auto", "draft", "standard", "best"]
Program = Literal["nvivo", "maxqda", "atlasti", "qualcoder", "taguette", "dedoose", "word"]
Paper = Literal["a4", "letter"]
Policy = Literal["strict", "hold"]

ENVIRONMENT_PREFIX = "TRANSCRIBE_"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a study is run with. `jobs` 0, `language` "" and no `languages` mean: found out by the program.

    Of `language` (all is said in it) and `languages` (each stretch is in one of them), one at most is set.
    """

    quality: Quality = "auto"
    device: str = "auto"
    language: str = ""
    languages: tuple[str, ...] = ()
    jobs: int = 0
    schedule: Schedule = "fast"
    beam: int = 1
    precision: Precision = "auto"
    verbatim: bool = False
    program: Program = "nvivo"
    paper: Paper = "a4"
    review: Literal["none"] = "none"
    policy: Policy = "strict"
    unconsented_voices: Literal["withhold", "keep"] = "withhold"
    pii_model: str = ""
    keep_voice_vectors: bool = True
    vocabulary: Glossary = dataclasses.field(default=Glossary())
    rendering: Rendering = "verbatim"
    conventions: Conventions = dataclasses.field(default=Conventions())

    @property
    def spoken(self) -> tuple[str, ...]:
        """The languages that may be spoken, whichever way they were told; none: to be found."""
        return self.languages or ((self.language,) if self.language else ())


_RUN = ("quality", "device", "language", "languages", "jobs", "schedule", "beam", "precision", "verbatim")
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "run": _RUN,
    "export": ("program", "paper"),
    "release": ("review",),
    "privacy": ("policy", "unconsented_voices", "pii_model", "keep_voice_vectors"),
    "conventions": ("rendering", *convention_settings.KEYS),
    "vocabulary": tuple(field.name for field in dataclasses.fields(Glossary)),
}
"""Where each field of `Settings` stands in the file; those of its `vocabulary` and `conventions` have sections."""

_PATTERNS: Mapping[str, tuple[str, str]] = {
    "device": (r"auto|cpu|cuda(:\d{1,2})?", '"auto", "cpu", "cuda", or "cuda:1" for one graphics card of several'),
    "pii_model": (r"|(gliner|hf):.+", '"" or a model on this disk, "gliner:/path" or "hf:/path"'),
}

_NUMBERS: Mapping[str, tuple[int, int, str]] = {
    "jobs": (0, 256, "0 (all processors) to 256"),
    "beam": (1, 10, "1 to 10"),
}
_ONE_OR_SEVERAL = ("language", "languages")
_TRUTHS = {"true": True, "false": False}


def read_settings(path: Path) -> Settings:
    """The settings at `path`; what the file leaves out has its default.

    Raises `UsageError` for a file that cannot be read, a section or key that does not exist (naming the nearest one)
    and a value that is not allowed (naming those that are).
    """
    what = path.name
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(
            f"{what} is missing: make the study with `transcribe init AUDIO_FOLDER --study STUDY`"
        ) from error
    except OSError as error:
        raise UsageError(f"{what} cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not UTF-8 text: save it as UTF-8 in your editor") from error
    try:
        sections = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f'{what} is not valid TOML: {error}. A line reads: quality = "auto"') from error
    values: dict[str, Any] = {}
    for section, content in sections.items():
        if section not in _SECTIONS:
            raise UsageError(_unknown(what, section, content))
        if not isinstance(content, dict):
            raise UsageError(f"{what}: {section} must be a section: write [{section}] on a line of its own")
        for key, value in content.items():
            if key not in _SECTIONS[section]:
                raise UsageError(_unknown(f"{what}, [{section}]", key, value, section))
            where = f"{what}, [{section}] {key}"
            if section == "vocabulary":
                values[key] = checked_words(value, where)
            elif key in convention_settings.KEYS:
                values[key] = convention_settings.checked_convention(key, value, where)
            else:
                values[key] = _checked(key, value, where)
    glossary = Glossary(**{key: values.pop(key) for key in _SECTIONS["vocabulary"] if key in values})
    conventions = Conventions(**{key: values.pop(key) for key in convention_settings.KEYS if key in values})
    convention_settings.check_together(conventions, f"{what}, [conventions]")
    _refuse_both(values, f"{what}, [run]: language", "languages")
    return Settings(**values, vocabulary=glossary, conventions=conventions)


def with_overrides(settings: Settings, env: Mapping[str, str], flags: Mapping[str, object]) -> Settings:
    """`settings` with `TRANSCRIBE_QUALITY` and the like from `env` put over them, and `flags` over those.

    `flags` holds the command line's values by field name; None means that the flag was not given. An empty variable
    counts as not set. Raises `UsageError` for a value that is not allowed.
    """
    values: dict[str, Any] = {}
    fields = [field for field in dataclasses.fields(Settings) if field.name not in ("vocabulary", "conventions")]
    for field in fields:
        variable = ENVIRONMENT_PREFIX + field.name.upper()
        if text := env.get(variable, "").strip():
            number = field.type is int and re.fullmatch(r"\d{1,9}", text)
            value: object = int(text) if number else text
            if field.type is bool:
                value = _TRUTHS.get(text.lower(), text)
            values[field.name] = _checked(field.name, value, variable)
    _refuse_both(values, ENVIRONMENT_PREFIX + "LANGUAGE", ENVIRONMENT_PREFIX + "LANGUAGES")
    said: dict[str, Any] = {}
    for name, value in flags.items():
        if name not in [field.name for field in fields]:
            raise TypeError(f"no such setting: {name}")
        if value is not None:
            said[name] = _checked(name, value, f"--{name.replace('_', '-')}")
    _refuse_both(said, "--language", "--languages")
    for told in (values, said):
        settings = dataclasses.replace(settings, **_other_one_cleared(told))
    return settings


def _refuse_both(values: Mapping[str, Any], one: str, several: str) -> None:
    if all(values.get(name) for name in _ONE_OR_SEVERAL):
        raise UsageError(f"{one} and {several} cannot both be given: name one language, or those that may be spoken")


def _other_one_cleared(told: Mapping[str, Any]) -> dict[str, Any]:
    """What was told on one level, where a language takes the place of those of the level below, and the reverse."""
    default = Settings()
    cleared = {
        name: getattr(default, name) for name in _ONE_OR_SEVERAL if any(other in told for other in _ONE_OR_SEVERAL)
    }
    return {**cleared, **told}


def _unknown(where: str, name: str, value: object, section: str = "") -> str:
    """What to say of a name that is none: the section it belongs to, or the nearest name."""
    home = next((s for s, keys in _SECTIONS.items() if name in keys), "")
    if home and home != section and not isinstance(value, dict):
        return f"{where}: {name} belongs under [{home}]"
    names = list(_SECTIONS[section] if section else _SECTIONS)
    kind = "key" if section else "section"
    near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
    if near:
        return f'{where}: there is no {kind} "{name}"; did you mean "{near[0]}"?'
    return f'{where}: there is no {kind} "{name}"; there are: {", ".join(names)}'


def _checked(name: str, value: object, where: str) -> object:
    """`value` if the field `name` may have it; raises `UsageError` naming what it may have."""
    hint = typing.get_type_hints(Settings)[name]
    if name == "review" and value == "required":
        raise UsageError(
            f'{where}: "required" needs the review application, which is not part of this version; write "none"'
        )
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        if value not in choices or not isinstance(value, str):
            raise UsageError(f"{where} must be one of: {', '.join(choices)}")
    elif hint is bool:
        if not isinstance(value, bool):
            raise UsageError(f"{where} must be true or false, without quotation marks")
    elif hint is int:
        least, most, allowed = _NUMBERS[name]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise UsageError(f"{where} must be a whole number from {allowed}")
    elif name in _ONE_OR_SEVERAL:
        return _languages(name, value, where)
    else:
        pattern, allowed = _PATTERNS[name]
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise UsageError(f"{where} must be {allowed}")
    return value


def _languages(name: str, value: object, where: str) -> str | tuple[str, ...]:
    """Languages as a text (`en,yue`) or, where there may be several, as a list."""
    several = name == "languages"
    if several and isinstance(value, list) and all(isinstance(code, str) for code in value):
        value = ",".join(value)
    if not isinstance(value, str):
        raise UsageError(f"{where} must be {'a list of codes' if several else 'a code'} in quotation marks, or empty")
    try:
        codes = read_languages(value)
    except UsageError as error:
        raise UsageError(f"{where} {error.message}; empty: it is detected") from error
    if several:
        return codes
    if len(codes) > 1:
        raise UsageError(f'{where} must be one code, such as "en"; for several, there is: languages')
    return codes[0] if codes else ""
