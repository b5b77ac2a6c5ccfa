"""The check of finished files as it was before it was made quick: one surface after the other, one sign after the
other. What it finds is what the quick one has to find (`test_leak_check_oracle.py`).
"""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.leak_check_slow_texts import file_views
from transcribe.conventions import without_signs
from transcribe.redaction.decisions import Level
from transcribe.redaction.known_surfaces import KnownSurface, known_surfaces, label_words
from transcribe.redaction.lexicon import is_common, is_name_use
from transcribe.redaction.numbers import digits_of
from transcribe.redaction.registry import MARK, Registry, all_marks
from transcribe.redaction.rejections import is_said_somewhere, may_be_said
from transcribe.redaction.surfaces import rule_for
from transcribe.redaction.tokens import fold, tokens
from transcribe.study.roster import RosterEntry

SQUEEZED_MIN = 6
"""From this many letters on, a surface is found whatever spaces and signs stand inside (`J.anet-L au`)."""
SPELLED_MIN = 4
DIGITS_MIN = 6
_ZIP_DEPTH = 3
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
_BARRIER = "\ue000"
_NUMBERS = r"\d{1,2}-\d{1,2}|90\+|(19|20)\d\d(-(0[1-9]|1[0-2]))?"
_DIGIT_RUN = re.compile(r"\d(?:[ .()\-–]{0,2}\d)+")


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something of the key in a file: where, what (by id, never the text), and in which form.

    `file` is relative to the folder searched, `!` and the member's name added inside a zip; `kind` is `text`, `name`
    (of a file), `spelled`, `digits`, `mark` (a name is a mark's label) or `unreadable`.
    """

    file: str
    entity: str
    kind: str


def find_leaks(
    folder: Path,
    roster: Sequence[RosterEntry],
    registry: Registry,
    frame: Mapping[str, bytes] | None = None,
    level: Level = "team",
    scopes: Mapping[str, str] | None = None,
) -> tuple[Leak, ...]:
    """Everything of roster and registry in every file below `folder`, and in the files' names; sorted, each once.

    Text, CSV, JSON (escapes undone), HTML and XML (tags removed, attributes too) and every member of zip files such as
    docx and qdpx, down to zips in zips. Marks are masked first, after a look at their labels. A file that cannot be
    read is itself a leak of kind `unreadable`: what cannot be checked is not released.

    What is replaced only above `level` may be there. `frame` holds the same files as they are without any speech: a
    line that stands in there is ours ("| Mark | means |" beside a participant called Mark) and is not searched.
    `scopes` gives the pair of the recordings that files are called after (`turns.csv` is nobody's): what people
    rejected in one pair may stand in that pair's files alone.
    """
    frame = frame or {}
    searches = _Searches(registry, roster, level, scopes or {})
    leaks: set[Leak] = set()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() or p.is_symlink()):
        name = path.relative_to(folder).as_posix()
        wanted = searches.of_file(path.stem)
        leaks |= {Leak(name, entity, "name") for entity, _ in wanted.find(re.sub(r"[/_]", " ", name))}
        if path.is_symlink():
            leaks.add(Leak(name, "", "unreadable"))
            continue
        leaks |= set(_search(name, path.read_bytes(), frame.get(name), wanted, _ZIP_DEPTH))
    return tuple(sorted(leaks))


class _Searches:
    """What is wanted in which file, each made once."""

    def __init__(
        self, registry: Registry, roster: Sequence[RosterEntry], level: Level, scopes: Mapping[str, str]
    ) -> None:
        self._registry, self._roster, self._level, self._scopes = registry, roster, level, scopes
        self._pairs = {pair for entity in registry.entities for pair in entity.pairs}
        self._made: dict[str | None, _Wanted] = {}

    def of_file(self, stem: str) -> "_Wanted":
        """Of the pair that a file's name, without its ending, belongs to; else of the whole study."""
        code = max((pair for pair in self._pairs if f"{stem}-".startswith(f"{pair}-")), key=len, default=None)
        scope = self._scopes.get(stem, code)
        if scope not in self._made:
            said = (
                is_said_somewhere(self._registry, self._level)
                if scope is None
                else may_be_said(self._registry, self._level, scope)
            )
            surfaces = known_surfaces(self._registry, self._roster, self._level, said)
            self._made[scope] = _Wanted(surfaces, label_words(self._registry), all_marks(self._registry))
        return self._made[scope]


def text_check(registry: Registry, roster: Sequence[RosterEntry], level: Level = "team") -> Callable[[str], bool]:
    """Whether a text, of whatever pair, holds anything that roster or registry know, as `find_leaks` would find it."""
    wanted = _Wanted(known_surfaces(registry, roster, level), label_words(registry), all_marks(registry))
    return lambda text: any(True for _ in wanted.find(text))


def _search(name: str, data: bytes, frame: bytes | None, wanted: "_Wanted", depth: int) -> Iterator[Leak]:
    if data.startswith(b"PK\x03\x04"):
        yield from _search_zip(name, data, frame, wanted, depth)
        return
    try:
        views = list(file_views(name, data))
    except (UnicodeDecodeError, ValueError, RecursionError, csv.Error):
        yield Leak(name, "", "unreadable")
        return
    ours = set() if frame is None else {line for view in file_views(name, frame) for line in view.split("\n")}
    for view in views:
        said = "\n".join(line for line in view.split("\n") if line not in ours)
        for entity, kind in wanted.find(said):
            yield Leak(name, entity, kind)


def _search_zip(name: str, data: bytes, frame: bytes | None, wanted: "_Wanted", depth: int) -> Iterator[Leak]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            comments = archive.comment + b"\n" + b"\n".join(info.comment for info in archive.infolist())
            members = [(info.filename, archive.read(info)) for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zipfile.LargeZipFile):
        yield Leak(name, "", "unreadable")
        return
    if depth == 0:
        yield Leak(name, "", "unreadable")
        return
    with zipfile.ZipFile(io.BytesIO(frame or _EMPTY_ZIP)) as archive:
        frames = {info.filename: archive.read(info) for info in archive.infolist()}
    for entity, kind in wanted.find(comments.decode("utf-8", "replace")):
        yield Leak(name, entity, kind)
    for member, content in members:
        inner = f"{name}!{member}"
        for entity, _ in wanted.find(re.sub(r"[/_]", " ", member)):
            yield Leak(inner, entity, "name")
        yield from _search(inner, content, frames.get(member), wanted, depth - 1)


class _Wanted:
    """All surfaces, squeezed, ready to be searched in a text."""

    def __init__(self, surfaces: Sequence[KnownSurface], labels: frozenset[str], marks: Sequence[str] = ()) -> None:
        self._marks = marks
        self._labels = labels
        self._words: dict[str, str] = {}
        self._plain: list[tuple[str, str, KnownSurface]] = []
        self._digits: dict[str, str] = {}
        for surface in surfaces:
            squeezed, breaks = _squeeze(surface.text)[0], _breaks(surface.text)
            if rule_for(surface.text) == "never" or not squeezed:
                continue
            self._plain.append((squeezed, breaks, surface))
            self._words |= {word: surface.entity for word in [squeezed, *breaks.split()] if not is_common(word)}
            digits = digits_of(surface.text)
            if len(digits) >= DIGITS_MIN:
                self._digits.setdefault(digits, surface.entity)

    def _mask(self, match: re.Match[str]) -> str:
        """A barrier for a mark of ours or one with numbers of an age or date; what is in any other stays."""
        mark = match.group()
        band = mark[mark.index(" ") + 1 : -1] if " " in mark else ""
        if " ".join(mark.split()) in self._marks or re.fullmatch(_NUMBERS, band):
            return _BARRIER
        return _BARRIER + (band + _BARRIER if band else "")

    def find(self, text: str) -> Iterator[tuple[str, str]]:
        """`(entity, kind)` of every surface in `text`."""
        # Signs of conventions part neither a name (`Janet //Lau//`) nor a number (`9123 (2.0) 4567`).
        text = without_signs(unicodedata.normalize("NFC", text))
        for mark in MARK.finditer(text):
            # The number of a mark says nothing: `[PHONE_4]` holds no part of `912 double 4`.
            for part in re.findall(r"[A-Z]{2,}", mark.group().partition(" ")[0]):
                if part not in self._labels and part.casefold() in self._words:
                    yield self._words[part.casefold()], "mark"
        masked = MARK.sub(self._mask, text)
        squeezed, places = _squeeze(masked)
        for wanted, breaks, surface in self._plain:
            position = squeezed.find(wanted)
            while position >= 0:
                start, end = places[position], places[position + len(wanted) - 1] + 1
                kind = _judge(masked, start, end, wanted, breaks, surface)
                if kind:
                    yield surface.entity, kind
                    break
                position = squeezed.find(wanted, position + 1)
        if self._digits:
            for run in _DIGIT_RUN.finditer(masked):
                digits = re.sub(r"\D", "", run.group())
                for wanted, entity in self._digits.items():
                    if wanted in digits:
                        yield entity, "digits"


def _squeeze(text: str) -> tuple[str, list[int]]:
    """Letters and digits of `text`, case-folded and without accents, and where each comes from."""
    letters: list[str] = []
    places: list[int] = []
    for position, character in enumerate(text):
        if character.isascii():
            plain = character.lower() if character.isalnum() else ""
        elif character == _BARRIER:
            plain = character
        else:
            plain = "".join(
                c
                for c in unicodedata.normalize("NFKD", character.casefold())
                if c.isalnum() and not unicodedata.combining(c)
            )
        letters.append(plain)
        places.extend([position] * len(plain))
    return "".join(letters), places


def _breaks(text: str) -> str:
    """The words of `text`, squeezed and joined by a space: where its words end."""
    return " ".join(_squeeze(word)[0] for word in re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text))


def _judge(text: str, start: int, end: int, wanted: str, breaks: str, surface: KnownSurface) -> str:
    """`text` or `spelled` when `text[start:end]` is the surface as a reader would see it; empty when it is not."""
    if rule_for(surface.text) == "substring":
        return "text"
    if text[start - 1 : start].isalnum() or (text[end : end + 1].isalnum() and not _plural(text, end)):
        return ""
    part = text[start:end]
    same = _breaks(part) == breaks
    words = [_squeeze(word)[0] for word in re.findall(r"[^\W_]+", part)]
    if len(words) > SPELLED_MIN - 1 and all(len(word) == 1 for word in words) and not same:
        return "spelled"
    if not same and (len(wanted) < SQUEEZED_MIN or all(is_common(fold(word)) for word in words)):
        return ""
    if "\n\n" in part or (not same and "\n" in part):
        return ""
    return "text" if _is_used_as_name(text, start, end, surface) else ""


def _plural(text: str, end: int) -> bool:
    """Whether only an `s` follows: `Janets`."""
    return text[end : end + 1] == "s" and not text[end + 1 : end + 2].isalnum()


def _is_used_as_name(text: str, start: int, end: int, surface: KnownSurface) -> bool:
    """Applies the rule under which the surface is searched: ordinary words and two letters need capitals."""
    rule = rule_for(surface.text, surface.any_case)
    part = text[start:end]
    if rule == "capital":
        return part[:1].isupper()
    if rule == "capitals":
        return all(word.text[0].isupper() for word in tokens(part))
    if rule == "name":
        begin = max(text.rfind("\n", 0, start) + 1, start - 200)
        stop = text.find("\n", end)
        line = text[begin : stop if stop >= 0 else len(text)][:500]
        words = tokens(line)
        index = next((i for i, word in enumerate(words) if word.start == start - begin), None)
        return index is not None and is_name_use(line, words, index)
    return True
