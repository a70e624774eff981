"""Where pictures of links are kept: in S3 and the CDN, or in the CDN alone."""

import pytest

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document


@pytest.fixture
def unstored() -> InMemoryService:
    """A service whose CDN alone keeps the pictures of links."""
    world = InMemoryService(stores_renders=False)
    world.publish(document())
    return world


def test_a_link_is_drawn_for_each_miss_of_the_cdn_and_cached_for_a_day(
    unstored: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    link = unstored.sign_link({"first_name": "Ada"})
    capsys.readouterr()
    first, second = unstored.open_link(link), unstored.open_link(link)
    assert first.body == second.body
    assert first.headers["cache-control"] == "public, no-transform, max-age=86400"
    assert '"Unstored":[1.0]' not in capsys.readouterr().out, "nothing was lost"
    assert list(unstored.pictures.keys("renders/")) == []


def test_images_of_the_api_are_stored_all_the_same(unstored: InMemoryService) -> None:
    made = unstored.create_image({"first_name": "Zoe"}, render="on_open").json
    unstored.open_image(made["url"])
    assert list(unstored.pictures.keys("images/")) == [f"images/{made['id']}.png"]


def test_a_first_open_reads_the_template_once_and_once_more_after_storing(
    world: InMemoryService,
) -> None:
    reads = world.templates.reads
    world.open_link(world.sign_link({"first_name": "Ada"}))
    assert world.templates.reads == reads + 2
    world.open_link(world.sign_link({"first_name": "Bob"}))
    assert world.templates.reads == reads + 3, "the first read is a moment ago"
    world.monotonic_now += 2
    world.open_link(world.sign_link({"first_name": "Cy"}))
    assert world.templates.reads == reads + 5
