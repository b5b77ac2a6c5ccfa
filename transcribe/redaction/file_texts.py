"""What somebody can read in a finished file, whatever its format: for the checks that search it."""

import csv
import html
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_STYLE_PARTS = re.compile(
    r"word/(?:styles|stylesWithEffects|fontTable|settings|webSettings|numbering|theme/.*)\.xml"
    r"|xl/(?:styles|theme/.*)\.xml"
)
"""What of Office files holds names of fonts (Vani, Georgia …), and nothing that anybody typed."""
_TAG_NAME = re.compile(r"<[/!?]?(?:(\w+):)?(\w*)")
_INLINE = frozenset(["b", "i", "u", "em", "strong", "span", "a", "mark", "small", "sup", "sub", "font", "code"])
_WORD_BLOCKS = frozenset(["p", "br", "tab", "cr", "tr", "tc"])
_TAG = re.compile(r"(<[^>]*>)")
_ATTRIBUTE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARKUP = frozenset((".html", ".htm", ".xml", ".rels", ".qde", ".qdc", ".svg", ".eaf"))
_PLAIN_TAG = re.compile(r"<(?!/?seg>)[^>]*>")
"""What a player may take for bold type; `<seg>` is how some studies mark what was replaced."""
_GUID = r"[0-9A-F]{8}-[0-9A-F]{4}-5[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}"
_GUID_FILE = re.compile(rf"(?<![0-9A-Za-z]){_GUID}(?=\.[a-z0-9]{{2,5}}$)")
_TIMES = {
    ".eaf": re.compile(r'(TIME_VALUE=")\d+'),
    ".cha": re.compile("(\x15)\\d+_\\d+\x15"),
    ".stm": re.compile(r"(?m)^(\S+ 1 \S+) \d+\.\d{3} \d+\.\d{3} ?"),
    ".html": re.compile(r'( data-(?:start|end)=")\d+(?=")'),
    ".rttm": re.compile(r"(?m)^(SPEAKER \S+ 1) \d+\.\d{3} \d+\.\d{3} "),
}
"""Where a format has times as bare numbers, which are no telephone numbers; what was said is never in their place."""
_NUMBERS = frozenset(("start_ms", "end_ms", "pos0", "pos1"))
"""Columns of turns.csv with times and places."""
_NUMBER = re.compile(r"[0-9]+")
_OF_PROGRAMS = {
    ".qde": re.compile(
        r" (?:[a-zA-Z]*(?:GUID|DateTime|Path)|guid|path|creatingUser|modifyingUser|[a-z]*[Pp]osition|timeStamp)="
        rf'"(?:(?:internal://)?{_GUID}(?:\.[a-z0-9]{{2,5}})?|\d{{1,9}}|1980-01-01T00:00:00Z)"'
    ),
    ".qdc": re.compile(rf' guid="{_GUID}"'),
}
"""Attributes by which a project's parts refer to each other. Letters and digits of a GUID are chance: among a million
some are like a name, number or code.
"""
_IMAGE_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8")
"""Word's own thumbnail; only its readable strings can be searched."""


def readable_texts(name: str, data: bytes) -> tuple[str, ...]:
    """All that somebody can read in a file: its texts and, inside zip files, the members' names and texts.

    Raises `ValueError` for a file that cannot be read.
    """
    if not data.startswith(b"PK\x03\x04"):
        return tuple(file_views(name, data))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist() if not info.is_dir()]
    return tuple(text for inner, content in members for text in (without_guid(inner), *readable_texts(inner, content)))


def without_guid(name: str) -> str:
    """A file's name without the GUID that it is called after: its letters and digits are chance."""
    return _GUID_FILE.sub("", name)


def file_views(name: str, data: bytes) -> Iterator[str]:
    """The texts that a reader of this file may see, what belongs together on one line; `ValueError` for no text."""
    if data.startswith(_IMAGE_MAGIC):
        yield "\n".join(run.decode("ascii") for run in re.findall(rb"[ -~]{6,}", data))
        return
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    if "\x00" in text:
        raise ValueError("not a text")
    suffix = Path(name).suffix.casefold()
    text = _without_numbers(suffix, text)
    if suffix == ".json":
        yield "\n".join(_strings(json.loads(text)))
    elif suffix == ".csv":
        yield "\n".join(_cells(text))
    elif suffix == ".vtt":
        yield html.unescape(_TAG.sub("\n", text))
        yield "\n".join(_TAG.findall(text))
    elif suffix == ".srt":
        yield text
        if _PLAIN_TAG.search(text):
            yield _PLAIN_TAG.sub("", text)
    elif suffix == ".cha":
        # What would be code of CHAT is written full width there.
        yield unicodedata.normalize("NFKC", text).replace("\t", "\n")
    elif suffix in _MARKUP or text.lstrip()[:1] == "<":
        yield "\n".join(_COMMENT.findall(text))
        plain = _COMMENT.sub("", text)
        pieces = _TAG.split(plain)
        pieces[1::2] = [_instead_of(tag.partition(" ")[0]) for tag in pieces[1::2]]
        yield html.unescape("".join(pieces))
        if not _STYLE_PARTS.fullmatch(name.rpartition("!")[2]):
            yield html.unescape("\n".join([a or b for a, b in _ATTRIBUTE.findall(plain)]))
    else:
        yield text.replace("\t", "\n")


def _without_numbers(suffix: str, text: str) -> str:
    """The text without the times and GUIDs of its format."""
    if suffix in _OF_PROGRAMS:
        return _OF_PROGRAMS[suffix].sub("", text)
    return _TIMES[suffix].sub("\\1\n", text) if suffix in _TIMES else text


@lru_cache(maxsize=4096)
def _instead_of(tag: str) -> str:
    """What stands for a tag, whose name alone is looked at: nothing where a reader sees one word (a run, bold type),
    else the end of a line.
    """
    found = _TAG_NAME.match(tag)
    prefix, name = (found.group(1), found.group(2).casefold()) if found else (None, "")
    joins = name not in _WORD_BLOCKS if prefix in ("w", "a") else prefix is None and name in _INLINE
    return "" if joins else "\n"


def _cells(text: str) -> list[str]:
    limit = csv.field_size_limit(len(text) + 1)  # a monologue is longer than the module's default of 128 KiB
    try:
        rows = list(csv.reader(io.StringIO(text)))
        numbers = {place for place, head in enumerate(rows[0]) if head in _NUMBERS} if rows else set()
        return [
            cell
            for row in rows
            for place, cell in enumerate(row)
            if place not in numbers or not _NUMBER.fullmatch(cell)
        ]
    finally:
        csv.field_size_limit(limit)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
