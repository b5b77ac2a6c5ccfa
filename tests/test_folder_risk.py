"""Folders in which a study is refused."""

from pathlib import Path

import pytest

from transcribe.errors import UsageError
from transcribe.study import folder_risk
from transcribe.study.folder_risk import folder_risks, refuse_risky_folder


def test_an_ordinary_folder_is_safe_and_nothing_is_left_in_it(tmp_path: Path) -> None:
    assert folder_risks(tmp_path / "not" / "yet" / "there") == ()
    refuse_risky_folder(tmp_path, accept=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("Dropbox", "Dropbox"),
        ("Dropbox (Our Lab)", "Dropbox"),
        ("OneDrive", "OneDrive"),
        ("OneDrive - The University of Hong Kong", "OneDrive"),
        ("Google Drive", "Google Drive"),
        ("GoogleDrive-someone@example.org", "Google Drive"),
        ("My Drive", "Google Drive"),
        ("iCloudDrive", "iCloud"),
        ("Mobile Documents", "iCloud"),
        ("Nextcloud", "Nextcloud"),
        ("ownCloud", "ownCloud"),
        ("SynologyDrive", "Synology Drive"),
        ("pCloudDrive", "pCloud"),
        ("MEGA", "MEGA"),
        ("Box", "Box"),
    ],
)
def test_a_folder_of_a_synchronising_program_is_refused(tmp_path: Path, name: str, program: str) -> None:
    study = tmp_path / name / "interviews" / "study"
    (tmp_path / name).mkdir()
    assert any(program in risk for risk in folder_risks(study))
    with pytest.raises(UsageError, match="--accept-folder-risk"):
        refuse_risky_folder(study, accept=False)
    refuse_risky_folder(study, accept=True)


@pytest.mark.parametrize("name", ["boxes", "dropboxes", "megaphone", "my driver", "inbox", "onedrives"])
def test_names_that_only_resemble_one_are_safe(tmp_path: Path, name: str) -> None:
    assert folder_risks(tmp_path / name) == ()


@pytest.mark.parametrize(
    ("marker", "program"),
    [(".stfolder", "Syncthing"), (".dropbox.cache", "Dropbox"), (".nextcloudsync.log", "Nextcloud")],
)
def test_the_mark_of_a_synchronising_program_counts_in_any_folder_above(
    tmp_path: Path, marker: str, program: str
) -> None:
    (tmp_path / marker).mkdir()
    (risk,) = folder_risks(tmp_path / "a" / "b")
    assert program in risk


def test_a_link_into_such_a_folder_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "Dropbox").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "Dropbox")
    assert any("Dropbox" in risk for risk in folder_risks(tmp_path / "link" / "study"))


@pytest.mark.parametrize(
    ("kind", "told"),
    [("drvfs", "Windows disk"), ("fuse.rclone", "kept in a cloud"), ("ext4", ""), ("9p", "")],
)
def test_the_kind_of_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, told: str) -> None:
    mounts = tmp_path / "mounts"
    place = str(tmp_path / "my disk").replace(" ", "\\040")
    mounts.write_text(f"/dev/root / ext4 rw 0 0\nC:\\134 {place} {kind} rw 0 0\n/dev/x {place}2 drvfs rw 0 0\n")
    monkeypatch.setattr(folder_risk, "_MOUNTS", mounts)
    (tmp_path / "my disk").mkdir()
    risks = folder_risks(tmp_path / "my disk" / "study")
    assert len(risks) == bool(told)
    assert told in "".join(risks)
    assert folder_risks(tmp_path / "study") == ()


def test_a_disk_that_ignores_modes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "chmod", lambda *_, **__: None)
    (risk,) = folder_risks(tmp_path)
    assert "close private files" in risk


def test_a_disk_that_does_not_replace_files_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copying(source: Path, target: Path) -> Path:
        target.write_bytes(source.read_bytes())
        source.unlink()
        return target

    monkeypatch.setattr(Path, "replace", copying)
    (risk,) = folder_risks(tmp_path)
    assert "replace a file in one step" in risk


def test_a_disk_that_refuses_to_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "replace", refusing)
    (risk,) = folder_risks(tmp_path)
    assert "Operation not supported" in risk
    assert list(tmp_path.iterdir()) == []
