"""Numbers, dates, ages and addresses in Chinese text, and phrases that single a person out. Relative time stays."""

import re
from collections.abc import Iterator

from transcribe.redaction.chinese_view import DIGIT_RUN, PAUSE, digits_in
from transcribe.redaction.chinese_words import simplified
from transcribe.redaction.numbers import hkid_is_valid
from transcribe.redaction.spans import Found, found

_REACH = 20
"""Characters before a number in which a cue for it may stand."""
_LONG = 7
_SHORT = 3
_DIGIT = r"[零〇一二三四五六七八九十百廿卅两\d]"
_ONE = r"[零〇一二三四五六七八九两\d]"
_CODE_CUE = re.compile(
    r"(?:身份证|身分证|证件|护照|病历|档案|个案|编号|号码|账户|户口|帐户|账号|帐号|卡号|密码|学生证|职员|员工|会员|保单|车牌|参考)(?:号码|号|编号)?[^。！？!?]{0,12}$|id\W{0,3}$",
    re.IGNORECASE,
)
_PHONE_CUE = re.compile(
    r"(?:电话|手机|手提|打俾|打畀|打给|打去|whatsapp|致电|联络|联系|传真|微信)[^。！？!?]{0,12}$", re.IGNORECASE
)
_ASKED_NUMBER = re.compile(r"(?:电话|手机|身份证|号码|编号|几多号|户口|账号)[^。！]{0,12}$")
_HKID = re.compile(
    rf"(?<![A-Za-z])[A-Za-z]{{1,2}}{PAUSE}(?:{_ONE}{PAUSE}){{6}}(?:(?:括[号弧]|[(（]){PAUSE}(?:{_ONE}|[Aa])(?:\s*(?:括[号弧]|[)）]))?|{_ONE})?"
)
_YEAR = rf"(?:{_ONE}{{4}}|{_ONE}{{2}})年"
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]|正)月(?!前|后|薪|嫂|饼|亮|球|经|光)"
_DAY = r"(?:[0-3]?\d|[一二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|卅一?|初?[一二三四五六七八九])(?:号|日)"
_DATE = re.compile(
    rf"{_YEAR}(?:(?:的|嘅)?{_MONTH}(?:{_DAY})?)|(?:农历)?{_MONTH}{_DAY}|(?:19|20)\d\d[/.-][01]?\d[/.-][0-3]?\d"
)
_YEAR_ALONE = re.compile(
    rf"(?<!{_DIGIT})(?:(?:19|20)\d\d|[一二](?:九|零|〇)[{'零〇一二三四五六七八九'}]{{2}}|[四五六七八九零〇][零〇一二三四五六七八九])年(?!级|代|前|后|来|半|零|几|多|资|中|尾)"
)
_BIRTH = re.compile(r"生日|出世|出生|诞生|生于|生辰|几时生|旧历生")
_ASKED_BIRTH = re.compile(r"(?:生日|出世|出生|几时生)[^。]{0,10}$")
_BIRTH_YEAR = re.compile(rf"(?:{_YEAR})(?=(?:[^。！？!?，,]{{0,6}})(?:出世|出生|生))|(?<=生于){_YEAR}")
_AGE = re.compile(rf"(?<!{_DIGIT})(?:{_DIGIT}{{1,4}})(?=岁(?!半?几|月))")
"""`八十几岁` is a band already and stays, as `in my eighties` does."""
_ASKED_AGE = re.compile(r"(?:几多岁|几岁|多大|年纪|年龄)[^。]{0,8}$")
_ONLY_AGE = re.compile(rf"^(?:呃|嗯|我|系|今年|就|[\s，,])*(?P<age>{_DIGIT}{{1,3}})(?=[啦喇咯啰囖了啊呀。，,.!！]|$)")
_NUMBER = rf"(?:{_DIGIT}{{1,4}}|[A-Za-z]\d{{0,2}}|\d{{1,4}}[A-Za-z]?)"
_UNIT = rf"(?:第?{_NUMBER}\s?(?:座|期|楼|层|字楼|室|号|号室|单位|栋|幢|巷|弄|门|房|铺)|[A-Za-z]\s?(?:座|室|单位)|[高中低]层)"
_STREET_PART = r"(?:道|街|路|邨|村|苑|园|大厦|楼|阁|轩|台|庭|里|径|坊|城|湾|庄|中心|广场|居)"
_ADDRESS = re.compile(
    rf"(?:[\u3400-\u9fff]{{2,6}}?{_STREET_PART}(?:东|西|南|北|中)?[，,\s]*)?(?:{_UNIT}[，,\s]*)+(?:[\u3400-\u9fff]{{1,3}}楼[，,\s]*{_UNIT}*)?"
)
_ESTATE = re.compile(
    r"(?P<name>[\u3400-\u9fff]{2,3}(?:邨|村|苑|花园|新城)[，,\s]*[\u3400-\u9fff]{2,3}(?:楼|阁|座|苑|轩|台|居))"
)
"""An estate and its house: `福來邨永寧樓`."""
_BEFORE = "喺系在住于到去来嚟返落搬过我你佢他她们哋嘅的咗了啲个间条就都屋企家址是叫那嗰呢这"
"""Characters that stand before an address and are none of it; simplified."""
_COUNTED = tuple("年月岁蚊元块万千百十个次%")
"""What follows a number that counts something; simplified."""
_STRONG = re.compile(r"座|室|单位|栋|幢")
_UNIQUE = re.compile(
    r"(?P<what>(?:全(?:香)?港|全国|全公司|全校|全院|全中心|全区|成间\w{0,4}|成个\w{0,4}|呢度|香港|业界|行内)?(?:入面|里面)?(?:唯一|独一无二|第一(?:个|位)|首(?:个|位)|最(?:年轻|后生|老|大年纪|早|资深)))"
    r"(?:一个|一位|嘅|的|系|做|个|位)*(?P<who>[^，。！？,.!?\s]{0,10}?(?:社工|朋辈|同路人|过来人|护士|医生|辅导员|支援员|工作员|病人|学生|同学|员工|同事|老师|男人|女人|男仔|女仔|人|警察|司机|经理|会员|住客|义工|牧师|律师|教授|议员|选手|冠军|少数族裔|组员|残疾人士))"
)


def find_chinese_numbers(text: str, previous: str = "") -> Iterator[Found]:
    """Telephone and identity numbers, dates, ages, addresses and singling phrases of one utterance, in code points.

    `previous` is what others said before it: the answer to a question for a number or an age may be short.
    """
    plain, asked = simplified(text), simplified(previous)[-40:]
    yield from _codes(plain, asked)
    yield from _dates(plain, asked)
    yield from _ages(plain, asked)
    yield from _addresses(plain)
    for match in _UNIQUE.finditer(plain):
        yield found(match.start("what"), match.end("what"), "UNIQUE", "grammar/chinese-unique", 0.6)


def _codes(plain: str, asked: str) -> Iterator[Found]:
    for match in _HKID.finditer(plain):
        letters = "".join(c for c in plain[match.start() : match.start() + 3] if c.isascii() and c.isalpha())
        code = (letters + digits_in(match.group())).upper()
        closing = plain[match.start() : match.end()].upper().rstrip(")）括号弧 ")
        valid = hkid_is_valid(code) or (closing.endswith("A") and hkid_is_valid(f"{code}A"))
        kind = "checksum/hkid" if valid else "grammar/chinese-hkid"
        yield found(match.start(), match.end(), "ID", kind, 0.9)
    for match in DIGIT_RUN.finditer(plain):
        count = len(digits_in(match.group()))
        before = plain[max(0, match.start() - _REACH) : match.start()]
        is_code, is_phone = bool(_CODE_CUE.search(before)), bool(_PHONE_CUE.search(before))
        answered = bool(_ASKED_NUMBER.search(asked)) and count >= _SHORT + 1
        if count < _LONG and plain[match.end() : match.end() + 1] in _COUNTED:
            continue
        if count >= _LONG or ((is_code or is_phone or answered) and count >= _SHORT):
            kind = "ID" if is_code and not is_phone and count != 8 else "PHONE"
            yield found(match.start(), match.end(), kind, "grammar/chinese-digits", 0.8)


def _dates(plain: str, asked: str) -> Iterator[Found]:
    birth = bool(_BIRTH.search(plain)) or bool(_ASKED_BIRTH.search(asked))
    for match in _DATE.finditer(plain):
        yield found(match.start(), match.end(), "DATE", "grammar/chinese-date", 0.8, direct=birth)
    for match in _YEAR_ALONE.finditer(plain):
        written = len(match.group()) > 3
        if written or birth:
            yield found(match.start(), match.end(), "DATE", "grammar/chinese-year", 0.6, direct=birth)


def _ages(plain: str, asked: str) -> Iterator[Found]:
    for match in _AGE.finditer(plain):
        yield found(
            match.start(),
            match.end() + (1 if plain[match.end() : match.end() + 1] == "岁" else 0),
            "AGE",
            "grammar/chinese-age",
            0.8,
        )
    if _ASKED_AGE.search(asked) and (alone := _ONLY_AGE.match(plain)):
        yield found(alone.start("age"), alone.end("age"), "AGE", "grammar/chinese-age", 0.7)


def _addresses(plain: str) -> Iterator[Found]:
    for match in _ESTATE.finditer(plain):
        start = match.start() + len(match.group()) - len(match.group().lstrip(_BEFORE))
        yield found(start, match.end(), "ADDRESS", "grammar/chinese-address", 0.7)
    for match in _ADDRESS.finditer(plain):
        units = re.findall(_UNIT, match.group())
        street = re.match(rf"[\u3400-\u9fff]{{2,6}}?{_STREET_PART}", match.group())
        if len(units) > 1 or (units and street) or _STRONG.search(match.group()):
            start = match.start() + len(match.group()) - len(match.group().lstrip(_BEFORE))
            end = match.end() - (len(match.group()) - len(match.group().rstrip("，, ")))
            yield found(start, end, "ADDRESS", "grammar/chinese-address", 0.7)
