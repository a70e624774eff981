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

from postcard.canvas.codecs.decoder_worker import ANSWERED, ASKED, MODES
from postcard.canvas.codecs.picture import MAX_PICTURE_PIXELS, Picture, PictureError, kind_of
from postcard.runtime import sandbox as confine

SECONDS = 2.0  # for one picture
ALLOWANCE = 4.0  # seconds that slow pictures may take together; it comes back with time
QUICK = 0.2  # seconds that cost nothing
BEGINNING = 1.5  # seconds more for the picture that a new process begins with
_PROGRAM = (
    "import sys; sys.path[:0] = sys.argv[1:]; "
    "from postcard.canvas.codecs import decoder_worker; decoder_worker.serve()"
)
_PIECE = 1 << 20
_LONGEST_REASON = 1_000  # bytes
_BROKEN = "it broke what decodes pictures"
_SLOW = "it takes too long to decode"


class Cell:
    """Stands in for `Picture.decode`. One for a process; who comes meanwhile waits.

    `clock` is `time.monotonic`; `program` is what runs in the process.
    """

    def __init__(
        self,
        *,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
        program: str = _PROGRAM,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._program = program
        self._lock = Lock()
        self._inmate: subprocess.Popen[bytes] | None = None
        self._left, self._since = ALLOWANCE, clock()
        self.started = 0  # processes so far

    def decode(self, body: bytes, near: tuple[int, int] | None) -> Picture:
        """The picture of a stranger's bytes; `PictureError`, also where they did harm."""
        kind_of(body)  # what is no picture at all is not worth a process
        with self._lock:
            began = self._clock()
            self._left = min(ALLOWANCE, self._left + began - self._since)
            try:
                if self._left <= 0:
                    raise PictureError(_SLOW)
                return self._asked(body, near, began + min(self._seconds, self._left))
            finally:
                self._since = self._clock()
                self._left -= max(0.0, self._since - began - QUICK)

    def prepare(self) -> None:
        """Begin the process while the picture is still on its way."""
        with self._lock, contextlib.suppress(OSError):
            self._begun()

    def close(self) -> None:
        """End the process; the next picture begins another."""
        if self._inmate is not None:
            self._inmate.kill()
            self._inmate.communicate()
            self._inmate = None

    def _asked(self, body: bytes, near: tuple[int, int] | None, until: float) -> Picture:
        try:
            started = self.started
            inmate = self._begun()
            until += BEGINNING * (self.started - started)
            self._send(inmate, ASKED.pack(len(body), *(near or (0, 0))) + body, until)
            letter, *numbers = ANSWERED.unpack(self._read(inmate, ANSWERED.size, until))
            if letter == b"E":
                reason = self._read(inmate, min(numbers[0], _LONGEST_REASON), until)
                raise PictureError(reason.decode())
            mode, size, shown = MODES[letter], (numbers[0], numbers[1]), (numbers[2], numbers[3])
            _check_sizes(size, shown)
            pixels = self._read(inmate, size[0] * size[1] * len(mode), until)
        except TimeoutError:
            self.close()
            raise PictureError(_SLOW) from None
        except PictureError:
            raise
        except (OSError, EOFError, LookupError, ValueError):  # it is dead, or no longer ours
            self.close()
            raise PictureError(_BROKEN) from None
        return Picture(Image.frombytes(mode, size, pixels), shown)

    def _begun(self) -> subprocess.Popen[bytes]:
        if self._inmate is None or self._inmate.poll() is not None:
            self.close()
            confine.hide()
            self.started += 1
            paths = [os.path.abspath(path or ".") for path in sys.path]  # noqa: PTH100
            self._inmate = subprocess.Popen(  # noqa: S603  # our own program; a picture is its input
                [sys.executable, "-I", "-S", "-c", self._program, *paths],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                bufsize=0,
            )
            for pipe in (self._inmate.stdin, self._inmate.stdout):
                assert pipe is not None
                os.set_blocking(pipe.fileno(), False)
        return self._inmate

    def _send(self, inmate: subprocess.Popen[bytes], asked: bytes, until: float) -> None:
        assert inmate.stdin is not None
        rest, pipe = memoryview(asked), inmate.stdin.fileno()
        while rest:
            self._wait([], [pipe], until)
            rest = rest[os.write(pipe, rest[:_PIECE]) :]

    def _read(self, inmate: subprocess.Popen[bytes], size: int, until: float) -> bytes:
        assert inmate.stdout is not None
        pieces, pipe = bytearray(), inmate.stdout.fileno()
        while len(pieces) < size:
            self._wait([pipe], [], until)
            piece = os.read(pipe, min(size - len(pieces), _PIECE))
            if not piece:
                raise EOFError
            pieces += piece
        return bytes(pieces)

    def _wait(self, reading: list[int], writing: list[int], until: float) -> None:
        """Until a pipe is ready; `TimeoutError`."""
        ready = select.select(reading, writing, [], max(0.0, until - self._clock()))
        if not any(ready):
            raise TimeoutError


def _check_sizes(pixels: tuple[int, int], shown: tuple[int, int]) -> None:
    """`ValueError` for what no picture has: whoever took the process over may say anything."""
    for width, height in (pixels, shown):
        if not 0 < width * height <= MAX_PICTURE_PIXELS:
            raise ValueError("no picture is as large")
