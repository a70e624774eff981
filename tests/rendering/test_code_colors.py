"""QR codes and barcodes whose colours do not scan have the warning `unscannable`."""

from typing import Any

import pytest

from tests.rendering.drawing import render
from tests.rendering.sample_images import encode, quarters
from tests.template.template_cases import template

QR = {"type": "qr", "value": "https://example.com/r/SAVE25", "x": 20, "y": 20, "width": 150}
BARS = {"type": "barcode", "value": "SAVE25", "x": 10, "y": 20, "width": 180, "height": 60}
CLEAR = {"background": "transparent"}


def details(*layers: dict[str, Any], dpr: float = 1, **document: Any) -> list[tuple[str, str]]:
    """The layers with the warning, and its first words."""
    made = template(width=200, height=200, layers=list(layers), **document)
    photo = quarters(40, 40)
    photo.paste((30, 20, 10), (0, 0, 20, 20))
    pictures = {"asset:photo": encode(photo, "PNG")}
    warnings = render(made, pictures=pictures, dpr=dpr).warnings
    assert {one.code for one in warnings} <= {"unscannable"}
    return [(one.pointer, " ".join(one.detail.split()[:4])) for one in warnings]


FAINT, INVERTED = "The code is hardly", "The code is light"


@pytest.mark.parametrize("code", [QR, BARS, {**BARS, "show_text": True}])
@pytest.mark.parametrize(
    ("colors", "expected"),
    [
        ({}, None),
        ({"color": "#1e3a8a", "background": "#fef3c7"}, None),
        ({"color": "#000", "background": "#888"}, None),
        ({"color": "#fff7cc"}, FAINT),
        ({"color": "#bbb"}, FAINT),
        ({"background": "#333"}, FAINT),
        ({"color": "transparent"}, FAINT),
        ({"color": "rgba(0, 0, 0, 0.2)"}, FAINT),
        ({"opacity": 0.2}, FAINT),
        ({"color": "#fff", "background": "#000"}, INVERTED),
        ({"color": "#fbbf24", "background": "#1e293b"}, INVERTED),
    ],
)
def test_a_code_is_darker_than_its_background(
    code: dict[str, Any], colors: dict[str, Any], expected: str | None
) -> None:
    assert details({**code, **colors}) == ([("/layers/0", expected)] if expected else [])


@pytest.mark.parametrize("code", [QR, BARS])
def test_a_code_without_a_background_is_compared_with_what_is_behind_it(
    code: dict[str, Any],
) -> None:
    clear = {**code, **CLEAR}
    assert details(clear, background="#ffffff") == []
    assert details(clear, background="transparent") == []
    assert details(clear, background="#000000") == [("/layers/0", FAINT)]
    assert details({**clear, "color": "#fff"}, background="#000000") == [("/layers/0", INVERTED)]
    ground = {"type": "rectangle", "width": 200, "height": 200, "fill": "#111"}
    assert details(ground, clear) == [("/layers/1", FAINT)]
    photo = {"type": "image", "width": 200, "height": 200, "source": "asset:photo"}
    assert details(photo, clear) == [("/layers/1", FAINT)]  # one of its quarters is dark
    assert details(photo, code) == []
    dark_to_light = {"type": "linear", "angle": 90, "stops": [["#000", 0], ["#fff", 1]]}
    assert details({**ground, "fill": dark_to_light}, clear) == [("/layers/1", FAINT)]


def test_the_light_zone_around_a_qr_code_counts() -> None:
    without_zone = {**QR, "quiet_zone": 0}
    assert details(without_zone, background="#000000") == [("/layers/0", FAINT)]
    assert details(without_zone, background="#ffffff") == []
    assert details({**QR, "quiet_zone": 1}, background="#000000") == []


def test_red_bars_do_not_scan_by_the_red_light_of_a_scanner() -> None:
    assert details({**BARS, "color": "#e11d48"}) == [("/layers/0", FAINT)]
    assert details({**QR, "color": "#e11d48"}) == []
    assert details({**BARS, "background": "#e11d48"}) == []


@pytest.mark.parametrize("style", ["square", "round", "dot"])
def test_a_logo_and_round_modules_are_no_fault(style: str) -> None:
    code = {**QR, "style": style, "logo": "asset:photo"}
    assert details(code, dpr=2) == []
    assert details({**code, "color": "#fff7cc"}, dpr=2) == [("/layers/0", FAINT)]


@pytest.mark.parametrize("degrees", [90, 12])
def test_rotated_codes_and_codes_in_groups_are_checked(degrees: float) -> None:
    code = {**QR, "rotation": degrees}
    assert details(code, dpr=2) == []
    assert details({**code, "color": "#fff7cc"}, dpr=2) == [("/layers/0", FAINT)]
    group = {"type": "group", "fill": "#000", "opacity": 0.9, "width": 200, "height": 200}
    assert details({**group, "layers": [QR]}) == []
    assert details({**group, "layers": [{**QR, **CLEAR}]}) == [("/layers/0/layers/0", FAINT)]


def test_colours_from_a_request_are_checked_too() -> None:
    made = template(layers=[{**QR, "name": "code"}])
    assert render(made).warnings == ()
    warnings = render(made, {"name": "code", "color": "#ffffff"}).warnings
    assert [one.code for one in warnings] == ["unscannable"]


def test_a_code_outside_of_the_canvas_has_no_colours() -> None:
    assert details({**QR, "x": 400, "color": "#fff7cc"}) == []
    assert details({**BARS, "y": -90, "color": "#fff7cc"}) == []
