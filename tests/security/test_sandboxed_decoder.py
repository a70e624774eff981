"""Strangers' pictures are decoded where a broken decoder finds nothing and reaches nobody."""

import io
import os
import pickle
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
from tests.canvas.photo_kinds import SIZE, phone_exif, photo_kinds
from tests.functions.fake_services import ROOT, noise_png, solid_png
from tests.rendering.sample_images import encode, quarters

CORPUS = Path(__file__).parents[3] / "shared/corpus/images"
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


@pytest.fixture(scope="module")
def decoder() -> Iterator[SandboxedDecoder]:
    decoder = SandboxedDecoder()
    yield decoder
    decoder.close()


@pytest.mark.parametrize("kind", photo_kinds())
def test_a_picture_of_every_kind_is_decoded_in_the_sandbox(
    decoder: SandboxedDecoder, kind: str
) -> None:
    decoder.prepare()
    started_before = decoder.started_workers
    decoded = decoder.decode(photo_kinds()[kind], None)
    assert (decoded.width, decoded.height) == decoded.image.size == SIZE
    assert decoder.started_workers == started_before


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
        decoder_worker._decode_response(body, target)
"""
    bodies = photo_kinds() | {
        f"{path.name} of the corpus": path.read_bytes() for path in CORPUS.rglob("*.*")
    }
    command = [sys.executable, "-I", "-c", program]
    done = subprocess.run(command, capture_output=True, input=pickle.dumps(bodies), timeout=300)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "", "")


def test_damaged_exif_never_hides_a_photo(decoder: SandboxedDecoder) -> None:
    random, photo = Random(3), encode(quarters(*SIZE), "JPEG", exif=phone_exif(orientation=1))
    start, length = photo.index(b"Exif") + 6, len(phone_exif())
    for _ in range(300):
        body = bytearray(photo)
        for _ in range(random.randrange(1, 6)):
            body[random.randrange(start, start + length - 6)] = random.randrange(256)
        assert set(decoder.decode(bytes(body), None).image.size) == set(SIZE)


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


def test_slow_pictures_together_have_so_many_seconds() -> None:
    now, step = 0.0, 0.0

    def clock() -> float:
        nonlocal now
        now += step
        return now

    cell = SandboxedDecoder(clock=clock)
    cell.decode(solid_png(), None)
    step = 1.5  # each look at the clock is so much later
    for _ in range(3):
        with suppress(ImageDecodeError):
            cell.decode(solid_png(), None)
    step = 0.0
    with pytest.raises(ImageDecodeError, match="it takes too long"):
        cell.decode(solid_png(), None)
    now += MAX_SLOW_SECONDS + 5
    assert cell.decode(solid_png(), None).width == 8
    cell.close()


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
