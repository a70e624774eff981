"""The bounds of every property of `POST /v1/images`."""

from typing import Any

import pytest

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("template_id", 7),
        ("template_id", ""),
        ("template_id", "a" * 65),
        ("template_version", "1"),
        ("template_version", True),
        ("template_version", 0),
        ("template_version", 1_000_000),
        ("modifications", {}),
        ("on_invalid", "ignore"),
        ("format", "bmp"),
        ("width", 0),
        ("width", "600"),
        ("width", 5001),
        ("width", 10**30),
        ("width", 10**308),
        ("dpr", 0),
        ("dpr", 1.25),
        ("dpr", 4),
        ("dpr", 1e306),
        ("quality", 0),
        ("quality", 101),
        ("max_bytes", 1999),
        ("max_bytes", 4_500_001),
        ("render", "later"),
        ("campaign", ""),
        ("campaign", "a" * 33),
        ("campaign", "Spring!"),
        ("campaign", "spring\n"),
        ("metadata", []),
        ("metadata", {"a": "x" * (1025 - len('{"a":""}'))}),
        ("metadata", {"a": "é" * 512}),
    ],
)
def test_a_property_outside_its_bounds_is_400_with_its_pointer(
    world: InMemoryService, name: str, value: object
) -> None:
    sent: dict[str, Any] = {name: value}
    reply = world.create_image(**sent)
    assert reply.status == 400
    assert reply.error_locations() == [("invalid_request", f"/{name}")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("template_version", 1),
        ("modifications", []),
        *(("on_invalid", mode) for mode in ("error", "default")),
        *(("format", name) for name in ("png", "jpg", "jpeg", "webp", "avif", "gif")),
        ("width", 1),
        ("width", 5000),
        *(("dpr", ratio) for ratio in (1, 1.5, 2, 3)),
        ("quality", 1),
        ("quality", 100),
        ("max_bytes", 2_000),
        ("max_bytes", 4_500_000),
        *(("render", when) for when in ("now", "on_open")),
        ("campaign", "0"),
        ("campaign", "spring-2026".ljust(32, "a")),
        ("metadata", {}),
        ("metadata", {"a": "x" * (1024 - len('{"a":""}'))}),
    ],
)
def test_a_property_on_its_bounds_is_accepted(
    world: InMemoryService, name: str, value: object
) -> None:
    sent: dict[str, Any] = {"render": "on_open", name: value}
    assert world.create_image(**sent).status == 200


@pytest.mark.parametrize(
    "name",
    [
        "modifications",
        "template_version",
        "on_invalid",
        "format",
        "width",
        "dpr",
        "quality",
        "max_bytes",
        "render",
        "campaign",
        "metadata",
    ],
)
def test_null_is_the_same_as_not_given(world: InMemoryService, name: str) -> None:
    assert world.create_image(**{name: None}).status == 200


@pytest.mark.parametrize(
    ("requested", "width", "height"),
    [
        ({}, 120, 60),
        ({"width": 33}, 33, 17),
        ({"width": 1}, 1, 1),
        ({"width": 5000}, 5000, 2500),
    ],
)
def test_the_size_is_the_template_s_in_proportion_rounded_half_up_and_at_least_1(
    world: InMemoryService, requested: dict[str, Any], width: int, height: int
) -> None:
    made = world.create_image(render="on_open", **requested).json
    assert (made["width"], made["height"]) == (width, height)


def test_over_16_mpx_are_400(world: InMemoryService) -> None:
    world.publish(document(width=4000, height=4000), "largest")
    assert world.create_image(template_id="largest", render="on_open").status == 200
    assert world.create_image(template_id="largest", width=4001).error_locations() == [
        ("invalid_request", "/width")
    ]


@pytest.mark.parametrize(("format", "quality"), [("jpg", 82), ("webp", 80), ("avif", 60)])
def test_each_format_has_its_own_default_quality(
    world: InMemoryService, format: str, quality: int
) -> None:
    default = world.create_image(format=format, render="on_open").json["id"]
    assert (
        world.create_image(format=format, quality=quality, render="on_open").json["id"] == default
    )
    assert (
        world.create_image(format=format, quality=quality + 1, render="on_open").json["id"]
        != default
    )


def test_properties_that_a_request_omits_are_the_template_s(world: InMemoryService) -> None:
    own: dict[str, Any] = {"format": "jpg", "quality": 50, "max_bytes": 90_000}
    world.publish(document(**own), "own")
    made = world.create_image(template_id="own", render="on_open").json
    assert made["format"] == "jpg"
    assert world.create_image(template_id="own", render="on_open", **own).json["id"] == made["id"]
