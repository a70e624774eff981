"""The sandboxed subprocess that decodes images, its pipes, and the CPU time that it used."""

import contextlib
import fcntl
import os
import signal
import subprocess
import weakref
from collections.abc import Callable

from postcard.runtime import sandboxed_subprocess
from postcard.runtime.sandbox import Seal

CpuClock = Callable[[int], float]  # the CPU seconds of a process id
WORKER_PROGRAM = "from postcard.canvas.codecs import decoder_worker; decoder_worker.serve()"
_MAX_IO_BYTES = 1 << 20
_PIPE_BYTES = 1 << 20  # most photos fit, so that decoding begins while this process does other work
_END_SECONDS = 1.0  # until a process whose pipes are closed has ended


class DecoderSubprocess:
    """A subprocess with an empty environment. `program` is its Python code.

    `seal` is what it says that the sandbox holds; None until it is ready. `decoded` counts the
    images that it was given.
    """

    def __init__(self, program: str, cpu_clock: CpuClock) -> None:
        self._process = sandboxed_subprocess.start(program)
        self._end = weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._cpu_clock = cpu_clock
        self.pid = self._process.pid
        self.seal: Seal | None = None
        self.decoded = 0
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
        """Whether it ended before it was ready, or was killed from outside: by no image's fault."""
        if self.seal is None:
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_END_SECONDS) == -signal.SIGKILL
        return False

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
