"""Decodes strangers' pictures where a broken decoder finds nothing and reaches nobody.

A process of its own, started anew from nothing: no keys, no credentials, no files, no sockets,
little memory, and an end that does not ask. It stands ready after the first picture.
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
from postcard.runtime import sandbox as confine

TIMEOUT_SECONDS = 2.0  # for one picture
MAX_SLOW_SECONDS = 4.0  # seconds that slow pictures may take together; it comes back with time
FREE_SECONDS = 0.2  # seconds that cost nothing
STARTUP_SECONDS = 1.5  # seconds more for the picture that a new process begins with
_WORKER_PROGRAM = (
    "import sys; sys.path[:0] = sys.argv[1:]; "
    "from postcard.canvas.codecs import decoder_worker; decoder_worker.serve()"
)
_MAX_IO_BYTES = 1 << 20
_MAX_REASON_BYTES = 1_000  # bytes
_CRASHED = "it broke what decodes pictures"
_TIMED_OUT = "it takes too long to decode"


class SandboxedDecoder:
    """Stands in for `Picture.decode`. One for a process; who comes meanwhile waits.

    `clock` is `time.monotonic`; `program` is what runs in the process.
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
        self._slow_seconds_left, self._refilled_at = MAX_SLOW_SECONDS, clock()
        self.started_workers = 0  # processes so far

    def decode(self, body: bytes, target_pixels: tuple[int, int] | None) -> DecodedImage:
        """The picture of a stranger's bytes; `PictureError`, also where they did harm."""
        detect_format(body)  # what is no picture at all is not worth a process
        with self._lock:
            began = self._clock()
            self._slow_seconds_left = min(
                MAX_SLOW_SECONDS, self._slow_seconds_left + began - self._refilled_at
            )
            try:
                if self._slow_seconds_left <= 0:
                    raise ImageDecodeError(_TIMED_OUT)
                return self._request(
                    body, target_pixels, began + min(self._timeout_seconds, self._slow_seconds_left)
                )
            finally:
                self._refilled_at = self._clock()
                self._slow_seconds_left -= max(0.0, self._refilled_at - began - FREE_SECONDS)

    def prepare(self) -> None:
        """Begin the process while the picture is still on its way."""
        with self._lock, contextlib.suppress(OSError):
            self._running_worker()

    def close(self) -> None:
        """End the process; the next picture begins another."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None

    def _request(
        self, body: bytes, target_pixels: tuple[int, int] | None, deadline: float
    ) -> DecodedImage:
        try:
            started = self.started_workers
            inmate = self._running_worker()
            deadline += STARTUP_SECONDS * (self.started_workers - started)
            self._send(
                inmate, REQUEST_HEADER.pack(len(body), *(target_pixels or (0, 0))) + body, deadline
            )
            letter, *numbers = RESPONSE_HEADER.unpack(
                self._read(inmate, RESPONSE_HEADER.size, deadline)
            )
            if letter == b"E":
                reason = self._read(inmate, min(numbers[0], _MAX_REASON_BYTES), deadline)
                raise ImageDecodeError(reason.decode())
            mode, size, shown = (
                PIXEL_MODES[letter],
                (numbers[0], numbers[1]),
                (numbers[2], numbers[3]),
            )
            _check_sizes(size, shown)
            pixels = self._read(inmate, size[0] * size[1] * len(mode), deadline)
        except TimeoutError:
            self.close()
            raise ImageDecodeError(_TIMED_OUT) from None
        except ImageDecodeError:
            raise
        except (OSError, EOFError, LookupError, ValueError):  # it is dead, or no longer ours
            self.close()
            raise ImageDecodeError(_CRASHED) from None
        return DecodedImage(Image.frombytes(mode, size, pixels), shown)

    def _running_worker(self) -> subprocess.Popen[bytes]:
        if self._worker is None or self._worker.poll() is not None:
            self.close()
            confine.disable_ptrace()
            self.started_workers += 1
            paths = [os.path.abspath(path or ".") for path in sys.path]  # noqa: PTH100
            self._worker = subprocess.Popen(  # noqa: S603  # our own program; a picture is its input
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
        pieces, pipe = bytearray(), worker.stdout.fileno()
        while len(pieces) < size:
            self._wait([pipe], [], deadline)
            piece = os.read(pipe, min(size - len(pieces), _MAX_IO_BYTES))
            if not piece:
                raise EOFError
            pieces += piece
        return bytes(pieces)

    def _wait(self, reading: list[int], writing: list[int], deadline: float) -> None:
        """Until a pipe is ready; `TimeoutError`."""
        ready = select.select(reading, writing, [], max(0.0, deadline - self._clock()))
        if not any(ready):
            raise TimeoutError


def _check_sizes(decoded_size: tuple[int, int], original_size: tuple[int, int]) -> None:
    """`ValueError` for what no picture has: whoever took the process over may say anything."""
    for width, height in (decoded_size, original_size):
        if not 0 < width * height <= MAX_DECODED_PIXELS:
            raise ValueError("no picture is as large")
