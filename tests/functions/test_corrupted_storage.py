"""Corrupted objects of the store are detected, counted and never shown."""

import io
import json
from contextlib import redirect_stdout
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postcard.adapters.memory import MemoryObjectStore
from postcard.assets.verified_object_store import VerifiedObjectStore
from postcard.ports import StoredObject
from postcard.runtime.digest import content_digest
from tests.functions.fake_services import FakeRenderer, noise_png, solid_png
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document
from tests.trust.run_scale import record_figure, scaled

HTML = b"<!doctype html><title>503</title>"


def damages(random: Random, body: bytes) -> bytes:
    """One of ten kinds of corruption."""
    at = random.randrange(len(body))
    flipped = body[:at] + bytes([body[at] ^ 1 << random.randrange(8)]) + body[at + 1 :]
    return random.choice(
        [
            b"",
            body[: len(body) // 2],
            body[:-1],
            body + b"\0",
            body[:at],
            flipped,
            solid_png(9, 9, (1, 2, 3)),
            noise_png(20, 20),
            HTML,
            bytes(reversed(body)),
        ]
    )


@settings(max_examples=scaled(50, 500))
@given(st.binary(min_size=1, max_size=50), st.binary(max_size=50))
def test_only_objects_with_the_stored_digest_are_read(body: bytes, other: bytes) -> None:
    store = MemoryObjectStore()
    verified = VerifiedObjectStore(store)
    keys = [f"assets/a/{content_digest(body)}", f"templates/t/1/ended/{content_digest(body)}.png"]
    keys.append(f"templates/t/1/static-layers/60x30-{content_digest(body)}")
    for key in keys:
        store.put(key, StoredObject(other, ""))
        assert (verified.get(key) is not None) == (other == body)
    assert verified.corrupt_count == (0 if other == body else len(keys))


@pytest.fixture(scope="module")
def world() -> InMemoryService:
    """A template with an image of its own, a fallback and an ended picture."""
    world = InMemoryService()
    world.upload_asset("hero", noise_png(60, 60))
    hero = {"type": "image", "width": 60, "height": 60, "source": "asset:hero"}
    world.publish(document(layers=[hero], alt="", fields={"name": {"default": ""}}))
    return world


def test_no_corrupted_object_is_shown(world: InMemoryService) -> None:
    random, most = Random(11), scaled(60, 1_000)
    right = world.open_link(world.sign_link()).body
    others = (
        world.sign_link(expires=int(NOW) - 1),
        world.sign_link(version=9),
    )  # ended, and the fallback
    shown = {right, *(world.open_link(link).body for link in others)}
    for number in range(most):
        key = random.choice(sorted(world.store.keys("templates/welcome/")))
        whole = world.store.get(key)
        assert whole is not None
        world.store.put(key, replace(whole, body=damages(random, whole.body)))
        world.renderer = FakeRenderer()
        world.rebuild()
        world.pictures.delete(list(world.pictures.keys("")))
        log = io.StringIO()
        with redirect_stdout(log):
            link = world.sign_link({"name": str(number)})
            replies = [
                world.open_link(link),
                world.open_link(world.sign_link(expires=int(NOW) - 1)),
            ]
        for reply in replies:
            assert reply.status == 200
            reason = reply.headers.get("x-postcard-fallback")
            assert reply.body in shown or reason == "source" or is_plain(reply.body), key
        metrics = [json.loads(line) for line in log.getvalue().splitlines() if "_aws" in line]
        seen = sum(line["CorruptedObjects"][0] for line in metrics)
        assert seen >= 1 or replies[0].body == right, (key, "not counted")
        world.store.put(key, whole)
    record_figure("damaged objects in the store", tried=most, shown=0)


def is_plain(body: bytes) -> bool:
    """Whether it is a plain picture, which compresses to almost nothing."""
    return len(body) < 400
