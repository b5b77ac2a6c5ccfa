"""Records as JSON, and back: `to_json` and `from_json` are exact inverses.

A field that a record does not know, a missing field or a wrong type raises `CorruptFileError`, so that a damaged file
is never silently rebuilt.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, TypeVar

from transcribe.errors import CorruptFileError

SCHEMA_VERSION = 1

Record = TypeVar("Record")

_RENAMED = {"class_": "class"}
"""Field names that are Python keywords in JSON."""


def to_plain(value: Any) -> Any:
    """A record as JSON-ready dicts, lists and scalars."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_RENAMED.get(f.name, f.name): to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def to_json(record: Any) -> bytes:
    """A record as UTF-8 JSON with `schema_version` first; the same record gives the same bytes."""
    plain = {"schema_version": SCHEMA_VERSION, **to_plain(record)}
    return (json.dumps(plain, ensure_ascii=False, indent=1) + "\n").encode()


def from_json(kind: type[Record], data: bytes, where: str) -> Record:
    """The record of type `kind` that `to_json` wrote.

    `where` names the file for the error message. Raises `CorruptFileError` for anything that is not exactly such a
    record: bad JSON, another schema version, a field unknown, missing or of a wrong type.
    """
    try:
        plain = json.loads(data)
    except ValueError as error:
        raise CorruptFileError(f"{where} is not valid JSON; restore it, or delete it to have it made again") from error
    if not isinstance(plain, dict) or plain.pop("schema_version", None) != SCHEMA_VERSION:
        raise CorruptFileError(f"{where} is not schema_version {SCHEMA_VERSION}; this program cannot read it")
    return typing.cast(Record, _parse(kind, plain, where))


def _parse(kind: Any, plain: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if dataclasses.is_dataclass(kind):
        return _parse_record(typing.cast(type[Any], kind), plain, where)
    if origin is tuple:
        return _parse_tuple(typing.get_args(kind), plain, where)
    if origin is Literal:
        if plain in typing.get_args(kind):
            return plain
    elif origin in (typing.Union, types.UnionType):
        for choice in typing.get_args(kind):
            if choice is type(None) and plain is None:
                return None
            if choice is not type(None) and plain is not None:
                return _parse(choice, plain, where)
    elif kind is float and isinstance(plain, int | float) and not isinstance(plain, bool):
        return float(plain)
    elif isinstance(plain, kind) and not (kind is int and isinstance(plain, bool)):
        return plain
    raise CorruptFileError(f"{where}: a value is not of the type that its field has")


def _parse_record(kind: type[Any], plain: Any, where: str) -> Any:
    if not isinstance(plain, dict):
        raise CorruptFileError(f"{where}: a {kind.__name__} is not an object")
    fields, required = _fields_of(typing.cast(Any, kind))
    if not required <= plain.keys() <= fields.keys():
        unknown, missing = sorted(plain.keys() - fields.keys()), sorted(required - plain.keys())
        raise CorruptFileError(f"{where}: a {kind.__name__} has unknown fields {unknown} or lacks {missing}")
    return kind(**{fields[name][0]: _parse(fields[name][1], item, where) for name, item in plain.items()})


@cache
def _fields_of(kind: type[Any]) -> tuple[dict[str, tuple[str, Any]], frozenset[str]]:
    """A record's fields and their types by their names in JSON, and which of them must be there.

    Kept, because finding it out takes longer than all else about a word, of which a recording has ten thousand.
    """
    hints = typing.get_type_hints(kind)
    fields = {_RENAMED.get(f.name, f.name): f for f in dataclasses.fields(kind)}
    required = frozenset(
        name
        for name, f in fields.items()
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    )
    return {name: (f.name, hints[f.name]) for name, f in fields.items()}, required


def _parse_tuple(args: tuple[Any, ...], plain: Any, where: str) -> Any:
    if not isinstance(plain, list):
        raise CorruptFileError(f"{where}: a list is missing")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_parse(args[0], item, where) for item in plain)
    if len(args) != len(plain):
        raise CorruptFileError(f"{where}: a pair does not have {len(args)} parts")
    return tuple(_parse(arg, item, where) for arg, item in zip(args, plain, strict=True))
