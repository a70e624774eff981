"""Where layers are: their corners enclose what they paint, and their ink is what they paint."""

import random
from copy import copy
from dataclasses import replace
from typing import Any

import pytest

from postcard.rendering.inspection.layer_geometry import LayerGeometry, describe_layers
from postcard.rendering.inspection.layer_ink import Point, find_layer_inks
from postcard.rendering.placed_layer import PlacedLayer
from postcard.template.layers.line import LineLayer
from postcard.template.layers.text import TextLayer
from tests.rendering.inspected import SEEDS, Inspected, inspected_layers, inspected_seed

POINTS = 20
EDGE = 1.0  # pixels: an anti-aliased edge
OVERHANG = 0.3  # of the font size: letters that reach out of their box

RED = {"fill": "#ff0000"}
BOX = {"type": "rectangle", "x": 40, "y": 30, "width": 60, "height": 20, **RED}
EFFECTS: dict[str, dict[str, Any]] = {
    "plain": BOX,
    "fraction": {**BOX, "x": 40.4, "width": 60.3},
    "border": {**BOX, "fill": None, "stroke": {"color": "#000", "width": 3}, "radius": 6},
    "faded": {**BOX, "opacity": 0.3},
    "clear": {**BOX, "opacity": 0},
    "turned": {**BOX, "rotation": 30},
    "ellipse": {**BOX, "type": "ellipse", "rotation": 45},
    "outside": {**BOX, "x": 180, "y": -10},
    "far": {**BOX, "x": 300},
    "no paint": {**BOX, "fill": "#ff000000"},
    "blend": {**BOX, "blend": "multiply"},
    "line": {
        "type": "line", "x": 20, "y": 20, "width": 90, "height": 40,
        "stroke": {"color": "#000", "width": 5},
    },
    "text": {"type": "text", "x": 20, "y": 20, "width": 90, "text": "fij", "size": 40},
    "clip": {
        "type": "group", "x": 30, "y": 30, "width": 50, "height": 50, "clip": True,
        "layers": [{**BOX, "x": 30, "y": 30}],
    },
    "turned group": {
        "type": "group", "x": 30, "y": 30, "width": 90, "height": 50, "rotation": 20, "clip": True,
        "layers": [{**BOX, "rotation": 15}, {**BOX, "x": 0, "y": 0}],
    },
    "clear group": {"type": "group", "opacity": 0, "width": 99, "height": 99, "layers": [BOX]},
    "filled group": {
        "type": "group", "x": 30, "y": 30, "width": 50, "height": 50, "fill": "#00f",
        "border": {"color": "#000", "width": 2}, "layers": [{**BOX, "x": -20}],
    },
}  # fmt: skip


def without_shadow(placed_layer: PlacedLayer) -> PlacedLayer:
    plain = copy(placed_layer)
    plain.layer = replace(placed_layer.layer, shadow=None)
    return plain


def is_inside(point: Point, geometry: LayerGeometry, margin: float) -> bool:
    """Whether a point is in the polygon of the corners, or at most `margin` outside of it."""
    corners = geometry.corners
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        if not length:
            continue
        inwards = (x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1)
        if inwards / length < -margin:
            return False
    return True


def check_painted_points(inspected: Inspected) -> int:
    """Checks points that each layer paints; returns how many layers were looked at."""
    chosen = random.Random(7)
    geometries = describe_layers(inspected.placed, inspected.canvas_spec)
    looked_at = 0
    for chain, geometry in zip(inspected.chains(), geometries, strict=True):
        if chain[-1].group:  # its layers may lie outside of it
            continue
        placed_layer = without_shadow(chain[-1])
        margin = EDGE
        if isinstance(placed_layer.layer, TextLayer):
            assert geometry.text
            margin += OVERHANG * geometry.text.size
        if (
            isinstance(placed_layer.layer, LineLayer) and placed_layer.layer.stroke
        ):  # it is drawn along an edge of its box
            margin += placed_layer.layer.stroke.width / 2
        alpha = inspected.alone((*chain[:-1], placed_layer))
        width, painted = alpha.width, [n for n, level in enumerate(alpha.tobytes()) if level > 127]
        for index in chosen.sample(painted, min(POINTS, len(painted))):
            point = (index % width + 0.5, index // width + 0.5)
            assert is_inside(point, geometry, margin), (geometry.pointer, point)
        looked_at += bool(painted)
    return looked_at


@pytest.mark.parametrize("seed", SEEDS)
def test_what_each_layer_of_the_gallery_paints_lies_in_its_corners(seed: str) -> None:
    assert check_painted_points(inspected_seed(seed)) >= 5


def test_what_turned_layers_in_turned_groups_paint_lies_in_their_corners() -> None:
    inner = {"type": "group", "x": 40, "y": 5, "rotation": -50, "width": 60, "height": 60}
    outer = {"type": "group", "x": 20, "y": 20, "rotation": 25, "width": 120, "height": 80}
    turned = {**BOX, "x": 5, "y": 5, "rotation": 70}
    layers = [{**outer, "layers": [{**inner, "layers": [turned]}, {**turned, "x": 50}]}]
    assert check_painted_points(inspected_layers(*layers)) == 2


def test_a_point_outside_the_corners_of_a_turned_layer_is_not_painted() -> None:
    inspected = inspected_layers(EFFECTS["turned"])
    (geometry,) = describe_layers(inspected.placed, inspected.canvas_spec)
    alpha = inspected.alone(inspected.chains()[0])
    for index, level in enumerate(alpha.tobytes()):
        point = (index % alpha.width + 0.5, index // alpha.width + 0.5)
        if not is_inside(point, geometry, EDGE):
            assert level == 0, point


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ink_of_each_layer_of_the_gallery_encloses_what_it_paints(seed: str) -> None:
    inspected = inspected_seed(seed)
    inks = find_layer_inks(inspected.placed, inspected.canvas_spec)
    for chain in inspected.chains():
        ink, painted = inks[chain[-1]], inspected.alone(chain).getbbox()
        if painted is None:
            continue
        assert ink and ink[0] <= painted[0] and ink[1] <= painted[1]
        assert ink[2] >= painted[2] and ink[3] >= painted[3], chain[-1].node.pointer


@pytest.mark.parametrize("name", EFFECTS)
def test_ink_is_exactly_what_a_layer_without_soft_edges_paints(name: str) -> None:
    inspected = inspected_layers(EFFECTS[name])
    inks = find_layer_inks(inspected.placed, inspected.canvas_spec)
    for chain in inspected.chains():
        assert inks[chain[-1]] == inspected.alone(chain).getbbox(), chain[-1].node.pointer


def test_ink_has_the_whole_shadow() -> None:
    shadow = {"color": "#000000", "x": 12, "y": 9, "blur": 6}
    inspected = inspected_layers({**BOX, "shadow": shadow})
    (ink,) = find_layer_inks(inspected.placed, inspected.canvas_spec).values()
    (painted,) = (inspected.alone(chain).getbbox() for chain in inspected.chains())
    assert ink and painted
    assert ink[0] <= painted[0] and ink[1] <= painted[1]
    assert 0 <= ink[2] - painted[2] <= 6 and 0 <= ink[3] - painted[3] <= 6
    assert painted[2] > 112 and painted[3] > 59


def test_of_a_hundred_turned_layers_few_are_painted_for_their_ink() -> None:
    """The ink of the others is the box around their corners."""
    turned = [{**BOX, "type": "ellipse", "rotation": 45}] * 100
    inspected = inspected_layers(*turned)
    inks = list(find_layer_inks(inspected.placed, inspected.canvas_spec).values())
    assert inks[0] == inks[19] != inks[20] == inks[99]
    first, last = inks[0], inks[99]
    assert first and last and last[0] < first[0] and last[2] > first[2]
