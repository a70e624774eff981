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
from postcard.links.parse import read
from postcard.ports import ImageRecord
from postcard.rendering.image_resolver import DecodedImageCache
from postcard.runtime import lru_cache as keeping
from tests.functions.fake_services import CountedRenderer, SlowImages, noise, picture
from tests.functions.in_memory_service import World
from tests.functions.sample_events import document

MOST_GROWTH = 20_000_000  # bytes, after warming up
FORGETS = 5_000  # requests for which the stores remember
PHOTO = "https://photos.example.com/{}.png"
PAGE = resource.getpagesize()

Kind = Callable[["Soak"], int]


class PassingImages(SlowImages):
    """Records of the last images."""

    def put(self, record: ImageRecord) -> None:
        super().put(record)
        while len(self._records) > 200:
            del self._records[next(iter(self._records))]


def counting() -> dict[str, Any]:
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


def portrait() -> dict[str, Any]:
    face = {"type": "image", "name": "face", "width": 50, "height": 50, "source": "{{ photo }}"}
    photo = {"type": "image", "default": ""}
    return document(fields={"photo": photo}, layers=[face], alt="")


class Soak:
    """A service, and requests for it. Every kind answers with a status."""

    def __init__(self, seed: int = 4) -> None:
        self.random = Random(seed)
        self.cell = SandboxedDecoder()
        self.statuses: Counter[str] = Counter()
        self.world = self._world()
        self.links: deque[tuple[str, str]] = deque(maxlen=100)  # with their addresses
        self.images: deque[str] = deque(maxlen=200)
        self.merge = [self.world.link(open=("first_name",), campaign=f"c{n}") for n in range(20)]
        self._asked = 0

    def _world(self) -> World:
        world = World()
        world.renderer = CountedRenderer(DecodedImageCache(untrusted_decoder_factory=lambda: self.cell))
        world.images = PassingImages()
        world.monotonic = time.monotonic
        world.web.pictures = {PHOTO.format(n): self._photo(n) for n in range(20)}
        world.restart()
        world.key = world.new_key(rate=1_000_000)
        world.put(document())
        world.put(counting(), "counting")
        world.put(portrait(), "portrait")
        return world

    def _photo(self, number: int) -> bytes:
        return noise(60, 60) if number % 2 else picture(200 + number, 120)

    def word(self) -> str:
        return (
            f"{self.random.choice(['Ana', 'José', 'ওমর', 'Ольга'])} {self.random.randrange(10**9)}"
        )

    def warm(self) -> None:
        """Draw until what is kept of drawings is full, so that only what leaks can still grow."""
        for kind in KINDS:
            kind(self)
        while keeping.drawn.weight < keeping.DRAWN_BYTES * 0.99:
            for _ in range(100):
                new(self)
            self.forget()

    def ask(self) -> None:
        """One request."""
        kind = self.random.choices(list(KINDS), list(KINDS.values()))[0]
        self.statuses[f"{kind.__name__} {kind(self)}"] += 1
        self.world.now += 0.001
        self._asked += 1
        if self._asked % FORGETS == 0:
            self.forget()

    def forget(self) -> None:
        """What stands outside a function takes none of its memory."""
        world = self.world
        world.pictures.delete(list(world.pictures.keys("")))
        world.web.fetched.clear()
        world.cdn.forgotten.clear()


def addressed(world: World, link: str) -> tuple[str, str]:
    """A link as the edge hands it on: its one spelling, and its address."""
    parsed = read(*link.partition("?")[::2])
    return parsed.canonical, links.address(world.link_keys, parsed, now=world.now)


def again(soak: Soak, method: str = "GET") -> int:
    """A link that was opened before, as where the CDN and S3 have lost its picture."""
    if not soak.links:
        return new(soak)
    link, path = soak.random.choice(soak.links)
    return soak.world.get(path, link, method=method).status


def head(soak: Soak) -> int:
    return again(soak, "HEAD")


def new(soak: Soak) -> int:
    format = soak.random.choice(["png", "jpg", "webp"])
    link = soak.world.link({"first_name": soak.word()}, format=format)
    soak.links.append(addressed(soak.world, link))
    link, path = soak.links[-1]
    return soak.world.get(path, link).status


def merged(soak: Soak) -> int:
    return soak.world.open(
        f"{soak.random.choice(soak.merge)}&first_name={soak.random.random()}"
    ).status


def broken(soak: Soak) -> int:
    """A link with one letter changed, at the address of one that is right."""
    if not soak.links:
        return new(soak)
    link, path = soak.random.choice(soak.links)
    at = soak.random.randrange(len(link))
    wrong = link[:at] + soak.random.choice("Az09.%&=~") + link[at + 1 :]
    return soak.world.get(path, wrong).status


def stranger(soak: Soak) -> int:
    photo = PHOTO.format(soak.random.randrange(22))  # two of them are not there
    width = soak.random.randrange(100, 140)
    link = soak.world.link({"photo": photo}, template="portrait", width=width)
    return soak.world.open(link).status


def counted(soak: Soak) -> int:
    return soak.world.open(soak.world.link(template="counting", format="gif")).status


def made(soak: Soak) -> int:
    reply = soak.world.post({"first_name": soak.word()})
    soak.images.append(reply.json["url"])
    return reply.status


def opaque(soak: Soak) -> int:
    return soak.world.open_image(soak.images[-1]).status if soak.images else made(soak)


def minted(soak: Soak) -> int:
    named = [{"name": "first_name", "text": soak.word()}]
    return soak.world.call(
        "POST", "/v1/links", {"template_id": "welcome", "modifications": named}
    ).status


def refused(soak: Soak) -> int:
    return soak.world.post({"nobody": soak.word()}, **{soak.word(): 1}).status


def previewed(soak: Soak) -> int:
    body = {"document": document(name=soak.word()), "format": "jpg"}
    return soak.world.call("POST", "/v1/previews", body).status


def listed(soak: Soak) -> int:
    paths = ["/v1/templates", "/v1/templates/welcome/fields", "/v1/fonts", "/v1/health", "/v1/no"]
    return soak.world.call("GET", soak.random.choice(paths)).status


KINDS: dict[Kind, float] = {  # of some thousand; what S3 answers for asks no function
    broken: 500,
    again: 200,
    head: 30,
    new: 60,
    merged: 30,
    opaque: 30,
    minted: 30,
    listed: 50,
    refused: 30,
    made: 10,
    stranger: 5,
    previewed: 3,
    counted: 0.5,
}


def resident(process: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE


def held() -> dict[str, int]:
    """What this process holds now."""
    gc.collect()
    return {
        "rss": resident(os.getpid()),
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - counted, not read
        "threads": threading.active_count(),
    }


def run(requests: int) -> dict[str, Any]:
    """Answer so many, and tell what was held before, at the most, and after."""
    soak = Soak()
    soak.warm()
    for _ in range(max(1_000, requests // 20)):
        soak.ask()
    soak.statuses.clear()
    before, began = held(), time.perf_counter()
    most = dict(before)
    for number in range(1, requests + 1):
        soak.ask()
        if number % max(500, requests // 100) == 0:
            most = {name: max(most[name], amount) for name, amount in held().items()}
    seconds = time.perf_counter() - began
    after = held()
    started = soak.cell.started_workers
    soak.cell.close()
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
    return 0 if same and found["growth"] <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
