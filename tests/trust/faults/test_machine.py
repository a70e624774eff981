"""Faults of the machine itself: its log, disk, fonts, clock and memory."""

import errno
import io
import json
import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import pytest

from postcard.assets.font_cache import FontCache
from postcard.ports import StoredObject
from postcard.runtime.digest import content_digest
from postcard.text.fonts import Fonts
from tests.functions.fake_services import ROOT, FakeObjects, FakeRenderer, HandlerResponse, fonts
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document
from tests.trust.run_scale import record_figure

FONTS = ROOT / "layers/fonts"
DAY = 86_400.0


class BrokenLog(io.StringIO):
    """Raises `error` for every line."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


class SlowLog(io.StringIO):
    """Takes 50 ms for every line."""

    def write(self, text: str) -> int:
        time.sleep(0.05)
        return super().write(text)


class OutOfMemoryStore(FakeObjects):
    """Raises MemoryError for every read."""

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        raise MemoryError


@pytest.fixture
def service() -> InMemoryService:
    service = InMemoryService()
    service.publish(document())
    return service


def picture_of(response: HandlerResponse) -> bytes:
    """The body of a response that is no fallback."""
    assert response.status == 200 and "x-postcard-fallback" not in response.headers
    return response.body


FULL_DISK = OSError(errno.ENOSPC, "no space left")
LOG_ERRORS = [BrokenPipeError(), FULL_DISK, ValueError("I/O operation on closed file")]


@pytest.mark.parametrize("error", LOG_ERRORS, ids=["gone", "full", "closed"])
def test_a_broken_log_does_not_affect_pictures(service: InMemoryService, error: Exception) -> None:
    expected = picture_of(service.open_link(service.sign_link()))
    with redirect_stdout(BrokenLog(error)):
        assert picture_of(service.open_link(service.sign_link())) == expected
        response = service.call("GET", "/v1/templates/welcome")
    assert response.status == 200
    record_figure(
        "a fault and its response", row="the log is broken", kind=repr(error), shown="right"
    )


def test_a_slow_log_loses_no_line(service: InMemoryService) -> None:
    log = SlowLog()
    with redirect_stdout(log):
        picture_of(service.open_link(service.sign_link()))
    assert [("_aws" in json.loads(line)) for line in log.getvalue().splitlines()] == [False, True]


@contextmanager
def full_disk(free_bytes: int) -> Iterator[None]:
    """Limit the size of files to `free_bytes`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("free_bytes", [0, 1_000])
def test_a_full_disk_replaces_a_font_and_leaves_no_partial_file(free_bytes: int) -> None:
    body = b"a font of forty kilobytes".ljust(40_000)
    key = f"assets/own/{content_digest(body)}"
    cache = FontCache(fonts(), lambda key, deadline: body)
    with full_disk(free_bytes):
        font_set = cache.font_set({"Own": [key]})
    assert font_set.missing_families == ("Own",)
    assert font_set.warnings[0].code == "font_unavailable"
    folder = cache._cache_folder()
    assert list(folder.iterdir()) == []
    record_figure(
        "a fault and its response",
        row="/tmp is full",
        kind=f"{free_bytes} bytes",
        shown="other fonts",
    )


def test_missing_fonts_result_in_the_stored_fallback(
    service: InMemoryService, tmp_path: Path
) -> None:
    service.renderer.failures_left = 2
    fallback = service.open_link(service.sign_link()).body
    shutil.copy(FONTS / "coverage.json", tmp_path)
    service.renderer = FakeRenderer()
    service.renderer.fonts = Fonts.load(tmp_path)
    service.rebuild()
    response = service.open_link(service.sign_link({"first_name": "Zoe"}))
    assert (response.status, response.headers["x-postcard-fallback"]) == (200, "render")
    assert response.headers["cache-control"] == "public, no-transform, max-age=60"
    assert response.body == fallback and list(service.pictures.keys("")) == []
    record_figure(
        "a fault and its response", row="the fonts are missing", kind="all", shown="render"
    )


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_clock_that_jumps_during_a_render_does_not_change_the_picture(
    service: InMemoryService, days: int
) -> None:
    expected = picture_of(service.open_link(service.sign_link()))
    link = service.sign_link(expires=int(NOW + DAY / 2))

    def jump() -> None:
        service.now = NOW + days * DAY

    service.renderer.on_render = jump
    assert picture_of(service.open_link(link)) == expected
    service.renderer.on_render = lambda: None
    later = service.open_link(link)
    assert later.status == 200
    assert (later.body == expected) == (days < 0), "an expired link shows another picture"
    record_figure(
        "a fault and its response", row="the clock jumps", kind=f"{days} days", shown="right"
    )


@pytest.mark.parametrize("times", [1, 2])
def test_a_render_out_of_memory_results_in_a_fallback(service: InMemoryService, times: int) -> None:
    """First the picture with the defaults is tried, then the one that was stored at publish."""
    expected = picture_of(service.open_link(service.sign_link()))
    service.renderer.failures_left = 2
    fallback = service.open_link(service.sign_link()).body
    left = [times]

    def raise_memory_error() -> None:
        if left[0]:
            left[0] -= 1
            raise MemoryError

    service.renderer.on_render = raise_memory_error
    response = service.open_link(service.sign_link({"first_name": "Zoe"}))
    assert (response.status, response.headers["x-postcard-fallback"]) == (200, "render")
    assert response.body == (expected if times == 1 else fallback)
    record_figure(
        "a fault and its response", row="out of memory", kind=f"{times} times", shown="render"
    )


def test_the_last_fallback_is_a_plain_picture(service: InMemoryService) -> None:
    def raise_memory_error() -> None:
        raise MemoryError

    service.store = OutOfMemoryStore()
    service.renderer.on_render = raise_memory_error
    service.rebuild()
    response = service.open_link(service.sign_link({"first_name": "Zoe"}))
    assert (response.status, response.headers["x-postcard-fallback"]) == (200, "render")
    assert len(response.body) < 5_000 and list(service.pictures.keys("")) == []
