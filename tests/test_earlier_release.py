"""A release that an earlier version of the program made: it is read, gone on from, and something is taken out of it."""

import shutil
from pathlib import Path

import pytest

from tests.export_samples import OPTIONS, small, transcript, utterance
from tests.test_export import texts_in
from transcribe.exports import manifest, turns
from transcribe.exports.bundle import build, number_versions, without
from transcribe.exports.changes import compare, without_style
from transcribe.exports.manifest import BundleManifest
from transcribe.exports.self_checks import check_bundle
from transcribe.exports.turns import TurnRow
from transcribe.release import publish, read_previous
from transcribe.store import StudyFolder
from transcribe.withdrawn_content import bundle_without

EARLIER = Path(__file__).parent / "data" / "earlier_release"
FILES = {path.relative_to(EARLIER).as_posix(): path.read_bytes() for path in EARLIER.rglob("*") if path.is_file()}


def earlier() -> BundleManifest:
    return manifest.parse(FILES["manifest.json"])


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    """A study whose present release is the earlier one."""
    study = StudyFolder(tmp_path / "study")
    shutil.copytree(EARLIER, study.coders)
    study.releases.mkdir(parents=True)
    (study.releases / "current.json").write_bytes(FILES["manifest.json"])
    return study


def test_what_it_did_not_name_is_what_it_had() -> None:
    settings = earlier().settings
    assert settings.formats == ("docx", "txt", "vtt", "turns")
    assert (settings.newline, settings.redactions_coded) == ("lf", False)
    assert (settings.conventions.pause, settings.conventions.uncertain) == ("none", "none")
    assert settings.conventions.paragraph_words == 0
    assert [entry.session for entry in earlier().transcripts] == [1, 1]
    assert {row.question for row in turns.parse(FILES["turns.csv"])} == {""}


def test_the_next_release_goes_on_from_it_and_keeps_no_copy_as_if_it_were_edited(study: StudyFolder) -> None:
    files = build([small()], [], OPTIONS, read_previous(study))
    done = publish(study, files)
    assert (done.number, done.edited) == (2, ())
    found = read_previous(study)
    assert found is not None
    assert [(entry.id, entry.version) for entry in found.transcripts] == [("P01-PSW", 2)]
    assert [(known.id, known.version) for known in found.absent] == [("P01-PIR", 1)]
    assert {path.relative_to(study.coders).as_posix() for path in study.coders.rglob("*") if path.is_file()} == {*files}
    archived = study.releases / "1"
    assert {p.relative_to(archived).as_posix(): p.read_bytes() for p in archived.rglob("*") if p.is_file()} == FILES


def test_a_coder_s_edit_of_it_is_still_told_from_ours(study: StudyFolder) -> None:
    (study.coders / "manifest.json").write_text("scribbled")
    done = publish(study, build([small()], [], OPTIONS, read_previous(study)))
    assert done.edited == (("manifest.json", "manifest.edited-1.json"),)


def test_a_transcript_can_be_taken_out_of_it(study: StudyFolder) -> None:
    files = bundle_without(study, ["P01-PIR"])
    check_bundle(files)
    explains = ("README.md", "conventions.md", "manifest.json")
    assert not any("P01-PIR" in text for name in set(files).difference(explains) for text in texts_in(files[name]))
    assert files["transcripts/docx/P01-PSW.docx"] == FILES["transcripts/docx/P01-PSW.docx"]
    assert publish(study, files).number == 2
    assert files == without(earlier(), FILES, ["P01-PIR"])


def test_other_conventions_are_no_change_of_what_was_said() -> None:
    """The next release parts long utterances and marks pauses: of what was said nothing is listed."""
    old = [row for row in turns.parse(FILES["turns.csv"]) if row.transcript == "P01-PIR"]
    monologue = "Well, it was hard. " * 60 + "[PERSON_1] helped."
    item = transcript(
        utterance(1, "INT", 0.0, 3.0, "Tell me about it."),
        utterance(2, "P01-PIR", 3.5, 50.0, monologue, "[PERSON_1]"),
        recording="P01-PIR",
        role="PIR",
    )
    (laid,) = number_versions([item], earlier(), OPTIONS)
    new = turns.rows(laid)
    assert "u0002-2" in [row.turn for row in new]
    assert compare(1, without_style(old), without_style(new), lambda row: False).utterances == ()


def test_a_changed_word_is_listed_even_where_the_signs_have_changed() -> None:
    old = [row for row in turns.parse(FILES["turns.csv"]) if row.transcript == "P01-PIR"]
    said = next(row for row in old if row.turn == "u0002")
    half = len(said.text) // 2
    parts = (said.text[:half].replace("hard", "//bad//", 1), said.text[half:])
    new = [row for row in old if row is not said]
    new += [
        TurnRow("P01-PIR", turn, said.speaker, 3500, 50_000, 0, len(text), text, ())
        for turn, text in zip(("u0002", "u0002-2"), parts, strict=True)
    ]
    found = compare(1, without_style(old), without_style(new), lambda row: False)
    assert [change.turn for change in found.utterances] == ["u0002"]
    assert "bad" in found.utterances[0].new
    assert "//" not in found.utterances[0].new
