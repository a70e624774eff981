"""Draws templates for tests, and asks the pixels."""

import io
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops

from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, RenderedPicture, Renderer
from postcard.template.bind import BindMode, bind
from postcard.template.compiled import Template
from postcard.template.modifications import modifications_from_json
from postcard.text.fonts import Fonts
from tests.template.template_cases import template

NOON = 1_790_000_000.0


@cache
def renderer() -> Renderer:
    return Renderer(Fonts.load(Path("layers/fonts")))


@cache
def plain_picture(color: str, size: tuple[int, int] = (40, 20), kind: str = "PNG") -> bytes:
    return _saved(Image.new("RGB", size, color), kind)


@cache
def quarters(size: int = 40) -> bytes:
    """Red, green, blue and white quarters."""
    image = Image.new("RGB", (2, 2))
    image.putdata([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)])
    return _saved(image.resize((size, size), Image.Resampling.NEAREST), "PNG")


def _saved(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def render(
    compiled: Template,
    *modifications: dict[str, Any],
    pictures: dict[str, bytes] | None = None,
    width: int | None = None,
    dpr: float = 1,
    format: str = "png",
    mode: BindMode = "error",
    using: Renderer | None = None,
    now: float = NOON,
    **options: Any,
) -> RenderedPicture:
    prepared = PreparedRender(
        compiled,
        bind(compiled, modifications_from_json(compiled, modifications), mode=mode),
        output_size(compiled.width, compiled.height, width=width, dpr=dpr),
        now=now,
    )
    return (using or renderer()).render(prepared, pictures or {}, format=format, **options)


def render_layers(
    *layers: dict[str, Any], pictures: dict[str, bytes] | None = None, **rest: Any
) -> Image.Image:
    """The pixels of a document of these layers."""
    return decode(render(template(layers=list(layers), **rest), pictures=pictures))


def decode(rendered: RenderedPicture) -> Image.Image:
    image = Image.open(io.BytesIO(rendered.image.body))
    image.load()
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def pixel(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    """The channels of a pixel."""
    found = image.getpixel(at)
    assert isinstance(found, tuple)
    return found


def content_box(image: Image.Image, background: str = "white") -> tuple[int, int, int, int] | None:
    """The box of everything that is not background."""
    flat = image.convert("RGB")
    return ImageChops.difference(flat, Image.new("RGB", flat.size, background)).getbbox()
