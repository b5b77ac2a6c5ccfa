"""Names that a relation tells: `my boy Toby`, `her sister, Doris`, `my key worker's Simina`."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept_after_cue, is_name_use
from transcribe.redaction.name_lists import is_given, is_only_name
from transcribe.redaction.name_runs import extend, extend_unknown, is_lower, may_be_unlisted, sounds_like_word
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, is_capitalised, word_set
from transcribe.redaction.word_name_places import is_verb_use

_RELATIONS = word_set("""
    son sons daughter daughters brother brothers sister sisters boy girl kid husband wife partner boyfriend
    girlfriend friend friends cousin nephew niece mother father mum mom dad grandmother grandfather grandson
    granddaughter colleague supervisor manager boss counsellor counselor neighbour neighbor flatmate roommate
    caseworker keyworker worker psychiatrist therapist buddy dog cat classmate teacher tutor landlord carer coworker
    helper stepfather stepmother stepson stepdaughter twin fiance fiancee ex mate auntie aunt uncle grandma grandpa
    granny nan psychologist physio midwife patient client baby
    """)


def find_by_relation(text: str, words: Sequence[Token], index: int) -> Iterator[Found]:
    """`my boy Toby`, `her sister, Doris`, `my wife grace`: the name only, the relation stays."""
    if words[index].fold not in _RELATIONS or index + 1 == len(words):
        return
    name, lower = words[index + 1], is_lower(text)
    gap = text[words[index].end : name.start].strip()
    if (gap == "" and name.fold in ("is", "was")) or gap in ("'s", "’s"):
        yield from _is_named(text, words, index + (1 if gap else 2))
    if gap not in ("", ",") or name.fold in FUNCTION_WORDS or name.text[0].isdigit() or is_kept_after_cue(name):
        return
    if is_capitalised(name.text):
        if not is_name_use(text, words, index + 1) or (is_common(name.fold) and not is_given(name.fold)):
            return
    else:
        does = index + 2 < len(words) and index and words[index - 1].fold in _OWN and words[index + 2].fold in _FINITE
        given = is_given(name.fold) and (name.fold in _GIVEN_AFTER_RELATION or does)
        listed = is_only_name(name.fold) or given
        apposed = gap == "," and may_be_unlisted(name) and bool(re.match(r"\s*,", text[name.end :]))
        invented = not is_common(name.fold) and not sounds_like_word(name.fold) and not name.fold.endswith("s")
        sure = is_only_name(name.fold) or apposed
        if is_verb_use(text, words, index + 1):
            return  # `my son drew a tree`
        if not (lower and (listed or invented) and gap == "") and not (sure and lower):
            return
    last = extend_unknown(text, words, extend(text, words, index + 1), index + 1)
    yield found(name.start, words[last - 1].end, "PERSON", "grammar/relation", 0.8)


def _is_named(text: str, words: Sequence[Token], index: int) -> Iterator[Found]:
    """`my key worker's Simina`; in lower case a listed name, or two words that only a name can be."""
    if index >= len(words):
        return
    if not is_lower(text):
        head = words[index]
        unusual = (may_be_unlisted(head) and len(head.fold) > 2) or is_only_name(head.fold)
        if is_capitalised(head.text) and unusual and not is_kept_after_cue(head):
            last = extend_unknown(text, words, extend(text, words, index), index)
            yield found(head.start, words[last - 1].end, "PERSON", "grammar/relation", 0.6)
        return
    last = extend_unknown(text, words, extend(text, words, index), index)
    part = words[index:last]
    unusual = all(may_be_unlisted(w) and len(w.fold) > 2 and not is_kept_after_cue(w) for w in part)
    if is_only_name(part[0].fold) or (len(part) > 1 and unusual):
        yield found(part[0].start, part[-1].end, "PERSON", "grammar/relation", 0.6)


_OWN = word_set("my your his her our their")
_FINITE = word_set("""
    is was has had who said says told came comes went goes died lives lived works worked got gets wants wanted left
    helped helps came took takes
    """)
"""After `my daughter`, a given name and such a verb, the name is no word: `my daughter blessing is …`."""
_GIVEN_AFTER_RELATION = word_set("""
    grace rose faith joy mark bill sue rob frank jack pat ray dawn iris ivy daisy lily ruby april june crystal penny
    violet olive gene drew cliff nick ted scott grant hope amber pearl melody eve guy clay miles chuck rod angel summer
    hunter chase destiny harmony ruth kit bart meg peg
    """)
"""Given names that are words and that no English sentence puts after `my brother` as words."""
