"""Golden pictures of the drawn shapes, at one and two pixels a pixel, upright and turned."""

from typing import Any

import pytest

from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import decode, render
from tests.template.template_cases import template

SUNSET = {"type": "linear", "angle": 90, "stops": [["#f97316", 0], ["#db2777", 1]]}
GLOW = {"type": "radial", "center": [0.35, 0.3], "stops": [["#fde68a", 0], ["#b45309", 1]]}
WAVE = "M0 50 C 20 -15, 40 -15, 50 50 S 80 115, 100 50"
RING = "M50 0A50 50 0 1 1 49.9 0z M50 25A25 25 0 1 0 50.1 25z"  # the hole goes the other way
PENTAGRAM = "M50 5L79.4 95.5L2.4 39.5H97.6L20.6 95.5Z"  # crosses itself: nonzero fills its middle
CHECK = "M10 55L40 85L90 15"
GOLD, INK, ROSE, PALE = "#f59e0b", "#2563eb", "#e11d48", "#e5e7eb"


def stroke(color: str, width: float = 1, *dash: float) -> dict[str, Any]:
    return {"color": color, "width": width, **({"dash": dash} if dash else {})}


def at(x: float, y: float, width: float, height: float, **more: Any) -> dict[str, Any]:
    return {"x": x, "y": y, "width": width, "height": height, **more}


CASES: dict[str, list[dict[str, Any]]] = {
    "ellipse": [
        at(10, 10, 80, 60, fill="#e11d48"),
        at(100.5, 10.25, 60, 60, fill=SUNSET),
        at(170, 10, 60, 60, fill=GLOW, stroke=stroke("#78350f", 3)),
        at(240, 10, 70, 40, stroke=stroke(INK)),
        at(10, 85, 80, 60, stroke=stroke(INK, 8)),
        at(100, 85, 60, 60, stroke=stroke(INK, 4, 8, 6)),
        at(170, 85, 80, 40, fill="#bfdbfe", stroke=stroke(INK, 2, 5, 3), rotation=25),
        at(255, 80, 60, 60, fill="#05966980"),
        at(240, 105, 50, 50, fill="#e11d4880", opacity=0.7),
    ],
    "line": [
        at(10, 10, 140, 0, stroke=stroke("#111827")),
        at(10, 16.3, 140, 0, stroke=stroke("#111827", 2)),
        at(10, 24, 140, 0, stroke=stroke(INK, 1, 4, 3)),
        at(10, 34, 140, 0, stroke=stroke(INK, 6, 12, 6)),
        at(160, 10, 0, 60, stroke=stroke("#111827")),
        at(166, 10, 0, 60, stroke=stroke(INK, 3, 3, 3)),
        at(180, 10, 60, 60, stroke=stroke("#111827")),
        at(210, 10, 100, 30, stroke=stroke("#e11d48", 7)),
        at(210, 40, 100, 30, stroke=stroke("#e11d48", 4, 9, 4)),
        at(10, 90, 140, 0, stroke=stroke(INK, 4), rotation=-12),
        at(160, 90, 140, 0, stroke=stroke(INK, 1), rotation=30),
        at(10, 130, 300, 4, stroke=stroke("#111827")),
    ],
    "path": [
        at(10, 15, 90, 50, d=WAVE, view=[100, 100], stroke=stroke(INK, 6)),
        at(110, 15, 90, 50, d=WAVE, view=[100, 100], stroke=stroke("#e11d48", 2, 6, 4)),
        at(210, 10, 60, 60, d=RING, view=[100, 100], fill=SUNSET),
        at(275, 10, 40, 60, d=RING, view=[100, 100], fill=INK),
        at(10, 80, 70, 70, d=PENTAGRAM, view=[100, 100], fill=GOLD),
        at(90, 80, 70, 70, d=PENTAGRAM, view=[100, 100], fill="#fde68a", stroke=stroke(GOLD, 3)),
        at(170, 85, 60, 60, d=CHECK, view=[100, 100], stroke=stroke("#059669", 10)),
        at(240, 85, 60, 60, d=CHECK, view=[100, 100], stroke=stroke("#059669", 4), rotation=20),
    ],
    "rectangle-dashes": [
        at(10, 10, 90, 50, stroke=stroke(INK, 2, 6, 4)),
        at(110, 10, 90, 50, fill="#bfdbfe", radius=14, stroke=stroke(INK, 3, 7, 5)),
        at(210, 10, 100, 50, radius="full", stroke=stroke("#e11d48", 1, 3, 3)),
        at(10, 80, 90, 60, radius=[30, 0, 30, 0], stroke=stroke(INK, 6, 10, 4)),
        at(120, 85, 80, 50, stroke=stroke("#e11d48", 4, 8, 4), rotation=15),
    ],
    "progress": [
        at(10, 10, 200, 16, value=64, color=INK),
        at(10, 34, 200, 16, value=3, color=INK),
        at(10, 58, 200, 8, value="{{ points }}", max=2000, color=SUNSET, track="#e5e7eb"),
        at(10, 76, 200, 14, value=50, color=GOLD, radius=4),
        at(10, 98, 200, 14, value=100, color=GOLD, thickness=4),
        at(10, 120, 200, 20, value=33, color=INK, radius=0, rotation=3),
        at(225, 10, 60, 60, shape="ring", value=70, color=INK),
        at(225, 80, 60, 60, shape="ring", value=12, color=SUNSET, thickness=14, track="#e5e7eb"),
        at(290, 10, 26, 26, shape="ring", value=25, color="#059669", radius=0),
        at(290, 44, 26, 26, shape="ring", value=100, color="#059669"),
        at(290, 78, 26, 26, shape="ring", value=60, thickness=13, color="#059669", radius=0),
    ],
    "rating": [
        {"x": 10, "y": 10, "height": 32, "value": 3.7, "color": GOLD},
        {"x": 10, "y": 52, "height": 28, "value": 2.5, "color": ROSE, "shape": "heart", "gap": 6},
        {"x": 10, "y": 92, "height": 20, "value": 4.2, "color": SUNSET, "shape": "circle",
         "gap": 4},
        {"x": 10, "y": 124, "height": 12, "value": 4.9, "color": GOLD, "track": PALE, "gap": 1},
        {"x": 200, "y": 40, "height": 20, "value": 1.3, "color": INK, "count": 4, "rotation": -15},
    ],
    "barcode": [
        at(10, 10, 150, 60, value="SAVE25", symbology="code128"),
        at(170, 10, 140, 70, value="400638133393", symbology="ean13", show_text=True),
        at(10, 85, 140, 65, value="03600029145", symbology="upca", show_text=True),
        at(160, 85, 100, 65, value="9638507", symbology="ean8", show_text=True,
           background="#fef3c7", color="#78350f"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("dpr", [1, 2])
@pytest.mark.parametrize("kind", CASES)
def test_each_shape_matches_its_golden_picture(kind: str, dpr: int) -> None:
    layers = [{"type": kind.split("-")[0], **layer} for layer in CASES[kind]]
    fields = {"points": {"type": "number", "default": 1840}}
    rendered = render(template(width=320, height=160, layers=layers, fields=fields), dpr=dpr)
    assert rendered.warnings == ()
    assert_matches_golden(f"shape-{kind}-{dpr}x", decode(rendered))


def test_bars_and_ratings_fill_from_the_side_where_reading_starts() -> None:
    layers = [{"type": "progress", **layer} for layer in CASES["progress"][:3]]
    layers += [{"type": "rating", **layer, "y": layer["y"] + 70} for layer in CASES["rating"][:1]]
    fields = {"points": {"type": "number", "default": 1840}}
    made = template(width=320, height=160, layers=layers, fields=fields, locale="ar")
    assert_matches_golden("shape-right-to-left", decode(render(made)))
