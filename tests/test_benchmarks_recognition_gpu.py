"""What `benchmarks/recognition_gpu.py` rests on: the roofline's arithmetic, the stand-in for tokens, a bare machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "benchmarks"

BARE = """
import runpy, sys

class Bare:
    def find_spec(self, name, path=None, target=None):
        # What a GPU machine without this project's environment lacks.
        if name.split(".")[0] in ("whisper", "numba", "scipy", "rich", "tqdm", "pyannote", "platformdirs", "psutil"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Bare())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in ("whisper", "rich") else found(name, package)
sys.argv[:] = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def shapes(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the benchmark, which is no package; the others are found beside it, too."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import recognition_shapes

    return recognition_shapes


def test_roofline_of_the_published_shapes(shapes: ModuleType) -> None:
    device = shapes.device_of("NVIDIA H200")
    assert device == shapes.DEVICES["H200"]
    assert shapes.device_of("NVIDIA H100 PCIe").bandwidth < shapes.device_of("NVIDIA H100 80GB HBM3").bandwidth
    assert shapes.device_of("a GPU that nobody knows") is None
    # Keys and values of the sound, per row and token: ../shared/design/recognition.md has 246 and 31 MB.
    for name, megabytes in (("large-v3", 246), ("turbo", 31)):
        shape = shapes.SHAPES[name]
        row = shapes.step(shape, 2, 0).bytes - shapes.step(shape, 1, 0).bytes
        assert row / 1e6 == pytest.approx(megabytes, rel=0.01)
    # Its roofline for one window at a time on an H200: 604 × and 2,579 × real time.
    for name, rate in (("large-v3", 604), ("turbo", 2579)):
        parts = shapes.roofline(shapes.SHAPES[name], 1, 120, True, device)
        assert 30 / sum(parts.values()) == pytest.approx(rate, rel=0.06)
    assert shapes.encoding(shapes.SHAPES["large-v3"], 1).operations == pytest.approx(2.6e12, rel=0.02)


def test_alignment_heads_are_those_of_openai_whisper(shapes: ModuleType) -> None:
    import whisper

    for name, published in (("large-v3", "large-v3"), ("turbo", "large-v3-turbo")):
        shape = shapes.SHAPES[name]
        dump = whisper._ALIGNMENT_HEADS[published]
        assert decoded_heads(dump, shape.n_text_layer, shape.n_audio_head) == list(shape.alignment_heads)


def decoded_heads(dump: bytes, layers: int, heads: int) -> list[tuple[int, int]]:
    import base64
    import gzip

    import numpy as np

    mask = np.frombuffer(gzip.decompress(base64.b85decode(dump)), dtype=bool).reshape(layers, heads)
    return [(int(layer), int(head)) for layer, head in np.argwhere(mask)]


@pytest.mark.parametrize("languages", [99, 100])
def test_the_stand_in_has_the_numbers_of_the_tokenizer(shapes: ModuleType, languages: int) -> None:
    from recognition_random import stand_in_tokenizer

    from transcribe.recognition.tokenizer import open_tokenizer

    real, stand_in = open_tokenizer(languages), stand_in_tokenizer(num_languages=languages)
    names = ("eot", "sot", "sot_prev", "no_speech", "no_timestamps", "timestamp_begin", "sot_sequence")
    for name in names:
        assert getattr(stand_in, name) == getattr(real, name), name
    assert sorted(stand_in.all_language_tokens) == sorted(real.all_language_tokens)
    assert len(stand_in.all_language_codes) == languages
    assert len(stand_in.non_speech_tokens) == pytest.approx(len(real.non_speech_tokens), abs=10)


def test_it_runs_on_a_bare_machine(tmp_path: Path) -> None:
    script = str(BENCHMARKS / "recognition_gpu.py")
    options = ["--device", "cpu", "--models", "tiny", "--batches", "2", "--quick", "--cases", "mlperf"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", BARE, script, *options, "--bandwidth", "1", "--tflops", "1", "--out", str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "stand-in for openai-whisper's tokens" in done.stdout
    found = json.loads((tmp_path / "recognition_gpu.json").read_text())
    (row,) = found["rows"]
    assert (row["windows"], row["tokens"]) == (8, 64)
    assert found["parts"]["tiny"]["same"] == {"2": {"windows": 4, "same": 4}}
    assert found["parts"]["tiny"]["parts"]["steps"] > 0
