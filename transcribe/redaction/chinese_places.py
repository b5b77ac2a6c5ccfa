"""Places and organisations in Chinese text: those of the lists, and names that end as such things do."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from transcribe.redaction.cantonese import PARTICLES
from transcribe.redaction.chinese_words import Dictionary, dictionary, simplified
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import word_set

_RUN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+")
_ORG_ENDS = {
    "醫院": "HOSPITAL", "分科診所": "HOSPITAL", "診所": "HOSPITAL", "療養院": "HOSPITAL", "護養院": "HOSPITAL",
    "大學": "UNIVERSITY", "學院": "UNIVERSITY", "中學": "SCHOOL", "小學": "SCHOOL", "書院": "SCHOOL", "幼稚園": "SCHOOL",
    "幼兒園": "SCHOOL", "學校": "SCHOOL", "女校": "SCHOOL", "男校": "SCHOOL", "官中": "SCHOOL",
    "中心": "SERVICE", "宿舍": "SERVICE", "協會": "SERVICE", "基金會": "SERVICE", "互助會": "SERVICE", "福利會": "SERVICE",
    "服務處": "SERVICE", "康復會": "SERVICE", "社福機構": "SERVICE", "教會": "CONGREGATION", "堂會": "CONGREGATION",
    "公司": "EMPLOYER", "集團": "EMPLOYER", "銀行": "EMPLOYER", "酒店": "EMPLOYER", "酒樓": "EMPLOYER", "餐廳": "EMPLOYER",
    "茶餐廳": "EMPLOYER", "超市": "EMPLOYER", "藥房": "EMPLOYER", "工廠": "EMPLOYER", "律師行": "EMPLOYER", "老人院": "SERVICE",
    "安老院": "SERVICE", "護老院": "SERVICE", "監獄": "PRISON", "懲教所": "PRISON", "戒毒所": "PRISON",
}  # fmt: skip
_PLACE_ENDS = word_set("""
    邨 新邨 屋邨 苑 花園 大廈 新村 村 道 街 大街 路 徑 里 廣場 公園 城 灣 站 地鐵站 港鐵站 巴士站 區 鎮 縣 市 省 山莊 豪庭 閣 軒
    樓 座 碼頭 市場 街市 商場 球場 隧道 運動場 墳場
    """)
_LEFT_STOPS = frozenset("vdpcruymqtfeo")
"""Parts of speech (jieba's) at which a name ends to its left: verbs, adverbs, prepositions, pronouns, numbers …"""
_PROPER = frozenset(("ns", "nr", "nz", "nt", "nrt", "nrfg", "j"))
_LONGEST = 12
_UNITED = 60


@dataclass(frozen=True, slots=True)
class _Row:
    kind: str
    label: str


@cache
def _listed() -> Mapping[str, _Row]:
    """Names of both lists in simplified characters."""
    rows: dict[str, _Row] = {}
    for row in _rows("places_chinese.csv"):
        rows.setdefault(simplified(row["name"]), _Row("PLACE", ""))
    for row in _rows("organisations_chinese.csv"):
        rows.setdefault(simplified(row["name"]), _Row("ORG", row["label"]))
    return rows


@cache
def _by_first() -> Mapping[str, Sequence[str]]:
    result: dict[str, list[str]] = {}
    for name in _listed():
        result.setdefault(name[0], []).append(name)
    return {first: sorted(names, key=len, reverse=True) for first, names in result.items()}


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("transcribe.redaction") / "data" / name).read_text(encoding="utf-8")
    return csv.DictReader(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def kept_words() -> frozenset[str]:
    """Chinese words that research needs and that identify nobody, in simplified characters."""
    text = (files("transcribe.redaction") / "data" / "keep_chinese.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines() if line.strip() and line[0] != "#")
    return frozenset(simplified(line) for line in lines if not line.endswith("*"))


@cache
def public_figures_of_culture() -> frozenset[str]:
    """Actors, singers and writers, in simplified characters: kept where the talk is of their work."""
    text = (files("transcribe.redaction") / "data" / "keep_chinese.txt").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines() if line[:1] != "#")
    return frozenset(simplified(line.rstrip("*")) for line in lines if line.endswith("*"))


@cache
def countries() -> frozenset[str]:
    """Countries of the list in simplified characters: the people and the language of one stay."""
    return frozenset(simplified(row["name"]) for row in _rows("places_chinese.csv") if row["kind"] == "country")


@cache
def _stops() -> frozenset[str]:
    return frozenset(simplified(word) for word in PARTICLES)


def find_chinese_places(text: str) -> Iterator[Found]:
    """Places and organisations of one utterance, in code points; spans may overlap."""
    plain = simplified(text)
    for run in _RUN.finditer(plain):
        words = list(words_of(plain, run.start(), run.end()))
        borders = {a for a, _ in words} | {b for _, b in words}
        yield from _named(plain, run.start(), run.end(), borders)
        yield from _with_ends(plain, words)


def _named(plain: str, start: int, end: int, borders: set[int]) -> Iterator[Found]:
    """Names of the lists, longest first. One of two characters must not cut words apart (`中環` in `空中環境`)."""
    known = dictionary()
    position = start
    while position < end:
        for name in _by_first().get(plain[position], ()):
            stop = position + len(name)
            if stop > end or not plain.startswith(name, position):
                continue
            if len(name) < 3 and not _stands_alone(known, plain, position, stop, borders):
                continue
            row = _listed()[name]
            yield found(position, stop, row.kind, "grammar/chinese-list", 0.8, label=row.label)
            position = stop - 1
            break
        position += 1


def _stands_alone(known: Dictionary, plain: str, start: int, stop: int, borders: set[int]) -> bool:
    name = plain[start:stop]
    if start in borders and stop in borders:
        ordinary = name in known.words and known.tags.get(name, "n") not in _PROPER
        told = plain[max(0, start - 1) : start] in tuple("喺在读返入去住搬")
        return told or not (ordinary and name in _AMBIGUOUS)
    return not any(
        (plain[a:b] in known.words and a < start < b) or (plain[a:b] in known.words and a < stop < b)
        for a in range(max(0, start - 2), stop)
        for b in range(a + 2, min(len(plain), stop + 2) + 1)
        if (a, b) != (start, stop) and not (start <= a and b <= stop) and not (a <= start and stop <= b)
    )


_AMBIGUOUS = frozenset(
    simplified("""
    安定 太平 大興 幸福 太子 博愛 明德 太古 上水 大圍 名城 中山 和平 樂富 恆安 順利 信和 有線 三聯 先施 永安 聯合 山頂 半山
    天平 厚德 大元 長安 長發 彩虹 石門 友愛 嘉義 南投 金門 理工 浸會 新會 長春 太原 海口 開平 奮進 凝聚力 明報 奧運 南區 北區
    東區 象山 安達 形點 順天 尚德 富山 大學 平田 長康 運動
    """).split()
)
"""Names of the lists that are ordinary words more often; believed with an ending (`安定邨`) or after 喺 only."""


def words_of(plain: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The cheapest reading of a run as words of the dictionary."""
    known = dictionary()
    best = [(0.0, start)] + [(float("inf"), start)] * (end - start)
    for position in range(start, end):
        for stop in range(position + 1, min(position + 8, end) + 1):
            cost = known.cost(plain[position:stop])
            if cost is not None and best[position - start][0] + cost < best[stop - start][0]:
                best[stop - start] = (best[position - start][0] + cost, position)
    parts = []
    position = end
    while position > start:
        parts.append((best[position - start][1], position))
        position = best[position - start][1]
    return reversed(parts)


@cache
def _ends() -> Sequence[tuple[str, str, str]]:
    """Endings in simplified characters with type and label, longest first."""
    ends = [(simplified(e), "ORG", label) for e, label in _ORG_ENDS.items()]
    ends += [(simplified(e), "PLACE", "") for e in _PLACE_ENDS]
    return sorted(ends, key=lambda row: -len(row[0]))


def _with_ends(plain: str, words: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """`X邨`, `X中學`: the words before the ending as far as they can be a name, at least one of them a proper one."""
    known = dictionary()
    for index, (start, stop) in enumerate(words):
        word = plain[start:stop]
        end = next((row for row in _ends() if word.endswith(row[0])), None)
        if end is None:
            continue
        inner = word.removesuffix(end[0])
        first, proper = index, _is_proper(known, inner) if inner else False
        if inner and (not proper or (word in known.words and known.tags.get(word) not in _PROPER)):
            continue
        while first > 0 and stop - words[first - 1][0] <= _LONGEST and not _is_long_enough(first, index, end[0], inner):
            before = plain[words[first - 1][0] : words[first - 1][1]]
            tag = known.tags.get(before, "x")
            if before in _stops() or (tag[:1] in _LEFT_STOPS and tag not in ("vn",)) or before in kept_words():
                break
            proper = proper or _is_proper(known, before)
            first -= 1
        begin = words[first][0]
        length = stop - len(end[0]) - begin
        whole = plain[begin:stop]
        if not proper or length < 2 or (whole in known.words and known.tags.get(whole, "n") not in _PROPER):
            continue
        yield found(begin, stop, end[1], "grammar/chinese-ending", 0.6, label=end[2])


def _is_long_enough(first: int, index: int, end: str, inner: str) -> bool:
    """Whether the name of a street or estate is long enough: three words, or the word that holds the ending."""
    return len(end) == 1 and (index - first >= 3 or (first == index and len(inner) > 1))


def _is_proper(known: Dictionary, word: str) -> bool:
    tag = known.tags.get(word, "x")
    if word in kept_words() and word not in ("香港", "英国"):
        return False
    if len(word) == 1:
        return word not in _stops() and tag[:1] not in _LEFT_STOPS
    return word in known.names or word not in known.words or tag in _PROPER
