"""Rows and columns: layers beside or below each other, which share the free space."""

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import decode, render
from tests.template.template_cases import template
from tests.trust.run_scale import scaled

Layer = dict[str, Any]
LONG = "Alexandra Konstantinopolous de la Vega" * 3


def boxes(layer: Layer, **rest: Any) -> list[tuple[float, float]]:
    """x and width of the group and of its layers, to a tenth."""
    drawn = render(template(layers=[layer], **rest))
    return [(round(box.x, 1), round(box.width, 1)) for box in drawn.boxes]


def row(*layers: Layer, **more: Any) -> Layer:
    return {"type": "group", "flow": "row", "layers": list(layers), **more}


def text(words: str, **more: Any) -> Layer:
    return {"type": "text", "text": words, **more}


def block(**more: Any) -> Layer:
    return {"type": "rectangle", "width": 40, "height": 20, "fill": "#2563eb", **more}


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("name", ["Al", LONG])
def test_a_badge_follows_a_name_of_any_length(direction: str, name: str) -> None:
    badge = {"type": "group", "padding": [2, 6], "fill": "red", "layers": [text("VIP", size=10)]}
    line = row(text(name, max_lines=1), badge, x=10, width=180, gap=8)
    group, letters, beside, *_ = boxes(line, direction=direction)
    left, right = (letters, beside) if direction == "ltr" else (beside, letters)
    assert group == (10.0, 180.0)
    assert beside[1] == 28.0, "the badge does not shrink"
    assert right[0] - (left[0] + left[1]) == pytest.approx(8, abs=0.2)
    assert left[0] >= 10 and right[0] + right[1] <= 190.1


def test_three_buttons_share_their_row() -> None:
    button = {"type": "group", "width": "fill", "height": 20, "fill": "red", "layers": []}
    shared = boxes(row(button, button, button, width=190, gap=5))
    assert shared == [(0.0, 190.0), (0.0, 60.0), (65.0, 60.0), (130.0, 60.0)]


def test_only_texts_shrink_and_in_proportion_to_their_length() -> None:
    narrow = row(text("w" * 5), text("w" * 15), block(), width=100)
    _, short, long, rest = boxes(narrow)
    assert long[1] == pytest.approx(3 * short[1], abs=0.3)
    assert rest[0] == pytest.approx(short[1] + long[1], abs=0.2) and rest[1] == 40


def test_a_layer_that_is_not_drawn_leaves_no_gap() -> None:
    gone = {**block(), "if": "missing"}
    fields: Layer = {"missing": {}}
    assert boxes(row(block(), gone, block(), gap=10), fields=fields)[-1] == (50.0, 40.0)


@pytest.mark.parametrize(
    ("justify", "places"),
    [
        ("start", [0, 50]),
        ("center", [55, 105]),
        ("end", [110, 160]),
        ("space-between", [0, 160]),
    ],
)
def test_justify_distributes_the_free_space(justify: str, places: list[float]) -> None:
    line = row(block(), block(), gap=10, width=200, justify=justify)
    assert [x for x, _ in boxes(line)[1:]] == places


def test_a_column_places_layers_below_each_other_inside_its_padding() -> None:
    made = template(layers=[{**row(block(), block(), gap=6, padding=[4, 8]), "flow": "column"}])
    whole, first, second = render(made).boxes
    assert (whole.width, whole.height) == (56, 54)
    assert (first.x, first.y, second.y) == (8, 4, 30)


def test_rows_and_columns_match_their_golden_picture() -> None:
    card = row(
        {**row(text("72", size=40, weight=800), text("points"), align="baseline", gap=6)},
        {**row(block(), block(height="fill"), align="stretch", gap=6, height=60)},
        {**row(text("One"), text("Two"), gap=4, align="end", padding=8, fill="#fde68a")},
        flow="column",
        gap=12,
        padding=16,
        fill="#f1f5f9",
        radius=12,
    )
    assert_matches_golden(
        "flow", decode(render(template(width=260, height=240, layers=[card]), dpr=2))
    )


SIDES = st.none() | st.just("fill") | st.integers(0, 400)
LEAVES = st.one_of(
    st.builds(
        text,
        st.sampled_from(["Hi", "A rather long name of somebody", "مرحبا Anna", "x\ny"]),
        size=st.sampled_from([1, 12, 60]),
        width=SIDES,
        overflow=st.sampled_from(["ellipsis", "clip", "visible"]),
    ),
    st.builds(block, width=st.integers(1, 200) | st.just("fill")),
    st.builds(lambda side: {"type": "qr", "value": "abc", "width": side}, st.integers(1, 200)),
)


def _groups(inner: st.SearchStrategy[Layer]) -> st.SearchStrategy[Layer]:
    return st.fixed_dictionaries(
        {
            "type": st.just("group"),
            "flow": st.sampled_from(["row", "column"]),
            "gap": st.sampled_from([0, 7, 500]),
            "padding": st.sampled_from([0, 5, [300, 2]]),
            "align": st.sampled_from(["start", "center", "end", "stretch", "baseline"]),
            "justify": st.sampled_from(["start", "center", "end", "space-between"]),
            "layers": st.lists(inner, max_size=4),
        }
    )


def _written(layer: Layer) -> Layer:
    given = {name: value for name, value in layer.items() if value is not None}
    return (
        given | {"layers": [_written(each) for each in layer.get("layers", [])]}
        if ("layers" in given)
        else given
    )


@settings(max_examples=scaled(40, 400), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.recursive(_groups(LEAVES), _groups, max_leaves=12).map(_written))
def test_any_flow_is_drawn_at_the_right_size_and_the_same_each_time(layer: Layer) -> None:
    made = template(layers=[layer])
    drawn = render(made)
    assert decode(drawn).size == (200, 100)
    assert render(made).image.body == drawn.image.body
    assert all(math.isfinite(v) for b in drawn.boxes for v in (b.x, b.y, b.width, b.height))
    assert all(b.width >= 0 and b.height >= 0 for b in drawn.boxes)
