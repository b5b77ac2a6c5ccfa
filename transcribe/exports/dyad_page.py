"""`dyads/<pair>.html`: both interviews of a pair side by side, question by question of the interview guide.

For comparing the two perspectives: parallel questions share an id in the guide, so that what both said to one stands in
one row. What stands before the first question, and what was asked of one only, is shown as such. Without questions the
interviews stand side by side by time.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from transcribe.errors import ValidationError
from transcribe.exports import page_frame
from transcribe.exports.html_page import notes, section_title
from transcribe.exports.layout import DRAFT_LINE, PSEUDONYMISED_LINE, RECORDING_ID, RENDERING_LINES, Turn, clock
from transcribe.exports.manifest import TranscriptEntry
from transcribe.exports.page_signs import legend, pattern, pieces
from transcribe.exports.study_text import StudyText
from transcribe.exports.turns import turns_of

PATH = "dyads/{}.html"
"""Where a pair's page lies; the braces stand for the pair's code."""
STRETCH_S = 300
"""Seconds of a row where interviews stand side by side by time."""

BEFORE = "Before the first question"
NOT_FOUND = "Not asked, or not found."
NOT_IN_GUIDE = "The guide has no such question for this interview."
NOTHING_SAID = "Nothing in this stretch."
BY_QUESTION = "The two interviews side by side, by question of the interview guide."
BY_TIME = "The two interviews side by side, by time."
NO_GUIDE = "To compare them question by question, the lab writes the questions of its guide into guide.csv."
NO_QUESTION = "No question of the interview guide was found in either."
ROLES = ("PSW", "PIR")


@dataclass(frozen=True, slots=True)
class Interview:
    """An interview of a pair: its manifest entry and its paragraphs."""

    entry: TranscriptEntry
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides of a pair, each with its interviews in the order of their ids, and the sessions of both."""

    code: str
    sides: tuple[tuple[Interview, ...], ...]
    sessions: tuple[TranscriptEntry, ...]


def paths(study: StudyText) -> tuple[str, ...]:
    """The pages of a study: one for each pair of which both interviews are there."""
    return tuple(PATH.format(pair) for pair in _with_both(study))


def _with_both(study: StudyText) -> list[str]:
    roles: dict[str, set[str]] = {}
    for entry in study.transcripts:
        roles.setdefault(entry.pair, set()).add(entry.role)
    return sorted(pair for pair, found in roles.items() if pair and found.issuperset(ROLES))


def write(study: StudyText) -> dict[str, bytes]:
    """The pages by path, UTF-8. Raises `ValidationError` for pairs whose codes cannot name two files."""
    codes = _with_both(study)
    if len({code.casefold() for code in codes}) < len(codes) or not all(map(RECORDING_ID.fullmatch, codes)):
        raise ValidationError(
            "two pairs differ only in the case of their codes, or a code holds other signs than letters, digits, - and "
            "_: change them in manifest.csv"
        )
    return {PATH.format(code): _write(pair_of(study, code), study) for code in codes}


def pair_of(study: StudyText, code: str) -> Pair:
    """The transcripts of a pair."""
    entries = [entry for entry in study.transcripts if entry.pair == code]
    sides = tuple(
        tuple(Interview(entry, turns_of(study.rows[entry.id])) for entry in entries if entry.role == role)
        for role in ROLES
    )
    return Pair(code, sides, tuple(entry for entry in entries if entry.role == "OBS"))


def styles(pair: str, *, draft: bool) -> tuple[str, ...]:
    """The style sheets of a pair's page."""
    asset = page_frame.asset
    return asset("page.css"), asset("dyad.css"), page_frame.paper(f"Pair {pair}", draft=draft, landscape=True)


def anchor_of(transcript: str, turn: str) -> str:
    """The id of an utterance in a pair's page."""
    return f"{transcript}.{turn}"


def link_to(study: StudyText, transcript: str, turn: str = "") -> str:
    """Where a transcript's page is, and an utterance in it; empty if the bundle has no such pages."""
    if "html" not in study.settings.formats:
        return ""
    return f"../transcripts/html/{transcript}.html" + (f"#{turn}" if turn else "")


def _write(pair: Pair, study: StudyText) -> bytes:
    interviews = [interview for side in pair.sides for interview in side]
    turns = [turn for interview in interviews for turn in interview.turns]
    draft = any(interview.entry.draft for interview in interviews)
    colours = page_frame.colour_classes(turn.speaker for turn in turns)
    by_question = any(turn.question for turn in turns)
    rendering = RENDERING_LINES[study.settings.rendering]
    about = [BY_QUESTION] if by_question else [BY_TIME, NO_QUESTION if study.guide else NO_GUIDE]
    signs = pattern(study.settings.conventions)
    shown = _Shown(study, signs, colours, page_frame.han_language(turn.text for turn in turns))
    return page_frame.page(
        "dyad.html.j2",
        styles(pair.code, draft=draft),
        title=f"Pair {pair.code}",
        draft=DRAFT_LINE if draft else "",
        lines=[" ".join(about), f"{rendering}. {PSEUDONYMISED_LINE}."],
        parts=shown.by_question(pair) if by_question else shown.by_time(pair),
        missing=_missing(study, turns) if by_question else (),
        sessions=[_link(study, entry) for entry in pair.sessions],
        transcripts=[_link(study, interview.entry) for interview in interviews],
        speakers=[{"label": label, "colour": colour} for label, colour in colours.items()],
        signs=legend(piece for turn in turns for piece in pieces(turn.text, signs)),
        notes=notes(turns, study.settings),
    )


def _missing(study: StudyText, turns: Iterable[Turn]) -> list[str]:
    found = {turn.question for turn in turns}
    return [section_title(q.id, q.text) for q in study.guide if q.id not in found]


def _link(study: StudyText, entry: TranscriptEntry) -> dict[str, str]:
    state = [entry.month, f"version {entry.version}", f"review {entry.review}", DRAFT_LINE if entry.draft else ""]
    return {
        "link": link_to(study, entry.id),
        "title": entry.id,
        "state": ", ".join(fact for fact in state if fact),
    }


@dataclass(frozen=True, slots=True)
class _Shown:
    """What paragraphs are shown with."""

    study: StudyText
    signs: re.Pattern[str]
    colours: dict[str, str]
    han: str

    def by_question(self, pair: Pair) -> list[dict[str, object]]:
        """A part for what stands before the questions, and one for each question that was asked of either."""
        found = dict.fromkeys(turn.question for side in pair.sides for interview in side for turn in interview.turns)
        listed = [question.id for question in self.study.guide if question.id in found]
        before = [""] if "" in found else []
        return [self._question(pair, question) for question in dict.fromkeys([*before, *listed, *found])]

    def _question(self, pair: Pair, question: str) -> dict[str, object]:
        guide = self.study.guide
        asked = {role: self._blocks(side, _question_of, question) for role, side in zip(ROLES, pair.sides, strict=True)}
        put = {role: page_frame.question_text(guide, question, role) for role in ROLES}
        has_two_wordings = put["PSW"] != put["PIR"]
        present = [role for role in ROLES if asked[role]]
        sides = []
        for role, side in zip(ROLES, pair.sides, strict=True):
            is_in_guide = not guide or any(q.id == question and q.role in ("", role) for q in guide)
            none = NOTHING_SAID if not question else NOT_FOUND if is_in_guide else NOT_IN_GUIDE
            wording = put[role] if has_two_wordings and is_in_guide else ""
            sides.append(_side(side, asked[role], none, wording))
        return {
            "anchor": f"q-{question}" if question else "before",
            "title": section_title(question, " / ".join(dict.fromkeys(put[role] for role in ROLES if put[role])))
            if question
            else BEFORE,
            "heading": BEFORE
            if not question
            else question
            if has_two_wordings
            else section_title(question, put["PSW"]),
            "note": "" if len(present) == len(ROLES) else f"only {present[0]}",
            "sides": sides,
        }

    def by_time(self, pair: Pair) -> list[dict[str, object]]:
        """A part for each stretch of time in which anybody speaks."""
        numbers = {_stretch(turn) for side in pair.sides for interview in side for turn in interview.turns}
        titles = {number: f"{clock(number * STRETCH_S)} to {clock((number + 1) * STRETCH_S)}" for number in numbers}
        return [
            {
                "anchor": f"t{number}",
                "title": titles[number],
                "heading": titles[number],
                "note": "",
                "sides": [_side(side, self._blocks(side, _stretch, number), NOTHING_SAID) for side in pair.sides],
            }
            for number in sorted(numbers)
        ]

    def _blocks(
        self, side: Sequence[Interview], key: Callable[[Turn], object], wanted: object
    ) -> list[dict[str, object]]:
        """The paragraphs with this key of each interview of a side; those of several have their ids above them."""
        blocks: list[dict[str, object]] = []
        for interview in side:
            name = interview.entry.id
            found = [self._element(name, turn) for turn in interview.turns if key(turn) == wanted]
            if found:
                blocks.append({"title": name if len(side) > 1 else "", "turns": found})
        return blocks

    def _element(self, transcript: str, turn: Turn) -> Markup:
        anchor = anchor_of(transcript, turn.id)
        shown = page_frame.ShownTurn(
            turn,
            tuple(pieces(turn.text, self.signs)),
            anchor=anchor,
            link=link_to(self.study, transcript, turn.id) or f"#{anchor}",
            flags=turn.flags,
        )
        return page_frame.turn_element(shown, self.colours, self.han)


def _question_of(turn: Turn) -> str:
    return turn.question


def _stretch(turn: Turn) -> int:
    return turn.start_ms // (1000 * STRETCH_S)


def _side(
    side: Sequence[Interview], blocks: list[dict[str, object]], none: str, wording: str = ""
) -> dict[str, object]:
    """One side of a part; `none` is said where nothing stands, `wording` how the question is put to this side."""
    names = ", ".join(interview.entry.id for interview in side)
    return {"title": names, "question": wording, "blocks": blocks, "none": "" if blocks else none}
