"""Compares pictures with golden pictures, which a person has looked at and approved.

POSTCARD_GOLDEN=write replaces the golden pictures by what the tests draw: look at them again.
"""

import os
from pathlib import Path

from PIL import Image, ImageChops

FOLDER = Path(__file__).parent
TILE_PIXELS = 4  # a tile's side; averages out rounding, but not a missing stroke of a letter
MAX_TILE_DIFFERENCE = 16  # between the means of two tiles, of 255 levels


def assert_matches_golden(name: str, image: Image.Image, *, photo: bool = False) -> None:
    """Compare a picture with the golden picture `name`, tile by tile; a `photo`'s is a JPEG."""
    path = FOLDER / f"{name}.{'jpg' if photo else 'png'}"
    if os.environ.get("POSTCARD_GOLDEN") == "write":
        image.save(path, optimize=True, quality=88, subsampling=0)
    assert path.exists(), (
        f"There is no {path.name}: create it with POSTCARD_GOLDEN=write and look at it."
    )
    with Image.open(path) as golden:
        expected = golden.convert(image.mode)
    assert image.size == expected.size
    difference = ImageChops.difference(image, expected).reduce(TILE_PIXELS)
    worst = max(_max_level(band) for band in difference.split())
    assert worst <= MAX_TILE_DIFFERENCE, (
        f"{path.name} differs by {worst} levels at pixel {_worst_tile(difference, worst)}"
    )


def _max_level(band: Image.Image) -> int:
    return max(level for level, count in enumerate(band.histogram()) if count)


def _worst_tile(difference: Image.Image, worst: int) -> tuple[int, int]:
    """The top left pixel of the tile that differs most."""
    largest = max(difference.split(), key=_max_level)
    left, top, *_ = largest.point(lambda level: 255 * (level == worst)).getbbox() or (0, 0)
    return left * TILE_PIXELS, top * TILE_PIXELS
