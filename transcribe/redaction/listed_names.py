"""Names that a list knows, wherever they are said; and names that are words, where the sentence uses them as names."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.eponyms import is_eponym
from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, is_name_use
from transcribe.redaction.medicines import is_medicine
from transcribe.redaction.name_lists import HK_SYLLABLES, PINYIN, is_given, is_only_given, is_only_name
from transcribe.redaction.name_runs import adjoins, extend, is_lower, may_be_unlisted
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, at_sentence_start, is_capitalised, word_set

_NO_NAMES = frozenset(
    (
        *("char siu", "cha siu", "siu mai", "dim sum", "yum cha", "yam cha", "mah jong", "tai chi", "kung fu"),
        *("wing chun", "pak choi", "choi sum", "ho fun", "chow fun", "hoi sin", "lai see", "lai chee", "hong kong"),
    )
)
_STONES = word_set("ruby jade amber opal coral pearl jasper sapphire emerald jet onyx basil rosemary heather holly")
"""Given names that no list of words holds and that are things after an article: `a ruby ring`, `the jade shop`."""
_EXTRA = word_set("will may")
"""Names that are also function words; they need a verb of a person after them."""
_DOES = word_set("""
    told said says asked called came gave left went helped brought took rang phoned texted visited wanted thinks thought
    knows knew lives lived died works worked moved cried laughed listened stayed cooked tells asks comes goes goes
    paid lent bought sold hugged kissed hit held walked ran watched waited slept ate drank smoked drew wrote read sang
    danced laughed smiled yelled swore warned begged promised refused agreed offered showed taught learned hates loves
    likes needs looks sounds seems keeps lets makes takes gives gets says tells wants thinks knows feels
    sat spoke shouted sent picked drove met made suggested reckons noticed explained replied answered invited introduced
    """)
_AUXILIARY = word_set("is was has had will would can could did does isnt wasnt wont didnt doesnt cant")
"""After a capital inside a sentence: `so Will will come`."""
_MASS = word_set("""
    hope joy grace faith charity patience mercy peace love destiny harmony melody summer spring winter autumn april june
    august may will star sky sun sunny early young little happy lucky honor honour liberty justice constance prudence
    chance art dawn eve misty stormy
    """)
"""Given names that can begin a sentence as words without an article: `Hope is …`; `Frank was …` is a person."""
_TIMES = word_set("summer spring winter autumn april june august dawn")
_PERSON_DOES = word_set(
    "told said says asked called rang phoned texted gave took thinks thought knows knew wants wanted"
)
_NEVER = word_set("""
    doc doctor sir miss first nice date well man mate son baby love dear babe buddy guys friend honey lady boss see said
    else over than one yes left good darling sweetie
    """)
"""Words on the lists that are said to or of anybody."""
_NOUNS = word_set("""
    hope joy grace faith will may charity patience mercy peace love destiny harmony melody dawn autumn summer spring
    winter april june august star sky sun angel sunny frank rich happy lucky early young little rose
    """)
"""Given names that are ordinary nouns and adjectives of speech: said again they need more than their own sound."""
_CUT_OFF = re.compile(r"-(?:\s|$)")
_CLAUSE_STARTS = word_set("""
    so and but then that because when if while after before since or well like where once until though although yeah
    okay ok yes no now anyway actually um uh er erm oh plus
    """)
_GREETING = re.compile(
    r"\b(?:hi|hello|hey|hiya|good (?:morning|afternoon|evening)|morning|bye|goodbye|cheers|dear|welcome(?: back)?"
    r"|thanks|thank you|take care|see you|see ya|nice to meet you|good to see you|night)(?:,? (?:there|again|then))?"
    r"[\s,]*$",
    re.IGNORECASE,
)
_SPOKEN_TO = re.compile(
    r"(?:^|[.?!,]|\b(?:alright|right|okay|ok|well|so|now|and|listen|look|tell me|ask you|mean))[\s,]*"
    r"(?:\b(?:so|okay|ok|now|then|well)\b[\s,]*)*$",
    re.IGNORECASE,
)
_TO_THEM = re.compile(
    r"[\s,]*(?:tell me|what|how|when|where|who|can you|could you|would you|do you|did you|have you|are you|were you"
    r"|is (?:a|an) [\w -]{1,20}year|you(?:'re|'ve)?\b|your\b|i(?:'m|'d|'ve)?\b|we(?:'re|'ll)?\b|let's\b|does\b)",
    re.IGNORECASE,
)
_VERBS = word_set("""
    hope will may can chase grant bill mark sue rob win sing see carry skip love marry pat wish bless hunt sage less
    soon said left else than over one many job early little true long said art
    """)
"""Given names that begin a request or a clause as words: a pronoun or article after them tells."""
_ARTICLES = word_set("""
    a an the my your his her our their its this that these those some any no to very too more most much each every
    another which what whose quite really i you we they question not
    """)
_NOT_ADDRESSED = _VERBS - {"mark", "bill", "pat", "sue", "rob"} | word_set("""
    man son baby friend sister doctor day life pain experience chance case reason season spring summer winter autumn
    sunday lot side job general floor app media level colon oral manual miles max
    """)
_OBJECTS = word_set("it that this the them a an my")
_HI = re.compile(r"\b(?:hi|hello|hey)(?: there)?[\s,]*$", re.IGNORECASE)
_DETERMINERS = word_set("""
    a an the my your his her our their its this that these those some any no to of in on at by very too more most
    much each every another which what whose quite really not i you we they he she it for with from question as
    """)


def find_listed(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Names on the lists, with the words of a name around them."""
    lower = is_lower(text)
    index = 0
    while index < len(words):
        spans = [_listed(text, words, index, lower), _romanised(text, words, index)]
        span = max((s for s in spans if s is not None), key=lambda s: s[1], default=None)
        if span is None:
            index += 1
            continue
        first, last = span
        yield found(words[first].start, words[last - 1].end, "PERSON", "grammar/listed", 0.6)
        index = last


def _listed(text: str, words: Sequence[Token], index: int, lower: bool) -> tuple[int, int] | None:
    word = words[index]
    if not is_only_name(word.fold) or is_kept([word]):
        return None
    capital = is_capitalised(word.text)
    if not capital and word.fold in _STONES and index and words[index - 1].fold in ("a", "an", "the"):
        return None
    if not lower and not capital and (len(word.fold) < 4 or not is_only_given(word.fold)):
        return None
    first = index
    before = words[index - 1] if index else None
    if before is not None and adjoins(text, before, word) and is_given(before.fold):
        named = is_capitalised(before.text) or (
            lower and before.fold not in FUNCTION_WORDS and not is_only_given(word.fold)
        )
        if named and (before.fold not in FUNCTION_WORDS or before.fold in _EXTRA):
            first -= 1
    last = extend(text, words, index)
    after = text[words[last - 1].end :]
    if is_eponym(text, words[last - 1].end) or (lower and last == index + 1 and _CUT_OFF.match(after)):
        return None
    said = " ".join(w.fold for w in words[max(0, index - 1) : last])
    if is_kept(words[first:last]) or any(phrase in said for phrase in _NO_NAMES):
        return None
    return first, last


def _romanised(text: str, words: Sequence[Token], index: int) -> tuple[int, int] | None:
    """`chan tai man`, `Siu Ming`: two to four syllables of Hong Kong's romanisation, not all of them English words."""
    last = index
    while last < len(words) and last - index < 4 and words[last].fold in HK_SYLLABLES:
        capital = is_capitalised(words[last].text)
        if last > index and not adjoins(text, words[last - 1], words[last]):
            break
        if capital != is_capitalised(words[index].text) or (not capital and words[last].fold in FUNCTION_WORDS):
            break
        last += 1
    run = words[index:last] if last - index > 1 else _pinyin(text, words, index)
    last = index + len(run)
    if len(run) < 2 or " ".join(w.fold for w in run) in _NO_NAMES or is_kept(run):
        return None
    unusual = sum(not is_common(w.fold) for w in run)
    if not unusual:
        return None
    return index, last


def _pinyin(text: str, words: Sequence[Token], index: int) -> Sequence[Token]:
    """`xiao hui`, `Jun Jie`: syllables of Mandarin, none of them an English word."""
    last = index
    while last < len(words) and last - index < 3 and words[last].fold in PINYIN and may_be_unlisted(words[last]):
        if last > index and not adjoins(text, words[last - 1], words[last]):
            break
        if is_capitalised(words[last].text) != is_capitalised(words[index].text):
            break
        last += 1
    return words[index:last]


def find_unlisted(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Capitals that no list knows, where the words around them speak of a person: `I told Simina`, `Ivona and I`."""
    lower = is_lower(text)
    for index, word in enumerate(words):
        if not (lower or is_capitalised(word.text)) or not word.text[0].isalpha() or len(word.fold) < 3:
            continue
        if is_only_name(word.fold) or word.fold in _NEVER or word.fold in FUNCTION_WORDS:
            continue
        if not (may_be_unlisted(word) or is_given(word.fold)) or is_kept([word]) or is_medicine(word.fold):
            continue
        last = extend(text, words, index)
        if _is_spoken_of(text, words, index, text[words[last - 1].end :]):
            yield found(word.start, words[last - 1].end, "PERSON", "grammar/capital", 0.5)


def _is_spoken_of(text: str, words: Sequence[Token], index: int, after: str) -> bool:
    """Whether the words before or after an unlisted name, or one that is a word, are those of a person."""
    word, lower = words[index], is_lower(text)
    unlisted = may_be_unlisted(word)
    before = words[index - 1].fold if index and adjoins(text, words[index - 1], word) else ""
    if before in (_TOLD if lower else _TO_PERSON):
        told_to = word.fold in _MASS and index + 1 < len(words) and words[index + 1].fold == "to"
        return (unlisted or told_to or word.fold not in _NOT_TOLD) if lower else is_name_use(text, words, index)
    opening = not before or before in _CLAUSE_STARTS
    if not opening and (lower or not unlisted) and before in _DETERMINERS:
        return False
    if _RELATIVE_AFTER.match(after):
        return True
    if _AND_I.match(after):
        return opening or not lower
    if lower or (not unlisted and at_sentence_start(text, word.start)):
        return unlisted and opening and bool(_SAID_AFTER.match(after))
    return bool(_SAID_AFTER.match(after) or _PERSON_AFTER.match(after))


_TO_PERSON = word_set("""
    told tell tells telling ask asked asking asks meet met meeting called call phoned phone texted text visit visited
    thank thanked remember marry married dated dating blame blamed trust trusted miss missed hug hugged kissed
    invited helped hate hated love loved forgive forgave rang ring emailed email messaged bumped introduced drove
    watched followed hurt hit slapped nursed raised fostered adopted
    """)
_TOLD = word_set("told tell tells asked asks met phoned texted married visited rang emailed messaged hugged kissed")
_NOT_TOLD = word_set("""
    many less more young little early long old love people less some less men ladies said mercy peace hope faith joy
    """)
_RELATIVE_AFTER = re.compile(
    r"['’]s (?:\w+ )?(?:mum|mom|mother|dad|father|parents|brother|sister|wife|husband|partner|son|daughter|boyfriend"
    r"|girlfriend|friend|family|birthday|funeral|wedding|uncle|aunt|cousin|baby)s?\b",
    re.IGNORECASE,
)
_AND_I = re.compile(r" and (?:i|me)\b", re.IGNORECASE)
_SAID_AFTER = re.compile(
    r" (?:told|said|says|thinks|reckons|rang|phoned|texted|\w+ed (?:me|us|him|her|them|my \w+)|(?:gave|made|brought"
    r"|bought|saw|met|left|let|got|hit|held|drove|took|sent|lent|taught|showed) (?:me|us|him|her))\b",
    re.IGNORECASE,
)
_PERSON_AFTER = re.compile(
    r",? and (?:his|her|my|you|he|she)\b|,? (?:he|she)(?:['’]s|['’]d|['’]ll)?\b| there\?| (?:here|speaking)[.,?!]"
)


def find_word_names(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Given names that are ordinary words (`Will`, `grace`), where what stands around them makes them names."""
    lower = is_lower(text)
    for index, word in enumerate(words):
        if not is_given(word.fold) or is_only_given(word.fold) or len(word.fold) < 3 or word.fold in _NEVER:
            continue
        if word.fold not in _EXTRA and (word.fold in FUNCTION_WORDS or is_kept([word])):
            continue
        if lower or is_capitalised(word.text):
            certain = _acts(text, words, index, lower) or (
                word.fold not in _EXTRA and _is_addressed(text, words, index)
            )
            if certain:
                last = extend(text, words, index)
                yield found(word.start, words[last - 1].end, "PERSON", "grammar/word-name", 0.7)


def _acts(text: str, words: Sequence[Token], index: int, lower: bool) -> bool:
    """Whether a verb of persons follows (`will told me`) and nothing before makes the word a noun (`the will`)."""
    if index + 1 == len(words) or not adjoins(text, words[index], words[index + 1]):
        return False
    inside = not lower and (words[index].fold not in _MASS or not at_sentence_start(text, words[index].start))
    if words[index + 1].fold not in _DOES and not (inside and words[index + 1].fold in _AUXILIARY):
        return False
    if not lower:
        return is_name_use(text, words, index)
    if not index or not adjoins(text, words[index - 1], words[index]):
        return True
    before, verb = words[index - 1].fold, words[index + 1].fold
    if words[index].fold in _TIMES and verb not in _PERSON_DOES:
        return False  # `then summer came`
    return before in _CLAUSE_STARTS or (verb in _PERSON_DOES and before not in _DETERMINERS)


def _is_addressed(text: str, words: Sequence[Token], index: int) -> bool:
    """Whether somebody is greeted or spoken to by the word (`hi frank`, `so mark tell me`)."""
    word, following = words[index], words[index + 1] if index + 1 < len(words) else None
    before, after = text[: word.start], text[word.end :]
    runs_on = following is not None and text[word.end : following.start].strip() == ""
    if word.fold in _VERBS and runs_on and following is not None and following.fold in _DETERMINERS:
        return bool(_HI.search(before)) and following.fold not in ("you", "that", "it", "the")
    if _GREETING.search(before):
        return not (word.fold in _VERBS and following is None and not _HI.search(before))
    if not is_lower(text) or word.fold in _NOT_ADDRESSED or not before.strip():
        return False
    return bool(_SPOKEN_TO.search(before) and _TO_THEM.match(after))


def find_again(text: str, words: Sequence[Token], known: frozenset[str]) -> Iterator[Found]:
    """Words that were somebody's name elsewhere in the transcript (`known`, folded), said again without a cue.

    In a text without capitals a name that is an ordinary word is left after an article, pronoun or preposition.
    """
    lower = is_lower(text)
    for index, word in enumerate(words):
        if word.fold not in known:
            continue
        article = index > 0 and words[index - 1].fold in ("a", "an") and not is_capitalised(word.text)
        if not is_common(word.fold) and not article:
            yield found(word.start, word.end, "PERSON", "grammar/again", 0.6)
        elif word.fold in FUNCTION_WORDS or word.fold in _NEVER:
            continue
        elif not lower:
            if is_name_use(text, words, index):
                yield found(word.start, word.end, "PERSON", "grammar/again", 0.5)
        elif word.fold in _VERBS and index + 1 < len(words) and words[index + 1].fold in _OBJECTS:
            continue  # `so mark said mark it on the calendar`
        elif word.fold not in _NOUNS and (index == 0 or words[index - 1].fold not in _ARTICLES):
            yield found(word.start, word.end, "PERSON", "grammar/again", 0.5)
