"""Nicknames that are ordinary words (`大頭`, `小豬`): told by the place in the sentence that only a person can have."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

from transcribe.redaction.cantonese import CANTONESE_WORDS, FAMILY, PARTICLES
from transcribe.redaction.chinese_places import kept_words, words_of
from transcribe.redaction.chinese_words import dictionary, simplified
from transcribe.redaction.spans import Found, found

_RARE = 9.5
"""Negative log probability from which a word is rare enough to be searched again: about 5,000 in 60 million."""
_SELDOM = 12.0
_TIMES = 2
_NAME = r"(?P<name>[\u3400-\u9fff]{2,4}?)"
_PLACES = tuple(
    re.compile(pattern)
    for pattern in (
        # thanked, missed, met, called on the telephone
        rf"(?:多谢|挂住|挂念|怀念|打俾|打畀|扮|约咗|撞到|识咗|打电话俾|打电话畀|嗌)(?:埋)?{_NAME}(?=[，。！？,.!?啊呀喇啦囖啰咯嘞了]|$|成日|过来|去|讲|返)",
        # talked or gone with
        rf"(?:同|跟)(?:埋)?{_NAME}(?=讲|话|倾|去|走|食|睇|一齐|嘈|分手|结婚|拍拖|返|玩|出街|住|做)",
        # says, has a birthday
        rf"(?:^|[，。！？,.!?「：；\s-]|但系|不过|跟住|噉|咁|嗰日|搞到|究竟|知唔知|有冇见到){_NAME}(?=话(?!题|剧|费|筒|机)|讲(?!嘢|话)|生日|呢就|就话|都话|佢|嗰边|有冇|仲未|系边个)",
        # went to stand with, gave to
        rf"(?:走过去|行过去|俾|畀|揾|见到|同){_NAME}(?:度|嗰度)",
    )
)
_ROLES = "人者员师家生工友士长佬婆仔女们哋公妈爸哥姐弟妹叔伯姨嫂爷队团司会社局院校店部方面时候年日次个只条件样啲嘢度边"
"""Last characters of words for anybody, for groups and for things."""
_LITTLE = "小大肥细老"
_LEADING = frozenset("rmqdpcuyvtf")


def find_nicknames(texts: Sequence[str]) -> list[list[Found]]:
    """Nicknames of a conversation by utterance, in code points: where the sentence says that a person is meant.

    A rare word that stands in such a place at least twice is taken for one wherever it stands in the conversation.
    """
    plain = [simplified(text) for text in texts]
    placed = [list(_placed(text)) for text in plain]
    times = Counter(text[a:b] for text, spans in zip(plain, placed, strict=True) for a, b in spans)
    known = dictionary()
    sure = [name for name, count in times.items() if count >= _TIMES and (known.cost(name) or _RARE) >= _RARE]
    result = []
    for text, spans in zip(plain, placed, strict=True):
        again = [(m.start(), m.end()) for name in sure for m in re.finditer(re.escape(name), text)]
        result.append([found(a, b, "PERSON", "grammar/chinese-slot", 0.4) for a, b in sorted({*spans, *again})])
    return result


def _placed(plain: str) -> Iterator[tuple[int, int]]:
    for pattern in _PLACES:
        for match in pattern.finditer(plain):
            if _may_be_nickname(plain, match.start("name"), match.end("name")):
                yield match.start("name"), match.end("name")


def _may_be_nickname(plain: str, start: int, end: int) -> bool:
    name, known = plain[start:end], dictionary()
    if name[-1] in _ROLES or name in _ordinary() or name in kept_words():
        return False
    cost = known.cost(name)
    if name[0] in _LITTLE and len(name) == 2:
        return cost is None or cost >= _SELDOM
    bare = start + (1 if name[0] in _LITTLE else 0)
    words = [plain[a:b] for a, b in words_of(plain, bare, end)]
    if any(word in _ordinary() for word in words) or len(words) > 2:
        return False
    tags = [known.tags.get(word, "n") for word in words]
    return all(tag[0] not in _LEADING for tag in tags) and tags[-1][0] == "n" and (cost is None or cost >= _RARE)


@cache
def _ordinary() -> frozenset[str]:
    return frozenset(simplified(word) for word in PARTICLES | CANTONESE_WORDS | FAMILY)
