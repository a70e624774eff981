"""The sandboxed subprocess that decodes images, its pipes, and the CPU time that it used."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
import weakref
from collections.abc import Callable

from postcard.runtime import sandbox

CpuClock = Callable[[int], float]  # the CPU seconds of a process id
WORKER_PROGRAM = (
    "import sys; sys.path[:0] = sys.argv[1:]; "
    "from postcard.canvas.codecs import decoder_worker; decoder_worker.serve()"
)
_MAX_IO_BYTES = 1 << 20
_PIPE_BYTES = 1 << 20  # most photos fit, so that decoding begins while this process does other work


def subprocess_cpu_seconds(pid: int) -> float:
    """The CPU seconds of another process; OSError if it does not exist, or not on Linux."""
    return time.clock_gettime(~pid << 3 | 2)  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)


class DecoderSubprocess:
    """A subprocess with an empty environment. `program` is its Python code."""

    def __init__(self, program: str, cpu_clock: CpuClock) -> None:
        sandbox.disable_ptrace()
        paths = [os.path.abspath(path or ".") for path in sys.path]  # noqa: PTH100
        self._process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-I", "-S", "-c", program, *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            bufsize=0,
        )
        self._end = weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._cpu_clock = cpu_clock
        self.pid = self._process.pid
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

    def read(self, size: int) -> bytes:
        """What the pipe holds, at most `size` bytes; EOFError if the process has ended."""
        chunk = os.read(self.output_pipe, min(size, _MAX_IO_BYTES))
        if not chunk:
            raise EOFError
        return chunk

    def kill(self) -> None:
        """End it and free its pipes. It also ends when nobody refers to it any more."""
        self._end()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.communicate()
