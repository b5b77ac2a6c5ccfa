"""`changes.html`: what a release changed, for coders who have begun; what has to be replaced comes first.

What a new release replaces or takes out for the first time was readable in the one before. Its old text is not shown
again: coders are told which transcript to replace, and the new text. The page needs no script and no other file.
"""

import html
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from transcribe.conventions import speech_of
from transcribe.exports.layout import EVENT_FLAG
from transcribe.exports.turns import TurnRow
from transcribe.redaction.registry import MARK

CHANGES = "changes.html"


@dataclass(frozen=True, slots=True)
class ChangedUtterance:
    """An utterance in the release before and in this one; `old` is empty for a new one and where it may not be shown.

    `leak`: something is replaced, or was taken back, that could be read before.
    """

    transcript: str
    turn: str
    speaker: str
    old: str
    new: str
    leak: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What one release changed; `added` and `gone` are whole transcripts."""

    before: int
    utterances: tuple[ChangedUtterance, ...]
    added: tuple[str, ...]
    gone: tuple[str, ...]

    @property
    def leaking(self) -> tuple[str, ...]:
        """The transcripts that must be replaced before further coding."""
        return tuple(dict.fromkeys(u.transcript for u in self.utterances if u.leak))


def without_text(changes: Changes) -> Changes:
    """The same changes without any text of an utterance: what in the page is ours."""
    return replace(changes, utterances=tuple(replace(u, old="", new="") for u in changes.utterances))


def changed_rows(old: Sequence[TurnRow], new: Sequence[TurnRow]) -> tuple[TurnRow, ...]:
    """The rows of the release before whose text is another now, or gone from a transcript that stays."""
    are = {row.transcript for row in new}
    texts = {(row.transcript, row.turn): row.text for row in new}
    return tuple(row for row in old if row.transcript in are and texts.get((row.transcript, row.turn)) != row.text)


def compare(
    before: int, old: Sequence[TurnRow], new: Sequence[TurnRow], identifies: Callable[[TurnRow], bool]
) -> Changes:
    """What changed from release `before`, whose rows are `old`, to the one whose rows are `new`.

    `identifies` says of a row of the release before whether it holds anything that the key, the roster or a detector
    knows now. Its old text is then never shown, nor where a mark may stand for words that are gone, nor where words
    were only taken out, nor in a transcript of which a stretch was taken out since: they may be what somebody took
    back. Utterances that are gone from a transcript that stays are listed without their text.
    """
    texts = {(row.transcript, row.turn): row for row in old}
    now = {(row.transcript, row.turn) for row in new}
    were, are = ({row.transcript: None for row in rows} for rows in (old, new))
    cut = {row.transcript for row in new if EVENT_FLAG in row.flags and (row.transcript, row.turn) not in texts}
    changed = [
        _compare(texts.get((row.transcript, row.turn)), row, identifies, row.transcript in cut)
        for row in new
        if row.transcript in were
        and ((row.transcript, row.turn) not in texts or texts[row.transcript, row.turn].text != row.text)
    ]
    changed += [
        ChangedUtterance(row.transcript, row.turn, row.speaker, "", "", identifies(row) or row.transcript in cut)
        for row in old
        if row.transcript in are and (row.transcript, row.turn) not in now
    ]
    return Changes(
        before,
        tuple(sorted(changed, key=lambda u: (u.transcript, u.turn))),
        tuple(name for name in are if name not in were),
        tuple(name for name in were if name not in are),
    )


def _compare(
    old: TurnRow | None, new: TurnRow, identifies: Callable[[TurnRow], bool], is_cut: bool
) -> ChangedUtterance:
    if old is None:
        return ChangedUtterance(new.transcript, new.turn, new.speaker, "", new.text)
    before, after = (Counter(_pieces(speech_of(row.text))) for row in (old, new))
    gone = [piece for piece in before - after if not MARK.fullmatch(piece)]
    marked = bool(gone) and any(map(MARK.fullmatch, after))
    leak = marked or is_cut or identifies(old)
    hidden = leak or not any(not MARK.fullmatch(piece) for piece in after - before)
    return ChangedUtterance(new.transcript, new.turn, new.speaker, "" if hidden else old.text, new.text, leak)


def _pieces(text: str) -> list[str]:
    """Words and marks, each mark whole."""
    pieces: list[str] = []
    position = 0
    for match in MARK.finditer(text):
        pieces += [*text[position : match.start()].split(), match.group()]
        position = match.end()
    return [*pieces, *text[position:].split()]


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.leak { border-left: .3rem solid #b00020; background: #fdf1f2; padding: .5rem 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #ccc; padding: .4rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f4f4f4; } th, td.turn { white-space: nowrap; } .mark { background: #fff3c4; } .none { color: #666; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""


def write(changes: Changes, release: int) -> bytes:
    """The page, UTF-8; the same changes give the same bytes."""
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f"<title>What release {release} changed</title><style>{_STYLE}</style></head><body>",
        f"<h1>What release {release} changed</h1>",
        f"<p>Compared with release {changes.before}. Utterances that are not listed are as they were.</p>",
    ]
    for name in changes.leaking:
        parts.append(
            f'<p class="leak"><strong>Replace {_plain(name)} before further coding.</strong> Something in it is '
            "replaced or taken out now that could be read before. Delete the earlier copy, and what was copied from "
            "it; the utterances are marked below.</p>"
        )
    parts += _listed("No longer in the release: delete your copies", changes.gone)
    parts += _listed("New transcripts", changes.added)
    for name in dict.fromkeys(u.transcript for u in changes.utterances):
        parts += [f"<h2>{_plain(name)}</h2>", "<table><tr><th>utterance</th><th>before</th><th>now</th></tr>"]
        parts += [_row(u) for u in changes.utterances if u.transcript == name]
        parts.append("</table>")
    parts.append("</body></html>")
    return ("\n".join(parts) + "\n").encode()


def _listed(title: str, names: Sequence[str]) -> list[str]:
    return [f"<h2>{title}</h2>", f"<p>{', '.join(map(_plain, names))}</p>"] if names else []


def _row(utterance: ChangedUtterance) -> str:
    if utterance.leak:
        old = '<span class="none">not shown: something in it is replaced or taken out now</span>'
    else:
        old = _marked(utterance.old) or '<span class="none">not there, or taken out</span>'
    new = _marked(utterance.new) or '<span class="none">taken out</span>'
    where = f"{_plain(utterance.turn)}<br>{_plain(utterance.speaker)}"
    kind = ' class="leak"' if utterance.leak else ""
    return f'<tr{kind}><td class="turn">{where}</td><td>{old}</td><td>{new}</td></tr>'


def _marked(text: str) -> str:
    """The text as HTML, its marks shown as such."""
    pieces, position = [], 0
    for match in MARK.finditer(text):
        pieces += [_plain(text[position : match.start()]), f'<span class="mark">{_plain(match.group())}</span>']
        position = match.end()
    return "".join([*pieces, _plain(text[position:])])


def _plain(text: str) -> str:
    return html.escape(text)
