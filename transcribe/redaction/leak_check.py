"""The last look: are names, numbers or places of the key anywhere in the finished files?

Independent of the first pass: it reads the files as they will be handed over, not records, and compares squeezed text
(letters and digits only) instead of words. What is searched for is the first pass's policy (`surfaces.rule_for`): a
name that is an ordinary word counts only where it is used as a name.

Many files of a release hold the same text, so a text is read once for all that anybody's files may not hold; which of
it a file may not hold is then looked up.
"""

import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transcribe.redaction.decisions import Level
from transcribe.redaction.file_texts import file_views, without_guid
from transcribe.redaction.known_search import DIGITS_MIN, KnownSearch, Seen
from transcribe.redaction.known_surfaces import KnownSurface, every_surface, known_surfaces, label_words, not_said
from transcribe.redaction.registry import Registry, all_marks
from transcribe.redaction.rejections import is_said_somewhere, said_by
from transcribe.study.roster import RosterEntry

_ZIP_DEPTH = 3
_ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
_NOTHING = Seen((), frozenset(), frozenset())


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
    docx and qdpx, down to zips in zips. Marks of the registry are masked first, after a look at their labels; of others
    all but the label is searched. A file that cannot be read is itself a leak of kind `unreadable`: what cannot be
    checked is not released.

    What is replaced only above `level` may be there. `frame` holds the same files as they are without any speech: a
    line that stands in there is ours ("| Mark | means |" beside a participant called Mark) and is not searched.
    `scopes` gives the pair of the recordings that files are called after (`turns.csv` is nobody's): what people
    rejected in one pair may stand in that pair's files alone.
    """
    frame = frame or {}
    files = _Scopes(registry, roster, level, scopes or {})
    reader = _Reader(files.search)
    leaks: set[Leak] = set()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() or p.is_symlink()):
        name = path.relative_to(folder).as_posix()
        scope = files.scope_of(path.name.partition(".")[0])
        looks = [_Look("", "name", reader.look(_spaced(name)))]
        if path.is_symlink():
            looks.append(_Look("", "unreadable"))
        else:
            looks += reader.read(name, path.read_bytes(), frame.get(name), _ZIP_DEPTH)
        leaks |= {Leak(name + look.member, entity, kind) for look in looks for entity, kind in scope.leaks(look)}
    return tuple(sorted(leaks))


def text_check(registry: Registry, roster: Sequence[RosterEntry], level: Level = "team") -> Callable[[str], bool]:
    """Whether a text, of whatever pair, holds anything that roster or registry know, as `find_leaks` would find it."""
    surfaces = known_surfaces(registry, roster, level)
    search = KnownSearch(surfaces, all_marks(registry))
    scope = _Scope(search, surfaces, label_words(registry))
    return lambda text: any(True for _ in scope.find(search.look(text)))


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen in a text of a file or in a name, whoever's it is; `member` is empty or `!` and a member's name.

    `kind` is `text`, `name` or `unreadable`.
    """

    member: str
    kind: str
    seen: Seen = _NOTHING


class _Scope:
    """What must not stand in the files of one pair, or of the whole study."""

    def __init__(self, search: KnownSearch, surfaces: Sequence[KnownSurface], labels: frozenset[str]) -> None:
        wanted = [search.wanted[surface] for surface in surfaces if surface in search.wanted]
        self._labels = labels
        self._wanted = frozenset(wanted)
        self._names = {name: known.surface.entity for known in wanted for name in known.names}
        self._digits: dict[str, str] = {}
        for known in wanted:
            if len(known.digits) >= DIGITS_MIN:
                self._digits.setdefault(known.digits, known.surface.entity)

    def find(self, seen: Seen) -> Iterator[tuple[str, str]]:
        """`(entity, kind)` of everything that was seen and is wanted."""
        for word in seen.labels:
            if word not in self._labels and word.casefold() in self._names:
                yield self._names[word.casefold()], "mark"
        for known, kind in seen.surfaces:
            if known in self._wanted:
                yield known.surface.entity, kind
        for digits in seen.digits:
            if digits in self._digits:
                yield self._digits[digits], "digits"

    def leaks(self, look: _Look) -> Iterator[tuple[str, str]]:
        """The same as it is reported of a file."""
        if look.kind == "unreadable":
            yield "", "unreadable"
        for entity, kind in self.find(look.seen):
            yield entity, "name" if look.kind == "name" else kind


class _Scopes:
    """What is wanted in which file, each made once."""

    def __init__(
        self, registry: Registry, roster: Sequence[RosterEntry], level: Level, scopes: Mapping[str, str]
    ) -> None:
        self._registry, self._level, self._scopes = registry, level, scopes
        self._pairs = {pair for entity in registry.entities for pair in entity.pairs}
        self._surfaces = every_surface(registry, roster, level)
        self._labels = label_words(registry)
        self._said = said_by(registry, level)
        self._made: dict[str | None, _Scope] = {}
        self.search = KnownSearch(self._surfaces, all_marks(registry))

    def scope_of(self, stem: str) -> _Scope:
        """Of the pair that a file's name, without its ending, belongs to; else of the whole study."""
        code = max((pair for pair in self._pairs if f"{stem}-".startswith(f"{pair}-")), key=len, default=None)
        scope = self._scopes.get(stem, code)
        if scope not in self._made:
            said = is_said_somewhere(self._registry, self._level) if scope is None else self._said(scope)
            self._made[scope] = _Scope(self.search, not_said(self._surfaces, said), self._labels)
        return self._made[scope]


class _Reader:
    """Reads files, and every text that stands in several of them once."""

    def __init__(self, search: KnownSearch) -> None:
        self._search = search
        self._seen: dict[bytes, Seen] = {}
        self._zips: dict[tuple[bytes, bytes], list[_Look]] = {}

    def look(self, text: str) -> Seen:
        """What stands in a text."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if key not in self._seen:
            self._seen[key] = self._search.look(text)
        return self._seen[key]

    def read(self, name: str, data: bytes, frame: bytes | None, depth: int) -> list[_Look]:
        """All looks into a file; of a zip, into `depth` zips in each other."""
        if data.startswith(_ZIP_MAGIC):
            return self._read_zip(data, frame or _EMPTY_ZIP, depth)
        try:
            views = list(file_views(name, data))
        except (UnicodeDecodeError, ValueError, RecursionError, csv.Error):
            return [_Look("", "unreadable")]
        ours = set() if frame is None else {line for view in file_views(name, frame) for line in view.split("\n")}
        said = ("\n".join([line for line in view.split("\n") if line not in ours]) for view in views)
        return [_Look("", "text", self.look(text)) for text in said]

    def _read_zip(self, data: bytes, frame: bytes, depth: int) -> list[_Look]:
        key = hashlib.sha256(data).digest(), hashlib.sha256(frame).digest()
        if depth == 0:
            return [_Look("", "unreadable")]
        if key in self._zips:
            return self._zips[key]
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                comments = archive.comment + b"\n" + b"\n".join(info.comment for info in archive.infolist())
                members = [(info.filename, archive.read(info)) for info in archive.infolist() if not info.is_dir()]
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zipfile.LargeZipFile):
            return [_Look("", "unreadable")]
        with zipfile.ZipFile(io.BytesIO(frame)) as archive:
            frames = {info.filename: archive.read(info) for info in archive.infolist()}
        looks = [_Look("", "text", self.look(comments.decode("utf-8", "replace")))]
        for member, content in members:
            looks.append(_Look(f"!{member}", "name", self.look(_spaced(member))))
            inner = self.read(f"!{member}", content, frames.get(member), depth - 1)
            looks += [replace(look, member=f"!{member}{look.member}") for look in inner]
        if not any(content.startswith(_ZIP_MAGIC) for _, content in members):  # then `depth` plays no part
            self._zips[key] = looks
        return looks


def _spaced(name: str) -> str:
    """The name of a file as words."""
    return re.sub(r"[/_]", " ", without_guid(name))
