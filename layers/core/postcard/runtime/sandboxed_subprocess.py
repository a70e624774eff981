"""Starts the subprocesses that parse untrusted files, and keeps what holds in them."""

import os
import subprocess
import sys
import time
from threading import Lock

from postcard.runtime import sandbox

_WITH_PATHS = "import sys; sys.path[:0] = sys.argv[1:]; "
PASSED_VARIABLES = ("LD_LIBRARY_PATH",)  # some interpreters find their own library by it


class UnsealedFiles:
    """Counts the files that were parsed in a process that is not sealed completely."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._count = 0

    def add(self, seal: sandbox.Seal) -> None:
        """Counts a file that was parsed in a process with this seal."""
        if not seal.is_complete:
            with self._lock:
                self._count += 1

    def take(self) -> int:
        """How many there were since the last call."""
        with self._lock:
            count, self._count = self._count, 0
        return count


unsealed_files = UnsealedFiles()  # of this process, for its metrics


def environment() -> dict[str, str]:
    """The environment of a subprocess: without credentials or anything else of this process."""
    return {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}


def start(program: str) -> "subprocess.Popen[bytes]":
    """Run Python code in a subprocess with pipes; it finds the modules that this process finds.

    The code calls `sandbox.enter` before it reads the first file, and `sandbox.announce`.
    """
    sandbox.disable_ptrace()
    paths = [os.path.abspath(path or ".") for path in sys.path]  # noqa: PTH100
    return subprocess.Popen(  # noqa: S603  # our own program
        [sys.executable, "-I", "-S", "-c", _WITH_PATHS + program, *paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        bufsize=0,
    )


def cpu_seconds(pid: int) -> float:
    """The CPU seconds of another process; OSError if it does not exist, or not on Linux."""
    return time.clock_gettime(~pid << 3 | 2)  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)
