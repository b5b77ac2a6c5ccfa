"""`changes.html` as a page: what has to be replaced, from which version to which, what to amend and how.

It needs no script and no other file.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from transcribe.exports.changes import ChangedUtterance, Changes
from transcribe.redaction.registry import MARK


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A transcript's version in the release before and in this one."""

    transcript: str
    before: int
    now: int


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.leak { border-left: .3rem solid #b00020; background: #fdf1f2; padding: .5rem 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #ccc; padding: .4rem .6rem; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { background: #f4f4f4; } th, td.turn { white-space: nowrap; } .mark { background: #fff3c4; } .none { color: #666; }
@media print { body { margin: 0; max-width: none; } tr { break-inside: avoid; } }
"""

_AMENDING = """<h2>How to amend what you have coded</h2>
<p>No program merges a new version into a project: opening study.qdpx again makes a second project. A transcript whose
version is the same needs nothing. In the others, the utterances that are listed below are to be amended by hand:</p>
<ol>
<li>Save a copy of your project. If a transcript is named at the top, delete the copy when you are done, and the
program's own backups: they still hold what has to go.</li>
<li>Open the transcript in your program and find the utterance by its stamp.</li>
<li>Switch the document to editing, and write what stands in the column "now". By their manuals, NVivo, MAXQDA, ATLAS.ti
and QualCoder have such a mode and keep the codings of the words around; look at those of the words that you change.
Taguette and Dedoose have none.</li>
<li>Where the speaker is another one, change the label at the start of the paragraph, and the coding by speaker.</li>
<li>If there is more than you want to do by hand, import the new version as a second document, and code on there.</li>
</ol>
<p>An utterance that is not listed has the same words, the same speaker and the same id; in study.qdpx it has the same
GUID. Only times may have been corrected.</p>"""

_RESTYLED = """<p><strong>The transcripts are written with other signs or paragraphs now</strong> (conventions.md has
them): pauses, overlaps, uncertain words, long utterances. So every transcript has a new version. Below are only
utterances in which what was said, or who said it, has changed; they are shown without signs. You need not amend signs
in texts that you have coded: code on in the version that you have, or import the new one as a second document.</p>"""
_NOTHING_SAID = """<p>In no transcript that stays has an utterance changed: texts that you have coded are as they were.
What may differ are sections of the interview guide, starter codes, cases or explanations (study.qdpx, codebook, cases,
turns.csv, dyads). No QDA program merges these into a project: change there by hand what you use of them.</p>"""


def write(
    changes: Changes, release: int, versions: Sequence[VersionChange] = (), *, is_restyled: bool = False
) -> bytes:
    """The page, UTF-8; the same changes give the same bytes. `is_restyled`: the study has other conventions now."""
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f"<title>What release {release} changed</title><style>{_STYLE}</style></head><body>",
        f"<h1>What release {release} changed</h1>",
        f"<p>Compared with release {changes.before}.</p>",
    ]
    for name in changes.unknown:
        parts.append(
            f'<p class="leak"><strong>Replace {_plain(name)} before further coding.</strong> What has changed in it '
            "cannot be told, for the released text (turns.csv, or the document's txt) was changed or deleted in the "
            "coders' folder: something in it may be replaced or taken out now that could be read before. Delete the "
            "earlier copy, and what was copied from it.</p>"
        )
    for name in changes.leaking:
        if name in changes.unknown:
            continue
        parts.append(
            f'<p class="leak"><strong>Replace {_plain(name)} before further coding.</strong> Something in it is '
            "replaced or taken out now that could be read before. Delete the earlier copy, and what was copied from "
            "it; the utterances are marked below.</p>"
        )
    if is_restyled:
        parts.append(_RESTYLED)
    parts += _listed("No longer in the release: delete your copies", changes.gone)
    parts += _listed("New transcripts", changes.added)
    parts += _versions(versions)
    if changes.utterances:
        parts.append(_AMENDING)
    elif not changes.unknown:
        parts.append(_NOTHING_SAID)
    for name in dict.fromkeys(u.transcript for u in changes.utterances):
        parts += [f"<h2>{_plain(name)}</h2>", "<table><tr><th>utterance</th><th>before</th><th>now</th></tr>"]
        parts += [_row(u) for u in changes.utterances if u.transcript == name]
        parts.append("</table>")
    parts.append("</body></html>")
    return ("\n".join(parts) + "\n").encode()


def _listed(title: str, names: Sequence[str]) -> list[str]:
    return [f"<h2>{title}</h2>", f"<p>{', '.join(map(_plain, names))}</p>"] if names else []


def _versions(versions: Sequence[VersionChange]) -> list[str]:
    if not versions:
        return []
    rows = [f"<tr><td>{_plain(v.transcript)}</td><td>{v.before}</td><td>{v.now}</td></tr>" for v in versions]
    head = "<table><tr><th>transcript</th><th>version before</th><th>version now</th></tr>"
    return ["<h2>New versions</h2>", head, *rows, "</table>"]


def _row(utterance: ChangedUtterance) -> str:
    if utterance.leak:
        old = '<span class="none">not shown: something in it is replaced or taken out now</span>'
    else:
        old = _marked(utterance.old) or '<span class="none">not there, or only taken out: not shown</span>'
    new = _marked(utterance.new) or '<span class="none">taken out</span>'
    if utterance.was:
        old, new = f"{_plain(utterance.was)}: {old}", f"{_plain(utterance.speaker)}: {new}"
    where = "<br>".join(_plain(text) for text in (utterance.turn, utterance.speaker, _stamp(utterance)) if text)
    kind = ' class="leak"' if utterance.leak else ""
    return f'<tr{kind}><td class="turn">{where}</td><td>{old}</td><td>{new}</td></tr>'


def _stamp(utterance: ChangedUtterance) -> str:
    return f"[{utterance.stamp}]" if utterance.stamp else ""


def _marked(text: str) -> str:
    """The text as HTML, its marks shown as such."""
    pieces, position = [], 0
    for match in MARK.finditer(text):
        pieces += [_plain(text[position : match.start()]), f'<span class="mark">{_plain(match.group())}</span>']
        position = match.end()
    return "".join([*pieces, _plain(text[position:])])


def _plain(text: str) -> str:
    return html.escape(text)
