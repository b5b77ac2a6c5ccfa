"""The whole bundle: versions, release numbers, manifest, README, and the self-checks that guard it."""

import dataclasses
import hashlib
import io
import json
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.export_samples import OPTIONS, plain, small, transcript, utterance
from transcribe.errors import CorruptFileError, UsageError, ValidationError
from transcribe.exports import manifest, readme, vtt
from transcribe.exports.bundle import BundleOptions, build
from transcribe.exports.bundle_files import RELEASED, SECOND_STUDY_PATHS, STUDY_PATHS, TRANSCRIPT_PATHS
from transcribe.exports.layout import CoderTranscript
from transcribe.exports.manifest import BundleManifest
from transcribe.exports.self_checks import check_bundle


def _manifest(files: dict[str, bytes]) -> BundleManifest:
    return manifest.parse(files["manifest.json"])


def test_the_bundle_has_the_files_of_the_formats_page_and_passes_its_checks() -> None:
    files = build([small("P02-PSW"), small("P01-PSW")], ["P01-PIR"], OPTIONS)
    check_bundle(files)
    expected = {"README.md", "conventions.md", "manifest.json"}
    expected |= {path for paths in (STUDY_PATHS, SECOND_STUDY_PATHS) for f, path in paths.items() if f in RELEASED}
    for name in ("P01-PSW", "P02-PSW"):
        expected |= {path.format(name) for form, path in TRANSCRIPT_PATHS.items() if form in RELEASED}
    assert set(files) == expected
    assert {"turns.csv", "study.qdpx", "transcripts/docx/P01-PSW.docx", "sync/P02-PSW.vtt"} < expected


def test_the_order_of_the_transcripts_changes_no_byte() -> None:
    items = [plain(recording=name) for name in ("P03-PSW", "P01-PSW", "P02-PSW")]
    assert build(items, ["B", "A"], OPTIONS) == build(items[::-1], ["A", "B", "A"], OPTIONS)


def test_the_manifest_counts_and_weighs() -> None:
    files = build([small()], ["P01-PIR"], OPTIONS)
    found = _manifest(files)
    (entry,) = found.transcripts
    assert (entry.utterances, entry.repunctuated, entry.speakers) == (6, 6, ("INT", "P01-PSW"))
    assert entry.words == 9 + 9 + 2 + 7 + 7 + 2
    assert {label.label: label.count for label in entry.redactions} == {"PERSON": 1, "PLACE": 1}
    assert found.withheld == ("P01-PIR",)
    for file in found.files:
        assert (file.size, file.sha256) == (len(files[file.path]), hashlib.sha256(files[file.path]).hexdigest())
    assert {file.path for file in found.files} == set(files) - {"manifest.json"}
    assert json.loads(files["manifest.json"])["schema_version"] == 1


def test_a_transcript_s_version_rises_only_with_its_own_content() -> None:
    first = _manifest(build([plain("One."), plain("Two.", "P02-PSW")], [], OPTIONS))
    second = _manifest(build([plain("One, now."), plain("Two.", "P02-PSW")], [], OPTIONS, first))
    assert [(entry.id, entry.version) for entry in second.transcripts] == [("P01-PSW", 2), ("P02-PSW", 1)]
    assert (first.release, second.release) == (1, 2)
    review = dataclasses.replace(plain("One, now.").header, review="read through, 2024-04-02, initials KL", month="")
    signed = CoderTranscript(review, plain("One, now.").transcript)
    third_files = build([signed, plain("Two.", "P02-PSW")], [], OPTIONS, second)
    third = _manifest(third_files)
    assert [(entry.id, entry.version) for entry in third.transcripts] == [("P01-PSW", 2), ("P02-PSW", 1)]
    assert third.release == 3
    assert b"Review. read through, 2024-04-02, initials KL" in third_files["transcripts/txt/P01-PSW.txt"]
    check_bundle(third_files)


def test_a_transcript_that_comes_back_goes_on_with_its_numbers() -> None:
    first = _manifest(build([plain("One."), plain("Two.", "P02-PSW")], [], OPTIONS))
    without = _manifest(build([plain("Two.", "P02-PSW")], ["P01-PSW"], OPTIONS, first))
    assert [(known.id, known.version) for known in without.absent] == [("P01-PSW", 1)]
    same = _manifest(build([plain("One."), plain("Two.", "P02-PSW")], [], OPTIONS, without))
    other = _manifest(build([plain("Else."), plain("Two.", "P02-PSW")], [], OPTIONS, without))
    assert (same.transcripts[0].version, other.transcripts[0].version) == (1, 2)
    assert (same.absent, same.release) == ((), 3)


@pytest.mark.parametrize(
    ("options", "withheld"),
    [
        (dataclasses.replace(OPTIONS, program="nvivo"), ()),
        (dataclasses.replace(OPTIONS, quality="best"), ()),
        (dataclasses.replace(OPTIONS, models=("whisper-turbo",)), ()),
        (dataclasses.replace(OPTIONS, page="letter"), ()),
        (OPTIONS, ("P02-PIR",)),
    ],
)
def test_the_release_number_rises_when_coders_are_told_something_new(
    options: BundleOptions, withheld: tuple[str, ...]
) -> None:
    first = _manifest(build([plain()], [], OPTIONS))
    assert _manifest(build([plain()], withheld, options, first)).release == 2


def test_the_release_number_stays_when_only_the_tool_is_newer() -> None:
    first = _manifest(build([plain()], [], OPTIONS))
    again = _manifest(build([plain()], [], dataclasses.replace(OPTIONS, tool_version="9.9.9"), first))
    assert (again.release, again.content) == (1, first.content)


def test_readme_names_the_lab_s_program_first_and_withheld_recordings_without_reason() -> None:
    for program, told in readme.PROGRAMS.items():
        text = build([plain()], ["P09-PIR"], dataclasses.replace(OPTIONS, program=program))["README.md"].decode()
        headings = [line for line in text.split("\n") if line.startswith("##")]
        assert headings[0].startswith(f"## {told.name}")
        assert all(other.name in text for other in readme.PROGRAMS.values())
        assert text.endswith("## Not in this release\n\n- P09-PIR\n")
    text = build([plain()], [], OPTIONS)["README.md"].decode()
    assert "release 1" in text.split("\n")[0]
    assert "Not in this release" not in text
    assert "DRAFT" not in text


def test_a_draft_is_told_in_the_readme_and_the_conventions() -> None:
    files = build([small(draft=True)], [], OPTIONS)
    assert "DRAFT, not for coding" in files["README.md"].decode()
    assert "DRAFT, not for coding" in files["conventions.md"].decode()
    check_bundle(files)


def test_an_empty_study_and_an_empty_transcript_pass_their_checks() -> None:
    check_bundle(build([], ["P01-PSW"], OPTIONS))
    check_bundle(build([transcript()], [], OPTIONS))


def test_unknown_programs_and_pages_are_refused() -> None:
    for options in (dataclasses.replace(OPTIONS, program="nvvo"), dataclasses.replace(OPTIONS, page="a5")):
        with pytest.raises(UsageError, match="nvivo"):
            build([], [], options)


def test_ids_that_differ_only_in_case_would_share_a_file_on_a_coder_s_computer() -> None:
    with pytest.raises(ValidationError, match="two transcripts"):
        build([plain(recording="rec-aa"), plain(recording="REC-AA")], [], OPTIONS)


def test_a_study_of_200_recordings_takes_less_than_a_minute() -> None:
    long = [utterance(n, "P01-PSW", n * 10.0, n * 10 + 9.0, "Then we went on, you know. " * 6) for n in range(60)]
    items = [transcript(*long, recording=f"P{n:03d}-PSW", duration=601.0) for n in range(20)]
    started = time.perf_counter()
    check_bundle(build(items, [], OPTIONS))
    assert (time.perf_counter() - started) * 10 < 60


def _edited(data: bytes, old: str, new: str) -> bytes:
    assert old in data.decode()
    return data.decode().replace(old, new, 1).encode()


def _docx_edited(data: bytes, old: str, new: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(file, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, _edited(part, old, new) if name == "word/document.xml" else part)
    return file.getvalue()


TXT, DOCX, VTT, TURNS = "transcripts/txt/P01-PSW.txt", "transcripts/docx/P01-PSW.docx", "sync/P01-PSW.vtt", "turns.csv"


@pytest.mark.parametrize(
    ("paths", "old", "new", "told"),
    [
        ([TXT], "Thank", "thank", "txt and turns.csv differ"),
        ([TXT], "\ufeff", "", "txt and turns.csv differ"),
        ([TXT, TURNS], "Thank you", "Thank\tyou", "tabs"),
        ([DOCX], "Thank", "thank", "txt and docx differ"),
        ([DOCX], "<w:t>Thank", "<w:tab/><w:t>Thank", "more than paragraphs"),
        ([DOCX], "<w:sectPr", "<w:tbl/><w:sectPr", "more than paragraphs"),
        ([VTT], "Thank", "thank", "vtt and turns.csv differ"),
        ([VTT], "u0001\n", "u0009\n", "vtt and turns.csv differ"),
        ([VTT], " --> ", " -> ", "cannot be read"),
        ([TURNS], "u0001,INT,0,4250", "u0001,INT,0,5250", "differ"),
        ([TURNS], ",169,213,", ",168,213,", "position"),
        ([TURNS], "u0003", "u0001", "one id"),
        ([TURNS], "P01-PSW,u0006", "P07-PSW,u0006", "not in the manifest"),
        ([TURNS], "u0002,P01-PSW,4500", "u0002,P01-PSW,7500", "out of order"),
        ([TURNS], ",flags", ",flag", "read back"),
        ([TXT, DOCX, VTT, TURNS], "[PERSON_1]", "[person_1]", "bracket"),
        ([TXT, DOCX, TURNS, VTT], "came", "came", "unchanged"),
        (["conventions.md"], "#", "\x07", "control characters"),
    ],
)
def test_a_bundle_that_is_not_as_meant_is_refused(paths: list[str], old: str, new: str, told: str) -> None:
    files = build([small()], [], OPTIONS)
    if told == "unchanged":
        check_bundle(_resealed(files))
        return
    for path in paths:
        edit = _docx_edited if path.endswith(".docx") else _edited
        files[path] = edit(files[path], old, new)
    with pytest.raises(ValidationError, match=told) as caught:
        check_bundle(_resealed(files))
    assert caught.value.exit_code == 6
    assert "Thank" not in caught.value.message


def _resealed(files: dict[str, bytes]) -> dict[str, bytes]:
    """With a manifest that fits the files, so that the check under test and not the checksum speaks."""
    inner = {path: data for path, data in files.items() if path != "manifest.json"}
    sealed = dataclasses.replace(_manifest(files), files=manifest.file_entries(inner))
    return {**inner, "manifest.json": manifest.write(sealed)}


def test_checksums_missing_files_and_additional_ones_are_noticed() -> None:
    files = build([small()], [], OPTIONS)
    with pytest.raises(ValidationError, match="not as manifest"):
        check_bundle({**files, "README.md": b"other"})
    with pytest.raises(ValidationError, match="other files"):
        check_bundle({**files, "private.txt": b"x"})
    with pytest.raises(ValidationError, match="other files"):
        check_bundle({path: data for path, data in files.items() if path != TXT})
    with pytest.raises(ValidationError, match="no manifest"):
        check_bundle({})
    with pytest.raises(CorruptFileError):
        check_bundle({**files, "manifest.json": b"{}"})


def test_a_withheld_recording_in_the_bundle_is_noticed() -> None:
    with pytest.raises(ValidationError, match="P01-PSW: it is withheld"):
        check_bundle(build([small()], ["P01-PSW"], OPTIONS))


@pytest.mark.parametrize("review", ["spot-checked: KL", "read [x]", "a\nb"])
def test_a_review_note_that_would_break_the_head_is_noticed(review: str) -> None:
    item = CoderTranscript(dataclasses.replace(small().header, review=review), small().transcript)
    with pytest.raises(ValidationError):
        check_bundle(build([item], [], OPTIONS))


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"WEBVTT\n\n{text}".encode()))
def test_a_broken_vtt_is_refused_and_nothing_else_happens(data: bytes) -> None:
    try:
        vtt.parse(data)
    except ValidationError:
        return
    assert data.startswith(b"WEBVTT")
