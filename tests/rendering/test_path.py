"""template.md, "Layers": paths in SVG's language."""

from typing import Any

import pytest

from postcard.canvas.vector.svg_path import MAX_SEGMENTS
from postcard.template.layers.path import MAX_PATH_CHARACTERS
from tests.rendering.drawing import content_box, decode, render, render_layers
from tests.template.template_cases import faults, template

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
SQUARE = "M0 0H100V100H0Z"


def path(d: str, **more: Any) -> dict[str, Any]:
    return {"type": "path", "x": 0, "y": 0, "width": 100, "height": 100, "d": d,
            "view": [100, 100], "fill": "red", **more}  # fmt: skip


def test_the_view_is_stretched_to_the_box() -> None:
    assert content_box(render_layers(path(SQUARE, x=20, y=10, width=60, height=40))) == (
        20,
        10,
        80,
        50,
    )
    assert content_box(render_layers(path("M0 0H5V10H0Z", view=[10, 10]))) == (0, 0, 50, 100)


def test_without_a_view_it_is_in_the_layers_own_pixels() -> None:
    assert content_box(render_layers(path("M5 5h20v10h-20z", view=None, x=10))) == (15, 5, 35, 15)


def test_a_subpath_in_the_other_direction_is_a_hole() -> None:
    other_way = render_layers(path(f"{SQUARE} M25 25V75H75V25Z"))
    assert (other_way.getpixel((50, 50)), other_way.getpixel((10, 50))) == (WHITE, RED)
    same_way = render_layers(path(f"{SQUARE} M25 25H75V75H25Z"))
    assert same_way.getpixel((50, 50)) == RED


def test_a_path_that_crosses_itself_is_filled_by_the_nonzero_rule() -> None:
    star = render_layers(path("M50 5L79.4 95.5L2.4 39.5H97.6L20.6 95.5Z"))
    assert star.getpixel((50, 55)) == RED


@pytest.mark.parametrize(
    ("d", "inside", "outside"),
    [
        ("m10 10 h80 v80 h-80 z", (50, 50), (5, 5)),
        ("M0 50A50 50 0 0 1 100 50z", (50, 20), (50, 80)),
        ("M0 50 a50 50 0 10100 0z", (50, 80), (50, 20)),
        ("M0 50C0-20 100-20 100 50Z", (50, 30), (5, 5)),
        ("M0 50Q50-50 100 50", (50, 20), (10, 10)),
        ("M0 50 C0 0 50 0 50 50 S100 100 100 50", (25, 30), (25, 70)),
        ("M0 50 Q25 0 50 50 T100 50", (75, 60), (75, 40)),
        ("M0 50A0 10 0 0 1 100 50V99H0z", (50, 70), (50, 30)),
        ("M10,10 90,10 90,90", (70, 30), (30, 70)),
    ],
)
def test_every_command_is_drawn(d: str, inside: Any, outside: Any) -> None:
    image = render_layers(path(d))
    assert (image.getpixel(inside), image.getpixel(outside)) == (RED, WHITE)


def test_a_stroke_is_centred_on_the_path_and_not_stretched() -> None:
    image = render_layers(
        path("M20 50H80", fill=None, width=200, stroke={"color": "blue", "width": 10})
    )
    assert content_box(image) == (40, 45, 160, 55)


def test_joins_are_round_and_ends_are_straight() -> None:
    corner = path("M20 80V20H80", fill=None, stroke={"color": "blue", "width": 20})
    image = render_layers(corner)
    assert content_box(image) == (10, 10, 80, 80)
    assert image.getpixel((11, 11)) == WHITE
    assert image.getpixel((14, 14)) == BLUE


def test_a_tight_curve_under_a_wide_stroke_has_no_hole() -> None:
    curve = "M50 50 m-4 0 a4 4 0 1 0 8 0 a4 4 0 1 0 -8 0z"
    image = render_layers(path(curve, fill=None, stroke={"color": "blue", "width": 30}))
    inside = {image.getpixel((x, y)) for x in range(38, 62) for y in range(38, 62)}
    assert inside == {BLUE}


def test_a_stroke_that_crosses_itself_is_no_darker() -> None:
    cross = path("M10 50H90M50 10V90", fill=None, stroke={"color": "#0000ff80", "width": 20})
    image = render_layers(cross)
    assert image.getpixel((50, 50)) == image.getpixel((20, 50))


@pytest.mark.parametrize(
    "d",
    ["", "10 10 L20 20", "L10 10", "M10", "M10 10 L5", "M0 0 A10 10 0 2 0 5 5",
     "M0 0 A-1 1 0 0 0 5 5", "M0 0 L1 1 x", "M0 0 L1e999 0", "M0 0 L2E6 0",
     "M0 0 C0 2e6 0 0 1 1",
     "M0 0;", "M0 0 L١ ٢",
     "M0 0" + "h1" * MAX_SEGMENTS, "M0 0" + " " * MAX_PATH_CHARACTERS],
)  # fmt: skip
def test_an_invalid_or_too_long_path_is_refused(d: str) -> None:
    assert set(faults(layers=[path(d)])) == {"/layers/0/d"}


def test_the_longest_path_is_drawn() -> None:
    d = "M0 0" + "h1v-1" * ((MAX_SEGMENTS - 1) // 2) + "Z"
    assert faults(layers=[path(d.ljust(MAX_PATH_CHARACTERS))]) == {}
    zigzag = "M0 0" + "H900V900H0V0" * 499
    assert render_layers(path(zigzag, stroke={"color": "blue", "width": 100, "dash": [1, 1]}))


def test_a_path_far_beyond_the_canvas_is_clipped_and_costs_nothing() -> None:
    image = render_layers(path("M-7E5 -7E5H7E5V7E5H-7E5Z", view=[0.01, 0.01]))
    assert image.getpixel((50, 50)) == RED


def test_a_path_without_fill_and_stroke_draws_nothing() -> None:
    assert content_box(render_layers(path(SQUARE, fill=None))) is None
    assert content_box(render_layers(path("M10 10", stroke={"color": "red"}))) is None


def test_a_request_recolours_the_fill() -> None:
    made = template(layers=[path(SQUARE, name="shape")])
    assert decode(render(made, {"name": "shape", "color": "blue"})).getpixel((50, 50)) == BLUE


@pytest.mark.parametrize("view", [[0, 100], [100], [100, 20_001], "100"])
def test_both_sides_of_a_view_are_over_zero(view: Any) -> None:
    assert all(
        place.startswith("/layers/0/view") for place in faults(layers=[path("M0 0", view=view)])
    )
    assert faults(layers=[path("M0 0", view=view)])
