"""PNG palettes with alpha for transparent flat art, and surfaces stored as PNG."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from postcard.canvas.codecs.png_writer import write_png
from postcard.canvas.codecs.surface_png import pack, unpack
from postcard.canvas.surface import Surface
from tests.rendering.drawing import render
from tests.template.template_cases import template
from tests.trust.run_scale import scaled

BADGE: list[dict[str, Any]] = [
    {"type": "rectangle", "x": 4, "y": 4, "width": 192, "height": 92, "radius": 20, "fill": "#123"},
    {"type": "ellipse", "x": 130, "y": 20, "width": 60, "height": 60, "fill": "#f59e0b80"},
    {"type": "text", "x": 20, "y": 30, "text": "Gold", "size": 34, "color": "white"},
]
SHADOWED = {**BADGE[0], "shadow": {"blur": 20, "color": "#000000"}}
RGBA_COLORS = st.tuples(*[st.integers(0, 255)] * 4)


def transparent_png(*layers: dict[str, Any], dpr: float = 1) -> tuple[bytes, Image.Image]:
    body = render(template(background="transparent", layers=list(layers)), dpr=dpr).image.body
    return body, Image.open(io.BytesIO(body))


def on_background(image: Image.Image, color: str) -> Image.Image:
    background = Image.new("RGBA", image.size, color)
    background.alpha_composite(image.convert("RGBA"))
    return background.convert("RGB")


@pytest.mark.parametrize("dpr", [1, 2])
def test_transparent_flat_art_is_much_smaller_with_a_palette(dpr: float) -> None:
    body, image = transparent_png(*BADGE, dpr=dpr)
    full_color = io.BytesIO()
    image.convert("RGBA").save(full_color, "PNG", compress_level=9)
    assert image.mode == "P" and len(body) < 0.6 * len(full_color.getvalue())


@pytest.mark.parametrize("background", ["white", "black", "#c02040"])
def test_the_palette_shows_no_difference_on_any_background(background: str) -> None:
    _, image = transparent_png(*BADGE, dpr=2)
    opaque = template(background=background, layers=list(BADGE))
    rendered = render(opaque, dpr=2, format="webp", quality=100)
    with Image.open(io.BytesIO(rendered.image.body)) as file:
        expected = file.convert("RGB")
    difference = ImageChops.difference(on_background(image, background), expected).convert("L")
    assert sum(difference.histogram()[30:]) < 0.002 * expected.width * expected.height


def test_a_picture_with_a_shadow_gets_no_palette() -> None:
    _, image = transparent_png(SHADOWED, *BADGE[1:])
    assert image.mode == "RGBA"


@given(st.lists(RGBA_COLORS, min_size=1, max_size=256, unique=True), st.integers(1, 40))
@settings(max_examples=scaled(30, 300), deadline=None)
def test_up_to_256_colours_are_exact(colors: list[tuple[int, ...]], width: int) -> None:
    image = Image.new("RGBA", (width * 4, 32), colors[0])
    for index, color in enumerate(colors):
        image.putpixel((index % (width * 4), index // (width * 4) % 32), color)
    for exact in (True, False):
        with Image.open(io.BytesIO(write_png(image, exact=exact))) as file:
            decoded = file.convert("RGBA")
        if exact or file.mode == "RGBA" or len(image.getcolors() or ()) <= 256:
            assert decoded.tobytes() == image.tobytes()


@given(st.lists(RGBA_COLORS, min_size=1, max_size=40), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_stored_surface_is_read_back_unchanged(
    colors: list[tuple[int, ...]], opaque: bool
) -> None:
    image = Image.new("RGBA", (16, 16))
    image.putdata([colors[index % len(colors)] for index in range(256)])
    *channels, alpha = image.split()
    surface = Surface(Image.merge("RGB", channels), None if opaque else alpha)
    unpacked = unpack(pack(surface))
    assert unpacked.color.tobytes() == surface.color.tobytes()
    unpacked_alpha = unpacked.alpha.tobytes() if unpacked.alpha else None
    assert unpacked_alpha == (None if opaque else alpha.tobytes())


def test_a_broken_stored_surface_is_refused() -> None:
    with pytest.raises(ValueError, match="not a stored surface"):
        unpack(b"\x89PNG")
