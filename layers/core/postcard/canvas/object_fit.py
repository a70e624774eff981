"""Places an image in a box by CSS's object-fit and object-position."""

from typing import Literal

from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass

ObjectFit = Literal["cover", "contain", "fill", "none"]


@dataclass(frozen=True, slots=True)
class ImagePlacement:
    """Where all of an image lies, and the part of it inside its box; device pixels."""

    image_box: Box
    visible_box: Box

    def source_region(self, bounds: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
        """The region of the image under these pixels, as fractions: left, top, right, bottom."""
        box = self.image_box
        left, right = ((x - box.x) / box.width for x in (bounds[0], bounds[2]))
        top, bottom = ((y - box.y) / box.height for y in (bounds[1], bounds[3]))
        return max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom)


def place_image(
    image_size: tuple[int, int],
    box: Box,
    fit: ObjectFit,
    position: tuple[float, float],
    scale: float,
) -> ImagePlacement | None:
    """Place an image of this size in a box of device pixels; None if nothing of it is visible.

    `scale` is device pixels per image pixel, used by `fit="none"` only.
    """
    width, height = _fitted_size(image_size, box, fit, scale)
    if min(width, height, box.width, box.height) <= 0:
        return None
    x = box.x + (box.width - width) * position[0]
    y = box.y + (box.height - height) * position[1]
    left, top = max(x, box.x), max(y, box.y)
    right, bottom = min(x + width, box.right), min(y + height, box.bottom)
    visible = Box(left, top, right - left, bottom - top)
    return ImagePlacement(Box(x, y, width, height), visible)


def _fitted_size(
    image_size: tuple[int, int], box: Box, fit: ObjectFit, scale: float
) -> tuple[float, float]:
    width, height = image_size
    if fit == "fill":
        return box.width, box.height
    if fit == "none":
        return width * scale, height * scale
    scale_x, scale_y = box.width / width, box.height / height
    scale = max(scale_x, scale_y) if fit == "cover" else min(scale_x, scale_y)
    return width * scale, height * scale
