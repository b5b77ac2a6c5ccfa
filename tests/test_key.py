"""The key: encrypted to two holders, opened by either, never made anew, never on disk as plain text."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest

from transcribe.errors import CorruptFileError, UsageError, ValidationError, WithheldError
from transcribe.redaction import key as key_module
from transcribe.redaction.key import (
    GENERATIONS,
    config_folder,
    create_key,
    generations,
    open_key,
    recipients_count,
    save_key,
)
from transcribe.redaction.key_recipients import holders, restore_earlier
from transcribe.redaction.registry import Registry, RegistryEntity, registry_to_json
from transcribe.store import StudyFolder

NAME = "Ottoline Quagmire"
REGISTRY = Registry(
    (RegistryEntity("e00001", "PERSON", "PERSON", "[PERSON_1]", NAME, (NAME, "Ottoline"), "", ("D01",)),)
)


def grown_registries(count: int) -> list[Registry]:
    """Registries of 1, 2 … entities, each an extension of the one before."""
    entities = [
        RegistryEntity(f"e{n:05d}", "PERSON", "PERSON", f"[PERSON_{n}]", f"Name {n}", (f"Name {n}",))
        for n in range(1, count + 1)
    ]
    return [Registry(tuple(entities[:n])) for n in range(1, count + 1)]


def saved_elsewhere(study: StudyFolder, registry: Registry) -> None:
    """Another process opens the key and saves a registry in it."""
    code = (
        "import sys; from pathlib import Path; from transcribe.store import StudyFolder\n"
        "from transcribe.redaction.key import open_key, save_key\n"
        "from transcribe.redaction.registry import registry_from_json\n"
        "study = StudyFolder(Path(sys.argv[1])); open_key(study)\n"
        "save_key(study, registry_from_json(sys.stdin.buffer.read()))"
    )
    command = [sys.executable, "-c", code, str(study.root)]
    subprocess.run(command, input=registry_to_json(registry), check=True)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home" / "config"
    monkeypatch.setenv("TRANSCRIBE_CONFIG", str(folder))
    return folder


@pytest.fixture
def study(tmp_path: Path, config: Path) -> StudyFolder:
    (tmp_path / "study").mkdir()
    return StudyFolder(tmp_path / "study")


def test_what_is_saved_is_opened_again_and_lies_nowhere_in_plain(study: StudyFolder, tmp_path: Path) -> None:
    create_key(study)
    assert open_key(study) == Registry()
    save_key(study, REGISTRY)
    assert open_key(study) == REGISTRY
    assert recipients_count(study) == 2
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert NAME.encode() not in path.read_bytes()
            assert b"Ottoline" not in path.read_bytes()


def test_the_recovery_identity_opens_the_key_on_a_fresh_account(
    study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recovery = create_key(study)
    save_key(study, REGISTRY)
    fresh = tmp_path / "other"
    fresh.mkdir(mode=0o700)
    (fresh / "identity.txt").write_text(recovery + "\n")
    (fresh / "identity.txt").chmod(0o600)
    monkeypatch.setenv("TRANSCRIBE_CONFIG", str(fresh))
    assert open_key(study) == REGISTRY
    assert not any(recovery.encode() in p.read_bytes() for p in study.root.rglob("*") if p.is_file())


def test_the_identity_is_private_whatever_the_umask(study: StudyFolder, config: Path) -> None:
    before = os.umask(0)
    try:
        create_key(study)
        save_key(study, REGISTRY)
    finally:
        os.umask(before)
    for path, mode in ((config, 0o700), (config / "identity.txt", 0o600), (study.private, 0o700), (study.key, 0o600)):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_second_study_uses_the_same_identity_and_another_recovery(study: StudyFolder, tmp_path: Path) -> None:
    other = StudyFolder(tmp_path / "second")
    assert create_key(study) != create_key(other)
    assert open_key(study) == open_key(other) == Registry()


def test_the_identity_is_found_by_xdg_and_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TRANSCRIBE_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert config_folder() == tmp_path / "xdg" / "transcribe"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_folder() == tmp_path / ".config" / "transcribe"


def test_without_identity_nothing_opens_and_no_fresh_one_is_made(study: StudyFolder, config: Path) -> None:
    create_key(study)
    before = study.key.read_bytes()
    (config / "identity.txt").unlink()
    for use in (open_key, recipients_count, lambda s: save_key(s, REGISTRY)):
        with pytest.raises(WithheldError, match="missing"):
            use(study)
    assert not (config / "identity.txt").exists()
    assert study.key.read_bytes() == before


def test_another_labs_identity_does_not_open_the_key(study: StudyFolder, config: Path) -> None:
    create_key(study)
    (config / "identity.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n")
    with pytest.raises(WithheldError, match="does not open"):
        open_key(study)


@pytest.mark.parametrize("content", ["", "hello", "AGE-SECRET-KEY-1NONSENSE", "# only a comment\n"])
def test_a_damaged_identity_file_is_reported_without_its_content(
    study: StudyFolder, config: Path, content: str
) -> None:
    create_key(study)
    (config / "identity.txt").write_text(content)
    with pytest.raises(WithheldError, match="age identity") as error:
        open_key(study)
    assert "NONSENSE" not in str(error.value)


def test_an_identity_that_others_can_read_is_refused(study: StudyFolder, config: Path) -> None:
    create_key(study)
    (config / "identity.txt").chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        open_key(study)


@pytest.mark.parametrize("place", ["study/private/config", "study", "repository/config"])
def test_the_identity_is_refused_inside_the_study_and_in_a_git_work_tree(
    study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    monkeypatch.setenv("TRANSCRIBE_CONFIG", str(tmp_path / place))
    with pytest.raises(UsageError, match="must not lie"):
        create_key(study)
    assert not list(tmp_path.rglob("identity.txt"))
    assert not study.key.exists()


def test_a_link_into_the_study_is_seen_through(
    study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(study.root)
    monkeypatch.setenv("TRANSCRIBE_CONFIG", str(tmp_path / "link" / "config"))
    with pytest.raises(UsageError, match="inside the study"):
        create_key(study)


def test_a_missing_key_is_never_replaced_once_marks_exist(study: StudyFolder) -> None:
    with pytest.raises(UsageError, match="transcribe init"):
        open_key(study)
    folder = study.recording("D01-PSW")
    folder.mkdir(parents=True)
    (folder / "redaction.json").write_text("{}")
    with pytest.raises(WithheldError, match="backup"):
        open_key(study)
    with pytest.raises(WithheldError, match="backup"):
        create_key(study)
    assert not study.key.exists()


def test_an_existing_key_is_not_overwritten(study: StudyFolder) -> None:
    create_key(study)
    before = study.key.read_bytes()
    with pytest.raises(UsageError):
        create_key(study)
    assert study.key.read_bytes() == before


def test_a_damaged_key_is_withheld_and_the_last_kept_state_is_put_back(study: StudyFolder) -> None:
    create_key(study)
    save_key(study, REGISTRY)
    with pytest.raises(UsageError, match="whole"):
        restore_earlier(study)
    whole = study.key.read_bytes()
    for damage in (whole[:-5] + b"XXXXX", b"", whole[:40], None):
        if damage is None:
            study.key.unlink()
        else:
            study.key.write_bytes(damage)
        with pytest.raises(WithheldError, match="--earlier"):
            open_key(study)
        assert restore_earlier(study) == 2
        assert open_key(study) == REGISTRY


def test_a_damaged_newest_state_is_passed_over_and_its_number_is_given_again(study: StudyFolder) -> None:
    create_key(study)
    save_key(study, REGISTRY)
    generations(study)[0].write_bytes(b"damaged")
    study.key.unlink()
    assert restore_earlier(study) == 1
    assert open_key(study) == Registry()
    save_key(study, REGISTRY)
    assert [path.name for path in generations(study)] == ["key.00000002.age", "key.00000001.age"]


def test_a_lost_key_is_not_made_anew_while_a_state_of_it_is_kept(study: StudyFolder) -> None:
    create_key(study)
    study.key.unlink()
    with pytest.raises(WithheldError, match="--earlier"):
        create_key(study)


def test_the_last_states_are_kept_private_and_encrypted(study: StudyFolder) -> None:
    create_key(study)
    for registry in grown_registries(8):
        save_key(study, registry)
    kept = generations(study)
    assert [path.name for path in kept] == [f"key.{n:08d}.age" for n in range(9, 9 - GENERATIONS, -1)]
    assert kept[0].read_bytes() == study.key.read_bytes()
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)
    assert stat.S_IMODE(kept[0].parent.stat().st_mode) == 0o700
    assert not any(b"name" in path.read_bytes().lower() for path in kept)


def test_a_key_that_another_program_changed_since_is_not_overwritten(study: StudyFolder) -> None:
    create_key(study)
    first, second = grown_registries(2)
    mine = open_key(study)
    saved_elsewhere(study, first)
    before = study.key.read_bytes()
    with pytest.raises(UsageError, match="changed by another program"):
        save_key(study, second)
    assert mine == Registry()
    assert study.key.read_bytes() == before
    assert open_key(study) == first
    save_key(study, second)
    assert open_key(study) == second


def test_a_key_of_an_older_version_is_read_and_goes_on(study: StudyFolder, config: Path) -> None:
    """Version 0.1 wrote no counter and did not say which recipient is the recovery key: it was the second."""
    create_key(study)
    recipients = [h.recipient for h in holders(study)]
    plain = {"schema_version": 1, "recipients": recipients, "registry": {"entities": [], "decisions": []}}
    keys = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
    study.key.write_bytes(pyrage.encrypt(json.dumps(plain).encode(), keys))
    assert [h.what for h in holders(study)] == ["this account", "the recovery key"]
    open_key(study)
    save_key(study, REGISTRY)
    assert open_key(study) == REGISTRY


def test_a_key_that_holds_no_registry_is_refused(study: StudyFolder, config: Path) -> None:
    create_key(study)
    secret = (config / "identity.txt").read_text().splitlines()[-1]
    recipient = pyrage.x25519.Identity.from_str(secret).to_public()
    study.key.write_bytes(pyrage.encrypt(b'{"schema_version": 1}', [recipient]))
    with pytest.raises(CorruptFileError):
        open_key(study)


def test_the_same_registry_is_not_written_again(study: StudyFolder) -> None:
    create_key(study)
    save_key(study, REGISTRY)
    before = study.key.read_bytes()
    save_key(study, REGISTRY)
    assert study.key.read_bytes() == before


def test_a_registry_that_lost_marks_is_not_saved(study: StudyFolder) -> None:
    create_key(study)
    save_key(study, REGISTRY)
    with pytest.raises(ValidationError):
        save_key(study, Registry())
    assert open_key(study) == REGISTRY


def test_a_kill_while_saving_leaves_the_old_key(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    create_key(study)
    save_key(study, REGISTRY)
    grown = Registry((*REGISTRY.entities, RegistryEntity("e00002", "PLACE", "PLACE", "[PLACE_1]", "Quux", ("Quux",))))

    def killed(path: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            key_module.save_key(study, grown)
    assert open_key(study) == REGISTRY
    assert not list(study.private.rglob("*.tmp"))
