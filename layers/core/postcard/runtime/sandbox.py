"""Takes from this process whatever reading a stranger's file does not need.

What is left after a reader was broken: memory that the process has, the two pipes, and an end.
"""

import ctypes
import os
import resource
import struct

MAX_DATA_BYTES = 400_000_000  # bytes of data: 25 Mpx in RGBA four times over
MAX_CPU_SECONDS = 600  # in all; then another process goes on
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_DUMPABLE = 38, 22, 2, 4
_BPF_LOAD, _BPF_JUMP_IF_EQUAL, _BPF_RETURN = 0x20, 0x15, 0x06  # of Linux's packet filter
_SECCOMP_ALLOW, _SECCOMP_EPERM, _SECCOMP_KILL = (
    0x7FFF0000,
    0x00050001,
    0x80000000,
)  # refused is EPERM
_SYSCALL_OFFSET, _ARCHITECTURE_OFFSET = (
    0,
    4,
)  # where a filter finds a call's number and its architecture
# Calls by number: what allocates, waits, reads and writes open files, tells the time, ends.
_ALLOWED_SYSCALLS = {
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


class _FilterProgram(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("rules", ctypes.c_char_p)]


def set_limits(max_data_bytes: int = MAX_DATA_BYTES) -> None:
    """No files, no children, no more than `memory` bytes of data."""
    for what, most in (
        (resource.RLIMIT_DATA, max_data_bytes),
        (resource.RLIMIT_CPU, MAX_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(what, (most, most))


def install_seccomp() -> bool:
    """Refuse every call of the kernel that decoding does not need; whether that could be done."""
    machine = os.uname().machine
    if machine not in _ALLOWED_SYSCALLS:
        return False
    architecture, numbers = _ALLOWED_SYSCALLS[machine]
    rules = [
        _bpf_instruction(_BPF_LOAD, _ARCHITECTURE_OFFSET),
        _bpf_instruction(_BPF_JUMP_IF_EQUAL, architecture, jump_true=1),
        _bpf_instruction(_BPF_RETURN, _SECCOMP_KILL),
        _bpf_instruction(_BPF_LOAD, _SYSCALL_OFFSET),
        *(
            _bpf_instruction(_BPF_JUMP_IF_EQUAL, number, jump_true=len(numbers) - at)
            for at, number in enumerate(numbers)
        ),
        _bpf_instruction(_BPF_RETURN, _SECCOMP_EPERM),
        _bpf_instruction(_BPF_RETURN, _SECCOMP_ALLOW),
    ]
    program = _FilterProgram(len(rules), b"".join(rules))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return not libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


def disable_ptrace() -> None:
    """Let no other process of this user read this one's memory or environment."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _bpf_instruction(opcode: int, value: int, *, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("=HBBI", opcode, jump_true, jump_false, value)
