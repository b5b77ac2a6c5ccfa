"""Names that speech itself marks: by a title, a cue (`my name is`), a relation, a greeting, or as an answer."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept_after_cue
from transcribe.redaction.listed_names import find_listed, find_unlisted
from transcribe.redaction.name_lists import HK_SURNAMES, HK_SYLLABLES, is_given, is_listed, is_only_name, is_surname
from transcribe.redaction.name_runs import (
    adjoins,
    extend,
    extend_unknown,
    is_lower,
    may_be_name,
    may_be_unlisted,
    name_at,
    sounds_like_word,
)
from transcribe.redaction.spans import Found, found
from transcribe.redaction.spelled_names import find_spelled
from transcribe.redaction.spoken_relations import find_by_relation
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, tokens, word_set
from transcribe.redaction.word_name_places import find_in_places
from transcribe.redaction.word_names import find_word_names

TITLES = word_set("""
    mr mrs miss ms madam dr prof nurse pastor reverend rev sister father brother uncle aunt auntie ah
    officer constable sergeant inspector superintendent rabbi imam sheikh deacon bishop matron captain mama papa
    """)
"""Words before a name, folded (`Mister` is `mr`, `Doctor` is `dr`)."""
PROFESSIONS = frozenset(("dr", "prof", "nurse", "pastor", "reverend", "rev", "officer", "constable", "inspector"))
"""Titles by which no participant or relative of the roster is called by surname."""
_TITLES_AFTER = frozenset(("sir", "jeh", "jie", "gor", "goh", "baak", "saang", "sifu"))
"""Titles of Hong Kong that follow the name: `Chan sir`, `Fong jeh`."""
_PART_OF_NAME = frozenset(("ah", "uncle", "auntie", "aunt", "mama", "papa"))
"""Titles that are part of what somebody is called, in lower case too (`ah keung`), but not in `my uncle fai`."""
_ADDRESSES = frozenset(("mr", "mrs", "ms"))
"""Titles that are said before a name only."""
_PAUSE = r"[\s,]*(?:\b(?:uh|um|er|erm|just|actually|well|like|basically|so|sorry|no|you know)\b[\s,.]*)*"
_OF_NAME = r"(?:full |first |last |real |english |chinese |middle |maiden |given |family |christian |legal |old |own )*"
_CUE = re.compile(
    rf"\b(?:(?P<strong>(?:my|his|her|your|their|the|whose) {_OF_NAME}(?:name|surname|nickname)s?"
    rf"(?:,? (?:um|uh|er),?)*(?: is| was| would be| are|['’]s|['’]re)|\w+['’]s name(?: is|['’]s)|names?['’]s"
    r"|(?:people|everyone|everybody|they all|they|friends|family|you can|just|please|she|he|we|always|used to|to)"
    r" calls?(?:ed)? (?:me|him|her)|calls me|called me|calling me|call me|known (?:to \w+ )?as|go(?:es)? by|going by"
    r"|(?:i am|i['’]m|he['’]s|she['’]s|he is|she is|who['’]s|who is|who was|he was|she was) (?:called|named)"
    r"|by the name(?: of)?|under the name(?: of)?"
    r"|knows? (?:me|him|her|us) as|(?:named|christened|baptised|nicknamed) (?:me|him|her|us|them|the baby|our \w+"
    r"|my \w+)|speaking is|introduced (?:him|her|my)self as|short for|named after|nicknamed|in the name of|signed)"
    r"|(?P<weak>i['’]m|i am|this is|it['’]s|it is|that['’]s|named|called|calls? (?:him|her|them)|hello|hi|hey|hiya"
    r"|good morning|good afternoon|good evening|thanks|thank you|dear|bye|goodbye|thanks so much|ok|okay|so|yes|yeah"
    r"|well|welcome|cheers|speaking to|speaking with|talking to|met|meet|named))\b" + _PAUSE,
    re.IGNORECASE,
)
_SPEAKING = re.compile(r"[\s,]*(?:speaking|here|calling|on the (?:line|phone)|from)\b", re.IGNORECASE)
_HERE = re.compile(r"\s+(?:here|speaking|calling)\b", re.IGNORECASE)
_NAME_QUESTION = re.compile(
    r"\b(?:your|her|his|their|whose) (?:full |first |last |real |english |given |family |middle |maiden )*"
    r"(?:name|surname|nickname)s?\b|\bcall you\b|\bwho am i (?:speaking|talking)|\bwho is (?:speaking|this|calling)"
    r"|\bwho['’]s (?:speaking|this|calling)|\bname for the\b"
    r"|\bwhat(?:['’]s| is| was| are|s) (?:he|she|they|(?:your|his|her|the) .{0,20})\s?(?:called|names?)\b"
    r"|\bwho (?:are|were) you\b|\bconfirm (?:your|who)\b|\bwhat do (?:people|they|your friends) call\b"
    r"|\bspell (?:it|that|your|his|her)\b|\bname(?:,)? please\b"
    r"|\bwho(?:['’]s| is| was| were| are) (?:your|the|his|her|their|that|this|there|it)\b"
    r"|\bwho (?:do|did|does) (?:you|he|she|they)\b|\bwho (?:else|referred|helped|told|brought|took|supports?|supported"
    r"|looked|looks|visits?|visited|called|rang|found|lives|lived|runs|ran)\b",
    re.IGNORECASE,
)
_CALL_QUESTION = re.compile(
    r"\bwhat (?:do|did|does|should|can|shall) .{1,25}\bcall (?:you|him|her)\b|\byour (?:nickname|pet name)\b",
    re.IGNORECASE,
)
"""A question for what somebody is called, which any word may answer: `Dodo, mostly`."""
_LEAD = re.compile(
    r"[\s,.!-]*(?:\b(?:yeah|yes|yep|yup|sure|of course|okay|ok|um|uh|er|erm|oh|so|well|hi|hello|right|certainly|no"
    r"|problem|absolutely|it['’]s|it is|its|i['’]m|i am|my|his|her|name|names|is|name['’]s|that['’]s|this is"
    r"|they call me|with|from|by|mostly|usually|probably|mainly"
    r"|call me|just|he['’]s|she['’]s|full|first|last|called|surname|sorry|like|the|and)\b[\s,.!-]*)*",
    re.IGNORECASE,
)
_SHORT_ANSWER = 4
_NO_ANSWER = word_set("""
    pardon nothing nobody none secret pass anonymous family friends everyone everybody everything lots loads alone
    myself
    parents kids children people staff depends correct perfect true never always exactly
    """)
_PERSON_BEFORE = re.compile(
    r"\b(?:he|she|who|someone|somebody|guy|girl|man|woman|lady|person|people|friend|doctor|nurse|worker|colleague|lad"
    r"|baby|boy|kid|child|son|daughter|brother|sister|teacher|boss|manager|counsellor|therapist|neighbou?r|cat|dog|staff"
    r"|one of them|volunteer|peer|cousin|uncle|aunt(?:ie)?|student|patient|carer|flatmate|lecturer|bloke)s?\b"
    r"[^.?!]{0,30}$",
    re.IGNORECASE,
)


def find_names(text: str, previous: str) -> Iterator[Found]:
    """Names of persons in one utterance; `previous` is what others said before it, which may ask for a name."""
    words = tokens(text)
    for index in range(len(words)):
        yield from _by_title(text, words, index)
        yield from find_by_relation(text, words, index)
    yield from _by_cue(text, words)
    yield from find_word_names(text, words)
    yield from find_in_places(text, words)
    yield from find_listed(text, words)
    yield from find_unlisted(text, words)
    yield from find_spelled(text, previous)
    if _NAME_QUESTION.search(previous):
        yield from _answer(text, words, 0, named=re.search(r"\bnames?\b|\bcalled\b", previous[-80:], re.I) is not None)
    if _CALL_QUESTION.search(previous):
        yield from _nickname_answer(text, words)
    for question in _NAME_QUESTION.finditer(text):
        if (end := text.find("?", question.end())) >= 0:
            yield from _answer(text, words, end + 1)


def _by_cue(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """What follows `my name is`, `call me`, `this is`, a greeting."""
    for match in _CUE.finditer(text):
        first = next((i for i, word in enumerate(words) if word.start >= match.end()), len(words))
        if first == len(words) or text[match.end() : words[first].start].strip():
            continue  # a sentence ends between the cue and the word
        said = match.group().casefold()
        after = text[words[first].end :][:40]
        introduced = said.startswith("this is") and bool(_SPEAKING.search(after))
        introduced = introduced or (said.startswith(("it", "that")) and bool(_HERE.match(after)))
        introduced = introduced or (
            said.startswith(("called", "named")) and bool(_PERSON_BEFORE.search(text[: match.start()]))
        )
        strong = match.group("strong") is not None or introduced
        if not strong and not _believed(text, said, text[: match.start()], words[first]):
            continue
        if name := name_at(text, words, first, strong=strong):
            yield found(*name, "PERSON", "grammar/cue", 0.8)


def _believed(text: str, cue: str, before: str, name: Token) -> bool:
    """Whether a weak cue makes a name of a word: not what medicines are called, nor in lower case what follows `so`."""
    if is_only_name(name.fold):
        return True
    if cue.startswith(("called", "named")) and not _PERSON_BEFORE.search(before):
        return False
    polite = re.match(r"hi\b|hello|hey|hiya|good |bye|dear|i['’]m|i am|thank|named|called", cue)
    return not is_lower(text) or (bool(polite) and may_be_unlisted(name))


def _answer(text: str, words: Sequence[Token], begin: int, named: bool = False) -> Iterator[Found]:
    """The name that answers a question for it, after `yes, it's …`; a short answer may be in lower case.

    Where the question was for what somebody is `named`, a single word is the answer whatever it is.
    """
    lead = _LEAD.match(text, begin)
    start = lead.end() if lead else begin
    first = next((i for i, word in enumerate(words) if word.start >= start), len(words))
    if first == len(words):
        return
    rest = words[first:]
    short = len(rest) <= _SHORT_ANSWER or (len(rest) > 1 and not adjoins(text, rest[0], rest[1]))
    # "Honestly, the cleaner": who somebody was, is not answered by an ordinary word.
    ordinary = not named and is_common(rest[0].fold) and not is_given(rest[0].fold)
    strong = (short or is_listed(rest[0].fold)) and not (ordinary and at_sentence_start(text, rest[0].start))
    if name := name_at(text, words, first, strong=strong):
        yield found(*name, "PERSON", "grammar/name-answer", 0.7)
        return
    if named and len(rest) == 1 and rest[0].fold not in FUNCTION_WORDS | _NO_ANSWER and not is_kept_after_cue(rest[0]):
        yield found(rest[0].start, rest[0].end, "PERSON", "grammar/name-answer", 0.5)
        return
    for index in range(first, len(words)):
        if is_capitalised(words[index].text) and (is_only_name(words[index].fold) or may_be_unlisted(words[index])):
            if name := name_at(text, words, index):
                yield found(*name, "PERSON", "grammar/name-answer", 0.7)
            return


def _nickname_answer(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """One or two words that answer `What do people call you?` up to a comma or the end, ordinary ones too."""
    lead = _LEAD.match(text)
    answer = [word for word in words if word.start >= (lead.end() if lead else 0)]
    name = [word for word in answer[:2] if word.fold not in FUNCTION_WORDS and not is_kept_after_cue(word)]
    if not name or name[0] is not answer[0]:
        return
    if len(name) == 2 and not adjoins(text, name[0], name[1]):
        name = name[:1]
    if re.match(r"\s*(?:[.,;!?]|$)", text[name[-1].end :]):
        yield found(name[0].start, name[-1].end, "PERSON", "grammar/name-answer", 0.7)


def _by_title(text: str, words: Sequence[Token], index: int) -> Iterator[Found]:
    """`Mister Fung`, `Dr Wong`, `Uncle Fai`, `Ah Keung`, `Chan sir`; `dr. henry howard` in a text without capitals."""
    title, lower = words[index], is_lower(text)
    if title.fold in _TITLES_AFTER and index and words[index - 1].fold not in FUNCTION_WORDS:
        before = words[index - 1]
        capital = is_capitalised(before.text) and (not is_common(before.fold) or before.fold in HK_SURNAMES)
        if adjoins(text, before, title) and (capital or (lower and before.fold in HK_SURNAMES)):
            yield found(before.start, title.end, "PERSON", "grammar/title", 0.9)
    if title.fold not in TITLES or index + 1 == len(words):
        return
    name = words[index + 1]
    point = r"(?:\s?\.)?" if title.fold in (*_ADDRESSES, "dr", "prof") and len(title.text) < 5 else ""
    if not re.fullmatch(point + "[ -]+", text[title.end : name.start]) or name.text[0].isdigit():
        return
    if not _fits_title(text, words, index, lower):
        return
    last = extend_unknown(text, words, extend(text, words, index + 1, 3), index + 1)
    own = index > 0 and words[index - 1].fold in ("my", "his", "her", "our", "their", "your", "the")
    whole = is_capitalised(title.text) or title.fold in (*_ADDRESSES, "dr") or (title.fold in _PART_OF_NAME and not own)
    start = title.start if whole else name.start
    yield found(start, words[last - 1].end, "PERSON", "grammar/title", 0.9)


def _fits_title(text: str, words: Sequence[Token], index: int, lower: bool) -> bool:
    title, name = words[index].fold, words[index + 1]
    before = words[index - 1].fold if index else ""
    if name.fold in FUNCTION_WORDS or is_kept_after_cue(name):
        return is_capitalised(name.text) and title in _ADDRESSES
    if title == "ah":
        known = name.fold in HK_SYLLABLES or is_only_name(name.fold)
        return not is_common(name.fold) and (is_capitalised(name.text) or known)
    if title in _ADDRESSES:
        return lower or is_capitalised(name.text) or not is_common(name.fold)
    if title == "miss":
        verb = before in (
            "i",
            "you",
            "we",
            "they",
            "to",
            "don't",
            "dont",
            "really",
            "might",
            "will",
            "would",
            "ll",
            "d",
        )
        if verb and not is_capitalised(words[index].text):
            return False
        return is_surname(name.fold) if is_common(name.fold) else may_be_name(name, lower)
    if is_common(name.fold):
        kin = title in ("sister", "father", "brother", "uncle", "aunt", "auntie")
        if is_capitalised(name.text):
            return is_capitalised(words[index].text) and not kin
        if title in ("uncle", "aunt", "auntie") and name.fold in _GIVEN_IN_HONG_KONG:
            return lower
        return lower and title in PROFESSIONS and is_surname(name.fold) and name.fold not in _NOT_AFTER_DOCTOR
    unlike_word = name.fold in HK_SYLLABLES or not sounds_like_word(name.fold)  # `auntie ming`
    return may_be_name(name, lower=True) and (is_capitalised(name.text) or unlike_word)


_NOT_AFTER_DOCTOR = word_set("""
    nice great fine hi how sorry say said came come tell call called left may will can see good long best day do go
    got put made make work works
    """)
_GIVEN_IN_HONG_KONG = word_set(
    "ming fan ping king wing sun ling chi lung kong fong fung lan ha hing bun bing chow mo kit"
)
"""Syllables of names that are words as well and that follow `auntie` as names only."""
