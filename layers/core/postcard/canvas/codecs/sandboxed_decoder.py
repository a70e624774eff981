"""Decodes untrusted images in a sandboxed subprocess; killed after 2 s.

The subprocess starts with an empty environment, without credentials, and can open neither files
nor sockets; its memory is limited. It is reused for the next image until it fails.
"""

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from threading import Lock

from PIL import Image

from postcard.canvas.codecs.decoded_image import (
    MAX_DECODED_PIXELS,
    DecodedImage,
    ImageDecodeError,
    detect_format,
)
from postcard.canvas.codecs.decoder_worker import PIXEL_MODES, REQUEST_HEADER, RESPONSE_HEADER
from postcard.host_patterns import host_of
from postcard.runtime import sandbox
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.time_budgets import TimeBudgets

TIMEOUT_SECONDS = 2.0  # for one image
MAX_SLOW_SECONDS = 4.0  # budget of the slow images of one host; refilled by a second each second
MAX_SLOW_SECONDS_PER_IMAGE = 2.0  # budget of one address
FREE_SECONDS = 0.2  # of each image, not charged to the budgets
STARTUP_SECONDS = 1.5  # more time for the first image of a new process
_WORKER_PROGRAM = (
    "import sys; sys.path[:0] = sys.argv[1:]; "
    "from postcard.canvas.codecs import decoder_worker; decoder_worker.serve()"
)
_MAX_IO_BYTES = 1 << 20
_MAX_REASON_BYTES = 1_000
_CRASHED = "it broke what decodes pictures"
_TIMED_OUT = "it takes too long to decode"


class SandboxedDecoder:
    """Decodes one image at a time in the subprocess, which it starts and restarts.

    Use one per process; other threads wait. `program` is the Python code of the subprocess.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        program: str = _WORKER_PROGRAM,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._program = program
        self._lock = Lock()
        self._worker: subprocess.Popen[bytes] | None = None
        self._host_budgets = TimeBudgets(MAX_SLOW_SECONDS, clock)
        self._image_budgets = TimeBudgets(MAX_SLOW_SECONDS_PER_IMAGE, clock)
        self.started_workers = 0

    def decode(
        self,
        body: bytes,
        target_pixels: tuple[int, int] | None,
        *,
        reference: str = "",
        deadline: Deadline = NO_DEADLINE,
    ) -> DecodedImage:
        """Decode an untrusted image; raises ImageDecodeError, also if it crashed the decoder.

        `reference` is where it came from: slow images use up the time of their own host and their
        own address only.
        """
        detect_format(body)  # needs no subprocess
        host = host_of(reference)
        with self._lock:
            started_at = self._clock()
            left = min(self._host_budgets.left(host), self._image_budgets.left(reference))
            timeout = min(self._timeout_seconds, left, deadline.remaining())
            if timeout <= 0:
                raise ImageDecodeError(_TIMED_OUT)
            try:
                return self._request(body, target_pixels, started_at + timeout)
            finally:
                spent = self._clock() - started_at - FREE_SECONDS
                self._host_budgets.charge(host, spent)
                self._image_budgets.charge(reference, spent)

    def prepare(self) -> None:
        """Start the subprocess ahead of time, while the image is still being fetched."""
        with self._lock, contextlib.suppress(OSError):
            self._running_worker()

    def close(self) -> None:
        """Kill the subprocess; the next image starts another."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None

    def _request(
        self, body: bytes, target_pixels: tuple[int, int] | None, deadline: float
    ) -> DecodedImage:
        try:
            started = self.started_workers
            worker = self._running_worker()
            deadline += STARTUP_SECONDS * (self.started_workers - started)
            request = REQUEST_HEADER.pack(len(body), *(target_pixels or (0, 0))) + body
            self._send(worker, request, deadline)
            header = self._read(worker, RESPONSE_HEADER.size, deadline)
            status, *numbers = RESPONSE_HEADER.unpack(header)
            if status == b"E":
                reason = self._read(worker, min(numbers[0], _MAX_REASON_BYTES), deadline)
                raise ImageDecodeError(reason.decode())
            mode = PIXEL_MODES[status]
            decoded_size, original_size = (numbers[0], numbers[1]), (numbers[2], numbers[3])
            _check_sizes(decoded_size, original_size)
            pixels = self._read(worker, decoded_size[0] * decoded_size[1] * len(mode), deadline)
        except TimeoutError:
            self.close()
            raise ImageDecodeError(_TIMED_OUT) from None
        except ImageDecodeError:
            raise
        except (OSError, EOFError, LookupError, ValueError):  # it crashed or was taken over
            self.close()
            raise ImageDecodeError(_CRASHED) from None
        return DecodedImage(Image.frombytes(mode, decoded_size, pixels), original_size)

    def _running_worker(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self.close()
            sandbox.disable_ptrace()
            self.started_workers += 1
            paths = [os.path.abspath(path or ".") for path in sys.path]  # noqa: PTH100
            self._worker = subprocess.Popen(  # noqa: S603  # our own program
                [sys.executable, "-I", "-S", "-c", self._program, *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                bufsize=0,
            )
            for pipe in (self._worker.stdin, self._worker.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
        return self._worker

    def _send(self, worker: subprocess.Popen[bytes], request: bytes, deadline: float) -> None:
        assert worker.stdin is not None
        rest, pipe = memoryview(request), worker.stdin.fileno()
        while rest:
            self._wait([], [pipe], deadline)
            rest = rest[os.write(pipe, rest[:_MAX_IO_BYTES]) :]

    def _read(self, worker: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
        assert worker.stdout is not None
        received, pipe = bytearray(), worker.stdout.fileno()
        while len(received) < size:
            self._wait([pipe], [], deadline)
            chunk = os.read(pipe, min(size - len(received), _MAX_IO_BYTES))
            if not chunk:
                raise EOFError
            received += chunk
        return bytes(received)

    def _wait(self, reading: list[int], writing: list[int], deadline: float) -> None:
        """Wait until a pipe is ready; TimeoutError at the deadline."""
        ready = select.select(reading, writing, [], max(0.0, deadline - self._clock()))
        if not any(ready):
            raise TimeoutError


def _check_sizes(decoded_size: tuple[int, int], original_size: tuple[int, int]) -> None:
    """ValueError for impossible sizes, which a subprocess that was taken over could send."""
    for width, height in (decoded_size, original_size):
        if not 0 < width * height <= MAX_DECODED_PIXELS:
            raise ValueError("the image size is out of range")
