"""Taguette's own converter reads our html and srt with the text intact.

Taguette has an environment of its own, `.venv-clients/taguette`, which `scripts/test` makes; without it these tests
fail, for a check that was left out must not look like one that passed.
"""

import json
import subprocess
from pathlib import Path

import lxml.html
import pytest

from tests.export_samples import OPTIONS, small, transcript, utterance
from tests.page_samples import ASKED, GUIDE, interviews
from transcribe.exports import turns
from transcribe.exports.bundle import LabLists, build

TAGUETTE = Path(__file__).parent.parent / ".venv-clients" / "taguette" / "bin" / "python"
CONVERT = """
import asyncio, json, sys
from taguette import convert

def of(name):
    with open(name, "rb") as file:
        return asyncio.run(convert.to_html(file.read(), "", name, {}))

print(json.dumps({name: of(name) for name in sys.argv[1:]}))
"""


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    many = transcript(
        utterance(1, "P03-PSW", 1.0, 2.0, "We met at the café, a nice one."),
        utterance(2, "INT", 3.0, 4.0, "<script>alert(1)</script> & <b>so</b>"),
        recording="P03-PSW",
    )
    items = [*interviews(), small("P02-PSW", draft=True), many]
    return build(items, [], OPTIONS, lists=LabLists(GUIDE, (), ASKED))


@pytest.fixture(scope="module")
def converted(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What Taguette makes of each file, by the file's name."""
    assert TAGUETTE.exists(), "Taguette is not there: scripts/test installs it"
    folder = tmp_path_factory.mktemp("taguette")
    names = {}
    for path, data in files.items():
        if path.endswith((".html", ".srt")) and not path.startswith("dyads/"):
            (folder / Path(path).name).write_bytes(data)
            names[str(folder / Path(path).name)] = Path(path).name
    done = subprocess.run([TAGUETTE, "-c", CONVERT, *names], capture_output=True, timeout=120, check=True)
    return {names[name]: text for name, text in json.loads(done.stdout).items()}


def blocks(text: str) -> list[str]:
    """The paragraphs and headings of a document in Taguette."""
    found = lxml.html.fragment_fromstring(text, create_parent="div")
    return [block.text_content() for block in found.iter("h1", "h2", "p", "li")]


def test_an_html_page_is_the_lines_of_the_txt_and_lists_after_its_end(
    files: dict[str, bytes], converted: dict[str, str]
) -> None:
    names = [Path(path).stem for path in files if path.startswith("transcripts/txt/")]
    assert len(names) == 5
    for name in names:
        lines = files[f"transcripts/txt/{name}.txt"].decode("utf-8-sig").split("\n")
        found = blocks(converted[f"{name}.html"])
        assert found[: len(lines)] == lines
        assert not any("policy" in block or "function" in block or "@media" in block for block in found)
    pages = converted["P01-PSW.html"]
    assert blocks(pages)[-1].startswith("What is highlighted")
    assert "How did you come to this work?" not in pages.partition("END OF INTERVIEW")[0]


def test_an_srt_file_is_a_paragraph_for_each_utterance_with_time_and_speaker(
    files: dict[str, bytes], converted: dict[str, str]
) -> None:
    rows = turns.parse(files["turns.csv"])
    for name in {row.transcript for row in rows}:
        wanted = [f"{_clock(row.start_ms)} {row.speaker}: {row.text}" for row in rows if row.transcript == name]
        draft = ["00:00:00.000 DRAFT, not for coding"] if name == "P02-PSW" else []
        assert blocks(converted[f"{name}.srt"]) == [*draft, *wanted]


def _clock(ms: int) -> str:
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
