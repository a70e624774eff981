"""The canvas, pixel by pixel: coverage, compositing, gradients, image fitting."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from postcard.canvas import paint
from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.color import WHITE, Color, LinearGradient, RadialGradient
from postcard.geometry import Box
from tests.rendering.sample_images import COLORS, quarters
from tests.rendering.text_canvas import BLUE, CLEAR, RED, blank_canvas
from tests.trust.run_scale import scaled

BLACK: Color = (0, 0, 0, 255)


def gray(canvas: Canvas, x: int, y: int) -> int:
    pixel = canvas.surface.to_image().getpixel((x, y))
    assert isinstance(pixel, tuple)
    return int(pixel[0])


def test_pixels_at_fractional_edges_are_covered_in_proportion() -> None:
    canvas = blank_canvas(20, 20)
    canvas.fill_rectangle(Box(5.25, 5.5, 10, 10), BLACK)
    assert gray(canvas, 5, 10) == 255 - round(255 * 0.75)
    assert gray(canvas, 15, 10) == 255 - round(255 * 0.25)
    assert gray(canvas, 10, 5) == pytest.approx(127.5, abs=1)
    assert (gray(canvas, 4, 10), gray(canvas, 10, 10), gray(canvas, 16, 10)) == (255, 0, 255)


def test_a_box_on_whole_pixels_touches_no_other_pixel() -> None:
    canvas = blank_canvas(12, 12, 2)
    canvas.fill_rectangle(Box(2, 3, 4, 5), BLACK)
    assert canvas.surface.to_image().point(lambda v: 255 - v).getbbox() == (4, 6, 12, 16)


def test_the_whole_surface_is_filled_although_its_size_is_rounded() -> None:
    canvas = Canvas.new(1200, 630, (900, 473), (255, 255, 255, 255))
    canvas.fill_rectangle(Box(0, 0, 1200, 630), BLACK)
    assert canvas.surface.to_image().getcolors() == [(900 * 473, (0, 0, 0))]


@pytest.mark.parametrize("radius", ["full", 40, (40, 40, 40, 40), 500])
def test_radii_that_do_not_fit_shrink_together_to_a_circle(radius: object) -> None:
    canvas = blank_canvas(80, 80)
    canvas.fill_rectangle(Box(0, 0, 80, 80), BLACK, radius=radius)  # type: ignore[arg-type]
    histogram = canvas.surface.to_image().getchannel(0).histogram()
    dark = sum(count * (255 - level) for level, count in enumerate(histogram)) / 255
    assert dark == pytest.approx(3.14159 * 40 * 40, rel=0.002)


def test_a_stroke_lies_inside_its_box() -> None:
    canvas = blank_canvas(30, 30)
    canvas.stroke_rectangle(Box(5, 5, 20, 20), BLACK, 3)
    assert canvas.surface.to_image().point(lambda v: 255 - v).getbbox() == (5, 5, 25, 25)
    assert [gray(canvas, x, 15) for x in (4, 5, 7, 8, 21, 22, 24, 25)] == [
        255, 0, 0, 255, 255, 0, 0, 255,
    ]  # fmt: skip


def test_a_stroke_wider_than_its_box_fills_it() -> None:
    canvas = blank_canvas(10, 10)
    canvas.stroke_rectangle(Box(2, 2, 6, 6), BLACK, 5)
    assert gray(canvas, 5, 5) == 0


def test_translucent_paint_is_mixed_once() -> None:
    canvas = blank_canvas(10, 10)
    canvas.fill_rectangle(Box(0, 0, 10, 10), (0, 0, 0, 128))
    assert gray(canvas, 5, 5) == 127


def test_translucent_paint_on_a_transparent_canvas_keeps_its_colour() -> None:
    canvas = blank_canvas(10, 10, background=CLEAR)
    canvas.fill_rectangle(Box(0, 0, 5, 10), (200, 100, 50, 128))
    red, green, blue, alpha = canvas.surface.to_image().getpixel((2, 5))  # type: ignore[misc]
    assert (red, green, blue) == pytest.approx((200, 100, 50), abs=2)
    assert alpha == 128
    assert canvas.surface.to_image().getpixel((8, 5)) == (0, 0, 0, 0)


def test_opacity_applies_to_a_group_as_a_whole() -> None:
    canvas = blank_canvas(20, 20)
    with canvas.group(Box(0, 0, 20, 20), opacity=0.5) as group:
        group.fill_rectangle(Box(0, 0, 20, 20), RED)
        group.fill_rectangle(Box(5, 5, 10, 10), BLACK)
    assert gray(canvas, 10, 10) == pytest.approx(127, abs=1)


def test_rotation_by_a_quarter_turn_is_exact() -> None:
    canvas = blank_canvas(40, 40)
    with canvas.group(Box(10, 15, 20, 10), rotation=90) as group:
        group.fill_rectangle(Box(10, 15, 20, 10), BLACK)
    image = canvas.surface.to_image()
    assert sorted(image.getcolors() or ()) == [(200, (0, 0, 0)), (1400, (255, 255, 255))]
    assert image.point(lambda v: 255 - v).getbbox() == (15, 10, 25, 30)


def test_a_group_is_clipped_to_its_box() -> None:
    canvas = blank_canvas(40, 40)
    with canvas.group(Box(10, 10, 20, 20), clip_radius=0) as group:
        group.fill_rectangle(Box(0, 0, 40, 40), BLACK)
    assert canvas.surface.to_image().point(lambda v: 255 - v).getbbox() == (10, 10, 30, 30)


def test_a_group_without_a_clip_may_draw_outside_its_box() -> None:
    canvas = blank_canvas(40, 40)
    with canvas.group(Box(10, 10, 5, 5), opacity=0.9) as group:
        group.fill_rectangle(Box(0, 0, 40, 40), BLACK)
    assert gray(canvas, 39, 39) < 30


def test_a_linear_gradient_runs_between_its_stops() -> None:
    canvas = blank_canvas(256, 4)
    canvas.fill_rectangle(Box(0, 0, 256, 4), LinearGradient(90, ((BLACK, 0), (WHITE, 1))))
    levels = [gray(canvas, x, 2) for x in range(256)]
    assert levels == sorted(levels)
    assert levels[0] <= 1
    assert levels[255] >= 254
    assert abs(levels[128] - 128) <= 1


def test_a_radial_gradient_reaches_the_farthest_corner_at_one() -> None:
    canvas = blank_canvas(200, 100)
    white: Color = (255, 255, 255, 255)
    canvas.fill_rectangle(Box(0, 0, 200, 100), RadialGradient(((BLACK, 0), (white, 1))))
    assert gray(canvas, 100, 50) <= 4
    assert gray(canvas, 0, 0) >= 252
    assert gray(canvas, 199, 50) == pytest.approx(255 / 2**0.5, abs=3)


def test_a_gradient_to_transparent_keeps_its_colour() -> None:
    canvas = blank_canvas(100, 4, background=CLEAR)
    canvas.fill_rectangle(Box(0, 0, 100, 4), LinearGradient(90, ((RED, 0), (CLEAR, 1))))
    red, *_, alpha = canvas.surface.to_image().getpixel((50, 2))  # type: ignore[misc]
    assert red == pytest.approx(RED[0], abs=2)
    assert alpha == pytest.approx(127, abs=2)


@pytest.mark.parametrize(
    ("fit", "position", "expected"),
    [
        ("cover", (0.5, 0.5), ((5, 5, 0), (34, 34, 3))),
        ("cover", (0.0, 0.5), ((34, 5, 0), (34, 34, 2))),
        ("cover", (1.0, 0.5), ((5, 5, 1), (5, 34, 3))),
        ("contain", (0.5, 1.0), ((5, 22, 0), (35, 38, 3))),
        ("fill", (0.5, 0.5), ((5, 5, 0), (35, 35, 3))),
        ("none", (0.0, 0.0), ((5, 5, 0), (35, 35, 0))),
    ],
)
def test_images_are_placed_by_object_fit_and_object_position(
    fit: str, position: tuple[float, float], expected: tuple[tuple[int, int, int], ...]
) -> None:
    canvas = blank_canvas(40, 40)
    image = DecodedImage(quarters(160, 80))
    canvas.draw_image(image, Box(0, 0, 40, 40), fit=fit, position=position)  # type: ignore[arg-type]
    for x, y, quarter in expected:
        assert canvas.surface.to_image().getpixel((x, y)) == COLORS[quarter]


def test_qr_modules_are_drawn_on_whole_pixels() -> None:
    canvas = blank_canvas(50, 50, 1.5)
    canvas.draw_qr_modules([b"\1\0\1", b"\0\1\0", b"\1\0\1"], Box(3.3, 4.4, 40, 40), BLACK)
    colors = dict((color, count) for count, color in canvas.surface.to_image().getcolors() or ())
    assert set(colors) == {(0, 0, 0), (255, 255, 255)}
    assert colors[0, 0, 0] == 5 * 20 * 20


@given(
    st.tuples(*[st.floats(-1e6, 1e6)] * 2),
    st.tuples(*[st.floats(0, 1e7)] * 2),
    st.one_of(st.just("full"), st.floats(0, 1e6)),
    st.floats(0, 360),
)
@settings(max_examples=scaled(30, 300), deadline=None)
def test_boxes_of_any_size_are_drawn_without_large_allocations(
    position: tuple[float, float], size: tuple[float, float], radius: float, turn: float
) -> None:
    canvas, box = blank_canvas(60, 40), Box(*position, *size)
    canvas.fill_rectangle(box, RED, radius=radius)
    canvas.fill_rectangle(box, LinearGradient(turn, ((RED, 0), (BLUE, 1))), radius=radius)
    canvas.stroke_rectangle(box, BLUE, 3, radius=radius)
    canvas.draw_image(DecodedImage(quarters(8, 8)), box, radius=radius)
    canvas.draw_qr_modules([b"\1\0", b"\0\1"], box, BLUE)
    with canvas.group(box, rotation=turn, clip_radius=radius) as group:
        group.fill_rectangle(box, RED)
    assert canvas.size == (60, 40)


def test_drawing_on_a_copy_leaves_the_original_unchanged() -> None:
    canvas = blank_canvas(10, 10, background=CLEAR)
    copy = canvas.copy()
    copy.fill_rectangle(Box(0, 0, 10, 10), RED)
    assert canvas.surface.to_image().getpixel((5, 5)) == (0, 0, 0, 0)


@pytest.mark.parametrize("degrees", [7, -33, 45])
def test_rotated_groups_are_as_sharp_as_if_drawn_larger_and_reduced(degrees: float) -> None:
    def draw_rotated(scale: int) -> Image.Image:
        size = (200 * scale, 80 * scale)
        canvas = Canvas.new(200, 80, size, WHITE)
        with canvas.group(Box(50, 20, 100, 40), rotation=degrees) as group:
            for index in range(20):  # strokes as wide as a small letter's
                group.fill_rectangle(Box(51.3 + 5 * index, 24.6, 1.4, 30), BLACK)
        return canvas.surface.to_image().convert("L").reduce(scale)

    difference = ImageChops.difference(draw_rotated(1), draw_rotated(6)).tobytes()
    ink = sum(255 - level for level in draw_rotated(6).tobytes())
    assert sum(difference) < 0.12 * ink


def test_a_gradient_over_nearly_nothing_takes_no_more_samples_than_a_pixel_line() -> None:
    colors, _ = paint._linear_samples(
        LinearGradient(180, ((RED, 0.0), (BLUE, 1.0))),
        (100.0, 2.7e-45),
        (0, 0, 100, 100),
    )
    assert len(colors) < 300
