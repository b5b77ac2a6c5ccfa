"""`run --offline-proof`: under each method that this system allows, really; the refusals, where it allows none."""

import contextlib
import errno
import json
import os
import platform
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Lab
from tests.fakes import CANARY
from transcribe.errors import DependencyError, ValidationError
from transcribe.network_off import OFFLINE_VARIABLES, keep_libraries_offline
from transcribe.offline_proof import attempts as attempts_module
from transcribe.offline_proof import proof
from transcribe.offline_proof.attempts import Attempt, attempts, local_sockets_work
from transcribe.offline_proof.cutting import METHODS, cut, socket_filter
from transcribe.offline_proof.proof import Cut, child_attempts, cut_off_network, launcher, record_proof, working_method

DRIVER = Path(__file__).parent / "offline_driver.py"
WAY_OUT = Attempt("TCP to this machine, 127.0.0.1", "ECONNREFUSED", False)
SHUT = Attempt("TCP to this machine, 127.0.0.1", "ENETUNREACH", True)


def allowed(method: str) -> bool:
    """Whether this system lets a process cut itself off so; where it does not, the refusals below are what counts."""
    with contextlib.suppress(OSError):
        child_attempts(launcher(method))
        return True
    return False


ALLOWED = tuple(method for method in METHODS if allowed(method))
each_method = pytest.mark.parametrize(
    "method", [pytest.param(m, marks=() if m in ALLOWED else pytest.mark.skip("not allowed here")) for m in METHODS]
)


def test_with_a_network_nothing_is_sent_outside() -> None:
    found = attempts()
    assert not found[0].impossible
    outside = [attempt for attempt in found if "192.0.2.1" in attempt.what or "2001:db8" in attempt.what]
    assert len(outside) == 3
    assert all(attempt.outcome == "not tried" and not attempt.impossible for attempt in outside)


@each_method
def test_a_child_process_can_connect_to_nothing(method: str) -> None:
    found = child_attempts(launcher(method))
    assert len(found) == 7
    assert all(attempt.impossible for attempt in found), found
    assert {"TCP to 192.0.2.1", "name service, UDP to 192.0.2.1", "TCP to 2001:db8::1"} <= {a.what for a in found}


@each_method
def test_a_connection_that_is_open_already_is_found(method: str) -> None:
    with socket.socket() as listening:
        os.set_inheritable(listening.fileno(), True)
        command = [*launcher(method), sys.executable, "-m", "transcribe.offline_proof.attempts"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, pass_fds=[listening.fileno()])
    assert [Attempt(**a).impossible for a in json.loads(done.stdout)] == [True] * 6 + [False]


@each_method
def test_processes_of_the_machine_still_talk_to_one_another_and_files_stay_ours(method: str, tmp_path: Path) -> None:
    code = (
        "import multiprocessing as m, os, sys; from transcribe.offline_proof.attempts import local_sockets_work\n"
        "if __name__ == '__main__':\n"
        "    with m.get_context('spawn').Pool(1) as pool: print(pool.apply(max, (3, 4)))\n"
        "    open(sys.argv[1], 'w').close(); os.chmod(sys.argv[1], 0o600)\n"
        "    print(local_sockets_work(), os.getuid())"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    command = [*launcher(method), sys.executable, str(script), str(tmp_path / "file")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["4", "True", str(os.getuid())]
    assert (tmp_path / "file").stat().st_uid == os.getuid()


@pytest.mark.skipif("seccomp" not in ALLOWED, reason="no filter is allowed here")
def test_the_filter_refuses_every_family_that_leaves_the_machine_and_io_uring() -> None:
    code = (
        "import ctypes, socket\n"
        "def made(family):\n"
        "    try: socket.socket(family, socket.SOCK_DGRAM).close()\n"
        "    except OSError as error: return error.errno\n"
        "    return 0\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "ring = libc.syscall(425, 1, ctypes.create_string_buffer(120)) if libc else 0\n"
        "print(*[made(f) for f in (1, 2, 10, 17, 31, 38, 40)], ring, ctypes.get_errno())"
    )
    done = subprocess.run(
        [*launcher("seccomp"), sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    refused = str(errno.EACCES)
    assert done.stdout.split() == ["0", *[refused] * 6, "-1", refused]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("family", [0, 1, 2, 10, 16, 17, 40, 2**31])
def test_the_filter_decides_as_it_says(machine: str, family: int) -> None:
    """The program is interpreted here, so that the processor that this machine lacks is tested as well."""
    arch, socket_number = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}[machine]
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EACCES
    program = socket_filter(machine)
    assert interpret(program, arch, socket_number, family) == (allow if family in (1, 16) else refuse)
    assert interpret(program, arch, socket_number, family, 2**32 + 1) == (allow if family in (1, 16) else refuse)
    assert interpret(program, arch, 425, family) == refuse
    assert interpret(program, arch, socket_number | 0x40000000, 1) == refuse
    assert interpret(program, arch, 0, family) == interpret(program, arch, socket_number + 1, family) == allow
    assert interpret(program, 0x40000003, socket_number, 1) == 0x80000000


def interpret(program: bytes, arch: int, number: int, family: int, second: int = 0) -> int:
    """What a seccomp program answers to a system call (linux/seccomp.h: nr, arch, pointer, arguments)."""
    data = struct.pack("<IIQQQ", number, arch, 0, family, second)
    steps = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    place = word = 0
    while True:
        code, yes, no, value = steps[place]
        place += 1
        if code == 0x06:
            return value
        if code == 0x20:
            (word,) = struct.unpack_from("<I", data, value)
        else:
            holds = word == value if code == 0x15 else word >= value
            place += yes if holds else no


def test_an_unknown_processor_or_method_is_refused() -> None:
    with pytest.raises(OSError, match="processor"):
        socket_filter("riscv64")
    with pytest.raises(OSError, match="no such method"):
        cut("hope")


def run_offline(lab: Lab, method: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The real command line in a process of its own; its engines look for a way out while they work."""
    command = [sys.executable, str(DRIVER), *arguments]
    environment = os.environ | {"TRANSCRIBE_OFFLINE_METHOD": method}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@each_method
def test_a_whole_run_without_a_network_is_released_and_recorded(lab: Lab, method: str) -> None:
    lab.pair()
    study = str(lab.study.root)
    done = run_offline(lab, method, "run", str(lab.audio), "--study", study, "--offline-proof")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No network:" in done.stdout
    assert done.stdout.count("AGE-SECRET-KEY-") == 1
    assert lab.released() == {"P01-PSW", "P01-PIR"}
    text = (lab.study.report / "offline-proof.md").read_text()
    for fact in (f"method: {method}", platform.release(), "worked on in this run: 2", "exit code 0", "NoNewPrivs: 1"):
        assert fact in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith(("| before", "| after"))]
    assert len(rows) == 28
    answers = {row[2].strip(" |") for row in rows}
    assert answers <= {"EACCES", "ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT", "none"}
    assert ("Seccomp: 2" in text) == (method == "seccomp")
    assert CANARY.casefold() not in text.casefold()
    assert study not in text
    assert (lab.study.report / "run.md").read_text().count("No network: in this run") == 1
    assert lab.run("run", study).code == 0
    assert "No network" not in (lab.study.report / "run.md").read_text()


@pytest.mark.skipif(not ALLOWED, reason="no method is allowed here")
def test_the_driver_fails_its_recordings_where_there_is_a_way_out(lab: Lab) -> None:
    """The same run with its network: so the success above means something."""
    lab.pair()
    done = run_offline(lab, ALLOWED[0], "run", str(lab.audio), "--study", str(lab.study.root))
    assert done.returncode == 8
    assert not (lab.study.report / "offline-proof.md").exists()


def test_where_no_method_works_nothing_is_done_and_the_way_out_is_named(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_prefix: object = ()) -> tuple[Attempt, ...]:
        raise OSError(71, "Operation not permitted")

    monkeypatch.setattr(proof, "child_attempts", refused)
    lab.pair()
    answer = lab.go("--offline-proof")
    assert answer.code == 4
    for said in (
        "namespace: Operation not permitted",
        "seccomp: Operation not permitted",
        "Nothing was done",
        "sysctl",
    ):
        assert said in answer.err
    assert not lab.study.root.exists()


@pytest.mark.parametrize("system", ["Windows", "Darwin"])
def test_other_systems_are_told_to_disconnect(lab: Lab, monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    lab.pair()
    answer = lab.go("--offline-proof")
    assert answer.code == 4
    assert "disconnect the computer" in answer.err
    assert not lab.study.root.exists()


def test_the_second_method_is_taken_where_the_first_is_refused_or_leaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(prefix: list[str]) -> tuple[Attempt, ...]:
        if prefix[-1] == "namespace":
            raise OSError(71, "Operation not permitted")
        return (SHUT,)

    monkeypatch.setattr(proof, "child_attempts", refused)
    assert working_method() == "seccomp"
    monkeypatch.setattr(proof, "child_attempts", lambda prefix: (WAY_OUT if prefix[-1] == "namespace" else SHUT,))
    assert working_method() == "seccomp"
    monkeypatch.setenv("TRANSCRIBE_OFFLINE_METHOD", "namespace")
    with pytest.raises(DependencyError, match="a connection was still possible"):
        working_method()
    monkeypatch.setenv("TRANSCRIBE_OFFLINE_METHOD", "hope")
    with pytest.raises(DependencyError, match="namespace, seccomp"):
        working_method()


def test_a_claim_to_be_cut_off_is_not_believed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the variable is left over in somebody's shell."""
    monkeypatch.setenv(proof.ACTIVE_VARIABLE, "seccomp")
    lab.pair()
    answer = lab.go("--offline-proof")
    assert answer.code == 4
    assert "still possible" in answer.err
    assert not lab.study.root.exists()


def test_a_library_call_is_not_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "child_attempts", lambda _prefix=(): (SHUT,))
    with pytest.raises(DependencyError, match="command line only"):
        cut_off_network()


def test_a_connection_at_the_end_leaves_no_proof(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    started = Cut("seccomp", "2026-03-05T10:00:00+00:00", {"before": (SHUT,)})
    monkeypatch.setattr(proof, "attempts", lambda: (SHUT,))
    monkeypatch.setattr(proof, "child_attempts", lambda: (SHUT, WAY_OUT))
    with pytest.raises(ValidationError, match="at the end"):
        record_proof(lab.study, started, 1, 0)
    assert not lab.study.report.exists()


@pytest.mark.parametrize("code", [errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ETIMEDOUT, errno.ECONNRESET])
def test_a_closed_port_or_a_silent_address_is_no_proof(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(_self: socket.socket, _address: object) -> None:
        raise OSError(code, os.strerror(code))

    class Refusing(socket.socket):
        connect = refuse

    monkeypatch.setattr(attempts_module.socket, "socket", Refusing)
    assert not any(attempt.impossible for attempt in attempts())
    assert local_sockets_work()


def test_every_library_is_kept_offline_whatever_was_set() -> None:
    """In a process of its own, where somebody had set the opposite; children get it too."""
    code = "import transcribe, os, huggingface_hub.constants as c; print(c.HF_HUB_OFFLINE, *map(os.environ.get, %r))"
    names = tuple(OFFLINE_VARIABLES)
    opposite = {name: "0" if value != "0" else "1" for name, value in OFFLINE_VARIABLES.items()}
    command = [sys.executable, "-c", code % (names,)]
    done = subprocess.run(command, env=os.environ | opposite, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", *OFFLINE_VARIABLES.values()]
    given: dict[str, str] = {"HF_HUB_OFFLINE": "0"}
    keep_libraries_offline(given)
    assert given == OFFLINE_VARIABLES
    assert {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "PYANNOTE_METRICS_ENABLED"} <= set(OFFLINE_VARIABLES)


@pytest.mark.models
@pytest.mark.skipif(not ALLOWED, reason="no method is allowed here")
def test_the_real_detector_works_without_a_network_and_asks_for_none() -> None:
    """spaCy, Presidio and tldextract, on an e-mail address whose ending must be looked up; strace is not needed: any
    socket of a network would be refused, and tldextract would log its failure to fetch the list."""
    code = (
        "import logging, io; said = io.StringIO(); logging.basicConfig(stream=said, level=logging.DEBUG)\n"
        "from transcribe.config import open_detector\n"
        "from transcribe.records import Transcript, Utterance\n"
        "text = 'Write to mara.quill@example.co.uk please.'\n"
        "u = Utterance('u0001', 'P01-PIR', 'en', 0.0, 1.0, text, ())\n"
        "found = open_detector().detect([Transcript('P01-PIR', (u,))])\n"
        "print(any(c.entity_type == 'EMAIL' for c in found), 'publicsuffix.org' in said.getvalue())"
    )
    done = subprocess.run(
        [*launcher(ALLOWED[-1]), sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["True", "False"], done.stderr[-2000:]
