"""Names in Latin letters inside Chinese speech: `阿May`, `Karman 話`, `陳Sir`, `Miss Chan`."""

import re
from collections.abc import Iterator

from transcribe.redaction.chinese_surnames import NOT_SURNAMES
from transcribe.redaction.chinese_words import dictionary, simplified
from transcribe.redaction.lexicon import is_common, is_kept, is_medicine
from transcribe.redaction.name_lists import HK_SYLLABLES, is_given, is_listed, is_only_name, is_spoken_word
from transcribe.redaction.spans import Found, found
from transcribe.redaction.tokens import Token, fold

_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’.-][A-Za-zÀ-ɏ]+)*(?:[ -][A-Za-zÀ-ɏ]+(?:['’-][A-Za-zÀ-ɏ]+)*)*")
_WORD = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-zÀ-ɏ]+)*")
_AFTER = re.compile(r"\s?(?:哥|姐|仔|叔|伯|姨|嫂|婆|先生|小姐|太太|女士|医生|姑娘|老师|同学|生|太|sir|Sir|SIR)")
_PERSONAL = re.compile(
    r"(?:叫(?:做)?|我系|佢系|阿|亚|同|跟|揾|问|俾|畀|约|见到|识|多谢|个朋友|老公|老婆|女|仔|姐|哥|妹|弟|名系|名叫|姓)\s?$"
)
_SAYS = re.compile(r"\s?(?:话|讲|问|答|佢|就话|又话|同我|同佢|俾我|畀我|屋企|生日|嗰边|个女|个仔|老公|老婆|阿妈)")
_ASKED = re.compile(r"叫(?:咩|乜|什么)|(?:点|怎么)称呼|(?:咩|乜|什么)(?:嘢)?名|英文名|your name", re.IGNORECASE)
_CALLED = re.compile(r"(?:我|佢|他|她|个名|名字|英文名|全名|花名|人人)(?:就)?(?:叫做|叫|系叫|系|是)\s?$")
_SIR = re.compile(r"([\u3400-\u9fff]{1,2})\s?(?:sir|miss|ms|madam)\b", re.IGNORECASE)
_TITLE = re.compile(r"\b(?:miss|mrs?|ms|dr|sir|madam|uncle|auntie)\.?\s?([\u3400-\u9fff]{1,3})", re.IGNORECASE)
_LONGEST_PHRASE = 4


def find_mixed_names(text: str, previous: str = "") -> Iterator[Found]:
    """Names in Latin letters in an utterance that is Chinese otherwise; offsets in code points."""
    plain = simplified(text)
    asked = bool(_ASKED.search(simplified(previous)[-60:]))
    for match in _LATIN.finditer(text):
        yield from _stretch(text, plain, match, asked)
    for match in _SIR.finditer(plain):
        for width in (2, 1):
            surname = plain[match.end(1) - width : match.end(1)]
            if (
                len(surname) == width
                and surname in dictionary().surnames
                and text[match.end(1) - width] not in NOT_SURNAMES
            ):
                yield found(match.end(1) - width, match.end(), "PERSON", "grammar/chinese-title", 0.8)
                break
    for match in _TITLE.finditer(plain):
        if match.group(1)[0] in dictionary().surnames:
            yield found(match.start(), match.start(1) + 1, "PERSON", "grammar/chinese-title", 0.8)


def _stretch(text: str, plain: str, match: re.Match[str], asked: bool) -> Iterator[Found]:
    words = [
        Token(w.group(), match.start() + w.start(), match.start() + w.end(), fold(w.group()))
        for w in _WORD.finditer(match.group())
    ]
    if not words:
        return
    before = plain[max(0, match.start() - 6) : match.start()]
    after = plain[match.end() : match.end() + 4]
    nick = before.endswith(("阿", "亚")) and words[0].fold not in ("sir", "miss", "ok")
    title = _AFTER.match(after)
    if len(words) == 1:
        word = words[0]
        start = match.start() - (1 if nick else 0)
        end = match.end() + (title.end() if title and not nick and _may_be_name(word) else 0)
        if nick or (title and _may_be_name(word)):
            yield found(start, end, "PERSON", "grammar/mixed-nickname", 0.8)
            return
    if len(words) > _LONGEST_PHRASE:
        return
    called = bool(_CALLED.search(before)) or asked
    personal = bool(_PERSONAL.search(before)) or bool(_SAYS.match(after))
    for word in words:
        if _believed(word, called, personal, len(words)):
            yield found(word.start, word.end, "PERSON", "grammar/mixed-name", 0.7)


def _may_be_name(word: Token) -> bool:
    return (
        len(word.fold) > 1
        and ((is_listed(word.fold) and word.text[0].isupper()) or not is_common(word.fold))
        and not is_spoken_word(word.fold)
        and not is_kept([word])
        and not is_medicine(word.fold)
    )


def _believed(word: Token, called: bool, personal: bool, count: int) -> bool:
    """Whether a word is a name: a list says so, or the words beside it."""
    if len(word.fold) < 2 or is_kept([word]) or is_medicine(word.fold) or is_spoken_word(word.fold):
        return False
    capital = word.text[0].isupper() and not (word.text.isupper() and len(word.text) > 1)
    if is_only_name(word.fold):
        return capital or called or personal or len(word.fold) > 3
    if is_given(word.fold) and (called or (capital and (personal or count <= 2))):
        return True
    if is_common(word.fold):
        return False
    if called and count <= 2:
        return True
    return capital and (personal or word.fold in HK_SYLLABLES) and len(word.fold) > 2
