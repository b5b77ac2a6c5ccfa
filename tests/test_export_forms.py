"""`transcribe export --format … --rendering … --newline …`: other forms of one release, checked like a release."""

import shutil
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.fakes import CANARY, fake_engines
from tests.test_export import export, files_of, says, set_consent, texts_of
from transcribe.exports import manifest, turns
from transcribe.exports.bundle_files import RELEASED, STUDY_PATHS, TRANSCRIPT_PATHS, all_formats
from transcribe.exports.manifest import BundleManifest
from transcribe.handover.folder import read_handovers
from transcribe.release.coders_files import hash_file

ALWAYS = {"README.md", "conventions.md", "manifest.json"}


@pytest.fixture
def done(lab: Lab) -> Lab:
    """A released study of one pair; both agreed to everything."""
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    everything = "transcribe quote audio archive"
    set_consent(lab, {"P01-PSW": everything, "P01-PIR": everything})
    assert lab.run("run", str(lab.study.root)).code == 0
    return lab


def manifest_of(folder: Path) -> BundleManifest:
    return manifest.parse((folder / "manifest.json").read_bytes())


def is_consistent(folder: Path) -> None:
    """The manifest lists every other file with its sha256, and nothing else."""
    listed = manifest_of(folder).sha256
    assert set(files_of(folder)) == {*listed, "manifest.json"}
    assert all(hash_file(folder / name) == sha256 for name, sha256 in listed.items())


def test_every_format_alone(done: Lab, tmp_path: Path) -> None:
    released = files_of(done.study.coders)
    for name in all_formats():
        answer = export(done, tmp_path / "out", "--format", name)
        assert answer.code == 0, answer.text
        is_consistent(tmp_path / "out")
        found, files = manifest_of(tmp_path / "out"), files_of(tmp_path / "out")
        assert (found.settings.formats, found.release) == ((name,), 1)
        others = set(files) - ALWAYS
        if name in TRANSCRIPT_PATHS:
            assert others == {TRANSCRIPT_PATHS[name].format(entry.id) for entry in found.transcripts}
        else:
            assert others & {*STUDY_PATHS.values(), "dyads/P01.html"}, name
        assert (others <= set(released)) == (name in RELEASED)
        assert all(released[path] == files[path] for path in others & set(released))


def test_several_formats_in_any_order_and_with_blanks(done: Lab, tmp_path: Path) -> None:
    for place, text in (("one", "txt,docx"), ("two", " DOCX , txt,docx")):
        assert export(done, tmp_path / place, "--format", text).code == 0
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    folders = {path.split("/")[1] for path in files_of(tmp_path / "one") if path.startswith("transcripts/")}
    assert folders == {"docx", "txt"}


def test_the_readme_tells_of_what_is_there_alone(done: Lab, tmp_path: Path) -> None:
    assert export(done, tmp_path / "out", "--format", "txt").code == 0
    text = (tmp_path / "out" / "README.md").read_text()
    assert "transcripts/txt" in text
    for other in ("transcripts/docx", "turns.csv`", "study.qdpx", "changes.html", ".vtt", "## Your own files"):
        assert other not in text


def test_what_there_is_not_is_refused_and_what_there_is_named(done: Lab, tmp_path: Path) -> None:
    for text in ("dcox", "docx,xyz", ",", "", "docx;txt", "../docx"):
        answer = export(done, tmp_path / "out", "--format", text)
        assert answer.code == 2
        assert all(name in answer.err for name in all_formats())
    for option, value in (("--rendering", "cleaner"), ("--newline", "cr"), ("--level", "all")):
        assert export(done, tmp_path / "out", option, value).code == 2
    assert not (tmp_path / "out").exists()
    assert read_handovers(done.study) == ()


def test_saying_the_defaults_is_saying_nothing(done: Lab, tmp_path: Path) -> None:
    arguments = ("--rendering", "verbatim", "--newline", "lf", "--level", "team")
    assert export(done, tmp_path / "out", *arguments).code == 0
    assert files_of(tmp_path / "out") == files_of(done.study.coders)


@pytest.fixture
def hesitant(lab: Lab) -> Lab:
    """A released study in which people say um."""
    lab.engines = fake_engines(
        recognizer=says("How, um, did you meet?", f"Um, I met {CANARY}, uh, there.", "Ah?", "Yes.")
    )
    lab.pair()
    assert lab.go().code == 0
    return lab


def test_the_other_rendering_has_the_same_utterances(hesitant: Lab, tmp_path: Path) -> None:
    answer = export(hesitant, tmp_path / "out", "--rendering", "clean")
    assert answer.code == 0, answer.text
    is_consistent(tmp_path / "out")
    found, released = manifest_of(tmp_path / "out"), manifest_of(hesitant.study.coders)
    assert (found.settings.rendering, released.settings.rendering) == ("clean", "verbatim")
    assert [(e.id, e.version) for e in found.transcripts] == [(e.id, e.version) for e in released.transcripts]
    rows, before = ((turns.parse((p / "turns.csv").read_bytes())) for p in (tmp_path / "out", hesitant.study.coders))
    assert [(r.transcript, r.turn, r.speaker, r.start_ms) for r in rows] == [
        (r.transcript, r.turn, r.speaker, r.start_ms) for r in before
    ]
    assert [r.text for r in rows] != [r.text for r in before]
    for entry in found.transcripts:
        text = (tmp_path / "out/transcripts/txt" / f"{entry.id}.txt").read_text("utf-8-sig")
        assert "fillers and stutters left out" in text.split("START OF")[0]
    assert CANARY not in texts_of(tmp_path / "out")
    assert not (tmp_path / "out/changes.html").exists()


def test_versions_are_the_release_s_in_any_form(done: Lab, tmp_path: Path) -> None:
    with done.study.roster.open("a", encoding="utf-8") as file:
        file.write("\n,Doris,,friend,,\n")
    assert done.run("release", str(done.study.root)).code == 0
    assert export(done, tmp_path / "out", "--rendering", "clean", "--format", "txt").code == 0
    found, released = manifest_of(tmp_path / "out"), manifest_of(done.study.coders)
    assert (found.release, released.release) == (2, 2)
    assert [(e.id, e.version) for e in found.transcripts] == [("P01-PIR", 2), ("P01-PSW", 2)]
    assert [(e.id, e.version) for e in released.transcripts] == [("P01-PIR", 2), ("P01-PSW", 2)]
    assert found.absent == ()


def test_crlf_ends_lines_and_counts(done: Lab, tmp_path: Path) -> None:
    answer = export(done, tmp_path / "out", "--newline", "crlf")
    assert answer.code == 0, answer.text
    assert manifest_of(tmp_path / "out").settings.newline == "crlf"
    text = (tmp_path / "out/transcripts/txt/P01-PIR.txt").read_bytes().decode("utf-8-sig")
    assert text.replace("\r\n", "").count("\n") == 0
    assert text.count("\r\n") == text.count("\r") > 3
    plain = (done.study.coders / "transcripts/txt/P01-PIR.txt").read_bytes().decode("utf-8-sig")
    assert text.replace("\r\n", "\n") == plain
    rows = [r for r in turns.parse((tmp_path / "out/turns.csv").read_bytes()) if r.transcript == "P01-PIR"]
    assert [text[r.pos0 : r.pos1] for r in rows] == [r.text for r in rows]
    assert "CR LF" in (tmp_path / "out/README.md").read_text()


def test_every_format_at_every_level_shows_no_pair_and_no_name(done: Lab, tmp_path: Path) -> None:
    forms = ("--format", ",".join(all_formats()), "--rendering", "clean", "--newline", "crlf", "--code-redactions")
    for level in ("share", "archive"):
        out = tmp_path / level
        answer = done.run("-vv", "export", str(done.study.root), "--to", str(out), "--level", level, *forms)
        assert answer.code == 0, answer.text
        is_consistent(out)
        assert len(files_of(out)) > len(all_formats())
        assert CANARY.casefold() not in (answer.text + texts_of(out)).casefold()
        assert "P01" not in texts_of(out)


def test_a_name_learnt_since_stops_every_form(done: Lab, tmp_path: Path) -> None:
    with done.study.roster.open("a", encoding="utf-8") as file:
        file.write("\n,Doris,,friend,,\n")
    answer = export(done, tmp_path / "out", "--format", "rttm", "--rendering", "clean")
    assert answer.code == 7
    assert "Doris" not in answer.text
    assert not (tmp_path / "out").exists()


def test_an_export_in_a_form_is_replaced_by_another(done: Lab, tmp_path: Path) -> None:
    assert export(done, tmp_path / "out", "--format", "txt").code == 0
    assert export(done, tmp_path / "out", "--format", "docx").code == 0
    assert not (tmp_path / "out/transcripts/txt").exists()


def test_the_study_s_own_settings_are_compared_not_the_form(done: Lab, tmp_path: Path) -> None:
    """An export in another form leaves the release as it is, and the next run finds nothing to do."""
    before = done.bytes_of(done.study.coders)
    assert export(done, tmp_path / "out", "--rendering", "clean", "--newline", "crlf").code == 0
    assert done.run("release", str(done.study.root)).code == 0
    assert done.bytes_of(done.study.coders) == before


def test_sound_comes_with_the_project_and_is_listed(done: Lab, tmp_path: Path) -> None:
    """The command of docs/handover.md with all its options; one of the two did not agree to be heard."""
    set_consent(done, {"P01-PSW": "transcribe quote", "P01-PIR": "transcribe audio"})
    done.engines = fake_engines(recognizer=says(*["nothing of interest was told here today"] * 4))
    forms = ("--rendering", "clean", "--level", "team", "--newline", "crlf", "--with-audio", "--format")
    for place, form in (("with", "docx,qdpx"), ("without", "docx")):
        answer = export(done, tmp_path / place, *forms, form)
        assert answer.code == 0, answer.text
        is_consistent(tmp_path / place)
        assert [path.name for path in (tmp_path / place / "audio").glob("*.m4a")] == ["P01-PIR.m4a"]
        assert (tmp_path / place / "study_with_audio.qdpx").exists() == (place == "with")
    assert [line.audio for line in read_handovers(done.study)] == ["P01-PIR"] * 2
    with zipfile.ZipFile(tmp_path / "with" / "study_with_audio.qdpx") as archive:
        (sound,) = (name for name in archive.namelist() if name.endswith(".m4a"))
        assert archive.read(sound) == (tmp_path / "with/audio/P01-PIR.m4a").read_bytes()
        texts = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".txt")]
    assert texts
    assert all("\r\n" in text and "\n" not in text.replace("\r\n", "") for text in texts if "START OF" in text)
    assert sum("fillers and stutters left out" in text for text in texts) == 2


def test_a_name_in_the_project_with_sound_stops_the_export(
    done: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done.engines = fake_engines(recognizer=says(*["nothing of interest was told here today"] * 4))

    def leaky(study: object, words: object, audio: object, target: Path) -> None:
        with zipfile.ZipFile(target, "w") as archive:
            archive.writestr("project.qde", f"<Project><Note>{CANARY}</Note></Project>")

    monkeypatch.setattr("transcribe.exports.qdpx.write_with_audio", leaky)
    answer = export(done, tmp_path / "out", "--with-audio")
    assert answer.code == 7
    assert CANARY not in answer.text
    assert not (tmp_path / "out").exists()
    assert read_handovers(done.study) == ()


def test_documents_go_in_the_formats_that_are_asked_for(done: Lab, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("A note on the day.\n")
    root = str(done.study.root)
    added = done.run("redact", str(tmp_path / "note.txt"), "--study", root, "--pair", "P01", "--id", "P01-NOTE-1")
    assert added.code == 0
    assert done.run("release", root).code == 0
    for form, there in (("docx", {"documents/P01-NOTE-1.docx"}), ("txt", {"documents/P01-NOTE-1.txt"}), ("vtt", set())):
        assert export(done, tmp_path / form, "--format", form).code == 0
        assert {name for name in files_of(tmp_path / form) if name.startswith("documents/")} == there
        is_consistent(tmp_path / form)
    shutil.rmtree(tmp_path / "vtt")
