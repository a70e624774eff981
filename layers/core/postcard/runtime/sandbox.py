"""Takes from this process whatever reading a stranger's file does not need.

What is left after a reader was broken: memory that the process has, the two pipes, and an end.
"""

import ctypes
import os
import resource
import struct

MEMORY = 400_000_000  # bytes of data: 25 Mpx in RGBA four times over
CPU_SECONDS = 600  # in all; then another process goes on
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER, _DUMPABLE = 38, 22, 2, 4
_LOAD, _EQUALS, _ANSWER = 0x20, 0x15, 0x06  # of Linux's packet filter
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refused is EPERM
_NUMBER, _MACHINE = 0, 4  # where a filter finds a call's number and its architecture
# Calls by number: what allocates, waits, reads and writes open files, tells the time, ends.
_NEEDED = {
    "x86_64": (
        0xC000003E,
        (
            *(0, 1, 3, 7, 9, 10, 11, 12, 13, 14, 15, 19, 20, 24, 25, 28, 35, 60, 98, 131, 186),
            *(201, 202, 204, 219, 228, 229, 230, 231, 271, 318, 324, 334),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        (
            *(57, 63, 64, 65, 66, 73, 93, 94, 98, 101, 113, 114, 115, 123, 124, 128, 132, 134, 135),
            *(139, 165, 178, 214, 215, 216, 222, 226, 233, 278, 283, 293),
        ),
    ),
}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_char_p)]


def bound(memory: int = MEMORY) -> None:
    """No files, no children, no more than `memory` bytes of data."""
    for what, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(what, (most, most))


def seal() -> bool:
    """Refuse every call of the kernel that decoding does not need; whether that could be done."""
    machine = os.uname().machine
    if machine not in _NEEDED:
        return False
    architecture, numbers = _NEEDED[machine]
    rules = [
        _rule(_LOAD, _MACHINE),
        _rule(_EQUALS, architecture, yes=1),
        _rule(_ANSWER, _KILL),
        _rule(_LOAD, _NUMBER),
        *(_rule(_EQUALS, number, yes=len(numbers) - at) for at, number in enumerate(numbers)),
        _rule(_ANSWER, _REFUSE),
        _rule(_ANSWER, _ALLOW),
    ]
    program = _Program(len(rules), b"".join(rules))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        return False
    return not libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)


def hide() -> None:
    """Let no other process of this user read this one's memory or environment."""
    ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)


def _rule(what: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", what, yes, no, value)
