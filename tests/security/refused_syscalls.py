"""Runs Python without privileges, in a process to which the system refuses some calls.

`python -m tests.security.refused_syscalls NAMES PROGRAM`: NAMES are among `prctl` and `seccomp`,
joined by commas; PROGRAM is Python code. AWS Lambda is reported to refuse prctl.
"""

import ctypes
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from postcard.runtime import sandbox

NUMBERS = {
    "x86_64": {"prctl": 157, "seccomp": 317},
    "aarch64": {"prctl": 167, "seccomp": 277},
}
NOBODY = 65534
_PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _LAST_CAPABILITY = 38, 24, 40


def main() -> None:
    names, program = sys.argv[1:]
    drop_privileges()
    if names:
        refuse([NUMBERS[os.uname().machine][name] for name in names.split(",")])
    os.execv(sys.executable, [sys.executable, "-c", program])


def drop_privileges() -> None:
    """No capabilities after the next exec; also another user, if that one can run Python."""
    for capability in range(_LAST_CAPABILITY + 1):
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    if os.getuid() == 0 and all(map(is_open_to_all, Path(sys.executable).resolve().parents)):
        with suppress(OSError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)


def is_open_to_all(folder: Path) -> bool:
    return bool(folder.stat().st_mode & stat.S_IXOTH)


def refuse(numbers: list[int]) -> None:
    """Refuse system calls, in this process and in those that it starts. Sets `no_new_privs`."""
    libc = ctypes.CDLL(None, use_errno=True)
    rules = [
        sandbox._bpf_instruction(sandbox._BPF_LOAD, sandbox._SYSCALL_OFFSET),
        *(
            sandbox._bpf_instruction(
                sandbox._BPF_JUMP_IF_EQUAL, number, jump_true=len(numbers) - at
            )
            for at, number in enumerate(numbers)
        ),
        sandbox._bpf_instruction(sandbox._BPF_RETURN, sandbox._SECCOMP_ALLOW),
        sandbox._bpf_instruction(sandbox._BPF_RETURN, sandbox._SECCOMP_EPERM),
    ]
    program = sandbox._FilterProgram(len(rules), b"".join(rules))
    assert not libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    filter_mode = sandbox._SECCOMP_MODE_FILTER
    assert not libc.prctl(sandbox._PR_SET_SECCOMP, filter_mode, ctypes.byref(program), 0, 0)


if __name__ == "__main__":
    main()
