"""What may be wrong with the machine itself: its log, its disk, its fonts, its clock."""

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


class Broken(io.StringIO):
    """A sink that takes nothing."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


class Slow(io.StringIO):
    """A sink that takes its time."""

    def write(self, text: str) -> int:
        time.sleep(0.05)
        return super().write(text)


class Starved(FakeObjects):
    """A store that there is no memory to read from."""

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        raise MemoryError


@pytest.fixture
def world() -> InMemoryService:
    world = InMemoryService()
    world.publish(document())
    return world


def right(reply: HandlerResponse) -> bytes:
    assert reply.status == 200 and "x-postcard-fallback" not in reply.headers
    return reply.body


FULL_DISK = OSError(errno.ENOSPC, "no space left")
SINKS = [BrokenPipeError(), FULL_DISK, ValueError("I/O operation on closed file")]


@pytest.mark.parametrize("error", SINKS, ids=["gone", "full", "closed"])
def test_a_log_that_takes_no_line_costs_no_picture(
    world: InMemoryService, error: Exception
) -> None:
    usual = right(world.open_link(world.sign_link()))
    with redirect_stdout(Broken(error)):
        assert right(world.open_link(world.sign_link())) == usual
        reply = world.call("GET", "/v1/templates/welcome")
    assert reply.status == 200
    record_figure(
        "a fault and its answer", row="the log takes nothing", kind=repr(error), shown="right"
    )


def test_a_slow_log_loses_no_line(world: InMemoryService) -> None:
    sink = Slow()
    with redirect_stdout(sink):
        right(world.open_link(world.sign_link()))
    assert [("_aws" in json.loads(line)) for line in sink.getvalue().splitlines()] == [False, True]


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """No file grows beyond `room` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1_000])
def test_without_room_for_a_font_others_stand_in_and_none_is_left_half(room: int) -> None:
    body = b"a font of forty kilobytes".ljust(40_000)
    key = f"assets/own/{content_digest(body)}"
    faces = FontCache(fonts(), lambda key, deadline: body)
    with full_disk(room):
        face = faces.font_set({"Own": [key]})
    assert face.missing_families == ("Own",)
    assert face.warnings[0].code == "font_unavailable"
    folder = faces._cache_folder()
    assert list(folder.iterdir()) == []
    record_figure(
        "a fault and its answer", row="/tmp is full", kind=f"{room} bytes", shown="other fonts"
    )


def test_without_fonts_the_stored_fallback_is_shown(world: InMemoryService, tmp_path: Path) -> None:
    world.renderer.failures_left = 2
    fallback = world.open_link(world.sign_link()).body
    shutil.copy(FONTS / "coverage.json", tmp_path)
    world.renderer = FakeRenderer()
    world.renderer.fonts = Fonts.load(tmp_path)
    world.rebuild()
    reply = world.open_link(world.sign_link({"first_name": "Zoe"}))
    assert (reply.status, reply.headers["x-postcard-fallback"]) == (200, "render")
    assert reply.headers["cache-control"] == "public, no-transform, max-age=60"
    assert reply.body == fallback and list(world.pictures.keys("")) == []
    record_figure("a fault and its answer", row="the fonts are missing", kind="all", shown="render")


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_clock_that_jumps_while_a_picture_is_drawn_changes_nothing_in_it(
    world: InMemoryService, days: int
) -> None:
    usual = right(world.open_link(world.sign_link()))
    link = world.sign_link(expires=int(NOW + DAY / 2))

    def jump() -> None:
        world.now = NOW + days * DAY

    world.renderer.on_render = jump
    assert right(world.open_link(link)) == usual
    world.renderer.on_render = lambda: None
    later = world.open_link(link)
    assert later.status == 200
    assert (later.body == usual) == (days < 0), "what is over shows that it is"
    record_figure(
        "a fault and its answer", row="the clock jumps", kind=f"{days} days", shown="right"
    )


@pytest.mark.parametrize("times", [1, 2])
def test_without_memory_what_needs_less_of_it_is_shown(world: InMemoryService, times: int) -> None:
    """Drawing runs out of memory; the defaults are tried, then what was stored at publish."""
    usual = right(world.open_link(world.sign_link()))
    world.renderer.failures_left = 2
    fallback = world.open_link(world.sign_link()).body
    left = [times]

    def starve() -> None:
        if left[0]:
            left[0] -= 1
            raise MemoryError

    world.renderer.on_render = starve
    reply = world.open_link(world.sign_link({"first_name": "Zoe"}))
    assert (reply.status, reply.headers["x-postcard-fallback"]) == (200, "render")
    assert reply.body == (usual if times == 1 else fallback)
    record_figure(
        "a fault and its answer", row="memory is short", kind=f"{times} times", shown="render"
    )


def test_without_memory_for_anything_a_plain_card_is_left(world: InMemoryService) -> None:
    def starve() -> None:
        raise MemoryError

    world.store = Starved()
    world.renderer.on_render = starve
    world.rebuild()
    reply = world.open_link(world.sign_link({"first_name": "Zoe"}))
    assert (reply.status, reply.headers["x-postcard-fallback"]) == (200, "render")
    assert len(reply.body) < 5_000 and list(world.pictures.keys("")) == []
