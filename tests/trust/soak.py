"""Requests of all kinds without end: what a process holds on to, and how much of it.

`python -m tests.trust.soak 1000000` answers that many, one after another, through the image
function and the API, with strangers' pictures decoded in their cell. Stores are in memory and
forget, as if they were elsewhere; what stays is what the functions keep.
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
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from postcard.links import verify as links
from postcard.links.parse import parse_link
from postcard.ports import ImageRecord
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.runtime import lru_cache as keeping
from tests.functions.fake_services import FakeImages, FakeRenderer, noise_png, solid_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

MAX_GROWTH_BYTES = 20_000_000  # bytes, after warming up
CLEAR_INTERVAL = 5_000  # requests for which the stores remember
PHOTO = "https://photos.example.com/{}.png"
PAGE = resource.getpagesize()

RequestKind = Callable[["Soak"], int]


class RecentImages(FakeImages):
    """Records of the last images."""

    def put(self, record: ImageRecord) -> None:
        super().put(record)
        while len(self._records) > 200:
            del self._records[next(iter(self._records))]


def countdown_document() -> dict[str, Any]:
    shown = {"type": "text", "x": 4, "y": 10, "width": 110, "size": 30}
    text = "{{ countdown.minutes }}:{{ countdown.seconds }}"
    ends = {"type": "date", "default": "2026-11-22T10:30:30", "open": True}
    return document(
        format="gif",
        fields={"ends_at": ends},
        countdown={"to": "{{ ends_at }}", "frames": 10},
        layers=[{**shown, "text": text}],
        alt="",
    )


def portrait_document() -> dict[str, Any]:
    face = {"type": "image", "name": "face", "width": 50, "height": 50, "source": "{{ photo }}"}
    photo = {"type": "image", "default": ""}
    return document(fields={"photo": photo}, layers=[face], alt="")


class Soak:
    """A service, and requests for it. Every kind answers with a status."""

    def __init__(self, seed: int = 4) -> None:
        self.random = Random(seed)
        self.decoder = SandboxedDecoder()
        self.statuses: Counter[str] = Counter()
        self.service = self._new_service()
        self.links: deque[tuple[str, str]] = deque(maxlen=100)  # with their addresses
        self.images: deque[str] = deque(maxlen=200)
        self.merge = [
            self.service.sign_link(open=("first_name",), campaign=f"c{n}") for n in range(20)
        ]
        self._request_count = 0

    def _new_service(self) -> InMemoryService:
        world = InMemoryService()
        world.renderer = FakeRenderer(
            DecodedImageCache(untrusted_decoder_factory=lambda: self.decoder)
        )
        world.images = RecentImages()
        world.monotonic = time.monotonic
        world.web.pictures = {PHOTO.format(n): self._photo(n) for n in range(20)}
        world.rebuild()
        world.key = world.new_api_key(rate=1_000_000)
        world.publish(document())
        world.publish(countdown_document(), "counting")
        world.publish(portrait_document(), "portrait")
        return world

    def _photo(self, number: int) -> bytes:
        return noise_png(60, 60) if number % 2 else solid_png(200 + number, 120)

    def random_name(self) -> str:
        return (
            f"{self.random.choice(['Ana', 'José', 'ওমর', 'Ольга'])} {self.random.randrange(10**9)}"
        )

    def warm_up(self) -> None:
        """Draw until what is kept of drawings is full, so that only what leaks can still grow."""
        for kind in REQUEST_KINDS:
            kind(self)
        while keeping.memo_cache.size < keeping.MEMO_CACHE_BYTES * 0.99:
            for _ in range(100):
                open_new(self)
            self.clear_stores()

    def send_request(self) -> None:
        """One request."""
        kind = self.random.choices(list(REQUEST_KINDS), list(REQUEST_KINDS.values()))[0]
        self.statuses[f"{kind.__name__} {kind(self)}"] += 1
        self.service.now += 0.001
        self._request_count += 1
        if self._request_count % CLEAR_INTERVAL == 0:
            self.clear_stores()

    def clear_stores(self) -> None:
        """What stands outside a function takes none of its memory."""
        world = self.service
        world.pictures.delete(list(world.pictures.keys("")))
        world.web.fetched.clear()
        world.cdn.invalidated_paths.clear()


def canonical_and_path(world: InMemoryService, link: str) -> tuple[str, str]:
    """A link as the edge hands it on: its one spelling, and its address."""
    parsed = parse_link(*link.partition("?")[::2])
    return parsed.canonical_url, links.cache_path(world.link_keys, parsed, now=world.now)


def open_again(soak: Soak, method: str = "GET") -> int:
    """A link that was opened before, as where the CDN and S3 have lost its picture."""
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
        f"{soak.random.choice(soak.merge)}&first_name={soak.random.random()}"
    ).status


def open_altered_link(soak: Soak) -> int:
    """A link with one letter changed, at the address of one that is right."""
    if not soak.links:
        return open_new(soak)
    link, path = soak.random.choice(soak.links)
    at = soak.random.randrange(len(link))
    wrong = link[:at] + soak.random.choice("Az09.%&=~") + link[at + 1 :]
    return soak.service.get_picture(path, wrong).status


def draw_untrusted_image(soak: Soak) -> int:
    photo = PHOTO.format(soak.random.randrange(22))  # two of them are not there
    width = soak.random.randrange(100, 140)
    link = soak.service.sign_link({"photo": photo}, template="portrait", width=width)
    return soak.service.open_link(link).status


def draw_countdown(soak: Soak) -> int:
    return soak.service.open_link(soak.service.sign_link(template="counting", format="gif")).status


def create_image(soak: Soak) -> int:
    reply = soak.service.create_image({"first_name": soak.random_name()})
    soak.images.append(reply.json["url"])
    return reply.status


def open_image(soak: Soak) -> int:
    return soak.service.open_image(soak.images[-1]).status if soak.images else create_image(soak)


def create_link(soak: Soak) -> int:
    named = [{"name": "first_name", "text": soak.random_name()}]
    return soak.service.call(
        "POST", "/v1/links", {"template_id": "welcome", "modifications": named}
    ).status


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


REQUEST_KINDS: dict[
    RequestKind, float
] = {  # of some thousand; what S3 answers for asks no function
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
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE


def resource_usage() -> dict[str, int]:
    """What this process holds now."""
    gc.collect()
    return {
        "rss": resident_bytes(os.getpid()),
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - counted, not read
        "threads": threading.active_count(),
    }


def run(requests: int) -> dict[str, Any]:
    """Answer so many, and tell what was held before, at the most, and after."""
    soak = Soak()
    soak.warm_up()
    for _ in range(max(1_000, requests // 20)):
        soak.send_request()
    soak.statuses.clear()
    before, began = resource_usage(), time.perf_counter()
    most = dict(before)
    for number in range(1, requests + 1):
        soak.send_request()
        if number % max(500, requests // 100) == 0:
            most = {name: max(most[name], amount) for name, amount in resource_usage().items()}
    seconds = time.perf_counter() - began
    after = resource_usage()
    started = soak.decoder.started_workers
    soak.decoder.close()
    return {
        "requests": requests,
        "seconds": round(seconds, 1),
        "before": before,
        "most": most,
        "after": after,
        "growth": after["rss"] - before["rss"],
        "cells": started,
        "statuses": dict(sorted(soak.statuses.items())),
    }


def main() -> int:
    """Print what was held as JSON; 1 if it grew."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        found = run(int(sys.argv[1]))
    print(json.dumps(found, indent=2))
    same = all(found["before"][name] == found["most"][name] for name in ("descriptors", "threads"))
    return 0 if same and found["growth"] <= MAX_GROWTH_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
