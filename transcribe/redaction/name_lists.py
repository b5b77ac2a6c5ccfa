"""Which words are names: given names and surnames of many countries, and syllables of names romanised in Hong Kong.

Speech recognisers often write no capitals, and then only a list tells `karen` from a word. A name that is an ordinary
word, too (`mark`, `hill`), is no evidence by itself; the grammars ask for a cue.
"""

from functools import cache, lru_cache
from importlib.resources import files

from transcribe.redaction.lexicon import FUNCTION_WORDS, is_common, must_keep
from transcribe.redaction.tokens import word_set

_FILES = ("given_names.txt", "given_names_world.txt", "surnames.txt", "surnames_world.txt")
_FREQUENT_SURNAMES = 1500
_WORDS_TOO = word_set("""
    aint ala arent ary blanks candida celesta coke couldnt dax dee dia doctor dont flem gon gonna got ima isnt na nah
    kinda lem lien loo
    loma manie max mina nada nubia ok okay pickle ray rennie tia wan wanna wasnt
    butler baker walker porter mason tanner wade pierce scally siri
    lang len lib sep val versa sem ram proj tut lec reg gpa fyp dem app pub
    """)
"""Names that speech and medicine use as words and that no word list here holds (`TIA`, `wan na`, `candida`)."""

HK_SURNAMES = word_set("""
    au au-yeung auyeung chai chak cham chan chang chau cheng cheong cheuk cheung chiang chik chim chin ching chiu cho
    choi chong chow choy chu chui chun chung fan fok fong foo fu fung hau ho hon hong hsu hui hung ip kam kan ko kong
    koo kot ku kuk kung kwan kwok kwong lai lam lau law lee leung li liang liao lin ling lo lok loong lou lui luk lung
    ma mak man mang mo mok mui mung ng ngai ngan ngo oei ou ouyang pak pang pau poon pun sham shek shiu shum sin sit siu
    so sou suen sum sung sze szeto tai tam tan tang tao tin ting to tong tsang tse tsim tso tsoi tsui tsun tung wai wan
    wang wat wong woo wu yan yang yao yau yeung yim yin ying yip yiu yoon yu yue yuen yung
    """)
"""Surnames as the Hong Kong government's romanisation writes them."""
_HK_GIVEN = word_set("""
    bik bing bo bun chai chak cham chau chee cheuk cheung chi chik chin ching chit chiu cho choi chong chor chu chuen
    chui chun chung fa fai fan fat fei fong fook fu fuk fun fung hang hau hei heung him hin hing hiu ho hoi hok hon hong
    huen hung iu ka kai kam kan kar kau kei keung ki kim kin king kit kiu ko kong ku kuen kui kuk kun kung kuo kwai kwan
    kwok kwong kwun lai lam lan lap lau lee lei leung li lik lim lin ling lo loi lok long luen lui luk lun lung mak man
    mau mei men miu ming mo mok mui muk mun nam nga ngai ngan ngo ngok nin ning nok oi on pak pang pik pin ping po pok
    pong pui pun sai sam san sau sek seung shan shek sheung shing shiu shu shuen shui shuk shun shung sik sin sing siu
    so sok suen suet sui suk sum sun sung sze tai tak tam tan tang tat tik tim tin ting tip tit tong tsan tsang tse
    tsoi tsun tsz tsui tuen tung wa wah wai wan wang wing wo wong wun wut yam yan yat yau yee yeuk yeung yi yik yim yin
    ying yip yiu yu yue yuen yuet yui yuk yung
    """)
HK_SYLLABLES = HK_SURNAMES | _HK_GIVEN

_PINYIN = {
    "": "a ai an ang ao e ei en er o ou",
    "b": "a ai an ang ao ei en eng i ian iao ie in ing o u",
    "p": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "m": "a ai an ang ao ei en eng i ian iao ie in ing o ou u",
    "f": "a an ang ei en eng o ou u",
    "d": "a ai an ang ao e ei eng i ian iao ie ing ong ou u uan ui un uo",
    "t": "a ai an ang ao e eng i ian iao ie ing ong ou u uan ui un uo",
    "n": "a ai an ang ao ei en eng i ian iang iao ie in ing iu ong u uan uo",
    "l": "a ai an ang ao e ei eng i ian iang iao ie in ing iu ong ou u uan un uo",
    "g": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "k": "a ai an ang ao e en eng ong ou u ua uai uan uang ui un uo",
    "h": "a ai an ang ao e ei en eng ong ou u ua uai uan uang ui un uo",
    "j": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "q": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "x": "i ia ian iang iao ie in ing iong iu u uan ue un",
    "zh": "a ai an ang ao e en eng i ong ou u ua uan uang ui un uo",
    "ch": "a ai an ang ao e en eng i ong ou u uan uang ui un uo",
    "sh": "a ai an ang ao e ei en eng i ou u ua uai uan uang ui un uo",
    "r": "an ang ao e en eng i ong ou u uan ui un uo",
    "z": "a ai an ang ao e ei en eng i ong ou u uan ui un uo",
    "c": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "s": "a ai an ang ao e en eng i ong ou u uan ui un uo",
    "y": "a an ang ao e i in ing ong ou u uan ue un",
    "w": "a ai an ang ei en eng o u",
}
"""Initials of Mandarin with the finals that each is followed by (Hanyu Pinyin)."""
PINYIN = frozenset(
    first + rest for first, finals in _PINYIN.items() for rest in finals.split() if len(first + rest) > 1
)
"""The syllables of Mandarin as they are romanised in China."""


@cache
def _read(name: str) -> dict[str, tuple[int, bool]]:
    """Every name of a list with its rank and whether it is a rare word, too; those of the wider list come last."""
    both = (name, name.replace(".txt", "_world.txt"))
    texts = ((files("transcribe.redaction") / "data" / each).read_text(encoding="utf-8") for each in both)
    lines = (line for text in texts for line in text.splitlines() if line and not line.startswith("#"))
    ranked = ((line.rstrip("*"), (rank, line.endswith("*"))) for rank, line in enumerate(lines))
    result: dict[str, tuple[int, bool]] = {}
    for word, row in ranked:
        result.setdefault(word, row)
    return result


def is_given(word: str) -> bool:
    """Whether a folded word is a given name or a short form of one."""
    return word in _read("given_names.txt")


def is_surname(word: str) -> bool:
    """Whether a folded word is a surname."""
    return word in _read("surnames.txt") or word in HK_SURNAMES


def is_frequent_surname(word: str) -> bool:
    """Whether a folded word is among the most frequent surnames, ordinary words included (`brown`, `hill`)."""
    return _read("surnames.txt").get(word, (_FREQUENT_SURNAMES, False))[0] < _FREQUENT_SURNAMES or word in HK_SURNAMES


def is_listed(word: str) -> bool:
    """Whether a folded word is on any list of names; it may be an ordinary word, too."""
    return is_given(word) or is_surname(word)


@lru_cache(maxsize=65536)
def is_only_given(word: str) -> bool:
    """Whether a folded word is a given name and no ordinary word."""
    return is_given(word) and not _is_word(word, "given_names.txt")


@lru_cache(maxsize=65536)
def is_only_name(word: str) -> bool:
    """Whether a folded word is a given name or surname and no ordinary word: `karen`, `nguyen`; not `mark`, `hill`."""
    return is_only_given(word) or (word in _read("surnames.txt") and not _is_word(word, "surnames.txt"))


def is_spoken_word(word: str) -> bool:
    """Whether a folded word is one of speech or medicine that the list of common words does not hold."""
    return word in _WORDS_TOO


def _is_word(word: str, name: str) -> bool:
    return (
        _read(name)[word][1] or is_common(word) or word in _WORDS_TOO or word in FUNCTION_WORDS or word in must_keep()
    )
