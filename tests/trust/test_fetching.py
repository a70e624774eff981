"""Hosts that misbehave, seen from the mail: each ends in a picture, in time."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.security.conftest import RESPONSES, certificates, internet, make_fetcher
from tests.security.loopback_internet import (
    PUBLIC_ADDRESS,
    SELF_SIGNED_ADDRESS,
    SILENT_ADDRESS,
    LoopbackInternet,
)
from tests.trust.run_scale import FULL, record_figure

__all__ = ["certificates", "internet", "make_fetcher"]

CORPUS = Path(__file__).resolve().parents[3] / "shared/corpus/ssrf/urls.json"
CASES = json.loads(CORPUS.read_text()) if CORPUS.exists() else []
KNOWN = {case["url"].removeprefix("https://public.test") for case in CASES}
MORE = [*RESPONSES, "/drip-headers", "/redirect-chain?n=9", "/500", "/403", "/429"]
HOSTILE = [
    *(case["url"] for case in CASES if case["cls"] == "hostile-host"),
    *(f"https://public.test{path}" for path in MORE if path not in KNOWN),
]
SECONDS = 3.0 if FULL else 0.3  # production's patience, or less

pytestmark = pytest.mark.skipif(not CASES, reason="the corpus is not beside this checkout")


@pytest.fixture
def world(make_fetcher: Any) -> InMemoryService:
    """A service that fetches a picture from wherever a link says."""
    world = InMemoryService()
    photo = {"type": "image", "default": ""}
    layers = [
        {"type": "image", "name": "face", "width": 60, "height": 60, "source": "{{ photo }}"},
        {"type": "text", "name": "title", "x": 64, "width": 50, "text": "Hello"},
    ]
    world.web = make_fetcher(seconds=SECONDS)
    world.monotonic = time.monotonic
    world.rebuild()
    world.publish(document(fields={"photo": photo}, layers=layers, alt="Hello"))
    return world


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_host_ends_in_a_picture_in_time(
    world: InMemoryService, internet: LoopbackInternet, url: str
) -> None:
    path = url.removeprefix("https://public.test")
    tls = {"/tls-self-signed": SELF_SIGNED_ADDRESS, "/tls-hang": SILENT_ADDRESS}
    internet.names = {"public.test": [tls.get(path, PUBLIC_ADDRESS)]}
    began = time.monotonic()
    reply = world.open_link(world.sign_link({"photo": url}))
    spent = time.monotonic() - began
    assert (reply.status, reply.size) == (200, (120, 60))
    assert reply.headers["x-postcard-fallback"] == "source"
    assert reply.headers["cache-control"] == "public, no-transform, max-age=60"
    assert list(world.pictures.keys("")) == []
    assert 1 <= len(internet.connections) <= 4
    record_figure("a hostile host ends in a picture", host=url, seconds=round(spent, 2))
    if FULL:
        assert spent < 3.5


def test_there_are_hosts_enough() -> None:
    assert len(HOSTILE) >= 35
