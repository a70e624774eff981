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


COVERED = "Another layer covers part"


def cover(x: float, y: float, width: float, height: float, fill: str = "#fff") -> dict[str, Any]:
    box = {"x": x, "y": y, "width": width, "height": height}
    return {"type": "rectangle", **box, "fill": fill}


@pytest.mark.parametrize("fill", ["#fff", "#000", "#000000d0"])
def test_a_code_that_a_later_layer_covers_does_not_scan(fill: str) -> None:
    fault = [("/layers/0", COVERED)]
    assert details(QR, cover(20, 20, 150, 150, fill)) == fault
    assert details(QR, cover(90, 20, 80, 150, fill)) == fault
    assert details(QR, cover(36, 36, 30, 30, fill)) == fault  # a square in a corner
    assert details(cover(20, 20, 150, 150, fill), QR) == []
    assert details(QR, cover(0, 0, 30, 200, fill)) == []  # the quiet zone alone
    assert details(BARS, cover(60, 0, 40, 200, fill)) == fault
    assert details(BARS, cover(0, 50, 200, 100, fill)) == []  # its upper half scans


def test_a_small_label_in_the_middle_is_what_error_correction_restores() -> None:
    label = cover(82, 82, 26, 26)
    assert details({**QR, "error_correction": "H"}, label) == []
    assert details({**QR, "error_correction": "H"}, cover(60, 60, 75, 75)) != []


def test_a_group_may_fade_or_cut_a_code() -> None:
    group = {"type": "group", "width": 200, "height": 200, "layers": [QR]}
    fault = [("/layers/0/layers/0", COVERED)]
    assert details(group) == details({**group, "opacity": 0.9}) == []
    assert details({**group, "opacity": 0.15}) == fault
    assert details({**group, "clip": True}) == []
    assert details({**group, "clip": True, "width": 100}) == fault
    assert details(cover(0, 0, 200, 200, "#000"), {**group, "opacity": 0.3})[0][1] == COVERED


def test_a_code_that_the_edge_of_the_picture_cuts_does_not_scan() -> None:
    assert details({**QR, "x": 100}) == [("/layers/0", COVERED)]
    assert details({**QR, "x": 60}) == []  # its quiet zone is cut
    assert details({**BARS, "x": 60}) == [("/layers/0", COVERED)]
    assert details({**BARS, "y": -20}) == []


def test_colours_from_a_request_are_checked_too() -> None:
    made = template(width=200, height=200, layers=[{**QR, "name": "code"}])
    assert render(made).warnings == ()
    warnings = render(made, {"name": "code", "color": "#ffffff"}).warnings
    assert [one.code for one in warnings] == ["unscannable"]


def test_a_code_outside_of_the_canvas_has_no_colours() -> None:
    assert details({**QR, "x": 400, "color": "#fff7cc"}) == []
    assert details({**BARS, "y": -90, "color": "#fff7cc"}) == []
