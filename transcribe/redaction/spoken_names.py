"""Names that speech itself marks: by a title, a cue (`my name is`), a relation, a greeting, or by being spelled."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, is_name_use
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, fold, is_capitalised, tokens, word_set

TITLES = word_set("""
    mr mrs miss ms madam dr prof nurse pastor reverend sister father brother uncle aunt auntie ah
    """)
"""Words before a name, folded (`Mister` is `mr`, `Doctor` is `dr`)."""
PROFESSIONS = frozenset(("dr", "prof", "nurse", "pastor", "reverend"))
"""Titles by which no participant or relative of the roster is called by surname."""
_RELATIONS = word_set("""
    son sons daughter daughters brother brothers sister sisters boy girl kid husband wife partner boyfriend
    girlfriend friend cousin nephew niece mother father mum mom dad grandmother grandfather grandson
    granddaughter colleague supervisor manager boss counsellor counselor neighbour neighbor flatmate roommate
    caseworker keyworker worker psychiatrist therapist buddy dog cat
    """)
_CUE = re.compile(
    r"\b(?:(?P<strong>(?:my|his|her|your|their|the) (?:full |first |last |real |english |chinese |middle |maiden )?"
    r"(?:name|surname|nickname)(?: is|['’]s| was)|name['’]s|calls? me|called me|calling me|known as|go(?:es)? by"
    r"|i am called|i['’]m called)"
    r"|(?P<weak>i['’]m|i am|this is|it['’]s|named|called|calls? (?:him|her|them)|hello|hi|hey|good morning"
    r"|good afternoon|thanks|thank you|dear|bye|goodbye|thanks so much|ok|okay|so|yes|well))\b[\s,]*"
    r"(?:(?:uh|um|er|erm|just|actually|well|like)\b[\s,]*)*",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"(?<![\w'’])(?:[A-Za-z](?:\s*[-.]\s*|\s+)){2,}[A-Za-z](?![\w'’])")
_NAME_QUESTION = re.compile(
    r"\b(?:your|her|his|their) (?:full |first |last )?(?:name|surname)\b|\bcall you\b|\bwho am i speaking"
    r"|\bwho is (?:speaking|this)|\bname for the\b|\bwhat(?:'s| is) .{0,20}\bcalled\b",
    re.IGNORECASE,
)
_MAX_NAME_WORDS = 4
_WORD_NAMES = word_set("""
    will may hope grace rose faith joy mark bill sue rob frank jack pat grant dean ray art dawn iris ivy daisy lily ruby
    summer april june hunter chase angel crystal melody christian victor penny violet olive gene drew cliff charity
    patience constance prudence mercy honey sky star sunny happy lucky winter autumn miles max
    """)
"""Given names that are ordinary words; with a capital and one of the next verbs they are names even unlisted."""
_DOES = word_set("""
    told said says asked called came gave left went helped brought took rang phoned texted visited wanted thinks thought
    knows knew lives lived died works worked moved cried laughed listened stayed cooked
    """)


def find_names(text: str, previous: str) -> Iterator[Found]:
    """Names of persons in one utterance; `previous` is the utterance before, which may ask for a name."""
    words = tokens(text)
    for index in range(len(words)):
        yield from _by_title(text, words, index)
        yield from _by_relation(text, words, index)
        does = index + 1 < len(words) and words[index + 1].fold in _DOES
        if does and words[index].fold in _WORD_NAMES and is_name_use(text, words, index):
            yield found(words[index].start, words[index].end, "PERSON", "grammar/word-name", 0.7)
    for match in _CUE.finditer(text):
        strong = match.group("strong") is not None
        first = next((i for i, word in enumerate(words) if word.start >= match.end()), len(words))
        if first < len(words) and text[match.end() : words[first].start].strip():
            continue  # a sentence ends between the cue and the word
        name = _name_from(text, words, first, strong=strong)
        if name:
            yield found(*name, "PERSON", "grammar/cue", 0.8)
    for match in _SPELLED.finditer(text):
        if _is_spelled_name(match.group()):
            yield found(match.start(), match.end(), "PERSON", "grammar/spelled", 0.7)
    if _NAME_QUESTION.search(previous):
        for index, word in enumerate(words):
            if is_capitalised(word.text) and not is_common(word.fold) and (name := _name_from(text, words, index)):
                yield found(*name, "PERSON", "grammar/name-answer", 0.7)
                break


def _may_be_name(word: Token, lower: bool = False) -> bool:
    """Whether a word can be (part of) a name: with a capital, or in lower case if it is no ordinary word."""
    if word.text[0].isdigit() or word.fold in FUNCTION_WORDS or is_kept([word]):
        return False
    if is_capitalised(word.text):
        return True
    return lower and len(word.fold) > 1 and not is_common(word.fold)


def _name_from(text: str, words: Sequence[Token], first: int, strong: bool = False) -> tuple[int, int] | None:
    """The name that begins at `words[first]`, as offsets; None when none does.

    After a strong cue lower case will do (`my name is chan tai man`); else a capital is needed, and the first word
    must not be an ordinary one (`I'm Fine`).
    """
    last = first
    while last < len(words) and last - first < _MAX_NAME_WORDS:
        word = words[last]
        gap = text[words[last - 1].end : word.start] if last > first else ""
        if gap.strip(" -.’'"):
            break
        particle = strong and word.fold == "ah"
        later = last > first and strong and len(word.fold) < 5 and word.fold not in FUNCTION_WORDS
        if not particle and not later and not _may_be_name(word, lower=strong):
            break
        if last == first and not strong and is_common(word.fold):
            break
        if last == first and strong and is_common(word.fold) and not particle and not is_capitalised(word.text):
            break
        last += 1
    if last == first or (last == first + 1 and words[first].fold == "ah"):
        return None
    return words[first].start, words[last - 1].end


def _by_title(text: str, words: Sequence[Token], index: int) -> Iterator[Found]:
    """`Mister Fung`, `Dr Wong`, `Uncle Fai`, `Ah Keung`, `Chan sir`."""
    title = words[index]
    if title.fold == "sir" and index and _may_be_name(words[index - 1]) and not is_common(words[index - 1].fold):
        yield found(words[index - 1].start, title.end, "PERSON", "grammar/title", 0.9)
    if title.fold not in TITLES or index + 1 == len(words):
        return
    name = words[index + 1]
    point = r"\.?" if title.text in ("Dr", "Mr", "Mrs", "Ms", "Prof") else ""
    if not re.fullmatch(point + "[ -]+", text[title.end : name.start]) or not _may_be_name(name, lower=True):
        return
    kin = not is_capitalised(title.text) or title.fold in ("ah", "sister", "father", "brother", "miss")
    if kin and is_common(name.fold):
        return
    last = index + 1
    while last + 1 < len(words) and last - index < 3:
        following = words[last + 1]
        if text[words[last].end : following.start].strip("- ") or not is_capitalised(following.text):
            break
        if not _may_be_name(following) or is_common(following.fold):
            break
        last += 1
    start = title.start if is_capitalised(title.text) or title.fold in ("mr", "mrs", "ms", "dr") else name.start
    yield found(start, words[last].end, "PERSON", "grammar/title", 0.9)


def _by_relation(text: str, words: Sequence[Token], index: int) -> Iterator[Found]:
    """`my boy Toby`, `her sister, Doris`: the name only, the relation stays."""
    if words[index].fold not in _RELATIONS or index + 1 == len(words):
        return
    name = words[index + 1]
    if text[words[index].end : name.start].strip() not in ("", ",") or not is_name_use(text, words, index + 1):
        return
    if is_common(name.fold) or not (span := _name_from(text, words, index + 1)):
        return
    yield found(*span, "PERSON", "grammar/relation", 0.8)


def _is_spelled_name(text: str) -> bool:
    """Whether letters one by one spell a name: no known abbreviation, no stuttered `I, I, I`, no `M.M. H.M.`."""
    letters = re.sub(r"[^A-Za-z]", "", text).casefold()
    if set(letters) <= set("ai") or set(letters) <= set("mhu") or len(set(letters)) == 1:
        return False
    hyphened = bool(re.search(r"[A-Za-z]\s*-\s*[A-Za-z]", text))
    if not hyphened and (len(letters) < 4 or re.search(r"(?:^|\s)[aI](?:\s|$)", text)):
        return False
    return not is_kept(tokens(letters)) and not re.search(
        rf"\b{re.escape(fold(letters))}\b", "ptsd adhd ocd bpd nhs hkid"
    )
