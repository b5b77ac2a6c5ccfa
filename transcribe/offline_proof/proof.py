"""The proof: a run is started again without a network, tried before its first and after its last step, and recorded.

The record says what was tried and how the system answered. It holds nothing of the study but the number of recordings.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from transcribe import __version__
from transcribe.errors import DependencyError, ValidationError
from transcribe.offline_proof.attempts import Attempt, attempts, local_sockets_work
from transcribe.offline_proof.cutting import METHODS
from transcribe.report import REPORT_FILE_MODE, REPORT_FOLDER_MODE
from transcribe.store import StudyFolder, write_atomic

OPTION = "--offline-proof"
REPORT = "offline-proof.md"
ACTIVE_VARIABLE = "TRANSCRIBE_OFFLINE_ACTIVE"
"""Tells the command that was started again which method it runs under; it is not believed, but tried."""
METHOD_VARIABLE = "TRANSCRIBE_OFFLINE_METHOD"
"""For those who want one of `METHODS` and no other."""
_PATIENCE = 60.0
"""Seconds for a child process to make its attempts."""

_WORDS = {
    "namespace": "a network of its own without any interface in use (user and network namespace, unshare(2))",
    "seccomp": "a system call filter that refuses every socket of a network (seccomp(2)): only AF_UNIX and AF_NETLINK, "
    "which do not leave the machine, are allowed, and io_uring is refused",
}
_NO_WAY = (
    "Nothing was done. Either let the administrator allow user namespaces (on Ubuntu: sysctl "
    "kernel.apparmor_restrict_unprivileged_userns=0; on Debian: sysctl kernel.unprivileged_userns_clone=1), or "
    f"disconnect this computer from the network and run without {OPTION}"
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A run without a network, so far: `tried` holds what was tried, by when and from where."""

    method: str
    started: str
    tried: Mapping[str, Sequence[Attempt]]


def cut_off_network() -> Cut:
    """Returns where no connection is possible any more; must be called before anything else is done.

    The first time it chooses a method that works and starts the same command line again under it, in this process's
    place: it does not return then. Raises `DependencyError` where the system allows no method.
    """
    method = os.environ.get(ACTIVE_VARIABLE, "")
    if method not in METHODS:
        _start_again(working_method())
    tried = {"before the run, this process": attempts(), "before the run, a child process": child_attempts()}
    _check_cut(tried, DependencyError(f"a connection is still possible under {method}. {_NO_WAY}"))
    if not local_sockets_work():
        raise DependencyError(f"processes cannot talk to one another under {method}. {_NO_WAY}")
    return Cut(method, _now(), tried)


def working_method() -> str:
    """The first method under which a child process can connect to nothing.

    Raises `DependencyError` when there is none, or this is no Linux.
    """
    if platform.system() != "Linux":
        raise DependencyError(
            f"{OPTION} needs Linux. On this system, disconnect the computer from the network and run without it"
        )
    wanted = os.environ.get(METHOD_VARIABLE, "").strip()
    if wanted and wanted not in METHODS:
        raise DependencyError(f"{METHOD_VARIABLE} must be one of: {', '.join(METHODS)}")
    reasons = []
    for method in (wanted,) if wanted else METHODS:
        try:
            found = child_attempts(launcher(method))
        except OSError as error:
            reasons.append(f"{method}: {error.strerror}")
            continue
        if all(attempt.impossible for attempt in found):
            return method
        reasons.append(f"{method}: a connection was still possible")
    raise DependencyError(f"this computer lets no run be cut off from the network ({'; '.join(reasons)}). {_NO_WAY}")


def launcher(method: str) -> list[str]:
    """The beginning of a command line that runs the rest of it without a network."""
    return [sys.executable, "-m", "transcribe.offline_proof.launch", method]


def child_attempts(prefix: Sequence[str] = ()) -> tuple[Attempt, ...]:
    """What a child process can connect to. Raises `OSError` with the reason when it could not be started so."""
    command = [*prefix, sys.executable, "-m", "transcribe.offline_proof.attempts"]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        if done.returncode == 0:
            return tuple(Attempt(**found) for found in json.loads(done.stdout))
    except (subprocess.TimeoutExpired, ValueError):
        raise OSError(0, "no answer") from None
    lines = done.stderr.strip().splitlines()
    raise OSError(done.returncode, lines[-1] if lines else f"ended with {done.returncode}")


def _start_again(method: str) -> NoReturn:
    command = sys.orig_argv[1:]
    if OPTION not in command:
        raise DependencyError(f"{OPTION} works on the command line only: transcribe run STUDY {OPTION}")
    sys.stdout.flush()
    sys.stderr.flush()
    again = [*launcher(method), sys.executable, *command]
    os.execve(again[0], again, {**os.environ, ACTIVE_VARIABLE: method})  # noqa: S606 - no shell


def _check_cut(tried: Mapping[str, Sequence[Attempt]], error: Exception) -> None:
    if not all(found and all(attempt.impossible for attempt in found) for found in tried.values()):
        raise error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def record_proof(study: StudyFolder, cut: Cut, recordings: int, exit_code: int) -> Path:
    """Tries again at the end of the run, writes `report/offline-proof.md` and a line in `report/run.md`.

    Raises `ValidationError`, and writes nothing, when a connection has become possible.
    """
    last = {"after the run, this process": attempts(), "after the run, a child process": child_attempts()}
    _check_cut(last, ValidationError("a connection was possible at the end of the run; the proof was not written"))
    text = proof_text(cut, {**cut.tried, **last}, recordings, exit_code)
    study.report.mkdir(exist_ok=True)
    study.report.chmod(REPORT_FOLDER_MODE)
    write_atomic(study.report / REPORT, text.encode(), REPORT_FILE_MODE)
    summary = study.report / "run.md"
    line = f"\nNo network: in this run no connection was possible ({cut.method}); see {REPORT}.\n"
    before = summary.read_text(encoding="utf-8") if summary.exists() else "# The last run\n"
    write_atomic(summary, (before + line).encode(), REPORT_FILE_MODE)
    return study.report / REPORT


def proof_text(cut: Cut, tried: Mapping[str, Sequence[Attempt]], recordings: int, exit_code: int) -> str:
    """The proof as Markdown."""
    rows = [f"| {when} | {attempt.what} | {attempt.outcome} |" for when, found in tried.items() for attempt in found]
    lines = [
        "# A run without a network",
        "",
        "In this run of the program no connection to another computer was possible, for the program itself and for "
        "everything that it started (ffmpeg, worker processes). The operating system saw to it, and lets no process "
        "take that back.",
        "",
        f"- begun {cut.started}, ended {_now()} (UTC)",
        f"- transcribe {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}, "
        f"{platform.machine()}",
        f"- recordings that were worked on in this run: {recordings}; it ended with exit code {exit_code}",
        f"- method: {cut.method}: {_WORDS[cut.method]}",
        *(f"- the kernel says of this process: {line}" for line in _kernel_facts()),
        f"- network interfaces that this process could see: {_interfaces(cut.method)}",
        "- sockets between processes of this machine (Unix sockets) worked; worker processes need them",
        "",
        "## What was tried",
        "",
        "A connection was really tried, from the program and from a child process, before the first step and after the "
        "last. Every attempt was refused by the system. 192.0.2.1 and 2001:db8::1 stand for the world outside: "
        "addresses that belong to nobody.",
        "",
        "| when and where | attempt | answer of the system |",
        "|---|---|---|",
        *rows,
        "",
        "EACCES: not permitted. ENETUNREACH: there is no network. EADDRNOTAVAIL, EAFNOSUPPORT: this kind of address "
        "does not exist here.",
        "",
        "## What this does not show",
        "",
        "- Other programs on this computer kept their network. A program asked through a Unix socket (name service, "
        "desktop) could ask on; this program asks none.",
        "- Copies that people make, and folders that a synchronising program uploads: see docs/privacy.md.",
        "- Runs other than this one: a run without `--offline-proof` writes no such page.",
        "",
    ]
    return "\n".join(lines)


def _kernel_facts() -> list[str]:
    """The lines of /proc/self/status that tell of the filter: NoNewPrivs 1 cannot be undone, Seccomp 2 is a filter."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return [" ".join(line.split()) for line in lines if line.startswith(("NoNewPrivs:", "Seccomp:"))]


def _interfaces(method: str) -> str:
    if method != "namespace":
        return "those of the computer, none of which it could use"
    rows = Path("/proc/self/net/dev").read_text(encoding="utf-8").splitlines()[2:]
    return ", ".join(row.partition(":")[0].strip() for row in rows) + " (not in use)"
