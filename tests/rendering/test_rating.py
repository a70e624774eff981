"""template.md, "Layers": ratings in stars, hearts and circles."""

from typing import Any

import pytest
from PIL import Image

from tests.rendering.drawing import content_box, decode, pixel, render, render_layers
from tests.template.template_cases import faults, refusal_codes, template

BLUE, RED, WHITE = (0, 0, 255), (255, 0, 0), (255, 255, 255)
SHAPES = ("star", "heart", "circle")


def rating(**more: Any) -> dict[str, Any]:
    return {"type": "rating", "x": 10, "y": 10, "height": 20, "value": 3, "color": "blue",
            "track": "red", **more}  # fmt: skip


def middles(image: Image.Image, gap: int = 0) -> list[tuple[int, ...]]:
    return [pixel(image, (20 + index * (20 + gap), 20)) for index in range(5)]


@pytest.mark.parametrize("shape", SHAPES)
def test_value_is_the_number_of_symbols_in_the_colour(shape: str) -> None:
    assert middles(render_layers(rating(shape=shape))) == [BLUE] * 3 + [RED] * 2
    assert middles(render_layers(rating(shape=shape, value=0))) == [RED] * 5
    assert middles(render_layers(rating(shape=shape, value=5))) == [BLUE] * 5


@pytest.mark.parametrize("value", [-1, 0.0])
def test_a_value_under_zero_is_zero(value: float) -> None:
    assert render_layers(rating(value=value)) == render_layers(rating(value=0))


def test_a_value_over_the_count_fills_all() -> None:
    assert render_layers(rating(value=1e9)) == render_layers(rating(value=5))


def test_a_symbol_is_filled_to_the_fraction() -> None:
    image = render_layers(rating(value=2.7, shape="circle", height=40, count=3))
    row = [image.getpixel((x, 30)) for x in range(90, 130)]
    assert row[1:28] == [BLUE] * 27
    assert row[28:39] == [RED] * 11


def test_nothing_shows_through_between_the_two_colours_of_a_symbol() -> None:
    image = render_layers(rating(value=0.333, shape="circle", height=61, count=1))
    assert {image.getpixel((x, 40)) for x in range(12, 69)} == {BLUE, RED}


def test_it_is_as_wide_as_its_symbols_and_gaps() -> None:
    box = render(template(layers=[rating(gap=4, count=6)])).boxes[0]
    assert (box.width, box.height) == (6 * 20 + 5 * 4, 20)
    assert middles(render_layers(rating(gap=4)), gap=4) == [BLUE] * 3 + [RED] * 2


def test_it_starts_where_reading_starts() -> None:
    image = render_layers(rating(value=1.5, width=150, shape="circle"), direction="rtl")
    row = [image.getpixel((x, 20)) for x in (150, 134, 126, 110, 70, 55)]
    assert row == [BLUE, BLUE, RED, RED, RED, WHITE]


def test_a_gradient_spans_all_symbols() -> None:
    color = {"type": "linear", "angle": 90, "stops": [["red", 0], ["blue", 1]]}
    first, *_, last = middles(render_layers(rating(value=5, color=color)))
    assert first[0] > 200 > 60 > first[2]
    assert last[2] > 200 > 60 > last[0]


def test_a_request_sets_value_colour_and_track() -> None:
    made = template(layers=[rating(name="stars")])
    image = decode(
        render(made, {"name": "stars", "text": "1", "color": "lime", "background": "black"})
    )
    assert middles(image) == [(0, 255, 0)] + [(0, 0, 0)] * 4
    assert refusal_codes(made, {"name": "stars", "text": "good"}) == {
        "/modifications/0/text": "invalid_value"
    }


def test_a_missing_value_leaves_all_symbols_empty() -> None:
    made = template(layers=[rating(value="{{ stars }}")], fields={"stars": {"type": "number"}})
    rendered = render(made)
    assert (middles(decode(rendered)), rendered.warnings) == ([RED] * 5, ())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dpr", [1, 2, 3])
def test_symbols_stay_within_their_boxes(shape: str, dpr: float) -> None:
    made = template(layers=[rating(shape=shape, count=1, height=33)])
    left, top, right, bottom = content_box(decode(render(made, dpr=dpr))) or (0, 0, 0, 0)
    assert left >= 10 * dpr and top >= 10 * dpr
    assert right <= 43 * dpr and bottom <= 43 * dpr
    assert right - left >= 32 * dpr


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"count": 0}, "/count"), ({"count": 51}, "/count"), ({"count": 2.5}, "/count"),
        ({"height": None}, "/height"), ({"shape": "moon"}, "/shape"), ({"gap": -1}, "/gap"),
    ],
)  # fmt: skip
def test_values_out_of_bounds_are_refused(wrong: dict[str, Any], place: str) -> None:
    assert set(faults(layers=[rating(**wrong)])) == {f"/layers/0{place}"}


def test_the_maximum_of_symbols_is_drawn() -> None:
    assert faults(layers=[rating(count=50)]) == {}
    assert content_box(render_layers(rating(count=50, height=3, value=50)))
