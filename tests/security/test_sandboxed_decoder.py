"""Strangers' pictures are decoded where a broken decoder finds nothing and reaches nobody."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from threading import Timer

import pytest
from PIL import Image

from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError
from postcard.canvas.codecs.sandboxed_decoder import MAX_SLOW_SECONDS, SandboxedDecoder
from postcard.runtime.deadline import Deadline
from postcard.runtime.time_budgets import MAX_KEYS
from tests.functions.fake_services import ROOT, noise_png, solid_png

KINDS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")


@pytest.fixture
def cell() -> Iterator[SandboxedDecoder]:
    cell = SandboxedDecoder()
    yield cell
    cell.close()


def encoded(kind: str, mode: str = "RGB", size: tuple[int, int] = (120, 80)) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 60).convert(mode).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("near", [None, (30, 20)])
@pytest.mark.parametrize("kind", KINDS)
def test_what_comes_out_is_what_the_decoder_makes_of_it(
    cell: SandboxedDecoder, kind: str, near: tuple[int, int] | None
) -> None:
    bodies = [encoded(kind)]
    if kind in ("PNG", "WEBP", "AVIF"):
        bodies.append(encoded(kind, "RGBA"))
    if kind == "JPEG":
        bodies += [encoded(kind, "CMYK"), encoded(kind, "L")]
    for body in bodies:
        found, right = cell.decode(body, near), DecodedImage.decode(body, target_pixels=near)
        assert (found.width, found.height) == (right.width, right.height)
        assert found.image.mode == right.image.mode
        assert found.image.tobytes() == right.image.tobytes()
    assert cell.started_workers == 1


def test_a_broken_picture_is_refused_with_the_decoder_s_words(cell: SandboxedDecoder) -> None:
    body = encoded("PNG")[:900]
    for decode in (cell.decode, lambda b, n: DecodedImage.decode(b, target_pixels=n)):
        with pytest.raises(ImageDecodeError, match="this PNG picture cannot be read: it is broken"):
            decode(body, None)
    with pytest.raises(ImageDecodeError, match="only PNG, JPEG"):
        cell.decode(b"<svg/>", None)
    assert cell.started_workers == 1


def test_a_picture_that_kills_the_process_is_lost_alone(cell: SandboxedDecoder) -> None:
    cell.decode(solid_png(), None)
    assert cell._worker is not None
    os.kill(cell._worker.pid, signal.SIGSTOP)
    Timer(0.2, lambda pid: os.kill(pid, signal.SIGKILL), [cell._worker.pid]).start()
    with pytest.raises(ImageDecodeError, match="it broke what decodes pictures"):
        cell.decode(noise_png(400, 400), None)
    assert cell.decode(solid_png(), None).width == 8
    assert cell.started_workers == 2


def test_a_process_that_died_meanwhile_is_replaced(cell: SandboxedDecoder) -> None:
    cell.decode(solid_png(), None)
    assert cell._worker is not None
    cell._worker.kill()
    cell._worker.wait()
    assert cell.decode(solid_png(), None).width == 8
    assert cell.started_workers == 2


def test_a_picture_that_takes_too_long_is_given_up_and_the_next_is_drawn() -> None:
    cell = SandboxedDecoder()
    cell.decode(solid_png(), None)
    assert cell._worker is not None
    os.kill(cell._worker.pid, signal.SIGSTOP)
    cell._timeout_seconds = 0.2
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        cell.decode(solid_png(), None)
    cell._timeout_seconds = 5.0
    assert cell.decode(solid_png(), None).width == 8
    cell.close()


LIES = {
    "a letter that is none": "struct.pack('=cIIII', b'X', 8, 8, 8, 8) + bytes(192)",
    "no pixels": "struct.pack('=cIIII', b'R', 0, 8, 8, 8)",
    "more pixels than any picture": "struct.pack('=cIIII', b'A', 2**31, 2**31, 8, 8)",
    "a size that no file has": "struct.pack('=cIIII', b'R', 8, 8, 2**32 - 1, 8) + bytes(192)",
    "a reason that is no text": "struct.pack('=cIIII', b'E', 2, 0, 0, 0) + bytes([255, 254])",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_process_that_was_taken_over_is_ended_at_its_first_lie(lie: str) -> None:
    program = f"import os, struct; os.read(0, 9); os.write(1, {lie}); os.read(0, 1 << 20)"
    cell = SandboxedDecoder(program=f"{program}; import time; time.sleep(60)")
    with pytest.raises(ImageDecodeError, match="it broke what decodes pictures"):
        cell.decode(solid_png(), None)
    assert cell._worker is None


class SlowDecoder:
    """A decoder whose clock is `step` seconds later at each look, so that each picture is slow."""

    def __init__(self) -> None:
        self.now, self.step = 0.0, 0.0
        self.decoder = SandboxedDecoder(clock=self._look)
        self.decoder.decode(solid_png(), None)

    def _look(self) -> float:
        self.now += self.step
        return self.now

    def decode(self, reference: str, *, step: float = 0.0) -> bool:
        """Whether the picture was decoded; with a `step` it takes too long."""
        self.step = step
        try:
            self.decoder.decode(solid_png(), None, reference=reference)
        except ImageDecodeError:
            return False
        finally:
            self.step = 0.0
        return True


def test_slow_pictures_of_one_host_do_not_starve_those_of_others() -> None:
    slow = SlowDecoder()
    for number in range(4):
        slow.decode(f"https://slow.example/{number}.png", step=1.5)
    assert not slow.decode("https://slow.example/another.png")
    assert not slow.decode("https://SLOW.example/another.png")
    assert slow.decode("https://other.example/a.png")
    assert slow.decode("asset:logo")
    slow.now += MAX_SLOW_SECONDS + 5
    assert slow.decode("https://slow.example/another.png")
    slow.decoder.close()


def test_a_slow_picture_uses_up_its_own_time_before_that_of_its_host() -> None:
    slow = SlowDecoder()
    slow.decode("https://slow.example/slow.png", step=0.9)
    assert not slow.decode("https://slow.example/slow.png")
    assert slow.decode("https://slow.example/another.png")
    slow.decoder.close()


def test_the_hosts_that_are_remembered_for_their_time_are_bounded() -> None:
    slow = SlowDecoder()
    budgets = slow.decoder._host_budgets
    for number in range(MAX_KEYS + 20):
        budgets.charge(f"h{number}.example", 9.0)
    assert len(budgets._buckets) == MAX_KEYS
    assert slow.decode("https://h0.example/a.png")
    assert not slow.decode(f"https://h{MAX_KEYS}.example/a.png")
    slow.decoder.close()


def test_decoding_ends_at_the_deadline_of_the_drawing() -> None:
    cell = SandboxedDecoder()
    late = Deadline(5.0, lambda: 6.0)
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        cell.decode(solid_png(), None, reference="https://a.example/x.png", deadline=late)
    assert cell.started_workers == 0


def test_the_largest_picture_fits_and_more_memory_is_refused() -> None:
    cell = SandboxedDecoder(timeout_seconds=30)
    file = io.BytesIO()
    Image.new("RGBA", (5000, 5000), (9, 9, 9, 128)).save(file, "PNG", compress_level=1)
    assert cell.decode(file.getvalue(), None).image.size == (5000, 5000)
    cell.close()


def inside(attempt: str) -> str:
    """What becomes of an attempt in a process that is bound and sealed."""
    program = f"""
import os, socket, subprocess, sys
sys.path[:0] = {[str(ROOT / "layers/core")]!r}
from postcard.runtime import sandbox as confine
confine.set_limits()
print("sealed" if confine.install_seccomp() else "open")
try:
    {attempt}
    print("done")
except BaseException as refusal:
    print(type(refusal).__name__)
sys.stdout.flush()
"""
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env={}, timeout=30)
    assert done.stdout.startswith("sealed"), done
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
def test_nothing_can_be_reached_from_inside(attempt: str) -> None:
    assert inside(attempt) in ("PermissionError 0", "OSError 0", "BlockingIOError 0")


def test_memory_is_bounded_inside() -> None:
    assert inside("bytearray(600_000_000)") == "MemoryError 0"


def test_nothing_of_the_environment_comes_with_it(cell: SandboxedDecoder) -> None:
    os.environ["POSTCARD_PLANTED"] = "canary"
    try:
        cell.prepare()
        assert cell._worker is not None
        assert Path(f"/proc/{cell._worker.pid}/environ").read_bytes() == b""
    finally:
        del os.environ["POSTCARD_PLANTED"]


def test_any_bytes_are_a_picture_or_an_error(cell: SandboxedDecoder) -> None:
    random = Random(9)
    for _ in range(150):
        body = bytearray(encoded(random.choice(KINDS), size=(24, 16)))
        for _ in range(random.randrange(1, 9)):
            body[random.randrange(12, len(body))] = random.randrange(256)
        try:
            assert cell.decode(bytes(body), (8, 8)).image.width > 0
        except ImageDecodeError as error:
            assert str(error)
    assert cell.started_workers <= 5
