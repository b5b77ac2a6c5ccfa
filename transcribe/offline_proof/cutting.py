"""Two ways in which Linux takes the network away from a process and all its children, for ever.

Both need no privilege and survive `exec`. Numbers are of the kernel's headers (sched.h, prctl.h, seccomp.h, audit.h).
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Sequence
from pathlib import Path

METHODS = ("namespace", "seccomp")
"""In the order in which they are tried."""

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_SECCOMP_RET_ALLOW = 0x7FFF0000
_SECCOMP_RET_ERRNO = 0x00050000
_SECCOMP_RET_KILL_PROCESS = 0x80000000
_AF_UNIX = 1
_AF_NETLINK = 16
_IO_URING_SETUP = 425
_X32_BIT = 0x40000000
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""`AUDIT_ARCH_*` and the number of the system call `socket`, by machine."""

# Classic BPF (linux/bpf_common.h): load a word of seccomp_data, compare, return.
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_OFFSET, _MACHINE_OFFSET, _FIRST_ARGUMENT_OFFSET = 0, 4, 16


def cut(method: str) -> None:
    """Takes the network away from this process, which must have one thread only, by one of `METHODS`.

    Raises `OSError` where the system does not allow it.
    """
    if method == "namespace":
        _enter_empty_network()
    elif method == "seccomp":
        _filter_sockets()
    else:
        raise OSError(errno.EINVAL, "no such method")


def _enter_empty_network() -> None:
    """As `unshare --user --net`, with the same user inside: a network of its own that has no interface in use."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNET)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text)
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def socket_filter(machine: str) -> bytes:
    """A seccomp program that refuses (EACCES) every socket but those that stay on this machine: AF_UNIX, AF_NETLINK.

    io_uring, which can make sockets past a filter (Linux 5.19), is refused too, and so are the 32-bit and x32 ways of
    calling the kernel, whose numbers differ. Raises `OSError` for a machine whose numbers are not known.
    """
    if machine not in _MACHINES:
        raise OSError(errno.ENOSYS, "no filter for this kind of processor")
    architecture, socket_number = _MACHINES[machine]
    refuse = _SECCOMP_RET_ERRNO | errno.EACCES
    # Jumps count the instructions to be passed over, if the comparison holds and if not.
    program = [
        (_LOAD, 0, 0, _MACHINE_OFFSET),
        (_JUMP_IF_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _SECCOMP_RET_KILL_PROCESS),
        (_LOAD, 0, 0, _NUMBER_OFFSET),
        (_JUMP_IF_AT_LEAST, 5, 0, _X32_BIT),
        (_JUMP_IF_EQUAL, 4, 0, _IO_URING_SETUP),
        (_JUMP_IF_EQUAL, 0, 4, socket_number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT_OFFSET),
        (_JUMP_IF_EQUAL, 2, 0, _AF_UNIX),
        (_JUMP_IF_EQUAL, 1, 0, _AF_NETLINK),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _SECCOMP_RET_ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _filter_sockets() -> None:
    program = socket_filter(platform.machine())
    code = ctypes.create_string_buffer(program, len(program))
    length = len(program) // 8
    head = ctypes.create_string_buffer(struct.pack("@HP", length, ctypes.addressof(code)))
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _call("prctl", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(head), 0, 0)


def _call(name: str, *arguments: int) -> None:
    """Calls a function of the C library with whole numbers or addresses. Raises `OSError` with its errno."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    function.argtypes = _argument_types(arguments)
    if function(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _argument_types(arguments: Sequence[int]) -> list[type[ctypes.c_ulong] | type[ctypes.c_int]]:
    """The first is an int, what follows unsigned longs: prctl(2) checks all 64 bits of those."""
    return [ctypes.c_int, *([ctypes.c_ulong] * (len(arguments) - 1))]
