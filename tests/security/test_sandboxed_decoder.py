"""Untrusted images are decoded in a subprocess that can reach nothing."""

import io
import os
import pickle
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Timer

import pytest
from PIL import Image

from postcard.canvas.codecs.decoded_image import (
    DecodedImage,
    DecoderUnavailable,
    ImageDecodeError,
)
from postcard.canvas.codecs.sandboxed_decoder import (
    MAX_PROCESSES,
    MAX_SLOW_SECONDS,
    TIMEOUT_SECONDS,
    SandboxedDecoder,
)
from postcard.runtime import sandbox
from postcard.runtime.deadline import NO_DEADLINE, Deadline, DeadlineExceeded
from tests.canvas.photo_kinds import SIZE, phone_exif, photo_kinds
from tests.corpus import files
from tests.functions.fake_services import ROOT, noise_png, solid_png
from tests.rendering.sample_images import encode, quarters
from tests.trust.run_scale import FULL

KINDS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")


@pytest.fixture
def decoder() -> Iterator[SandboxedDecoder]:
    decoder = SandboxedDecoder()
    yield decoder
    decoder.close()


def encoded(kind: str, mode: str = "RGB", size: tuple[int, int] = (120, 80)) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 60).convert(mode).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("near", [None, (30, 20)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_result_equals_decoding_in_this_process(
    decoder: SandboxedDecoder, kind: str, near: tuple[int, int] | None
) -> None:
    bodies = [encoded(kind)]
    if kind in ("PNG", "WEBP", "AVIF"):
        bodies.append(encoded(kind, "RGBA"))
    if kind == "JPEG":
        bodies += [encoded(kind, "CMYK"), encoded(kind, "L")]
    for body in bodies:
        found, right = decoder.decode(body, near), DecodedImage.decode(body, target_pixels=near)
        assert (found.width, found.height) == (right.width, right.height)
        assert found.image.mode == right.image.mode
        assert found.image.tobytes() == right.image.tobytes()
    assert decoder.started_workers == 1


@pytest.fixture(scope="module")
def shared_decoder() -> Iterator[SandboxedDecoder]:
    decoder = SandboxedDecoder()
    yield decoder
    decoder.close()


@pytest.mark.parametrize("kind", photo_kinds())
def test_a_picture_of_every_kind_is_decoded_in_the_sandbox(
    shared_decoder: SandboxedDecoder, kind: str
) -> None:
    shared_decoder.prepare()
    started_before = shared_decoder.started_workers
    decoded = shared_decoder.decode(photo_kinds()[kind], None)
    assert (decoded.width, decoded.height) == decoded.image.size == SIZE
    assert shared_decoder.started_workers == started_before


def test_the_worker_imports_nothing_more_after_it_is_prepared() -> None:
    program = f"""
import sys, pickle
sys.path[:0] = {[str(ROOT / "layers/core"), *sys.path]!r}
from postcard.canvas.codecs import decoder_worker
bodies = pickle.load(sys.stdin.buffer)
decoder_worker.import_decoders()
class Recorder:
    def find_spec(self, name, path=None, target=None):
        print(kind, "imports", name)
sys.meta_path.insert(0, Recorder())
sys.addaudithook(lambda event, _: print(kind, event) if event == "open" else None)
for kind, body in bodies.items():
    for target in (None, (30, 20)):
        list(decoder_worker.decode_response(body, target))
"""
    corpus = {f"{image.name} of the corpus": image.read() for image in files.images()}
    bodies = photo_kinds() | corpus
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(command, capture_output=True, input=pickle.dumps(bodies), timeout=300)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "", "")


def test_damaged_exif_never_hides_a_photo(shared_decoder: SandboxedDecoder) -> None:
    random, photo = Random(3), encode(quarters(*SIZE), "JPEG", exif=phone_exif(orientation=1))
    start, length = photo.index(b"Exif") + 6, len(phone_exif())
    for _ in range(300):
        body = bytearray(photo)
        for _ in range(random.randrange(1, 6)):
            body[random.randrange(start, start + length - 6)] = random.randrange(256)
        assert set(shared_decoder.decode(bytes(body), None).image.size) == set(SIZE)


def test_a_broken_picture_is_refused_with_the_decoders_message(decoder: SandboxedDecoder) -> None:
    body = encoded("PNG")[:900]
    for decode in (decoder.decode, lambda b, n: DecodedImage.decode(b, target_pixels=n)):
        with pytest.raises(ImageDecodeError, match="this PNG picture cannot be read: it is broken"):
            decode(body, None)
    with pytest.raises(ImageDecodeError, match="only PNG, JPEG"):
        decoder.decode(b"<svg/>", None)
    assert decoder.started_workers == 1


def test_after_a_picture_that_kills_the_process_the_next_is_decoded(
    decoder: SandboxedDecoder,
) -> None:
    decoder.decode(solid_png(), None)
    [pid] = decoder.pids
    os.kill(pid, signal.SIGSTOP)
    Timer(0.2, os.kill, [pid, signal.SIGKILL]).start()
    with pytest.raises(ImageDecodeError, match="it broke what decodes pictures"):
        decoder.decode(noise_png(400, 400), None)
    assert decoder.decode(solid_png(), None).width == 8
    assert decoder.started_workers == 2


def test_a_dead_process_is_replaced(decoder: SandboxedDecoder) -> None:
    decoder.decode(solid_png(), None)
    os.kill(decoder.pids[0], signal.SIGKILL)
    while decoder.pids:
        time.sleep(0.01)
    assert decoder.decode(solid_png(), None).width == 8
    assert decoder.started_workers == 2


def test_after_a_picture_that_takes_too_long_the_next_is_decoded() -> None:
    decoder = SandboxedDecoder()
    decoder.decode(solid_png(), None)
    os.kill(decoder.pids[0], signal.SIGSTOP)
    decoder._timeout_seconds = 0.2
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        decoder.decode(solid_png(), None)
    decoder._timeout_seconds = 5.0
    assert decoder.decode(solid_png(), None).width == 8
    decoder.close()


def test_the_wait_for_a_process_that_does_not_answer_ends_at_the_deadline(
    decoder: SandboxedDecoder,
) -> None:
    decoder.decode(solid_png(), None)
    [pid] = decoder.pids
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(DeadlineExceeded):
        decoder.decode(solid_png(), None, deadline=Deadline(time.monotonic() + 0.1))
    assert decoder.pids == []
    assert decoder.decode(solid_png(), None, deadline=NO_DEADLINE).width == 8


def test_the_wait_for_another_threads_picture_ends_at_the_deadline(
    decoder: SandboxedDecoder,
) -> None:
    with decoder._lock, pytest.raises(DeadlineExceeded):
        decoder.decode(solid_png(), None, deadline=Deadline(time.monotonic() + 0.05))


def failure(decoder: SandboxedDecoder, body: bytes = b"") -> type[ImageDecodeError]:
    """The exact kind of error that decoding ends with."""
    with pytest.raises(ImageDecodeError) as caught:
        decoder.decode(body or solid_png(), None)
    decoder.close()
    return caught.type


READY = "os.write(1, b'3'); os.read(0, 9)"  # it says that it is sealed, and gets an image


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("raise SystemExit", DecoderUnavailable),  # such as a library that is not found
        (f"{READY}; os.kill(os.getpid(), 9)", DecoderUnavailable),  # the system was out of memory
        (f"{READY}; os.abort()", ImageDecodeError),
        (f"{READY}; os._exit(1)", ImageDecodeError),
        (f"{READY}; os.write(1, b'X' * 17)", ImageDecodeError),
    ],
)
def test_a_process_that_is_lost_is_told_from_one_that_an_image_broke(
    program: str, kind: type[ImageDecodeError]
) -> None:
    assert failure(SandboxedDecoder(program=f"import os; {program}")) is kind


def test_an_image_is_refused_for_its_cpu_time_and_not_for_the_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpu = FakeCpu()
    decoder = cpu.decoder()
    cpu.step = 2.5
    assert failure(decoder) is ImageDecodeError
    slow_machine = SandboxedDecoder(timeout_seconds=0.1)
    slow_machine.decode(solid_png(), None)
    os.kill(slow_machine.pids[0], signal.SIGSTOP)
    assert failure(slow_machine) is DecoderUnavailable
    monkeypatch.setattr(sys, "executable", "/nowhere")
    assert failure(SandboxedDecoder()) is DecoderUnavailable


INVALID_RESPONSES = {
    "an unknown status letter": "struct.pack('=cIIII', b'X', 8, 8, 8, 8) + bytes(192)",
    "no pixels": "struct.pack('=cIIII', b'R', 0, 8, 8, 8)",
    "more pixels than any picture": "struct.pack('=cIIII', b'A', 2**31, 2**31, 8, 8)",
    "an impossible file size": "struct.pack('=cIIII', b'R', 8, 8, 2**32 - 1, 8) + bytes(192)",
    "a reason that is not text": "struct.pack('=cIIII', b'E', 2, 0, 0, 0) + bytes([255, 254])",
}


@pytest.mark.parametrize("response", INVALID_RESPONSES.values(), ids=INVALID_RESPONSES)
def test_a_process_that_sends_an_invalid_response_is_killed(response: str) -> None:
    program = f"import os, struct; {READY}; os.write(1, {response}); os.read(0, 1 << 20)"
    decoder = SandboxedDecoder(program=f"{program}; import time; time.sleep(60)")
    with pytest.raises(ImageDecodeError, match="it broke what decodes pictures"):
        decoder.decode(solid_png(), None)
    assert decoder.pids == []


class FakeCpu:
    """A clock that stands still, and processes whose CPU time each look at it advances."""

    def __init__(self) -> None:
        self.now = self.used = self.step = 0.0

    def clock(self) -> float:
        return self.now

    def cpu_clock(self, pid: int) -> float:
        self.used += self.step
        return self.used

    def decoder(self) -> SandboxedDecoder:
        decoder = SandboxedDecoder(clock=self.clock, cpu_clock=self.cpu_clock)
        decoder.decode(solid_png(), None)
        return decoder


def exhaust(cpu: FakeCpu, decoder: SandboxedDecoder, source: str) -> None:
    """Decode slow images of one source until it has no CPU time left."""
    cpu.step = 1.9
    for _ in range(9):
        with suppress(ImageDecodeError):
            decoder.decode(solid_png(), None, source=source)
    cpu.step = 0.0
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        decoder.decode(solid_png(), None, source=source)


def test_slow_images_of_one_host_use_up_its_time_and_that_of_no_other() -> None:
    cpu = FakeCpu()
    decoder = cpu.decoder()
    exhaust(cpu, decoder, "https://slow.example.com/1.jpg")
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        decoder.decode(solid_png(), None, source="https://slow.example.com/2.jpg")
    for source in ("https://photos.example.com/1.jpg", "asset:photo", "", "https://[broken"):
        assert decoder.decode(solid_png(), None, source=source).width == 8
    cpu.now += MAX_SLOW_SECONDS + 5
    assert decoder.decode(solid_png(), None, source="https://slow.example.com/1.jpg").width == 8
    decoder.close()


def test_slow_uploads_of_the_account_delay_no_other_upload() -> None:
    cpu = FakeCpu()
    decoder = cpu.decoder()
    cpu.step = 1.9
    for _ in range(9):
        with suppress(ImageDecodeError):
            decoder.decode(solid_png(), None)
    cpu.step = 0.0
    assert decoder.decode(solid_png(), None).width == 8
    decoder.close()


def test_an_image_that_takes_the_time_of_the_largest_is_decoded_however_often() -> None:
    cpu = FakeCpu()
    decoder = cpu.decoder()
    for _ in range(50):
        cpu.step = 0.1
        assert decoder.decode(solid_png(), None, source="https://photos.example.com/").width == 8
    decoder.close()


def test_a_busy_machine_refuses_no_image() -> None:
    cpu = FakeCpu()
    decoder = cpu.decoder()
    [pid] = decoder.pids
    os.kill(pid, signal.SIGSTOP)  # another process has the CPU for longer than the limit
    Timer(0.5, os.kill, [pid, signal.SIGCONT]).start()
    decoder._timeout_seconds = 0.2
    assert decoder.decode(solid_png(), None).width == 8
    decoder.close()


def test_the_next_image_is_decoded_while_a_slow_one_is_awaited(decoder: SandboxedDecoder) -> None:
    bodies = [noise_png(40 + number, 30) for number in range(5)]
    decoder.prepare()
    [slow_pid] = decoder.pids
    os.kill(slow_pid, signal.SIGSTOP)
    decoder._timeout_seconds = 0.4
    decoder.decode_ahead([(body, None) for body in bodies])
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        decoder.decode(bodies[0], None)
    [job], [other_pid] = decoder._jobs, decoder.pids
    assert select.select([job.process.output_pipe], [], [], 30)[0]
    os.kill(other_pid, signal.SIGSTOP)  # what it has decoded is in its pipe
    assert decoder.decode(bodies[1], None).width == 41
    os.kill(other_pid, signal.SIGCONT)
    decoder._timeout_seconds = 30
    assert [decoder.decode(body, None).width for body in bodies[2:]] == [42, 43, 44]
    assert len(decoder.pids) == 2
    assert decoder.started_workers == 3


def test_images_that_were_announced_and_not_needed_delay_no_other(
    decoder: SandboxedDecoder,
) -> None:
    large = [noise_png(900 + number, 900) for number in range(4)]  # more than a pipe holds
    for _ in range(3):
        decoder.decode_ahead([(body, None) for body in large])
        assert decoder.decode(large[0], None).width == 900
        assert decoder.decode(large[3], None).width == 903
        decoder.decode_ahead([])
        assert decoder.decode(solid_png(), None).width == 8
    assert len(decoder.pids) <= 2


LARGEST: dict[str, tuple[str, dict[str, object]]] = {
    "PNG": ("RGBA", {"compress_level": 1}),
    "JPEG": ("RGB", {"progressive": True, "subsampling": 0, "quality": 30}),
    "GIF": ("P", {}),
    "WEBP": ("RGBA", {"lossless": True, "method": 0, "quality": 0}),
    "AVIF": ("RGBA", {"speed": 10, "subsampling": "4:4:4"}),
}


def test_an_image_of_25_megapixels_is_decoded_each_time_in_every_format() -> None:
    decoder = SandboxedDecoder(timeout_seconds=30)
    bodies = []
    for kind, (mode, options) in LARGEST.items():
        image = Image.new("RGBA", (5000, 5000), (9, 90, 200, 128)).convert(mode)
        bodies.append(encode(image, kind, **options))
    decoder.prepare()
    for body in (*bodies, *(bodies[::-1] if FULL else bodies[-1:])):
        assert decoder.decode(body, None).image.size == (5000, 5000)
        assert memory_megabytes(decoder, "VmData") < 40  # nothing is left of it
    assert decoder.started_workers == 1
    assert memory_megabytes(decoder, "VmHWM") * 1_048_576 < sandbox.MAX_DATA_BYTES
    decoder.close()


def memory_megabytes(decoder: SandboxedDecoder, name: str) -> int:
    """A figure of the worker's memory, for example its peak (`VmHWM`)."""
    lines = Path(f"/proc/{decoder.pids[0]}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(f"{name}:"))


def test_the_documented_memory_limit_is_the_one_in_force() -> None:
    limits = (ROOT / "docs/limits.md").read_text()
    [row] = [line for line in limits.splitlines() if line.startswith("| decoding in the sandbox")]
    memory = f"{sandbox.MAX_DATA_BYTES // 1_000_000} MB"
    assert memory in row and f"| {MAX_PROCESSES}, of {memory} each |" in limits
    assert f"{TIMEOUT_SECONDS:g} s of CPU" in row


def inside(attempt: str) -> str:
    """The outcome of a statement in a sandboxed process."""
    program = f"""
import os, socket, subprocess, sys
sys.path[:0] = {[str(ROOT / "layers/core")]!r}
from postcard.runtime import sandbox
from postcard.runtime.deadline import NO_DEADLINE, Deadline, DeadlineExceeded
sandbox.set_limits()
print("locked" if sandbox.install_seccomp() else "open")
try:
    {attempt}
    print("done")
except BaseException as error:
    print(type(error).__name__)
sys.stdout.flush()
"""
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env={}, timeout=300)
    assert done.stdout.startswith("locked"), done
    return done.stdout.split()[-1] + f" {done.returncode}"


@pytest.mark.parametrize(
    "attempt",
    [
        "open('/etc/passwd')",
        "open('/proc/self/environ')",
        "os.open('/tmp/x', os.O_CREAT | os.O_WRONLY)",
        "socket.socket()",
        "os.fork()",
        "os.execv('/bin/true', ['/bin/true'])",
        "subprocess.run(['/bin/true'])",
        "os.kill(os.getppid(), 9)",
        "os.listdir('/')",
        "os.unlink('/tmp/x')",
        "os.dup(0)",
        "os.pipe()",
    ],
)
def test_nothing_can_be_reached_from_the_sandbox(attempt: str) -> None:
    assert inside(attempt) in ("PermissionError 0", "OSError 0", "BlockingIOError 0")


def test_memory_is_limited_in_the_sandbox() -> None:
    assert inside("bytearray(600_000_000)") == "MemoryError 0"


def test_the_process_has_an_empty_environment(decoder: SandboxedDecoder) -> None:
    os.environ["POSTCARD_PLANTED"] = "canary"
    try:
        decoder.prepare()
        assert Path(f"/proc/{decoder.pids[0]}/environ").read_bytes() == b""
    finally:
        del os.environ["POSTCARD_PLANTED"]


def test_any_bytes_are_a_picture_or_an_error(decoder: SandboxedDecoder) -> None:
    random = Random(9)
    for _ in range(150):
        body = bytearray(encoded(random.choice(KINDS), size=(24, 16)))
        for _ in range(random.randrange(1, 9)):
            body[random.randrange(12, len(body))] = random.randrange(256)
        try:
            assert decoder.decode(bytes(body), (8, 8)).image.width > 0
        except ImageDecodeError as error:
            assert str(error)
    assert decoder.lost_workers == 0
