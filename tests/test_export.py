"""`transcribe export`: what is handed over is what was released, at its level, on record, and nothing else."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyrage
import pytest

from tests.conftest import Answer, Lab, write_tone
from tests.fakes import CANARY, LINES, FakeDetector, FakeRecognizer, fake_engines, raising
from transcribe.engines import Outcome, RecognitionJob
from transcribe.errors import EngineError
from transcribe.exports import manifest
from transcribe.handover.audio import of_those_who_agreed
from transcribe.handover.folder import read_handovers
from transcribe.progress import Progress
from transcribe.records import (
    Event,
    Recognition,
    Recording,
    Redaction,
    RedactionList,
    Transcript,
    Utterance,
    UtteranceWord,
)
from transcribe.redaction.key import open_key
from transcribe.redaction.levels import Interview
from transcribe.release.coders_files import hash_file
from transcribe.study.withdrawals import Stretch, Withdrawal, append_withdrawal

CONSENTS = {"P01-PSW": "transcribe quote archive", "P01-PIR": "transcribe quote audio", "P02-PIR": "transcribe"}


def set_consent(lab: Lab, consents: dict[str, str]) -> None:
    text = lab.study.manifest.read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    out = io.StringIO()
    table = csv.DictWriter(out, rows[0].keys())
    table.writeheader()
    for row in rows:
        table.writerow({**row, "consent": consents.get(row["id"], row["consent"])})
    lab.study.manifest.write_text(out.getvalue(), "utf-8")


@pytest.fixture
def done(lab: Lab) -> Lab:
    """A released study of three interviews with other consents."""
    lab.pair()
    write_tone(lab.audio / "P02-PIR.wav", pitch=440)
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    set_consent(lab, CONSENTS)
    assert lab.run("run", str(lab.study.root)).code == 0
    return lab


def export(lab: Lab, to: Path, *arguments: str) -> Answer:
    return lab.run("export", str(lab.study.root), "--to", str(to), *arguments)


def files_of(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def texts_of(folder: Path) -> str:
    """All that can be read in an export, file names too, and what is in zips of zips."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return "\n".join(text for path in files for text in (path.name, *texts_in(path.read_bytes())))


def texts_in(data: bytes) -> Iterator[str]:
    """The text of a file; of a zip, names and texts of its members."""
    if not data.startswith(b"PK\x03\x04"):
        # The digits of a GUID are chance: one of hundreds holds D01.
        yield re.sub("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "", data.decode("utf-8", "replace"))
        return
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            yield from texts_in(name.encode())
            yield from texts_in(archive.read(name))


def test_the_team_gets_the_release_as_coders_have_it(done: Lab, tmp_path: Path) -> None:
    answer = export(done, tmp_path / "out", "--for", "AB, by hand")
    assert answer.code == 0, answer.text
    assert files_of(tmp_path / "out") == files_of(done.study.coders)
    (line,) = read_handovers(done.study)
    assert (line.level, line.release, line.to_whom, line.form) == ("team", 1, "AB, by hand", "folder")
    assert line.recordings == "P01-PIR P01-PSW P02-PIR"
    assert line.files == len(files_of(tmp_path / "out"))


def test_a_coders_own_files_and_edits_are_not_handed_over(done: Lab, tmp_path: Path) -> None:
    before = files_of(done.study.coders)
    (done.study.coders / "mine.txt").write_text("my notes")
    (done.study.coders / "transcripts/txt/P01-PIR.txt").write_text("edited")
    assert export(done, tmp_path / "out").code == 0
    assert files_of(tmp_path / "out") == before


@pytest.mark.parametrize(("level", "gone"), [("share", ("P02-PIR",)), ("archive", ("P01-PIR", "P02-PIR"))])
def test_beyond_the_team_only_who_agreed_and_no_pair(done: Lab, tmp_path: Path, level: str, gone: tuple[str]) -> None:
    answer = export(done, tmp_path / "out", "--level", level)
    assert answer.code == 0, answer.text
    assert f"no consent to this level: {', '.join(gone)}" in answer.out
    seen = texts_of(tmp_path / "out")
    assert CANARY not in seen
    for code in ("P01", "P02", "D01"):
        assert code not in seen
    found = manifest.parse((tmp_path / "out" / "manifest.json").read_bytes())
    assert found.settings.level == level
    assert found.release == 1
    assert len(found.transcripts) == 3 - len(gone)
    assert all(entry.pair == "" and entry.month == "" for entry in found.transcripts)
    assert f"**Level {level}**" in (tmp_path / "out" / "README.md").read_text()


def test_two_exports_call_everybody_alike(done: Lab, tmp_path: Path) -> None:
    assert export(done, tmp_path / "one", "--level", "share").code == 0
    key = open_key(done.study)
    assert export(done, tmp_path / "two", "--level", "share").code == 0
    assert files_of(tmp_path / "one") == files_of(tmp_path / "two")
    assert open_key(done.study) == key
    assert done.run("release", str(done.study.root)).code == 0, "the names do not disturb the next release"
    assert len(read_handovers(done.study)) == 2


def test_an_earlier_export_is_replaced_and_nothing_else_is(done: Lab, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert export(done, out).code == 0
    assert export(done, out, "--level", "share").code == 0
    assert CANARY not in texts_of(out)
    assert "P01" not in texts_of(out)
    (out / "notes.txt").write_text("mine")
    answer = export(done, out)
    assert answer.code == 2
    assert "name a new or an empty folder" in answer.err
    assert (out / "notes.txt").read_text() == "mine"


def test_the_study_is_no_place_for_an_export(done: Lab, tmp_path: Path) -> None:
    for place in (done.study.root / "out", done.study.coders / "out", done.study.root):
        answer = export(done, place)
        assert (answer.code, "outside the study" in answer.err) == (2, True)
    (tmp_path / "file").write_text("")
    assert export(done, tmp_path / "file").code == 2
    assert read_handovers(done.study) == ()


def test_a_zip_is_the_same_bytes_each_time(done: Lab, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert export(done, tmp_path / name, "--zip").code == 0
    one, two = tmp_path / "a/transcripts-team-1.zip", tmp_path / "b/transcripts-team-1.zip"
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files_of(done.study.coders)


def test_an_encrypted_archive_opens_for_its_recipients_alone(done: Lab, tmp_path: Path) -> None:
    mine, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    answer = export(done, tmp_path / "out", "--encrypt-to", str(mine.to_public()), "--level", "share")
    assert answer.code == 0, answer.text
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == "transcripts-share-1.zip.age"
    with zipfile.ZipFile(io.BytesIO(pyrage.decrypt(path.read_bytes(), [mine]))) as archive:
        assert "manifest.json" in archive.namelist()
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(path.read_bytes(), [other])
    secret = export(done, tmp_path / "no", "--encrypt-to", str(mine))
    assert secret.code == 2
    assert str(mine) not in secret.text
    assert not (tmp_path / "no").exists()


def test_what_was_not_released_is_not_exported(lab: Lab, tmp_path: Path) -> None:
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    answer = export(lab, tmp_path / "out")
    assert (answer.code, "nothing was released yet" in answer.err) == (2, True)


def test_a_study_that_has_changed_since_its_release_is_released_first(done: Lab, tmp_path: Path) -> None:
    before = done.study.manifest.read_text("utf-8-sig")
    settings = done.study.settings.read_text()
    done.study.manifest.write_text(before.replace(",P02,", ",P03,"))
    for _ in range(2):
        answer = export(done, tmp_path / "out")
        assert answer.code == 2
        assert "run `transcribe release STUDY`" in answer.err
        assert not (tmp_path / "out").exists()
        done.study.manifest.write_text(before)
        done.study.settings.write_text(settings.replace('paper = "a4"', 'paper = "letter"'))
    done.study.settings.write_text(settings)
    assert export(done, tmp_path / "out").code == 0


def test_a_name_learnt_since_the_release_stops_the_export(done: Lab, tmp_path: Path) -> None:
    with done.study.roster.open("a", encoding="utf-8") as file:
        file.write("\n,Doris,,friend,,\n")
    answer = export(done, tmp_path / "out")
    assert answer.code == 7
    assert "learnt since" in answer.err
    assert "Doris" not in answer.text
    assert not (tmp_path / "out").exists()
    assert done.run("release", str(done.study.root)).code == 0
    assert export(done, tmp_path / "out").code == 0


def test_nobody_agreed(done: Lab, tmp_path: Path) -> None:
    set_consent(done, {"P01-PSW": "transcribe"})
    answer = export(done, tmp_path / "out", "--level", "archive")
    assert (answer.code, "consent 'archive'" in answer.err) == (2, True)


def test_an_export_that_cannot_be_put_in_place_leaves_what_was_there(
    done: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    assert export(done, out).code == 0
    before = files_of(out)

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr("transcribe.handover.export.put_in_place", broken)
    assert export(done, out, "--level", "share").code == 2
    assert files_of(out) == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".out")] == []
    assert [line.level for line in read_handovers(done.study)] == ["team"]
    assert not list(done.study.private.glob(".export-*"))


def test_a_killed_export_is_on_record_and_the_next_one_clears_its_copy_away(
    done: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("transcribe.handover.export.put_in_place", kill)
        patched.setattr("transcribe.handover.export.remove_temporary", lambda temporary: None)
        patched.setattr("transcribe.handover.export.take_back_handover", lambda *_: None)
        with pytest.raises(Killed):
            export(done, tmp_path / "out")
    (left,) = (p for p in tmp_path.iterdir() if p.name.startswith(".out"))
    assert left.stat().st_mode & 0o777 == 0o700
    assert len(read_handovers(done.study)) == 1
    assert export(done, tmp_path / "out").code == 0
    assert not left.exists()


def test_an_archive_overwrites_nothing_and_a_link_is_no_target(done: Lab, tmp_path: Path) -> None:
    (tmp_path / "transcripts-team-1.zip").write_text("somebody's only copy")
    answer = export(done, tmp_path, "--zip")
    assert (answer.code, "is there already" in answer.err) == (2, True)
    assert (tmp_path / "transcripts-team-1.zip").read_text() == "somebody's only copy"
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    answer = export(done, tmp_path / "link")
    assert (answer.code, "this is a link" in answer.err) == (2, True)
    assert read_handovers(done.study) == ()


def test_while_it_is_copied_nobody_else_can_read_it(done: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    mkdir = Path.mkdir

    def note(path: Path, *rest: int, **options: bool) -> None:
        mkdir(path, *rest, **options)
        if path.name.startswith(".out"):
            made.append(path.stat().st_mode & 0o777)

    monkeypatch.setattr(Path, "mkdir", note)
    assert export(done, tmp_path / "out").code == 0
    assert made == [0o700], "the folder is closed before anything is in it"
    assert export(done, tmp_path / "zips", "--zip").code == 0
    (path,) = (tmp_path / "zips").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_code_said_aloud_withholds_its_transcript_beyond_the_team(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`P01-PSW` in somebody's words would tell who belongs to whom."""
    monkeypatch.setattr("tests.fakes.LINES", (*LINES[:3], ("They call me p01-PSW there.", "SPEAKER-2")))
    lab.pair()
    lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    set_consent(lab, {"P01-PSW": "transcribe quote", "P01-PIR": "transcribe quote"})
    assert lab.run("run", str(lab.study.root)).code == 0
    assert export(lab, tmp_path / "team").code == 0
    answer = export(lab, tmp_path / "out", "--level", "share")
    assert answer.code == 7
    assert "a code of the study" in answer.err
    assert not (tmp_path / "out").exists()
    assert [line.level for line in read_handovers(lab.study)] == ["team"]


def test_a_withdrawal_says_who_has_to_give_back_what(done: Lab, tmp_path: Path) -> None:
    assert export(done, tmp_path / "out", "--for", "coder AB").code == 0
    assert export(done, tmp_path / "archive", "--level", "archive", "--for", "the data archive").code == 0
    answer = done.run("withdraw", str(done.study.root), "--person", "P01-PIR", "--who", "AB", "--yes")
    assert answer.code == 0, answer.text
    assert "to coder AB (level team, release 1): P01-PIR" in answer.out
    assert "the data archive" not in answer.out, "it never got this interview"


def says(*lines: str) -> FakeRecognizer:
    """A recogniser that hears these lines, whatever it listens to."""

    class Says(FakeRecognizer):
        def recognize(self, jobs: Iterable[RecognitionJob], progress: Progress) -> Iterator[Outcome[Recognition]]:
            for job in jobs:
                segments = tuple(self._segment(i, text, i, 1.0) for i, text in enumerate(lines))
                yield Outcome(job.audio.recording.id, Recognition(job.audio.recording.id, segments, 1.0, 1.0), 0.1)

    return Says()


def test_audio_goes_where_its_people_agreed_and_under_the_name_of_the_level(done: Lab, tmp_path: Path) -> None:
    done.engines = fake_engines(recognizer=says(*["nothing of interest was told here today"] * 4))
    for level in ("team", "share"):
        answer = export(done, tmp_path / level, "--with-audio", "--level", level)
        assert answer.code == 0, answer.text
        assert "With redacted audio: P01-PIR." in answer.out
        assert "no consent to it: P01-PSW" in answer.out
        sounds = sorted(p.name for p in (tmp_path / level / "audio").glob("*.m4a"))
        assert len(sounds) == 1
        assert (sounds == ["P01-PIR.m4a"]) == (level == "team")
        listed = manifest.parse((tmp_path / level / "manifest.json").read_bytes()).sha256
        assert set(files_of(tmp_path / level)) == {*listed, "manifest.json"}
        assert all(hash_file(tmp_path / level / name) == sha256 for name, sha256 in listed.items())
        assert "biometric" in (tmp_path / level / "audio" / "README.md").read_text()
        told = (tmp_path / level / "README.md").read_text()
        assert "`audio/` holds a sound file per transcript" in told
        assert "`study_with_audio.qdpx` is `study.qdpx` with this sound" in told
    assert [line.audio for line in read_handovers(done.study)] == ["P01-PIR"] * 2
    assert export(done, tmp_path / "team", "--with-audio").code == 0, "an earlier export with audio is replaced"


def test_audio_in_which_a_name_is_heard_again_stays_here_and_the_transcript_goes(done: Lab, tmp_path: Path) -> None:
    answer = export(done, tmp_path / "out", "--with-audio")
    assert answer.code == 7
    assert "WITHHELD P01-PIR audio:" in answer.out
    assert CANARY not in answer.text
    assert not (tmp_path / "out" / "audio").exists()
    assert (tmp_path / "out" / "transcripts" / "txt" / "P01-PIR.txt").exists()
    assert [line.audio for line in read_handovers(done.study)] == [""]


@pytest.mark.parametrize("trouble", [RuntimeError(CANARY), MemoryError(CANARY), EngineError("it failed")])
def test_no_audio_goes_unheard(done: Lab, tmp_path: Path, trouble: Exception) -> None:
    done.engines = fake_engines(recognizer=FakeRecognizer(trouble=raising(trouble)))
    answer = export(done, tmp_path / "out", "--with-audio")
    assert answer.code == 7
    assert CANARY not in answer.text
    assert not (tmp_path / "out" / "audio").exists()


def test_an_original_that_is_gone_costs_its_audio_alone(done: Lab, tmp_path: Path) -> None:
    (done.audio / "P01-PIR.wav").unlink()
    answer = export(done, tmp_path / "out", "--with-audio")
    assert answer.code == 7
    assert "WITHHELD P01-PIR audio:" in answer.out
    assert "P01-PIR.wav" not in answer.text
    assert len(list((tmp_path / "out").glob("transcripts/txt/*"))) == 3


def test_nothing_of_a_name_is_in_what_is_handed_over_or_said(done: Lab, tmp_path: Path) -> None:
    """Not in file names, in any member of a docx, in its properties, or in what the command prints at -vv."""
    for level in ("team", "share", "archive"):
        answer = done.run("-vv", "export", str(done.study.root), "--to", str(tmp_path / level), "--level", level)
        assert answer.code == 0
        assert CANARY.casefold() not in (answer.text + texts_of(tmp_path / level)).casefold()


def test_what_was_taken_back_and_is_not_yet_taken_out_is_not_exported(done: Lab, tmp_path: Path) -> None:
    """A kill between the record of a withdrawal and its deletions."""
    taken = Withdrawal(1, "P01-PIR", "AB", "2026-01-02T03:04:05Z", "", False, (), (Stretch("P01-PIR", 1.8, 2.0),))
    append_withdrawal(done.study, taken)
    answer = export(done, tmp_path / "out")
    assert answer.code == 2
    assert "run `transcribe release STUDY`" in answer.err
    assert not (tmp_path / "out").exists()


def test_stretches_may_be_taken_back_one_after_the_other(done: Lab, tmp_path: Path) -> None:
    """`They meant a bit more`: the same start, an overlap, and a stretch within what is left of a cut utterance."""
    for start, end in (("1.8", "2.0"), ("1.8", "2.2"), ("1.5", "1.6"), ("1.2", "1.25"), ("2.1", "2.6")):
        times = ("--from", f"00:00:0{start}", "--to", f"00:00:0{end}")
        command = ("withdraw", str(done.study.root), "--who", "AB", "--person", "P01-PIR", "--recording", "P01-PIR")
        answer = done.run(*command, *times, "--yes")
        assert answer.code == 0, answer.text
    text = (done.study.coders / "transcripts/txt/P01-PIR.txt").read_text("utf-8-sig")
    assert text.count("[withheld") == 3
    assert done.run("run", str(done.study.root)).code == 0
    assert (done.study.coders / "transcripts/txt/P01-PIR.txt").read_text("utf-8-sig") == text


def test_what_is_undecided_is_not_exported_under_hold(done: Lab, tmp_path: Path) -> None:
    settings = done.study.settings.read_text()
    done.study.settings.write_text(settings.replace('policy = "strict"', 'policy = "hold"'))
    done.engines = fake_engines(detector=FakeDetector(score=0.5, fingerprint="unsure"))
    assert done.run("release", str(done.study.root), "--policy", "strict").code == 0
    answer = export(done, tmp_path / "out")
    assert answer.code == 7
    assert "undecided" in answer.err
    assert not (tmp_path / "out").exists()


def test_a_third_voice_is_not_heard_even_where_its_words_are_kept() -> None:
    words = (UtteranceWord("Zoltan", 2.0, 2.8, 0.9, (0, 6)),)
    utterances = tuple(
        Utterance(f"u{n}", who, "en", words[0].start, words[0].end, "Zoltan", words)
        for n, who in enumerate(("INT", "P01-PIR", "SPEAKER-3"), 1)
    )
    redactions = tuple(
        Redaction(u.id, 0, 6, "e00001", "direct", "PERSON", "[PERSON_1]", "fake", 0.9, "open") for u in utterances
    )
    recording = Recording("P01-PIR", "P01", "PIR", "P01-PIR", 1, "en", (), 10.0)
    interview = Interview(recording, Transcript("P01-PIR", utterances), RedactionList("P01-PIR", redactions))
    said = of_those_who_agreed(interview, ("INT", "P01-PIR"))
    assert [u.speaker for u in said.transcript.utterances] == ["INT", "P01-PIR"]
    assert said.transcript.events == (Event("third-party", 2.0, 2.8),)
    assert [r.utterance for r in said.redactions.redactions] == ["u1", "u2"]
