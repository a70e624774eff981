"""Encoded files: lossless where they should be, 96 dpi, no metadata, within `max_bytes`."""

import io
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat
from PIL.JpegImagePlugin import JpegImageFile, get_sampling

from postcard.canvas.canvas import Canvas
from postcard.canvas.codecs.encode import _WRITERS, encode
from postcard.canvas.codecs.png_writer import write_png
from postcard.canvas.surface import Surface
from postcard.color import LinearGradient, RadialGradient
from postcard.geometry import Box
from postcard.image_formats import FORMATS
from tests.rendering.text_canvas import BLUE, CLEAR, RED, blank_canvas
from tests.trust.run_scale import scaled


def scene(background: tuple[int, int, int, int] = (255, 255, 255, 255)) -> Canvas:
    canvas = blank_canvas(300, 200, background=background)
    stops = ((RED, 0.0), ((255, 220, 0, 255), 0.5), (BLUE, 1.0))
    canvas.fill_rectangle(Box(20, 10, 250, 170), RadialGradient(stops), radius=40)
    canvas.fill_rectangle(Box(60, 90, 220, 100), LinearGradient(30, ((RED, 0), (CLEAR, 1))))
    return canvas


def opened(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    image.load()
    return image


def flat() -> Canvas:
    canvas = blank_canvas(300, 200)
    canvas.fill_rectangle(Box(20, 10, 250, 170), RED, radius=40)
    return canvas


def edges() -> Canvas:
    """Flat art whose edges have more colours than a palette."""
    canvas = blank_canvas(300, 200, background=(250, 240, 220, 255))
    for index in range(8):
        ink = (240 - 28 * index, 20 + 25 * index, 90 + 9 * index, 255)
        canvas.fill_rectangle(Box(index * 20, index * 11, 120.3, 90.7), ink, radius=50)
    return canvas


@pytest.mark.parametrize("canvas", [scene(), scene(CLEAR), flat()], ids=["rgb", "rgba", "flat"])
def test_a_png_is_lossless(canvas: Canvas) -> None:
    image = canvas.surface.to_image()
    read = opened(encode(canvas.surface, "png").image.body)
    assert read.convert(image.mode).tobytes() == image.tobytes()


def test_flat_art_becomes_a_palette_without_a_visible_difference() -> None:
    image = edges().surface.to_image()
    assert len(image.getcolors(9999) or ()) > 256
    read = opened(encode(edges().surface, "png").image.body)
    assert read.mode == "P"
    difference = ImageChops.difference(read.convert("RGB"), image)
    counts = difference.getcolors(9999) or ()
    assert 0 < max(max(levels) for _, levels in counts if isinstance(levels, tuple)) <= 7
    unchanged = sum(count for count, levels in counts if levels == (0, 0, 0))
    assert unchanged > 300 * 200 * 15 / 16


def test_large_areas_have_their_exact_colours_in_a_palette() -> None:
    canvas = edges()
    nearly_background = (250, 240, 219, 255)  # one level off
    canvas.fill_rectangle(Box(200, 150, 40, 40), nearly_background)
    read = opened(encode(canvas.surface, "png").image.body).convert("RGB")
    assert (read.getpixel((290, 190)), read.getpixel((220, 170))) == (
        (250, 240, 220),
        (250, 240, 219),
    )


def test_an_exact_png_is_lossless_for_flat_art_too() -> None:
    image = edges().surface.to_image()
    read = opened(encode(edges().surface, "png", exact=True).image.body)
    assert read.tobytes() == image.tobytes()


def test_a_gradient_is_lossless() -> None:
    canvas = blank_canvas(300, 200)
    canvas.fill_rectangle(Box(0, 0, 300, 200), LinearGradient(90, ((RED, 0), (BLUE, 1))))
    image = canvas.surface.to_image()
    read = opened(encode(canvas.surface, "png").image.body)
    assert read.convert("RGB").tobytes() == image.tobytes()


def test_a_gradient_in_flat_art_shows_no_bands() -> None:
    canvas = blank_canvas(300, 200)
    stops = ((249, 115, 22, 255), 0.0), ((219, 39, 119, 255), 1.0)
    canvas.fill_rectangle(Box(20, 20, 260, 16), LinearGradient(90, stops), radius=8)
    image = opened(encode(canvas.surface, "png").image.body).convert("RGB")
    row = [image.getpixel((x, 28)) for x in range(40, 260)]
    assert len(set(row)) > 90  # green falls by 76 levels, blue grows by 97


def test_a_jpg_of_flat_art_has_no_chroma_subsampling() -> None:
    flat_art, photo = (
        opened(encode(canvas.surface, "jpg").image.body) for canvas in (edges(), scene())
    )
    assert isinstance(flat_art, JpegImageFile)
    assert isinstance(photo, JpegImageFile)
    assert (get_sampling(flat_art), get_sampling(photo)) == (0, 2)


def test_a_jpg_of_flat_art_keeps_its_colours_under_a_small_budget() -> None:
    """Without subsampling it would have quality 2, and areas that are up to 30 levels off."""
    surface = edges().surface
    result = encode(surface, "jpg", max_bytes=2500)
    shown = opened(result.image.body).convert("RGB")
    differences = ImageStat.Stat(ImageChops.difference(shown, surface.to_image())).mean
    assert not result.over_budget
    assert max(differences) < 6


COLOR = st.tuples(*[st.integers(0, 255)] * 3)


@given(st.lists(COLOR, min_size=1, max_size=90), st.integers(1, 9))
@settings(max_examples=scaled(50, 500), deadline=None)
def test_a_palette_of_few_colours_never_mixes_them_up(
    colors: list[tuple[int, int, int]], width: int
) -> None:
    image = Image.new("RGB", (width, len(colors)))
    for y, color in enumerate(colors):
        image.paste(color, (0, y, width, y + 1))
    read = opened(encode(Surface(image, None), "png").image.body)
    assert read.convert("RGB").tobytes() == image.tobytes()


def test_few_colours_make_a_palette() -> None:
    assert opened(encode(flat().surface, "png").image.body).mode == "P"
    assert opened(encode(scene().surface, "png").image.body).mode == "RGB"


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_pixels_are_the_same_bytes(format: str) -> None:
    first, second = (encode(scene().surface, format).image for _ in range(2))
    assert first.body == second.body
    assert (first.width, first.height) == (300, 200)
    assert first.content_type == FORMATS[format].content_type


@pytest.mark.parametrize("format", ["png", "jpg"])
def test_png_and_jpg_carry_96_dpi_and_nothing_else(format: str) -> None:
    image = opened(encode(scene().surface, format).image.body)
    assert image.info["dpi"] == pytest.approx((96, 96), abs=0.05)
    assert set(image.info) <= {"dpi", "jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("format", ["webp", "avif", "gif"])
def test_the_others_carry_no_metadata(format: str) -> None:
    image = opened(encode(scene().surface, format).image.body)
    assert not {"exif", "xmp", "icc_profile", "comment"} & {k for k, v in image.info.items() if v}


def shadowed(paint: LinearGradient | tuple[int, int, int, int]) -> Surface:
    """A card with a soft shadow on a transparent background."""
    canvas = blank_canvas(300, 200, background=CLEAR)
    for blur in range(40):
        canvas.fill_rectangle(Box(blur, blur, 300 - 2 * blur, 200 - 2 * blur), (0, 0, 0, 6))
    canvas.fill_rectangle(Box(40, 40, 220, 120), paint)
    return canvas.surface


@pytest.mark.parametrize("max_bytes", [None, 6000])
@pytest.mark.parametrize("paint", [RED, LinearGradient(30, ((RED, 0.0), (BLUE, 1.0)))])
def test_a_gif_is_transparent_where_a_soft_shadow_ends(
    paint: LinearGradient | tuple[int, int, int, int], max_bytes: int | None
) -> None:
    surface = shadowed(paint)
    result = encode(surface, "gif", max_bytes=max_bytes, find_inks=lambda: [RED[:3]])
    image = opened(result.image.body).convert("RGBA")
    row = (0, 100, 300, 101)
    alpha = list(image.getchannel("A").crop(row).tobytes())
    covered = surface.to_image().getchannel("A").crop(row).tobytes()
    right = [255 * (level >= 128) for level in covered]
    assert not result.over_budget
    assert alpha == right
    assert {0, 255} == set(alpha)
    near_red = image.getpixel((45, 45))
    assert near_red == pytest.approx(surface.to_image().getpixel((45, 45)), abs=40)


@pytest.mark.parametrize("format", FORMATS)
def test_transparency_is_preserved_but_in_jpg(format: str) -> None:
    body = encode(scene(CLEAR).surface, format, background=(0, 0, 255, 255)).image.body
    pixel = opened(body).convert("RGBA").getpixel((1, 1))
    assert isinstance(pixel, tuple)
    if format == "jpg":
        assert pixel == pytest.approx((0, 0, 255, 255), abs=3)
    else:
        assert pixel[3] == 0


@pytest.mark.parametrize("format", FORMATS)
def test_quality_or_colours_are_reduced_to_fit_max_bytes(format: str) -> None:
    unlimited = encode(scene().surface, format)
    max_bytes = len(unlimited.image.body) * 2 // 3
    limited = encode(scene().surface, format, max_bytes=max_bytes)
    assert len(limited.image.body) <= max_bytes or limited.over_budget
    assert opened(limited.image.body).size == (300, 200)
    assert encode(scene().surface, format, max_bytes=10**6) == unlimited


def test_the_best_quality_that_fits_is_taken() -> None:
    at_50 = len(encode(scene().surface, "jpg", quality=50).image.body)
    limited = encode(scene().surface, "jpg", max_bytes=at_50)
    assert at_50 * 0.97 <= len(limited.image.body) <= at_50


@pytest.mark.parametrize("format", FORMATS)
def test_the_smallest_file_is_over_budget_if_nothing_fits(format: str) -> None:
    smallest = encode(scene().surface, format, max_bytes=20)
    assert smallest.over_budget
    assert len(smallest.image.body) < len(encode(scene().surface, format).image.body)


def test_quality_defaults_to_that_of_the_format() -> None:
    sizes = [len(encode(scene().surface, "jpg", quality=q).image.body) for q in (30, 82, 95)]
    assert sizes == sorted(sizes)
    assert len(encode(scene().surface, "jpg").image.body) == sizes[1]


def test_a_png_row_takes_no_memory_of_its_own() -> None:
    image = Image.effect_noise((1, 30_000), 60).convert("RGB")
    tracemalloc.start()
    body = write_png(image)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 10 * 3 * 30_000
    with Image.open(io.BytesIO(body)) as written:
        assert written.convert("RGB").tobytes() == image.tobytes()


def soft_gradient(size: tuple[int, int], *, bar: bool) -> Surface:
    """A glow; with a white bar below, as flat art has."""
    glow = Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC)
    image = Image.new("RGB", size, (200, 150, 140))
    image.paste((43, 42, 92), (0, 0, *size), glow)
    if bar:
        image.paste((255, 255, 255), (0, size[1] - 18, size[0], size[1]))
    return Surface(image, None)


def grid(image: Image.Image) -> float:
    """How many levels more neighbours differ at every fourth pixel than elsewhere."""
    gray, excess = image.convert("L"), 0.0
    for dx, dy in ((1, 0), (0, 1)):
        box = (8, 8, image.width - 8, image.height - 28)  # without the bar
        steps = ImageChops.difference(gray, ImageChops.offset(gray, dx, dy)).crop(box)
        if dy:
            steps = steps.transpose(Image.Transpose.TRANSPOSE)
        width, levels = steps.width, steps.tobytes()
        at_four = [sum(levels[x::width]) for x in range(0, width, 4)]
        others = [sum(levels[x::width]) for x in range(width) if x % 4]
        excess += (sum(at_four) / len(at_four) - sum(others) / len(others)) / steps.height
    return excess / 2


@pytest.mark.parametrize("bar", [False, True])
@pytest.mark.parametrize("size", [(160, 96), (240, 120)])
def test_soft_gradients_show_no_grid_as_webp(size: tuple[int, int], bar: bool) -> None:
    surface = soft_gradient(size, bar=bar)
    encoded = {format: encode(surface, format).image.body for format in ("jpg", "webp")}
    shown = {name: grid(opened(body).convert("RGB")) for name, body in encoded.items()}
    assert shown["webp"] < shown["jpg"] + 0.2
    assert len(encoded["webp"]) < len(encoded["jpg"])


@pytest.mark.parametrize(("canvas", "files"), [(scene(), 2), (flat(), 2), (scene(CLEAR), 1)])
def test_auto_makes_each_file_once(
    canvas: Canvas, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    for name, write in _WRITERS.items():

        def counting(image: Image.Image, quality: int, of: str = name, by: Any = write) -> bytes:
            made.append(of)
            body: bytes = by(image, quality)
            return body

        monkeypatch.setitem(_WRITERS, name, counting)
    best = encode(canvas.surface, "auto").image
    assert len(made) == files
    assert best.body == encode(canvas.surface, best.format).image.body
