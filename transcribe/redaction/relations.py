"""What a speaker says of a name beside it: `my sister Mei`, `Dr Wong`. It becomes the label of the mark.

A relation is anchored to the person whose relation it is, because in the partner's interview a bare `[SISTER_1]` would
read as the partner's sister. Whose `my` and `your` is cannot be told for every speaker; then there is no relation.
"""

from collections.abc import Sequence

from transcribe.records import Recording, Transcript
from transcribe.redaction.tokens import Token, word_set
from transcribe.study.codes import is_code

RELATIONS = {
    "mum": "MOTHER",
    "mom": "MOTHER",
    "dad": "FATHER",
    "kid": "CHILD",
    "boy": "SON",
    "girl": "DAUGHTER",
    "aunt": "AUNT",
    "auntie": "AUNT",
    "nan": "GRANDMOTHER",
    "gran": "GRANDMOTHER",
    "grandma": "GRANDMOTHER",
    "grandpa": "GRANDFATHER",
    "ex": "EX",
} | {
    word: word.upper()
    for word in sorted(
        word_set("""
        mother father son daughter child sister brother husband wife partner boyfriend girlfriend uncle
        cousin nephew niece grandmother grandfather grandson granddaughter stepmother stepfather stepson
        stepdaughter stepbrother stepsister spouse twin fiance fiancee guardian godmother godfather
        """)
    )
}
"""Words for relatives, folded, with the label that each becomes."""
_CLINICIANS = word_set("psychiatrist psychologist therapist counsellor counselor physician gp nurse dr")
_CLINICAL_TITLES = frozenset(("dr", "nurse"))
_QUALITIES = word_set("""
    younger older elder eldest youngest little big late own only best dear poor first second third twin half step baby
    former middle old new
    """)
_LINKS_BEFORE = word_set("is was called named name")
_LINKS_AFTER = word_set("is was who whos thats")
_OWNERS = word_set("my your his her their our a")
_OTHERS = word_set(
    "friend colleague neighbor neighbour boss manager supervisor flatmate roommate mate teacher landlord"
)
"""Relations that are no relatives: of a friend the label says whose, the others give none."""
_ANYBODY = "ANYBODY"
_REACH = 4
"""Words that may stand between a name and its relation: `my sister's name is`."""


def anchors(recording: Recording, transcript: Transcript) -> dict[str, tuple[str, str]]:
    """For every speaker of a transcript, the codes that their `my` and `your` mean; empty where it cannot be told.

    `your` is the other participant in an observed session of two, and the interviewed person when the interviewer
    speaks.
    """
    speakers = {utterance.speaker for utterance in transcript.utterances}
    people = sorted(speaker for speaker in speakers if _is_participant(speaker))
    result = {}
    for speaker in speakers:
        others = [person for person in people if person != speaker]
        if recording.role == "OBS":
            yours = others[0] if _is_participant(speaker) and len(others) == 1 else ""
        else:
            yours = recording.person if speaker.startswith("INT") and _is_participant(recording.person) else ""
        result[speaker] = (speaker if _is_participant(speaker) else "", yours)
    return result


def relation_of(words: Sequence[Token], text: str, start: int, end: int, mine: str, yours: str) -> str:
    """The label that the words beside a personal name at `[start, end)` give it, empty for none.

    `P01-PIR-SISTER` for `my sister Mei` of P01-PIR (`mine`), `P01-PIR-FRIEND` for `my friend Kay`, `FRIEND` for a
    friend of whom it is not known whose, `CLINICIAN` for `Dr Wong`. `mine` and `yours` are the codes that the speaker's
    `my` and `your` mean.
    """
    inside = [word.fold for word in words if start <= word.start < end]
    before = [word for word in words if word.end <= start]
    after = [word for word in words if word.start >= end]
    if inside and inside[0] in _CLINICAL_TITLES:
        return "CLINICIAN"
    return _by_words_before(before, text, start, mine, yours) or _by_words_after(after, text, end, mine, yours)


def introduced_as(words: Sequence[Token], text: str, start: int, end: int) -> str:
    """What a name is introduced as, whoever's it is: `COUSIN` for `her cousin Mei`, empty for nothing."""
    return relation_of(words, text, start, end, _ANYBODY, _ANYBODY).rpartition("-")[2]


def _by_words_before(before: Sequence[Token], text: str, start: int, mine: str, yours: str) -> str:
    position = start
    for index in range(len(before) - 1, max(len(before) - 1 - _REACH, -1), -1):
        word = before[index]
        if _is_border(text[word.end : position]):
            return ""
        if word.fold not in _LINKS_BEFORE:
            return _label(before, index, mine, yours)
        position = word.start
    return ""


def _by_words_after(after: Sequence[Token], text: str, end: int, mine: str, yours: str) -> str:
    position = end
    linked = False
    for index, word in enumerate(after[:_REACH]):
        gap = text[position : word.start]
        if _is_border(gap):
            return ""
        linked |= "s" in gap  # `Mei's my sister`
        if word.fold in ("my", "your") or (mine == _ANYBODY and word.fold in _OWNERS):
            # Without a comma or `is`, `I gave Mei my sister's coat` says nothing of Mei.
            return _relative_after(after[index:], text, mine, yours) if linked or "," in gap else ""
        if word.fold not in _LINKS_AFTER:
            return ""
        linked = True
        position = word.end
    return ""


def _relative_after(words: Sequence[Token], text: str, mine: str, yours: str) -> str:
    """The label of `my younger sister`, which begins at `words[0]`; none of `my sister's friend`."""
    place = next((i for i, word in enumerate(words) if i and word.fold not in _QUALITIES), 0)
    following = words[place + 1].fold if place + 1 < len(words) else ""
    if not place or following in _NOUNS or text[words[place].end : words[place].end + 2] in ("'s", "’s"):
        return ""
    return _label(words, place, mine, yours)


_NOUNS = frozenset(RELATIONS) | _CLINICIANS | {"friend", "in"}


def _label(words: Sequence[Token], index: int, mine: str, yours: str) -> str:
    """The label of the relation word at `words[index]`, by the `my` or `your` before it."""
    word = words[index].fold
    if word in _CLINICIANS:
        return "CLINICIAN"
    owner = index - 1
    while owner >= 0 and words[owner].fold in _QUALITIES:
        owner -= 1
    whose = words[owner].fold if owner >= 0 else ""
    if mine == _ANYBODY:
        known = RELATIONS.get(word) or (word.upper() if word in _OTHERS else "")
        return f"{_ANYBODY}-{known}" if known and whose in _OWNERS else ""
    code = {"my": mine, "our": mine, "your": yours}.get(whose, "")
    if word == "friend":
        return f"{code}-FRIEND" if code else "FRIEND" if whose in _OWNERS else ""
    return f"{code}-{RELATIONS[word]}" if code and word in RELATIONS else ""


def _is_border(gap: str) -> bool:
    """Whether more than a comma and a possessive stands between two words: a new sentence or a break."""
    return gap.replace("'s", "").replace("’s", "").strip(" ,-") != ""


def _is_participant(speaker: str) -> bool:
    return is_code(speaker) and not speaker.startswith(("INT", "SPEAKER"))
