"""Pictures found right by looking. POSTCARD_GOLDEN=write draws them anew: look again."""

import os
from pathlib import Path

from PIL import Image, ImageChops

FOLDER = Path(__file__).parent
TILE_PIXELS = (
    4  # pixels a side; rounding differs within a tile, a letter's stroke fills half of one
)
MAX_TILE_DIFFERENCE = 16  # levels of 255 that a tile's mean may differ by


def assert_matches_golden(name: str, image: Image.Image, *, photo: bool = False) -> None:
    """Compare a picture with the golden one of its name, tile by tile; a photo's is a JPEG."""
    path = FOLDER / f"{name}.{'jpg' if photo else 'png'}"
    if os.environ.get("POSTCARD_GOLDEN") == "write":
        image.save(path, optimize=True, quality=88, subsampling=0)
    assert path.exists(), f"no golden picture: look at {name} with POSTCARD_GOLDEN=write"
    with Image.open(path) as kept:
        expected = kept.convert(image.mode)
    assert image.size == expected.size
    difference = ImageChops.difference(image, expected).reduce(TILE_PIXELS)
    worst = max(_max_level(band) for band in difference.split())
    assert worst <= MAX_TILE_DIFFERENCE, (
        f"{name} is off by {worst} at {_worst_tile(difference, worst)}"
    )


def _max_level(band: Image.Image) -> int:
    return max(level for level, count in enumerate(band.histogram()) if count)


def _worst_tile(difference: Image.Image, worst: int) -> tuple[int, int]:
    """The tile that differs most, in pixels."""
    largest = max(difference.split(), key=_max_level)
    left, top, *_ = largest.point(lambda level: 255 * (level == worst)).getbbox() or (0, 0)
    return left * TILE_PIXELS, top * TILE_PIXELS
