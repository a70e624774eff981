"""What it costs that a decoding process is replaced after 20 pictures.

    .venv/bin/python -m bench.decoder_start

Prints the time and the memory of one start, and the CPU time of 400 small pictures with and without
replacing the process.
"""

import io
import resource
import statistics
import time
from pathlib import Path

from PIL import Image

from postcard.canvas.codecs.sandboxed_decoder import MAX_IMAGES, SandboxedDecoder
from postcard.runtime.deadline import NO_DEADLINE
from postcard.runtime.sandboxed_subprocess import cpu_seconds

STARTS, PICTURES = 9, 400


def small_png() -> bytes:
    """A PNG that takes no time to decode."""
    file = io.BytesIO()
    Image.new("RGB", (8, 4), "teal").save(file, "PNG")
    return file.getvalue()


def start() -> tuple[float, float, int]:
    """Milliseconds until a process is ready, its CPU milliseconds, its memory in kilobytes."""
    decoder, begin = SandboxedDecoder(), time.perf_counter()
    decoder.check_seal(NO_DEADLINE)
    ready = time.perf_counter() - begin
    [pid] = decoder.pids
    status = Path(f"/proc/{pid}/status").read_text()
    memory = next(int(line.split()[1]) for line in status.splitlines() if "VmRSS" in line)
    cpu = cpu_seconds(pid)
    decoder.close()
    return ready * 1000, cpu * 1000, memory


def cpu_of_pictures(max_images: int) -> float:
    """CPU milliseconds of the processes for one picture, if each decodes so many."""
    decoder, body = SandboxedDecoder(max_images=max_images), small_png()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(PICTURES):
        decoder.decode(body, None)
    decoder.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / PICTURES * 1000


def main() -> None:
    """Prints both."""
    starts = [start() for _ in range(STARTS)]
    ready, cpu, memory = (statistics.median(one) for one in zip(*starts, strict=True))
    print(f"a start: ready after {ready:.0f} ms, {cpu:.0f} ms of CPU time, {memory / 1000:.0f} MB")
    for max_images in (MAX_IMAGES, 10 * PICTURES):
        print(f"{max_images} pictures a process: {cpu_of_pictures(max_images):.1f} ms a picture")


if __name__ == "__main__":
    main()
