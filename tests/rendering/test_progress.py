"""template.md, "Layers": progress as a bar and as a ring."""

import math
from typing import Any

import pytest

from tests.rendering.drawing import content_box, decode, render, render_layers
from tests.template.template_cases import bind_link, faults, refusal_codes, template

BLUE, RED, WHITE, BLACK = (0, 0, 255), (255, 0, 0), (255, 255, 255), (0, 0, 0)


def bar(**more: Any) -> dict[str, Any]:
    return {"type": "progress", "x": 10, "y": 10, "width": 100, "height": 20, "value": 40,
            "color": "blue", "track": "red", "radius": 0, **more}  # fmt: skip


def filled(layer: dict[str, Any], **document: Any) -> int:
    """How many pixels of the bar's middle row are in its colour."""
    image = render_layers(layer, **document)
    return sum(image.getpixel((x, 20)) == BLUE for x in range(200))


@pytest.mark.parametrize(
    ("value", "most", "pixels"),
    [(0, 100, 0), (40, 100, 40), (100, 100, 100), (3, 4, 75), (-5, 100, 0), (101, 100, 100),
     (1e14, 0.001, 100), (0.5, 1, 50), ("40", "80", 50)],
)  # fmt: skip
def test_a_bar_is_filled_by_value_over_max_clamped_to_its_range(
    value: Any, most: Any, pixels: int
) -> None:
    assert filled(bar(value=value, max=most)) == pixels


def test_the_rest_of_the_bar_is_track() -> None:
    image = render_layers(bar())
    assert content_box(image) == (10, 10, 110, 30)
    assert [image.getpixel((x, 20)) for x in (10, 49, 50, 109)] == [BLUE, BLUE, RED, RED]


@pytest.mark.parametrize(
    ("document", "starts_right"),
    [
        ({}, False),
        ({"direction": "rtl"}, True),
        ({"locale": "ar-EG"}, True),
        ({"locale": "he"}, True),
        ({"locale": "ar", "direction": "ltr"}, False),
        ({"locale": "pa-Arab"}, True),
        ({"locale": "{{ tongue }}", "fields": {"tongue": {"default": "fa"}}}, True),
    ],
)
def test_a_bar_fills_from_the_side_where_reading_starts(
    document: dict[str, Any], starts_right: bool
) -> None:
    image = render_layers(bar(value=10), **document)
    assert (image.getpixel((12, 20)) == BLUE, image.getpixel((107, 20)) == BLUE) == (
        not starts_right,
        starts_right,
    )


@pytest.mark.parametrize("rtl", [False, True])
@pytest.mark.parametrize("value", [1, 5, 30, 97, 100])
def test_a_round_bar_stays_within_its_round_track(value: float, rtl: bool) -> None:
    direction = "rtl" if rtl else "ltr"
    whole = render_layers(bar(value=100, radius="full"), direction=direction).convert("L")
    part = render_layers(
        bar(value=value, track="white", radius="full"), direction=direction
    ).convert("L")
    assert all(a <= b for a, b in zip(whole.tobytes(), part.tobytes(), strict=True))
    left, _, right, _ = content_box(part.convert("RGB")) or (0, 0, 0, 0)
    assert right - left == pytest.approx(max(value, 20), abs=1)


@pytest.mark.parametrize("shape", ["bar", "ring"])
def test_the_smallest_round_progress_is_a_dot(shape: str) -> None:
    layer = bar(value=0.2, shape=shape, radius="full", track="white", thickness=20)
    image = render_layers({**layer, "width": 100, "height": 20 if shape == "bar" else 100})
    left, top, right, bottom = content_box(image) or (0, 0, 0, 0)
    assert right - left == pytest.approx(20, abs=1) and bottom - top == pytest.approx(20, abs=1)
    dark = sum(pixel != 255 for pixel in image.convert("L").tobytes())
    assert dark == pytest.approx(math.pi * 10**2, rel=0.15)


def test_value_and_max_may_be_liquid_and_an_invalid_number_is_the_default() -> None:
    fields = {"points": {"type": "number"}, "goal": {"default": "200"}}
    made = template(layers=[bar(value="{{ points }}", max="{{ goal }}")], fields=fields)

    def blue(*changes: dict[str, Any]) -> tuple[int, list[str]]:
        rendered = render(made, *changes)
        image = decode(rendered)
        pixels = sum(image.getpixel((x, 20)) == BLUE for x in range(200))
        return pixels, [f"{w.code} {w.pointer}" for w in rendered.warnings]

    assert blue({"name": "points", "value": 50}) == (25, [])
    assert blue() == (0, [])  # missing: an empty bar
    assert blue({"name": "points", "value": 50}, {"name": "goal", "value": "many"}) == (
        50,
        ["invalid_value /layers/0/max"],
    )
    assert blue({"name": "points", "value": 50}, {"name": "goal", "value": "0"}) == (50, [])


def test_a_request_sets_value_colour_and_track() -> None:
    made = template(layers=[bar(name="done")])
    image = decode(
        render(made, {"name": "done", "value": 90, "color": "lime", "background": "black"})
    )
    assert [image.getpixel((x, 20)) for x in (98, 105)] == [(0, 255, 0), BLACK]
    assert refusal_codes(made, {"name": "done", "value": "most"}) == {
        "/modifications/0/value": "invalid_value"
    }
    assert bind_link(made, done="12.5").layers == {"done": {"value": "12.5"}}
    assert (bind_link(made, done="most").layers, bind_link(made, done="most").ignored_count) == (
        {},
        1,
    )


def test_without_a_colour_it_takes_the_documents() -> None:
    assert render_layers(bar(color=None), color="blue") == render_layers(bar())


def test_a_thin_bar_is_in_the_middle_of_its_box() -> None:
    assert content_box(render_layers(bar(thickness=6))) == (10, 17, 110, 23)
    assert content_box(render_layers(bar(thickness=60))) == (10, 10, 110, 30)


def ring(**more: Any) -> dict[str, Any]:
    return bar(shape="ring", width=80, height=80, **more)


def test_a_ring_fills_clockwise_from_the_top_in_any_language() -> None:
    for locale in ("en", "ar"):
        image = render_layers(ring(value=25), locale=locale)
        assert [image.getpixel(p) for p in ((54, 13), (86, 46))] == [BLUE, BLUE]
        assert [image.getpixel(p) for p in ((46, 13), (86, 54), (50, 86))] == [RED] * 3
        assert image.getpixel((50, 50)) == WHITE


def test_the_default_thickness_of_a_ring_is_a_tenth_of_its_width() -> None:
    image = render_layers(ring(value=0))
    column = [image.getpixel((50, y)) == RED for y in range(11, 30)]
    assert column == [True] * 7 + [False] * 12
    assert render_layers(ring(value=100, thickness=40)).getpixel((50, 50)) == BLUE
    assert render_layers(ring(value=100, thickness=400)).getpixel((50, 50)) == BLUE


@pytest.mark.parametrize("value", [0.1, 2, 50, 99.9])
@pytest.mark.parametrize("radius", [0, 3, "full", [1, 2, 3, 4]])
def test_a_ring_stays_within_its_track(value: float, radius: Any) -> None:
    track = render_layers(ring(value=0, track="black")).convert("L").tobytes()
    part = render_layers(ring(value=value, track="transparent", color="black", radius=radius))
    assert all(a <= b + 10 for a, b in zip(track, part.convert("L").tobytes(), strict=True))
    assert content_box(part)


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"max": 0}, "/max"), ({"max": "-1"}, "/max"), ({"value": "most"}, "/value"),
        ({"value": 1e16}, "/value"), ({"value": True}, "/value"), ({"shape": "pie"}, "/shape"),
        ({"width": None}, "/width"), ({"thickness": -1}, "/thickness"),
    ],
)  # fmt: skip
def test_values_out_of_bounds_are_refused(wrong: dict[str, Any], place: str) -> None:
    assert set(faults(layers=[bar(**wrong)])) == {f"/layers/0{place}"}


def test_a_bar_without_width_or_height_draws_nothing() -> None:
    assert content_box(render_layers(bar(width=0))) is None
    assert content_box(render_layers(ring() | {"height": 0})) is None
