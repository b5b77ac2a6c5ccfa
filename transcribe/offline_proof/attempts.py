"""Tries to connect, in earnest: to this machine itself, and then to addresses that stand for the world outside.

The addresses outside are reserved for documentation and belong to nobody (RFC 5737, RFC 3849); they are tried only
when even this machine's own address is out of reach, so that nothing is sent anywhere from a machine with a network.
As a program it prints the attempts as JSON: that is how a child process is looked at.
"""

import errno
import json
import os
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

NOT_TRIED = "not tried"
IMPOSSIBLE = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
)
"""What the system says when there is no network at all; a closed port or a silent address says something else."""
_TIMEOUT = 2.0
"""Seconds to wait for an answer; without a network the refusal comes at once."""
# A question for the address of a name that never exists (RFC 6761), as it would go to a name server.
_QUESTION = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x07invalid\x00\x00\x01\x00\x01"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to connect; `outcome` is the name of the error, or what went through."""

    what: str
    outcome: str
    impossible: bool


_HERE = (
    ("TCP to this machine, 127.0.0.1", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 9)),
    ("TCP to this machine, ::1", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 9)),
    ("name service, UDP to 127.0.0.53", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.53", 53)),
)
_OUTSIDE = (
    ("TCP to 192.0.2.1", socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 443)),
    ("TCP to 2001:db8::1", socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8::1", 443)),
    ("name service, UDP to 192.0.2.1", socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53)),
)


def attempts() -> tuple[Attempt, ...]:
    """All attempts of this process; those to the world outside only when this machine itself is out of reach."""
    here = tuple(_attempt(*wanted) for wanted in _HERE)
    if not all(attempt.impossible for attempt in here):
        return (*here, *(Attempt(what, NOT_TRIED, False) for what, *_ in _OUTSIDE))
    return (*here, *(_attempt(*wanted) for wanted in _OUTSIDE), *(_inherited(),))


def _attempt(what: str, family: int, kind: int, address: tuple[str, int]) -> Attempt:
    try:
        with socket.socket(family, kind) as connection:
            connection.settimeout(_TIMEOUT)
            connection.connect(address)
            if kind == socket.SOCK_DGRAM:
                connection.send(_QUESTION)
    except TimeoutError:
        return Attempt(what, "no answer", False)
    except OSError as error:
        return Attempt(what, errno.errorcode.get(error.errno or 0, "error"), error.errno in IMPOSSIBLE)
    return Attempt(what, "went through", False)


def _inherited() -> Attempt:
    """Connections that were open before: a namespace or filter does not close them."""
    what = "connections open since before"
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - the entries vanish while they are listed
        try:
            if not str(Path("/proc/self/fd", name).readlink()).startswith("socket:"):
                continue
            with socket.socket(fileno=os.dup(int(name))) as found:
                if found.family not in (socket.AF_UNIX, socket.AF_NETLINK):
                    return Attempt(what, f"one of family {int(found.family)}", False)
        except FileNotFoundError:
            continue
    return Attempt(what, "none", True)


def local_sockets_work() -> bool:
    """Whether processes of this machine can still talk to one another, as worker processes do."""
    first, second = socket.socketpair()
    with first, second:
        first.sendall(b"x")
        return second.recv(1) == b"x"


if __name__ == "__main__":
    json.dump([asdict(attempt) for attempt in attempts()], sys.stdout)
