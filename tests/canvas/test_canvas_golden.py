"""Golden pictures of the canvas; each was inspected by eye."""

from typing import get_args

import pytest

from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.canvas.object_fit import ObjectFit
from postcard.color import LinearGradient, RadialGradient
from postcard.geometry import Box
from postcard.text.fonts import Fonts
from postcard.text.style import ParagraphStyle, TextStyle
from tests.golden.compare import assert_matches_golden
from tests.rendering.sample_images import quarters
from tests.rendering.text_canvas import BLUE, CLEAR, PALE, RED, blank_canvas, lay_out_line

SUNSET = ((RED, 0.0), ((255, 200, 0, 255), 0.5), (BLUE, 1.0))
FADING = (((15, 23, 42, 240), 0.0), ((15, 23, 42, 0), 1.0))


@pytest.mark.parametrize("scale", [1, 2])
def test_rectangles_and_their_corners(scale: int) -> None:
    canvas = blank_canvas(400, 170, scale)
    canvas.fill_rectangle(Box(10, 10, 80, 60), RED)
    canvas.fill_rectangle(Box(100.5, 10.25, 80, 60), RED, radius=12)
    canvas.fill_rectangle(Box(190, 10, 80, 60), BLUE, radius=(0, 30, 8, 60))
    canvas.fill_rectangle(Box(280, 10, 110, 60), BLUE, radius="full")
    canvas.stroke_rectangle(Box(10, 90, 80, 60), RED, 4, radius=16)
    canvas.stroke_rectangle(Box(100.5, 90.5, 80, 60), RED, 1)
    canvas.stroke_rectangle(Box(190, 90, 60, 60), BLUE, 7.5, radius="full")
    canvas.fill_rectangle(Box(260, 80, 80, 70), (200, 30, 40, 128), radius=10)
    canvas.fill_rectangle(Box(300, 95, 80, 70), (20, 60, 200, 128), radius=10)
    assert_matches_golden(f"canvas_rectangles_{scale}x", canvas.surface.to_image())


def test_gradients() -> None:
    canvas = blank_canvas(400, 180, background=PALE)
    for index, angle in enumerate((0, 90, 135, 180)):
        box = Box(10 + index * 98, 10, 88, 70)
        canvas.fill_rectangle(box, LinearGradient(angle, SUNSET), radius=10)
    canvas.fill_rectangle(Box(10, 95, 88, 70), RadialGradient(SUNSET), radius=10)
    off = RadialGradient(SUNSET, (0.2, 0.3), 0.6)
    canvas.fill_rectangle(Box(108, 95, 88, 70), off, radius=(0, 20, 0, 20))
    canvas.fill_rectangle(Box(206, 95, 88, 70), LinearGradient(90, FADING))
    canvas.fill_rectangle(Box(304, 95, 88, 70), RadialGradient(FADING), radius="full")
    assert_matches_golden("canvas_gradients", canvas.surface.to_image())


def test_groups_are_rotated_faded_and_clipped_as_a_whole(fonts: Fonts) -> None:
    canvas = blank_canvas(420, 150, background=PALE)
    label = lay_out_line("Turned Ag", fonts, style=TextStyle(size=24, color=(255, 255, 255, 255)),
                 paragraph=ParagraphStyle(align="center", valign="middle"), width=120)  # fmt: skip
    for index, (opacity, rotation) in enumerate(((1.0, -12.0), (0.5, 90.0), (0.5, 0.0))):
        box = Box(10 + index * 135, 50, 120, 50)
        with canvas.group(box, opacity=opacity, rotation=rotation) as group:
            group.fill_rectangle(box, BLUE, radius="full")
            group.fill_rectangle(Box(box.x, box.y + 30, 60, 30), RED)
            group.draw_text(label, box)
    with canvas.group(Box(150, 5, 80, 40), clip_radius=14) as group:
        group.fill_rectangle(Box(130, 0, 60, 60), RED)
        with group.group(Box(180, 5, 50, 40), rotation=45) as inner:
            inner.fill_rectangle(Box(190, 10, 30, 30), BLUE)
    assert_matches_golden("canvas_groups", canvas.surface.to_image())


@pytest.mark.parametrize("scale", [1, 1.5])
def test_images_fitted_to_boxes(scale: float) -> None:
    canvas = blank_canvas(430, 190, scale, PALE)
    image = DecodedImage(quarters(120, 80))
    for index, fit in enumerate(get_args(ObjectFit)):
        canvas.draw_image(image, Box(10 + index * 105, 10, 95, 80), fit=fit, radius=12)
        box = Box(10.5 + index * 105, 100.5, 60, 80)
        canvas.draw_image(image, box, fit=fit, position=(0.0, 1.0))
    assert_matches_golden(f"canvas_pictures_{scale}x", canvas.surface.to_image())


def test_a_transparent_canvas(fonts: Fonts) -> None:
    canvas = blank_canvas(220, 90, background=CLEAR)
    canvas.fill_rectangle(Box(10, 10, 90, 70), (200, 30, 40, 128), radius=20)
    canvas.fill_rectangle(Box(60, 30, 90, 50), LinearGradient(90, FADING))
    image = DecodedImage(quarters(60, 60, alpha=160))
    canvas.draw_image(image, Box(150, 10, 60, 70), radius="full")
    canvas.draw_text(
        lay_out_line("Clear", fonts, style=TextStyle(size=28, weight=700)), Box(20, 25, 99, 40)
    )
    assert_matches_golden("canvas_clear", canvas.surface.to_image())
