"""The version of the rules, taken from the rules: a change of any makes redaction and its checks run again."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

_PACKAGES = ("transcribe.redaction", "transcribe.release_check")
"""What finds and replaces, and what looks a second time. Too much rather than too little: a version that somebody must
raise by hand is forgotten once."""


@cache
def rules_digest() -> str:
    """sha256 over the source and the word lists of the rules, for the detector's fingerprint; read once."""
    whole = hashlib.sha256()
    for package in _PACKAGES:
        for name, file in sorted(_files_of(files(package), package)):
            whole.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _files_of(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        inner = f"{name}/{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _files_of(entry, inner)
        elif entry.is_file() and not entry.name.startswith("."):
            yield inner, entry
