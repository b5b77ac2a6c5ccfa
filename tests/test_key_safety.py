"""The key under attack by chance: processes killed while they write it, and processes that write it at once."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import HEADER
from transcribe.errors import UsageError
from transcribe.redaction.key import create_key, generations, open_key, read_payload, save_key
from transcribe.redaction.key_identity import make_own_identity
from transcribe.redaction.registry import Registry, RegistryEntity, next_id
from transcribe.store import StudyFolder, locked

KILL_DRIVER = Path(__file__).parent / "kill_driver.py"


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    study = StudyFolder(tmp_path / "study")
    study.private.mkdir(parents=True)
    study.manifest.write_text(HEADER + "\n")
    return study


@pytest.mark.parametrize("operation", ["create", "save", "rotate", "restore", "destroy"])
def test_a_kill_at_any_step_of_writing_leaves_the_old_key_or_the_new_one(tmp_path: Path, operation: str) -> None:
    """The driver kills the operation before its 1st, 2nd … call that changes the disk, and looks each time."""
    done = subprocess.run(
        [sys.executable, str(KILL_DRIVER), operation, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    kills, outcomes = done.stdout.split(maxsplit=1)
    assert int(kills) >= 4
    assert set(outcomes.split()) == {"old", "new"}


def _save_many(root: str, worker: int, saves: int) -> int:
    """Adds entities one by one, each in its own hold of the study; returns how often the study was in use."""
    study, refused = StudyFolder(Path(root)), 0
    for number in range(saves):
        surface = f"worker {worker} number {number}"
        while True:
            try:
                with locked(study):
                    old = open_key(study)
                    mark = f"[PERSON_{len(old.entities) + 1}]"
                    entity = RegistryEntity(next_id(old), "PERSON", "PERSON", mark, surface, (surface,))
                    save_key(study, Registry((*old.entities, entity)))
                break
            except UsageError as error:
                assert "another transcribe is working" in error.message  # noqa: PT017 - the loop goes on after it
                refused += 1
                time.sleep(0.002 * (worker + 1))
    return refused


def test_processes_that_save_at_once_lose_nothing(study: StudyFolder) -> None:
    create_key(study)
    workers, saves = 3, 12
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.starmap(_save_many, [(str(study.root), worker, saves) for worker in range(workers)])
    registry = open_key(study)
    assert {e.canonical for e in registry.entities} == {
        f"worker {worker} number {number}" for worker in range(workers) for number in range(saves)
    }
    assert len({e.mark for e in registry.entities}) == workers * saves
    assert read_payload(study).version == 1 + workers * saves


def _first_use(root: str, number: int) -> str:
    identity = str(make_own_identity(None).to_public())
    create_key(StudyFolder(Path(root) / f"study{number}"))
    return identity


def test_first_runs_at_once_end_with_one_identity_that_opens_all_studies(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        identities = pool.starmap(_first_use, [(str(tmp_path), number) for number in range(9)], chunksize=1)
    assert len(set(identities)) == 1
    assert all(open_key(StudyFolder(tmp_path / f"study{number}")) == Registry() for number in range(9))


def test_a_study_in_use_gets_no_key_and_no_save(study: StudyFolder) -> None:
    holder = (
        "import sys; from pathlib import Path; from transcribe.store import StudyFolder, locked\n"
        "with locked(StudyFolder(Path(sys.argv[1]))): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(study.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UsageError, match="another transcribe is working"):
            create_key(study)
        assert not study.key.exists()
        process.communicate()
    create_key(study)
    assert len(generations(study)) == 1
    assert os.listdir(study.private / "key-history") == ["key.00000001.age"]  # noqa: PTH208 - names are what counts
