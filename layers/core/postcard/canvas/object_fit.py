"""How a picture lies in a box: CSS's object-fit and object-position."""

from typing import Literal

from postcard.geometry import Box
from postcard.runtime.lazy_dataclass import dataclass

ObjectFit = Literal["cover", "contain", "fill", "none"]


@dataclass(frozen=True, slots=True)
class ImagePlacement:
    """`whole` is where all of the picture lies, `visible` the part in its box. Device pixels."""

    image_box: Box
    visible_box: Box

    def source_region(self, bounds: tuple[int, int, int, int]) -> tuple[float, float, float, float]:
        """Which shares of the picture lie over whole pixels: left, top, right, bottom."""
        whole = self.image_box
        left, right = ((x - whole.x) / whole.width for x in (bounds[0], bounds[2]))
        top, bottom = ((y - whole.y) / whole.height for y in (bounds[1], bounds[3]))
        return max(0.0, left), max(0.0, top), min(1.0, right), min(1.0, bottom)


def place_image(
    image_size: tuple[int, int],
    box: Box,
    fit: ObjectFit,
    position: tuple[float, float],
    scale: float,
) -> ImagePlacement | None:
    """Where a picture of that size lies; None where nothing of it is seen.

    `scale` is device pixels per picture pixel for `none`.
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
    across, down = box.width / width, box.height / height
    share = max(across, down) if fit == "cover" else min(across, down)
    return width * share, height * share
