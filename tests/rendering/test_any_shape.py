"""Random shapes of valid documents are drawn, at the right size."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rendering.drawing import decode, render
from tests.template.template_cases import template
from tests.trust.run_scale import scaled

SIDES = st.one_of(st.just(0), st.floats(0, 300), st.sampled_from([1, 20_000]))
PLACES = st.one_of(st.floats(-50, 200), st.sampled_from([-20_000, 20_000]))
COLORS = st.sampled_from(["red", "#00f8", "transparent", "hsl(120 50% 50%)"])
STOPS = st.lists(st.tuples(COLORS, st.floats(0, 1)), min_size=2, max_size=4)
PAINTS = st.one_of(
    COLORS,
    st.fixed_dictionaries(
        {"type": st.just("linear"), "angle": st.floats(-360, 360), "stops": STOPS}
    ),
    st.fixed_dictionaries({"type": st.just("radial"), "stops": STOPS}),
)
DASHES = st.tuples(st.floats(0.01, 1000), st.floats(0, 1000))
STROKES = st.fixed_dictionaries(
    {"color": COLORS}, optional={"width": st.floats(0, 100), "dash": DASHES}
)
RADII = st.one_of(st.just("full"), st.floats(0, 400), st.tuples(*[st.floats(0, 90)] * 4))
NUMBERS = st.one_of(st.floats(-1e15, 1e15), st.integers(0, 100))
PIECES = st.one_of(
    st.tuples(st.sampled_from("MLTmlt"), *[st.integers(-150, 150)] * 2),
    st.tuples(st.sampled_from("HVhv"), st.integers(-150, 150)),
    st.tuples(st.sampled_from("QSqs"), *[st.integers(-150, 150)] * 4),
    st.tuples(st.sampled_from("Cc"), *[st.floats(-150, 150).map(lambda n: f"{n:.3f}")] * 6),
    st.tuples(st.sampled_from("Aa"), *[st.integers(0, 90)] * 3, *[st.integers(0, 1)] * 2,
              *[st.integers(-150, 150)] * 2),
    st.tuples(st.sampled_from("Zz")),
)  # fmt: skip
PATHS = st.lists(PIECES, max_size=12).map(
    lambda pieces: "M5 5" + " ".join(" ".join(map(str, piece)) for piece in pieces)
)

PLACED = {"x": PLACES, "y": PLACES, "width": SIDES, "height": SIDES}
LOOKS = {"rotation": st.floats(-360, 360), "opacity": st.floats(0, 1)}
PAINTED = {"fill": PAINTS, "stroke": STROKES, **LOOKS}
MEASURED = {"value": NUMBERS, "color": PAINTS, "track": PAINTS, **LOOKS}


def layers(kind: str, required: dict[str, Any], optional: dict[str, Any]) -> Any:
    return st.fixed_dictionaries({"type": st.just(kind), **required}, optional=optional)


ANY = st.one_of(
    layers("ellipse", PLACED, PAINTED),
    layers("rectangle", PLACED, {**PAINTED, "radius": RADII}),
    layers("line", PLACED, {"stroke": STROKES, **LOOKS}),
    layers("path", {**PLACED, "d": PATHS},
           {**PAINTED, "view": st.tuples(*[st.floats(0.01, 500)] * 2)}),
    layers("progress", PLACED,
           {**MEASURED, "max": st.floats(1e-6, 1e15), "shape": st.sampled_from(["bar", "ring"]),
            "thickness": SIDES, "radius": RADII}),
    layers("rating", {"x": PLACES, "y": PLACES, "height": SIDES},
           {**MEASURED, "width": SIDES, "count": st.integers(1, 50), "gap": SIDES,
            "shape": st.sampled_from(["star", "heart", "circle"])}),
    layers("barcode", {**PLACED, "value": st.sampled_from(["400638133393", "40063813339"])},
           {"symbology": st.just("code128"), "color": COLORS, "show_text": st.booleans(), **LOOKS}),
)  # fmt: skip


@settings(max_examples=scaled(200, 2000), deadline=None)
@given(ANY, st.sampled_from([1, 1.5, 2, 3]), st.sampled_from(["ltr", "rtl"]))
def test_any_valid_shape_is_drawn(layer: dict[str, Any], dpr: float, direction: str) -> None:
    made = template(width=120, height=80, layers=[layer], direction=direction)
    image = decode(render(made, dpr=dpr))
    assert image.size == (120 * dpr, 80 * dpr)


@pytest.mark.parametrize("kind", ["rectangle", "ellipse", "progress"])
def test_a_rotated_shape_keeps_its_area_and_has_smooth_edges(kind: str) -> None:
    paint = (
        {"color": "black", "value": 100, "radius": 0} if kind == "progress" else {"fill": "#000"}
    )
    layer = {"type": kind, "x": 30, "y": 20, "width": 60, "height": 40, **paint}

    def dark(rotation: float) -> tuple[float, int]:
        made = template(width=120, height=80, layers=[{**layer, "rotation": rotation}])
        levels = decode(render(made)).convert("L").tobytes()
        return sum(255 - level for level in levels) / 255, len(set(levels))

    upright, _ = dark(0)
    turned, shades = dark(10)
    assert turned == pytest.approx(upright, rel=0.005)
    assert shades > 60
