"""The subprocesses that parse untrusted files, their pipes, and the CPU time that they used."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from threading import Lock

from postcard.runtime import sandbox

CpuClock = Callable[[int], float]  # the CPU seconds of a process id
_MAX_IO_BYTES = 1 << 20
_PIPE_BYTES = 1 << 20  # most photos fit, so that decoding begins while this process does other work
_END_SECONDS = 1.0  # until a process whose pipes are closed has ended
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


def cpu_seconds(pid: int) -> float:
    """The CPU seconds of another process; OSError if it does not exist, or not on Linux."""
    return time.clock_gettime(~pid << 3 | 2)  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)


def environment() -> dict[str, str]:
    """The environment of a subprocess: without credentials or anything else of this process."""
    return {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}


class SandboxedSubprocess:
    """A subprocess that runs Python code in the sandbox, with pipes that do not block.

    The code calls `sandbox.enter` before it reads the first file, and `sandbox.announce`. `seal` is
    what it announced; None until somebody has read it.
    """

    def __init__(self, program: str, cpu_clock: CpuClock) -> None:
        self._process = _start(program)
        self._end = weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._cpu_clock = cpu_clock
        self.pid = self._process.pid
        self.seal: sandbox.Seal | None = None
        self.input_pipe = self._process.stdin.fileno()
        self.output_pipe = self._process.stdout.fileno()
        for pipe in (self.input_pipe, self.output_pipe):
            os.set_blocking(pipe, False)
            with contextlib.suppress(AttributeError, OSError):  # not Linux, or more than is allowed
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def was_lost(self) -> bool:
        """Whether it ended before it was ready, or was killed from outside: by no file's fault."""
        return self.seal is None or self.exit_status() == -signal.SIGKILL

    def exit_status(self) -> int | None:
        """The exit status of a process whose pipes are closed; None if it goes on."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_END_SECONDS)
        return None

    def cpu_seconds(self) -> float | None:
        """The CPU time that it used; None where the system does not say."""
        try:
            return self._cpu_clock(self.pid)
        except OSError:
            return None

    def write(self, rest: memoryview) -> memoryview:
        """Write as much as the pipe takes, and return what is left."""
        with contextlib.suppress(BlockingIOError):
            while rest:
                rest = rest[os.write(self.input_pipe, rest[:_MAX_IO_BYTES]) :]
        return rest

    def close_input(self) -> None:
        """Let the process read the end of its input."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def read(self, size: int) -> bytes:
        """What the pipe holds, at most `size` bytes; EOFError if the process has ended."""
        chunk = os.read(self.output_pipe, min(size, _MAX_IO_BYTES))
        if not chunk:
            raise EOFError
        return chunk

    def kill(self) -> None:
        """End it and free its pipes. It also ends when nobody refers to it any more."""
        self._end()


def _start(program: str) -> "subprocess.Popen[bytes]":
    """Run Python code; it finds the modules that this process finds."""
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


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    assert process.stdin is not None and process.stdout is not None
    process.stdin.close()
    process.stdout.close()
    process.wait()
