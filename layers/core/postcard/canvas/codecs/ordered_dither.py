"""Ordered dithering with Bayer's matrix, for animations with a palette.

A colour at one position is always dithered the same way, so still areas stay still from frame to
frame, and the repeating pattern compresses well. Error diffusion has neither property.
"""

from functools import lru_cache

from PIL import Image, ImageChops

_MATRIX_SIZE = 8
_MEAN_RANK = (_MATRIX_SIZE * _MATRIX_SIZE - 1) / 2


def apply_dither(image: Image.Image, position: tuple[int, int], depth: int) -> Image.Image:
    """Dither an RGB image by up to `depth` levels; `position` is its place in the animation."""
    lighter, darker = _dither_offsets(
        image.size, position[0] % _MATRIX_SIZE, position[1] % _MATRIX_SIZE, depth
    )
    return ImageChops.add(ImageChops.subtract(image, darker), lighter)


@lru_cache(maxsize=16)
def _dither_offsets(
    size: tuple[int, int], left: int, top: int, depth: int
) -> tuple[Image.Image, Image.Image]:
    """RGB images with the levels to add and to subtract."""
    offsets = [
        [round((rank / _MEAN_RANK - 1) * depth) for rank in row]
        for row in _bayer_matrix(_MATRIX_SIZE)
    ]
    return tuple(  # type: ignore[return-value]  # always two
        _repeat_tile(size, left, top, [[max(0, sign * level) for level in row] for row in offsets])
        for sign in (1, -1)
    )


def _bayer_matrix(size: int) -> list[list[int]]:
    """Bayer's threshold matrix of ranks from 0 to `size`² - 1."""
    if size == 1:
        return [[0]]
    inner = _bayer_matrix(size // 2)
    above = [[4 * v for v in row] + [4 * v + 2 for v in row] for row in inner]
    below = [[4 * v + 3 for v in row] + [4 * v + 1 for v in row] for row in inner]
    return above + below


def _repeat_tile(size: tuple[int, int], left: int, top: int, tile: list[list[int]]) -> Image.Image:
    width, height = size
    rows = [
        bytes(row[(left + x) % _MATRIX_SIZE] for x in range(_MATRIX_SIZE))
        * (width // _MATRIX_SIZE + 1)
        for row in tile
    ]
    pixels = b"".join(rows[(top + y) % _MATRIX_SIZE][:width] for y in range(height))
    band = Image.frombytes("L", size, pixels)
    return Image.merge("RGB", (band, band, band))
