"""Blend modes: how a layer's colours mix with what is behind it, as CSS says."""

from collections.abc import Callable, Mapping
from typing import Literal

from PIL import Image, ImageChops

from postcard.canvas.paint import RenderedPaint
from postcard.canvas.surface import IntPoint, Surface, multiply_table

BlendMode = Literal["normal", "multiply", "screen", "overlay", "darken", "lighten"]

_BLEND_FUNCTIONS: Mapping[BlendMode, Callable[[Image.Image, Image.Image], Image.Image]] = {
    "multiply": ImageChops.multiply,
    "screen": ImageChops.screen,
    "overlay": ImageChops.overlay,
    "darken": ImageChops.darker,
    "lighten": ImageChops.lighter,
}


def composite(
    backdrop: Surface, group: Surface, position: IntPoint, opacity: float, mode: BlendMode
) -> None:
    """Lay a surface over another in a blend mode.

    Where nothing is behind, the layer keeps its own colours.
    """
    if mode == "normal":
        backdrop.composite(group, position, opacity)
        return
    area = (*position, position[0] + group.size[0], position[1] + group.size[1])
    alpha = backdrop.alpha.crop(area) if backdrop.alpha else None
    own = _unpremultiplied_rgb(group)
    mixed = _BLEND_FUNCTIONS[mode](
        _unpremultiplied_rgb(Surface(backdrop.color.crop(area), alpha)), own
    )
    if alpha:
        mixed = Image.composite(mixed, own, alpha)
    through = group.alpha
    if opacity < 1:
        through = (through or Image.new("L", group.size, 255)).point(
            multiply_table(round(opacity * 255))
        )
    backdrop.paste(RenderedPaint(mixed), position, through, group.size)


def _unpremultiplied_rgb(surface: Surface) -> Image.Image:
    """The colours, no longer premultiplied."""
    return surface.to_image().convert("RGB")
