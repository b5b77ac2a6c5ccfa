"""Phrases that single a person out of a group: `the only peer worker at …`, `the youngest nurse in …`."""

import re
from collections.abc import Iterator, Sequence

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, is_kept, peoples, places
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, is_capitalised, word_set

ROLES = word_set("""
    worker workers psw nurse doctor dr psychiatrist psychologist therapist counsellor counselor teacher student pupil
    patient resident client member user tutor manager officer driver chef cook engineer lawyer solicitor barrister
    accountant pastor priest imam nun monk vicar reverend councillor politician mp judge soldier policeman policewoman
    firefighter pilot captain coach trainer player singer actor actress artist musician dancer writer journalist
    professor lecturer researcher scientist volunteer peer carer caregiver midwife pharmacist dentist surgeon
    interpreter translator chairman chairwoman chairperson chair director ambassador facilitator graduate apprentice
    employee consultant registrar trainee intern leader head boss sergeant constable inspector commissioner minister
    speaker
    supervisor survivor participant candidate widow widower twin
    """)
"""Occupations and other parts that a person has, folded; they stay in the text."""
_PEOPLE = word_set(
    "person people one man woman guy girl boy lady gentleman kid child male female adult teenager member"
)
DEMOGRAPHIC = word_set("""
    nepalese nepali indian pakistani filipino filipina indonesian thai vietnamese japanese korean chinese taiwanese
    malaysian singaporean bangladeshi sri lankan african nigerian ghanaian kenyan somali ethiopian eritrean sudanese
    egyptian moroccan algerian syrian iraqi iranian afghan kurdish turkish arab jewish israeli palestinian lebanese
    polish romanian bulgarian hungarian ukrainian russian lithuanian latvian portuguese spanish italian greek french
    german dutch irish scottish welsh english british american canadian australian brazilian mexican colombian
    caribbean jamaican european asian black white mixed race ethnic minority mainland foreign deaf blind disabled
    transgender trans gay lesbian bisexual queer nonbinary muslim hindu sikh buddhist jew catholic wheelchair albino
    autistic female male pregnant
    """) | frozenset(word for word in peoples() if " " not in word)
"""Peoples, religions, conditions and the like, folded; they stay in the text."""
_GROUPS = word_set("""
    team ward unit hospital clinic school college university class year department company office firm factory shop
    service center programme program project group district town village city island country county region estate
    street neighbourhood neighborhood street church mosque temple choir club squad band army force course cohort
    association agency trust organization charity hostel staff industry field profession council committee parliament
    iccmw training area borough community ngo kong territories kingdom england scotland wales britain china
    """)
_PRIVATE = word_set("family home house household world life lives relationship marriage bed mind opinion")
"""Groups in which to be the only one tells nobody who it is."""
_SINGLING = re.compile(
    r"\b(?P<the>(?:the|their|our|his|her|its)\s+(?:very\s+|one and\s+)?(?:only|first(?:\s+ever)?|youngest|oldest"
    r"|eldest"
    r"|tallest|longest[\s-]serving|most\s+senior|last\s+remaining|single))\s+",
    re.IGNORECASE,
)
_WHOM_ALL_KNOW = re.compile(
    r"\bthe\s+(?:one|guy|man|woman|girl|boy|lady|person)\s+(?:that\s+|who\s+|whom\s+)?(?:everyone|everybody"
    r"|the whole \w+|all of \w+)"
    r"\s+(?:\w+\s+){0,3}?(?:knows?|recogni[sz]es?|calls?|heard of|talks? about|talked about|remembers?)\b"
    r"|\b(?:everyone|everybody|the whole \w+)\s+(?:here\s+|there\s+|in\s+[\w ]{2,30}?\s+)?(?:knows?"
    r"|recogni[sz]e[sd]?)\s+(?:me|him|her)\s+(?:as|from)\b",
    re.IGNORECASE,
)
_IN_THE_NEWS = re.compile(
    r"\b(?:it(?= was all over| made)|i|he|she|we|they|(?:my|his|her|our|the)\s+(?:\w+\s+)?(?:case|story|name"
    r"|face|picture|photo|accident|arrest|trial|son"
    r"|daughter|brother|sister|father|mother|husband|wife))\s+(?:was|were|been|had been|have been|has been|got"
    r"|appeared|came|ended up)"
    r"\s+(?P<where>(?:all over|on|in)\s+(?:the\s+)?(?:local\s+|national\s+|evening\s+|six o'clock\s+)?"
    r"(?:news|papers?|newspapers?|tv|telly|television|front pages?|headlines|radio))\b"
    r"|\b(?P<viral>(?:went|gone|going|goes)\s+viral)\b",
    re.IGNORECASE,
)


def find_unique(text: str, words: Sequence[Token]) -> Iterator[Found]:
    """Phrases by which a reader could pick one person out; the description that follows stays, its names aside."""
    for match in _SINGLING.finditer(text):
        first = next((i for i, word in enumerate(words) if word.start >= match.end()), len(words))
        if (end := _described(text, words, first)) is not None:
            stop = words[end - 1].end if end > first else match.end("the")
            yield found(match.start("the"), stop, "UNIQUE", "grammar/unique", 0.7)
    for match in _WHOM_ALL_KNOW.finditer(text):
        yield found(match.start(), match.end(), "UNIQUE", "grammar/known-to-all", 0.6)
    for match in _IN_THE_NEWS.finditer(text):
        group = "where" if match.group("where") else "viral"
        yield found(*match.span(group), "UNIQUE", "grammar/in-the-news", 0.5)


def _described(text: str, words: Sequence[Token], first: int) -> int | None:
    """Where the words of origin and the like end after `the only`, if a person in a group follows; None if not."""
    noun, origin = None, first
    for index in range(first, min(first + 6, len(words))):
        word = words[index]
        if index > first and re.search(r"[.?!;]", text[words[index - 1].end : word.start]):
            break
        if word.fold in DEMOGRAPHIC and origin == index:
            origin = index + 1
        if word.fold in ROLES | _PEOPLE:
            noun = index
        elif noun is not None or word.fold in FUNCTION_WORDS:
            break
    if noun is None:
        return origin if origin > first else None
    if origin > first:
        return origin
    for index in range(noun + 1, min(noun + 9, len(words))):
        if re.search(r"[.?!;]", text[words[index - 1].end : words[index].start]):
            break
        if words[index].fold in _PRIVATE:
            return None
        if index == noun + 1 and words[index].fold in ("here", "there"):
            return origin
        if words[index].fold in ("in", "at", "on", "from", "of", "within", "to", "for") and _is_group(words, index + 1):
            return origin
    return None


def _is_group(words: Sequence[Token], first: int) -> bool:
    """Whether the words after a preposition name a group or place: `the whole team`, `Hong Kong`, `at tuen mun`."""
    for word in words[first : first + 5]:
        if word.fold in _GROUPS or (word.fold,) in places() or (is_capitalised(word.text) and len(word.text) > 1):
            return True
        if not is_common(word.fold) and not is_kept([word]):
            return True
        if word.fold in FUNCTION_WORDS - {"the", "our", "this", "that", "my", "all", "whole", "of", "a", "their"}:
            return False
    return False
