"""`study.qdpx`: a REFI-QDA project that opens with the right texts, codings, cases and notes, and nothing else."""

import io
import re
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.export_samples import OPTIONS, plain, transcript, utterance
from tests.study_samples import EVERYTHING, LISTS, bundle, in_pair, pairs, study_text
from transcribe.errors import ValidationError
from transcribe.exports import manifest
from transcribe.exports.bundle import LabLists, without
from transcribe.exports.cases import cases_of
from transcribe.exports.codebook import codebook_of, guid
from transcribe.exports.qdpx import write, write_with_audio
from transcribe.exports.self_checks import check_bundle, docx_text
from transcribe.exports.self_checks_qdpx import check_project
from transcribe.exports.self_checks_study import check_study
from transcribe.fixed_zip import fixed_zip

P = "{urn:QDA-XML:project:1.0}"


def members(project: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(project)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def project_of(files: dict[str, bytes]) -> etree._Element:
    return etree.fromstring(members(files["study.qdpx"])["project.qde"])


def by_guid(root: etree._Element) -> dict[str, etree._Element]:
    return {element.get("guid"): element for element in root.iter() if element.get("guid")}


def codings(files: dict[str, bytes], group: str) -> list[tuple[str, str, str]]:
    """Transcript, code and coded text of every coding by a code of the group, in the order of the project."""
    root, parts = project_of(files), members(files["study.qdpx"])
    known = by_guid(root)
    found = []
    for source in root.iter(f"{P}TextSource"):
        text = parts[f"sources/{source.get('guid')}.txt"].decode()
        for selection in source.iterchildren(f"{P}PlainTextSelection"):
            code = known[selection.find(f"{P}Coding/{P}CodeRef").get("targetGUID")]
            if code.getparent().get("name") == group:
                begin, end = int(selection.get("startPosition")), int(selection.get("endPosition"))
                found.append((source.get("name"), code.get("name"), text[begin:end]))
    return found


def test_every_utterance_is_coded_by_its_speaker_to_the_code_point() -> None:
    files = bundle()
    rows = [row for entry in study_text(files).transcripts for row in study_text(files).rows[entry.id]]
    assert codings(files, "Speakers") == [(row.transcript, row.speaker, row.text) for row in rows]
    assert ("P01-PSW", "SPEAKER-0", "[inaudible 00:00:31-00:00:36]") in codings(files, "Speakers")


def test_the_texts_are_those_of_the_bundle_without_the_byte_order_mark() -> None:
    files = bundle()
    parts = members(files["study.qdpx"])
    for source in project_of(files).iter(f"{P}TextSource"):
        name, stem = source.get("name"), f"sources/{source.get('guid')}"
        assert b"\xef\xbb\xbf" + parts[f"{stem}.txt"] == files[f"transcripts/txt/{name}.txt"]
        assert parts[f"{stem}.docx"] == files[f"transcripts/docx/{name}.docx"]
        assert source.get("plainTextPath") == f"internal://{source.get('guid')}.txt"
        assert source.get("richTextPath") == f"internal://{source.get('guid')}.docx"


def test_without_docx_in_the_bundle_the_project_has_its_own() -> None:
    formats = tuple(name for name in OPTIONS.formats if name not in ("docx", "txt"))
    files = bundle(options=replace(OPTIONS, formats=formats))
    parts = members(files["study.qdpx"])
    check_bundle(files)
    for name, data in parts.items():
        if name.endswith(".docx"):
            assert docx_text(data) == parts[name.replace(".docx", ".txt")].decode()


def test_redactions_are_coded_on_request_alone() -> None:
    assert codings(bundle(), "Redactions") == []
    found = codings(bundle(options=replace(EVERYTHING, redactions_coded=True)), "Redactions")
    assert sorted(found) == [
        ("P01-PIR", "PARTICIPANT", "[P01-PSW]"),
        ("P01-PIR", "SISTER", "[P01-PIR-SISTER_1]"),
        ("P01-PSW", "PERSON", "[PERSON_1]"),
        ("P01-PSW", "PLACE", "[PLACE_1 Kowloon]"),
    ]


def test_a_section_of_the_guide_reaches_to_the_next_question() -> None:
    (first, second) = codings(bundle(), "Guide")
    assert first[:2] == ("P01-PSW", "q1")
    assert first[2].startswith("Thank you for coming. How did the day start? [00:00:04]\nP01-PSW: Well")
    assert first[2].count("\n") == 5
    assert second == ("P01-PSW", "q2 What comes next?", 'And "then"?')


def test_cases_have_their_codes_values_sources_and_selections() -> None:
    files = bundle()
    root = project_of(files)
    known = by_guid(root)
    found = {case.get("name"): case for case in root.iter(f"{P}Case")}
    assert list(found) == ["P01-PIR", "P01-PSW", "P02-PSW", "P01", "P02"]
    pair = found["P01"]
    assert [known[ref.get("targetGUID")].get("name") for ref in pair.iterchildren(f"{P}CodeRef")] == [
        "P01-PIR",
        "P01-PSW",
    ]
    assert [known[ref.get("targetGUID")].get("name") for ref in pair.iterchildren(f"{P}SourceRef")] == [
        "P01-OBS",
        "P01-PIR",
        "P01-PSW",
        "P01-PSW-S2",
    ]
    spoken = [row for rows in study_text(files).rows.values() for row in rows if row.speaker == "P01-PSW"]
    selected = [known[ref.get("targetGUID")].get("name") for ref in found["P01-PSW"].iterchildren(f"{P}SelectionRef")]
    assert selected == [row.turn for row in spoken]
    assert [(s.get("name"), len(s)) for s in root.iter(f"{P}Set")] == [("Pair P01", 4), ("Pair P02", 1)]


def test_flags_are_notes_with_their_own_files_and_dates() -> None:
    files = bundle()
    root = project_of(files)
    (note,) = root.iter(f"{P}Note")
    assert (note.get("name"), note.get("creationDateTime")) == ("P01-PIR unsupported", "1980-01-01T00:00:00Z")
    text = members(files["study.qdpx"])[f"sources/{note.get('guid')}.txt"].decode("ascii")
    assert text.split("\n")[0] == "Flag unsupported in transcript P01-PIR."
    assert text.endswith("Utterances\nu0002 P01-PIR 00:00:03")
    (reference,) = root.iter(f"{P}NoteRef")
    assert reference.get("targetGUID") == note.get("guid")
    assert reference.getparent().tag == f"{P}PlainTextSelection"
    assert reference.getparent().findtext(f"{P}Description") == "Flag unsupported"


def test_beyond_the_team_there_are_no_pairs() -> None:
    item = in_pair(transcript(utterance(1, "PIR-417", 0.0, 3.0, "So."), recording="PIR-417", role="PIR"), "")
    files = bundle([item], replace(EVERYTHING, level="share"), LabLists())
    root = project_of(files)
    assert root.find(f"{P}Sets") is None
    assert [case.get("name") for case in root.iter(f"{P}Case")] == ["PIR-417"]
    assert "level share" in root.findtext(f"{P}Description")


@pytest.mark.parametrize("items", [[], [transcript()]], ids=["no transcript", "an empty one"])
def test_nothing_said_is_a_project_all_the_same(items: list[object]) -> None:
    files = bundle(items, lists=LabLists())  # type: ignore[arg-type]
    check_bundle(files)
    assert len(list(project_of(files).iter(f"{P}TextSource"))) == len(items)
    assert project_of(files).find(f"{P}CodeBook") is not None


def test_guids_of_what_stays_stay_and_each_is_one_object_s() -> None:
    before, after = pairs(), pairs()
    changed = after[0].transcript.utterances
    after[0] = replace(
        after[0], transcript=replace(after[0].transcript, utterances=(*changed[:-1], replace(changed[-1], id="u0099")))
    )
    old, new = (project_of(bundle(items)) for items in (before, after[:-1]))
    guids = [element.get("guid") for element in old.iter() if element.get("guid")]
    assert len(set(guids)) == len(guids)
    assert all(re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", guid) for guid in guids)

    def path(element: etree._Element) -> tuple[str, ...]:
        return (element.tag, *(above.get("name", "") for above in (element, *element.iterancestors())))

    def named(root: etree._Element) -> dict[tuple[str, ...], str]:
        return {path(element): element.get("guid") for element in root.iter() if element.get("guid")}

    one, other = named(old), named(new)
    gone = {name[1:3] for name in one.keys() - other.keys()}
    assert {("u0006", "P01-PSW"), ("P02-PSW", "Speakers")} <= gone
    assert all(one[name] == other[name] for name in one.keys() & other.keys())
    assert len(one.keys() & other.keys()) > 40


def test_pairs_that_differ_only_in_case_have_guids_of_their_own() -> None:
    files = bundle([in_pair(plain(), "P01"), in_pair(plain(recording="Q01-PSW"), "p01")])
    check_bundle(files)
    assert [s.get("name") for s in project_of(files).iter(f"{P}Set")] == ["Pair P01", "Pair p01"]


def test_the_same_study_gives_the_same_bytes() -> None:
    assert bundle()["study.qdpx"] == bundle(pairs()[::-1])["study.qdpx"]
    with zipfile.ZipFile(io.BytesIO(bundle()["study.qdpx"])) as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert archive.infolist()[0].filename == "project.qde"
        assert not archive.comment


def test_a_withdrawn_recording_leaves_the_project_and_the_others_as_they_were() -> None:
    files = bundle()
    left = without(manifest.parse(files["manifest.json"]), files, {"P02-PSW"}, LISTS)
    check_bundle(left)
    assert left["study.qdpx"] == bundle(pairs()[:-1])["study.qdpx"]
    assert b"P02" not in members(left["study.qdpx"])["project.qde"]


def test_carriage_returns_are_counted_where_an_export_asks_for_them() -> None:
    files = bundle(options=replace(EVERYTHING, newline="crlf"))
    check_bundle(files)
    rows = [row for entry in study_text(files).transcripts for row in study_text(files).rows[entry.id]]
    assert codings(files, "Speakers") == [(row.transcript, row.speaker, row.text) for row in rows]
    texts = [data for name, data in members(files["study.qdpx"]).items() if name.endswith(".txt") and b"START" in data]
    assert all(data.count(b"\r\n") == data.count(b"\n") for data in texts)
    assert not any(b"\r" in data for name, data in members(bundle()["study.qdpx"]).items() if name.endswith(".txt"))


SIGNS = st.text(
    st.one_of(
        st.sampled_from("\u6211\u5011\u05e9\u05dc\U0001f469\u200d\u0301\u202e&<>\"']]>"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=40,
)


@given(st.lists(st.tuples(st.sampled_from(["INT", "P01-PSW", "SPEAKER-1"]), SIGNS), min_size=1, max_size=6))
def test_whatever_is_said_positions_hold_it(said: list[tuple[str, str]]) -> None:
    item = transcript(*(utterance(n, who, n, n + 0.5, text) for n, (who, text) in enumerate(said, start=1)))
    files = bundle([item], replace(OPTIONS, formats=("turns", "qdpx", "cases", "codebook")), LabLists())
    check_study(files, study_text(files))
    rows = study_text(files).rows["P01-PSW"]
    assert codings(files, "Speakers") == [("P01-PSW", row.speaker, row.text) for row in rows]


def edited(project: bytes, edit: Callable[[dict[str, bytes]], object]) -> bytes:
    parts = members(project)
    edit(parts)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return fixed_zip(file.getvalue())


def in_xml(old: str, new: str, count: int = 1) -> Callable[[dict[str, bytes]], object]:
    def edit(parts: dict[str, bytes]) -> None:
        text = parts["project.qde"].decode()
        assert re.search(old, text), old
        parts["project.qde"] = re.sub(old, new, text, count=count).encode()

    return edit


def change_text(parts: dict[str, bytes]) -> None:
    name = next(name for name, data in parts.items() if b"Once more." in data)
    parts[name] = parts[name].replace(b"Once more.", b"Once moor.")


def add_bom(parts: dict[str, bytes]) -> None:
    name = next(name for name, data in parts.items() if b"Once more." in data)
    parts[name] = b"\xef\xbb\xbf" + parts[name]


def swap_docx(parts: dict[str, bytes]) -> None:
    one, other = [name for name in parts if name.endswith(".docx")][:2]
    parts[one], parts[other] = parts[other], parts[one]


SELECTION = r"(<PlainTextSelection [^>]*>.*?</PlainTextSelection>)"


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (change_text, "the text of a source"),
        (add_bom, "the text of a source"),
        (swap_docx, "the docx of a source"),
        (lambda parts: parts.pop(next(name for name in parts if name.endswith(".docx"))), "its members"),
        (lambda parts: parts.update({"sources/notes.txt": b"x"}), "its members"),
        (lambda parts: parts.update({"Thumbs.db": b"x"}), "its members"),
        (lambda parts: parts.pop("project.qde"), "no project.qde"),
        (in_xml(r'endPosition="(\d+)"', 'endPosition="9"'), "codings by speaker"),
        (in_xml(r'startPosition="(\d)', r'startPosition="1\1'), "codings by speaker"),
        (in_xml(r"(?s)<PlainTextSelection .*?</PlainTextSelection>", ""), "a reference"),
        (in_xml(r"(?s)<Coding .*?</Coding>", ""), "no coding"),
        (in_xml(r' origin="transcribe"', ""), "with an origin"),
        (in_xml(r'(<Note [^>]*) creationDateTime="[^"]*"', r"\1"), "no date"),
        (in_xml(r'(<Coding [^>]*) creatingUser="[^"]*"', r"\1"), "no date or no user"),
        (in_xml(r'(<Coding [^>]*) creatingUser="[^"]*"', r'\1 creatingUser="x"'), "made by nobody"),
        (in_xml(r'(<Variable guid=")[^"]*(" name="role")', r"\g<1>540BCA03-E677-5C64-8E24-70CAC7F2E537\2"), "one GUID"),
        (in_xml(r'<Set guid="[0-9A-F-]*', '<Set guid="00000000-0000-5000-8000-00000000000a'), "one that is not a GUID"),
        (in_xml(r'(<SelectionRef targetGUID=")[^"]*', r"\g<1>00000000-0000-5000-8000-000000000000"), "leads nowhere"),
        (in_xml(r'plainTextPath="internal://', 'plainTextPath="absolute:///home/kim/'), "not inside it"),
        (in_xml(r"<Project ", '<Project basePath="/home/kim" '), "not inside it"),
        (in_xml(r"(?s)(<Cases>.*</Cases>\s*)(<Sources>.*</Sources>\s*)", r"\2\1"), "order of the schema"),
        (in_xml(r"(<TextSource [^>]*>)", r"\1<PlainTextContent>x</PlainTextContent>"), "order of the schema"),
        (in_xml(r"(<NoteRef [^>]*>)(\s*</PlainTextSelection>)", r"\2\1"), "order of the schema"),
        (in_xml(r"<IntegerValue>(\d+)", r"<IntegerValue>9\1"), r"those of cases.csv"),
        (in_xml(r'(<Case [^>]*name=")P01"', r'\1P09"'), r"those of cases.csv"),
        (in_xml(r"Participant</Description>", "Kim</Description>"), r"those of codebook.csv"),
        (in_xml(r'(<TextSource guid="[^"]*" name=")P01-OBS', r"\1Kim"), "those of the manifest"),
        (in_xml(r"(<\?xml[^>]*>)", r'\1<!DOCTYPE Project SYSTEM "file:///etc/passwd">'), "document type"),
        (in_xml(r"(?s)(<Note .*?/>)", r'\1<Note guid="00000000-0000-5000-8000-000000000000" name="P01-PIR unsupported" '
                r'creatingUser="x" creationDateTime="x"/>'), "two notes"),
    ],
)  # fmt: skip
def test_a_project_that_was_changed_is_found_out(edit: Callable[[dict[str, bytes]], object], told: str) -> None:
    files = bundle()
    files["study.qdpx"] = edited(files["study.qdpx"], edit)
    with pytest.raises(ValidationError, match=told):
        check_study(files, study_text(files))


@pytest.mark.parametrize("name", ["study.qdpx", "codebook.qdc", "codebook.csv", "cases.csv", "cases.xlsx"])
def test_a_file_that_cannot_be_read_back_is_found_out(name: str) -> None:
    files = bundle()
    files[name] = files[name][: len(files[name]) // 2]
    with pytest.raises(ValidationError):
        check_study(files, study_text(files))


def test_guids_are_those_of_earlier_releases() -> None:
    """Changing how they are computed would part every coder's project from the next release."""
    assert guid("source", "P01-PSW") == "54A304E9-3B55-59EC-AC4A-F8116F8A4F2B"
    (first, *_) = project_of(bundle([plain()])).iter(f"{P}PlainTextSelection")
    assert first.get("guid") == "ED889897-CA1A-5B6C-8677-A594F9B9924C"


def test_a_zip_file_that_tells_of_its_maker_is_found_out() -> None:
    files = bundle()
    file = io.BytesIO(files["study.qdpx"])
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = b"made on Kim's laptop"
    files["study.qdpx"] = file.getvalue()
    with pytest.raises(ValidationError, match="more than its members"):
        check_study(files, study_text(files))


def with_audio(files: dict[str, bytes], audio: dict[str, Path | bytes], target: Path) -> etree._Element:
    words = {name.split("/")[-1][:-5]: data for name, data in files.items() if name.startswith("transcripts/docx")}
    write_with_audio(study_text(files), words, audio, target)
    return etree.fromstring(members(target.read_bytes())["project.qde"])


def test_with_sound_a_transcript_has_points_in_time_that_run_forwards(tmp_path: Path) -> None:
    files = bundle(options=replace(EVERYTHING, redactions_coded=True))
    sound = tmp_path / "any name.M4A"
    sound.write_bytes(b"redacted")
    root = with_audio(files, {"P01-PSW": sound, "P01-PIR": b"bytes"}, tmp_path / "study_with_audio.qdpx")
    with (tmp_path / "study_with_audio.qdpx").open("rb") as file:
        check_project(file, study_text(files))
    assert Counter(etree.QName(source).localname for source in root.find(f"{P}Sources")) == {
        "AudioSource": 2,
        "TextSource": 3,
    }
    source = next(s for s in root.iter(f"{P}AudioSource") if s.get("name") == "P01-PSW.m4a")
    parts = members((tmp_path / "study_with_audio.qdpx").read_bytes())
    assert parts[source.get("path").replace("internal://", "sources/")] == b"redacted"
    text = parts[f"sources/{source.find(f'{P}Transcript').get('guid')}.txt"].decode()
    points = [(int(p.get("position")), int(p.get("timeStamp"))) for p in source.iter(f"{P}SyncPoint")]
    assert points == sorted(points)
    assert [at for _, at in points] == sorted(at for _, at in points)
    rows = study_text(files).rows["P01-PSW"]
    assert [position for position, _ in points] == [edge for row in rows for edge in (row.pos0, row.pos1)]
    assert [at for _, at in points[::2]] == [row.start_ms for row in rows]
    assert len(text) > points[-1][0]
    known = by_guid(root)
    for row, selection in zip(rows, source.iter(f"{P}TranscriptSelection"), strict=False):
        start, end = (known[selection.get(name)] for name in ("fromSyncPoint", "toSyncPoint"))
        assert text[int(start.get("position")) : int(end.get("position"))] == row.text


def test_sound_of_a_transcript_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        with_audio(bundle(), {"P09-PSW": b""}, tmp_path / "x.qdpx")
    assert not (tmp_path / "x.qdpx").exists()


def test_a_project_needs_a_docx_of_every_transcript() -> None:
    study = study_text(bundle())
    cases = cases_of(study)
    with pytest.raises(KeyError):
        write(study, cases, codebook_of(study, cases), {})


def test_50_interviews_of_600_utterances_take_some_seconds() -> None:
    spoken = [utterance(n, ("INT", "P01-PSW")[n % 2], n * 5.0, n * 5 + 4.0, "Then we went on.") for n in range(600)]
    files = bundle([transcript(*spoken, duration=3600.0)], lists=LabLists())
    one = study_text(files)
    (entry,) = one.transcripts
    names = [f"P{n:03d}-PSW" for n in range(50)]
    study = replace(
        one,
        transcripts=tuple(replace(entry, id=name, pair=name[:4]) for name in names),
        rows=dict.fromkeys(names, one.rows[entry.id]),
    )
    started = time.process_time()
    cases = cases_of(study)
    project = write(study, cases, codebook_of(study, cases), dict.fromkeys(names, b""))
    taken = time.process_time() - started
    assert len(members(project)) == 101
    assert taken < 10, f"{taken:.1f} s"
