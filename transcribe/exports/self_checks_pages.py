"""Checks of the pages to read, made on their bytes: they show what turns.csv says, and load and run nothing else."""

import re
from collections.abc import Collection, Mapping, Sequence
from html.parser import HTMLParser

from transcribe.errors import ValidationError
from transcribe.exports import dyad_page, html_page, page_frame
from transcribe.exports.bundle_files import TRANSCRIPT_PATHS
from transcribe.exports.html_page import PageTurn
from transcribe.exports.manifest import TranscriptEntry
from transcribe.exports.study_text import StudyText
from transcribe.exports.turns import TurnRow

_TAGS = re.compile(
    "html|head|meta|title|style|script|body|header|main|aside|nav|section|div|h[1-4]|p|ul|li|a|b|i|mark|span|svg|rect"
)
_ATTRIBUTES = re.compile(
    "aria-(?:hidden|label)|charset|class|content|data-[a-z]+|dir|height|href|http-equiv|id|lang|name|"
    "preserveaspectratio|tabindex|title|viewbox|width|x|y"
)


def check_pages(files: Mapping[str, bytes], study: StudyText) -> None:
    """Raises `ValidationError` for the first page that shows anything but its transcripts, or is not closed in itself.

    The message names the transcript or pair and quotes nothing.
    """
    if "html" in study.settings.formats:
        for entry in study.transcripts:
            _check_transcript(files[TRANSCRIPT_PATHS["html"].format(entry.id)], entry, study)
    if "dyads" in study.settings.formats:
        for path in dyad_page.paths(study):
            code = path.removeprefix("dyads/").removesuffix(".html")
            _check_dyad(files[path], dyad_page.pair_of(study, code), study)


def _check_transcript(data: bytes, entry: TranscriptEntry, study: StudyText) -> None:
    found, rows = html_page.parse(data), study.rows[entry.id]
    if "\n".join(found.lines) != study.text(entry).replace("\r\n", "\n"):
        raise _failure(entry.id, "the html and the txt differ")
    if [_facts(turn) for turn in found.turns] != [_row_facts(row) for row in rows]:
        raise _failure(entry.id, "the html and turns.csv differ")
    _check_closed(entry.id, data, html_page.transcript_styles(entry.id, draft=entry.draft), ())


def _check_dyad(data: bytes, pair: dyad_page.Pair, study: StudyText) -> None:
    names = [interview.entry.id for side in pair.sides for interview in side]
    wanted = {
        dyad_page.anchor_of(name, row.turn): (dyad_page.anchor_of(name, row.turn), *_row_facts(row)[1:])
        for name in names
        for row in study.rows[name]
    }
    found = html_page.parse(data).turns
    if len(found) != len(wanted) or {turn.id: _facts(turn) for turn in found} != wanted:
        raise _failure(pair.code, "the page of the pair and turns.csv differ")
    shown = [*names, *(entry.id for entry in pair.sessions)]
    targets = {dyad_page.link_to(study, name) for name in shown}
    targets |= {dyad_page.link_to(study, name, row.turn) for name in names for row in study.rows[name]}
    draft = any(interview.entry.draft for side in pair.sides for interview in side)
    _check_closed(pair.code, data, dyad_page.styles(pair.code, draft=draft), targets)


def _facts(turn: PageTurn) -> tuple[object, ...]:
    return turn.id, turn.speaker, turn.start_ms, turn.end_ms, turn.text, turn.flags, turn.question


def _row_facts(row: TurnRow) -> tuple[object, ...]:
    return row.turn, row.speaker, row.start_ms, row.end_ms, row.text, row.flags, row.question


def _check_closed(name: str, data: bytes, styles: Sequence[str], targets: Collection[str]) -> None:
    """A page holds our script and styles alone, allows no other, and leads to itself and `targets` alone."""
    found = _Markup()
    found.feed(data.decode())
    found.close()
    script = page_frame.asset("reading.js")
    if found.strange or found.texts["script"] != [script] or found.texts["style"] != list(styles):
        raise _failure(name, "a page holds markup, a style or a script that is not ours")
    if found.policies != [page_frame.policy(styles, script)]:
        raise _failure(name, "a page does not forbid to load anything")
    if len(set(found.ids)) < len(found.ids):
        raise _failure(name, "two elements of a page have one id")
    inner = {f"#{anchor}" for anchor in found.ids}
    if not inner.union(targets).issuperset(found.links):
        raise _failure(name, "a link of a page leads nowhere, or out of the bundle")


class _Markup(HTMLParser):
    """Collects what a page could load, run or lead to; `strange` is whether there is anything that ours never have."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.strange = False
        self.links: list[str] = []
        self.ids: list[str] = []
        self.policies: list[str] = []
        self.texts: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        self.strange |= not _TAGS.fullmatch(tag) or len(set(names)) < len(names)
        for name, value in attrs:
            self.strange |= not _ATTRIBUTES.fullmatch(name)
            if name == "href":
                self.links.append(value or "")
            elif name == "id":
                self.ids.append(value or "")
        told = dict(attrs)
        self.strange |= "http-equiv" in told and told["http-equiv"] != "Content-Security-Policy"
        if "http-equiv" in told:
            self.strange |= bool(self.texts["style"] or self.texts["script"])  # it holds for what comes after it
            self.policies.append(told.get("content") or "")
        if tag in self.texts:
            self.texts[tag].append("")
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside][-1] += data

    def handle_comment(self, data: str) -> None:
        self.strange = True

    def handle_pi(self, data: str) -> None:
        self.strange = True

    def unknown_decl(self, data: str) -> None:
        self.strange = True


def _failure(name: str, check: str) -> ValidationError:
    return ValidationError(f"{name}: {check}; nothing was published. This is a fault of the program: report it")
