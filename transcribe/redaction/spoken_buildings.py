"""Buildings and other named spots that no gazetteer holds: `lakanal house`, `hungerford bridge`, `southorn playground`.

A word that can only be a name, before a word for what stands there; in a text with capitals both have one.
"""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, organisations, places
from transcribe.redaction.medicines import is_medicine
from transcribe.redaction.name_lists import HK_SYLLABLES, is_given, is_only_name, is_spoken_word
from transcribe.redaction.name_runs import is_lower, may_be_unlisted
from transcribe.redaction.organisation_kinds import DESCRIPTORS, KINDS
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, word_set

_HOMES = word_set("house court tower towers mansion mansions heights lodge point villas cottage")
_SPOTS = word_set("""
    bridge playground park market pier cemetery common viaduct tunnel roundabout reservoir marsh marshes wharf quay
    quays hill green lanes fields plaza estate
    """)
_SURNAMES_TOO = word_set("hill park marsh green common fields bridge market lodge court house")
_LONGEST = 3
_BEFORE = word_set("""
    in at on from near by to outside into under over through towards around behind opposite called live lived moved
    past via of across and or is was the
    """)
_NO_NAME = word_set("""
    full half mid top real council housing
    open opera ice safe doll dolls coffee town tree guest public mad ware light green white powder
    penthouse crown county high supreme youth food court kids skate theme car amusement tennis squash basketball
    """)


def find_buildings(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Named houses as addresses, other named spots as places."""
    for index, word in enumerate(words):
        if word.fold not in _HOMES | _SPOTS or (first := _name_before(text, words, index)) is None:
            continue
        if word.fold in _SURNAMES_TOO and is_given(words[index - 1].fold) and not _is_place(words[first:index]):
            continue  # `betty hill`
        before = words[first - 1].fold if first else ""
        name = words[first:index]
        if tuple(w.fold for w in words[first : index + 1]) in organisations() or is_kept(words[first : index + 1]):
            continue
        if not is_lower(text) or before in _BEFORE or _is_place(name) or word.fold in _HOMES:
            kind = "ADDRESS" if word.fold in _HOMES else "PLACE"
            yield found(name[0].start, word.end, kind, "grammar/building", 0.6)


def _name_before(text: str, words: Sequence[Token], index: int) -> int | None:
    """Where the name before a word for a building begins; None where that word is part of ordinary speech."""
    lower, kind = is_lower(text), words[index]
    small = not lower and not is_capitalised(kind.text)
    first = index
    while first > 0 and index - first < _LONGEST and _names(words[first - 1], lower):
        if not re.fullmatch(r"[ -]+", text[words[first - 1].end : words[first].start]):
            break
        first -= 1
    name = words[first:index]
    if not name or (not lower and len(name) == 1 and at_sentence_start(text, name[0].start)):
        return None
    if text[name[-1].end : kind.start].strip(" -"):
        return None  # `karen's house`
    syllables = all(word.fold in HK_SYLLABLES for word in name)
    sure = [w for w in name if _is_sure(w, alone=len(name) == 1)]
    if not (sure or (syllables and len(name) > 1)) or (small and not _is_place(name)):
        return None
    return first


def _names(word: Token, lower: bool) -> bool:
    if word.fold in FUNCTION_WORDS or word.fold in _NO_NAME or word.text[0].isdigit() or is_kept([word]):
        return False
    return (word.fold in HK_SYLLABLES or not is_common(word.fold)) if lower else is_capitalised(word.text)


def _is_sure(word: Token, *, alone: bool) -> bool:
    """Whether a word can only be part of a name here: on no list of words, nor somebody's given name alone."""
    if is_common(word.fold) or is_spoken_word(word.fold) or is_medicine(word.fold) or len(word.fold) < 3:
        return False
    if word.fold in DESCRIPTORS or word.fold in KINDS:
        return False
    if _is_place([word]) or is_only_name(word.fold):
        return True
    # `marchmont tower` sounds like a word; what is no form of a verb is believed all the same.
    return may_be_unlisted(word) or not (alone and word.fold.endswith(("ing", "ed", "ly", "ic", "al", "ive", "less")))


def _is_place(name: Sequence[Token]) -> bool:
    return tuple(word.fold for word in name) in places()
