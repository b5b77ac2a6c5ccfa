"""`init`: what is listed, what is adopted, and what is never touched."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.make_audio import convert, tone, write_wav
from transcribe.errors import InputError, UsageError
from transcribe.store import StudyFolder, write_atomic
from transcribe.study import initialise as module
from transcribe.study.initialise import InitReport, initialise
from transcribe.study.manifest import MANIFEST_COLUMNS, read_manifest
from transcribe.study.roster import ROSTER_COLUMNS, RosterEntry, read_roster
from transcribe.study.settings import Settings, read_settings
from transcribe.study.tables import read_table, write_table


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    folder = tmp_path / "interviews"
    folder.mkdir()
    return folder


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    return StudyFolder(tmp_path / "study")


def put(folder: Path, *names: str) -> None:
    """Files that end like recordings, each with a content of its own."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"sound of {name}".encode("utf-8", "surrogateescape"))


def cells(report: InitReport, *columns: str) -> list[tuple[str, ...]]:
    return [tuple(getattr(row, column) for column in columns) for row in report.rows]


def files(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_a_folder_of_interviews_becomes_a_study(audio: Path, study: StudyFolder) -> None:
    put(audio, "P10-PSW.m4a", "P2-PSW.WAV", "pair3_PIR_2.wav", "old/PIR 07 interview_2of2.mp3", "P01/OBS.mp4")
    put(audio, "notes.txt", ".hidden.wav", "list.csv", ".trash/P99-PSW.wav", "old/PIR 07 interview_1of2.mp3")
    report = initialise(audio, study)
    assert cells(report, "id", "part", "file", "problem") == [
        ("P07-PIR", "1", "old/PIR 07 interview_1of2.mp3", ""),
        ("P07-PIR", "2", "old/PIR 07 interview_2of2.mp3", ""),
        ("P01-OBS", "1", "P01/OBS.mp4", ""),
        ("P2-PSW", "1", "P2-PSW.WAV", ""),
        ("P10-PSW", "1", "P10-PSW.m4a", ""),
        ("P03-PIR-S2", "1", "pair3_PIR_2.wav", ""),
    ]
    assert (report.added, report.problems, report.adopted) == (6, (), ())
    reading = read_manifest(study)
    assert [recording.id for recording in reading.recordings] == [
        *("P07-PIR", "P01-OBS", "P2-PSW", "P10-PSW", "P03-PIR-S2")
    ]
    assert [recording.person for recording in reading.recordings] == ["P07-PIR", "", "P2-PSW", "P10-PSW", "P03-PIR"]
    assert reading.problems == ()
    assert reading.skipped == ()
    assert read_roster(study.roster) == ()
    assert study.roster.read_bytes() == "\ufeff".encode() + ",".join(ROSTER_COLUMNS).encode() + b"\r\n"
    assert read_settings(study.settings) == Settings()
    assert study.audio_folder.read_text() == f"{audio}\n"
    assert not study.key.exists()


def test_the_originals_are_not_touched(audio: Path, study: StudyFolder) -> None:
    put(audio, "P01-PSW.m4a", "manifest.txt")
    before = files(audio)
    initialise(audio, study)
    assert files(audio) == before


def test_what_cannot_be_told_is_shown_and_left_out_until_it_is_filled_in(audio: Path, study: StudyFolder) -> None:
    put(audio, "Janet Lau.m4a", "PIR talk.m4a", "P05.m4a")
    report = initialise(audio, study)
    assert {row.file: row.problem for row in report.rows} == {
        "Janet Lau.m4a": "fill in pair and role",
        "P05.m4a": "fill in role",
        "PIR talk.m4a": "fill in pair",
    }
    assert all(row.id.startswith("rec-") for row in report.rows)
    assert read_manifest(study).recordings == ()
    filled = study.manifest.read_text("utf-8-sig").replace("P05.m4a,1,P05,,", "P05.m4a,1,P05,PIR,")
    study.manifest.write_text(filled, "utf-8-sig")
    assert [recording.person for recording in read_manifest(study).recordings] == ["P05-PIR"]


@pytest.fixture
def careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless_umask")
def test_nothing_is_open_to_others_whatever_the_umask(audio: Path, study: StudyFolder) -> None:
    put(audio, "P01-PSW.m4a")
    initialise(audio, study)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [study.root, *study.root.rglob("*")]}
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}
    assert modes["private"] == 0o700
    assert modes["manifest.csv"] == 0o600


def test_again_with_nothing_new_nothing_is_written(audio: Path, study: StudyFolder) -> None:
    put(audio, "P01-PSW.m4a", "Janet.m4a")
    first = initialise(audio, study)
    before = files(study.root)
    again = initialise(audio, study)
    assert files(study.root) == before
    assert (again.rows, again.added) == (first.rows, 0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp950"])
def test_a_grown_folder_adds_rows_and_keeps_the_edited_ones_byte_for_byte(
    audio: Path, study: StudyFolder, encoding: str
) -> None:
    put(audio, "P01-PSW.m4a", "Janet.m4a")
    initialise(audio, study)
    edited = study.manifest.read_text("utf-8-sig").replace(",", ";").replace("P01-PSW;P01", "P01-PIR;P01")
    edited = edited.rstrip("\r\n") + "訪談, no. 1\r\n"
    study.manifest.write_bytes(edited.encode(encoding))
    settings = study.settings.read_bytes() + b"# mine\n"
    study.settings.write_bytes(settings)
    put(audio, "P02-PIR.m4a", "a/P01-OBS.wav")
    report = initialise(audio, study)
    assert report.added == 2
    assert study.manifest.read_bytes().startswith(edited.encode(encoding))
    assert [row.id for row in report.rows[2:]] == ["P01-OBS", "P02-PIR"]
    assert study.settings.read_bytes() == settings
    assert [row.cells["note"] for row in read_table(study.manifest, MANIFEST_COLUMNS)][1:3] == ["訪談, no. 1", ""]


def test_a_file_that_a_row_names_in_another_way_is_not_added_again(audio: Path, study: StudyFolder) -> None:
    put(audio, "sub/P01-PSW.m4a")
    initialise(audio, study)
    for spelling in (str(audio / "sub" / "P01-PSW.m4a"), "sub\\P01-PSW.m4a", "./sub/P01-PSW.m4a"):
        text = study.manifest.read_text("utf-8-sig")
        write_table(
            study.manifest, MANIFEST_COLUMNS, [{"id": "P01-PSW", "pair": "P01", "role": "PSW", "file": spelling}]
        )
        assert initialise(audio, study).added == 0
        study.manifest.write_text(text, "utf-8-sig")


def test_the_same_content_twice_is_told_and_listed_once(audio: Path, study: StudyFolder) -> None:
    put(audio, "P01-PSW.m4a")
    initialise(audio, study)
    (audio / "copy of it.m4a").write_bytes((audio / "P01-PSW.m4a").read_bytes())
    put(audio, "P02-PSW.m4a")
    (audio / "P03-PSW.m4a").write_bytes((audio / "P02-PSW.m4a").read_bytes())
    report = initialise(audio, study)
    assert [row.id for row in report.rows] == ["P01-PSW", "P02-PSW"]
    assert report.problems == (
        "copy of it.m4a has the same content as the file of P01-PSW: not listed",
        "P03-PSW.m4a has the same content as the file of P02-PSW: not listed",
    )


def test_two_files_that_claim_one_recording(audio: Path, study: StudyFolder) -> None:
    put(audio, "P01-PSW.m4a", "P01-PSW.wav")
    report = initialise(audio, study)
    assert report.rows[0].problem == ""
    assert "P01-PSW part 1 is another file already" in report.rows[1].problem
    assert "fill in role" in report.rows[1].problem
    assert [recording.id for recording in read_manifest(study).recordings] == ["P01-PSW"]


def test_a_part_that_the_names_speak_of_but_is_not_there(audio: Path, study: StudyFolder) -> None:
    put(audio, "P01-PSW 1of3.m4a", "P01-PSW 3of3.m4a")
    report = initialise(audio, study)
    assert report.rows[0].problem.startswith("part 2 is not there")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("P01/PSW_2.m4a", "P01-PSW-S2"),
        ("PSW interviews/P01-PIR.m4a", "P01-PIR"),
        ("T2/P01-PIR.m4a", "P01-PIR"),
        ("Pair 4/observation.m4a", "P04-OBS"),
        ("P01/P02-PSW.m4a", "P02-PSW"),
    ],
)
def test_folders_help_to_tell(audio: Path, study: StudyFolder, path: str, expected: str) -> None:
    put(audio, path)
    assert initialise(audio, study).rows[0].id == expected


NAMES = [
    "two words P01-PSW.wav",
    'it\'s "P01"-PSW.wav',
    "-P01-PSW.wav",
    "=P01-PSW.wav",
    "訪談 P01-PSW.wav",
    " P01-PSW.wav",
]


@pytest.mark.parametrize("name", [*NAMES, "Jose\u0301 P01-PSW.wav", "P01-PSW\u3000訪.wav", "@,;P01-PSW.wav"])
def test_files_with_any_name_are_listed_and_found_again(audio: Path, study: StudyFolder, name: str) -> None:
    put(audio, name)
    initialise(audio, study)
    assert [row.problem for row in initialise(audio, study).rows] == [""]
    assert [recording.files for recording in read_manifest(study).recordings] == [((audio / name).resolve(),)]


@pytest.mark.parametrize("name", [b"P01-PSW\n.wav", b"P01-PSW\xff.wav", b"P01-PSW.wav\t"])
def test_a_name_that_no_table_can_hold_is_told(audio: Path, study: StudyFolder, name: bytes) -> None:
    put(audio, "P02-PSW.wav")
    (audio / os.fsdecode(name)).write_bytes(b"x")
    write_wav(audio / "real.wav", tone(1)).rename(audio / os.fsdecode(name))
    report = initialise(audio, study)
    assert [row.id for row in report.rows] == ["P02-PSW"]
    assert len(report.problems) == 1
    assert "rename it" in report.problems[0]


def test_files_with_an_unknown_ending_are_listened_to(audio: Path, study: StudyFolder) -> None:
    write_wav(audio / "P01-PSW.wav", tone(1)).rename(audio / "P01-PSW.zoom")
    convert(write_wav(audio / "x.wav", tone(1)), audio / "x.ogg").rename(audio / "P01-PIR")
    (audio / "x.wav").unlink()
    put(audio, "P02-PSW.zoom", "empty.dat", "P03-PSW.m3u8")
    assert cells(initialise(audio, study), "id", "file") == [("P01-PIR", "P01-PIR"), ("P01-PSW", "P01-PSW.zoom")]


def test_the_labs_own_tables_are_adopted(audio: Path, study: StudyFolder) -> None:
    put(audio, "one.m4a", "two.m4a", "P03-OBS.m4a")
    rows = "File;Pair;Role;Date;Consent;Colour\r\none.m4a;p01;psw;25/3/2026;transcribe;red\r\ntwo.m4a;P01;PIR;;;\r\n"
    (audio / "manifest.csv").write_bytes(rows.encode("utf-16"))
    (audio / "roster.csv").write_bytes(
        "person;name;aliases;kind\r\nP01-PIR;陳大文;David;participant\r\n".encode("cp950")
    )
    report = initialise(audio, study)
    assert (report.adopted, report.added) == (("manifest.csv", "roster.csv"), 3)
    assert cells(report, "id", "problem") == [("P01-PSW", ""), ("P01-PIR", ""), ("P03-OBS", "")]
    text = study.manifest.read_bytes().decode("utf-8-sig")
    assert text.splitlines()[:2] == [
        ",".join([*MANIFEST_COLUMNS, "colour"]),
        "P01-PSW,one.m4a,1,P01,PSW,,1,2026-03-25,,,,,transcribe,,,red",
    ]
    assert read_roster(study.roster) == (RosterEntry("P01-PIR", "陳大文", ("David",), "participant", "", ""),)
    assert [r.consent for r in read_manifest(study).recordings] == [frozenset({"transcribe"})] * 3
    again = files(study.root)
    assert initialise(audio, study).adopted == ()
    assert files(study.root) == again


@pytest.mark.parametrize("name", ["manifest.csv", "roster.csv"])
def test_a_table_that_cannot_be_read_stops_before_anything_is_written(
    audio: Path, study: StudyFolder, name: str
) -> None:
    put(audio, "P01-PSW.m4a")
    (audio / name).write_text("nothing\nof use\n")
    with pytest.raises(UsageError, match="lacks the columns"):
        initialise(audio, study)
    assert not study.manifest.exists()
    assert not study.settings.exists()


def test_a_row_of_an_adopted_manifest_whose_file_is_missing(audio: Path, study: StudyFolder) -> None:
    put(audio, "P01-PSW.m4a")
    (audio / "manifest.csv").write_text("id,file,pair,role\nP01-PIR,gone.m4a,P01,PIR\n")
    report = initialise(audio, study)
    assert [row.id for row in report.rows] == ["P01-PIR", "P01-PSW"]
    assert "is not there" in report.rows[0].problem


def test_another_audio_folder_keeps_the_first_ones_rows(audio: Path, study: StudyFolder, tmp_path: Path) -> None:
    put(audio, "P01-PSW.m4a")
    put(tmp_path / "more", "P02-PSW.m4a")
    initialise(audio, study)
    report = initialise(tmp_path / "more", study)
    assert cells(report, "file", "problem") == [("P01-PSW.m4a", ""), (str(tmp_path / "more/P02-PSW.m4a"), "")]


def test_an_audio_folder_that_moved_is_followed(audio: Path, study: StudyFolder, tmp_path: Path) -> None:
    put(audio, "P01-PSW.m4a")
    initialise(audio, study)
    audio.rename(tmp_path / "moved")
    report = initialise(tmp_path / "moved", study)
    assert (report.added, cells(report, "file", "problem")) == (0, [("P01-PSW.m4a", "")])


def test_a_study_inside_the_audio_folder_is_not_searched(audio: Path) -> None:
    study = StudyFolder(audio / "study")
    put(audio, "P01-PSW.m4a", "other study/private/manifest.csv", "other study/audio/P09-PSW.m4a")
    initialise(audio, study)
    put(study.root, "coders/audio/P05-PSW.m4a")
    assert [row.id for row in initialise(audio, study).rows] == ["P01-PSW"]


def test_folders_that_cannot_serve(audio: Path, study: StudyFolder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no audio or video file"):
        initialise(audio, study)
    assert not study.root.exists()
    put(audio, "P01-PSW.m4a")
    with pytest.raises(UsageError, match="audio folder is not there"):
        initialise(audio / "none", study)
    with pytest.raises(UsageError, match="folder of its own"):
        initialise(audio, StudyFolder(audio))
    with pytest.raises(UsageError, match="names a file"):
        initialise(audio, StudyFolder(audio / "P01-PSW.m4a"))
    put(tmp_path / "home", "letter.txt")
    with pytest.raises(UsageError, match="new or an empty folder"):
        initialise(audio, StudyFolder(tmp_path / "home"))
    put(tmp_path / "home2", "private/diary.txt")
    with pytest.raises(UsageError, match="new or an empty folder"):
        initialise(audio, StudyFolder(tmp_path / "home2"))


def test_a_synced_study_folder_is_refused_unless_accepted(audio: Path, tmp_path: Path) -> None:
    put(audio, "P01-PSW.m4a")
    study = StudyFolder(tmp_path / "Dropbox" / "study")
    with pytest.raises(UsageError, match="--accept-folder-risk"):
        initialise(audio, study)
    assert not study.root.exists()
    assert initialise(audio, study, accept_folder_risk=True).added == 1


def test_no_space_left_leaves_no_half_study_and_says_so(
    audio: Path, study: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(audio, "P01-PSW.m4a")

    def full(path: Path, data: bytes, mode: int = 0o600) -> None:
        if path == study.settings:
            raise OSError(28, "No space left on device")
        write_atomic(path, data, mode)

    monkeypatch.setattr(module, "write_atomic", full)
    with pytest.raises(UsageError, match="no space is left"):
        initialise(audio, study)
    assert not study.manifest.exists()
    monkeypatch.undo()
    assert initialise(audio, study).added == 1
