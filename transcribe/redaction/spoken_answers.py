"""Organisations and places that answer a question: `Which hospital were you in? – Larkhill.`, `Where do you work?`."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept
from transcribe.redaction.name_lists import is_given, is_spoken_word
from transcribe.redaction.organisation_kinds import CALLED_KINDS, CALLED_PLACES, DESCRIPTORS, GENERIC, KINDS
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, word_set

_KINDS = (*KINDS, *CALLED_KINDS, "ward", "team", "centre", "employer")
_KIND = "|".join(sorted(_KINDS, key=len, reverse=True))
_NAME_OF = "name of (?:the|your|his|her|that)"
_WHICH = re.compile(
    rf"\b(?:which|what(?:['’]s| is| was)?(?: the)?(?: {_NAME_OF})?)\s+(?:\w+\s+)?(?P<kind>{_KIND})\b"
    rf"|\b{_NAME_OF} (?:\w+\s+)?(?P<named>{_KIND})\b",
    re.IGNORECASE,
)
_WHERE_WORK = re.compile(
    r"\bwhere (?:do|did|does|are|were|is|was) (?:you|he|she|they|your \w+) (?:work|working|study|studying|volunteer"
    r"|volunteering|train|teach|employed|based|go to (?:school|church|college|university))",
    re.IGNORECASE,
)
_WHERE_LIVE = re.compile(
    r"\bwhere(?:abouts)? (?:do|did|does|are|were|is|was) (?:you|he|she|they|your \w+) (?:live|living|from|born|grow up"
    r"|come from|stay|staying|brought up|raised)|\bwh(?:ich|at) (?:\w+ )?(?:area|district|town|city|village"
    r"|borough|estate|part)\b",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"[\s,.!-]*(?:\b(?:yeah|yes|okay|ok|um|uh|er|erm|oh|so|well|it['’]?s|it is|it was|that['’]?s|that was|called|just"
    r"|in|at|on|for|with|from|under|near|by|around|currently|mostly|i think|the|a place called|i work|i live|i was"
    r"|i['’]m|we live|we['’]re|probably|like)\b[\s,.!-]*)*",
    re.IGNORECASE,
)
_LONGEST = 4
_NOWHERE = word_set("""
    home work school nowhere anywhere everywhere somewhere here there abroad town city village countryside hospital
    local private public myself self retired unemployed nothing none neither both don't dont unsure forget forgot
    """)
_NEXT_CLAUSE = re.compile(
    r"\s*(?:[.,;!?]|$|\b(?:i|we|but|and|near|then|now|so|because|which|for|since|when|until|you)\b)", re.IGNORECASE
)


def find_asked(text: str, words: Sequence[Token], previous: str) -> Iterator[Found]:
    """What a turn begins with, where `previous` asked for an organisation or a place and it can be a name."""
    which, where_work = _WHICH.search(previous), _WHERE_WORK.search(previous)
    where_live = _WHERE_LIVE.search(previous)
    if not (which or where_work or where_live):
        return
    lead = _LEAD.match(text)
    start = lead.end() if lead else 0
    first = next((i for i, word in enumerate(words) if word.start >= start), len(words))
    last = first
    while last < len(words) and last - first < _LONGEST and _may_name(words[last]):
        if last > first and text[words[last - 1].end : words[last].start].strip(" -.'’s&"):
            break
        last += 1
    part = words[first:last]
    if not part or is_kept(part) or not _NEXT_CLAUSE.match(text, part[-1].end):
        return
    if not _is_name(text, part, which is not None, bool(which and "name" in which.group().casefold())):
        return
    if where_live and not which:
        yield found(part[0].start, part[-1].end, "PLACE", "grammar/place-answer", 0.6)
        return
    kind = ((which["kind"] or which["named"]) if which else "employer").casefold()
    label = "WARD" if kind == "ward" else KINDS.get(kind) or CALLED_KINDS.get(kind) or "EMPLOYER" * (which is None)
    yield found(part[0].start, part[-1].end, "ORG", "grammar/organisation-answer", 0.6, label=label)


def _may_name(word: Token) -> bool:
    plain = word.fold not in FUNCTION_WORDS and word.fold not in _NOWHERE and word.fold not in GENERIC
    return plain and not word.text[0].isdigit() and word.text.isalpha()


def _is_name(text: str, part: Sequence[Token], asked_by_kind: bool, asked_by_name: bool) -> bool:
    """Whether the words are more than a description: an unusual one, or ordinary ones where a name was asked for."""
    telling = [w for w in part if w.fold not in DESCRIPTORS and w.fold not in KINDS and w.fold not in CALLED_PLACES]
    telling = [w for w in telling if not is_kept([w]) and not is_spoken_word(w.fold)]
    if not telling:
        return False
    if any(not is_common(w.fold) for w in telling):
        return True
    capital = any(is_capitalised(w.text) and not at_sentence_start(text, w.start) for w in telling)
    if asked_by_name and len(part) == len(telling):
        return True
    if len(part) == 1 and not is_given(part[0].fold):
        return capital
    return capital or (asked_by_kind and is_capitalised(part[0].text) and len(telling) == len(part))
