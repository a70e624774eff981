"""Effects of layers and filters of pictures, each picture looked at."""

import io
from functools import cache
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import decode, render
from tests.template.template_cases import template

Layer = dict[str, Any]
MODES = ("normal", "multiply", "screen", "overlay", "darken", "lighten")
FILTERS: dict[str, Layer] = {
    "none": {},
    "grey": {"grayscale": 1},
    "half grey": {"grayscale": 0.5},
    "blur": {"blur": 4},
    "much blur": {"blur": 24},
    "bright": {"brightness": 1.5},
    "dark": {"brightness": 0.5},
    "contrast": {"contrast": 2},
    "pale": {"contrast": 0.4},
    "vivid": {"saturation": 2.5},
    "tint": {"tint": "#0f172ab0"},
    "several": {"grayscale": 1, "brightness": 1.2, "tint": "#e11d4880"},
}


@cache
def landscape() -> bytes:
    """A sky, a sun, hills: every hue and many levels."""
    image = Image.linear_gradient("L").resize((200, 150))
    sky = Image.merge(
        "RGB",
        (
            image,
            image.point(lambda v: 255 - v // 2),
            image.rotate(90, expand=True).resize((200, 150)),
        ),
    )
    pen = ImageDraw.Draw(sky)
    pen.ellipse((120, 20, 170, 70), fill=(255, 214, 10))
    pen.polygon([(0, 150), (60, 70), (130, 150)], fill=(20, 110, 60))
    pen.polygon([(80, 150), (150, 90), (200, 130), (200, 150)], fill=(180, 40, 50))
    return _png(sky.filter(ImageFilter.GaussianBlur(0.7)))


@cache
def badge() -> bytes:
    """A red disc with a white bar on nothing."""
    image = Image.new("RGBA", (400, 400))
    pen = ImageDraw.Draw(image)
    pen.ellipse((40, 40, 360, 360), fill=(220, 38, 38, 255))
    pen.rectangle((80, 180, 220, 220), fill=(255, 255, 255, 255))
    return _png(image.resize((100, 100), Image.Resampling.LANCZOS))


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


PICTURES = {"asset:photo": landscape(), "asset:badge": badge()}


def shown(layers: list[Layer], *, dpr: float = 1, **document: Any) -> Image.Image:
    document = {"width": 420, "height": 220, "background": "#f1f5f9", **document}
    made = template(layers=layers, **document)
    return decode(render(made, pictures=PICTURES, dpr=dpr))


def rectangle(x: float, y: float, width: float, height: float, fill: str, **rest: Any) -> Layer:
    box = {"x": x, "y": y, "width": width, "height": height}
    return {"type": "rectangle", **box, "fill": fill, **rest}


SHADOWS: list[Layer] = [
    rectangle(
        20, 20, 110, 60, "#ffffff", radius=14, shadow={"color": "#0f172a80", "y": 6, "blur": 16}
    ),
    rectangle(150, 20, 60, 60, "#f59e0b", radius="full", shadow={"x": 6, "y": 6}),
    rectangle(230, 20, 70, 60, "#ffffff00", stroke={"color": "#2563eb", "width": 6},
              shadow={"color": "#000000", "x": 5, "y": 5, "blur": 4}),
    {
        "type": "text", "x": 30, "y": 125, "text": "Turned", "size": 40, "weight": 800,
        "color": "#be123c", "rotation": -12, "shadow": {"color": "#000000a0", "y": 8, "blur": 6},
    },
    {
        "type": "group", "x": 220, "y": 120, "rotation": 8, "opacity": 0.9,
        "shadow": {"color": "#1e3a8ac0", "x": 8, "y": 10, "blur": 20},
        "layers": [
            rectangle(0, 0, 80, 50, "#ffffff", radius=10),
            rectangle(50, 25, 80, 50, "#93c5fd", radius=10),
            {"type": "text", "x": 12, "y": 10, "text": "Group", "size": 20, "color": "#0f172a"},
        ],
    },
    {
        "type": "image", "x": 325, "y": 20, "width": 70, "source": "asset:badge",
        "shadow": {"color": "#00000090", "x": 4, "y": 8, "blur": 10},
    },
    rectangle(-60, 170, 50, 30, "#000000", shadow={"color": "#16a34a", "x": 70, "blur": 8}),
    rectangle(380, 190, 60, 60, "#9333ea", shadow={"color": "#00000080", "x": -8, "blur": 30}),
]  # fmt: skip


@pytest.mark.parametrize("dpr", [1, 2])
def test_each_layer_type_has_a_shadow(dpr: float) -> None:
    assert_matches_golden(f"effects-shadows-{dpr}x", shown(SHADOWS, dpr=dpr))


def test_shadows_on_a_transparent_background() -> None:
    image = shown(SHADOWS, background="transparent")
    behind = Image.linear_gradient("L").resize(image.size).convert("RGBA")
    assert_matches_golden(
        "effects-shadows-clear", Image.alpha_composite(behind, image).convert("RGB")
    )


def _blended(blend: str, index: int) -> list[Layer]:
    x, y = 10 + index % 3 * 136, 10 + index // 3 * 103
    label = {"type": "text", "x": x + 74, "y": y + 62, "text": blend, "size": 13, "weight": 700}
    return [
        {"type": "image", "x": x, "y": y, "width": 128, "height": 94, "source": "asset:photo"},
        rectangle(x + 8, y + 8, 60, 50, "#e11d48", radius=12, blend=blend),
        rectangle(x + 50, y + 30, 60, 30, "#22d3eeb0", blend=blend),
        {
            "type": "image", "x": x + 8, "y": y + 56, "width": 60, "height": 36,
            "source": "asset:photo", "flip": "both", "blend": blend, "opacity": 0.8,
        },
        {**label, "color": "#ffffff", "shadow": {"color": "#000000", "blur": 4}},
    ]  # fmt: skip


def test_each_blend_mode_over_a_photo() -> None:
    layers = [layer for index, mode in enumerate(MODES) for layer in _blended(mode, index)]
    assert_matches_golden("effects-blend", shown(layers))


def test_a_group_is_blended_as_a_whole_and_isolates_the_blending_inside() -> None:
    inside = [
        rectangle(0, 0, 70, 70, "#facc15", radius="full"),
        rectangle(40, 0, 70, 70, "#38bdf8", radius="full", blend="multiply"),
    ]
    at = {"type": "group", "y": 20, "layers": inside}
    photo = {"type": "image", "width": 420, "height": 110, "source": "asset:photo"}
    layers = [
        photo,
        {**at, "x": 20},
        {**at, "x": 150, "blend": "multiply"},
        {**at, "x": 280, "clip": True, "fill": "#fda4af", "radius": 20, "rotation": 5},
    ]
    assert_matches_golden("effects-blend-groups", shown(layers, height=110))


def _filtered(name: str, index: int, filter: Layer) -> list[Layer]:
    box = {"x": 8 + index % 4 * 103, "y": 8 + index // 4 * 72, "width": 95, "height": 64}
    label = {"type": "text", "x": box["x"] + 6, "y": box["y"] + 46, "text": name, "size": 12}
    shadow = {"color": "#000000", "blur": 3}
    return [
        {"type": "image", **box, "source": "asset:photo", "radius": 8, "filter": filter},
        {**label, "color": "#ffffff", "weight": 700, "shadow": shadow},
    ]


@pytest.mark.parametrize("dpr", [1, 2])
def test_each_filter_of_a_photo(dpr: float) -> None:
    cases = enumerate(FILTERS.items())
    layers = [layer for index, (name, how) in cases for layer in _filtered(name, index, how)]
    assert_matches_golden(f"effects-filters-{dpr}x", shown(layers, dpr=dpr))


def test_filters_and_flipping_keep_transparency() -> None:
    badge_at = {"type": "image", "y": 10, "width": 80, "source": "asset:badge"}
    effects: list[Layer] = [
        {},
        {"flip": "horizontal"},
        {"flip": "vertical"},
        {"filter": {"blur": 3}},
        {"filter": {"tint": "#ffffff"}},
    ]
    layers = [{**badge_at, **effect, "x": 5 + 83 * index} for index, effect in enumerate(effects)]
    assert_matches_golden("effects-see-through", shown(layers, height=100, background="#1d4ed8"))
