"""`transcribe key …`: what people see and do with the key, from the first look to the certificate of its end."""

import contextlib
import csv
import io
import os
import pty
import re
import stat
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pyrage
import pytest
import typer

from tests.conftest import HEADER, Lab
from tests.fakes import CANARY
from transcribe.redaction.key import generations, open_key, read_payload, save_key
from transcribe.redaction.key_identity import parse_identity
from transcribe.redaction.registry import Registry, RegistryEntity
from transcribe.store import StudyFolder

SECRET = re.compile(r"AGE-SECRET-KEY-1[A-Z0-9]+")
NAME = "=Ottoline Quagmire"
ENTITIES = (
    RegistryEntity("e00001", "PERSON", "P01-PIR", "[P01-PIR]", NAME, (NAME, "Otty"), "P01-PIR", ("P01",), "P01-PIR/u1"),
    RegistryEntity("e00002", "PERSON", "P01-PIR-SISTER", "[P01-PIR-SISTER_1]", "Berenike", ("Berenike",), "", ("P01",)),
    RegistryEntity("e00003", "PLACE", "PLACE", "[PLACE_1]", "Quuxton", ("Quuxton",), "", ("P01", "P02")),
    RegistryEntity("e00004", "PLACE", "PLACE", "[PLACE_2]", "Foobury", ("Foobury",), "", ("P02",)),
)
NAMES = ("Ottoline", "Otty", "Berenike", "Quuxton", "Foobury")


@pytest.fixture
def kept(lab: Lab) -> str:
    """A study whose key holds four entities; its recovery key."""
    lab.pair()
    answer = lab.run("init", str(lab.audio), "--study", str(lab.study.root))
    open_key(lab.study)
    save_key(lab.study, Registry(ENTITIES))
    found = SECRET.search(answer.out)
    assert found is not None
    return found.group()


def key(lab: Lab, command: str, *arguments: str) -> tuple[int, str, str]:
    answer = lab.run("-vv", "key", command, str(lab.study.root), *arguments)
    return answer.code, answer.out, answer.err


def secret_of(config: Path, number: int = 0) -> str:
    return SECRET.findall((config / "identity.txt").read_text())[number]


def opens(study: StudyFolder, secret: str, data: bytes | None = None) -> bool:
    try:
        pyrage.decrypt(study.key.read_bytes() if data is None else data, [parse_identity(secret)])
    except pyrage.DecryptError:
        return False
    return True


def test_show_says_who_is_behind_each_mark_on_stdout_alone(lab: Lab, kept: str) -> None:
    code, out, err = key(lab, "show")
    assert code == 0
    for entity in ENTITIES:
        assert all(text in out for text in (entity.mark, *entity.surfaces))
    assert not any(name in err for name in NAMES)
    _, out, _ = key(lab, "show", "--mark", "p01-pir", "--mark", "[PLACE_2]")
    assert all(mark in out for mark in ("[P01-PIR]", "[P01-PIR-SISTER_1]", "[PLACE_2]"))
    assert "[PLACE_1]" not in out
    code, _, err = key(lab, "show", "--mark", "[PLACE_7]")
    assert code == 2
    assert "PLACE_7" in err


def test_export_is_a_private_file_that_no_spreadsheet_runs(lab: Lab, kept: str, tmp_path: Path) -> None:
    target = tmp_path / "key.csv"
    before = os.umask(0)
    try:
        code, out, err = key(lab, "export", "--to", str(target))
    finally:
        os.umask(before)
    assert code == 0
    assert "NOT encrypted" in out
    assert not any(name in out + err for name in NAMES)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_bytes().startswith(b"\xef\xbb\xbfmark,kind,surfaces,")
    rows = list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))
    assert [row["mark"] for row in rows] == [e.mark for e in ENTITIES]
    assert rows[0]["surfaces"] == f"'{NAME}; Otty"
    assert rows[2]["pairs"] == "P01; P02"
    assert key(lab, "export", "--to", str(target))[0] == 2


@pytest.mark.parametrize("place", ["coders", "report", "repository/deep", "link", "missing", "Dropbox"])
def test_export_refuses_places_that_are_seen_by_others(lab: Lab, kept: str, tmp_path: Path, place: str) -> None:
    for folder in ("study/coders", "study/report", "repository/deep", "repository/.git", "Dropbox"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to(lab.study.coders)
    folder = lab.study.root / place if place in ("coders", "report") else tmp_path / place
    code, out, err = key(lab, "export", "--to", str(folder / "key.csv"))
    assert code == 2
    assert not any(name in out + err for name in NAMES)
    assert not list(tmp_path.rglob("key.csv"))


def test_a_second_holder_is_let_in_and_shut_out(lab: Lab, kept: str) -> None:
    other = pyrage.x25519.Identity.generate()
    assert key(lab, "add-recipient", str(other.to_public()))[0] == 0
    assert opens(lab.study, str(other))
    code, out, _ = key(lab, "show", "--recipients")
    assert code == 0
    assert [re.sub(r" +age1\w+ +", " ", line).rstrip() for line in out.splitlines()[1:]] == [
        "1 this account",
        "2 the recovery key",
        "3 another holder",
    ]
    copy = lab.study.key.read_bytes()
    assert key(lab, "add-recipient", str(other.to_public()))[0] == 2
    code, out, _ = key(lab, "remove-recipient", "3")
    assert code == 0
    assert "still open" in out
    assert not opens(lab.study, str(other))
    assert opens(lab.study, str(other), copy)
    assert not any(opens(lab.study, str(other), path.read_bytes()) for path in generations(lab.study))
    assert open_key(lab.study) == Registry(ENTITIES)


def test_nobody_shuts_themselves_out_or_leaves_one_holder_by_mistake(lab: Lab, kept: str) -> None:
    before = lab.study.key.read_bytes()
    for arguments in (("1",), ("2",), ("9",), ("age1nonsense",), ("1", "--force-single")):
        assert key(lab, "remove-recipient", *arguments)[0] == 2
    assert lab.study.key.read_bytes() == before
    assert key(lab, "remove-recipient", "2", "--force-single")[0] == 0
    assert not opens(lab.study, kept)
    assert lab.run("doctor", str(lab.study.root)).out.count("one recipient only") == 1


@pytest.mark.parametrize("recipient", ["", "hello", "age1", "AGE-SECRET-KEY-1QQQQ", "age1" + "q" * 58])
def test_what_is_no_recipient_is_refused_without_being_shown(lab: Lab, kept: str, recipient: str) -> None:
    code, out, err = key(lab, "add-recipient", recipient)
    assert code == 2
    assert "QQQQ" not in out + err
    assert ("never use it again" in err) == recipient.startswith("AGE-SECRET")


def test_rotate_locks_the_key_anew(lab: Lab, kept: str, own_config: Path) -> None:
    old_secret, copy = secret_of(own_config), lab.study.key.read_bytes()
    code, out, err = key(lab, "rotate", "--recovery-kept", "in the safe")
    assert code == 0
    fresh = SECRET.findall(out)
    assert len(fresh) == 1
    assert not SECRET.search(err)
    assert opens(lab.study, fresh[0])
    assert not opens(lab.study, kept)
    assert not opens(lab.study, old_secret)
    assert opens(lab.study, old_secret, copy)
    assert not any(opens(lab.study, s, p.read_bytes()) for s in (kept, old_secret) for p in generations(lab.study))
    assert open_key(lab.study) == Registry(ENTITIES)
    assert [line for line in key(lab, "show", "--recipients")[1].splitlines() if "recovery" in line]


def test_rotating_one_study_leaves_the_others_open_and_they_take_the_new_identity(
    lab: Lab, kept: str, own_config: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    lab.run("init", str(lab.audio), "--study", str(other))
    assert key(lab, "rotate", "--what", "account")[0] == 0
    assert open_key(StudyFolder(other)) == Registry()
    assert len(SECRET.findall((own_config / "identity.txt").read_text())) == 2
    assert lab.run("key", "rotate", str(other), "--what", "account").code == 0
    assert len(SECRET.findall((own_config / "identity.txt").read_text())) == 2
    assert opens(StudyFolder(other), secret_of(own_config, 0))
    assert not opens(StudyFolder(other), secret_of(own_config, 1))
    assert stat.S_IMODE((own_config / "identity.txt").stat().st_mode) == 0o600


def test_rotating_the_recovery_key_alone_leaves_the_account(lab: Lab, kept: str, own_config: Path) -> None:
    assert key(lab, "rotate", "--what", "recovery")[0] == 0
    assert opens(lab.study, secret_of(own_config))
    assert not opens(lab.study, kept)
    assert len(read_payload(lab.study).recipients) == 2


def transcribe(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """The real command line on another account: a home of its own, and nothing of ours in the environment."""
    environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, "-m", "transcribe", *arguments],
        input=stdin,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fresh_account_opens_the_study_with_the_recovery_key(
    lab: Lab, kept: str, tmp_path: Path, own_config: Path
) -> None:
    home, study = tmp_path / "fresh home", str(lab.study.root)
    home.mkdir()
    shut = transcribe(home, "key", "show", study)
    assert shut.returncode == 7
    assert "key restore STUDY --recovery" in shut.stderr
    wrong = transcribe(home, "key", "restore", study, "--recovery", stdin=f"{pyrage.x25519.Identity.generate()}\n")
    assert wrong.returncode == 7
    assert not (home / ".config" / "transcribe" / "identity.txt").exists()
    assert transcribe(home, "key", "restore", study, "--recovery", stdin="hello\n").returncode == 2
    done = transcribe(home, "key", "restore", study, "--recovery", stdin=kept + "\n")
    assert done.returncode == 0, done.stderr
    assert kept not in done.stdout + done.stderr
    shown = transcribe(home, "key", "show", study)
    assert shown.returncode == 0
    assert NAME in shown.stdout
    assert transcribe(home, "key", "show", study, "--recipients").stdout.count("age1") == 3
    assert opens(lab.study, kept)
    assert opens(lab.study, secret_of(own_config))
    identity = home / ".config" / "transcribe" / "identity.txt"
    assert stat.S_IMODE(identity.stat().st_mode) == 0o600
    assert kept not in identity.read_text()
    again = transcribe(home, "key", "restore", study, "--recovery", stdin=kept)
    assert again.returncode == 0
    assert "already" in again.stdout
    assert not any(kept.encode() in p.read_bytes() for p in lab.study.root.rglob("*") if p.is_file())


def test_a_damaged_key_is_restored_on_a_fresh_account_too(lab: Lab, kept: str, tmp_path: Path) -> None:
    lab.study.key.write_bytes(b"damaged")
    done = transcribe(tmp_path, "key", "restore", str(lab.study.root), "--recovery", "--earlier", stdin=kept)
    assert done.returncode == 0, done.stderr
    assert open_key(lab.study) == Registry(ENTITIES)
    assert NAME in transcribe(tmp_path, "key", "show", str(lab.study.root)).stdout


def test_own_shows_the_recipient_that_can_be_added(lab: Lab, kept: str, tmp_path: Path) -> None:
    shown = transcribe(tmp_path, "key", "own")
    recipient = shown.stdout.strip()
    assert recipient.startswith("age1")
    assert not SECRET.search(shown.stdout + shown.stderr)
    assert key(lab, "add-recipient", recipient)[0] == 0
    assert NAME in transcribe(tmp_path, "key", "show", str(lab.study.root)).stdout


def destroy(lab: Lab, *arguments: str) -> tuple[int, str, str]:
    return key(lab, "destroy", "--who", "ab", "--why", "end of retention", *arguments)


def test_destroy_leaves_a_certificate_and_nothing_that_opens(lab: Lab, kept: str, own_config: Path) -> None:
    lab.study.key.with_name("kept.txt").write_text("mine")
    before = sha256(lab.study.key.read_bytes()).hexdigest()
    code, out, err = destroy(lab, "--yes")
    assert code == 0, err
    assert not list(lab.study.root.rglob("*.age"))
    text = (lab.study.report / "key-destruction.md").read_text()
    for fact in (before, "AB", "end of retention", "| PLACE | 2 |", "| P01-PIR | 1 |", "version of the key: 2"):
        assert fact in text
    assert "roster.csv" in text
    assert "anonym" not in text.casefold()
    assert not any(name in text + out + err for name in (*NAMES, "P01-PSW.wav"))
    assert str(lab.study.root) not in text
    assert (own_config / "identity.txt").exists()
    assert (lab.study.private / "kept.txt").read_text() == "mine"


def test_after_destruction_every_command_names_the_certificate_and_none_makes_a_key(lab: Lab, kept: str) -> None:
    study = str(lab.study.root)
    destroy(lab, "--yes")
    for command in (
        ("run", study),
        ("run", str(lab.audio), "--study", study),
        ("init", str(lab.audio), "--study", study),
        ("release", study),
        ("decide", study, "--list"),
        ("key", "show", study),
        ("key", "show", study, "--recipients"),
        ("key", "rotate", study),
        ("key", "export", study, "--to", str(lab.audio / "key.csv")),
        ("key", "add-recipient", study, str(pyrage.x25519.Identity.generate().to_public())),
        ("key", "remove-recipient", study, "2"),
        ("key", "restore", study, "--earlier"),
    ):
        answer = lab.run(*command)
        assert answer.code == 7, (command, answer.text)
        assert "report/key-destruction.md" in answer.err
        assert not SECRET.search(answer.text)
    assert not list(lab.study.root.rglob("*.age"))
    assert destroy(lab, "--yes")[0] == 2


def test_a_key_copied_back_after_destruction_stays_closed(lab: Lab, kept: str) -> None:
    copy = lab.study.key.read_bytes()
    destroy(lab, "--yes")
    lab.study.key.write_bytes(copy)
    code, _, err = key(lab, "show")
    assert code == 7
    assert "transcribe key destroy STUDY" in err
    assert destroy(lab, "--yes")[0] == 0
    assert not lab.study.key.exists()


def test_destroy_asks_and_refuses_names_and_reasons_that_are_none(lab: Lab, kept: str) -> None:
    before = lab.study.key.read_bytes()
    assert destroy(lab)[0] == 2
    for why in ("berenike asked for it", "OTTY.", " "):
        code, _, err = key(lab, "destroy", "--who", "AB", "--why", why, "--yes")
        assert code == 2
        assert "berenike" not in err.casefold()
    for who in ("A", "Anna Lau", "A1"):
        assert key(lab, "destroy", "--who", who, "--why", "end", "--yes")[0] == 2
    assert lab.study.key.read_bytes() == before
    assert not (lab.study.report / "key-destruction.md").exists()


def test_a_key_that_nobody_can_open_can_be_destroyed(lab: Lab, kept: str, own_config: Path) -> None:
    (own_config / "identity.txt").unlink()
    assert destroy(lab, "--yes")[0] == 0
    assert "could not be opened" in (lab.study.report / "key-destruction.md").read_text()
    assert not (own_config / "identity.txt").exists()


def test_copies_of_the_key_in_the_study_are_counted_in_the_certificate(lab: Lab, kept: str) -> None:
    copy = lab.study.private / "key-history" / "Berenike (copy).age"
    copy.write_bytes(lab.study.key.read_bytes())
    assert destroy(lab, "--yes")[0] == 0
    assert copy.exists()
    text = (lab.study.report / "key-destruction.md").read_text()
    assert "1 files ending in .age" in text
    assert "Berenike" not in text


def on_a_terminal(home: Path, typed: str, *arguments: str) -> tuple[int, str]:
    """The real command line with a terminal to type on; its exit code and all that the terminal showed."""
    master, slave = pty.openpty()
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb"}
    command = [sys.executable, "-m", "transcribe", *arguments]
    with subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    ) as process:
        os.close(slave)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal is closed when the program has ended
            while data := os.read(master, 4096):
                shown += data
                # The space comes last, once the echo is off: what is typed before that is flushed away.
                if shown.endswith(b": ") and typed:
                    os.write(master, typed.encode() + b"\n")
                    typed = ""
    os.close(master)
    return process.returncode, shown.decode()


def test_on_a_terminal_the_recovery_key_is_asked_for_and_never_shown(lab: Lab, kept: str, tmp_path: Path) -> None:
    code, shown = on_a_terminal(tmp_path, kept, "key", "restore", str(lab.study.root), "--recovery")
    assert code == 0, shown
    assert "Recovery key" in shown
    assert "opens for this account now" in shown
    assert kept not in shown


def test_on_a_terminal_destruction_wants_the_name_of_the_study(lab: Lab, kept: str, tmp_path: Path) -> None:
    command = ("key", "destroy", str(lab.study.root), "--who", "AB", "--why", "end")
    code, shown = on_a_terminal(tmp_path, "yes", *command)
    assert code == 2
    assert "nothing was destroyed" in shown
    assert lab.study.key.exists()
    code, shown = on_a_terminal(tmp_path, lab.study.root.name, *command)
    assert code == 0, shown
    assert not lab.study.key.exists()


def test_the_lifetime_of_a_key_over_a_whole_study(lab: Lab) -> None:
    """Interviews, release, rotation, another run, destruction: marks stay, and coders/ is not touched at the end."""
    lab.pair()
    assert lab.go().code == 0
    first = lab.bytes_of(lab.study.coders)
    assert key(lab, "rotate")[0] == 0
    assert lab.run("run", str(lab.study.root)).code == 0
    assert lab.bytes_of(lab.study.coders) == first
    assert CANARY in key(lab, "show")[1]
    assert destroy(lab, "--yes")[0] == 0
    assert "2 transcripts as they were spoken" in (lab.study.report / "key-destruction.md").read_text()
    assert lab.bytes_of(lab.study.coders) == first
    assert CANARY.casefold() not in lab.everything_outside_private().casefold()


def test_the_header_alone_makes_a_study(tmp_path: Path, lab: Lab) -> None:
    (tmp_path / "empty").mkdir()
    assert lab.run("key", "show", str(tmp_path / "empty")).code == 2
    (tmp_path / "empty" / "private").mkdir()
    (tmp_path / "empty" / "private" / "manifest.csv").write_text(HEADER)
    answer = lab.run("key", "destroy", str(tmp_path / "empty"), "--who", "AB", "--why", "end", "--yes")
    assert answer.code == 2
    assert "no key" in answer.err


def test_ctrl_c_at_a_question_is_an_interruption_and_no_bug(
    lab: Lab, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> str:
        raise typer.Abort

    monkeypatch.setattr("typer.prompt", interrupted)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    answer = lab.run("key", "destroy", str(lab.study.root), "--who", "AB", "--why", "end")
    assert answer.code == 130
    assert "interrupted" in answer.err
    assert lab.study.key.exists()
