"""The bundle's README: the lab's program first, and no word of files that are not there."""

import typing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.export_samples import OPTIONS, plain
from transcribe.exports import manifest, readme
from transcribe.exports.bundle import build
from transcribe.exports.bundle_files import RELEASED, SECOND_STUDY_PATHS, STUDY_PATHS, TRANSCRIPT_PATHS, all_formats
from transcribe.exports.manifest import Settings
from transcribe.study.settings import Program

FILES = {name: (path.rpartition("/")[0] + "/", path.partition("{}")[2]) for name, path in TRANSCRIPT_PATHS.items()}
"""Folder and ending of every format that has a file per transcript."""


def text_of(formats: tuple[str, ...], program: str = "nvivo", level: str = "team", *, is_copy: bool = False) -> str:
    settings = Settings("standard", "verbatim", level, (), program, "a4", formats=formats)
    entries = manifest.parse(build([plain()], [], OPTIONS)["manifest.json"]).transcripts
    return readme.write(settings, entries, ["P09-PIR"], [], 3, is_copy=is_copy).decode()


def named(text: str) -> set[str]:
    """The formats of whose files a text tells."""
    found = {name for name, (folder, end) in FILES.items() if folder == "sync/" and f"sync/*{end}" in text}
    found |= {name for name in ("docx", "txt", "html") if f"`transcripts/{name}/`" in text}
    found |= {name for name, path in STUDY_PATHS.items() if f"`{path}`" in text}
    found |= {name for name, path in SECOND_STUDY_PATHS.items() if f"`{path}`" in text}
    return found | ({"dyads"} if "`dyads/`" in text else set())


@given(st.sets(st.sampled_from(all_formats()), min_size=1), st.sampled_from(["", *readme.PROGRAMS]))
def test_it_tells_of_all_files_that_are_there_and_of_no_other(formats: set[str], program: str) -> None:
    assert named(text_of(tuple(formats), program)) == formats
    for level in ("share", "archive"):
        assert "P01" not in text_of(tuple(formats), program, level).split("## Transcripts")[0]


@pytest.mark.parametrize("program", typing.get_args(Program))
def test_the_lab_s_program_comes_first_with_its_file_and_numbered_steps(program: str) -> None:
    text = text_of(RELEASED, program)
    first = readme.PROGRAMS[program].ways[0]
    headings = [line for line in text.split("\n") if line.startswith("## ")]
    assert headings[0] == f"## {readme.PROGRAMS[program].name}: use `{first.path}`"
    assert headings[1] == "## Other programs"
    steps = text.split(headings[0])[1].split("#")[0]
    assert steps.startswith("\n\n1. ")
    assert first.format in RELEASED


def test_without_its_first_file_a_program_takes_the_next_and_without_any_is_left_out() -> None:
    text = text_of(("qdpx",), "maxqda", is_copy=True)
    assert "## MAXQDA: use `study.qdpx`" in text
    assert "Taguette" not in text
    assert "## " in text_of(("rttm",), "maxqda")
    assert "MAXQDA" not in text_of(("rttm",), "maxqda").split("## All files")[0]


def test_changes_and_coders_own_files_are_told_in_their_folder_alone() -> None:
    assert all(word in text_of(RELEASED) for word in ("`changes.html`", "## Your own files", "## When a new release"))
    for text in (text_of(RELEASED, is_copy=True), text_of(RELEASED, level="share")):
        assert not any(word in text for word in ("changes.html", "## Your own files", "## When a new release"))


def test_no_program_that_was_not_run_is_promised_anything() -> None:
    text = text_of(RELEASED)
    assert "were not run" in text
    assert not any(word in text for word in ("will open", "works with", "tested with", "guaranteed"))


def test_rendering_and_line_ends_are_said() -> None:
    files = build([plain()], [], replace(OPTIONS, rendering="clean", newline="crlf", release=2))
    text = files["README.md"].decode()
    assert "Rendering: machine clean verbatim, fillers and stutters left out." in text
    assert "CR LF" in text
    assert "CR LF" not in build([plain()], [], OPTIONS)["README.md"].decode()
