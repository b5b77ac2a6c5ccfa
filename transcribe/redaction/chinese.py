"""Everything that is found in the Chinese part of an utterance: names, places, organisations, numbers, dates, ages."""

import re
from collections.abc import Sequence

from transcribe.records import Utterance
from transcribe.redaction.chinese_name_parts import given_parts, is_name_like
from transcribe.redaction.chinese_names import find_chinese_names
from transcribe.redaction.chinese_nicknames import find_nicknames
from transcribe.redaction.chinese_numbers import find_chinese_numbers
from transcribe.redaction.chinese_places import countries, find_chinese_places, kept_words, public_figures_of_culture
from transcribe.redaction.chinese_view import digits_in
from transcribe.redaction.chinese_words import has_han, is_han, simplified
from transcribe.redaction.conversation import heard_before
from transcribe.redaction.mixed_names import find_mixed_names
from transcribe.redaction.spans import Found, found
from transcribe.redaction.spoken_ids import is_public_number

_LATIN_STRETCH = re.compile(r"[^\u3000-\u303f\u3400-\u9fff\uff00-\uffef]+")
_KEPT_REACH, _KEPT_LONGEST = 6, 12
"""Characters around a span in which a word that must be kept may hold it, and the longest such word."""
_CULTURE = re.compile("戏|电影|歌|听|演|唱|明星|偶像|粉丝|书|小说|作者|诗|漫画|电视|剧|历史|三国|心理学")
_SENTENCE = 4
"""Words that make a stretch long enough for the English language model."""


def find_chinese(text: str, previous: str = "") -> list[Found]:
    """All identifiers of the Chinese part of an utterance of a Chinese conversation, and names in Latin letters in it.

    `previous` is what others said before. Offsets are code points of `text`; spans may overlap.
    """
    places = list(find_chinese_places(text))
    result = [*find_chinese_numbers(text, previous), *places]
    for name in find_chinese_names(text, previous):
        inside = any(p.start <= name.start and name.end <= p.end for p in places)
        if not (inside and name.reason in ("name", "given", "listed", "nickname")):
            result.append(found(name.start, name.end, "PERSON", f"grammar/chinese-{name.reason}", name.score))
    result += find_mixed_names(text, previous)
    return [f for f in result if not _is_kept(text, f)]


def _is_kept(text: str, item: Found) -> bool:
    """Whether a span is (in) a word that must be kept (`利培` of 利培酮), a nationality, a language or a public number.

    A word is looked for around the span; it hides nothing that is longer than itself.
    """
    plain, keep = simplified(text), kept_words()
    surface = plain[item.start : item.end]
    if surface in keep or (any(map(str.isdigit, digits_in(surface))) and is_public_number(digits_in(surface))):
        return True
    if surface in public_figures_of_culture() and _CULTURE.search(plain):
        return True
    people = plain[item.end : item.end + 1] in tuple("裔籍人文语话菜")
    if item.entity_type == "PLACE" and people and surface in countries():
        return True
    if item.recognizer.startswith("ner/"):
        return False
    first, last = max(0, item.start - _KEPT_REACH), min(len(plain), item.end + _KEPT_REACH)
    return any(
        plain[a:b] in keep
        for a in range(first, item.start + 1)
        for b in range(item.end, last + 1)
        if (a, b) != (item.start, item.end) and b - a <= _KEPT_LONGEST
    )


class ChineseReading:
    """What is found in the Chinese of a conversation; of one without any, nothing, and no dictionary is read."""

    def __init__(self, utterances: Sequence[Utterance]) -> None:
        self._utterances = utterances
        self._is_chinese = any(has_han(utterance.text) for utterance in utterances)

    def found(self, english: Sequence[Sequence[Found]]) -> list[list[Found]]:
        """All spans by utterance, in code points: what is Chinese, and `english`, found in the Latin stretches.

        The language model needs whole sentences: among Chinese words its names are believed in long stretches only.
        """
        if not self._is_chinese:
            return [list(spans) for spans in english]
        texts = [utterance.text for utterance in self._utterances]
        own = [find_chinese(t, p) for t, p in zip(texts, heard_before(self._utterances), strict=True)]
        found_later = zip(names_repeated(texts, own), find_nicknames(texts), strict=True)
        return [
            [*(f for f in e if not has_han(text) or _is_believed(text, f)), *c, *again, *nicknames]
            for text, e, c, (again, nicknames) in zip(texts, english, own, found_later, strict=True)
        ]


def _is_believed(text: str, item: Found) -> bool:
    if item.recognizer.partition("/")[0] != "ner":
        return True
    stretch = next((m for m in _LATIN_STRETCH.finditer(text) if m.start() <= item.start < m.end()), None)
    return stretch is not None and len(stretch.group().split()) >= _SENTENCE


def names_repeated(texts: Sequence[str], named: Sequence[Sequence[Found]]) -> list[list[Found]]:
    """Names found anywhere in a transcript, wherever else they stand in it: whole, and a full name's given name.

    `named` are what `find_chinese` found in each of `texts`.
    """
    known: set[str] = set()
    for text, items in zip(texts, named, strict=True):
        people = (f for f in items if f.entity_type == "PERSON")
        known |= {text[f.start : f.end] for f in people if all(map(is_han, text[f.start : f.end]))}
    names = sorted({simplified(name) for name in known if is_name_like(name)})
    names = sorted({*names, *given_parts(names)})
    return [
        [
            found(match.start(), match.end(), "PERSON", "grammar/chinese-again", 0.6)
            for name in names
            for match in re.finditer(re.escape(name), simplified(text))
        ]
        for text in texts
    ]
