"""The last look at finished files: finds planted names in every container, and nothing in clean text."""

import io
import json
import zipfile
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcribe.redaction.known_surfaces import known_surfaces
from transcribe.redaction.leak_check import Leak, find_leaks, text_check
from transcribe.redaction.registry import Decision, Registry, RegistryEntity
from transcribe.study.roster import RosterEntry

ROSTER = (
    RosterEntry("D01-PIR", "Janet Lau", ("Janet",), "participant", "", ""),
    RosterEntry("", "Hope", (), "friend", "", ""),
    RosterEntry("", "Bright Path Wellness Centre", ("Bright Path",), "organisation", "", ""),
    RosterEntry("", "阿強", (), "friend", "", ""),
)


def known(id_: str, kind: str, *surfaces: str) -> RegistryEntity:
    return RegistryEntity(id_, kind, kind, f"[{kind}_{int(id_[1:])}]", surfaces[0], surfaces, pairs=("D01",))


REGISTRY = Registry(
    (
        known("e00001", "PERSON", "Mister Fung", "Janet Lowe", "José"),
        known("e00002", "PHONE", "nine one two, double four, seven oh three"),
        known("e00003", "EMAIL", "janet dot lau eighty two at gmail dot com"),
        known("e00004", "DATE", "July last year"),
        known("e00005", "AGE", "forty-seven"),
        known("e00006", "PLACE", "Andover"),
        known("e00007", "ORG", "Golden Crust"),
        known("e00008", "PERSON", "Yeah"),
    ),
    (
        Decision("e00001", "rename", "KL", "2024-03-01T00:00:00Z", target="[PERSON_1 Andover]"),
        Decision("e00006", "rename", "KL", "2024-03-01T00:00:00Z", target="[PLACE_1 Bright Path]"),
    ),
)
"""Bands of marks that are ours may be like a name: people chose them."""


def leaks(tmp_path: Path, name: str, data: str | bytes) -> tuple[Leak, ...]:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return find_leaks(tmp_path, ROSTER, REGISTRY)


CLEAN = """Transcript D01-PIR
INT: Hope you are well. I hope so. Will you come in july? [00:00:04]
D01-PIR: [D01-PIR] told [PERSON_1 Andover] again and over, forty-seven of them, July last year. Yeah. [00:00:09]
D01-PIR: The golden crust of bread, janitor, Janeta, 912-44-70, 19 to 20. [00:01:09]
INT: I fungible, misterfungi, josep. (Hope) [PLACE_1 Bright Path]
"""


def test_clean_text_is_clean(tmp_path: Path) -> None:
    assert leaks(tmp_path, "transcripts/txt/D01-PIR.txt", CLEAN) == ()


@pytest.mark.parametrize(
    ("text", "entity", "kind"),
    [
        ("I met Janet.", "roster", "text"),
        ("we went to bright path again", "roster", "text"),
        ("JANET'S house", "roster", "text"),
        ("two Janets", "roster", "text"),
        ("janet", "roster", "text"),
        ("Janet\nLau", "roster", "text"),
        ("J-A-N-E-T", "roster", "spelled"),
        ("it is j a n e t", "roster", "spelled"),
        ("BrightPath", "roster", "text"),
        ("bright-path wellness centre", "roster", "text"),
        ("Then Hope left", "roster", "text"),
        ("我同阿強講", "roster", "text"),
        ("mister fung", "e00001", "text"),
        ("Jose went", "e00001", "text"),
        ("a full-width Ｊａｎｅｔ", "roster", "text"),
        ("9124 4703", "e00002", "digits"),
        ("call (912) 44-703 now", "e00002", "digits"),
        ("nine one two double four seven oh three", "e00002", "text"),
        ("went to Andover for", "e00006", "text"),
        ("at Golden Crust", "e00007", "text"),
    ],
)
def test_a_name_is_found_in_all_its_forms(tmp_path: Path, text: str, entity: str, kind: str) -> None:
    assert Leak("a.txt", entity, kind) in leaks(tmp_path, "a.txt", f"[PERSON_1] said: {text} and so on")


def test_a_leak_never_quotes(tmp_path: Path) -> None:
    assert "Janet" not in repr(leaks(tmp_path, "a.txt", "Janet Lau"))


def test_file_names_are_searched(tmp_path: Path) -> None:
    assert Leak("transcripts/Janet_interview.txt", "roster", "name") in leaks(
        tmp_path, "transcripts/Janet_interview.txt", "nothing"
    )


def test_csv_json_vtt_and_html(tmp_path: Path) -> None:
    leaks(tmp_path, "turns.csv", 'transcript,text\nD01-PIR,"Hope you say, ""Jan""et"\nD01-PIR,"I saw Janet, yes"\n')
    leaks(tmp_path, "manifest.json", json.dumps({"note": "\u963f\u5f37", "Janet": 1}))
    leaks(tmp_path, "a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Janet>Hope you are well\n")
    found = leaks(
        tmp_path,
        "b.html",
        "<p>Hope you</p><!-- Mister Fung --><b>Gol</b>den Crust<img alt='Bright Path'><p>Ja<i>net</i></p>",
    )
    assert set(found) == {
        Leak("turns.csv", "roster", "text"),
        Leak("manifest.json", "roster", "text"),
        Leak("a.vtt", "roster", "text"),
        Leak("b.html", "e00001", "text"),
        Leak("b.html", "e00007", "text"),
        Leak("b.html", "roster", "text"),
    }


def docx_bytes(text: list[str], author: str = "") -> bytes:
    document = docx.Document()
    document.core_properties.author = author
    paragraph = document.add_paragraph()
    for run in text:
        paragraph.add_run(run)
    document.add_paragraph("Hope you are well.")
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_docx_runs_are_joined_and_properties_read(tmp_path: Path) -> None:
    assert leaks(tmp_path, "clean.docx", docx_bytes(["D01-PIR: ", "[PERSON_1] came"])) == ()
    assert leaks(tmp_path, "a.docx", docx_bytes(["met Ja", "net at"])) == (
        Leak("a.docx!word/document.xml", "roster", "text"),
    )
    (tmp_path / "a.docx").unlink()
    assert leaks(tmp_path, "b.docx", docx_bytes(["x"], author="Janet Lau")) == (
        Leak("b.docx!docProps/core.xml", "roster", "text"),
    )


def zipped(members: dict[str, bytes], comment: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.comment = comment
    return stream.getvalue()


def test_zips_in_zips_member_names_attributes_and_comments(tmp_path: Path) -> None:
    project = b'<Project name="x"><Case name="Janet Lau"/></Project>'
    inner = zipped({"project.qde": project, "Janet.txt": b"nothing"})
    found = leaks(tmp_path, "study.zip", zipped({"study.qdpx": inner}, b"made for Mister Fung"))
    assert set(found) == {
        Leak("study.zip", "e00001", "text"),
        Leak("study.zip!study.qdpx!project.qde", "roster", "text"),
        Leak("study.zip!study.qdpx!Janet.txt", "roster", "name"),
    }


@pytest.mark.parametrize("data", [b"\xff\x00\x12\x88", b"PK\x03\x04 truncated", b"{not json"])
def test_what_cannot_be_read_is_not_released(tmp_path: Path, data: bytes) -> None:
    name = "a.json" if data.startswith(b"{") else "a.bin"
    assert leaks(tmp_path, name, data) == (Leak(name, "", "unreadable"),)


def test_utf16_is_read(tmp_path: Path) -> None:
    assert leaks(tmp_path, "a.txt", "I met Janet".encode("utf-16")) == (Leak("a.txt", "roster", "text"),)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "coders"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("Janet")
    (folder / "a.txt").symlink_to(tmp_path / "secret.txt")
    assert find_leaks(folder, ROSTER, REGISTRY) == (Leak("a.txt", "", "unreadable"),)


def test_dates_ages_and_ordinary_words_of_the_registry_are_not_searched() -> None:
    texts = {surface.text for surface in known_surfaces(REGISTRY, ROSTER)}
    assert {"July last year", "forty-seven", "Yeah"} & texts == set()
    assert {"Janet", "Hope", "Andover", "Mister Fung"} <= texts


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40),
    st.sampled_from(["Janet Lau", "Mister Fung", "Golden Crust", "bright path"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40),
)
def test_a_planted_name_is_found_in_any_text(
    tmp_path_factory: pytest.TempPathFactory, before: str, name: str, after: str
) -> None:
    folder = tmp_path_factory.mktemp("coders")
    text = f"{before.replace('[', '(')} {name.title()} {after.replace(']', ')')}"
    (folder / "a.txt").write_text(text, encoding="utf-8")
    assert any(leak.kind == "text" for leak in find_leaks(folder, ROSTER, REGISTRY))


def test_our_own_lines_are_no_leak_and_speech_beside_them_is(tmp_path: Path) -> None:
    """A participant called Mark does not stop a release whose README has a table of marks."""
    roster = (RosterEntry("P01-PIR", "Mark", (), "participant", "", ""),)
    frame = {"README.md": b"| Mark | means |\nEnd\n"}
    (tmp_path / "README.md").write_text("| Mark | means |\nEnd\n")
    assert find_leaks(tmp_path, roster, REGISTRY, frame) == ()
    assert find_leaks(tmp_path, roster, REGISTRY) != ()
    (tmp_path / "README.md").write_text("| Mark | means |\nINT: I saw Mark there.\nEnd\n")
    assert find_leaks(tmp_path, roster, REGISTRY, frame) == (Leak("README.md", "roster", "text"),)


def test_the_number_of_a_mark_is_no_part_of_a_known_number(tmp_path: Path) -> None:
    registry = Registry((RegistryEntity("e00001", "PHONE", "PHONE", "[PHONE_1]", "912, double 4", ("912, double 4",)),))
    (tmp_path / "a.txt").write_text("call [PHONE_1] or [PERSON_4], she is [AGE_4 40-44]")
    assert not find_leaks(tmp_path, (), registry)


@pytest.mark.parametrize(
    "text",
    [
        "[NOTE Janet Lau]",
        "[PLACE Andover]",
        "[C1 912 44 703]",
        "[Q 阿強]",
        "<seg>NOTE Janet Lau</seg>",
        "[PERSON_1 Janet]",
        "as in [CASE_2 about Golden Crust]",
    ],
)
def test_what_stands_in_a_mark_that_nobody_gave_is_searched(tmp_path: Path, text: str) -> None:
    assert text_check(REGISTRY, ROSTER)(text)
    assert leaks(tmp_path, "codebook.csv", f"code,description\r\nsupport,{text}\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "[PERSON_1 Andover]",
        "<seg>PLACE_1 Bright Path</seg>",
        "[PERSON_1  Andover]",
        "[AGE_1 45-49]",
        "[PIR-417-SISTER_2 90+]",
        "[DATE_1 2019-03]",
        "[DATE_7 2019]",
    ],
)
def test_what_our_marks_keep_is_no_leak(text: str) -> None:
    """Also at levels at which a mark of an age or date is coarser than in the registry."""
    registry = Registry((*REGISTRY.entities, known("e00009", "ID", "201903"), known("e00010", "AGE", "45-49")))
    known_marks = Registry(registry.entities, REGISTRY.decisions)
    assert not text_check(known_marks, ROSTER)(f"so [D01-PIR] met {text} there")


TURNS = "transcript,turn,speaker,start_ms,end_ms,pos0,pos1,text,flags,question\r\n"


def test_a_time_or_place_is_no_telephone_number(tmp_path: Path) -> None:
    row = "D01-PIR,u0001,INT,9124470,9124471,91244703,912447031,{},,\r\n"
    assert leaks(tmp_path, "turns.csv", TURNS + row.format("Well.")) == ()
    page = '<p class="turn" data-start="91244703" data-end="912447031"><b>INT:</b> {}</p>'
    assert leaks(tmp_path, "transcripts/html/D01-PIR.html", page.format("Well.")) == ()
    found = (*leaks(tmp_path, "turns.csv", TURNS + row.format("Call 91244703.")),)
    assert [(leak.file, leak.kind) for leak in found] == [("turns.csv", "digits")]
    (tmp_path / "turns.csv").unlink()
    found = leaks(tmp_path, "transcripts/html/D01-PIR.html", page.format("Call 91244703."))
    assert [leak.kind for leak in found] == ["digits"]


def test_what_is_no_number_is_searched_in_columns_of_numbers_too(tmp_path: Path) -> None:
    assert leaks(tmp_path, "turns.csv", TURNS + "D01-PIR,u0001,INT,Janet,1,0,4,Well.,,\r\n")
