"""Programs other than ours open the bundle: the schema's validator, qualitative-coding, Taguette, and QualCoder's way
of reading. `scripts/test` installs them into `.venv-clients`; without it these tests fail, so that nobody believes that
they ran.
"""

import json
import os
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import html

from tests.study_samples import EVERYTHING, LISTS, bundle, study_text
from transcribe.exports.layout import turn_line
from transcribe.exports.qdpx import write_with_audio
from transcribe.exports.turns import turns_of
from transcribe.study.starter_codes import StarterCode

CLIENTS = Path(__file__).parent.parent / ".venv-clients"
P = "{urn:QDA-XML:project:1.0}"


def client(name: str, program: str) -> Path:
    path = CLIENTS / name / "bin" / program
    assert path.exists(), f"{path} is missing: scripts/test installs it"
    return path


def run(*command: object, folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONBREAKPOINT": "0", "LANG": "C.UTF-8"}
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """A bundle with everything in it, redactions coded."""
    codes = (*LISTS.codes, StarterCode("trust", "talk", "\u4fe1\u4efb & <more>", "#aa3377"))
    return bundle(options=replace(EVERYTHING, redactions_coded=True), lists=replace(LISTS, codes=codes))


VALIDATE = """
import importlib.resources, json, sys, pathlib, xmlschema, zipfile
text = (importlib.resources.files("qualitative_coding") / "refi_qda" / "schema.xsd").read_text("utf-8")
found = {}
for name in sys.argv[1:]:
    data = pathlib.Path(name).read_bytes()
    schema = text
    if name.endswith(".qdpx"):
        data = zipfile.ZipFile(name).read("project.qde")
    else:
        # The codebook's schema has the same types in a namespace of its own, with this one root element.
        schema = schema.replace("urn:QDA-XML:project:1.0", "urn:QDA-XML:codebook:1.0")
        schema = schema.replace('name="Project" type="ProjectType"', 'name="CodeBook" type="RootType"').replace(
            '<xsd:complexType name="ProjectType">',
            '<xsd:complexType name="RootType"><xsd:sequence><xsd:element name="Codes" type="CodesType"/></xsd:sequence>'
            '<xsd:attribute name="origin" type="xsd:string"/></xsd:complexType><xsd:complexType name="ProjectType">')
    errors = xmlschema.XMLSchema(schema).iter_errors(data.decode())
    found[pathlib.Path(name).name] = [str(error.reason) for error in errors][:3]
print(json.dumps(found))
"""


def write(folder: Path, files: dict[str, bytes], *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(files[name])
    return [folder / name for name in names]


def test_project_and_codebook_are_valid_by_the_schema(files: dict[str, bytes], tmp_path: Path) -> None:
    with_sound = tmp_path / "study_with_audio.qdpx"
    words = {name.split("/")[-1][:-5]: data for name, data in files.items() if name.startswith("transcripts/docx")}
    write_with_audio(study_text(files), words, {"P01-PSW": b"sound"}, with_sound)
    broken = dict(files)
    broken["broken.qdc"] = files["codebook.qdc"].replace(b'isCodable="true"', b'isCodable="perhaps"', 1)
    paths = write(tmp_path, broken, "study.qdpx", "codebook.qdc", "broken.qdc")
    answer = run(client("qualitative-coding", "python"), "-c", VALIDATE, *paths, with_sound, folder=tmp_path)
    found = json.loads(answer)
    assert len(found.pop("broken.qdc")) == 1
    assert found == {"study.qdpx": [], "codebook.qdc": [], "study_with_audio.qdpx": []}


def test_qualitative_coding_imports_the_project_with_all_codes_and_sources(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    (project,) = write(tmp_path, files, "study.qdpx")
    folder = tmp_path / "imported"
    folder.mkdir()
    run(client("qualitative-coding", "qc"), "init", "--import", project, folder=folder)
    study = study_text(files)
    for entry in study.transcripts:
        assert (folder / "corpus" / f"{entry.id}.txt").read_bytes() == study.text(entry).encode()
    assert len(list((folder / "corpus").iterdir())) == len(study.transcripts)
    with zipfile.ZipFile(project) as archive:
        codes = [code.get("name") for code in ET.fromstring(archive.read("project.qde")).iter(f"{P}Code")]
    store = sqlite3.connect(folder / "qualitative_coding.sqlite3")
    try:
        assert sorted(name for (name,) in store.execute("select name from code")) == sorted(map(str, codes))
        assert store.execute("select name from coder").fetchall() == [("transcribe",)]
        coded = store.execute("select distinct code_id from coded_line").fetchall()
    finally:
        store.close()
    speakers = {row.speaker for rows in study.rows.values() for row in rows}
    assert speakers <= {name for (name,) in coded}
    assert len(codes) == len(set(codes)) == 20


def test_read_as_qualcoder_does_the_codings_hold_the_utterances(files: dict[str, bytes], tmp_path: Path) -> None:
    """QualCoder 4.0 (refi.py): text as UTF-8 with universal line ends, positions as a slice of it, dates and users of
    every note and selection, names of journals that are not there yet, sources named once.
    """
    with zipfile.ZipFile(*write(tmp_path, files, "study.qdpx")) as archive:
        archive.extractall(tmp_path / "project_temporary")
    root = ET.parse(tmp_path / "project_temporary" / "project.qde").getroot()
    assert "ATLAS" not in root.attrib["origin"].upper()
    users = {user.get("guid"): user.get("name") for user in root.iter(f"{P}User")}
    codes = {code.get("guid"): code.get("name") for code in root.iter(f"{P}Code") if code.get("isCodable") != "false"}
    read: list[tuple[str, str, str]] = []
    for source in root.iter(f"{P}TextSource"):
        path = tmp_path / "project_temporary" / ("sources" + source.attrib["plainTextPath"].split("internal:/")[1])
        with path.open(encoding="utf-8", errors="replace") as file:
            fulltext = file.read()
        for selection in source.iter(f"{P}PlainTextSelection"):
            assert users[selection.get("creatingUser")] == "transcribe"
            assert selection.attrib["creationDateTime"].replace("T", " ").replace("Z", "") == "1980-01-01 00:00:00"
            text = fulltext[int(selection.attrib["startPosition"]) : int(selection.attrib["endPosition"])]
            for coding in selection.iter(f"{P}Coding"):
                code = codes[next(iter(coding)).get("targetGUID")]
                read.append((str(source.get("name")), str(code), text))
    rows = [row for rows in study_text(files).rows.values() for row in rows]
    speakers = {row.speaker for row in rows}
    assert [found for found in read if found[1] in speakers] == [(r.transcript, r.speaker, r.text) for r in rows]
    assert ("P01-PSW", "PLACE", "[PLACE_1 Kowloon]") in read
    assert ("P01-PSW", "q2 What comes next?", 'And "then"?') in read
    journals = [note.attrib["name"] for note in root.iter(f"{P}Note")]
    assert len(journals) == len(set(journals)) == 1
    for note in root.iter(f"{P}Note"):
        path = tmp_path / "project_temporary" / ("sources" + note.attrib["plainTextPath"].split("internal:/")[1])
        assert path.read_bytes().isascii()  # QualCoder opens it in the computer's own encoding


CONVERT = """
import asyncio, json, pathlib, sys
from taguette.convert import to_html
from taguette.import_codebook import list_tags
html = {name: asyncio.run(to_html(pathlib.Path(name).read_bytes(), "", name, {})) for name in sys.argv[2:]}
with open(sys.argv[1], "rb") as file:
    print(json.dumps([html, list_tags(file)]))
"""


def test_taguette_reads_html_and_subtitles_with_the_text_intact_and_imports_the_codes(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    study = study_text(files)
    names = [entry.id for entry in study.transcripts]
    for name in names:
        (tmp_path / f"{name}.html").write_bytes(files[f"transcripts/html/{name}.html"])
        (tmp_path / f"{name}.srt").write_bytes(files[f"sync/{name}.srt"])
    (codebook,) = write(tmp_path, files, "codebook.csv")
    listed = [f"{name}.{ending}" for name in names for ending in ("html", "srt")]
    converted, tags = json.loads(run(client("taguette", "python"), "-c", CONVERT, codebook, *listed, folder=tmp_path))
    for entry in study.transcripts:
        turns = turns_of(study.rows[entry.id])
        assert_in_order([turn_line(turn) for turn in turns], converted[f"{entry.id}.html"])
        assert_in_order([turn.text for turn in turns], converted[f"{entry.id}.srt"])
    assert {"path": "Speakers.P01-PSW", "description": "Participant"} in tags
    assert len(tags) == 6 + 4 + 2 + 4


def assert_in_order(texts: list[str], page: str) -> None:
    """All texts stand in the page, in their order, whatever its spaces."""
    shown, position = squeezed(html.fromstring(page).text_content()), 0
    for text in texts:
        found = shown.find(squeezed(text), position)
        assert found >= 0, text
        position = found + 1


def squeezed(text: str) -> str:
    return "".join(text.split())
