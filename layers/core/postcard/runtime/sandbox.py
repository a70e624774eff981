"""Restricts this process before it parses untrusted files: resource limits and seccomp.

Code that takes over the parser can use the process's memory and its open pipes, and nothing else.
"""

import contextlib
import ctypes
import os
import resource
import struct

MAX_DATA_BYTES = 400_000_000  # the largest image of any format takes 331 MB
MAX_CPU_SECONDS = 600  # over the life of the process; then a new one is started
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _PR_SET_DUMPABLE = 38, 22, 2, 4
_BPF_LOAD, _BPF_JUMP_IF_EQUAL, _BPF_RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h
_SECCOMP_ALLOW, _SECCOMP_EPERM, _SECCOMP_KILL = 0x7FFF0000, 0x00050001, 0x80000000
_SYSCALL_OFFSET, _ARCHITECTURE_OFFSET = 0, 4  # in struct seccomp_data
# By number: memory, waiting, reading and writing open files, clocks, exit.
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


def set_limits(
    *,
    max_data_bytes: int = MAX_DATA_BYTES,
    max_cpu_seconds: int = MAX_CPU_SECONDS,
    max_open_files: int | None = 3,
) -> None:
    """Limit memory and CPU time, and forbid writing files, core dumps and opening files.

    `max_open_files` None: files can still be opened, for modules that are imported later.
    """
    limits = [
        (resource.RLIMIT_DATA, max_data_bytes),
        (resource.RLIMIT_CPU, max_cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ]
    if max_open_files is not None:
        limits.append((resource.RLIMIT_NOFILE, max_open_files))
    for limit, maximum in limits:
        # Fails where the system has a stricter limit already, and on macOS, which lacks some.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (maximum, maximum))


def install_seccomp() -> bool:
    """Refuse all system calls that decoding does not need; False where that is not possible."""
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
    """Forbid other processes of this user to read this one's memory or environment."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _bpf_instruction(opcode: int, value: int, *, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("=HBBI", opcode, jump_true, jump_false, value)
