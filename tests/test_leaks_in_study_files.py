"""The leak check reads the files about the whole study; no GUID or position of theirs is taken for a name or number."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.export_samples import plain
from tests.study_samples import LISTS, bundle
from transcribe.exports.bundle import LabLists
from transcribe.exports.layout import CoderTranscript
from transcribe.redaction.leak_check import Leak, find_leaks
from transcribe.redaction.registry import Registry, RegistryEntity
from transcribe.study.guide import GuideQuestion
from transcribe.study.roster import RosterEntry
from transcribe.study.starter_codes import StarterCode

NAME = "Janet Lau"
ROSTER = (RosterEntry("", NAME, ("\u963f\u5f37",), "friend", "", ""),)


def leaks(folder: Path, name: str, data: bytes, *known: RegistryEntity) -> tuple[Leak, ...]:
    (folder / name).write_bytes(data)
    return find_leaks(folder, ROSTER, Registry(known))


def said() -> dict[str, bytes]:
    return bundle([plain(f"So I told {NAME}.")])


def asked() -> dict[str, bytes]:
    return bundle(lists=replace(LISTS, guide=(GuideQuestion("q1", "", f"Who is {NAME}?"),)))


def coded() -> dict[str, bytes]:
    return bundle(lists=replace(LISTS, codes=(StarterCode(f"about {NAME}"),)))


def grouped() -> dict[str, bytes]:
    return bundle(lists=LabLists(codes=(StarterCode("about", "\u963f\u5f37"),)))


def reviewed() -> dict[str, bytes]:
    item = plain()
    return bundle([CoderTranscript(replace(item.header, review=f"read through by {NAME}"), item.transcript)])


@pytest.mark.parametrize(
    ("make", "name", "places"),
    [
        (said, "study.qdpx", {"!sources/.txt", "!sources/.docx!word/document.xml"}),
        (said, "coding_sheet.xlsx", {"!xl/sharedStrings.xml"}),
        (asked, "study.qdpx", {"!project.qde"}),
        (asked, "codebook.qdc", {""}),
        (asked, "codebook.csv", {""}),
        (coded, "study.qdpx", {"!project.qde"}),
        (coded, "codebook.qdc", {""}),
        (coded, "codebook.csv", {""}),
        (grouped, "study.qdpx", {"!project.qde"}),
        (grouped, "codebook.qdc", {""}),
        (reviewed, "cases.csv", {""}),
        (reviewed, "cases.xlsx", {"!xl/sharedStrings.xml"}),
    ],
)
def test_a_known_name_is_found_wherever_it_stands(
    make: Callable[[], dict[str, bytes]], name: str, places: set[str], tmp_path: Path
) -> None:
    found = leaks(tmp_path, name, make()[name])
    bare = {re.sub(r"[0-9A-F-]{36}", "", leak.file).removeprefix(name) for leak in found}
    assert places <= bare, bare
    assert leaks(tmp_path, name, bundle([plain()])[name]) == ()


def test_what_a_guid_is_like_by_chance_is_no_leak(tmp_path: Path) -> None:
    project = bundle()["study.qdpx"]
    with zipfile.ZipFile(io.BytesIO(project)) as archive:
        text = archive.read("project.qde").decode()
    guids = sorted(set(re.findall(r"[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}", text)))
    parts = [part for guid in guids for part in guid.split("-")]
    numbers = [digits for guid in guids for digits in re.findall(r"\d{6,}", guid.replace("-", ""))]
    letters = [part for part in parts if part.isalpha()]
    assert numbers
    known = [
        RegistryEntity(f"e{n:05d}", kind, kind, f"[{kind}_{n}]", surface, (surface,))
        for n, (kind, surface) in enumerate(
            [*(("ID", part) for part in parts), *(("PHONE", n) for n in numbers), *(("PERSON", w) for w in letters)]
        )
    ]
    assert leaks(tmp_path, "study.qdpx", project, *known) == ()


def test_a_position_is_no_number_and_a_number_that_was_said_is(tmp_path: Path) -> None:
    number = RegistryEntity("e00001", "PHONE", "PHONE", "[PHONE_1]", "123456", ("123456",))
    long = bundle([plain("so " * 41_200 + "it went")], lists=LabLists())["study.qdpx"]
    with zipfile.ZipFile(io.BytesIO(long)) as archive:
        position = re.search(r'startPosition="(\d{6})"', archive.read("project.qde").decode())
    assert position is not None
    at = replace(number, canonical=position[1], surfaces=(position[1],))
    assert leaks(tmp_path, "study.qdpx", long, at) == ()
    assert leaks(tmp_path, "study.qdpx", bundle([plain("Call 123456.")])["study.qdpx"], number) != ()


def test_a_font_of_a_workbook_s_theme_is_no_person(tmp_path: Path) -> None:
    fonts = ("Vani", "Latha", "Georgia Ref", "Mangal", "Raavi", "Sylfaen")
    known = [RegistryEntity(f"e{n:05d}", "PERSON", "PERSON", f"[PERSON_{n}]", f, (f,)) for n, f in enumerate(fonts)]
    assert leaks(tmp_path, "cases.xlsx", bundle()["cases.xlsx"], *known) == ()
