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

from transcribe.errors import UsageError

Quality = Literal["auto", "draft", "standard", "best"]
Program = Literal["nvivo", "maxqda", "atlasti", "qualcoder", "taguette", "word"]
Paper = Literal["a4", "letter"]
Policy = Literal["strict", "hold"]

ENVIRONMENT_PREFIX = "TRANSCRIBE_"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a study is run with. `jobs` 0 and `language` "" mean: found out by the program."""

    quality: Quality = "auto"
    device: str = "auto"
    language: str = ""
    jobs: int = 0
    program: Program = "nvivo"
    paper: Paper = "a4"
    review: Literal["none"] = "none"
    policy: Policy = "strict"
    unconsented_voices: Literal["withhold", "keep"] = "withhold"
    pii_model: str = ""
    keep_voice_vectors: bool = True


_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "run": ("quality", "device", "language", "jobs"),
    "export": ("program", "paper"),
    "release": ("review",),
    "privacy": ("policy", "unconsented_voices", "pii_model", "keep_voice_vectors"),
}
"""Where each field of `Settings` stands in the file."""

_PATTERNS: Mapping[str, tuple[str, str]] = {
    "device": (r"auto|cpu|cuda(:\d{1,2})?", '"auto", "cpu", "cuda", or "cuda:1" for one graphics card of several'),
    "pii_model": (r"|(gliner|hf):.+", '"" or a model on this disk, "gliner:/path" or "hf:/path"'),
    "language": (r"|[a-z]{2,3}", 'a language code such as "en", "yue" or "zh", or "" to have it detected'),
}

_MOST_JOBS = 256
_TRUTHS = {"true": True, "false": False}


def settings_template() -> str:
    """The `study.toml` that `init` writes: every key with its default and what it does."""
    default = Settings()
    return f'''\
# Settings of this study. Lines that start with # are comments. No name of anybody belongs in here:
# people go into private/roster.csv, recordings into private/manifest.csv.

[run]
# auto: the best models that are there and fit this computer.
# standard, best: exactly those models. draft: quick, to try things out; every page says "DRAFT, not for coding".
quality = "{default.quality}"

# auto: the graphics card if there is one, else the processor. Or: cpu, cuda, cuda:1
device = "{default.device}"

# Language of the interviews: "en", "yue", "zh" ... Empty: detected. A row of the manifest can name its own.
language = "{default.language}"

# How many processors to work with. 0: all of them.
jobs = {default.jobs}

[export]
# The program that the coders use: {", ".join(typing.get_args(Program))}
program = "{default.program}"

# Paper of the Word transcripts: a4 or letter
paper = "{default.paper}"

[release]
# none: transcripts are released with the line "Review. none".
review = "{default.review}"

[privacy]
# What happens to names that nobody has looked at yet (transcribe decide STUDY).
# strict: they are replaced, until somebody says that they are none. hold: their recording waits, unreleased.
policy = "{default.policy}"

# Voices of people who did not consent (also_present in the manifest, and anybody else who walks in).
# withhold: their words become [third party, not transcribed]. keep: they are transcribed and de-identified.
unconsented_voices = "{default.unconsented_voices}"

# A second model that looks for names, beside the rules: "gliner:/path" or "hf:/path" on this disk. Empty: none.
pii_model = "{default.pii_model}"

# What each voice sounds like, as numbers: biometric data, in private/ only. false: deleted once the voices of a run are
# compared; later recordings are then not compared with those before them. (A person's: transcribe withdraw.)
keep_voice_vectors = {str(default.keep_voice_vectors).lower()}
'''


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
            values[key] = _checked(key, value, f"{what}, [{section}] {key}")
    return Settings(**values)


def with_overrides(settings: Settings, env: Mapping[str, str], flags: Mapping[str, object]) -> Settings:
    """`settings` with `TRANSCRIBE_QUALITY` and the like from `env` put over them, and `flags` over those.

    `flags` holds the command line's values by field name; None means that the flag was not given. An empty variable
    counts as not set. Raises `UsageError` for a value that is not allowed.
    """
    values: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        variable = ENVIRONMENT_PREFIX + field.name.upper()
        if text := env.get(variable, "").strip():
            number = field.type is int and re.fullmatch(r"\d{1,9}", text)
            value: object = int(text) if number else text
            if field.type is bool:
                value = _TRUTHS.get(text.lower(), text)
            values[field.name] = _checked(field.name, value, variable)
    known = [field.name for field in dataclasses.fields(Settings)]
    for name, value in flags.items():
        if name not in known:
            raise TypeError(f"no such setting: {name}")
        if value is not None:
            values[name] = _checked(name, value, f"--{name.replace('_', '-')}")
    return dataclasses.replace(settings, **values)


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
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_JOBS:
            raise UsageError(f"{where} must be a whole number from 0 (all processors) to {_MOST_JOBS}")
    else:
        pattern, allowed = _PATTERNS[name]
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            raise UsageError(f"{where} must be {allowed}")
    return value
