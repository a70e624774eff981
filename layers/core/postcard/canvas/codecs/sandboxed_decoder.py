"""Decodes untrusted images in sandboxed subprocesses; killed after 2 s of CPU time.

A subprocess starts with an empty environment, without credentials, and can open neither files
nor sockets; its memory is limited. It decodes 20 images, so that one that was taken over sees few
images of others; its successor is started before that. A second one decodes the next image of a
picture meanwhile.
"""

import contextlib
import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import TIMEOUT_MAX, Lock

from PIL import Image

from postcard.canvas.codecs.decoded_image import (
    MAX_DECODED_PIXELS,
    MAX_DECODED_SIDE,
    DecodedImage,
    DecoderUnavailable,
    ImageDecodeError,
    detect_format,
)
from postcard.canvas.codecs.decoder_worker import PIXEL_MODES, REQUEST_HEADER, RESPONSE_HEADER
from postcard.host_patterns import host_of
from postcard.runtime.cooldown import Cooldown
from postcard.runtime.deadline import NO_DEADLINE, Deadline, DeadlineExceeded
from postcard.runtime.sandbox import Seal
from postcard.runtime.sandboxed_subprocess import (
    CpuClock,
    SandboxedSubprocess,
    cpu_seconds,
    unsealed_files,
)
from postcard.runtime.time_budgets import TimeBudgets

MAX_PROCESSES = 2
MAX_IMAGES = 20  # of one process
_SPARE_LEAD = 5  # so many images before its end a successor is started, which takes a while
TIMEOUT_SECONDS = 2.0  # of CPU time for one image, so that a busy machine refuses no more images
MAX_WAIT_FACTOR = 3  # of the CPU time: the seconds that a caller waits
MAX_SLOW_SECONDS = 4.0  # budget of each host and address; refilled by a second each second
FREE_SECONDS = 1.4  # of each image, not charged: the largest image of any format takes 1.0
STARTUP_SECONDS = 1.5  # more time for the first image of a new process
CHECK_PAUSE_SECONDS = 10.0  # after a process did not start, before a health check starts another
MAX_READY_SECONDS = 5.0  # until a new process is ready
_MIN_WAIT_SECONDS = 0.01  # between two looks at the CPU time of a process that has little left
_MAX_REASON_BYTES = 1_000
_CRASHED = "it broke what decodes pictures"
_TIMED_OUT = "it takes too long to decode"

WORKER_PROGRAM = "from postcard.canvas.codecs import decoder_worker; decoder_worker.serve()"

TargetPixels = tuple[int, int] | None


class _Decoder(SandboxedSubprocess):
    """A subprocess that decodes images; `decoded` counts them."""

    decoded = 0


@dataclass(frozen=True, slots=True)
class _Request:
    """An image file, and the size at which it will be drawn if that changes how it is decoded."""

    body: bytes
    target_pixels: TargetPixels

    @classmethod
    def of(cls, body: bytes, target_pixels: TargetPixels) -> "_Request":
        """ImageDecodeError if the bytes are not an image of a format that is decoded."""
        return cls(body, target_pixels if detect_format(body) == "JPEG" else None)

    def to_bytes(self) -> memoryview:
        header = REQUEST_HEADER.pack(len(self.body), *(self.target_pixels or (0, 0)))
        return memoryview(header + self.body)


@dataclass(slots=True, eq=False)
class _Job:
    """A request that a process works on. `unsent` is the rest of it that the pipe did not take."""

    request: _Request
    process: _Decoder
    unsent: memoryview
    started_cpu: float | None
    extra_seconds: float  # for starting the process
    wait_until: float = 0.0
    cpu_limit: float = 0.0
    deadline: Deadline = NO_DEADLINE

    def used_cpu_seconds(self) -> float:
        """The CPU seconds since its start, with those for starting the process."""
        used = self.process.cpu_seconds()
        return 0.0 if used is None or self.started_cpu is None else used - self.started_cpu

    def slow_seconds(self) -> float:
        """The CPU seconds that are charged to the budget of its source."""
        return max(0.0, self.used_cpu_seconds() - self.extra_seconds - FREE_SECONDS)

    def send(self) -> None:
        """Send what the pipe takes now."""
        self.unsent = self.process.write(self.unsent)


class SandboxedDecoder:
    """Decodes images in subprocesses, which it starts and restarts.

    Use one per process; other threads wait. `program` is the Python code of a subprocess.
    """

    def __init__(
        self,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        cpu_clock: CpuClock = cpu_seconds,
        program: str = WORKER_PROGRAM,
        max_images: int = MAX_IMAGES,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._max_images = max_images  # of one process
        self._clock, self._cpu_clock = clock, cpu_clock
        self._program = program
        self._lock = Lock()
        self._idle: list[_Decoder] = []
        self._jobs: list[_Job] = []  # the oldest first
        self._next: deque[_Request] = deque()
        self._budgets = TimeBudgets(MAX_SLOW_SECONDS, clock)
        self._check_pause = Cooldown(CHECK_PAUSE_SECONDS, clock)
        self.started_workers = self.lost_workers = 0

    @property
    def pids(self) -> list[int]:
        """The ids of the subprocesses that are running."""
        processes = [*self._idle, *(job.process for job in self._jobs)]
        return [process.pid for process in processes if process.is_running]

    @property
    def idle_processes(self) -> int:
        """How many subprocesses wait for an image."""
        return len(self._idle)

    def prepare(self) -> None:
        """Start a subprocess ahead of time, while the image is still being fetched."""
        with self._lock:
            self._start_spare()

    def check_seal(self, deadline: Deadline) -> Seal | None:
        """What holds in the subprocesses, of which one is started; None if it cannot be.

        After a failure none is started for some seconds, however often anybody asks.
        """
        if self._check_pause.is_active():
            return None
        failures = (OSError, EOFError, ValueError, DeadlineExceeded)
        with contextlib.suppress(*failures), self._locked_until(deadline):
            self._start_spare()
            process = self._idle[-1] if self._idle else self._jobs[0].process
            while process.seal is None:
                deadline.check()
                seconds = max(_MIN_WAIT_SECONDS, min(deadline.remaining(), MAX_READY_SECONDS))
                if not select.select([process.output_pipe], [], [], seconds)[0]:
                    raise EOFError
                process.seal = Seal.from_byte(process.read(1))
            return process.seal
        self._check_pause.start()
        return None

    def decode_ahead(self, images: Iterable[tuple[bytes, TargetPixels]]) -> None:
        """Announce the images that `decode` will be called with, in that order.

        While one is decoded, the next is decoded in a second subprocess.
        """
        with self._lock:
            self._next.clear()
            for body, target_pixels in images:
                with contextlib.suppress(ImageDecodeError):
                    self._next.append(_Request.of(body, target_pixels))
            for job in [one for one in self._jobs if one.request not in self._next]:
                self._discard(job)  # of a render that was given up

    def decode(
        self,
        body: bytes,
        target_pixels: TargetPixels,
        *,
        source: str = "",
        deadline: Deadline = NO_DEADLINE,
    ) -> DecodedImage:
        """Decode an untrusted image; raises ImageDecodeError, also if it crashed the decoder.

        `source` is where it comes from: slow images of one host or address have a budget. At the
        deadline `DeadlineExceeded` is raised, whatever the subprocess does.
        """
        request = _Request.of(body, target_pixels)  # needs no subprocess
        with self._locked_until(deadline):
            budgets = _budget_keys(source)
            seconds = min(self._timeout_seconds, *map(self._budgets.left, budgets))
            if seconds <= 0:
                raise ImageDecodeError(_TIMED_OUT)
            job = None
            try:
                self._start_spare()
                job = self._job_for(request)
                self._start_next()
                return self._result(job, seconds, deadline)
            except TimeoutError:
                used_up = job is not None and job.used_cpu_seconds() >= job.cpu_limit
                raise (ImageDecodeError if used_up else DecoderUnavailable)(_TIMED_OUT) from None
            except ImageDecodeError:
                raise
            except (OSError, EOFError, LookupError, ValueError) as error:  # it ended, or lies
                self.lost_workers += 1
                ended = isinstance(error, OSError | EOFError)
                was_lost = ended and (job is None or job.process.was_lost())
                raise (DecoderUnavailable if was_lost else ImageDecodeError)(_CRASHED) from None
            finally:
                if job is not None:
                    for key in budgets:
                        self._budgets.charge(key, job.slow_seconds())
                if job in self._jobs:
                    self._discard(job)

    @contextlib.contextmanager
    def _locked_until(self, deadline: Deadline) -> Iterator[None]:
        """Hold the lock; `DeadlineExceeded` if another thread has it until the deadline."""
        seconds = min(max(deadline.remaining(), 0.0), TIMEOUT_MAX)
        if not self._lock.acquire(timeout=seconds):
            raise DeadlineExceeded("There was no time left to decode a picture: try again.")
        try:
            yield
        finally:
            self._lock.release()

    def close(self) -> None:
        """Kill the subprocesses; the next image starts another."""
        for process in [*self._idle, *(job.process for job in self._jobs)]:
            process.kill()
        self._idle.clear()
        self._jobs.clear()

    def _job_for(self, request: _Request) -> _Job:
        """The job of a request, which may have been started ahead."""
        if request in self._next:
            while self._next.popleft() != request:  # those before it were not needed
                pass
        for job in self._jobs:
            if job.request == request:
                return job
        return self._start_job(request)

    def _start_next(self) -> None:
        """Start the next announced image if a process is free for it."""
        started = [job.request for job in self._jobs]
        while self._next and self._next[0] in started:
            self._next.popleft()
        if self._next and len(self._jobs) < MAX_PROCESSES:
            with contextlib.suppress(OSError):
                self._start_job(self._next.popleft())

    def _start_job(self, request: _Request) -> _Job:
        if len(self._jobs) >= MAX_PROCESSES:  # images that were announced and then not needed
            self._discard(self._jobs[0])
        self._drop_ended()
        process = self._idle.pop() if self._idle else self._start_subprocess()
        extra = STARTUP_SECONDS if process.seal is None else 0.0
        job = _Job(request, process, request.to_bytes(), process.cpu_seconds(), extra)
        self._jobs.append(job)
        try:
            job.send()
        except OSError:
            self._discard(job)
            raise
        return job

    def _start_spare(self) -> None:
        """Start a process if there is none, or none that can decode more than a few images."""
        self._drop_ended()
        processes = [*self._idle, *(job.process for job in self._jobs)]
        if all(one.decoded >= self._max_images - _SPARE_LEAD for one in processes):
            with contextlib.suppress(OSError):
                self._idle.insert(0, self._start_subprocess())  # the others come first

    def _drop_ended(self) -> None:
        """Forget processes that ended while they had nothing to do."""
        for process in [one for one in self._idle if not one.is_running]:
            self._idle.remove(process)
            process.kill()
            self.lost_workers += 1

    def _start_subprocess(self) -> _Decoder:
        self.started_workers += 1
        return _Decoder(self._program, self._cpu_clock)

    def _discard(self, job: _Job) -> None:
        self._jobs.remove(job)
        job.process.kill()

    def _result(self, job: _Job, seconds: float, deadline: Deadline) -> DecodedImage:
        """Wait for a job's response. On success its process is free for the next."""
        job.deadline = deadline
        job.cpu_limit = seconds + job.extra_seconds
        job.wait_until = self._clock() + MAX_WAIT_FACTOR * job.cpu_limit
        if job.process.seal is None:
            job.process.seal = Seal.from_byte(bytes(self._read(job, 1)))
        unsealed_files.add(job.process.seal)
        status, *numbers = RESPONSE_HEADER.unpack(self._read(job, RESPONSE_HEADER.size))
        if status == b"E":
            reason = self._read(job, min(numbers[0], _MAX_REASON_BYTES)).decode()
            self._free(job)
            raise ImageDecodeError(reason)
        mode = PIXEL_MODES[status]
        decoded_size, original_size = (numbers[0], numbers[1]), (numbers[2], numbers[3])
        _check_sizes(decoded_size, original_size)
        pixels = self._read(job, decoded_size[0] * decoded_size[1] * len(mode))
        self._free(job)
        return DecodedImage(Image.frombytes(mode, decoded_size, pixels), original_size)

    def _free(self, job: _Job) -> None:
        self._jobs.remove(job)
        job.process.decoded += 1
        if job.process.decoded < self._max_images:
            self._idle.append(job.process)
        else:
            job.process.kill()

    def _read(self, job: _Job, size: int) -> bytearray:
        received = bytearray()
        while len(received) < size:
            self._wait(job)
            received += job.process.read(size - len(received))
        return received

    def _wait(self, job: _Job) -> None:
        """Wait until a job's process has written, and send meanwhile what is unsent."""
        while True:
            job.deadline.check()
            sending = [each for each in self._jobs if each.unsent]
            left = min(job.wait_until - self._clock(), job.cpu_limit - job.used_cpu_seconds())
            if left <= 0:
                raise TimeoutError
            readable, writable, _ = select.select(
                [job.process.output_pipe],
                [each.process.input_pipe for each in sending],
                [],
                max(min(left, job.deadline.remaining()), _MIN_WAIT_SECONDS),
            )
            if readable:
                return
            for each in sending:
                if each.process.input_pipe in writable:
                    self._send(each, job)

    def _send(self, sending: _Job, awaited: _Job) -> None:
        try:
            sending.send()
        except OSError:
            if sending is awaited:
                raise
            self._discard(sending)  # it is started again when it is needed


def _budget_keys(source: str) -> tuple[str, str]:
    """The budgets that an image of this source shares: its own, and that of its host."""
    host = host_of(source)
    return source, f"//{host}" if host else ""


def _check_sizes(decoded_size: tuple[int, int], original_size: tuple[int, int]) -> None:
    """ValueError for impossible sizes, which a subprocess that was taken over could send."""
    for width, height in (decoded_size, original_size):
        if not 0 < width * height <= MAX_DECODED_PIXELS or max(width, height) > MAX_DECODED_SIDE:
            raise ValueError("the image size is out of range")
