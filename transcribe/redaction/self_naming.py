"""Participants who name themselves: `I'm Marcus Loon`, said by the Marcus of the roster, is no second Marcus."""

import re
from collections.abc import Mapping, Sequence

from transcribe.records import Utterance
from transcribe.redaction.coverage import Span
from transcribe.redaction.misheard import shares_name
from transcribe.redaction.roster_match import Identity
from transcribe.redaction.spans import CLASS_OF
from transcribe.redaction.tokens import Token

SELF_NAMED = 0.9
"""The score of such a span: the speaker's own word goes before how a name sounds."""

_SELF = re.compile(
    r"\b(?:i['’]?m|i am|my (?:full |first |real |own )?name(?:['’]s| is)|(?:you can )?call me|i go by)"
    r"(?: (?:called|just|um|uh|er|erm|like))*,? $",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:said|says|say|saying|goes|went|like|told (?:me|her|him|us|them)),? [\"'“‘]?$", re.IGNORECASE
)
"""Before `I'm Ann`: somebody else is quoted."""
_ASKED = re.compile(
    r"\b(?:your (?:full |first |own )?name|what (?:should|shall|can|do) (?:i|we|people) call you|introduce yourself"
    r"|who (?:you are|are you|am i (?:speaking|talking) (?:to|with)))\b",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"^\W*(?:(?:yeah|yes|sure|okay|ok|um|uh|er|erm|so|well|hi|hello|it['’]s|it is|that['’]s)\W+)*$", re.IGNORECASE
)
"""What may stand between a question for a name and the name."""


def self_named(
    utterance: Utterance,
    heard: str,
    spans: Sequence[Span],
    words: Sequence[Token],
    people: Sequence[Identity],
    known: Mapping[str, int],
) -> list[Span]:
    """Names by which a listed participant calls themselves, as spans of that identity.

    `heard` is what others said before (a question for the name), `known` the index in `people` of every code. A name
    counts only if a word of it is, or sounds like, one that the roster has for the speaker.
    """
    k = known.get(utterance.speaker)
    if k is None:
        return []
    found = []
    for span in spans:
        if span.entity_type != "PERSON" or span.recognizer == "roster/name":
            continue
        if utterance.text[span.end :].startswith(("'s", "’s")):
            continue  # `I'm Marcus Wong's friend`
        before = utterance.text[: span.start]
        cue = _SELF.search(before)
        says = cue is not None and not _REPORTED.search(before[: cue.start()])
        answers = bool(_ASKED.search(heard)) and bool(_ANSWER.match(before))
        inside = [word for word in words if span.start <= word.start < span.end]
        if (says or answers) and shares_name(people[k].names, inside):
            found.append(Span(span.start, span.end, "PERSON", CLASS_OF["PERSON"], "roster/variant", SELF_NAMED, k))
    return found
