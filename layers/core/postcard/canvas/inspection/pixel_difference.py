"""Compares the drawn pixels of two pictures."""

from collections.abc import Iterable

from PIL import ImageChops

from postcard.canvas.surface import Surface
from postcard.geometry import Box


def equal_outside(first: Surface, second: Surface, areas: Iterable[Box]) -> bool:
    """Whether two surfaces have the same size, and the same pixels outside some areas.

    The areas are in device pixels.
    """
    if first.size != second.size or (first.alpha is None) != (second.alpha is None):
        return False
    pairs = [(first.color, second.color)]
    if first.alpha is not None and second.alpha is not None:
        pairs.append((first.alpha, second.alpha))
    differences = [ImageChops.difference(one, other) for one, other in pairs]
    for area in areas:
        bounds = (int(area.x), int(area.y), int(area.right) + 1, int(area.bottom) + 1)
        for difference in differences:
            difference.paste(0, bounds)
    return all(difference.getbbox() is None for difference in differences)


def largest_difference(first: Surface, second: Surface) -> int:
    """The largest difference of a channel's level, 0 to 255; 255 for other sizes."""
    if first.size != second.size:
        return 255
    histogram = ImageChops.difference(first.color, second.color).histogram()  # 256 a channel
    return max(index % 256 for index, count in enumerate(histogram) if count)
