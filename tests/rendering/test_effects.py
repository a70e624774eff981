"""Effects by numbers: CSS's formulas, what is left alone, what a shadow and a blur weigh."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from postcard.canvas.blending import BlendMode
from postcard.canvas.blur import blurred
from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.canvas.drop_shadow import DropShadow
from postcard.canvas.image_filters import ImageFilters
from postcard.color import Color
from postcard.geometry import Box
from postcard.rendering.renderer import RenderedPicture, Renderer
from postcard.template.compiled import Template
from tests.rendering.drawing import content_box, quarters, render, render_layers, renderer
from tests.rendering.text_canvas import BLUE, CLEAR, RED, blank_canvas
from tests.template.template_cases import template
from tests.trust.run_scale import scaled

LEVEL = st.integers(0, 255)
COLOR = st.tuples(LEVEL, LEVEL, LEVEL, LEVEL)
ALL = Box(0, 0, 4, 4)
BLENDS: dict[BlendMode, Callable[[float, float], float]] = {
    "normal": lambda behind, own: own,
    "multiply": lambda behind, own: behind * own,
    "screen": lambda behind, own: behind + own - behind * own,
    "overlay": lambda behind, own: (
        2 * behind * own if behind <= 0.5 else 1 - 2 * (1 - behind) * (1 - own)
    ),
    "darken": min,
    "lighten": max,
}
SQUARE = {"type": "rectangle", "x": 60, "y": 40, "width": 40, "height": 20, "fill": "#f00"}


def anew(made: Template, dpr: float = 1) -> RenderedPicture:
    """Drawn by a renderer with empty caches."""
    pictures = {"asset:q": quarters()}
    return render(made, dpr=dpr, pictures=pictures, using=Renderer(renderer().fonts))


def seen(canvas: Canvas) -> tuple[int, ...]:
    pixel = canvas.surface.to_image().convert("RGBA").getpixel((1, 1))
    assert isinstance(pixel, tuple)
    return pixel


@settings(max_examples=scaled(50, 500))
@given(behind=COLOR, own=COLOR, blend=st.sampled_from(list(BLENDS)))
def test_colours_mix_by_the_formulas_of_compositing(
    behind: Color, own: Color, blend: BlendMode
) -> None:
    canvas = blank_canvas(4, 4, background=behind)
    with canvas.group(ALL, blend=blend) as layer:
        layer.fill_rectangle(ALL, own)
    below, above = behind[3] / 255, own[3] / 255
    alpha = above + below * (1 - above)
    red, green, blue, shown = seen(canvas)
    assert shown == pytest.approx(alpha * 255, abs=2)
    for ours, b, s in zip((red, green, blue), behind, own, strict=False):
        mixed = (1 - below) * s / 255 + below * BLENDS[blend](b / 255, s / 255)
        expected = above * mixed + (1 - above) * below * b / 255
        assert ours / 255 * shown / 255 == pytest.approx(expected, abs=5 / 255)


def filtered_color(filters: ImageFilters, color: Color) -> tuple[int, ...]:
    pixel = filters.apply(Image.new("RGBA", (1, 1), color)).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return pixel


def luma(color: Color) -> float:
    return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]


def held(level: float) -> float:
    return min(255.0, max(0.0, level))


@settings(max_examples=scaled(30, 300))
@given(color=COLOR, share=st.floats(0, 1), times=st.floats(0, 10))
def test_filters_match_those_of_css(color: Color, share: float, times: float) -> None:
    grey = luma(color)
    formulas: list[tuple[ImageFilters, Callable[[float], float]]] = [
        (ImageFilters(grayscale=share), lambda c: c + (grey - c) * share),
        (ImageFilters(saturation=times), lambda c: grey + (c - grey) * times),
        (ImageFilters(brightness=times), lambda c: c * times),
        (ImageFilters(contrast=times), lambda c: (c - 127.5) * times + 127.5),
    ]
    for filters, formula in formulas:
        *changed, alpha = filtered_color(filters, color)
        assert alpha == color[3]
        for ours, level in zip(changed, color, strict=False):
            assert ours == pytest.approx(held(formula(level)), abs=1.5)


def test_a_tint_colours_the_visible_pixels() -> None:
    assert filtered_color(ImageFilters(tint=(255, 255, 255, 255)), (10, 20, 30, 77)) == (
        255,
        255,
        255,
        77,
    )
    assert filtered_color(ImageFilters(tint=(200, 0, 0, 51)), (100, 100, 100, 255)) == (
        120,
        80,
        80,
        255,
    )


def test_a_picture_is_flipped_before_it_is_cropped() -> None:
    picture = DecodedImage.decode(quarters())  # red, green, blue, white
    corner = (0.0, 0.0, 0.5, 0.5)  # of the mirrored picture

    def color(filters: ImageFilters | None) -> object:
        return picture.resized((4, 4), corner, filters).getpixel((1, 1))

    assert color(None) == (255, 0, 0)
    assert color(ImageFilters(flip="horizontal")) == (0, 255, 0)
    assert color(ImageFilters(flip="vertical")) == (0, 0, 255)
    assert color(ImageFilters(flip="both")) == (255, 255, 255)


def test_a_filtered_picture_is_made_once() -> None:
    picture = DecodedImage.decode(quarters())
    first = picture.resized((40, 40), (0, 0, 1, 1), ImageFilters(blur=3))
    assert picture.resized((40, 40), (0, 0, 1, 1), ImageFilters(blur=3)) is first
    assert picture.resized((40, 40), (0, 0, 1, 1)) is not first


@pytest.mark.parametrize("sigma", [1.0, 2.0, 7.9, 8.1, 30.0, 100.0])
def test_a_blur_is_a_gaussian_of_its_sigma(sigma: float) -> None:
    middle, reach = 400, 800
    edge = Image.new("L", (reach, 8))
    edge.paste(255, (middle, 0, reach, 8))
    soft = blurred(edge, sigma)
    for x in range(middle - int(2 * sigma), middle + int(2 * sigma) + 1, max(1, int(sigma / 3))):
        expected = 255 * (1 + math.erf((x + 0.5 - middle) / sigma / math.sqrt(2))) / 2
        assert soft.getpixel((x, 4)) == pytest.approx(expected, abs=6), x


def test_a_blurred_picture_reaches_its_edges() -> None:
    flat = Image.new("RGB", (20, 20), (10, 200, 30))
    assert ImageFilters(blur=9).apply(flat).getcolors() == [(400, (10, 200, 30))]


def shaded(shadow: DropShadow, background: Color = CLEAR) -> Canvas:
    canvas = blank_canvas(160, 120, background=background)
    box = Box(60, 40, 40, 20)
    with canvas.group(box, shadow=shadow, ink_box=box) as layer:
        layer.fill_rectangle(box, RED)
    return canvas


def test_a_shadow_without_blur_is_the_layers_alpha_with_an_offset() -> None:
    image = shaded(DropShadow(BLUE, -50, 30)).surface.to_image()
    assert image.getbbox() == (10, 40, 100, 90)
    assert image.getpixel((11, 71)) == BLUE
    assert image.getpixel((61, 41)) == RED
    assert image.getpixel((55, 65)) == (0, 0, 0, 0)


def test_a_blurred_shadow_reaches_one_and_a_half_blurs_and_has_the_same_sum() -> None:
    image = shaded(DropShadow(BLUE, 0, -1000, 20)).surface.to_image()
    assert image.getbbox() == (60, 40, 100, 60)  # far away
    for blur in (0, 4, 24):
        below = shaded(DropShadow(BLUE, 0, 50, blur)).surface.to_image().getchannel("A")
        shadow = below.crop((0, 60, 160, 120))
        levels = sum(level * count for level, count in enumerate(shadow.histogram()))
        cut = 0.0 if blur < 20 else 0.2  # by the canvas and by the square above
        assert levels == pytest.approx(255 * 40 * 20, rel=0.02 + cut)
        left, *_ = shadow.getbbox() or (0,)
        assert 60 - 1.5 * blur <= left <= 60 - blur / 2


def test_a_layer_outside_the_canvas_casts_its_shadow_into_it() -> None:
    outside = {**SQUARE, "x": -50, "shadow": {"color": "#00f", "x": 70}}
    assert content_box(render_layers(outside)) == (20, 40, 60, 60)
    text = {"type": "text", "text": "HHH", "x": -200, "y": 10, "width": 100, "size": 40}
    far = render_layers({**text, "shadow": {"color": "#00f", "x": 210}})
    assert content_box(far) is not None


def test_a_shadow_rotates_and_fades_with_its_layer() -> None:
    turned = render_layers({**SQUARE, "rotation": 90, "shadow": {"color": "#00f", "x": 30}})
    assert turned.getpixel((80, 80)) == (0, 0, 255)
    faded = render_layers({**SQUARE, "opacity": 0.5, "shadow": {"color": "#00f", "x": 60}})
    assert faded.getpixel((130, 50)) == faded.getpixel((130, 45))
    pixel = faded.getpixel((130, 50))
    assert isinstance(pixel, tuple)
    assert pixel == pytest.approx((127, 127, 255), abs=2)


def test_a_shadow_is_of_the_whole_group() -> None:
    inner = [{**SQUARE, "x": 0, "y": 0}, {**SQUARE, "x": 20, "y": 10, "fill": "#0f0"}]
    group = {"type": "group", "x": 10, "y": 10, "layers": inner}
    image = render_layers({**group, "shadow": {"color": "#00f", "x": 5, "y": 5}})
    assert image.getpixel((35, 25)) == (0, 255, 0)  # no shadow between its layers
    assert image.getpixel((73, 43)) == (0, 0, 255)


def test_a_layer_blends_with_its_group_and_not_with_what_is_behind_the_group() -> None:
    yellow = {**SQUARE, "fill": "#ff0"}
    below = {**SQUARE, "x": 0, "y": 0, "fill": "#0ff"}
    above = {**SQUARE, "x": 20, "y": 0, "fill": "#f0f", "blend": "multiply"}
    group = {"type": "group", "x": 60, "y": 40, "layers": [below, above]}
    image = render_layers(yellow, group)
    assert image.getpixel((65, 50)) == (0, 255, 255)
    assert image.getpixel((85, 50)) == (0, 0, 255)
    assert image.getpixel((115, 50)) == (255, 0, 255)


def test_a_transparent_shadow_changes_nothing() -> None:
    without = render_layers({**SQUARE, "radius": 8})
    nothing = render_layers(
        {**SQUARE, "radius": 8, "shadow": {"color": "#0000", "x": 9, "blur": 20}}
    )
    assert without.tobytes() == nothing.tobytes()


def test_effects_draw_the_same_bytes_each_time() -> None:
    layer: dict[str, Any] = {
        "type": "image", "source": "asset:q", "width": 90, "height": 60, "rotation": 7,
        "filter": {"blur": 12, "saturation": 2}, "flip": "both", "blend": "overlay",
        "shadow": {"x": 5, "y": 5, "blur": 25},
    }  # fmt: skip
    made = template(layers=[layer], background="#fde68a")
    bodies = {anew(made).image.body for _ in range(3)}
    assert len(bodies) == 1


def test_without_effects_a_layer_is_not_drawn_offscreen() -> None:
    plain: dict[str, Any] = {**SQUARE, "blend": "normal", "rotation": 360}
    blending = {**plain, "blend": "darken"}
    apart: list[dict[str, Any]] = [
        blending,
        {**plain, "shadow": {}},
        {**plain, "rotation": 1},
        {**plain, "opacity": 0.9},
        {"type": "group", "layers": [blending]},
    ]
    direct = [plain, {"type": "group", "layers": [plain, {**plain, "shadow": {}}]}]
    layers = template(layers=[*direct, *apart]).document.layers
    assert [layer.draws_directly for layer in layers] == [True] * 2 + [False] * 5


EFFECTS = st.fixed_dictionaries(
    {
        "x": st.integers(-300, 300),
        "y": st.integers(-300, 300),
        "rotation": st.sampled_from([0, 45, 90, 333]),
        "opacity": st.sampled_from([0, 0.3, 1]),
        "blend": st.sampled_from(list(BLENDS)),
    },
    optional={
        "shadow": st.fixed_dictionaries(
            {
                "x": st.integers(-1000, 1000),
                "y": st.integers(-1000, 1000),
                "blur": st.floats(0, 200),
                "color": st.sampled_from(["#f00", "#00ff0080", "transparent"]),
            }
        )
    },
)
KINDS: list[dict[str, Any]] = [
    SQUARE,
    {"type": "text", "text": "Ag 🎉", "size": 40},
    {"type": "image", "source": "asset:q", "height": 60, "filter": {"blur": 9, "tint": "#0008"}},
    {"type": "group", "clip": True, "radius": 9, "layers": [SQUARE, {**SQUARE, "blend": "screen"}]},
    {"type": "line", "width": 0, "height": 40, "stroke": {"color": "#000", "width": 3}},
]


@settings(max_examples=scaled(30, 300), deadline=None)
@given(
    effects=EFFECTS,
    kind=st.sampled_from(KINDS),
    background=st.sampled_from(["#abc", "transparent"]),
    dpr=st.sampled_from([1, 1.5, 3]),
)
def test_any_effects_of_any_layer_are_drawn(
    effects: dict[str, Any], kind: dict[str, Any], background: str, dpr: float
) -> None:
    inner = {**kind, **effects}
    made = template(layers=[inner, {"type": "group", "layers": [inner]}], background=background)
    one, two = (anew(made, dpr=dpr) for _ in range(2))
    assert one.image.body == two.image.body
    assert (one.image.width, one.image.height) == (round(200 * dpr), round(100 * dpr))
