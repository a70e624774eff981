"""Heavy art that nothing changes is drawn at publish and read by a cold start; nobody can tell."""

from typing import Any

import pytest

from postcard.ports import StoredObject
from tests.functions.fake_services import noise_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

HERO = "https://example.com/hero.png"
TITLE = document()["layers"][0]
HEAVY: dict[str, Any] = {
    "type": "image",
    "name": "hero",
    "width": 120,
    "height": 60,
    "source": HERO,
    "shadow": {"blur": 20, "color": "#000000"},
}


@pytest.fixture
def heavy(empty: InMemoryService) -> InMemoryService:
    """A template with a large photograph under its title."""
    empty.web.pictures[HERO] = noise_png(900, 600)
    empty.publish(document(layers=[HEAVY, TITLE]))
    return empty


def grounds(world: InMemoryService) -> dict[str, str]:
    version = world.templates.version("welcome", 1)
    assert version is not None
    return dict(version.prerendered)


def drawn(world: InMemoryService, fields: dict[str, str] | None = None, **more: Any) -> bytes:
    """The picture after a cold start, not from the pictures' bucket."""
    world.pictures.delete(list(world.pictures.keys("")))
    world.cold_start()
    reply = world.open_link(world.sign_link(fields, **more))
    assert reply.headers["x-postcard-render"] == "drawn"
    return reply.body


def without_grounds(
    world: InMemoryService, fields: dict[str, str] | None = None, **more: Any
) -> bytes:
    kept = {key: world.store.get(key) for key in grounds(world).values()}
    world.store.delete(list(kept))
    body = drawn(world, fields, **more)
    for key, stored in kept.items():
        assert stored is not None
        world.store.put(key, stored)
    return body


@pytest.mark.parametrize(
    ("fields", "more"),
    [
        ({}, {}),
        ({"first_name": "Zoë"}, {"dpr": 2}),
        ({"title.color": "#ff0000"}, {"format": "jpg"}),
        ({"hero.visible": "no"}, {}),
        ({"hero": "https://example.com/none.png"}, {"width": 240}),
        ({}, {"dpr": 3}),
    ],
)
def test_a_picture_on_a_stored_ground_has_the_bytes_it_would_have_anyway(
    heavy: InMemoryService, fields: dict[str, str], more: dict[str, Any]
) -> None:
    assert set(grounds(heavy)) == {"120x60", "240x120"}
    if "hero" not in fields:
        assert drawn(heavy, fields, **more) == without_grounds(heavy, fields, **more)


def test_a_cold_start_reads_the_ground_instead_of_the_pictures_in_it(
    heavy: InMemoryService,
) -> None:
    heavy.store.gets = 0
    drawn(heavy)
    assert (heavy.store.gets, heavy.renderer.static_layers.draw_count) == (1, 0)
    heavy.open_link(heavy.sign_link({"first_name": "Ben"}))
    assert heavy.store.gets == 1


def test_another_size_is_drawn_from_the_pictures(heavy: InMemoryService) -> None:
    heavy.store.gets = 0
    drawn(heavy, dpr=1.5)
    assert (heavy.store.gets, heavy.renderer.static_layers.draw_count) == (1, 1)


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "empty", "another"])
def test_a_damaged_ground_is_drawn_afresh(heavy: InMemoryService, damage: str) -> None:
    expected, found = drawn(heavy), grounds(heavy)
    key = found["120x60"]
    stored, other = heavy.store.get(key), heavy.store.get(found["240x120"])
    assert stored is not None and other is not None
    middle = len(stored.body) // 2
    flipped = bytes([stored.body[middle] ^ 1])
    bodies = {
        "cut": stored.body[:middle],
        "flipped": stored.body[:middle] + flipped + stored.body[middle + 1 :],
        "empty": b"",
        "another": other.body,
    }
    if damage == "gone":
        heavy.store.delete([key])
    else:
        heavy.store.put(key, StoredObject(bodies[damage], "application/octet-stream"))
    assert drawn(heavy) == expected
    assert heavy.renderer.static_layers.draw_count == 1


def test_what_is_quickly_drawn_is_not_stored(world: InMemoryService) -> None:
    assert grounds(world) == {}


def test_a_recalled_version_has_the_ground_of_the_one_that_is_drawn(heavy: InMemoryService) -> None:
    before = drawn(heavy)
    heavy.publish(document(layers=[TITLE]))
    path = "/v1/templates/welcome/versions/1/recall"
    assert heavy.call("POST", path, {"replaced_by": 2}).status == 200
    assert drawn(heavy) == drawn(heavy, version=2) != before
