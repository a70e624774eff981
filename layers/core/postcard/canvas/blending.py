"""CSS blend modes: how a group's colours mix with the backdrop."""

from collections.abc import Callable, Mapping
from typing import Literal

from PIL import Image, ImageChops

from postcard.canvas.paint import RenderedPaint
from postcard.canvas.surface import IntPoint, Surface, multiply_table
from postcard.runtime.deadline import NO_DEADLINE, Deadline

BlendMode = Literal["normal", "multiply", "screen", "overlay", "darken", "lighten"]

_BLEND_FUNCTIONS: Mapping[BlendMode, Callable[[Image.Image, Image.Image], Image.Image]] = {
    "multiply": ImageChops.multiply,
    "screen": ImageChops.screen,
    "overlay": ImageChops.overlay,
    "darken": ImageChops.darker,
    "lighten": ImageChops.lighter,
}


def composite(
    backdrop: Surface,
    group: Surface,
    position: IntPoint,
    opacity: float,
    mode: BlendMode,
    deadline: Deadline = NO_DEADLINE,
) -> None:
    """Composite a group onto a backdrop; where the backdrop is transparent nothing is blended."""
    if mode == "normal":
        backdrop.composite(group, position, opacity)
        return
    area = (*position, position[0] + group.size[0], position[1] + group.size[1])
    alpha = backdrop.alpha.crop(area) if backdrop.alpha else None
    source = _unpremultiplied_rgb(group)
    behind = _unpremultiplied_rgb(Surface(backdrop.color.crop(area), alpha))
    deadline.check()
    blended = _BLEND_FUNCTIONS[mode](behind, source)
    if alpha:
        blended = Image.composite(blended, source, alpha)
    deadline.check()
    mask = group.alpha
    if opacity < 1:
        mask = mask or Image.new("L", group.size, 255)
        mask = mask.point(multiply_table(round(opacity * 255)))
    backdrop.paste(RenderedPaint(blended), position, mask, group.size)


def _unpremultiplied_rgb(surface: Surface) -> Image.Image:
    return surface.to_image().convert("RGB")
