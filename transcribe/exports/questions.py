"""The sections of an interview: from a question of the guide to the next one that the interviewer asks."""

from collections.abc import Mapping
from dataclasses import replace

from transcribe.exports.layout import ASKED_FLAG, LaidOut


def with_questions(laid: LaidOut, asked: Mapping[str, str]) -> LaidOut:
    """The transcript with the section of every paragraph; `asked` gives the question's id by the id of its turn."""
    question = ""
    turns = []
    for turn in laid.turns:
        question = asked.get(turn.id, question)
        flags = (*turn.flags, ASKED_FLAG) if turn.id in asked else turn.flags
        turns.append(replace(turn, question=question, flags=flags) if question else turn)
    return LaidOut(laid.header, tuple(turns))
