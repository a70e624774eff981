"""Expensive static layers are drawn at publish and read at a cold start; pixels stay the same."""

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


def prerendered(world: InMemoryService) -> dict[str, str]:
    version = world.templates.version("welcome", 1)
    assert version is not None
    return dict(version.prerendered)


def drawn(world: InMemoryService, fields: dict[str, str] | None = None, **more: Any) -> bytes:
    """The picture drawn after a cold start."""
    world.pictures.delete(list(world.pictures.keys("")))
    world.cold_start()
    reply = world.open_link(world.sign_link(fields, **more))
    assert reply.headers["x-postcard-render"] == "drawn"
    return reply.body


def without_grounds(
    world: InMemoryService, fields: dict[str, str] | None = None, **more: Any
) -> bytes:
    layers = {key: world.store.get(key) for key in prerendered(world).values()}
    world.store.delete(list(layers))
    body = drawn(world, fields, **more)
    for key, stored in layers.items():
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
def test_prerendered_layers_do_not_change_the_bytes_of_a_picture(
    heavy: InMemoryService, fields: dict[str, str], more: dict[str, Any]
) -> None:
    assert set(prerendered(heavy)) == {"120x60", "240x120"}
    if "hero" not in fields:
        assert drawn(heavy, fields, **more) == without_grounds(heavy, fields, **more)


def test_a_cold_start_reads_prerendered_layers_instead_of_their_sources(
    heavy: InMemoryService,
) -> None:
    heavy.store.gets = 0
    drawn(heavy)
    assert (heavy.store.gets, heavy.renderer.static_layers.draw_count) == (1, 0)
    heavy.open_link(heavy.sign_link({"first_name": "Ben"}))
    assert heavy.store.gets == 1


def test_another_size_is_drawn_from_the_sources(heavy: InMemoryService) -> None:
    heavy.store.gets = 0
    drawn(heavy, dpr=1.5)
    assert (heavy.store.gets, heavy.renderer.static_layers.draw_count) == (1, 1)


@pytest.mark.parametrize("damage", ["gone", "cut", "flipped", "empty", "another"])
def test_corrupted_prerendered_layers_are_drawn_again(heavy: InMemoryService, damage: str) -> None:
    expected, keys = drawn(heavy), prerendered(heavy)
    key = keys["120x60"]
    stored, other = heavy.store.get(key), heavy.store.get(keys["240x120"])
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


def test_layers_that_are_drawn_quickly_are_not_prerendered(world: InMemoryService) -> None:
    assert prerendered(world) == {}


def test_a_recalled_version_uses_the_prerendered_layers_of_its_replacement(
    heavy: InMemoryService,
) -> None:
    before = drawn(heavy)
    heavy.publish(document(layers=[TITLE]))
    path = "/v1/templates/welcome/versions/1/recall"
    assert heavy.call("POST", path, {"replaced_by": 2}).status == 200
    assert drawn(heavy) == drawn(heavy, version=2) != before
