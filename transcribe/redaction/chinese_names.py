"""Names of people in Chinese text: the cheapest reading of a sentence as words and names, and cues.

A sentence without spaces is read as the sequence of dictionary words and names that is most probable (a unigram model,
as in jieba; names as surname and given name with the probability of each character, as in Sun et al. 1995, "Chinese
name recognition"). A name has to be cheaper than the words that it would replace: 高興 is a word, 高振東 a name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transcribe.redaction.chinese_name_parts import TITLES_AFTER, family, spoken, stops
from transcribe.redaction.chinese_surnames import DOUBLE_SURNAMES, NOT_SURNAMES, RARE_SURNAMES
from transcribe.redaction.chinese_words import Dictionary, dictionary, simplified

_FULL, _SHORT_FULL, _GIVEN_ONLY, _RARE, _KNOWN, _TITLED = 1.5, 4.5, 5.5, 3.0, -1.0, -0.5
"""What a reading as a name costs (negative log probability) beyond its characters: surname with two characters, with
one, a given name of two alone, extra for a surname that is a word, a name of the dictionary, a name with a title."""
_LISTED = 11.0
"""What a transliterated or famous name of the dictionary costs."""
_CUED = 6.0
"""What a cue before it (`我叫`) takes off."""
_NO_NICKNAME = frozenset("的了是在不个们我你佢")
_NEAR = 3.0
"""What takes off a word beside it that goes with people: 同 or 多謝 before, 話 or 生日 after."""
_NICK = 9.0
_SPOKEN = 2.5
"""What a character costs more that is a word of its own in speech."""
_ALONE = 3.0
"""What takes off a name that is all of what is said between two pauses."""
_UNSEEN = 14.0
"""What a character costs that is in no given name of the dictionary."""

_SHORT_TITLES = "生太哥姐叔伯姨嬸嫂婆仔女妹"
_ONLY_WITH_SURNAME = "生太"
_CUE = re.compile(
    r"(?:(?:我|佢|他|她|你|女|仔|妹|弟|哥|姐|友|学|事|生|娘|个|人|名)(?:系|都)?(?:就)?叫(?:做|作)?|名(?:字)?(?:系|是|叫)|叫做|名叫|称呼我|介绍)$"
)
"""What comes directly before a name; simplified."""
_SELF = re.compile(r"(?:我|佢|他|她|个名|名字|全名|花名|英文名|中文名|人人)(?:就)?(?:叫做|叫作|叫|系叫|系|是)$")
_BEFORE_PERSON = re.compile(
    r"(?:同|跟|揾|俾|畀|问|识|约|多谢|挂住|挂念|怀念|介绍|帮|陪|见到|见过|撞到|嗌|闹|请|扮|譬如|例如|连|系|细佬|大佬|哥哥|家姐|姐姐|妹妹|细妹|弟弟|老公|老婆|太太|先生|个仔|个女|阿仔|阿女|儿子|女儿|男朋友|女朋友|男友|女友|朋友|同事|同学|老板|社工|上司|室友|表哥|表姐|表弟|表妹|阿妈|阿爸|妈妈|爸爸)$"
)
_AFTER_PERSON = re.compile(
    r"话|讲|同埋|佢|生日|屋企|自己|嗰边|去咗|冇|有冇|究竟|阿妈|个女|个仔|老公|老婆|仲|都|而家|身上|点"
)
_SURNAMED = re.compile(r"(?:姓|贵姓系|免贵)(?:系|是)?$")
_ASKED = re.compile(
    r"叫(?:咩|乜|什么|甚么|啥)|(?:点|点样|怎么|怎样)称呼|贵姓|(?:咩|乜|什么)(?:嘢)?名|姓(?:咩|乜|什么)|个名(?:系|叫)|名字(?:是|叫)|边个$|边位$|是谁"
)
_ANSWER = re.compile(r"^(?:呃|嗯|哦|噢|啊|系|是|我|个名|名字|叫做|叫|就|[\s，,。.、…])*")
_ENDS = "啊呀㗎喇啦啰咯嘅吖喎呢啵嘛嗰吗吧的了，。！？、,.!? …"


@dataclass(frozen=True, slots=True)
class Name:
    """A name in a text: code points, why it is believed (the recogniser's name), and how much."""

    start: int
    end: int
    reason: str
    score: float


@dataclass(frozen=True, slots=True)
class _Edge:
    end: int
    cost: float
    reason: str


def find_chinese_names(text: str, previous: str = "") -> list[Name]:
    """Names in one utterance; `previous` is what others said before, which may have asked for a name."""
    plain = simplified(text)
    result: list[Name] = []
    for match in re.finditer(r"[\u3400-\u9fff\U00020000-\U0003ffff]+", plain):
        result += _read(text, plain, match.start(), match.end())
    result += _after_surname_word(plain)
    result += _introduced(plain)
    if _ASKED.search(simplified(previous)[-40:]):
        result += _answer(plain)
    return sorted(set(result), key=lambda n: (n.start, n.end, n.reason))


def _read(text: str, plain: str, start: int, end: int) -> Iterator[Name]:
    """The names of the cheapest reading of `plain[start:end]`, a run of Chinese characters."""
    known = dictionary()
    best: list[tuple[float, int, str]] = [(0.0, start, "")] + [(float("inf"), start, "")] * (end - start)
    for position in range(start, end):
        so_far = best[position - start][0]
        for edge in _edges(known, text, plain, position, end):
            total = so_far + edge.cost
            if total < best[edge.end - start][0]:
                best[edge.end - start] = (total, position, edge.reason)
    position = end
    while position > start:
        _, before, reason = best[position - start]
        if reason:
            yield Name(before, position, reason, 0.7)
        position = before


def _edges(known: Dictionary, text: str, plain: str, position: int, end: int) -> Iterator[_Edge]:
    for length in range(1, min(8, end - position) + 1):
        cost = known.cost(plain[position : position + length])
        if cost is not None:
            yield _Edge(position + length, cost, "")
    cue = _CUED if _CUE.search(plain[max(0, position - 8) : position]) else 0.0
    before = _BEFORE_PERSON.search(plain[max(0, position - 3) : position])
    for stop, cost, reason in (
        *_full_names(known, text, plain, position, end),
        *_nicknames(known, plain, position, end),
        *_titled(known, text, plain, position, end),
    ):
        near = _NEAR if before or _AFTER_PERSON.match(plain, stop) else 0.0
        yield _Edge(stop, cost - max(cue, near), reason)


def _full_names(known: Dictionary, text: str, plain: str, position: int, end: int) -> Iterator[tuple[int, float, str]]:
    for width in (2, 1):
        surname = plain[position : position + width]
        if (width == 2 and surname not in DOUBLE_SURNAMES) or surname not in known.surnames:
            continue
        if text[position] in NOT_SURNAMES:
            continue
        base = -known.surnames[surname] + (_RARE if surname in RARE_SURNAMES else 0.0)
        first = position + width
        for length in (1, 2):
            stop = first + length
            if stop > end:
                continue
            given = _given(known, plain[first:stop])
            if plain[position:stop] in known.names:
                yield stop, base + given * 0.7 + _KNOWN, "name"
            alone = _ALONE if length == 2 and _is_all(plain, position, stop) else 0.0
            yield stop, base + given + (_FULL if length == 2 else _SHORT_FULL) - alone, "name"
    for length in (2, 3, 4):
        name = plain[position : position + length]
        if len(name) == length and name in known.names and known.tags.get(name) in ("nrt", "nrfg"):
            yield position + length, _LISTED, "listed"
    pair = plain[position : position + 2]
    if position + 2 <= end and len(pair) == 2:
        double = 3.0 if pair[0] == pair[1] else 0.0
        yield position + 2, _given(known, pair) + _GIVEN_ONLY - double, "given"


def _is_all(plain: str, start: int, stop: int) -> bool:
    after = plain[stop : stop + 1]
    return not plain[max(0, start - 1) : start].isalnum() and (not after.isalnum() or after in _ENDS)


def _given(known: Dictionary, characters: str) -> float:
    """The cost of a given name of one or two characters."""
    spoken = sum(_SPOKEN for c in characters if c in stops())
    positions = (2,) if len(characters) == 1 else (0, 1)
    costs = (-known.given[p].get(c, -_UNSEEN) for p, c in zip(positions, characters, strict=True))
    return spoken + sum(costs)


def _nicknames(known: Dictionary, plain: str, position: int, end: int) -> Iterator[tuple[int, float, str]]:
    """阿強, 阿強仔, 小明, 老陳, 肥豪."""
    head = plain[position]
    if head in "阿亚":
        for length in (1, 2, 3):
            stop = position + 1 + length
            name = plain[position + 1 : stop]
            if stop > end or plain[position:stop] in family() or name[0] in stops() & frozenset("的了是在不个们我你佢"):
                continue
            if length == 1:
                yield stop, _NICK, "nickname"
            elif name[-1] in "仔哥姐生叔伯女" or name[0] == name[1] or name in known.words or name in known.names:
                yield stop, _NICK + 3.0 * (length - 1), "nickname"
            elif length == 2:
                yield stop, _NICK + _given(known, name) - 6.0, "nickname"
    elif head in "小老肥细大" and position + 2 <= end:
        for length in (1, 2):
            stop = position + 1 + length
            name = plain[position + 1 : stop]
            if stop > end or plain[position:stop] in family() or plain[position:stop] in known.words:
                continue
            if length == 1 and (name in known.surnames or head in "小肥") and head in "小老肥":
                rare = _RARE * 2 if name in RARE_SURNAMES or name in stops() else 0.0
                yield stop, 12.0 + rare + _given(known, name) * 0.5, "nickname"


def _titled(known: Dictionary, text: str, plain: str, position: int, end: int) -> Iterator[tuple[int, float, str]]:
    """陳生, 強哥, 陳大文醫生: a name with the title that follows it."""
    for length in (1, 2, 3):
        stop = position + length
        if stop > end:
            return
        name = plain[position:stop]
        surname = name in known.surnames and text[position] not in NOT_SURNAMES
        after = next((t for t in TITLES_AFTER if plain.startswith(t, stop)), "")
        if after and surname and (length == 1 or name in DOUBLE_SURNAMES):
            cost = -known.surnames[name] + (_RARE if name in RARE_SURNAMES else 0.0) + _TITLED
            yield min(stop + len(after), end), cost + 2.0, "title"
        if after and length == 3 and name[0] in known.surnames:
            yield min(stop + len(after), end), -known.surnames[name[0]] + _given(known, name[1:]) + _TITLED, "title"
        if stop < end and plain[stop] in _SHORT_TITLES:
            title = plain[stop]
            whole = plain[position : stop + 1]
            if whole in family() or whole in known.words or whole in spoken():
                continue
            if title in _ONLY_WITH_SURNAME:
                if surname and length == 1:
                    yield stop + 1, -known.surnames[name] + (_RARE if name in RARE_SURNAMES else 0.0) + 7.0, "title"
            elif length == 1 and name not in stops():
                yield stop + 1, _given(known, name) * 0.6 + _NICK, "title"
            elif length == 2 and title in "仔哥姐" and not (set(name) & stops()):
                yield stop + 1, _given(known, name) * 0.8 + _NICK, "title"


def _after_surname_word(plain: str) -> Iterator[Name]:
    """姓張: the surname alone identifies."""
    known = dictionary()
    for match in re.finditer(r"姓(?:系|是|咗)?", plain):
        for width in (2, 1):
            surname = plain[match.end() : match.end() + width]
            if len(surname) == width and surname in known.surnames:
                if width == 1 and (surname in "乜名氏" or plain.startswith("何名", match.end())):
                    break
                yield Name(match.end(), match.end() + width, "surname", 0.8)
                break


def _introduced(plain: str) -> Iterator[Name]:
    """我叫雪碧: what a person is called, up to the end of the phrase, unless it is an ordinary word."""
    for match in re.finditer(
        r"(?:我|佢|他|她|个名|名字|全名|花名|中文名|个个|人人)(?:都|就)?(?:系|是)?叫(?:做|作)?|名(?:字)?(?:系|是)|花名叫?",
        plain,
    ):
        yield from _phrase(plain, match.end(), "introduced")


def _answer(plain: str) -> Iterator[Name]:
    """The answer to a question for a name."""
    lead = _ANSWER.match(plain)
    yield from _phrase(plain, lead.end() if lead else 0, "answer")


def _phrase(plain: str, start: int, reason: str) -> Iterator[Name]:
    stop = start
    while stop < len(plain) and "\u3400" <= plain[stop] <= "\u9fff" and plain[stop] not in _ENDS and stop - start < 5:
        stop += 1
    name = plain[start:stop]
    known = dictionary()
    ends = stop >= len(plain) or plain[stop] in _ENDS
    if not 1 < len(name) <= 4 or not ends or set(name) & (stops() - set(known.surnames) - set("小大明成文")):
        return
    if name in known.words and known.tags.get(name, "") not in ("nr", "nrt", "nrfg", "nz"):
        return
    if name in family() or name in spoken():
        return
    yield Name(start, stop, reason, 0.8)
