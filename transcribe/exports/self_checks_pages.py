"""Checks of the pages to read, made on their bytes: they show what turns.csv says, and load and run nothing else."""

import html
import re
from collections.abc import Collection, Mapping, Sequence

from markupsafe import escape

from transcribe.exports import dyad_page, html_page, page_frame
from transcribe.exports.bundle_files import TRANSCRIPT_PATHS
from transcribe.exports.faults import fault
from transcribe.exports.html_page import PageTurn
from transcribe.exports.manifest import TranscriptEntry
from transcribe.exports.study_text import StudyText
from transcribe.exports.turns import TurnRow

_TAG = re.compile(
    "<(?:(?:html|head|meta|title|body|header|main|aside|nav|section|div|h[1-4]|p|ul|li|a|b|i|mark|span|svg|rect)"
    "(?: (?:aria-(?:hidden|label)|charset|class|content|data-[a-z]+|dir|height|href|id|lang|name|preserveAspectRatio|"
    'tabindex|title|viewBox|width|x|y)="[^"<>]*")*/?'
    "|/(?:html|head|title|body|header|main|aside|nav|section|div|h[1-4]|p|ul|li|a|b|i|mark|span|svg))>"
)
"""Every tag that a page of ours may have, with its attributes; styles, script and policy are looked at before."""
_LINK = re.compile(' href="([^"]*)"')
_ID = re.compile(' id="([^"]*)"')


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
        raise fault(entry.id, "the html and the txt differ")
    if [_facts(turn) for turn in found.turns] != [_row_facts(row) for row in rows]:
        raise fault(entry.id, "the html and turns.csv differ")
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
        raise fault(pair.code, "the page of the pair and turns.csv differ")
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
    """A page holds our script and styles alone, allows no other, and leads to itself and `targets` alone.

    It is read as letters, not by a parser, which would mend what a browser reads otherwise: what was said has no `<`
    and no `"` in a page, so that each of them must be of a tag of ours.
    """
    text, script = data.decode(), page_frame.asset("reading.js")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{escape(page_frame.policy(styles, script))}">'
    head = "<!DOCTYPE html>"
    parts = [head, policy, *(f"<style>{style}</style>" for style in styles), f"<script>{script}</script>"]
    places = [text.find(part) for part in parts]
    if -1 in places or places != sorted(places):
        raise fault(name, "a page lacks a style or script of ours, or does not forbid all others")
    for part in parts:
        text = text.replace(part, "", 1)
    links, ids = map(html.unescape, _LINK.findall(text)), _ID.findall(text)
    if re.search('[<>"]', _TAG.sub("", text)):
        raise fault(name, "a page holds markup, a style or a script that is not ours")
    if len(set(ids)) < len(ids):
        raise fault(name, "two elements of a page have one id")
    if not {f"#{anchor}" for anchor in ids}.union(targets).issuperset(links):
        raise fault(name, "a link of a page leads nowhere, or out of the bundle")
