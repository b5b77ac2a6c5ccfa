"""The manifest: what is to be done, and that one bad row costs one recording."""

from pathlib import Path

import pytest

from transcribe.errors import UsageError
from transcribe.store import StudyFolder
from transcribe.study.manifest import MANIFEST_COLUMNS, ManifestReading, PlannedRecording, read_manifest
from transcribe.study.tables import write_table

ROW = {"id": "P01-PSW", "file": "a.wav", "part": "1", "pair": "P01", "role": "PSW", "include": "yes"}
NAME = "Mary Chan"


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    audio = tmp_path / "audio"
    (audio / "sub").mkdir(parents=True)
    for name in ("a.wav", "b.wav", "c.wav", "sub/d.wav", f"{NAME}.wav"):
        (audio / name).write_bytes(b"sound")
    made = StudyFolder(tmp_path / "study")
    made.private.mkdir(parents=True)
    made.audio_folder.write_text(f"{audio}\n")
    return made


def reading(study: StudyFolder, *rows: dict[str, str]) -> ManifestReading:
    write_table(study.manifest, MANIFEST_COLUMNS, [ROW | row for row in rows])
    return read_manifest(study)


def only(study: StudyFolder, **cells: str) -> PlannedRecording:
    found = reading(study, cells)
    assert found.problems == ()
    assert found.skipped == ()
    (recording,) = found.recordings
    return recording


def test_a_row_with_everything(study: StudyFolder, tmp_path: Path) -> None:
    assert only(
        study,
        id="p02-pir-s2",
        pair="p02",
        role="pir",
        person="P02-PIR",
        session="2",
        date="25/3/2026",
        language="YUE",
        speakers="4",
        also_present="interpreter; Family",
        consent="Transcribe;quote; audio",
        file="sub/d.wav",
    ) == PlannedRecording(
        id="P02-PIR-S2",
        pair="P02",
        role="PIR",
        person="P02-PIR",
        session=2,
        date="2026-03-25",
        language="yue",
        speakers=4,
        also_present=("interpreter", "family"),
        consent=frozenset({"transcribe", "quote", "audio"}),
        files=((tmp_path / "audio/sub/d.wav").resolve(),),
        members=("P02-PSW", "P02-PIR"),
    )


def test_a_row_with_as_little_as_possible(study: StudyFolder) -> None:
    recording = only(study, id="", part="")
    assert (recording.id, recording.person, recording.session, recording.speakers) == ("P01-PSW", "P01-PSW", 1, 2)
    assert recording.consent == {"transcribe"}
    assert only(study, id="", session="2").id == "P01-PSW-S2"
    assert only(study, id="P01-OBS", role="OBS").person == ""
    assert only(study, id="rec-0123456789").id == "rec-0123456789"


@pytest.mark.parametrize(
    ("cells", "speakers"),
    [
        ({"also_present": "interpreter;family"}, 4),
        ({"also_present": "interpreter", "speakers": "2"}, 2),
        ({"speakers": "?"}, None),
        ({"speakers": "3.0"}, 3),
        ({"speakers": "３"}, 3),
        ({"interviewer": "INT-2"}, 2),
        ({"interviewer": "INT;INT-2"}, 3),
        ({"interviewer": "INT;INT-2", "also_present": "int-2; interpreter"}, 4),
        ({"interviewer": "INT;INT-2", "role": "OBS", "id": "P01-OBS"}, 2),
    ],
)
def test_the_number_of_speakers(study: StudyFolder, cells: dict[str, str], speakers: int | None) -> None:
    assert only(study, **cells).speakers == speakers


def test_who_held_the_interview(study: StudyFolder) -> None:
    assert only(study, interviewer="int; INT-2").interviewers == ("INT", "INT-2")
    assert only(study).interviewers == ()


def test_a_manifest_from_before_interviewers_is_read(study: StudyFolder) -> None:
    before = [column for column in MANIFEST_COLUMNS if column != "interviewer"]
    write_table(study.manifest, before, [ROW])
    assert [recording.interviewers for recording in read_manifest(study).recordings] == [()]


def test_parts_are_one_recording_in_part_order(study: StudyFolder) -> None:
    found = reading(
        study,
        {"part": "2", "file": "b.wav", "date": "", "consent": ""},
        {"part": "1", "file": "a.wav", "date": "2026-03-05", "consent": "transcribe;quote"},
    )
    (recording,) = found.recordings
    assert [path.name for path in recording.files] == ["a.wav", "b.wav"]
    assert recording.date == "2026-03-05"
    assert recording.consent == {"transcribe", "quote"}


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"role": "Client"}, "unknown role: write one of PSW, PIR, OBS"),
        ({"pair": NAME}, "such as P01"),
        ({"id": NAME}, "capital letters"),
        ({"id": "../../x"}, "capital letters"),
        ({"id": "RELEASES"}, "capital letters"),
        ({"person": NAME}, "never a name"),
        ({"interviewer": NAME}, "never a name"),
        ({"interviewer": "INT;P01-PSW"}, "interviewer must be a code"),
        ({"part": "x"}, "part must be a whole number"),
        ({"part": "0"}, "part must be a whole number"),
        ({"session": "1.5"}, "session must be a whole number"),
        ({"speakers": "two"}, "speakers must be a whole number"),
        ({"date": "5/3/2026"}, "two days"),
        ({"language": "English"}, 'did you mean "en" (English)?'),
        ({"consent": "transcribe;publish"}, "consent may hold"),
        ({"consent": "no"}, "consent may hold"),
        ({"include": "perhaps"}, 'include must be "yes" or "no"'),
    ],
)
def test_one_bad_row_costs_one_recording_and_names_nobody(study: StudyFolder, cells: dict[str, str], told: str) -> None:
    found = reading(study, cells, {"id": "P09-PIR", "pair": "P09", "role": "PIR", "file": "b.wav"})
    assert [recording.id for recording in found.recordings] == ["P09-PIR"]
    (problem,) = found.problems
    assert problem.row == 2
    assert told in problem.message
    assert "Mary" not in problem.message + problem.recording
    assert found.skipped == ()


@pytest.mark.parametrize("cell", [f"{NAME} 2.wav", "sub", "x" * 300])
def test_a_missing_file_is_no_problem_of_the_row_so_that_its_results_stay(study: StudyFolder, cell: str) -> None:
    found = reading(study, {"file": cell})
    assert found.problems == ()
    (recording,) = found.recordings
    assert recording.files[0].name == cell.rpartition("/")[2]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{}, {"file": "b.wav"}], "two rows have this id and part 1"),
        ([{}, {"part": "2"}], "name the same file"),
        ([{}, {"part": "3", "file": "b.wav"}], "without a gap"),
        ([{}, {"part": "2", "file": "b.wav", "pair": "P02"}], "differ in pair"),
        ([{}, {"part": "2", "file": "b.wav", "role": "PIR"}], "differ in role"),
        ([{}, {"part": "2", "file": "b.wav", "session": "2"}], "differ in session"),
        ([{"date": "2026-03-05"}, {"part": "2", "file": "b.wav", "date": "2026-03-06"}], "differ in date"),
        ([{"consent": "transcribe"}, {"part": "2", "file": "b.wav", "consent": "quote"}], "differ in consent"),
    ],
)
def test_rows_of_one_recording_that_contradict_each_other(
    study: StudyFolder, rows: list[dict[str, str]], told: str
) -> None:
    found = reading(study, *rows, {"id": "P09-PIR", "pair": "P09", "role": "PIR", "file": "c.wav"})
    assert [recording.id for recording in found.recordings] == ["P09-PIR"]
    (problem,) = found.problems
    assert (problem.row, problem.recording) == (2, "P01-PSW")
    assert told in problem.message


def test_one_file_for_two_recordings_is_a_problem_of_both(study: StudyFolder) -> None:
    found = reading(study, {}, {"id": "P01-PIR", "role": "PIR", "file": "./sub/../a.wav"})
    assert found.recordings == ()
    assert [problem.recording for problem in found.problems] == ["P01-PSW", "P01-PIR"]
    assert "also that of P01-PIR" in found.problems[0].message


@pytest.mark.parametrize("second", [{"file": ""}, {"include": "??"}])
def test_half_a_recording_is_not_taken_for_a_whole_one(study: StudyFolder, second: dict[str, str]) -> None:
    found = reading(study, {}, {"part": "2", "file": "b.wav"} | second)
    assert found.recordings == ()
    assert len(found.problems) + len(found.skipped) == 1


def test_a_part_that_the_lab_leaves_out_is_left_out(study: StudyFolder) -> None:
    found = reading(study, {"include": "no"}, {"part": "2", "file": "b.wav"})
    (recording,) = found.recordings
    assert [path.name for path in recording.files] == ["b.wav"]
    assert [(skip.row, skip.reason) for skip in found.skipped] == [(2, "include = no")]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"include": "No"}, "include = no"),
        ({"include": "0"}, "include = no"),
        ({"include": "FALSE"}, "include = no"),
        ({"role": ""}, "fill in role"),
        ({"pair": "", "role": ""}, "fill in pair and role"),
        ({"consent": "quote;audio"}, 'no consent to "transcribe"'),
    ],
)
def test_what_is_left_out_is_listed_and_is_no_problem(study: StudyFolder, cells: dict[str, str], reason: str) -> None:
    found = reading(study, cells)
    assert found.recordings == ()
    assert found.problems == ()
    assert [(skip.row, skip.recording, skip.reason) for skip in found.skipped] == [(2, "P01-PSW", reason)]


@pytest.mark.parametrize("name", ['it\'s "here".wav', "-dash.wav", "=formula.wav", "陳 大文.wav", "Jose\u0301.wav"])
def test_files_with_any_name_are_found(study: StudyFolder, tmp_path: Path, name: str) -> None:
    (tmp_path / "audio" / name).write_bytes(b"sound")
    assert only(study, file=name).files[0].name == name


def test_a_windows_path_another_normal_form_and_an_absolute_path(study: StudyFolder, tmp_path: Path) -> None:
    assert only(study, file="sub\\d.wav").files[0].name == "d.wav"
    (tmp_path / "audio" / "Jose\u0301.wav").write_bytes(b"sound")
    assert only(study, file="Jos\u00e9.wav").files[0].name == "Jose\u0301.wav"
    assert only(study, file=str(tmp_path / "audio/a.wav")).files[0].name == "a.wav"


@pytest.mark.parametrize("encoding", ["utf-16", "cp950", "utf-8-sig", "utf-8"])
def test_what_excel_makes_of_it_reads_the_same(study: StudyFolder, encoding: str) -> None:
    (Path(study.audio_folder.read_text().strip()) / "陳大文 訪談.wav").write_bytes(b"sound")
    expected = only(study, file="陳大文 訪談.wav", date="2026-03-25", consent="transcribe", session="1")
    text = study.manifest.read_text("utf-8-sig").replace("2026-03-25", "25/3/2026").replace(",", ";")
    study.manifest.write_bytes(text.encode(encoding))
    assert read_manifest(study) == ManifestReading((expected,), (), ())


def test_without_manifest_audio_folder_or_consent_column_nothing_is_read(study: StudyFolder) -> None:
    with pytest.raises(UsageError, match="transcribe init"):
        read_manifest(study)
    write_table(study.manifest, [name for name in MANIFEST_COLUMNS if name != "consent"], [ROW])
    with pytest.raises(UsageError, match="lacks the column consent"):
        read_manifest(study)
    reading(study, {})
    study.audio_folder.unlink()
    with pytest.raises(UsageError, match="transcribe init"):
        read_manifest(study)


def test_columns_that_the_lab_may_delete_or_add(study: StudyFolder) -> None:
    kept = ("id", "file", "part", "pair", "role", "consent", "include")
    write_table(study.manifest, ("colour", *kept), [ROW | {"colour": "red"}])
    assert read_manifest(study).recordings == (only(study),)


def test_a_row_that_is_left_out_still_says_whose_pair_it_is(study: StudyFolder) -> None:
    left_out = {"id": "P02-PSW", "pair": "P02", "person": "P01-PSW", "include": "no"}
    session = {"id": "P02-OBS", "pair": "P02", "role": "OBS", "file": "b.wav"}
    (plan,) = reading(study, left_out, session).recordings
    assert plan.members == ("P01-PSW", "P02-PIR")
