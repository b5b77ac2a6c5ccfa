"""What `leak_check_slow.py` reads in a file."""

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

_STYLE_PARTS = re.compile(r"word/(?:styles|stylesWithEffects|fontTable|settings|webSettings|numbering|theme/.*)\.xml")
_TAG_NAME = re.compile(r"<[/!?]?(?:(\w+):)?(\w*)[^>]*>")
_INLINE = frozenset(["b", "i", "u", "em", "strong", "span", "a", "mark", "small", "sup", "sub", "font", "code"])
_WORD_BLOCKS = frozenset(["p", "br", "tab", "cr", "tr", "tc"])
_TAG = re.compile(r"<[^>]*>")
_ATTRIBUTE = re.compile(r"""=\s*(?:"([^"]*)"|'([^']*)')""")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARKUP = frozenset((".html", ".htm", ".xml", ".rels", ".qde", ".qdc", ".svg"))
_IMAGE_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8")
"""Word's own thumbnail; only its readable strings can be searched."""


def file_views(name: str, data: bytes) -> Iterator[str]:
    """The texts that a reader of this file may see, what belongs together on one line; `ValueError` for no text."""
    if data.startswith(_IMAGE_MAGIC):
        yield "\n".join(run.decode("ascii") for run in re.findall(rb"[ -~]{6,}", data))
        return
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    if "\x00" in text:
        raise ValueError("not a text")
    suffix = Path(name).suffix.casefold()
    if suffix == ".json":
        yield "\n".join(_strings(json.loads(text)))
    elif suffix == ".csv":
        yield "\n".join(cell for row in csv.reader(io.StringIO(text)) for cell in row)
    elif suffix in (".vtt", ".srt"):
        yield html.unescape(_TAG.sub("\n", text))
        yield "\n".join(_TAG.findall(text))
    elif suffix in _MARKUP or text.lstrip()[:1] == "<":
        yield "\n".join(_COMMENT.findall(text))
        plain = _COMMENT.sub("", text)
        yield html.unescape(_TAG_NAME.sub(_between, plain))
        if not _STYLE_PARTS.fullmatch(name.rpartition("!")[2]):
            yield "\n".join(html.unescape(a or b) for a, b in _ATTRIBUTE.findall(plain))
    else:
        yield text.replace("\t", "\n")


def _between(tag: re.Match[str]) -> str:
    """What stands for a tag: nothing where a reader sees one word (a run, bold type), else the end of a line."""
    prefix, name = tag.group(1), tag.group(2).casefold()
    joins = name not in _WORD_BLOCKS if prefix in ("w", "a") else prefix is None and name in _INLINE
    return "" if joins else "\n"


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
