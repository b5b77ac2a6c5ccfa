"""Checks of a REFI-QDA project, made on its bytes.

The schema is no part of the program; what it says of order and references, and what programs want beyond it
(`qdpx_xml`), is checked here. Each failure is a `ValidationError` that quotes nothing.
"""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from transcribe.errors import ValidationError
from transcribe.exports import cases, codebook
from transcribe.exports.faults import fault
from transcribe.exports.manifest import TranscriptEntry
from transcribe.exports.qdpx_xml import NAMESPACE, VARIABLES
from transcribe.exports.study_text import StudyText

_P = f"{{{NAMESPACE}}}"
_GUID = re.compile(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}")
_PATH = re.compile(rf"internal://({_GUID.pattern})(\.[a-z0-9]{{2,5}})")
_ORDER: Mapping[str, tuple[str, ...]] = {
    "Project": ("Users", "CodeBook", "Variables", "Cases", "Sources", "Notes", "Sets", "Description"),
    "Case": ("Description", "CodeRef", "VariableValue", "SourceRef", "SelectionRef"),
    "TextSource": ("Description", "PlainTextSelection"),
    "AudioSource": ("Description", "Transcript"),
    "Transcript": ("Description", "SyncPoint", "TranscriptSelection"),
    "PlainTextSelection": ("Description", "Coding", "NoteRef"),
    "TranscriptSelection": ("Description", "Coding", "NoteRef"),
    "Coding": ("CodeRef",),
    "Code": ("Description", "Code"),
    "Set": ("MemberSource",),
    "Note": (),
}
"""The children that we write, in the schema's order."""
_DATED = frozenset(
    ("TextSource", "AudioSource", "Transcript", "PlainTextSelection", "TranscriptSelection", "Coding", "Note")
)
_REFERRED = {
    "CodeRef": ("Code",),
    "NoteRef": ("Note",),
    "VariableRef": ("Variable",),
    "SourceRef": ("TextSource", "AudioSource"),
    "MemberSource": ("TextSource", "AudioSource"),
    "SelectionRef": ("PlainTextSelection", "TranscriptSelection"),
}


def check_project(
    file: io.BufferedIOBase,
    study: StudyText,
    rows: Sequence[tuple[str, ...]] | None = None,
    codes: Sequence[tuple[str, ...]] | None = None,
    words: Mapping[str, bytes | None] | None = None,
) -> None:
    """Raises `ValidationError` for a project, with or without sound, that is not as the study's other files say.

    `rows` are those of `cases.csv`, `codes` those of `codebook.csv`, `words` the docx files by transcript.
    """
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        if archive.comment or any(i.comment or i.extra or i.date_time[0] != 1980 for i in archive.infolist()):
            raise failure("the zip file tells more than its members")
        if "project.qde" not in names:
            raise failure("there is no project.qde")
        root = parsed(archive.read("project.qde"))
        _check_structure(root)
        _check_references(root)
        if sorted(names) != sorted(["project.qde", *(f"sources/{name}" for name in _paths(root))]):
            raise failure("its members are not those that project.qde names")
        texts = _texts(root)
        if [text.get("name") for text in texts] != [entry.id for entry in study.transcripts]:
            raise failure("its transcripts are not those of the manifest")
        by_guid = {element.get("guid"): element for element in root.iter() if element.get("guid")}
        for source, entry in zip(texts, study.transcripts, strict=True):
            stem = f"sources/{source.get('guid')}"
            text = archive.read(f"{stem}.txt").decode()
            _check_text(source, text, entry, study, by_guid)
            _check_twin(archive.read(f"{stem}.docx"), text, (words or {}).get(entry.id))
    if rows is not None and _cases(root) != [
        tuple(row[cases.COLUMNS.index(n)] for n in ("case", *VARIABLES)) for row in rows
    ]:
        raise failure("its cases are not those of cases.csv")
    if codes is not None and codes_in(root) != codes:
        raise failure("its codes are not those of codebook.csv")


def failure(check: str) -> ValidationError:
    return fault("a file about the whole study", check)


def parsed(data: bytes) -> Any:
    from lxml import etree

    # A document type could name files to be read in; ours has none.
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    if root.getroottree().docinfo.doctype:
        raise failure("an XML file has a document type")
    return root


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _check_structure(root: Any) -> None:
    """Order of elements, dates, paths, and nothing that a program is known to fail on."""
    if root.tag != f"{_P}Project" or not root.get("origin"):
        raise failure("project.qde is no project with an origin")
    for element in root.iter():
        kind = _name(element)
        if kind in _ORDER:
            order = _ORDER[kind]
            children = [_name(child) for child in element]
            if any(child not in order for child in children) or children != sorted(children, key=order.index):
                raise failure("elements of project.qde are not in the order of the schema")
        if kind in _DATED and not (element.get("creationDateTime") and element.get("creatingUser")):
            raise failure("an object of project.qde has no date or no user")
        for name, value in element.attrib.items():
            if name in ("basePath", "currentPath") or (name.lower().endswith("path") and not _PATH.fullmatch(value)):
                raise failure("project.qde holds a path that is not inside it")
    names = [note.get("name") for note in root.iter(f"{_P}Note")]
    if len(set(names)) != len(names):
        raise failure("two notes have one name")


def _check_references(root: Any) -> None:
    """Every GUID is that of one object, and what refers to one finds an object of the right kind."""
    kinds: dict[str, str] = {}
    for element in root.iter():
        if own := element.get("guid"):
            if own in kinds or not _GUID.fullmatch(own):
                raise failure("two objects have one GUID, or one that is not a GUID")
            kinds[own] = _name(element)
    for element in root.iter():
        wanted = _REFERRED.get(_name(element))
        if wanted and kinds.get(element.get("targetGUID")) not in wanted:
            raise failure("a reference of project.qde leads nowhere")
        if element.get("creatingUser") and kinds.get(element.get("creatingUser")) != "User":
            raise failure("an object of project.qde was made by nobody that it names")


def _paths(root: Any) -> list[str]:
    """The files in `sources/` that a project names, each after the GUID of what it is of."""
    found: list[str] = []
    for element in root.iter():
        for attribute in ("plainTextPath", "richTextPath", "path"):
            match = _PATH.fullmatch(element.get(attribute) or "")
            if match is not None:
                if match[1] != element.get("guid"):
                    raise failure("a file is not called after what it is of")
                found.append(match[1] + match[2])
    return found


def _texts(root: Any) -> list[Any]:
    """Text sources and transcripts of audio sources, in their order."""
    sources = root.find(f"{_P}Sources")
    found = [] if sources is None else list(sources)
    return [source.find(f"{_P}Transcript") if source.tag == f"{_P}AudioSource" else source for source in found]


def _check_text(source: Any, text: str, entry: TranscriptEntry, study: StudyText, by_guid: Mapping[str, Any]) -> None:
    """The text is the bundle's, and codings by speaker are the turns, in text and speaker."""
    if text != study.text(entry):
        raise failure("the text of a source is not that of the transcript")
    rows = study.rows[entry.id]
    found = [
        (selection.get("name"), *_positions(selection, by_guid), code)
        for selection in source.iterchildren(f"{_P}PlainTextSelection", f"{_P}TranscriptSelection")
        for group, code in [_code_of(selection, by_guid)]
        if group == codebook.SPEAKERS
    ]
    if found != [(row.turn, row.pos0, row.pos1, row.speaker) for row in rows]:
        raise failure("codings by speaker are not the utterances of turns.csv")
    if [text[pos0:pos1] for _, pos0, pos1, _ in found] != [row.text for row in rows]:
        raise failure("a coding does not cover the text of its utterance")


def _positions(selection: Any, by_guid: Mapping[str, Any]) -> tuple[int, int]:
    if selection.tag == f"{_P}PlainTextSelection":
        return int(selection.get("startPosition")), int(selection.get("endPosition"))
    start, end = (by_guid[selection.get(name)] for name in ("fromSyncPoint", "toSyncPoint"))
    if not 0 <= int(start.get("timeStamp")) <= int(end.get("timeStamp")):
        raise failure("a time of a transcript runs backwards")
    return int(start.get("position")), int(end.get("position"))


def _code_of(selection: Any, by_guid: Mapping[str, Any]) -> tuple[str, str]:
    """The group and the name of the code of a selection."""
    reference = selection.find(f"{_P}Coding/{_P}CodeRef")
    if reference is None:
        raise failure("a selection has no coding: QualCoder would take it for an annotation")
    code = by_guid[reference.get("targetGUID")]
    return str(code.getparent().get("name")), str(code.get("name"))


def _check_twin(data: bytes, text: str, released: bytes | None) -> None:
    """A twin that is the released docx has been read with it (`self_checks`)."""
    from transcribe.exports.self_checks import docx_text

    if data != released if released is not None else docx_text(data) != text.replace("\r\n", "\n"):
        raise failure("the docx of a source is not that of the transcript")


def _cases(root: Any) -> list[tuple[str, ...]]:
    """The cases of a project as rows: name, then the values of the variables."""
    names = {variable.get("guid"): variable.get("name") for variable in root.iter(f"{_P}Variable")}
    found = []
    for case in root.iter(f"{_P}Case"):
        values = {names[v[0].get("targetGUID")]: v[1].text or "" for v in case.iterchildren(f"{_P}VariableValue")}
        found.append((str(case.get("name")), *(values.get(name, "") for name in VARIABLES)))
    return found


def codes_in(root: Any) -> list[tuple[str, ...]]:
    """The codes that can be used, as rows of `codebook.csv`."""
    space = str(root.tag).rpartition("}")[0] + "}"
    found: list[tuple[str, ...]] = []
    for code in root.iter(f"{space}Code"):
        above = code.getparent().get("name") if code.getparent().tag == f"{space}Code" else ""
        if code.get("isCodable") == "true":
            told = code.findtext(f"{space}Description") or ""
            found.append((code.get("name"), above, told, codebook.tag_path(code.get("name"), above)))
    return found
