"""Untrusted images are decoded in a subprocess that can reach nothing."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Timer

import pytest
from PIL import Image

from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError
from postcard.canvas.codecs.sandboxed_decoder import MAX_SLOW_SECONDS, SandboxedDecoder
from tests.functions.fake_services import ROOT, noise_png, solid_png

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
    assert decoder._worker is not None
    os.kill(decoder._worker.pid, signal.SIGSTOP)
    Timer(0.2, lambda pid: os.kill(pid, signal.SIGKILL), [decoder._worker.pid]).start()
    with pytest.raises(ImageDecodeError, match="it broke what decodes pictures"):
        decoder.decode(noise_png(400, 400), None)
    assert decoder.decode(solid_png(), None).width == 8
    assert decoder.started_workers == 2


def test_a_dead_process_is_replaced(decoder: SandboxedDecoder) -> None:
    decoder.decode(solid_png(), None)
    assert decoder._worker is not None
    decoder._worker.kill()
    decoder._worker.wait()
    assert decoder.decode(solid_png(), None).width == 8
    assert decoder.started_workers == 2


def test_after_a_picture_that_takes_too_long_the_next_is_decoded() -> None:
    decoder = SandboxedDecoder()
    decoder.decode(solid_png(), None)
    assert decoder._worker is not None
    os.kill(decoder._worker.pid, signal.SIGSTOP)
    decoder._timeout_seconds = 0.2
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        decoder.decode(solid_png(), None)
    decoder._timeout_seconds = 5.0
    assert decoder.decode(solid_png(), None).width == 8
    decoder.close()


INVALID_RESPONSES = {
    "an unknown status letter": "struct.pack('=cIIII', b'X', 8, 8, 8, 8) + bytes(192)",
    "no pixels": "struct.pack('=cIIII', b'R', 0, 8, 8, 8)",
    "more pixels than any picture": "struct.pack('=cIIII', b'A', 2**31, 2**31, 8, 8)",
    "an impossible file size": "struct.pack('=cIIII', b'R', 8, 8, 2**32 - 1, 8) + bytes(192)",
    "a reason that is not text": "struct.pack('=cIIII', b'E', 2, 0, 0, 0) + bytes([255, 254])",
}


@pytest.mark.parametrize("response", INVALID_RESPONSES.values(), ids=INVALID_RESPONSES)
def test_a_process_that_sends_an_invalid_response_is_killed(response: str) -> None:
    program = f"import os, struct; os.read(0, 9); os.write(1, {response}); os.read(0, 1 << 20)"
    decoder = SandboxedDecoder(program=f"{program}; import time; time.sleep(60)")
    with pytest.raises(ImageDecodeError, match="it broke what decodes pictures"):
        decoder.decode(solid_png(), None)
    assert decoder._worker is None


def test_slow_pictures_share_a_time_budget() -> None:
    now, step = 0.0, 0.0

    def clock() -> float:
        nonlocal now
        now += step
        return now

    decoder = SandboxedDecoder(clock=clock)
    decoder.decode(solid_png(), None)
    step = 1.5  # seconds between two readings of the clock
    for _ in range(3):
        with suppress(ImageDecodeError):
            decoder.decode(solid_png(), None)
    step = 0.0
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        decoder.decode(solid_png(), None)
    now += MAX_SLOW_SECONDS + 5
    assert decoder.decode(solid_png(), None).width == 8
    decoder.close()


def test_the_largest_picture_fits_into_the_memory_limit() -> None:
    decoder = SandboxedDecoder(timeout_seconds=30)
    file = io.BytesIO()
    Image.new("RGBA", (5000, 5000), (9, 9, 9, 128)).save(file, "PNG", compress_level=1)
    assert decoder.decode(file.getvalue(), None).image.size == (5000, 5000)
    decoder.close()


def inside(attempt: str) -> str:
    """The outcome of a statement in a sandboxed process."""
    program = f"""
import os, socket, subprocess, sys
sys.path[:0] = {[str(ROOT / "layers/core")]!r}
from postcard.runtime import sandbox
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
    done = subprocess.run(command, capture_output=True, text=True, env={}, timeout=30)
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
        assert decoder._worker is not None
        assert Path(f"/proc/{decoder._worker.pid}/environ").read_bytes() == b""
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
    assert decoder.started_workers <= 5
