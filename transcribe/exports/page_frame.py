"""What the pages of a bundle share: templates, style and script, what they may load, colours of speakers, languages.

Templates, styles and the script lie in `pages/`. A page holds them all and nothing from elsewhere: its Content Security
Policy (W3C, CSP Level 3, section 2.3) names them by their sha256 and forbids the rest, so that what was said can never
run, and nothing can tell anybody that the page was opened.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from transcribe.exports.layout import EVENT_FLAG, Turn, clock
from transcribe.exports.page_signs import Piece
from transcribe.study.codes import is_interviewer
from transcribe.study.guide import GuideQuestion

SPARE_COLOURS = 3
"""Classes `other1` … of the style, for those who are neither interviewer, participant nor interpreter."""
_UNKNOWN = re.compile(r"SPEAKER-\d+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
)


@cache
def asset(name: str) -> str:
    """A file of `pages/`."""
    return (files("transcribe.exports") / "pages" / name).read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["language"] = lambda text: language_of(text, han_language([text])) or "en"
    return environment


def page(template: str, styles: Sequence[str], **facts: object) -> bytes:
    """A whole page, UTF-8; `styles` are texts of style sheets, `facts` are what the template shows, escaped there."""
    script = asset("reading.js")
    text = _environment().get_template(template)
    return text.render(
        policy=policy(styles, script),
        styles=[Markup(style) for style in styles],  # noqa: S704 - ours
        script=Markup(script),  # noqa: S704 - ours
        **facts,
    ).encode()


def policy(styles: Iterable[str], script: str) -> str:
    """The Content Security Policy of a page with these styles and this script, and nothing else."""
    allowed = " ".join(map(_digest, styles))
    return f"default-src 'none'; style-src {allowed}; script-src {_digest(script)}; base-uri 'none'; form-action 'none'"


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def paper(name: str, *, draft: bool, landscape: bool = False) -> str:
    """The style of the printed page: what it is in its corner, and its number; `name` is a code."""
    warning = ' @top-right { content: "DRAFT, not for coding"; font-weight: bold; }' if draft else ""
    size = "size: landscape; " if landscape else ""
    return (
        f"@page {{ {size}margin: 18mm 15mm; font: 9pt system-ui, sans-serif;\n"
        f'@top-left {{ content: "{name}"; }}{warning}\n'
        "@bottom-right { content: counter(page) ; } }\n"
    )


def colour_classes(speakers: Iterable[str]) -> dict[str, str]:
    """The class of each speaker; participants have the same colour in all pages, whoever else speaks."""
    classes: dict[str, str] = {}
    others = 0
    for speaker in dict.fromkeys(speakers):
        roles = [part for part in speaker.split("-") if part in ("PSW", "PIR")]
        if roles:
            classes[speaker] = roles[-1].lower()
        elif is_interviewer(speaker):
            classes[speaker] = "int"
        elif speaker == "INTERP":
            classes[speaker] = "interp"
        elif _UNKNOWN.fullmatch(speaker):
            classes[speaker] = "unknown"
        else:
            classes[speaker] = f"other{others % SPARE_COLOURS + 1}"
            others += 1
    return classes


def han_language(texts: Iterable[str]) -> str:
    """`zh-Hant` or `zh-Hans`, by whether more of the Chinese characters in these texts can be written in Big5 or in
    GB 2312: fonts draw many characters differently for the two.
    """
    signs = set(_HAN.findall("".join(texts)))
    traditional, simplified = (sum(_is_in(sign, code) for sign in signs) for code in ("big5hkscs", "gb2312"))
    return "zh-Hans" if simplified > traditional else "zh-Hant"


def _is_in(sign: str, code: str) -> bool:
    try:
        sign.encode(code)
    except UnicodeEncodeError:
        return False
    return True


def language_of(text: str, han: str) -> str:
    """The language that a text's script tells, empty where it tells none (Latin script is written in many)."""
    if text.isascii():
        return ""
    for language, script in _SCRIPTS:
        if script.search(text):
            return language
    return han if _HAN.search(text) else ""


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A paragraph and where it stands in a page: `anchor` is its id there, `link` where its stamp leads to, `section`
    the heading above it, if any, `flags` are those of turns.csv; `pieces` joined are its text.
    """

    turn: Turn
    pieces: tuple[Piece, ...]
    anchor: str
    link: str
    flags: tuple[str, ...]
    section: str = ""


def turn_element(shown: ShownTurn, colours: Mapping[str, str], han: str) -> Markup:
    """A paragraph whose text is `layout.turn_line`'s, so that it is the same wherever a program takes the text out.

    `colours` are the speakers' classes, `han` the language of Chinese characters.
    """
    turn = shown.turn
    speaker, event = escape(turn.speaker), " event" if EVENT_FLAG in turn.flags else ""
    told = (("flags", " ".join(shown.flags)), ("question", turn.question), ("section", shown.section))
    data = "".join(f' data-{name}="{escape(value)}"' for name, value in told if value)
    language = language_of(turn.text, han)
    spoken = f' lang="{language}"' if language else ""
    text = "".join(map(_piece, shown.pieces))
    return Markup(  # noqa: S704 - every part is ours or escaped
        f'<p class="turn {colours[turn.speaker]}{event}" id="{escape(shown.anchor)}" data-speaker="{speaker}" '
        f'data-start="{turn.start_ms}" data-end="{turn.end_ms}"{data}><b dir="ltr">{speaker}:</b> '
        f'<span class="text" dir="{direction(turn.text)}"{spoken}>{text}</span> '
        f'<a href="{escape(shown.link)}" tabindex="-1" dir="ltr">[{clock(turn.stamp_s)}]</a></p>'
    )


def direction(text: str) -> str:
    """Which way a text runs by its first letter outside marks, which are Latin in any language: `rtl` or `ltr`."""
    if text.isascii():
        return "ltr"
    for sign in re.sub(r"\[[^\]]*\]|</?seg>", "", text):
        kind = unicodedata.bidirectional(sign)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def _piece(piece: Piece) -> str:
    return _sign_element(piece) if piece.kind else escape(piece.text)


@lru_cache(maxsize=4096)
def _sign_element(piece: Piece) -> str:
    text, title = escape(piece.text), escape(piece.meaning)
    if piece.kind in ("redaction", "event"):
        return f'<mark title="{title}">{text}</mark>'
    if piece.kind == "unsure":
        opening = 2 if piece.text.startswith("[") else 1
        inner = escape(piece.text[opening:-2])
        return (
            f'<span class="unsure" title="{title}"><i>{piece.text[:opening]}</i>{inner}<i>{piece.text[-2:]}</i></span>'
        )
    return f'<i title="{title}">{text}</i>'


def question_text(guide: Sequence[GuideQuestion], question: str, role: str) -> str:
    """How a question of the guide is put to somebody of a role; empty if the guide has it no longer."""
    mine = [q for q in guide if q.id == question]
    return next((q.text for q in mine if q.role in ("", role)), mine[0].text if mine else "")
