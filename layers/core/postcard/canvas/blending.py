"""Blend modes: how a layer's colours mix with what is behind it, as CSS says."""

from collections.abc import Callable, Mapping
from typing import Literal

from PIL import Image, ImageChops

from postcard.canvas.paint import Fill
from postcard.canvas.surface import Point, Surface, fading

Blend = Literal["normal", "multiply", "screen", "overlay", "darken", "lighten"]

_MIXED: Mapping[Blend, Callable[[Image.Image, Image.Image], Image.Image]] = {
    "multiply": ImageChops.multiply,
    "screen": ImageChops.screen,
    "overlay": ImageChops.overlay,
    "darken": ImageChops.darker,
    "lighten": ImageChops.lighter,
}


def lay(behind: Surface, group: Surface, at: Point, opacity: float, blend: Blend) -> None:
    """Lay a surface over another in a blend mode.

    Where nothing is behind, the layer keeps its own colours.
    """
    if blend == "normal":
        behind.lay(group, at, opacity)
        return
    area = (*at, at[0] + group.size[0], at[1] + group.size[1])
    alpha = behind.alpha.crop(area) if behind.alpha else None
    own = _straight(group)
    mixed = _MIXED[blend](_straight(Surface(behind.color.crop(area), alpha)), own)
    if alpha:
        mixed = Image.composite(mixed, own, alpha)
    through = group.alpha
    if opacity < 1:
        through = (through or Image.new("L", group.size, 255)).point(fading(round(opacity * 255)))
    behind.stamp(Fill(mixed), at, through, group.size)


def _straight(surface: Surface) -> Image.Image:
    """The colours, no longer premultiplied."""
    return surface.image().convert("RGB")
