"""Flat art that something shows through: a palette with alpha, where nobody can tell."""

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

BADGE: list[dict[str, Any]] = [
    {"type": "rectangle", "x": 4, "y": 4, "width": 192, "height": 92, "radius": 20, "fill": "#123"},
    {"type": "ellipse", "x": 130, "y": 20, "width": 60, "height": 60, "fill": "#f59e0b80"},
    {"type": "text", "x": 20, "y": 30, "text": "Gold", "size": 34, "color": "white"},
]
SOFT = {**BADGE[0], "shadow": {"blur": 20, "color": "#000000"}}
INKS = st.tuples(*[st.integers(0, 255)] * 4)


def sent(*layers: dict[str, Any], dpr: float = 1) -> tuple[bytes, Image.Image]:
    made = template(background="transparent", layers=list(layers))
    body = render(made, dpr=dpr).image.body
    return body, Image.open(io.BytesIO(body))


def over(image: Image.Image, color: str) -> Image.Image:
    behind = Image.new("RGBA", image.size, color)
    behind.alpha_composite(image.convert("RGBA"))
    return behind.convert("RGB")


@pytest.mark.parametrize("dpr", [1, 2])
def test_flat_art_on_nothing_weighs_half_of_what_its_colours_do(dpr: float) -> None:
    body, image = sent(*BADGE, dpr=dpr)
    whole = io.BytesIO()
    image.convert("RGBA").save(whole, "PNG", compress_level=9)
    assert image.mode == "P" and len(body) < 0.6 * len(whole.getvalue())


@pytest.mark.parametrize("behind", ["white", "black", "#c02040"])
def test_nobody_can_tell_it_from_all_its_colours(behind: str) -> None:
    _, image = sent(*BADGE, dpr=2)
    made = template(background=behind, layers=list(BADGE))
    plain = render(made, dpr=2, format="webp", quality=100)
    with Image.open(io.BytesIO(plain.image.body)) as file:
        expected = file.convert("RGB")
    apart = ImageChops.difference(over(image, behind), expected).convert("L")
    assert sum(apart.histogram()[30:]) < 0.002 * expected.width * expected.height


def test_shadows_keep_all_their_shades() -> None:
    _, image = sent(SOFT, *BADGE[1:])
    assert image.mode == "RGBA"


@given(st.lists(INKS, min_size=1, max_size=256, unique=True), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_few_colours_are_kept_exactly(inks: list[tuple[int, ...]], width: int) -> None:
    image = Image.new("RGBA", (width * 4, 32), inks[0])
    for place, ink in enumerate(inks):
        image.putpixel((place % (width * 4), place // (width * 4) % 32), ink)
    for exact in (True, False):
        with Image.open(io.BytesIO(write_png(image, exact=exact))) as file:
            back = file.convert("RGBA")
        if exact or file.mode == "RGBA" or len(image.getcolors() or ()) <= 256:
            assert back.tobytes() == image.tobytes()


@given(st.lists(INKS, min_size=1, max_size=40), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_surface_comes_back_as_it_was(inks: list[tuple[int, ...]], opaque: bool) -> None:
    image = Image.new("RGBA", (16, 16))
    image.putdata([inks[place % len(inks)] for place in range(256)])
    *channels, alpha = image.split()
    surface = Surface(Image.merge("RGB", channels), None if opaque else alpha)
    again = unpack(pack(surface))
    assert again.color.tobytes() == surface.color.tobytes()
    kept = again.alpha.tobytes() if again.alpha else None
    assert kept == (None if opaque else alpha.tobytes())


def test_a_broken_surface_is_refused() -> None:
    with pytest.raises(ValueError, match="not a stored surface"):
        unpack(b"\x89PNG")
