"""The built wheel works outside the tree, the container file names only what exists, every command is documented."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import typer.main

from transcribe import cli, errors

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return next(folder.glob("transcribe-*.whl"))


def test_the_wheel_holds_the_package_and_the_catalogue_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "transcribe/models.toml" in names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"transcribe"}
    assert sum(info.file_size for info in zipfile.ZipFile(wheel).infolist()) < 3e6


def test_the_installed_wheel_runs_from_outside_the_tree(wheel: Path, tmp_path: Path) -> None:
    """Installed into a folder of its own; only its dependencies come from this environment."""
    target = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True, stdin=subprocess.DEVNULL)
    code = (
        f"import sys; sys.path.insert(0, {str(target)!r}); import transcribe, pathlib\n"
        f"assert pathlib.Path(transcribe.__file__).is_relative_to({str(target)!r}), transcribe.__file__\n"
        "from transcribe.cli import run_command; sys.exit(run_command(['models', 'list']))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "whisper-base" in done.stdout


def test_torch_is_pinned_exactly() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "torch==2.13.0" in project["dependencies"]


def dockerfile_steps() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(step, rest) for step, _, rest in (line.partition(" ") for line in joined.splitlines())]


def test_the_dockerfile_is_sound() -> None:
    steps = dockerfile_steps()
    kinds = {kind for kind, _ in steps}
    assert kinds <= {"FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "VOLUME", "ENTRYPOINT", "CMD"}
    images = [rest.split()[0] for kind, rest in steps if kind == "FROM"]
    assert len(images) == 2
    assert set(images) == {"python:3.11-slim-bookworm"}
    assert [rest for kind, rest in steps if kind == "USER"] == ["lab"]
    environment = " ".join(rest for kind, rest in steps if kind == "ENV")
    assert "PYANNOTE_METRICS_ENABLED=0" in environment
    volumes = " ".join(rest for kind, rest in steps if kind == "VOLUME")
    assert "/weights" in volumes
    assert "/home/lab/.config/transcribe" in volumes
    assert "TRANSCRIBE_MODELS=/weights" in environment


def test_the_dockerfile_copies_and_calls_what_exists() -> None:
    ignored = (ROOT / ".dockerignore").read_text()
    for kind, rest in dockerfile_steps():
        if kind == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source.split('/')[0]}" in ignored, source
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert ("ENTRYPOINT", '["transcribe"]') in dockerfile_steps()
    assert "transcribe" in scripts


def commands() -> dict[str, typer.main.TyperCommand]:
    root = typer.main.get_command(cli.app)
    found = {}
    for name, command in root.commands.items():  # type: ignore[attr-defined]  # a group, by construction
        if hasattr(command, "commands"):
            found |= {f"{name} {sub}": inner for sub, inner in command.commands.items()}
        else:
            found[name] = command
    return found


def test_every_command_has_help_with_an_example() -> None:
    for name, command in commands().items():
        assert command.help, name
        assert command.epilog.startswith("Example: transcribe"), name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def documentation() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))])


def test_every_command_option_and_exit_code_is_documented() -> None:
    text = documentation()
    for name, command in commands().items():
        assert f"transcribe {name}" in text, name
        for parameter in command.params:
            for option in getattr(parameter, "opts", []):
                if option.startswith("--") and option != "--help":
                    assert option in text, f"{name} {option}"
    table = (ROOT / "docs" / "errors.md").read_text()
    for name, code in vars(errors).items():
        if name.startswith("EXIT_"):
            assert f"| {code} |" in table, name


def test_readme_links_and_files_exist() -> None:
    for page in [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_no_test_or_module_names_this_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    hosts = ["pypi" + ".org", "python" + "hosted.org", "/wo" + "rk/"]
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ""} and path.is_file():
            text = path.read_text(errors="ignore")
            assert not any(host in text for host in hosts), name
