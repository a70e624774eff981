"""Restricts this process before it parses untrusted files, and says what then holds.

Code that takes over the parser can use the process's memory and its open pipes. Resource limits
keep it from files and sockets, wherever the process runs. seccomp keeps it from everything else,
such as the memory of the process that started it; some systems refuse to install it.
"""

import contextlib
import ctypes
import errno
import os
import resource
import struct
from typing import NamedTuple

MAX_DATA_BYTES = 400_000_000  # the largest image of any format takes 331 MB
MAX_CPU_SECONDS = 600  # over the life of the process; then a new one is started
_CPU_GRACE_SECONDS = 5  # from SIGXCPU, which says that the time is spent, to SIGKILL
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_DUMPABLE = 38, 22, 4
_SECCOMP_MODE_FILTER, _SECCOMP_SET_MODE_FILTER = 2, 1  # of prctl(2), of seccomp(2)
_BPF_LOAD, _BPF_JUMP_IF_EQUAL, _BPF_RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h
_SECCOMP_ALLOW, _SECCOMP_EPERM, _SECCOMP_KILL = 0x7FFF0000, 0x00050001, 0x80000000
_SYSCALL_OFFSET, _ARCHITECTURE_OFFSET = 0, 4  # in struct seccomp_data
_REFUSALS = (errno.EPERM, errno.ENOSYS)
_SEAL_BYTE = ord("0")
_SECCOMP_SYSCALL = {"x86_64": 317, "aarch64": 277}
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


class _MemoryPart(ctypes.Structure):
    _fields_ = [("address", ctypes.c_void_p), ("length", ctypes.c_size_t)]  # struct iovec


class Seal(NamedTuple):
    """What a process that was taken over cannot do.

    `files`: open files and sockets. `memory`: read or change the memory of the process that started
    it, which holds credentials and pictures.
    """

    files: bool
    memory: bool

    @property
    def is_complete(self) -> bool:
        """Whether it can do neither."""
        return self.files and self.memory

    @property
    def status(self) -> str:
        """The word for `GET /v1/health`."""
        if not self.files:
            return "not_sealed"
        return "sealed" if self.memory else "memory_not_protected"

    def to_byte(self) -> bytes:
        """One byte, for the pipe to the process that started it."""
        return bytes((_SEAL_BYTE + self.files + 2 * self.memory,))

    @classmethod
    def from_byte(cls, byte: bytes) -> "Seal":
        """Reads `to_byte`; ValueError for any other byte."""
        for seal in (cls(files, memory) for files in (False, True) for memory in (False, True)):
            if seal.to_byte() == byte:
                return seal
        raise ValueError("the process did not say what holds in it")


def enter(*, max_data_bytes: int = MAX_DATA_BYTES, max_cpu_seconds: int = MAX_CPU_SECONDS) -> Seal:
    """Restrict this process for good, and try what still works. All modules are imported before."""
    set_limits(max_data_bytes=max_data_bytes, max_cpu_seconds=max_cpu_seconds)
    install_seccomp()
    return Seal(files=_files_are_closed(), memory=_parent_memory_is_closed())


def announce(seal: Seal) -> None:
    """Tell the process that started this one, by the first byte of standard output."""
    os.write(1, seal.to_byte())


def set_limits(
    *, max_data_bytes: int = MAX_DATA_BYTES, max_cpu_seconds: int = MAX_CPU_SECONDS
) -> None:
    """Limit memory and CPU time; forbid new files, sockets, pipes, processes and core dumps.

    Pipes that are open go on.
    """
    limits = [
        (resource.RLIMIT_DATA, max_data_bytes, max_data_bytes),
        (resource.RLIMIT_CPU, max_cpu_seconds, max_cpu_seconds + _CPU_GRACE_SECONDS),
        (resource.RLIMIT_FSIZE, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_NOFILE, 0, 0),
    ]
    for limit, soft, hard in limits:
        # Fails where the system has a stricter limit already, and on macOS, which lacks some.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (soft, hard))


def install_seccomp() -> bool:
    """Refuse all system calls that decoding does not need; False where that is not possible.

    prctl(2) is refused in some systems, AWS Lambda among them by report. seccomp(2) does without it
    where `no_new_privs` is inherited.
    """
    machine = os.uname().machine
    if machine not in _ALLOWED_SYSCALLS:
        return False
    rules = _filter_rules(*_ALLOWED_SYSCALLS[machine])
    program = _FilterProgram(len(rules), b"".join(rules))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    number, mode = (
        ctypes.c_long(_SECCOMP_SYSCALL[machine]),
        ctypes.c_ulong(_SECCOMP_SET_MODE_FILTER),
    )
    if not libc.syscall(number, mode, ctypes.c_ulong(0), ctypes.byref(program)):
        return True
    return not libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


def disable_ptrace() -> None:
    """Forbid other processes of this user to read this one's memory or environment."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _filter_rules(architecture: int, numbers: tuple[int, ...]) -> list[bytes]:
    return [
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


def _bpf_instruction(opcode: int, value: int, *, jump_true: int = 0, jump_false: int = 0) -> bytes:
    return struct.pack("=HBBI", opcode, jump_true, jump_false, value)


def _files_are_closed() -> bool:
    """Whether nothing can be opened, and the limit cannot be raised again."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))  # a privileged process may
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        return False
    try:
        os.close(os.open("/", os.O_RDONLY))
    except OSError:
        return True
    return False


def _parent_memory_is_closed() -> bool:
    """Whether the system refuses to read a byte of the process that started this one."""
    try:
        read = ctypes.CDLL(None, use_errno=True).process_vm_readv
    except AttributeError:  # not Linux
        return False
    buffer = ctypes.create_string_buffer(1)
    here, there = _MemoryPart(ctypes.addressof(buffer), 1), _MemoryPart(ctypes.addressof(buffer), 1)
    ctypes.set_errno(0)
    pid, no_flags = ctypes.c_int(os.getppid()), ctypes.c_ulong(0)
    one = ctypes.c_ulong(1)
    done = read(pid, ctypes.byref(here), one, ctypes.byref(there), one, no_flags)
    # The system looks at the permission first; a wrong address is another error.
    return done < 0 and ctypes.get_errno() in _REFUSALS
