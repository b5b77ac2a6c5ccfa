"""`changes.html`: what a release changed, for coders who have begun; what has to be replaced comes first.

What a new release replaces or takes out for the first time was readable in the one before. Its old text is not shown
again: coders are told which transcript to replace, and the new text. Where the study writes with other signs now, every
utterance differs: that is said once, and what was said is compared (`without_style`). The page itself is made in
`changes_page`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from transcribe.consent import INAUDIBLE
from transcribe.conventions import speech_of
from transcribe.exports.layout import EVENT_FLAG, clock
from transcribe.exports.paragraphs import PARAGRAPH_ID
from transcribe.exports.turns import TurnRow
from transcribe.redaction.registry import MARK

CHANGES = "changes.html"


@dataclass(frozen=True, slots=True)
class ChangedUtterance:
    """An utterance in the release before and in this one; `old` is empty for a new one and where it may not be shown.

    `leak`: something is replaced, or was taken back, that could be read before. `stamp` is the new text's, `hh:mm:ss`,
    empty where it has none; `was` the speaker's label before if it was another.
    """

    transcript: str
    turn: str
    speaker: str
    old: str
    new: str
    leak: bool = False
    stamp: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What one release changed; `added` and `gone` are whole transcripts, `unknown` those that have changed and whose
    text in the release before is not there any more to compare.
    """

    before: int
    utterances: tuple[ChangedUtterance, ...]
    added: tuple[str, ...]
    gone: tuple[str, ...]
    unknown: tuple[str, ...] = ()

    @property
    def leaking(self) -> tuple[str, ...]:
        """The transcripts that must be replaced before further coding."""
        return tuple(dict.fromkeys([*self.unknown, *(u.transcript for u in self.utterances if u.leak)]))


def without_text(changes: Changes) -> Changes:
    """The same changes without any text of an utterance: what in the page is ours."""
    return replace(changes, utterances=tuple(replace(u, old="", new="") for u in changes.utterances))


def without_style(rows: Iterable[TurnRow]) -> list[TurnRow]:
    """The rows as they compare when signs or the length of paragraphs have changed: whole utterances, speech alone.

    Stretches without text are what they are, however they are written.
    """
    joined: dict[tuple[str, str], TurnRow] = {}
    paragraphs: Counter[tuple[str, str]] = Counter()
    for row in rows:
        part = PARAGRAPH_ID.fullmatch(row.turn)
        place = (row.transcript, part[1] if part else "")
        if EVENT_FLAG in row.flags:
            joined[row.transcript, row.turn] = replace(row, text=f"({row.turn.partition('-')[0]})")
        elif part and paragraphs[place] == int(part[2]) - 1 > 0:
            first = joined[place]
            text = f"{first.text} {speech_of(row.text)}"
            joined[place] = replace(first, text=text, end_ms=max(first.end_ms, row.end_ms))
            paragraphs[place] += 1
        else:
            joined[row.transcript, row.turn] = replace(row, text=speech_of(row.text))
            paragraphs[row.transcript, row.turn] = 1
    return [replace(row, text=" ".join(row.text.split())) for row in joined.values()]


def changed_rows(old: Sequence[TurnRow], new: Sequence[TurnRow]) -> tuple[TurnRow, ...]:
    """The rows of the release before whose text is another now, or gone from a transcript that stays."""
    are = {row.transcript for row in new}
    texts = {(row.transcript, row.turn): row.text for row in new}
    return tuple(row for row in old if row.transcript in are and texts.get((row.transcript, row.turn)) != row.text)


def compare(
    before: int, old: Sequence[TurnRow], new: Sequence[TurnRow], identifies: Callable[[TurnRow], bool]
) -> Changes:
    """What changed from release `before`, whose rows are `old`, to the one whose rows are `new`: text, or who said it.

    Transcripts in which something leaked come first, and such utterances first in them. `identifies` says of a row of
    the release before whether it holds anything that the key, the roster or a detector knows now. Its old text is then
    never shown, nor where a mark may stand for words that are gone, nor where words were only taken out, nor in a
    transcript of which a stretch was taken out since: they may be what somebody took back. Utterances that are gone
    from a transcript that stays are listed without their text.
    """
    texts = {(row.transcript, row.turn): row for row in old}
    now = {(row.transcript, row.turn) for row in new}
    were, are = ({row.transcript: None for row in rows} for rows in (old, new))
    cut = {row.transcript for row in new if _is_taken_out(row, texts.get((row.transcript, row.turn)))}
    stamps = _stamps(new)
    changed = [
        replace(
            _compare(texts.get((row.transcript, row.turn)), row, identifies, row.transcript in cut),
            stamp=stamps[row.transcript, row.turn],
        )
        for row in new
        if row.transcript in were and not _is_same(texts.get((row.transcript, row.turn)), row)
    ]
    changed += [
        ChangedUtterance(row.transcript, row.turn, row.speaker, "", "", identifies(row) or row.transcript in cut)
        for row in old
        if row.transcript in are and (row.transcript, row.turn) not in now
    ]
    leaking = {u.transcript for u in changed if u.leak}
    return Changes(
        before,
        tuple(sorted(changed, key=lambda u: (u.transcript not in leaking, u.transcript, not u.leak, u.turn))),
        tuple(name for name in are if name not in were),
        tuple(name for name in were if name not in are),
    )


def _compare(
    old: TurnRow | None, new: TurnRow, identifies: Callable[[TurnRow], bool], is_cut: bool
) -> ChangedUtterance:
    if old is None:
        return ChangedUtterance(new.transcript, new.turn, new.speaker, "", new.text)
    was = old.speaker if old.speaker != new.speaker else ""
    earlier, later = (_pieces(speech_of(row.text)) for row in (old, new))
    before, after = (Counter(piece.casefold() for piece in filter(_is_word, pieces)) for pieces in (earlier, later))
    leak = _went_into_a_mark(earlier, later) or is_cut or identifies(old)
    hidden = leak or (before != after and not after - before)
    text = "" if hidden else old.text
    return ChangedUtterance(new.transcript, new.turn, new.speaker, text, new.text, leak, was=was)


def _is_taken_out(row: TurnRow, old: TurnRow | None) -> bool:
    """Whether a stretch without text was taken out since, or is longer now; what is inaudible only was not heard.

    Such stretches are called after where they begin: one that was widened has the same id.
    """
    is_event = EVENT_FLAG in row.flags and not row.turn.startswith(f"{INAUDIBLE}-")
    return is_event and (old is None or row.end_ms > old.end_ms)


def _went_into_a_mark(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether words may be behind a mark now: with words gone, there is a mark more, or fewer words beside one.

    Other words beside marks that stay as they were (`six years` became `6 years`) are another hearing, no leak.
    """
    gone = [piece for piece in Counter(before) - Counter(after) if not MARK.fullmatch(piece)]
    if not gone:
        return False
    if any(map(MARK.fullmatch, Counter(after) - Counter(before))):
        return True
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        beside = [*after[max(k - 1, 0) : k], *after[m : m + 1]]
        fewer = sum(map(_is_word, before[i:j])) > sum(map(_is_word, after[k:m]))
        if kind in ("delete", "replace") and fewer and any(map(MARK.fullmatch, beside)):
            return True
    return False


def _is_same(old: TurnRow | None, new: TurnRow) -> bool:
    return old is not None and (old.text, old.speaker) == (new.text, new.speaker)


def _stamps(rows: Sequence[TurnRow]) -> dict[tuple[str, str], str]:
    """The stamp that stands behind each utterance; none in documents, which have no times."""
    latest: Counter[str] = Counter()
    stamps = {}
    for row in rows:
        latest[row.transcript] = max(latest[row.transcript], row.end_ms)
        stamps[row.transcript, row.turn] = clock(latest[row.transcript] // 1000) if latest[row.transcript] else ""
    return stamps


_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Letters of scripts that part no words by spaces: Thai to Khmer, kana, Han."""
_PIECE = re.compile(
    rf"[{_UNSPACED}]|[^\W{_UNSPACED}](?:[^\W{_UNSPACED}]|[\u0300-\u036f]|['’-](?=[^\W{_UNSPACED}]))*|[^\w\s]"
)


def _pieces(text: str) -> list[str]:
    """Words, signs and marks, each mark whole; where no spaces part words, each letter."""
    pieces: list[str] = []
    position = 0
    for match in MARK.finditer(text):
        pieces += [*_PIECE.findall(text[position : match.start()]), match.group()]
        position = match.end()
    return [*pieces, *_PIECE.findall(text[position:])]


def _is_word(piece: str) -> bool:
    """Whether a piece is neither a mark nor a sign."""
    return any(map(str.isalnum, piece)) and not MARK.fullmatch(piece)
