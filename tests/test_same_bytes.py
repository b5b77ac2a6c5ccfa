"""The same input gives the same bytes, whatever process, language, time zone and hash seed."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.export_samples import OPTIONS, small, transcript, utterance
from transcribe.exports.bundle import LabLists, build
from transcribe.exports.bundle_files import all_formats
from transcribe.study.guide import GuideQuestion
from transcribe.study.starter_codes import StarterCode

ROOT = Path(__file__).parent.parent
LISTS = LabLists(
    (GuideQuestion("Q1", "", "How did the day start?"), GuideQuestion("Q2", "PIR", "係點樣開始？")),
    (StarterCode("answer", "", "What is told", "#336699"),),
    {"P01-PSW": {"u0001": "Q1"}, "P01-PIR": {"u0001": "Q2"}},
)


def digests() -> dict[str, str]:
    """The sha256 of every file that there can be, of a small study."""
    items = [
        small(),
        transcript(
            utterance(1, "INT", 0.0, 3.0, "係點樣開始？"),
            utterance(
                2, "P01-PIR", 3.5, 50.0, "好難㗎。 [PERSON_1] 幫咗我好多。", "[PERSON_1]", flags=("unsupported",)
            ),
            recording="P01-PIR",
            role="PIR",
        ),
        small("P02-PSW", draft=True),
    ]
    found = {}
    for newline in ("lf", "crlf"):
        for rendering in ("verbatim", "clean"):
            options = _options(newline, rendering)
            for name, data in build(items, ["P03-PIR"], options, lists=LISTS).items():
                found[f"{newline} {rendering} {name}"] = hashlib.sha256(data).hexdigest()
    return found


def _options(newline: str, rendering: str):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    return replace(
        OPTIONS, newline=newline, rendering=rendering, formats=all_formats(), redactions_coded=True, program="nvivo"
    )


def test_two_processes_in_two_places_write_the_same_bytes(tmp_path: Path) -> None:
    here = digests()
    assert len(here) > 4 * len(all_formats())
    for number, (seed, zone, language) in enumerate(
        (("1", "Asia/Hong_Kong", "C"), ("77", "America/New_York", "C.UTF-8"))
    ):
        place = tmp_path / str(number)
        place.mkdir()
        there = subprocess.run(
            [
                sys.executable,
                "-c",
                "import json; from tests.test_same_bytes import digests; print(json.dumps(digests()))",
            ],
            env={**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": language, "PYTHONPATH": str(ROOT)},
            cwd=place,
            check=True,
            capture_output=True,
            text=True,
        )
        assert json.loads(there.stdout) == here
