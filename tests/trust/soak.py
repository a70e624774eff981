"""Soak test: sends requests of all kinds to one process, and measures what it accumulates.

`python -m tests.trust.soak 1000000` sends a million requests, one after another, to the image
function and the API; untrusted images are decoded in the sandbox. The stores are in memory and are
cleared regularly, so that memory that grows is memory that the functions hold.
"""

import contextlib
import gc
import json
import os
import resource
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from postcard.ports import DeliveryRecord, ImageRecord
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.runtime.lru_cache import MEMO_CACHE_BYTES, memo_cache
from tests.functions.fake_services import FakeImages, FakeRenderer, noise_png, solid_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

MAX_GROWTH_BYTES = 20_000_000  # bytes, after warming up
CLEAR_INTERVAL = 5_000  # requests between two clearings of the stores
PHOTO = "https://photos.example.com/{}.png"
PAGE = resource.getpagesize()

RequestKind = Callable[["Soak"], int]


class RecentImages(FakeImages):
    """Stores the records of the last 200 images."""

    def put(self, record: ImageRecord, deliveries: Sequence[DeliveryRecord] = ()) -> bool:
        is_told = super().put(record, deliveries)
        while len(self._records) > 200:
            del self._records[next(iter(self._records))]
        return is_told


def countdown_document() -> dict[str, Any]:
    text = "{{ countdown.minutes }}:{{ countdown.seconds }}"
    layer = {"type": "text", "x": 4, "y": 10, "width": 110, "size": 30, "text": text}
    ends = {"type": "date", "default": "2026-11-22T10:30:30", "open": True}
    return document(
        format="gif",
        fields={"ends_at": ends},
        countdown={"to": "{{ ends_at }}", "frames": 10},
        layers=[layer],
        alt="",
    )


def portrait_document() -> dict[str, Any]:
    face = {"type": "image", "name": "face", "width": 50, "height": 50, "source": "{{ photo }}"}
    photo = {"type": "image", "default": ""}
    return document(fields={"photo": photo}, layers=[face], alt="")


class Soak:
    """A service and its load; every kind of request returns the response's status."""

    def __init__(self, seed: int = 4) -> None:
        self.random = Random(seed)
        self.decoder = SandboxedDecoder()
        self.statuses: Counter[str] = Counter()
        self.service = self._new_service()
        self.links: deque[tuple[str, str]] = deque(maxlen=100)  # with their cache paths
        self.images: deque[str] = deque(maxlen=200)
        self.merge_links = [
            self.service.sign_link(open=("first_name",), campaign=f"c{n}") for n in range(20)
        ]
        self._request_count = 0

    def _new_service(self) -> InMemoryService:
        service = InMemoryService()
        service.renderer = FakeRenderer(
            DecodedImageCache(untrusted_decoder_factory=lambda: self.decoder)
        )
        service.images = RecentImages()
        service.monotonic = time.monotonic
        service.web.pictures = {PHOTO.format(n): self._photo(n) for n in range(20)}
        service.rebuild()
        service.key = service.new_api_key(rate=1_000_000)
        service.publish(document())
        service.publish(countdown_document(), "counting")
        service.publish(portrait_document(), "portrait")
        return service

    def _photo(self, number: int) -> bytes:
        return noise_png(60, 60) if number % 2 else solid_png(200 + number, 120)

    def random_name(self) -> str:
        return (
            f"{self.random.choice(['Ana', 'José', 'ওমর', 'Ольга'])} {self.random.randrange(10**9)}"
        )

    def warm_up(self) -> None:
        """Fill the process's cache, so that afterwards only a leak can make memory grow."""
        for kind in REQUEST_KINDS:
            kind(self)
        while memo_cache.size < MEMO_CACHE_BYTES * 0.99:
            for _ in range(100):
                open_new(self)
            self.clear_stores()

    def send_request(self) -> None:
        """Send one request of a random kind."""
        kind = self.random.choices(list(REQUEST_KINDS), list(REQUEST_KINDS.values()))[0]
        self.statuses[f"{kind.__name__} {kind(self)}"] += 1
        self.service.now += 0.001
        self._request_count += 1
        if self._request_count % CLEAR_INTERVAL == 0:
            self.clear_stores()

    def clear_stores(self) -> None:
        """Delete what in production is stored outside the function's memory."""
        service = self.service
        service.pictures.delete(list(service.pictures.keys("")))
        service.web.fetched.clear()
        service.cdn.invalidated_paths.clear()


def canonical_and_path(service: InMemoryService, link: str) -> tuple[str, str]:
    """A link as the edge function forwards it: its canonical URL and its cache path."""
    parsed = parse_link(*link.partition("?")[::2])
    return parsed.canonical_url, cache_path(service.link_keys, parsed, now=service.now)


def open_again(soak: Soak, method: str = "GET") -> int:
    """A link that was opened before, whose picture is no longer in the CDN and S3."""
    if not soak.links:
        return open_new(soak)
    link, path = soak.random.choice(soak.links)
    return soak.service.get_picture(path, link, method=method).status


def head(soak: Soak) -> int:
    return open_again(soak, "HEAD")


def open_new(soak: Soak) -> int:
    format = soak.random.choice(["png", "jpg", "webp"])
    link = soak.service.sign_link({"first_name": soak.random_name()}, format=format)
    soak.links.append(canonical_and_path(soak.service, link))
    link, path = soak.links[-1]
    return soak.service.get_picture(path, link).status


def open_merge_link(soak: Soak) -> int:
    return soak.service.open_link(
        f"{soak.random.choice(soak.merge_links)}&first_name={soak.random.random()}"
    ).status


def open_altered_link(soak: Soak) -> int:
    """A link with one character changed, at the cache path of the unchanged link."""
    if not soak.links:
        return open_new(soak)
    link, path = soak.random.choice(soak.links)
    at = soak.random.randrange(len(link))
    altered = link[:at] + soak.random.choice("Az09.%&=~") + link[at + 1 :]
    return soak.service.get_picture(path, altered).status


def draw_untrusted_image(soak: Soak) -> int:
    photo = PHOTO.format(soak.random.randrange(22))  # two of these do not exist
    width = soak.random.randrange(100, 140)
    link = soak.service.sign_link({"photo": photo}, template="portrait", width=width)
    return soak.service.open_link(link).status


def draw_countdown(soak: Soak) -> int:
    return soak.service.open_link(soak.service.sign_link(template="counting", format="gif")).status


def create_image(soak: Soak) -> int:
    response = soak.service.create_image({"first_name": soak.random_name()})
    soak.images.append(response.json["url"])
    return response.status


def open_image(soak: Soak) -> int:
    return soak.service.open_image(soak.images[-1]).status if soak.images else create_image(soak)


def create_link(soak: Soak) -> int:
    modifications = [{"name": "first_name", "text": soak.random_name()}]
    body = {"template_id": "welcome", "modifications": modifications}
    return soak.service.call("POST", "/v1/links", body).status


def send_invalid(soak: Soak) -> int:
    return soak.service.create_image(
        {"nobody": soak.random_name()}, **{soak.random_name(): 1}
    ).status


def preview(soak: Soak) -> int:
    body = {"document": document(name=soak.random_name()), "format": "jpg"}
    return soak.service.call("POST", "/v1/previews", body).status


def list_resources(soak: Soak) -> int:
    paths = ["/v1/templates", "/v1/templates/welcome/fields", "/v1/fonts", "/v1/health", "/v1/no"]
    return soak.service.call("GET", soak.random.choice(paths)).status


# Relative frequencies. Requests that S3 or the CDN would serve are rare, as they call no function.
REQUEST_KINDS: dict[RequestKind, float] = {
    open_altered_link: 500,
    open_again: 200,
    head: 30,
    open_new: 60,
    open_merge_link: 30,
    open_image: 30,
    create_link: 30,
    list_resources: 50,
    send_invalid: 30,
    create_image: 10,
    draw_untrusted_image: 5,
    preview: 3,
    draw_countdown: 0.5,
}


def resident_bytes(process: int) -> int:
    """Resident memory of a process in bytes."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE


def resource_usage(decoder: SandboxedDecoder) -> dict[str, int]:
    """This process's memory in bytes, open file descriptors and threads.

    The two pipes of each decoding process are not counted: its successor starts before it ends.
    """
    gc.collect()
    descriptors = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not read
    return {
        "rss": resident_bytes(os.getpid()),
        "descriptors": descriptors - 2 * len(decoder.pids),
        "threads": threading.active_count(),
    }


def run(requests: int) -> dict[str, Any]:
    """Send that many requests; returns the resource usage before, after, and its maximum."""
    soak = Soak()
    soak.warm_up()
    for _ in range(max(1_000, requests // 20)):
        soak.send_request()
    soak.statuses.clear()
    before, started = resource_usage(soak.decoder), time.perf_counter()
    peak = dict(before)
    for number in range(1, requests + 1):
        soak.send_request()
        if number % max(500, requests // 100) == 0:
            usage = resource_usage(soak.decoder)
            peak = {name: max(peak[name], amount) for name, amount in usage.items()}
    seconds = time.perf_counter() - started
    after = resource_usage(soak.decoder)
    lost_decoders, decoders = soak.decoder.lost_workers, len(soak.decoder.pids)
    soak.decoder.close()
    return {
        "requests": requests,
        "seconds": round(seconds, 1),
        "before": before,
        "peak": peak,
        "after": after,
        "growth": after["rss"] - before["rss"],
        "decoders": decoders,
        "lost_decoders": lost_decoders,
        "statuses": dict(sorted(soak.statuses.items())),
    }


def main() -> int:
    """Print the result as JSON; returns 1 if memory, descriptors or threads grew."""
    with Path(os.devnull).open("w") as devnull, contextlib.redirect_stdout(devnull):
        result = run(int(sys.argv[1]))
    print(json.dumps(result, indent=2))
    before, peak = result["before"], result["peak"]
    same = all(before[name] == peak[name] for name in ("descriptors", "threads"))
    return 0 if same and result["growth"] <= MAX_GROWTH_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
