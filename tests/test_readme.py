"""The README's commands are run as they stand, on the sample study with the real models."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.models
def test_the_commands_of_the_readme_run(tmp_path: Path, own_config: Path) -> None:
    blocks = re.findall(r"```bash\n(.*?)```", README, flags=re.DOTALL)
    assert blocks
    audio = tmp_path / "AUDIO_FOLDER"
    audio.mkdir()
    for name in ("D01-OBS.ogg", "manifest.csv", "roster.csv"):
        (audio / name).write_bytes((ROOT / "samples" / name).read_bytes())
    rows = (audio / "manifest.csv").read_text().splitlines()
    (audio / "manifest.csv").write_text("\n".join([rows[0], *(row for row in rows if "OBS" in row)]))
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euc", block], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "STUDY" / "coders" / "transcripts" / "docx" / "D01-OBS.docx").exists()


def test_the_scripts_of_the_readme_exist() -> None:
    block = re.search(r"```console\n(.*?)```", README, flags=re.DOTALL)
    assert block is not None
    for line in block.group(1).splitlines():
        assert os.access(ROOT / line, os.X_OK), line
