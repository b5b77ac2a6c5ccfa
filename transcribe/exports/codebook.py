"""`codebook.qdc` and `codebook.csv`: the codes with which a project starts.

Groups "Speakers", "Redactions" (one code per category), "Guide" (one per question of the interview guide, if there is
one), then the lab's own starter codes, if any. The qdc file follows REFI-QDA Codebook 1.0 (qdasoftware.org), which has
a namespace of its own. Every object of a codebook or project has an upper-case GUID that is computed from what it is,
so that it stays from release to release.
"""

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from transcribe.csv_cells import csv_table
from transcribe.errors import UsageError
from transcribe.exports.cases import People
from transcribe.exports.layout import UNKNOWN_SPEAKER
from transcribe.exports.study_text import StudyText
from transcribe.redaction.registry import MARK, NUMBERED
from transcribe.study.codes import is_code, is_interviewer, is_person
from transcribe.study.guide import GuideQuestion
from transcribe.study.starter_codes import OUR_GROUPS, StarterCode

ORIGIN = "transcribe"
COLUMNS = ("code", "group", "description", "path")
SPEAKERS, REDACTIONS, GUIDE = OUR_GROUPS

_NAMESPACE = "urn:QDA-XML:codebook:1.0"
_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:transcribe:refi-qda")
_MARKED = re.compile(rf"{MARK.pattern}|<seg>[^<>]*</seg>")
_GREY = "#808080"
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito, "Color Universal Design", 2008: told apart by colour-blind eyes, too."""
_SHOWN = 60
"""Code points of a question in its code's name."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code, with those below it; one that is not codable only groups."""

    guid: str
    name: str
    description: str = ""
    colour: str = ""
    is_codable: bool = True
    codes: tuple["Code", ...] = ()


@dataclass(frozen=True, slots=True)
class CodeBook:
    """All codes of a study; GUIDs by speaker, category of redaction and question."""

    codes: tuple[Code, ...]
    speakers: dict[str, str]
    redactions: dict[str, str]
    questions: dict[str, str]

    def every(self) -> Iterator[tuple[Code, str]]:
        """Each code, and the name of the one above it, top down."""
        return _walk(self.codes, "")


def guid(*names: str) -> str:
    """The GUID of what is called so: RFC 9562 version 5 (as `uuid.uuid5`, at a quarter of its time), upper case."""
    hashed = hashlib.sha1(_SPACE.bytes + "\x1f".join(names).encode(), usedforsecurity=False).hexdigest().upper()
    variant = "89AB"[int(hashed[16], 16) & 3]
    return f"{hashed[:8]}-{hashed[8:12]}-5{hashed[13:16]}-{variant}{hashed[17:20]}-{hashed[20:32]}"


def marks_in(text: str) -> Iterator[tuple[int, int, str]]:
    """The marks of redactions in an utterance: their half-open spans (code points), and their category.

    `[P01-PIR-SISTER_1]` is a SISTER, `[P01-PIR]` a PARTICIPANT: people are codes of the group Speakers already.
    """
    for found in _MARKED.finditer(text):
        mark = f"[{found[0][5:-6]}]" if found[0].startswith("<") else found[0]
        if MARK.fullmatch(mark):
            yield (*found.span(), _category(mark))


def _category(mark: str) -> str:
    numbered = NUMBERED.fullmatch(mark)
    label = numbered[1] if numbered else mark[1:-1].partition(" ")[0]
    if not numbered and is_code(label):
        return "INTERVIEWER" if is_interviewer(label) else "PARTICIPANT"
    if not any(map(str.isdigit, label)):
        return label
    relation = label.rpartition("-")[2]
    return relation if relation.isalpha() else "OTHER"


def codebook_of(study: StudyText, cases: Sequence[People]) -> CodeBook:
    """The codes of a study with these cases.

    Raises `UsageError` for a starter code that is called like a speaker, a category of redaction or a question.
    """
    rows = [row for entry in study.transcripts for row in study.rows[entry.id]]
    speakers = {row.speaker for row in rows} | {person for people in cases for person in people.persons}
    categories = Counter(category for row in rows for _, _, category in marks_in(row.text))
    participants = sorted(code for code in speakers if is_person(code) and not is_interviewer(code))
    colours = {code: _COLOURS[number % len(_COLOURS)] for number, code in enumerate(participants)}
    who = tuple(
        Code(guid("code", SPEAKERS, name), name, _who(name), colours.get(name, _GREY))
        for name in sorted(speakers, key=lambda name: (name not in colours, name))
    )
    replaced = tuple(
        Code(guid("code", REDACTIONS, name), name, "Replaced by a mark of this kind", _GREY)
        for name in sorted(categories)
    )
    asked = _questions(study.guide, {row.question for row in rows} - {""})
    groups = [Code(guid("group", SPEAKERS), SPEAKERS, "Who speaks", is_codable=False, codes=who)]
    if replaced:
        told = "What was replaced to protect people, by kind"
        groups.append(Code(guid("group", REDACTIONS), REDACTIONS, told, is_codable=False, codes=replaced))
    if asked:
        told = "Questions of the interview guide; a code covers what was said from one question to the next"
        groups.append(Code(guid("group", GUIDE), GUIDE, told, is_codable=False, codes=tuple(asked.values())))
    _check_names({code.name for code, _ in _walk(groups, "")}, study.codes)
    return CodeBook(
        (*groups, *_starters(study.codes)),
        {code.name: code.guid for code in who},
        {code.name: code.guid for code in replaced},
        {question: code.guid for question, code in asked.items()},
    )


def write_qdc(book: CodeBook) -> bytes:
    """`codebook.qdc`."""
    root = etree.Element(f"{{{_NAMESPACE}}}CodeBook", {"origin": ORIGIN}, nsmap={None: _NAMESPACE})
    add_codes(root, book.codes, _NAMESPACE)
    return as_file(root)


def write_csv(book: CodeBook) -> bytes:
    """`codebook.csv`: the codes that can be used, each with the one above it; `path` is what Taguette imports."""
    codes = [(code, group) for code, group in book.every() if code.is_codable]
    return csv_table([COLUMNS, *((c.name, group, c.description, tag_path(c.name, group)) for c, group in codes)])


def tag_path(name: str, group: str) -> str:
    """A code as Taguette's tags are written, in which a full stop parts the levels."""
    return f"{group}.{name}" if group else name


def add_codes(parent: "etree._Element", codes: Sequence[Code], namespace: str) -> None:
    """Adds `<Codes>`, as codebook and project have it in their namespaces."""
    _add(etree.SubElement(parent, f"{{{namespace}}}Codes"), codes, namespace)


def as_file(root: "etree._Element") -> bytes:
    """The XML file of an element."""
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _add(parent: "etree._Element", codes: Sequence[Code], namespace: str) -> None:
    for code in codes:
        facts = {"guid": code.guid, "name": code.name, "isCodable": str(code.is_codable).lower()}
        facts |= {"color": code.colour} if code.colour else {}
        element = etree.SubElement(parent, f"{{{namespace}}}Code", facts)
        if code.description:
            etree.SubElement(element, f"{{{namespace}}}Description").text = code.description
        _add(element, code.codes, namespace)


def _walk(codes: Sequence[Code], above: str) -> Iterator[tuple[Code, str]]:
    for code in codes:
        yield code, above
        yield from _walk(code.codes, code.name)


def _who(speaker: str) -> str:
    if is_interviewer(speaker):
        return "Interviewer"
    if speaker == "INTERP":
        return "Interpreter"
    if speaker == UNKNOWN_SPEAKER:
        return "Not known who; also stretches without text"
    return "Participant" if is_person(speaker) else "Somebody told apart by voice alone"


def _questions(guide: Sequence[GuideQuestion], asked: set[str]) -> dict[str, Code]:
    """A code for each question by its id; parallel questions share one. `asked` may name some that are in no guide.

    A code of two wordings is called by the id alone: it covers what both were asked.
    """
    found: dict[str, Code] = {}
    for question in guide:
        text = f"{question.role}. {question.text}" if question.role else question.text
        known = found.get(question.id)
        if known is not None:
            found[question.id] = replace(known, name=question.id, description=f"{known.description} / {text}")
            continue
        shown = question.text if len(question.text) <= _SHOWN else f"{question.text[: _SHOWN - 1].rstrip()}…"
        found[question.id] = Code(guid("code", GUIDE, question.id), f"{question.id} {shown}", text)
    for name in sorted(asked - set(found)):
        found[name] = Code(guid("code", GUIDE, name), name)
    return found


def _starters(codes: Sequence[StarterCode]) -> tuple[Code, ...]:
    """The lab's codes as a tree; a group that is no code itself stands where its first code does."""
    own = {code.name for code in codes}
    tops = dict.fromkeys(code.group if code.group and code.group not in own else code.name for code in codes)
    below: dict[str, list[StarterCode]] = {}
    for code in codes:
        below.setdefault(code.group, []).append(code)
    by_name = {code.name: code for code in codes}

    def made(name: str) -> Code:
        children = tuple(made(child.name) for child in below.get(name, ()))
        if name not in by_name:
            return Code(guid("group", "starter", name), name, is_codable=False, codes=children)
        code = by_name[name]
        return Code(guid("code", "starter", name), name, code.description, code.colour, codes=children)

    return tuple(made(name) for name in tops if name not in by_name or not by_name[name].group)


def check_starters(codes: Sequence[StarterCode], guide: Sequence[GuideQuestion], people: Collection[str]) -> None:
    """Raises what `codebook_of` would for a starter code called like a question of the guide or one of these people.

    Which other speakers and kinds of redactions there are is known when transcripts are.
    """
    questions = {code.name for code in _questions(guide, set()).values()}
    _check_names((questions | set(people)) - {""}, codes)


def _check_names(others: Collection[str], starters: Sequence[StarterCode]) -> None:
    """QDA programs want every code's name but once, some whatever its group and capitals."""
    taken = {name.casefold() for name in others}
    for number, code in enumerate(starters, start=1):
        if {code.name.casefold(), code.group.casefold()} & taken:
            raise UsageError(
                f"codes.csv: code {number} or its group is called like a speaker, a kind of redaction or a question "
                "of the guide: write another name"
            )
