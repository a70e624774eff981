"""The three parts of a picture: stacked, they are the whole picture."""

from itertools import chain as chained
from typing import Any

import pytest
from PIL import Image, ImageChops

from postcard.canvas.surface import Surface
from postcard.rendering.inspection.layer_parts import NoParts, PictureParts, draw_parts
from tests.rendering.inspected import SEEDS, Inspected, inspected_layers, inspected_seed

MAX_DIFFERENCE = 8  # of a channel

RED = {"type": "rectangle", "x": 20, "y": 20, "width": 60, "height": 40, "fill": "#ff0000"}
BLUE = {"type": "rectangle", "x": 60, "y": 30, "width": 60, "height": 40, "fill": "#0000ff99"}
TEXT = {"type": "text", "x": 30, "y": 25, "width": 140, "text": "Hello", "size": 30}
GROUP = {
    "type": "group", "x": 10, "y": 10, "width": 150, "height": 90,
    "fill": "#00ff0066", "border": {"color": "#000000", "width": 6}, "radius": 9,
}  # fmt: skip
SHADOW = {"color": "#00000080", "x": 4, "y": 5, "blur": 6}
EFFECTS: dict[str, dict[str, Any]] = {
    "turned": {"rotation": 33},
    "faded": {"opacity": 0.37},
    "shadow": {"shadow": SHADOW},
    "all": {"rotation": -20, "opacity": 0.8, "shadow": SHADOW},
    "partly outside": {"x": 170, "y": -10},
}


def stacked(parts: PictureParts, inspected: Inspected) -> Image.Image:
    size, (scale_x, scale_y) = inspected.canvas_spec.pixels, inspected.canvas_spec.scales
    picture = Image.new("RGBA", size)
    layer = Image.new("RGBA", size)
    box = parts.layer_box
    layer.paste(parts.layer.to_image(), (round(box.x * scale_x), round(box.y * scale_y)))
    for part in (_full(parts.below, size), layer, _full(parts.above, size)):
        picture.alpha_composite(part)
    return picture


def _full(surface: Surface | None, size: tuple[int, int]) -> Image.Image:
    return surface.to_image().convert("RGBA") if surface else Image.new("RGBA", size)


def difference(parts: PictureParts, inspected: Inspected) -> int:
    whole = inspected.whole().to_image().convert("RGBA")
    bands = ImageChops.difference(stacked(parts, inspected), whole).getextrema()
    return max(chained.from_iterable(bands))  # type: ignore[arg-type]


def parts_of(inspected: Inspected, *pointers: str) -> PictureParts:
    return draw_parts(inspected.placed, inspected.canvas_spec, pointers)


def reason(inspected: Inspected, *pointers: str) -> str:
    with pytest.raises(NoParts) as none:
        parts_of(inspected, *pointers)
    return none.value.reason


@pytest.mark.parametrize("seed", SEEDS)
def test_the_parts_of_each_layer_of_the_gallery_make_up_the_picture(seed: str) -> None:
    inspected = inspected_seed(seed)
    reasons, drawn = set(), 0
    for pointer in dict.fromkeys(chain[-1].node.pointer for chain in inspected.chains()):
        try:
            parts = parts_of(inspected, pointer)
        except NoParts as none:
            reasons.add(none.reason)
            continue
        drawn += 1
        assert difference(parts, inspected) <= MAX_DIFFERENCE, pointer
    assert drawn >= 1 and reasons <= {"in_group", "blend"}


@pytest.mark.parametrize("background", ["#ffffff", "#ffffff00", "#22446688"])
@pytest.mark.parametrize("effect", EFFECTS)
def test_a_layer_with_effects_is_a_part_of_its_own(effect: str, background: str) -> None:
    moved = {**TEXT, **EFFECTS[effect]}
    inspected = inspected_layers(RED, moved, BLUE, background=background)
    assert difference(parts_of(inspected, "/layers/1"), inspected) <= MAX_DIFFERENCE


def test_a_group_that_clips_is_moved_as_a_whole() -> None:
    clipping = {**GROUP, "clip": True, "layers": [RED, TEXT], "opacity": 0.7, "rotation": 10}
    inspected = inspected_layers(BLUE, clipping, RED)
    assert difference(parts_of(inspected, "/layers/1"), inspected) <= MAX_DIFFERENCE


def test_in_a_group_its_fill_is_below_and_its_border_above() -> None:
    inspected = inspected_layers(BLUE, {**GROUP, "layers": [RED, TEXT, BLUE]}, RED)
    parts = parts_of(inspected, "/layers/1/layers/1")
    assert parts.above and parts.above.alpha and parts.below
    assert parts.above.alpha.getpixel((80, 12)) == 255  # the border
    assert parts.below.color.getpixel((20, 90)) != (255, 255, 255)  # the fill
    assert difference(parts, inspected) <= MAX_DIFFERENCE


def test_the_part_is_cropped_to_its_ink_and_goes_on_outside_the_canvas() -> None:
    inspected = inspected_layers({**RED, "x": 170, "y": -10})
    box = parts_of(inspected, "/layers/0").layer_box
    assert (box.x, box.y, box.width, box.height) == (170, -10, 60, 40)


def test_a_layer_far_outside_the_canvas_is_drawn_on_no_endless_surface() -> None:
    assert reason(inspected_layers({**RED, "x": 20_000}), "/layers/0") == "hidden"
    wide = {**RED, "x": -4000, "width": 19_000}
    parts = parts_of(inspected_layers(wide), "/layers/0")
    assert parts.layer.size == (600, 40)


def test_what_is_all_transparent_is_no_part() -> None:
    parts = parts_of(inspected_layers(RED, background="#ffffff00"), "/layers/0")
    assert parts.below is None and parts.above is None


def test_siblings_move_together() -> None:
    inspected = inspected_layers(RED, {**RED, "x": 130, "fill": "#00ff00"}, TEXT, BLUE)
    parts = parts_of(inspected, "/layers/0", "/layers/1")
    assert difference(parts, inspected) <= MAX_DIFFERENCE
    assert (parts.layer_box.x, parts.layer_box.width) == (20, 170)


def test_a_layer_between_them_goes_where_it_covers_none_of_them() -> None:
    apart = {**RED, "x": 140, "width": 50}
    free = inspected_layers(RED, {**RED, "y": 90, "height": 20}, apart)
    below = inspected_layers(RED, {**BLUE, "x": 120}, apart)
    above = inspected_layers(RED, {**BLUE, "x": 60}, apart)
    for inspected, is_below in ((free, True), (below, True), (above, False)):
        parts = parts_of(inspected, "/layers/0", "/layers/2")
        assert (parts.above is None) == is_below
        assert difference(parts, inspected) <= MAX_DIFFERENCE
    both = inspected_layers(RED, BLUE, {**RED, "x": 100})
    assert reason(both, "/layers/0", "/layers/2") == "between"


@pytest.mark.parametrize(
    "effect",
    [
        {"flow": "row"},
        {"flow": "column"},
        {"clip": True},
        {"opacity": 0.5},
        {"shadow": SHADOW},
        {"rotation": 5},
    ],
)
def test_a_layer_whose_group_has_an_effect_is_no_part(effect: dict[str, Any]) -> None:
    inspected = inspected_layers({**GROUP, **effect, "layers": [RED, TEXT]})
    assert reason(inspected, "/layers/0/layers/1") == "in_group"
    assert difference(parts_of(inspected, "/layers/0"), inspected) <= MAX_DIFFERENCE


def test_a_layer_of_a_repeated_group_is_no_part_but_the_group_is_one() -> None:
    items = {"type": "list", "items": {"name": {}}, "default": [{"name": "a"}, {"name": "b"}]}
    inspected = inspected_layers(
        {
            **GROUP,
            "repeat": "people",
            "opacity": 0.5,
            "layers": [{**TEXT, "text": "{{ item.name }}"}],
        },
        fields={"people": items},
    )
    assert reason(inspected, "/layers/0/layers/0") == "in_group"
    assert difference(parts_of(inspected, "/layers/0"), inspected) <= MAX_DIFFERENCE


def test_layers_that_blend_with_what_moves_are_no_parts() -> None:
    blending = {**BLUE, "blend": "multiply"}
    inspected = inspected_layers(RED, blending, TEXT)
    assert reason(inspected, "/layers/0") == "blend"  # what is above blends with it
    assert reason(inspected, "/layers/1") == "blend"
    assert difference(parts_of(inspected, "/layers/2"), inspected) <= MAX_DIFFERENCE
    in_group = inspected_layers({**GROUP, "layers": [TEXT, blending]}, RED)
    assert reason(in_group, "/layers/0/layers/0") == "blend"
    assert difference(parts_of(in_group, "/layers/0"), in_group) <= MAX_DIFFERENCE


def test_a_transparent_layer_is_no_part() -> None:
    assert reason(inspected_layers({**RED, "opacity": 0}), "/layers/0") == "hidden"
