"""template.md, "Layers": the line, and strokes with dashes."""

from typing import Any

import pytest
from PIL import Image

from tests.rendering.drawing import content_box, decode, pixel, render, render_layers
from tests.template.template_cases import faults, template

BLUE, BLACK, WHITE = (0, 0, 255), (0, 0, 0), (255, 255, 255)


def line(**more: Any) -> dict[str, Any]:
    return {
        "type": "line", "x": 10, "y": 20, "width": 100, "height": 0,
        "stroke": {"color": "black"}, **more,
    }  # fmt: skip


def levels(image: Image.Image) -> set[int]:
    return set(image.convert("L").tobytes())


@pytest.mark.parametrize("dpr", [1, 2, 3])
@pytest.mark.parametrize("place", [20, 20.3, 20.5, 20.9])
@pytest.mark.parametrize("upright", [False, True])
def test_a_horizontal_or_vertical_line_is_crisp(dpr: float, place: float, upright: bool) -> None:
    flat = line(x=place, y=10, width=0, height=60) if upright else line(y=place)
    image = decode(render(template(layers=[flat]), dpr=dpr))
    assert levels(image) == {0, 255}
    left, top, right, bottom = content_box(image) or (0, 0, 0, 0)
    assert (right - left if upright else bottom - top) == dpr


def test_a_line_thinner_than_a_pixel_is_paler_and_one_pixel_wide() -> None:
    image = render_layers(line(stroke={"color": "black", "width": 0.5}))
    assert content_box(image) == (10, 20, 110, 21)
    assert pixel(image, (50, 20))[0] == pytest.approx(255 * 0.5, abs=2)


def test_a_line_goes_from_the_top_left_to_the_bottom_right_centred_on_it() -> None:
    image = render_layers(line(y=10, height=80, stroke={"color": "blue", "width": 6}))
    assert [image.getpixel(place) for place in ((12, 12), (60, 50), (108, 88))] == [BLUE] * 3
    assert [image.getpixel(place) for place in ((100, 20), (20, 80))] == [WHITE] * 2
    wide = render_layers(line(y=50, stroke={"color": "blue", "width": 10}))
    assert content_box(wide) == (10, 45, 110, 55)


def test_dashes_begin_where_the_line_begins() -> None:
    image = render_layers(line(stroke={"color": "black", "width": 2, "dash": [7, 3]}))
    row = [image.getpixel((x, 20)) == BLACK for x in range(10, 110)]
    assert row == ([True] * 7 + [False] * 3) * 10


def test_no_fragment_of_a_dash_is_left_at_the_end() -> None:
    dashes = {"color": "black", "dash": [8, 2]}
    assert content_box(render_layers(line(width=101, stroke=dashes))) == (10, 20, 108, 21)
    assert content_box(render_layers(line(width=104, stroke=dashes))) == (10, 20, 114, 21)
    assert content_box(render_layers(line(width=1, stroke=dashes))) == (10, 20, 11, 21)


def test_dashes_that_are_too_short_to_see_are_a_solid_line() -> None:
    fine = render_layers(line(stroke={"color": "black", "dash": [0.01, 0.01]}))
    assert fine == render_layers(line())


def test_a_line_without_a_stroke_or_a_length_is_not_drawn() -> None:
    assert render(template(layers=[line(stroke=None)])).boxes == ()
    assert content_box(render_layers(line(stroke={"color": "red", "width": 0}))) is None
    assert content_box(render_layers(line(width=0))) is None


def test_a_request_recolours_the_stroke_and_keeps_its_width() -> None:
    made = template(layers=[line(name="rule", stroke={"color": "{{ c }}", "width": 4})],
                    fields={"c": {"type": "color", "default": "red"}})  # fmt: skip
    image = decode(render(made, {"name": "rule", "color": "blue"}))
    assert content_box(image) == (10, 18, 110, 22)
    assert image.getpixel((50, 20)) == BLUE
    bare = template(layers=[line(name="rule", stroke=None)])
    assert content_box(decode(render(bare, {"name": "rule", "color": "blue"}))) == (10, 20, 110, 21)


def test_a_line_needs_both_sides_and_has_no_fill() -> None:
    assert set(faults(layers=[line(height=None)])) == {"/layers/0/height"}
    assert set(faults(layers=[line(fill="red")])) == {"/layers/0/fill"}


@pytest.mark.parametrize("radius", [0, 12, "full", [30, 0, 30, 0]])
def test_dashes_around_a_rectangle_stay_within_its_outline(radius: Any) -> None:
    box = {"type": "rectangle", "x": 10, "y": 10, "width": 100, "height": 60, "radius": radius}

    def dark(**dash: Any) -> float:
        image = render_layers({**box, "stroke": {"color": "black", "width": 4, **dash}})
        assert content_box(image) == (10, 10, 110, 70)
        return sum(255 - level for level in image.convert("L").tobytes())

    assert dark(dash=[6, 6]) == pytest.approx(dark() / 2, rel=0.08)


def test_the_corners_of_a_dashed_rectangle_are_covered() -> None:
    box = {"type": "rectangle", "x": 10, "y": 10, "width": 97, "height": 53}
    image = render_layers({**box, "stroke": {"color": "black", "width": 3, "dash": [7, 5]}})
    corners = [(10, 10), (106, 10), (106, 62), (10, 62)]
    assert [image.getpixel(place) for place in corners] == [BLACK] * 4
