"""template.md, "Layers": the ellipse."""

import math
from typing import Any

import pytest
from PIL import Image

from tests.rendering.drawing import content_box, decode, pixel, render, render_layers
from tests.template.template_cases import faults, template

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)
OVAL: dict[str, Any] = {
    "type": "ellipse", "x": 20, "y": 10, "width": 60, "height": 40, "fill": "red",
}  # fmt: skip


def covered(image: Image.Image) -> float:
    """How many pixels a red ellipse covers on white."""
    return sum(255 - level for level in image.getchannel("G").tobytes()) / 255


def test_an_ellipse_fills_its_box_and_not_its_corners() -> None:
    image = render_layers(OVAL)
    assert content_box(image) == (20, 10, 80, 50)
    assert image.getpixel((50, 30)) == RED
    assert image.getpixel((22, 12)) == WHITE


@pytest.mark.parametrize(("x", "width", "height"), [(20, 60, 40), (20.3, 7.7, 80), (0.5, 150, 90)])
@pytest.mark.parametrize("dpr", [1, 1.5, 3])
def test_the_edge_of_an_ellipse_is_antialiased(
    x: float, width: float, height: float, dpr: float
) -> None:
    layer = {**OVAL, "x": x, "y": 5, "width": width, "height": height}
    area = covered(decode(render(template(layers=[layer]), dpr=dpr)))
    assert area == pytest.approx(math.pi / 4 * width * height * dpr**2, rel=0.01)


def test_a_stroke_is_inside_the_outline() -> None:
    image = render_layers({**OVAL, "stroke": {"color": "blue", "width": 6}})
    assert content_box(image) == (20, 10, 80, 50)
    assert [image.getpixel((x, 30)) for x in (22, 25, 27)] == [BLUE, BLUE, RED]


def test_a_stroke_as_wide_as_the_ellipse_fills_it() -> None:
    image = render_layers({**OVAL, "stroke": {"color": "blue", "width": 20}})
    assert image.getpixel((50, 30)) == BLUE


def test_an_ellipse_without_stroke_width_and_fill_draws_nothing() -> None:
    bare = {key: value for key, value in OVAL.items() if key != "fill"}
    assert content_box(render_layers(bare)) is None
    assert content_box(render_layers({**bare, "stroke": {"color": "blue", "width": 0}})) is None
    assert content_box(render_layers({**OVAL, "width": 0})) is None


def test_dashes_leave_gaps_and_stay_within_the_stroke() -> None:
    def blue(**more: Any) -> float:
        stroke = {"color": "blue", "width": 4, **more}
        return covered(render_layers({**OVAL, "fill": "white", "stroke": stroke}))

    whole = blue()
    assert blue(dash=[6, 6]) == pytest.approx(whole / 2, rel=0.05)
    assert blue(dash=[6, 2]) == pytest.approx(whole * 0.75, rel=0.05)
    assert blue(dash=[6, 0]) == whole


def test_a_gradient_spans_the_box() -> None:
    fill = {"type": "linear", "angle": 90, "stops": [["red", 0], ["blue", 1]]}
    image = render_layers({**OVAL, "fill": fill})
    left, right = pixel(image, (22, 30)), pixel(image, (77, 30))
    assert left[0] > 240 > 20 > left[2]
    assert right[2] > 240 > 20 > right[0]


def test_a_request_recolours_the_fill() -> None:
    made = template(layers=[{**OVAL, "name": "dot"}])
    assert decode(render(made, {"name": "dot", "color": "blue"})).getpixel((50, 30)) == BLUE


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"width": None}, "/width"),
        ({"height": None}, "/height"),
        ({"width": 20_001}, "/width"),
        ({"radius": 4}, "/radius"),
        ({"stroke": {"color": "red", "width": 101}}, "/stroke/width"),
        ({"stroke": {"color": "red", "dash": [0, 2]}}, "/stroke/dash/0"),
        ({"stroke": {"color": "red", "dash": [2]}}, "/stroke/dash/1"),
        ({"stroke": {"color": "red", "dash": [2, 1001]}}, "/stroke/dash/1"),
        ({"stroke": {"width": 3}}, "/stroke/color"),
    ],
)
def test_values_out_of_bounds_are_refused(wrong: dict[str, Any], place: str) -> None:
    assert set(faults(layers=[{**OVAL, **wrong}])) == {f"/layers/0{place}"}


def test_values_at_the_bounds_are_drawn() -> None:
    stroke = {"color": "red", "width": 100, "dash": [1000, 1000]}
    huge = {**OVAL, "x": -9000, "y": -9000, "width": 20_000, "height": 20_000, "stroke": stroke}
    assert render_layers(huge).getpixel((100, 50)) == RED
