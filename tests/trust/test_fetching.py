"""Misbehaving image hosts: the reader of a mail sees a picture in any case, and in time."""

import time
from typing import Any

import pytest

from tests.corpus import files
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

CASES = files.ssrf_cases()
KNOWN = {case["url"].removeprefix("https://public.test") for case in CASES}
MORE = [*RESPONSES, "/drip-headers", "/redirect-chain?n=9", "/500", "/403", "/429"]
HOSTILE = [
    *(case["url"] for case in CASES if case["cls"] == "hostile-host"),
    *(f"https://public.test{path}" for path in MORE if path not in KNOWN),
]
SECONDS = 3.0 if FULL else 0.3  # the fetcher's time limit, in full runs that of production


@pytest.fixture
def service(make_fetcher: Any) -> InMemoryService:
    """A service whose template shows an image from the URL in the link."""
    service = InMemoryService()
    photo = {"type": "image", "default": ""}
    layers = [
        {"type": "image", "name": "face", "width": 60, "height": 60, "source": "{{ photo }}"},
        {"type": "text", "name": "title", "x": 64, "width": 50, "text": "Hello"},
    ]
    service.web = make_fetcher(seconds=SECONDS)
    service.monotonic = time.monotonic
    service.rebuild()
    service.publish(document(fields={"photo": photo}, layers=layers, alt="Hello"))
    return service


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_host_results_in_a_fallback_picture_in_time(
    service: InMemoryService, internet: LoopbackInternet, url: str
) -> None:
    path = url.removeprefix("https://public.test")
    tls = {"/tls-self-signed": SELF_SIGNED_ADDRESS, "/tls-hang": SILENT_ADDRESS}
    internet.names = {"public.test": [tls.get(path, PUBLIC_ADDRESS)]}
    started = time.monotonic()
    response = service.open_link(service.sign_link({"photo": url}))
    seconds = time.monotonic() - started
    assert (response.status, response.size) == (200, (120, 60))
    assert response.headers["x-postcard-fallback"] == "source"
    assert response.headers["cache-control"] == "public, no-transform, max-age=60"
    assert list(service.pictures.keys("")) == []
    assert len(internet.connections) <= 4
    record_figure("a hostile host results in a picture", host=url, seconds=round(seconds, 2))
    if FULL:
        assert internet.connections
        assert seconds < 3.5


def test_the_corpus_has_at_least_35_hosts() -> None:
    assert len(HOSTILE) >= 35
